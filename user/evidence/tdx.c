// SPDX-License-Identifier: GPL-2.0-only
/* TDX quotes (Intel TDX DCAP quoting library API, appendix A.3 and A.4) */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "evidence/tdx.h"
#include "evidence/x509.h"

#define HEADER_LEN		48
#define BODY10_LEN		584
#define KEY_ECDSA_P256		2
#define TEE_TDX			0x81
#define BODY_REPORT_DATA_OFF	520
#define QE_REPORT_LEN		384
#define CERT_QE_REPORT		6
#define CERT_PCK_CHAIN		5

/* A place in the quote; every step is checked against what is left. */
struct cursor {
	struct span s;
	size_t off;
};

static int take(struct cursor *c, size_t len, const char *what, struct span *out)
{
	if (c->s.len - c->off < len)
		return fail(RC_EVIDENCE,
			    "TDX quote: cut short: %s at offset %zu has %zu bytes, %zu are left",
			    what, c->off, len, c->s.len - c->off);
	*out = (struct span){ c->s.p + c->off, len };
	c->off += len;
	return RC_OK;
}

static int take16(struct cursor *c, const char *what, u16 *out)
{
	struct span s;
	int rc = take(c, 2, what, &s);

	if (!rc)
		*out = le16(s.p);
	return rc;
}

static int take32(struct cursor *c, const char *what, u32 *out)
{
	struct span s;
	int rc = take(c, 4, what, &s);

	if (!rc)
		*out = le32(s.p);
	return rc;
}

/* Quotes of SGX are recognised too, to be refused by name. */
bool tdx_quote_looks_like(struct span s)
{
	u16 version = s.len >= 8 ? le16(s.p) : 0;

	return version >= 3 && version <= 5 && le16(s.p + 2) >= 2 && le16(s.p + 2) <= 3 &&
	       (le32(s.p + 4) == TEE_TDX || version == 3 || !le32(s.p + 4));
}

/*
 * Types of bodies, the last two by Intel's sgx_quote_5.h. Quotes of type 4 that
 * carry the fields of type 3 alone are read as well.
 */
static const struct {
	const char *name;
	u32 len, or_len;
} bodies[] = {
	[2] = { "TD 1.0", BODY10_LEN, BODY10_LEN },
	[3] = { "TD 1.5", TDX_BODY15_LEN, TDX_BODY15_LEN },
	[4] = { "TD 1.5 extended", TDX_BODY15_EX_LEN, TDX_BODY15_LEN },
};

static int check_body(u16 type, u32 len)
{
	if (type >= ARRAY_SIZE(bodies) || !bodies[type].name)
		return fail(RC_EVIDENCE,
			    "TDX quote: body type %u at offset 48 is not known, 2 (TD 1.0), 3 (TD 1.5) and 4 (TD 1.5 extended) are",
			    type);
	if (len != bodies[type].len && len != bodies[type].or_len)
		return fail(RC_EVIDENCE,
			    "TDX quote: a body of type %u has %u bytes, not %u as offset 50 says",
			    type, bodies[type].len, len);
	return RC_OK;
}

static int parse_head(struct cursor *c, struct tdx_quote *q)
{
	struct span header;
	u32 len = BODY10_LEN;
	int rc;

	rc = take(c, HEADER_LEN, "the header", &header);
	if (rc)
		return rc;
	q->version = le16(header.p);
	if (q->version != 4 && q->version != 5)
		return fail(RC_EVIDENCE,
			    "TDX quote: version %u at offset 0 is not known, 4 and 5 are%s",
			    q->version, q->version == 3 ? " (3 is a quote of SGX)" : "");
	if (le32(header.p + 4) != TEE_TDX)
		return fail(RC_EVIDENCE,
			    "TDX quote: TEE_TYPE at offset 4 is 0x%x, not 0x81; 0 is a quote of SGX",
			    le32(header.p + 4));
	q->body_type = 2;
	if (q->version == 5) {
		rc = take16(c, "the type of the body", &q->body_type);
		if (!rc)
			rc = take32(c, "the length of the body", &len);
		if (!rc)
			rc = check_body(q->body_type, len);
		if (rc)
			return rc;
	}
	return take(c, len, "the body", &q->body);
}

