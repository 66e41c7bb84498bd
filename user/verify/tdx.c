// SPDX-License-Identifier: GPL-2.0-only
/*
 * TDX quotes: a key of the quoting enclave signed the TD's report, the enclave
 * vouches for that key, and Intel's PCK certificate for the enclave.
 */
#include <string.h>

#include <openssl/pem.h>

#include "base/digest.h"
#include "base/ecdsa.h"
#include "evidence/pck.h"
#include "verify/roots.h"
#include "verify/verify.h"

#define KEY_ECDSA_P256	2
#define CERT_PPID_PLAIN	1
#define CERT_PCK_CHAIN	5

static const u8 intel_vendor[16] = {
	0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
	0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07,
};

/* MRSIGNER of Intel's own TD quoting enclave, as Intel's QE identity has it */
static const u8 intel_qe_signer[32] = {
	0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43,
	0xed, 0x03, 0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e,
	0x0e, 0x54, 0xa8, 0xc5,
};

/* Where in an SGX REPORT */
enum {
	QE_MISCSELECT = 16, QE_ATTRIBUTES = 48, QE_MRSIGNER = 128, QE_ISVPRODID = 256,
	QE_ISVSVN = 258, QE_REPORTDATA = 320,
};

static void check_signature(struct verify *v, const struct tdx_quote *q)
{
	/* all before the length of the signature data */
	struct span msg = { q->all.p, (size_t)(q->auth.p - q->all.p) - 4 };
	EVP_PKEY *key = ecdsa_p256_key(q->key.p);
	bool ok = key && ecdsa_verify(key, "SHA256", msg, q->signature.p, q->signature.p + 32,
				      32, false);

	EVP_PKEY_free(key);
	judged(v, GENUINE, ok, "signature", ok ? "ECDSA P-256, by the attestation key" : key ?
	       "the attestation key did not make it: the quote was altered" :
	       "the attestation key is not a point of P-256");
}

static void check_key(struct verify *v, const struct tdx_quote *q)
{
	const u8 *data = q->qe_report.p + QE_REPORTDATA;
	struct buf b CLEANUP_BUF;
	u8 hash[DIGEST_MAX];
	bool ok;

	buf_add(&b, q->key.p, q->key.len);
	buf_add(&b, q->qe_auth.p, q->qe_auth.len);
	digest("SHA256", b.p, b.len, hash);
	ok = !memcmp(hash, data, 32) && is_zero(data + 32, 32);
	judged(v, GENUINE, ok, "attestation key", ok ? "the quoting enclave vouches for it" :
	       "the quoting enclave vouches for another one");
}

static void add_pem(struct buf *to, X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	PEM_write_bio_X509(bio, x);
	len = BIO_get_mem_data(bio, &text);
	buf_add(to, text, (size_t)len);
	BIO_free(bio);
}

/*
 * No signature covers the PEM text in a quote. Except for line ends and NULs
 * behind it, it must be the usual encoding, or a quote could be altered and
 * still pass.
 */
static bool is_plain_pem(struct span have, const struct cert_pool *certs)
{
	struct buf want CLEANUP_BUF;
	size_t i = 0, k = 0;

	for (k = 0; k < certs->n; k++)
		add_pem(&want, certs->certs[k].x);
	for (k = 0;;) {
		while (i < have.len && (have.p[i] == '\r' || have.p[i] == '\n'))
			i++;
		while (k < want.len && want.p[k] == '\n')
			k++;
		if (i == have.len || k == want.len)
			break;
		if (have.p[i++] != want.p[k++])
			return false;
	}
	return k == want.len && is_zero(have.p + i, have.len - i);
}

static bool signs_another(const struct cert_pool *certs, size_t i)
{
	size_t k;

	for (k = 0; k < certs->n; k++)
		if (k != i && cert_pool_issuer(certs, certs->certs[k].x) == &certs->certs[i])
			return true;
	return false;
}

