// SPDX-License-Identifier: GPL-2.0-only
/* Shows evidence and what comes with it; what has it inside is for input_show.c */
#include "evidence/cca.h"
#include "evidence/certs.h"
#include "evidence/event_log.h"
#include "evidence/hcl.h"
#include "evidence/kind.h"
#include "evidence/show_more.h"
#include "evidence/snp.h"
#include "evidence/tdx.h"
#include "evidence/tpm_show.h"

static int show_certs(struct node *to, struct span s)
{
	struct cert_pool pool CLEANUP(cert_pool_free) = { 0 };
	int rc = cert_pool_add(&pool, s, "certificates");

	if (!rc)
		x509_show_pem(to, "x509", s);
	return rc;
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
		return cca_show(to, s);
	case RAW_TPM_QUOTE:
		return tpm_attest_show(to, s);
	case RAW_PCRS:
		return pcr_file_show(to, s);
	case RAW_EVENT_LOG:
		return event_log_show(to, s);
	case RAW_CWT:
		return cwt_show(to, s);
	case RAW_CRL:
		return crl_show(to, s);
	default:
		return fail(RC_EVIDENCE, "not recognised as evidence: unknown bytes at offset 0");
	}
}
