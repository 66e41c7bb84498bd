// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Intel says of TCBs, given as files: TCB info of this platform's family
 * and the identity of the quoting enclave, as its Provisioning Certification
 * Service version 4 sends them. Both are signed texts.
 */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/ecdsa.h"
#include "base/json.h"
#include "evidence/pck.h"
#include "verify/verify.h"

#define SIGNER_CN	"Intel SGX TCB Signing"

/* tcbEvaluationDataNumber of each; -1 where it was not given */
struct evaluation {
	int tcb_info, qe;
};

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
static struct json_object *signed_object(struct verify *v, const struct buf *file, const char *key,
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

	if (!raw_object(buf_span(file), key, &text) || !hex_member(all, "signature", sig, 64)) {
		failed(v, GENUINE, what, "it has no signature or no %s", key);
		goto out;
	}
	x = signer(v, text, sig);
	if (!x) {
		failed(v, GENUINE, what, "its signature is of no \"" SIGNER_CN "\" given with --certs: it was altered, or its issuer chain is missing");
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

static int pcesvn_of(struct json_object *level)
{
	struct json_object *tcb = member(level, "tcb", json_type_object);

	return tcb ? int_member(tcb, "pcesvn") : -1;
}

/* The SVN that the level requires of a component; -1 where there is none */
static int svn_of(struct json_object *level, const char *key, int i)
{
	struct json_object *list = member(member(level, "tcb", json_type_object), key, json_type_array);

	if (!list || json_object_array_length(list) != 16)
		return -1;
	return int_member(json_object_array_get_idx(list, (size_t)i), "svn");
}

static bool components_reach(struct json_object *level, const char *key, const u8 *have, int from)
{
	int i, svn;

	for (i = from; i < 16; i++) {
		svn = svn_of(level, key, i);
		if (svn < 0 || have[i] < svn)
			return false;
	}
	return true;
}

/* If the TDX module has a version, its own levels judge the first two components. */
static int first_component(const u8 *svn)
{
	return svn[1] ? 2 : 0;
}

/* Levels are in order, the newest first: the first one that is reached counts. */
static struct json_object *platform_level(struct json_object *info, const struct pck *p,
					  const u8 *svn)
{
	struct json_object *levels = member(info, "tcbLevels", json_type_array);
	size_t i, n = levels ? json_object_array_length(levels) : 0;

	for (i = 0; i < n; i++) {
		struct json_object *l = json_object_array_get_idx(levels, i);
		int pcesvn = pcesvn_of(l);

		if (pcesvn >= 0 && p->pcesvn >= (u32)pcesvn &&
		    components_reach(l, "sgxtcbcomponents", p->comp, 0) &&
		    components_reach(l, "tdxtcbcomponents", svn, first_component(svn)))
			return l;
	}
	return NULL;
}

static void components_behind(struct tcb_level *to, struct json_object *best, const char *key,
			      const char *title, const u8 *have, int from)
{
	struct json_object *list = member(member(best, "tcb", json_type_object), key, json_type_array);
	int i, svn;

	for (i = from; i < 16; i++) {
		struct json_object *c = list ? json_object_array_get_idx(list, (size_t)i) : NULL;
		const char *type = json_get_text(c, "type");
		char *name CLEANUP(free_str) = NULL;

		svn = svn_of(best, key, i);
		if (svn <= have[i])
			continue;
		name = type && *type ? xasprintf("%s component %d (%s)", title, i + 1, type) :
		       xasprintf("%s component %d", title, i + 1);
		tcb_behind(to, name, have[i], (u32)svn);
	}
}

/* The level of the platform, and what keeps it from the newest one */
static void judge_platform(struct verify *v, struct json_object *info, const struct pck *p,
			   const u8 *svn)
{
	struct json_object *levels = member(info, "tcbLevels", json_type_array);
	struct json_object *level = platform_level(info, p, svn);
	struct json_object *best = levels && json_object_array_length(levels) ?
				   json_object_array_get_idx(levels, 0) : NULL;
	struct tcb_level *l = tcb_level_new(v, "platform");

	if (best && level != best) {
		components_behind(l, best, "sgxtcbcomponents", "SGX", p->comp, 0);
		components_behind(l, best, "tdxtcbcomponents", "TDX", svn, first_component(svn));
		if (pcesvn_of(best) > (int)p->pcesvn)
			tcb_behind(l, "PCESVN", p->pcesvn, (u32)pcesvn_of(best));
	}
	tcb_level_judge(v, l, level);
}

/* The same of a list of one number, ISVSVN */
static void judge_isvsvn(struct verify *v, const char *of, struct json_object *o, unsigned int have)
{
	struct json_object *levels = member(o, "tcbLevels", json_type_array), *level = NULL;
	size_t i, n = levels ? json_object_array_length(levels) : 0;
	struct tcb_level *l = tcb_level_new(v, of);
	int best = -1;

	for (i = 0; i < n && !level; i++) {
		struct json_object *one = json_object_array_get_idx(levels, i);
		int svn = int_member(member(one, "tcb", json_type_object), "isvsvn");

		if (!i)
			best = svn;
		if (svn >= 0 && have >= (unsigned int)svn)
			level = one;
	}
	if (best > (int)have)
		tcb_behind(l, "ISVSVN", have, (u32)best);
	tcb_level_judge(v, l, level);
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
		judge_isvsvn(v, "TDX module", m, body[0]);
}

static void tcb_info(struct verify *v, const struct buf *file, const struct tdx_quote *q,
		     const struct pck *p, struct evaluation *parts)
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
		judge_platform(v, info, p, q->body.p);
	module(v, info, q->body.p);
	parts->tcb_info = int_member(info, "tcbEvaluationDataNumber");
	json_put(&info);
}

static void qe_identity(struct verify *v, const struct buf *file, const u8 *qe,
			struct evaluation *parts)
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
		judge_isvsvn(v, "quoting enclave", o, le16(qe + 258));
	parts->qe = int_member(o, "tcbEvaluationDataNumber");
	json_put(&o);
}

