// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/parse.h"
#include "cli/cmd.h"
#include "cli/take_options.h"
#include "evidence/certs.h"
#include "evidence/snp.h"
#include "evidence/tsm_report.h"

static const char help[] =
"Usage: cvm-evidence get [options]\n"
"\n"
"Takes fresh evidence from /dev/cvm-evidence and writes it.\n"
"\n"
"What the evidence is bound to (1 to 64 bytes, padded with zeros to 64):\n"
"  --report-data hex:..|base64:..|text:..|file:PATH\n"
"  --nonce-hash sha256|sha384|sha512 FILE\n"
"                           the hash of FILE, of any size\n"
"  Without either it is 64 random bytes: such evidence proves no freshness to a\n"
"  verifier.\n"
"\n"
"How it is taken:\n"
TAKE_HELP
"\n"
"What is written:\n"
"  --format blob            everything, as the device gave it (default)\n"
"           raw             only the hardware's report or quote\n"
"           certs           the SNP host's certificates, PEM, leaf first\n"
"           json            the blob decoded, as show --json\n"
"           tsm-json        {auxblob, outblob, provider}, as Veraison takes it\n"
"           cmw-json        the same in a record of RFC 9999\n"
"           cmw-cbor        and in CBOR\n"
"  --json                   the same as --format json\n"
"  -o, --output FILE        whole or not at all (default: -, standard output)\n"
"  --force                  binary output to a terminal too\n"
"  -h, --help               this text\n"
"\n"
"Exit status: 3 no provider (with the reason of each), 4 not allowed, 5 the\n"
"evidence is not bound to what was asked for, 6 throttled or timed out.\n"
"\n"
"Examples:\n"
"  cvm-evidence get -o evidence.cvme\n"
"  cvm-evidence get --report-data hex:00ff10 --format raw -o report.bin\n"
"  cvm-evidence get --nonce-hash sha512 pubkey.pem | cvm-evidence show -\n"
"  cvm-evidence get --format json | jq -r '.items[] | select(.name == \"report\")'\n";

enum format { F_BLOB, F_RAW, F_CMW_CBOR, F_CERTS, F_JSON, F_TSM_JSON, F_CMW_JSON };

static const char *const formats[] = {
	[F_BLOB] = "blob", [F_RAW] = "raw", [F_CERTS] = "certs",
	[F_JSON] = "json", [F_TSM_JSON] = "tsm-json", [F_CMW_JSON] = "cmw-json",
	[F_CMW_CBOR] = "cmw-cbor",
};

static int report_data_option(struct take *t, const char *arg)
{
	struct buf b CLEANUP_BUF;
	int rc = parse_data("--report-data", arg, &b);

	return rc ? rc : take_report_data(t, b.p, b.len);
}

static int nonce_hash_option(struct take *t, const char *alg, const char *path)
{
	u8 hash[DIGEST_MAX];
	size_t len;
	int rc;

	if (strcmp(alg, "sha256") && strcmp(alg, "sha384") && strcmp(alg, "sha512"))
		return fail(RC_USAGE, "--nonce-hash: '%s' is not one of sha256, sha384, sha512", alg);
	if (!path)
		return fail(RC_USAGE, "--nonce-hash %s: the file to hash is missing", alg);
	rc = digest_file(alg, path, hash, &len);
	return rc ? rc : take_report_data(t, hash, len);
}

static int certs_pem(const struct evidence *e, struct buf *out)
{
	struct cert_pool pool CLEANUP(cert_pool_free) = { 0 };
	struct span table = evidence_data(e, CVM_EVIDENCE_ITEM_CERTS);
	char *url CLEANUP(free_str) = NULL;
	int rc;

	if (e->kind != RAW_SNP)
		return fail(RC_USAGE, "--format certs needs SNP evidence; this is: %s%s", raw_kind_title(e->kind),
			    e->kind == RAW_TDX_QUOTE ? "; its certificates are in the quote" : "");
	if (cert_table_is_empty(table)) {
		url = snp_check(e->report) ? NULL : snp_vcek_url(e->report.p);
		return fail(RC_EVIDENCE, "the evidence has no certificates: this host provides none%s%s",
			    url ? "; AMD has the VCEK at " : "", url ? url : "");
	}
	rc = cert_pool_add(&pool, table, "the certificate table");
	return rc ? rc : cert_pool_order(&pool, out);
}

