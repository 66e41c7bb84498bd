// SPDX-License-Identifier: GPL-2.0-only
/* The verb attest: the whole exchange with a service, ending in its token */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/cmd.h"
#include "cli/request_options.h"
#include "cli/token_keys.h"
#include "net/answer.h"
#include "net/http_url.h"
#include "verify/verify.h"

#define ANSWER_MAX	(1024 * 1024)
#define ROUNDS_MAX	120

static const char help[] =
"Usage: cvm-evidence attest SERVICE --endpoint URL [options]\n"
"\n"
"Takes evidence and does the whole exchange with an attestation service: asks for\n"
"its challenge, binds the evidence to it, sends it, prints the token. The options\n"
"of request SERVICE apply; with --challenge FILE it continues from that challenge.\n"
"\n"
"  --endpoint URL           https://HOST[:PORT][/PREFIX], no user, no password;\n"
"                           http:// for a service of the same machine or network,\n"
"                           with a secret only for 127.0.0.0/8 and [::1]\n"
"  --ca FILE                roots in PEM; only these, none of the system's\n"
"  --secret-file FILE       API key or access token; or in the environment, as\n"
"                           attest SERVICE --help says; never an argument\n"
"  --http-timeout SECONDS   for each exchange (default: 30)\n"
"  --evidence FILE          taken before; with --challenge where there is one\n"
"  --verify                 check the token, too, and print it only if it passes:\n"
"                           its keys by --jwks FILE (a JWK set), or by --token-root\n"
"                           FILE the roots of the certificates that it brings along\n"
"                           (x5c); what it must say by --token-policy FILE (as\n"
"                           verify --policy), the nonce by the exchange itself\n"
"  -o, --output FILE        whole or not at all, for its owner only (default: -)\n"
"  -h, --help               this text\n"
"\n"
"A proxy is taken from the environment (https_proxy, no_proxy), except for loopback\n"
"addresses. A message is sent again only after a status that the service documents\n"
"as temporary.\n"
"\n"
"Exit status: 1 no connection, or a certificate that is not valid, 5 the evidence\n"
"is not what the service takes, 6 throttled, timed out or failing for now (408,\n"
"429, 5xx), 7 the service refused.\n"
"\n"
"Examples:\n"
"  cvm-evidence attest maa --endpoint https://sharedweu.weu.attest.azure.net --runtime-data key.jwk\n"
"  cvm-evidence attest kbs --endpoint https://kbs.example:8080 --resource default/key/1\n";

struct exchange {
	const struct request_options *o;
	const struct request *q;
	char *secret;		/* the whole header */
	char *base;		/* scheme, host, port */
	char *prefix;		/* path before the service's own, may be empty */
};

static void exchange_free(struct exchange *x)
{
	if (x->secret)
		explicit_bzero(x->secret, strlen(x->secret));
	free(x->secret);
	free(x->base);
	free(x->prefix);
}

static int split_endpoint(const char *url, struct exchange *x)
{
	const char *host, *c;
	size_t len;
	int rc;

	/* check this before a message shows the URL: it may contain a password */
	if (strchr(url, '@'))
		return fail(RC_USAGE, "--endpoint: an @ is not allowed: the URL must not have a user or a password");
	rc = url_check("--endpoint", url);
	if (rc)
		return rc;
	for (c = url; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("?#\"\\", *c))
			return fail(RC_USAGE, "--endpoint: it has a character that is not allowed in a URL");
	host = strstr(url, "://") + 3;
	len = strcspn(host, "/");
	x->base = xasprintf("%.*s", (int)(host + len - url), url);
	x->prefix = xstrdup(host + len);
	len = strlen(x->prefix);
	while (len && x->prefix[len - 1] == '/')
		x->prefix[--len] = '\0';
	return RC_OK;
}

static bool is_plain(const struct exchange *x)
{
	return !strncmp(x->base, "http://", 7) && !url_is_loopback(x->base);
}

/* From a file or the environment, because all users can see arguments. */
static int find_secret(struct exchange *x)
{
	const struct service *s = x->q->service;
	struct buf b CLEANUP_BUF;
	const char *value;
	int rc = RC_OK;

	if (!s->secret_header) {
		if (x->o->secret_file)
			rc = fail(RC_USAGE, "--secret-file: %s does not take a secret", s->name);
		return rc;
	}
	if (x->o->secret_file) {
		rc = file_read(x->o->secret_file, 64 * 1024, &b);
		while (b.len && strchr(" \t\r\n", b.p[b.len - 1]))
			b.p[--b.len] = '\0';
		value = (char *)b.p;
	} else {
		value = getenv(s->secret_env);
	}
	if (!rc && (!value || !*value))
		return fail(RC_USAGE, "%s needs a secret, in --secret-file FILE or in the environment variable %s",
			    s->name, s->secret_env);
	if (!rc && strpbrk(value, "\r\n"))
		rc = fail(RC_USAGE, "the secret (--secret-file FILE, or %s) has more than one line",
			  s->secret_env);
	if (!rc)
		x->secret = xasprintf("%s%s", s->secret_header, value);
	if (b.p)
		explicit_bzero(b.p, b.len);
	if (!rc && is_plain(x))
		rc = fail(RC_USAGE, "--endpoint: a secret is sent only over https:// or to this machine (127.0.0.0/8, [::1])");
	return rc;
}

