// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/ecdsa.h"
#include "base/json.h"
#include "base/jwk.h"
#include "base/jws.h"

#define TOKEN_MAX	(1024u * 1024)

/* RFC 7518, 3.1, without those of shared secrets and without "none" */
static const struct alg {
	const char *name, *digest;
	const char *curve;	/* NULL: RSA */
	size_t len;		/* of half a signature of ECDSA */
	bool pss;
} algs[] = {
	{ "RS256", "SHA256", NULL, 0, false }, { "RS384", "SHA384", NULL, 0, false },
	{ "RS512", "SHA512", NULL, 0, false }, { "PS256", "SHA256", NULL, 0, true },
	{ "PS384", "SHA384", NULL, 0, true }, { "PS512", "SHA512", NULL, 0, true },
	{ "ES256", "SHA256", "prime256v1", 32, false }, { "ES384", "SHA384", "secp384r1", 48, false },
	{ "ES512", "SHA512", "secp521r1", 66, false },
};

static const struct alg *find(const char *name)
{
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(algs); i++)
		if (!strcmp(algs[i].name, name))
			return &algs[i];
	return NULL;
}

bool jws_alg_is_known(const char *alg)
{
	return find(alg);
}

void jws_keys_free(struct jws_keys *keys)
{
	size_t i;

	for (i = 0; i < keys->n; i++) {
		EVP_PKEY_free(keys->key[i].key);
		free(keys->key[i].kid);
		free(keys->key[i].alg);
	}
	*keys = (struct jws_keys){ 0 };
}

/* False for keys for encryption, and for types that do not sign tokens. */
static bool may_sign(struct json_object *o)
{
	const char *type = json_get_text(o, "kty"), *why;

	return type && (!strcmp(type, "EC") || !strcmp(type, "RSA")) && jwk_verifies(o, &why);
}

/* RFC 7517, 5: in a set a key that is not understood or out of range is ignored. */
static int add_key(struct jws_keys *keys, struct json_object *o, bool of_set, const char *name)
{
	const char *why, *kid = json_get_text(o, "kid"), *alg = json_get_text(o, "alg");
	EVP_PKEY *key;

	if (!may_sign(o))
		return RC_OK;
	if (keys->n == JWS_KEYS_MAX)
		return fail(RC_USAGE, "%s: more than %d keys", name, JWS_KEYS_MAX);
	key = jwk_key(o, &why);
	if (!key && of_set) {
		keys->ignored++;
		return RC_OK;
	}
	if (!key)
		return fail(RC_USAGE, "%s: a key cannot be read: %s", name, why);
	keys->key[keys->n++] = (struct jws_key){
		key, kid ? xstrdup(kid) : NULL, alg ? xstrdup(alg) : NULL
	};
	return RC_OK;
}

int jws_keys_add(struct jws_keys *keys, struct span s, const char *name)
{
	struct json_object *o = json_parse(s), *list = NULL, *one;
	char *why CLEANUP(free_str) = NULL;
	size_t i, before = keys->n;
	int rc = RC_OK;

	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return fail(RC_USAGE, "%s: it is not a JWK set", name);
	}
	/* RFC 7517, 4: a parser rejects such a key, or takes the last: nobody knows which was meant */
	why = json_bad_names(s, o);
	if (why) {
		json_object_put(o);
		return fail(RC_USAGE, "%s: %s", name, why);
	}
	/* what Veraison answers of itself (/.well-known/veraison/verification) */
	one = json_get_object(o, "ear-verification-key");
	if (!json_object_object_get_ex(o, "keys", &list))
		rc = add_key(keys, one ? one : o, false, name);
	else if (!json_object_is_type(list, json_type_array))
		rc = fail(RC_USAGE, "%s: its keys are not a list", name);
	for (i = 0; !rc && json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++)
		rc = add_key(keys, json_object_array_get_idx(list, i), true, name);
	json_object_put(o);
	if (!rc && keys->n == before)
		rc = fail(RC_USAGE, "%s: it has no key that signs tokens", name);
	return rc;
}

void jws_free(struct jws *j)
{
	json_put(&j->header);
	json_put(&j->claims);
	buf_free(&j->signature);
	*j = (struct jws){ 0 };
}

