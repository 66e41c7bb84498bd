// SPDX-License-Identifier: GPL-2.0-only
/* What kind of evidence bytes are */
#include <ctype.h>
#include <string.h>

#include <openssl/err.h>

#include "evidence/cca.h"
#include "evidence/certs.h"
#include "evidence/cmw.h"
#include "evidence/event_log.h"
#include "evidence/hcl.h"
#include "evidence/kind.h"
#include "evidence/snp.h"
#include "evidence/tdx.h"
#include "tpm/pcr_file.h"

static const struct {
	const char *name, *title;
} kinds[] = {
	[RAW_UNKNOWN]	 = { "unknown", "not recognised" },
	[RAW_SNP]	 = { "snp-report", "AMD SEV-SNP attestation report" },
	[RAW_TDX_QUOTE]	 = { "tdx-quote", "Intel TDX quote" },
	[RAW_TDREPORT]	 = { "tdreport",
			     "Intel TDREPORT (not a quote: only the same machine can check it)" },
	[RAW_HCL]	 = { "hcl-report", "HCL report of an Azure paravisor" },
	[RAW_CCA]	 = { "cca-token", "Arm CCA attestation token" },
	[RAW_CERT_TABLE] = { "cert-table", "Certificate table of an SNP host" },
	[RAW_CERTS]	 = { "certificates", "X.509 certificates" },
	[RAW_CRL]	 = { "crl", "X.509 certificate revocation list" },
	[RAW_TPM_QUOTE]	 = { "tpm-quote", "Quote of a TPM (TPMS_ATTEST)" },
	[RAW_PCRS]	 = { "pcr-values", "PCR values of tpm2_quote (no quote: nothing signs them)" },
	[RAW_EVENT_LOG]	 = { "event-log", "TCG event log" },
	[RAW_CWT]	 = { "cwt", "Token in COSE" },
	[RAW_COLLATERAL] = { "collateral", "Intel TCB collateral" },
	[RAW_JWT]	 = { "jwt", "Token in JOSE" },
	[RAW_CMW]	 = { "cmw", "Conceptual message wrapper in CBOR" },
	[RAW_JSON]	 = { "json", "JSON" },
};

/* TPM_GENERATED_VALUE and TPM_ST_ATTEST_QUOTE */
static bool tpm_quote_looks_like(struct span s)
{
	return s.len > 6 && !memcmp(s.p, "\xffTCG\x80\x18", 6);
}

/* COSE_Sign1, by itself or as a CWT (tags 18 and 61) */
static bool cwt_looks_like(struct span s)
{
	size_t i = s.len >= 2 && s.p[0] == 0xd8 && s.p[1] == 61 ? 2 : 0;

	return s.len >= i + 2 && s.p[i] == 0xd2 && s.p[i + 1] == 0x84;
}

static bool is_crl(struct span s)
{
	const u8 *p = s.p;
	X509_CRL *crl = s.len < INT32_MAX ? d2i_X509_CRL(NULL, &p, (long)s.len) : NULL;
	bool is = crl;

	X509_CRL_free(crl);
	ERR_clear_error();
	return is;
}

/*
 * RFC 5280, 4.1: a certificate is a sequence whose first part is one again, which begins
 * with the version, or in version 1 with the serial number. A public key begins with two
 * sequences, too, but then has an object identifier.
 */
static bool is_certificate(struct span s)
{
	size_t at;

	if (s.len < 10 || s.p[1] != 0x82 || s.p[4] != 0x30)
		return false;
	at = s.p[5] < 0x80 ? 6 : 6 + (s.p[5] & 3u);
	return at < s.len && (s.p[at] == 0xa0 || s.p[at] == 0x02);
}

static enum raw_kind der_kind(struct span s)
{
	if (s.len <= 4 || s.p[0] != 0x30 || (s.p[1] != 0x81 && s.p[1] != 0x82))
		return RAW_UNKNOWN;
	return is_crl(s) ? RAW_CRL : is_certificate(s) ? RAW_CERTS : RAW_UNKNOWN;
}

/* Three parts in base64url, the first one an object */
static bool jwt_looks_like(struct span s)
{
	size_t i, dots = 0;

	for (i = 0; i < s.len && !strchr(" \t\r\n", s.p[i]); i++) {
		if (s.p[i] == '.')
			dots++;
		else if (!isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	}
	while (i < s.len && s.p[i] && strchr(" \t\r\n", s.p[i]))
		i++;
	return s.len > 3 && !memcmp(s.p, "eyJ", 3) && dots == 2 && i == s.len;
}

static bool has_name(struct span s, const char *quoted)
{
	return memmem(s.p, s.len, quoted, strlen(quoted));
}

/* Collateral as Intel's services answer it, or a bundle of it as dcap-qvl has it */
static enum raw_kind json_kind(struct span s)
{
	size_t i = 0;

	while (i < s.len && s.p[i] && strchr(" \t\r\n", s.p[i]))
		i++;
	if (i == s.len || (s.p[i] != '{' && s.p[i] != '['))
		return RAW_UNKNOWN;
	return has_name(s, "\"tcbInfo\"") || has_name(s, "\"enclaveIdentity\"") ||
	       (has_name(s, "\"tcb_info\"") && has_name(s, "\"qe_identity\"")) ?
	       RAW_COLLATERAL : RAW_JSON;
}

static enum raw_kind text_kind(struct span s)
{
	enum raw_kind kind = json_kind(s);

	if (kind != RAW_UNKNOWN)
		return kind;
	if (x509_is_pem_text(s, false))
		return RAW_CERTS;
	if (x509_is_pem_text(s, true))
		return RAW_CRL;
	return jwt_looks_like(s) ? RAW_JWT : RAW_UNKNOWN;
}

bool raw_split(struct span s, struct span *report, struct span *certs)
{
	if (s.len <= SNP_REPORT_LEN || !snp_looks_like(s) || event_log_looks_like(s))
		return false;
	*report = (struct span){ s.p, SNP_REPORT_LEN };
	*certs = (struct span){ s.p + SNP_REPORT_LEN, s.len - SNP_REPORT_LEN };
	return cert_table_looks_like(*certs) || x509_is_pem_text(*certs, false) ||
	       (certs->p[0] == 0x30 && der_kind(*certs) == RAW_CERTS);
}

enum raw_kind raw_recognise(struct span s)
{
	if (hcl_looks_like(s))
		return RAW_HCL;
	if (tdx_quote_looks_like(s))
		return RAW_TDX_QUOTE;
	if (tpm_quote_looks_like(s))
		return RAW_TPM_QUOTE;
	if (event_log_looks_like(s))
		return RAW_EVENT_LOG;
	if (tdreport_looks_like(s))
		return RAW_TDREPORT;
	if (pcr_file_looks_like(s))
		return RAW_PCRS;
	if (snp_looks_like(s))
		return RAW_SNP;
	if (cert_table_looks_like(s))
		return RAW_CERT_TABLE;
	if (cca_looks_like(s))
		return RAW_CCA;
	if (cwt_looks_like(s))
		return RAW_CWT;
	if (cmw_looks_like(s))
		return RAW_CMW;
	if (s.len && s.p[0] == 0x30)
		return der_kind(s);
	return text_kind(s);
}

const char *raw_kind_name(enum raw_kind kind)
{
	return kinds[kind].name;
}

const char *raw_kind_title(enum raw_kind kind)
{
	return kinds[kind].title;
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
