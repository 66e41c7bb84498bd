// SPDX-License-Identifier: GPL-2.0-only
/* What a request is made of: data, evidence from the device or a file, binding */
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "evidence/input.h"
#include "evidence/snp.h"
#include "evidence/tdx.h"
#include "net/endorse.h"
#include "services/service.h"

static int read_given(struct given *g, const char *option)
{
	int rc;

	if (!g->path)
		return RC_OK;
	rc = file_read(g->path, EVIDENCE_MAX, &g->b);
	if (!rc && !g->b.len)
		buf_add(&g->b, "", 0);
	if (!rc && !g->b.len && strcmp(option, "--user-data"))
		rc = fail(RC_USAGE, "%s: %s is empty", option, g->path);
	return rc;
}

/* Sets the type if none was given, else checks it */
static int settle_type(struct given *g, const char *option)
{
	struct json_object *o;
	bool json;

	if (!g->path)
		return RC_OK;
	o = json_parse(buf_span(&g->b));
	json = json_object_is_type(o, json_type_object);
	json_object_put(o);
	if (!g->type)
		g->type = json ? "json" : "binary";
	else if (!strcmp(g->type, "json") && !json)
		return fail(RC_USAGE, "%s json: the data are not a JSON object", option);
	return RC_OK;
}

static int from_blob(struct request *q)
{
	bool checked;
	int rc;

	rc = evidence_check_kind(&q->e);
	if (!rc)
		rc = evidence_check_binding(&q->e, &checked);
	if (rc)
		return rc;
	q->kind = q->e.kind;
	q->report = q->e.report;
	return cert_pool_add(&q->certs, evidence_data(&q->e, CVM_EVIDENCE_ITEM_CERTS),
			     "the evidence's certificates");
}

static int load_evidence(const struct request_options *o, struct request *q)
{
	struct buf text CLEANUP_BUF;
	struct input in;
	int rc = file_read(o->evidence, EVIDENCE_MAX, &q->evidence);

	if (rc)
		return rc;
	/* unknown content is refused later, by the code of the service */
	if (!input_open(buf_span(&q->evidence), EVIDENCE_MAX, &text, &in)) {
		in = (struct input){ .s = buf_span(&q->evidence) };
	} else if (text.len) {
		struct buf was = q->evidence;

		q->evidence = text;
		text = was;
	}
	if (in.blob) {
		rc = evidence_parse(in.s, &q->e);
		if (rc)
			return rc;
		if (q->e.flags & CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM && !q->self_nonce)
			return fail(RC_EVIDENCE, "the kernel chose the nonce of this evidence, so it proves freshness to no verifier; take evidence for your data (leave out --evidence)%s",
				    q->service->takes & TAKES_SELF_NONCE ?
				    ", or say --self-nonce" : "");
		return from_blob(q);
	}
	q->kind = in.kind;
	q->report = in.s;
	return in.certs.len ? cert_pool_add(&q->certs, in.certs, "the certificates behind the report") :
	       RC_OK;
}

int request_load(const struct request_options *o, struct request *q)
{
	int rc;

	rc = read_given(&q->challenge, "--challenge");
	if (!rc)
		rc = read_given(&q->runtime, "--runtime-data");
	if (!rc)
		rc = settle_type(&q->runtime, "--runtime-data-type");
	if (!rc)
		rc = read_given(&q->user, "--user-data");
	if (!rc)
		rc = read_given(&q->init, "--init-data");
	if (!rc)
		rc = settle_type(&q->init, "--init-data-type");
	if (!rc)
		rc = read_given(&q->more_evidence, "--additional-evidence");
	if (!rc)
		rc = read_given(&q->tpm_file, "--tpm-attestation");
	if (!rc)
		rc = read_given(&q->enc_key_pub, "--enc-key-pub");
	if (!rc)
		rc = read_given(&q->enc_key_info, "--enc-key-info");
	if (!rc)
		rc = read_given(&q->enc_key_sig, "--enc-key-signature");
	if (!rc)
		rc = read_given(&q->tcg_log, "--tcg-log");
	if (!rc)
		rc = read_given(&q->sealed, "--open");
	if (!rc)
		rc = read_given(&q->sent, "--sent");
	if (!rc && o->evidence)
		rc = load_evidence(o, q);
	return rc;
}

