// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was asked for must be answered. Each check that was made because of an
 * option, a policy's member or a file says so with answered(); what is left at
 * the end could not be checked on this evidence, and is "not possible". The
 * table says on which evidence each can be checked, for that message and for
 * the manual page.
 */
#include <string.h>

#include "evidence/hcl.h"
#include "verify/verify.h"

enum {
	ON_SNP = 1 << SHAPE_SNP, ON_TDX = 1 << SHAPE_TDX, ON_TDX15 = 1 << SHAPE_TDX15,
	ON_TDREPORT = 1 << SHAPE_TDREPORT, ON_HCL_SNP = 1 << SHAPE_HCL_SNP,
	ON_HCL_TDX = 1 << SHAPE_HCL_TDX, ON_CERTS = 1 << SHAPE_CERTS, ON_TPM = 1 << SHAPE_TPM,
	ON_CCA = 1 << SHAPE_CCA, ON_TOKEN = 1 << SHAPE_TOKEN,
};

#define ANY_SNP		(ON_SNP | ON_HCL_SNP)
/* of a TDREPORT only with the quote that was made of it */
#define ANY_TDX		(ON_TDX | ON_TDX15 | ON_TDREPORT | ON_HCL_TDX)
#define ANY_HCL		(ON_HCL_SNP | ON_HCL_TDX)
#define EVIDENCE	(ANY_SNP | ANY_TDX)
#define EVIDENCE_CCA	(EVIDENCE | ON_CCA)