/* A service may repeat what it was sent, and what it says is printed. */
static void hide_secret(const struct exchange *x, struct http_answer *a)
{
	const char *value = x->secret ? x->secret + strlen(x->q->service->secret_header) : "";
	size_t len = strlen(value);
	u8 *p = a->body.p, *end = p + a->body.len;

	while (len && p && (p = memmem(p, (size_t)(end - p), value, len))) {
		memset(p, '*', len);
		p += len;
	}
}

static int send_message(const struct exchange *x, const struct message *m, struct http_answer *a)
{
	char *url CLEANUP(free_str) = NULL;
	char *type CLEANUP(free_str) = m->type ? xasprintf("Content-Type: %s", m->type) : NULL;
	char *accept CLEANUP(free_str) = xasprintf("Accept: %s", m->accept);
	char *extra CLEANUP(free_str) = xstrdup(m->headers.p ? (char *)m->headers.p : "");
	const char *headers[16];
	struct http_request r = {
		.method = m->method, .headers = headers, .body = buf_span(&m->body),
		.ca = x->o->ca, .timeout = x->o->http_timeout, .max = ANSWER_MAX,
		.retry = x->q->service->retry,
	};
	const char *target = (const char *)m->target.p;
	char *line, *save = NULL;
	int rc;

	/* a location is a path of the server, or a whole URL that must be there */
	if (*target == '/') {
		url = xasprintf("%s%s%s", x->base, m->from_root ? "" : x->prefix, target);
	} else {
		size_t len = strlen(x->base);

		/* anything but a path would change the host name or port of the base */
		if (strncmp(target, x->base, len) || target[len] != '/')
			return fail(RC_REFUSED, "the service redirects to %s, which is not followed", target);
		url = xstrdup(target);
	}
	r.url = url;
	if (type)
		headers[r.n_headers++] = type;
	headers[r.n_headers++] = accept;
	for (line = strtok_r(extra, "\n", &save); line && r.n_headers < ARRAY_SIZE(headers) - 1;
	     line = strtok_r(NULL, "\n", &save))
		headers[r.n_headers++] = line;
	if (x->secret)
		headers[r.n_headers++] = x->secret;
	rc = http_exchange(&r, a);
	hide_secret(x, a);
	return rc;
}

/* The challenge, with what came in the headers beside it */
static int ask_challenge(const struct exchange *x, struct request *q)
{
	struct http_answer a CLEANUP(http_answer_free) = { 0 };
	struct message m CLEANUP(message_free) = { 0 };
	int rc = q->service->begin(x->o, q, &m);

	if (!rc)
		rc = send_message(x, &m, &a);
	if (!rc)
		rc = answer_check(&a);
	if (rc)
		return rc;
	q->challenge.path = "the service's answer";
	q->challenge.b = a.body;
	a.body = (struct buf){ 0 };
	q->cookie = a.cookie;
	a.cookie = NULL;
	q->location_header = a.location;
	a.location = NULL;
	return RC_OK;
}

static int talk(const struct exchange *x, struct request *q, struct message *m, struct buf *out)
{
	struct http_answer a CLEANUP(http_answer_free) = { 0 };
	bool again = true;
	int rc = RC_OK, i;

	for (i = 0; !rc && again; i++) {
		if (i == ROUNDS_MAX)
			return fail(RC_BUSY, "the service still has no result after %d exchanges; try again later",
				    ROUNDS_MAX);
		again = false;
		rc = send_message(x, m, &a);
		if (!rc)
			rc = q->service->answer(q, &a, m, &again, out);
	}
	return rc;
}

/* Of AzureGuest without runtime data the sealed answer repeats the nonce. */
static void expect(struct policy *p, const struct request *q)
{
	size_t len = q->nonce ? strlen(q->nonce) : 0;

	if (q->bind.len) {
		memcpy(p->data, q->bind.data, sizeof(p->data));
		p->data_len = q->bind.len;
	} else if (q->enc_key_made && len && len <= sizeof(p->data)) {
		memcpy(p->data, q->nonce, len);
		p->data_len = len;
	} else {
		return;
	}
	p->have_data = true;
	p->given[ASK_DATA] = true;
}

