/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of the simulated sev_guest driver. */
#ifndef SIM_SEV_H
#define SIM_SEV_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/sizes.h>

#include "cvm_sim.h"

#define SEV_CERTS_MAX		SZ_16K
#define SEV_MSG_VERSION		1

/* Status of MSG_REPORT_RSP */
#define SEV_STATUS_INVALID_PARAM	0x16
#define SEV_STATUS_INVALID_KEY		0x27

#define SEV_VMM_ERR_INVALID_LEN		1
#define SEV_VMM_ERR_BUSY		2
#define SEV_VMM_ERR(e)			((u64)(e) << 32)
#define SEV_NO_FW_CALL			0xffffffffULL

/* Header of MSG_REPORT_RSP, before the report */
struct sev_report_hdr {
	u32 status;
	u32 report_size;
	u8 rsvd[24];
};

struct sev_cert_entry {
	u8 guid[16];
	u32 offset;
	u32 length;
};

/* Freed on removal before TSM is told, as the real driver's state is. */
struct sev_state {
	u8 certs[SEV_CERTS_MAX];
};

struct sev_request {
	struct sim_plan plan;
	struct cvm_sim_request rq;
	u8 msg_version;
	u32 npages;		/* in: room for certificates; out: needed */
	u64 exitinfo2;		/* out */
	u32 status;		/* out: of the message */
	struct sim_answer answer;	/* out: the report; caller frees */
};

extern struct mutex sev_mutex;		/* the driver's one lock */
extern struct sim_tee *sev_tee;
extern struct sev_state *sev;
extern int sev_vmpl;
extern int sev_vmpck_id;
extern bool sev_ready;

bool sev_gone(void);
bool sev_key_empty(void);
int sev_guest_request(struct sev_request *r, const u8 *data, u32 vmpl, bool ext);

int sev_node_register(void);
void sev_node_unregister(void);
int sev_tsm_register(int floor);
void sev_tsm_unregister(void);
bool sev_tsm_available(void);

#endif /* SIM_SEV_H */
