// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <string.h>

#include "base/unwrap.h"

#define LEN_MIN		64	/* shorter texts are words, not evidence */
#define ROW_MAX		256	/* bytes in a line of a dump */
#define PEM_URL		"-----BEGIN%20"

bool is_text(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!isprint(s.p[i]) && !isspace(s.p[i]))
			return false;
	return s.len;
}

static int nibble(u8 c)
{
	if (isdigit(c))
		return c - '0';
	c = (u8)tolower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * As Intel's services send issuer chains in a header: PEM, every byte that is
 * special in a URL written as %XX. The header's name may stand before it.
 */
static bool from_url(struct span s, size_t max, struct buf *out)
{
	const u8 *p = memmem(s.p, s.len, PEM_URL, strlen(PEM_URL)), *end = s.p + s.len;
	const u8 *before;

	for (before = s.p; p && before < p; before++)
		if (*before == '\n' || *before == '%')
			return false;
	for (; p && p < end && !isspace(*p); p++) {
		u8 byte = *p;

		if (byte == '%') {
			int high = end - p < 3 ? -1 : nibble(p[1]);
			int low = end - p < 3 ? -1 : nibble(p[2]);

			if (high < 0 || low < 0)
				return false;
			byte = (u8)(high << 4 | low);
			p += 2;
		}
		buf_add(out, &byte, 1);
	}
	while (p && p < end && isspace(*p))
		p++;
	return p == end && out->len && out->len <= max;
}

/* One line of a dump, without its end */
struct line {
	const u8 *p, *end;
};

static bool next_line(const u8 **at, const u8 *end, struct line *l)
{
	if (*at == end)
		return false;
	l->p = *at;
	l->end = memchr(l->p, '\n', (size_t)(end - l->p));
	l->end = l->end ? l->end : end;
	*at = l->end < end ? l->end + 1 : end;
	while (l->end > l->p && isspace(l->end[-1]))
		l->end--;
	return true;
}

static bool address(struct line *l, u64 *value)
{
	int digits = 0;

	for (*value = 0; l->p < l->end && nibble(*l->p) >= 0 && digits < 16; l->p++, digits++)
		*value = *value << 4 | (u64)nibble(*l->p);
	return digits >= 6;
}

/* Two digits that stand alone */
static bool is_byte(const u8 *p, const u8 *end)
{
	return end - p >= 2 && nibble(p[0]) >= 0 && nibble(p[1]) >= 0 &&
	       (end - p == 2 || p[2] == ' ');
}

/*
 * The bytes of a line. Two spaces end them, and text that shows the same bytes
 * follows; but hexdump sets two spaces in the middle of its rows too.
 */
static bool bytes_of(const struct line *l, u8 row[ROW_MAX], size_t *n)
{
	const u8 *p = l->p;
	size_t gap;
	int high, low;

	for (*n = 0; p < l->end; p += 2) {
		for (gap = 0; p < l->end && *p == ' '; p++)
			gap++;
		if (*n && gap >= 2 && (*n != 8 || gap > 2 || !is_byte(p, l->end)))
			return true;
		high = l->end - p < 2 ? -1 : nibble(p[0]);
		low = l->end - p < 2 ? -1 : nibble(p[1]);
		if (high < 0 || low < 0 || *n == ROW_MAX)
			return false;
		row[(*n)++] = (u8)(high << 4 | low);
	}
	return *n;
}

/*
 * "00000010: 4356 4d45 ...  CVME" of xxd, "00000010  43 56 4d 45 ...  |CVME|" of
 * hexdump -C, where a star stands for repetitions of the row before. There must
 * be no gap between addresses, so that missing rows are noticed.
 */
static bool from_dump(struct span s, size_t max, struct buf *out)
{
	const u8 *at = s.p, *end = s.p + s.len;
	u8 row[ROW_MAX];
	bool star = false;
	struct line l;
	size_t n = 0;
	u64 addr;

	while (next_line(&at, end, &l)) {
		if (l.p == l.end)
			continue;
		if (*l.p == '*' && l.end - l.p == 1 && n) {
			star = true;
			continue;
		}
		if (!address(&l, &addr) || addr < out->len || addr > max)
			return false;
		/* whole rows, none of which goes past the address */
		while (star && out->len < addr && n <= addr - out->len)
			buf_add(out, row, n);
		star = false;
		if (addr != out->len)
			return false;
		if (l.p == l.end)	/* the last address of hexdump */
			continue;
		if (*l.p == ':')
			l.p++;
		if (l.p == l.end || *l.p != ' ' || !bytes_of(&l, row, &n))
			return false;
		if (n > max - out->len)
			return false;
		buf_add(out, row, n);
	}
	return out->len && !star;
}

static bool from_digits(struct span s, size_t max, struct buf *out)
{
	struct buf t CLEANUP_BUF;
	const char *why, *p;
	size_t i, len, prefix;

	for (i = 0; i < s.len; i++)
		if (!isspace(s.p[i]))
			buf_add(&t, s.p + i, 1);
	p = (const char *)t.p;
	len = t.len;
	prefix = len > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X') ? 2 : 0;
	if (len - prefix >= LEN_MIN && !hex_decode(p + prefix, len - prefix, out, &why))
		return out->len <= max;
	buf_free(out);
	return !prefix && t.len >= LEN_MIN && !base64_decode((char *)t.p, t.len, out, &why) &&
	       out->len <= max;
}

bool unwrap_text(struct span s, size_t max, struct buf *out)
{
	static bool (*const forms[])(struct span s, size_t max, struct buf *out) = {
		from_url, from_dump, from_digits,
	};
	size_t i;

	if (!is_text(s))
		return false;
	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		if (forms[i](s, max, out))
			return true;
		buf_free(out);
	}
	return false;
}
