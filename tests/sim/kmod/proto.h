/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What cvm_sim.ko and the daemon cvm-simtee say to each other over
 * /dev/cvm-sim: a read(2) gives one struct cvm_sim_request, one write(2) of a
 * struct cvm_sim_reply followed by its blobs answers it. Both are built from
 * the same tree; the number below catches a stale binary.
 */
#ifndef CVM_SIM_PROTO_H
#define CVM_SIM_PROTO_H

#include <linux/types.h>

#define CVM_SIM_PROTO		0x43565302
#define CVM_SIM_DEVICE		"cvm-sim"
#define CVM_SIM_BLOB_MAX	0x100000U

enum cvm_sim_kind {
	CVM_SIM_SNP		= 1,	/* SNP report, certificate table */
	CVM_SIM_TDREPORT	= 2,
	CVM_SIM_QUOTE		= 3,
	CVM_SIM_CCA		= 4,
};

/* cvm_sim_request.product for SNP */
enum cvm_sim_product {
	CVM_SIM_MILAN		= 0,
	CVM_SIM_GENOA		= 1,
	CVM_SIM_TURIN		= 2,
};

/* cvm_sim_request.certs: what the host's certificate table looks like */
enum cvm_sim_certs {
	CVM_SIM_CERTS_PEM	= 0,
	CVM_SIM_CERTS_DER	= 1,
	CVM_SIM_CERTS_NONE	= 2,
	CVM_SIM_CERTS_PEM_LE	= 3,	/* GUIDs in mixed-endian order */
	CVM_SIM_CERTS_DER_LE	= 4,
	CVM_SIM_CERTS_OUTSIDE	= 5,	/* an entry beyond the table's end */
	CVM_SIM_CERTS_OVERLAP	= 6,	/* two entries share bytes */
	CVM_SIM_CERTS_WRAP	= 7,	/* offset + length wraps 32 bits */
	CVM_SIM_CERTS_LARGE	= 8,	/* more than the driver's 16 KiB */
	CVM_SIM_CERTS_VLEK	= 9,	/* signed by a VLEK, chip id masked */
};

/* cvm_sim_request.flags */
#define CVM_SIM_F_SVSM		0x1U /* ask the SVSM, not the firmware */

struct cvm_sim_request {
	__u32 proto;
	__u32 kind;
	__u64 id;
	__u8 report_data[64];
	__u32 report_data_len;
	__u32 vmpl;
	__u32 flags;
	__u32 manifest_version;
	__u8 service_guid[16];		/* as in memory: mixed-endian */
	__u32 version;			/* of the report or quote */
	__u32 product;			/* TDX: body 10 or 15 */
	__u32 tcb;			/* 0, or how much newer the TCB is */
	__u32 certs;
	__u32 identity;			/* 0, or the number of another guest */
	__u32 reserved;
};

/* cvm_sim_reply.flags */
#define CVM_SIM_R_NO_CACHE	0x1U /* not for the fast path: a replay */

struct cvm_sim_reply {
	__u32 proto;
	__s32 error;			/* 0 or a negative errno */
	__u64 id;
	__u32 flags;
	__u32 out_len;			/* blobs that follow, in this order */
	__u32 aux_len;
	__u32 manifest_len;
};

#endif /* CVM_SIM_PROTO_H */
