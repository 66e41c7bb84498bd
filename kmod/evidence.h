/* SPDX-License-Identifier: GPL-2.0 */
/* What is asked of a provider, what it answers, and whose memory that is. */
#ifndef _CVME_EVIDENCE_H
#define _CVME_EVIDENCE_H

#include <linux/cvm_evidence.h>
#include <linux/types.h>

/**
 * struct cvme_params - what one request asks for
 *
 * Filled from user memory once, validated, and never changed afterwards.
 */
struct cvme_params {
	u32 flags;			/* CVM_EVIDENCE_F_* */
	u32 provider;			/* enum cvm_evidence_provider_id */
	u32 privlevel;
	u32 timeout_ms;			/* 0: the default */
	u32 report_data_len;
	u32 service_provider_len;
	u32 service_manifest_version;
	u32 quote_data_len;
	u32 pcr_mask;
	bool kernel_random;		/* the kernel chooses report_data */
	u8 report_data[CVM_EVIDENCE_REPORT_DATA_MAX];
	u8 quote_data[CVM_EVIDENCE_QUOTE_DATA_MAX];
	char service_provider[CVM_EVIDENCE_SERVICE_MAX];
	u8 service_guid[16];
};

/* Does the request name an SVSM-like service? */
static inline bool cvme_params_service(const struct cvme_params *par)
{
	return par->service_provider_len;
}

/**
 * struct cvme_buf - bytes from a provider
 * @data: from cvme_buf_alloc()
 * @len: bytes at @data
 */
struct cvme_buf {
	u8 *data;
	size_t len;
};

struct cvme_absent {
	u32 item;			/* enum cvm_evidence_item_type */
	int err;			/* negative errno */
	const char *why;		/* a constant text */
};

#define CVME_ABSENT_MAX		5

/**
 * struct cvme_result - what a provider answers
 * @unwanted: set by the worker; tells a provider that the request has ended, so
 *	that it need not wait any longer
 *
 * Of the worker while it serves a request; cvme_result_free() releases the
 * buffers. After an error only @fw_status and @fw_status_known mean anything.
 */
struct cvme_result {
	struct cvme_buf report;
	struct cvme_buf certs;
	struct cvme_buf manifest;
	struct cvme_buf ccel_table;
	struct cvme_buf ccel_data;
	struct cvme_buf tpm_attest;
	struct cvme_buf tpm_signature;
	struct cvme_buf pcrs;
	struct cvme_buf ak_pub;
	struct cvme_buf ak_cert;
	bool hcl;			/* @report is an HCL report */
	const u8 *vm_id;		/* in it: vmUniqueId, or NULL */
	u32 vm_id_len;
	u32 tee;
	u32 blob_flags;
	u32 binding;
	u32 privlevel;			/* as asked of the driver */
	bool privlevel_known;
	bool fw_status_known;
	u64 fw_status;
	char driver[32];
	unsigned int nr_absent;
	struct cvme_absent absent[CVME_ABSENT_MAX];
	bool (*unwanted)(const struct cvme_result *res);
};

void cvme_result_absent(struct cvme_result *res, u32 item, int err,
			const char *why);
void cvme_result_clear(struct cvme_result *res);
void cvme_result_free(struct cvme_result *res);

int cvme_buf_alloc(struct cvme_buf *buf, size_t len);
int cvme_buf_dup(struct cvme_buf *buf, const struct cvme_buf *from);
void cvme_buf_free(struct cvme_buf *buf);

#endif /* _CVME_EVIDENCE_H */
