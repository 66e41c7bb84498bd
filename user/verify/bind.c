// SPDX-License-Identifier: GPL-2.0-only
/* Whether the report is bound to the requested data, directly or by a hash */
#include <string.h>

#include "base/digest.h"
#include "verify/verify.h"

static void not_given(struct verify *v)
{
	if (v->policy.no_binding)
		left_out(v, BOUND, "report data", "--no-binding: it may be bound to anything");
	else if (v->e.items && v->e.flags & CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM)
		unable(v, BOUND, "report data", "the kernel chose the nonce of this evidence: it proves freshness to no verifier");
	else
		unable(v, BOUND, "report data", "nothing to compare it with: give --report-data or --nonce, or --no-binding");
}

static void direct(struct verify *v, const u8 *got)
{
	char *hex CLEANUP(free_str) = hex_encode(got, 64);

	if (v->policy.have_data)
		judged(v, BOUND, !memcmp(got, v->policy.data, 64), "report data",
		       "REPORT_DATA is %s%s", hex, memcmp(got, v->policy.data, 64) ?
		       ", not what was asked for" : "");
	else
		not_given(v);
}

/*
 * A guest at some VMPL can make reports of that VMPL over any manifest. Only
 * the SVSM runs at 0.
 */
static void manifest_vmpl(struct verify *v)
{
	struct span r = v->parts.report;
	u32 vmpl = r.len >= 0x34 ? le32(r.p + 0x30) : 0xffffffff;
	u64 wanted = v->policy.given[ASK_MANIFEST_VMPL] ? v->policy.manifest_vmpl : 0;

	answered(v, ASK_MANIFEST_VMPL);
	judged(v, BOUND, vmpl == wanted, "manifest", vmpl == wanted ? "it comes from VMPL %u" :
	       "it comes from VMPL %u, where an SVSM does not run: --manifest-vmpl names another VMPL that may make manifests",
	       vmpl);
}

/* SHA-512(nonce || manifest), which cannot be computed without the nonce */
static void svsm(struct verify *v, const u8 *got)
{
	struct evidence *e = &v->e;
	struct buf b CLEANUP_BUF;
	u8 want[DIGEST_MAX];

	if (!v->policy.have_data) {
		if (e->items)
			left_out(v, BOUND, "manifest of the blob", "REPORT_DATA is SHA-512 over it and the report data in the blob; without a nonce it proves nothing more");
		else if (!v->policy.given[ASK_MANIFEST])
			left_out(v, BOUND, "manifest", "it is in the evidence, and no nonce was given to check it with");
		not_given(v);
		return;
	}
	answered(v, ASK_MANIFEST);
	manifest_vmpl(v);
	buf_add(&b, v->policy.data, 64);
	buf_add(&b, v->parts.manifest.p, v->parts.manifest.len);
	digest("SHA512", b.p, b.len, want);
	judged(v, BOUND, !memcmp(want, got, 64), "report data and manifest",
	       "REPORT_DATA is %sSHA-512(report data || manifest of the SVSM)",
	       memcmp(want, got, 64) ? "not " : "");
}

/* The nonce is in the claims, or in the quote that their AK signed. */
static void by_claims(struct verify *v, const struct hcl *h)
{
	bool quoted = v->parts.tpm_attest.len;
	u8 user_data[64];
	char *hex;

	if (!v->policy.have_data) {
		not_given(v);
		return;
	}
	if (!hcl_user_data(h, user_data)) {
		if (!quoted)
			failed(v, BOUND, "report data", "the claims carry no user-data: this report was made at boot; a fresh TPM quote by its AK would bind it (--tpm-quote)");
		return;
	}
	/* of boot time, or of an earlier request: then the quote must be fresh */
	if (quoted && memcmp(user_data, v->policy.data, 64))
		return;
	hex = hex_encode(user_data, 64);
	judged(v, BOUND, !memcmp(user_data, v->policy.data, 64), "report data",
	       "user-data of the claims is %s%s", hex, memcmp(user_data, v->policy.data, 64) ?
	       ", not what was asked for: the report was made at boot or for an earlier request" : "");
	free_str(&hex);
}

void verify_binding(struct verify *v, const u8 *got, const struct hcl *h)
{
	bool blob = v->e.items, checked;
	struct buf said CLEANUP_BUF;
	int rc;

	/* answered by one of the checks below, or not possible */
	answered(v, ASK_DATA);
	if (blob && v->e.binding == CVM_EVIDENCE_BINDING_STATEMENT) {
		unbound(v, "statement", "this version does not check statements");
		if (v->policy.have_data)
			unable(v, BOUND, "report data", "this version does not check statements");
		return;
	}
	if (blob) {
		complain_into(&said);
		rc = evidence_check_binding(&v->e, &checked);
		complain_into(NULL);
		if (rc) {
			failed(v, BOUND, "report data of the blob", "%s", (char *)said.p);
			return;
		}
	}
	if (h)
		by_claims(v, h);
	else if (v->parts.kind == RAW_SNP &&
		 (v->parts.manifest.len || (blob && v->e.binding == CVM_EVIDENCE_BINDING_SVSM)))
		svsm(v, got);
	else
		direct(v, got);
}
