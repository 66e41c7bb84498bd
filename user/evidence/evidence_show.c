// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "evidence/certs.h"
#include "evidence/evidence.h"
#include "evidence/tpm_show.h"

static const struct {
	const char *name, *says;
} bindings[] = {
	[CVM_EVIDENCE_BINDING_DIRECT]	 = { "direct", "REPORT_DATA is report_data, padded" },
	[CVM_EVIDENCE_BINDING_HCL]	 = { "hcl", "REPORT_DATA is the hash of the HCL claims, which carry report_data" },
	[CVM_EVIDENCE_BINDING_HCL_BOOT]	 = { "hcl-boot", "an HCL report made earlier, without report_data" },
	[CVM_EVIDENCE_BINDING_HCL_QUOTE] = { "hcl-quote", "a cached HCL report and a fresh quote of its AK" },
	[CVM_EVIDENCE_BINDING_SVSM]	 = { "svsm", "REPORT_DATA is SHA-512(report_data, padded, || manifest)" },
	[CVM_EVIDENCE_BINDING_STATEMENT] = { "statement", "REPORT_DATA is SHA-256(statement), padded" },
};

static void show_flags(struct node *to, const struct evidence *e)
{
	u32 known = CVM_EVIDENCE_BLOB_F_TDREPORT | CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM |
		    CVM_EVIDENCE_BLOB_F_UNCHECKED | CVM_EVIDENCE_BLOB_F_HCL_CACHED;
	struct node *n = add_word(to, "flags", e->flags, 8), *b;
	bool set;

	set = e->flags & CVM_EVIDENCE_BLOB_F_TDREPORT;
	b = add_bool(n, "tdreport", set);
	if (set)
		note(b, "not a quote: a quoting service must make one from it");
	set = e->flags & CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM;
	b = add_bool(n, "kernel_random", set);
	if (set)
		danger(b, "the kernel chose the nonce: it proves freshness to no verifier");
	set = e->flags & CVM_EVIDENCE_BLOB_F_UNCHECKED;
	b = add_bool(n, "unchecked", set);
	if (set)
		danger(b, "the kernel could not read the report, the binding was not checked");
	set = e->flags & CVM_EVIDENCE_BLOB_F_HCL_CACHED;
	b = add_bool(n, "hcl_cached", set);
	if (set)
		note(b, "the HCL report may be older than the request");
	if (e->flags & ~known)
		add_text(n, "unknown_flags", "0x%x", e->flags & ~known);
}

static int show_binding(struct node *to, const struct evidence *e)
{
	bool known = e->binding < ARRAY_SIZE(bindings) && bindings[e->binding].name;
	struct node *n;
	bool checked;
	int rc;

	n = add_text(to, "binding", "%s", known ? bindings[e->binding].name : "unknown");
	if (known)
		note(n, "%s", bindings[e->binding].says);
	else
		danger(n, "kind %u is not known to this tool", e->binding);
	if (e->binding == CVM_EVIDENCE_BINDING_HCL_BOOT)
		danger(n, "not fresh: it says nothing about report_data");
	rc = evidence_check_binding(e, &checked);
	if (checked || rc) {
		n = add_bool(to, "binding_ok", !rc);
		if (rc)
			danger(n, "the report is not bound to report_data");
	} else {
		add_text(to, "binding_ok", "not checked");
	}
	return rc;
}

