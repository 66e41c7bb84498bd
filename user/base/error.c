// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static struct buf *captured;

struct buf *complain_into(struct buf *b)
{
	struct buf *before = captured;

	captured = b;
	return before;
}

/* A message quotes what others wrote, which must not steer a terminal: no control
 * characters, of ASCII or of Unicode (C1: 0xc2 0x80 to 0xc2 0x9f).
 */
static void clean(char *s)
{
	for (; *s; s++) {
		if ((u8)*s == 0xc2 && (u8)s[1] >= 0x80 && (u8)s[1] < 0xa0)
			*s = *(s + 1) = '?';
		else if ((u8)*s < ' ' || *s == 0x7f)
			*s = '?';
	}
}

static void say(const char *kind, const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	else
		clean(s);
	if (captured) {
		buf_printf(captured, "%s%s", captured->len ? "; " : "", s ? s : "out of memory");
	} else {
		fflush(stdout);
		fprintf(stderr, "cvm-evidence: %s%s\n", kind, s ? s : "out of memory");
	}
	free(s);
}

void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

static void *checked(void *p)
{
	if (!p)
		exit(fail(RC_FAILED, "out of memory"));
	return p;
}

void *xalloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *xgrow(void *list, size_t n, size_t size)
{
	void *more;

	/* it is full when @n is a power of two */
	if (n & (n - 1))
		return list;
	more = xalloc((n ? 2 * n : 1) * size);
	if (n)
		memcpy(more, list, n * size);
	free(list);
	return more;
}

char *xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *xasprintf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return checked(n < 0 ? NULL : s);
}

void free_str(char **s)
{
	free(*s);
	*s = NULL;
}

/* Keeps a NUL after the bytes, so that they can be used as a string. */
void buf_add(struct buf *b, const void *p, size_t len)
{
	if (b->cap - b->len < len + 1 || !b->p) {
		size_t cap = b->cap ? b->cap : 256;

		while (cap - b->len < len + 1)
			cap *= 2;
		b->p = checked(realloc(b->p, cap));
		b->cap = cap;
	}
	if (len)
		memcpy(b->p + b->len, p, len);
	b->len += len;
	b->p[b->len] = '\0';
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	checked(n < 0 ? NULL : s);
	buf_add(b, s, (size_t)n);
	free(s);
}

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

bool is_zero(const u8 *p, size_t len)
{
	while (len--)
		if (*p++)
			return false;
	return true;
}
