/* SPDX-License-Identifier: GPL-2.0-only */
/* Each check prints one line, "ok", "not ok" or "skip"; ./run counts them. */
#ifndef UNIT_H
#define UNIT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static int unit_failed;

__attribute__((format(printf, 2, 3), unused))
static void ok(bool good, const char *fmt, ...)
{
	va_list ap;

	unit_failed |= !good;
	fputs(good ? "ok " : "not ok ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* The tool's messages are not wanted where thousands of failures are. */
__attribute__((unused))
static void unit_quiet(void)
{
	stderr = fopen("/dev/null", "w");
}

#endif
