// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON that carries evidence, collateral or claims: every member is shown, and
 * one whose text is evidence is decoded. Which names the members have does not
 * matter.
 *
 * For people what was decoded stands where it came from. In JSON what came as JSON is
 * one member, as it was, and what was decoded is a list beside it: of a name in the
 * input nobody could tell whether the tool gave it.
 */
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/parse.h"
#include "base/unwrap.h"
#include "evidence/cmw.h"
#include "evidence/evidence.h"
#include "evidence/show_more.h"
#include "evidence/snp_json.h"

#define DEPTH_MAX	24
#define NESTED_MAX	3	/* JSON in a text in JSON */
#define EVIDENCE_MIN	64

struct how {
	show_fn *show;
	int nested;
	struct node *decoded;	/* list of what was, for JSON */
};

/*
 * Where a value is shown, and where it was: its JSON pointer (RFC 6901) is @at, or @key
 * behind that of @up. It is made where it is printed alone, for a name may be long.
 */
struct place {
	struct node *to;
	const char *key, *at;
	const struct place *up;
	int depth;
};

static int show_value(const struct place *p, struct json_object *o, const struct how *how);

/* A text that begins as JSON does may be any text. */
static bool is_json(struct span s)
{
	struct json_object *o = json_parse(s);
	bool is = o;

	json_object_put(o);
	return is;
}

static enum raw_kind evidence_kind(struct span s)
{
	enum raw_kind kind = s.len < EVIDENCE_MIN ? RAW_UNKNOWN : raw_recognise(s);

	if ((kind == RAW_JSON || kind == RAW_COLLATERAL) && !is_json(s))
		return RAW_UNKNOWN;
	return kind;
}

static void add_pointer(struct buf *to, const struct place *p)
{
	const char *name = p->key;

	if (!p->up) {
		buf_add_str(to, p->at);
		return;
	}
	add_pointer(to, p->up);
	buf_add_str(to, "/");
	for (; *name; name++) {
		if (*name == '~' || *name == '/')
			buf_add_str(to, *name == '~' ? "~0" : "~1");
		else
			buf_add(to, name, 1);
	}
}

static char *pointer_of(const struct place *p)
{
	struct buf b CLEANUP_BUF;

	add_pointer(&b, p);
	return xstrdup(b.len ? (const char *)b.p : "");
}

/* What @n shows, in the list for programs: as show --json has it, and from where */
static void list_decoded(const struct how *how, const struct place *p, const char *type,
			 const struct node *n)
{
	struct node *entry = add_map(how->decoded, NULL, NULL);
	char *pointer CLEANUP(free_str) = pointer_of(p);
	struct json_object *at = json_object_new_string(pointer);

	add_json(entry, "member", at);
	json_object_put(at);
	add_text(entry, "type", "%s", type);
	add_same(entry, n);
}

/* All of a JSON text, below @n */
static int show_document(struct node *n, struct span s, const struct how *how)
{
	struct json_object *o = json_parse(s);
	char *why CLEANUP(free_str) = NULL;
	struct how inner = *how;
	struct place p = { .key = "value", .at = "" };
	int rc;

	if (!o)
		return fail(RC_EVIDENCE, "JSON: it is cut short, or not JSON");
	why = json_bad_names(s, o);
	if (why) {
		json_object_put(o);
		return fail(RC_EVIDENCE, "JSON: %s", why);
	}
	json_only(add_json(n, "content", o));
	inner.decoded = add_list(n, "decoded", NULL);
	json_only(inner.decoded);
	p.to = add_inline(n);
	if (json_object_is_type(o, json_type_array))
		p.key = "list";
	rc = show_value(&p, o, &inner);
	json_object_put(o);
	return rc;
}

/* The names of members are in the title: several may carry the same kind. */
static struct node *evidence_node(const struct place *p, const char *kind)
{
	char *title CLEANUP(free_str) = xasprintf("%s: %s", p->key, kind);

	return add_map(p->to, p->key, title);
}

static int show_blob(struct node *n, struct span s)
{
	struct evidence e CLEANUP(evidence_free) = { 0 };
	int rc = evidence_parse(s, &e);

	return rc ? rc : evidence_show(n, &e);
}

