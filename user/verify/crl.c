// SPDX-License-Identifier: GPL-2.0-only
/* Lists of revoked certificates, given as files */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "verify/verify.h"

_Static_assert(VERIFY_CRLS_MAX <= 64, "crls_used has a bit for each list");

static int blocks(struct span s)
{
	static const char begin[] = "-----BEGIN X509 CRL-----";
	const u8 *p = s.p, *end = s.p + s.len;
	int n = 0;

	while (s.len && (p = memmem(p, (size_t)(end - p), begin, sizeof(begin) - 1))) {
		p += sizeof(begin) - 1;
		n++;
	}
	return n;
}

/* A PEM text, block by block: each must be read, not only the first */
static int load_pem(struct verify *v, struct span s, const char *name)
{
	BIO *bio = BIO_new_mem_buf(s.p, (int)s.len);
	int i, n = blocks(s), rc = RC_OK;
	X509_CRL *crl;

	if (!n)
		rc = fail(RC_USAGE, "--crl: %s is not a certificate revocation list in DER or PEM", name);
	else if (sk_X509_CRL_num(v->crls) + n > VERIFY_CRLS_MAX)
		rc = fail(RC_USAGE, "--crl: %s: more lists than the limit, %d", name, VERIFY_CRLS_MAX);
	for (i = 0; !rc && i < n; i++) {
		crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
		if (crl)
			sk_X509_CRL_push(v->crls, crl);
		else
			rc = fail(RC_USAGE, "--crl: %s: block %d of %d cannot be read as a certificate revocation list",
				  name, i + 1, n);
	}
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

int crl_load(struct verify *v, struct span s, const char *name)
{
	const u8 *p = s.p;
	X509_CRL *crl;

	if (s.len > INT32_MAX)
		return fail(RC_USAGE, "--crl: %s is too large", name);
	if (!v->crls)
		v->crls = sk_X509_CRL_new_null();
	crl = d2i_X509_CRL(NULL, &p, (long)s.len);
	ERR_clear_error();
	if (!crl)
		return load_pem(v, s, name);
	if (p != s.p + s.len) {
		X509_CRL_free(crl);
		return fail(RC_USAGE, "--crl: %s: data after the list, at offset %zu", name,
			    (size_t)(p - s.p));
	}
	if (sk_X509_CRL_num(v->crls) >= VERIFY_CRLS_MAX) {
		X509_CRL_free(crl);
		return fail(RC_USAGE, "--crl: %s: more lists than the limit, %d", name, VERIFY_CRLS_MAX);
	}
	sk_X509_CRL_push(v->crls, crl);
	return RC_OK;
}

/* Whether @a was made after @b: by its time, then by its number */
static int newer(const X509_CRL *a, const X509_CRL *b)
{
	int c = ASN1_TIME_compare(X509_CRL_get0_lastUpdate(a), X509_CRL_get0_lastUpdate(b));
	ASN1_INTEGER *na, *nb;

	if (!c) {
		na = X509_CRL_get_ext_d2i(a, NID_crl_number, NULL, NULL);
		nb = X509_CRL_get_ext_d2i(b, NID_crl_number, NULL, NULL);
		c = na && nb ? ASN1_INTEGER_cmp(na, nb) : 0;
		ASN1_INTEGER_free(na);
		ASN1_INTEGER_free(nb);
	}
	return c;
}

/* What keeps it from being the whole, plain list of its issuer; NULL: nothing */
static const char *not_whole(const X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED((X509_CRL *)crl);
	int i;

	if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
		return "it is a delta list, which holds changes only";
	if (X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0)
		return "it is a partial list (issuingDistributionPoint)";
	if (X509_CRL_get_ext_by_critical(crl, 1, -1) >= 0)
		return "it has a critical extension that is not known";
	for (i = 0; i < sk_X509_REVOKED_num(list); i++)
		if (X509_REVOKED_get_ext_by_critical(sk_X509_REVOKED_value(list, i), 1, -1) >= 0)
			return "an entry has a critical extension that is not known";
	return NULL;
}

/* The hash of an RSA-PSS signature is in its parameters; none: SHA-1 (RFC 4055, 3.1) */
static int pss_digest(const X509_CRL *crl)
{
	const X509_ALGOR *alg;
	RSA_PSS_PARAMS *pss;
	int md = NID_sha1;

	X509_CRL_get0_signature(crl, NULL, &alg);
	pss = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), alg->parameter);
	if (pss && pss->hashAlgorithm)
		md = OBJ_obj2nid(pss->hashAlgorithm->algorithm);
	RSA_PSS_PARAMS_free(pss);
	ERR_clear_error();
	return md;
}

