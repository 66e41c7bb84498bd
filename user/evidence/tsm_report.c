// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "base/cbor_write.h"
#include "base/json.h"
#include "evidence/tsm_report.h"

void tsm_report_of(const struct evidence *e, struct tsm_report *t)
{
	struct span driver = evidence_data(e, CVM_EVIDENCE_ITEM_DRIVER);
	const char *name = e->kind == RAW_SNP ? "sev_guest" : "tdx_guest";

	*t = (struct tsm_report){
		.auxblob = evidence_data(e, CVM_EVIDENCE_ITEM_CERTS),
		.outblob = e->report,
		.manifest = evidence_data(e, CVM_EVIDENCE_ITEM_MANIFEST),
		.service = evidence_data(e, CVM_EVIDENCE_ITEM_SERVICE_PROVIDER),
	};
	if (driver.len)
		t->provider = xasprintf("%.*s\n", (int)driver.len, (const char *)driver.p);
	else
		t->provider = xasprintf("%s\n", name);
}

void tsm_report_free(struct tsm_report *t)
{
	free_str(&t->provider);
	buf_free(&t->table);
}

/* Members, order and the newline after the provider as ratsd sends them */
void tsm_report_json(const struct tsm_report *t, struct buf *out)
{
	struct json_object *o = json_object_new_object();

	if (t->auxblob.len)
		json_add_bytes(o, "auxblob", t->auxblob, BASE64_URL);
	json_add_bytes(o, "outblob", t->outblob, BASE64_URL);
	json_add_text(o, "provider", t->provider);
	if (t->manifest.len)
		json_add_bytes(o, "manifestblob", t->manifest, BASE64_URL);
	if (t->service.len)
		json_object_object_add(o, "service_provider",
				       json_object_new_string_len((const char *)t->service.p,
								  (int)t->service.len));
	buf_add_str(out, json_text(o));
	json_object_put(o);
}

void tsm_report_cbor(const struct tsm_report *t, struct buf *out)
{
	char *service CLEANUP(free_str) = xasprintf("%.*s", (int)t->service.len,
						    t->service.p ? (char *)t->service.p : "");

	cbor_map(out, 2u + !!t->auxblob.len + !!t->manifest.len + !!t->service.len);
	if (t->auxblob.len) {
		cbor_text(out, "auxblob");
		cbor_bytes(out, t->auxblob);
	}
	cbor_text(out, "outblob");
	cbor_bytes(out, t->outblob);
	cbor_text(out, "provider");
	cbor_text(out, t->provider);
	if (t->manifest.len) {
		cbor_text(out, "manifestblob");
		cbor_bytes(out, t->manifest);
	}
	if (t->service.len) {
		cbor_text(out, "service_provider");
		cbor_text(out, service);
	}
}
