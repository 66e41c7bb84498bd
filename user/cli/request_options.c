// SPDX-License-Identifier: GPL-2.0-only
/* The command lines of request and attest: one table of options for both */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "cli/cmd.h"
#include "cli/request_options.h"
#include "cli/take_options.h"
#include "evidence/cert_file.h"
#include "net/endorse.h"
#include "services/service.h"
#include "tpm/dev.h"

enum {
	EVIDENCE = OPT_LONG, QUOTE, CERTS, QGS, IMDS, KDS, FORM, CHALLENGE, SESSION, TEE_KEY,
	SAVE_KEY, RUNTIME, RUNTIME_TYPE, USER_DATA, INIT, INIT_TYPE, POLICY, POLICY_MUST_MATCH,
	NONCE, SELF_NONCE, HASH, API_VERSION, TPM_FILE, ENC_KEY_PUB, ENC_KEY_INFO,
	ENC_KEY_SIG, TCG_LOG, TPM, OPEN, SENT, SIGNING_ALG, AUDIENCE, LOCATION,
	RESOURCE, HTTP, CURL, BEGIN, BINDING, ENDPOINT, CA, SECRET_FILE, HTTP_TIMEOUT,
	VERIFY, JWKS, TOKEN_ROOT, TOKEN_POLICY, MORE_EVIDENCE, PLUGIN,
};

/* For one verb only; 0: for both */
#define ONLY_REQUEST	1
#define ONLY_ATTEST	2

static const struct {
	const char *name;
	int has_arg, id, only;
	u32 takes;		/* what the service must take; 0: all do */
} choices[] = {
	{ "evidence", required_argument, EVIDENCE, 0, 0 },
	{ "quote", required_argument, QUOTE, 0, 0 },
	{ "certs", required_argument, CERTS, 0, 0 },
	{ "qgs", optional_argument, QGS, 0, 0 },
	{ "imds", optional_argument, IMDS, 0, 0 },
	{ "kds", optional_argument, KDS, 0, 0 },
	{ "form", required_argument, FORM, 0, 0 },
	{ "challenge", required_argument, CHALLENGE, 0, TAKES_CHALLENGE },
	{ "session", required_argument, SESSION, 0, TAKES_SESSION },
	{ "tee-key", required_argument, TEE_KEY, 0, TAKES_KEY },
	{ "save-key", required_argument, SAVE_KEY, 0, TAKES_KEY },
	{ "runtime-data", required_argument, RUNTIME, 0, TAKES_RUNTIME_DATA },
	{ "runtime-data-type", required_argument, RUNTIME_TYPE, 0, TAKES_RUNTIME_DATA },
	{ "user-data", required_argument, USER_DATA, 0, TAKES_USER_DATA },
	{ "init-data", required_argument, INIT, 0, TAKES_INIT_DATA },
	{ "init-data-type", required_argument, INIT_TYPE, 0, TAKES_INIT_DATA },
	{ "policy-id", required_argument, POLICY, 0, TAKES_POLICY },
	{ "policy-must-match", no_argument, POLICY_MUST_MATCH, 0, TAKES_SIGNING_ALG },
	{ "nonce", required_argument, NONCE, 0, TAKES_NONCE },
	{ "self-nonce", no_argument, SELF_NONCE, 0, TAKES_SELF_NONCE },
	{ "hash", required_argument, HASH, 0, TAKES_HASH },
	{ "api-version", required_argument, API_VERSION, 0, TAKES_API_VERSION },
	{ "tpm-attestation", required_argument, TPM_FILE, 0, TAKES_TPM_FILE },
	{ "enc-key-pub", required_argument, ENC_KEY_PUB, 0, TAKES_ENC_KEY },
	{ "enc-key-info", required_argument, ENC_KEY_INFO, 0, TAKES_ENC_KEY },
	{ "enc-key-signature", required_argument, ENC_KEY_SIG, 0, TAKES_ENC_KEY },
	{ "tcg-log", required_argument, TCG_LOG, 0, TAKES_ENC_KEY },
	{ "tpm", required_argument, TPM, 0, TAKES_ENC_KEY },
	{ "open", required_argument, OPEN, ONLY_REQUEST, TAKES_ENC_KEY },
	{ "sent", required_argument, SENT, ONLY_REQUEST, TAKES_ENC_KEY },
	{ "token-signing-alg", required_argument, SIGNING_ALG, 0, TAKES_SIGNING_ALG },
	{ "audience", required_argument, AUDIENCE, 0, TAKES_AUDIENCE },
	{ "location", required_argument, LOCATION, 0, TAKES_LOCATION },
	{ "resource", required_argument, RESOURCE, ONLY_ATTEST, TAKES_RESOURCE },
	{ "plugin", required_argument, PLUGIN, ONLY_ATTEST, TAKES_RESOURCE },
	{ "additional-evidence", required_argument, MORE_EVIDENCE, 0, TAKES_MORE_EVIDENCE },
	{ "http", required_argument, HTTP, ONLY_REQUEST, 0 },
	{ "curl", required_argument, CURL, ONLY_REQUEST, 0 },
	{ "begin", no_argument, BEGIN, ONLY_REQUEST, TAKES_CHALLENGE },
	{ "binding", no_argument, BINDING, ONLY_REQUEST, 0 },
	{ "endpoint", required_argument, ENDPOINT, ONLY_ATTEST, 0 },
	{ "ca", required_argument, CA, 0, 0 },
	{ "secret-file", required_argument, SECRET_FILE, ONLY_ATTEST, 0 },
	{ "verify", no_argument, VERIFY, ONLY_ATTEST, 0 },
	{ "jwks", required_argument, JWKS, ONLY_ATTEST, 0 },
	{ "token-root", required_argument, TOKEN_ROOT, ONLY_ATTEST, 0 },
	{ "token-policy", required_argument, TOKEN_POLICY, ONLY_ATTEST, 0 },
	{ "http-timeout", required_argument, HTTP_TIMEOUT, 0, 0 },
};

