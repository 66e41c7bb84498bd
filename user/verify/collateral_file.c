// SPDX-License-Identifier: GPL-2.0-only
/* A file of Intel's PCS: the signed text in it, and who signed it, until when */
#include <string.h>
#include <time.h>

#include "base/ecdsa.h"
#include "base/parse.h"
#include "verify/collateral.h"

#define SIGNER_CN	"Intel SGX TCB Signing"

/* An object in a JSON text, as it is written: that is what was signed */
bool pcs_raw(struct span s, const char *key, struct span *out)
{
	char *quoted CLEANUP(free_str) = xasprintf("\"%s\"", key);
	const u8 *p = memmem(s.p, s.len, quoted, strlen(quoted)), *end = s.p + s.len, *start;
	bool text = false;
	int depth = 0;

	if (!p)
		return false;
	for (p += strlen(quoted); p < end && strchr(" \t\r\n:", *p) && *p; p++)
		;
	if (p == end || *p != '{')
		return false;
	for (start = p; p < end; p++) {
		if (text) {
			if (*p == '\\')
				p++;
			else if (*p == '"')
				text = false;
		} else if (*p == '"') {
			text = true;
		} else if (*p == '{') {
			depth++;
		} else if (*p == '}' && !--depth) {
			*out = (struct span){ start, (size_t)(p + 1 - start) };
			return true;
		}
	}
	return false;
}

struct json_object *pcs_member(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *v;

	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &v) &&
	       json_object_is_type(v, type) ? v : NULL;
}

bool pcs_hex(struct json_object *o, const char *key, u8 *out, size_t len)
{
	struct json_object *v = pcs_member(o, key, json_type_string);
	struct buf b CLEANUP_BUF;
	const char *why;

	if (!v || hex_decode(json_object_get_string(v), (size_t)json_object_get_string_len(v),
			     &b, &why) || b.len != len)
		return false;
	memcpy(out, b.p, len);
	return true;
}

int pcs_int(struct json_object *o, const char *key)
{
	struct json_object *v = pcs_member(o, key, json_type_int);

	return v ? json_object_get_int(v) : -1;
}

static bool time_member(struct json_object *o, const char *key, time_t *t)
{
	struct json_object *v = pcs_member(o, key, json_type_string);

	return v && parse_time(json_object_get_string(v), false, t);
}

/* Only Intel's certificate for that purpose counts: a PCK key must not sign. */
static X509 *signer(struct verify *v, struct span text, const u8 sig[64])
{
	size_t i;

	for (i = 0; i < v->certs.n; i++) {
		X509 *x = v->certs.certs[i].x;
		char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(x));

		if (!strcmp(cn, SIGNER_CN) &&
		    ecdsa_verify(X509_get0_pubkey(x), "SHA256", text, sig, sig + 32, 32, false))
			return x;
	}
	return NULL;
}

/* The signed object of @file, or NULL when a check failed */
struct json_object *pcs_signed(struct verify *v, const struct buf *file, const char *key,
			       const char *what)
{
	struct json_object *all = json_parse(buf_span(file)), *o = NULL;
	char *chain CLEANUP(free_str) = xasprintf("signer of the %s", what);
	char *roles CLEANUP(free_str) = NULL;
	struct path path;
	time_t from, until;
	struct span text;
	u8 sig[64];
	X509 *x;

	if (!pcs_raw(buf_span(file), key, &text) || !pcs_hex(all, "signature", sig, 64)) {
		failed(v, GENUINE, what, "it has no signature or no %s", key);
		goto out;
	}
	x = signer(v, text, sig);
	if (!x) {
		failed(v, GENUINE, what, "no \"" SIGNER_CN "\" given with --certs signed it: it was altered, or its issuer chain is missing");
		goto out;
	}
	if (!verify_chain(v, chain, x, &path))
		goto out;
	roles = xasprintf("roles of the signer of the %s", what);
	verify_intel_roles(v, &path, roles, SIGNER_CN);
	answered(v, ASK_CERTS);
	/* parsed again of what was signed: nothing else counts */
	o = json_parse(text);
	if (!time_member(o, "issueDate", &from) || !time_member(o, "nextUpdate", &until)) {
		failed(v, GENUINE, what, "it does not say when it is valid");
	} else if (v->at < from || v->at > until) {
		failed(v, GENUINE, what, "it is not valid at the time of verification (only from %s to %s)",
		       json_get_text(o, "issueDate"), json_get_text(o, "nextUpdate"));
	} else if (pcs_int(o, "tcbEvaluationDataNumber") < 0) {
		failed(v, GENUINE, what, "it has no tcbEvaluationDataNumber");
	} else {
		passed(v, GENUINE, what, "signed, of %s", json_get_text(o, "issueDate"));
		goto out;
	}
	json_put(&o);
out:
	json_put(&all);
	return o;
}
