// SPDX-License-Identifier: GPL-2.0-only
/* A strict reader of the evidence blob, written from the header alone. */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <string.h>

/* Where REPORT_DATA is, from the vendors' specifications */
#define SNP_REPORT_DATA		0x50
#define SNP_REPORT_LEN		1184
#define TD_REPORT_DATA		128
#define TD_REPORT_LEN		1024
#define TDX_QUOTE_HEADER	48
#define TDX_QUOTE5_BODY		54	/* body type and size before it */
#define TD_BODY_REPORT_DATA	520

#define KNOWN_FLAGS		(CVM_EVIDENCE_BLOB_F_TDREPORT |		\
				 CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM |	\
				 CVM_EVIDENCE_BLOB_F_UNCHECKED |		\
				 CVM_EVIDENCE_BLOB_F_HCL_CACHED)

uint32_t cvm_get32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t cvm_get64(const uint8_t *p)
{
	return cvm_get32(p) | (uint64_t)cvm_get32(p + 4) << 32;
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static bool zero(const uint8_t *p, size_t len)
{
	while (len--)
		if (*p++)
			return false;
	return true;
}

/* Lengths that the header fixes; 0 for the others. */
static uint32_t fixed_len(uint32_t type)
{
	switch (type) {
	case CVM_EVIDENCE_ITEM_PRIVLEVEL:
	case CVM_EVIDENCE_ITEM_SERVICE_MANIFEST_VERSION:
		return 4;
	case CVM_EVIDENCE_ITEM_SEQUENCE:
	case CVM_EVIDENCE_ITEM_VM_EPOCH:
		return 8;
	case CVM_EVIDENCE_ITEM_BOOT_ID:
	case CVM_EVIDENCE_ITEM_TIME:
	case CVM_EVIDENCE_ITEM_SERVICE_GUID:
		return 16;
	default:
		return 0;
	}
}

static const char *parse_header(const uint8_t *p, size_t len, struct cvm_blob *b)
{
	struct cvm_evidence_blob *h = &b->hdr;

	if (len < CVM_EVIDENCE_BLOB_HEADER_LEN)
		return "shorter than its header";
	if (memcmp(p, CVM_EVIDENCE_BLOB_MAGIC, 4))
		return "magic";
	h->major = get16(p + 4);
	h->minor = get16(p + 6);
	h->header_len = cvm_get32(p + 8);
	h->item_count = cvm_get32(p + 12);
	h->total_len = cvm_get64(p + 16);
	h->tee = cvm_get32(p + 24);
	h->provider = cvm_get32(p + 28);
	h->flags = cvm_get32(p + 32);
	h->binding = cvm_get32(p + 36);
	if (h->major != CVM_EVIDENCE_BLOB_MAJOR)
		return "major version";
	if (h->flags & CVM_EVIDENCE_BLOB_F_CRITICAL)
		return "an unknown critical flag";
	/* what a later minor version added is for its readers */
	if (h->minor == CVM_EVIDENCE_BLOB_MINOR && h->flags & ~KNOWN_FLAGS)
		return "an unknown flag";
	if (h->binding < CVM_EVIDENCE_BINDING_DIRECT ||
	    h->binding > CVM_EVIDENCE_BINDING_STATEMENT)
		return "an unknown binding";
	if (h->header_len % 8 || h->header_len < CVM_EVIDENCE_BLOB_HEADER_LEN ||
	    h->header_len > len)
		return "header_len";
	if (h->total_len != len)
		return "total_len is not the number of bytes";
	if (!zero(p + 40, 24))
		return "reserved header bytes are not zero";
	if (h->item_count > ARRAY_SIZE(b->item))
		return "more items than this reader takes";
	return NULL;
}

const char *cvm_blob_parse(const void *data, size_t len, struct cvm_blob *b)
{
	const uint8_t *p = data;
	const char *err;
	size_t at;

	memset(b, 0, sizeof(*b));
	b->data = data;
	b->len = len;
	err = parse_header(p, len, b);
	if (err)
		return err;
	at = b->hdr.header_len;
	for (b->nr = 0; b->nr < b->hdr.item_count; b->nr++) {
		struct cvm_item *it = &b->item[b->nr];
		size_t pad;

		if (len - at < CVM_EVIDENCE_ITEM_HEADER_LEN)
			return "an item header beyond the end";
		it->type = cvm_get32(p + at);
		it->flags = cvm_get32(p + at + 4);
		it->len = cvm_get32(p + at + 8);
		if (cvm_get32(p + at + 12))
			return "reserved word of an item is not zero";
		at += CVM_EVIDENCE_ITEM_HEADER_LEN;
		it->data = p + at;
		if (it->len > len - at)
			return "an item's payload beyond the end";
		at += it->len;
		pad = -it->len & 7;
		if (pad > len - at || !zero(p + at, pad))
			return "padding of an item";
		at += pad;
		if (it->flags & CVM_EVIDENCE_ITEM_F_CRITICAL &&
		    (!it->type || it->type > CVM_EVIDENCE_ITEM_ABSENT))
			return "a critical item of an unknown type";
		if (b->hdr.minor == CVM_EVIDENCE_BLOB_MINOR &&
		    it->flags & ~CVM_EVIDENCE_ITEM_F_CRITICAL)
			return "an unknown flag of an item";
		if (fixed_len(it->type) && it->len != fixed_len(it->type))
			return "an item of fixed length has another";
		if (it->type != CVM_EVIDENCE_ITEM_ABSENT &&
		    cvm_blob_find(b, it->type) != NULL)
			return "two items of one type";
		if (it->type == CVM_EVIDENCE_ITEM_ABSENT && it->len < 9)
			return "an ABSENT item without a text";
	}
	if (at != len)
		return "bytes after the last item";
	return NULL;
}

/* Among the items before the one being parsed. */
const struct cvm_item *cvm_blob_find(const struct cvm_blob *b, uint32_t type)
{
	for (unsigned int i = 0; i < b->nr; i++)
		if (b->item[i].type == type)
			return &b->item[i];
	return NULL;
}

const uint8_t *cvm_blob_bound(const struct cvm_blob *b)
{
	const struct cvm_item *r = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT);
	size_t at;

	if (!r)
		return NULL;
	switch (b->hdr.tee) {
	case CVM_EVIDENCE_TEE_SEV_SNP:
		if (r->len < SNP_REPORT_LEN)
			return NULL;
		at = SNP_REPORT_DATA;
		break;
	case CVM_EVIDENCE_TEE_TDX:
		if (b->hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT) {
			if (r->len != TD_REPORT_LEN)
				return NULL;
			at = TD_REPORT_DATA;
		} else if (r->len >= 2 && get16(r->data) == 4) {
			at = TDX_QUOTE_HEADER + TD_BODY_REPORT_DATA;
		} else if (r->len >= 2 && get16(r->data) == 5) {
			at = TDX_QUOTE5_BODY + TD_BODY_REPORT_DATA;
		} else {
			return NULL;
		}
		break;
	default:
		return NULL;
	}
	if (r->len < at + CVM_EVIDENCE_REPORT_DATA_MAX)
		return NULL;
	return r->data + at;
}

