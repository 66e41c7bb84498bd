// SPDX-License-Identifier: GPL-2.0-only
/* What all checks of doctor use: report a verdict, look a fact up. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/doctor.h"

static const char *const verdicts[DOC_VERDICTS] = {
	[DOC_OK] = "ok", [DOC_WARN] = "warn", [DOC_FAIL] = "fail", [DOC_NA] = "n/a",
};

void doctor_say(struct doctor *d, const char *check, enum verdict_of_doctor v, const char *remedy,
		const char *fmt, ...)
{
	char *text CLEANUP(free_str) = NULL, *safe CLEANUP(free_str) = NULL;
	struct node *n;
	va_list ap;
	int n_text;

	va_start(ap, fmt);
	n_text = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n_text < 0)
		text = xstrdup("out of memory");
	/* from files of a bundle, or from the host */
	safe = printable(text, strlen(text));
	n = add_map(d->list, NULL, NULL);
	add_text(n, "check", "%s", check);
	add_text(n, "verdict", "%s", verdicts[v]);
	add_text(n, "reason", "%s", safe);
	if (remedy && (v == DOC_WARN || v == DOC_FAIL))
		add_text(n, "remedy", "%s", remedy);
	d->count[v]++;
	if (d->quiet)
		return;
	printf("%-4s  %s: %s\n", verdicts[v], check, safe);
	if (remedy && (v == DOC_WARN || v == DOC_FAIL))
		printf("      -> %s\n", remedy);
}

struct json_object *doctor_get(struct json_object *o, const char *path)
{
	char key[64];
	size_t len;

	while (o && *path) {
		len = strcspn(path, ".");
		if (len >= sizeof(key) || !json_object_is_type(o, json_type_object))
			return NULL;
		memcpy(key, path, len);
		key[len] = 0;
		o = json_object_object_get(o, key);
		path += len + (path[len] == '.');
	}
	return o;
}

const char *doctor_text(struct json_object *o, const char *path)
{
	struct json_object *v = doctor_get(o, path);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

int doctor_bool(struct json_object *o, const char *path)
{
	struct json_object *v = doctor_get(o, path);

	return json_object_is_type(v, json_type_boolean) ? json_object_get_boolean(v) : -1;
}
