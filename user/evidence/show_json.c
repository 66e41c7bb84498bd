// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON that carries evidence, collateral or claims: every member is shown, and
 * one whose text is evidence is decoded. Which names the members have does not
 * matter.
 */
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/parse.h"
#include "base/unwrap.h"
#include "evidence/evidence.h"
#include "evidence/show_more.h"

#define DEPTH_MAX	24
#define NESTED_MAX	3	/* JSON in a text in JSON */
#define EVIDENCE_MIN	64

struct how {
	show_fn *show;
	int nested;
};

static int show_value(struct node *to, const char *key, struct json_object *o, int depth,
		      const struct how *how);

static enum raw_kind evidence_kind(struct span s)
{
	return s.len < EVIDENCE_MIN ? RAW_UNKNOWN : raw_recognise(s);
}

/* Bytes that may be evidence; false: they are not, and nothing was added */
static bool show_evidence(struct node *to, const char *key, struct span s, const struct how *how,
			  int *rc)
{
	enum raw_kind kind = evidence_kind(s);
	struct node *n;

	if (kind == RAW_UNKNOWN)
		return false;
	n = add_map(to, key, raw_kind_title(kind));
	if (kind == RAW_JSON || kind == RAW_COLLATERAL) {
		struct how deeper = { how->show, how->nested + 1 };
		struct json_object *o = json_parse(s);

		if (o)
			*rc = show_value(n, "json", o, 0, &deeper);
		else
			add_text(n, "text", "%.*s", (int)s.len, (const char *)s.p);
		json_object_put(o);
	} else {
		*rc = how->show(n, kind, s);
	}
	return true;
}

/* "nextUpdate" and "exp", which say until when it may be used */
static void mark_expiry(struct node *n, const char *key, const char *text)
{
	time_t t;

	if (!strcmp(key, "nextUpdate") && parse_time(text, false, &t) && t < time(NULL))
		danger(n, "it is out of date");
}

static int show_string(struct node *to, const char *key, struct json_object *o,
		       const struct how *how)
{
	const char *text = json_object_get_string(o);
	struct span s = { (const u8 *)text, (size_t)json_object_get_string_len(o) };
	struct buf bytes CLEANUP_BUF;
	int rc = RC_OK;

	if (how->nested < NESTED_MAX) {
		if (show_evidence(to, key, s, how, &rc))
			return rc;
		if (unwrap_text(s, s.len, &bytes) && show_evidence(to, key, buf_span(&bytes), how, &rc))
			return rc;
	}
	mark_expiry(add_text(to, key, "%s", text), key, text);
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

static int show_array(struct node *to, const char *key, struct json_object *o, int depth,
		      const struct how *how)
{
	size_t i, n = json_object_array_length(o);
	struct buf bytes CLEANUP_BUF;
	int rc = RC_OK, one;
	struct node *list;

	if (as_bytes(o, &bytes)) {
		if (!show_evidence(to, key, buf_span(&bytes), how, &rc))
			add_bytes(to, key, bytes.p, bytes.len);
		return rc;
	}
	list = add_map(to, key, NULL);
	for (i = 0; i < n; i++) {
		char *name = xasprintf("%zu", i);

		one = show_value(list, name, json_object_array_get_idx(o, i), depth + 1, how);
		rc = rc ? rc : one;
		free_str(&name);
	}
	return rc;
}

static int show_members(struct node *n, struct json_object *o, int depth, const struct how *how)
{
	struct json_object_iterator it = json_object_iter_begin(o);
	struct json_object_iterator stop = json_object_iter_end(o);
	int rc = RC_OK, one;

	for (; !json_object_iter_equal(&it, &stop); json_object_iter_next(&it)) {
		one = show_value(n, json_object_iter_peek_name(&it), json_object_iter_peek_value(&it),
				 depth + 1, how);
		rc = rc ? rc : one;
	}
	return rc;
}

static int show_value(struct node *to, const char *key, struct json_object *o, int depth,
		      const struct how *how)
{
	if (depth > DEPTH_MAX)
		return fail(RC_EVIDENCE, "JSON: it is nested deeper than %d", DEPTH_MAX);
	switch (json_object_get_type(o)) {
	case json_type_string:
		return show_string(to, key, o, how);
	case json_type_array:
		return show_array(to, key, o, depth, how);
	case json_type_object:
		return show_members(add_map(to, key, NULL), o, depth, how);
	default:
		add_text(to, key, "%s", json_object_to_json_string_ext(o, 0));
		return RC_OK;
	}
}

int json_show(struct node *to, struct span s, show_fn *show)
{
	const struct how how = { show, 0 };
	struct json_object *o = json_parse(s);
	int rc;

	if (!o)
		return fail(RC_EVIDENCE, "JSON: it is cut short, or not JSON");
	if (json_object_is_type(o, json_type_object))
		rc = show_members(to, o, 0, &how);
	else
		rc = show_value(to, "list", o, 0, &how);
	json_object_put(o);
	return rc;
}

static int show_part(struct node *to, const char *key, struct span s, const struct how *how)
{
	struct json_object *o = NULL;
	struct buf b CLEANUP_BUF;
	const char *why;
	int rc;

	if (!base64_decode((const char *)s.p, s.len, &b, &why))
		o = json_parse(buf_span(&b));
	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return fail(RC_EVIDENCE, "token: its %s is not a JSON object in base64url", key);
	}
	rc = show_value(to, key, o, 0, how);
	json_object_put(o);
	return rc;
}

int jwt_show(struct node *to, struct span s, show_fn *show)
{
	const struct how how = { show, 0 };
	const u8 *p = s.p, *end = s.p + s.len, *dot;
	static const char *const parts[] = { "header", "claims" };
	size_t i;
	int rc = RC_OK, one;

	note(to, "its signature is not checked by show");
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
