/* SPDX-License-Identifier: GPL-2.0-only */
/* A TSM report as Veraison's tools write it, and in a wrapper of RFC 9999 */
#ifndef CVM_EVIDENCE_TSM_REPORT_H
#define CVM_EVIDENCE_TSM_REPORT_H

#include "evidence/evidence.h"

#define TSM_REPORT_JSON	"application/vnd.veraison.tsm-report+json"
#define TSM_REPORT_CBOR	"application/vnd.veraison.tsm-report+cbor"

struct tsm_report {
	struct span auxblob, outblob, manifest, service;
	char *provider;		/* with the newline of the attribute in configfs */
	struct buf table;	/* what auxblob may point to */
};

/* What evidence has; the report may be a TDREPORT. */
void tsm_report_of(const struct evidence *e, struct tsm_report *t);
void tsm_report_free(struct tsm_report *t);
void tsm_report_json(const struct tsm_report *t, struct buf *out);
void tsm_report_cbor(const struct tsm_report *t, struct buf *out);

/* cmw.c: RFC 9999 records with the report as evidence */
void cmw_json(const struct tsm_report *t, struct buf *out);
void cmw_cbor(const struct tsm_report *t, struct buf *out);
/*
 * Collections. SNP: the report and the certificates by their own media types;
 * else one record of a TSM report, for which there is no other type.
 */
void cmw_json_collection(const struct tsm_report *t, bool snp, struct buf *out);
void cmw_cbor_collection(const struct tsm_report *t, bool snp, struct buf *out);

#endif
