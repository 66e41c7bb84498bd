// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "evidence/hcl.h"
#include "evidence/snp.h"
#include "evidence/tdx.h"

#define SLOT_OFF	32
#define SLOT_LEN	1184
#define DATA_OFF	1216
#define CLAIMS_OFF	1236

bool hcl_looks_like(struct span s)
{
	return s.len >= 4 && !memcmp(s.p, "HCLA", 4);
}

int hcl_parse(struct span s, struct hcl *h)
{
	u32 data_version, claims_len;

	*h = (struct hcl){ 0 };
	if (s.len < CLAIMS_OFF)
		return fail(RC_EVIDENCE,
			    "HCL report: cut short at offset %zu, its headers alone have %d bytes",
			    s.len, CLAIMS_OFF);
	data_version = le32(s.p + DATA_OFF + 4);
	h->report_type = le32(s.p + DATA_OFF + 8);
	h->hash_type = le32(s.p + DATA_OFF + 12);
	claims_len = le32(s.p + DATA_OFF + 16);
	if (data_version != 1)
		return fail(RC_EVIDENCE, "HCL report: data version %u at offset %d is not known, 1 is",
			    data_version, DATA_OFF + 4);
	if (claims_len > s.len - CLAIMS_OFF)
		return fail(RC_EVIDENCE,
			    "HCL report: claims of %u bytes at offset %d, %zu are left",
			    claims_len, CLAIMS_OFF, s.len - CLAIMS_OFF);
	if (!is_zero(s.p + CLAIMS_OFF + claims_len, s.len - CLAIMS_OFF - claims_len))
		return fail(RC_EVIDENCE, "HCL report: data after the claims, at or after offset %zu",
			    (size_t)CLAIMS_OFF + claims_len);
	if (h->hash_type < 1 || h->hash_type > 3)
		return fail(RC_EVIDENCE, "HCL report: hash type %u at offset %d is not known",
			    h->hash_type, DATA_OFF + 12);
	if (h->report_type == HCL_SNP)
		h->report = (struct span){ s.p + SLOT_OFF, SNP_REPORT_LEN };
	else if (h->report_type == HCL_TDX)
		h->report = (struct span){ s.p + SLOT_OFF, TDREPORT_LEN };
	else
		return fail(RC_EVIDENCE,
			    "HCL report: report type %u at offset %d is not known, 2 (SNP) and 4 (TDX) are",
			    h->report_type, DATA_OFF + 8);
	h->claims = (struct span){ s.p + CLAIMS_OFF, claims_len };
	return h->report_type == HCL_SNP ? snp_check(h->report) : tdreport_check(h->report);
}

static const u8 *report_data(const struct hcl *h)
{
	return h->report_type == HCL_SNP ? h->report.p + SNP_REPORT_DATA_OFF :
	       tdreport_report_data(h->report.p);
}

static const char *hash_name(const struct hcl *h)
{
	return h->hash_type == 1 ? "SHA256" : h->hash_type == 2 ? "SHA384" : "SHA512";
}

bool hcl_is_bound(const struct hcl *h)
{
	u8 hash[DIGEST_MAX] = { 0 };

	/* the rest of hash[] stays zero, as the report's must be */
	digest(hash_name(h), h->claims.p, h->claims.len, hash);
	return !memcmp(hash, report_data(h), 64);
}

static struct json_object *parse_claims(const struct hcl *h)
{
	struct json_object *o = json_parse(h->claims);
	char *why CLEANUP(free_str) = o ? json_bad_names(h->claims, o) : NULL;

	/* of a member that is there twice each reader could mean another */
	if (why || !json_object_is_type(o, json_type_object))
		json_put(&o);
	return o;
}

bool hcl_user_data(const struct hcl *h, u8 out[64])
{
	struct json_object *o = parse_claims(h);
	const char *why, *s = json_get_text(o, "user-data");
	struct buf b CLEANUP_BUF;
	bool ok;

	ok = s && !hex_decode(s, strlen(s), &b, &why) && b.len <= 64;
	if (ok) {
		memset(out, 0, 64);
		if (b.len)
			memcpy(out, b.p, b.len);
	}
	json_object_put(o);
	return ok;
}

