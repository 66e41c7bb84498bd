// SPDX-License-Identifier: GPL-2.0-only
/*
 * Evidence in JSON, as others carry it: of Azure guests for KBS (versions 0
 * and 1), of TSM as "get --format tsm-json" writes it, both by themselves or in
 * any member of whatever else, such as the body of a request to KBS; and evidence
 * alone in such a member.
 */
#include <string.h>

#include "base/json.h"
#include "evidence/cmw.h"
#include "evidence/input.h"
#include "evidence/snp_json.h"
#include "verify/verify.h"

#define WALK_DEPTH	12	/* of JSON in which evidence is looked for */
#define BYTES_MIN	64	/* shorter texts are words, not evidence */

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

static bool is_numbers(struct json_object *o)
{
	return json_object_array_length(o) >= BYTES_MIN &&
	       json_object_is_type(json_object_array_get_idx(o, 0), json_type_int);
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

/* Version 0 has other names, which others use, too: there its quote is an object */
static bool is_azure(struct json_object *o)
{
	return json_object_is_type(o, json_type_object) &&
	       (json_object_object_get_ex(o, "hcl_report", NULL) ||
		(json_object_object_get_ex(o, "report", NULL) && json_get_object(o, "quote")));
}

static bool is_tsm(struct json_object *o)
{
	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, "outblob", NULL);
}

static bool is_empty(struct json_object *o)
{
	const char *text = json_text_of(o);

	return !o || (text && (!*text || !strcmp(text, "{}"))) ||
	       (json_object_is_type(o, json_type_object) && !json_object_object_length(o)) ||
	       (json_object_is_type(o, json_type_array) && !json_object_array_length(o));
}

/* Members that could be evidence, and that this version has no check for */
static void list_dropped(struct verify *v, struct json_object *o, const char *const known[])
{
	json_object_object_foreach(o, name, value) {
		char *safe CLEANUP(free_str) = printable(name, strlen(name));
		size_t i;

		for (i = 0; known[i] && strcmp(known[i], name) != 0; i++)
			;
		if (!known[i] && !is_empty(value) &&
		    (json_object_is_type(value, json_type_object) || json_object_is_type(value, json_type_array) ||
		     json_object_get_string_len(value) >= BYTES_MIN))
			left_out(v, GENUINE, safe, "this member of the evidence is not known");
	}
}

static bool azure(struct verify *v, struct json_object *o)
{
	static const char *const known[] = {
		"version", "hcl_report", "report", "vcek", "td_quote", "tpm_quote", "quote", NULL
	};
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
	list_dropped(v, o, known);
	return ok && raw_recognise(v->parts.report) == RAW_HCL;
}

static bool tsm(struct verify *v, struct json_object *o)
{
	static const char *const known[] = {
		"outblob", "auxblob", "manifestblob", "provider", "generation", "inblob", "privlevel",
		"service_provider", "service_guid", "service_manifest_version", NULL
	};
	struct span certs = { 0 };

	if (!take(v, o, "outblob", false, &v->parts.report) || !take(v, o, "auxblob", false, &certs) ||
	    !take(v, o, "manifestblob", false, &v->parts.manifest))
		return false;
	if (certs.len)
		verify_certs_of(v, certs, "certificates in the evidence");
	list_dropped(v, o, known);
	return v->parts.report.len && raw_recognise(v->parts.report) != RAW_UNKNOWN;
}

/* What a walk over any other JSON found */
struct found {
	struct verify *v;
	struct span evidence;
	struct json_object *parts;	/* or evidence with what belongs to it: azure(), tsm() */
	size_t n;		/* different pieces of evidence */
	bool blob;		/* and it is one of the device */
	size_t values;		/* of all the JSON that was parsed */
	int rc;			/* of the first part that must not be used */
};

/*
 * Counts what the parser would make objects of, before it does; JSON that was
 * encoded within JSON adds to it.
 */
static bool too_many_values(struct span s, size_t *n)
{
	size_t i;

	for (i = 0; i < s.len && *n <= VERIFY_JSON_MAX; i++)
		*n += s.p[i] == ',' || s.p[i] == ':' || s.p[i] == '[' || s.p[i] == '{';
	return *n > VERIFY_JSON_MAX;
}

static bool is_evidence(enum raw_kind kind)
{
	return kind == RAW_SNP || kind == RAW_TDX_QUOTE || kind == RAW_TDREPORT ||
	       kind == RAW_HCL || kind == RAW_CCA;
}

/* The same evidence twice is one: some carry it in two encodings. */
static void found_evidence(struct found *f, struct span s, bool blob)
{
	if (f->n && f->evidence.len == s.len && !memcmp(f->evidence.p, s.p, s.len))
		return;
	f->evidence = s;
	f->blob = blob;
	f->n++;
}

static void look_at(struct found *f, struct json_object *o, int depth);

/* JSON within JSON, or in place of CBOR */
static void look_into(struct found *f, struct span s, int depth)
{
	struct json_object *o CLEANUP(json_put) = NULL;
	char *why CLEANUP(free_str) = NULL;

	if (f->rc || too_many_values(s, &f->values))
		return;
	o = json_parse(s);
	why = o ? json_bad_names(s, o) : NULL;
	if (why)
		f->rc = fail(RC_EVIDENCE, "JSON: %s", why);
	else
		look_at(f, o, depth);
}

static void look_into_cmw(struct found *f, struct span s, int depth)
{
	struct buf json CLEANUP_BUF;
	int rc = cmw_to_json(s, &json);

	if (rc)
		f->rc = f->rc ? f->rc : rc;
	else
		look_into(f, buf_span(&json), depth);
}

