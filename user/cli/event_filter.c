// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "cli/event_filter.h"

struct event_filter {
	u32 attr;
	char **values;		/* as event_value() has them */
	size_t n;
	struct event_filter *next;
};

static int no_such_attribute(const char *text, size_t len)
{
	struct buf names CLEANUP_BUF;
	u32 i;

	for (i = 0; i <= EVENT_ATTR_MAX; i++)
		if (event_attr(i))
			buf_printf(&names, " %s", event_attr(i)->name);
	return fail(RC_USAGE, "--filter: events have no '%.*s'; they have:%s", (int)len, text,
		    (char *)names.p);
}

static int no_such_value(u32 attr, const char *value)
{
	const struct event_attr *a = event_attr(attr);
	struct buf names CLEANUP_BUF;
	u32 i;

	for (i = 0; i < 64 && (a->kind == EVENT_ENUM || a->kind == EVENT_BITS); i++)
		if (event_value_name(a, i))
			buf_printf(&names, " %s", event_value_name(a, i));
	if (names.len)
		return fail(RC_USAGE, "--filter: '%s' is not a value of %s; use one of:%s", value, a->name,
			    (char *)names.p);
	return fail(RC_USAGE, "--filter: '%s' cannot have the value '%s'; it is %s", a->name, value,
		    a->kind == EVENT_FLAG ? "true or absent" :
		    a->kind == EVENT_BYTES ? "hexadecimal digits" : "a number");
}

static int add_value(struct event_filter *f, const char *value)
{
	struct buf b CLEANUP_BUF;

	if (!event_normalise(f->attr, value, &b))
		return no_such_value(f->attr, value);
	f->values = realloc(f->values, (f->n + 1) * sizeof(*f->values));
	if (!f->values)
		exit(fail(RC_FAILED, "out of memory"));
	f->values[f->n++] = xstrdup(b.p ? (char *)b.p : "");
	return RC_OK;
}

int event_filter_add(struct event_filter **filters, const char *text)
{
	const char *equals = strchr(text, '=');
	char *name CLEANUP(free_str) = NULL, *list CLEANUP(free_str) = NULL;
	char *value, *rest;
	struct event_filter *f;
	u32 attr;
	int rc;

	if (!equals || !equals[1])
		return fail(RC_USAGE, "--filter: '%s' is not ATTRIBUTE=VALUE[,VALUE]..., as in type=reattest or uid=1000",
			    text);
	name = xasprintf("%.*s", (int)(equals - text), text);
	attr = event_attr_by_name(name);
	if (!attr)
		return no_such_attribute(text, (size_t)(equals - text));

	f = xalloc(sizeof(*f));
	f->attr = attr;
	f->next = *filters;
	*filters = f;
	/* do not split a text: the name of a process may contain a comma */
	if (event_attr(attr)->kind == EVENT_TEXT)
		return add_value(f, equals + 1);
	list = xstrdup(equals + 1);
	for (rest = list; (value = strsep(&rest, ",")); ) {
		rc = add_value(f, value);
		if (rc)
			return rc;
	}
	return RC_OK;
}

static bool matches(const struct event_filter *f, const struct event *e)
{
	struct buf value CLEANUP_BUF;
	size_t v;
	u32 i;

	for (i = 0; event_value(e, f->attr, i, &value); i++, value.len = 0)
		for (v = 0; v < f->n; v++)
			if (!strcmp(f->values[v], value.p ? (char *)value.p : ""))
				return true;
	return false;
}

bool event_filter_match(const struct event_filter *f, const struct event *e)
{
	for (; f; f = f->next)
		if (!matches(f, e))
			return false;
	return true;
}

void event_filter_free(struct event_filter **filters)
{
	struct event_filter *f;

	while ((f = *filters)) {
		*filters = f->next;
		while (f->n)
			free(f->values[--f->n]);
		free(f->values);
		free(f);
	}
}
