// SPDX-License-Identifier: GPL-2.0-only
/* Attestation Service of CoCo Trustee, its REST interface */
#include <string.h>

#include "base/json.h"
#include "net/answer.h"
#include "services/coco_evidence.h"

#define HASH_DEFAULT	"sha384"

static const char help[] =
"Usage: cvm-evidence request|attest coco-as [options]\n"
"\n"
"Attestation Service of CoCo Trustee, REST. Runtime data that are JSON are hashed\n"
"in their canonical form (RFC 8785); others are the report data themselves.\n"
"\n"
"  --runtime-data FILE      a JSON object, or up to 64 bytes\n"
"  --runtime-data-type json|binary\n"
"  --self-nonce             no runtime data: the token proves no freshness\n"
"  --hash sha256|sha384|sha512\n"
"                           of JSON (default: " HASH_DEFAULT ")\n"
"  --init-data FILE         TOML; its hash is in HOST_DATA or MRCONFIGID\n"
"  --policy-id ID           may be repeated (default: default)\n";

static bool is_json(const struct request *q)
{
	return !strcmp(q->runtime.type, "json");
}

static const char *hash_name(const struct request *q)
{
	return q->hash ? q->hash : HASH_DEFAULT;
}

static int bind_json(struct request *q)
{
	struct json_object *o = json_parse(buf_span(&q->runtime.b));
	struct buf text CLEANUP_BUF;
	int rc = jcs(o, &text);

	json_object_put(o);
	return rc ? rc : bind_digest(q, hash_name(q), text.p, text.len, "the runtime data");
}

static int bind(struct request *q)
{
	struct binding *b = &q->bind;
	int rc = RC_OK;

	if (!q->runtime.path)
		return q->self_nonce ? RC_OK :
		       fail(RC_USAGE, "--runtime-data FILE is missing: the data that the evidence is bound to (or --self-nonce)");
	if (is_json(q)) {
		rc = bind_json(q);
	} else if (q->runtime.b.len > sizeof(b->data)) {
		return fail(RC_USAGE, "--runtime-data: %s is neither a JSON object nor at most 64 bytes (it has %zu)",
			    q->runtime.path, q->runtime.b.len);
	} else {
		memcpy(b->data, q->runtime.b.p, q->runtime.b.len);
		b->len = q->runtime.b.len;
		b->what = "the runtime data";
	}
	memcpy(b->quote, b->data, sizeof(b->quote));
	b->quote_len = b->len;
	b->wants_quote = true;
	return rc;
}

static void add_runtime(const struct request *q, struct json_object *o)
{
	struct json_object *r;

	if (!q->runtime.path)
		return;
	r = json_object_new_object();
	if (is_json(q))
		json_object_object_add(r, "structured", json_parse(buf_span(&q->runtime.b)));
	else
		json_add_bytes(r, "raw", buf_span(&q->runtime.b), BASE64_URL);
	json_object_object_add(o, "runtime_data", r);
}

static int add_init(const struct request *q, struct json_object *o)
{
	struct json_object *i;
	int rc = coco_check_init_data(q);

	if (rc || !q->init.path)
		return rc;
	if (strlen((char *)q->init.b.p) != q->init.b.len)
		return fail(RC_USAGE, "--init-data: %s is not text", q->init.path);
	i = json_object_new_object();
	json_add_text(i, "init_data_toml", (char *)q->init.b.p);
	json_object_object_add(o, "init_data", i);
	return RC_OK;
}

static void add_policies(const struct request *q, struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < q->n_policies; i++)
		json_object_array_add(list, json_object_new_string(q->policies[i]));
	/* the service has no default of its own */
	if (!q->n_policies)
		json_object_array_add(list, json_object_new_string("default"));
	json_object_object_add(o, "policy_ids", list);
}

static int build(struct request *q, struct message *m)
{
	struct json_object *o CLEANUP(json_put) = json_object_new_object();
	struct json_object *evidence CLEANUP(json_put) = NULL;
	struct json_object *list = json_object_new_array(), *one = json_object_new_object();
	const char *text;
	int rc;

	json_object_array_add(list, one);
	json_object_object_add(o, "verification_requests", list);
	rc = coco_evidence(q, &evidence);
	if (rc)
		return rc;
	text = json_text(evidence);
	json_add_text(one, "tee", coco_tee(q));
	json_add_bytes(one, "evidence", (struct span){ (const u8 *)text, strlen(text) }, BASE64_URL);
	add_runtime(q, one);
	rc = add_init(q, one);
	if (rc)
		return rc;
	if (q->runtime.path && is_json(q))
		json_add_text(one, "runtime_data_hash_algorithm", hash_name(q));
	add_policies(q, o);
	message_to(m, "POST", "/attestation");
	m->type = "application/json";
	buf_add_str(&m->body, json_text(o));
	return RC_OK;
}

/* The token is the body. */
static int answer(struct request *q, const struct http_answer *a, struct message *next,
		  bool *again, struct buf *out)
{
	int rc = answer_check(a);

	(void)q, (void)next, (void)again;
	return rc ? rc : answer_token((const char *)a->body.p, a->body.len, out);
}

const struct service service_coco_as = {
	.name = "coco-as",
	.about = "Attestation Service of CoCo Trustee, REST",
	.help = help,
	.takes = TAKES_RUNTIME_DATA | TAKES_SELF_NONCE | TAKES_HASH | TAKES_INIT_DATA |
		 TAKES_POLICY,
	.needs_event_log = true,
	.bind = bind,
	.build = build,
	.answer = answer,
};
