// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Intel says of TCBs, given as files: TCB info of this platform's family
 * and the identity of the quoting enclave, as its Provisioning Certification
 * Service version 4 sends them. Both are signed texts.
 */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "ecdsa.h"
#include "json_util.h"
#include "pck.h"
#include "verify.h"

#define SIGNER_CN	"Intel SGX TCB Signing"

/* An object in a JSON text, as it is written: that is what was signed */
static bool raw_object(struct span s, const char *key, struct span *out)
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

static struct json_object *member(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *v;

	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &v) &&
	       json_object_is_type(v, type) ? v : NULL;
}

static bool hex_member(struct json_object *o, const char *key, u8 *out, size_t len)
{
	struct json_object *v = member(o, key, json_type_string);
	struct buf b CLEANUP_BUF;
	const char *why;

	if (!v || hex_decode(json_object_get_string(v), (size_t)json_object_get_string_len(v),
			     &b, &why) || b.len != len)
		return false;
	memcpy(out, b.p, len);
	return true;
}

static int int_member(struct json_object *o, const char *key)
{
	struct json_object *v = member(o, key, json_type_int);

	return v ? json_object_get_int(v) : -1;
}

static bool time_member(struct json_object *o, const char *key, time_t *t)
{
	struct json_object *v = member(o, key, json_type_string);
	struct tm tm = { 0 };
	const char *end = v ? strptime(json_object_get_string(v), "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;

	if (!end || *end)
		return false;
	*t = timegm(&tm);
	return true;
}

/* By a certificate of Intel's for that purpose: a PCK key must not do. */
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
static struct json_object *signed_object(struct verify *v, const struct buf *file, const char *key,
					 const char *what)
{
	struct json_object *all = json_parse(buf_span(file)), *o = NULL;
	char *chain CLEANUP(free_str) = xasprintf("signer of the %s", what);
	time_t from, until;
	struct span text;
	u8 sig[64];
	X509 *x;

	if (!raw_object(buf_span(file), key, &text) || !hex_member(all, "signature", sig, 64)) {
		failed(v, GENUINE, what, "it has no signature or no %s", key);
		goto out;
	}
	x = signer(v, text, sig);
	if (!x) {
		failed(v, GENUINE, what, "its signature is of no \"" SIGNER_CN "\" given with --certs: it was altered, or its issuer chain is missing");
		goto out;
	}
	if (!verify_chain(v, chain, x))
		goto out;
	/* parsed again of what was signed: nothing else counts */
	o = json_parse(text);
	if (!time_member(o, "issueDate", &from) || !time_member(o, "nextUpdate", &until)) {
		failed(v, GENUINE, what, "it does not say when it is valid");
	} else if (v->at < from || v->at > until) {
		failed(v, GENUINE, what, "it is not of this time (%s to %s)",
		       json_get_text(o, "issueDate"), json_get_text(o, "nextUpdate"));
	} else {
		passed(v, GENUINE, what, "signed, of %s", json_get_text(o, "issueDate"));
		goto out;
	}
	json_put(&o);
out:
	json_put(&all);
	return o;
}

static void judge_status(struct verify *v, const char *of, struct json_object *level)
{
	struct json_object *s = level ? member(level, "tcbStatus", json_type_string) : NULL, *adv;
	char *check CLEANUP(free_str) = xasprintf("TCB status of the %s", of);
	const char *status;
	bool good;

	if (!s) {
		failed(v, APPRAISED, check, "it is below every level that Intel lists");
		return;
	}
	status = json_object_get_string(s);
	adv = member(level, "advisoryIDs", json_type_array);
	good = v->policy.tcb_status.n ?
	       values_have(&v->policy.tcb_status, status, strlen(status)) : !strcmp(status, "UpToDate");
	if (!strcmp(status, "Revoked"))
		failed(v, GENUINE, check, "Intel revoked it");
	judged(v, APPRAISED, good, check, "%s%s%s", status, adv ? ", " : "",
	       adv ? json_object_to_json_string_ext(adv, 0) : "");
}

static bool components_reach(struct json_object *tcb, const char *key, const u8 *have, int from)
{
	struct json_object *list = member(tcb, key, json_type_array);
	int i;

	if (!list || json_object_array_length(list) != 16)
		return false;
	for (i = from; i < 16; i++) {
		int svn = int_member(json_object_array_get_idx(list, (size_t)i), "svn");

		if (svn < 0 || have[i] < svn)
			return false;
	}
	return true;
}

/* Levels are in order, the newest first: the first one that is reached counts. */
static struct json_object *platform_level(struct json_object *info, const struct pck *p,
					  const u8 *svn)
{
	struct json_object *levels = member(info, "tcbLevels", json_type_array), *tcb;
	size_t i, n = levels ? json_object_array_length(levels) : 0;
	int pcesvn;

	for (i = 0; i < n; i++) {
		struct json_object *l = json_object_array_get_idx(levels, i);

		tcb = member(l, "tcb", json_type_object);
		pcesvn = tcb ? int_member(tcb, "pcesvn") : -1;
		/* of a module with a version its own levels judge the first two */
		if (pcesvn >= 0 && p->pcesvn >= (u32)pcesvn &&
		    components_reach(tcb, "sgxtcbcomponents", p->comp, 0) &&
		    components_reach(tcb, "tdxtcbcomponents", svn, svn[1] ? 2 : 0))
			return l;
	}
	return NULL;
}

static struct json_object *isvsvn_level(struct json_object *o, unsigned int have)
{
	struct json_object *levels = member(o, "tcbLevels", json_type_array);
	size_t i, n = levels ? json_object_array_length(levels) : 0;

	for (i = 0; i < n; i++) {
		struct json_object *l = json_object_array_get_idx(levels, i);
		int svn = int_member(member(l, "tcb", json_type_object), "isvsvn");

		if (svn >= 0 && have >= (unsigned int)svn)
			return l;
	}
	return NULL;
}

static bool masked_equal(const u8 *have, const u8 *want, const u8 *mask, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((have[i] & mask[i]) != (want[i] & mask[i]))
			return false;
	return true;
}

static bool is_signed_as(struct json_object *m, const u8 *body)
{
	u8 signer_of[48], attr[8], mask[8];

	return hex_member(m, "mrsigner", signer_of, 48) && hex_member(m, "attributes", attr, 8) &&
	       hex_member(m, "attributesMask", mask, 8) && !memcmp(signer_of, body + 64, 48) &&
	       masked_equal(body + 112, attr, mask, 8);
}

static void module(struct verify *v, struct json_object *info, const u8 *body)
{
	struct json_object *list = member(info, "tdxModuleIdentities", json_type_array), *m = NULL;
	size_t i, n = list ? json_object_array_length(list) : 0;
	char id[16];

	if (!body[1]) {
		m = member(info, "tdxModule", json_type_object);
		judged(v, GENUINE, m && is_signed_as(m, body), "TDX module identity",
		       "version 0 of the TCB info's tdxModule");
		return;
	}
	snprintf(id, sizeof(id), "TDX_%02X", body[1]);
	for (i = 0; i < n && !m; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *name = json_get_text(one, "id");

		if (name && !strcasecmp(name, id))
			m = one;
	}
	judged(v, GENUINE, m && is_signed_as(m, body), "TDX module identity",
	       m ? "%s of the TCB info" : "%s is not in the TCB info", id);
	if (m)
		judge_status(v, "TDX module", isvsvn_level(m, body[0]));
}

static void tcb_info(struct verify *v, const struct buf *file, const struct tdx_quote *q,
		     const struct pck *p)
{
	struct json_object *info = signed_object(v, file, "tcbInfo", "TCB info");
	u8 fmspc[6], pceid[2];
	const char *id;

	if (!info)
		return;
	id = json_get_text(info, "id");
	if (!id || strcmp(id, "TDX") || int_member(info, "version") != 3)
		failed(v, GENUINE, "TCB info", "it is not of TDX, or not of version 3");
	else if (!hex_member(info, "fmspc", fmspc, 6) || !hex_member(info, "pceId", pceid, 2) ||
		 memcmp(fmspc, p->fmspc, 6) || memcmp(pceid, p->pceid, 2))
		failed(v, GENUINE, "TCB info", "it is of another FMSPC than this platform's");
	else
		judge_status(v, "platform", platform_level(info, p, q->body.p));
	module(v, info, q->body.p);
	json_put(&info);
}

static void qe_identity(struct verify *v, const struct buf *file, const u8 *qe)
{
	struct json_object *o = signed_object(v, file, "enclaveIdentity", "QE identity");
	u8 signer_of[32], attr[16], attr_mask[16], misc[4], misc_mask[4];
	const char *id;

	if (!o)
		return;
	id = json_get_text(o, "id");
	if (!id || strcmp(id, "TD_QE"))
		failed(v, GENUINE, "QE identity", "it is not of the TD quoting enclave");
	else if (!hex_member(o, "mrsigner", signer_of, 32) || memcmp(signer_of, qe + 128, 32) ||
		 int_member(o, "isvprodid") != le16(qe + 256))
		failed(v, GENUINE, "QE identity", "the quoting enclave has another signer or product id");
	else if (!hex_member(o, "attributes", attr, 16) || !hex_member(o, "attributesMask", attr_mask, 16) ||
		 !hex_member(o, "miscselect", misc, 4) || !hex_member(o, "miscselectMask", misc_mask, 4) ||
		 !masked_equal(qe + 48, attr, attr_mask, 16) ||
		 !masked_equal(qe + 16, misc, misc_mask, 4))
		failed(v, GENUINE, "QE identity", "the quoting enclave has other attributes");
	else
		judge_status(v, "quoting enclave", isvsvn_level(o, le16(qe + 258)));
	json_put(&o);
}

void verify_collateral(struct verify *v, const struct tdx_quote *q, X509 *pck)
{
	bool tcb = false, qe = false;
	struct pck p = { 0 };
	struct span s;
	size_t i;

	if (pck && !pck_read(pck, &p)) {
		failed(v, GENUINE, "PCK certificate", "it does not say its FMSPC and TCB");
		return;
	}
	for (i = 0; pck && i < v->n_collateral; i++) {
		if (raw_object(buf_span(&v->collateral[i]), "tcbInfo", &s)) {
			tcb_info(v, &v->collateral[i], q, &p);
			tcb = true;
		} else if (raw_object(buf_span(&v->collateral[i]), "enclaveIdentity", &s)) {
			qe_identity(v, &v->collateral[i], q->qe_report.p);
			qe = true;
		} else {
			failed(v, GENUINE, "collateral", "a file is neither TCB info nor QE identity of Intel's PCS");
		}
	}
	if (!tcb)
		left_out(v, APPRAISED, "TCB status", "no TCB info was given (--collateral FILE): whether Intel calls the TCB of this platform up to date, out of date or revoked is not known");
	if (!qe)
		left_out(v, APPRAISED, "TCB status of the quoting enclave", "no QE identity was given (--collateral FILE)");
}
