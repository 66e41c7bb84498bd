// SPDX-License-Identifier: GPL-2.0-only
/* What the evidence is, what it brings along, and which checks it gets */
#include <stdlib.h>
#include <string.h>

#include "evidence/input.h"
#include "evidence/snp.h"
#include "verify/cca.h"
#include "verify/token.h"
#include "verify/verify.h"

int verify_init(struct verify *v)
{
	v->at = time(NULL);
	return RC_OK;
}

void verify_forget(struct verify *v)
{
	size_t i, k;

	for (i = 0; i < v->n; i++) {
		free(v->checks[i].name);
		free(v->checks[i].reason);
	}
	for (i = 0; i < v->n_facts; i++) {
		for (k = 0; k < v->facts[i].n; k++)
			free(v->facts[i].text[k]);
		free(v->facts[i].key);
		free(v->facts[i].text);
	}
	free(v->checks);
	free(v->facts);
	tcb_levels_free(v);
	memset(v->answered, 0, sizeof(v->answered));
	v->crls_used = 0;
	v->checks = NULL;
	v->facts = NULL;
	v->n = 0;
	v->room = 0;
	v->n_facts = 0;
}

void verify_free(struct verify *v)
{
	struct kept *k;
	size_t i;

	while ((k = v->kept)) {
		v->kept = k->next;
		buf_free(&k->b);
		free(k);
	}

	verify_forget(v);
	for (i = 0; i < v->n_collateral; i++)
		buf_free(&v->collateral[i]);
	free(v->collateral);
	cert_pool_free(&v->roots);
	cert_pool_free(&v->certs);
	cert_pool_free(&v->own);
	cert_pool_free(&v->masked_vcek);
	cert_pool_free(&v->ak_roots);
	cert_pool_free(&v->token_roots);
	cca_keys_free(v);
	jws_keys_free(&v->jwks);
	sk_X509_CRL_pop_free(v->crls, X509_CRL_free);
	evidence_free(&v->e);
	policy_free(&v->policy);
	*v = (struct verify){ 0 };
}

int verify_root(struct verify *v, struct span s, const char *name)
{
	if (!v->own_roots)
		cert_pool_free(&v->roots);
	v->own_roots = true;
	v->policy.given[ASK_ROOT] = true;
	return verify_root_for(v, &v->roots, s, "root", name);
}

int verify_root_for(struct verify *v, struct cert_pool *roots, struct span s, const char *option,
		    const char *name)
{
	struct cert_pool pool CLEANUP(cert_pool_free) = { 0 };
	int rc = certs_add(&pool, s, VERIFY_CERTS_MAX, name);
	bool any = false;
	size_t i;

	for (i = 0; !rc && i < pool.n; i++) {
		bool root = cert_is_self_issued(pool.certs[i].x);
		u8 *der = NULL;
		int len = i2d_X509(pool.certs[i].x, &der);

		any |= root;
		if (len > 0)
			rc = cert_pool_add(root ? roots : &v->certs,
					   (struct span){ der, (size_t)len }, name);
		OPENSSL_free(der);
	}
	if (!rc && !any)
		rc = fail(RC_USAGE, "--%s: %s has no root, a certificate that issued itself", option, name);
	return rc;
}

/* What was given as a file comes before what the blob brings. */
static void fill(const struct verify *v, struct span *part, u32 item)
{
	if (!part->len)
		*part = evidence_data(&v->e, item);
}

/* The binding must be a known one, and fit the kind of evidence. */
static int check_header(const struct evidence *e)
{
	bool hcl = e->binding >= CVM_EVIDENCE_BINDING_HCL && e->binding <= CVM_EVIDENCE_BINDING_HCL_QUOTE;

	if (!e->binding || e->binding > CVM_EVIDENCE_BINDING_STATEMENT)
		return fail(RC_EVIDENCE, "evidence: binding %u at offset 36 is not known; use a newer cvm-evidence",
			    e->binding);
	if (e->flags >> 16)
		return fail(RC_EVIDENCE, "evidence: flags 0x%x at offset 32 are not known; use a newer cvm-evidence",
			    e->flags >> 16 << 16);
	if ((hcl && e->kind != RAW_HCL) ||
	    (e->binding == CVM_EVIDENCE_BINDING_DIRECT && e->kind == RAW_HCL) ||
	    (e->binding == CVM_EVIDENCE_BINDING_SVSM && e->kind != RAW_SNP))
		return fail(RC_EVIDENCE, "evidence: binding %u at offset 36 does not fit a %s",
			    e->binding, raw_kind_name(e->kind));
	return RC_OK;
}

static int open_blob(struct verify *v, struct span s)
{
	struct span certs;
	int rc;

	/* limited, because the search for duplicates compares all pairs */
	if (s.len >= 16 && le32(s.p + 12) > VERIFY_ITEMS_MAX)
		return fail(RC_EVIDENCE, "evidence: %u items at offset 12, the limit is %d",
			    le32(s.p + 12), VERIFY_ITEMS_MAX);
	rc = evidence_parse(s, &v->e);
	if (!rc)
		rc = evidence_check_kind(&v->e);
	if (!rc)
		rc = check_header(&v->e);
	if (rc)
		return rc;
	v->parts.kind = v->e.kind;
	v->parts.report = v->e.report;
	fill(v, &v->parts.tpm_attest, CVM_EVIDENCE_ITEM_TPM_ATTEST);
	fill(v, &v->parts.tpm_signature, CVM_EVIDENCE_ITEM_TPM_SIGNATURE);
	fill(v, &v->parts.pcrs, CVM_EVIDENCE_ITEM_PCRS);
	fill(v, &v->parts.ak_pub, CVM_EVIDENCE_ITEM_AK_PUB);
	fill(v, &v->parts.ak_cert, CVM_EVIDENCE_ITEM_AK_CERT);
	fill(v, &v->parts.manifest, CVM_EVIDENCE_ITEM_MANIFEST);
	fill(v, &v->parts.event_log, CVM_EVIDENCE_ITEM_CCEL_DATA);
	certs = evidence_data(&v->e, CVM_EVIDENCE_ITEM_CERTS);
	if (!certs.len)
		return RC_OK;
	/* the host's: if they cannot be used, there may be others */
	verify_certs_of(v, certs, "certificates in the evidence");
	return RC_OK;
}