static int part(struct span *left, const char *what, bool last, struct buf *out)
{
	const u8 *dot = memchr(left->p, '.', left->len);
	size_t len = dot ? (size_t)(dot - left->p) : left->len;
	const char *why = "empty";

	if (last == !!dot)
		return fail(RC_EVIDENCE, "token: it does not have three parts");
	/* RFC 7515, 2: "with all trailing '=' characters omitted" */
	if (memchr(left->p, '=', len) || memchr(left->p, '+', len) || memchr(left->p, '/', len))
		return fail(RC_EVIDENCE, "token: its %s is base64 of another kind; a token has base64url without padding",
			    what);
	if (!len || base64_decode((const char *)left->p, len, out, &why))
		return fail(RC_EVIDENCE, "token: its %s is not base64url: %s", what, why);
	if (dot)
		*left = (struct span){ dot + 1, left->len - len - 1 };
	return RC_OK;
}

int jws_parse(struct span s, struct jws *j)
{
	struct buf header CLEANUP_BUF, claims CLEANUP_BUF;
	char *why CLEANUP(free_str) = NULL;
	struct span left;
	const u8 *end;
	int rc;

	*j = (struct jws){ 0 };
	while (s.len && s.p[s.len - 1] && strchr(" \t\r\n", s.p[s.len - 1]))
		s.len--;
	if (s.len > TOKEN_MAX)
		return fail(RC_EVIDENCE, "token: %zu bytes; a token has at most %u", s.len, TOKEN_MAX);
	left = s;
	rc = part(&left, "header", false, &header);
	if (!rc)
		rc = part(&left, "payload", false, &claims);
	end = left.p;
	if (!rc)
		rc = part(&left, "signature", true, &j->signature);
	if (rc)
		return rc;
	j->signed_over = (struct span){ s.p, (size_t)(end - 1 - s.p) };
	j->header = json_parse(buf_span(&header));
	j->claims = json_parse(buf_span(&claims));
	if (!json_object_is_type(j->header, json_type_object) ||
	    !json_object_is_type(j->claims, json_type_object))
		return fail(RC_EVIDENCE, "token: its header or its payload is not a JSON object");
	why = json_bad_names(buf_span(&header), j->header);
	if (!why)
		why = json_bad_names(buf_span(&claims), j->claims);
	if (why)
		return fail(RC_EVIDENCE, "token: %s", why);
	j->alg = json_get_text(j->header, "alg");
	j->kid = json_get_text(j->header, "kid");
	return RC_OK;
}

static bool rsa_verify(const struct jws *j, EVP_PKEY *key, const struct alg *a)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	bool ok;

	ok = ctx && j->signature.len == (size_t)EVP_PKEY_get_size(key) &&
	     EVP_DigestVerifyInit(ctx, &how, EVP_get_digestbyname(a->digest), NULL, key) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(how, a->pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1 &&
	     (!a->pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1) &&
	     EVP_DigestVerify(ctx, j->signature.p, j->signature.len, j->signed_over.p,
			      j->signed_over.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

static bool key_fits(const struct jws_key *k, const struct alg *a)
{
	char group[32] = "";

	if (k->alg && strcmp(k->alg, a->name))
		return false;
	if (!a->curve)
		return EVP_PKEY_is_a(k->key, "RSA");
	return EVP_PKEY_is_a(k->key, "EC") &&
	       EVP_PKEY_get_group_name(k->key, group, sizeof(group), NULL) == 1 &&
	       !strcmp(group, a->curve);
}

static bool verify_by(const struct jws *j, EVP_PKEY *key, const struct alg *a)
{
	if (!a->curve)
		return rsa_verify(j, key, a);
	return j->signature.len == 2 * a->len &&
	       ecdsa_verify(key, a->digest, j->signed_over, j->signature.p, j->signature.p + a->len,
			    a->len, false);
}

bool jws_verify(const struct jws *j, const struct jws_keys *keys, const char **why)
{
	const struct alg *a = find(j->alg);
	size_t i;

	*why = "its header has critical parameters, which this version does not know";
	if (json_object_object_get_ex(j->header, "crit", NULL))
		return false;
	/* RFC 7797, 6: such a token has it among the critical ones, or is misread */
	*why = "its header has b64, which is allowed only as a critical parameter";
	if (json_object_object_get_ex(j->header, "b64", NULL))
		return false;
	*why = "this version does not know its algorithm";
	if (!a)
		return false;
	*why = j->kid ? "none of the given keys is the one that it names" : "none of the given keys is for its algorithm";
	for (i = 0; i < keys->n; i++) {
		const struct jws_key *k = &keys->key[i];

		/* a key without a name may be any */
		if (j->kid && k->kid && strcmp(j->kid, k->kid) != 0)
			continue;
		if (!key_fits(k, a)) {
			*why = j->kid ? "its algorithm is not that of the key that it names" : *why;
			continue;
		}
		if (verify_by(j, k->key, a)) {
			*why = a->name;
			return true;
		}
		*why = "none of the given keys made it, or the token was altered";
	}
	return false;
}
