// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CCEL log held against one that is known to be good. A register that is not what
 * was expected says nothing of the reason: here each event of it is compared, and
 * what changed is said in the words of the log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/tree.h"
#include "tpm/quote.h"
#include "verify/verify.h"

#define EV_NO_ACTION	3
#define HEAD_LEN	32	/* of the first event: no list of digests, SHA-1 */
#define EVENTS_MAX	4096	/* that are compared; logs have some hundred */
#define FACTS_MAX	16	/* differences that are shown */
#define WORDS_MAX	120

struct event {
	u32 reg, type;
	const u8 *sha384;
	struct span data;
};

struct events {
	struct event *e;
	size_t n;
};

/* One event at *@at, and what is behind it; false: there is none */
static bool read_event(struct span s, size_t *at, struct event *e)
{
	u32 count, size, i;
	size_t len;

	*e = (struct event){ 0 };
	if (s.len - *at < 12)
		return false;
	e->reg = le32(s.p + *at);
	e->type = le32(s.p + *at + 4);
	count = le32(s.p + *at + 8);
	*at += 12;
	for (i = 0; i < count; i++) {
		u16 alg = s.len - *at >= 2 ? le16(s.p + *at) : 0;

		len = tpm_hash_len(alg);
		if (!len || s.len - *at < 2 + len)
			return false;
		if (alg == TPM_ALG_SHA384)
			e->sha384 = s.p + *at + 2;
		*at += 2 + len;
	}
	if (s.len - *at < 4)
		return false;
	size = le32(s.p + *at);
	*at += 4;
	if (s.len - *at < size)
		return false;
	e->data = (struct span){ s.p + *at, size };
	*at += size;
	return true;
}

/* Those that extend a register, up to the free part of the log */
static bool read_log(struct span s, struct events *out)
{
	struct event e;
	size_t at;

	*out = (struct events){ 0 };
	if (s.len < HEAD_LEN || s.len > VERIFY_LOG_MAX || le32(s.p + 4) != EV_NO_ACTION ||
	    s.len - HEAD_LEN < le32(s.p + 28))
		return false;
	at = HEAD_LEN + le32(s.p + 28);
	out->e = xalloc(EVENTS_MAX * sizeof(*out->e));
	while (at < s.len && !is_zero(s.p + at, s.len - at < 12 ? s.len - at : 12) &&
	       memcmp(s.p + at, "\xff\xff\xff\xff\xff\xff\xff\xff", s.len - at < 8 ? s.len - at : 8)) {
		if (!read_event(s, &at, &e))
			return false;
		if (e.type == EV_NO_ACTION || !e.reg || e.reg > 4 || !e.sha384)
			continue;
		if (out->n == EVENTS_MAX)
			return false;
		out->e[out->n++] = e;
	}
	return out->n;
}

/* The text in the data of an event: of a loader in ASCII, of firmware in UTF-16 */
static char *words(struct span data)
{
	struct buf text CLEANUP_BUF;
	size_t i;

	for (i = 0; i < data.len && text.len < WORDS_MAX; i++)
		if (data.p[i] >= ' ' && data.p[i] < 0x7f)
			buf_add(&text, data.p + i, 1);
		else if (data.p[i] && text.len && text.p[text.len - 1] != ' ')
			buf_add_str(&text, " ");
	return xasprintf("%s", text.len >= 4 ? (char *)text.p : "data that are not text");
}

static bool begins(struct span data, const char *with)
{
	size_t n = strlen(with);

	return data.len >= n && !memcmp(data.p, with, n);
}

/* What a person calls it, by the types of TCG and the words of GRUB and systemd */
static const char *subject(const struct event *e)
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

/* Whether the words of an event are what was measured, and not only beside it */
static const char *standing(const struct event *e)
{
	u8 hash[DIGEST_MAX];

	digest("SHA384", e->data.p, e->data.len, hash);
	return memcmp(hash, e->sha384, 48) ? "; this description comes from the log and is not measured" : "";
}

static void tell(struct verify *v, size_t *told, u32 reg, const char *how, const struct event *a,
		 const struct event *b)
{
	char *key CLEANUP(free_str) = xasprintf("changed %zu", *told + 1);
	char *now CLEANUP(free_str) = a ? words(a->data) : xstrdup("nothing");
	char *then CLEANUP(free_str) = b ? words(b->data) : xstrdup("nothing");

	if (v->explain && (*told)++ < FACTS_MAX)
		fact(v, key, "RTMR%u: %s %s: now \"%s\", in the reference \"%s\"%s", reg - 1,
		     subject(a ? a : b), how, now, then, standing(a ? a : b));
}

/* Events of one register, in their order; how many differ */
static size_t compare(struct verify *v, u32 reg, const struct events *now, const struct events *then,
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
			if (now->e[i].type != then->e[k].type || memcmp(now->e[i].sha384, then->e[k].sha384, 48)) {
				tell(v, told, reg, "changed", &now->e[i], &then->e[k]);
				differ++;
			}
			i++, k++;
		}
	}
}

void verify_reference(struct verify *v, struct span log)
{
	struct events now, then = { 0 };
	size_t differ = 0, told = 0;
	u32 reg;

	if (!v->parts.reference.len)
		return;
	answered(v, ASK_REFERENCE);
	if (!read_log(log, &now)) {
		failed(v, APPRAISED, "reference", "the evidence's event log cannot be compared");
	} else if (!read_log(v->parts.reference, &then)) {
		unable(v, APPRAISED, "reference", "the reference is not the event log of a TD, or has no events");
	} else {
		for (reg = 1; reg <= 4; reg++)
			differ += compare(v, reg, &now, &then, &told);
		judged(v, APPRAISED, !differ, "reference", differ ?
		       "%zu of the events that were measured are not those of the reference (--explain says which)" :
		       "its %zu events are those of the reference", differ ? differ : now.n);
	}
	free(now.e);
	free(then.e);
}
