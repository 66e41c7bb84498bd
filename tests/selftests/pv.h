/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PV_H
#define PV_H

/* Evidence through the simulated paravisor's vTPM, for the tests of it. */

#include "cvm_client.h"

#define PV_WINDOW_MS	2000
/* What a poll, the TPM and an emulated CPU add to the window */
#define PV_SLACK_MS	2500

/* Of the device; what pv_need() opened */
extern int pv_fd;

/* SKIPs where there is no simulated paravisor, or no evidence. */
void pv_need(void);
/* A window that a test need not wait for. */
void pv_quick(void);

/* NULL, or what is wrong with the HCL report of a vTPM's evidence */
const char *pv_wrong(const struct cvm_blob *b);
/*
 * The same of the quote that was asked for, over these data and PCRs (0: all):
 * it is there with all that belongs to it, or ABSENT says why not.
 */
const char *pv_quote_wrong(const struct cvm_blob *b, const void *data, size_t len,
			   uint32_t pcrs);
/* The ABSENT item about a type, or NULL */
const struct cvm_item *pv_absent(const struct cvm_blob *b, uint32_t type);

/*
 * 0 and the evidence, or -errno. That it answers for the request and that the
 * claims are those of its report is checked; @b points into one static buffer.
 */
int pv_ask(struct cvm_evidence_request *req, struct cvm_blob *b);
/* The same of 64 random bytes; @ms (or NULL): how long it took. */
int pv_ask_random(uint32_t flags, struct cvm_blob *b, uint64_t *ms);
/* A request succeeds, with evidence bound as CVM_EVIDENCE_BINDING_* says. */
void pv_good(uint32_t binding);
/*
 * The same, within 20 s: a TPM or an index that is back has to be probed, and a
 * TPM that was reset takes its time on a busy machine.
 */
void pv_back(void);
/* A request fails with @want; the TPM's response code, or 0 */
uint64_t pv_fw_status(int want);

#endif
