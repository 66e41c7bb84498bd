// SPDX-License-Identifier: GPL-2.0-only
/* JSON canonicalization scheme, RFC 8785: one text for one value */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define EXACT_MAX	9007199254740992LL	/* 2^53 */

static void add_string(struct buf *out, const char *s, size_t len)
{
	static const char shorts[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
	size_t i;

	buf_add_str(out, "\"");
	for (i = 0; i < len; i++) {
		const char *c = s[i] ? strchr(shorts, s[i]) : NULL;

		if (c)
			buf_printf(out, "\\%c", letters[c - shorts]);
		else if ((u8)s[i] < 0x20)
			buf_printf(out, "\\u%04x", s[i]);
		else
			buf_add(out, s + i, 1);
	}
	buf_add_str(out, "\"");
}

/* The fewest digits that read back as @v, and its decimal exponent */
static int shortest(double v, char digits[20])
{
	char text[40];
	int precision, n = 0;
	const char *c;

	for (precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, v);
		if (strtod(text, NULL) == v)
			break;
	}
	for (c = text; *c != 'e'; c++)
		if (*c >= '0' && *c <= '9')
			digits[n++] = *c;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	return atoi(c + 1);
}

/* As ECMAScript writes numbers: RFC 8785, section 3.2.2.3 */
static void add_double(struct buf *out, double v)
{
	char digits[20];
	int n, point;

	if (v == 0) {
		buf_add_str(out, "0");
		return;
	}
	if (v < 0) {
		buf_add_str(out, "-");
		v = -v;
	}
	point = shortest(v, digits) + 1;
	n = (int)strlen(digits);
	if (n <= point && point <= 21)
		buf_printf(out, "%s%.*s", digits, point - n, "00000000000000000000");
	else if (point > 0 && point <= 21)
		buf_printf(out, "%.*s.%s", point, digits, digits + point);
	else if (point > -6 && point <= 0)
		buf_printf(out, "0.%.*s%s", -point, "000000", digits);
	else
		buf_printf(out, "%c%s%se%+d", digits[0], n > 1 ? "." : "", digits + 1, point - 1);
}

static int add_number(struct buf *out, struct json_object *o)
{
	if (json_object_is_type(o, json_type_int)) {
		long long v = json_object_get_int64(o);

		if (v > EXACT_MAX || v < -EXACT_MAX)
			return fail(RC_EVIDENCE, "JSON: the number %s has no exact form in RFC 8785 (more than 53 bits); make it a string",
				    json_text(o));
		buf_printf(out, "%lld", v);
		return RC_OK;
	}
	if (!isfinite(json_object_get_double(o)))
		return fail(RC_EVIDENCE, "JSON: RFC 8785 cannot represent the number %s", json_text(o));
	add_double(out, json_object_get_double(o));
	return RC_OK;
}

/*
 * RFC 8785 sorts by UTF-16 units. UTF-8 bytes sort the same except for
 * characters beyond U+FFFF (lead byte 0xf0 and up): those are surrogates in UTF-16 and come
 * before U+E000 to U+FFFF (lead bytes 0xee, 0xef).
 */
static int rank(u8 c)
{
	return c >= 0xf0 ? c - 2 : c >= 0xee ? c + 16 : c;
}

static int by_utf16(const void *pa, const void *pb)
{
	const u8 *a = *(const u8 *const *)pa, *b = *(const u8 *const *)pb;

	while (*a && *a == *b)
		a++, b++;
	return rank(*a) - rank(*b);
}

static int add_object(struct buf *out, struct json_object *o)
{
	size_t n = (size_t)json_object_object_length(o), i = 0;
	const char **keys = xalloc(n * sizeof(*keys));
	struct json_object_iterator it = json_object_iter_begin(o);
	struct json_object_iterator end = json_object_iter_end(o);
	int rc = RC_OK;

	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it))
		keys[i++] = json_object_iter_peek_name(&it);
	qsort(keys, n, sizeof(*keys), by_utf16);
	buf_add_str(out, "{");
	for (i = 0; !rc && i < n; i++) {
		if (i)
			buf_add_str(out, ",");
		add_string(out, keys[i], strlen(keys[i]));
		buf_add_str(out, ":");
		rc = jcs(json_object_object_get(o, keys[i]), out);
	}
	buf_add_str(out, "}");
	free(keys);
	return rc;
}

static int add_array(struct buf *out, struct json_object *o)
{
	size_t n = json_object_array_length(o), i;
	int rc = RC_OK;

	buf_add_str(out, "[");
	for (i = 0; !rc && i < n; i++) {
		if (i)
			buf_add_str(out, ",");
		rc = jcs(json_object_array_get_idx(o, i), out);
	}
	buf_add_str(out, "]");
	return rc;
}

int jcs(struct json_object *o, struct buf *out)
{
	switch (json_object_get_type(o)) {
	case json_type_null:
		buf_add_str(out, "null");
		return RC_OK;
	case json_type_boolean:
		buf_add_str(out, json_object_get_boolean(o) ? "true" : "false");
		return RC_OK;
	case json_type_int:
	case json_type_double:
		return add_number(out, o);
	case json_type_string:
		add_string(out, json_object_get_string(o), (size_t)json_object_get_string_len(o));
		return RC_OK;
	case json_type_array:
		return add_array(out, o);
	case json_type_object:
		return add_object(out, o);
	}
	return fail(RC_FAILED, "JSON: a value has an unknown type");
}
