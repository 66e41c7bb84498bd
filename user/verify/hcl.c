// SPDX-License-Identifier: GPL-2.0-only
/*
 * HCL reports of an Azure paravisor. Any plain SNP guest can put claims of its
 * own under REPORT_DATA: that the paravisor wrote them shows only in its
 * measurement or ID key, at VMPL 0 (appraise.c).
 */
#include "evidence/snp.h"
#include "verify/verify.h"

#define SLOT_OFF	32
#define SLOT_END	1216
#define CLAIMS_OFF	1236

/*
 * Nothing signs the paravisor's own header: what is known of it must be as it
 * always is, so that an altered one is noticed.
 */
static bool header_as_known(struct span s, const struct hcl *h)
{
	size_t used = SLOT_OFF + h->report.len;
	u32 version = le32(s.p + 4);

	return (version == 1 || version == 2) && le32(s.p + 8) == CLAIMS_OFF + h->claims.len &&
	       le32(s.p + 12) == 2 && is_zero(s.p + 16, 16) &&
	       is_zero(s.p + used, SLOT_END - used) &&
	       le32(s.p + SLOT_END) == CLAIMS_OFF - SLOT_END + h->claims.len;
}

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
	if (h.claims.len > VERIFY_CLAIMS_MAX) {
		failed(v, GENUINE, "claims", "they have %zu bytes, the limit is %u", h.claims.len,
		       VERIFY_CLAIMS_MAX);
		return;
	}
	if (!header_as_known(s, &h))
		failed(v, GENUINE, "header", "its fields are inconsistent: it was altered, or comes from a paravisor that this version does not know");
	bound = hcl_is_bound(&h);
	judged(v, GENUINE, bound, "claims", bound ? "REPORT_DATA is their hash" :
	       "REPORT_DATA is not their hash: the claims were altered");
	if (h.report_type == HCL_SNP)
		verify_snp(v, h.report);
	else
		verify_tdreport(v, h.report);
	verify_tpm(v, &h);
	verify_binding(v, NULL, &h);
}