/* Text has to be decoded or parsed before anything is known of it. */
static bool may_be_text(struct span s)
{
	enum raw_kind kind;

	if (evidence_looks_like(s))
		return false;
	kind = raw_recognise(s);
	return kind == RAW_UNKNOWN || kind == RAW_JSON || kind == RAW_COLLATERAL || kind == RAW_JWT;
}

int verify_open(struct verify *v, struct span s, const char *name)
{
	struct buf said CLEANUP_BUF;
	struct span given_log = v->parts.event_log;
	struct span blob = { 0 };
	struct input in;
	int rc = RC_OK;

	if (!s.len)
		return fail(RC_EVIDENCE, "%s is empty", name);
	if (s.len > VERIFY_TEXT_MAX && may_be_text(s))
		return fail(RC_EVIDENCE, "%s: not recognised at offset 0, and larger than the limit for evidence as text, %u bytes",
			    name, VERIFY_TEXT_MAX);
	if (!input_open(s, EVIDENCE_MAX, verify_keep(v), &in))
		return input_unknown(name);
	if (in.kind == RAW_JSON || in.kind == RAW_COLLATERAL || in.kind == RAW_CMW) {
		if (verify_envelope(v, in.s, &blob, &rc)) {
			/* signed by Intel or not: what the sender says of his platform is not asked */
			if (in.kind == RAW_COLLATERAL)
				left_out(v, GENUINE, "collateral",
					 "it stands beside the evidence and is not used: give it with --collateral FILE");
			if (!blob.len)
				return rc;
			in = (struct input){ .s = blob, .blob = true };
		} else {
			/* drop an event log that was found without evidence */
			v->parts.event_log = given_log;
		}
	}
	v->parts.kind = in.kind;
	v->parts.report = in.s;
	if (in.certs.len)
		verify_certs_of(v, in.certs, "certificates after the report");
	if (in.kind == RAW_TPM_QUOTE)
		v->parts.tpm_attest = in.s;
	if (!in.blob)
		return RC_OK;
	complain_into(&said);
	rc = open_blob(v, in.s);
	complain_into(NULL);
	if (rc)
		failed(v, GENUINE, "layout", "%s", (char *)said.p);
	return RC_OK;
}

static void bind_raw(struct verify *v)
{
	struct buf said CLEANUP_BUF;
	const u8 *data;
	int rc;

	complain_into(&said);
	rc = raw_report_data(v->parts.kind, v->parts.report, &data);
	complain_into(NULL);
	if (!rc && data)
		verify_binding(v, data, NULL);
}

static void check_snp(struct verify *v)
{
	struct buf said CLEANUP_BUF;
	int rc;

	complain_into(&said);
	rc = snp_check(v->parts.report);
	complain_into(NULL);
	if (rc)
		failed(v, GENUINE, "layout", "%s", (char *)said.p);
	else
		verify_snp(v, v->parts.report);
}

/* Files that are good for something else, and where they belong */
static void not_evidence(struct verify *v)
{
	static const struct {
		enum raw_kind kind;
		const char *why;
	} kinds[] = {
		{ RAW_CRL, "a revocation list is not evidence: give it with --crl FILE" },
		{ RAW_EVENT_LOG, "an event log is not evidence: give it with --event-log FILE beside the quote" },
		{ RAW_COLLATERAL, "collateral is not evidence: give it with --collateral FILE beside the quote" },
		{ RAW_CWT, "only the outer token can be decoded (show): this version does not know the keys and claims of such tokens" },
		{ RAW_PCRS, "PCR values are not evidence: give them with --pcrs FILE beside the quote" },
		{ RAW_JSON, "no member of this JSON is evidence that verify knows" },
		{ RAW_CMW, "no message of this wrapper (CMW) is evidence that verify knows" },
	};
	const char *why = "evidence of this kind is not known";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].kind == v->parts.kind)
			why = kinds[i].why;
	unable(v, GENUINE, "signature", "%s", why);
}

static void check_kind(struct verify *v)
{
	switch (v->parts.kind) {
	case RAW_SNP:
		check_snp(v);
		bind_raw(v);
		break;
	case RAW_TDX_QUOTE:
		verify_tdx_quote(v, v->parts.report);
		bind_raw(v);
		break;
	case RAW_TDREPORT:
		verify_tdreport(v, v->parts.report);
		bind_raw(v);
		break;
	case RAW_HCL:
		verify_hcl(v, v->parts.report);
		break;
	case RAW_CERT_TABLE:
	case RAW_CERTS:
		verify_certs(v, v->parts.report);
		break;
	case RAW_CCA:
		verify_cca(v, v->parts.report);
		break;
	case RAW_TPM_QUOTE:
		verify_tpm(v, NULL);
		break;
	case RAW_JWT:
		verify_token(v, v->parts.report);
		break;
	default:
		not_evidence(v);
	}
}

void verify_check(struct verify *v)
{
	/* make no further checks when the layout is broken */
	if (!any_failed(v))
		check_kind(v);
	/* check each list: one that fits says nothing about the others */
	if (v->answered[ASK_CRL])
		crl_unused(v);
	verify_asked(v);
}
