// SPDX-License-Identifier: GPL-2.0-only
/* Answers of services: their error message, in one line */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "net/answer.h"

static const char *first_text(struct json_object *o, const char *a, const char *b)
{
	const char *text = json_get_text(o, a);

	return text && *text ? text : json_get_text(o, b);
}

/*
 * {"error":{"code","message"}} of MAA (capitals in places) and of Google,
 * {"error":".."} of ITA, problem details (RFC 9457) of KBS and Veraison.
 */
static char *json_error(struct json_object *o)
{
	struct json_object *e = NULL, *code = NULL;
	const char *text, *name;

	if (json_object_object_get_ex(o, "error", &e) || json_object_object_get_ex(o, "Error", &e)) {
		if (json_object_is_type(e, json_type_string))
			return xstrdup(json_object_get_string(e));
		text = first_text(e, "message", "Message");
		name = first_text(e, "status", "code");
		if (!name)
			name = json_get_text(e, "Code");
		if (!name && json_object_is_type(e, json_type_object) &&
		    json_object_object_get_ex(e, "code", &code))
			name = json_object_get_string(code);
		if (text || name)
			return xasprintf("%s%s%s", name ? name : "", name && text ? ": " : "",
					 text ? text : "");
	}
	text = json_get_text(o, "detail");
	name = first_text(o, "title", "type");
	if (name && strrchr(name, '/'))
		name = strrchr(name, '/') + 1;
	if (text || name)
		return xasprintf("%s%s%s", name ? name : "", name && text ? ": " : "",
				 text ? text : "");
	text = first_text(o, "message", "Message");
	return text ? xstrdup(text) : NULL;
}

char *http_error_text(const struct http_answer *a)
{
	struct json_object *o = json_parse(buf_span(&a->body));
	char *text = json_object_is_type(o, json_type_object) ? json_error(o) : NULL, *c;

	json_object_put(o);
	if (!text)
		text = xasprintf("%.*s", a->body.len > 300 ? 300 : (int)a->body.len,
				 a->body.p ? (char *)a->body.p : "");
	/* the service's text goes to a terminal */
	for (c = text; *c; c++)
		if (iscntrl((unsigned char)*c) || (unsigned char)*c > 126)
			*c = ' ';
	while (c > text && c[-1] == ' ')
		*--c = '\0';
	return text;
}

int answer_check(const struct http_answer *a)
{
	char *text CLEANUP(free_str) = NULL;

	if (a->status >= 200 && a->status < 300)
		return RC_OK;
	text = http_error_text(a);
	if (a->status == 429) {
		if (a->retry_after >= 0)
			return fail(RC_BUSY, "the service is throttling (429): ask again in %ld s%s%s",
				    a->retry_after, *text ? ": " : "", text);
		return fail(RC_BUSY, "the service is throttling (429): ask again later%s%s",
			    *text ? ": " : "", text);
	}
	/* errors that may be temporary, by RFC 9110 */
	if (a->status == 408 || a->status >= 500)
		return fail(RC_BUSY, "the service fails for now, with status %ld: ask again later%s%s",
			    a->status, *text ? ": " : "", text);
	return fail(RC_REFUSED, "the service refused with status %ld%s%s", a->status,
		    *text ? ": " : "", text);
}

int answer_json(const struct http_answer *a, struct json_object **o)
{
	int rc = answer_check(a);

	*o = NULL;
	if (rc)
		return rc;
	*o = json_parse(buf_span(&a->body));
	if (json_object_is_type(*o, json_type_object))
		return RC_OK;
	json_put(o);
	return fail(RC_REFUSED, "the service's answer is not a JSON object (%s)",
		    a->type ? a->type : "no Content-Type");
}

/* Tokens are dots and base64url; anything else is not a token, and is not safe
 * to print on a terminal.
 */
int answer_token(const char *text, size_t len, struct buf *out)
{
	size_t i;

	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.=", text[i]))
			break;
	if (!len || i < len)
		return fail(RC_REFUSED, "the token in the service's answer is malformed");
	buf_add(out, text, len);
	buf_add_str(out, "\n");
	return RC_OK;
}

int answer_text(const struct http_answer *a, const char *member, struct buf *out)
{
	struct json_object *o CLEANUP(json_put) = NULL;
	const char *text;
	int rc = answer_json(a, &o);

	if (rc)
		return rc;
	text = json_get_text(o, member);
	if (!text || !*text)
		return fail(RC_REFUSED, "the service's answer lacks the member %s", member);
	return answer_token(text, strlen(text), out);
}
