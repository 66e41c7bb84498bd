// SPDX-License-Identifier: GPL-2.0-only
/* The verb request: options, evidence from the device or a file, output */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "cmd.h"
#include "hcl.h"
#include "request.h"
#include "snp.h"
#include "take.h"
#include "tdx.h"

static const struct service *const services[] = {
	&service_maa,
};

static const char help[] =
"Usage: cvm-evidence request SERVICE [options]\n"
"\n"
"Turns evidence into the request that an attestation service takes, and refuses\n"
"evidence the service would find not bound to your data. Nothing is sent.\n"
"\n"
"SERVICE:\n"
"  maa                      Microsoft Azure Attestation (SevSnpVm, TdxVm);\n"
"                           report data = SHA-256(runtime data)\n"
"\n"
"What the evidence is bound to:\n"
"  --runtime-data FILE      sent along, byte for byte as it is hashed: a public\n"
"                           key, a nonce of the relying party\n"
"  --runtime-data-type json|binary\n"
"                           default: json when FILE is a JSON object\n"
"  --self-nonce             no runtime data: the token will not be fresh to anyone\n"
"\n"
"Where the evidence is from (default: fresh from the device):\n"
"  --evidence FILE          a blob, or a raw SNP report, TDX quote or HCL report;\n"
"                           the claims of an HCL report are its runtime data\n"
"  --quote FILE             the quote a quoting service made of the TDREPORT\n"
"  --certs FILE             VCEK or VLEK, ASK, ARK: PEM, DER or certificate table;\n"
"                           may be repeated; default: those of the evidence\n"
TAKE_HELP
"\n"
"More members of the request:\n"
"  --nonce TEXT             echoed into the token, not bound to the hardware\n"
"  --init-data FILE         initTimeData; SNP: SHA-256 of it is in HOST_DATA\n"
"  --init-data-type json|binary\n"
"\n"
"What is written (default: the body, JSON):\n"
"  --http HOST[:PORT]       the whole HTTP/1.1 request for that host\n"
"  --curl HOST[:PORT]       a shell command that sends it\n"
"  --api-version VERSION    default: the one the service documents\n"
"  -o, --output FILE        whole or not at all (default: -)\n"
"  -h, --help               this text\n"
"\n"
"Exit status 5: not bound to the runtime data, or certificates are missing.\n"
"\n"
"Examples:\n"
"  cvm-evidence request maa --runtime-data key.jwk\n"
"  cvm-evidence request maa --runtime-data key.jwk --curl sharedweu.weu.attest.azure.net | sh\n"
"  cvm-evidence request maa --evidence report.bin --certs chain.pem --runtime-data claims.json\n";

struct options {
	const struct service *service;
	const char *runtime_data, *runtime_type;
	const char *evidence, *quote;
	const char *init_data, *init_type;
	const char *http, *curl, *api_version, *output;
	struct take take;
};

/* What the request points into */
struct inputs {
	struct buf runtime, init, evidence, quote;
	struct evidence e;
};

static void inputs_free(struct inputs *in)
{
	buf_free(&in->runtime);
	buf_free(&in->init);
	buf_free(&in->evidence);
	buf_free(&in->quote);
	evidence_free(&in->e);
}

static void request_free(struct request *q)
{
	cert_pool_free(&q->certs);
}

static bool is_json_object(struct span s)
{
	struct json_tokener *tok = json_tokener_new_ex(64);
	struct json_object *o = NULL;
	bool ok = false;

	if (tok && s.len && s.len < INT32_MAX) {
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
		o = json_tokener_parse_ex(tok, (const char *)s.p, (int)s.len);
		ok = json_object_is_type(o, json_type_object);
	}
	json_object_put(o);
	json_tokener_free(tok);
	return ok;
}

static int data_type(const char *option, const char *asked, struct span data, const char **type)
{
	bool json = is_json_object(data);

	if (!asked)
		*type = json ? "JSON" : "Binary";
	else if (!strcmp(asked, "binary"))
		*type = "Binary";
	else if (strcmp(asked, "json"))
		return fail(RC_USAGE, "%s: '%s' is neither json nor binary", option, asked);
	else if (!json)
		return fail(RC_USAGE, "%s json: the data are no JSON object", option);
	else
		*type = "JSON";
	return RC_OK;
}

