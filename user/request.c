// SPDX-License-Identifier: GPL-2.0-only
/* The verb request: its options and its output */
#include <ctype.h>
#include <string.h>

#include "cmd.h"
#include "request.h"

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

static void inputs_free(struct request_inputs *in)
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

static int write_request(const struct request_options *o, const struct request *q, struct span body)
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

static int request(struct request_options *o, struct request *q, struct request_inputs *in)
{
	struct buf body CLEANUP_BUF;
	int rc;

	rc = request_gather(o, q, in);
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
	struct request_inputs in CLEANUP(inputs_free) = { 0 };
	struct request_options o = { .output = "-", .take = TAKE_INIT };
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