static void show_time(struct node *to, const u8 *p)
{
	u64 wall = le64(p + 8);
	time_t t = (time_t)(wall / 1000000000);
	char text[32] = "";
	struct tm tm;

	add_text(to, "since_boot_ns", "%llu", (unsigned long long)le64(p));
	if (gmtime_r(&t, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		add_text(to, "wall_clock", "%s.%09uZ", text, (unsigned int)(wall % 1000000000));
}

static void show_ccel_table(struct node *to, struct span s)
{
	if (s.len < 56 || memcmp(s.p, "CCEL", 4)) {
		danger(to, "not a CCEL table");
		return;
	}
	add_uint(to, "cc_type", s.p[36]);
	add_uint(to, "cc_subtype", s.p[37]);
	add_uint(to, "log_area_minimum_length", le64(s.p + 40));
	add_word(to, "log_area_start_address", le64(s.p + 48), 16);
}

static void show_opaque(struct node *to, struct span s)
{
	u8 hash[DIGEST_MAX];

	digest("SHA256", s.p, s.len, hash);
	add_bytes(to, "sha256", hash, 32);
	if (s.len <= 64)
		add_bytes(to, "bytes", s.p, s.len);
}

static void show_text(struct node *to, struct span s)
{
	add_string(to, "text", s.p, s.len);
}

static int show_item(struct node *to, const struct evidence *e, const struct evidence_item *it)
{
	struct span s = it->data;
	char guid[37];
	int rc = RC_OK;

	switch (it->type) {
	case CVM_EVIDENCE_ITEM_REPORT:
		json_only(add_text(to, "kind", "%s", raw_kind_name(e->kind)));
		if (e->kind == RAW_UNKNOWN && e->flags & CVM_EVIDENCE_BLOB_F_UNCHECKED) {
			show_opaque(to, s);
			add_text(to, "decoded", "no, of a kind this version does not know");
			break;
		}
		rc = raw_show(add_map(to, raw_kind_name(e->kind), raw_kind_title(e->kind)),
			      e->kind, s);
		break;
	case CVM_EVIDENCE_ITEM_CERTS:
		rc = cert_table_show(to, s);
		break;
	case CVM_EVIDENCE_ITEM_REPORT_DATA:
		add_bytes(to, "bytes", s.p, s.len);
		break;
	case CVM_EVIDENCE_ITEM_DRIVER:
	case CVM_EVIDENCE_ITEM_MODULE_VERSION:
	case CVM_EVIDENCE_ITEM_SERVICE_PROVIDER:
	case CVM_EVIDENCE_ITEM_STATEMENT:
		show_text(to, s);
		break;
	case CVM_EVIDENCE_ITEM_PRIVLEVEL:
	case CVM_EVIDENCE_ITEM_SERVICE_MANIFEST_VERSION:
		add_uint(to, "value", le32(s.p));
		break;
	case CVM_EVIDENCE_ITEM_SEQUENCE:
	case CVM_EVIDENCE_ITEM_VM_EPOCH:
		add_uint(to, "value", le64(s.p));
		break;
	case CVM_EVIDENCE_ITEM_BOOT_ID:
	case CVM_EVIDENCE_ITEM_SERVICE_GUID:
		guid_format(s.p, guid);
		add_text(to, "value", "%s", guid);
		break;
	case CVM_EVIDENCE_ITEM_TIME:
		show_time(to, s.p);
		break;
	case CVM_EVIDENCE_ITEM_CCEL_TABLE:
		show_ccel_table(to, s);
		break;
	case CVM_EVIDENCE_ITEM_ABSENT:
		add_text(to, "item", "%s", item_name(le32(s.p)));
		add_text(to, "error", "%s", strerror((int)(le32(s.p + 4) & 0xffff)));
		add_string(to, "reason", s.p + 8, s.len - 8);
		break;
	default:
		if (!tpm_item_show(to, e, it, &rc))
			show_opaque(to, s);
	}
	return rc;
}

/* A report of another kind than the header names would mislead a verifier. */
int evidence_check_kind(const struct evidence *e)
{
	static const struct {
		enum raw_kind kind;
		u32 tee;
	} fits[] = {
		{ RAW_SNP, CVM_EVIDENCE_TEE_SEV_SNP },
		{ RAW_TDX_QUOTE, CVM_EVIDENCE_TEE_TDX },
		{ RAW_TDREPORT, CVM_EVIDENCE_TEE_TDX },
		{ RAW_CCA, CVM_EVIDENCE_TEE_CCA },
	};
	bool tdreport = e->flags & CVM_EVIDENCE_BLOB_F_TDREPORT;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fits); i++)
		if (fits[i].kind == e->kind && e->tee != fits[i].tee)
			return fail(RC_EVIDENCE, "evidence: the header says TEE %s, the report is a %s",
				    tee_name(e->tee), raw_kind_name(e->kind));
	if (e->kind == RAW_TDREPORT && !tdreport)
		return fail(RC_EVIDENCE, "evidence: a TDREPORT that is not flagged as one");
	if (e->kind == RAW_TDX_QUOTE && tdreport)
		return fail(RC_EVIDENCE, "evidence: a TDX quote that is flagged as a TDREPORT");
	return RC_OK;
}

int evidence_show(struct node *to, const struct evidence *e)
{
	struct node *list, *n;
	size_t i;
	int rc, one;

	add_text(to, "version", "%u.%u", e->major, e->minor);
	add_text(to, "tee", "%s", tee_name(e->tee));
	add_text(to, "provider", "%s", provider_name(e->provider));
	show_flags(to, e);
	rc = show_binding(to, e);
	one = evidence_check_kind(e);
	rc = rc ? rc : one;
	list = add_list(to, "items", NULL);
	note(list, "only what is in the report is signed");
	for (i = 0; i < e->n; i++) {
		const struct evidence_item *it = &e->items[i];
		char *title = xasprintf("%s (type %u), %zu bytes at offset %zu",
					item_name(it->type), it->type, it->data.len, it->off);

		n = add_map(list, NULL, title);
		free_str(&title);
		json_only(add_uint(n, "type", it->type));
		json_only(add_text(n, "name", "%s", item_name(it->type)));
		if (it->flags)
			add_word(n, "item_flags", it->flags, 8);
		json_only(add_uint(n, "length", it->data.len));
		add_data(n, "data", it->data.p, it->data.len);
		one = show_item(n, e, it);
		rc = rc ? rc : one;
	}
	return rc;
}