/*
 * The token must repeat what the evidence was bound to, or the service's nonce that
 * went into it, unless the policy names another or waives it.
 */
static int check_token(const struct request_options *o, const struct request *q, struct span token)
{
	struct verify v CLEANUP(verify_free) = { 0 };
	int rc = verify_init(&v);

	if (!rc && o->jwks)
		rc = token_keys_jwks(&v, o->jwks);
	if (!rc && o->token_root)
		rc = token_keys_root(&v, o->token_root);
	if (!rc)
		rc = policy_file(&v.policy, o->token_policy);
	if (!rc && !v.policy.have_data && !v.policy.no_binding) {
		expect(&v.policy, q);
		v.other_nonce = buf_span(&q->service_nonce);
		if (q->service->nonce_is_bound)
			v.other_nonce = (struct span){ (const u8 *)q->nonce, q->nonce ? strlen(q->nonce) : 0 };
	}
	v.policy.given[ASK_TOKEN] = true;
	if (!rc)
		rc = verify_open(&v, token, "the token");
	if (rc)
		return rc;
	verify_check(&v);
	return verify_status(&v);
}

static int check_verify_options(const struct request_options *o, const struct request *q)
{
	if (o->verify && (q->resource || q->plugin))
		return fail(RC_USAGE, "--verify checks a token; --resource and --plugin print none: leave --verify out");
	if (o->verify && ((!o->jwks && !o->token_root) || !o->token_policy))
		return fail(RC_USAGE, "--verify needs the keys of the issuer (--jwks FILE, or --token-root FILE) and what the token must say (--token-policy FILE)");
	if (!o->verify && (o->jwks || o->token_root || o->token_policy))
		return fail(RC_USAGE, "--jwks, --token-root and --token-policy go with --verify");
	return RC_OK;
}

static int attest(struct request_options *o, struct request *q)
{
	struct exchange x CLEANUP(exchange_free) = { o, q, NULL, NULL, NULL };
	struct message m CLEANUP(message_free) = { 0 };
	struct buf out CLEANUP_BUF;
	bool ask;
	int rc;

	if (!q->service->answer)
		return fail(RC_USAGE, "%s is a format, not a service; use: cvm-evidence request %s",
			    q->service->name, q->service->name);
	if (!o->endpoint)
		return fail(RC_USAGE, "--endpoint URL is missing");
	rc = check_verify_options(o, q);
	if (!rc)
		rc = split_endpoint(o->endpoint, &x);
	if (!rc)
		rc = find_secret(&x);
	if (!rc && is_plain(&x))
		warning("%s is not authenticated (http://): every machine on the path can read and forge the exchange", x.base);
	if (!rc)
		rc = request_load(o, q);
	/* do not replace a given challenge: other data may be bound to it already */
	ask = q->service->begin && !q->self_nonce && !q->challenge.path;
	if (!rc && ask && o->evidence)
		rc = fail(RC_USAGE, "--evidence: %s sends a new challenge, to which this evidence is not bound; give the challenge it is bound to (--challenge FILE), or leave --evidence out",
			  q->service->name);
	if (!rc && ask)
		rc = ask_challenge(&x, q);
	if (!rc)
		rc = request_prepare(q);
	if (!rc && q->key_made && !q->resource && !q->plugin)
		warning("the token is for a new key, which is not saved: --save-key FILE saves it");
	if (!rc)
		rc = request_gather(o, q);
	if (!rc)
		rc = q->service->build(q, &m);
	if (!rc)
		rc = talk(&x, q, &m, &out);
	if (!rc && o->verify)
		rc = check_token(o, q, buf_span(&out));
	/* a resource may be anything */
	if (!rc && refuses_binary(o->output, !q->resource && !q->plugin))
		return RC_USAGE;
	/* a token or a resource: a secret */
	rc = rc ? rc : file_write_secret(o->output, out.p, out.len);
	if (out.p)
		explicit_bzero(out.p, out.len);
	return rc;
}

static int run(int argc, char **argv)
{
	struct request_options o = REQUEST_OPTIONS_INIT;
	struct request q CLEANUP(request_free) = { 0 };
	bool done;
	int rc = request_parse(argc, argv, &cmd_attest, &o, &q, &done);

	return rc || done ? rc : attest(&o, &q);
}

const struct cmd cmd_attest = {
	.name = "attest",
	.summary = "the whole exchange with an attestation service, to its token",
	.help = help,
	.sends = true,
	.run = run,
};
