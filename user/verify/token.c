// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tokens of attestation services: JWT of MAA, Intel Trust Authority, Trustee,
 * Veraison and Google. A token is genuine when a key of the issuer signed it and it
 * is of this time; bound when it repeats the nonce; appraised when the service says
 * that the evidence passed, and the claims are those asked for.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_pointer.h>
#include <openssl/x509v3.h>

#include "base/json.h"
#include "verify/token.h"
#include "verify/verify.h"

#define SKEW	60	/* seconds that two clocks may differ */
#define ANY_USE	"2.5.29.37.0"		/* anyExtendedKeyUsage */
#define USE_JWT	"1.3.6.1.5.5.7.3.37"	/* id-kp-jwt */
#define TIME_MAX	253402300799.0	/* 9999-12-31T23:59:59Z */

/* False when it is not there; -1 in @t when it is there, and no time until the year 9999 */
static bool time_claim(struct json_object *claims, const char *name, s64 *t)
{
	struct json_object *o;
	double d;

	if (!json_object_object_get_ex(claims, name, &o))
		return false;
	d = json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double) ?
	    json_object_get_double(o) : -1;
	*t = d >= 0 && d <= TIME_MAX ? (s64)d : -1;
	return true;
}

static void age(struct verify *v, bool have_iat, s64 iat)
{
	if (!v->policy.given[ASK_MAX_AGE])
		return;
	answered(v, ASK_MAX_AGE);
	if (have_iat && iat >= 0)
		judged(v, GENUINE, v->at - iat <= (s64)v->policy.max_age, "age",
		       "it was issued %lld s before the time of verification; %llu are allowed",
		       (long long)(v->at - iat), (unsigned long long)v->policy.max_age);
	else
		unable(v, GENUINE, "age", "it does not say when it was issued");
}

/* Results of draft-ietf-rats-ear say when they were made, and not for how long they hold. */
static bool never_ends(struct json_object *claims)
{
	const char *profile = json_get_text(claims, "eat_profile");

	return profile && (!strcmp(profile, "tag:github.com,2023:veraison/ear") ||
			   !strcmp(profile, "tag:github.com,2024:confidential-containers/Trustee"));
}

static void times(struct verify *v, struct json_object *claims)
{
	s64 exp = 0, nbf = 0, iat = 0;
	bool have_exp = time_claim(claims, "exp", &exp), have_nbf = time_claim(claims, "nbf", &nbf);
	bool have_iat = time_claim(claims, "iat", &iat);

	if (exp < 0 || nbf < 0 || iat < 0)
		failed(v, GENUINE, "time", "its %s is not a time", exp < 0 ? "exp" : nbf < 0 ? "nbf" : "iat");
	else if (!have_exp && !(have_iat && never_ends(claims)))
		failed(v, GENUINE, "time", "it has no exp: it would never expire");
	else if (!have_exp && !v->policy.given[ASK_MAX_AGE])
		unable(v, GENUINE, "time", "it has no exp, as results of this profile; --max-age SECONDS says for how long one is good");
	else if (have_exp && v->at >= exp)
		failed(v, GENUINE, "time", "it expired %lld s before the time of verification; --at TIME sets that time",
		       (long long)(v->at - exp));
	else if (have_nbf && v->at + SKEW < nbf)
		failed(v, GENUINE, "time", "it is valid only from %lld s after the time of verification", (long long)(nbf - v->at));
	else if (have_iat && v->at + SKEW < iat)
		failed(v, GENUINE, "time", "it was issued %lld s after the time of verification", (long long)(iat - v->at));
	else if (have_exp)
		passed(v, GENUINE, "time", "it is valid for another %lld s", (long long)(exp - v->at));
	else
		passed(v, GENUINE, "time", "it has no exp; its age is judged");
	age(v, have_iat, iat);
}

static void issuer(struct verify *v, struct json_object *claims)
{
	const char *iss = json_get_text(claims, "iss");

	if (!v->policy.value[ASK_ISSUER].n) {
		left_out(v, GENUINE, "issuer", "none was asked for (--issuer); the keys given are trusted for any");
		return;
	}
	answered(v, ASK_ISSUER);
	judged(v, GENUINE, iss && values_have(&v->policy.value[ASK_ISSUER], iss, strlen(iss)), "issuer",
	       "%s%s", iss ? "it is " : "the token names none", iss ? iss : "");
}

/* "aud" is a text or a list of them; one of them must be asked for. */
static void audience(struct verify *v, struct json_object *claims)
{
	struct json_object *o = NULL;
	bool good = false;
	size_t i, n;

	if (!v->policy.value[ASK_AUDIENCE].n)
		return;
	answered(v, ASK_AUDIENCE);
	json_object_object_get_ex(claims, "aud", &o);
	n = json_object_is_type(o, json_type_array) ? json_object_array_length(o) : 1;
	for (i = 0; !good && i < n; i++) {
		struct json_object *one = json_object_is_type(o, json_type_array) ?
					  json_object_array_get_idx(o, i) : o;
		const char *text = json_text_of(one);

		good = text && values_have(&v->policy.value[ASK_AUDIENCE], text, strlen(text));
	}
	judged(v, GENUINE, good, "audience", good ? "it is for the one asked for" : "it is for another");
}