static const struct option take_options[] = { TAKE_OPTIONS };

/* attest does not offer a mere format: there is no service to send it to. */
static bool is_offered(const struct service *s, const struct cmd *cmd)
{
	return !cmd->sends || s->answer;
}

static const struct service *find_service(const char *name, const struct cmd *cmd)
{
	size_t i;

	for (i = 0; i < n_services; i++)
		if (!strcmp(name, services[i]->name))
			return services[i];
	complain("there is no service '%s'; there are:", name);
	for (i = 0; i < n_services; i++)
		if (is_offered(services[i], cmd))
			complain("  %-8s  %s", services[i]->name, services[i]->about);
	return NULL;
}

/* Goes into an HTTP header or a shell command: a host name and nothing else */
static int check_plain(const char *option, const char *text, const char *also)
{
	const char *c;

	for (c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(also, *c))
			break;
	if (*c || c == text)
		return fail(RC_USAGE, "%s: '%s' is empty or has a character that is not allowed%s", option, text,
			    !strcmp(option, "--http") || !strcmp(option, "--curl") ?
			    " (a host, as sharedweu.weu.attest.azure.net, no https://)" : "");
	return RC_OK;
}

static int check_printable(const char *option, const char *text)
{
	const char *c;

	for (c = text; *c; c++)
		if (!isprint((unsigned char)*c))
			return fail(RC_USAGE, "%s: only printable ASCII can be sent", option);
	return RC_OK;
}

static int check_type(const char *option, const char *type)
{
	if (strcmp(type, "json") && strcmp(type, "binary"))
		return fail(RC_USAGE, "%s: '%s' is neither json nor binary", option, type);
	return RC_OK;
}

static int add_certs(void *arg, struct span s, const char *name)
{
	struct request *q = arg;

	return cert_pool_add(&q->certs, s, name);
}

static void add_policy(struct request *q, const char *id)
{
	const char **more = xalloc((q->n_policies + 1) * sizeof(*more));

	if (q->n_policies)
		memcpy(more, q->policies, q->n_policies * sizeof(*more));
	more[q->n_policies++] = id;
	free((void *)q->policies);
	q->policies = more;
}

static int set_form(struct request *q, const char *name)
{
	const char *const *f = q->service->forms;
	unsigned int i;

	for (i = 0; f && f[i]; i++) {
		if (!strcmp(f[i], name)) {
			q->form = i;
			return RC_OK;
		}
	}
	if (!f)
		return fail(RC_USAGE, "--form: %s has one form only", q->service->name);
	complain("--form: %s has no form '%s'; there are:", q->service->name, name);
	for (i = 0; f[i]; i++)
		complain("  %s", f[i]);
	return RC_USAGE;
}

