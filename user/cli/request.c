// SPDX-License-Identifier: GPL-2.0-only
/* The verb request: evidence turned into what a service takes, nothing sent */
#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "cli/cmd.h"
#include "cli/request_options.h"
#include "cli/take_options.h"

static const char help[] =
"Usage: cvm-evidence request SERVICE [options]\n"
"\n"
"Turns evidence into the request that an attestation service takes, and refuses\n"
"evidence the service would find not bound to your data. Nothing is sent, except\n"
"for an explicit --imds, --kds or --qgs. attest does the whole exchange.\n"
"\n"
"Where the evidence is from (default: fresh from the device):\n"
"  --evidence FILE          a blob, or a raw SNP report (with or without certificates\n"
"                           after it), TDX quote or HCL report, also in hex or base64;\n"
"                           refused when it is not bound to what the service checks\n"
"  --quote FILE             the quote that a quoting service made from the TDREPORT\n"
"  --qgs[=vsock:CID:PORT|unix:PATH]\n"
"                           have the quoting service make it (default: the host's,\n"
"                           vsock:2:4050)\n"
"  --certs FILE|DIR         VCEK or VLEK, ASK, ARK: PEM, DER or certificate table;\n"
"                           may be repeated; default: those of the evidence\n"
"  --kds[=URL]              fetch missing ones from AMD; kept in the user's cache\n"
"  --imds[=URL]             Azure: fetch certificates (SNP) or the quote (TDX)\n"
TAKE_HELP
"\n"
"What is written (default: the body):\n"
"  --http HOST[:PORT]       the whole HTTP/1.1 request for that host\n"
"  --curl HOST[:PORT]       a shell command that sends it\n"
"  --begin                  not evidence, but the request for a challenge\n"
"  --binding                not a request, but what evidence has to be bound to, and\n"
"                           the very bytes (preimage) that are hashed to it\n"
"  -o, --output FILE        whole or not at all (default: -)\n"
"  -h, --help               this text\n"
"\n"
"Exit status 5: the evidence is not bound to what the service checks, or the\n"
"certificates, the quote or the TPM part the service needs are missing.\n"
"\n"
"Examples:\n"
"  cvm-evidence request maa --runtime-data key.jwk --curl sharedweu.weu.attest.azure.net | sh\n"
"  cvm-evidence request kbs --challenge auth.json --tee-key key.pem --session kbs-session-id=1\n"
"  cvm-evidence request ita --challenge nonce.json --binding\n";

static int write_message(const struct request_options *o, const struct service *s,
			 const struct message *m)
{
	struct buf out CLEANUP_BUF;

	if ((o->http || o->curl) && m->lacks)
		warning("this request lacks %s; the service will refuse it", m->lacks);
	if (o->http)
		message_http(s, m, o->http, &out);
	else if (o->curl)
		message_curl(s, m, o->curl, &out);
	else if (!m->type)
		return fail(RC_USAGE, "%s %s has no body; --http or --curl shows it", m->method,
			    (char *)m->target.p);
	else
		buf_add(&out, m->body.p, m->body.len);
	/* end the line of a JSON body; leave a binary body as it is */
	if (!o->http && !o->curl && m->body.len && strchr("{[", m->body.p[0]))
		buf_add_str(&out, "\n");
	else if (refuses_binary(o->output, o->http || o->curl))
		return RC_USAGE;
	return file_write(o->output, out.p, out.len);
}

/* What is hashed, byte for byte: as text where it is text, else in hex */
static void add_preimage(struct json_object *json, const struct binding *b)
{
	struct span s = b->hash ? buf_span(&b->preimage) : (struct span){ b->data, b->len };
	char *hash = xstrdup(b->hash ? b->hash : "none"), *c;
	size_t i;

	for (c = hash; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	json_add_text(json, "hash", hash);
	free_str(&hash);
	for (i = 0; i < s.len && isprint(s.p[i]); i++)
		;
	if (i == s.len)
		json_object_object_add(json, "preimage",
				       json_object_new_string_len((const char *)s.p, (int)s.len));
	else
		json_add_hex(json, "preimage_hex", s);
}

static int write_binding(const struct request_options *o, const struct request *q)
{
	const struct binding *b = &q->bind;
	struct json_object *json = json_object_new_object();
	struct buf out CLEANUP_BUF;

	if (b->len)
		json_add_hex(json, "report_data", (struct span){ b->data, b->len });
	if (b->wants_quote)
		json_add_hex(json, "quote_data", (struct span){ b->quote, b->quote_len });
	if (b->what)
		json_add_text(json, "is", b->what);
	if (b->len)
		add_preimage(json, b);
	buf_printf(&out, "%s\n", json_text(json));
	json_object_put(json);
	return file_write(o->output, out.p, out.len);
}

static int begin(const struct request_options *o, struct request *q)
{
	struct message m CLEANUP(message_free) = { 0 };
	int rc = q->service->begin(o, q, &m);

	return rc ? rc : write_message(o, q->service, &m);
}

static int open_answer(const struct request_options *o, struct request *q)
{
	struct buf out CLEANUP_BUF;
	int rc = q->service->open(q, &out);

	return rc ? rc : file_write_secret(o->output, out.p, out.len);
}

static int request(struct request_options *o, struct request *q)
{
	struct message m CLEANUP(message_free) = { 0 };
	int rc = request_load(o, q);

	if (!rc && q->sealed.path)
		return open_answer(o, q);
	if (!rc && o->begin)
		return begin(o, q);
	if (!rc)
		rc = request_prepare(q);
	if (!rc && q->key_made)
		warning("a new key was made and is not saved: what the service encrypts to it cannot be decrypted; use --save-key FILE, or --tee-key FILE for an existing key");
	if (!rc && o->show_binding)
		return write_binding(o, q);
	if (!rc)
		rc = request_gather(o, q);
	if (!rc)
		rc = q->service->build(q, &m);
	return rc ? rc : write_message(o, q->service, &m);
}

static int run(int argc, char **argv)
{
	struct request_options o = REQUEST_OPTIONS_INIT;
	struct request q CLEANUP(request_free) = { 0 };
	bool done;
	int rc = request_parse(argc, argv, &cmd_request, &o, &q, &done);

	return rc || done ? rc : request(&o, &q);
}

const struct cmd cmd_request = {
	.name = "request",
	.summary = "turns evidence into the request of an attestation service",
	.help = help,
	.run = run,
};
