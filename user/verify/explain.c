// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CCEL log held against one that is known to be good. A register that is not what
 * was expected says nothing of the reason: here each event of it is compared, and
 * what changed is said in the words of the log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tree.h"
#include "evidence/event_data.h"
#include "verify/event_log.h"

#define FACTS_MAX	16	/* differences that are shown */
#define WORDS_MAX	120

/* The text in the data of an event: of a loader in ASCII, of firmware in UTF-16 */
static char *words(struct span data)
{
	struct buf text CLEANUP_BUF;
	bool all = true;
	size_t i;

	for (i = 0; i < data.len && text.len < WORDS_MAX; i++)
		if (data.p[i] >= ' ' && data.p[i] < 0x7f) {
			buf_add(&text, data.p + i, 1);
		} else if (data.p[i]) {
			all = false;
			if (text.len && text.p[text.len - 1] != ' ')
				buf_add_str(&text, " ");
		}
	return xasprintf("%s", text.len >= 4 || (all && text.len) ? (char *)text.p : "data that are not text");
}

static bool begins(struct span data, const char *with)
{
	size_t n = strlen(with);

	return data.len >= n && !memcmp(data.p, with, n);
}

/* What a person calls it, by the types of TCG and the words of GRUB and systemd */
static const char *subject(const struct tcg_event *e)
{
	static const struct {
		u32 type;
		const char *name;
	} types[] = {
		{ 0x4, "a separator" }, { 0x7, "the firmware" }, { 0x8, "the firmware's version" },
		{ 0xa, "the platform's configuration" }, { 0x80000001, "a variable of the firmware's configuration" },
		{ 0x80000002, "a boot variable" }, { 0x8000000c, "a boot variable" },
		{ 0x80000003, "a program that the firmware started (boot loader or kernel)" },
		{ 0x80000004, "a driver" }, { 0x80000005, "a driver" },
		{ 0x80000006, "the partition table" }, { 0x80000007, "an action of the firmware" },
		{ 0x80000008, "a part of the firmware" }, { 0x8000000a, "a part of the firmware" },
		{ 0x80000009, "a table of the firmware (ACPI, SMBIOS)" },
		{ 0x8000000b, "a table of the firmware (ACPI, SMBIOS)" },
		{ 0x800000e0, "a certificate of Secure Boot" },
	};
	size_t i;

	if (begins(e->data, "kernel_cmdline") || memmem(e->data.p, e->data.len, "LOADED_IMAGE::LoadOptions", 25))
		return "the kernel's command line";
	if (memmem(e->data.p, e->data.len, "initrd", 6))
		return "the initrd";
	if (begins(e->data, "grub_cmd"))
		return "a command of GRUB";
	if (begins(e->data, "module_cmdline"))
		return "the command line of a module";
	if (memmem(e->data.p, e->data.len, "vmlinuz", 7))
		return "the kernel";
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == e->type)
			return types[i].name;
	return "an event";
}

/* Bytes that were extended as they are, or else the digest alone */
static char *what(const struct tcg_event *e, bool reference)
{
	struct span measured;
	enum event_data data = event_data_check(e->type, e->data, e->sha384, &measured);
	char *hex CLEANUP(free_str) = NULL, *text CLEANUP(free_str) = NULL;

	if (data == DATA_MEASURED || data == DATA_PARTLY) {
		text = words(measured);
		return xasprintf("\"%s\"", text);
	}
	hex = hex_encode(e->sha384, 8);
	if (!reference)
		return xasprintf("SHA-384 %s...", hex);
	text = words(e->data);
	return xasprintf("SHA-384 %s... (\"%s\")", hex, text);
}

/* UEFI writes the first three groups with their lowest byte first. */
static char *efi_guid(const u8 *p)
{
	const u8 guid[16] = {
		p[3], p[2], p[1], p[0], p[5], p[4], p[7], p[6],
		p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15],
	};
	char text[37];

	guid_format(guid, text);
	return xstrdup(text);
}