static bool is_weak(const X509_CRL *crl)
{
	int md = NID_undef, key = NID_undef;

	OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &md, &key);
	if (key == EVP_PKEY_RSA_PSS)
		md = pss_digest(crl);
	return md == NID_md5 || md == NID_sha1;
}

static bool is_of(const X509_CRL *crl, X509 *issuer)
{
	return !X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer));
}

/* The lists of one issuer: the newest that can be used, or why there is none */
struct lists {
	bool any;
	X509_CRL *newest;
	char *why;
};

static char *why_unusable(X509_CRL *crl, X509 *issuer, const char *by, time_t at)
{
	const char *why = not_whole(crl);

	if (X509_get_extension_flags(issuer) & EXFLAG_KUSAGE &&
	    !(X509_get_key_usage(issuer) & KU_CRL_SIGN))
		return xasprintf("the keyUsage of \"%s\" does not allow it to sign CRLs", by);
	if (why)
		return xasprintf("the CRL of \"%s\": %s", by, why);
	if (!X509_CRL_get0_nextUpdate(crl))
		return xasprintf("the CRL of \"%s\" does not say until when it is valid", by);
	if (X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &at) < 0)
		return xasprintf("the CRL of \"%s\" is out of date: get a newer one", by);
	return NULL;
}

/* Of the lists that the issuer's key signed before the time of judgement, the newest decides. */
static struct lists lists_of(struct verify *v, X509 *issuer, const char *by)
{
	struct lists l = { 0 };
	const char *why = NULL;
	time_t at = v->at;
	int i;

	for (i = 0; i < sk_X509_CRL_num(v->crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(v->crls, i);

		if (!is_of(crl, issuer))
			continue;
		l.any = true;
		v->crls_used |= 1ULL << i;
		if (is_weak(crl))
			why = "its signature is over an MD5 or SHA-1 hash, which proves nothing any more";
		else if (X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)
			why = why ? why : "it is not signed by the issuer's key";
		else if (X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &at) > 0)
			why = "it was made after the time of verification";
		else if (!l.newest || newer(crl, l.newest) > 0)
			l.newest = crl;
	}
	if (l.newest)
		l.why = why_unusable(l.newest, issuer, by, at);
	else if (l.any)
		l.why = xasprintf("no CRL of \"%s\" can be used: %s", by, why);
	ERR_clear_error();
	return l;
}

static bool has_serial(X509_CRL *crl, X509 *x)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);
	int i;

	for (i = 0; i < sk_X509_REVOKED_num(list); i++)
		if (!ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(list, i)),
				      X509_get0_serialNumber(x)))
			return true;
	return false;
}

/*
 * In any list that its signer's key signed, that is of no later time and not out of date:
 * an issuer may have several, as ARKs have one for VCEKs and one for VLEKs, and a newer
 * one does not take back what another says. @by_serial: whoever issued @x.
 */
static bool is_revoked(const struct verify *v, X509 *x, X509 *signer, bool by_serial)
{
	X509_REVOKED *entry;
	time_t at = v->at;
	bool is = false;
	int i;

	for (i = 0; !is && i < sk_X509_CRL_num(v->crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(v->crls, i);
		const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);

		if (!is_of(crl, signer) || is_weak(crl) ||
		    X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &at) > 0 ||
		    (next && X509_cmp_time(next, &at) < 0) ||
		    X509_CRL_verify(crl, X509_get0_pubkey(signer)) != 1)
			continue;
		is = by_serial ? has_serial(crl, x) : X509_CRL_get0_by_cert(crl, &entry, x);
	}
	ERR_clear_error();
	return is;
}

