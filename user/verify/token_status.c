// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a service came to. Most services issue tokens for evidence that failed, too,
 * and say so in a claim: a claim that is missing says nothing good.
 */
#include <string.h>

#include "base/json.h"
#include "verify/token.h"
#include "verify/verify.h"

static struct json_object *object_in(struct json_object *o, const char *name)
{
	struct json_object *inner;

	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, name, &inner) &&
	       json_object_is_type(inner, json_type_object) ? inner : NULL;
}

/* --- debugging --- */

/* 1: it is off, 0: it is on, -1: the token does not say */
static int debug_is_off(struct json_object *o)
{
	static const char *const flags[] = {
		"x-ms-sevsnpvm-is-debuggable", "tdx_is_debuggable", "tdx_td_attributes_debug",
		"sevsnp_is_debuggable", "x-ms-sgx-is-debuggable",
	};
	const char *stat = json_get_text(o, "dbgstat");
	struct json_object *f;
	int said = -1;
	size_t i;

	/* RFC 9711: "enabled", "disabled" and those that begin with it */
	if (stat)
		said = !strncmp(stat, "disabled", 8);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!json_object_object_get_ex(o, flags[i], &f))
			continue;
		if (!json_object_is_type(f, json_type_boolean) || json_object_get_boolean(f))
			return 0;
		said = said ? 1 : 0;
	}
	return said;
}

static void debug(struct verify *v, struct json_object *o)
{
	int off = debug_is_off(o);

	answered(v, ASK_ALLOW_DEBUG);
	judged(v, APPRAISED, off > 0 || v->policy.allow_debug, "debug",
	       off > 0 ? "off" : off ? "the token does not say whether it can be debugged" : "it can be debugged");
}

/* --- EAR (draft-ietf-rats-ear): Trustee, Veraison --- */

static const char *ear_name(struct json_object *o)
{
	static const struct {
		int value;
		const char *name;
	} tiers[] = { { 0, "none" }, { 2, "affirming" }, { 32, "warning" }, { 96, "contraindicated" } };
	size_t i;

	if (json_object_is_type(o, json_type_string))
		return json_object_get_string(o);
	for (i = 0; json_object_is_type(o, json_type_int) && i < ARRAY_SIZE(tiers); i++)
		if (tiers[i].value == json_object_get_int(o))
			return tiers[i].name;
	return NULL;
}

/* Drafts and releases name it in two ways; when both are there both count. */
static void ear_status(struct verify *v, const char *of, struct json_object *o)
{
	static const char *const names[] = { "ear.status", "ear_status" };
	char *check CLEANUP(free_str) = xasprintf("ear.status%s%s", *of ? " of " : "", of);
	const struct values *allowed = &v->policy.value[ASK_EAR_STATUS];
	struct json_object *value;
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const char *name;

		if (!json_object_is_type(o, json_type_object) ||
		    !json_object_object_get_ex(o, names[i], &value))
			continue;
		n++;
		name = ear_name(value);
		judged(v, APPRAISED, name && (allowed->n ? values_have(allowed, name, strlen(name)) :
					      !strcmp(name, "affirming")), check,
		       "it is %s", name ? name : "none of the known ones");
	}
	if (!n)
		failed(v, APPRAISED, check, "the token has none");
}

static bool is_ear(struct json_object *claims)
{
	const char *profile = json_get_text(claims, "eat_profile");

	return (profile && strstr(profile, "veraison/ear")) ||
	       json_object_object_get_ex(claims, "ear.status", NULL) ||
	       json_object_object_get_ex(claims, "ear_status", NULL) ||
	       json_object_object_get_ex(claims, "ear.verifier-id", NULL) ||
	       object_in(claims, "submods");
}

/* Each submodule has its own; a token without submodules has one for all. */
static void ear(struct verify *v, struct json_object *claims)
{
	struct json_object *subs = NULL;
	size_t n = 0;

	answered(v, ASK_EAR_STATUS);
	if (json_object_object_get_ex(claims, "submods", &subs) &&
	    json_object_is_type(subs, json_type_object)) {
		if (json_object_object_get_ex(claims, "ear.status", NULL) ||
		    json_object_object_get_ex(claims, "ear_status", NULL))
			ear_status(v, "", claims);
		json_object_object_foreach(subs, name, sub) {
			/* devices come after the CPU, each with its own status */
			char *safe CLEANUP(free_str) = printable(name, strlen(name));

			ear_status(v, safe, sub);
			n++;
		}
		if (!n)
			failed(v, APPRAISED, "ear.status", "the token has no submodule: the service appraised nothing");
		return;
	}
	ear_status(v, "", claims);
}

/* --- TCB status, as Intel names them --- */

