// SPDX-License-Identifier: GPL-2.0-only
/*
 * Claims that say something bad of the evidence, wherever a token has them: a
 * service's verdict on the whole stands beside the state of each part, and a policy
 * of the service may have passed what raw evidence would be refused for.
 */
#include <string.h>

#include "base/json.h"
#include "verify/td_attributes.h"
#include "verify/token_rules.h"
#include "verify/verify.h"

#define DEPTH_MAX	64	/* of json_parse() */
#define VALUE_SHOWN	80	/* characters of a value that is bad */

static const struct {
	const char *check, *good, *bad;
	enum ask ask;		/* the option that it answers, or ASKS */
} words[SAYS] = {
	[SAYS_DEBUG]	  = { "debug", "off", "it can be debugged, or profiled", ASK_ALLOW_DEBUG },
	[SAYS_MIGRATION]  = { "migration", "not allowed", "it can be migrated", ASK_ALLOW_MIGRATION },
	[SAYS_SEPT_VE]	  = { "SEPT_VE_DISABLE", "set", "the host can inject #VE at any access of memory", ASK_ALLOW_SEPT_VE },
	[SAYS_TDATTRIBUTES] = { "TDATTRIBUTES", "no bit that must be zero is set, and no claim contradicts another",
				"no TD has these", ASKS },
	[SAYS_XFAM]	  = { "XFAM", "a TDX module allows it", "no TDX module allows it", ASKS },
	[SAYS_MODULE]	  = { "TDX module", "signed by Intel, no debug", "not signed by Intel, or a debug module", ASKS },
	[SAYS_SERVICE_TD] = { "service TD", "none", "one is bound to this TD", ASK_ALLOW_MIGRATION },
	[SAYS_VMPL]	  = { "vmpl", "the one asked for", "it is another", ASK_VMPL },
	[SAYS_TCB]	  = { "TCB status", "it is accepted", "it is not accepted", ASK_TCB_STATUS },
	[SAYS_COLLATERAL] = { "collateral", "it had not expired", "Intel's collateral had expired, or the token cannot say", ASKS },
	[SAYS_QE]	  = { "quoting enclave", "Intel's, of a TD or an SGX enclave", "the quote is not of TDX, or not by Intel's enclave", ASKS },
	[SAYS_TEE]	  = { "TEE", "hardware", "Trustee's test verifier, which checks no hardware, made this", ASKS },
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
	"uefi_event_logs",
};

/* On Azure the TD is the paravisor's, which takes the #VE */
static const char paravisor_tee[] = "az-tdx-vtpm";

struct walk {
	const struct verify *v;
	const char *path[DEPTH_MAX];
	size_t depth;
	struct {
		u64 ones, zeros;
	} td;			/* bits of TDATTRIBUTES that one part of the token states */
	bool paravisor;		/* SEPT_VE_DISABLE is clear in a TD that has one */
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

static bool is_within(const struct walk *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->depth; i++)
		if (!strcmp(w->path[i], name))
			return true;
	return false;
}

/* @bad, if it is the first, is kept; it is freed in any case. */
static void found_bad(struct walk *w, enum token_says says, char *bad)
{
	if (says == SAYS_SEPT_VE && is_within(w, paravisor_tee))
		w->paravisor = true;
	else if (!w->found[says].bad)
		w->found[says].bad = xasprintf("%s", bad);
	free(bad);
}

/* Raw and named bits of one TD must be the same. */
static void state(struct walk *w, const char *path, u64 ones, u64 zeros)
{
	w->td.ones |= ones;
	w->td.zeros |= zeros;
	if (w->td.ones & w->td.zeros & (ones | zeros))
		found_bad(w, SAYS_TDATTRIBUTES,
			  xasprintf("%s contradicts another claim, in the bits 0x%016llx", path,
				    (unsigned long long)(w->td.ones & w->td.zeros)));
}

/* By the rules of a raw quote's: appraise_tdx.c */
static void look_at_td(struct walk *w, const char *path, struct json_object *o)
{
	static const enum token_says all[] = { SAYS_DEBUG, SAYS_MIGRATION, SAYS_SEPT_VE, SAYS_TDATTRIBUTES };
	const char *text = o ? json_text(o) : "null";
	bool bad[SAYS] = { false };
	size_t i;
	u64 a;

	if (!token_bits(o, &a)) {
		found_bad(w, SAYS_TDATTRIBUTES, xasprintf("%s is %.*s, and not 8 bytes in hex", path, VALUE_SHOWN, text));
		return;
	}
	bad[SAYS_DEBUG] = a & TD_TUD;
	bad[SAYS_MIGRATION] = a & TD_MIGRATABLE;
	bad[SAYS_SEPT_VE] = !(a & TD_SEPT_VE_DISABLE);
	bad[SAYS_TDATTRIBUTES] = a & ~TD_KNOWN;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		w->found[all[i]].n++;
		if (bad[all[i]])
			found_bad(w, all[i], xasprintf("%s is %s", path, text));
	}
	state(w, path, a, ~a);
}