static bool is_repeated(const struct cert_pool *certs, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (!X509_cmp(certs->certs[k].x, certs->certs[i].x))
			return true;
	return false;
}

static bool is_in(const struct path *p, X509 *x)
{
	int i;

	for (i = 0; i < p->n; i++)
		if (p->x[i] == x || !X509_cmp(p->x[i], x))
			return true;
	return false;
}

/*
 * Each certificate of the quote must be a link of the one chain: of the path that was
 * verified, or where the caller gave others of the same keys, beside it.
 */
static bool is_one_chain(struct verify *v, const struct cert_pool *certs, const struct path *path)
{
	size_t i;

	for (i = 0; i < certs->n; i++) {
		X509 *x = certs->certs[i].x;
		bool root;

		/* one that is there twice is a change that no signature shows */
		if (is_repeated(certs, i))
			return false;
		if (is_in(path, x))
			continue;
		root = cert_pool_has(&v->roots, x);
		if (!signs_another(certs, i))
			return false;
		if (!root && (cert_is_self_issued(x) ||
			      (!cert_pool_issuer(certs, x) && !cert_pool_issuer(&v->roots, x))))
			return false;
	}
	return true;
}

/* The PCK certificate: the one whose key signed the quoting enclave's report */
static X509 *find_pck(struct verify *v, const struct tdx_quote *q, const struct cert_pool *certs)
{
	bool any = false;
	size_t i;

	for (i = 0; i < certs->n; i++) {
		X509 *x = certs->certs[i].x;

		any |= cert_has_ec_key(x);
		if (ecdsa_verify(X509_get0_pubkey(x), "SHA256", q->qe_report, q->qe_signature.p,
				 q->qe_signature.p + 32, 32, false)) {
			passed(v, GENUINE, "quoting enclave", "its report is signed by the PCK key");
			return x;
		}
	}
	if (any)
		failed(v, GENUINE, "quoting enclave", "no certificate here has the key that signed its report");
	else
		unable(v, GENUINE, "quoting enclave", "the quote has no PCK certificate: give it and its chain with --certs FILE");
	return NULL;
}

static X509 *check_pck(struct verify *v, const struct tdx_quote *q, struct cert_pool *certs)
{
	struct buf said CLEANUP_BUF;
	struct path path;
	X509 *pck;
	int rc;

	if (q->cert_type == CERT_PCK_CHAIN) {
		complain_into(&said);
		rc = certs_add(certs, q->certs, VERIFY_CHAIN_MAX, "the certificates in the quote");
		complain_into(NULL);
		if (rc) {
			failed(v, GENUINE, "quoting enclave", "%s", (char *)said.p);
			return NULL;
		}
		if (!is_plain_pem(q->certs, certs)) {
			failed(v, GENUINE, "certificate chain", "the text of the certificates in the quote was altered");
			return NULL;
		}
		pck = find_pck(v, q, certs);
	} else if (q->cert_type < CERT_PPID_PLAIN || q->cert_type > CERT_PCK_CHAIN) {
		/* no signature covers it */
		failed(v, GENUINE, "certificate chain", "certification data of type %u are not known, types 1 to 5 are: the quote was altered",
		       q->cert_type);
		return NULL;
	} else {
		/* the quote names the platform only; PCK certificates from files */
		pck = find_pck(v, q, &v->certs);
		if (pck)
			answered(v, ASK_CERTS);
	}
	if (!pck)
		return NULL;
	cert_pool_share(&v->certs, certs);
	if (!verify_chain(v, "certificate chain", pck, &path))
		return pck;
	verify_intel_roles(v, &path, "certificate roles", "Intel SGX PCK Certificate");
	if (!is_one_chain(v, certs, &path))
		failed(v, GENUINE, "certificate chain", "the quote has certificates that are not in the chain: it was altered");
	return pck;
}

