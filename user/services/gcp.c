// SPDX-License-Identifier: GPL-2.0-only
/* Google's Confidential Computing API v1: verifyAttestation */
#include <string.h>

#include "base/json.h"
#include "net/answer.h"
#include "services/service.h"

#define NONCE_MIN	10
#define NONCE_MAX	74

static const char help[] =
"Usage: cvm-evidence request|attest gcp [options]\n"
"\n"
"Google's Confidential Computing API, verifyAttestation with tdCcel or\n"
"sevSnpAttestation. Report data are the challenge's bytes, padded with zeros.\n"
"\n"
"  --location projects/PROJECT/locations/LOCATION\n"
"                           where challenges are made (--begin)\n"
"  --challenge FILE         what POST .../challenges answered (request gcp --begin\n"
"                           asks for it); attest needs it too, because the TPM's\n"
"                           quotes are over it\n"
"  --tpm-attestation FILE   JSON of the member tpmAttestation, which the service\n"
"                           requires: quotes by the machine's AK over the challenge.\n"
"                           The TEE alone cannot make it; Google's client can\n"
"  --audience TEXT          of the token\n"
"  --nonce TEXT             10 to 74 bytes, comes back in the token\n"
"\n"
"The access token of attest is in --secret-file FILE, or in the environment's\n"
"CLOUDSDK_AUTH_ACCESS_TOKEN (gcloud auth print-access-token).\n";

static int begin(const struct request_options *o, struct request *q, struct message *m)
{
	(void)o;
	if (!q->location)
		return fail(RC_USAGE, "--location projects/PROJECT/locations/LOCATION is missing");
	message_to(m, "POST", "/v1/%s/challenges", q->location);
	m->type = "application/json";
	buf_add_str(&m->body, "{}");
	return RC_OK;
}

static int challenge(struct request *q)
{
	static const char what[] = "the challenge of Google";
	struct json_object *used;
	const char *name, *c;
	int rc = json_parse_object(buf_span(&q->challenge.b), what, &q->session_info);

	if (rc)
		return rc;
	name = json_get_text(q->session_info, "name");
	for (c = name ? name : ""; *c > ' ' && *c <= '~' && !strchr("\"'\\?#", *c); c++)
		;
	if (!name || !*name || *c)
		return fail(RC_EVIDENCE, "%s has no name that can be used in a request", what);
	if (json_object_object_get_ex(q->session_info, "used", &used) &&
	    json_object_get_boolean(used))
		return fail(RC_EVIDENCE, "%s was used before; a challenge can be used only once", what);
	return json_get_bytes(q->session_info, "tpmNonce", what, &q->service_nonce);
}

static int bind(struct request *q)
{
	if (!q->challenge.path)
		return fail(RC_USAGE, "--challenge FILE is missing: what Google answered to POST .../challenges (request gcp --begin makes that request)");
	if (!q->service_nonce.len || q->service_nonce.len > sizeof(q->bind.data))
		return fail(RC_EVIDENCE, "the challenge of Google has %zu bytes, the hardware takes 1 to %zu",
			    q->service_nonce.len, sizeof(q->bind.data));
	memcpy(q->bind.data, q->service_nonce.p, q->service_nonce.len);
	q->bind.len = q->service_nonce.len;
	q->bind.what = "the challenge";
	return RC_OK;
}

static int add_tdx(const struct request *q, struct json_object *o)
{
	struct span table = evidence_data(&q->e, CVM_EVIDENCE_ITEM_CCEL_TABLE);
	struct span log = evidence_data(&q->e, CVM_EVIDENCE_ITEM_CCEL_DATA);
	struct json_object *t;

	if (!table.len || !log.len)
		return fail(RC_EVIDENCE, "Google needs the CCEL table and event log, which this evidence does not have (get --event-log takes them)");
	t = json_object_new_object();
	json_add_bytes(t, "ccelAcpiTable", table, BASE64_STD);
	json_add_bytes(t, "ccelData", log, BASE64_STD);
	json_add_bytes(t, "tdQuote", q->report, BASE64_STD);
	json_object_object_add(o, "tdCcel", t);
	return RC_OK;
}