static int render(const struct evidence *e, struct span blob, enum format format,
		  struct buf *out)
{
	struct tsm_report t CLEANUP(tsm_report_free) = { 0 };
	struct node *root CLEANUP(report_free) = NULL;
	char *text CLEANUP(free_str) = NULL;
	int rc;

	switch (format) {
	case F_BLOB:
		buf_add(out, blob.p, blob.len);
		return RC_OK;
	case F_RAW:
		buf_add(out, e->report.p, e->report.len);
		return RC_OK;
	case F_CERTS:
		return certs_pem(e, out);
	case F_TSM_JSON:
		tsm_report_of(e, &t);
		tsm_report_json(&t, out);
		buf_add_str(out, "\n");
		return RC_OK;
	case F_CMW_JSON:
		tsm_report_of(e, &t);
		cmw_json(&t, out);
		buf_add_str(out, "\n");
		return RC_OK;
	case F_CMW_CBOR:
		tsm_report_of(e, &t);
		cmw_cbor(&t, out);
		return RC_OK;
	case F_JSON:
		root = report_new(NULL);
		json_only(add_text(root, "type", "cvm-evidence"));
		rc = evidence_show(root, e);
		text = report_render(root, true);
		buf_add_str(out, text);
		return rc;
	}
	return RC_FAILED;
}

static int write_evidence(struct take *t, enum format format, const char *output, bool force)
{
	struct evidence e CLEANUP(evidence_free) = { 0 };
	struct buf blob CLEANUP_BUF, out CLEANUP_BUF;
	int rc;

	if (format <= F_CMW_CBOR && refuses_binary(output, force))
		return RC_USAGE;
	rc = take_evidence(t, &blob, &e);
	if (!rc && e.kind == RAW_TDREPORT && format != F_BLOB && format != F_JSON)
		warning("this is a TDREPORT, not a quote: only a quoting service of this machine can check it");
	if (!rc)
		rc = render(&e, buf_span(&blob), format, &out);
	return rc ? rc : file_write(output, out.p, out.len);
}

static int format_option(const char *name, enum format *format)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!strcmp(name, formats[i])) {
			*format = (enum format)i;
			return RC_OK;
		}
	}
	return fail(RC_USAGE, "--format: '%s' is not one of blob, raw, certs, json, tsm-json, cmw-json, cmw-cbor", name);
}

static int run(int argc, char **argv)
{
	enum { REPORT_DATA = OPT_LONG, NONCE_HASH, FORMAT, FORCE };
	static const struct option options[] = {
		TAKE_OPTIONS,
		{ "report-data", required_argument, NULL, REPORT_DATA },
		{ "nonce-hash", required_argument, NULL, NONCE_HASH },
		{ "format", required_argument, NULL, FORMAT },
		{ "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, FORCE },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct take t = TAKE_INIT;
	enum format format = F_BLOB;
	const char *output = "-", *file;
	bool force = false, mine;
	int c, rc = RC_OK;

	while (!rc && (c = cmd_getopt(argc, argv, "ho:", options)) != -1) {
		rc = take_option(&t, c, optarg, &mine);
		if (mine)
			continue;
		switch (c) {
		case REPORT_DATA:
		case NONCE_HASH:
			if (!t.kernel_random)
				rc = fail(RC_USAGE, "report data are given twice");
			else if (c == REPORT_DATA)
				rc = report_data_option(&t, optarg);
			else {
				file = optind < argc ? argv[optind++] : NULL;
				rc = nonce_hash_option(&t, optarg, file);
			}
			break;
		case FORMAT:
			rc = format_option(optarg, &format);
			break;
		case 'j':
			format = F_JSON;
			break;
		case 'o':
			output = optarg;
			break;
		case FORCE:
			force = true;
			break;
		case 'h':
			return cmd_help(&cmd_get);
		default:
			return cmd_usage(&cmd_get);
		}
	}
	if (rc)
		return rc;
	if (optind < argc) {
		complain("get takes no argument '%s'; -o FILE names the output", argv[optind]);
		return cmd_usage(&cmd_get);
	}
	return write_evidence(&t, format, output, force);
}

const struct cmd cmd_get = {
	.name = "get",
	.summary = "takes fresh evidence",
	.help = help,
	.run = run,
};