static void check_qe(struct verify *v, const u8 *r)
{
	char *signer CLEANUP(free_str) = hex_encode(r + QE_MRSIGNER, 32);
	const struct values *pin = &v->policy.value[ASK_QE_SIGNER];
	const u8 *a = r + QE_ATTRIBUTES;
	bool intel = !v->own_roots || roots_have_intel(&v->roots);
	bool by_intel = !memcmp(r + QE_MRSIGNER, intel_qe_signer, 32);

	/* INIT and PROVISIONKEY; MODE64 is free, everything else is off */
	judged(v, GENUINE, (a[0] & 0xfb) == 0x11 && is_zero(a + 1, 7) &&
	       is_zero(r + QE_MISCSELECT, 4), "QE attributes",
	       a[0] & 2 ? "the quoting enclave is a debug enclave" : "0x%02x%s", a[0],
	       is_zero(a + 1, 7) ? "" : " and others");
	judged(v, GENUINE, le16(r + QE_ISVPRODID) == 2, "QE product",
	       "ISVPRODID is %u, that of TD quoting enclaves is 2", le16(r + QE_ISVPRODID));
	answered(v, ASK_QE_SIGNER);
	if (pin->n)
		judged(v, GENUINE, values_have(pin, r + QE_MRSIGNER, 32), "QE signer",
		       "MRSIGNER is %s", signer);
	else if (intel || by_intel)
		judged(v, GENUINE, by_intel, "QE signer", "MRSIGNER is %s%s", signer,
		       by_intel ? ", Intel's" : ", which is not Intel's");
	else
		unable(v, GENUINE, "QE signer", "MRSIGNER is %s, which is not Intel's: where the root is not Intel's either, --qe-signer HEX names whose quoting enclave is meant",
		       signer);
	fact(v, "QE_ISVSVN", "%u", le16(r + QE_ISVSVN));
	if (!v->policy.given[ASK_MIN_QE_SVN])
		return;
	answered(v, ASK_MIN_QE_SVN);
	judged(v, APPRAISED, le16(r + QE_ISVSVN) >= v->policy.min_qe_svn, "minimum QE SVN",
	       "ISVSVN of the quoting enclave is %u, %llu is required", le16(r + QE_ISVSVN),
	       (unsigned long long)v->policy.min_qe_svn);
}

/* A TDX module that Intel did not sign, or a debug one, could say anything. */
static void check_module(struct verify *v, const u8 *b)
{
	bool ok = is_zero(b + 64, 48) && is_zero(b + 112, 8);

	judged(v, GENUINE, ok, "TDX module", ok ? "signed by Intel, no debug" :
	       is_zero(b + 64, 48) ? "SEAMATTRIBUTES are not zero: a debug module" :
	       "MRSIGNERSEAM is not zero: not signed by Intel");
}

static void facts(struct verify *v, const struct tdx_quote *q, const struct pck *p)
{
	const u8 *b = q->body.p;

	fact(v, "version", "%u", q->version);
	fact(v, "body", "%s", tdx_quote_body_name(q));
	if (p) {
		fact_bytes(v, "FMSPC", p->fmspc, 6);
		fact_bytes(v, "CPUSVN", p->comp, 16);
		fact(v, "PCESVN", "%u", p->pcesvn);
		if (p->have_ppid)
			fact_bytes(v, "PPID", p->ppid, 16);
		if (p->have_instance)
			fact_bytes(v, "PLATFORM_INSTANCE_ID", p->instance, 16);
	}
	fact_bytes(v, "TEE_TCB_SVN", b, 16);
	if (q->body.len >= TDX_BODY15_LEN) {
		fact_bytes(v, "TEE_TCB_SVN_2", b + 584, 16);
		fact_bytes(v, "MRSERVICETD", b + 600, 48);
	}
	fact_bytes(v, "MRTD", b + 136, 48);
	fact_bytes(v, "RTMR0", b + 328, 48);
	fact_bytes(v, "RTMR1", b + 376, 48);
	fact_bytes(v, "RTMR2", b + 424, 48);
	fact_bytes(v, "RTMR3", b + 472, 48);
	fact_bytes(v, "REPORTDATA", tdx_quote_report_data(q), 64);
}