static void no_list(struct verify *v, const char *check, const char *by)
{
	if (v->policy.require_crl)
		unable(v, GENUINE, check, "no CRL of \"%s\" was given (--crl FILE), and --require-crl asks for one",
		       by);
	else
		left_out(v, GENUINE, check, "no CRL of \"%s\" was given (--crl FILE)", by);
}

/* @x by the lists of @signer, who is its issuer unless @by_serial */
static void check_by(struct verify *v, X509 *x, X509 *signer, bool by_serial)
{
	char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(x));
	char *by CLEANUP(free_str) = x509_cn(X509_get_subject_name(signer));
	char *check CLEANUP(free_str) = xasprintf("revocation of %s", cn);
	struct lists l = lists_of(v, signer, by);

	answered(v, ASK_REQUIRE_CRL);
	if (l.any)
		answered(v, ASK_CRL);
	if (!l.any)
		no_list(v, check, by);
	else if (l.why)
		failed(v, GENUINE, check, "%s", l.why);
	else if (is_revoked(v, x, signer, by_serial))
		failed(v, GENUINE, check, "\"%s\" revoked it", by);
	else
		passed(v, GENUINE, check, "not in the CRL of \"%s\"", by);
	free(l.why);
}

void crl_check(struct verify *v, X509 *x, X509 *issuer)
{
	check_by(v, x, issuer, false);
}

static bool any_of(const struct verify *v, X509 *issuer)
{
	int i;

	for (i = 0; i < sk_X509_CRL_num(v->crls); i++)
		if (is_of(sk_X509_CRL_value(v->crls, i), issuer))
			return true;
	return false;
}

/*
 * AMD issues no lists of VCEKs and VLEKs: the keyUsage of the ASK and the ASVK is
 * Certificate Sign alone, and these certificates have serial number 0 and no distribution
 * point (57230, tables of the certificates' fields). Their list, of the ARK, is of the ASK.
 */
static bool is_vek_without_list(const struct verify *v, X509 *x, X509 *issuer)
{
	struct span product;

	return x509_amd_text(x, "2", &product) && X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) < 0 &&
	       X509_get_extension_flags(issuer) & EXFLAG_KUSAGE &&
	       !(X509_get_key_usage(issuer) & KU_CRL_SIGN) && !any_of(v, issuer);
}

static void check_vek(struct verify *v, X509 *x, X509 *issuer, X509 *root)
{
	char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(x));
	char *by CLEANUP(free_str) = x509_cn(X509_get_subject_name(issuer));
	char *ark CLEANUP(free_str) = x509_cn(X509_get_subject_name(root));
	char *check CLEANUP(free_str) = xasprintf("revocation of %s", cn);
	s64 serial;

	/* a serial number by which it could be revoked */
	if (!ASN1_INTEGER_get_int64(&serial, X509_get0_serialNumber(x)) || serial) {
		ERR_clear_error();
		check_by(v, x, root, true);
		return;
	}
	answered(v, ASK_REQUIRE_CRL);
	left_out(v, GENUINE, check, "VCEKs and VLEKs are not revoked one by one; the list of \"%s\" covers \"%s\"",
		 ark, by);
}

static void check_root(struct verify *v, X509 *root)
{
	char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(root));
	char *check CLEANUP(free_str) = xasprintf("revocation of %s", cn);

	if (is_revoked(v, root, root, false))
		failed(v, GENUINE, check, "it revoked itself");
}

void crl_check_path(struct verify *v, const struct path *p, bool hardware)
{
	int i;

	for (i = 0; i < p->n - 1; i++) {
		if (hardware && !i && p->n > 2 && is_vek_without_list(v, p->x[0], p->x[1]))
			check_vek(v, p->x[0], p->x[1], p->x[2]);
		else
			crl_check(v, p->x[i], p->x[i + 1]);
	}
	check_root(v, p->x[p->n - 1]);
}

void crl_unused(struct verify *v)
{
	int i;

	for (i = 0; i < sk_X509_CRL_num(v->crls); i++) {
		char *by CLEANUP(free_str) = x509_cn(X509_CRL_get_issuer(sk_X509_CRL_value(v->crls, i)));

		if (!(v->crls_used >> i & 1))
			unable(v, GENUINE, "crl", "the list of \"%s\" was given, and \"%s\" issued no certificate of this chain",
			       by, by);
	}
}
