// SPDX-License-Identifier: GPL-2.0-only
/* Lists of revoked certificates */
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "evidence/show_more.h"
#include "evidence/x509.h"

#define ENTRIES_MAX	1024	/* that are shown one by one */

static void show_entries(struct node *to, X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
	struct node *list = add_list(to, "revoked", NULL);
	int i, n = sk_X509_REVOKED_num(all);

	for (i = 0; i < n && i < ENTRIES_MAX; i++) {
		const X509_REVOKED *r = sk_X509_REVOKED_value(all, i);
		BIGNUM *bn = ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(r), NULL);
		char *hex = bn ? BN_bn2hex(bn) : NULL;
		struct node *e = add_map(list, NULL, hex ? hex : "?");

		add_text(e, "serial", "%s", hex ? hex : "?");
		x509_add_time(e, "revocationDate", X509_REVOKED_get0_revocationDate(r));
		OPENSSL_free(hex);
		BN_free(bn);
	}
	add_uint(to, "number_of_revoked", n > 0 ? (u64)n : 0);
}

static void show_one(struct node *to, X509_CRL *crl)
{
	char *issuer CLEANUP(free_str) = x509_name(X509_CRL_get_issuer(crl));
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
	struct node *n;

	add_text(to, "issuer", "%s", issuer);
	if (number)
		add_text(to, "number", "%lld", (long long)ASN1_INTEGER_get(number));
	n = x509_add_time(to, "thisUpdate", X509_CRL_get0_lastUpdate(crl));
	if (X509_cmp_current_time(X509_CRL_get0_lastUpdate(crl)) > 0)
		danger(n, "it is not valid yet");
	if (next) {
		n = x509_add_time(to, "nextUpdate", next);
		if (X509_cmp_current_time(next) < 0)
			danger(n, "it is out of date");
	}
	show_entries(to, crl);
	ASN1_INTEGER_free(number);
}

int crl_show(struct node *to, struct span s)
{
	struct node *list = add_list(to, "crls", NULL);
	const u8 *p = s.p;
	X509_CRL *crl;
	BIO *bio;
	int n = 0;

	note(list, "signatures are not checked by show");
	if (s.len > INT32_MAX)
		return fail(RC_EVIDENCE, "CRL: it is too large");
	if (s.p[0] == 0x30) {
		crl = d2i_X509_CRL(NULL, &p, (long)s.len);
		if (crl) {
			show_one(add_map(list, NULL, "CRL"), crl);
			X509_CRL_free(crl);
		}
		ERR_clear_error();
		if (!crl || !is_zero(p, s.len - (size_t)(p - s.p)))
			return fail(RC_EVIDENCE, "CRL: cut short, or trailing data");
		return RC_OK;
	}
	bio = BIO_new_mem_buf(s.p, (int)s.len);
	while ((crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
		show_one(add_map(list, NULL, "CRL"), crl);
		X509_CRL_free(crl);
		n++;
	}
	BIO_free(bio);
	ERR_clear_error();
	return n ? RC_OK : fail(RC_EVIDENCE, "CRL: no list in the PEM text can be read");
}