static void look_at(struct walk *w, const char *name, struct json_object *o)
{
	const struct claim *c = token_claim(name, w->depth ? w->path[w->depth - 1] : "", o);
	char *path CLEANUP(free_str) = NULL;

	if (!c)
		return;
	path = path_of(w, name);
	if (c->want == TD) {
		look_at_td(w, path, o);
		return;
	}
	if (c->bit && json_object_is_type(o, json_type_boolean))
		state(w, path, json_object_get_boolean(o) ? c->bit : 0, json_object_get_boolean(o) ? 0 : c->bit);
	if (c->want == NAMED)
		return;
	w->found[c->says].n++;
	if (token_claim_is_good(w->v, c, o))
		return;
	if (by_claim(w, c, path))
		w->found[c->says].by_claim = true;
	else
		found_bad(w, c->says, xasprintf("%s is %.*s", path, VALUE_SHOWN, o ? json_text(o) : "null"));
}

static void walk(struct walk *w, struct json_object *o);

/* A part that may be another TD than the rest */
static void walk_apart(struct walk *w, struct json_object *o)
{
	const u64 ones = w->td.ones, zeros = w->td.zeros;

	w->td.ones = w->td.zeros = 0;
	walk(w, o);
	w->td.ones = ones;
	w->td.zeros = zeros;
}

static void walk(struct walk *w, struct json_object *o)
{
	bool apart = w->depth && !strcmp(w->path[w->depth - 1], "submods");
	size_t i;

	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < json_object_array_length(o); i++)
			walk_apart(w, json_object_array_get_idx(o, i));
	} else if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, name, value) {
			look_at(w, name, value);
			if (token_is_of_guest(name) || w->depth == DEPTH_MAX)
				continue;
			w->path[w->depth++] = name;
			if (apart)
				walk_apart(w, value);
			else
				walk(w, value);
			w->depth--;
		}
	}
}

static bool waived(const struct verify *v, enum token_says says)
{
	return (says == SAYS_DEBUG && v->policy.allow_debug) ||
	       ((says == SAYS_MIGRATION || says == SAYS_SERVICE_TD) && v->policy.allow_migration) ||
	       (says == SAYS_SEPT_VE && v->policy.allow_sept_ve);
}

/*
 * Of Azure: the service found the claims of a paravisor, which handles the exception. On
 * other machines they are what the guest says: the caller must name the profile.
 */
static bool has_paravisor(const struct verify *v, struct json_object *claims)
{
	struct json_object *tdx = json_get_object(claims, "tdx");
	struct json_object *tee = json_get_object(claims, "x-ms-isolation-tee");

	if (!v->policy.azure)
		return false;
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
	if (has_paravisor(v, claims)) {
		answered(v, ASK_PROFILE);
		passed(v, APPRAISED, "profile", "azure: SEPT_VE_DISABLE may be clear");
	}
	for (i = 0; i < SAYS; i++) {
		const char *bad = w.found[i].bad;
		bool waivable = bad && !(i == SAYS_SEPT_VE && has_paravisor(v, claims));

		/* a permission was of use where something is not as it should be */
		if (w.found[i].n && words[i].ask < ASKS && (waivable || !ask_permits(words[i].ask)))
			answered(v, words[i].ask);
		if (i == SAYS_SEPT_VE && (bad ? has_paravisor(v, claims) : w.paravisor))
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

static bool is_said(const char *name, const char *parent, struct json_object *o, enum token_says says)
{
	const struct claim *c = token_claim(name, parent, o);

	if (!c || c->want == NAMED)
		return false;
	return c->says == says ||
	       (c->want == TD && (says == SAYS_DEBUG || says == SAYS_MIGRATION || says == SAYS_SEPT_VE));
}

bool token_says(struct json_object *o, enum token_says says)
{
	if (!json_object_is_type(o, json_type_object))
		return false;
	json_object_object_foreach(o, name, value) {
		if (is_said(name, "", value, says))
			return true;
	}
	return false;
}

static bool says_within(struct json_object *o, const char *parent, enum token_says says)
{
	size_t i;

	for (i = 0; json_object_is_type(o, json_type_array) && i < json_object_array_length(o); i++)
		if (says_within(json_object_array_get_idx(o, i), parent, says))
			return true;
	if (!json_object_is_type(o, json_type_object))
		return false;
	json_object_object_foreach(o, name, value) {
		if (is_said(name, parent, value, says) ||
		    (!token_is_of_guest(name) && says_within(value, name, says)))
			return true;
	}
	return false;
}

bool token_says_within(struct json_object *o, enum token_says says)
{
	return says_within(o, "", says);
}
