// SPDX-License-Identifier: GPL-2.0-only
#include "base/digest.h"
#include "unit.h"

static void hex(const char *text, const char *want)
{
	struct buf b = { 0 };
	const char *why = "";
	int rc = hex_decode(text, strlen(text), &b, &why);

	if (!want)
		ok(rc == RC_USAGE && *why, "hex '%s' is refused: %s", text, why);
	else
		ok(!rc && b.len == strlen(want) && !memcmp(b.p ? (char *)b.p : "", want, b.len),
		   "hex '%s'", text);
	buf_free(&b);
}

static void b64(const char *text, const char *want)
{
	struct buf b = { 0 };
	const char *why = "";
	int rc = base64_decode(text, strlen(text), &b, &why);

	if (!want)
		ok(rc == RC_USAGE && *why, "base64 '%s' is refused: %s", text, why);
	else
		ok(!rc && b.len == strlen(want) && !memcmp(b.p ? (char *)b.p : "", want, b.len),
		   "base64 '%s'", text);
	buf_free(&b);
}

static void round_trips(void)
{
	u8 data[70];
	size_t len, i;
	int alphabet;
	bool good = true;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 37 + 0xf7);
	for (alphabet = 0; alphabet < 2; alphabet++) {
		for (len = 0; len <= sizeof(data); len++) {
			char *s = base64_encode(data, len, alphabet ? BASE64_URL : BASE64_STD);
			struct buf b = { 0 };
			const char *why;

			good &= !base64_decode(s, strlen(s), &b, &why) && b.len == len &&
				(!len || !memcmp(b.p, data, len));
			good &= !alphabet || !strpbrk(s, "+/=");
			good &= alphabet || strlen(s) % 4 == 0;
			buf_free(&b);
			free(s);
		}
	}
	ok(good, "base64 in both alphabets comes back, 0 to 70 bytes");
}

static void guids(void)
{
	static const char text[] = "c0b406a4-a803-4952-9743-3fb6014cd0ae";
	static const char *const bad[] = {
		"", "c0b406a4", "c0b406a4-a803-4952-9743-3fb6014cd0a",
		"c0b406a4-a803-4952-9743-3fb6014cd0aef", "c0b406a4xa803-4952-9743-3fb6014cd0ae",
		"g0b406a4-a803-4952-9743-3fb6014cd0ae",
	};
	char again[37];
	u8 g[16];
	size_t i;

	ok(!guid_parse(text, g) && g[0] == 0xc0 && g[15] == 0xae, "a GUID in the order of its text");
	guid_format(g, again);
	ok(!strcmp(again, text), "a GUID comes back");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ok(guid_parse(bad[i], g) == RC_USAGE, "GUID '%s' is refused", bad[i]);
}

int main(void)
{
	u8 hash[DIGEST_MAX];
	char *s;

	hex("", "");
	hex("41fF", "A\xff");
	hex("abc", NULL);
	hex("zz", NULL);
	hex("4 1", NULL);
	hex("0x41", NULL);
	b64("", "");
	b64("QQ==", "A");
	b64("QQ", "A");
	b64("QUI=", "AB");
	b64("QUJD", "ABC");
	b64("--__", "\xfb\xef\xff");
	b64("++//", "\xfb\xef\xff");
	b64("-+__", NULL);
	b64("QQ=", NULL);
	b64("QQ===", NULL);
	b64("Q", NULL);
	b64("QR==", NULL);
	b64("QU J", NULL);
	b64("Q=Q=", NULL);
	b64("====", NULL);
	b64("QUJD ", NULL);
	round_trips();
	guids();
	digest("SHA256", "abc", 3, hash);
	s = hex_encode(hash, 32);
	ok(!strcmp(s, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
	   "SHA-256 of the standard's own example");
	free(s);
	return unit_failed;
}
