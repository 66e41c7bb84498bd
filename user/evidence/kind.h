/* SPDX-License-Identifier: GPL-2.0-only */
/* Evidence as the hardware made it, and telling the kinds apart */
#ifndef CVM_EVIDENCE_KIND_H
#define CVM_EVIDENCE_KIND_H

#include "base/tree.h"

enum raw_kind {
	RAW_UNKNOWN,
	RAW_SNP,
	RAW_TDX_QUOTE,
	RAW_TDREPORT,
	RAW_HCL,
	RAW_CCA,
	RAW_CERT_TABLE,
	RAW_CERTS,
	/* what evidence is checked with, or what a service made of it */
	RAW_CRL,
	RAW_TPM_QUOTE,
	RAW_PCRS,
	RAW_EVENT_LOG,
	RAW_CWT,
	RAW_COLLATERAL,
	RAW_JWT,
	RAW_CMW,
	RAW_JSON,
};

enum raw_kind raw_recognise(struct span s);
/*
 * An SNP report with certificates behind it, a table, PEM or one in DER, as the extended
 * request and other tools give it; false for everything else.
 */
bool raw_split(struct span s, struct span *report, struct span *certs);
/* "snp-report", "tdx-quote", ...: "type" in JSON */
const char *raw_kind_name(enum raw_kind kind);
const char *raw_kind_title(enum raw_kind kind);
int raw_show(struct node *to, enum raw_kind kind, struct span s);
/* REPORT_DATA as signed; NULL without a message when the kind has none */
int raw_report_data(enum raw_kind kind, struct span s, const u8 **out);

#endif
