// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "evidence/snp.h"
#include "evidence/tdx.h"
#include "services/coco_evidence.h"

/* CoCo's agents end the log with this, so that a reader sees where it stops. */
#define LOG_END		"\xff\xff\xff\xff\xff\xff\xff\xff"
#define QUOTE_MRCONFIGID 184

const char *coco_tee(const struct request *q)
{
	if (q->azure)
		return q->kind == RAW_SNP ? "az-snp-vtpm" : "az-tdx-vtpm";
	return q->kind == RAW_SNP ? "snp" : "tdx";
}

static void add_tcb(struct json_object *to, const char *key, const u8 *t, enum snp_layout layout)
{
	static const char *const names[SNP_PARTS] = {
		"fmc", "bootloader", "tee", "snp", "microcode",
	};
	struct json_object *o = json_object_new_object();
	int i;

	for (i = 0; i < SNP_PARTS; i++) {
		int at = snp_part_at(layout, i);

		if (at < 0)
			json_add_null(o, names[i]);
		else
			json_add_uint(o, names[i], t[at]);
	}
	json_object_object_add(to, key, o);
}

static void add_version(struct json_object *to, const char *key, const u8 *v)
{
	struct json_object *o = json_object_new_object();

	json_add_uint(o, "major", v[2]);
	json_add_uint(o, "minor", v[1]);
	json_add_uint(o, "build", v[0]);
	json_object_object_add(to, key, o);
}

/*
 * The report as the Rust library sev (6.3) writes it: numbers and arrays of
 * numbers, null for what a version does not have. Of the mitigation vectors it
 * leaves the members out.
 */
static struct json_object *snp_struct(const u8 *r)
{
	struct json_object *o = json_object_new_object(), *sig;
	u32 version = le32(r);
	enum snp_layout layout = snp_layout(r);

	json_add_uint(o, "version", version);
	json_add_uint(o, "guest_svn", le32(r + 4));
	json_add_uint(o, "policy", le64(r + 8));
	json_add_ints(o, "family_id", r + 0x10, 16);
	json_add_ints(o, "image_id", r + 0x20, 16);
	json_add_uint(o, "vmpl", le32(r + 0x30));
	json_add_uint(o, "sig_algo", le32(r + 0x34));
	add_tcb(o, "current_tcb", r + 0x38, layout);
	json_add_uint(o, "plat_info", le64(r + 0x40));
	json_add_uint(o, "key_info", le32(r + 0x48));
	json_add_ints(o, "report_data", r + SNP_REPORT_DATA_OFF, 64);
	json_add_ints(o, "measurement", r + 0x90, 48);
	json_add_ints(o, "host_data", r + SNP_HOST_DATA_OFF, 32);
	json_add_ints(o, "id_key_digest", r + 0xe0, 48);
	json_add_ints(o, "author_key_digest", r + 0x110, 48);
	json_add_ints(o, "report_id", r + 0x140, 32);
	json_add_ints(o, "report_id_ma", r + 0x160, 32);
	add_tcb(o, "reported_tcb", r + SNP_REPORTED_TCB_OFF, layout);
	if (version >= 3) {
		json_add_uint(o, "cpuid_fam_id", r[0x188]);
		json_add_uint(o, "cpuid_mod_id", r[0x189]);
		json_add_uint(o, "cpuid_step", r[0x18a]);
	} else {
		json_add_null(o, "cpuid_fam_id");
		json_add_null(o, "cpuid_mod_id");
		json_add_null(o, "cpuid_step");
	}
	json_add_ints(o, "chip_id", r + SNP_CHIP_ID_OFF, 64);
	add_tcb(o, "committed_tcb", r + 0x1e0, layout);
	add_version(o, "current", r + 0x1e8);
	add_version(o, "committed", r + 0x1ec);
	add_tcb(o, "launch_tcb", r + 0x1f0, layout);
	if (version >= 5) {
		json_add_uint(o, "launch_mit_vector", le64(r + 0x1f8));
		json_add_uint(o, "current_mit_vector", le64(r + 0x200));
	}
	sig = json_object_new_object();
	json_add_ints(sig, "r", r + SNP_SIG_R_OFF, SNP_SIG_INT_LEN);
	json_add_ints(sig, "s", r + SNP_SIG_S_OFF, SNP_SIG_INT_LEN);
	json_object_object_add(o, "signature", sig);
	return o;
}

/* The endorsement key's certificate in DER: verifiers take no PEM here. */
static void leaf_der(X509 *leaf, struct json_object *o)
{
	struct json_object *list = json_object_new_array(), *e = json_object_new_object();
	char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(leaf));
	u8 *der = NULL;
	int len = i2d_X509(leaf, &der);

	json_add_text(e, "cert_type", strstr(cn, "VLEK") ? "VLEK" : "VCEK");
	json_add_ints(e, "data", der, len > 0 ? (size_t)len : 0);
	OPENSSL_free(der);
	json_object_array_add(list, e);
	json_object_object_add(o, "cert_chain", list);
}

