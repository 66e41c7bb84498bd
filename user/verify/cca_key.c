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

#define TAG_TIME	1
#define CORIMS_MAX	256

enum { CORIM_TAGS = 1, CORIM_VALIDITY = 4, HEADER_META = 8, META_VALIDITY = 1,
	COMID_TRIPLES = 4, TRIPLES_ATTEST_KEYS = 3, ENV_CLASS = 0, ENV_INSTANCE = 1 };

static const char begin_pem[] = "-----BEGIN PUBLIC KEY-----";

static void free_keys(struct cca_keys *k)
{
	size_t i;

	for (i = 0; i < k->n; i++) {
		EVP_PKEY_free(k->key[i].key);
		buf_free(&k->key[i].instance);
		buf_free(&k->key[i].implementation);
		free(k->key[i].name);
	}
	free(k->key);
	*k = (struct cca_keys){ 0 };
}

void cca_keys_free(struct verify *v)
{
	size_t i;

	free_keys(&v->cca_keys);
	free_keys(&v->corim_keys);
	for (i = 0; i < v->n_corims; i++) {
		buf_free(&v->corims[i].b);
		free(v->corims[i].name);
	}
	free(v->corims);
	v->corims = NULL;
	v->n_corims = 0;
}

/* Takes @key over, whatever it returns */
static int add(struct cca_keys *to, EVP_PKEY *key, const char *name, struct span instance,
	       struct span implementation)
{
	struct cca_key *more;

	if (!EVP_PKEY_is_a(key, "EC") || to->n == KEYS_MAX) {
		bool full = to->n == KEYS_MAX;

		EVP_PKEY_free(key);
		return full ? fail(RC_USAGE, "--%s: %s: more than %d keys", to->option, name, KEYS_MAX) :
		       fail(RC_USAGE, "--%s: %s: a key is not an elliptic-curve key, as those of CCA platforms are", to->option, name);
	}
	more = xalloc((to->n + 1) * sizeof(*more));
	if (to->n)
		memcpy(more, to->key, to->n * sizeof(*more));
	free(to->key);
	to->key = more;
	more += to->n++;
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

static int bad(const struct cca_keys *to, const char *name)
{
	return fail(RC_USAGE, "--%s: %s: a key in PEM cannot be read", to->option, name);
}

static int of_pem(struct cca_keys *to, struct span s, const char *name)
{
	const struct span any = { NULL, 0 };
	int rc = RC_OK;

	while (!rc && s.len && memmem(s.p, s.len, begin_pem, sizeof(begin_pem) - 1)) {
		EVP_PKEY *key = next_pem(&s);

		rc = key ? add(to, key, name, any, any) : bad(to, name);
	}
	return rc;
}

static int hex_member(const struct cca_keys *to, struct json_object *o, const char *key, const char *name, struct buf *out)
{
	const char *text = json_get_text(o, key), *why;

	if (!json_object_object_get_ex(o, key, NULL))
		return RC_OK;
	if (text && *text && !hex_decode(text, strlen(text), out, &why))
		return RC_OK;
	return fail(RC_USAGE, "--%s: %s: the %s of a key is not in hex", to->option, name, key);
}

static int of_json(struct cca_keys *to, struct json_object *o, const char *name, int depth)
{
	struct buf instance CLEANUP_BUF, implementation CLEANUP_BUF;
	struct json_object *inner;
	const char *why;
	EVP_PKEY *key;
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
		return fail(RC_USAGE, "--%s: %s: it is no JWK, no set of them and no list of platforms", to->option, name);
	if (json_object_object_get_ex(o, "keys", &inner))
		return of_json(to, inner, name, depth + 1);
	rc = hex_member(to, o, "instance-id", name, &instance);
	if (!rc)
		rc = hex_member(to, o, "implementation-id", name, &implementation);
	if (rc)
		return rc;
	key = jwk_key(json_object_object_get_ex(o, "pkey", &inner) ? inner : o, &why);
	if (!key)
		return fail(RC_USAGE, "--%s: %s: a JWK cannot be read: %s", to->option, name, why);
	return add(to, key, name, buf_span(&instance), buf_span(&implementation));
}

/* The value of a tag, borrowed by the caller until cbor_decref(); NULL: another */
static cbor_item_t *untag(const cbor_item_t *item, u64 tag)
{
	return item && cbor_isa_tag(item) && cbor_tag_value(item) == tag ? cbor_tag_item(item) : NULL;
}

static int of_corim_key(struct cca_keys *to, const cbor_item_t *item, const char *name,
			struct span instance, struct span implementation)
{
	cbor_item_t *text = untag(item, TAG_PEM_KEY);
	EVP_PKEY *key = NULL;
	struct span s;