static int read_data(const struct options *o, struct request *q, struct inputs *in)
{
	int rc = RC_OK;

	if (o->runtime_data) {
		rc = file_read(o->runtime_data, EVIDENCE_MAX, &in->runtime);
		q->runtime_data = buf_span(&in->runtime);
		q->have_runtime_data = true;
		if (!rc && !q->runtime_data.len)
			rc = fail(RC_USAGE, "--runtime-data: %s is empty", o->runtime_data);
		if (!rc)
			rc = data_type("--runtime-data-type", o->runtime_type, q->runtime_data,
				       &q->runtime_type);
	}
	if (!rc && o->init_data) {
		rc = file_read(o->init_data, EVIDENCE_MAX, &in->init);
		q->init_data = buf_span(&in->init);
		q->have_init_data = true;
		if (!rc)
			rc = data_type("--init-data-type", o->init_type, q->init_data,
				       &q->init_type);
	}
	return rc;
}

static int take_fresh(struct options *o, struct request *q, struct inputs *in)
{
	u8 report_data[64];
	size_t len;
	int rc;

	if (!q->have_runtime_data && !q->self_nonce)
		return fail(RC_USAGE, "--runtime-data FILE is missing: it is what the evidence will answer for (or --self-nonce)");
	if (q->have_runtime_data) {
		len = o->service->binding(q, report_data);
		rc = take_report_data(&o->take, report_data, len);
		if (rc)
			return rc;
	}
	return take_evidence(&o->take, &in->evidence, &in->e);
}

static int from_blob(struct request *q, struct inputs *in)
{
	bool checked;
	int rc;

	rc = evidence_check_kind(&in->e);
	if (!rc)
		rc = evidence_check_binding(&in->e, &checked);
	if (rc)
		return rc;
	if (in->e.flags & CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM && !q->self_nonce)
		return fail(RC_EVIDENCE, "the nonce of this evidence is the kernel's own: it proves no freshness to anybody else; take evidence for your data (leave out --evidence), or say --self-nonce");
	q->kind = in->e.kind;
	q->report = in->e.report;
	return cert_pool_add(&q->certs, evidence_data(&in->e, CVM_EVIDENCE_ITEM_CERTS),
			     "the evidence's certificates");
}

static int read_evidence(struct options *o, struct request *q, struct inputs *in)
{
	struct span s;
	int rc;

	if (!o->evidence) {
		rc = take_fresh(o, q, in);
		return rc ? rc : from_blob(q, in);
	}
	rc = file_read(o->evidence, EVIDENCE_MAX, &in->evidence);
	if (rc)
		return rc;
	s = buf_span(&in->evidence);
	if (evidence_looks_like(s)) {
		rc = evidence_parse(s, &in->e);
		return rc ? rc : from_blob(q, in);
	}
	q->kind = raw_recognise(s);
	q->report = s;
	return RC_OK;
}

/* An HCL report: the hardware's report in it, and the claims it is bound to */
static int open_hcl(struct request *q)
{
	struct hcl h;
	int rc;

	if (q->kind != RAW_HCL)
		return RC_OK;
	rc = hcl_parse(q->report, &h);
	if (rc)
		return rc;
	q->kind = h.report_type == HCL_SNP ? RAW_SNP : RAW_TDREPORT;
	q->report = h.report;
	if (!q->have_runtime_data) {
		q->runtime_data = h.claims;
		q->runtime_type = "JSON";
		q->have_runtime_data = true;
	}
	return RC_OK;
}

