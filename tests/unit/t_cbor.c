// SPDX-License-Identifier: GPL-2.0-only
/* CBOR: the examples of RFC 8949, appendix A, that the encoder can write */
#include "base/cbor_write.h"
#include "unit.h"

static void want(struct buf *b, const char *hex)
{
	char *got = hex_encode(b->p, b->len);

	ok(!strcmp(got, hex), "%s", hex);
	free(got);
	buf_free(b);
}

static void number(u64 v, const char *hex)
{
	struct buf b = { 0 };

	cbor_uint(&b, v);
	want(&b, hex);
}

static void text(const char *t, const char *hex)
{
	struct buf b = { 0 };

	cbor_text(&b, t);
	want(&b, hex);
}

int main(void)
{
	struct buf b = { 0 };
	u8 zeros[256] = { 0 };
	u64 i;

	number(0, "00");
	number(23, "17");
	number(24, "1818");
	number(100, "1864");
	number(255, "18ff");
	number(256, "190100");
	number(1000, "1903e8");
	number(65536, "1a00010000");
	number(1000000, "1a000f4240");
	number(1000000000000ULL, "1b000000e8d4a51000");
	number(UINT64_MAX, "1bffffffffffffffff");
	text("", "60");
	text("IETF", "6449455446");
	text("\xe6\xb0\xb4", "63e6b0b4");
	cbor_bytes(&b, (struct span){ (const u8 *)"\1\2\3\4", 4 });
	want(&b, "4401020304");
	cbor_bytes(&b, (struct span){ zeros, sizeof(zeros) });
	ok(b.len == 259 && !memcmp(b.p, "\x59\x01\x00", 3), "a head of two bytes");
	buf_free(&b);
	cbor_array(&b, 25);
	for (i = 1; i <= 25; i++)
		cbor_uint(&b, i);
	want(&b, "98190102030405060708090a0b0c0d0e0f101112131415161718181819");
	cbor_map(&b, 2);
	cbor_text(&b, "a");
	cbor_uint(&b, 1);
	cbor_text(&b, "b");
	cbor_array(&b, 2);
	cbor_uint(&b, 2);
	cbor_uint(&b, 3);
	want(&b, "a26161016162820203");
	return unit_failed;
}