/* What a report was made of has no bytes that could be kept. */
static void found_snp(struct found *f, struct json_object *o)
{
	struct buf report CLEANUP_BUF;
	int rc = snp_json_report(o, &report);

	if (rc) {
		f->rc = f->rc ? f->rc : rc;
		return;
	}
	found_evidence(f, buf_span(&report), false);
	verify_take(f->v, &report);
	left_out(f->v, GENUINE, SNP_JSON_MEMBER,
		 "the report was made again of its fields in JSON; bytes that have none there are taken for zero");
}

static void found_parts(struct found *f, struct json_object *o)
{
	if (f->parts && json_object_equal(f->parts, o))
		return;
	json_object_put(f->parts);
	f->parts = json_object_get(o);
	f->n++;
}

/* Of secondary devices: kbs_attestation_protocol.md of Trustee */
static void more_devices(struct verify *v, struct json_object *o)
{
	static const char *const names[] = { "additional_evidence", "additional-evidence" };
	struct json_object *more;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (json_object_object_get_ex(o, names[i], &more) && !is_empty(more))
			left_out(v, GENUINE, names[i], "the evidence of further devices is not checked");
}

/*
 * What @own holds, which is kept only as far as it is evidence: of a long list of texts the
 * sender would have all decoded ones kept else.
 */
static void found_bytes(struct found *f, struct buf *own, int depth)
{
	struct buf text CLEANUP_BUF;
	bool keep = false;
	struct input in;

	/* a text within JSON is no longer when it is decoded */
	if (!input_open(buf_span(own), own->len, &text, &in))
		return;
	if (in.blob) {
		found_evidence(f, in.s, true);
		keep = true;
	} else if (in.kind == RAW_JSON) {
		look_into(f, in.s, depth + 1);
	} else if (in.kind == RAW_CMW) {
		look_into_cmw(f, in.s, depth + 1);
	} else if (is_evidence(in.kind) || (in.kind == RAW_JWT && f->v->policy.given[ASK_TOKEN])) {
		/* a service's answer: {"token": ...} */
		found_evidence(f, in.s, false);
		keep = true;
		if (in.certs.len)
			verify_certs_of(f->v, in.certs, "certificates in the evidence");
	} else if (in.kind == RAW_CERTS || in.kind == RAW_CERT_TABLE) {
		verify_certs_of(f->v, in.s, "certificates in the evidence");
	} else if (in.kind == RAW_EVENT_LOG && !f->v->parts.event_log.len) {
		f->v->parts.event_log = in.s;
		keep = true;
	} else if (in.kind == RAW_EVENT_LOG || in.kind == RAW_TPM_QUOTE || in.kind == RAW_CRL ||
		   in.kind == RAW_COLLATERAL || in.kind == RAW_CWT || in.kind == RAW_PCRS) {
		left_out(f->v, GENUINE, raw_kind_name(in.kind), "it is in this JSON and not used: give it in a file of its own");
	}
	if (keep)
		verify_take(f->v, text.len ? &text : own);
}

static void look_at(struct found *f, struct json_object *o, int depth)
{
	struct buf b CLEANUP_BUF;
	size_t i, len;

	if (depth > WALK_DEPTH)
		return;
	if (is_azure(o) || is_tsm(o)) {
		found_parts(f, o);
	} else if (json_object_is_type(o, json_type_object)) {
		bool snp = snp_json_looks_like(o);

		more_devices(f->v, o);
		if (snp)
			found_snp(f, o);
		json_object_object_foreach(o, name, value)
			if (!snp || strcmp(name, SNP_JSON_MEMBER) != 0)
				look_at(f, value, depth + 1);
	} else if (json_object_is_type(o, json_type_string)) {
		len = (size_t)json_object_get_string_len(o);
		if (len < BYTES_MIN)
			return;
		buf_add(&b, json_object_get_string(o), len);
		found_bytes(f, &b, depth);
	} else if (json_object_is_type(o, json_type_array)) {
		if (is_numbers(o) && bytes_of(o, false, &b)) {
			found_bytes(f, &b, depth);
			return;
		}
		for (i = 0; i < json_object_array_length(o); i++)
			look_at(f, json_object_array_get_idx(o, i), depth + 1);
	}
}

static int take_parts(struct verify *v, struct json_object *o)
{
	bool ok = is_azure(o) ? azure(v, o) : tsm(v, o);

	v->parts.kind = raw_recognise(v->parts.report);
	return ok ? RC_OK : fail(RC_EVIDENCE, "a member of this JSON is not the evidence that its name says");
}

/*
 * {"quote": "..."} and whatever else tools print: the evidence is recognised by
 * what it is, not by the name of its member. False: there is none
 */
bool verify_envelope(struct verify *v, struct span s, struct span *blob, int *rc)
{
	struct found f = { .v = v };

	if (cmw_looks_like(s))
		look_into_cmw(&f, s, 0);
	else
		look_into(&f, s, 0);
	*rc = f.rc;
	if (*rc) {
		;	/* it was told */
	} else if (f.values > VERIFY_JSON_MAX) {
		*rc = fail(RC_EVIDENCE, "this JSON has too many values for evidence, the limit is %u",
			   VERIFY_JSON_MAX);
	} else if (f.n > 1) {
		*rc = fail(RC_EVIDENCE, "this JSON carries %zu pieces of evidence; put the one to verify into its own file", f.n);
	} else if (f.parts) {
		*rc = take_parts(v, f.parts);
	} else if (f.blob) {
		*blob = f.evidence;
	} else if (f.n) {
		v->parts.report = f.evidence;
		v->parts.kind = raw_recognise(f.evidence);
	}
	json_object_put(f.parts);
	return *rc || f.n;
}
