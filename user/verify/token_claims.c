// SPDX-License-Identifier: GPL-2.0-only
/*
 * Claims that say something bad of the evidence, wherever a token has them: a
 * service's verdict on the whole stands beside the state of each part, and a policy
 * of the service may have passed what raw evidence would be refused for.
 */
#include <string.h>

#include "base/json.h"
#include "verify/token.h"
#include "verify/verify.h"

#define DEPTH_MAX	64	/* of json_parse() */
#define VALUE_SHOWN	80	/* characters of a value that is bad */

enum want { OFF, ON, DISABLED, EMPTY, STATUS, LEVEL, TEXT, SUPPORTED, RESULT };

/*
 * What a claim must be. Microsoft: "Claim sets", and the default policies for
 * AzureGuest and SevSnpVm, which deny these; Intel: "Attestation tokens"; Google:
 * "Attestation token claims"; NVIDIA: "GPU claims"; Trustee: its default policies.
 */
static const struct claim {
	enum token_says says;
	enum want want;
	const char *name;	/* RESULT: its beginning */
	const char *text;	/* TEXT: what it must be; OFF: the object that it is in, or NULL */
} table[] = {
	{ SAYS_DEBUG, OFF, "x-ms-sevsnpvm-is-debuggable", NULL },
	{ SAYS_DEBUG, OFF, "x-ms-sgx-is-debuggable", NULL },
	{ SAYS_DEBUG, OFF, "is-debuggable", NULL },
	{ SAYS_DEBUG, OFF, "tdx_is_debuggable", NULL },
	{ SAYS_DEBUG, OFF, "tdx_td_attributes_debug", NULL },
	{ SAYS_DEBUG, OFF, "sevsnp_is_debuggable", NULL },
	{ SAYS_DEBUG, OFF, "sgx_is_debuggable", NULL },
	{ SAYS_DEBUG, OFF, "policy_debug_allowed", NULL },
	{ SAYS_DEBUG, OFF, "debug", "td_attributes" },
	{ SAYS_DEBUG, DISABLED, "dbgstat", NULL },
	{ SAYS_DEBUG, OFF, "x-ms-azurevm-bootdebug-enabled", NULL },
	{ SAYS_DEBUG, OFF, "x-ms-azurevm-kerneldebug-enabled", NULL },
	{ SAYS_DEBUG, OFF, "x-ms-azurevm-hypervisordebug-enabled", NULL },
	{ SAYS_DEBUG, ON, "x-ms-azurevm-debuggersdisabled", NULL },
	{ SAYS_MIGRATION, OFF, "x-ms-sevsnpvm-migration-allowed", NULL },
	{ SAYS_MIGRATION, OFF, "sevsnp_migration_allowed", NULL },
	{ SAYS_MIGRATION, OFF, "policy_migrate_ma", NULL },
	{ SAYS_SEPT_VE, ON, "tdx_td_attributes_septve_disable", NULL },
	{ SAYS_VMPL, LEVEL, "x-ms-sevsnpvm-vmpl", NULL },
	{ SAYS_VMPL, LEVEL, "sevsnp_vmpl", NULL },
	{ SAYS_TCB, STATUS, "attester_tcb_status", NULL },
	{ SAYS_TCB, STATUS, "gcp_attester_tcb_status", NULL },
	{ SAYS_TCB, STATUS, "tcb_status", NULL },
	{ SAYS_COMPLIANCE, TEXT, "x-ms-compliance-status", "azure-compliant-cvm" },
	{ SAYS_POLICIES, EMPTY, "policy_ids_unmatched", NULL },
	{ SAYS_BOOT, ON, "secureboot", NULL },
	{ SAYS_BOOT, ON, "secboot", NULL },
	{ SAYS_BOOT, ON, "x-ms-azurevm-default-securebootkeysvalidated", NULL },
	{ SAYS_BOOT, ON, "x-ms-azurevm-dbvalidated", NULL },
	{ SAYS_BOOT, ON, "x-ms-azurevm-dbxvalidated", NULL },
	{ SAYS_BOOT, ON, "x-ms-azurevm-signingdisabled", NULL },
	{ SAYS_BOOT, OFF, "x-ms-azurevm-testsigning-enabled", NULL },
	{ SAYS_IMAGE, SUPPORTED, "support_attributes", NULL },
	{ SAYS_GPU, TEXT, "measres", "success" },
	{ SAYS_GPU, TEXT, "cc_mode", "ON" },
	{ SAYS_GPU, RESULT, "x-nvidia-", NULL },
};

