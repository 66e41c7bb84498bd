// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where an event log ends, by the module's own code: kmod/tcg_log.c is compiled
 * in here. Argument 1 is the directory of MANIFEST.tsv, whose facts say where
 * the logs of real machines end.
 */
#include <stdbool.h>
#include <stdint.h>

#include "unit.h"

/* What the file has from the kernel */
#define _CVME_COMPAT_H
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;

static u16 get_unaligned_le16(const u8 *p)
{
	return p[0] | p[1] << 8;
}

static u32 get_unaligned_le32(const u8 *p)
{
	return get_unaligned_le16(p) | (u32)get_unaligned_le16(p + 2) << 16;
}

static const void *memchr_inv(const void *area, int c, size_t len)
{
	const u8 *p = area;

	for (; len; p++, len--)
		if (*p != c)
			return p;
	return NULL;
}

#include "../../kmod/tcg_log.c"

#define SHA384_LEN	48
#define FIRST_LEN	(32 + 33)
#define EVENT_LEN	(12 + 2 + SHA384_LEN + 4)

struct log {
	u8 p[4096];
	size_t len;
};

static void add(struct log *l, const void *p, size_t n)
{
	memcpy(l->p + l->len, p, n);
	l->len += n;
}

static void add_le(struct log *l, unsigned int bytes, u32 v)
{
	for (; bytes--; v >>= 8)
		l->p[l->len++] = v;
}

static void put_le32(struct log *l, size_t at, u32 v)
{
	for (int i = 0; i < 4; i++, v >>= 8)
		l->p[at + i] = v;
}

/* The head of a log of one algorithm, SHA-384 */
static void first(struct log *l)
{
	static const u8 zeroes[EVENT_SHA1_LEN];

	l->len = 0;
	add_le(l, 4, 1);
	add_le(l, 4, EV_NO_ACTION);
	add(l, zeroes, sizeof(zeroes));
	add_le(l, 4, 33);
	add(l, "Spec ID Event03", 16);
	add_le(l, 4, 0);
	add(l, "\0\2\0\2", 4);
	add_le(l, 4, 1);
	add_le(l, 2, 0xc);
	add_le(l, 2, SHA384_LEN);
	add_le(l, 1, 0);
}

static void event(struct log *l, u32 reg, u32 type, const char *data)
{
	u8 digest[SHA384_LEN];

	memset(digest, 0xd1, sizeof(digest));
	add_le(l, 4, reg);
	add_le(l, 4, type);
	add_le(l, 4, 1);
	add_le(l, 2, 0xc);
	add(l, digest, sizeof(digest));
	add_le(l, 4, strlen(data));
	add(l, data, strlen(data));
}

/* The memory is as long as it says: ASan sees a byte more */
static size_t end_of(const struct log *l)
{
	u8 *area = malloc(l->len ? l->len : 1);
	size_t end;

	memcpy(area, l->p, l->len);
	end = cvme_tcg_log_len(area, l->len);
	free(area);
	return end;
}

static void expect(const struct log *l, size_t want, const char *what)
{
	size_t have = end_of(l);

	ok(have == want, "%s: %zu, want %zu", what, have, want);
}

/* What follows the records is not a part of it */
static void ends(void)
{
	struct log l, longer;
	size_t whole;

	first(&l);
	expect(&l, FIRST_LEN, "a head alone");
	event(&l, 1, 0x80000001, "first");
	event(&l, 0xffffffff, EV_NO_ACTION, "a register that is not one");
	event(&l, 2, 4, "");
	whole = l.len;
	expect(&l, whole, "a log that fills its memory");
	longer = l;
	memset(longer.p + whole, 0xff, 300);
	longer.len += 300;
	expect(&longer, whole, "a log and 0xff behind it");
	memset(longer.p + whole, 0, 300);
	expect(&longer, whole, "a log and zeroes behind it");
	memset(longer.p + whole, 'S', 300);
	expect(&longer, whole, "a log and a secret behind it");
}