static int add_snp(const struct request *q, struct json_object *o)
{
	struct tsm_report t CLEANUP(tsm_report_free) = { 0 };
	struct json_object *s;
	int rc = request_tsm(q, false, &t);

	if (rc)
		return rc;
	s = json_object_new_object();
	json_add_bytes(s, "report", q->report, BASE64_STD);
	if (t.auxblob.len)
		json_add_bytes(s, "auxBlob", t.auxblob, BASE64_STD);
	json_object_object_add(o, "sevSnpAttestation", s);
	return RC_OK;
}

static int add_tpm(const struct request *q, struct json_object *o)
{
	struct json_object *tpm, *quotes;
	int rc;

	if (!q->tpm_file.path)
		return fail(RC_EVIDENCE, "Google requires the part of the machine's TPM, which the TEE cannot give: --tpm-attestation FILE");
	rc = json_parse_object(buf_span(&q->tpm_file.b), "--tpm-attestation", &tpm);
	if (rc)
		return rc;
	json_object_object_add(o, "tpmAttestation", tpm);
	if (!json_object_object_get_ex(tpm, "quotes", &quotes) ||
	    !json_object_is_type(quotes, json_type_array) || !json_object_array_length(quotes))
		return fail(RC_EVIDENCE, "--tpm-attestation: %s has no quotes", q->tpm_file.path);
	return RC_OK;
}

static int add_options(const struct request *q, struct json_object *o)
{
	struct json_object *t, *list;
	size_t len = q->nonce ? strlen(q->nonce) : 0;

	if (q->nonce && (len < NONCE_MIN || len > NONCE_MAX))
		return fail(RC_USAGE, "--nonce: Google takes %d to %d bytes, not %zu", NONCE_MIN,
			    NONCE_MAX, len);
	if (!q->audience && !q->nonce)
		return RC_OK;
	t = json_object_new_object();
	if (q->audience)
		json_add_text(t, "audience", q->audience);
	if (q->nonce) {
		list = json_object_new_array();
		json_object_array_add(list, json_object_new_string(q->nonce));
		json_object_object_add(t, "nonce", list);
	}
	json_object_object_add(o, "tokenOptions", t);
	return RC_OK;
}

static int build(struct request *q, struct message *m)
{
	struct json_object *o CLEANUP(json_put) = json_object_new_object();
	int rc;

	if (q->azure)
		return fail(RC_EVIDENCE, "this is evidence of an Azure VM, which Google does not verify");
	rc = q->kind == RAW_SNP ? add_snp(q, o) : add_tdx(q, o);
	if (!rc)
		rc = add_tpm(q, o);
	if (!rc)
		rc = add_options(q, o);
	if (rc)
		return rc;
	message_to(m, "POST", "/v1/%s:verifyAttestation", json_get_text(q->session_info, "name"));
	m->type = "application/json";
	buf_add_str(&m->body, json_text(o));
	return RC_OK;
}

static int answer(struct request *q, const struct http_answer *a, struct message *next,
		  bool *again, struct buf *out)
{
	(void)q, (void)next, (void)again;
	return answer_text(a, "oidcClaimsToken", out);
}

const struct service service_gcp = {
	.name = "gcp",
	.about = "Google Confidential Computing API, verifyAttestation",
	.help = help,
	.takes = TAKES_CHALLENGE | TAKES_TPM_FILE | TAKES_AUDIENCE | TAKES_NONCE | TAKES_LOCATION,
	.secret_header = "Authorization: Bearer ",
	.secret_env = "CLOUDSDK_AUTH_ACCESS_TOKEN",
	.needs_event_log = true,
	.nonce_is_bound = true,
	.begin = begin,
	.challenge = challenge,
	.bind = bind,
	.build = build,
	.answer = answer,
};
