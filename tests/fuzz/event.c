// SPDX-License-Identifier: GPL-2.0-only
/* Attributes of a netlink message, and a filter for them */
#include "base/json.h"
#include "cli/event_filter.h"
#include "cli/event_print.h"
#include "device/event.h"
#include "fuzz.h"

FUZZ(event)
{
	struct span rest = s;
	struct part attrs CLEANUP_PART = fuzz_part(&rest);
	struct part filter CLEANUP_PART = fuzz_part(&rest);
	char *text CLEANUP(free_str) = xasprintf("%.*s", (int)filter.s.len, (char *)filter.s.p);
	struct event_filter *filters CLEANUP(event_filter_free) = NULL;
	struct buf line CLEANUP_BUF, json CLEANUP_BUF;
	struct json_object *o;
	struct event e;

	event_parse(&e, attrs.s.p, attrs.s.len);
	event_text(&e, &line);
	fuzz_is_text((char *)line.p, line.len);
	must(!memchr(line.p, '\n', line.len));
	event_json(&e, &json);
	fuzz_is_text((char *)json.p, json.len);
	o = json_parse(buf_span(&json));
	must(json_object_is_type(o, json_type_object));
	json_put(&o);
	if (!event_filter_add(&filters, text))
		event_filter_match(filters, &e);
}
