// SPDX-License-Identifier: GPL-2.0-only
/* Events for people and as JSON. JSON has everything that came. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <netlink/attr.h>

#include "cli/event_print.h"

#define NS_PER_SEC	((u64)1000000000)
#define NS_PER_MS	1000000.0

static const struct event_attr *known(const struct nlattr *nla)
{
	const struct event_attr *a = event_attr((u32)nla_type(nla));

	return a && event_attr_ok(a, nla) ? a : NULL;
}

/* As JSON */

static struct json_object *hex_json(const void *p, size_t len)
{
	char *hex CLEANUP(free_str) = hex_encode(p, len);

	return json_object_new_string(hex);
}

static struct json_object *bits_json(const struct event_attr *a, u64 value)
{
	struct json_object *list = json_object_new_array();
	struct buf name CLEANUP_BUF;
	u32 i;

	for (i = 0; event_bit_name(a, value, i, &name); i++, name.len = 0)
		json_object_array_add(list, json_object_new_string((char *)name.p));
	return list;
}

static struct json_object *value_json(const struct event_attr *a, const struct nlattr *nla)
{
	char *text CLEANUP(free_str) = NULL;
	const char *name;

	switch (a->kind) {
	case EVENT_FLAG:
		return json_object_new_boolean(true);
	case EVENT_BYTES:
		return hex_json(nla_data(nla), (size_t)nla_len(nla));
	case EVENT_TEXT:
		text = event_text_of(nla);
		return json_object_new_string(text);
	case EVENT_BITS:
		return bits_json(a, event_number(nla));
	case EVENT_ENUM:
		name = event_value_name(a, event_number(nla));
		if (name)
			return json_object_new_string(name);
		break;
	default:
		break;
	}
	return json_object_new_uint64(event_number(nla));
}

/* The same attribute twice is two members: "uid", "uid-2". */
static void add_member(struct json_object *o, const char *key, struct json_object *value)
{
	char *name CLEANUP(free_str) = xstrdup(key);
	u32 n;

	for (n = 2; json_object_object_get_ex(o, name, NULL); n++) {
		free(name);
		name = xasprintf("%s-%u", key, n);
	}
	json_object_object_add(o, name, value);
}

