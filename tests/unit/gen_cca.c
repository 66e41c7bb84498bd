// SPDX-License-Identifier: GPL-2.0-only
/* A token of Arm CCA whose layout is right and whose signatures are not */
#include <string.h>

#include "base/cbor_write.h"
#include "gen.h"

static void filled(struct buf *b, u8 with, size_t len)
{
	u8 bytes[128];

	memset(bytes, with, sizeof(bytes));
	cbor_bytes(b, (struct span){ bytes, len });
}

static void text_claim(struct buf *b, u64 key, const char *text)
{
	cbor_uint(b, key);
	cbor_text(b, text);
}

static void bytes_claim(struct buf *b, u64 key, u8 with, size_t len)
{
	cbor_uint(b, key);
	filled(b, with, len);
}

static void platform_claims(struct buf *b, struct span components, size_t n)
{
	cbor_map(b, 8);
	text_claim(b, 265, "tag:arm.com,2023:cca_platform#1.0.0");
	bytes_claim(b, 10, 0x11, 32);
	bytes_claim(b, 2396, 0x22, 32);
	bytes_claim(b, 256, 0x01, 33);
	bytes_claim(b, 2401, 0x33, 4);
	cbor_uint(b, 2395);
	cbor_uint(b, 0x3000);
	cbor_uint(b, 2399);
	cbor_array(b, n);
	buf_add(b, components.p, components.len);
	text_claim(b, 2402, "sha-256");
}

static void realm_claims(struct buf *b, const u8 challenge[64])
{
	int i;

	cbor_map(b, 8);
	cbor_uint(b, 10);
	cbor_bytes(b, (struct span){ challenge, 64 });
	bytes_claim(b, 44235, 0x66, 64);
	bytes_claim(b, 44238, 0x77, 48);
	cbor_uint(b, 44239);
	cbor_array(b, 4);
	for (i = 0; i < 4; i++)
		filled(b, (u8)(0x80 + i), 48);
	text_claim(b, 44236, "sha-384");
	bytes_claim(b, 44237, 0x99, 97);
	text_claim(b, 44240, "sha-256");
	/* of a later profile */
	text_claim(b, 99999, "a claim that nobody knows");
}

/* ES384 in the protected header; a tag 18 before the array of four */
static void sign1(struct buf *b, const struct buf *payload)
{
	static const u8 head[] = { 0xd2, 0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0 };

	buf_add(b, head, sizeof(head));
	cbor_bytes(b, buf_span(payload));
	filled(b, 0xaa, 96);
}

void cca_token(struct buf *b, const u8 report_data[64])
{
	struct buf component CLEANUP_BUF;

	cbor_map(&component, 3);
	text_claim(&component, 1, "RMM");
	bytes_claim(&component, 2, 0x44, 32);
	bytes_claim(&component, 5, 0x55, 32);
	cca_token_of(b, report_data, buf_span(&component), 1);
}

void cca_token_of(struct buf *b, const u8 report_data[64], struct span components, size_t n)
{
	struct buf claims CLEANUP_BUF, platform CLEANUP_BUF, realm CLEANUP_BUF;

	platform_claims(&claims, components, n);
	sign1(&platform, &claims);
	buf_free(&claims);
	realm_claims(&claims, report_data);
	sign1(&realm, &claims);
	buf_add(b, "\xd9\x01\x8f", 3);
	cbor_map(b, 2);
	cbor_uint(b, 44234);
	cbor_bytes(b, buf_span(&platform));
	cbor_uint(b, 44241);
	cbor_bytes(b, buf_span(&realm));
}
