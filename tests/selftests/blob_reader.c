// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules for readers in "THE EVIDENCE BLOB", held against the reader of these
 * tests (blob_parse.c) with blobs that are made here: no device is needed.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <string.h>

static uint8_t blob[1024];
static size_t len;

static void put32(size_t at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		blob[at + i] = v >> 8 * i;
}

/* Item by item; total_len and item_count follow */
static void add(uint32_t type, uint32_t flags, const char *payload)
{
	size_t bytes = strlen(payload);

	put32(len, type);
	put32(len + 4, flags);
	put32(len + 8, bytes);
	memcpy(blob + len + 16, payload, bytes);
	len += 16 + (bytes + 7) / 8 * 8;
	put32(16, len);
	put32(12, cvm_get32(blob + 12) + 1);
}

static void make(uint32_t header_len)
{
	memset(blob, 0, sizeof(blob));
	memcpy(blob, "CVME", 4);
	blob[4] = 1;
	put32(8, header_len);
	put32(24, CVM_EVIDENCE_TEE_SEV_SNP);
	put32(28, CVM_EVIDENCE_PROVIDER_TSM);
	put32(36, CVM_EVIDENCE_BINDING_DIRECT);
	len = header_len;
	put32(16, len);
	add(CVM_EVIDENCE_ITEM_REPORT_DATA, 0, "nonce");
	add(CVM_EVIDENCE_ITEM_REPORT, 0, "the report");
}

static void sound_at(int line)
{
	struct cvm_blob b;
	const char *why = cvm_blob_parse(blob, len, &b);

	if (why)
		ktap_fail(__FILE__, line, "refused: %s", why);
}
#define SOUND()		sound_at(__LINE__)

static void bad_at(int line)
{
	struct cvm_blob b;

	if (!cvm_blob_parse(blob, len, &b))
		ktap_fail(__FILE__, line, "taken for sound");
}
#define BAD()		bad_at(__LINE__)

static void layout(void)
{
	make(64);
	SOUND();
	/* "total_len covers all of it" */
	for (size_t whole = len; len; len--)
		if (len != whole)
			BAD();
	make(64);
	len += 8;
	BAD();
	/* "a reader must find the last item end exactly there" */
	make(64);
	put32(12, 1);
	BAD();
	put32(12, 3);
	BAD();
	/* "0..7 zero bytes to the next multiple of 8" */
	make(64);
	blob[64 + 16 + 5] = 1;
	BAD();
	/* "header_len: a multiple of 8, at least 64" */
	make(64);
	put32(8, 56);
	BAD();
	put32(8, 68);
	BAD();
	make(64);
	blob[63] = 1;
	BAD();
	make(64);
	put32(64 + 12, 1);
	BAD();
}

static void unknown_items(void)
{
	make(64);
	add(77, 0, "of a later version");
	SOUND();
	make(64);
	add(77, CVM_EVIDENCE_ITEM_F_CRITICAL, "of a later version");
	BAD();
	make(64);
	add(CVM_EVIDENCE_ITEM_DRIVER, CVM_EVIDENCE_ITEM_F_CRITICAL, "known");
	SOUND();
}

static void versions(void)
{
	/* "A higher minor version adds items, flags or header bytes" */
	make(72);
	blob[6] = 9;
	put32(32, 1U << 9);
	add(77, 1U << 7, "with a flag of a later version");
	SOUND();
	/* "a higher major one breaks" */
	make(64);
	blob[4] = 2;
	BAD();
}

static void critical_flags(void)
{
	for (int bit = 0; bit < 32; bit++) {
		make(64);
		blob[6] = 9;
		put32(32, 1U << bit);
		if (bit < 16)
			SOUND();
		else
			BAD();
	}
}

static void bindings(void)
{
	for (uint32_t binding = 0; binding < 80; binding++) {
		make(64);
		put32(36, binding);
		if (binding >= 1 && binding <= 6)
			SOUND();
		else
			BAD();
	}
}

static void twice(void)
{
	make(64);
	add(CVM_EVIDENCE_ITEM_REPORT, 0, "another report");
	BAD();
	make(64);
	add(CVM_EVIDENCE_ITEM_ABSENT, 0, "12345678text");
	add(CVM_EVIDENCE_ITEM_ABSENT, 0, "12345678text");
	SOUND();
}

static const struct ktap_case cases[] = {
	{ "layout", layout, 0 },
	{ "unknown_items", unknown_items, 0 },
	{ "versions", versions, 0 },
	{ "critical_flags", critical_flags, 0 },
	{ "bindings", bindings, 0 },
	{ "twice", twice, 0 },
};

int main(int argc, char **argv)
{
	struct ktap_program prog = { .cases = cases, .nr = ARRAY_SIZE(cases) };

	return ktap_run(&prog, argc, argv);
}
