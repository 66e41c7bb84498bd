// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text of other tools. The dumps are what xxd and hexdump print of the bytes
 * 0 to 79 (xxd 2022-01-14, bsdextrautils 2.38), the hex and base64 what xxd -p,
 * openssl base64 and Python print of them.
 */
#include "base/unwrap.h"
#include "unit.h"

#define MAX	(1u << 20)

#define HEX1 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d"
#define HEX2 "1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b"
#define HEX3 "3c3d3e3f404142434445464748494a4b4c4d4e4f"

static const struct {
	const char *name, *text;
} good[] = {
	{ "hex", HEX1 HEX2 HEX3 },
	{ "xxd -p", HEX1 "\n" HEX2 "\n" HEX3 "\n" },
	{ "0x", "0x" HEX1 HEX2 HEX3 "\n" },
	{ "0X, capitals", "0X000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D" HEX2 HEX3 },
	{ "base64",
	  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\n"
	  "MDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk8=\n" },
	{ "base64url without padding",
	  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"
	  "MDEyMzQ1Njc4OTo7PD0-P0BBQkNERUZHSElKS0xNTk8" },
	{ "xxd",
	  "00000000: 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f  ................\n"
	  "00000010: 1011 1213 1415 1617 1819 1a1b 1c1d 1e1f  ................\n"
	  "00000020: 2021 2223 2425 2627 2829 2a2b 2c2d 2e2f   !\"#$%&'()*+,-./\n"
	  "00000030: 3031 3233 3435 3637 3839 3a3b 3c3d 3e3f  0123456789:;<=>?\n"
	  "00000040: 4041 4243 4445 4647 4849 4a4b 4c4d 4e4f  @ABCDEFGHIJKLMNO\n" },
	{ "xxd -c 8 -g 1",
	  "00000000: 00 01 02 03 04 05 06 07  ........\n"
	  "00000008: 08 09 0a 0b 0c 0d 0e 0f  ........\n"
	  "00000010: 10 11 12 13 14 15 16 17  ........\n"
	  "00000018: 18 19 1a 1b 1c 1d 1e 1f  ........\n"
	  "00000020: 20 21 22 23 24 25 26 27   !\"#$%&'\n"
	  "00000028: 28 29 2a 2b 2c 2d 2e 2f  ()*+,-./\n"
	  "00000030: 30 31 32 33 34 35 36 37  01234567\n"
	  "00000038: 38 39 3a 3b 3c 3d 3e 3f  89:;<=>?\n"
	  "00000040: 40 41 42 43 44 45 46 47  @ABCDEFG\n"
	  "00000048: 48 49 4a 4b 4c 4d 4e 4f  HIJKLMNO\n" },
	{ "hexdump -C",
	  "00000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|\n"
	  "00000010  10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f  |................|\n"
	  "00000020  20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f  | !\"#$%&'()*+,-./|\n"
	  "00000030  30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f  |0123456789:;<=>?|\n"
	  "00000040  40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f  |@ABCDEFGHIJKLMNO|\n"
	  "00000050\n" },
};

static const struct {
	const char *name, *text;
} bad[] = {
	{ "too short", "0001020304" },
	{ "words", "This is a text of some length that is neither hex nor base64, nor anything else." },
	{ "an odd number of digits", HEX1 HEX2 HEX3 "0" },
	{ "two 0x", "0x0x" HEX1 HEX2 HEX3 },
	{ "a dump with a row lost",
	  "00000000: 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f  ................\n"
	  "00000020: 2021 2223 2425 2627 2829 2a2b 2c2d 2e2f   !\"#$%&'()*+,-./\n" },
	{ "a dump with a row twice",
	  "00000000: 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f  ................\n"
	  "00000000: 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f  ................\n" },
	{ "a dump with a digit lost",
	  "00000000: 0001 0203 0405 0607 0809 0a0b 0c0d 0ef  ................\n" },
	{ "a dump that ends in a star",
	  "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n" },
	{ "URL encoding that breaks off", "-----BEGIN%20CERTIFICATE-----%0AMII%4" },
	{ "URL encoding with text behind it", "-----BEGIN%20CERTIFICATE-----%0AMII%0A and more" },
};

/* Sixteen zeros, and as many rows of them as the last address says */
#define ROWS_TO(address) "00000000: 0000 0000 0000 0000 0000 0000 0000 0000 \n*\n" address \
	": 0000 0000 0000 0000 0000 0000 0000 0000 \n"

static void bounds(void)
{
	static const struct {
		const char *text;
		size_t max;
		bool good;
	} c[] = {
		{ ROWS_TO("00000030"), 64, true }, { ROWS_TO("00000030"), 63, false },
		{ ROWS_TO("00000030"), 48, false }, { ROWS_TO("00000030"), 16, false },
		{ ROWS_TO("00100000"), MAX, false }, { ROWS_TO("000ffff0"), MAX, true },
		{ ROWS_TO("04000000"), MAX, false }, { ROWS_TO("ffffffffffffffff"), MAX, false },
		{ ROWS_TO("04000000") "*\n08000000: 0000 0000 0000 0000 0000 0000 0000 0000 \n", MAX, false },
		{ HEX1 HEX2 HEX3, 79, false }, { HEX1 HEX2 HEX3, 80, true },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v", 47, false },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v", 48, true },
		{ "-----BEGIN%20CERTIFICATE-----%0AMIIB%2B%2F%3D", 20, false },
	};
	struct buf b = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		bool is = unwrap_text((struct span){ (const u8 *)c[i].text, strlen(c[i].text) }, c[i].max, &b);

		ok(is == c[i].good && b.len <= c[i].max && b.cap <= 2 * c[i].max + 256,
		   "no more bytes than the limit, %zu: case %zu", c[i].max, i);
		buf_free(&b);
	}
}

static bool is(const char *text, const void *want, size_t len)
{
	struct buf b = { 0 };
	bool same = unwrap_text((struct span){ (const u8 *)text, strlen(text) }, MAX, &b) &&
		    b.len == len && !memcmp(b.p, want, len);

	buf_free(&b);
	return same;
}

int main(void)
{
	static const char pem[] = "-----BEGIN CERTIFICATE-----\nMIIB+/=\n-----END CERTIFICATE-----\n";
	struct buf b = { 0 };
	u8 want[80], zeros[48] = { 0 };
	size_t i;

	for (i = 0; i < sizeof(want); i++)
		want[i] = (u8)i;
	for (i = 0; i < ARRAY_SIZE(good); i++)
		ok(is(good[i].text, want, sizeof(want)), "text of other tools: %s", good[i].name);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *t = bad[i].text;

		ok(!unwrap_text((struct span){ (const u8 *)t, strlen(t) }, MAX, &b) && !b.len,
		   "text that is refused: %s", bad[i].name);
		buf_free(&b);
	}
	ok(is("00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n"
	      "00000030\n", zeros, sizeof(zeros)), "text of other tools: hexdump -C with a star");
	ok(is("-----BEGIN%20CERTIFICATE-----%0AMIIB%2B%2F%3D%0A-----END%20CERTIFICATE-----%0A\n",
	      pem, strlen(pem)), "text of other tools: URL-encoded PEM");
	ok(is("TCB-Info-Issuer-Chain: -----BEGIN%20CERTIFICATE-----%0AMIIB%2B%2F%3D%0A-----END%20CERTIFICATE-----%0A\r\n",
	      pem, strlen(pem)), "text of other tools: a header of Intel's service");
	ok(!unwrap_text((struct span){ (const u8 *)"\0", 1 }, MAX, &b), "text that is refused: a NUL");
	bounds();
	return unit_failed;
}
