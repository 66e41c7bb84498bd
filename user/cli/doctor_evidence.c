// SPDX-License-Identifier: GPL-2.0-only
/* What fresh evidence says about this VM */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor.h"

static void check_taken(struct doctor *d)
{
	const char *error = doctor_text(d->facts, "evidence.error");
	const char *provider = doctor_text(d->facts, "evidence.provider");
	const char *kind = doctor_text(d->facts, "evidence.kind");
	struct json_object *status = doctor_get(d->facts, "evidence.status");
	int rc = status ? json_object_get_int(status) : -1;

	if (rc < 0)
		doctor_say(d, "evidence", DOC_NA, NULL, "none was taken");
	else if (rc == RC_BUSY)
		doctor_say(d, "evidence", DOC_FAIL,
			   "try again in a minute; fewer requests a minute; on TDX see whether the host's quoting service runs",
			   "the host throttles, or did not answer in time: %s", error ? error : "no message");
	else if (rc)
		doctor_say(d, "evidence", DOC_FAIL, "cvm-evidence status says what is missing", "%s",
			   error ? error : "none could be taken");
	else
		doctor_say(d, "evidence", DOC_OK, NULL, "%s, by the provider %s", kind ? kind : "?",
			   provider ? provider : "?");
}

/* For TDX only: a quote takes the host's quoting service. */
static void check_quoting(struct doctor *d)
{
	const char *tee = doctor_text(d->status, "machine_tee");
	const char *kind = doctor_text(d->facts, "evidence.kind");

	if (!tee || strcmp(tee, "tdx") || !kind)
		doctor_say(d, "quoting", DOC_NA, NULL, "%s", kind ? "for TDX" : "no evidence was taken");
	else if (!strcmp(kind, "tdx-quote"))
		doctor_say(d, "quoting", DOC_OK, NULL, "the host's quoting service answers");
	else
		doctor_say(d, "quoting", DOC_WARN,
			   "on Azure: --imds; elsewhere a quoting service of this machine: --qgs",
			   "the evidence is a TDREPORT; only a quoting service can make a quote from it");
}

static void check_debug(struct doctor *d)
{
	int debug = doctor_bool(d->facts, "evidence.debug");
	int migratable = doctor_bool(d->facts, "evidence.migratable");

	if (debug < 0)
		doctor_say(d, "debug", DOC_NA, NULL, "no evidence shows it");
	else if (debug)
		doctor_say(d, "debug", DOC_FAIL, "create the VM without debugging; never give this one a secret",
			   "the host may read and write this VM's memory: it was started for debugging");
	else if (migratable == 1)
		doctor_say(d, "debug", DOC_WARN, "see who runs the migration service; verify refuses it without --allow-migration",
			   "no debugging, but the VM may be migrated by an agent");
	else
		doctor_say(d, "debug", DOC_OK, NULL, "neither debugging nor migration");
}

static void check_vmpl(struct doctor *d)
{
	struct json_object *v = doctor_get(d->facts, "evidence.vmpl");

	if (!v)
		doctor_say(d, "vmpl", DOC_NA, NULL, "for SEV-SNP");
	else
		doctor_say(d, "vmpl", DOC_OK, NULL, "the report is from VMPL %d%s", json_object_get_int(v),
			   json_object_get_int(v) ? "" : ", the most privileged");
}

/* Below PART=N of @min; the caller frees it. NULL: nothing is. */
static char *below(struct json_object *tcb, const char *min, bool *wrong)
{
	char *list CLEANUP(free_str) = xstrdup(min), *save = NULL, *word, *value, *end;
	struct buf out CLEANUP_BUF;
	struct json_object *have;
	unsigned long n;

	*wrong = false;
	for (word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		value = strchr(word, '=');
		if (!value)
			goto bad;
		*value++ = 0;
		n = strtoul(value, &end, 10);
		have = json_object_object_get(tcb, word);
		if (!*value || *end || n > 255 || !have)
			goto bad;
		if ((unsigned long)json_object_get_int(have) < n)
			buf_printf(&out, "%s%s is %d, not %lu", out.len ? ", " : "", word,
				   json_object_get_int(have), n);
	}
	return out.len ? xasprintf("%.*s", (int)out.len, (char *)out.p) : NULL;
bad:
	*wrong = true;
	return NULL;
}

