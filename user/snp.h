/* SPDX-License-Identifier: GPL-2.0-only */
/* AMD SEV-SNP ATTESTATION_REPORT (SEV Secure Nested Paging Firmware ABI) */
#ifndef CVM_SNP_H
#define CVM_SNP_H

#include "report.h"

#define SNP_REPORT_LEN		1184
#define SNP_SIGNED_LEN		0x2a0
#define SNP_REPORT_DATA_OFF	0x50
#define SNP_HOST_DATA_OFF	0xc0
#define SNP_REPORTED_TCB_OFF	0x180
#define SNP_CHIP_ID_OFF		0x1a0
#define SNP_SIG_R_OFF		0x2a0
#define SNP_SIG_S_OFF		0x2e8
#define SNP_SIG_INT_LEN		72	/* little-endian, 48 bytes used */

enum snp_product { SNP_UNKNOWN, SNP_MILAN, SNP_GENOA, SNP_TURIN, SNP_VENICE };

bool snp_looks_like(struct span s);
int snp_check(struct span s);
enum snp_product snp_product(const u8 *report);
const char *snp_product_name(enum snp_product product);
/* TCB versions start with FMC, and the chip id has 8 bytes */
bool snp_turin_layout(const u8 *report);
/* Path and query at AMD's KDS if the chip is a @product; NULL: it has none */
char *snp_vcek_path(const u8 *report, enum snp_product product);
/* Where AMD gives the VCEK of this report; NULL when the report does not tell */
char *snp_vcek_url(const u8 *report);
void snp_show(struct node *to, struct span s);

#endif
