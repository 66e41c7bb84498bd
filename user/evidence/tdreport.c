// SPDX-License-Identifier: GPL-2.0-only
/* TDREPORT (Intel TDX module ABI, TDREPORT_STRUCT): what only the quoting
 * service of the same machine can check, by its MAC.
 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "evidence/tdx.h"

#define TCB_INFO_OFF		256
#define TCB_INFO_LEN		239
#define TD_INFO_OFF		512
/*
 * Version 1 added SERVTD_HASH, which uses up the base of TDINFO (448 bytes). Behind it:
 * of 0 and 1 zeros, of 2 an extension of 320 bytes, which makes the report 1280 long
 * (Intel TDX module ABI 348551-007, tables 3.45 and 3.49; not decoded, but shown), of 3
 * the fields of DCAP's tee_info_v1_5_ex_t. Linux hands out 1024 bytes only.
 */
#define VERSION_MAX		3
#define TD_INFO_EXT_OFF		448
#define TDREPORT_V2_LEN		1280

bool tdreport_looks_like(struct span s)
{
	return s.len >= 4 && s.p[0] == 0x81 && !s.p[1] && s.p[2] <= VERSION_MAX && !s.p[3] &&
	       (s.len < 16 || is_zero(s.p + 4, 12));
}

static size_t length_of(const u8 *report)
{
	return report[2] == 2 ? TDREPORT_V2_LEN : TDREPORT_LEN;
}

int tdreport_check(struct span s)
{
	size_t len = s.len > 2 ? length_of(s.p) : TDREPORT_LEN, i;

	if (s.len < len)
		return fail(RC_EVIDENCE,
			    "TDREPORT: cut short at offset %zu: one of version %u has %zu bytes",
			    s.len, s.len > 2 ? s.p[2] : 0, len);
	for (i = len; i < s.len; i++)
		if (s.p[i])
			return fail(RC_EVIDENCE,
				    "TDREPORT: data at offset %zu, after its end", i);
	return RC_OK;
}

const u8 *tdreport_report_data(const u8 *report)
{
	return report + 128;
}

void tdx_show_attributes(struct node *to, const char *key, const u8 *p)
{
	static const struct {
		unsigned int nr;
		const char *name, *danger;
	} bits[] = {
		{ 0, "DEBUG", "debugging is allowed: the host can read and change this TD" },
		{ 4, "HGS_PLUS_PROF", "the host may profile this TD" },
		{ 5, "PERF_PROF", "the host may profile this TD" },
		{ 6, "PMT_PROF", "the host may profile this TD" },
		{ 16, "ICSSD", NULL },
		{ 17, "SERVTD_EXT", NULL },
		{ 27, "LASS", NULL },
		{ 28, "SEPT_VE_DISABLE", NULL },
		{ 29, "MIGRATABLE", "a migration TD may move this TD to another machine" },
		{ 30, "PKS", NULL },
		{ 31, "KL", NULL },
		{ 62, "TPA", NULL },
		{ 63, "PERFMON", NULL },
	};
	u64 value = le64(p), known = 0;
	struct node *n, *b;
	size_t i;

	add_bytes(to, key, p, 8);
	n = add_map(to, "TDATTRIBUTES_bits", NULL);
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		bool set = value >> bits[i].nr & 1;

		known |= 1ULL << bits[i].nr;
		b = add_bool(n, bits[i].name, set);
		if (set && bits[i].danger)
			danger(b, "%s", bits[i].danger);
	}
	if (value & ~known & 0xff)
		danger(add_text(n, "other_TUD_bits", "0x%x", (unsigned int)(value & ~known & 0xff)),
		       "this TD is under debug or profiling");
	if (value & ~known & ~0xffULL)
		add_text(n, "other_bits", "0x%llx",
			 (unsigned long long)(value & ~known & ~0xffULL));
}

static bool show_hash(struct node *to, const char *key, const u8 *want, const u8 *p, size_t len)
{
	u8 hash[DIGEST_MAX];
	char *name = xasprintf("%s_ok", key);
	struct node *n;
	bool ok;

	digest("SHA384", p, len, hash);
	ok = !memcmp(hash, want, 48);
	add_bytes(to, key, want, 48);
	n = add_bool(to, name, ok);
	free_str(&name);
	if (!ok)
		danger(n, "it is not the hash of this report's own fields");
	return ok;
}

static void show_tcb_info(struct node *to, const u8 *p, bool v1)
{
	add_bytes(to, "VALID", p, 8);
	add_bytes(to, "TEE_TCB_SVN", p + 8, 16);
	add_bytes(to, "MRSEAM", p + 24, 48);
	add_bytes(to, "MRSIGNERSEAM", p + 72, 48);
	add_bytes(to, "ATTRIBUTES", p + 120, 8);
	/* the module fills it in whatever the version of the report is */
	if (v1 || !is_zero(p + 128, 16))
		add_bytes(to, "TEE_TCB_SVN2", p + 128, 16);
}

