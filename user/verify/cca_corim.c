// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endorsements of a platform's maker as CoRIM: draft-ietf-rats-corim, and Arm's
 * profile of it, draft-ydb-rats-cca-endorsements. Only the keys of platforms are read.
 */
#include <stdlib.h>
#include <string.h>

#include "verify/cca.h"
#include "verify/verify.h"

#define TAG_CORIM_OLD	500
#define TAG_CORIM	501
#define TAG_SIGNED	18
#define TAG_COMID	506
#define TAG_UEID	550
#define TAG_PEM_KEY	554
#define TAG_IMPLEMENTATION 600	/* of PSA and CCA */
#define TAG_BYTES	560
#define TAG_TIME	1
#define TAG_URI		32

#define CORIMS_MAX	256

enum { CORIM_TAGS = 1, CORIM_PROFILE = 3, CORIM_VALIDITY = 4 };
enum { COMID_TRIPLES = 4, TRIPLES_ATTEST_KEYS = 3, ENV_CLASS = 0, ENV_INSTANCE = 1 };
/* of the protected header */
enum { HEADER_CONTENT = 3, HEADER_META = 8, HEADER_CWT = 15, HEADER_HASH_ALG = 258,
	HEADER_HASH_CONTENT = 259 };
enum { META_SIGNER, META_VALIDITY };
enum { CWT_ISS = 1, CWT_EXP = 4, CWT_NBF = 5 };

