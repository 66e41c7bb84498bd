// SPDX-License-Identifier: GPL-2.0-only
/*
 * HCL reports of an Azure paravisor. Any plain SNP guest can put claims of its
 * own under REPORT_DATA: that the paravisor wrote them shows only in its
 * measurement or ID key, at VMPL 0 (verify_appraise.c).
 */
#include "snp.h"
#include "verify.h"

void verify_hcl(struct verify *v, struct span s)
{
	struct buf said CLEANUP_BUF;
	struct hcl h;
	bool bound;
	int rc;

	complain_into(&said);
	rc = hcl_parse(s, &h);
	complain_into(NULL);
	if (rc) {
		failed(v, GENUINE, "layout", "%s", (char *)said.p);
		return;
	}
	bound = hcl_is_bound(&h);
	judged(v, GENUINE, bound, "claims", bound ? "REPORT_DATA is their hash" :
	       "REPORT_DATA is not their hash: the claims were altered");
	if (h.report_type == HCL_SNP)
		verify_snp(v, h.report);
	else
		verify_tdreport(v, h.report);
	if (v->parts.tpm_attest.len)
		verify_tpm(v, &h);
	verify_binding(v, NULL, &h);
}
