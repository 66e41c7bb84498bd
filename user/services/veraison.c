// SPDX-License-Identifier: GPL-2.0-only
/* Veraison: challenge-response v1, with evidence as TSM report or as ratsd's token */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "net/answer.h"
#include "services/service.h"

#define BASE		"/challenge-response/v1/"
#define SESSION_TYPE	"application/vnd.veraison.challenge-response-session+json"
#define RATSD_TYPE	"application/eat+cwt; eat_profile=\"tag:github.com,2025:veraison/ratsd/cmw\""
#define NONCE_LEN	64	/* it compares all of REPORT_DATA with the nonce */

static const char help[] =
"Usage: cvm-evidence request|attest veraison [options]\n"
"\n"
"Veraison, challenge-response. Report data are the session's nonce, of 64 bytes.\n"
"Certificates of the whole chain are sent: of the evidence, --certs or --kds.\n"
"\n"
"  --challenge FILE         the session that POST newSession answered\n"
"  --session LOCATION       the Location it came with, for --http, --curl\n"
"  --form json              TSM report (default)\n"
"         cbor              the same in CBOR\n"
"         cmw               ratsd's token with a CMW collection\n"
"\n"
"attest ends with status 7 when the result says that the evidence was rejected.\n";

enum { JSON, CBOR, CMW };

static const char *const forms[] = { "json", "cbor", "cmw", NULL };
static const char *const types[] = { TSM_REPORT_JSON, TSM_REPORT_CBOR, RATSD_TYPE };

static int begin(const struct request_options *o, struct request *q, struct message *m)
{
	(void)o;
	(void)q;
	message_to(m, "POST", BASE "newSession?nonceSize=%d", NONCE_LEN);
	m->accept = SESSION_TYPE;
	return RC_OK;
}

/* Releases name it either way. */
static const char *session_status(struct json_object *o)
{
	const char *s = json_get_text(o, "status");

	return s ? s : json_get_text(o, "state");
}

static int check_accept(const struct request *q)
{
	struct json_object *list;
	size_t i;

	if (!json_object_object_get_ex(q->session_info, "accept", &list) ||
	    !json_object_is_type(list, json_type_array))
		return RC_OK;
	for (i = 0; i < json_object_array_length(list); i++) {
		const char *type = json_object_get_string(json_object_array_get_idx(list, i));

		if (type && !strcmp(type, types[q->form]))
			return RC_OK;
	}
	return fail(RC_EVIDENCE, "this Veraison takes no %s; it takes: %s", types[q->form],
		    json_text(list));
}

static int challenge(struct request *q)
{
	const char *status;
	int rc = json_parse_object(buf_span(&q->challenge.b), "the session of Veraison",
				   &q->session_info);

	if (!rc)
		rc = json_get_bytes(q->session_info, "nonce", "the session of Veraison",
				    &q->service_nonce);
	if (rc)
		return rc;
	status = session_status(q->session_info);
	if (status && strcmp(status, "waiting"))
		return fail(RC_EVIDENCE, "the session of Veraison is not waiting for evidence: %s", status);
	if (q->service_nonce.len != NONCE_LEN)
		return fail(RC_EVIDENCE, "the session's nonce has %zu bytes; Veraison compares all of REPORT_DATA with it, so ask for newSession?nonceSize=%d",
			    q->service_nonce.len, NONCE_LEN);
	return check_accept(q);
}

static int bind(struct request *q)
{
	if (!q->service_nonce.len)
		return fail(RC_USAGE, "--challenge FILE is missing: the session that Veraison answered to POST " BASE "newSession?nonceSize=%d",
			    NONCE_LEN);
	memcpy(q->bind.data, q->service_nonce.p, NONCE_LEN);
	q->bind.len = NONCE_LEN;
	q->bind.what = "the session's nonce";
	return RC_OK;
}

/* Relative to newSession, a path, or a whole URL */
static void to_session(const struct request *q, const char *method, struct message *m)
{
	const char *given = q->location_header ? q->location_header : q->session;
	const char *at = given ? given : "session/SESSION";

	if (*at == '/' || strstr(at, "://"))
		message_to(m, method, "%s", at);
	else
		message_to(m, method, BASE "%s", at);
	m->from_root = *at == '/';
	if (!given)
		m->lacks = "the location that came with the session (--session LOCATION)";
	m->accept = SESSION_TYPE;
}

