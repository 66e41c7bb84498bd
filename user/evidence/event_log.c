// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "evidence/event_log.h"
#include "tpm/quote.h"

#define HEAD_LEN	32	/* of the first event: no list of digests, SHA-1 */
#define SIGNATURE	"Spec ID Event03"
#define EVENTS_MAX	4096	/* that are shown; logs have some hundred */
#define DIGESTS_MAX	8

bool event_log_looks_like(struct span s)
{
	return s.len >= HEAD_LEN + sizeof(SIGNATURE) && le32(s.p + 4) == EV_NO_ACTION &&
	       !memcmp(s.p + HEAD_LEN, SIGNATURE, sizeof(SIGNATURE));
}

const char *event_type_name(u32 type)
{
	static const struct {
		u32 type;
		const char *name;
	} types[] = {
		{ 0x0, "EV_PREBOOT_CERT" }, { 0x1, "EV_POST_CODE" }, { 0x2, "EV_UNUSED" }, { 0x3, "EV_NO_ACTION" }, { 0x4, "EV_SEPARATOR" },
		{ 0x5, "EV_ACTION" }, { 0x6, "EV_EVENT_TAG" }, { 0x7, "EV_S_CRTM_CONTENTS" },
		{ 0x8, "EV_S_CRTM_VERSION" }, { 0xa, "EV_PLATFORM_CONFIG_FLAGS" },
		{ 0xb, "EV_TABLE_OF_DEVICES" }, { 0xc, "EV_COMPACT_HASH" }, { 0xd, "EV_IPL" },
		{ 0x9, "EV_CPU_MICROCODE" }, { 0xe, "EV_IPL_PARTITION_DATA" },
		{ 0xf, "EV_NONHOST_CODE" }, { 0x10, "EV_NONHOST_CONFIG" },
		{ 0x11, "EV_NONHOST_INFO" }, { 0x12, "EV_OMIT_BOOT_DEVICE_EVENTS" },
		{ 0x13, "EV_POST_CODE2" },
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
		{ 0x8000000d, "EV_EFI_GPT_EVENT2" }, { 0x80000010, "EV_EFI_HCRTM_EVENT" },
		{ 0x800000e0, "EV_EFI_VARIABLE_AUTHORITY" },
		{ 0x800000e1, "EV_EFI_SPDM_FIRMWARE_BLOB" },
		{ 0x800000e2, "EV_EFI_SPDM_FIRMWARE_CONFIG" },
		{ 0x800000e3, "EV_EFI_SPDM_DEVICE_POLICY" },
		{ 0x800000e4, "EV_EFI_SPDM_DEVICE_AUTHORITY" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type)
			return types[i].name;
	return "not known";
}

/*
 * Whether the free part of the area begins at @off: all ones, or zeros. The
 * register of an event may be -1, but no event has a type of -1 too.
 */
static bool is_free(struct span s, size_t off)
{
	static const u8 ones[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	size_t left = s.len - off;

	return !memcmp(s.p + off, ones, left < 8 ? left : 8) || is_zero(s.p + off, left < 12 ? left : 12);
}

/* Whether nothing else is behind that */
static bool rest_is_free(struct span s, size_t off)
{
	u8 fill = s.p[off];

	while (off < s.len && s.p[off] == fill)
		off++;
	/* some firmware fills a part of the area with ones, and leaves zeros behind it */
	return is_zero(s.p + off, s.len - off);
}

const char *event_log_begin(struct span s, size_t *off)
{
	u32 size;

	*off = 0;
	if (!event_log_looks_like(s))
		return "its first event is no specification event";
	size = le32(s.p + 28);
	if (size < sizeof(SIGNATURE) || s.len - HEAD_LEN < size)
		return "its first event is no specification event";
	*off = HEAD_LEN + size;
	return NULL;
}

static const char *read_event(struct span s, size_t *at, struct tcg_event *e)
{
	u32 size, i;
	size_t len;

	if (s.len - *at < 12)
		return "an event is cut short";
	e->reg = le32(s.p + *at);
	e->type = le32(s.p + *at + 4);
	e->count = le32(s.p + *at + 8);
	*at += 12;
	if (e->count > DIGESTS_MAX)
		return "an event has more digests than there are algorithms";
	e->digests.p = s.p + *at;
	for (i = 0; i < e->count; i++) {
		u16 alg = s.len - *at >= 2 ? le16(s.p + *at) : 0;

		len = tpm_hash_len(alg);
		if (!len && s.len - *at >= 2)
			return "a digest's algorithm is not known";
		if (!len || s.len - *at < 2 + len)
			return "a digest is cut short";
		/* of two each reader could mean another */
		if (alg == TPM_ALG_SHA384 && e->sha384)
			return "an event has two SHA-384 digests";
		if (alg == TPM_ALG_SHA384)
			e->sha384 = s.p + *at + 2;
		*at += 2 + len;
	}
	e->digests.len = (size_t)(s.p + *at - e->digests.p);
	if (s.len - *at < 4)
		return "an event is cut short";
	size = le32(s.p + *at);
	*at += 4;
	if (s.len - *at < size)
		return "the data of an event are cut short";
	e->data = (struct span){ s.p + *at, size };
	*at += size;
	return NULL;
}

bool event_log_next(struct span s, size_t *off, struct tcg_event *e, const char **why)
{
	size_t at = *off;

	*why = NULL;
	*e = (struct tcg_event){ .at = at };
	if (at == s.len)
		return false;
	if (is_free(s, at)) {
		if (!rest_is_free(s, at))
			*why = "data in its free part";
		return false;
	}
	*why = read_event(s, &at, e);
	if (*why)
		return false;
	*off = at;
	return true;
}

static void show_event(struct node *list, const struct tcg_event *e)
{
	struct node *n = add_map(list, NULL, event_type_name(e->type));
	const u8 *p = e->digests.p;
	u32 i;

	add_uint(n, "offset", e->at);
	add_text(n, "type", "%s", event_type_name(e->type));
	add_word(n, "type_number", e->type, 8);
	add_int(n, "register", (int)e->reg);
	for (i = 0; i < e->count; i++) {
		u16 alg = le16(p);

		add_bytes(n, tpm_hash_name(alg), p + 2, tpm_hash_len(alg));
		p += 2 + tpm_hash_len(alg);
	}
	add_uint(n, "data_length", e->data.len);
	if (e->data.len && e->data.len <= 128)
		add_bytes(n, "data", e->data.p, e->data.len);
}

int event_log_show(struct node *to, struct span s)
{
	struct tcg_event e;
	struct node *list;
	size_t off, n = 0;
	const char *why = event_log_begin(s, &off);

	if (why)
		return fail(RC_EVIDENCE, "event log: at offset %zu: %s", off, why);
	list = add_list(to, "events", NULL);
	note(list, "register 1 of a CCEL is RTMR0; not replayed by show");
	while (!why && event_log_next(s, &off, &e, &why)) {
		if (++n > EVENTS_MAX)
			why = "it has more events than are shown";
		else
			show_event(list, &e);
	}
	add_uint(to, "number_of_events", n);
	if (why)
		return fail(RC_EVIDENCE, "event log: at offset %zu: %s", off, why);
	if (off < s.len)
		add_uint(to, "unused_bytes", s.len - off);
	return RC_OK;
}
