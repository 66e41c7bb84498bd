// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "base/json.h"

#define JSON_DEPTH	64

const char *json_text(struct json_object *o)
{
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE);
}

void json_put(struct json_object **o)
{
	json_object_put(*o);
	*o = NULL;
}

void json_add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

void json_add_null(struct json_object *o, const char *key)
{
	json_object_object_add(o, key, NULL);
}

void json_add_uint(struct json_object *o, const char *key, u64 v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

void json_add_bytes(struct json_object *o, const char *key, struct span s, enum base64 alphabet)
{
	char *text CLEANUP(free_str) = base64_encode(s.p, s.len, alphabet);

	json_add_text(o, key, text);
}

void json_add_hex(struct json_object *o, const char *key, struct span s)
{
	char *text CLEANUP(free_str) = hex_encode(s.p, s.len);

	json_add_text(o, key, text);
}

void json_add_ints(struct json_object *o, const char *key, const u8 *p, size_t len)
{
	struct json_object *a = json_object_new_array();
	size_t i;

	for (i = 0; i < len; i++)
		json_object_array_add(a, json_object_new_int(p[i]));
	json_object_object_add(o, key, a);
}

/* The text that begins at @at, with its quotes; its end, or that of @s */
static size_t text_end(struct span s, size_t at)
{
	for (at++; at < s.len && s.p[at] != '"'; at++)
		if (s.p[at] == '\\')
			at++;
	return at < s.len ? at + 1 : s.len;
}

/* NaN and Infinity, which json-c takes and RFC 8259, 6, does not know */
static bool has_no_number(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			i = text_end(s, i) - 1;
		else if (s.p[i] == 'N' || s.p[i] == 'I')
			return true;
	}
	return false;
}

struct json_object *json_parse(struct span s)
{
	struct json_tokener *tok;
	struct json_object *o;

	if (!s.len || s.len > INT32_MAX || has_no_number(s))
		return NULL;
	tok = json_tokener_new_ex(JSON_DEPTH);
	if (!tok)
		return NULL;
	/* strict about what follows it, too, except white space at the end */
	while (s.len && strchr(" \t\r\n", s.p[s.len - 1]))
		s.len--;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, (const char *)s.p, (int)s.len);
	if (!o && json_tokener_get_error(tok) == json_tokener_continue)
		o = json_tokener_parse_ex(tok, "", 1);
	if (o && json_tokener_get_error(tok) != json_tokener_success) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	return o;
}

int json_parse_object(struct span s, const char *what, struct json_object **o)
{
	*o = json_parse(s);
	if (json_object_is_type(*o, json_type_object))
		return RC_OK;
	json_put(o);
	return fail(RC_EVIDENCE, "%s: it is not a JSON object", what);
}

/* How many members all the objects in @o have */
static size_t members(struct json_object *o)
{
	size_t i, n = 0;

	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < json_object_array_length(o); i++)
			n += members(json_object_array_get_idx(o, i));
	} else if (json_object_is_type(o, json_type_object)) {
		struct json_object_iterator it = json_object_iter_begin(o);
		struct json_object_iterator stop = json_object_iter_end(o);

		for (; !json_object_iter_equal(&it, &stop); json_object_iter_next(&it))
			n += 1 + members(json_object_iter_peek_value(&it));
	}
	return n;
}

static bool has_nul(struct span text)
{
	size_t i;

	for (i = 0; i + 6 <= text.len; i++) {
		if (text.p[i] != '\\')
			continue;
		if (!memcmp(text.p + i + 1, "u0000", 5))
			return true;
		i++;
	}
	return false;
}

static bool is_space(u8 c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The first name that an object of @s has twice: one set of names for each level */
static char *name_twice(struct span s)
{
	struct json_object *seen[JSON_DEPTH + 1] = { NULL }, *name;
	const char *text;
	char *twice = NULL;
	size_t i, k, end, depth = 0;

	for (i = 0; i < s.len && !twice; i++) {
		if ((s.p[i] == '{' || s.p[i] == '[') && depth < JSON_DEPTH)
			seen[++depth] = json_object_new_object();
		if ((s.p[i] == '}' || s.p[i] == ']') && depth)
			json_put(&seen[depth--]);
		if (s.p[i] != '"')
			continue;
		end = text_end(s, i);
		for (k = end; k < s.len && is_space(s.p[k]); k++)
			;
		if (k < s.len && s.p[k] == ':') {
			name = json_parse((struct span){ s.p + i, end - i });
			text = name && depth ? json_object_get_string(name) : NULL;
			if (text && json_object_object_get_ex(seen[depth], text, NULL))
				twice = xstrdup(text);
			else if (text)
				json_add_null(seen[depth], text);
			json_object_put(name);
		}
		i = end - 1;
	}
	while (depth)
		json_put(&seen[depth--]);
	return twice;
}

char *json_bad_names(struct span s, struct json_object *o)
{
	struct span text = { 0 };
	char *name, *why;
	size_t i, n = 0;

	for (i = 0; i < s.len; i++) {
		/* every colon outside of a text is behind the name of a member */
		if (s.p[i] == ':') {
			if (has_nul(text))
				return xstrdup("the name of a member has a NUL in it");
			n++;
		}
		if (s.p[i] != '"')
			continue;
		text = (struct span){ s.p + i, text_end(s, i) - i };
		i += text.len - 1;
	}
	if (n == members(o))
		return NULL;
	name = name_twice(s);
	why = name ? xasprintf("the member \"%s\" is there twice", name) : xstrdup("a member is there twice");
	free_str(&name);
	return why;
}

const char *json_text_of(struct json_object *o)
{
	const char *s = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;

	return s && strlen(s) == (size_t)json_object_get_string_len(o) ? s : NULL;
}

const char *json_get_text(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &v) ?
	       json_text_of(v) : NULL;
}

struct json_object *json_get_object(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &v) &&
	       json_object_is_type(v, json_type_object) ? v : NULL;
}

int json_get_bytes(struct json_object *o, const char *key, const char *what, struct buf *out)
{
	const char *text = json_get_text(o, key), *why = "missing, or not a string";

	if (text && !base64_decode(text, strlen(text), out, &why))
		return RC_OK;
	return fail(RC_EVIDENCE, "%s: its member %s: %s", what, key, why);
}
