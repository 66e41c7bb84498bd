// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy as a JSON object. json-c keeps the last of two members of one name
 * and does not tell positions. So its strict parser checks the text first; then
 * the members are read one by one, each with its line and column.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "verify/policy.h"

#define POLICY_MAX	(1024u * 1024)	/* bytes */

struct reader {
	const char *path;
	struct span s;
	size_t at;
	struct policy *p;
	bool seen[POLICY_OPTIONS_MAX];
};

static int bad(const struct reader *r, size_t at, const char *fmt, ...) PRINTF(3, 4);

static int bad(const struct reader *r, size_t at, const char *fmt, ...)
{
	size_t line = 1, start = 0, i;
	struct buf text CLEANUP_BUF;
	char *s = NULL;
	va_list ap;

	for (i = 0; i < at && i < r->s.len; i++)
		if (r->s.p[i] == '\n') {
			line++;
			start = i + 1;
		}
	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	buf_add_str(&text, s ? s : "out of memory");
	free_str(&s);
	return fail(RC_USAGE, "--policy: %s, line %zu, column %zu: %s", r->path, line,
		    at - start + 1, (char *)text.p);
}

static bool is_space(u8 c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static u8 peek(struct reader *r)
{
	while (r->at < r->s.len && is_space(r->s.p[r->at]))
		r->at++;
	return r->at < r->s.len ? r->s.p[r->at] : 0;
}

/* One value, which the strict parser has accepted: up to its end */
static struct span skip_value(struct reader *r)
{
	size_t start, depth = 0;
	bool text = false;

	peek(r);
	for (start = r->at; r->at < r->s.len; r->at++) {
		u8 c = r->s.p[r->at];

		if (text) {
			if (c == '\\')
				r->at++;
			else if (c == '"')
				text = false;
		} else if (c == '"') {
			text = true;
		} else if (c == '[' || c == '{') {
			depth++;
		} else if (!depth && (c == ',' || c == ']' || c == '}' || is_space(c) || c == ':')) {
			break;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return (struct span){ r->s.p + start, r->at - start };
}

/* The text of a JSON string without a NUL in it; NULL when it is not one */
static char *string_of(struct span token)
{
	struct json_object *o = token.len && token.p[0] == '"' ? json_parse(token) : NULL;
	const char *s = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;
	char *copy = NULL;

	if (s && strlen(s) == (size_t)json_object_get_string_len(o))
		copy = xstrdup(s);
	json_put(&o);
	return copy;
}

static int set(struct reader *r, size_t at, int index, const char *name, const char *arg)
{
	struct buf said CLEANUP_BUF;
	struct buf *before = complain_into(&said);
	int rc = policy_option(r->p, index, arg);

	complain_into(before);
	if (rc)
		bad(r, at, "\"%s\": %s", name, (char *)said.p);
	/* a file that cannot be read: not the policy's text is wrong */
	return rc;
}

/* A text, or a number where the option is one */
static int scalar(struct reader *r, int index, const char *name)
{
	struct span token = skip_value(r);
	size_t at = (size_t)(token.p - r->s.p);
	char *text CLEANUP(free_str) = string_of(token);

	if (text && !*text)
		return bad(r, at, "\"%s\": the string is empty, which would check nothing", name);
	/* JSON has no octal numbers, though the parser reads them */
	if (token.len > 1 && token.p[0] == '0' && token.p[1] >= '0' && token.p[1] <= '9')
		return bad(r, at, "it is not JSON: a number begins with 0");
	if (!text && policy_takes_number(index) && token.len &&
	    (token.p[0] == '-' || (token.p[0] >= '0' && token.p[0] <= '9')))
		text = xasprintf("%.*s", (int)token.len, (const char *)token.p);
	if (!text)
		return bad(r, at, "\"%s\": a %s is expected%s", name,
			   policy_takes_number(index) ? "number" : "text",
			   policy_takes_list(index) ? ", or a list of them" : "");
	return set(r, at, index, name, text);
}

static int flag(struct reader *r, int index, const char *name)
{
	struct span token = skip_value(r);
	size_t at = (size_t)(token.p - r->s.p);

	if (token.len == 4 && !memcmp(token.p, "true", 4))
		return set(r, at, index, name, NULL);
	if (token.len == 5 && !memcmp(token.p, "false", 5))
		return RC_OK;
	return bad(r, at, "\"%s\" must be true or false", name);
}

static int value(struct reader *r, int index, const char *name)
{
	size_t at;
	int rc = RC_OK;

	if (!policy_takes_value(index))
		return flag(r, index, name);
	if (peek(r) != '[')
		return scalar(r, index, name);
	at = r->at++;
	if (!policy_takes_list(index))
		return bad(r, at, "\"%s\" takes one value, not a list", name);
	if (peek(r) == ']')
		return bad(r, at, "\"%s\": the list is empty, which would check nothing", name);
	while (!rc) {
		rc = scalar(r, index, name);
		if (!rc && peek(r) != ',')
			break;
		r->at++;
	}
	r->at += !rc;		/* ] */
	return rc;
}

static int member(struct reader *r)
{
	struct span token = skip_value(r);
	size_t at = (size_t)(token.p - r->s.p);
	char *name CLEANUP(free_str) = string_of(token);
	int index = name ? policy_index(name) : -1;

	if (index < 0)
		return bad(r, at, "there is no option \"%s\"", name ? name : "?");
	if (r->seen[index])
		return bad(r, at, "\"%s\" is given twice", name);
	r->seen[index] = true;
	peek(r);
	r->at++;		/* : */
	return value(r, index, name);
}

/* Where the strict parser stops is where the text is wrong. */
static int judge(const struct reader *r)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o;
	enum json_tokener_error e;
	size_t end;
	int rc = RC_OK;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, (const char *)r->s.p, (int)r->s.len);
	e = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	if (e == json_tokener_continue)
		rc = bad(r, r->s.len, "the JSON text ends too early");
	else if (e != json_tokener_success)
		rc = bad(r, end, "it is not JSON: %s", json_tokener_error_desc(e));
	else if (!json_object_is_type(o, json_type_object))
		rc = bad(r, 0, "it is not a JSON object");
	else if (end != r->s.len)
		/* the parser takes a NUL for the end of the text */
		rc = bad(r, end, "there are bytes after the object");
	json_put(&o);
	json_tokener_free(tok);
	return rc;
}

static int read_file(const char *path, struct buf *b)
{
	struct buf said CLEANUP_BUF;
	struct buf *before = complain_into(&said);
	int rc = file_read(path, POLICY_MAX, b);

	complain_into(before);
	if (rc == RC_EVIDENCE)
		return fail(RC_USAGE, "--policy: %s is larger than the limit, %u bytes", path, POLICY_MAX);
	return rc ? fail(rc, "%s", (char *)said.p) : RC_OK;
}

int policy_file(struct policy *p, const char *path)
{
	struct buf b CLEANUP_BUF;
	struct reader r = { .path = path, .p = p };
	int rc = read_file(path, &b);

	if (rc)
		return rc;
	while (b.len && is_space(b.p[b.len - 1]))
		b.len--;
	r.s = buf_span(&b);
	rc = judge(&r);
	if (rc)
		return rc;
	peek(&r);
	r.at++;			/* { */
	if (peek(&r) == '}')
		return RC_OK;
	while (!rc) {
		rc = member(&r);
		if (!rc && peek(&r) != ',')
			break;
		r.at++;
	}
	return rc;
}