void event_json(const struct event *e, struct buf *out)
{
	struct json_object *o = json_object_new_object();
	const struct event_attr *a;
	const struct nlattr *nla;
	int left;

	for (nla = event_first(e, &left); nla_ok(nla, left); nla = nla_next(nla, &left)) {
		a = known(nla);
		if (a) {
			add_member(o, a->name, value_json(a, nla));
		} else {
			char *key CLEANUP(free_str) = xasprintf("attr-%d", nla_type(nla));

			add_member(o, key, hex_json(nla_data(nla), (size_t)nla_len(nla)));
		}
	}
	if (left > 0)
		add_member(o, "malformed", hex_json(nla, (size_t)left));
	buf_add_str(out, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* For people */

static void add_hex(struct buf *out, const void *p, size_t len)
{
	char *hex CLEANUP(free_str) = hex_encode(p, len);

	buf_add_str(out, hex);
}

/* A process may call itself 'x" uid="0'. */
static void add_quoted(struct buf *out, const char *s)
{
	buf_add_str(out, "\"");
	for (; *s; s++)
		buf_add_str(out, *s == '"' ? "\\x22" : (char[]){ *s, '\0' });
	buf_add_str(out, "\"");
}

static void add_bits(struct buf *out, const struct event_attr *a, u64 value)
{
	struct buf name CLEANUP_BUF;
	u32 i;

	for (i = 0; event_bit_name(a, value, i, &name); i++, name.len = 0)
		buf_printf(out, "%s%s", i ? "," : "", (char *)name.p);
}

static void add_errno(struct buf *out, u64 err)
{
	const char *name = err <= INT32_MAX ? strerrorname_np((int)err) : NULL;

	if (name)
		buf_add_str(out, name);
	else
		buf_printf(out, "%" PRIu64, err);
}

static void add_value(struct buf *out, const struct event_attr *a, const struct nlattr *nla)
{
	char *text CLEANUP(free_str) = NULL;
	const char *name;

	/* " wait=0.100ms" of wait-ns */
	if (a->kind == EVENT_NS) {
		buf_printf(out, " %.*s=%.3fms", (int)strlen(a->name) - 3, a->name,
			   (double)event_number(nla) / NS_PER_MS);
		return;
	}
	buf_printf(out, " %s", a->name);
	if (a->kind == EVENT_FLAG)
		return;
	buf_add_str(out, "=");
	switch (a->kind) {
	case EVENT_BYTES:
		add_hex(out, nla_data(nla), (size_t)nla_len(nla));
		return;
	case EVENT_TEXT:
		text = event_text_of(nla);
		add_quoted(out, text);
		return;
	case EVENT_BITS:
		add_bits(out, a, event_number(nla));
		return;
	case EVENT_ERRNO:
		add_errno(out, event_number(nla));
		return;
	case EVENT_WORD:
		buf_printf(out, "0x%" PRIx64, event_number(nla));
		return;
	case EVENT_ENUM:
		name = event_value_name(a, event_number(nla));
		if (name) {
			buf_add_str(out, name);
			return;
		}
		break;
	default:
		break;
	}
	buf_printf(out, "%" PRIu64, event_number(nla));
}

void event_time(struct buf *out, u64 ns)
{
	time_t t = (time_t)(ns / NS_PER_SEC);
	char text[64];
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(text, sizeof(text), "%F %T", &tm))
		snprintf(text, sizeof(text), "%" PRIu64, ns / NS_PER_SEC);
	buf_printf(out, "%s.%03u", text, (unsigned int)(ns % NS_PER_SEC / 1000000));
}

/* "TIME #NUMBER TYPE", each of them only if it came */
static void add_start(struct buf *out, const struct event *e)
{
	struct buf value CLEANUP_BUF;

	if (event_value(e, CVM_EVIDENCE_EVENT_A_REALTIME, 0, &value))
		event_time(out, strtoull((char *)value.p, NULL, 10));
	else
		buf_add_str(out, "-");
	value.len = 0;
	buf_printf(out, " #%s", event_value(e, CVM_EVIDENCE_EVENT_A_NUMBER, 0, &value) ?
		   (char *)value.p : "?");
	value.len = 0;
	if (!event_value(e, CVM_EVIDENCE_EVENT_A_TYPE, 0, &value))
		buf_add_str(out, " event");
	else if (value.p[0] >= '0' && value.p[0] <= '9')
		buf_printf(out, " event-%s", (char *)value.p);
	else
		buf_printf(out, " %s", (char *)value.p);
}

static bool is_quiet(const struct event *e, const struct event_attr *a, const struct nlattr *nla)
{
	/* leave out what is the same in nearly every line */
	switch (nla_type(nla)) {
	case CVM_EVIDENCE_EVENT_A_VM_EPOCH:
		return !event_number(nla) && e->type != CVM_EVIDENCE_EV_REATTEST;
	case CVM_EVIDENCE_EVENT_A_FLAGS:
		return !event_number(nla);
	case CVM_EVIDENCE_EVENT_A_BATCH:
		return event_number(nla) == 1;
	default:
		return !a->brief;
	}
}

void event_text(const struct event *e, struct buf *out)
{
	const struct event_attr *a;
	const struct nlattr *nla;
	int left;

	add_start(out, e);
	for (nla = event_first(e, &left); nla_ok(nla, left); nla = nla_next(nla, &left)) {
		a = known(nla);
		if (a && !is_quiet(e, a, nla)) {
			add_value(out, a, nla);
		} else if (!a) {
			buf_printf(out, " attr-%d=", nla_type(nla));
			add_hex(out, nla_data(nla), (size_t)nla_len(nla));
		}
	}
	if (left > 0) {
		buf_add_str(out, " malformed=");
		add_hex(out, nla, (size_t)left);
	}
}