/* A last record that is wrong is cut off with all that follows it */
static void wrong_records(void)
{
	static const struct {
		const char *what;
		unsigned int at;
		u32 val;
	} wrong[] = {
		{ "no digests", 8, 0 },
		{ "more digests than algorithms", 8, 2 },
		{ "very many digests", 8, 0xffffffff },
		{ "an event of 4 GiB", 14 + SHA384_LEN, 0xffffffff },
		{ "an event one byte too long", 14 + SHA384_LEN, 7 },
		{ "an algorithm that the head does not name", 12, 0xd1d1000b },
	};
	struct log l;
	size_t good;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		first(&l);
		event(&l, 1, 4, "good");
		good = l.len;
		event(&l, 1, 4, "secret");
		put_le32(&l, good + wrong[i].at, wrong[i].val);
		expect(&l, good, wrong[i].what);
	}
	first(&l);
	event(&l, 1, 4, "good");
	good = l.len;
	event(&l, 1, 4, "secret");
	for (size_t cut = good; cut < good + EVENT_LEN + 6; cut++) {
		struct log part = l;

		part.len = cut;
		if (end_of(&part) != good)
			ok(false, "cut at %zu: %zu", cut, end_of(&part));
	}
	ok(true, "a last record cut anywhere");
}

/* A head that is wrong: there is no log */
static void wrong_heads(void)
{
	static const struct {
		const char *what;
		unsigned int at;
		u32 val;
	} wrong[] = {
		{ "another type of event", 4, 4 },
		{ "a digest that is not zero", 24, 1 },
		{ "an event shorter than the head", 28, 32 },
		{ "an event longer than the head", 28, 34 },
		{ "an event of 4 GiB", 28, 0xffffffff },
		{ "another signature", 44, 0x00333144 },
		{ "no algorithms", 56, 0 },
		{ "an algorithm more than there is", 56, 2 },
		{ "very many algorithms", 56, 0xffffffff },
		{ "a digest of another length", 60, 64 << 16 | 0xc },
		{ "an unknown algorithm of any length", 60, 4000U << 16 | 0x77 },
	};
	struct log l;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		first(&l);
		event(&l, 1, 4, "secret");
		put_le32(&l, wrong[i].at, wrong[i].val);
		expect(&l, 0, wrong[i].what);
	}
	first(&l);
	for (size_t cut = 0; cut < FIRST_LEN; cut++) {
		struct log part = l;

		part.len = cut;
		if (end_of(&part))
			ok(false, "a head cut at %zu: %zu", cut, end_of(&part));
	}
	ok(true, "a head cut anywhere");
	memset(l.p, 0xff, sizeof(l.p));
	l.len = sizeof(l.p);
	expect(&l, 0, "empty memory");
	/* the secrets page of an SNP guest: a version, flags, then keys */
	memset(l.p, 0, sizeof(l.p));
	l.p[0] = 3;
	memcpy(l.p + 32, "VMPCK0 of the guest", 19);
	expect(&l, 0, "a page of secrets");
}

static void real(const char *dir)
{
	static u8 area[1 << 20];
	char *path, *line = NULL;
	size_t size = 0, seen = 0;
	FILE *list;

	path = xasprintf("%s/MANIFEST.tsv", dir);
	list = fopen(path, "r");
	free(path);
	if (!list) {
		puts("skip logs of real machines: VECTORS is not here");
		return;
	}
	while (getline(&line, &size, list) > 0) {
		const char *fact = strstr(line, "log ends at ");
		char *tab = strchr(line, '\t');
		FILE *f;
		size_t n;

		if (!fact || !tab || strncmp(tab, "\tccel-eventlog\t", 15))
			continue;
		path = xasprintf("%s/%.*s", dir, (int)(tab - line), line);
		f = fopen(path, "r");
		n = f ? fread(area, 1, sizeof(area), f) : 0;
		if (f)
			fclose(f);
		ok(n && cvme_tcg_log_len(area, n) == strtoul(fact + 12, NULL, 10),
		   "%s: %zu", path, cvme_tcg_log_len(area, n));
		free(path);
		seen++;
	}
	ok(seen, "%zu logs of real machines", seen);
	free(line);
	fclose(list);
}

int main(int argc, char **argv)
{
	ends();
	wrong_records();
	wrong_heads();
	if (argc > 1)
		real(argv[1]);
	return unit_failed;
}
