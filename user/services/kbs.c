// SPDX-License-Identifier: GPL-2.0-only
/* Key Broker Service of CoCo Trustee: RCAR handshake, protocol 0.4.0 */
#include <string.h>

#include "base/json.h"
#include "net/answer.h"
#include "services/coco_evidence.h"

#define PROTOCOL	"0.4.0"
#define HASH_DEFAULT	"sha384"	/* of AS, when the challenge names none */

static const char help[] =
"Usage: cvm-evidence request|attest kbs [options]\n"
"\n"
"Key Broker Service of CoCo Trustee, protocol " PROTOCOL ". Report data are the hash of\n"
"the canonical JSON (RFC 8785) of challenge and key; SHA-384, or what the\n"
"challenge selects.\n"
"\n"
"  --challenge FILE         what POST /kbs/v0/auth answered\n"
"  --session kbs-session-id=ID\n"
"                           the cookie it set, for --http and --curl\n"
"  --tee-key FILE           EC P-256 in PEM, private or public (default: a new one)\n"
"  --save-key FILE          where the new one goes; only its owner can read it\n"
"  --init-data FILE         TOML; its hash is in HOST_DATA or MRCONFIGID\n"
"  --hash sha256|sha384|sha512\n"
"                           when the challenge selects none (default: " HASH_DEFAULT ")\n"
"  --resource REPOSITORY/TYPE/TAG\n"
"                           attest: fetch this resource and decrypt it, instead of\n"
"                           printing the token\n"
"  --plugin NAME/PATH[?QUERY]\n"
"                           attest: the same of a plugin of KBS; what it did not\n"
"                           encrypt is printed as it is\n"
"  --additional-evidence FILE\n"
"                           JSON of further devices, made over the hash of nonce and\n"
"                           key; it is sent as it is, and hashed into report data\n";

static int begin(const struct request_options *o, struct request *q, struct message *m)
{
	const char *tee;
	int rc = request_tee(o, q, &tee);

	if (rc)
		return rc;
	message_to(m, "POST", "/kbs/v0/auth");
	m->type = "application/json";
	buf_printf(&m->body,
		   "{\"version\":\"" PROTOCOL "\",\"tee\":\"%s\",\"extra-params\":{\"supported-hash-algorithms\":[\"sha256\",\"sha384\",\"sha512\"]}}",
		   tee);
	return RC_OK;
}

static int challenge(struct request *q)
{
	struct json_object *extra;
	const char *nonce, *alg;
	int rc = json_parse_object(buf_span(&q->challenge.b), "the challenge of KBS",
				   &q->session_info);

	if (rc)
		return rc;
	nonce = json_get_text(q->session_info, "nonce");
	if (!nonce || !*nonce)
		return fail(RC_EVIDENCE, "the challenge of KBS has no nonce");
	buf_add_str(&q->service_nonce, nonce);
	if (!json_object_object_get_ex(q->session_info, "extra-params", &extra))
		return RC_OK;
	alg = json_get_text(extra, "selected-hash-algorithm");
	if (alg && !hash_is_known(alg))
		return fail(RC_EVIDENCE, "the challenge of KBS selects the hash '%s', which this tool does not support", alg);
	if (alg)
		q->hash = alg;
	return RC_OK;
}

static struct json_object *runtime_data(const struct request *q)
{
	struct json_object *o = json_object_new_object();

	json_add_text(o, "nonce", (char *)q->service_nonce.p);
	json_object_object_add(o, "tee-pubkey", tee_key_jwk(&q->key));
	return o;
}

/* KBS takes it as a text, and hashes that text into the data of the first device. */
static const char *more_evidence(const struct request *q)
{
	return q->more_evidence.path ? (char *)q->more_evidence.b.p : "";
}

static int check_more_evidence(const struct request *q)
{
	struct json_object *o;
	bool good;

	if (!q->more_evidence.path)
		return RC_OK;
	o = json_parse(buf_span(&q->more_evidence.b));
	good = json_object_is_type(o, json_type_object) &&
	       strlen((char *)q->more_evidence.b.p) == q->more_evidence.b.len;
	json_object_put(o);
	return good ? RC_OK : fail(RC_USAGE, "--additional-evidence: %s is not a JSON object", q->more_evidence.path);
}