/* The certificates of x5c (RFC 7515, 4.1.6): in base64, not base64url; the signer's first */
static int certs_of_header(struct json_object *list, struct cert_pool *pool)
{
	size_t i, n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	const char *why = "not a text";
	int rc = RC_OK;

	if (!n || n > VERIFY_CHAIN_MAX)
		return fail(RC_EVIDENCE, "it is no list of 1 to %d certificates", VERIFY_CHAIN_MAX);
	for (i = 0; !rc && i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		struct buf der CLEANUP_BUF;

		if (!json_object_is_type(o, json_type_string) ||
		    base64_decode(json_object_get_string(o), (size_t)json_object_get_string_len(o), &der, &why))
			return fail(RC_EVIDENCE, "certificate %zu is not base64: %s", i + 1, why);
		rc = certs_add(pool, buf_span(&der), VERIFY_CHAIN_MAX, "x5c");
		if (!rc && pool->n != i + 1)
			rc = fail(RC_EVIDENCE, "part %zu is not one certificate", i + 1);
	}
	return rc;
}

/*
 * RFC 5280, 4.2.1.12: a certificate that names purposes is for these alone. RFC 9509 has
 * the one for JWT; those of TLS, of timestamps and so on would let whoever has another
 * certificate of the same authority sign. The certificates that Google and Trustee sign
 * with name none. Authorities are not asked: Google's names that of a TPM's key.
 */
static bool is_for_tokens(X509 *x)
{
	EXTENDED_KEY_USAGE *uses;
	bool good = false;
	char oid[32];
	int i;

	if (X509_get_ext_by_NID(x, NID_ext_key_usage, -1) < 0)
		return true;
	uses = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	for (i = 0; !good && i < sk_ASN1_OBJECT_num(uses); i++)
		good = OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(uses, i), 1) > 0 &&
		       (!strcmp(oid, ANY_USE) || !strcmp(oid, USE_JWT));
	EXTENDED_KEY_USAGE_free(uses);
	return good;
}

static bool may_sign_tokens(struct verify *v, X509 *x, const struct path *p)
{
	/* a service may sign with the root itself, which the caller named */
	if (p->n > 1 && X509_check_ca(x))
		failed(v, GENUINE, "x5c", "the token's signer is a certificate authority");
	else if (X509_get_extension_flags(x) & EXFLAG_KUSAGE && !(X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE))
		failed(v, GENUINE, "x5c", "the keyUsage of the token's signer does not allow signatures");
	else if (!is_for_tokens(x))
		failed(v, GENUINE, "x5c", "the extendedKeyUsage of the token's signer is for other purposes than tokens (id-kp-jwt, anyExtendedKeyUsage)");
	else
		return true;
	return false;
}

/*
 * A token's own certificates count only up to a root that the caller named for
 * tokens: roots of hardware vouch for no service.
 */
static void signature_by_x5c(struct verify *v, const struct jws *j, struct json_object *list)
{
	const struct anchors a = { &v->token_roots, " (--token-root FILE names others)", " (of --token-root)" };
	struct cert_pool pool CLEANUP(cert_pool_free) = { 0 };
	struct buf said CLEANUP_BUF, *outer = complain_into(&said);
	struct jws_keys keys = { 0 };
	struct path path;
	const char *why;
	size_t i;
	bool good;
	int rc;

	rc = certs_of_header(list, &pool);
	for (i = 1; !rc && i < pool.n; i++) {
		u8 *der = NULL;
		int len = i2d_X509(pool.certs[i].x, &der);

		if (len > 0)
			rc = certs_add(&v->certs, (struct span){ der, (size_t)len }, VERIFY_CERTS_MAX, "x5c");
		OPENSSL_free(der);
	}
	complain_into(outer);
	answered(v, ASK_TOKEN_ROOT);
	if (rc) {
		failed(v, GENUINE, "x5c", "%s", (char *)said.p);
		return;
	}
	if (!verify_chain_to(v, &a, "x5c", pool.certs[0].x, &path) ||
	    !may_sign_tokens(v, pool.certs[0].x, &path))
		return;
	keys.key[keys.n++] = (struct jws_key){
		X509_get_pubkey(pool.certs[0].x), j->kid ? xstrdup(j->kid) : NULL, NULL,
	};
	good = jws_verify(j, &keys, &why);
	judged(v, GENUINE, good, "signature", "%s, by the key of the first certificate of x5c", why);
	jws_keys_free(&keys);
}