static const struct row {
	enum verdict verdict;
	unsigned int on;
	bool permits;		/* it asks for no check: it allows something or supplies data */
	const char *file;	/* name of the option where a policy has no such member */
	const char *needs;	/* what else is needed where it can be checked */
	const char *token;	/* the same of a token; NULL: as needs */
} table[ASKS] = {
	[ASK_MEASUREMENT]	= { APPRAISED, EVIDENCE, false, NULL, NULL },
	[ASK_ID_KEY_DIGEST]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_AUTHOR_KEY_DIGEST]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_HOST_DATA]		= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_FAMILY_ID]		= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_IMAGE_ID]		= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_REPORT_ID]		= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_REPORT_ID_MA]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_CHIP_ID]		= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_RTMR0]		= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_RTMR1]		= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_RTMR2]		= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_RTMR3]		= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_MRCONFIGID]	= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_MROWNER]		= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_MROWNERCONFIG]	= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_MRSEAM]		= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_MRSERVICETD]	= { APPRAISED, ON_TDX15 | ON_TDREPORT | ON_HCL_TDX, false, NULL,
				    "a quote of a TD 1.5" },
	[ASK_XFAM]		= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_TDATTRIBUTES]	= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_QE_SIGNER]		= { GENUINE, ANY_TDX, false, NULL, NULL },
	[ASK_PPID]		= { APPRAISED, ANY_TDX, false, NULL, "a PCK certificate" },
	[ASK_PLATFORM_INSTANCE]	= { APPRAISED, ANY_TDX, false, NULL,
				    "a PCK certificate of a multi-package platform" },
	[ASK_RIM]		= { APPRAISED, ON_CCA, false, NULL, NULL },
	[ASK_REM0]		= { APPRAISED, ON_CCA, false, NULL, NULL },
	[ASK_REM1]		= { APPRAISED, ON_CCA, false, NULL, NULL },
	[ASK_REM2]		= { APPRAISED, ON_CCA, false, NULL, NULL },
	[ASK_REM3]		= { APPRAISED, ON_CCA, false, NULL, NULL },
	[ASK_RPV]		= { APPRAISED, ON_CCA, false, NULL, NULL },
	[ASK_IMPLEMENTATION_ID]	= { APPRAISED, ON_CCA, false, NULL, NULL },
	[ASK_INSTANCE_ID]	= { APPRAISED, ON_CCA, false, NULL, NULL },
	[ASK_PLATFORM_CONFIG]	= { APPRAISED, ON_CCA, false, NULL, NULL },
	[ASK_SW_COMPONENT]	= { APPRAISED, ON_CCA, false, NULL, NULL },
	[ASK_ISSUER]		= { GENUINE, ON_TOKEN, false, NULL, NULL },
	[ASK_AUDIENCE]		= { GENUINE, ON_TOKEN, false, NULL, NULL },
	[ASK_TOKEN_ALG]		= { GENUINE, ON_TOKEN, false, NULL, NULL },
	[ASK_EAR_STATUS]	= { APPRAISED, ON_TOKEN, false, NULL, "a token of Trustee or Veraison (EAR)" },
	[ASK_CLAIM]		= { APPRAISED, ON_TOKEN, false, NULL, NULL },
	[ASK_MAX_AGE]		= { GENUINE, ON_TOKEN, false, NULL, NULL },
	[ASK_TOKEN]		= { GENUINE, ON_TOKEN, false, "token", NULL },
	[ASK_JWKS]		= { GENUINE, ON_TOKEN, false, "jwks", NULL },
	[ASK_TOKEN_ROOT]	= { GENUINE, ON_TOKEN, false, "token-root",
				    "a token that brings certificates along (x5c)" },
	[ASK_CSP]		= { APPRAISED, ANY_SNP, false, NULL,
				    "a report that a VLEK signed; a VCEK names no cloud provider" },
	[ASK_TCB_STATUS]	= { APPRAISED, ANY_TDX | ON_TOKEN, false, NULL,
				    "Intel's TCB info and QE identity (--collateral FILE)",
				    "a token that has a TCB status" },
	[ASK_DATA]		= { BOUND, EVIDENCE_CCA | ON_TPM | ON_TOKEN, false, NULL, NULL },
	[ASK_NO_BINDING]	= { BOUND, EVIDENCE_CCA | ON_CERTS | ON_TPM | ON_TOKEN, true, NULL, NULL },
	[ASK_ANY_CODE]		= { APPRAISED, EVIDENCE_CCA | ON_TOKEN, true, NULL, NULL },
	[ASK_PROFILE]		= { APPRAISED, ANY_HCL | ON_TOKEN, false, NULL, "a token that has the claims of a paravisor" },
	[ASK_PCR]		= { APPRAISED, ANY_HCL | ON_TPM, false, NULL,
				    "a quote of the TPM that carries the nonce" },
	[ASK_VMPL]		= { APPRAISED, ANY_SNP | ON_TOKEN, false, NULL, NULL, "a token that has the VMPL" },
	[ASK_MANIFEST_VMPL]	= { BOUND, ON_SNP, false, NULL, "a manifest and its nonce" },
	[ASK_MIN_TCB]		= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_MIN_TEE_TCB]	= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_MIN_GUEST_SVN]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_MIN_FIRMWARE]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_MIN_QE_SVN]	= { APPRAISED, ANY_TDX, false, NULL, NULL },
	[ASK_MIN_PCE_SVN]	= { APPRAISED, ANY_TDX, false, NULL, "a PCK certificate" },
	[ASK_MIN_EVALUATION]	= { APPRAISED, ANY_TDX, false, NULL,
				    "Intel's TCB info and QE identity (--collateral FILE)" },
	[ASK_MIN_TCB_DATE]	= { APPRAISED, ANY_TDX, false, NULL,
				    "Intel's TCB info (--collateral FILE)" },
	[ASK_MIT_VECTOR]	= { APPRAISED, ANY_SNP, false, NULL, "a report of version 5 or later" },
	[ASK_LAUNCH_MIT_VECTOR]	= { APPRAISED, ANY_SNP, false, NULL, "a report of version 5 or later" },
	[ASK_MIN_POLICY_ABI]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_REQUIRE_AUTHOR_KEY] = { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_REQUIRE_CRL]	= { GENUINE, EVIDENCE | ON_CERTS, false, NULL, "a certificate chain" },
	[ASK_REQUIRE_PLATFORM]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_FORBID_PLATFORM]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_REQUIRE_POLICY]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_FORBID_POLICY]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_ALLOW_DEBUG]	= { APPRAISED, EVIDENCE_CCA | ON_TOKEN, true, NULL, NULL },
	[ASK_ALLOW_MIGRATION]	= { APPRAISED, EVIDENCE | ON_TOKEN, true, NULL, NULL },
	[ASK_ALLOW_SEPT_VE]	= { APPRAISED, ANY_TDX | ON_TOKEN, true, NULL, NULL },
	[ASK_REQUIRE_COMMITTED]	= { APPRAISED, ANY_SNP, false, NULL, NULL },
	[ASK_QUOTE]		= { GENUINE, ON_TDREPORT | ON_HCL_TDX, false, "quote", NULL },
	[ASK_MANIFEST]		= { BOUND, ON_SNP, false, "manifest", "the nonce (--nonce)" },
	[ASK_EVENT_LOG]		= { BOUND, ANY_TDX, false, "event-log", NULL },
	[ASK_REFERENCE]		= { APPRAISED, ANY_TDX, false, "reference",
				    "the event log of the evidence (--event-log FILE)" },
	[ASK_TPM_QUOTE]		= { GENUINE, ANY_HCL, false, "tpm-quote",
				    "its signature and PCR values (--tpm-signature, --pcrs)" },
	[ASK_TPM_SIGNATURE]	= { GENUINE, ANY_HCL | ON_TPM, false, "tpm-signature",
				    "the quote and its PCR values (--tpm-quote, --pcrs)" },
	[ASK_PCRS]		= { GENUINE, ANY_HCL | ON_TPM, false, "pcrs",
				    "the quote and its signature (--tpm-quote, --tpm-signature)" },
	[ASK_AK]		= { GENUINE, ANY_HCL | ON_TPM, false, "ak", NULL },
	[ASK_AK_CERT]		= { GENUINE, ANY_HCL | ON_TPM, false, "ak-cert", "the roots that may vouch for it (--ak-root FILE)" },
	[ASK_AK_ROOT]		= { GENUINE, ANY_HCL | ON_TPM, false, "ak-root", NULL },
	[ASK_COLLATERAL]	= { GENUINE, ANY_TDX, false, "collateral", "a PCK certificate" },
	[ASK_CRL]		= { GENUINE, EVIDENCE | ON_CERTS, false, "crl",
				    "a certificate chain with a certificate that the CRL's issuer issued" },
	[ASK_CERTS]		= { GENUINE, EVIDENCE, true, "certs", NULL },
	[ASK_MASKED_VCEK]	= { GENUINE, ANY_SNP, false, "vcek-for-masked-chip",
				    "a report of a VCEK whose CHIP_ID is masked" },
	[ASK_CCA_KEY]		= { GENUINE, ON_CCA, false, "cca-key", NULL },
	[ASK_CORIM_KEY]		= { GENUINE, ON_CCA, false, "corim-key", "a signed CoRIM (--cca-key FILE)" },
	[ASK_ROOT]		= { GENUINE, EVIDENCE | ON_CERTS, true, "root", NULL },
	[ASK_CA]		= { GENUINE, EVIDENCE | ON_TOKEN, true, "ca", NULL },
	[ASK_PCS]		= { GENUINE, ANY_TDX, true, "pcs", NULL },
	[ASK_KDS]		= { GENUINE, ANY_SNP, true, "kds", NULL },
};

