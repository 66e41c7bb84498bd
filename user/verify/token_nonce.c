// SPDX-License-Identifier: GPL-2.0-only
/* Where the services repeat the report data, or the nonce that went into them */
#include <string.h>

#include <json-c/json_pointer.h>

#include "base/json.h"
#include "verify/token.h"
#include "verify/verify.h"

static const char *const places[] = {
	/* Google, Veraison, EAT in general */
	"/eat_nonce",
	/* MAA: of the request, of runtime data, of a guest's client; REPORT_DATA */
	"/nonce", "/x-ms-runtime/nonce", "/x-ms-runtime/client-payload/nonce",
	"/x-ms-sevsnpvm-reportdata", "/tdx_report_data",
	/* Intel Trust Authority, versions 1 and 2 */
	"/verifier_nonce/val", "/attester_runtime_data/nonce", "/sevsnp_report_data",
	"/tdx/tdx_report_data", "/tdx/verifier_nonce/val", "/tdx/attester_runtime_data/nonce",
	"/sevsnp/sevsnp_report_data", "/sevsnp/verifier_nonce/val",
};

/* Trustee, in each of its submodules */
static const char *const in_submods[] = {
	"/ear.veraison.annotated-evidence/report_data",
	"/ear.veraison.annotated-evidence/runtime_data_claims/nonce",
};

static bool same_bytes(const struct verify *v, const void *bytes, size_t len)
{
	const struct policy *p = &v->policy;

	if (v->other_nonce.len && len == v->other_nonce.len && !memcmp(bytes, v->other_nonce.p, len))
		return true;
	return (len == p->data_len || len == sizeof(p->data)) && !memcmp(p->data, bytes, len);
}

/* As it is, in hex or in base64 */
static bool same_text(const struct verify *v, struct json_object *o)
{
	const char *text = json_object_get_string(o), *why;
	size_t len = (size_t)json_object_get_string_len(o);
	struct buf hex CLEANUP_BUF, b64 CLEANUP_BUF;

	return same_bytes(v, text, len) ||
	       (!hex_decode(text, len, &hex, &why) && same_bytes(v, hex.p, hex.len)) ||
	       (!base64_decode(text, len, &b64, &why) && same_bytes(v, b64.p, b64.len));
}

static bool same(const struct verify *v, struct json_object *o, size_t *found)
{
	bool good = false;
	size_t i;

	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < json_object_array_length(o); i++) {
			struct json_object *one = json_object_array_get_idx(o, i);

			if (json_object_is_type(one, json_type_string))
				good |= same(v, one, found);
		}
		return good;
	}
	if (!json_object_is_type(o, json_type_string))
		return false;
	(*found)++;
	return same_text(v, o);
}

static bool at(const struct verify *v, struct json_object *claims, const char *pointer, size_t *found)
{
	struct json_object *o;

	return !json_pointer_get(claims, pointer, &o) && same(v, o, found);
}

void verify_token_nonce(struct verify *v, struct json_object *claims)
{
	const char *where = NULL;
	struct json_object *subs;
	size_t i, found = 0;

	answered(v, ASK_DATA);
	if (!v->policy.have_data) {
		unbound(v, "nonce", "nothing to compare it with: give --nonce or --report-data, or --no-binding");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (at(v, claims, places[i], &found))
			where = places[i];
	if (json_object_object_get_ex(claims, "submods", &subs) &&
	    json_object_is_type(subs, json_type_object)) {
		json_object_object_foreach(subs, name, sub) {
			(void)name;
			for (i = 0; i < ARRAY_SIZE(in_submods); i++)
				if (at(v, sub, in_submods[i], &found))
					where = in_submods[i];
		}
	}
	if (where)
		passed(v, BOUND, "nonce", "it is in %s", where);
	else if (found)
		failed(v, BOUND, "nonce", "none of the %zu possible values is what was asked for", found);
	else
		unable(v, BOUND, "nonce", "the token repeats no nonce and no report data where this version looks");
}
