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

#define KEYS_MAX	256

/* draft-ietf-rats-corim */
#define TAG_CORIM_OLD	500
#define TAG_CORIM	501
#define TAG_SIGNED	18
#define TAG_COMID	506
#define TAG_UEID	550
#define TAG_PEM_KEY	554
#define TAG_IMPLEMENTATION 600	/* of PSA and CCA */
#define TAG_BYTES	560

enum { CORIM_TAGS = 1, COMID_TRIPLES = 4, TRIPLES_ATTEST_KEYS = 3, ENV_CLASS = 0, ENV_INSTANCE = 1 };

static const char begin_pem[] = "-----BEGIN PUBLIC KEY-----";

void cca_keys_free(struct verify *v)
{
	size_t i;

	for (i = 0; i < v->n_cca_keys; i++) {
		EVP_PKEY_free(v->cca_keys[i].key);
		buf_free(&v->cca_keys[i].instance);
		buf_free(&v->cca_keys[i].implementation);
		free(v->cca_keys[i].name);
	}
	free(v->cca_keys);
	v->cca_keys = NULL;
	v->n_cca_keys = 0;
}

/* Takes @key over, whatever it returns */
static int add(struct verify *v, EVP_PKEY *key, const char *name, struct span instance,
	       struct span implementation)
{
	struct cca_key *more;

	if (!EVP_PKEY_is_a(key, "EC") || v->n_cca_keys == KEYS_MAX) {
		bool full = v->n_cca_keys == KEYS_MAX;

		EVP_PKEY_free(key);
		return full ? fail(RC_USAGE, "--cca-key: %s: more than %d keys", name, KEYS_MAX) :
		       fail(RC_USAGE, "--cca-key: %s: a key is not an elliptic-curve key, as those of CCA platforms are", name);
	}
	more = xalloc((v->n_cca_keys + 1) * sizeof(*more));
	if (v->n_cca_keys)
		memcpy(more, v->cca_keys, v->n_cca_keys * sizeof(*more));
	free(v->cca_keys);
	v->cca_keys = more;
	more += v->n_cca_keys++;
	more->key = key;
	more->name = xstrdup(name);
	buf_add(&more->instance, instance.len ? instance.p : (const u8 *)"", instance.len);
	buf_add(&more->implementation, implementation.len ? implementation.p : (const u8 *)"",
		implementation.len);
	return RC_OK;
}

/* The one public key of a PEM text, or the first of many: @s is moved behind it */
static EVP_PKEY *next_pem(struct span *s)
{
	const u8 *at = memmem(s->p, s->len, begin_pem, sizeof(begin_pem) - 1);
	EVP_PKEY *key = NULL;
	size_t left;
	BIO *bio;

	if (!at)
		return NULL;
	left = s->len - (size_t)(at - s->p);
	bio = left < INT32_MAX ? BIO_new_mem_buf(at, (int)left) : NULL;
	if (bio)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	*s = (struct span){ at + sizeof(begin_pem) - 1, left - (sizeof(begin_pem) - 1) };
	return key;
}

static int bad(const char *name)
{
	return fail(RC_USAGE, "--cca-key: %s: a key in PEM cannot be read", name);
}

static int of_pem(struct verify *v, struct span s, const char *name)
{
	const struct span any = { NULL, 0 };
	int rc = RC_OK;

	while (!rc && memmem(s.p, s.len, begin_pem, sizeof(begin_pem) - 1)) {
		EVP_PKEY *key = next_pem(&s);

		rc = key ? add(v, key, name, any, any) : bad(name);
	}
	return rc;
}

static int hex_member(struct json_object *o, const char *key, const char *name, struct buf *out)
{
	const char *text = json_get_text(o, key), *why;

	if (!json_object_object_get_ex(o, key, NULL))
		return RC_OK;
	if (text && *text && !hex_decode(text, strlen(text), out, &why))
		return RC_OK;
	return fail(RC_USAGE, "--cca-key: %s: the %s of a key is not in hex", name, key);
}

static int of_json(struct verify *v, struct json_object *o, const char *name, int depth)
{
	struct buf instance CLEANUP_BUF, implementation CLEANUP_BUF;
	struct json_object *inner;
	const char *why;
	EVP_PKEY *key;
	size_t i;
	int rc = RC_OK;

	if (depth > 3)
		return fail(RC_USAGE, "--cca-key: %s: it is nested too deep for a list of keys", name);
	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; !rc && i < json_object_array_length(o); i++)
			rc = of_json(v, json_object_array_get_idx(o, i), name, depth + 1);
		return rc;
	}
	if (!json_object_is_type(o, json_type_object))
		return fail(RC_USAGE, "--cca-key: %s: it is not a JWK, a JWK set or a list of platforms", name);
	if (json_object_object_get_ex(o, "keys", &inner))
		return of_json(v, inner, name, depth + 1);
	rc = hex_member(o, "instance-id", name, &instance);
	if (!rc)
		rc = hex_member(o, "implementation-id", name, &implementation);
	if (rc)
		return rc;
	key = jwk_key(json_object_object_get_ex(o, "pkey", &inner) ? inner : o, &why);
	if (!key)
		return fail(RC_USAGE, "--cca-key: %s: a JWK cannot be read: %s", name, why);
	return add(v, key, name, buf_span(&instance), buf_span(&implementation));
}

/* The value of a tag, borrowed by the caller until cbor_decref(); NULL: another */
static cbor_item_t *untag(const cbor_item_t *item, u64 tag)
{
	return item && cbor_isa_tag(item) && cbor_tag_value(item) == tag ? cbor_tag_item(item) : NULL;
}