static bool jwk_number(struct json_object *key, const char *name, struct buf *out)
{
	const char *s = json_get_text(key, name), *why;

	return s && !base64_decode(s, strlen(s), out, &why) && out->len;
}

bool hcl_ak(const struct hcl *h, struct buf *n, struct buf *e)
{
	struct json_object *o = parse_claims(h), *keys = NULL;
	size_t i, count = 0, found = 0;
	const char *kid, *kty;
	bool ok = false;

	if (o && json_object_object_get_ex(o, "keys", &keys) &&
	    json_object_is_type(keys, json_type_array))
		count = json_object_array_length(keys);
	for (i = 0; i < count; i++) {
		struct json_object *key = json_object_array_get_idx(keys, i);

		kid = json_get_text(key, "kid");
		kty = json_get_text(key, "kty");
		if (!kid || strcmp(kid, "HCLAkPub"))
			continue;
		/* with two of them it is unclear which one is meant */
		if (found++)
			ok = false;
		else
			ok = kty && !strcmp(kty, "RSA") &&
			     jwk_number(key, "n", n) && jwk_number(key, "e", e);
	}
	json_object_put(o);
	return ok;
}

static void show_keys(struct node *n, struct json_object *claims)
{
	struct node *keys = add_list(n, "keys", NULL);
	struct json_object *v;
	size_t i;

	text_only(keys);
	if (!json_object_object_get_ex(claims, "keys", &v))
		return;
	json_only(add_json(n, "keys", v));
	for (i = 0; json_object_is_type(v, json_type_array) && i < json_object_array_length(v); i++) {
		struct json_object *key = json_object_array_get_idx(v, i), *ops;
		const char *kid = json_get_text(key, "kid");

		if (kid)
			add_text(keys, NULL, "%s for %s", kid,
				 json_object_object_get_ex(key, "key_ops", &ops) ?
				 json_object_to_json_string_ext(ops, 0) : "?");
	}
}

static void show_configuration(struct node *n, struct json_object *claims)
{
	struct json_object *v = json_get_object(claims, "vm-configuration");
	struct node *cfg;

	if (!v)
		return;
	json_only(add_json(n, "vm-configuration", v));
	cfg = add_map(n, "vm-configuration", NULL);
	text_only(cfg);
	json_object_object_foreach(v, name, value)
		add_json(cfg, name, value);
}

static void show_claims(struct node *to, const struct hcl *h)
{
	struct json_object *o = parse_claims(h), *v;
	struct node *n = add_map(to, "runtime_claims", NULL);

	add_uint(n, "length", h->claims.len);
	add_data(n, "data", h->claims.p, h->claims.len);
	if (!o) {
		danger(n, "not a JSON object, or one with a member twice");
		return;
	}
	show_keys(n, o);
	show_configuration(n, o);
	if (json_object_object_get_ex(o, "user-data", &v))
		add_json(n, "user-data", v);
	json_object_put(o);
}

int hcl_show(struct node *to, struct span s)
{
	bool bound;
	struct node *n;
	struct hcl h;
	int rc = hcl_parse(s, &h);

	if (rc)
		return rc;
	n = add_map(to, "header", NULL);
	add_uint(n, "version", le32(s.p + 4));
	add_uint(n, "report_size", le32(s.p + 8));
	add_uint(n, "request_type", le32(s.p + 12));
	add_uint(n, "status", le32(s.p + 16));
	add_text(n, "report_type", "%s", h.report_type == HCL_SNP ? "SNP" : "TDX");
	add_text(n, "hash_type", "%s", hash_name(&h));
	bound = hcl_is_bound(&h);
	n = add_bool(to, "claims_bound", bound);
	note(n, "REPORT_DATA of the hardware report is the hash of the claims");
	if (!bound)
		danger(n, "the claims are not the ones the hardware signed");
	show_claims(to, &h);
	if (h.report_type == HCL_SNP)
		snp_show(add_map(to, "snp-report", "SEV-SNP attestation report"), h.report);
	else
		rc = tdreport_show(add_map(to, "tdreport", "TDREPORT"), h.report);
	if (!rc && !bound)
		rc = fail(RC_EVIDENCE, "HCL report: the hash of the claims is not in REPORT_DATA");
	return rc;
}