static const struct {
	const char *check, *good, *bad;
	enum ask ask;		/* the option that it answers, or ASKS */
} words[SAYS] = {
	[SAYS_DEBUG]	  = { "debug", "off", "it can be debugged", ASK_ALLOW_DEBUG },
	[SAYS_MIGRATION]  = { "migration", "not allowed", "it can be migrated", ASK_ALLOW_MIGRATION },
	[SAYS_SEPT_VE]	  = { "SEPT_VE_DISABLE", "set", "the host can inject #VE at any access of memory", ASK_ALLOW_SEPT_VE },
	[SAYS_VMPL]	  = { "vmpl", "the one asked for", "it is another", ASK_VMPL },
	[SAYS_TCB]	  = { "TCB status", "it is accepted", "it is not accepted", ASK_TCB_STATUS },
	[SAYS_COMPLIANCE] = { "compliance", "it is compliant", "it is not compliant", ASKS },
	[SAYS_POLICIES]	  = { "policies", "the evidence matches each", "the evidence does not match one", ASKS },
	[SAYS_BOOT]	  = { "secure boot", "on", "it is off, or not as it should be", ASKS },
	[SAYS_IMAGE]	  = { "image", "it is supported", "it is not supported", ASKS },
	[SAYS_GPU]	  = { "GPU", "it passed", "it did not pass", ASKS },
};

/* They are the guest's, or the workload's own words, and no service's */
static const char *const of_guest[] = {
	"x-ms-runtime", "x-ms-inittime", "attester_runtime_data", "attester_user_data",
	"sevsnp_runtime_data", "runtime_data_claims", "init_data_claims", "env", "env_override",
};

struct walk {
	const struct verify *v;
	const char *path[DEPTH_MAX];
	size_t depth;
	struct {
		size_t n;
		char *bad;
		bool by_claim;	/* --claim names one that is bad: it judges */
	} found[SAYS];
};

bool token_is_of_guest(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of_guest); i++)
		if (!strcmp(of_guest[i], name))
			return true;
	return false;
}

static bool is_false(struct json_object *o)
{
	const char *text = json_text_of(o);

	if (json_object_is_type(o, json_type_boolean))
		return !json_object_get_boolean(o);
	if (json_object_is_type(o, json_type_int))
		return !json_object_get_int64(o);
	return text && (!strcmp(text, "0") || !strcmp(text, "false"));
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

static bool is_good(const struct verify *v, const struct claim *c, struct json_object *o)
{
	const struct values *allowed = &v->policy.value[ASK_TCB_STATUS];
	const char *text = json_text_of(o);
	u64 level;

	switch (c->want) {
	case OFF:
		return is_false(o);
	case ON:
	case RESULT:
		return json_object_is_type(o, json_type_boolean) && json_object_get_boolean(o);
	case DISABLED:
		return is_disabled(o);
	case EMPTY:
		return !o || (json_object_is_type(o, json_type_array) && !json_object_array_length(o));
	case STATUS:
		return text && (allowed->n ? values_have(allowed, text, strlen(text)) : !strcmp(text, "UpToDate"));
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

static const struct claim *claim_named(const char *name, const char *parent, struct json_object *o)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct claim *c = &table[i];

		/* each of NVIDIA's checks has a result; what is no boolean is none */
		if (c->want == RESULT && !strncmp(c->name, name, strlen(c->name)))
			return json_object_is_type(o, json_type_boolean) ? c : NULL;
		if (!strcmp(c->name, name))
			return c->want == OFF && c->text && strcmp(c->text, parent) != 0 ? NULL : c;
	}
	return NULL;
}

static char *path_of(const struct walk *w, const char *name)
{
	struct buf b CLEANUP_BUF;
	size_t i;

	for (i = 0; i < w->depth; i++)
		if (*w->path[i])
			buf_printf(&b, "/%s", w->path[i]);
	buf_printf(&b, "/%s", name);
	return printable((const char *)b.p, b.len);
}

/* A state that not every owner of a VM asks for, named by --claim as it shall be */
static bool by_claim(const struct walk *w, const struct claim *c, const char *path)
{
	const struct values *want = &w->v->policy.value[ASK_CLAIM];
	size_t i, len;

	if (c->says != SAYS_BOOT && c->says != SAYS_IMAGE)
		return false;
	path += !w->depth;	/* the name alone */
	len = strlen(path);
	for (i = 0; i < want->n; i++)
		if (want->v[i].len > len && !memcmp(want->v[i].p, path, len) && want->v[i].p[len] == '=')
			return true;
	return false;
}

static void look_at(struct walk *w, const char *name, struct json_object *o)
{
	const struct claim *c = claim_named(name, w->depth ? w->path[w->depth - 1] : "", o);
	char *path;

	if (!c)
		return;
	w->found[c->says].n++;
	if (w->found[c->says].bad || is_good(w->v, c, o))
		return;
	path = path_of(w, name);
	if (by_claim(w, c, path))
		w->found[c->says].by_claim = true;
	else
		w->found[c->says].bad = xasprintf("%s is %.*s", path, VALUE_SHOWN, o ? json_text(o) : "null");
	free_str(&path);
}

static void walk(struct walk *w, struct json_object *o)
{
	size_t i;

	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < json_object_array_length(o); i++)
			walk(w, json_object_array_get_idx(o, i));
	} else if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, name, value) {
			look_at(w, name, value);
			if (token_is_of_guest(name) || w->depth == DEPTH_MAX)
				continue;
			w->path[w->depth++] = name;
			walk(w, value);
			w->depth--;
		}
	}
}