static void ratsd_token(const struct request *q, const struct tsm_report *t, struct buf *out)
{
	struct json_object *o = json_object_new_object(), *c = json_object_new_object(), *r;
	struct buf report CLEANUP_BUF;
	const char *text;

	tsm_report_json(t, &report);
	r = json_object_new_array();
	json_object_array_add(r, json_object_new_string(TSM_REPORT_JSON));
	{
		char *b64 CLEANUP(free_str) = base64_encode(report.p, report.len, BASE64_URL);

		json_object_array_add(r, json_object_new_string(b64));
	}
	json_add_text(c, "__cmwc_t", "tag:github.com,2025:veraison/ratsd/cmw");
	json_object_object_add(c, "tsm-report", r);
	text = json_text(c);
	json_add_text(o, "eat_profile", "tag:github.com,2024:veraison/ratsd");
	json_add_bytes(o, "eat_nonce", buf_span(&q->service_nonce), BASE64_URL);
	json_add_bytes(o, "cmw", (struct span){ (const u8 *)text, strlen(text) }, BASE64_STD);
	buf_add_str(out, json_text(o));
	json_object_put(c);
	json_object_put(o);
}

static int build(struct request *q, struct message *m)
{
	struct tsm_report t CLEANUP(tsm_report_free) = { 0 };
	int rc = request_tsm(q, true, &t);

	if (rc)
		return rc;
	to_session(q, "POST", m);
	m->type = types[q->form];
	if (q->form == JSON)
		tsm_report_json(&t, &m->body);
	else if (q->form == CBOR)
		tsm_report_cbor(&t, &m->body);
	else
		ratsd_token(q, &t, &m->body);
	return RC_OK;
}

/* The payload of a JWT, not verified: it came over the service's own TLS. */
static struct json_object *jwt_payload(const char *jwt)
{
	const char *p = strchr(jwt, '.'), *end = p ? strchr(p + 1, '.') : NULL, *why;
	struct buf b CLEANUP_BUF;

	if (!end || base64_decode(p + 1, (size_t)(end - p - 1), &b, &why))
		return NULL;
	return json_parse(buf_span(&b));
}

/* A text, or a number (draft-ietf-rats-ear, 3.2); releases spell its name in two ways. */
static const char *ear_status(struct json_object *sub)
{
	static const struct {
		int value;
		const char *name;
	} tiers[] = { { 0, "none" }, { 2, "affirming" }, { 32, "warning" }, { 96, "contraindicated" } };
	struct json_object *o;
	size_t i;

	if (!json_object_is_type(sub, json_type_object) ||
	    (!json_object_object_get_ex(sub, "ear.status", &o) &&
	     !json_object_object_get_ex(sub, "ear_status", &o)))
		return NULL;
	if (json_object_is_type(o, json_type_string))
		return json_object_get_string(o);
	for (i = 0; json_object_is_type(o, json_type_int) && i < ARRAY_SIZE(tiers); i++)
		if (tiers[i].value == json_object_get_int(o))
			return tiers[i].name;
	return NULL;
}

/* Rejected evidence is not an HTTP error: the result says so, and why. */
static int check_result(const char *result)
{
	struct json_object *ear CLEANUP(json_put) = jwt_payload(result);
	struct json_object *submods, *claims;
	int rc = RC_OK;

	if (!json_object_is_type(ear, json_type_object) ||
	    !json_object_object_get_ex(ear, "submods", &submods) ||
	    !json_object_is_type(submods, json_type_object) || !json_object_object_length(submods))
		return fail(RC_REFUSED, "the result of Veraison is not an EAR");
	json_object_object_foreach(submods, name, sub) {
		const char *status = ear_status(sub), *why = NULL;

		if (status && !strcmp(status, "affirming"))
			continue;
		if (json_object_is_type(sub, json_type_object) &&
		    json_object_object_get_ex(sub, "ear.veraison.policy-claims", &claims))
			why = json_get_text(claims, "problem");
		if (!status)
			rc = fail(RC_REFUSED, "Veraison's result for %s has no status", name);
		else if (!strcmp(status, "contraindicated"))
			rc = fail(RC_REFUSED, "Veraison rejected the evidence (%s)%s%s", name,
				  why ? ": " : "", why ? why : "");
		else
			warning("Veraison's result for %s is \"%s\"", name, status);
	}
	return rc;
}

static int answer(struct request *q, const struct http_answer *a, struct message *next,
		  bool *again, struct buf *out)
{
	struct json_object *o CLEANUP(json_put) = NULL;
	const char *status, *result;
	int rc = answer_json(a, &o);

	if (rc)
		return rc;
	status = session_status(o);
	if (status && (!strcmp(status, "processing") || !strcmp(status, "waiting"))) {
		sleep(1);
		to_session(q, "GET", next);
		*again = true;
		return RC_OK;
	}
	result = json_get_text(o, "result");
	if (!status || strcmp(status, "complete") || !result)
		return fail(RC_REFUSED, "Veraison's session ended without a result: %s",
			    status ? status : "no status");
	rc = check_result(result);
	return rc ? rc : answer_token(result, strlen(result), out);
}

const struct service service_veraison = {
	.name = "veraison",
	.about = "Veraison, challenge-response: TSM report or ratsd's CMW",
	.help = help,
	.takes = TAKES_CHALLENGE | TAKES_SESSION,
	.forms = forms,
	.begin = begin,
	.challenge = challenge,
	.bind = bind,
	.build = build,
	.answer = answer,
};
