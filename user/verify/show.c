// SPDX-License-Identifier: GPL-2.0-only
/* How the checks and their verdicts are shown */
#include <stdio.h>
#include <string.h>

#include "verify/verify.h"

static const char *const verdict_names[VERDICTS] = {
	[GENUINE] = "genuine", [BOUND] = "bound", [APPRAISED] = "appraised",
};

static const char *const outcome_names[] = {
	[PASSED] = "passed", [FAILED] = "failed", [UNABLE] = "not possible",
	[LEFT_OUT] = "not checked",
};

/*
 * --no-binding was given, and no check of the binding was asked for. An event
 * log or manifest that fits its report does not bind it to anything.
 */
static bool waived(const struct verify *v, enum verdict d, enum outcome o)
{
	const struct check *worst;

	if (d != BOUND || !v->policy.no_binding || v->policy.have_data || o == FAILED)
		return false;
	verify_outcome(v, d, &worst);
	return !worst;
}

static const char *word(const struct verify *v, enum verdict d, enum outcome o)
{
	if (waived(v, d, o))
		return "not asked for";
	return o == PASSED ? "yes" : o == FAILED ? "no" : "not possible";
}

static void add_time(struct node *to, time_t at)
{
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	add_text(to, "time", "%s", text);
}

/* A name is there once in JSON, with a list where there may be many */
static void list_facts(struct node *root, const struct verify *v, bool json)
{
	struct node *facts = add_map(root, "facts", NULL), *list;
	size_t i, k;

	for (i = 0; i < v->n_facts; i++) {
		const struct fact *f = &v->facts[i];

		list = json && (f->list || f->n > 1) ? add_list(facts, f->key, NULL) : NULL;
		for (k = 0; k < f->n; k++)
			add_text(list ? list : facts, list ? NULL : f->key, "%s", f->text[k]);
	}
}

static void list_json(struct node *root, const struct verify *v, bool of_left_out)
{
	struct node *list = add_list(root, of_left_out ? "not_checked" : "checks", NULL), *n;
	size_t i;

	for (i = 0; i < v->n; i++) {
		const struct check *c = &v->checks[i];

		if ((c->outcome == LEFT_OUT) != of_left_out)
			continue;
		n = add_map(list, NULL, NULL);
		add_text(n, "verdict", "%s", verdict_names[c->verdict]);
		add_text(n, "check", "%s", c->name);
		if (!of_left_out)
			add_text(n, "result", "%s", outcome_names[c->outcome]);
		add_text(n, "reason", "%s", c->reason);
	}
}

static void list_text(struct node *root, const struct verify *v, int d)
{
	struct node *group = add_map(root, verdict_names[d], NULL), *n;
	size_t i;

	for (i = 0; i < v->n; i++) {
		const struct check *c = &v->checks[i];

		if (c->verdict != (enum verdict)d)
			continue;
		n = add_text(group, c->name, "%-12s  %s", outcome_names[c->outcome],
			     c->outcome == FAILED ? "" : c->reason);
		if (c->outcome == FAILED)
			danger(n, "%s", c->reason);
	}
}

static void levels_json(struct node *root, const struct verify *v)
{
	struct node *list, *n, *behind, *one;
	size_t i, k;

	if (!v->n_levels)
		return;
	list = add_list(root, "tcb_levels", NULL);
	for (i = 0; i < v->n_levels; i++) {
		const struct tcb_level *l = &v->levels[i];
		char *copy CLEANUP(free_str) = xstrdup(l->advisories ? l->advisories : ""), *at = copy, *id;

		n = add_map(list, NULL, NULL);
		add_text(n, "of", "%s", l->of);
		add_text(n, "status", "%s", l->status ? l->status : "below every level");
		if (l->date)
			add_text(n, "tcbDate", "%s", l->date);
		one = add_list(n, "advisories", NULL);
		while ((id = strsep(&at, " ")))
			if (*id)
				add_text(one, NULL, "%s", id);
		behind = add_list(n, "behind", NULL);
		for (k = 0; k < l->n_behind; k++) {
			one = add_map(behind, NULL, NULL);
			add_text(one, "component", "%s", l->behind[k].component);
			add_uint(one, "have", l->behind[k].have);
			add_uint(one, "newest", l->behind[k].need);
		}
	}
}

int verify_status(const struct verify *v)
{
	const struct check *worst;
	enum outcome o;
	int d;

	for (d = 0; d < VERDICTS; d++) {
		o = verify_outcome(v, (enum verdict)d, &worst);
		if (o == PASSED || waived(v, (enum verdict)d, o))
			continue;
		return fail(RC_EVIDENCE, "not verified: %s: %s (%s: %s)", verdict_names[d],
			    word(v, (enum verdict)d, o), worst ? worst->name : "nothing was checked",
			    worst ? worst->reason : "-");
	}
	return RC_OK;
}

int verify_result(const struct verify *v, bool json)
{
	struct node *root CLEANUP(report_free) = NULL;
	enum outcome o;
	struct node *n;
	int d, rc, bad = -1;

	root = report_new(json ? NULL : "Verification");
	json_only(add_text(root, "type", "verification"));
	if (v->parts.kind == RAW_UNKNOWN && v->parts.tpm_attest.len)
		add_text(root, "evidence", "%s", json ? "tpm-quote" : "quote of a TPM");
	else
		add_text(root, "evidence", "%s", json ? raw_kind_name(v->parts.kind) :
			 raw_kind_title(v->parts.kind));
	add_time(root, v->at);
	n = json ? add_map(root, "verdicts", NULL) : root;
	for (d = 0; d < VERDICTS; d++) {
		o = verify_outcome(v, d, NULL);
		add_text(n, verdict_names[d], "%s", word(v, d, o));
		if (bad < 0 && o != PASSED && !waived(v, d, o))
			bad = d;
	}
	if (json)
		add_bool(root, "verified", bad < 0);
	list_facts(root, v, json);
	if (json) {
		list_json(root, v, false);
		list_json(root, v, true);
	} else {
		for (d = 0; d < VERDICTS; d++)
			list_text(root, v, d);
	}
	if (json)
		levels_json(root, v);
	rc = report_print(root, json);
	return rc ? rc : verify_status(v);
}
