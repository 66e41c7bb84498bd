// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "cli/cmd.h"
#include "cli/show.h"
#include "evidence/certs.h"
#include "evidence/evidence.h"
#include "evidence/input.h"
#include "evidence/show_more.h"

static const char help[] =
"Usage: cvm-evidence show [--json] [FILE]\n"
"\n"
"Decodes evidence as text, or as JSON. FILE (default: -, standard input) is\n"
"a blob of /dev/cvm-evidence, or the output of another tool: an SNP report\n"
"(versions 1 to 6), with or without certificates after it, a TDX quote (4, 5), a\n"
"TDREPORT, an HCL report of Azure, a token of Arm CCA or another one in COSE, a\n"
"TPM quote, PCR values of tpm2_quote, a certificate table of an SNP host,\n"
"certificates and CRLs (PEM, DER, URL-encoded PEM), an event log, or JSON that\n"
"carries one of these: envelopes, Intel collateral, tokens (JWT), wrappers (CMW),\n"
"also in CBOR. Hex (0x, xxd, hexdump -C) and base64 are decoded first. It is\n"
"recognised by its content.\n"
"\n"
"  --json        the same content for programs; names as the vendors', bytes in\n"
"                hex, what is marked with !! listed in \"warnings\"; of JSON the\n"
"                input is \"content\" (a token: \"header\", \"claims\"), as it was, and\n"
"                \"decoded\" lists the evidence in it, each with its \"member\"\n"
"  -h, --help    this text\n"
"\n"
"show checks that the parts are consistent (hashes, lengths, that the report is\n"
"bound to report_data); it does not check signatures.\n"
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

static int show_raw(const struct input *in, struct node **root)
{
	int rc, one = RC_OK;

	*root = report_new(raw_kind_title(in->kind));
	json_only(add_text(*root, "type", "%s", raw_kind_name(in->kind)));
	rc = input_show(*root, in->kind, in->s);
	if (cert_table_looks_like(in->certs))
		one = cert_table_show(add_map(*root, "certificates_behind", NULL), in->certs);
	else if (in->certs.len)
		x509_show_pem(*root, "certificates_behind", in->certs);
	return rc ? rc : one;
}

int show_bytes(struct span s, const char *name, struct node **root)
{
	struct buf decoded CLEANUP_BUF;
	struct input in;

	if (!s.len)
		return fail(RC_EVIDENCE, "%s is empty", name);
	if (!input_open(s, EVIDENCE_MAX, &decoded, &in))
		return input_unknown(name);
	return in.blob ? show_blob(in.s, root) : show_raw(&in, root);
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

	while ((c = cmd_getopt(argc, argv, "h", options)) != -1) {
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
		complain("show takes one file; '%s' is a second one", argv[optind + 1]);
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