/* Bytes that may be evidence; false: they are not, and nothing was added */
static bool show_evidence(const struct place *p, struct span s, const struct how *how, int *rc)
{
	struct buf said CLEANUP_BUF, *outer;
	enum raw_kind kind = evidence_kind(s);
	bool blob = evidence_looks_like(s);
	struct node *n;

	if (kind == RAW_UNKNOWN && !blob)
		return false;
	n = evidence_node(p, blob ? "Evidence of /dev/cvm-evidence" : raw_kind_title(kind));
	outer = complain_into(&said);
	if (blob) {
		*rc = show_blob(n, s);
	} else if (kind == RAW_JSON || kind == RAW_COLLATERAL) {
		struct how deeper = { how->show, how->nested + 1, NULL };

		*rc = show_document(n, s, &deeper);
	} else {
		*rc = how->show(n, kind, s);
	}
	complain_into(outer);
	if (*rc) {
		char *at CLEANUP(free_str) = pointer_of(p);

		if (!has_values(n))
			add_uint(n, "length", s.len);
		danger(n, "%s", (char *)said.p);
		complain("member %s: %s", at, (char *)said.p);
	}
	list_decoded(how, p, blob ? "cvm-evidence" : raw_kind_name(kind), n);
	return true;
}

/* "nextUpdate" of collateral, which says until when it may be used */
static void mark_expiry(struct node *n, const char *key, const char *text)
{
	time_t t;

	if (key && !strcmp(key, "nextUpdate") && parse_time(text, false, &t) && t < time(NULL))
		danger(n, "it is out of date");
}

static int show_string(const struct place *p, struct json_object *o, const struct how *how)
{
	const char *text = json_object_get_string(o);
	struct span s = { (const u8 *)text, (size_t)json_object_get_string_len(o) };
	struct buf bytes CLEANUP_BUF;
	int rc = RC_OK;

	if (how->nested < NESTED_MAX) {
		if (show_evidence(p, s, how, &rc))
			return rc;
		if (unwrap_text(s, s.len, &bytes) && show_evidence(p, buf_span(&bytes), how, &rc))
			return rc;
	}
	mark_expiry(add_json(p->to, p->key, o), p->key, text);
	return rc;
}

/* A list of numbers from 0 to 255 is bytes, as Rust's tools write them. */
static bool as_bytes(struct json_object *list, struct buf *out)
{
	size_t i, n = json_object_array_length(list);

	for (i = 0; i < n; i++) {
		struct json_object *e = json_object_array_get_idx(list, i);
		int v = json_object_is_type(e, json_type_int) ? json_object_get_int(e) : -1;
		u8 byte = (u8)v;

		if (v < 0 || v > 255)
			return false;
		buf_add(out, &byte, 1);
	}
	return n >= EVIDENCE_MIN / 2;
}

static int show_below(struct node *to, const struct place *p, const char *name,
		      struct json_object *o, const struct how *how)
{
	const struct place below = { .to = to, .key = name, .up = p, .depth = p->depth + 1 };

	return show_value(&below, o, how);
}

static int show_array(const struct place *p, struct json_object *o, const struct how *how)
{
	size_t i, n = json_object_array_length(o);
	struct buf bytes CLEANUP_BUF;
	int rc = RC_OK, one;
	struct node *list;

	if (as_bytes(o, &bytes)) {
		if (!show_evidence(p, buf_span(&bytes), how, &rc))
			add_bytes(p->to, p->key, bytes.p, bytes.len);
		return rc;
	}
	list = add_map(p->to, p->key, NULL);
	for (i = 0; i < n; i++) {
		char *name CLEANUP(free_str) = xasprintf("%zu", i);

		one = show_below(list, p, name, json_object_array_get_idx(o, i), how);
		rc = rc ? rc : one;
	}
	return rc;
}

/*
 * A report as CoCo's attesters send it: what its fields come to is shown in their place.
 * False: no report could be made of them. A line says why, and *rc is set.
 */
static bool show_snp(struct node *to, const struct place *p, struct json_object *o,
		     const struct how *how, int *rc)
{
	const struct place place = { .to = to, .key = SNP_JSON_MEMBER, .up = p, .depth = p->depth + 1 };
	char *at CLEANUP(free_str) = pointer_of(&place);
	struct buf report CLEANUP_BUF, said CLEANUP_BUF, *outer = complain_into(&said);
	int bad = snp_json_report(o, &report);

	complain_into(outer);
	if (bad) {
		danger(add_text(to, SNP_JSON_MEMBER, "no report"), "%s", (char *)said.p);
		*rc = fail(bad, "member %s: %s", at, (char *)said.p);
		return false;
	}
	return show_evidence(&place, buf_span(&report), how, rc);
}

