// SPDX-License-Identifier: GPL-2.0-only
/* Values as people write them on a command line */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"

int parse_number(const char *what, const char *text, u64 max, u64 *out)
{
	/* decimal: to other readers 010 is eight */
	errno = 0;
	*out = strtoull(text, NULL, 10);
	if (errno || !*text || text[strspn(text, "0123456789")] || *out > max)
		return fail(RC_USAGE, "%s: '%s' is not a number from 0 to %llu", what, text,
			    (unsigned long long)max);
	return RC_OK;
}

/*
 * strptime() takes fewer digits, spaces and days that a month does not have: "25-01-31" is
 * in the year 25. What is meant is what comes out again.
 */
bool parse_time(const char *text, bool days, time_t *t)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d" };
	static const int lens[] = { 20, 10 };
	char again[32];
	struct tm is;
	int i;

	for (i = 0; i <= days; i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);

		if (!end || *end || strlen(text) != (size_t)lens[i])
			continue;
		*t = timegm(&tm);
		return gmtime_r(t, &is) && strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &is) &&
		       !strncmp(again, text, i ? (size_t)lens[1] : sizeof(again));
	}
	return false;
}

int parse_data(const char *option, const char *arg, struct buf *out)
{
	const char *text = strchr(arg, ':'), *why;
	int rc = RC_OK;

	if (!text)
		return fail(RC_USAGE, "%s: '%s' needs its encoding in front: hex:, base64:, text: or file:",
			    option, arg);
	text++;
	if (!strncmp(arg, "hex:", 4))
		rc = hex_decode(text, strlen(text), out, &why);
	else if (!strncmp(arg, "base64:", 7))
		rc = base64_decode(text, strlen(text), out, &why);
	else if (!strncmp(arg, "text:", 5))
		buf_add_str(out, text);
	else if (!strncmp(arg, "file:", 5))
		return option_file(file_read(text, 1024 * 1024, out));
	else
		return fail(RC_USAGE, "%s: '%s': unknown encoding; use hex:, base64:, text: or file:",
			    option, arg);
	if (rc)
		return fail(RC_USAGE, "%s: '%s': %s", option, arg, why);
	return RC_OK;
}
