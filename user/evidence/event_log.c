// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "evidence/event_log.h"
#include "tpm/quote.h"

#define EV_NO_ACTION	3
#define HEAD_LEN	32	/* of the first event: no list of digests, SHA-1 */
#define SIGNATURE	"Spec ID Event03"
#define EVENTS_MAX	4096	/* that are shown; logs have some hundred */
#define DIGESTS_MAX	8

bool event_log_looks_like(struct span s)
{
	return s.len >= HEAD_LEN + sizeof(SIGNATURE) && le32(s.p + 4) == EV_NO_ACTION &&
	       !memcmp(s.p + HEAD_LEN, SIGNATURE, sizeof(SIGNATURE));
}

static const char *type_name(u32 type)
{
	static const struct {
		u32 type;
		const char *name;
	} types[] = {
		{ 0x1, "EV_POST_CODE" }, { 0x3, "EV_NO_ACTION" }, { 0x4, "EV_SEPARATOR" },
		{ 0x5, "EV_ACTION" }, { 0x6, "EV_EVENT_TAG" }, { 0x7, "EV_S_CRTM_CONTENTS" },
		{ 0x8, "EV_S_CRTM_VERSION" }, { 0xa, "EV_PLATFORM_CONFIG_FLAGS" },
		{ 0xb, "EV_TABLE_OF_DEVICES" }, { 0xc, "EV_COMPACT_HASH" }, { 0xd, "EV_IPL" },
		{ 0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG" },
		{ 0x80000002, "EV_EFI_VARIABLE_BOOT" },
		{ 0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION" },
		{ 0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER" },
		{ 0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER" },
		{ 0x80000006, "EV_EFI_GPT_EVENT" }, { 0x80000007, "EV_EFI_ACTION" },
		{ 0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB" },
		{ 0x80000009, "EV_EFI_HANDOFF_TABLES" },
		{ 0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2" },
		{ 0x8000000b, "EV_EFI_HANDOFF_TABLES2" }, { 0x8000000c, "EV_EFI_VARIABLE_BOOT2" },
		{ 0x800000e0, "EV_EFI_VARIABLE_AUTHORITY" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type)
			return types[i].name;
	return "not known";
}

static int cut(size_t off)
{
	return fail(RC_EVIDENCE, "event log: cut short, or no event, at offset %zu", off);
}

/* One event, and where the next one is */
static int show_event(struct node *list, struct span s, size_t *off)
{
	size_t at = *off, start = at, i, len;
	u32 reg, type, count, size;
	struct node *n;

	if (s.len - at < 12)
		return cut(start);
	reg = le32(s.p + at);
	type = le32(s.p + at + 4);
	count = le32(s.p + at + 8);
	at += 12;
	if (count > DIGESTS_MAX)
		return cut(start);
	n = add_map(list, NULL, type_name(type));
	add_uint(n, "offset", start);
	add_text(n, "type", "%s", type_name(type));
	add_word(n, "type_number", type, 8);
	add_text(n, "register", "%d", (int)reg);
	for (i = 0; i < count; i++) {
		u16 alg = s.len - at >= 2 ? le16(s.p + at) : 0;

		len = tpm_hash_len(alg);
		if (!len || s.len - at < 2 + len)
			return cut(start);
		add_bytes(n, tpm_hash_name(alg), s.p + at + 2, len);
		at += 2 + len;
	}
	if (s.len - at < 4)
		return cut(start);
	size = le32(s.p + at);
	at += 4;
	if (s.len - at < size)
		return cut(start);
	add_uint(n, "data_length", size);
	if (size && size <= 128)
		add_bytes(n, "data", s.p + at, size);
	*off = at + size;
	return RC_OK;
}

bool event_log_is_free(struct span s, size_t off)
{
	static const u8 ones[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	size_t left = s.len - off;

	return !memcmp(s.p + off, ones, left < 8 ? left : 8) || is_zero(s.p + off, left < 12 ? left : 12);
}

bool event_log_rest_is_free(struct span s, size_t off)
{
	u8 fill = s.p[off];

	while (off < s.len && s.p[off] == fill)
		off++;
	/* some firmware fills a part of the area with ones, and leaves zeros behind it */
	return is_zero(s.p + off, s.len - off);
}

int event_log_show(struct node *to, struct span s)
{
	size_t off = HEAD_LEN, n = 0;
	u32 size = le32(s.p + 28);
	struct node *list;
	int rc = RC_OK;

	if (s.len - off < size)
		return cut(off);
	off += size;
	list = add_list(to, "events", NULL);
	note(list, "register 1 of a CCEL is RTMR0; not replayed by show");
	while (!rc && off < s.len && !event_log_is_free(s, off)) {
		rc = show_event(list, s, &off);
		if (!rc && ++n == EVENTS_MAX)
			rc = fail(RC_EVIDENCE, "event log: more than %d events", EVENTS_MAX);
	}
	add_uint(to, "number_of_events", n);
	if (!rc && off < s.len) {
		add_uint(to, "unused_bytes", s.len - off);
		if (!event_log_rest_is_free(s, off))
			rc = fail(RC_EVIDENCE, "event log: data in its free part, after offset %zu", off);
	}
	return rc;
}
