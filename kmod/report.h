/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CVME_REPORT_H
#define _CVME_REPORT_H

#include "evidence.h"

/* Where the hardware's report is in an HCL report */
#define CVME_HCL_INNER		32

/* Bytes of an SNP report that tell which certificates are the signer's */
#define CVME_SIGNER_LEN		76

int cvme_report_init(void);
void cvme_report_exit(void);
bool cvme_report_can_sha512(void);
u32 cvme_report_tee(const char *driver);
const u8 *cvme_report_field(const struct cvme_result *res, u32 field,
			    u32 *len);
bool cvme_report_signer(const struct cvme_buf *report,
			u8 signer[CVME_SIGNER_LEN]);
const u8 *cvme_inner_report_data(const u8 *inner, u32 tee);
int cvme_report_check(struct cvme_result *res, const struct cvme_params *par);

#endif
