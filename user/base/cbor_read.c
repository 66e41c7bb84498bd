// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cbor_read.h"
#include "base/json.h"

#define DEPTH_MAX	16	/* tokens nest half as deep */
#define MEMBERS_MAX	256	/* of a map; all pairs are compared */

void cbor_put(cbor_item_t **item)
{
	if (*item)
		cbor_decref(item);
	*item = NULL;
}

static const char *error_text(cbor_error_code code)
{
	switch (code) {
	case CBOR_ERR_NOTENOUGHDATA:
	case CBOR_ERR_NODATA:
		return "it is cut short";
	case CBOR_ERR_MEMERROR:
		return "a part claims more bytes than it has";
	case CBOR_ERR_SYNTAXERROR:
		return "its structure is malformed";
	default:
		return "it is not CBOR";
	}
}

/*
 * libcbor reserves room for as many members as a head claims. Each member takes a
 * byte at least and belongs to one head, so all claims together must fit too.
 *
 * Up to version 0.9 it also rejects tags 6 to 20 in one byte, which include
 * those of COSE: @out has the same items with these tags in two bytes.
 */
static bool heads_fit(struct span s, struct buf *out)
{
	size_t off = 0, members = 0;

	while (off < s.len) {
		u8 major = s.p[off] >> 5, info = s.p[off] & 31;
		size_t start = off, n = info < 24 || info == 31 ? 0 : info < 28 ? 1u << (info - 24) : 16, i;
		u64 value = info;

		off++;
		if (n > 8 || s.len - off < n)
			return false;
		for (i = 0, value = n ? 0 : value; i < n; i++)
			value = value << 8 | s.p[off + i];
		off += n;
		if (major == 6 && info >= 6 && info <= 20) {
			u8 head[2] = { 6 << 5 | 24, info };

			buf_add(out, head, sizeof(head));
			continue;
		}
		buf_add(out, s.p + start, off - start);
		if (info == 31 || major < 2 || major > 5)
			continue;
		if (value > s.len - off)
			return false;
		if (major < 4) {
			buf_add(out, s.p + off, value);
			off += value;
		} else {
			members += major == 5 ? 2 * value : value;
		}
		if (members > s.len)
			return false;
	}
	return true;
}

static size_t depth_of(const cbor_item_t *item, size_t depth)
{
	size_t most = depth, i, d;

	if (depth > DEPTH_MAX)
		return depth;
	if (cbor_isa_tag(item)) {
		cbor_item_t *inner = cbor_tag_item(item);

		most = depth_of(inner, depth + 1);
		cbor_decref(&inner);
	}
	for (i = 0; cbor_isa_array(item) && i < cbor_array_size(item); i++) {
		d = depth_of(cbor_array_handle(item)[i], depth + 1);
		most = d > most ? d : most;
	}
	for (i = 0; cbor_isa_map(item) && i < cbor_map_size(item); i++) {
		d = depth_of(cbor_map_handle(item)[i].value, depth + 1);
		most = d > most ? d : most;
	}
	return most;
}

static bool same_key(const cbor_item_t *a, const cbor_item_t *b)
{
	struct span x, y;

	if (cbor_typeof(a) != cbor_typeof(b))
		return false;
	if (cbor_is_int(a))
		return cbor_get_int(a) == cbor_get_int(b);
	if ((cbor_bytes_of(a, &x) && cbor_bytes_of(b, &y)) ||
	    (cbor_text_of(a, &x) && cbor_text_of(b, &y)))
		return x.len == y.len && !memcmp(x.p, y.p, x.len);
	return false;
}

/*
 * A map with one key twice is invalid (RFC 8949, 5.6): each reader could mean
 * another of the two. So is one with more members than can be compared.
 */
static bool maps_are_sound(const cbor_item_t *item)
{
	size_t i, k, n;
	bool ok = true;

	if (cbor_isa_tag(item)) {
		cbor_item_t *inner = cbor_tag_item(item);

		ok = maps_are_sound(inner);
		cbor_decref(&inner);
	}
	for (i = 0; ok && cbor_isa_array(item) && i < cbor_array_size(item); i++)
		ok = maps_are_sound(cbor_array_handle(item)[i]);
	n = cbor_isa_map(item) ? cbor_map_size(item) : 0;
	if (n > MEMBERS_MAX)
		return false;
	for (i = 0; ok && i < n; i++) {
		const struct cbor_pair *p = cbor_map_handle(item);

		for (k = 0; ok && k < i; k++)
			ok = !same_key(p[i].key, p[k].key);
		ok = ok && maps_are_sound(p[i].value);
	}
	return ok;
}

int cbor_read(struct span s, const char *what, cbor_item_t **out)
{
	struct buf copy CLEANUP_BUF;
	struct cbor_load_result r;

	*out = NULL;
	if (s.len > CBOR_READ_MAX)
		return fail(RC_EVIDENCE, "%s: %zu bytes; a token has at most %u",
			    what, s.len, CBOR_READ_MAX);
	if (!heads_fit(s, &copy))
		return fail(RC_EVIDENCE, "%s: cut short, or not CBOR", what);
	*out = cbor_load(copy.p, copy.len, &r);
	if (!*out)
		return fail(RC_EVIDENCE, "%s: %s", what, error_text(r.error.code));
	if (r.read != copy.len) {
		cbor_put(out);
		return fail(RC_EVIDENCE, "%s: trailing data", what);
	}
	if (depth_of(*out, 0) > DEPTH_MAX) {
		cbor_put(out);
		return fail(RC_EVIDENCE, "%s: it is nested deeper than %d", what, DEPTH_MAX);
	}
	if (!maps_are_sound(*out)) {
		cbor_put(out);
		return fail(RC_EVIDENCE, "%s: a map has a key twice, or more than %d members", what,
			    MEMBERS_MAX);
	}
	return RC_OK;
}