static int snp_evidence(const struct request *q, struct json_object *o)
{
	u32 version = le32(q->report.p), vmpl = le32(q->report.p + 0x30);
	X509 *leaf = cert_pool_leaf(&q->certs, q->report.p);

	if (snp_layout(q->report.p) == SNP_LAYOUT_VENICE)
		return fail(RC_EVIDENCE, "CoCo's verifiers cannot take a report of Venice, whose TCB lacks parts that their format requires");
	if (version < 3 || version > 5)
		warning("this report has version %u, CoCo's verifiers take 3 to 5", version);
	if (vmpl)
		warning("this report is from VMPL %u, CoCo's verifiers accept only 0", vmpl);
	json_object_object_add(o, "attestation_report", snp_struct(q->report.p));
	if (leaf)
		leaf_der(leaf, o);
	else
		json_add_null(o, "cert_chain");
	return RC_OK;
}

static int tdx_evidence(const struct request *q, struct json_object *o)
{
	struct span log = evidence_data(&q->e, CVM_EVIDENCE_ITEM_CCEL_DATA);
	struct buf b CLEANUP_BUF;

	if (log.len) {
		buf_add(&b, log.p, log.len);
		buf_add(&b, LOG_END, 8);
		json_add_bytes(o, "cc_eventlog", buf_span(&b), BASE64_STD);
	} else {
		json_add_null(o, "cc_eventlog");
	}
	json_add_bytes(o, "quote", q->report, BASE64_STD);
	return RC_OK;
}

static void add_tpm_quote(const struct tpm_quote *t, struct json_object *to)
{
	struct json_object *o = json_object_new_object(), *pcrs = json_object_new_array();
	size_t i;

	json_add_hex(o, "signature", t->sig);
	json_add_hex(o, "message", t->attest);
	for (i = 0; i < TPM_PCRS; i++) {
		char *hex CLEANUP(free_str) = hex_encode(t->pcrs.p + i * t->pcr_len, t->pcr_len);

		json_object_array_add(pcrs, json_object_new_string(hex));
	}
	json_object_object_add(o, "pcrs", pcrs);
	json_object_object_add(to, "tpm_quote", o);
}

static int check_tpm_quote(const struct tpm_quote *t)
{
	if (!t->attest.len)
		return fail(RC_EVIDENCE, "CoCo's verifiers need a quote of the vTPM, which this evidence does not have");
	if (t->mask != (1u << TPM_PCRS) - 1 || t->bank != TPM_ALG_SHA256)
		return fail(RC_EVIDENCE, "CoCo's verifiers need a quote over all 24 PCRs of SHA-256; this one is over others");
	if (!t->sig.len)
		return fail(RC_EVIDENCE, "CoCo's verifiers need a quote signed by RSA");
	return RC_OK;
}

/*
 * Version 2 says that the claims carry the same data as the quote; version 1 is
 * a report of an earlier time with a fresh quote.
 */
static int azure_evidence(const struct request *q, struct json_object *o)
{
	int rc = check_tpm_quote(&q->tpm);
	X509 *leaf;
	u8 *der = NULL;
	int len;

	if (rc)
		return rc;
	json_add_uint(o, "version", q->user_data_bound ? 2 : 1);
	add_tpm_quote(&q->tpm, o);
	json_add_bytes(o, "hcl_report", q->hcl_raw, BASE64_URL_PAD);
	if (q->kind == RAW_TDX_QUOTE) {
		/* as the host gave it, with what is behind its end */
		json_add_bytes(o, "td_quote", buf_span(&q->quote), BASE64_URL_PAD);
		return RC_OK;
	}
	leaf = cert_pool_leaf(&q->certs, q->report.p);
	if (!leaf) {
		struct buf chain CLEANUP_BUF;

		/* says what is wrong with the certificates there are */
		rc = cert_pool_chain(&q->certs, q->report.p, &chain);
		return rc ? rc : RC_EVIDENCE;
	}
	len = i2d_X509(leaf, &der);
	json_add_bytes(o, "vcek", (struct span){ der, len > 0 ? (size_t)len : 0 }, BASE64_URL_PAD);
	OPENSSL_free(der);
	return RC_OK;
}

int coco_evidence(const struct request *q, struct json_object **out)
{
	int rc;

	*out = json_object_new_object();
	rc = q->azure ? azure_evidence(q, *out) :
	     q->kind == RAW_SNP ? snp_evidence(q, *out) : tdx_evidence(q, *out);
	if (rc)
		json_put(out);
	return rc;
}

/* Cut or padded to the field, by whichever hash the file names in itself */
static bool is_hash_of(const struct buf *b, const u8 *field, size_t len)
{
	static const char *const algs[] = { "SHA256", "SHA384", "SHA512" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(algs); i++) {
		u8 hash[DIGEST_MAX] = { 0 };

		digest(algs[i], b->p, b->len, hash);
		if (!memcmp(hash, field, len))
			return true;
	}
	return false;
}

int coco_check_init_data(const struct request *q)
{
	struct tdx_quote quote;

	/* on Azure init data are in PCR 8, which the verifier looks at */
	if (!q->init.path || q->azure)
		return RC_OK;
	if (q->kind == RAW_SNP) {
		if (is_hash_of(&q->init.b, q->report.p + SNP_HOST_DATA_OFF, 32))
			return RC_OK;
		return fail(RC_EVIDENCE, "HOST_DATA of the report is not a hash of --init-data: this VM was not launched with these data");
	}
	if (!tdx_quote_parse(q->report, &quote) &&
	    is_hash_of(&q->init.b, quote.body.p + QUOTE_MRCONFIGID, 48))
		return RC_OK;
	return fail(RC_EVIDENCE, "MRCONFIGID of the quote is not a hash of --init-data: this VM was not launched with these data");
}
