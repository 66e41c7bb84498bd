// SPDX-License-Identifier: GPL-2.0-only
/* What single claims of tokens must be, by the documents of the services */
#include <string.h>

#include "base/json.h"
#include "verify/td_attributes.h"
#include "verify/token_rules.h"
#include "verify/verify.h"

#define SGX_DEBUG	2ULL	/* of the ATTRIBUTES of an enclave */

static const char evidence_of[] = "ear.veraison.annotated-evidence";

/*
 * What a claim must be. Microsoft: "Claim sets", "EAT profile for TDX", and the default
 * policies for AzureGuest and SevSnpVm, which deny these; Intel: "Attestation tokens";
 * Open Enclave, of which Microsoft's service is made: tdx/evidence.h; Google:
 * "Attestation token claims"; NVIDIA: "GPU claims"; Trustee: docs/tcb_claims.md and its
 * default policies.
 */
static const struct claim table[] = {
	{ SAYS_DEBUG, OFF, "x-ms-sevsnpvm-is-debuggable", NULL, NULL, 0 },
	{ SAYS_DEBUG, OFF, "x-ms-sgx-is-debuggable", NULL, NULL, 0 },
	{ SAYS_DEBUG, OFF, "is-debuggable", NULL, NULL, 0 },
	{ SAYS_DEBUG, OFF, "tdx_is_debuggable", NULL, NULL, TD_DEBUG },
	{ SAYS_DEBUG, OFF, "tdx_td_attributes_debug", NULL, NULL, TD_DEBUG },
	{ SAYS_DEBUG, OFF, "tdx_td_attributes_hgs_plus_prof", NULL, NULL, TD_HGS_PLUS_PROF },
	{ SAYS_DEBUG, OFF, "tdx_td_attributes_perf_prof", NULL, NULL, TD_PERF_PROF },
	{ SAYS_DEBUG, OFF, "tdx_td_attributes_pmt_prof", NULL, NULL, TD_PMT_PROF },
	{ SAYS_DEBUG, OFF, "sevsnp_is_debuggable", NULL, NULL, 0 },
	{ SAYS_DEBUG, OFF, "sgx_is_debuggable", NULL, NULL, 0 },
	{ SAYS_DEBUG, OFF, "policy_debug_allowed", NULL, NULL, 0 },
	{ SAYS_DEBUG, OFF, "debug", "td_attributes", NULL, TD_DEBUG },
	{ SAYS_DEBUG, SGX, "attributes.flags", "body", NULL, 0 },
	{ SAYS_DEBUG, ONE, "nodbg", "policy", NULL, 0 },
	{ SAYS_DEBUG, DISABLED, "dbgstat", NULL, NULL, 0 },
	{ SAYS_DEBUG, OFF, "x-ms-azurevm-bootdebug-enabled", NULL, NULL, 0 },
	{ SAYS_DEBUG, OFF, "x-ms-azurevm-kerneldebug-enabled", NULL, NULL, 0 },
	{ SAYS_DEBUG, OFF, "x-ms-azurevm-hypervisordebug-enabled", NULL, NULL, 0 },
	{ SAYS_DEBUG, ON, "x-ms-azurevm-debuggersdisabled", NULL, NULL, 0 },
	{ SAYS_MIGRATION, OFF, "x-ms-sevsnpvm-migration-allowed", NULL, NULL, 0 },
	{ SAYS_MIGRATION, OFF, "sevsnp_migration_allowed", NULL, NULL, 0 },
	{ SAYS_MIGRATION, OFF, "policy_migrate_ma", NULL, NULL, 0 },
	{ SAYS_MIGRATION, OFF, "tdx_is_migratable", NULL, NULL, TD_MIGRATABLE },
	{ SAYS_MIGRATION, OFF, "tdx_td_attributes_migratable", NULL, NULL, TD_MIGRATABLE },
	{ SAYS_MIGRATION, OFF, "migratable", "td_attributes", NULL, TD_MIGRATABLE },
	{ SAYS_MIGRATION, ONE, "nosend", "policy", NULL, 0 },
	{ SAYS_SEPT_VE, ON, "tdx_td_attributes_septve_disable", NULL, NULL, TD_SEPT_VE_DISABLE },
	{ SAYS_SEPT_VE, ON, "septve_disable", "td_attributes", NULL, TD_SEPT_VE_DISABLE },
	{ SAYS_TDATTRIBUTES, TD, "tdx_td_attributes", NULL, NULL, 0 },
	{ SAYS_TDATTRIBUTES, TD, "td_attributes", NULL, NULL, 0 },
	{ SAYS_TDATTRIBUTES, NAMED, "tdx_td_attributes_protection_keys", NULL, NULL, TD_PKS },
	{ SAYS_TDATTRIBUTES, NAMED, "tdx_td_attributes_key_locker", NULL, NULL, TD_KL },
	{ SAYS_TDATTRIBUTES, NAMED, "tdx_td_attributes_perfmon", NULL, NULL, TD_PERFMON },
	{ SAYS_TDATTRIBUTES, NAMED, "protection_keys", "td_attributes", NULL, TD_PKS },
	{ SAYS_TDATTRIBUTES, NAMED, "key_locker", "td_attributes", NULL, TD_KL },
	{ SAYS_TDATTRIBUTES, NAMED, "perfmon", "td_attributes", NULL, TD_PERFMON },
	{ SAYS_XFAM, XFAM, "tdx_xfam", NULL, NULL, 0 },
	{ SAYS_XFAM, XFAM, "xfam", "body", NULL, 0 },
	{ SAYS_MODULE, ZERO, "tdx_seam_attributes", NULL, NULL, 0 },
	{ SAYS_MODULE, ZERO, "seam_attributes", "body", NULL, 0 },
	{ SAYS_MODULE, ZERO, "tdx_mrsignerseam", NULL, NULL, 0 },
	{ SAYS_MODULE, ZERO, "tdx_mrseamsigner", NULL, NULL, 0 },
	{ SAYS_MODULE, ZERO, "mrsigner_seam", "body", NULL, 0 },
	{ SAYS_SERVICE_TD, ZERO, "tdx_mrservicetd", NULL, NULL, 0 },
	{ SAYS_SERVICE_TD, ZERO, "tdx_curr_server_td_hash", NULL, NULL, 0 },
	{ SAYS_SERVICE_TD, ZERO, "mr_servicetd", "body", NULL, 0 },
	{ SAYS_VMPL, LEVEL, "x-ms-sevsnpvm-vmpl", NULL, NULL, 0 },
	{ SAYS_VMPL, LEVEL, "sevsnp_vmpl", NULL, NULL, 0 },
	{ SAYS_TCB, STATUS, "attester_tcb_status", NULL, NULL, 0 },
	{ SAYS_TCB, STATUS, "gcp_attester_tcb_status", NULL, NULL, 0 },
	{ SAYS_TCB, STATUS, "tcb_status", NULL, NULL, 0 },
	{ SAYS_TCB, STATUS, "tcb_status_current", NULL, NULL, 0 },
	{ SAYS_TCB, STATUS, "tdx_curr_platform_tcb_status", NULL, NULL, 0 },
	{ SAYS_TCB, STATUS, "tdx_init_platform_tcb_status", NULL, NULL, 0 },
	{ SAYS_COLLATERAL, OFF, "collateral_expiration_status", NULL, NULL, 0 },
	{ SAYS_QE, TEXT, "tee_type", "header", "81000000", 0 },
	{ SAYS_QE, TEXT, "vendor_id", "header", "939a7233f79c4ca9940a0db3957f0607", 0 },
	{ SAYS_TEE, NEVER, "sample", evidence_of, NULL, 0 },
	{ SAYS_TEE, NEVER, "sampledevice", evidence_of, NULL, 0 },
	{ SAYS_TEE, NEVER, "sample", "tcb-status", NULL, 0 },
	{ SAYS_COMPLIANCE, TEXT, "x-ms-compliance-status", NULL, "azure-compliant-cvm", 0 },
	{ SAYS_POLICIES, EMPTY, "policy_ids_unmatched", NULL, NULL, 0 },
	{ SAYS_BOOT, ON, "secureboot", NULL, NULL, 0 },
	{ SAYS_BOOT, ON, "secboot", NULL, NULL, 0 },
	{ SAYS_BOOT, ON, "x-ms-azurevm-default-securebootkeysvalidated", NULL, NULL, 0 },
	{ SAYS_BOOT, ON, "x-ms-azurevm-dbvalidated", NULL, NULL, 0 },
	{ SAYS_BOOT, ON, "x-ms-azurevm-dbxvalidated", NULL, NULL, 0 },
	{ SAYS_BOOT, ON, "x-ms-azurevm-signingdisabled", NULL, NULL, 0 },
	{ SAYS_BOOT, OFF, "x-ms-azurevm-testsigning-enabled", NULL, NULL, 0 },
	{ SAYS_IMAGE, SUPPORTED, "support_attributes", NULL, NULL, 0 },
	{ SAYS_GPU, TEXT, "measres", NULL, "success", 0 },
	{ SAYS_GPU, TEXT, "cc_mode", NULL, "ON", 0 },
	{ SAYS_GPU, TEXT, "x-nvidia-cert-status", NULL, "valid", 0 },
	{ SAYS_GPU, TEXT, "x-nvidia-cert-ocsp-status", NULL, "good", 0 },
	{ SAYS_GPU, RESULT, "x-nvidia-", NULL, NULL, 0 },
};

