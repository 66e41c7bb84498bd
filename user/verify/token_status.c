// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a service came to. Most services issue tokens for evidence that failed, too,
 * and say so in a claim: a claim that is missing says nothing good.
 */
#include <string.h>

#include "base/json.h"
#include "verify/token.h"
#include "verify/verify.h"

/* What a token must say of the part @o that is called @of, or @claims for all parts */
static void must_say(struct verify *v, struct json_object *claims, struct json_object *o,
		     enum token_says says, const char *of)
{
	if (token_says(claims, says) || token_says_within(o, says))
		return;
	if (says == SAYS_TCB) {
		answered(v, ASK_TCB_STATUS);
		failed(v, APPRAISED, "TCB status", "%s has none", of);
	} else if (says == SAYS_COMPLIANCE) {
		failed(v, APPRAISED, "compliance", "%s has no x-ms-compliance-status", of);
	} else if (v->policy.allow_debug) {
		answered(v, ASK_ALLOW_DEBUG);
		left_out(v, APPRAISED, "debug", "%s does not say whether it can be debugged", of);
	} else {
		answered(v, ASK_ALLOW_DEBUG);
		failed(v, APPRAISED, "debug", "%s does not say whether it can be debugged", of);
	}
}

/* --- EAR (draft-ietf-rats-ear): Trustee, Veraison --- */

static const struct tier {
	int value;
	const char *name;
} tiers[] = { { 0, "none" }, { 2, "affirming" }, { 32, "warning" }, { 96, "contraindicated" } };

static const char *ear_name(struct json_object *o)
{
	size_t i;

	if (json_object_is_type(o, json_type_string))
		return json_text_of(o);
	for (i = 0; json_object_is_type(o, json_type_int) && i < ARRAY_SIZE(tiers); i++)
		if (tiers[i].value == json_object_get_int64(o))
			return tiers[i].name;
	return NULL;
}

static bool is_accepted(const struct verify *v, const char *tier)
{
	const struct values *allowed = &v->policy.value[ASK_EAR_STATUS];

	return allowed->n ? values_have(allowed, tier, strlen(tier)) : !strcmp(tier, "affirming");
}

/* Made for the objects that have one alone: a name may be long, and have many below it */
static char *check_of(const char *what, const char *of)
{
	return xasprintf("%s%s%s", what, *of ? " of " : "", of);
}

/* Drafts and releases name it in two ways; when both are there both count. */
static void ear_status(struct verify *v, const char *of, struct json_object *o, bool must)
{
	static const char *const names[] = { "ear.status", "ear_status" };
	struct json_object *value;
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char *safe CLEANUP(free_str) = NULL, *check CLEANUP(free_str) = NULL;
		const char *name;

		if (!json_object_is_type(o, json_type_object) ||
		    !json_object_object_get_ex(o, names[i], &value))
			continue;
		n++;
		check = check_of("ear.status", of);
		answered(v, ASK_EAR_STATUS);
		name = ear_name(value);
		safe = name ? printable(name, strlen(name)) : NULL;
		judged(v, APPRAISED, name && is_accepted(v, name), check, "it is %s", safe ? safe : "none of the known ones");
	}
	if (!n && must) {
		char *check CLEANUP(free_str) = check_of("ear.status", of);

		failed(v, APPRAISED, check, "the token has none");
	}
}

/* draft-ietf-rats-ar4si, 2.3.2: the tier that a value of a trustworthiness claim is of */
static const char *tier_of(struct json_object *o)
{
	s64 n = json_object_get_int64(o);

	if (!json_object_is_type(o, json_type_int) || n < -128 || n > 127)
		return NULL;
	if (n >= -1 && n <= 1)
		return "none";
	if (n >= -32 && n <= 31)
		return "affirming";
	return n >= -96 && n <= 95 ? "warning" : "contraindicated";
}

