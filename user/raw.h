/* SPDX-License-Identifier: GPL-2.0-only */
/* Evidence as the hardware made it, and telling the kinds apart */
#ifndef CVM_RAW_H
#define CVM_RAW_H

#include "report.h"

enum raw_kind {
	RAW_UNKNOWN,
	RAW_SNP,
	RAW_TDX_QUOTE,
	RAW_TDREPORT,
	RAW_HCL,
	RAW_CCA,
	RAW_CERT_TABLE,
	RAW_CERTS,
};

enum raw_kind raw_recognise(struct span s);
/* "snp-report", "tdx-quote", ...: "type" in JSON */
const char *raw_kind_name(enum raw_kind kind);
const char *raw_kind_title(enum raw_kind kind);
int raw_show(struct node *to, enum raw_kind kind, struct span s);
/* REPORT_DATA as signed; NULL without a message when the kind has none */
int raw_report_data(enum raw_kind kind, struct span s, const u8 **out);

#endif