static bool is_false(struct json_object *o)
{
	const char *text = json_text_of(o);

	if (json_object_is_type(o, json_type_boolean))
		return !json_object_get_boolean(o);
	if (json_object_is_type(o, json_type_int))
		return !json_object_get_int64(o);
	return text && (!strcmp(text, "0") || !strcmp(text, "false"));
}

static bool is_one(struct json_object *o)
{
	return json_object_is_type(o, json_type_boolean) ? json_object_get_boolean(o) :
	       json_object_is_type(o, json_type_int) && json_object_get_int64(o) == 1;
}

static bool is_zeros(const char *text)
{
	return text && *text && !text[strspn(text, "0")];
}

bool token_bits(struct json_object *o, u64 *bits)
{
	const char *text = json_text_of(o), *why;
	struct buf b CLEANUP_BUF;

	if (!text || hex_decode(text, strlen(text), &b, &why) || b.len != 8)
		return false;
	*bits = le64(b.p);
	return true;
}

/* RFC 9711, 4.2.9 */
static bool is_disabled(struct json_object *o)
{
	static const char *const words_for_it[] = {
		"disabled", "disabled-since-boot", "disabled-permanently", "disabled-fully-and-permanently",
	};
	const char *text = json_text_of(o);
	size_t i;

	for (i = 0; text && i < ARRAY_SIZE(words_for_it); i++)
		if (!strcmp(words_for_it[i], text))
			return true;
	return false;
}

