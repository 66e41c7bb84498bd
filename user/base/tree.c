// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/tree.h"

enum kind {
	K_MAP, K_LIST, K_TEXT, K_BYTES, K_UINT, K_INT, K_BOOL, K_WORD, K_DATA,
	K_JSON,		/* what came as JSON: its own types in JSON */
	K_INLINE,	/* children at the place of the node, for people only */
	K_SAME,		/* the members of another map, in JSON only */
};

struct node {
	enum kind kind;
	char *key;
	char *text;		/* value of all kinds but K_UINT, K_BOOL; title */
	char *ascii;		/* K_BYTES: what the bytes say, when it is text */
	char *note;
	char *danger;
	u64 value;
	struct json_object *json;	/* K_JSON */
	const struct node *same;	/* K_SAME */
	bool json_only, text_only, bytes_only;
	struct node *child, *last, *next;
};

/*
 * Evidence comes from a host that may be hostile: what it says must not move
 * a terminal's cursor nor break JSON.
 */
char *printable(const char *s, size_t len)
{
	struct buf b = { 0 };
	size_t i;

	buf_add(&b, "", 0);
	for (i = 0; i < len; i++) {
		if (s[i] >= ' ' && s[i] <= '~')
			buf_add(&b, &s[i], 1);
		else
			buf_printf(&b, "\\x%02x", (u8)s[i]);
	}
	return (char *)b.p;
}

static char *vprintable(const char *fmt, va_list ap)
{
	char *raw = NULL, *s;
	int n = vasprintf(&raw, fmt, ap);

	if (n < 0)
		exit(fail(RC_FAILED, "out of memory"));
	s = printable(raw, (size_t)n);
	free(raw);
	return s;
}

static struct node *add(struct node *to, enum kind kind, const char *key)
{
	struct node *n = xalloc(sizeof(*n));

	n->kind = kind;
	/* the key may contain a name out of a certificate */
	n->key = key ? printable(key, strlen(key)) : NULL;
	if (to && to->last)
		to->last->next = n;
	else if (to)
		to->child = n;
	if (to)
		to->last = n;
	return n;
}

struct node *report_new(const char *title)
{
	return add_map(NULL, NULL, title);
}

void report_free(struct node **root)
{
	struct node *n = *root, *next;

	if (!n)
		return;
	for (struct node *c = n->child; c; c = next) {
		next = c->next;
		report_free(&c);
	}
	free(n->key);
	free(n->text);
	free(n->ascii);
	free(n->note);
	free(n->danger);
	json_object_put(n->json);
	free(n);
	*root = NULL;
}

struct node *add_map(struct node *to, const char *key, const char *title)
{
	struct node *n = add(to, K_MAP, key);

	n->text = title ? printable(title, strlen(title)) : NULL;
	return n;
}

struct node *add_list(struct node *to, const char *key, const char *title)
{
	struct node *n = add_map(to, key, title);

	n->kind = K_LIST;
	return n;
}

struct node *add_text(struct node *to, const char *key, const char *fmt, ...)
{
	struct node *n = add(to, K_TEXT, key);
	va_list ap;

	va_start(ap, fmt);
	n->text = vprintable(fmt, ap);
	va_end(ap);
	return n;
}

struct node *add_uint(struct node *to, const char *key, u64 value)
{
	struct node *n = add(to, K_UINT, key);

	n->value = value;
	return n;
}

struct node *add_int(struct node *to, const char *key, s64 value)
{
	struct node *n = add(to, K_INT, key);

	n->value = (u64)value;
	return n;
}

struct node *add_string(struct node *to, const char *key, const void *p, size_t len)
{
	struct node *n = add(to, K_TEXT, key);

	n->text = printable(p, len);
	return n;
}

struct node *add_json(struct node *to, const char *key, struct json_object *o)
{
	struct node *n = add(to, K_JSON, key);
	const char *text;

	n->json = json_object_get(o);
	if (json_object_is_type(o, json_type_string)) {
		n->text = printable(json_object_get_string(o), (size_t)json_object_get_string_len(o));
		return n;
	}
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE);
	n->text = printable(text, strlen(text));
	return n;
}

