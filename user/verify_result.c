// SPDX-License-Identifier: GPL-2.0-only
/* Checks, the verdicts they come to, and how both are shown */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "verify.h"

static const char *const verdict_names[VERDICTS] = {
	[GENUINE] = "genuine", [BOUND] = "bound", [APPRAISED] = "appraised",
};

static const char *const outcome_names[] = {
	[PASSED] = "passed", [FAILED] = "failed", [UNABLE] = "not possible",
	[LEFT_OUT] = "not checked",
};

static char *text_of(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		exit(fail(RC_FAILED, "out of memory"));
	return s;
}

static void add(struct verify *v, enum verdict d, enum outcome o, const char *name,
		const char *fmt, va_list ap)
{
	if (v->n == v->room) {
		struct check *more = xalloc((v->room = 2 * v->n + 32) * sizeof(*more));

		if (v->n)
			memcpy(more, v->checks, v->n * sizeof(*more));
		free(v->checks);
		v->checks = more;
	}
	v->checks[v->n++] = (struct check){ d, o, xstrdup(name), text_of(fmt, ap) };
}

void passed(struct verify *v, enum verdict d, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, d, PASSED, name, fmt, ap);
	va_end(ap);
}

void failed(struct verify *v, enum verdict d, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, d, FAILED, name, fmt, ap);
	va_end(ap);
}

void unable(struct verify *v, enum verdict d, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, d, UNABLE, name, fmt, ap);
	va_end(ap);
}

void unbound(struct verify *v, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, BOUND, v->policy.no_binding ? LEFT_OUT : UNABLE, name, fmt, ap);
	va_end(ap);
}

void left_out(struct verify *v, enum verdict d, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, d, LEFT_OUT, name, fmt, ap);
	va_end(ap);
}

void judged(struct verify *v, enum verdict d, bool good, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, d, good ? PASSED : FAILED, name, fmt, ap);
	va_end(ap);
}

static void add_fact(struct verify *v, const char *key, char *text)
{
	struct fact *more = xalloc((v->n_facts + 1) * sizeof(*more));

	if (v->n_facts)
		memcpy(more, v->facts, v->n_facts * sizeof(*more));
	free(v->facts);
	v->facts = more;
	more[v->n_facts++] = (struct fact){ xstrdup(key), text };
}

void fact(struct verify *v, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_fact(v, key, text_of(fmt, ap));
	va_end(ap);
}

void fact_bytes(struct verify *v, const char *key, const u8 *p, size_t len)
{
	add_fact(v, key, hex_encode(p, len));
}

bool any_failed(const struct verify *v)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->checks[i].outcome == FAILED)
			return true;
	return false;
}

enum outcome verify_outcome(const struct verify *v, enum verdict d, const struct check **worst)
{
	const struct check *ignored;
	enum outcome o = UNABLE;
	bool any = false;
	size_t i;

	worst = worst ? worst : &ignored;
	*worst = NULL;
	for (i = 0; i < v->n; i++) {
		const struct check *c = &v->checks[i];

		if (c->verdict != d || c->outcome == LEFT_OUT)
			continue;
		if (!any)
			o = PASSED;
		any = true;
		if (c->outcome == FAILED && o != FAILED) {
			o = FAILED;
			*worst = c;
		} else if (c->outcome == UNABLE && o == PASSED) {
			o = UNABLE;
			*worst = c;
		}
	}
	return o;
}

/*
 * Said not to be wanted, and nothing that it comes from was asked for either. An
 * event log or manifest that fits its report does not bind it to anything.
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

int verify_result(const struct verify *v, bool json)
{
	struct node *root CLEANUP(report_free) = NULL;
	const struct check *worst, *why = NULL;
	enum outcome o;
	struct node *n;
	size_t i;
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
		o = verify_outcome(v, d, &worst);
		add_text(n, verdict_names[d], "%s", word(v, d, o));
		if (bad < 0 && o != PASSED && !waived(v, d, o)) {
			bad = d;
			why = worst;
		}
	}
	if (json)
		add_bool(root, "verified", bad < 0);
	n = add_map(root, "facts", NULL);
	for (i = 0; i < v->n_facts; i++)
		add_text(n, v->facts[i].key, "%s", v->facts[i].text);
	if (json) {
		list_json(root, v, false);
		list_json(root, v, true);
	} else {
		for (d = 0; d < VERDICTS; d++)
			list_text(root, v, d);
	}
	tcb_levels_json(json ? root : NULL, v);
	rc = report_print(root, json);
	if (rc || bad < 0)
		return rc;
	return fail(RC_EVIDENCE, "not verified: %s: %s (%s: %s)", verdict_names[bad],
		    word(v, bad, verify_outcome(v, bad, NULL)), why ? why->name : "nothing was checked",
		    why ? why->reason : "-");
}

void verify_forget(struct verify *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		free(v->checks[i].name);
		free(v->checks[i].reason);
	}
	for (i = 0; i < v->n_facts; i++) {
		free(v->facts[i].key);
		free(v->facts[i].text);
	}
	free(v->checks);
	free(v->facts);
	tcb_levels_free(v);
	memset(v->answered, 0, sizeof(v->answered));
	v->checks = NULL;
	v->facts = NULL;
	v->n = 0;
	v->room = 0;
	v->n_facts = 0;
}

void verify_free(struct verify *v)
{
	struct kept *k;
	size_t i;

	while ((k = v->kept)) {
		v->kept = k->next;
		buf_free(&k->b);
		free(k);
	}

	verify_forget(v);
	for (i = 0; i < v->n_collateral; i++)
		buf_free(&v->collateral[i]);
	free(v->collateral);
	cert_pool_free(&v->roots);
	cert_pool_free(&v->certs);
	cert_pool_free(&v->masked_vcek);
	sk_X509_CRL_pop_free(v->crls, X509_CRL_free);
	evidence_free(&v->e);
	policy_free(&v->policy);
	*v = (struct verify){ 0 };
}