static int show_members(const struct place *p, struct json_object *o, const struct how *how)
{
	struct json_object_iterator it = json_object_iter_begin(o);
	struct json_object_iterator stop = json_object_iter_end(o);
	/* those of the outermost object stand by themselves */
	struct node *n = p->depth ? add_map(p->to, p->key, NULL) : p->to;
	int rc = RC_OK, one = RC_OK;
	bool snp = snp_json_looks_like(o) && show_snp(n, p, o, how, &rc);

	for (; !json_object_iter_equal(&it, &stop); json_object_iter_next(&it)) {
		if (snp && !strcmp(json_object_iter_peek_name(&it), SNP_JSON_MEMBER))
			continue;
		one = show_below(n, p, json_object_iter_peek_name(&it), json_object_iter_peek_value(&it),
				 how);
		rc = rc ? rc : one;
	}
	return rc;
}

static int show_value(const struct place *p, struct json_object *o, const struct how *how)
{
	if (p->depth > DEPTH_MAX)
		return fail(RC_EVIDENCE, "JSON: it is nested deeper than %d", DEPTH_MAX);
	switch (json_object_get_type(o)) {
	case json_type_string:
		return show_string(p, o, how);
	case json_type_array:
		return show_array(p, o, how);
	case json_type_object:
		return show_members(p, o, how);
	default:
		add_json(p->to, p->key, o);
		return RC_OK;
	}
}

int json_show(struct node *to, struct span s, show_fn *show)
{
	const struct how how = { show, 0, NULL };

	return show_document(to, s, &how);
}

int cmw_show(struct node *to, struct span s, show_fn *show)
{
	struct buf json CLEANUP_BUF;
	int rc = cmw_to_json(s, &json);

	return rc ? rc : json_show(to, buf_span(&json), show);
}

/* NumericDate, RFC 7519: seconds, maybe with a fraction */
static bool numeric_date(struct json_object *claims, const char *name, double *t)
{
	struct json_object *v;

	if (!json_object_object_get_ex(claims, name, &v) ||
	    (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double)))
		return false;
	*t = json_object_get_double(v);
	return true;
}

/* When a token may be used: 4.1.4 and 4.1.5 */
static void mark_times(struct node *n, struct json_object *claims)
{
	double now = (double)time(NULL), t;

	if (numeric_date(claims, "exp", &t) && t <= now)
		danger(n, "it is out of date (exp)");
	else if (numeric_date(claims, "nbf", &t) && t > now)
		danger(n, "it is not valid yet (nbf)");
}

static int show_part(struct node *to, const char *key, struct span s, const struct how *how)
{
	struct buf b CLEANUP_BUF;
	struct node *n = add_map(add_inline(to), key, NULL);
	struct json_object *o = NULL;
	char *why CLEANUP(free_str) = NULL, *at CLEANUP(free_str) = xasprintf("/%s", key);
	struct place p = { .to = n, .at = at };
	const char *bad;
	int rc;

	if (!base64_decode((const char *)s.p, s.len, &b, &bad))
		o = json_parse(buf_span(&b));
	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return fail(RC_EVIDENCE, "token: its %s is not a JSON object in base64url", key);
	}
	why = json_bad_names(buf_span(&b), o);
	if (why) {
		json_object_put(o);
		return fail(RC_EVIDENCE, "token: its %s: %s", key, why);
	}
	json_only(add_json(to, key, o));
	mark_times(n, o);
	rc = show_members(&p, o, how);
	json_object_put(o);
	return rc;
}

int jwt_show(struct node *to, struct span s, show_fn *show)
{
	const u8 *p = s.p, *end = s.p + s.len, *dot;
	static const char *const parts[] = { "header", "claims" };
	struct how how = { show, 0, NULL };
	size_t i;
	int rc = RC_OK, one;

	note(to, "its signature is not checked by show");
	how.decoded = add_list(to, "decoded", NULL);
	json_only(how.decoded);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		dot = memchr(p, '.', (size_t)(end - p));
		if (!dot)
			return fail(RC_EVIDENCE, "token: it does not have three parts");
		one = show_part(to, parts[i], (struct span){ p, (size_t)(dot - p) }, &how);
		rc = rc ? rc : one;
		p = dot + 1;
	}
	return rc;
}
