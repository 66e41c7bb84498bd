// SPDX-License-Identifier: GPL-2.0-only
/*
 * The platform keys that are trusted. Arm runs no root for them: a platform's
 * maker gives its keys to verifiers as endorsements.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/json.h"
#include "base/jwk.h"
#include "verify/cca.h"
#include "verify/verify.h"

static const char begin_pem[] = "-----BEGIN PUBLIC KEY-----";

static void free_keys(struct cca_keys *k)
{
	cca_keys_drop(k, 0);
	free(k->key);
	*k = (struct cca_keys){ 0 };
}

void cca_keys_free(struct verify *v)
{
	free_keys(&v->cca_keys);
	free_keys(&v->corim_keys);
	cca_corims_free(v);
}

static int bad(const struct cca_keys *to, const char *name)
{
	return fail(RC_USAGE, "--%s: %s: a key in PEM cannot be read", to->option, name);
}

static int of_pem(struct cca_keys *to, struct span s, const char *name)
{
	const struct span any = { NULL, 0 };
	int rc = RC_OK;

	while (!rc && s.len && memmem(s.p, s.len, begin_pem, sizeof(begin_pem) - 1)) {
		EVP_PKEY *key = cca_next_pem(&s);

		rc = key ? cca_key_add(to, key, name, any, any) : bad(to, name);
	}
	return rc;
}

static int id_member(const struct cca_keys *to, struct json_object *o, const char *key, size_t len,
		     const char *name, struct buf *out)
{
	const char *text = json_get_text(o, key), *why;

	if (!json_object_object_get_ex(o, key, NULL))
		return RC_OK;
	if (text && !hex_decode(text, strlen(text), out, &why) && out->len == len)
		return RC_OK;
	return fail(RC_USAGE, "--%s: %s: the %s of a key is not %zu bytes in hex", to->option, name, key, len);
}

static int of_jwk(struct cca_keys *to, struct json_object *o, const char *name, struct span instance,
		  struct span implementation)
{
	const char *why;
	EVP_PKEY *key = jwk_verifies(o, &why) ? jwk_key(o, &why) : NULL;

	if (key && !jwk_alg_fits(o, key)) {
		EVP_PKEY_free(key);
		key = NULL;
		why = "its alg is not the one of signatures by a key on its curve";
	}
	return key ? cca_key_add(to, key, name, instance, implementation) :
	       fail(RC_USAGE, "--%s: %s: a JWK cannot be used: %s", to->option, name, why);
}

/*
 * One of a list of platforms as Veraison keeps it. Whatever else it said would limit what
 * the key is for (a list of those that are denied has "x-reason"), and be lost.
 */
static int of_record(struct cca_keys *to, struct json_object *o, const char *name)
{
	struct buf instance CLEANUP_BUF, implementation CLEANUP_BUF;
	int rc;

	if (!to->of_platforms)
		return fail(RC_USAGE, "--%s: %s: a record of a platform (pkey) names no key that signs CoRIMs: give that as JWK or in PEM", to->option, name);
	json_object_object_foreach(o, member, value) {
		char *shown CLEANUP(free_str) = printable(member, strlen(member));

		(void)value;
		if (strcmp(member, "pkey") && strcmp(member, "instance-id") && strcmp(member, "implementation-id"))
			return fail(RC_USAGE, "--%s: %s: a record has the member %s, which is none of pkey, instance-id and implementation-id: what it says of the key would be lost",
				    to->option, name, shown);
	}
	rc = id_member(to, o, "instance-id", INSTANCE_ID_LEN, name, &instance);
	if (!rc)
		rc = id_member(to, o, "implementation-id", IMPLEMENTATION_ID_LEN, name, &implementation);
	if (!rc && !instance.len && !implementation.len)
		rc = fail(RC_USAGE, "--%s: %s: a record names no platform (instance-id, implementation-id): a key of any platform is given as JWK, without a record", to->option, name);
	return rc ? rc : of_jwk(to, json_object_object_get(o, "pkey"), name, buf_span(&instance),
				buf_span(&implementation));
}

static int of_json(struct cca_keys *to, struct json_object *o, const char *name, int depth)
{
	const struct span any = { NULL, 0 };
	struct json_object *inner;
	size_t i;
	int rc = RC_OK;

	if (depth > 3)
		return fail(RC_USAGE, "--%s: %s: it is nested too deep for a list of keys", to->option, name);
	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; !rc && i < json_object_array_length(o); i++)
			rc = of_json(to, json_object_array_get_idx(o, i), name, depth + 1);
		return rc;
	}
	if (!json_object_is_type(o, json_type_object))
		return fail(RC_USAGE, "--%s: %s: it is no JWK and no list of keys", to->option, name);
	if (json_object_object_get_ex(o, "pkey", NULL))
		return of_record(to, o, name);
	/* other members of a JWK or of a set are ignored (RFC 7517, 4 and 5): these would be missed */
	if (json_object_object_get_ex(o, "instance-id", NULL) ||
	    json_object_object_get_ex(o, "implementation-id", NULL))
		return fail(RC_USAGE, "--%s: %s: instance-id or implementation-id stands outside of a record: put it beside the JWK, as {\"pkey\": JWK, \"instance-id\": ..}", to->option, name);
	if (json_object_object_get_ex(o, "keys", &inner))
		return of_json(to, inner, name, depth + 1);
	return of_jwk(to, o, name, any, any);
}

static bool is_json(struct span s)
{
	while (s.len && s.p[0] && strchr(" \t\r\n", s.p[0]))
		s = (struct span){ s.p + 1, s.len - 1 };
	return s.len && (s.p[0] == '{' || s.p[0] == '[');
}

bool cca_keys_look_like(struct span s)
{
	return cca_is_corim(s) || (is_json(s) && memmem(s.p, s.len, "\"kty\"", 5)) ||
	       memmem(s.p, s.len, begin_pem, sizeof(begin_pem) - 1);
}

static int keys_of(struct cca_keys *to, struct span s, const char *name)
{
	size_t before = to->n;
	char *why CLEANUP(free_str) = NULL;
	struct json_object *o;
	int rc;

	if (is_json(s)) {
		o = json_parse(s);
		why = o ? json_bad_names(s, o) : xstrdup("it is cut short, or not JSON");
		rc = why ? fail(RC_USAGE, "--%s: %s: %s", to->option, name, why) : of_json(to, o, name, 0);
		json_put(&o);
	} else {
		rc = of_pem(to, s, name);
	}
	if (!rc && to->n == before)
		rc = fail(RC_USAGE, "--%s: %s has no key %s: neither in PEM, nor as JWK or JWK set%s", to->option,
			  name, cca_purpose(to), to->of_platforms ? ", nor in a CoRIM" : "");
	return rc;
}

int cca_keys_add(struct verify *v, struct span s, const char *name)
{
	size_t before = v->cca_keys.n;
	int rc;

	v->cca_keys.option = "cca-key";
	v->cca_keys.of_platforms = true;
	rc = cca_is_corim(s) ? cca_corim_add(v, s, name) : keys_of(&v->cca_keys, s, name);
	/* a file that is refused gives no key: whoever reads a directory goes on */
	if (rc)
		cca_keys_drop(&v->cca_keys, before);
	return rc;
}

int corim_keys_add(struct verify *v, struct span s, const char *name)
{
	v->corim_keys.option = "corim-key";
	return keys_of(&v->corim_keys, s, name);
}
