// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "evidence/evidence.h"
#include "evidence/hcl.h"

#define NAME_OF(table, i) \
	((i) < ARRAY_SIZE(table) && (table)[i] ? (table)[i] : "unknown")

/* The flags that are known, critical or not */
#define BLOB_FLAGS	(CVM_EVIDENCE_BLOB_F_TDREPORT | CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM | \
			 CVM_EVIDENCE_BLOB_F_UNCHECKED | CVM_EVIDENCE_BLOB_F_HCL_CACHED)

static const char *const tee_names[] = {
	[CVM_EVIDENCE_TEE_NONE]		= "none",
	[CVM_EVIDENCE_TEE_SEV_SNP]	= "sev-snp",
	[CVM_EVIDENCE_TEE_TDX]		= "tdx",
	[CVM_EVIDENCE_TEE_CCA]		= "cca",
};

static const char *const provider_names[] = {
	[CVM_EVIDENCE_PROVIDER_AUTO]	  = "auto",
	[CVM_EVIDENCE_PROVIDER_TSM]	  = "tsm",
	[CVM_EVIDENCE_PROVIDER_SEV_GUEST] = "sev-guest",
	[CVM_EVIDENCE_PROVIDER_TDX_GUEST] = "tdx-guest",
	[CVM_EVIDENCE_PROVIDER_VTPM]	  = "vtpm",
};

static const char *const item_names[] = {
	[CVM_EVIDENCE_ITEM_REPORT_DATA]		= "report_data",
	[CVM_EVIDENCE_ITEM_REPORT]		= "report",
	[CVM_EVIDENCE_ITEM_CERTS]		= "certs",
	[CVM_EVIDENCE_ITEM_MANIFEST]		= "manifest",
	[CVM_EVIDENCE_ITEM_STATEMENT]		= "statement",
	[CVM_EVIDENCE_ITEM_MERKLE_PATH]		= "merkle_path",
	[CVM_EVIDENCE_ITEM_CCEL_TABLE]		= "ccel_table",
	[CVM_EVIDENCE_ITEM_CCEL_DATA]		= "ccel_data",
	[CVM_EVIDENCE_ITEM_TPM_ATTEST]		= "tpm_attest",
	[CVM_EVIDENCE_ITEM_TPM_SIGNATURE]	= "tpm_signature",
	[CVM_EVIDENCE_ITEM_PCRS]		= "pcrs",
	[CVM_EVIDENCE_ITEM_AK_PUB]		= "ak_pub",
	[CVM_EVIDENCE_ITEM_AK_CERT]		= "ak_cert",
	[CVM_EVIDENCE_ITEM_DRIVER]		= "driver",
	[CVM_EVIDENCE_ITEM_PRIVLEVEL]		= "privlevel",
	[CVM_EVIDENCE_ITEM_SEQUENCE]		= "sequence",
	[CVM_EVIDENCE_ITEM_BOOT_ID]		= "boot_id",
	[CVM_EVIDENCE_ITEM_VM_EPOCH]		= "vm_epoch",
	[CVM_EVIDENCE_ITEM_TIME]		= "time",
	[CVM_EVIDENCE_ITEM_MODULE_VERSION]	= "module_version",
	[CVM_EVIDENCE_ITEM_SERVICE_PROVIDER]	= "service_provider",
	[CVM_EVIDENCE_ITEM_SERVICE_GUID]	= "service_guid",
	[CVM_EVIDENCE_ITEM_SERVICE_MANIFEST_VERSION] = "service_manifest_version",
	[CVM_EVIDENCE_ITEM_ABSENT]		= "absent",
};

const char *tee_name(u32 tee)
{
	return NAME_OF(tee_names, tee);
}

const char *provider_name(u32 provider)
{
	return NAME_OF(provider_names, provider);
}

const char *item_name(u32 type)
{
	return NAME_OF(item_names, type);
}

int provider_by_name(const char *name, u32 *id)
{
	for (*id = 0; *id < ARRAY_SIZE(provider_names); (*id)++)
		if (!strcmp(provider_names[*id], name))
			return RC_OK;
	return RC_USAGE;
}

bool evidence_looks_like(struct span s)
{
	return s.len >= 4 && !memcmp(s.p, CVM_EVIDENCE_BLOB_MAGIC, 4);
}