struct node *add_inline(struct node *to)
{
	struct node *n = add(to, K_INLINE, NULL);

	n->text_only = true;
	return n;
}

void add_same(struct node *to, const struct node *map)
{
	struct node *n = add(to, K_SAME, NULL);

	n->same = map;
	n->json_only = true;
}

bool has_values(const struct node *n)
{
	return n->child;
}

struct node *add_bool(struct node *to, const char *key, bool value)
{
	struct node *n = add(to, K_BOOL, key);

	n->value = value;
	return n;
}

/* Text in a field of bytes: printable to its end or to a tail of zeros */
static char *as_ascii(const u8 *p, size_t len)
{
	size_t i, n = len;

	while (n && !p[n - 1])
		n--;
	if (n < 4)
		return NULL;
	for (i = 0; i < n; i++)
		if (p[i] < ' ' || p[i] > '~')
			return NULL;
	return printable((const char *)p, n);
}

struct node *add_bytes(struct node *to, const char *key, const u8 *p, size_t len)
{
	struct node *n = add(to, K_BYTES, key);

	n->text = hex_encode(p, len);
	n->ascii = as_ascii(p, len);
	return n;
}

struct node *add_word(struct node *to, const char *key, u64 value, unsigned int digits)
{
	struct node *n = add(to, K_WORD, key);

	n->text = xasprintf("0x%0*" PRIx64, (int)digits, value);
	return n;
}

void add_data(struct node *to, const char *key, const u8 *p, size_t len)
{
	struct node *n = add(to, K_DATA, key);

	n->text = base64_encode(p, len, BASE64_STD);
	n->json_only = true;
}

void json_only(struct node *n)
{
	n->json_only = true;
}

void bytes_only(struct node *n)
{
	n->bytes_only = true;
}

void text_only(struct node *n)
{
	n->text_only = true;
}

void note(struct node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(n->note);
	n->note = vprintable(fmt, ap);
	va_end(ap);
}

void danger(struct node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(n->danger);
	n->danger = vprintable(fmt, ap);
	va_end(ap);
}

/* For people */

static bool has_children(const struct node *n)
{
	return n->kind == K_MAP || n->kind == K_LIST || n->kind == K_WORD;
}

static void print_value(const struct node *n, struct buf *b)
{
	switch (n->kind) {
	case K_UINT:
		buf_printf(b, "%" PRIu64, n->value);
		break;
	case K_INT:
		buf_printf(b, "%" PRId64, (s64)n->value);
		break;
	case K_BOOL:
		buf_add_str(b, n->value ? "yes" : "no");
		break;
	case K_BYTES:
		buf_add_str(b, *n->text ? n->text : "(empty)");
		break;
	default:
		if (n->text)
			buf_add_str(b, n->text);
	}
	if (n->ascii)
		buf_printf(b, "  \"%s\"", n->ascii);
	if (n->note)
		buf_printf(b, "  (%s)", n->note);
	if (n->danger)
		buf_printf(b, "  !! %s", n->danger);
	buf_add_str(b, "\n");
}

static void print_children(const struct node *parent, struct buf *b, int indent)
{
	const struct node *n;
	int width = 0;

	for (n = parent->child; n; n = n->next)
		if (n->key && !n->json_only && n->kind != K_MAP &&
		    n->kind != K_LIST && (int)strlen(n->key) > width)
			width = (int)strlen(n->key);

	for (n = parent->child; n; n = n->next) {
		if (n->json_only)
			continue;
		if (n->kind == K_INLINE) {
			print_children(n, b, indent);
			continue;
		}
		if (n->kind == K_LIST && !n->child) {
			buf_printf(b, "%*s%s  none\n", indent, "", n->text ? n->text : n->key ? n->key : "-");
			continue;
		}
		if (n->kind == K_MAP || n->kind == K_LIST) {
			buf_printf(b, "%*s%s", indent, "",
				   n->text ? n->text : n->key ? n->key : "-");
			if (n->note)
				buf_printf(b, "  (%s)", n->note);
			if (n->danger)
				buf_printf(b, "  !! %s", n->danger);
			buf_add_str(b, "\n");
		} else if (n->key) {
			buf_printf(b, "%*s%-*s  ", indent, "", width, n->key);
			print_value(n, b);
		} else {
			buf_printf(b, "%*s", indent, "");
			print_value(n, b);
		}
		if (has_children(n))
			print_children(n, b, indent + 2);
	}
}

