// SPDX-License-Identifier: GPL-2.0-only
/* Microsoft Azure Attestation: /attest/SevSnpVm and /attest/TdxVm */
#include <string.h>

#include <json-c/json.h>

#include "digest.h"
#include "request_maa.h"
#include "snp.h"

static const char *to_text(struct json_object *o)
{
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void add_b64(struct json_object *o, const char *key, const void *p, size_t len)
{
	char *text = base64_encode(p, len, BASE64_URL);

	json_object_object_add(o, key, json_object_new_string(text));
	free_str(&text);
}

/* The service compares the first 32 bytes with the hash of runtimeData. */
static size_t binding(const struct request *q, u8 out[64])
{
	return digest("SHA256", q->runtime_data.p, q->runtime_data.len, out);
}

void maa_snp_field(struct span report, struct span chain, struct buf *out)
{
	struct json_object *o = json_object_new_object();
	const char *text;
	char *field;

	add_b64(o, "SnpReport", report.p, report.len);
	add_b64(o, "VcekCertChain", chain.p, chain.len);
	text = to_text(o);
	field = base64_encode((const u8 *)text, strlen(text), BASE64_URL);
	buf_add_str(out, field);
	free_str(&field);
	json_object_put(o);
}

static void add_data_object(struct json_object *o, const char *key, struct span data,
			    const char *type)
{
	struct json_object *d = json_object_new_object();

	add_b64(d, "data", data.p, data.len);
	json_object_object_add(d, "dataType", json_object_new_string(type));
	json_object_object_add(o, key, d);
}

static int add_evidence(const struct request *q, struct json_object *o)
{
	struct buf chain CLEANUP_BUF, field CLEANUP_BUF;
	int rc;

	if (q->kind == RAW_TDX_QUOTE) {
		add_b64(o, "quote", q->report.p, q->report.len);
		return RC_OK;
	}
	rc = cert_pool_chain(&q->certs, q->report.p, &chain);
	if (rc)
		return rc;
	maa_snp_field(q->report, buf_span(&chain), &field);
	json_object_object_add(o, "report", json_object_new_string((char *)field.p));
	return RC_OK;
}

/* The service demands SHA-256(initTimeData) in HOST_DATA. */
static int check_init_data(const struct request *q)
{
	u8 hash[DIGEST_MAX];

	if (!q->have_init_data || q->kind != RAW_SNP)
		return RC_OK;
	digest("SHA256", q->init_data.p, q->init_data.len, hash);
	if (memcmp(hash, q->report.p + SNP_HOST_DATA_OFF, 32))
		return fail(RC_EVIDENCE, "HOST_DATA of the report is not SHA-256 of --init-data: this VM was not launched with them");
	return RC_OK;
}

static int build(const struct request *q, struct buf *body)
{
	struct json_object *o;
	int rc = check_init_data(q);

	if (rc)
		return rc;
	o = json_object_new_object();
	rc = add_evidence(q, o);
	if (!rc) {
		if (q->have_runtime_data)
			add_data_object(o, "runtimeData", q->runtime_data, q->runtime_type);
		if (q->have_init_data)
			add_data_object(o, "initTimeData", q->init_data, q->init_type);
		if (q->nonce)
			json_object_object_add(o, "nonce", json_object_new_string(q->nonce));
		buf_add_str(body, to_text(o));
	}
	json_object_put(o);
	return rc;
}

static const char *path(const struct request *q)
{
	return q->kind == RAW_SNP ? "/attest/SevSnpVm" : "/attest/TdxVm";
}

static const char *api_version(const struct request *q)
{
	return q->kind == RAW_SNP ? "2022-08-01" : "2023-04-01-preview";
}

const struct service service_maa = {
	.name = "maa",
	.about = "Microsoft Azure Attestation, SevSnpVm and TdxVm",
	.binding = binding,
	.build = build,
	.path = path,
	.api_version = api_version,
};