#define HCL_CLAIMS	1236

bool cvm_hcl_carries(const uint8_t *hcl, size_t len, const uint8_t data[64])
{
	char hex[129];
	uint32_t claims;

	if (len < HCL_CLAIMS || memcmp(hcl, "HCLA", 4))
		return false;
	claims = cvm_get32(hcl + HCL_CLAIMS - 4);
	if (claims > len - HCL_CLAIMS)
		return false;
	for (int i = 0; i < 64; i++)
		snprintf(hex + 2 * i, 3, "%02x", data[i]);
	if (memmem(hcl + HCL_CLAIMS, claims, hex, 128))
		return true;
	for (int i = 0; i < 64; i++)
		snprintf(hex + 2 * i, 3, "%02X", data[i]);
	return memmem(hcl + HCL_CLAIMS, claims, hex, 128);
}

/*
 * AMD's SEV-SNP ABI specification has report versions up to 5, Intel's quoting
 * library quotes up to 5; an HCL report is not told by its inner report.
 */
static bool has_known_version(const struct cvm_blob *b,
			      const struct cvm_item *report)
{
	if (b->hdr.tee != CVM_EVIDENCE_TEE_SEV_SNP &&
	    b->hdr.tee != CVM_EVIDENCE_TEE_TDX)
		return false;
	if (b->hdr.provider == CVM_EVIDENCE_PROVIDER_VTPM ||
	    b->hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT || report->len < 4)
		return true;
	return get16(report->data) <= 5;
}

