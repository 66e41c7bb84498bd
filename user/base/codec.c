// SPDX-License-Identifier: GPL-2.0-only
/* Hexadecimal, base64 in both alphabets, GUIDs in text form. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/util.h"

char *hex_encode(const u8 *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *s = xalloc(2 * len + 1);
	size_t i;

	for (i = 0; i < len; i++) {
		s[2 * i] = digits[p[i] >> 4];
		s[2 * i + 1] = digits[p[i] & 15];
	}
	return s;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The decoders return RC_USAGE with the reason in @why: only the caller knows
 * whose text it is.
 */
int hex_decode(const char *text, size_t len, struct buf *out, const char **why)
{
	size_t i;
	int high = 0;

	for (i = 0; i < len; i++) {
		int d = hex_digit(text[i]);
		u8 b = (u8)(high << 4 | d);

		if (d < 0) {
			*why = "it has a character that is not a hexadecimal digit";
			return RC_USAGE;
		}
		if (i % 2)
			buf_add(out, &b, 1);
		high = d;
	}
	if (len % 2) {
		*why = "it has an odd number of digits";
		return RC_USAGE;
	}
	return RC_OK;
}

/* base64url has no padding, unless a service requires it. */
char *base64_encode(const u8 *p, size_t len, enum base64 alphabet)
{
	char *s = xalloc((len + 2) / 3 * 4 + 1);
	char *c;

	EVP_EncodeBlock((unsigned char *)s, p, (int)len);
	if (alphabet != BASE64_STD) {
		for (c = s; *c; c++) {
			if (*c == '+')
				*c = '-';
			else if (*c == '/')
				*c = '_';
			else if (*c == '=' && alphabet == BASE64_URL)
				*c = '\0';
		}
	}
	return s;
}

/* Either alphabet (not both in one text), padded or not, nothing else. */
int base64_decode(const char *text, size_t len, struct buf *out, const char **why)
{
	bool std = false, url = false;
	size_t i, digits = len, pad;
	char *copy;
	u8 *bin;
	int n;

	while (digits && len - digits < 2 && text[digits - 1] == '=')
		digits--;
	pad = len - digits;
	if (digits % 4 == 1 || (pad && len % 4)) {
		*why = "its length is not that of base64";
		return RC_USAGE;
	}
	if (len > INT32_MAX / 2) {
		*why = "it is too long";
		return RC_USAGE;
	}
	for (i = 0; i < digits; i++) {
		std |= text[i] == '+' || text[i] == '/';
		url |= text[i] == '-' || text[i] == '_';
		if (!isalnum((unsigned char)text[i]) && !strchr("+/-_", text[i])) {
			*why = "it has a character that is not allowed in base64";
			return RC_USAGE;
		}
	}
	if (std && url) {
		*why = "it mixes the alphabets of base64 and base64url";
		return RC_USAGE;
	}

	pad = (4 - digits % 4) % 4;
	copy = xalloc(digits + pad + 1);
	memcpy(copy, text, digits);
	memset(copy + digits, '=', pad);
	for (i = 0; i < digits; i++)
		copy[i] = (char)(copy[i] == '-' ? '+' : copy[i] == '_' ? '/' : copy[i]);
	bin = xalloc(digits / 4 * 3 + 4);
	n = EVP_DecodeBlock(bin, (unsigned char *)copy, (int)(digits + pad));
	/* Unused bits must be zero, or two texts could mean the same value. */
	if (n >= 0 && pad) {
		char *again = base64_encode(bin, (size_t)n - pad, BASE64_STD);

		if (strcmp(again, copy))
			n = -1;
		free(again);
	}
	if (n >= 0)
		buf_add(out, bin, (size_t)n - pad);
	else
		*why = "it is not base64: the unused bits of its last character are not zero";
	free(bin);
	free(copy);
	return n < 0 ? RC_USAGE : RC_OK;
}

/* RFC 4122 text to the 16 bytes in the order of the text */
int guid_parse(const char *text, u8 guid[16])
{
	static const u8 groups[] = { 8, 4, 4, 4, 12 };
	size_t g, i, n = 0;

	for (g = 0; g < ARRAY_SIZE(groups); g++) {
		if (g && *text++ != '-')
			return RC_USAGE;
		for (i = 0; i < groups[g]; i += 2, text += 2) {
			int hi = hex_digit(text[0]);
			int lo = hi < 0 ? -1 : hex_digit(text[1]);

			if (lo < 0)
				return RC_USAGE;
			guid[n++] = (u8)(hi << 4 | lo);
		}
	}
	return *text ? RC_USAGE : RC_OK;
}

void guid_format(const u8 guid[16], char text[37])
{
	char *hex = hex_encode(guid, 16);
	size_t i, n = 0;

	for (i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			text[n++] = '-';
		text[n++] = hex[i];
	}
	text[n] = '\0';
	free(hex);
}