static const char *const shape_names[SHAPES] = {
	[SHAPE_NONE] = "evidence that is not known", [SHAPE_SNP] = "SNP reports",
	[SHAPE_TDX] = "TDX quotes", [SHAPE_TDX15] = "TDX quotes of TD 1.5",
	[SHAPE_TDREPORT] = "TDREPORTs with their quote", [SHAPE_HCL_SNP] = "HCL reports of SNP",
	[SHAPE_HCL_TDX] = "HCL reports of TDX with their quote", [SHAPE_CCA] = "Arm CCA tokens",
	[SHAPE_CERTS] = "certificates", [SHAPE_TPM] = "TPM quotes",
	[SHAPE_TOKEN] = "tokens of services",
};

enum shape verify_shape(const struct verify *v)
{
	const struct span r = v->parts.report;
	/* the length of the body, which only version 5 has */
	bool td15 = r.len >= 54 && le16(r.p) >= 5 && le32(r.p + 50) >= TDX_BODY15_LEN;

	switch (v->parts.kind) {
	case RAW_SNP:
		return SHAPE_SNP;
	case RAW_TDX_QUOTE:
		return td15 ? SHAPE_TDX15 : SHAPE_TDX;
	case RAW_TDREPORT:
		return SHAPE_TDREPORT;
	case RAW_HCL:
		return r.len >= 1228 && le32(r.p + 1224) == HCL_TDX ? SHAPE_HCL_TDX : SHAPE_HCL_SNP;
	case RAW_CCA:
		return SHAPE_CCA;
	case RAW_CERT_TABLE:
	case RAW_CERTS:
		return SHAPE_CERTS;
	case RAW_TPM_QUOTE:
		return SHAPE_TPM;
	case RAW_JWT:
		return SHAPE_TOKEN;
	default:
		return SHAPE_NONE;
	}
}

bool ask_possible(enum ask a, enum shape s)
{
	return table[a].on >> s & 1;
}

bool ask_permits(enum ask a)
{
	return table[a].permits;
}

const char *ask_name(enum ask a)
{
	return table[a].file ? table[a].file : policy_name(a);
}

void answered(struct verify *v, enum ask a)
{
	v->answered[a] = true;
}

static char *where_possible(unsigned int on)
{
	struct buf b CLEANUP_BUF;
	int s, left;

	for (s = 0; s < SHAPES; s++) {
		if (!(on >> s & 1))
			continue;
		left = __builtin_popcount(on >> (s + 1));
		buf_printf(&b, "%s%s", b.len ? left ? ", " : " and " : "", shape_names[s]);
	}
	return xstrdup(b.len ? (char *)b.p : "nothing");
}

void verify_asked(struct verify *v)
{
	enum shape s = verify_shape(v);
	int a;

	/* it waives the nonce alone: beside one it is of no use */
	if (!v->policy.have_data)
		answered(v, ASK_NO_BINDING);
	for (a = 0; a < ASKS; a++) {
		const struct row *r = &table[a];
		const char *name = ask_name((enum ask)a);
		const char *needs = s == SHAPE_TOKEN && r->token ? r->token : r->needs;
		char *where CLEANUP(free_str) = NULL;

		if (!v->policy.given[a] || v->answered[a])
			continue;
		where = where_possible(r->on);
		if (r->permits)
			left_out(v, r->verdict, name, "it was given, but no check needed it");
		else if (!(r->on >> s & 1))
			unable(v, r->verdict, name, "it was asked for, but can be checked only on %s", where);
		else if (needs)
			unable(v, r->verdict, name, "it was asked for, but needs %s", needs);
		else
			unable(v, r->verdict, name, "it was asked for, but cannot be checked on this evidence");
	}
}
