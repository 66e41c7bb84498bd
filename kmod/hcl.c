// SPDX-License-Identifier: GPL-2.0
/*
 * The HCL report (OpenHCL, openhcl_attestation_protocol, igvm_attest/get.rs):
 * a header, the hardware's report, and runtime claims in JSON whose hash is in
 * that report's REPORT_DATA. All of it is little-endian.
 *
 * The claims are only searched, for a few members that are compared with known
 * values: they are the paravisor's word, which a verifier has to judge.
 */
#include "cvm_evidence.h"

#include <crypto/sha2.h>
#include <linux/string.h>

#include "compat.h"
#include "hcl.h"
#include "report.h"

#define HCL_CLAIMS		1236
#define HCL_TYPE_SNP		2
#define HCL_TYPE_TDX		4
#define HCL_HASH_SHA256		1
#define HCL_DATA_HEADER		20

#define KEY_MAX			512	/* bytes of an RSA modulus */

/**
 * cvme_hcl_parse - parse an HCL report
 * @raw: the report; zeroes may follow it
 * @hcl: filled
 *
 * Return: 0 or -EBADMSG.
 */
int cvme_hcl_parse(const struct cvme_buf *raw, struct cvme_hcl *hcl)
{
	const u8 *p = raw->data;
	u32 version, claims;

	if (raw->len < HCL_CLAIMS || memcmp(p, "HCLA", 4))
		return -EBADMSG;
	version = get_unaligned_le32(p + 4);
	claims = get_unaligned_le32(p + 1232);
	if (version < 1 || version > 2 || !claims ||
	    claims > raw->len - HCL_CLAIMS ||
	    get_unaligned_le32(p + 1216) != HCL_DATA_HEADER + claims ||
	    get_unaligned_le32(p + 1228) != HCL_HASH_SHA256)
		return -EBADMSG;
	switch (get_unaligned_le32(p + 1224)) {
	case HCL_TYPE_SNP:
		hcl->tee = CVM_EVIDENCE_TEE_SEV_SNP;
		break;
	case HCL_TYPE_TDX:
		hcl->tee = CVM_EVIDENCE_TEE_TDX;
		break;
	default:
		return -EBADMSG;
	}
	hcl->inner = p + CVME_HCL_INNER;
	hcl->claims = p + HCL_CLAIMS;
	hcl->claims_len = claims;
	return 0;
}

/* True if REPORT_DATA is the hash of the claims; false after a torn read */
bool cvme_hcl_bound(const struct cvme_hcl *hcl)
{
	u8 want[CVM_EVIDENCE_REPORT_DATA_MAX] = {};

	sha256(hcl->claims, hcl->claims_len, want);
	return !memcmp(cvme_inner_report_data(hcl->inner, hcl->tee), want,
		       sizeof(want));
}

/* A part of the JSON text */
struct text {
	const u8 *p;
	const u8 *end;
};

static void skip_space(struct text *t)
{
	while (t->p < t->end && strchr(" \t\r\n", *t->p) && *t->p)
		t->p++;
}

