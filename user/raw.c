// SPDX-License-Identifier: GPL-2.0-only
#include "certs.h"
#include "digest.h"
#include "hcl.h"
#include "raw.h"
#include "snp.h"
#include "tdx.h"

static const struct {
	const char *name, *title;
} kinds[] = {
	[RAW_UNKNOWN]	 = { "unknown", "not recognised" },
	[RAW_SNP]	 = { "snp-report", "AMD SEV-SNP attestation report" },
	[RAW_TDX_QUOTE]	 = { "tdx-quote", "Intel TDX quote" },
	[RAW_TDREPORT]	 = { "tdreport",
			     "Intel TDREPORT (no quote: only the same machine can check it)" },
	[RAW_HCL]	 = { "hcl-report", "HCL report of an Azure paravisor" },
	[RAW_CCA]	 = { "cca-token", "Arm CCA attestation token" },
	[RAW_CERT_TABLE] = { "cert-table", "Certificate table of an SNP host" },
	[RAW_CERTS]	 = { "certificates", "X.509 certificates" },
};

/* CBOR tag 399, or 907 of the drafts after it: a map of two tokens */
static bool cca_looks_like(struct span s)
{
	return s.len >= 3 && s.p[0] == 0xd9 &&
	       ((s.p[1] == 0x01 && s.p[2] == 0x8f) || (s.p[1] == 0x03 && s.p[2] == 0x8b));
}

enum raw_kind raw_recognise(struct span s)
{
	if (hcl_looks_like(s))
		return RAW_HCL;
	if (tdx_quote_looks_like(s))
		return RAW_TDX_QUOTE;
	if (tdreport_looks_like(s))
		return RAW_TDREPORT;
	if (snp_looks_like(s))
		return RAW_SNP;
	if (cert_table_looks_like(s))
		return RAW_CERT_TABLE;
	if (cca_looks_like(s))
		return RAW_CCA;
	if (x509_is_pem(s) || (s.len > 4 && s.p[0] == 0x30 && s.p[1] == 0x82))
		return RAW_CERTS;
	return RAW_UNKNOWN;
}

const char *raw_kind_name(enum raw_kind kind)
{
	return kinds[kind].name;
}

const char *raw_kind_title(enum raw_kind kind)
{
	return kinds[kind].title;
}

static int show_certs(struct node *to, struct span s)
{
	struct cert_pool pool CLEANUP(cert_pool_free) = { 0 };
	int rc = cert_pool_add(&pool, s, "certificates");

	if (!rc)
		x509_show_pem(to, "x509", s);
	return rc;
}

/* This version reads no CBOR: say what it is and how large, not more. */
static void show_cca(struct node *to, struct span s)
{
	u8 hash[DIGEST_MAX];

	digest("SHA256", s.p, s.len, hash);
	add_uint(to, "length", s.len);
	add_bytes(to, "sha256", hash, 32);
	add_text(to, "claims", "not decoded by this version");
}

int raw_show(struct node *to, enum raw_kind kind, struct span s)
{
	struct tdx_quote q;
	int rc;

	switch (kind) {
	case RAW_SNP:
		rc = snp_check(s);
		if (!rc)
			snp_show(to, s);
		return rc;
	case RAW_TDX_QUOTE:
		rc = tdx_quote_parse(s, &q);
		if (!rc)
			tdx_quote_show(to, &q);
		return rc;
	case RAW_TDREPORT:
		rc = tdreport_check(s);
		return rc ? rc : tdreport_show(to, s);
	case RAW_HCL:
		return hcl_show(to, s);
	case RAW_CERT_TABLE:
		return cert_table_show(to, s);
	case RAW_CERTS:
		return show_certs(to, s);
	case RAW_CCA:
		show_cca(to, s);
		return RC_OK;
	default:
		return fail(RC_EVIDENCE, "not recognised as evidence: unknown bytes at offset 0");
	}
}

int raw_report_data(enum raw_kind kind, struct span s, const u8 **out)
{
	struct tdx_quote q;
	struct hcl h;
	int rc;

	*out = NULL;
	switch (kind) {
	case RAW_SNP:
		rc = snp_check(s);
		if (!rc)
			*out = s.p + SNP_REPORT_DATA_OFF;
		return rc;
	case RAW_TDX_QUOTE:
		rc = tdx_quote_parse(s, &q);
		if (!rc)
			*out = tdx_quote_report_data(&q);
		return rc;
	case RAW_TDREPORT:
		rc = tdreport_check(s);
		if (!rc)
			*out = tdreport_report_data(s.p);
		return rc;
	case RAW_HCL:
		rc = hcl_parse(s, &h);
		if (!rc)
			*out = h.report_type == HCL_SNP ? h.report.p + SNP_REPORT_DATA_OFF :
			       tdreport_report_data(h.report.p);
		return rc;
	default:
		return RC_OK;
	}
}
