// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "base/ecdsa.h"

/* As ECDSA-Sig-Value, which is what OpenSSL takes */
static int signature_der(const u8 *r, const u8 *s, size_t len, bool little_endian, u8 **der)
{
	BIGNUM *(*load)(const u8 *, int, BIGNUM *) = little_endian ? BN_lebin2bn : BN_bin2bn;
	BIGNUM *a = load(r, (int)len, NULL), *b = load(s, (int)len, NULL);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int n;

	*der = NULL;
	if (!a || !b || !sig || !ECDSA_SIG_set0(sig, a, b)) {
		BN_free(a);
		BN_free(b);
		ECDSA_SIG_free(sig);
		return -1;
	}
	n = i2d_ECDSA_SIG(sig, der);
	ECDSA_SIG_free(sig);
	return n;
}

bool ecdsa_verify(EVP_PKEY *key, const char *md, struct span msg, const u8 *r, const u8 *s,
		  size_t len, bool little_endian)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	u8 *der;
	int n = signature_der(r, s, len, little_endian, &der);
	bool ok;

	ok = ctx && n > 0 && key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	     EVP_DigestVerifyInit(ctx, NULL, EVP_get_digestbyname(md), NULL, key) == 1 &&
	     EVP_DigestVerify(ctx, der, (size_t)n, msg.p, msg.len) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

EVP_PKEY *ecdsa_key(const char *curve, struct span point)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point.p, point.len),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return key;
}

EVP_PKEY *ecdsa_p256_key(const u8 xy[64])
{
	u8 point[65] = { 4 };

	memcpy(point + 1, xy, 64);
	return ecdsa_key("prime256v1", (struct span){ point, sizeof(point) });
}