/* A status is never better than its claims: those that claim nothing do not count. */
static void ear_vector(struct verify *v, const char *of, struct json_object *o)
{
	char *check CLEANUP(free_str) = NULL;
	struct json_object *vector;
	bool good = true;

	if (!json_object_object_get_ex(o, "ear.trustworthiness-vector", &vector) || !vector)
		return;
	check = check_of("trustworthiness", of);
	if (!json_object_is_type(vector, json_type_object)) {
		failed(v, APPRAISED, check, "ear.trustworthiness-vector is no object");
		return;
	}
	json_object_object_foreach(vector, name, value) {
		const char *tier = tier_of(value);
		char *safe CLEANUP(free_str) = printable(name, strlen(name));

		if (good && !(tier && (!strcmp(tier, "none") || !strcmp(tier, "affirming") || is_accepted(v, tier)))) {
			failed(v, APPRAISED, check, "%s is %s", safe, tier ? tier : "no number of a trustworthiness claim");
			good = false;
		}
	}
	if (good)
		passed(v, APPRAISED, check, "no claim is worse than the status");
}

static void ear_within(struct verify *v, const char *of, struct json_object *o);

/* Each submodule has a status of its own: devices come after the CPU. */
static void ear_submods(struct verify *v, struct json_object *subs)
{
	size_t n = 0;

	if (!json_object_is_type(subs, json_type_object)) {
		failed(v, APPRAISED, "ear.status", "the token's submods are no object");
		return;
	}
	json_object_object_foreach(subs, name, sub) {
		char *safe CLEANUP(free_str) = printable(name, strlen(name));

		ear_status(v, safe, sub, true);
		ear_within(v, safe, sub);
		n++;
	}
	if (!n)
		failed(v, APPRAISED, "ear.status", "the token has no submodule: the service appraised nothing");
}

/* What is in @o, whose own status was judged; a status is one wherever it stands. */
static void ear_within(struct verify *v, const char *of, struct json_object *o)
{
	size_t i;

	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < json_object_array_length(o); i++) {
			ear_status(v, of, json_object_array_get_idx(o, i), false);
			ear_within(v, of, json_object_array_get_idx(o, i));
		}
		return;
	}
	if (!json_object_is_type(o, json_type_object))
		return;
	ear_vector(v, of, o);
	json_object_object_foreach(o, name, value) {
		if (!strcmp(name, "submods")) {
			ear_submods(v, value);
		} else if (!token_is_of_guest(name)) {
			ear_status(v, of, value, false);
			ear_within(v, of, value);
		}
	}
}

static bool is_ear(struct json_object *claims)
{
	const char *profile = json_get_text(claims, "eat_profile");

	return (profile && (strstr(profile, "veraison/ear") || strstr(profile, "confidential-containers/Trustee"))) ||
	       json_object_object_get_ex(claims, "ear.status", NULL) ||
	       json_object_object_get_ex(claims, "ear_status", NULL) ||
	       json_object_object_get_ex(claims, "ear.verifier-id", NULL);
}

/*
 * What Trustee's verifiers call what they saw; devices come beside a TEE. A TPM alone says
 * nothing of the memory that the VM runs in, as a quote of a TPM says nothing of it.
 */
static bool is_tee(const char *name)
{
	static const char *const others[] = {
		"tpm", "nvidia", "nvidia-dpu", "hygondcu", "sample", "sampledevice", "report_data",
		"runtime_data_claims", "init_data", "init_data_claims",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(others[i], name))
			return false;
	return true;
}

static void ear_tee(struct verify *v, struct json_object *claims)
{
	struct json_object *subs = json_get_object(claims, "submods");
	bool tpm = false, tee = false;

	if (!subs)
		return;
	json_object_object_foreach(subs, of, sub) {
		struct json_object *evidence = json_get_object(sub, "ear.veraison.annotated-evidence");
		char *safe CLEANUP(free_str) = printable(of, strlen(of));

		if (!evidence)
			continue;
		json_object_object_foreach(evidence, name, value) {
			bool tdx = !strcmp(name, "tdx") || !strcmp(name, "az-tdx-vtpm");

			tpm |= !strcmp(name, "tpm");
			tee |= is_tee(name);
			if (tdx && !token_says_within(value, SAYS_TCB))
				left_out(v, APPRAISED, "TCB status", "%s of %s has none", name, safe);
		}
	}
	if (tpm && !tee)
		unable(v, APPRAISED, "TEE", "the evidence was a TPM alone: the token does not say that it is of a confidential VM");
}

