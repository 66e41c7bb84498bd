// SPDX-License-Identifier: GPL-2.0-only
/* Conceptual message wrappers, RFC 9999: records and collections */
#include "base/cbor_write.h"
#include "base/json.h"
#include "evidence/tsm_report.h"

#define SNP_REPORT	"application/vnd.amd.sev-snp.attestation-report"
#define SNP_TABLE	"application/vnd.amd.ghcb.guid-table"

/* Bits of "ind": what a record is good for */
#define ENDORSEMENTS	(1 << 1)
#define EVIDENCE	(1 << 2)

static struct json_object *json_record(const char *type, struct span value, int ind)
{
	struct json_object *o = json_object_new_array();
	char *text CLEANUP(free_str) = base64_encode(value.p, value.len, BASE64_URL);

	json_object_array_add(o, json_object_new_string(type));
	json_object_array_add(o, json_object_new_string(text));
	json_object_array_add(o, json_object_new_int(ind));
	return o;
}

static struct json_object *json_report(const struct tsm_report *t)
{
	struct buf report CLEANUP_BUF;

	tsm_report_json(t, &report);
	return json_record(TSM_REPORT_JSON, buf_span(&report), EVIDENCE);
}

static void cbor_record(struct buf *out, const char *type, struct span value, u64 ind)
{
	cbor_array(out, 3);
	cbor_text(out, type);
	cbor_bytes(out, value);
	cbor_uint(out, ind);
}

void cmw_cbor(const struct tsm_report *t, struct buf *out)
{
	struct buf report CLEANUP_BUF;

	tsm_report_cbor(t, &report);
	cbor_record(out, TSM_REPORT_CBOR, buf_span(&report), EVIDENCE);
}

void cmw_json(const struct tsm_report *t, struct buf *out)
{
	struct json_object *o = json_report(t);

	buf_add_str(out, json_text(o));
	json_object_put(o);
}

void cmw_json_collection(const struct tsm_report *t, bool snp, struct buf *out)
{
	struct json_object *o = json_object_new_object();

	if (!snp)
		json_object_object_add(o, "tsm-report", json_report(t));
	else
		json_object_object_add(o, "report", json_record(SNP_REPORT, t->outblob, EVIDENCE));
	if (snp && t->auxblob.len)
		json_object_object_add(o, "certificates",
				       json_record(SNP_TABLE, t->auxblob, ENDORSEMENTS));
	buf_add_str(out, json_text(o));
	json_object_put(o);
}

void cmw_cbor_collection(const struct tsm_report *t, bool snp, struct buf *out)
{
	if (!snp) {
		cbor_map(out, 1);
		cbor_text(out, "tsm-report");
		cmw_cbor(t, out);
		return;
	}
	cbor_map(out, t->auxblob.len ? 2 : 1);
	cbor_text(out, "report");
	cbor_record(out, SNP_REPORT, t->outblob, EVIDENCE);
	if (t->auxblob.len) {
		cbor_text(out, "certificates");
		cbor_record(out, SNP_TABLE, t->auxblob, ENDORSEMENTS);
	}
}
