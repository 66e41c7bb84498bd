// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "cli/cmd.h"
#include "cli/doctor.h"
#include "tpm/dev.h"

#include <linux/cvm_evidence.h>

#define TEE_TCB_LEN	16

static const char help[] =
"Usage: cvm-evidence doctor [options]\n"
"\n"
"Examines whether this guest is ready for attestation. One verdict per line: ok, warn,\n"
"fail, or n/a where it does not apply or cannot be seen; with the reason, and a remedy.\n"
"It takes fresh evidence and looks into it. It changes nothing without --fix.\n"
"\n"
"  --json            the same for programs\n"
"  --min-tcb PART=N,...\n"
"                    the lowest accepted TCB of an SNP report (fmc, bl, tee, snp, ucode)\n"
"  --min-tee-tcb HEX the lowest accepted TEE_TCB_SVN of a TD\n"
"  --no-evidence     takes no evidence: the host is not asked\n"
"  --bundle FILE     also writes a tar archive of all that was read, without what\n"
"                    identifies this machine: for a report to the maintainers\n"
"  --root DIR        examines an unpacked bundle, not this machine\n"
"  --fix             comments out the reference clock that drifts on TDX guests of\n"
"                    Hyper-V; the old file stays beside the new one\n"
"  --device PATH     the device (default: /dev/cvm-evidence)\n"
"  --tpm PATH        the TPM (default: /dev/tpmrm0)\n"
"  -h, --help        this text\n"
"\n"
"Exit status: 0 no check failed, 1 one did, or doctor itself; 2 usage.\n"
"\n"
"Example:\n"
"  cvm-evidence doctor --json | jq -r '.checks[] | select(.verdict == \"fail\") | .check'\n";

/* From a bundle; NULL when it has none. A broken one is an error. */
static int kept_facts(struct doctor *d, const char *path, struct json_object **out)
{
	struct buf b CLEANUP_BUF;

	*out = NULL;
	if (!files_read(&d->files, path, &b))
		return RC_OK;
	return json_parse_object(buf_span(&b), path, out);
}

/* Names of what other programs left are their business. */
static void redact_status(struct json_object *status)
{
	struct json_object *list = doctor_get(status, "configfs_entries");
	size_t i, n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++)
		json_object_array_put_idx(list, i, json_object_new_string("redacted"));
}

static int gather(struct doctor *d, const char *device, const char *tpm, bool evidence)
{
	int rc;

	if (d->files.root) {
		rc = kept_facts(d, DOCTOR_STATUS, &d->status);
		return rc ? rc : kept_facts(d, DOCTOR_FACTS, &d->facts);
	}
	d->status = facts_status(device, tpm);
	d->facts = facts_rest(device, tpm, evidence);
	return RC_OK;
}

static int bundle(struct doctor *d, const char *path)
{
	redact_status(d->status);
	if (d->status)
		files_add(&d->files, DOCTOR_STATUS, json_text(d->status));
	if (d->facts)
		files_add(&d->files, DOCTOR_FACTS, json_text(d->facts));
	return files_bundle(&d->files, path);
}

static int finish(struct doctor *d, struct node *root)
{
	if (d->quiet) {
		add_uint(root, "failed", d->count[DOC_FAIL]);
		add_uint(root, "warned", d->count[DOC_WARN]);
		if (report_print(root, true))
			return RC_FAILED;
	} else {
		printf("%u ok, %u warn, %u fail, %u n/a\n", d->count[DOC_OK], d->count[DOC_WARN],
		       d->count[DOC_FAIL], d->count[DOC_NA]);
		if (fflush(stdout))
			return fail(RC_FAILED, "cannot write standard output: %m");
	}
	return d->count[DOC_FAIL] ? RC_FAILED : RC_OK;
}

static int examine(struct doctor *d, const char *device, const char *tpm, bool evidence,
		   const char *bundle_to)
{
	struct node *root CLEANUP(report_free) = report_new(NULL);
	int rc = gather(d, device, tpm, evidence);

	if (!rc) {
		d->list = add_list(root, "checks", NULL);
		doctor_checks(d);
	}
	if (!rc && bundle_to)
		rc = bundle(d, bundle_to);
	if (!rc)
		rc = finish(d, root);
	json_put(&d->status);
	json_put(&d->facts);
	files_free(&d->files);
	return rc;
}

static int min_tee_tcb(struct doctor *d, const char *arg, struct buf *hold)
{
	const char *why;

	if (hex_decode(arg, strlen(arg), hold, &why))
		return fail(RC_USAGE, "--min-tee-tcb: %s", why);
	if (hold->len != TEE_TCB_LEN)
		return fail(RC_USAGE, "--min-tee-tcb: %zu bytes, not %d", hold->len, TEE_TCB_LEN);
	d->min_tee_tcb = buf_span(hold);
	return RC_OK;
}

static int run(int argc, char **argv)
{
	enum { BUNDLE = OPT_LONG, DEVICE, FIX, MIN_TCB, MIN_TEE_TCB, NO_EVIDENCE, ROOT, TPM };
	static const struct option options[] = {
		{ "bundle", required_argument, NULL, BUNDLE },
		{ "device", required_argument, NULL, DEVICE },
		{ "fix", no_argument, NULL, FIX },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "min-tcb", required_argument, NULL, MIN_TCB },
		{ "min-tee-tcb", required_argument, NULL, MIN_TEE_TCB },
		{ "no-evidence", no_argument, NULL, NO_EVIDENCE },
		{ "root", required_argument, NULL, ROOT },
		{ "tpm", required_argument, NULL, TPM },
		{ 0 }
	};
	const char *device = CVM_EVIDENCE_DEVICE, *tpm = TPM_DEVICE, *bundle_to = NULL;
	struct buf svn CLEANUP_BUF;
	struct doctor d = { 0 };
	bool evidence = true;
	int c;

	while ((c = cmd_getopt(argc, argv, "h", options)) != -1) {
		switch (c) {
		case BUNDLE:
			bundle_to = optarg;
			break;
		case DEVICE:
			device = optarg;
			break;
		case FIX:
			d.fix = true;
			break;
		case 'h':
			return cmd_help(&cmd_doctor);
		case 'j':
			d.quiet = true;
			break;
		case MIN_TCB:
			d.min_tcb = optarg;
			break;
		case MIN_TEE_TCB:
			if (min_tee_tcb(&d, optarg, &svn))
				return RC_USAGE;
			break;
		case NO_EVIDENCE:
			evidence = false;
			break;
		case ROOT:
			d.files.root = optarg;
			break;
		case TPM:
			tpm = optarg;
			break;
		default:
			return cmd_usage(&cmd_doctor);
		}
	}
	if (optind < argc) {
		complain("doctor takes no argument '%s'", argv[optind]);
		return cmd_usage(&cmd_doctor);
	}
	if (d.files.root && access(d.files.root, R_OK | X_OK))
		return fail(RC_FAILED, "--root %s: %m", d.files.root);
	return examine(&d, device, tpm, evidence, bundle_to);
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.summary = "examines whether this guest is ready for attestation",
	.help = help,
	.run = run,
};