void verify_tdx_quote(struct verify *v, struct span s)
{
	struct cert_pool certs CLEANUP(cert_pool_free) = { 0 };
	struct buf said CLEANUP_BUF;
	struct pck p, *platform = NULL;
	X509 *pck = NULL;
	struct tdx_quote q;
	int rc;

	complain_into(&said);
	rc = tdx_quote_parse(s, &q);
	complain_into(NULL);
	if (rc) {
		failed(v, GENUINE, "layout", "%s", (char *)said.p);
		return;
	}
	if (!q.parsed) {
		unable(v, GENUINE, "signature", "attestation keys of type %u are not known, ECDSA P-256 (%d) is",
		       le16(q.all.p + 2), KEY_ECDSA_P256);
	} else {
		judged(v, GENUINE, !memcmp(q.all.p + 12, intel_vendor, 16), "QE vendor",
		       memcmp(q.all.p + 12, intel_vendor, 16) ? "not Intel" : "Intel");
		check_signature(v, &q);
		check_key(v, &q);
		pck = check_pck(v, &q, &certs);
		check_qe(v, q.qe_report.p);
		if (pck && pck_read(pck, &p))
			platform = &p;
		else if (pck)
			failed(v, GENUINE, "PCK certificate", "it does not say its FMSPC and TCB");
		verify_collateral(v, &q, platform);
	}
	check_module(v, q.body.p);
	facts(v, &q, platform);
	if (v->parts.event_log.len)
		verify_event_log(v, v->parts.event_log, q.body.p + 328);
	appraise_tdx(v, &q, platform);
}

/* Only its MAC makes a TDREPORT genuine, and only its own machine knows the key. */
void verify_tdreport(struct verify *v, struct span s)
{
	struct node *shown CLEANUP(report_free) = report_new(NULL);
	struct buf said CLEANUP_BUF;
	struct tdx_quote q;
	int rc;

	complain_into(&said);
	rc = tdreport_check(s);
	if (!rc)
		rc = tdreport_show(shown, s);
	complain_into(NULL);
	if (rc) {
		failed(v, GENUINE, "TDREPORT", "%s", (char *)said.p);
		return;
	}
	passed(v, GENUINE, "TDREPORT", "its hashes match its fields");
	answered(v, ASK_QUOTE);
	if (!v->parts.quote.len) {
		unable(v, GENUINE, "signature", "a TDREPORT carries only a MAC, which only its own machine can check: have a quote made from it, and give that with --quote FILE");
		return;
	}
	complain_into(&said);
	rc = tdx_quote_parse(v->parts.quote, &q);
	if (!rc)
		rc = tdx_quote_is_of(&q, s.p);
	if (!rc)
		rc = tdx_quote_is_of_module(&q, s.p);
	complain_into(NULL);
	if (rc) {
		failed(v, GENUINE, "quote", "%s", (char *)said.p);
		return;
	}
	if (q.body.len < TDX_BODY15_LEN && !is_zero(s.p + 912, 48))
		unable(v, APPRAISED, "service TD", "the TDREPORT names one (SERVTD_HASH), and a quote of version 4 has no place for it: have a quote of version 5 made");
	/* TD 1.5 has it in both */
	if (q.body.len >= TDX_BODY15_LEN && memcmp(q.body.p + 600, s.p + 912, 48)) {
		failed(v, GENUINE, "quote", "it was not made from this TDREPORT: their SERVTD_HASH differ");
		return;
	}
	passed(v, GENUINE, "quote", "its REPORTDATA and TD information are the TDREPORT's");
	verify_tdx_quote(v, v->parts.quote);
}
