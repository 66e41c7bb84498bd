// SPDX-License-Identifier: GPL-2.0-only
/* RFC 9999: no service, but a form that any verifier may take */
#include <string.h>

#include "services/service.h"

static const char help[] =
"Usage: cvm-evidence request cmw [options]\n"
"\n"
"Evidence in a conceptual message wrapper (RFC 9999). Report data are the\n"
"challenge, padded with zeros.\n"
"\n"
"  --challenge FILE         1 to 64 bytes, as they are\n"
"  --self-nonce             no challenge: proves no freshness to a verifier\n"
"  --form json              a record with a TSM report (default)\n"
"         cbor              the same in CBOR\n"
"         json-collection, cbor-collection\n"
"                           SNP: report and certificates by AMD's media types\n";

enum { JSON, CBOR, JSON_COLLECTION, CBOR_COLLECTION };

static const char *const forms[] = { "json", "cbor", "json-collection", "cbor-collection", NULL };

static int bind(struct request *q)
{
	const struct buf *b = &q->challenge.b;

	if (!q->challenge.path)
		return q->self_nonce ? RC_OK :
		       fail(RC_USAGE, "--challenge FILE is missing: the data that the evidence is bound to (or --self-nonce)");
	if (b->len > sizeof(q->bind.data))
		return fail(RC_USAGE, "--challenge: %s has %zu bytes, the hardware takes %zu; hash it",
			    q->challenge.path, b->len, sizeof(q->bind.data));
	memcpy(q->bind.data, b->p, b->len);
	q->bind.len = b->len;
	q->bind.what = "the challenge";
	return RC_OK;
}

static int build(struct request *q, struct message *m)
{
	struct tsm_report t CLEANUP(tsm_report_free) = { 0 };
	bool cbor = q->form == CBOR || q->form == CBOR_COLLECTION, snp = q->kind == RAW_SNP;
	int rc = request_tsm(q, false, &t);

	if (rc)
		return rc;
	message_to(m, "POST", "/");
	m->type = cbor ? "application/cmw+cbor" : "application/cmw+json";
	if (q->form == JSON)
		cmw_json(&t, &m->body);
	else if (q->form == CBOR)
		cmw_cbor(&t, &m->body);
	else if (q->form == JSON_COLLECTION)
		cmw_json_collection(&t, snp, &m->body);
	else
		cmw_cbor_collection(&t, snp, &m->body);
	return RC_OK;
}

const struct service service_cmw = {
	.name = "cmw",
	.about = "RFC 9999 record or collection, JSON or CBOR, for any verifier",
	.help = help,
	.takes = TAKES_CHALLENGE | TAKES_SELF_NONCE,
	.forms = forms,
	.bind = bind,
	.build = build,
};
