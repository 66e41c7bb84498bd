// SPDX-License-Identifier: GPL-2.0-only
/* Signatures and public keys as the hardware's formats have them: bare numbers. */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include "simtee.h"

void ecdsa_raw(EVP_PKEY *key, const EVP_MD *md, const void *p, size_t len, size_t n,
	       uint8_t *rs)
{
	EVP_MD_CTX *ctx = must(EVP_MD_CTX_new(), "EVP_MD_CTX_new");
	const uint8_t *d;
	uint8_t sig[160];
	size_t siglen = sizeof(sig);
	ECDSA_SIG *es;

	if (EVP_DigestSignInit(ctx, NULL, md, NULL, key) <= 0 ||
	    EVP_DigestSign(ctx, sig, &siglen, p, len) <= 0)
		die("cannot sign");
	EVP_MD_CTX_free(ctx);
	d = sig;
	es = must(d2i_ECDSA_SIG(NULL, &d, siglen), "d2i_ECDSA_SIG");
	BN_bn2binpad(ECDSA_SIG_get0_r(es), rs, n);
	BN_bn2binpad(ECDSA_SIG_get0_s(es), rs + n, n);
	ECDSA_SIG_free(es);
}

void ec_point(EVP_PKEY *key, size_t n, uint8_t *xy)
{
	uint8_t *p = NULL;
	size_t len = EVP_PKEY_get1_encoded_public_key(key, &p);

	if (len != 1 + 2 * n)
		die("a public key of %zu bytes where %zu were expected", len, 1 + 2 * n);
	memcpy(xy, p + 1, 2 * n);
	OPENSSL_free(p);
}
