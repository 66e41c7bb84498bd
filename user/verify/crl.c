// SPDX-License-Identifier: GPL-2.0-only
/* Lists of revoked certificates, given as files */
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

static bool is_weak(const X509_CRL *crl)
{
	int md = NID_undef;

	OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &md, NULL);
	return md == NID_md5 || md == NID_sha1;
}

/*
 * The newest list that the issuer's key signed before the time of verification.
 * Where there is none, @why says what is wrong with those that have its name.
 */
static X509_CRL *newest_of(struct verify *v, X509 *issuer, bool *any, const char **why)
{
	X509_CRL *best = NULL;
	time_t at = v->at;
	int i;

	*any = false;
	*why = NULL;
	for (i = 0; i < sk_X509_CRL_num(v->crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(v->crls, i);

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)))
			continue;
		*any = true;
		v->crls_used |= 1ULL << i;
		if (is_weak(crl))
			*why = "its signature is over an MD5 or SHA-1 hash, which proves nothing any more";
		else if (X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)
			*why = *why ? *why : "it is not signed by the issuer's key";
		else if (X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &at) > 0)
			*why = "it was made after the time of verification";
		else if (!best || newer(crl, best) > 0)
			best = crl;
	}
	return best;
}

/* In any of the lists that are as new as @best */
static bool is_revoked(const struct verify *v, X509_CRL *best, X509 *x, X509 *issuer)
{
	X509_REVOKED *entry;
	int i;

	for (i = 0; i < sk_X509_CRL_num(v->crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(v->crls, i);

		if (!X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) &&
		    !newer(crl, best) && !is_weak(crl) && X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1 &&
		    X509_CRL_get0_by_cert(crl, &entry, x))
			return true;
	}
	return false;
}

void crl_check(struct verify *v, X509 *x, X509 *issuer)
{
	char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(x));
	char *by CLEANUP(free_str) = x509_cn(X509_get_subject_name(issuer));
	char *check CLEANUP(free_str) = xasprintf("revocation of %s", cn);
	const char *why = NULL;
	X509_CRL *crl = NULL;
	const ASN1_TIME *next;
	bool any = false;
	time_t at = v->at;

	if (v->crls)
		crl = newest_of(v, issuer, &any, &why);
	answered(v, ASK_REQUIRE_CRL);
	if (!any) {
		if (v->policy.require_crl)
			unable(v, GENUINE, check, "no CRL of \"%s\" was given (--crl FILE), and --require-crl asks for one",
			       by);
		else
			left_out(v, GENUINE, check, "no CRL of \"%s\" was given (--crl FILE)", by);
		return;
	}
	answered(v, ASK_CRL);
	if (!crl) {
		failed(v, GENUINE, check, "no CRL of \"%s\" can be used: %s", by, why);
		ERR_clear_error();
		return;
	}
	next = X509_CRL_get0_nextUpdate(crl);
	why = not_whole(crl);
	if (X509_get_extension_flags(issuer) & EXFLAG_KUSAGE &&
	    !(X509_get_key_usage(issuer) & KU_CRL_SIGN))
		failed(v, GENUINE, check, "the keyUsage of \"%s\" does not allow it to sign CRLs", by);
	else if (why)
		failed(v, GENUINE, check, "the CRL of \"%s\": %s", by, why);
	else if (!next)
		failed(v, GENUINE, check, "the CRL of \"%s\" does not say until when it is valid", by);
	else if (X509_cmp_time(next, &at) < 0)
		failed(v, GENUINE, check, "the CRL of \"%s\" is out of date: get a newer one", by);
	else if (is_revoked(v, crl, x, issuer))
		failed(v, GENUINE, check, "\"%s\" revoked it", by);
	else
		passed(v, GENUINE, check, "not in the CRL of \"%s\"", by);
	ERR_clear_error();
}

void crl_check_root(struct verify *v, X509 *root)
{
	char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(root));
	char *check CLEANUP(free_str) = xasprintf("revocation of %s", cn);
	X509_CRL *crl = NULL;
	const char *why;
	bool any;

	if (v->crls)
		crl = newest_of(v, root, &any, &why);
	if (crl && is_revoked(v, crl, root, root))
		failed(v, GENUINE, check, "it revoked itself");
	ERR_clear_error();
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
