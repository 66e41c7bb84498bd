// SPDX-License-Identifier: GPL-2.0-only
/* SHA-256 (FIPS 180-4): these programs are static and link no libcrypto. */
#include "sha256.h"

#include <string.h>

static uint32_t k[64], h0[8];

/*
 * The constants are the fractions of the cube and square roots of the first
 * primes: 32 bits of the root, found bit by bit.
 */
static uint32_t root_fraction(unsigned int prime, int power)
{
	unsigned __int128 r = 0, target = (unsigned __int128)prime << 32 * power;

	for (int bit = 36; bit >= 0; bit--) {
		unsigned __int128 t = r | (unsigned __int128)1 << bit, p = t * t;

		if (power == 3)
			p *= t;
		if (p <= target)
			r = t;
	}
	return r;
}

static void constants(void)
{
	unsigned int n = 0;

	for (unsigned int p = 2; n < 64; p++) {
		unsigned int d = 2;

		while (d < p && p % d)
			d++;
		if (d < p)
			continue;
		if (n < 8)
			h0[n] = root_fraction(p, 2);
		k[n++] = root_fraction(p, 3);
	}
}

static uint32_t ror(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void block(uint32_t h[8], const uint8_t *p)
{
	uint32_t w[64], s[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | p[4 * i + 1] << 16 |
		       p[4 * i + 2] << 8 | p[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, h, sizeof(s));
	for (int i = 0; i < 64; i++) {
		uint32_t a = s[0], e = s[4];
		uint32_t t1 = s[7] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) +
			      ((e & s[5]) ^ (~e & s[6])) + k[i] + w[i];
		uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +
			      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += s[i];
}

void sha256(const void *data, size_t len, uint8_t digest[static 32])
{
	const uint8_t *p = data;
	uint8_t last[128] = {};
	size_t left = len % 64, end = left < 56 ? 64 : 128;
	uint32_t h[8];

	if (!k[0])
		constants();
	memcpy(h, h0, sizeof(h));
	for (size_t i = 0; i < len / 64; i++)
		block(h, p + 64 * i);
	memcpy(last, p + len - left, left);
	last[left] = 0x80;
	for (int i = 0; i < 8; i++)
		last[end - 1 - i] = (uint64_t)len * 8 >> 8 * i;
	block(h, last);
	if (end == 128)
		block(h, last + 64);
	for (int i = 0; i < 32; i++)
		digest[i] = h[i / 4] >> (24 - i % 4 * 8);
}