/* A token without submodules has one status for all. */
static void ear(struct verify *v, struct json_object *claims)
{
	answered(v, ASK_EAR_STATUS);
	ear_status(v, "", claims, !json_object_object_get_ex(claims, "submods", NULL));
	ear_within(v, "", claims);
	ear_tee(v, claims);
	if (!token_says_within(claims, SAYS_DEBUG))
		left_out(v, APPRAISED, "debug", "the token does not say whether it can be debugged: the service's policy judged it, or nobody");
}

/* --- Microsoft Azure Attestation --- */

static bool is_maa(struct json_object *claims)
{
	return json_object_object_get_ex(claims, "x-ms-attestation-type", NULL) ||
	       json_object_object_get_ex(claims, "x-ms-isolation-tee", NULL);
}

static void maa_type(struct verify *v, struct json_object *o, const char *const types[2])
{
	const char *type = json_get_text(o, "x-ms-attestation-type");

	judged(v, APPRAISED, type && (!strcmp(type, types[0]) || !strcmp(type, types[1])), "type",
	       "x-ms-attestation-type is %s", type ? type : "not there");
}

static void maa_tee(struct verify *v, struct json_object *o, const char *of)
{
	static const char *const types[2] = { "sevsnpvm", "tdxvm" };

	maa_type(v, o, types);
	if (!token_says(o, SAYS_TCB))
		must_say(v, o, NULL, SAYS_COMPLIANCE, of);
	must_say(v, o, NULL, SAYS_DEBUG, of);
}

static void maa(struct verify *v, struct json_object *claims)
{
	/* of a guest the token has the state of its boot, and the TEE's in an object */
	static const char *const guest[2] = { "azurevm", "azurevm" };
	struct json_object *tee = json_get_object(claims, "x-ms-isolation-tee");

	if (!json_object_object_get_ex(claims, "x-ms-isolation-tee", NULL)) {
		maa_tee(v, claims, "the token");
		return;
	}
	maa_type(v, claims, guest);
	maa_tee(v, tee, "x-ms-isolation-tee");
	if (!token_says(claims, SAYS_BOOT))
		left_out(v, APPRAISED, "secure boot", "the token does not say how the guest was started");
	if (!token_says(claims, SAYS_DEBUG))
		left_out(v, APPRAISED, "debug of the guest", "the token does not say whether its kernel can be debugged");
}

/* --- Intel Trust Authority --- */

