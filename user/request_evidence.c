// SPDX-License-Identifier: GPL-2.0-only
/* What a request is made of: data, evidence from the device or a file, binding */
#include <string.h>

#include <json-c/json.h>

#include "hcl.h"
#include "request.h"
#include "snp.h"
#include "tdx.h"

static bool is_json_object(struct span s)
{
	struct json_tokener *tok = json_tokener_new_ex(64);
	struct json_object *o = NULL;
	bool ok = false;

	if (tok && s.len && s.len < INT32_MAX) {
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
		o = json_tokener_parse_ex(tok, (const char *)s.p, (int)s.len);
		ok = json_object_is_type(o, json_type_object);
	}
	json_object_put(o);
	json_tokener_free(tok);
	return ok;
}

static int data_type(const char *option, const char *asked, struct span data, const char **type)
{
	bool json = is_json_object(data);

	if (!asked)
		*type = json ? "JSON" : "Binary";
	else if (!strcmp(asked, "binary"))
		*type = "Binary";
	else if (strcmp(asked, "json"))
		return fail(RC_USAGE, "%s: '%s' is neither json nor binary", option, asked);
	else if (!json)
		return fail(RC_USAGE, "%s json: the data are no JSON object", option);
	else
		*type = "JSON";
	return RC_OK;
}

static int read_data(const struct request_options *o, struct request *q, struct request_inputs *in)
{
	int rc = RC_OK;

	if (o->runtime_data) {
		rc = file_read(o->runtime_data, EVIDENCE_MAX, &in->runtime);
		q->runtime_data = buf_span(&in->runtime);
		q->have_runtime_data = true;
		if (!rc && !q->runtime_data.len)
			rc = fail(RC_USAGE, "--runtime-data: %s is empty", o->runtime_data);
		if (!rc)
			rc = data_type("--runtime-data-type", o->runtime_type, q->runtime_data,
				       &q->runtime_type);
	}
	if (!rc && o->init_data) {
		rc = file_read(o->init_data, EVIDENCE_MAX, &in->init);
		q->init_data = buf_span(&in->init);
		q->have_init_data = true;
		if (!rc)
			rc = data_type("--init-data-type", o->init_type, q->init_data,
				       &q->init_type);
	}
	return rc;
}

static int take_fresh(struct request_options *o, struct request *q, struct request_inputs *in)
{
	u8 report_data[64];
	size_t len;
	int rc;

	if (!q->have_runtime_data && !q->self_nonce)
		return fail(RC_USAGE, "--runtime-data FILE is missing: it is what the evidence will answer for (or --self-nonce)");
	if (q->have_runtime_data) {
		len = o->service->binding(q, report_data);
		rc = take_report_data(&o->take, report_data, len);
		if (rc)
			return rc;
	}
	return take_evidence(&o->take, &in->evidence, &in->e);
}

static int from_blob(struct request *q, struct request_inputs *in)
{
	bool checked;
	int rc;

	rc = evidence_check_kind(&in->e);
	if (!rc)
		rc = evidence_check_binding(&in->e, &checked);
	if (rc)
		return rc;
	if (in->e.flags & CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM && !q->self_nonce)
		return fail(RC_EVIDENCE, "the nonce of this evidence is the kernel's own: it proves no freshness to anybody else; take evidence for your data (leave out --evidence), or say --self-nonce");
	q->kind = in->e.kind;
	q->report = in->e.report;
	return cert_pool_add(&q->certs, evidence_data(&in->e, CVM_EVIDENCE_ITEM_CERTS),
			     "the evidence's certificates");
}

static int read_evidence(struct request_options *o, struct request *q, struct request_inputs *in)
{
	struct span s;
	int rc;

	if (!o->evidence) {
		rc = take_fresh(o, q, in);
		return rc ? rc : from_blob(q, in);
	}
	rc = file_read(o->evidence, EVIDENCE_MAX, &in->evidence);
	if (rc)
		return rc;
	s = buf_span(&in->evidence);
	if (evidence_looks_like(s)) {
		rc = evidence_parse(s, &in->e);
		return rc ? rc : from_blob(q, in);
	}
	q->kind = raw_recognise(s);
	q->report = s;
	return RC_OK;
}