/* signature, key, then a QE report that holds the certificates in itself */
static int parse_auth(struct tdx_quote *q, size_t base)
{
	struct cursor c = { { q->all.p, base + q->auth.len }, base };
	u16 type, n;
	u32 len;
	int rc;

	rc = take(&c, 64, "the signature", &q->signature);
	if (!rc)
		rc = take(&c, 64, "the attestation key", &q->key);
	if (!rc)
		rc = take16(&c, "the type of the certification data", &type);
	if (!rc)
		rc = take32(&c, "the length of the certification data", &len);
	if (rc)
		return rc;
	if (type != CERT_QE_REPORT)
		return fail(RC_EVIDENCE,
			    "TDX quote: certification data of type %u at offset %zu, only 6 (QE report) is known",
			    type, c.off - 6);
	if (len != c.s.len - c.off)
		return fail(RC_EVIDENCE,
			    "TDX quote: certification data at offset %zu say %u bytes, the signature data have %zu more",
			    c.off - 4, len, c.s.len - c.off);
	rc = take(&c, QE_REPORT_LEN, "the QE report", &q->qe_report);
	if (!rc)
		rc = take(&c, 64, "the QE report's signature", &q->qe_signature);
	if (!rc)
		rc = take16(&c, "the length of the QE's data", &n);
	if (!rc)
		rc = take(&c, n, "the QE's data", &q->qe_auth);
	if (!rc)
		rc = take16(&c, "the type of the certificates", &q->cert_type);
	if (!rc)
		rc = take32(&c, "the length of the certificates", &len);
	if (!rc)
		rc = take(&c, len, "the certificates", &q->certs);
	if (rc)
		return rc;
	if (c.off != c.s.len)
		return fail(RC_EVIDENCE,
			    "TDX quote: %zu unexpected bytes at offset %zu",
			    c.s.len - c.off, c.off);
	q->parsed = true;
	return RC_OK;
}

int tdx_quote_parse(struct span s, struct tdx_quote *q)
{
	struct cursor c = { s, 0 };
	size_t base, i;
	u32 len;
	int rc;

	*q = (struct tdx_quote){ 0 };
	rc = parse_head(&c, q);
	if (!rc)
		rc = take32(&c, "the length of the signature data", &len);
	if (rc)
		return rc;
	base = c.off;
	rc = take(&c, len, "the signature data", &q->auth);
	if (rc)
		return rc;
	q->all = (struct span){ s.p, c.off };
	q->tail = s.len - c.off;
	for (i = c.off; i < s.len; i++)
		if (s.p[i])
			return fail(RC_EVIDENCE,
				    "TDX quote: data at offset %zu, after the end of the quote at %zu",
				    i, c.off);
	if (le16(s.p + 2) == KEY_ECDSA_P256)
		return parse_auth(q, base);
	return RC_OK;
}

const char *tdx_quote_body_name(const struct tdx_quote *q)
{
	return bodies[q->body_type].name;
}

const u8 *tdx_quote_report_data(const struct tdx_quote *q)
{
	return q->body.p + BODY_REPORT_DATA_OFF;
}

/* Showing */

static void show_header(struct node *to, const u8 *h)
{
	struct node *n;

	add_uint(to, "VERSION", le16(h));
	n = add_uint(to, "ATTESTATION_KEY_TYPE", le16(h + 2));
	note(n, "%s", le16(h + 2) == KEY_ECDSA_P256 ? "ECDSA P-256" :
	     "not known, its signature data are not decoded");
	add_word(to, "TEE_TYPE", le32(h + 4), 8);
	if (le16(h) == 4) {
		add_uint(to, "QE_SVN", le16(h + 8));
		add_uint(to, "PCE_SVN", le16(h + 10));
	}
	add_bytes(to, "QE_VENDOR_ID", h + 12, 16);
	add_bytes(to, "USER_DATA", h + 28, 20);
}

/* What the module knows of the TD's history, and of the service TD bound to it */
static void show_extension(struct node *to, const u8 *b)
{
	static const struct {
		const char *name;
		size_t off, len;
	} fields[] = {
		{ "TD_ID", 649, 32 }, { "DEVINFO", 681, 48 }, { "INIT_SERVER_TD_HASH", 729, 48 },
		{ "INIT_SERVER_TD_ATTR", 777, 8 }, { "INIT_CPUSVN", 785, 16 },
		{ "INIT_TEE_TCB_SVN", 801, 16 }, { "INIT_TEE_FMSPC", 817, 12 },
		{ "CURR_SERVER_TD_HASH", 829, 48 }, { "CURR_SERVER_TD_ATTR", 877, 8 },
	};
	size_t i;

	add_uint(to, "VMID", b[648]);
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		add_bytes(to, fields[i].name, b + fields[i].off, fields[i].len);
}

