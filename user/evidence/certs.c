// SPDX-License-Identifier: GPL-2.0-only
/* The chain of an SNP report, made of whatever certificates there are. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/ecdsa.h"
#include "evidence/certs.h"
#include "evidence/snp.h"

bool cert_has_ec_key(X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(x);

	return key && EVP_PKEY_base_id(key) == EVP_PKEY_EC;
}

bool cert_signed_report(X509 *x, const u8 *report)
{
	return ecdsa_verify(X509_get0_pubkey(x), "SHA384", (struct span){ report, SNP_SIGNED_LEN },
			    report + SNP_SIG_R_OFF, report + SNP_SIG_S_OFF, SNP_SIG_INT_LEN, true);
}

bool cert_is_self_issued(X509 *x)
{
	return !X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x));
}

bool cert_pool_has(const struct cert_pool *pool, X509 *x)
{
	size_t i;

	for (i = 0; i < pool->n; i++)
		if (!X509_cmp(pool->certs[i].x, x))
			return true;
	return false;
}

const struct cert *cert_pool_issuer(const struct cert_pool *pool, X509 *of)
{
	size_t i;

	for (i = 0; i < pool->n; i++) {
		X509 *x = pool->certs[i].x;
		bool ok = !X509_NAME_cmp(X509_get_subject_name(x),
					 X509_get_issuer_name(of)) &&
			  X509_get0_pubkey(x) &&
			  X509_verify(of, X509_get0_pubkey(x)) == 1;

		ERR_clear_error();
		if (ok)
			return &pool->certs[i];
	}
	return NULL;
}

static void append_pem(struct buf *out, const struct cert *c)
{
	BIO *bio;
	char *text;
	long len;

	/* text that came as PEM goes out as it came */
	if (c->pem) {
		buf_add_str(out, c->pem);
		if (!out->len || out->p[out->len - 1] != '\n')
			buf_add_str(out, "\n");
		return;
	}
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, c->x);
	len = BIO_get_mem_data(bio, &text);
	buf_add(out, text, (size_t)len);
	BIO_free(bio);
}

static int chain_from(const struct cert_pool *pool, const struct cert *leaf, struct buf *pem)
{
	const struct cert *c = leaf, *up;
	int depth;

	for (depth = 0; depth < 4; depth++) {
		append_pem(pem, c);
		if (cert_is_self_issued(c->x))
			return RC_OK;
		up = cert_pool_issuer(pool, c->x);
		if (!up) {
			char *cn CLEANUP(free_str) = x509_cn(X509_get_issuer_name(c->x));

			return fail(RC_EVIDENCE,
				    "the certificate chain stops: no certificate of \"%s\" that issued the one before; give it with --certs FILE (AMD has ASK and ARK at https://kdsintf.amd.com/vcek/v1/PRODUCT/cert_chain)",
				    cn);
		}
		c = up;
	}
	return fail(RC_EVIDENCE, "the certificate chain has no end");
}

/* Says where to get the missing certificates. */
static int no_leaf(const u8 *report)
{
	char *url CLEANUP(free_str) = snp_vcek_url(report);
	const char *product = snp_product_name(snp_product(report));

	if (url)
		return fail(RC_EVIDENCE,
			    "no VCEK certificate for this report; give it and its chain with --certs FILE (may be repeated); AMD has them at %s and https://kdsintf.amd.com/vcek/v1/%s/cert_chain",
			    url, product);
	return fail(RC_EVIDENCE,
		    "no VCEK or VLEK certificate for this report; give the chain with --certs FILE (PEM, DER or a certificate table); get the VLEK certificate from the cloud provider");
}

X509 *cert_pool_leaf(const struct cert_pool *pool, const u8 *report)
{
	size_t i;

	for (i = 0; i < pool->n; i++)
		if (cert_signed_report(pool->certs[i].x, report))
			return pool->certs[i].x;
	return NULL;
}

int cert_pool_chain(const struct cert_pool *pool, const u8 *report, struct buf *pem)
{
	bool leaf = false;
	size_t i;

	for (i = 0; i < pool->n; i++) {
		X509 *x = pool->certs[i].x;

		if (cert_signed_report(x, report))
			return chain_from(pool, &pool->certs[i], pem);
		leaf |= cert_has_ec_key(x);
	}
	if (leaf)
		return fail(RC_EVIDENCE,
			    "none of the VCEK or VLEK certificates matches the signature: the report was altered, or the certificates are of another chip or TCB");
	return no_leaf(report);
}

/* Without a report: start at a certificate that issued no other. */
int cert_pool_order(const struct cert_pool *pool, struct buf *pem)
{
	size_t i, k;

	for (i = 0; i < pool->n; i++) {
		bool issues = false;

		for (k = 0; k < pool->n; k++)
			issues |= k != i && cert_pool_issuer(pool, pool->certs[k].x) == &pool->certs[i];
		if (!issues && cert_has_ec_key(pool->certs[i].x))
			return chain_from(pool, &pool->certs[i], pem);
	}
	for (i = 0; i < pool->n; i++)
		append_pem(pem, &pool->certs[i]);
	return RC_OK;
}