static int load_key(struct request *q)
{
	int rc;

	if (q->tee_key)
		return tee_key_read(q->tee_key, &q->key);
	if (q->evidence.len)
		return fail(RC_USAGE, "--tee-key FILE is missing: give the key that this evidence is bound to");
	rc = tee_key_generate(&q->key);
	q->key_made = !q->save_key;
	return rc || !q->save_key ? rc : tee_key_save(&q->key, q->save_key);
}

int request_prepare(struct request *q)
{
	const struct service *s = q->service;
	int rc = RC_OK;

	if (q->save_key && q->tee_key)
		return fail(RC_USAGE, "--save-key is for the key that is made when there is no --tee-key");
	if (s->takes & TAKES_KEY)
		rc = load_key(q);
	if (!rc && s->challenge && q->challenge.path)
		rc = s->challenge(q);
	return rc ? rc : s->bind(q);
}

bool hash_is_known(const char *alg)
{
	return !strcmp(alg, "sha256") || !strcmp(alg, "sha384") || !strcmp(alg, "sha512");
}

int bind_digest(struct request *q, const char *alg, const void *p, size_t len, const char *what)
{
	struct binding *b = &q->bind;

	b->len = digest(alg, p, len, b->data);
	b->what = what;
	b->hash = alg;
	buf_free(&b->preimage);
	buf_add(&b->preimage, p, len);
	return RC_OK;
}

/* The device is asked for what the service checks, a TPM quote included. */
static int take_fresh(struct request_options *o, struct request *q)
{
	struct binding *b = &q->bind;
	u32 tee, provider;
	int rc;

	if (b->len) {
		rc = take_report_data(&o->take, b->data, b->len);
		if (rc)
			return rc;
	}
	if (q->service->needs_event_log)
		o->take.r.flags |= CVM_EVIDENCE_F_EVENT_LOG;
	if (b->wants_quote) {
		rc = take_provider(&o->take, &tee, &provider);
		if (rc)
			return rc;
		if (provider == CVM_EVIDENCE_PROVIDER_VTPM) {
			o->take.r.flags |= CVM_EVIDENCE_F_TPM_QUOTE | CVM_EVIDENCE_F_QUOTE_DATA;
			o->take.r.quote_data = b->quote_len ? (uintptr_t)b->quote : 0;
			o->take.r.quote_data_len = (u32)b->quote_len;
			if (b->pcrs)
				o->take.r.pcr_mask = b->pcrs;
		}
	}
	rc = take_evidence(&o->take, &q->evidence, &q->e);
	return rc ? rc : from_blob(q);
}

/* An HCL report: the hardware's report in it, the claims, the TPM's quote */
static int open_hcl(struct request *q)
{
	struct span attest = evidence_data(&q->e, CVM_EVIDENCE_ITEM_TPM_ATTEST);
	int rc;

	if (q->kind != RAW_HCL)
		return RC_OK;
	q->hcl_raw = q->report;
	rc = hcl_parse(q->report, &q->hcl);
	if (rc)
		return rc;
	q->azure = true;
	q->kind = q->hcl.report_type == HCL_SNP ? RAW_SNP : RAW_TDREPORT;
	q->report = q->hcl.report;
	if (!attest.len)
		return RC_OK;
	return tpm_quote_parse(attest, evidence_data(&q->e, CVM_EVIDENCE_ITEM_TPM_SIGNATURE),
			       evidence_data(&q->e, CVM_EVIDENCE_ITEM_PCRS), &q->tpm);
}