static int request_option(struct request_options *o, struct request *q, int c, const char *arg)
{
	u64 n;
	int rc;

	switch (c) {
	case FORM:
		return set_form(q, arg);
	case CHALLENGE:
		q->challenge.path = arg;
		return RC_OK;
	case SESSION:
		q->session = arg;
		return check_printable("--session", arg);
	case TEE_KEY:
		q->tee_key = arg;
		return RC_OK;
	case SAVE_KEY:
		q->save_key = arg;
		return RC_OK;
	case RUNTIME:
		q->runtime.path = arg;
		return RC_OK;
	case RUNTIME_TYPE:
		q->runtime.type = arg;
		return check_type("--runtime-data-type", arg);
	case USER_DATA:
		q->user.path = arg;
		return RC_OK;
	case INIT:
		q->init.path = arg;
		return RC_OK;
	case INIT_TYPE:
		q->init.type = arg;
		return check_type("--init-data-type", arg);
	case POLICY:
		add_policy(q, arg);
		return check_printable("--policy-id", arg);
	case POLICY_MUST_MATCH:
		q->policy_must_match = true;
		return RC_OK;
	case NONCE:
		q->nonce = arg;
		return check_printable("--nonce", arg);
	case SELF_NONCE:
		q->self_nonce = true;
		return RC_OK;
	case HASH:
		q->hash = arg;
		return hash_is_known(arg) ? RC_OK :
		       fail(RC_USAGE, "--hash: '%s' is not one of sha256, sha384, sha512", arg);
	case API_VERSION:
		q->api_version = arg;
		return check_plain("--api-version", arg, ".-");
	case TPM_FILE:
		q->tpm_file.path = arg;
		return RC_OK;
	case ENC_KEY_PUB:
		q->enc_key_pub.path = arg;
		return RC_OK;
	case ENC_KEY_INFO:
		q->enc_key_info.path = arg;
		return RC_OK;
	case ENC_KEY_SIG:
		q->enc_key_sig.path = arg;
		return RC_OK;
	case TCG_LOG:
		q->tcg_log.path = arg;
		return RC_OK;
	case TPM:
		q->tpm_device = arg;
		return RC_OK;
	case OPEN:
		q->sealed.path = arg;
		return RC_OK;
	case SENT:
		q->sent.path = arg;
		return RC_OK;
	case SIGNING_ALG:
		q->signing_alg = arg;
		return check_plain("--token-signing-alg", arg, "-");
	case AUDIENCE:
		q->audience = arg;
		return check_printable("--audience", arg);
	case LOCATION:
		q->location = arg;
		return check_plain("--location", arg, "/-_.:");
	case RESOURCE:
		q->resource = arg;
		return check_plain("--resource", arg, "/-_.");
	case PLUGIN:
		q->plugin = arg;
		return check_plain("--plugin", arg, "/-_.?&=%~:,+");
	case MORE_EVIDENCE:
		q->more_evidence.path = arg;
		return RC_OK;
	case HTTP_TIMEOUT:
		rc = parse_number("--http-timeout", arg, 3600, &n);
		o->http_timeout = (unsigned int)n;
		if (!rc && !n)
			rc = fail(RC_USAGE, "--http-timeout: it must be at least 1 second");
		return rc;
	}
	return fail(RC_FAILED, "internal error: option %d is not in the table", c);
}

static int option(struct request_options *o, struct request *q, int c, const char *arg)
{
	switch (c) {
	case 'o':
		o->output = arg;
		return RC_OK;
	case EVIDENCE:
		o->evidence = arg;
		return RC_OK;
	case QUOTE:
		o->quote = arg;
		return RC_OK;
	case CERTS:
		return cert_file_each("--certs", arg, add_certs, NULL, q);
	case QGS:
		o->qgs = arg ? arg : QGS_ADDRESS;
		return RC_OK;
	case IMDS:
		o->imds = arg ? arg : IMDS_URL;
		return RC_OK;
	case KDS:
		o->kds = arg ? arg : KDS_URL;
		return RC_OK;
	case HTTP:
		o->http = arg;
		return check_plain("--http", arg, ".-:[]");
	case CURL:
		o->curl = arg;
		return check_plain("--curl", arg, ".-:[]");
	case BEGIN:
		o->begin = true;
		return RC_OK;
	case BINDING:
		o->show_binding = true;
		return RC_OK;
	case ENDPOINT:
		o->endpoint = arg;
		return RC_OK;
	case CA:
		o->ca = arg;
		return RC_OK;
	case VERIFY:
		o->verify = true;
		return RC_OK;
	case JWKS:
		o->jwks = arg;
		return RC_OK;
	case TOKEN_ROOT:
		o->token_root = arg;
		return RC_OK;
	case TOKEN_POLICY:
		o->token_policy = arg;
		return RC_OK;
	case SECRET_FILE:
		o->secret_file = arg;
		return RC_OK;
	default:
		return request_option(o, q, c, arg);
	}
}

