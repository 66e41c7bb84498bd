// SPDX-License-Identifier: GPL-2.0-only
/*
 * Evidence in JSON, as others carry it: of Azure guests for KBS (versions 0
 * and 1), and of TSM as "get --format tsm-json" writes it.
 */
#include <string.h>

#include "json_util.h"
#include "verify.h"

static bool bytes_of(struct json_object *o, bool hex, struct buf *out)
{
	size_t i, n;

	if (json_object_is_type(o, json_type_string)) {
		const char *s = json_object_get_string(o), *why;
		size_t len = strlen(s);

		if (strstr(s, "-----BEGIN"))
			buf_add_str(out, s);
		else if (hex ? hex_decode(s, len, out, &why) : base64_decode(s, len, out, &why))
			return false;
		return true;
	}
	if (!json_object_is_type(o, json_type_array))
		return false;
	n = json_object_array_length(o);
	for (i = 0; i < n; i++) {
		struct json_object *e = json_object_array_get_idx(o, i);
		int v = json_object_is_type(e, json_type_int) ? json_object_get_int(e) : -1;
		u8 byte = (u8)v;

		if (v >= 0 && v <= 255)
			buf_add(out, &byte, 1);
		else if (v != -1 || !bytes_of(e, hex, out))
			return false;
	}
	return true;
}

/* True also when the member is not there, or a file was given in its place */
static bool take(struct verify *v, struct json_object *o, const char *key, bool hex,
		 struct span *to)
{
	struct json_object *m;
	struct buf *b;

	if (to->len || !json_object_object_get_ex(o, key, &m) || !m)
		return true;
	b = verify_keep(v);
	if (!bytes_of(m, hex, b))
		return false;
	*to = buf_span(b);
	return true;
}

static bool azure(struct verify *v, struct json_object *o)
{
	struct json_object *q = NULL;
	struct span vcek = { 0 };
	bool ok;

	ok = take(v, o, "hcl_report", false, &v->parts.report) && take(v, o, "vcek", false, &vcek) &&
	     take(v, o, "td_quote", false, &v->parts.quote);
	if (ok && !v->parts.report.len)
		ok = take(v, o, "report", false, &v->parts.report);
	if ((json_object_object_get_ex(o, "tpm_quote", &q) || json_object_object_get_ex(o, "quote", &q)) &&
	    json_object_is_type(q, json_type_object))
		ok = ok && take(v, q, "message", true, &v->parts.tpm_attest) &&
		     take(v, q, "signature", true, &v->parts.tpm_signature) &&
		     take(v, q, "pcrs", true, &v->parts.pcrs);
	if (ok && vcek.len)
		verify_certs_of(v, vcek, "certificates in the evidence");
	return ok && raw_recognise(v->parts.report) == RAW_HCL;
}

static bool tsm(struct verify *v, struct json_object *o)
{
	struct span certs = { 0 };

	if (!take(v, o, "outblob", false, &v->parts.report) || !take(v, o, "auxblob", false, &certs) ||
	    !take(v, o, "manifestblob", false, &v->parts.manifest))
		return false;
	if (certs.len)
		verify_certs_of(v, certs, "certificates in the evidence");
	return v->parts.report.len && raw_recognise(v->parts.report) != RAW_UNKNOWN;
}

/* Counts what the parser would make objects of, before it does. */
static bool too_many_values(struct span s)
{
	size_t i, n = 0;

	for (i = 0; i < s.len; i++)
		n += s.p[i] == ',' || s.p[i] == ':' || s.p[i] == '[' || s.p[i] == '{';
	return n > VERIFY_JSON_MAX;
}

static bool begins_object(struct span s)
{
	size_t i;

	for (i = 0; i < s.len && strchr(" \t\r\n", s.p[i]) && s.p[i]; i++)
		;
	return i < s.len && s.p[i] == '{';
}

bool verify_envelope(struct verify *v, struct span s, int *rc)
{
	struct json_object *all, *o, *inner;
	bool is_azure, ok;

	if (!begins_object(s))
		return false;
	if (too_many_values(s)) {
		*rc = fail(RC_EVIDENCE, "this JSON has more values than evidence has, %u are the limit",
			   VERIFY_JSON_MAX);
		return true;
	}
	all = o = json_parse(s);
	if (!json_object_is_type(all, json_type_object)) {
		json_put(&all);
		return false;
	}
	if (json_object_object_get_ex(all, "evidence", &inner) &&
	    json_object_is_type(inner, json_type_object))
		o = inner;
	is_azure = json_object_object_get_ex(o, "hcl_report", NULL) ||
		   json_object_object_get_ex(o, "report", NULL);
	if (!is_azure && !json_object_object_get_ex(o, "outblob", NULL)) {
		json_put(&all);
		return false;
	}
	ok = is_azure ? azure(v, o) : tsm(v, o);
	v->parts.kind = raw_recognise(v->parts.report);
	*rc = ok ? RC_OK : fail(RC_EVIDENCE, "a member of this JSON is not the evidence that its name says");
	json_put(&all);
	return true;
}
