/* SPDX-License-Identifier: GPL-2.0-only */
/* AMD SEV-SNP ATTESTATION_REPORT (SEV Secure Nested Paging Firmware ABI) */
#ifndef CVM_EVIDENCE_SNP_H
#define CVM_EVIDENCE_SNP_H

#include "base/tree.h"

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

/* How the parts of a TCB version lie in its eight bytes */
enum snp_layout { SNP_LAYOUT_MILAN, SNP_LAYOUT_TURIN, SNP_LAYOUT_VENICE, SNP_LAYOUTS };
enum snp_part { SNP_PART_FMC, SNP_PART_BL, SNP_PART_TEE, SNP_PART_SNP, SNP_PART_UCODE, SNP_PARTS };

bool snp_looks_like(struct span s);
int snp_check(struct span s);
enum snp_product snp_product(const u8 *report);
const char *snp_product_name(enum snp_product product);
bool snp_product_is_known(const char *name);
enum snp_layout snp_layout(const u8 *report);
/* The byte of @part, -1 where the layout has no such part */
int snp_part_at(enum snp_layout layout, enum snp_part part);
/* Bytes of the chip id that identify the chip */
size_t snp_chip_id_len(enum snp_layout layout);
/* Path and query at AMD's KDS if the chip is a @product; NULL: it has none */
char *snp_vcek_path(const u8 *report, enum snp_product product);
/* Where AMD gives the VCEK of this report; NULL if the report does not say */
char *snp_vcek_url(const u8 *report);
void snp_show(struct node *to, struct span s);

#endif