static void tcb_status(struct verify *v, struct json_object *o)
{
	const struct values *allowed = &v->policy.value[ASK_TCB_STATUS];
	const char *status = json_get_text(o, "attester_tcb_status");

	answered(v, ASK_TCB_STATUS);
	judged(v, APPRAISED, status && (allowed->n ? values_have(allowed, status, strlen(status)) :
					!strcmp(status, "UpToDate")), "TCB status",
	       "%s%s", status ? "it is " : "the token has no attester_tcb_status", status ? status : "");
}

/* --- Microsoft Azure Attestation --- */

static void maa(struct verify *v, struct json_object *claims)
{
	/* of a guest the token has the state of its boot, and the TEE's in an object */
	struct json_object *tee = object_in(claims, "x-ms-isolation-tee"), *o = tee ? tee : claims;
	const char *compliant = json_get_text(o, "x-ms-compliance-status");
	const char *type = json_get_text(o, "x-ms-attestation-type");

	if (compliant || !json_get_text(o, "attester_tcb_status"))
		judged(v, APPRAISED, compliant && !strcmp(compliant, "azure-compliant-cvm"), "compliance",
		       "x-ms-compliance-status is %s", compliant ? compliant : "not there");
	if (json_get_text(o, "attester_tcb_status"))
		tcb_status(v, o);
	judged(v, APPRAISED, type && (!strcmp(type, "sevsnpvm") || !strcmp(type, "tdxvm")), "type",
	       "x-ms-attestation-type is %s", type ? type : "not there");
	debug(v, o);
}

/* --- Intel Trust Authority --- */

static void no_unmatched_policy(struct verify *v, struct json_object *o)
{
	struct json_object *list = NULL;
	size_t n;

	if (!json_object_object_get_ex(o, "policy_ids_unmatched", &list) || !list)
		return;
	n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 1;
	judged(v, APPRAISED, !n, "policies", n ? "the evidence does not match %zu policies" :
	       "the evidence matches each policy", n);
}

static void ita_part(struct verify *v, struct json_object *o)
{
	tcb_status(v, o);
	no_unmatched_policy(v, o);
	debug(v, o);
}

static bool is_ita(struct json_object *claims)
{
	return json_get_text(claims, "attester_tcb_status") || json_get_text(claims, "attester_type") ||
	       json_object_object_get_ex(claims, "verifier_instance_ids", NULL);
}

static void ita(struct verify *v, struct json_object *claims)
{
	/* version 2 has an object for each attester */
	static const char *const parts[] = { "tdx", "sevsnp" };
	bool any = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		struct json_object *o = object_in(claims, parts[i]);

		if (!o)
			continue;
		any = true;
		ita_part(v, o);
	}
	if (!any)
		ita_part(v, claims);
	else
		no_unmatched_policy(v, claims);
}

/* --- Google Cloud Attestation --- */

/* Its submods are the workload and the machine; they have no status. */
static bool is_google(struct json_object *claims)
{
	const char *model = json_get_text(claims, "hwmodel");

	return model && !strncmp(model, "GCP_", 4);
}

static void google(struct verify *v, struct json_object *claims)
{
	const char *model = json_get_text(claims, "hwmodel");
	struct json_object *boot = NULL;

	/* a shielded VM is not a confidential VM */
	judged(v, APPRAISED, model && (!strcmp(model, "GCP_AMD_SEV") || !strcmp(model, "GCP_AMD_SEV_ES") ||
				       !strcmp(model, "GCP_AMD_SEV_SNP") || !strcmp(model, "GCP_INTEL_TDX")),
	       "hwmodel", "it is %s", model ? model : "not there");
	json_object_object_get_ex(claims, "secboot", &boot);
	judged(v, APPRAISED, json_object_is_type(boot, json_type_boolean) && json_object_get_boolean(boot),
	       "secboot", "secure boot is %s", !boot ? "not mentioned" : json_object_get_boolean(boot) ? "on" : "off");
	debug(v, claims);
}

void verify_token_status(struct verify *v, struct json_object *claims)
{
	if (json_object_object_get_ex(claims, "x-ms-attestation-type", NULL) ||
	    json_object_object_get_ex(claims, "x-ms-isolation-tee", NULL))
		maa(v, claims);
	else if (is_google(claims))
		google(v, claims);
	else if (is_ear(claims))
		ear(v, claims);
	else if (is_ita(claims))
		ita(v, claims);
	else if (v->policy.given[ASK_CLAIM])
		left_out(v, APPRAISED, "status", "this version does not know the status of such tokens: only --claim is checked");
	else
		failed(v, APPRAISED, "status", "the token has none that this version knows; --claim NAME=VALUE names what is required");
}