static int get_quote(const struct request_options *o, struct request *q)
{
	if (o->quote)
		return file_read(o->quote, EVIDENCE_MAX, &q->quote);
	if (o->qgs)
		return qgs_quote(o->qgs, o->http_timeout, q->report.p, &q->quote);
	if (o->imds)
		return imds_quote(o->imds, o->http_timeout, q->report.p, &q->quote);
	return fail(RC_EVIDENCE, "this evidence is a TDREPORT, which only the same machine can check: have its quoting service make a quote from it (--qgs, or Azure's --imds), or give the quote with --quote FILE");
}

static int get_certs(const struct request_options *o, struct request *q)
{
	int rc = RC_OK;

	if (o->imds && !cert_pool_leaf(&q->certs, q->report.p))
		rc = imds_certs(o->imds, o->http_timeout, q->report.p, &q->certs);
	/* the roots of --ca are for the service; AMD's own site is under the system's */
	if (!rc && o->kds && !cert_pool_leaf(&q->certs, q->report.p))
		rc = kds_certs(o->kds, strcmp(o->kds, KDS_URL) ? o->ca : NULL, o->http_timeout,
			       q->report.p, &q->certs);
	return rc;
}

/* Finds the SNP report or TDX quote of the evidence, without bytes behind its end. */
static int settle_report(const struct request_options *o, struct request *q)
{
	struct tdx_quote quote;
	const u8 *tdreport = NULL;
	int rc;

	rc = open_hcl(q);
	if (rc)
		return rc;
	if (q->kind == RAW_TDREPORT) {
		rc = tdreport_check(q->report);
		if (!rc)
			rc = get_quote(o, q);
		if (rc)
			return rc;
		tdreport = q->report.p;
		q->kind = RAW_TDX_QUOTE;
		q->report = buf_span(&q->quote);
	} else if (o->quote) {
		return fail(RC_USAGE, "--quote goes with a TDREPORT; this evidence is a %s",
			    raw_kind_name(q->kind));
	}

	switch (q->kind) {
	case RAW_SNP:
		rc = snp_check(q->report);
		q->report.len = SNP_REPORT_LEN;
		return rc ? rc : get_certs(o, q);
	case RAW_TDX_QUOTE:
		rc = tdx_quote_parse(q->report, &quote);
		if (rc)
			return rc;
		q->report = quote.all;
		return tdreport ? tdx_quote_is_of(&quote, tdreport) : RC_OK;
	default:
		return fail(RC_EVIDENCE, "%s takes SNP reports and TDX quotes; this is: %s",
			    q->service->name, raw_kind_title(q->kind));
	}
}

static int not_bound(const struct request *q, const char *where, const u8 *got)
{
	const struct binding *b = &q->bind;
	char *w CLEANUP(free_str) = hex_encode(b->data, b->len);
	char *g CLEANUP(free_str) = hex_encode(got, 64);

	if (q->e.binding == CVM_EVIDENCE_BINDING_STATEMENT)
		complain("the evidence carries a statement, whose hash fills %s; %s requires its own digest there", where,
			 q->service->name);
	else if (!memcmp(got, b->data, b->len))
		complain("the evidence is not bound to %s: in %s more bytes follow it, where %s requires zeros (%s)",
			 b->what, where, q->service->name, g);
	else
		complain("the evidence is not bound to %s: %s requires %s %s, it is %s", b->what,
			 q->service->name, where, w, g);
	return RC_EVIDENCE;
}

/* On an HCL guest the requester's data are in a claim or in the TPM quote. */
static int check_hcl(struct request *q)
{
	const struct binding *b = &q->bind;
	u8 user_data[64] = { 0 };

	if (!hcl_is_bound(&q->hcl))
		return fail(RC_EVIDENCE, "the evidence is not bound to the HCL claims in it: their hash is not in REPORT_DATA");
	q->user_data_bound = b->len && hcl_user_data(&q->hcl, user_data) &&
			     !memcmp(user_data, b->data, 64);
	q->quote_bound = b->wants_quote && q->tpm.attest.len &&
			 q->tpm.extra_data.len == b->quote_len &&
			 (!b->quote_len || !memcmp(q->tpm.extra_data.p, b->quote, b->quote_len));
	if (b->wants_quote && q->tpm.attest.len && !q->quote_bound) {
		char *g CLEANUP(free_str) = hex_encode(q->tpm.extra_data.p, q->tpm.extra_data.len);

		return fail(RC_EVIDENCE, "the TPM quote is not bound to %s: its qualifying data are \"%s\"",
			    b->quote_len ? b->what : "nothing, as the service requires", g);
	}
	if (!b->len || q->user_data_bound || (b->quote_len && q->quote_bound))
		return RC_OK;
	if (q->service->claims_are_data && q->runtime.b.len == q->hcl.claims.len &&
	    !memcmp(q->runtime.b.p, q->hcl.claims.p, q->hcl.claims.len))
		return RC_OK;
	return not_bound(q, "user-data of the HCL claims", user_data);
}