/* The whole digest in REPORT_DATA, padded; a vTPM gets only the digest. */
static int bind(struct request *q)
{
	struct json_object *o;
	struct buf text CLEANUP_BUF;
	int rc;

	if (!q->service_nonce.len)
		return fail(RC_USAGE, "--challenge FILE is missing: what KBS answered to POST /kbs/v0/auth (request kbs --begin makes that request)");
	rc = check_more_evidence(q);
	if (rc)
		return rc;
	o = runtime_data(q);
	json_add_text(o, "additional-evidence", more_evidence(q));
	rc = jcs(o, &text);
	json_object_put(o);
	if (rc)
		return rc;
	rc = bind_digest(q, q->hash ? q->hash : HASH_DEFAULT, text.p, text.len,
			 "the challenge and the key");
	memcpy(q->bind.quote, q->bind.data, sizeof(q->bind.quote));
	q->bind.quote_len = q->bind.len;
	q->bind.wants_quote = true;
	return rc;
}

static int add_init_data(const struct request *q, struct json_object *o)
{
	struct json_object *init = NULL;
	int rc = coco_check_init_data(q);

	if (rc)
		return rc;
	if (q->init.path) {
		if (strlen((char *)q->init.b.p) != q->init.b.len)
			return fail(RC_USAGE, "--init-data: %s is not text", q->init.path);
		init = json_object_new_object();
		json_add_text(init, "format", "toml");
		json_add_text(init, "body", (char *)q->init.b.p);
	}
	json_object_object_add(o, "init-data", init);
	return RC_OK;
}

static void add_cookie(const struct request *q, struct message *m)
{
	const char *cookie = q->cookie ? q->cookie : q->session;

	if (cookie)
		buf_printf(&m->headers, "Cookie: %s\n", cookie);
	else
		m->lacks = "the cookie that came with the challenge (--session kbs-session-id=ID)";
}

static int build(struct request *q, struct message *m)
{
	struct json_object *o CLEANUP(json_put) = json_object_new_object();
	struct json_object *evidence, *tee;
	int rc = add_init_data(q, o);

	if (!rc)
		rc = coco_evidence(q, &evidence);
	if (rc)
		return rc;
	json_object_object_add(o, "runtime-data", runtime_data(q));
	tee = json_object_new_object();
	json_object_object_add(tee, "primary_evidence", evidence);
	json_add_text(tee, "additional_evidence", more_evidence(q));
	json_object_object_add(o, "tee-evidence", tee);
	message_to(m, "POST", "/kbs/v0/attest");
	add_cookie(q, m);
	m->type = "application/json";
	buf_add_str(&m->body, json_text(o));
	return RC_OK;
}

static bool is_jwe(struct span s)
{
	struct json_object *o = json_parse(s);
	bool is = json_object_is_type(o, json_type_object) &&
		  json_object_object_get_ex(o, "protected", NULL) &&
		  json_object_object_get_ex(o, "ciphertext", NULL);

	json_object_put(o);
	return is;
}

/* The token; with --resource one more question, whose answer is for the key. */
static int answer(struct request *q, const struct http_answer *a, struct message *next,
		  bool *again, struct buf *out)
{
	bool fetched = next->method && !strcmp(next->method, "GET");
	int rc = answer_check(a);

	if (rc)
		return rc;
	if (fetched && q->plugin && !is_jwe(buf_span(&a->body))) {
		warning("the plugin did not encrypt its answer: only TLS protected it");
		buf_add(out, a->body.p ? a->body.p : (u8 *)"", a->body.len);
		return RC_OK;
	}
	if (fetched)
		return jwe_decrypt(buf_span(&a->body), &q->key, out);
	rc = answer_text(a, "token", out);
	if (rc || (!q->resource && !q->plugin))
		return rc;
	buf_free(out);
	if (q->plugin)
		message_to(next, "GET", "/kbs/v0/%s", q->plugin);
	else
		message_to(next, "GET", "/kbs/v0/resource/%s", q->resource);
	add_cookie(q, next);
	*again = true;
	return RC_OK;
}

const struct service service_kbs = {
	.name = "kbs",
	.about = "Key Broker Service of CoCo Trustee, protocol " PROTOCOL,
	.help = help,
	.takes = TAKES_CHALLENGE | TAKES_SESSION | TAKES_KEY | TAKES_INIT_DATA | TAKES_HASH |
		 TAKES_RESOURCE | TAKES_MORE_EVIDENCE,
	.needs_event_log = true,
	.begin = begin,
	.challenge = challenge,
	.bind = bind,
	.build = build,
	.answer = answer,
};
