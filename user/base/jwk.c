// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "base/ecdsa.h"
#include "base/json.h"
#include "base/jwk.h"

#define RSA_BITS_MIN	2048	/* RFC 7518, 3.3 */
#define RSA_BITS_MAX	8192	/* so that a key cannot keep its reader busy */

static const struct {
	const char *crv, *curve, *alg;
	size_t len;
} curves[] = {
	{ "P-256", "prime256v1", "ES256", 32 }, { "P-384", "secp384r1", "ES384", 48 },
	{ "P-521", "secp521r1", "ES512", 66 },
};

static bool bytes_of(struct json_object *o, const char *key, struct buf *out)
{
	const char *text = json_get_text(o, key), *why;

	return text && !base64_decode(text, strlen(text), out, &why) && out->len;
}

static EVP_PKEY *ec_key(struct json_object *o)
{
	struct buf x CLEANUP_BUF, y CLEANUP_BUF, point CLEANUP_BUF;
	const char *crv = json_get_text(o, "crv");
	size_t i;

	if (!crv || !bytes_of(o, "x", &x) || !bytes_of(o, "y", &y))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(curves) && strcmp(crv, curves[i].crv); i++)
		;
	if (i == ARRAY_SIZE(curves) || x.len != curves[i].len || y.len != curves[i].len)
		return NULL;
	buf_add(&point, "\x04", 1);
	buf_add(&point, x.p, x.len);
	buf_add(&point, y.p, y.len);
	return ecdsa_key(curves[i].curve, buf_span(&point));
}

static EVP_PKEY *rsa_key(struct json_object *o)
{
	struct buf n CLEANUP_BUF, e CLEANUP_BUF;
	OSSL_PARAM_BLD *bld = NULL;
	BIGNUM *bn = NULL, *be = NULL;
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *key = NULL;

	if (!bytes_of(o, "n", &n) || !bytes_of(o, "e", &e) || n.len > RSA_BITS_MAX / 8 + 1 || e.len > 8)
		return NULL;
	bn = BN_bin2bn(n.p, (int)n.len, NULL);
	be = BN_bin2bn(e.p, (int)e.len, NULL);
	bld = OSSL_PARAM_BLD_new();
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	if (bn && be && bld && ctx && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be) == 1)
		params = OSSL_PARAM_BLD_to_param(bld);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(bn);
	BN_free(be);
	return key;
}

/* Certificates are in plain base64, unlike everything else of a JWK. */
static EVP_PKEY *certificate_key(struct json_object *list)
{
	struct json_object *first = json_object_is_type(list, json_type_array) ?
				    json_object_array_get_idx(list, 0) : NULL;
	struct buf der CLEANUP_BUF;
	const char *text, *why;
	EVP_PKEY *key = NULL;
	const u8 *p;
	X509 *x;

	if (!json_object_is_type(first, json_type_string))
		return NULL;
	text = json_object_get_string(first);
	if (base64_decode(text, strlen(text), &der, &why) || der.len > INT32_MAX)
		return NULL;
	p = der.p;
	x = d2i_X509(NULL, &p, (long)der.len);
	if (x && p == der.p + der.len)
		key = X509_get_pubkey(x);
	X509_free(x);
	return key;
}

static bool is_long_enough(EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	return !EVP_PKEY_is_a(key, "RSA") || (bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX);
}

EVP_PKEY *jwk_key(struct json_object *o, const char **why)
{
	const char *type = json_get_text(o, "kty");
	struct json_object *chain = NULL;
	EVP_PKEY *key = NULL, *other;
	bool same;

	*why = "its kty is neither EC nor RSA";
	if (!type || (strcmp(type, "EC") && strcmp(type, "RSA")))
		return NULL;
	*why = "it is not an RSA key, nor a public key on a known curve";
	if (!strcmp(type, "EC") && json_object_object_get_ex(o, "x", NULL))
		key = ec_key(o);
	else if (!strcmp(type, "RSA") && json_object_object_get_ex(o, "n", NULL))
		key = rsa_key(o);
	else if (json_object_object_get_ex(o, "x5c", &chain))
		key = certificate_key(chain);
	if (key && !chain && json_object_object_get_ex(o, "x5c", &chain)) {
		other = certificate_key(chain);
		same = other && EVP_PKEY_eq(key, other) == 1;
		EVP_PKEY_free(other);
		if (!same) {
			*why = "its x5c is the certificate of another key";
			EVP_PKEY_free(key);
			key = NULL;
		}
	}
	if (key && (!EVP_PKEY_is_a(key, type) || !is_long_enough(key))) {
		*why = "its type differs from its kty, or it is too short";
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	return key;
}

static bool may_verify(struct json_object *ops)
{
	const char *op;
	size_t i;

	for (i = 0; json_object_is_type(ops, json_type_array) && i < json_object_array_length(ops); i++) {
		op = json_text_of(json_object_array_get_idx(ops, i));
		if (op && !strcmp(op, "verify"))
			return true;
	}
	return false;
}

bool jwk_verifies(struct json_object *o, const char **why)
{
	static const char *const texts[] = { "use", "alg", "kid" };
	const char *use = json_get_text(o, "use");
	struct json_object *ops;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (json_object_object_get_ex(o, texts[i], NULL) && !json_get_text(o, texts[i])) {
			*why = "its use, alg or kid is not text";
			return false;
		}
	if (use && strcmp(use, "sig")) {
		*why = "its use is not signatures (sig)";
		return false;
	}
	if (json_object_object_get_ex(o, "key_ops", &ops) && !may_verify(ops)) {
		*why = "its key_ops do not have verify";
		return false;
	}
	return true;
}

bool jwk_alg_fits(struct json_object *o, EVP_PKEY *key)
{
	const char *alg = json_get_text(o, "alg");
	char group[32] = "";
	size_t i;

	if (!json_object_object_get_ex(o, "alg", NULL))
		return true;
	if (!alg || EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
		return false;
	for (i = 0; i < ARRAY_SIZE(curves); i++)
		if (!strcmp(group, curves[i].curve))
			return !strcmp(alg, curves[i].alg);
	return false;
}