/* Of version 3: where each field is, by tee_info_v1_5_ex_t */
static void show_extension(struct node *to, const u8 *p)
{
	add_bytes(to, "TD_ID", p + 448, 32);
	add_uint(to, "VMID", p[504]);
	add_text(to, "VALID", "0x%x", le32(p + 508));
	if (!is_zero(p + 480, 24))
		add_bytes(to, "not_decoded", p + 480, 24);
	if (!is_zero(p + 505, 3))
		add_bytes(to, "not_decoded_behind_VMID", p + 505, 3);
}

static void show_td_info(struct node *to, const u8 *p, u8 version, size_t len)
{
	char name[16];
	int i;

	tdx_show_attributes(to, "TDATTRIBUTES", p);
	add_bytes(to, "XFAM", p + 8, 8);
	add_bytes(to, "MRTD", p + 16, 48);
	add_bytes(to, "MRCONFIGID", p + 64, 48);
	add_bytes(to, "MROWNER", p + 112, 48);
	add_bytes(to, "MROWNERCONFIG", p + 160, 48);
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "RTMR%d", i);
		add_bytes(to, name, p + 208 + (size_t)i * 48, 48);
	}
	if (version >= 1)
		add_bytes(to, "SERVTD_HASH", p + 400, 48);
	if (version == 3)
		show_extension(to, p);
	else if (!is_zero(p + TD_INFO_EXT_OFF, len - TD_INFO_EXT_OFF))
		add_bytes(to, "not_decoded", p + TD_INFO_EXT_OFF, len - TD_INFO_EXT_OFF);
}

int tdreport_show(struct node *to, struct span s)
{
	const u8 *r = s.p;
	size_t len = length_of(r), td_info_len = len - TD_INFO_OFF;
	bool v1 = r[2] >= 1, ok;
	struct node *n;

	n = add_map(to, "REPORTTYPE", NULL);
	add_uint(n, "TYPE", r[0]);
	add_uint(n, "SUBTYPE", r[1]);
	n = add_uint(n, "VERSION", r[2]);
	if (r[2] > 1)
		note(n, "provisional: no genuine report of this version has been seen%s",
		     r[2] == 2 ? "; its extension is not decoded" : "");
	add_bytes(to, "CPUSVN", r + 16, 16);
	ok = show_hash(to, "TEE_TCB_INFO_HASH", r + 32, r + TCB_INFO_OFF, TCB_INFO_LEN);
	ok &= show_hash(to, "TEE_INFO_HASH", r + 80, r + TD_INFO_OFF, td_info_len);
	add_bytes(to, "REPORTDATA", r + 128, 64);
	n = add_bytes(to, "MAC", r + 224, 32);
	note(n, "only the machine that made it can check it");
	show_tcb_info(add_map(to, "TEE_TCB_INFO", NULL), r + TCB_INFO_OFF, v1);
	show_td_info(add_map(to, "TDINFO", NULL), r + TD_INFO_OFF, r[2], td_info_len);
	if (s.len > len)
		add_uint(to, "trailing_zeros", s.len - len);
	if (!ok)
		return fail(RC_EVIDENCE, "TDREPORT: a hash at offset 32 or 80 does not match the fields it covers");
	return RC_OK;
}

struct same {
	const char *name;
	size_t in_body, in_report, len;
};

static int compare(const struct tdx_quote *q, const u8 *tdreport, const struct same *same, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (memcmp(q->body.p + same[i].in_body, tdreport + same[i].in_report, same[i].len))
			return fail(RC_EVIDENCE,
				    "the quote was not made from this TDREPORT: their %s differ; ask the quoting service for a quote from this report",
				    same[i].name);
	return RC_OK;
}

int tdx_quote_is_of(const struct tdx_quote *q, const u8 *tdreport)
{
	static const struct same same[] = {
		{ "REPORTDATA", 520, 128, 64 },
		{ "TDATTRIBUTES", 120, 512, 8 },
		{ "XFAM", 128, 520, 8 },
		{ "MRTD", 136, 528, 48 },
		{ "MRCONFIGID", 184, 576, 48 },
		{ "MROWNER", 232, 624, 48 },
		{ "MROWNERCONFIG", 280, 672, 48 },
		{ "RTMR0", 328, 720, 48 },
		{ "RTMR1", 376, 768, 48 },
		{ "RTMR2", 424, 816, 48 },
		{ "RTMR3", 472, 864, 48 },
	};

	return compare(q, tdreport, same, ARRAY_SIZE(same));
}

int tdx_quote_is_of_module(const struct tdx_quote *q, const u8 *tdreport)
{
	static const struct same same[] = {
		{ "TEE_TCB_SVN", 0, 264, 16 },
		{ "MRSEAM", 16, 280, 48 },
		{ "MRSIGNERSEAM", 64, 328, 48 },
		{ "SEAMATTRIBUTES", 112, 376, 8 },
		{ "TEE_TCB_SVN2", 584, 384, 16 },	/* of TD 1.5 */
	};

	return compare(q, tdreport, same, ARRAY_SIZE(same) - (q->body.len < TDX_BODY15_LEN));
}