void cca_corims_free(struct verify *v)
{
	size_t i;

	for (i = 0; i < v->n_corims; i++) {
		buf_free(&v->corims[i].b);
		free(v->corims[i].name);
	}
	free(v->corims);
	v->corims = NULL;
	v->n_corims = 0;
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
		key = cca_next_pem(&s);
	cbor_put(&text);
	if (!key)
		return fail(RC_USAGE, "--%s: %s: a key of this CoRIM is no public key in PEM (tag 554)", to->option, name);
	return cca_key_add(to, key, name, instance, implementation);
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
	/* an id of no length would be that of any platform, and one that cannot be read, too */
	if (!rc && (!part || !cbor_isa_array(part[1]) || !cbor_bytes_of(ueid, &instance) ||
		    instance.len != INSTANCE_ID_LEN))
		rc = fail(RC_USAGE, "--%s: %s: a key of this CoRIM names no instance of a platform, a UEID of %d bytes",
			  to->option, name, INSTANCE_ID_LEN);
	if (!rc && class && (!cbor_bytes_of(id, &implementation) || implementation.len != IMPLEMENTATION_ID_LEN))
		rc = fail(RC_USAGE, "--%s: %s: the class of a key of this CoRIM is no implementation ID, %d bytes",
			  to->option, name, IMPLEMENTATION_ID_LEN);
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

/* Seconds since 1970; false: it is no number */
static bool number_of(const cbor_item_t *item, double *out)
{
	if (item && cbor_is_int(item))
		*out = cbor_isa_negint(item) ? -1.0 - (double)cbor_get_int(item) : (double)cbor_get_int(item);
	else if (item && cbor_isa_float_ctrl(item) && !cbor_float_ctrl_is_ctrl(item))
		*out = cbor_float_get_float(item);
	else
		return false;
	return true;
}

/* Until when it may be used: { 0 (not before), 1 (not after) }, of tag 1 */
static const char *of_this_time(const cbor_item_t *validity, time_t at)
{
	double when = 0;
	s64 key;

	if (!validity)
		return NULL;
	if (!cbor_isa_map(validity) || !cbor_member(validity, 1))
		return "its validity has no end";
	for (key = 0; key < 2; key++) {
		cbor_item_t *member = cbor_member(validity, key), *value = untag(member, TAG_TIME);
		bool number = number_of(value, &when);

		cbor_put(&value);
		if (member && !number)
			return "its validity is no time in seconds";
		/* a float may be no number at all: then neither holds */
		if (member && key == 0 && !(when <= (double)at))
			return "it is not valid yet";
		if (member && key == 1 && !(when >= (double)at))
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

/*
 * Profiles under which a CoRIM has keys of platforms, with the meaning that is read
 * here. "Failure to recognize the profile identifier MUST result in the rejection of
 * the entire CoRIM" (draft-ietf-rats-corim, 4.1): it may change what the rest means.
 */
static bool profile_is_known(struct span s)
{
	static const char *const known[] = {
		"tag:arm.com,2025:cca_platform#1.0.0",	/* draft-ydb-rats-cca-endorsements */
		"http://arm.com/cca/ssd/1",		/* its first versions */
		"tag:arm.com,2023:cca_platform#1.0.0",	/* Veraison's services of 2025 */
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (s.len == strlen(known[i]) && !memcmp(s.p, known[i], s.len))
			return true;
	return false;
}

/* A URI, which Veraison writes without its tag; false, and what is shown of another */
static bool is_known_profile(const cbor_item_t *item, char **shown)
{
	cbor_item_t *uri = untag(item, TAG_URI);
	struct span s;
	bool text = cbor_text_of(uri ? uri : item, &s), known = text && profile_is_known(s);

	if (!known)
		*shown = text ? printable((const char *)s.p, s.len) : xstrdup("that is no URI");
	cbor_put(&uri);
	return known;
}

/* One of them, or in the first drafts a list */
static int judge_profile(const struct cca_keys *to, cbor_item_t *profile, const char *name)
{
	bool list = profile && cbor_isa_array(profile);
	cbor_item_t *const *one = list ? cbor_array_handle(profile) : &profile;
	size_t i, n = list ? cbor_array_size(profile) : profile != NULL;
	char *shown CLEANUP(free_str) = NULL;

	for (i = 0; i < n && is_known_profile(one[i], &shown); i++)
		;
	if (i == n && (n || !list))
		return RC_OK;
	return fail(RC_USAGE, "--%s: %s: this version knows no keys of CCA platforms under its profile %s, so nothing of this CoRIM is used",
		    to->option, name, shown ? shown : "that is empty");
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
	else
		rc = judge_profile(to, cbor_member(map, CORIM_PROFILE), name);
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
	v->corims = xgrow(v->corims, v->n_corims, sizeof(*v->corims));
	more = &v->corims[v->n_corims++];
	buf_add(&more->b, s.p, s.len);
	more->name = xstrdup(name);
	more->is_signed = has_signature;
	return RC_OK;
}

/* corim-meta: { 0: { 0 (name of the signer) }, 1 (how long the signature holds) } */
static const char *judge_meta(const cbor_item_t *item, time_t at)
{
	cbor_item_t *meta = NULL;
	const char *why = "its corim-meta cannot be read";
	struct span s;

	if (cbor_bytes_of(item, &s) && !cbor_read(s, "meta", &meta)) {
		if (!cbor_member(cbor_member(meta, META_SIGNER), 0))
			why = "its corim-meta does not name who signed it";
		else
			why = of_this_time(cbor_member(meta, META_VALIDITY), at);
	}
	cbor_put(&meta);
	return why;
}

/* RFC 9597; times as in RFC 8392: without a tag, and over at the end itself */
static const char *judge_cwt(const cbor_item_t *claims, time_t at)
{
	const cbor_item_t *exp = cbor_member(claims, CWT_EXP), *nbf = cbor_member(claims, CWT_NBF);
	double when = 0;
	struct span s;

	if (!cbor_text_of(cbor_member(claims, CWT_ISS), &s))
		return "its CWT-Claims do not name who signed it (iss)";
	if ((exp && !number_of(exp, &when)) || (nbf && !number_of(nbf, &when)))
		return "a time of its CWT-Claims is no number of seconds";
	if (exp && number_of(exp, &when) && !((double)at < when))
		return "it is not valid any more (exp)";
	if (nbf && number_of(nbf, &when) && !((double)at >= when))
		return "it is not valid yet (nbf)";
	return NULL;
}

static bool is_corim_content(const cbor_item_t *item)
{
	/* the second one up to version 06 of the draft */
	static const char *const types[] = { "application/rim+cbor", "application/corim-unsigned+cbor" };
	struct span s;
	size_t i;

	for (i = 0; cbor_text_of(item, &s) && i < ARRAY_SIZE(types); i++)
		if (s.len == strlen(types[i]) && !memcmp(s.p, types[i], s.len))
			return true;
	return false;
}

/*
 * The protected header of a signed CoRIM: that it is one, who signed it and for how long.
 * Where there are both corim-meta and CWT-Claims, both have to hold.
 */
static const char *judge_header(const cbor_item_t *header, time_t at)
{
	const cbor_item_t *meta = cbor_member(header, HEADER_META), *cwt = cbor_member(header, HEADER_CWT);
	const char *why = NULL;

	if (cbor_member(header, HEADER_HASH_ALG) || cbor_member(header, HEADER_HASH_CONTENT))
		return "only the hash of a CoRIM is signed (hash envelope), which this version does not check";
	if (!is_corim_content(cbor_member(header, HEADER_CONTENT)))
		return "its content type is not that of a CoRIM, application/rim+cbor: it was signed for another purpose";
	if (!meta && !cwt)
		return "it has neither CWT-Claims (15) nor corim-meta (8): who signed it, and for how long, is not said";
	if (meta)
		why = judge_meta(meta, at);
	return why || !cwt ? why : judge_cwt(cwt, at);
}

static const char *header_of(const struct cose *c, time_t at)
{
	cbor_item_t *header = NULL;
	const char *why = cbor_read(c->protected, "header", &header) ? "it cannot be read" :
			  judge_header(header, at);

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
	size_t before = v->cca_keys.n;
	const struct cca_key *signer = NULL;
	const char *why = NULL, *late = NULL, *bad = NULL;
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
		bad = signer ? header_of(&c, v->at) : NULL;
		if (signer && !bad)
			rc = cbor_read(c.payload, corim->name, &payload);
		if (payload)
			late = corim_of_this_time(payload, v->at);
	}
	if (payload && !late) {
		char *name CLEANUP(free_str) = xasprintf("%s, which %s signed", corim->name, signer->name);

		rc = of_corim(&v->cca_keys, payload, name);
		if (rc)
			cca_keys_drop(&v->cca_keys, before);
	}
	cbor_put(&payload);
	complain_into(outer);
	answered(v, ASK_CORIM_KEY);
	if (rc)
		failed(v, GENUINE, check, "%s", (char *)said.p);
	else if (bad)
		failed(v, GENUINE, check, "the header of its signature: %s", bad);
	else if (late)
		failed(v, GENUINE, check, "%s", late);
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

bool cca_is_corim(struct span s)
{
	u16 tag = s.len >= 3 && s.p[0] == 0xd9 ? (u16)(s.p[1] << 8 | s.p[2]) : 0;

	return tag == TAG_CORIM || tag == TAG_CORIM_OLD || (s.len && s.p[0] == (6 << 5 | TAG_SIGNED));
}

/* What nobody signed is trusted because the caller named the file: the result says so. */
int cca_corim_add(struct verify *v, struct span s, const char *name)
{
	char *told CLEANUP(free_str) = xasprintf("%s, a CoRIM that nobody signed", name);
	cbor_item_t *root = NULL;
	size_t before = v->cca_keys.n;
	bool has_signature;
	int rc = cbor_read(s, name, &root);

	has_signature = !rc && is_signed(root);
	if (!rc && !has_signature)
		rc = of_corim(&v->cca_keys, root, told);
	/* of a signed one nobody knows yet */
	if (!rc && !has_signature && v->cca_keys.n == before)
		rc = fail(RC_USAGE, "--cca-key: %s has no key of a CCA platform", name);
	if (!rc)
		rc = keep_corim(v, s, has_signature, name);
	cbor_put(&root);
	return rc;
}