/* Whether option @c is one of this verb and service; says why not */
static int check_taken(const struct request *q, const struct cmd *cmd, int c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(choices); i++) {
		if (choices[i].id != c)
			continue;
		if (choices[i].only && choices[i].only != (cmd->sends ? ONLY_ATTEST : ONLY_REQUEST))
			return fail(RC_USAGE, "--%s is an option of %s", choices[i].name,
				    cmd->sends ? "request" : "attest");
		if (choices[i].takes && !(choices[i].takes & q->service->takes))
			return fail(RC_USAGE, "%s takes no --%s", q->service->name,
				    choices[i].name);
		/* --challenge may be the caller's own; --begin needs a service to ask */
		if (c == BEGIN && !q->service->begin)
			return fail(RC_USAGE, "%s takes no --begin: there is no service to ask for a challenge",
				    q->service->name);
	}
	return RC_OK;
}

static int help(const struct request *q, const struct cmd *cmd, bool *done)
{
	size_t i;
	int rc;

	*done = true;
	if (q->service) {
		fputs(q->service->help, stdout);
	} else {
		rc = cmd_help(cmd);
		if (rc)
			return rc;
		printf("\nSERVICE (%s SERVICE --help shows its own options):\n",
		       cmd->name);
		for (i = 0; i < n_services; i++)
			if (is_offered(services[i], cmd))
				printf("  %-8s  %s\n", services[i]->name, services[i]->about);
	}
	return fflush(stdout) ? fail(RC_FAILED, "cannot write standard output: %m") : RC_OK;
}

/*
 * The service is looked for first: which options there are, and what --help
 * says, depends on it. Words that belong to options in front of it are skipped
 * by a round of getopt without effects.
 */
static int find_word(int argc, char **argv, const struct option *options,
		     const struct cmd *cmd, struct request *q)
{
	int saved = opterr, c;
	char **copy = xalloc(((size_t)argc + 1) * sizeof(*copy));
	int rc = RC_OK;

	memcpy(copy, argv, (size_t)argc * sizeof(*copy));
	opterr = 0;
	while ((c = cmd_getopt(argc, copy, "ho:", options)) != -1)
		;
	if (optind < argc) {
		q->service = find_service(copy[optind], cmd);
		rc = q->service ? RC_OK : RC_USAGE;
	}
	free(copy);
	opterr = saved;
	optind = 0;
	return rc;
}

int request_parse(int argc, char **argv, const struct cmd *cmd, struct request_options *o,
		  struct request *q, bool *done)
{
	struct option options[ARRAY_SIZE(choices) + ARRAY_SIZE(take_options) + 3] = {
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
	};
	size_t n = 2, i;
	bool mine;
	int c, rc;

	*done = false;
	for (i = 0; i < ARRAY_SIZE(take_options); i++)
		options[n++] = take_options[i];
	for (i = 0; i < ARRAY_SIZE(choices); i++)
		options[n++] = (struct option){ choices[i].name, choices[i].has_arg, NULL,
						choices[i].id };
	rc = find_word(argc, argv, options, cmd, q);
	while (!rc && (c = cmd_getopt(argc, argv, "ho:", options)) != -1) {
		if (c == 'h')
			return help(q, cmd, done);
		if (c == '?')
			return cmd_usage(cmd);
		rc = take_option(&o->take, c, optarg, &mine);
		if (mine)
			continue;
		if (!q->service)
			break;
		rc = check_taken(q, cmd, c);
		if (!rc)
			rc = option(o, q, c, optarg);
	}
	if (rc)
		return rc;
	if (!q->service || argc - optind != 1) {
		complain("%s takes the name of one service", cmd->name);
		return cmd_usage(cmd);
	}
	if (q->resource && q->plugin)
		return fail(RC_USAGE, "--resource and --plugin exclude each other");
	if (o->http && o->curl)
		return fail(RC_USAGE, "--http and --curl exclude each other");
	if (q->sent.path && !q->sealed.path)
		return fail(RC_USAGE, "--sent goes with --open");
	if (!q->tpm_device)
		q->tpm_device = TPM_DEVICE;
	return RC_OK;
}