static bool tdx_below(struct doctor *d, const char *svn)
{
	struct buf have CLEANUP_BUF;
	const char *why;
	size_t i;

	if (hex_decode(svn, strlen(svn), &have, &why) || have.len != d->min_tee_tcb.len)
		return true;
	for (i = 0; i < have.len; i++)
		if (have.p[i] < d->min_tee_tcb.p[i])
			return true;
	return false;
}

static void check_tcb(struct doctor *d)
{
	static const char update[] =
		"the host's firmware has to be updated: ask its owner; verify checks it with --min-tcb or --min-tee-tcb";
	struct json_object *tcb = doctor_get(d->facts, "evidence.tcb");
	struct json_object *current = doctor_get(d->facts, "evidence.tcb_current");
	const char *svn = doctor_text(d->facts, "evidence.tee_tcb_svn");
	char *less CLEANUP(free_str) = NULL;
	bool wrong = false;

	if (tcb && d->min_tcb)
		less = below(tcb, d->min_tcb, &wrong);
	if (wrong)
		doctor_say(d, "tcb", DOC_FAIL, "PART=N,... with parts of this report: see cvm-evidence show",
			   "--min-tcb %s does not fit this report", d->min_tcb);
	else if (less)
		doctor_say(d, "tcb", DOC_FAIL, update, "below the minimum: %s", less);
	else if (svn && d->min_tee_tcb.len && tdx_below(d, svn))
		doctor_say(d, "tcb", DOC_FAIL, update, "TEE_TCB_SVN %s is below the minimum", svn);
	else if (tcb && current && !json_object_equal(tcb, current))
		doctor_say(d, "tcb", DOC_WARN, "the owner of the host has to commit it",
			   "the host runs another firmware than it reports: %s, reported %s", json_text(current),
			   json_text(tcb));
	else if (tcb && !d->min_tcb)
		doctor_say(d, "tcb", DOC_OK, NULL, "%s; no minimum was given (--min-tcb)", json_text(tcb));
	else if (svn && !d->min_tee_tcb.len)
		doctor_say(d, "tcb", DOC_OK, NULL, "TEE_TCB_SVN %s; no minimum was given (--min-tee-tcb)", svn);
	else if (tcb || svn)
		doctor_say(d, "tcb", DOC_OK, NULL, "at the minimum or above");
	else
		doctor_say(d, "tcb", DOC_NA, NULL, "no evidence shows it");
}

/* Attacks that were published with the keys they gave, by what the report names */
static void check_generation(struct doctor *d)
{
	const char *product = doctor_text(d->facts, "evidence.product");
	const char *tee = doctor_text(d->status, "machine_tee");

	if (product && !strcasecmp(product, "milan"))
		doctor_say(d, "generation", DOC_WARN,
			   "use a VM on Genoa or Turin, unless you trust the owner of the host",
			   "Milan: a software attack of the host extracts the seed of all VCEKs (arXiv 2605.12990): reports of any TCB can be forged");
	else if (product || (tee && !strcmp(tee, "tdx") && doctor_text(d->facts, "evidence.tee_tcb_svn")))
		doctor_say(d, "generation", DOC_WARN, "decide whether you trust everyone with physical access to the host",
			   "%s: physical access to the memory bus allows the extraction of keys (TEE.fail, 2025)",
			   product ? product : "TDX");
	else
		doctor_say(d, "generation", DOC_NA, NULL, "no evidence names it");
}

void doctor_evidence(struct doctor *d)
{
	check_taken(d);
	check_quoting(d);
	check_debug(d);
	check_vmpl(d);
	check_tcb(d);
	check_generation(d);
}