static void show_body(struct node *to, const struct tdx_quote *q)
{
	const u8 *b = q->body.p;
	char name[16];
	int i;

	add_bytes(to, "TEE_TCB_SVN", b, 16);
	add_bytes(to, "MRSEAM", b + 16, 48);
	add_bytes(to, "MRSIGNERSEAM", b + 64, 48);
	add_bytes(to, "SEAMATTRIBUTES", b + 112, 8);
	tdx_show_attributes(to, "TDATTRIBUTES", b + 120);
	add_bytes(to, "XFAM", b + 128, 8);
	add_bytes(to, "MRTD", b + 136, 48);
	add_bytes(to, "MRCONFIGID", b + 184, 48);
	add_bytes(to, "MROWNER", b + 232, 48);
	add_bytes(to, "MROWNERCONFIG", b + 280, 48);
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "RTMR%d", i);
		add_bytes(to, name, b + 328 + (size_t)i * 48, 48);
	}
	add_bytes(to, "REPORTDATA", b + BODY_REPORT_DATA_OFF, 64);
	if (q->body.len >= TDX_BODY15_LEN) {
		add_bytes(to, "TEE_TCB_SVN_2", b + 584, 16);
		add_bytes(to, "MRSERVICETD", b + 600, 48);
	}
	if (q->body.len >= TDX_BODY15_EX_LEN)
		show_extension(to, b);
}

static void show_qe(struct node *to, const struct tdx_quote *q)
{
	const u8 *r = q->qe_report.p;
	struct node *n = add_map(to, "QE_REPORT", NULL), *c;
	struct buf bound CLEANUP_BUF;
	u8 hash[DIGEST_MAX];
	bool ok;

	add_bytes(n, "CPUSVN", r, 16);
	c = add_bytes(n, "ATTRIBUTES", r + 48, 16);
	if (r[48] & 2)
		danger(c, "the quoting enclave is a debug enclave");
	add_bytes(n, "MRENCLAVE", r + 64, 32);
	add_bytes(n, "MRSIGNER", r + 128, 32);
	add_uint(n, "ISVPRODID", le16(r + 256));
	add_uint(n, "ISVSVN", le16(r + 258));
	add_bytes(n, "REPORTDATA", r + 320, 64);

	buf_add(&bound, q->key.p, q->key.len);
	buf_add(&bound, q->qe_auth.p, q->qe_auth.len);
	digest("SHA256", bound.p, bound.len, hash);
	ok = !memcmp(hash, r + 320, 32) && is_zero(r + 352, 32);
	c = add_bool(n, "REPORTDATA_ok", ok);
	note(c, "SHA-256(attestation key || QE authentication data)");
	if (!ok)
		danger(c, "the quoting enclave does not vouch for this attestation key");
	add_bytes(to, "QE_AUTHENTICATION_DATA", q->qe_auth.p, q->qe_auth.len);
}

void tdx_quote_show(struct node *to, const struct tdx_quote *q)
{
	struct node *n;

	show_header(add_map(to, "header", NULL), q->all.p);
	n = add_text(to, "body_type", "%s", tdx_quote_body_name(q));
	if (q->body_type == 4)
		note(n, "provisional: no genuine quote of this type has been seen");
	show_body(add_map(to, "body", NULL), q);
	if (q->parsed) {
		n = add_map(to, "signature_data", NULL);
		note(n, "not checked by show");
		add_bytes(n, "SIGNATURE", q->signature.p, q->signature.len);
		add_bytes(n, "ATTESTATION_KEY", q->key.p, q->key.len);
		show_qe(n, q);
		add_uint(n, "CERTIFICATION_DATA_TYPE", q->cert_type);
		if (q->cert_type == CERT_PCK_CHAIN)
			x509_show_pem(n, "PCK_CHAIN", q->certs);
		else
			add_bytes(n, "CERTIFICATION_DATA", q->certs.p, q->certs.len);
	} else {
		add_bytes(to, "signature_data", q->auth.p, q->auth.len);
	}
	add_uint(to, "quote_length", q->all.len);
	if (q->tail)
		add_uint(to, "trailing_zeros", q->tail);
}