/* Comes to an SNP report or a TDX quote, without anything behind its end. */
static int settle_report(const struct options *o, struct request *q, struct inputs *in)
{
	struct tdx_quote quote;
	const u8 *tdreport = NULL;
	int rc;

	rc = open_hcl(q);
	if (rc)
		return rc;
	if (q->kind == RAW_TDREPORT) {
		rc = tdreport_check(q->report);
		if (rc)
			return rc;
		if (!o->quote)
			return fail(RC_EVIDENCE, "this evidence is a TDREPORT, which only the same machine can check: have its quoting service make a quote of it (QGS, or Azure's /acc/tdquote), and give that with --quote FILE");
		tdreport = q->report.p;
		rc = file_read(o->quote, EVIDENCE_MAX, &in->quote);
		if (rc)
			return rc;
		q->kind = RAW_TDX_QUOTE;
		q->report = buf_span(&in->quote);
	} else if (o->quote) {
		return fail(RC_USAGE, "--quote goes with a TDREPORT; this evidence is a %s",
			    raw_kind_name(q->kind));
	}

	switch (q->kind) {
	case RAW_SNP:
		rc = snp_check(q->report);
		q->report.len = SNP_REPORT_LEN;
		return rc;
	case RAW_TDX_QUOTE:
		rc = tdx_quote_parse(q->report, &quote);
		if (rc)
			return rc;
		q->report = quote.all;
		return tdreport ? tdx_quote_is_of(&quote, tdreport) : RC_OK;
	default:
		return fail(RC_EVIDENCE, "%s takes SNP reports and TDX quotes; this is: %s",
			    o->service->name, raw_kind_title(q->kind));
	}
}

static int check_binding(const struct options *o, const struct request *q)
{
	u8 want[64] = { 0 };
	const u8 *got;
	char *w, *g;
	size_t len;
	int rc;

	if (!q->have_runtime_data) {
		if (q->self_nonce)
			return RC_OK;
		return fail(RC_USAGE, "--runtime-data FILE is missing: without it nobody can tell what this evidence answers for (or --self-nonce)");
	}
	len = o->service->binding(q, want);
	rc = raw_report_data(q->kind, q->report, &got);
	if (rc || !memcmp(got, want, 64))
		return rc;
	w = hex_encode(want, len);
	g = hex_encode(got, 64);
	if (!memcmp(got, want, len))
		complain("the evidence is not bound to the runtime data: REPORT_DATA has more behind their hash, %s wants zeros (%s)",
			 o->service->name, g);
	else
		complain("the evidence is not bound to the runtime data: %s wants REPORT_DATA %s, it is %s",
			 o->service->name, w, g);
	free_str(&w);
	free_str(&g);
	return RC_EVIDENCE;
}

static int write_request(const struct options *o, const struct request *q, struct span body)
{
	const char *version = o->api_version ? o->api_version : o->service->api_version(q);
	const char *path = o->service->path(q);
	struct buf out CLEANUP_BUF;

	if (o->http) {
		buf_printf(&out,
			   "POST %s?api-version=%s HTTP/1.1\r\n"
			   "Host: %s\r\n"
			   "Content-Type: application/json\r\n"
			   "Accept: application/json\r\n"
			   "Content-Length: %zu\r\n"
			   "Connection: close\r\n\r\n", path, version, o->http, body.len);
		buf_add(&out, body.p, body.len);
	} else if (o->curl) {
		/* one line of JSON has no line that reads EOF */
		buf_printf(&out,
			   "curl --fail-with-body -sS -X POST -H 'Content-Type: application/json' "
			   "-H 'Accept: application/json' --data-binary @- "
			   "'https://%s%s?api-version=%s' <<'EOF'\n", o->curl, path, version);
		buf_add(&out, body.p, body.len);
		buf_add_str(&out, "\nEOF\n");
	} else {
		buf_add(&out, body.p, body.len);
		buf_add_str(&out, "\n");
	}
	return file_write(o->output, out.p, out.len);
}

static int request(struct options *o, struct request *q, struct inputs *in)
{
	struct buf body CLEANUP_BUF;
	int rc;

	rc = read_data(o, q, in);
	if (!rc)
		rc = read_evidence(o, q, in);
	if (!rc)
		rc = settle_report(o, q, in);
	if (!rc)
		rc = check_binding(o, q);
	if (!rc)
		rc = o->service->build(q, &body);
	return rc ? rc : write_request(o, q, buf_span(&body));
}

/* Goes into an HTTP header or a shell command: a host name and nothing else */
static int check_plain(const char *option, const char *text, const char *also)
{
	const char *c;

	for (c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(also, *c))
			break;
	if (*c || c == text)
		return fail(RC_USAGE, "%s: '%s' is not what belongs there%s", option, text,
			    strcmp(option, "--api-version") ?
			    " (a host, as sharedweu.weu.attest.azure.net, no https://)" : "");
	return RC_OK;
}