cbor_item_t *cbor_member(const cbor_item_t *map, s64 key)
{
	u64 value = key < 0 ? (u64)(-1 - key) : (u64)key;
	size_t i;

	for (i = 0; map && cbor_isa_map(map) && i < cbor_map_size(map); i++) {
		const struct cbor_pair *p = &cbor_map_handle(map)[i];

		if ((key < 0 ? cbor_isa_negint(p->key) : cbor_isa_uint(p->key)) &&
		    cbor_get_int(p->key) == value)
			return p->value;
	}
	return NULL;
}

bool cbor_bytes_of(const cbor_item_t *item, struct span *out)
{
	if (!item || !cbor_isa_bytestring(item) || !cbor_bytestring_is_definite(item))
		return false;
	*out = (struct span){ cbor_bytestring_handle(item), cbor_bytestring_length(item) };
	return true;
}

bool cbor_int_of(const cbor_item_t *item, int64_t *out)
{
	u64 value = cbor_is_int(item) ? cbor_get_int(item) : UINT64_MAX;

	if (value > INT64_MAX)
		return false;
	*out = cbor_isa_negint(item) ? -1 - (int64_t)value : (int64_t)value;
	return true;
}

bool cbor_text_of(const cbor_item_t *item, struct span *out)
{
	if (!item || !cbor_isa_string(item) || !cbor_string_is_definite(item))
		return false;
	*out = (struct span){ cbor_string_handle(item), cbor_string_length(item) };
	return true;
}

static bool is_number(struct span s)
{
	size_t i;

	for (i = s.len && s.p[0] == '-'; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.len;
}

char *cbor_key_text(const cbor_item_t *key)
{
	unsigned char *raw = NULL;
	size_t size = 0, len;
	char *hex, *name;
	struct span s;

	/* 1 and "1" are two keys */
	if (cbor_text_of(key, &s) && is_number(s))
		return xasprintf("\"%.*s\"", (int)s.len, (const char *)s.p);
	if (cbor_text_of(key, &s))
		return printable((const char *)s.p, s.len);
	if (cbor_isa_uint(key))
		return xasprintf("%llu", (unsigned long long)cbor_get_int(key));
	if (cbor_isa_negint(key))
		return xasprintf("-%llu", (unsigned long long)cbor_get_int(key) + 1);
	/* of any other type: by its encoding, so that no two are called the same */
	len = cbor_serialize_alloc(key, &raw, &size);
	if (!len)
		return xstrdup("?");
	hex = hex_encode(raw, len);
	free(raw);
	name = xasprintf("cbor:%s", hex);
	free_str(&hex);
	return name;
}

static void show_simple(struct node *to, const char *key, const cbor_item_t *item)
{
	bool simple = cbor_isa_float_ctrl(item);
	double number = simple && cbor_is_float(item) ? cbor_float_get_float(item) : 0;
	struct json_object *o = NULL;

	if (simple && cbor_float_ctrl_is_ctrl(item) && cbor_is_bool(item)) {
		add_bool(to, key, cbor_get_bool(item));
		return;
	}
	/* JSON has no infinity */
	if (!isfinite(number)) {
		add_text(to, key, "%g", number);
		return;
	}
	if (simple && cbor_is_float(item))
		o = json_object_new_double(number);
	add_json(to, key, o);
	json_object_put(o);
}

static void show_map(struct node *n, const cbor_item_t *map);

/* @named by the input: no member of ours beside it, ".._text", which could be one of its own */
static void show(struct node *to, const char *key, const cbor_item_t *item, bool named)
{
	cbor_item_t *inner;
	struct node *n;
	struct span s;
	size_t i;

	if (cbor_bytes_of(item, &s)) {
		n = add_bytes(to, key, s.p, s.len);
		if (named)
			bytes_only(n);
	} else if (cbor_text_of(item, &s)) {
		add_string(to, key, s.p, s.len);
	} else if (cbor_isa_uint(item)) {
		add_uint(to, key, cbor_get_int(item));
	} else if (cbor_isa_negint(item) && cbor_get_int(item) <= INT64_MAX) {
		add_int(to, key, -1 - (s64)cbor_get_int(item));
	} else if (cbor_isa_negint(item)) {
		add_text(to, key, "-%llu", (unsigned long long)cbor_get_int(item) + 1);
	} else if (cbor_isa_tag(item)) {
		inner = cbor_tag_item(item);
		show(to, key, inner, named);
		cbor_decref(&inner);
	} else if (cbor_isa_array(item)) {
		n = add_list(to, key, NULL);
		for (i = 0; i < cbor_array_size(item); i++) {
			/* which one it is; JSON has it by its place */
			char *name CLEANUP(free_str) = xasprintf("%zu", i);

			show(n, name, cbor_array_handle(item)[i], named);
		}
	} else if (cbor_isa_map(item)) {
		show_map(add_map(to, key, NULL), item);
	} else {
		show_simple(to, key, item);
	}
}

static void show_map(struct node *n, const cbor_item_t *map)
{
	size_t i;

	for (i = 0; i < cbor_map_size(map); i++) {
		char *name CLEANUP(free_str) = cbor_key_text(cbor_map_handle(map)[i].key);

		show(n, name, cbor_map_handle(map)[i].value, true);
	}
}

void cbor_show(struct node *to, const char *key, const cbor_item_t *item)
{
	show(to, key, item, false);
}