static bool waived(const struct verify *v, enum token_says says)
{
	return (says == SAYS_DEBUG && v->policy.allow_debug) ||
	       (says == SAYS_MIGRATION && v->policy.allow_migration) ||
	       (says == SAYS_SEPT_VE && v->policy.allow_sept_ve);
}

/* Of Azure: the service found the claims of a paravisor, which handles the exception */
static bool has_paravisor(struct json_object *claims)
{
	struct json_object *tdx = json_get_object(claims, "tdx");
	struct json_object *tee = json_get_object(claims, "x-ms-isolation-tee");

	return json_get_text(json_get_object(claims, "x-ms-runtime"), "user-data") ||
	       json_get_text(json_get_object(claims, "attester_runtime_data"), "user-data") ||
	       json_get_text(json_get_object(tee, "x-ms-runtime"), "user-data") ||
	       json_get_text(json_get_object(tdx, "attester_runtime_data"), "user-data");
}

void verify_token_claims(struct verify *v, struct json_object *claims)
{
	struct walk w = { .v = v };
	int i;

	walk(&w, claims);
	for (i = 0; i < SAYS; i++) {
		const char *bad = w.found[i].bad;

		bool waivable = bad && !(i == SAYS_SEPT_VE && has_paravisor(claims));

		/* a permission was of use where something is not as it should be */
		if (w.found[i].n && words[i].ask < ASKS && (waivable || !ask_permits(words[i].ask)))
			answered(v, words[i].ask);
		if (bad && !waivable)
			left_out(v, APPRAISED, words[i].check, "not set; the paravisor handles the exception");
		else if (bad)
			judged(v, APPRAISED, waived(v, (enum token_says)i), words[i].check, "%s: %s", words[i].bad, bad);
		else if (w.found[i].by_claim)
			left_out(v, APPRAISED, words[i].check, "--claim says how it shall be");
		else if (w.found[i].n)
			passed(v, APPRAISED, words[i].check, "%s", words[i].good);
		free_str(&w.found[i].bad);
	}
}

bool token_says(struct json_object *o, enum token_says says)
{
	if (!json_object_is_type(o, json_type_object))
		return false;
	json_object_object_foreach(o, name, value) {
		const struct claim *c = claim_named(name, "", value);

		if (c && c->says == says)
			return true;
	}
	return false;
}

bool token_says_within(struct json_object *o, enum token_says says)
{
	size_t i;

	for (i = 0; json_object_is_type(o, json_type_array) && i < json_object_array_length(o); i++)
		if (token_says_within(json_object_array_get_idx(o, i), says))
			return true;
	if (!json_object_is_type(o, json_type_object))
		return false;
	if (token_says(o, says))
		return true;
	json_object_object_foreach(o, name, value) {
		if (!token_is_of_guest(name) && token_says_within(value, says))
			return true;
	}
	return false;
}