/* An HCL report: the hardware's report in it, and the claims it is bound to */
static int open_hcl(struct request *q)
{
	struct hcl h;
	int rc;

	if (q->kind != RAW_HCL)
		return RC_OK;
	rc = hcl_parse(q->report, &h);
	if (rc)
		return rc;
	q->kind = h.report_type == HCL_SNP ? RAW_SNP : RAW_TDREPORT;
	q->report = h.report;
	if (!q->have_runtime_data) {
		q->runtime_data = h.claims;
		q->runtime_type = "JSON";
		q->have_runtime_data = true;
	}
	return RC_OK;
}

/* Comes to an SNP report or a TDX quote, without anything behind its end. */
static int settle_report(const struct request_options *o, struct request *q, struct request_inputs *in)
{
	struct tdx_quote quote;
	const u8 *tdreport = NULL;
	int rc;

	rc = open_hcl(q);
	if (rc)
		return rc;
	if (q->kind == RAW_TDREPORT) {
		rc = tdreport_check(q->report);
		if (rc)
			return rc;
		if (!o->quote)
			return fail(RC_EVIDENCE, "this evidence is a TDREPORT, which only the same machine can check: have its quoting service make a quote of it (QGS, or Azure's /acc/tdquote), and give that with --quote FILE");
		tdreport = q->report.p;
		rc = file_read(o->quote, EVIDENCE_MAX, &in->quote);
		if (rc)
			return rc;
		q->kind = RAW_TDX_QUOTE;
		q->report = buf_span(&in->quote);
	} else if (o->quote) {
		return fail(RC_USAGE, "--quote goes with a TDREPORT; this evidence is a %s",
			    raw_kind_name(q->kind));
	}

	switch (q->kind) {
	case RAW_SNP:
		rc = snp_check(q->report);
		q->report.len = SNP_REPORT_LEN;
		return rc;
	case RAW_TDX_QUOTE:
		rc = tdx_quote_parse(q->report, &quote);
		if (rc)
			return rc;
		q->report = quote.all;
		return tdreport ? tdx_quote_is_of(&quote, tdreport) : RC_OK;
	default:
		return fail(RC_EVIDENCE, "%s takes SNP reports and TDX quotes; this is: %s",
			    o->service->name, raw_kind_title(q->kind));
	}
}

static int check_binding(const struct request_options *o, const struct request *q)
{
	u8 want[64] = { 0 };
	const u8 *got;
	char *w, *g;
	size_t len;
	int rc;

	if (!q->have_runtime_data) {
		if (q->self_nonce)
			return RC_OK;
		return fail(RC_USAGE, "--runtime-data FILE is missing: without it nobody can tell what this evidence answers for (or --self-nonce)");
	}
	len = o->service->binding(q, want);
	rc = raw_report_data(q->kind, q->report, &got);
	if (rc || !memcmp(got, want, 64))
		return rc;
	w = hex_encode(want, len);
	g = hex_encode(got, 64);
	if (!memcmp(got, want, len))
		complain("the evidence is not bound to the runtime data: REPORT_DATA has more behind their hash, %s wants zeros (%s)",
			 o->service->name, g);
	else
		complain("the evidence is not bound to the runtime data: %s wants REPORT_DATA %s, it is %s",
			 o->service->name, w, g);
	free_str(&w);
	free_str(&g);
	return RC_EVIDENCE;
}

int request_gather(struct request_options *o, struct request *q, struct request_inputs *in)
{
	int rc = read_data(o, q, in);

	if (!rc)
		rc = read_evidence(o, q, in);
	if (!rc)
		rc = settle_report(o, q, in);
	if (!rc)
		rc = check_binding(o, q);
	return rc;
}