static int parse_header(struct span s, struct evidence *e, u32 *header_len, u32 *count)
{
	const u8 *p = s.p;
	u64 total;

	if (s.len < CVM_EVIDENCE_BLOB_HEADER_LEN)
		return fail(RC_EVIDENCE,
			    "evidence: cut short at offset %zu, the header has %d bytes",
			    s.len, CVM_EVIDENCE_BLOB_HEADER_LEN);
	e->major = le16(p + 4);
	e->minor = le16(p + 6);
	*header_len = le32(p + 8);
	*count = le32(p + 12);
	total = le64(p + 16);
	e->tee = le32(p + 24);
	e->provider = le32(p + 28);
	e->flags = le32(p + 32);
	e->binding = le32(p + 36);
	if (e->major != CVM_EVIDENCE_BLOB_MAJOR)
		return fail(RC_EVIDENCE,
			    "evidence: format version %u.%u at offset 4, this tool reads %d.x; use a newer cvm-evidence",
			    e->major, e->minor, CVM_EVIDENCE_BLOB_MAJOR);
	if (total != s.len)
		return fail(RC_EVIDENCE, "evidence: %s: offset 16 says %llu bytes, there are %zu",
			    total > s.len ? "cut short" : "trailing data",
			    (unsigned long long)total, s.len);
	if (*header_len < CVM_EVIDENCE_BLOB_HEADER_LEN || *header_len % 8 ||
	    *header_len > s.len)
		return fail(RC_EVIDENCE, "evidence: header length %u at offset 8 is impossible",
			    *header_len);
	if (e->flags & CVM_EVIDENCE_BLOB_F_CRITICAL & ~BLOB_FLAGS)
		return fail(RC_EVIDENCE,
			    "evidence: the flags 0x%08x at offset 32 have critical bits (0x%08x) that this tool does not know; use a newer cvm-evidence",
			    e->flags, e->flags & CVM_EVIDENCE_BLOB_F_CRITICAL & ~BLOB_FLAGS);
	if (e->binding < CVM_EVIDENCE_BINDING_DIRECT || e->binding > CVM_EVIDENCE_BINDING_STATEMENT)
		return fail(RC_EVIDENCE,
			    "evidence: binding %u at offset 36 is not known to this tool; use a newer cvm-evidence",
			    e->binding);
	if (!e->minor && !is_zero(p + 40, 24))
		return fail(RC_EVIDENCE, "evidence: reserved bytes at offset 40 are not zero");
	return RC_OK;
}

static int parse_item(struct span s, size_t *off, u32 nr, struct evidence_item *it)
{
	size_t at = *off, left = s.len - at, len;
	const u8 *p = s.p + at;

	if (left < CVM_EVIDENCE_ITEM_HEADER_LEN)
		return fail(RC_EVIDENCE, "evidence: item %u at offset %zu: %zu bytes left, its header has %d",
			    nr, at, left, CVM_EVIDENCE_ITEM_HEADER_LEN);
	left -= CVM_EVIDENCE_ITEM_HEADER_LEN;
	it->type = le32(p);
	it->flags = le32(p + 4);
	it->off = at + CVM_EVIDENCE_ITEM_HEADER_LEN;
	it->data = (struct span){ s.p + it->off, le32(p + 8) };
	len = (it->data.len + 7) & ~(size_t)7;
	if (len > left)
		return fail(RC_EVIDENCE, "evidence: item %u at offset %zu (%s) of %zu bytes, %zu are left",
			    nr, at, item_name(it->type), it->data.len, left);
	if (le32(p + 12))
		return fail(RC_EVIDENCE, "evidence: item %u: reserved bytes at offset %zu are not zero",
			    nr, at + 12);
	if (!is_zero(it->data.p + it->data.len, len - it->data.len))
		return fail(RC_EVIDENCE, "evidence: item %u: padding at offset %zu is not zero",
			    nr, it->off + it->data.len);
	*off = it->off + len;
	return RC_OK;
}

/* What readers must refuse, and the lengths that later code relies on */
static int check_item(const struct evidence *e, const struct evidence_item *it, u32 nr)
{
	static const struct {
		u32 type, min, max;
	} lengths[] = {
		{ CVM_EVIDENCE_ITEM_REPORT_DATA, 1, CVM_EVIDENCE_REPORT_DATA_MAX },
		{ CVM_EVIDENCE_ITEM_PRIVLEVEL, 4, 4 },
		{ CVM_EVIDENCE_ITEM_SEQUENCE, 8, 8 },
		{ CVM_EVIDENCE_ITEM_BOOT_ID, 16, 16 },
		{ CVM_EVIDENCE_ITEM_VM_EPOCH, 8, 8 },
		{ CVM_EVIDENCE_ITEM_TIME, 16, 16 },
		{ CVM_EVIDENCE_ITEM_SERVICE_GUID, 16, 16 },
		{ CVM_EVIDENCE_ITEM_SERVICE_MANIFEST_VERSION, 4, 4 },
		{ CVM_EVIDENCE_ITEM_ABSENT, 8, UINT32_MAX },
	};
	size_t i;

	if ((it->type == 0 || it->type >= ARRAY_SIZE(item_names)) &&
	    it->flags & CVM_EVIDENCE_ITEM_F_CRITICAL)
		return fail(RC_EVIDENCE,
			    "evidence: item %u at offset %zu has the unknown type %u and is marked critical; use a newer cvm-evidence",
			    nr, it->off - CVM_EVIDENCE_ITEM_HEADER_LEN, it->type);
	for (i = 0; i < e->n; i++)
		if (e->items[i].type == it->type && it->type != CVM_EVIDENCE_ITEM_ABSENT)
			return fail(RC_EVIDENCE, "evidence: item %u at offset %zu is a second %s",
				    nr, it->off - CVM_EVIDENCE_ITEM_HEADER_LEN,
				    item_name(it->type));
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		if (it->type == lengths[i].type &&
		    (it->data.len < lengths[i].min || it->data.len > lengths[i].max))
			return fail(RC_EVIDENCE, "evidence: item %u (%s) at offset %zu has an impossible length, %zu",
				    nr, item_name(it->type), it->off, it->data.len);
	return RC_OK;
}