static void signature(struct verify *v, const struct jws *j)
{
	const struct values *pin = &v->policy.value[ASK_TOKEN_ALG];
	struct json_object *x5c = NULL;
	const char *why;
	bool good;

	answered(v, ASK_JWKS);
	answered(v, ASK_TOKEN);
	/* Trustee has them beside its key (RFC 7517, 4.7), which is not used itself */
	if (!json_object_object_get_ex(j->header, "x5c", &x5c))
		json_object_object_get_ex(json_get_object(j->header, "jwk"), "x5c", &x5c);
	if (pin->n) {
		answered(v, ASK_TOKEN_ALG);
		judged(v, GENUINE, j->alg && values_have(pin, j->alg, strlen(j->alg)), "token-alg",
		       "its algorithm is %s", j->alg ? j->alg : "not named");
	}
	if (x5c && v->token_roots.n)
		signature_by_x5c(v, j, x5c);
	else if (x5c)
		left_out(v, GENUINE, "x5c", "the certificates that the token brings along are not trusted: nobody was named who may vouch for them (--token-root FILE)");
	if (!v->jwks.n) {
		if (!v->token_roots.n)
			unable(v, GENUINE, "signature", "no key of the issuer was given (--jwks FILE, or --fetch-jwks)");
		return;
	}
	good = jws_verify(j, &v->jwks, &why);
	judged(v, GENUINE, good, "signature", "%s", why);
}

/* A claim by its name, or by a JSON pointer (RFC 6901) when it begins with a slash */
static struct json_object *claim_of(struct json_object *claims, const char *name)
{
	struct json_object *o = NULL;

	if (*name == '/')
		return json_pointer_get(claims, name, &o) ? NULL : o;
	json_object_object_get_ex(claims, name, &o);
	return o;
}

static bool is_value(struct json_object *o, const char *want)
{
	size_t i;

	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < json_object_array_length(o); i++)
			if (!json_object_is_type(json_object_array_get_idx(o, i), json_type_array) &&
			    is_value(json_object_array_get_idx(o, i), want))
				return true;
		return false;
	}
	if (!o || json_object_is_type(o, json_type_object) ||
	    (json_object_is_type(o, json_type_string) && !json_text_of(o)))
		return false;
	/* what json-c makes of any number that has more than 64 bits */
	if (json_object_is_type(o, json_type_int) &&
	    (json_object_get_uint64(o) == UINT64_MAX || json_object_get_int64(o) == INT64_MIN))
		return false;
	return !strcmp(json_object_get_string(o), want);
}

/* @text is NAME=VALUE; a name may be a pointer, values have what is behind the first = */
static char *name_of(const struct buf *text)
{
	return xasprintf("%.*s", (int)strcspn((const char *)text->p, "="), (const char *)text->p);
}

/* Of one name any of the values, and of each name one */
static void asked_claims(struct verify *v, struct json_object *claims)
{
	const struct values *want = &v->policy.value[ASK_CLAIM];
	size_t i, k;

	if (!want->n)
		return;
	answered(v, ASK_CLAIM);
	for (i = 0; i < want->n; i++) {
		char *name CLEANUP(free_str) = name_of(&want->v[i]);
		struct json_object *o = claim_of(claims, name);
		char *check CLEANUP(free_str) = xasprintf("claim %s", name);
		bool first = true, good = false;

		for (k = 0; k < want->n; k++) {
			char *other CLEANUP(free_str) = name_of(&want->v[k]);

			if (strcmp(name, other))
				continue;
			first &= k >= i;
			good |= is_value(o, (const char *)want->v[k].p + strlen(name) + 1);
		}
		if (first)
			judged(v, APPRAISED, good, check, "it is %s", o ?
			       json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE) : "not there");
	}
}

static void code(struct verify *v)
{
	if (!v->policy.given[ASK_CLAIM])
		appraise_any_code(v, "claims", "", "nothing to compare them with: give --claim NAME=VALUE, or --any-code");
}

void verify_token(struct verify *v, struct span token)
{
	struct buf said CLEANUP_BUF, *outer = complain_into(&said);
	struct jws j CLEANUP(jws_free) = { 0 };
	int rc = jws_parse(token, &j);
	const char *iss;

	complain_into(outer);
	if (rc) {
		failed(v, GENUINE, "layout", "%s", (char *)said.p);
		return;
	}
	iss = json_get_text(j.claims, "iss");
	fact(v, "alg", "%s", j.alg ? j.alg : "none");
	if (iss)
		fact(v, "iss", "%s", iss);
	signature(v, &j);
	if (v->jwks.ignored)
		left_out(v, GENUINE, "keys", "%zu of the sets given are of a kind or size that this version does not use", v->jwks.ignored);
	issuer(v, j.claims);
	audience(v, j.claims);
	times(v, j.claims);
	verify_token_nonce(v, j.claims);
	verify_token_status(v, j.claims);
	asked_claims(v, j.claims);
	code(v);
}
