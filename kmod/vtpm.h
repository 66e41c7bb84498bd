/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the provider vtpm share. */
#ifndef _CVME_VTPM_H
#define _CVME_VTPM_H

#include <linux/types.h>

#include "evidence.h"
#include "hcl.h"
#include "tpm.h"

#define CVME_VTPM_NV_REPORT	0x01400001
#define CVME_VTPM_NV_MAX	16384

/**
 * struct cvme_vtpm_report - an HCL report that was read
 * @hcl: the parsed report; points into res->report
 * @data: whose user-data its claims carry
 * @fresh: it was made after the request began, with the request's data
 * @refused: why the TPM did not let us write the data, a response code; or 0
 */
struct cvme_vtpm_report {
	struct cvme_hcl hcl;
	enum cvme_hcl_data data;
	bool fresh;
	u32 refused;
};

typedef int (*cvme_vtpm_work)(struct cvme_tpm *tpm, void *arg);

/* vtpm_hold.c */
int cvme_vtpm_hold(struct cvme_tpm *tpm, const struct cvme_result *res,
		   cvme_vtpm_work work, void *arg);
int cvme_vtpm_read(struct cvme_tpm *tpm, u32 index, u32 from, u32 size,
		   u8 *data);
bool cvme_vtpm_learn_chunk(struct cvme_tpm *tpm);
void cvme_vtpm_complain(const struct cvme_tpm *tpm, const char *what);

/* vtpm_report.c */
int cvme_vtpm_take_report(struct cvme_tpm *tpm, const struct cvme_params *par,
			  struct cvme_result *res,
			  struct cvme_vtpm_report *rep);
void cvme_vtpm_forget_reports(void);

/* vtpm_quote.c */
int cvme_vtpm_add_quote(struct cvme_tpm *tpm, const struct cvme_params *par,
			const struct cvme_hcl *hcl, struct cvme_result *res);
int cvme_vtpm_read_ak_cert(struct cvme_tpm *tpm, struct cvme_result *res);
void cvme_vtpm_finish_ak_cert(struct cvme_tpm *tpm, struct cvme_result *res,
			      int err);

#endif /* _CVME_VTPM_H */