/* Members at the top of a token that are no attester, though objects */
static bool is_ita_data(const char *name)
{
	static const char *const names[] = {
		"policy_defined_claims", "policy_ids_matched", "policy_ids_unmatched", "verifier_nonce",
		"submods", "tdx_collateral", "sgx_collateral", "sevsnp_collateral", "cnf",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return token_is_of_guest(name) || !strncmp(name, "x-ms-", 5);
}

static bool is_cpu(const char *name)
{
	return !strcmp(name, "tdx") || !strcmp(name, "sevsnp");
}

static void ita_part(struct verify *v, struct json_object *claims, struct json_object *o, const char *name)
{
	bool snp = !strcmp(name, "sevsnp");

	if (!strcmp(name, "nvgpu")) {
		if (!token_says_within(o, SAYS_GPU))
			failed(v, APPRAISED, "GPU", "nvgpu does not say what the appraisal came to");
		return;
	}
	if (!is_cpu(name)) {
		left_out(v, APPRAISED, name, "this version does not know such an attester: only what it calls by the names of others was judged");
		return;
	}
	/* Intel gives no status for SEV-SNP: AMD publishes no levels */
	if (!snp)
		must_say(v, claims, o, SAYS_TCB, name);
	else if (!token_says_within(o, SAYS_TCB))
		left_out(v, APPRAISED, "TCB status", "Intel gives none for SEV-SNP; --claim compares the versions, such as /sevsnp/sevsnp_snpfw_svn");
	must_say(v, claims, o, SAYS_DEBUG, name);
}

static bool is_ita(struct json_object *claims)
{
	const char *iss = json_get_text(claims, "iss");

	return (iss && (strstr(iss, "trustauthority.intel.com") || !strcmp(iss, "Intel Trust Authority"))) ||
	       json_object_object_get_ex(claims, "attester_tcb_status", NULL) ||
	       json_object_object_get_ex(claims, "attester_type", NULL) ||
	       json_object_object_get_ex(claims, "verifier_instance_ids", NULL);
}

/* Version 2 has an object for each attester. */
static void ita(struct verify *v, struct json_object *claims)
{
	bool cpu = false;

	json_object_object_foreach(claims, name, value) {
		char *safe CLEANUP(free_str) = printable(name, strlen(name));

		if (!json_object_is_type(value, json_type_object) && !json_object_is_type(value, json_type_array))
			continue;
		cpu |= is_cpu(name);
		if (is_cpu(name) || (json_object_is_type(value, json_type_object) && !is_ita_data(name)))
			ita_part(v, claims, value, safe);
	}
	if (cpu)
		return;
	must_say(v, claims, NULL, SAYS_TCB, "the token");
	must_say(v, claims, NULL, SAYS_DEBUG, "the token");
}

/* --- Google Cloud Attestation --- */

/* Its submods are the workload and the machine; they have no status. */
static bool is_google(struct json_object *claims)
{
	const char *model = json_get_text(claims, "hwmodel");

	return model && !strncmp(model, "GCP_", 4);
}

/* "Attestation token claims" of Google's Confidential VM and Confidential Space */
static void google(struct verify *v, struct json_object *claims)
{
	const char *model = json_get_text(claims, "hwmodel"), *software = json_get_text(claims, "swname");

	/* a shielded VM is not a confidential VM */
	judged(v, APPRAISED, model && (!strcmp(model, "GCP_AMD_SEV") || !strcmp(model, "GCP_AMD_SEV_ES") ||
				       !strcmp(model, "GCP_AMD_SEV_SNP") || !strcmp(model, "GCP_INTEL_TDX")),
	       "hwmodel", "it is %s", model ? model : "not there");
	if (!token_says(claims, SAYS_BOOT))
		failed(v, APPRAISED, "secure boot", "the token does not say whether it is on");
	if (software && !strcmp(software, "GCE")) {
		/* only images of Confidential Space have a status; "enabled" is judged */
		if (!token_says(claims, SAYS_DEBUG))
			left_out(v, APPRAISED, "debug", "Google does not say it of a VM that runs another image than Confidential Space");
	} else {
		must_say(v, claims, NULL, SAYS_DEBUG, "the token");
		if (!token_says_within(claims, SAYS_IMAGE))
			left_out(v, APPRAISED, "image", "the token does not say whether it is supported");
	}
	if (model && !strcmp(model, "GCP_INTEL_TDX") && !token_says_within(claims, SAYS_TCB))
		left_out(v, APPRAISED, "TCB status", "the token has none");
}

/* A token may be of more than one family: Intel signs Google's claims, too. */
void verify_token_status(struct verify *v, struct json_object *claims)
{
	static const struct {
		bool (*is)(struct json_object *claims);
		void (*judge)(struct verify *v, struct json_object *claims);
	} families[] = {
		{ is_maa, maa }, { is_google, google }, { is_ita, ita }, { is_ear, ear },
	};
	size_t i, n = 0;

	verify_token_claims(v, claims);
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		if (!families[i].is(claims))
			continue;
		families[i].judge(v, claims);
		n++;
	}
	if (n)
		return;
	if (json_object_object_get_ex(claims, "submods", NULL))
		ear(v, claims);
	else if (v->policy.given[ASK_CLAIM])
		left_out(v, APPRAISED, "status", "this version does not know the status of such tokens: only --claim is checked");
	else
		failed(v, APPRAISED, "status", "the token has none that this version knows; --claim NAME=VALUE names what is required");
}