int evidence_parse(struct span s, struct evidence *e)
{
	u32 header_len, count, i;
	size_t off;
	int rc;

	*e = (struct evidence){ 0 };
	rc = parse_header(s, e, &header_len, &count);
	if (rc)
		return rc;
	off = header_len;
	if (count > (s.len - off) / CVM_EVIDENCE_ITEM_HEADER_LEN)
		return fail(RC_EVIDENCE, "evidence: %u items at offset 12 do not fit into %zu bytes",
			    count, s.len);
	e->items = xalloc(count * sizeof(*e->items));
	for (i = 0; i < count; i++) {
		rc = parse_item(s, &off, i, &e->items[i]);
		if (!rc)
			rc = check_item(e, &e->items[i], i);
		if (rc)
			return rc;
		e->n++;
	}
	if (off != s.len)
		return fail(RC_EVIDENCE, "evidence: %zu bytes at offset %zu belong to no item",
			    s.len - off, off);
	e->report = evidence_data(e, CVM_EVIDENCE_ITEM_REPORT);
	if (!e->report.len)
		return fail(RC_EVIDENCE, "evidence: it has no report item");
	e->kind = e->tee == CVM_EVIDENCE_TEE_CCA ? RAW_CCA : raw_recognise(e->report);
	return RC_OK;
}

void evidence_free(struct evidence *e)
{
	free(e->items);
	*e = (struct evidence){ 0 };
}

const struct evidence_item *evidence_find(const struct evidence *e, u32 type)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		if (e->items[i].type == type)
			return &e->items[i];
	return NULL;
}

struct span evidence_data(const struct evidence *e, u32 type)
{
	const struct evidence_item *it = evidence_find(e, type);

	return it ? it->data : (struct span){ 0 };
}

int evidence_check_binding(const struct evidence *e, bool *checked)
{
	struct span asked = evidence_data(e, CVM_EVIDENCE_ITEM_REPORT_DATA);
	struct span manifest = evidence_data(e, CVM_EVIDENCE_ITEM_MANIFEST);
	struct span statement = evidence_data(e, CVM_EVIDENCE_ITEM_STATEMENT);
	u8 want[DIGEST_MAX] = { 0 }, user_data[64];
	struct buf b CLEANUP_BUF;
	const u8 *got;
	struct hcl h;
	int rc;

	*checked = false;
	rc = raw_report_data(e->kind, e->report, &got);
	if (rc || !got || !asked.len)
		return rc;
	memcpy(want, asked.p, asked.len);
	switch (e->binding) {
	case CVM_EVIDENCE_BINDING_DIRECT:
		break;
	case CVM_EVIDENCE_BINDING_SVSM:
		buf_add(&b, want, 64);
		buf_add(&b, manifest.p, manifest.len);
		digest("SHA512", b.p, b.len, want);
		break;
	case CVM_EVIDENCE_BINDING_STATEMENT:
		memset(want, 0, sizeof(want));
		digest("SHA256", statement.p, statement.len, want);
		break;
	case CVM_EVIDENCE_BINDING_HCL:
		if (e->kind != RAW_HCL)
			return fail(RC_EVIDENCE, "evidence: bound by HCL claims, but its report is not an HCL report");
		rc = hcl_parse(e->report, &h);
		if (rc)
			return rc;
		if (!hcl_is_bound(&h))
			return fail(RC_EVIDENCE, "evidence: the hash of the HCL claims is not in REPORT_DATA");
		*checked = true;
		if (!hcl_user_data(&h, user_data) || memcmp(user_data, want, 64))
			return fail(RC_EVIDENCE, "evidence: user-data of the HCL claims is not the report_data asked for");
		return RC_OK;
	default:
		return RC_OK;
	}
	*checked = true;
	if (memcmp(got, want, 64))
		return fail(RC_EVIDENCE,
			    "evidence: the report is not bound to the report_data of the blob (REPORT_DATA differs)");
	return RC_OK;
}