static bool has_text(struct json_object *list, const char *text)
{
	size_t i;

	for (i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		const char *one = json_text_of(json_object_array_get_idx(list, i));

		if (one && !strcmp(one, text))
			return true;
	}
	return false;
}

bool token_claim_is_good(const struct verify *v, const struct claim *c, struct json_object *o)
{
	const char *text = json_text_of(o);
	u64 level, bits;

	switch (c->want) {
	case OFF:
		return is_false(o);
	case ONE:
		return is_one(o);
	case ZERO:
		return is_zeros(text);
	case XFAM:
		return token_bits(o, &bits) && td_xfam_is_allowed(bits);
	case SGX:
		return token_bits(o, &bits) && !(bits & SGX_DEBUG);
	case NAMED:
	case TD:
		return true;
	case NEVER:
		return false;
	case ON:
	case RESULT:
		return json_object_is_type(o, json_type_boolean) && json_object_get_boolean(o);
	case DISABLED:
		return is_disabled(o);
	case EMPTY:
		return !o || (json_object_is_type(o, json_type_array) && !json_object_array_length(o));
	case STATUS:
		return text && tcb_status_is_allowed(v, text);
	case LEVEL:
		/* the paravisor's, or the one named */
		level = v->policy.given[ASK_VMPL] ? v->policy.vmpl : 0;
		return json_object_is_type(o, json_type_int) && json_object_get_int64(o) == (s64)level;
	case TEXT:
		return text && !strcmp(text, c->text);
	case SUPPORTED:
		/* USABLE alone: out of support; none: a debug image */
		return has_text(o, "STABLE") || has_text(o, "LATEST");
	}
	return false;
}

static bool is_named(const struct claim *c, const char *name, const char *parent, struct json_object *o)
{
	/* each of NVIDIA's checks has a result; what is no boolean is none */
	if (c->want == RESULT)
		return !strncmp(c->name, name, strlen(c->name)) && json_object_is_type(o, json_type_boolean);
	/* Trustee calls the bits so, and an object with their names */
	if (c->want == TD && json_object_is_type(o, json_type_object))
		return false;
	return !strcmp(c->name, name) && (!c->in || !strcmp(c->in, parent));
}

static const struct claim *claim_named(const char *name, const char *parent, struct json_object *o)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (is_named(&table[i], name, parent, o))
			return &table[i];
	return NULL;
}

/* Older releases of Trustee flatten all into one object, as "tdx.td_attributes.debug". */
const struct claim *token_claim(const char *name, const char *parent, struct json_object *o)
{
	const struct claim *c = claim_named(name, parent, o);
	char *before CLEANUP(free_str) = NULL, *first CLEANUP(free_str) = NULL;
	const char *last = strrchr(name, '.');
	char *dot;

	if (c || !last)
		return c;
	first = xasprintf("%.*s", (int)strcspn(name, "."), name);
	c = claim_named(first, parent, o);
	if (c && c->want == NEVER)
		return c;
	before = xasprintf("%.*s", (int)(last - name), name);
	dot = strrchr(before, '.');
	return claim_named(last + 1, dot ? dot + 1 : before, o);
}