/* As JSON: names as the vendors', bytes in hex, flag words as "value" */

static void collect_warnings(const struct node *n, struct json_object *list)
{
	for (; n; n = n->next) {
		if (n->danger) {
			struct json_object *w = json_object_new_object();

			if (n->key)
				json_object_object_add(w, "field",
						       json_object_new_string(n->key));
			json_object_object_add(w, "warning",
					       json_object_new_string(n->danger));
			json_object_array_add(list, w);
		}
		collect_warnings(n->child, list);
	}
}

static struct json_object *to_json(const struct node *n);

static void add_members(struct json_object *o, const struct node *map)
{
	const struct node *c;

	for (c = map->child; c; c = c->next) {
		if (c->text_only)
			continue;
		if (c->kind == K_SAME) {
			add_members(o, c->same);
			continue;
		}
		json_object_object_add(o, c->key, to_json(c));
		if (c->ascii && !c->bytes_only) {
			char *name = xasprintf("%s_text", c->key);

			json_object_object_add(o, name, json_object_new_string(c->ascii));
			free(name);
		}
	}
}

static struct json_object *to_json(const struct node *n)
{
	struct json_object *o;
	const struct node *c;

	switch (n->kind) {
	case K_UINT:
		return json_object_new_uint64(n->value);
	case K_INT:
		return json_object_new_int64((s64)n->value);
	case K_JSON:
		return json_object_get(n->json);
	case K_BOOL:
		return json_object_new_boolean(n->value != 0);
	case K_TEXT:
	case K_BYTES:
	case K_DATA:
		return json_object_new_string(n->text);
	case K_LIST:
		o = json_object_new_array();
		for (c = n->child; c; c = c->next)
			if (!c->text_only)
				json_object_array_add(o, to_json(c));
		return o;
	default:
		break;
	}

	o = json_object_new_object();
	if (n->kind == K_WORD)
		json_object_object_add(o, "value", json_object_new_string(n->text));
	add_members(o, n);
	return o;
}

/*
 * JSON is ASCII outside of its texts, and may be so within: what a terminal could take
 * for a command (RFC 8259, 7, leaves DEL and the controls of Unicode as they are) is
 * written by its number.
 */
static void add_ascii(struct buf *b, const char *s)
{
	const u8 *p = (const u8 *)s;

	while (*p) {
		u32 c = *p;
		int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

		if (c < 0x7f) {
			buf_add(b, p++, 1);
			continue;
		}
		c = c >= 0xf0 ? c & 7 : c >= 0xe0 ? c & 15 : c >= 0xc0 ? c & 31 : c == 0x7f ? c : 0xfffd;
		for (p++; more && (*p & 0xc0) == 0x80; more--)
			c = c << 6 | (*p++ & 63);
		if (more)
			c = 0xfffd;
		if (c < 0x10000)
			buf_printf(b, "\\u%04x", c);
		else
			buf_printf(b, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 | (c & 0x3ff));
	}
}

char *report_render(const struct node *root, bool json)
{
	struct buf b = { 0 };

	if (json) {
		struct json_object *o = to_json(root);
		struct json_object *w = json_object_new_array();

		collect_warnings(root->child, w);
		json_object_object_add(o, "warnings", w);
		add_ascii(&b, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
							     JSON_C_TO_STRING_NOSLASHESCAPE));
		buf_add_str(&b, "\n");
		json_object_put(o);
	} else {
		if (root->text)
			buf_printf(&b, "%s\n", root->text);
		print_children(root, &b, root->text ? 2 : 0);
	}
	return (char *)b.p;
}

int report_print(const struct node *root, bool json)
{
	char *text CLEANUP(free_str) = report_render(root, json);

	return file_write("-", text, strlen(text));
}