static int check_binding(struct request *q)
{
	const u8 *got;
	int rc;

	if (q->azure)
		return check_hcl(q);
	if (!q->bind.len)
		return RC_OK;
	rc = raw_report_data(q->kind, q->report, &got);
	if (rc || !memcmp(got, q->bind.data, 64))
		return rc;
	return not_bound(q, "REPORT_DATA", got);
}

int request_gather(struct request_options *o, struct request *q)
{
	int rc = RC_OK;

	if (!o->evidence && q->service->ready)
		rc = q->service->ready(q);
	if (!rc && !o->evidence)
		rc = take_fresh(o, q);
	if (!rc)
		rc = settle_report(o, q);
	return rc ? rc : check_binding(q);
}

int request_tee(const struct request_options *o, const struct request *q, const char **tee)
{
	u32 t, provider;
	struct hcl h;
	int rc;

	if (q->evidence.len) {
		bool azure = q->azure;
		bool snp = q->kind == RAW_SNP;

		if (q->kind == RAW_HCL) {
			rc = hcl_parse(q->report, &h);
			if (rc)
				return rc;
			azure = true;
			snp = h.report_type == HCL_SNP;
		} else if (q->kind != RAW_SNP && q->kind != RAW_TDX_QUOTE &&
			   q->kind != RAW_TDREPORT) {
			return fail(RC_EVIDENCE, "%s accepts SNP and TDX; this is: %s",
				    q->service->name, raw_kind_title(q->kind));
		}
		*tee = azure ? snp ? "az-snp-vtpm" : "az-tdx-vtpm" : snp ? "snp" : "tdx";
		return RC_OK;
	}
	rc = take_provider(&o->take, &t, &provider);
	if (rc)
		return rc;
	if (t != CVM_EVIDENCE_TEE_SEV_SNP && t != CVM_EVIDENCE_TEE_TDX)
		return fail(RC_NO_PROVIDER, "%s: no provider of SNP or TDX evidence ('cvm-evidence status' says why)",
			    o->take.device);
	if (provider == CVM_EVIDENCE_PROVIDER_VTPM)
		*tee = t == CVM_EVIDENCE_TEE_SEV_SNP ? "az-snp-vtpm" : "az-tdx-vtpm";
	else
		*tee = t == CVM_EVIDENCE_TEE_SEV_SNP ? "snp" : "tdx";
	return RC_OK;
}

static void given_free(struct given *g)
{
	buf_free(&g->b);
}

void request_free(struct request *q)
{
	given_free(&q->challenge);
	given_free(&q->runtime);
	given_free(&q->user);
	given_free(&q->init);
	given_free(&q->more_evidence);
	given_free(&q->tpm_file);
	given_free(&q->enc_key_pub);
	given_free(&q->enc_key_info);
	given_free(&q->enc_key_sig);
	given_free(&q->tcg_log);
	given_free(&q->sealed);
	given_free(&q->sent);
	free((void *)q->policies);
	json_object_put(q->session_info);
	buf_free(&q->service_nonce);
	buf_free(&q->bind.preimage);
	free(q->cookie);
	free(q->location_header);
	tee_key_free(&q->key);
	evidence_free(&q->e);
	buf_free(&q->evidence);
	buf_free(&q->quote);
	cert_pool_free(&q->certs);
}
