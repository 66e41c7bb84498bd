// SPDX-License-Identifier: GPL-2.0-only
/* Lists of revoked certificates, given as files */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "verify.h"

int crl_load(struct verify *v, struct span s, const char *name)
{
	const u8 *p = s.p;
	X509_CRL *crl;
	BIO *bio;

	if (s.len > INT32_MAX)
		return fail(RC_USAGE, "--crl: %s is too large", name);
	crl = d2i_X509_CRL(NULL, &p, (long)s.len);
	if (!crl) {
		bio = BIO_new_mem_buf(s.p, (int)s.len);
		crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
		BIO_free(bio);
	}
	ERR_clear_error();
	if (!crl)
		return fail(RC_USAGE, "--crl: %s is no certificate revocation list in DER or PEM", name);
	if (!v->crls)
		v->crls = sk_X509_CRL_new_null();
	sk_X509_CRL_push(v->crls, crl);
	return RC_OK;
}

static X509_CRL *crl_by(const struct verify *v, X509 *issuer)
{
	int i;

	for (i = 0; i < sk_X509_CRL_num(v->crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(v->crls, i);

		if (!X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)))
			return crl;
	}
	return NULL;
}

void crl_check(struct verify *v, X509 *x, X509 *issuer)
{
	char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(x));
	char *by CLEANUP(free_str) = x509_cn(X509_get_subject_name(issuer));
	char *check CLEANUP(free_str) = xasprintf("revocation of %s", cn);
	X509_CRL *crl = v->crls ? crl_by(v, issuer) : NULL;
	const ASN1_TIME *next;
	X509_REVOKED *entry;
	time_t at = v->at;

	if (!crl) {
		left_out(v, GENUINE, check, "no CRL of \"%s\" was given (--crl FILE)", by);
		return;
	}
	next = X509_CRL_get0_nextUpdate(crl);
	if (X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)
		failed(v, GENUINE, check, "the CRL is not signed by \"%s\"", by);
	else if (X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &at) > 0)
		failed(v, GENUINE, check, "the CRL of \"%s\" is of a later time", by);
	else if (next && X509_cmp_time(next, &at) < 0)
		failed(v, GENUINE, check, "the CRL of \"%s\" is out of date: get a newer one", by);
	else if (X509_CRL_get0_by_cert(crl, &entry, x) == 1)
		failed(v, GENUINE, check, "\"%s\" revoked it", by);
	else
		passed(v, GENUINE, check, "not in the CRL of \"%s\"", by);
	ERR_clear_error();
}