/* NULL, or how its binding is not what it says */
static const char *binding_wrong(const struct cvm_blob *b,
				 const struct cvm_item *report,
				 const uint8_t padded[64])
{
	const uint8_t *bound;
	bool carried, known = has_known_version(b, report);

	if (known == !!(b->hdr.flags & CVM_EVIDENCE_BLOB_F_UNCHECKED))
		return known ? "UNCHECKED, of a report that can be read" :
			       "not UNCHECKED, of a report that nobody can read";
	if (b->hdr.binding >= CVM_EVIDENCE_BINDING_HCL &&
	    b->hdr.binding <= CVM_EVIDENCE_BINDING_HCL_QUOTE) {
		carried = cvm_hcl_carries(report->data, report->len, padded);
		return !carried && b->hdr.binding == CVM_EVIDENCE_BINDING_HCL ?
		       "claims that do not carry our data" : NULL;
	}
	bound = cvm_blob_bound(b);
	if (known && !bound)
		return "a report of another size or format";
	if (b->hdr.binding != CVM_EVIDENCE_BINDING_DIRECT)
		return NULL;
	if (bound)
		return memcmp(bound, padded, 64) ?
		       "a report that is bound to something else" : NULL;
	/* a CCA token has the challenge somewhere in its CBOR */
	return memmem(report->data, report->len, padded, 64) ? NULL :
	       "the data are nowhere in the report";
}

const char *cvm_blob_wrong(const void *data, size_t len, const void *report_data,
			   size_t rd_len, struct cvm_blob *b)
{
	uint8_t padded[CVM_EVIDENCE_REPORT_DATA_MAX] = { 0 };
	const struct cvm_item *rd, *report;
	const char *why;

	why = cvm_blob_parse(data, len, b);
	if (why)
		return why;
	rd = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT_DATA);
	report = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT);
	if (!rd || !report || !report->len)
		return "no report_data or no report";
	if (!report_data) {
		/* the kernel's own 64 bytes: whatever they are */
		report_data = rd->data;
		rd_len = CVM_EVIDENCE_REPORT_DATA_MAX;
	}
	if (rd->len != rd_len || memcmp(rd->data, report_data, rd_len))
		return "another request's report_data";
	memcpy(padded, report_data, rd_len);
	return binding_wrong(b, report, padded);
}

void cvm_blob_check(const void *data, size_t len, const void *report_data,
		    size_t rd_len, struct cvm_blob *b)
{
	const char *why = cvm_blob_wrong(data, len, report_data, rd_len, b);
	uint8_t padded[CVM_EVIDENCE_REPORT_DATA_MAX] = { 0 };
	const struct cvm_item *rd, *report;

	CHECK(!why, "blob of %zu bytes, binding %u: %s", len, b->hdr.binding, why);
	if (b->hdr.binding != CVM_EVIDENCE_BINDING_HCL_BOOT &&
	    b->hdr.binding != CVM_EVIDENCE_BINDING_HCL_QUOTE)
		return;
	/* only claims that are not JSON are less than they look */
	rd = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT_DATA);
	report = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT);
	memcpy(padded, rd->data, rd->len);
	CHECK(!cvm_hcl_carries(report->data, report->len, padded),
	      "binding %u, and the claims carry our data", b->hdr.binding);
}