	if (cbor_text_of(text, &s))
		key = next_pem(&s);
	cbor_put(&text);
	if (!key)
		return fail(RC_USAGE, "--%s: %s: a key of this CoRIM is no public key in PEM (tag 554)", to->option, name);
	return add(to, key, name, instance, implementation);
}

/* draft-ietf-rats-corim, attest-key-triple-record: a third member limits what a key is for */
static int no_conditions(const cbor_item_t *triple, const char *name)
{
	return triple && cbor_isa_array(triple) && cbor_array_size(triple) > 2 ?
	       fail(RC_USAGE, "%s: a key of this CoRIM counts under conditions, which this version cannot check", name) :
	       RC_OK;
}

/* [ environment, [ key, ... ] ]; which platform it is of must be said */
static int of_triple(struct cca_keys *to, const cbor_item_t *triple, const char *name)
{
	cbor_item_t **part = triple && cbor_isa_array(triple) && cbor_array_size(triple) >= 2 ?
			     cbor_array_handle(triple) : NULL;
	cbor_item_t *ueid = part ? untag(cbor_member(part[0], ENV_INSTANCE), TAG_UEID) : NULL;
	cbor_item_t *class = part ? cbor_member(cbor_member(part[0], ENV_CLASS), 0) : NULL;
	cbor_item_t *id = untag(class, TAG_IMPLEMENTATION);
	struct span instance = { NULL, 0 }, implementation = { NULL, 0 };
	size_t i;
	int rc = no_conditions(triple, name);

	if (!id)
		id = untag(class, TAG_BYTES);
	if (!part || !cbor_isa_array(part[1]) || !cbor_bytes_of(ueid, &instance))
		rc = fail(RC_USAGE, "--%s: %s: a key of this CoRIM names no instance of a platform", to->option, name);
	cbor_bytes_of(id, &implementation);
	for (i = 0; !rc && i < cbor_array_size(part[1]); i++)
		rc = of_corim_key(to, cbor_array_handle(part[1])[i], name, instance, implementation);
	cbor_put(&ueid);
	cbor_put(&id);
	return rc;
}

static int of_comid(struct cca_keys *to, struct span s, const char *name)
{
	cbor_item_t *comid = NULL, *list;
	size_t i;
	int rc = cbor_read(s, name, &comid);

	if (rc)
		return rc;
	list = cbor_member(cbor_member(comid, COMID_TRIPLES), TRIPLES_ATTEST_KEYS);
	for (i = 0; !rc && list && cbor_isa_array(list) && i < cbor_array_size(list); i++)
		rc = of_triple(to, cbor_array_handle(list)[i], name);
	cbor_put(&comid);
	return rc;
}

/* Until when it may be used: { 0 (not before), 1 (not after) }, of tag 1 (seconds) */
static const char *of_this_time(const cbor_item_t *validity, time_t at)
{
	s64 key;

	if (!validity)
		return NULL;
	if (!cbor_isa_map(validity) || !cbor_member(validity, 1))
		return "its validity has no end";
	for (key = 0; key < 2; key++) {
		cbor_item_t *member = cbor_member(validity, key), *value = untag(member, TAG_TIME);
		bool number = value && cbor_is_int(value);
		bool before_1970 = number && cbor_isa_negint(value);
		u64 when = number ? cbor_get_int(value) : 0;

		cbor_put(&value);
		if (member && !number)
			return "its validity is no time in seconds";
		if (member && key == 0 && !before_1970 && when > (u64)at)
			return "it is not valid yet";
		if (member && key == 1 && (before_1970 || when < (u64)at))
			return "it is not valid any more";
	}
	return NULL;
}

/* What is in the tags of a CoRIM that is not signed; NULL: it is none. To be put. */
static cbor_item_t *corim_map(const cbor_item_t *root)
{
	cbor_item_t *inner = untag(root, TAG_CORIM_OLD);
	cbor_item_t *map = untag(inner ? inner : root, TAG_CORIM);

	cbor_put(&inner);
	return map;
}

/* The keys of a CoRIM that is not signed, or whose signature was checked */
static int of_corim(struct cca_keys *to, const cbor_item_t *root, const char *name)
{
	cbor_item_t *map = corim_map(root), *list = cbor_member(map, CORIM_TAGS);
	struct span s;
	size_t i;
	int rc = RC_OK;

	if (!list || !cbor_isa_array(list))
		rc = fail(RC_USAGE, "--%s: %s: it is no CoRIM", to->option, name);
	for (i = 0; !rc && i < cbor_array_size(list); i++) {
		cbor_item_t *tag = untag(cbor_array_handle(list)[i], TAG_COMID);

		/* CoSWIDs have no keys */
		if (cbor_bytes_of(tag, &s))
			rc = of_comid(to, s, name);
		cbor_put(&tag);
	}
	cbor_put(&map);
	return rc;
}

/* COSE_Sign1, alone or in the tag of older drafts */
static bool is_signed(const cbor_item_t *root)
{
	cbor_item_t *inner = untag(root, TAG_CORIM_OLD), *sign1 = untag(inner ? inner : root, TAG_SIGNED);
	bool found = sign1;

	cbor_put(&sign1);
	cbor_put(&inner);
	return found;
}

/* Its signature and its time are checked when all options are known. */
static int keep_corim(struct verify *v, struct span s, bool has_signature, const char *name)
{
	struct corim *more;

	if (v->n_corims == CORIMS_MAX)
		return fail(RC_USAGE, "--cca-key: %s: more than %d CoRIMs", name, CORIMS_MAX);
	more = xalloc((v->n_corims + 1) * sizeof(*more));
	if (v->n_corims)
		memcpy(more, v->corims, v->n_corims * sizeof(*more));
	free(v->corims);
	v->corims = more;
	more += v->n_corims++;
	buf_add(&more->b, s.p, s.len);
	more->name = xstrdup(name);
	more->is_signed = has_signature;
	return RC_OK;
}

/* corim-meta in the protected header: { 0 (signer), 1 (how long the signature holds) } */
static const char *signature_of_this_time(const struct cose *c, time_t at)
{
	cbor_item_t *header = NULL, *meta = NULL;
	const char *why = NULL;
	struct span s;

	if (cbor_read(c->protected, "header", &header))
		return "its protected header cannot be read";
	if (cbor_member(header, HEADER_META)) {
		if (!cbor_bytes_of(cbor_member(header, HEADER_META), &s) || cbor_read(s, "meta", &meta))
			why = "its corim-meta cannot be read";
		else
			why = of_this_time(cbor_member(meta, META_VALIDITY), at);
	}
	cbor_put(&meta);
	cbor_put(&header);
	return why;
}

/* Which of the keys of --corim-key signed it; NULL, and @why */
static const struct cca_key *signer_of(const struct verify *v, const struct cose *c, const char **why)
{
	size_t i;

	*why = "no key was named that may sign it (--corim-key FILE)";
	for (i = 0; i < v->corim_keys.n; i++)
		if (cose_verify(c, v->corim_keys.key[i].key, why))
			return &v->corim_keys.key[i];
	if (v->corim_keys.n > 1)
		*why = "it is of none of the keys that may sign it, or it was altered";
	return NULL;
}

static const char *corim_of_this_time(const cbor_item_t *root, time_t at)
{
	cbor_item_t *map = corim_map(root);
	const char *why = of_this_time(cbor_member(map, CORIM_VALIDITY), at);

	cbor_put(&map);
	return why;
}

/* Its keys are known already; that they are trusted is the caller's own decision. */
static void open_unsigned(struct verify *v, const struct corim *corim)
{
	char *check CLEANUP(free_str) = xasprintf("CoRIM %s", corim->name);
	cbor_item_t *root = NULL;
	const char *late = NULL;
	int rc = cbor_read(buf_span(&corim->b), corim->name, &root);

	if (!rc)
		late = corim_of_this_time(root, v->at);
	cbor_put(&root);
	if (late)
		failed(v, GENUINE, check, "%s", late);
	else
		left_out(v, GENUINE, check, "nobody signed it: its keys are trusted because the file was named");
}

static void open_signed(struct verify *v, const struct corim *corim)
{
	char *check CLEANUP(free_str) = xasprintf("CoRIM %s", corim->name);
	struct buf said CLEANUP_BUF, *outer = complain_into(&said);
	cbor_item_t *root = NULL, *inner, *payload = NULL;
	struct cose c CLEANUP(cose_free) = { 0 };
	struct span s = buf_span(&corim->b);
	const struct cca_key *signer = NULL;
	const char *why = NULL, *late = NULL;
	int rc;

	/* the tag of older drafts is three bytes before the one of COSE_Sign1 */
	rc = cbor_read(s, corim->name, &root);
	inner = untag(root, TAG_CORIM_OLD);
	if (inner)
		s = (struct span){ s.p + 3, s.len - 3 };
	cbor_put(&inner);
	cbor_put(&root);
	if (!rc)
		rc = cose_parse(s, corim->name, &c);
	if (!rc) {
		signer = signer_of(v, &c, &why);
		late = signer ? signature_of_this_time(&c, v->at) : NULL;
		if (signer && !late)
			rc = cbor_read(c.payload, corim->name, &payload);
		if (payload)
			late = corim_of_this_time(payload, v->at);
	}
	if (payload && !late) {
		char *name CLEANUP(free_str) = xasprintf("%s, which %s signed", corim->name, signer->name);

		rc = of_corim(&v->cca_keys, payload, name);
	}
	cbor_put(&payload);
	complain_into(outer);
	answered(v, ASK_CORIM_KEY);
	if (rc)
		failed(v, GENUINE, check, "%s", (char *)said.p);
	else if (late)
		failed(v, GENUINE, check, "it or its signature: %s", late);
	else if (signer)
		passed(v, GENUINE, check, "%s, by a key of %s", why, signer->name);
	else if (v->corim_keys.n)
		failed(v, GENUINE, check, "its signature: %s", why);
	else
		unable(v, GENUINE, check, "it is signed, and %s", why);
}

void cca_corims_open(struct verify *v)
{
	size_t i;

	for (i = 0; i < v->n_corims; i++)
		if (v->corims[i].is_signed)
			open_signed(v, &v->corims[i]);
		else
			open_unsigned(v, &v->corims[i]);
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

/* What nobody signed is trusted because the caller named the file: the result says so. */
static int add_corim(struct verify *v, struct span s, const char *name)
{
	char *told CLEANUP(free_str) = xasprintf("%s, a CoRIM that nobody signed", name);
	cbor_item_t *root = NULL;
	bool has_signature;
	int rc = cbor_read(s, name, &root);

	has_signature = !rc && is_signed(root);
	if (!rc && !has_signature)
		rc = of_corim(&v->cca_keys, root, told);
	if (!rc)
		rc = keep_corim(v, s, has_signature, name);
	cbor_put(&root);
	return rc;
}

static int keys_of(struct cca_keys *to, struct span s, const char *name)
{
	size_t before = to->n;
	struct json_object *o;
	int rc;

	if (is_json(s)) {
		o = json_parse(s);
		rc = o ? of_json(to, o, name, 0) :
		     fail(RC_USAGE, "--%s: %s: it is cut short, or not JSON", to->option, name);
		json_put(&o);
	} else {
		rc = of_pem(to, s, name);
	}
	if (!rc && to->n == before)
		rc = fail(RC_USAGE, "--%s: %s has no platform key: neither in PEM, nor as JWK, JWK set or CoRIM", to->option, name);
	return rc;
}

int cca_keys_add(struct verify *v, struct span s, const char *name)
{
	size_t before = v->cca_keys.n;
	int rc;

	v->cca_keys.option = "cca-key";
	rc = is_corim(s) ? add_corim(v, s, name) : keys_of(&v->cca_keys, s, name);
	/* of a signed one nobody knows yet */
	if (!rc && v->cca_keys.n == before && !(v->n_corims && v->corims[v->n_corims - 1].is_signed))
		rc = fail(RC_USAGE, "--cca-key: %s has no platform key", name);
	return rc;
}

int corim_keys_add(struct verify *v, struct span s, const char *name)
{
	v->corim_keys.option = "corim-key";
	return keys_of(&v->corim_keys, s, name);
}