static int add_certs(struct request *q, const char *path)
{
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, CERTS_MAX, &b);

	if (!rc && !b.len)
		rc = fail(RC_EVIDENCE, "--certs: %s is empty", path);
	return rc ? rc : cert_pool_add(&q->certs, buf_span(&b), path);
}

static int check_nonce(const char *text)
{
	const char *c;

	for (c = text; *c; c++)
		if (!isprint((unsigned char)*c))
			return fail(RC_USAGE, "--nonce: only printable ASCII can be sent");
	return RC_OK;
}

static int run(int argc, char **argv)
{
	enum {
		RUNTIME = OPT_LONG, RUNTIME_TYPE, SELF_NONCE, EVIDENCE, QUOTE, CERTS, NONCE,
		INIT, INIT_TYPE, HTTP, CURL, API_VERSION,
	};
	static const struct option options[] = {
		TAKE_OPTIONS,
		{ "runtime-data", required_argument, NULL, RUNTIME },
		{ "runtime-data-type", required_argument, NULL, RUNTIME_TYPE },
		{ "self-nonce", no_argument, NULL, SELF_NONCE },
		{ "evidence", required_argument, NULL, EVIDENCE },
		{ "quote", required_argument, NULL, QUOTE },
		{ "certs", required_argument, NULL, CERTS },
		{ "nonce", required_argument, NULL, NONCE },
		{ "init-data", required_argument, NULL, INIT },
		{ "init-data-type", required_argument, NULL, INIT_TYPE },
		{ "http", required_argument, NULL, HTTP },
		{ "curl", required_argument, NULL, CURL },
		{ "api-version", required_argument, NULL, API_VERSION },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct request q CLEANUP(request_free) = { 0 };
	struct inputs in CLEANUP(inputs_free) = { 0 };
	struct options o = { .output = "-", .take = TAKE_INIT };
	int c, rc = RC_OK;
	bool mine;
	size_t i;

	while (!rc && (c = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
		rc = take_option(&o.take, c, optarg, &mine);
		if (mine)
			continue;
		switch (c) {
		case RUNTIME:
			o.runtime_data = optarg;
			break;
		case RUNTIME_TYPE:
			o.runtime_type = optarg;
			break;
		case SELF_NONCE:
			q.self_nonce = true;
			break;
		case EVIDENCE:
			o.evidence = optarg;
			break;
		case QUOTE:
			o.quote = optarg;
			break;
		case CERTS:
			rc = add_certs(&q, optarg);
			break;
		case NONCE:
			q.nonce = optarg;
			rc = check_nonce(optarg);
			break;
		case INIT:
			o.init_data = optarg;
			break;
		case INIT_TYPE:
			o.init_type = optarg;
			break;
		case HTTP:
			o.http = optarg;
			rc = check_plain("--http", optarg, ".-:[]");
			break;
		case CURL:
			o.curl = optarg;
			rc = check_plain("--curl", optarg, ".-:[]");
			break;
		case API_VERSION:
			o.api_version = optarg;
			rc = check_plain("--api-version", optarg, ".-");
			break;
		case 'o':
			o.output = optarg;
			break;
		case 'h':
			return cmd_help(&cmd_request);
		default:
			return cmd_usage(&cmd_request);
		}
	}
	if (rc)
		return rc;
	if (o.http && o.curl)
		return fail(RC_USAGE, "--http and --curl exclude each other");
	if (argc - optind != 1) {
		complain("request takes the name of one service");
		return cmd_usage(&cmd_request);
	}
	for (i = 0; i < ARRAY_SIZE(services); i++)
		if (!strcmp(argv[optind], services[i]->name))
			o.service = services[i];
	if (!o.service) {
		complain("there is no service '%s'; there are:", argv[optind]);
		for (i = 0; i < ARRAY_SIZE(services); i++)
			complain("  %s  %s", services[i]->name, services[i]->about);
		return RC_USAGE;
	}
	return request(&o, &q, &in);
}

const struct cmd cmd_request = {
	.name = "request",
	.summary = "turns evidence into the request of an attestation service",
	.help = help,
	.run = run,
};