static bool skip_char(struct text *t, u8 c)
{
	skip_space(t);
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

/* Advance past a string and its closing quote */
static bool skip_string(struct text *t)
{
	if (!skip_char(t, '"'))
		return false;
	while (t->p < t->end && *t->p != '"')
		t->p += *t->p == '\\' ? 2 : 1;
	if (t->p >= t->end)
		return false;
	t->p++;
	return true;
}

static bool skip_value(struct text *t)
{
	unsigned int depth = 0;

	do {
		skip_space(t);
		if (t->p == t->end)
			return false;
		switch (*t->p) {
		case '"':
			if (!skip_string(t))
				return false;
			break;
		case '{':
		case '[':
			depth++;
			t->p++;
			break;
		case '}':
		case ']':
			if (!depth)
				return false;
			depth--;
			t->p++;
			break;
		case ',':
		case ':':
			if (!depth)
				return false;
			t->p++;
			break;
		default:
			while (t->p < t->end && *t->p &&
			       !strchr(" \t\r\n,:{}[]\"", *t->p))
				t->p++;
			if (t->p < t->end && !*t->p)
				return false;
		}
	} while (depth);
	return true;
}

/* Set @val to the next value of @t, and advance @t past it */
static bool take_value(struct text *t, struct text *val)
{
	skip_space(t);
	val->p = t->p;
	if (!skip_value(t))
		return false;
	val->end = t->p;
	return true;
}

static bool is_string(const struct text *val, const char *str)
{
	size_t len = strlen(str);

	return val->end - val->p == len + 2 && *val->p == '"' &&
	       !memcmp(val->p + 1, str, len);
}

/* Find a member of an object, but not of the objects nested in it */
static bool find_member(struct text obj, const char *name, struct text *val)
{
	struct text key;

	if (!skip_char(&obj, '{'))
		return false;
	do {
		if (!take_value(&obj, &key) || !skip_char(&obj, ':') ||
		    !take_value(&obj, val))
			return false;
		if (is_string(&key, name))
			return true;
	} while (skip_char(&obj, ','));
	return false;
}

static struct text claims_text(const struct cvme_hcl *hcl)
{
	return (struct text){ hcl->claims, hcl->claims + hcl->claims_len };
}

/**
 * cvme_hcl_user_data - whose are the user-data of the claims
 * @hcl: the report
 * @want: CVM_EVIDENCE_REPORT_DATA_MAX bytes
 *
 * Older paravisors have none in their claims. What cannot be read counts as
 * somebody else's.
 *
 * Return: enum cvme_hcl_data.
 */
enum cvme_hcl_data cvme_hcl_user_data(const struct cvme_hcl *hcl, const u8 *want)
{
	u8 have[CVM_EVIDENCE_REPORT_DATA_MAX];
	struct text val;

	if (!find_member(claims_text(hcl), "user-data", &val))
		return CVME_HCL_NOBODYS;
	/* hex digits in upper or lower case, depending on the paravisor */
	if (val.end - val.p != 2 * sizeof(have) + 2 || *val.p != '"' ||
	    hex2bin(have, (const char *)val.p + 1, sizeof(have)))
		return CVME_HCL_OTHERS;
	if (!memcmp(have, want, sizeof(have)))
		return CVME_HCL_OURS;
	return memchr_inv(have, 0, sizeof(have)) ? CVME_HCL_OTHERS :
						   CVME_HCL_NOBODYS;
}

/**
 * cvme_hcl_vm_id - find the vmUniqueId of the claims
 * @hcl: the report
 * @len: set to the length of the id
 *
 * Return: the id, without its quotes; NULL if the claims have none.
 */
const u8 *cvme_hcl_vm_id(const struct cvme_hcl *hcl, u32 *len)
{
	struct text config, id;

	if (!find_member(claims_text(hcl), "vm-configuration", &config) ||
	    !find_member(config, "vmUniqueId", &id) ||
	    id.end - id.p < 3 || *id.p != '"')
		return NULL;
	*len = id.end - id.p - 2;
	return id.p + 1;
}

static int base64url_value(u8 c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* True if @val is the base64url of @data, with or without padding */
static bool base64url_is(const struct text *val, const u8 *data, size_t len)
{
	const u8 *p = val->p + 1, *end = val->end - 1;
	u32 bits = 0, have = 0;
	size_t n = 0;

	if (val->end - val->p < 2 || *val->p != '"')
		return false;
	for (; p < end && *p != '='; p++) {
		int v = base64url_value(*p);

		if (v < 0)
			return false;
		bits = bits << 6 | v;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (n == len || data[n++] != (u8)(bits >> have))
			return false;
	}
	return n == len;
}

/* The modulus of an RSA key in a TPM2B_PUBLIC; NULL for anything else */
static const u8 *rsa_modulus(const u8 *p, size_t pub_len, size_t *len)
{
	size_t pos = 2 + 2 + 2 + 4, n;

	/* TPM_ALG_RSA; then nameAlg, attributes, authPolicy */
	if (pub_len < pos + 2 || get_unaligned_be16(p + 2) != 1)
		return NULL;
	pos += 2 + get_unaligned_be16(p + pos);
	/* a signing key: symmetric TPM_ALG_NULL, a scheme with its hash */
	if (pub_len < pos + 2 + 4 + 2 + 4 + 2 ||
	    get_unaligned_be16(p + pos) != 0x10)
		return NULL;
	pos += 2 + (get_unaligned_be16(p + pos + 2) == 0x10 ? 2 : 4) + 2 + 4;
	if (pub_len < pos + 2)
		return NULL;
	n = get_unaligned_be16(p + pos);
	if (!n || n > KEY_MAX || pub_len != pos + 2 + n)
		return NULL;
	*len = n;
	return p + pos + 2;
}

/**
 * cvme_hcl_names_key - is a key the one that the claims call HCLAkPub
 * @hcl: the report
 * @pub: TPM2B_PUBLIC
 * @len: bytes of it
 *
 * Without this check a quote proves nothing: anybody can have a TPM.
 *
 * Return: whether it is.
 */
bool cvme_hcl_names_key(const struct cvme_hcl *hcl, const u8 *pub, size_t len)
{
	struct text keys, key, kid, n;
	const u8 *modulus;
	size_t n_len;

	modulus = rsa_modulus(pub, len, &n_len);
	if (!modulus || !find_member(claims_text(hcl), "keys", &keys) ||
	    !skip_char(&keys, '['))
		return false;
	do {
		if (!take_value(&keys, &key))
			return false;
		if (find_member(key, "kid", &kid) &&
		    is_string(&kid, "HCLAkPub"))
			return find_member(key, "n", &n) &&
			       base64url_is(&n, modulus, n_len);
	} while (skip_char(&keys, ','));
	return false;
}