static int of_corim_key(struct verify *v, const cbor_item_t *item, const char *name,
			struct span instance, struct span implementation)
{
	cbor_item_t *text = untag(item, TAG_PEM_KEY);
	EVP_PKEY *key = NULL;
	struct span s;

	if (cbor_text_of(text, &s))
		key = next_pem(&s);
	cbor_put(&text);
	if (!key)
		return fail(RC_USAGE, "--cca-key: %s: a key of this CoRIM is not a public key in PEM (tag 554)", name);
	return add(v, key, name, instance, implementation);
}

/* [ environment, [ key, ... ] ]; which platform it is of must be said */
static int of_triple(struct verify *v, const cbor_item_t *triple, const char *name)
{
	cbor_item_t **part = triple && cbor_isa_array(triple) && cbor_array_size(triple) >= 2 ?
			     cbor_array_handle(triple) : NULL;
	cbor_item_t *ueid = part ? untag(cbor_member(part[0], ENV_INSTANCE), TAG_UEID) : NULL;
	cbor_item_t *class = part ? cbor_member(cbor_member(part[0], ENV_CLASS), 0) : NULL;
	cbor_item_t *id = untag(class, TAG_IMPLEMENTATION);
	struct span instance = { NULL, 0 }, implementation = { NULL, 0 };
	size_t i;
	int rc = RC_OK;

	if (!id)
		id = untag(class, TAG_BYTES);
	if (!part || !cbor_isa_array(part[1]) || !cbor_bytes_of(ueid, &instance))
		rc = fail(RC_USAGE, "--cca-key: %s: a key of this CoRIM names no instance of a platform", name);
	cbor_bytes_of(id, &implementation);
	for (i = 0; !rc && i < cbor_array_size(part[1]); i++)
		rc = of_corim_key(v, cbor_array_handle(part[1])[i], name, instance, implementation);
	cbor_put(&ueid);
	cbor_put(&id);
	return rc;
}

static int of_comid(struct verify *v, struct span s, const char *name)
{
	cbor_item_t *comid = NULL, *list;
	size_t i;
	int rc = cbor_read(s, name, &comid);

	if (rc)
		return rc;
	list = cbor_member(cbor_member(comid, COMID_TRIPLES), TRIPLES_ATTEST_KEYS);
	for (i = 0; !rc && list && cbor_isa_array(list) && i < cbor_array_size(list); i++)
		rc = of_triple(v, cbor_array_handle(list)[i], name);
	cbor_put(&comid);
	return rc;
}

static int of_corim(struct verify *v, const cbor_item_t *root, const char *name)
{
	cbor_item_t *map = NULL, *inner = untag(root, TAG_CORIM_OLD), *list;
	cbor_item_t *sign1 = untag(inner ? inner : root, TAG_SIGNED);
	struct span s;
	size_t i;
	int rc = RC_OK;

	if (sign1)
		rc = fail(RC_USAGE, "--cca-key: %s: this CoRIM is signed, and this version knows no key for that; check it, and give its payload", name);
	else
		map = untag(inner ? inner : root, TAG_CORIM);
	cbor_put(&sign1);
	cbor_put(&inner);
	list = cbor_member(map, CORIM_TAGS);
	if (!rc && (!list || !cbor_isa_array(list)))
		rc = fail(RC_USAGE, "--cca-key: %s: it is not a CoRIM", name);
	for (i = 0; !rc && i < cbor_array_size(list); i++) {
		cbor_item_t *tag = untag(cbor_array_handle(list)[i], TAG_COMID);

		/* CoSWIDs have no keys */
		if (cbor_bytes_of(tag, &s))
			rc = of_comid(v, s, name);
		cbor_put(&tag);
	}
	cbor_put(&map);
	return rc;
}

static bool is_corim(struct span s)
{
	u16 tag = s.len >= 3 && s.p[0] == 0xd9 ? (u16)(s.p[1] << 8 | s.p[2]) : 0;

	return tag == TAG_CORIM || tag == TAG_CORIM_OLD || (s.len && s.p[0] == (6 << 5 | TAG_SIGNED));
}

static bool is_json(struct span s)
{
	while (s.len && s.p[0] && strchr(" \t\r\n", s.p[0]))
		s = (struct span){ s.p + 1, s.len - 1 };
	return s.len && (s.p[0] == '{' || s.p[0] == '[');
}

bool cca_keys_look_like(struct span s)
{
	return is_corim(s) || (is_json(s) && memmem(s.p, s.len, "\"kty\"", 5)) ||
	       memmem(s.p, s.len, begin_pem, sizeof(begin_pem) - 1);
}

int cca_keys_add(struct verify *v, struct span s, const char *name)
{
	size_t before = v->n_cca_keys;
	cbor_item_t *root = NULL;
	struct json_object *o;
	int rc;

	if (is_corim(s)) {
		rc = cbor_read(s, name, &root);
		if (!rc)
			rc = of_corim(v, root, name);
		cbor_put(&root);
	} else if (is_json(s)) {
		o = json_parse(s);
		rc = o ? of_json(v, o, name, 0) :
		     fail(RC_USAGE, "--cca-key: %s: it is cut short, or not JSON", name);
		json_put(&o);
	} else {
		rc = of_pem(v, s, name);
	}
	if (!rc && v->n_cca_keys == before)
		rc = fail(RC_USAGE, "--cca-key: %s has no platform key: neither in PEM, nor as JWK, JWK set or CoRIM", name);
	return rc;
}
