// SPDX-License-Identifier: GPL-2.0-only
/* Intel Trust Authority: appraisal v2 (composite) and v1 (flat) */
#include <string.h>

#include "base/json.h"
#include "net/answer.h"
#include "services/service.h"

#define POLICIES_MAX	10

static const char help[] =
"Usage: cvm-evidence request|attest ita [options]\n"
"\n"
"Intel Trust Authority, for SNP and TDX. Report data are SHA-512 of the nonce's\n"
"val and iat and of the user data; on Azure they are user-data of the HCL claims.\n"
"\n"
"  --challenge FILE         what GET /appraisal/v2/nonce answered\n"
"  --user-data FILE         comes back in the token\n"
"  --self-nonce             no nonce of the service: the token is not fresh\n"
"  --policy-id UUID         a policy to apply; may be repeated, up to 10 times\n"
"  --policy-must-match      fail when one of them does not hold\n"
"  --token-signing-alg RS256|PS384\n"
"  --form v2                composite body (default)\n"
"         v1                flat body, only TDX\n"
"\n"
"The API key of attest is in --secret-file FILE, or in the environment's\n"
"TRUSTAUTHORITY_API_KEY. --endpoint is https://api.trustauthority.intel.com, or\n"
"https://api.eu.trustauthority.intel.com.\n";

enum { V2, V1 };

static const char *const forms[] = { "v2", "v1", NULL };

static int begin(const struct request_options *o, struct request *q, struct message *m)
{
	(void)o;
	message_to(m, "GET", "/appraisal/v%d/nonce", q->form == V1 ? 1 : 2);
	return RC_OK;
}

/* Decoded once: val may look like base64 again, and iat is text. */
static int challenge(struct request *q)
{
	static const char what[] = "the nonce of ITA";
	struct buf signature CLEANUP_BUF;
	int rc = json_parse_object(buf_span(&q->challenge.b), what, &q->session_info);

	if (!rc)
		rc = json_get_bytes(q->session_info, "val", what, &q->service_nonce);
	if (!rc)
		rc = json_get_bytes(q->session_info, "iat", what, &q->service_nonce);
	return rc ? rc : json_get_bytes(q->session_info, "signature", what, &signature);
}

static int bind(struct request *q)
{
	struct buf b CLEANUP_BUF;

	if (!q->challenge.path && !q->self_nonce)
		return fail(RC_USAGE, "--challenge FILE is missing: what ITA answered to GET /appraisal/v2/nonce (or --self-nonce)");
	/* a file of evidence without nonce and user data need not be bound */
	if (!q->challenge.path && !q->user.path && q->evidence.len)
		return RC_OK;
	buf_add(&b, q->service_nonce.p, q->service_nonce.len);
	buf_add(&b, q->user.b.p, q->user.b.len);
	return bind_digest(q, "SHA512", b.p, b.len, "nonce and user data");
}

static void add_nonce(const struct request *q, struct json_object *o)
{
	static const char *const members[] = { "val", "iat", "signature" };
	struct json_object *n;
	size_t i;

	if (!q->session_info)
		return;
	n = json_object_new_object();
	for (i = 0; i < ARRAY_SIZE(members); i++)
		json_add_text(n, members[i], json_get_text(q->session_info, members[i]));
	json_object_object_add(o, "verifier_nonce", n);
}

static void add_tee(const struct request *q, struct json_object *o)
{
	struct span log = evidence_data(&q->e, CVM_EVIDENCE_ITEM_CCEL_DATA);
	struct span user = buf_span(&q->user.b);

	json_add_bytes(o, q->kind == RAW_SNP ? "report" : "quote", q->report, BASE64_STD);
	add_nonce(q, o);
	if (q->azure) {
		json_add_bytes(o, "runtime_data", q->hcl.claims, BASE64_STD);
		if (user.len)
			json_add_bytes(o, "user_data", user, BASE64_STD);
	} else if (user.len) {
		json_add_bytes(o, "runtime_data", user, BASE64_STD);
	} else {
		json_add_null(o, "runtime_data");
	}
	if (log.len && q->kind != RAW_SNP)
		json_add_bytes(o, "event_log", log, BASE64_STD);
}

static void add_policies(const struct request *q, struct json_object *o)
{
	struct json_object *list;
	size_t i;

	if (q->n_policies) {
		list = json_object_new_array();
		for (i = 0; i < q->n_policies; i++)
			json_object_array_add(list, json_object_new_string(q->policies[i]));
		json_object_object_add(o, "policy_ids", list);
	}
	if (q->signing_alg)
		json_add_text(o, "token_signing_alg", q->signing_alg);
	if (q->policy_must_match)
		json_object_object_add(o, "policy_must_match", json_object_new_boolean(true));
}

static int build(struct request *q, struct message *m)
{
	struct json_object *o, *tee;

	if (q->n_policies > POLICIES_MAX)
		return fail(RC_USAGE, "--policy-id: ITA takes at most %d, %zu were given", POLICIES_MAX,
			    q->n_policies);
	if (q->form == V1 && q->kind == RAW_SNP)
		return fail(RC_EVIDENCE, "ITA's v1 takes no SNP report; --form v2 does");
	o = json_object_new_object();
	if (q->form == V1) {
		add_tee(q, o);
		message_to(m, "POST", "/appraisal/v1/attest%s", q->azure ? "/azure/tdxvm" : "");
	} else {
		tee = json_object_new_object();
		add_tee(q, tee);
		json_object_object_add(o, q->kind == RAW_SNP ? "sevsnp" : "tdx", tee);
		message_to(m, "POST", "/appraisal/v2/attest%s", q->azure ? "/azure" : "");
	}
	add_policies(q, o);
	m->type = "application/json";
	buf_add_str(&m->body, json_text(o));
	json_object_put(o);
	return RC_OK;
}

static int answer(struct request *q, const struct http_answer *a, struct message *next,
		  bool *again, struct buf *out)
{
	(void)q, (void)next, (void)again;
	return answer_text(a, "token", out);
}

static const short retry[] = { 500, 503, 504, 0 };

const struct service service_ita = {
	.name = "ita",
	.about = "Intel Trust Authority",
	.help = help,
	.takes = TAKES_CHALLENGE | TAKES_USER_DATA | TAKES_SELF_NONCE | TAKES_POLICY |
		 TAKES_SIGNING_ALG,
	.forms = forms,
	.secret_header = "x-api-key: ",
	.secret_env = "TRUSTAUTHORITY_API_KEY",
	.retry = retry,
	.begin = begin,
	.challenge = challenge,
	.bind = bind,
	.build = build,
	.answer = answer,
};