/* The part of the data that is in no digest: all, or what is before the measured part */
static char *beside(const struct tcg_event *e)
{
	struct span measured, before = e->data;
	enum event_data data = event_data_check(e->type, e->data, e->sha384, &measured);
	char *text CLEANUP(free_str) = NULL, *guid CLEANUP(free_str) = NULL;

	if (data == DATA_MEASURED)
		return xstrdup("");
	if (data == DATA_PARTLY)
		before.len = (size_t)(measured.p - before.p);
	if (data == DATA_PARTLY && e->type == EV_EFI_VARIABLE_BOOT) {
		guid = efi_guid(e->data.p);
		before = (struct span){ e->data.p + 32, before.len - 32 };
	}
	text = words(before);
	return xasprintf(", %s%s\"%s\"", guid ? guid : "", guid ? " " : "", text);
}

/*
 * What is in no digest is said to be the log's word: who changed what was measured can
 * call it what the reference calls something else. Of an event that the reference has in
 * the same place, the reference says what it is.
 */
static char *called(const struct tcg_event *e)
{
	char *more CLEANUP(free_str) = beside(e);

	return xasprintf("; the log calls it %s (%s%s), which is not measured", subject(e),
			 event_type_name(e->type), more);
}

static void tell(struct verify *v, size_t *told, u32 reg, const char *how, const struct tcg_event *a,
		 const struct tcg_event *b)
{
	char *key CLEANUP(free_str) = xasprintf("changed %zu", *told + 1);
	char *now CLEANUP(free_str) = a ? what(a, false) : xstrdup("nothing");
	char *then CLEANUP(free_str) = b ? what(b, true) : xstrdup("nothing");
	char *mark CLEANUP(free_str) = a ? called(a) : xstrdup("");

	if (v->explain && (*told)++ < FACTS_MAX)
		fact(v, key, "RTMR%u: %s %s: now %s, in the reference %s%s", reg - 1,
		     b ? subject(b) : "an event", how, now, then, mark);
}

/* The type is in no digest, but a log of the same machine has the same types. */
static const char *difference(const struct tcg_event *now, const struct tcg_event *then)
{
	if (memcmp(now->sha384, then->sha384, 48) != 0)
		return "changed";
	return now->type != then->type ? "has another type, and the same digest" : NULL;
}

/* Events of one register, in their order; how many differ */
static size_t compare(struct verify *v, u32 reg, const struct replay *now, const struct replay *then,
		      size_t *told)
{
	size_t i = 0, k = 0, differ = 0;

	for (;;) {
		while (i < now->n && now->e[i].reg != reg)
			i++;
		while (k < then->n && then->e[k].reg != reg)
			k++;
		if (i == now->n && k == then->n)
			return differ;
		if (k == then->n) {
			tell(v, told, reg, "is new", &now->e[i], NULL);
			differ++, i++;
		} else if (i == now->n) {
			tell(v, told, reg, "is gone", NULL, &then->e[k]);
			differ++, k++;
		} else {
			const char *how = difference(&now->e[i], &then->e[k]);

			if (how) {
				tell(v, told, reg, how, &now->e[i], &then->e[k]);
				differ++;
			}
			i++, k++;
		}
	}
}

/* The differences of all registers, or why there can be no answer */
static void judge(struct verify *v, const struct replay *now, const struct replay *then, int open)
{
	size_t differ = 0, told = 0;
	u32 reg;

	for (reg = 1; reg <= 4; reg++)
		differ += compare(v, reg, now, then, &told);
	if (differ)
		failed(v, APPRAISED, "reference",
		       "%zu of the events that were measured are not those of the reference (--explain says which)",
		       differ);
	else if (open >= 0)
		unable(v, APPRAISED, "reference",
		       "the events are those of the reference, but RTMR%d was extended by more than the log has; --rtmr%d HEX asks for its value",
		       open, open);
	else
		passed(v, APPRAISED, "reference", "its %zu events are those of the reference", now->n);
}

void verify_reference(struct verify *v, const struct replay *now, int open)
{
	struct replay then;
	const char *why;

	if (!v->parts.reference.len)
		return;
	answered(v, ASK_REFERENCE);
	why = event_log_replay(v->parts.reference, &then);
	if (why)
		unable(v, APPRAISED, "reference", "the reference is no event log of a TD: at offset %zu, %s",
		       then.off, why);
	else if (!then.n)
		unable(v, APPRAISED, "reference", "the reference is an event log without events");
	else
		judge(v, now, &then, open);
	replay_free(&then);
}
