// SPDX-License-Identifier: GPL-2.0-only
/* JWE (RFC 7516) with ECDH-ES+A256KW (RFC 7518, 4.6) and A256GCM: what KBS sends */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ec.h>

#include "base/digest.h"
#include "base/gcm.h"
#include "base/json.h"
#include "services/tee_key.h"

#define ALG	"ECDH-ES+A256KW"
#define KEY_LEN	GCM_KEY_LEN
#define P256_LEN 32

static int bad(const char *why)
{
	ERR_clear_error();
	return fail(RC_REFUSED, "the resource cannot be decrypted: %s", why);
}

static EVP_PKEY *epk_key(struct json_object *header)
{
	struct json_object *epk = NULL;
	struct buf x CLEANUP_BUF, y CLEANUP_BUF;
	u8 point[1 + 2 * P256_LEN] = { POINT_CONVERSION_UNCOMPRESSED };
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
						 (char *)"prime256v1", 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key = NULL;

	if (!json_object_object_get_ex(header, "epk", &epk) ||
	    json_get_bytes(epk, "x", "the resource's epk", &x) ||
	    json_get_bytes(epk, "y", "the resource's epk", &y) ||
	    x.len != P256_LEN || y.len != P256_LEN)
		return NULL;
	memcpy(point + 1, x.p, P256_LEN);
	memcpy(point + 1 + P256_LEN, y.p, P256_LEN);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool shared_secret(EVP_PKEY *mine, EVP_PKEY *theirs, u8 z[P256_LEN])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(mine, NULL);
	size_t len = P256_LEN;
	bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1 &&
		  EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
		  EVP_PKEY_derive(ctx, z, &len) == 1 && len == P256_LEN;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static void add_be32(struct buf *b, size_t n)
{
	u8 be[4] = { (u8)(n >> 24), (u8)(n >> 16), (u8)(n >> 8), (u8)n };

	buf_add(b, be, 4);
}

static void add_field(struct buf *b, struct span s)
{
	add_be32(b, s.len);
	buf_add(b, s.p, s.len);
}

/* Concat KDF, one round of SHA-256: it gives as much as is needed. */
static void concat_kdf(const u8 z[P256_LEN], struct span apu, struct span apv, u8 out[DIGEST_MAX])
{
	struct buf b CLEANUP_BUF;

	add_be32(&b, 1);
	buf_add(&b, z, P256_LEN);
	add_field(&b, (struct span){ (const u8 *)ALG, strlen(ALG) });
	add_field(&b, apu);
	add_field(&b, apv);
	add_be32(&b, KEY_LEN * 8);
	digest("SHA256", b.p, b.len, out);
	OPENSSL_cleanse(b.p, b.len);
}

static bool unwrap(const u8 kek[KEY_LEN], struct span wrapped, u8 cek[KEY_LEN])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	u8 out[KEY_LEN + 16];
	int n = 0;
	bool ok;

	if (ctx)
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ok = ctx && wrapped.len == KEY_LEN + 8 &&
	     EVP_DecryptInit_ex(ctx, EVP_aes_256_wrap(), NULL, kek, NULL) == 1 &&
	     EVP_DecryptUpdate(ctx, out, &n, wrapped.p, (int)wrapped.len) == 1 && n == KEY_LEN;
	if (ok)
		memcpy(cek, out, KEY_LEN);
	OPENSSL_cleanse(out, sizeof(out));
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* A member that may be absent, in base64url */
static bool optional(struct json_object *o, const char *key, struct buf *out)
{
	return !json_object_object_get_ex(o, key, NULL) ||
	       !json_get_bytes(o, key, "the resource's header", out);
}

static int decrypt(struct json_object *jwe, struct json_object *header, const char *aad,
		   const struct tee_key *key, struct buf *out)
{
	struct buf iv CLEANUP_BUF, text CLEANUP_BUF, tag CLEANUP_BUF, wrapped CLEANUP_BUF;
	struct buf apu CLEANUP_BUF, apv CLEANUP_BUF;
	const char *alg = json_get_text(header, "alg"), *enc = json_get_text(header, "enc");
	u8 z[P256_LEN], kek[DIGEST_MAX], cek[KEY_LEN];
	EVP_PKEY *epk;
	bool ok;

	/* extensions that must be understood: none is; compression is one that is not marked */
	if (json_object_object_get_ex(header, "crit", NULL) ||
	    json_object_object_get_ex(header, "zip", NULL))
		return bad("its header asks for an extension (crit, zip) that this version does not know");
	if (json_object_object_get_ex(jwe, "header", NULL) ||
	    json_object_object_get_ex(jwe, "unprotected", NULL))
		return bad("it has unprotected header parameters");
	if (!alg || strcmp(alg, ALG) || !enc || strcmp(enc, "A256GCM"))
		return bad("its algorithms are not " ALG " and A256GCM");
	if (json_get_bytes(jwe, "iv", "the resource", &iv) ||
	    json_get_bytes(jwe, "ciphertext", "the resource", &text) ||
	    json_get_bytes(jwe, "tag", "the resource", &tag) ||
	    json_get_bytes(jwe, "encrypted_key", "the resource", &wrapped) ||
	    !optional(header, "apu", &apu) || !optional(header, "apv", &apv))
		return RC_REFUSED;
	if (tag.len != GCM_TAG_LEN)
		return fail(RC_REFUSED, "the resource cannot be decrypted: its tag has %zu bytes, not %d",
			    tag.len, GCM_TAG_LEN);
	epk = epk_key(header);
	if (!epk)
		return bad("its ephemeral key is not on P-256");
	ok = shared_secret(key->pkey, epk, z);
	EVP_PKEY_free(epk);
	if (!ok)
		return bad("the key agreement failed");
	concat_kdf(z, buf_span(&apu), buf_span(&apv), kek);
	ok = unwrap(kek, buf_span(&wrapped), cek) &&
	     gcm_open(cek, buf_span(&iv), (struct span){ (const u8 *)aad, strlen(aad) },
		      buf_span(&text), buf_span(&tag), out);
	OPENSSL_cleanse(z, sizeof(z));
	OPENSSL_cleanse(kek, sizeof(kek));
	OPENSSL_cleanse(cek, sizeof(cek));
	return ok ? RC_OK : bad("it was encrypted to another key, or altered");
}

int jwe_decrypt(struct span s, const struct tee_key *key, struct buf *out)
{
	struct json_object *jwe CLEANUP(json_put) = json_parse(s);
	struct json_object *header CLEANUP(json_put) = NULL;
	char *aad CLEANUP(free_str) = NULL;
	struct buf b CLEANUP_BUF;
	const char *protected, *more, *why;

	if (!key->can_decrypt)
		return fail(RC_USAGE, "--resource: --tee-key has only the public key, which cannot decrypt");
	protected = json_get_text(jwe, "protected");
	if (!protected || base64_decode(protected, strlen(protected), &b, &why))
		return bad("the answer is not a JWE in JSON");
	header = json_parse(buf_span(&b));
	if (!header)
		return bad("its protected header is not JSON");
	more = json_get_text(jwe, "aad");
	aad = more ? xasprintf("%s.%s", protected, more) : xstrdup(protected);
	return decrypt(jwe, header, aad, key, out);
}
