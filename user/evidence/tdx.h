/* SPDX-License-Identifier: GPL-2.0-only */
/* Intel TDX: quotes of versions 4 and 5, and TDREPORTs */
#ifndef CVM_EVIDENCE_TDX_H
#define CVM_EVIDENCE_TDX_H

#include "base/tree.h"

#define TDREPORT_LEN		1024
#define TDX_BODY15_LEN		648	/* from this length on, the fields of TD 1.5 are there */
#define TDX_BODY15_EX_LEN	885

/* Where the parts of a quote are; all within what was parsed */
struct tdx_quote {
	struct span all;	/* without the tail of zeros */
	size_t tail;		/* zeros behind the quote */
	u16 version;
	u16 body_type;		/* 2: TD 1.0, 3: TD 1.5, 4: its extension; 2 in version 4 */
	struct span body;
	struct span auth;	/* signature data, whole */
	/* the rest when the attestation key is ECDSA P-256 */
	bool parsed;
	struct span signature, key;
	struct span qe_report, qe_signature, qe_auth;
	u16 cert_type;
	struct span certs;
};

bool tdx_quote_looks_like(struct span s);
int tdx_quote_parse(struct span s, struct tdx_quote *q);
/* "TD 1.0", ... */
const char *tdx_quote_body_name(const struct tdx_quote *q);
const u8 *tdx_quote_report_data(const struct tdx_quote *q);
void tdx_quote_show(struct node *to, const struct tdx_quote *q);

bool tdreport_looks_like(struct span s);
int tdreport_check(struct span s);
const u8 *tdreport_report_data(const u8 *report);
/* Adds what the report says; RC_EVIDENCE, with a message, when a hash is wrong. */
int tdreport_show(struct node *to, struct span s);
/* RC_EVIDENCE, with a message, when @q was not made from the TDREPORT */
int tdx_quote_is_of(const struct tdx_quote *q, const u8 *tdreport);
/* And of the same TDX module: its SVNs, measurement, signer and attributes */
int tdx_quote_is_of_module(const struct tdx_quote *q, const u8 *tdreport);

/* Both kinds have these, at different offsets. */
void tdx_show_attributes(struct node *to, const char *key, const u8 *p);

#endif
