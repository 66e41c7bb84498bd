// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <string.h>

#include "cmd.h"
#include "evidence.h"
#include "show.h"

static const char help[] =
"Usage: cvm-evidence show [--json] [FILE]\n"
"\n"
"Decodes evidence for people, or as JSON. FILE (default: -, standard input) is\n"
"a blob of /dev/cvm-evidence, or what any other tool gave: an SNP report\n"
"(versions 1 to 5), a TDX quote (4, 5), a TDREPORT, an HCL report of Azure, a\n"
"certificate table of an SNP host, certificates (PEM, DER), or the hex or base64\n"
"text of one of these. It is recognised by its content.\n"
"\n"
"  --json        the same content for programs; names as the vendors', bytes in\n"
"                hex, what is marked with !! listed in \"warnings\"\n"
"  -h, --help    this text\n"
"\n"
"show checks that the parts fit together (hashes, lengths, that the report\n"
"answers for report_data); it does not check signatures.\n"
"Exit status 5: cut short, altered, or not known; the message names the offset.\n"
"\n"
"Examples:\n"
"  cat /dev/cvm-evidence | cvm-evidence show -\n"
"  cvm-evidence show --json report.bin | jq -r .MEASUREMENT\n"
"  cvm-evidence show evidence.cvme | grep '!!'\n";

static int show_blob(struct span s, struct node **root)
{
	struct evidence e CLEANUP(evidence_free) = { 0 };
	int rc = evidence_parse(s, &e);

	if (rc)
		return rc;
	*root = report_new("Evidence of /dev/cvm-evidence");
	json_only(add_text(*root, "type", "cvm-evidence"));
	return evidence_show(*root, &e);
}

static int show_raw(struct span s, enum raw_kind kind, struct node **root)
{
	*root = report_new(raw_kind_title(kind));
	json_only(add_text(*root, "type", "%s", raw_kind_name(kind)));
	return raw_show(*root, kind, s);
}

bool show_text(struct span s, struct buf *out)
{
	struct buf t CLEANUP_BUF;
	const char *why;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (isspace(s.p[i]))
			continue;
		if (!isprint(s.p[i]))
			return false;
		buf_add(&t, s.p + i, 1);
	}
	if (t.len < 64)
		return false;
	if (!hex_decode((char *)t.p, t.len, out, &why))
		return true;
	buf_free(out);
	return !base64_decode((char *)t.p, t.len, out, &why);
}

int show_bytes(struct span s, const char *name, struct node **root)
{
	enum raw_kind kind = raw_recognise(s);
	struct buf decoded CLEANUP_BUF;

	if (!s.len)
		return fail(RC_EVIDENCE, "%s is empty", name);
	if (evidence_looks_like(s))
		return show_blob(s, root);
	if (kind != RAW_UNKNOWN)
		return show_raw(s, kind, root);
	if (show_text(s, &decoded)) {
		s = buf_span(&decoded);
		kind = raw_recognise(s);
		if (evidence_looks_like(s))
			return show_blob(s, root);
		if (kind != RAW_UNKNOWN)
			return show_raw(s, kind, root);
	}
	return fail(RC_EVIDENCE,
		    "%s: not recognised at offset 0: no evidence blob, SNP report, TDX quote, TDREPORT, HCL report or certificate table",
		    name);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 }
	};
	struct node *root CLEANUP(report_free) = NULL;
	struct buf in CLEANUP_BUF;
	const char *path = "-";
	bool json = false;
	int c, rc, out;

	while ((c = getopt_long(argc, argv, "hj", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return cmd_help(&cmd_show);
		case 'j':
			json = true;
			break;
		default:
			return cmd_usage(&cmd_show);
		}
	}
	if (argc - optind > 1) {
		complain("show takes one file, '%s' is one more", argv[optind + 1]);
		return cmd_usage(&cmd_show);
	}
	if (optind < argc)
		path = argv[optind];
	rc = file_read(path, EVIDENCE_MAX, &in);
	if (rc)
		return rc;
	rc = show_bytes(buf_span(&in), strcmp(path, "-") ? path : "standard input", &root);
	/* What could be read is shown even when a part of it is bad. */
	if (root) {
		out = report_print(root, json);
		rc = rc ? rc : out;
	}
	return rc;
}

const struct cmd cmd_show = {
	.name = "show",
	.summary = "decodes evidence: a blob, SNP report, TDX quote, TDREPORT, ...",
	.help = help,
	.run = run,
};
