// SPDX-License-Identifier: GPL-2.0-only
/* Checks and the verdicts they come to */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/verify.h"

static char *text_of(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		exit(fail(RC_FAILED, "out of memory"));
	return s;
}

static void add(struct verify *v, enum verdict d, enum outcome o, const char *name,
		const char *fmt, va_list ap)
{
	if (v->n == v->room) {
		struct check *more = xalloc((v->room = 2 * v->n + 32) * sizeof(*more));

		if (v->n)
			memcpy(more, v->checks, v->n * sizeof(*more));
		free(v->checks);
		v->checks = more;
	}
	v->checks[v->n++] = (struct check){ d, o, xstrdup(name), text_of(fmt, ap) };
}

void passed(struct verify *v, enum verdict d, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, d, PASSED, name, fmt, ap);
	va_end(ap);
}

void failed(struct verify *v, enum verdict d, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, d, FAILED, name, fmt, ap);
	va_end(ap);
}

void unable(struct verify *v, enum verdict d, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, d, UNABLE, name, fmt, ap);
	va_end(ap);
}

void unbound(struct verify *v, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, BOUND, v->policy.no_binding ? LEFT_OUT : UNABLE, name, fmt, ap);
	va_end(ap);
}

void left_out(struct verify *v, enum verdict d, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, d, LEFT_OUT, name, fmt, ap);
	va_end(ap);
}

void judged(struct verify *v, enum verdict d, bool good, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, d, good ? PASSED : FAILED, name, fmt, ap);
	va_end(ap);
}

/* The names are few: what there may be many of has one, and a list of texts. */
static void add_fact(struct verify *v, const char *key, bool list, char *text)
{
	struct fact *f;
	size_t i;

	for (i = v->n_facts; i && strcmp(v->facts[i - 1].key, key); i--)
		;
	if (!i) {
		v->facts = xgrow(v->facts, v->n_facts, sizeof(*v->facts));
		v->facts[v->n_facts++] = (struct fact){ .key = xstrdup(key), .list = list };
		i = v->n_facts;
	}
	f = &v->facts[i - 1];
	f->text = xgrow(f->text, f->n, sizeof(*f->text));
	f->text[f->n++] = text;
}

void fact(struct verify *v, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_fact(v, key, false, text_of(fmt, ap));
	va_end(ap);
}

void fact_more(struct verify *v, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_fact(v, key, true, text_of(fmt, ap));
	va_end(ap);
}

void fact_bytes(struct verify *v, const char *key, const u8 *p, size_t len)
{
	add_fact(v, key, false, hex_encode(p, len));
}

bool any_failed(const struct verify *v)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->checks[i].outcome == FAILED)
			return true;
	return false;
}

enum outcome verify_outcome(const struct verify *v, enum verdict d, const struct check **worst)
{
	const struct check *ignored;
	enum outcome o = UNABLE;
	bool any = false;
	size_t i;

	worst = worst ? worst : &ignored;
	*worst = NULL;
	for (i = 0; i < v->n; i++) {
		const struct check *c = &v->checks[i];

		if (c->verdict != d || c->outcome == LEFT_OUT)
			continue;
		if (!any)
			o = PASSED;
		any = true;
		if (c->outcome == FAILED && o != FAILED) {
			o = FAILED;
			*worst = c;
		} else if (c->outcome == UNABLE && o == PASSED) {
			o = UNABLE;
			*worst = c;
		}
	}
	return o;
}

struct buf *verify_keep(struct verify *v)
{
	struct kept *k = xalloc(sizeof(*k));

	k->next = v->kept;
	v->kept = k;
	return &k->b;
}

void verify_take(struct verify *v, struct buf *b)
{
	*verify_keep(v) = *b;
	*b = (struct buf){ 0 };
}

/* Entries of a table and the bytes that they claim: GUID, offset, length */
static bool table_within(struct span s, size_t max)
{
	size_t at, n = 0;
	u64 bytes = 0;

	for (at = 0; at + 24 <= s.len && !is_zero(s.p + at, 24); at += 24, n++)
		bytes += le32(s.p + at + 20);
	return n <= max && bytes <= s.len;
}

int certs_add(struct cert_pool *pool, struct span s, size_t max, const char *what)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	const u8 *p = s.p, *end = s.p + s.len;
	size_t n = pool->n;

	while (n <= max && s.len && (p = memmem(p, (size_t)(end - p), begin, sizeof(begin) - 1))) {
		p += sizeof(begin) - 1;
		n++;
	}
	if (n > max || (cert_table_looks_like(s) && !table_within(s, max)))
		return fail(RC_EVIDENCE, "%s: more certificates than the limit, %zu", what, max);
	return cert_pool_add(pool, s, what);
}

void verify_certs_of(struct verify *v, struct span certs, const char *what)
{
	struct buf *outer = complain_into(NULL);
	struct buf said CLEANUP_BUF;
	int rc;

	complain_into(&said);
	rc = certs_add(&v->certs, certs, VERIFY_CERTS_MAX, what);
	complain_into(outer);
	if (rc)
		left_out(v, GENUINE, what, "%s", (char *)said.p);
}