/* Both parts of one evaluation of Intel's, and of none that is too old */
static void judge_evaluation(struct verify *v, const struct evaluation *e)
{
	bool both = e->tcb_info >= 0 && e->qe >= 0;
	u64 min = v->policy.min_evaluation;

	if (both)
		judged(v, GENUINE, e->tcb_info == e->qe, "TCB evaluation", e->tcb_info == e->qe ?
		       "both parts have tcbEvaluationDataNumber %d" :
		       "the TCB info has tcbEvaluationDataNumber %d, the QE identity %d: get both at one time",
		       e->tcb_info, e->qe);
	if (!v->policy.given[ASK_MIN_EVALUATION] || !both)
		return;
	answered(v, ASK_MIN_EVALUATION);
	judged(v, APPRAISED, (u64)e->tcb_info >= min && (u64)e->qe >= min, "minimum evaluation",
	       "tcbEvaluationDataNumber is %d, %llu is asked for", e->tcb_info < e->qe ? e->tcb_info :
	       e->qe, (unsigned long long)min);
}

/* A part that is missing is listed, or not possible where a status was asked for. */
static void missing(struct verify *v, const char *check, const char *what)
{
	if (v->policy.given[ASK_TCB_STATUS])
		unable(v, APPRAISED, check, "--tcb-status asks for it, and no %s was given (--collateral FILE)",
		       what);
	else
		left_out(v, APPRAISED, check, "no %s was given (--collateral FILE): whether Intel calls it up to date, out of date or revoked is not known",
			 what);
}

void verify_collateral(struct verify *v, const struct tdx_quote *q, const struct pck *p)
{
	struct evaluation e = { -1, -1 };
	bool tcb = false, qe = false;
	struct span s;
	size_t i;

	for (i = 0; p && i < v->n_collateral; i++) {
		answered(v, ASK_COLLATERAL);
		if (raw_object(buf_span(&v->collateral[i]), "tcbInfo", &s)) {
			if (tcb)
				failed(v, GENUINE, "collateral", "there are two TCB infos");
			else
				tcb_info(v, &v->collateral[i], q, p, &e);
			tcb = true;
		} else if (raw_object(buf_span(&v->collateral[i]), "enclaveIdentity", &s)) {
			if (qe)
				failed(v, GENUINE, "collateral", "there are two QE identities");
			else
				qe_identity(v, &v->collateral[i], q->qe_report.p, &e);
			qe = true;
		} else {
			failed(v, GENUINE, "collateral", "a file is neither TCB info nor QE identity of Intel's PCS");
		}
	}
	if (tcb && qe)
		answered(v, ASK_TCB_STATUS);
	judge_evaluation(v, &e);
	if (!tcb)
		missing(v, "TCB status", "TCB info");
	if (!qe)
		missing(v, "TCB status of the quoting enclave", "QE identity");
}
