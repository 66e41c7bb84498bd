// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Intel says of TCBs, given as files: TCB info of this platform's family
 * and the identity of the quoting enclave, as its Provisioning Certification
 * Service version 4 sends them. Both are signed texts.
 */
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "evidence/pck.h"
#include "verify/collateral.h"

/*
 * What the files come to. Levels are judged when all is known: the state of the
 * quoting enclave decides whether a TD that is behind needs no more than to be
 * started again.
 */
#define LEVELS_MAX	128	/* each is compared with all before it */

struct found {
	struct json_object *info, *qe;		/* signed, and of this quote */
	struct json_object *platform, *module, *enclave;	/* levels that are reached */
	int info_number, qe_number;		/* tcbEvaluationDataNumber; -1: no such file */
	bool module_known;
};

static int pcesvn_of(struct json_object *level)
{
	struct json_object *tcb = pcs_member(level, "tcb", json_type_object);

	return tcb ? pcs_int(tcb, "pcesvn") : -1;
}

/* The SVN that the level requires of a component; -1 where there is none */
static int svn_of(struct json_object *level, const char *key, int i)
{
	struct json_object *list = pcs_member(pcs_member(level, "tcb", json_type_object), key, json_type_array);

	if (!list || json_object_array_length(list) != 16)
		return -1;
	return pcs_int(json_object_array_get_idx(list, (size_t)i), "svn");
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

static bool sgx_reach(struct json_object *level, const struct pck *p)
{
	int pcesvn = pcesvn_of(level);

	return pcesvn >= 0 && p->pcesvn >= (u32)pcesvn &&
	       components_reach(level, "sgxtcbcomponents", p->comp, 0);
}

/* Levels are in order, the newest first: the first one that is reached counts.
 * @svn is NULL for the processor alone.
 */
static struct json_object *level_of(struct json_object *info, const struct pck *p, const u8 *svn)
{
	struct json_object *levels = pcs_member(info, "tcbLevels", json_type_array);
	size_t i, n = levels ? json_object_array_length(levels) : 0;

	for (i = 0; i < n; i++) {
		struct json_object *l = json_object_array_get_idx(levels, i);

		if (sgx_reach(l, p) &&
		    (!svn || components_reach(l, "tdxtcbcomponents", svn, first_component(svn))))
			return l;
	}
	return NULL;
}

static struct json_object *newest_level(struct json_object *o)
{
	struct json_object *levels = pcs_member(o, "tcbLevels", json_type_array);

	return levels && json_object_array_length(levels) ? json_object_array_get_idx(levels, 0) : NULL;
}

/* The same of a list of one number, ISVSVN */
static int isvsvn_of(struct json_object *level)
{
	return pcs_int(pcs_member(level, "tcb", json_type_object), "isvsvn");
}

static struct json_object *isvsvn_level(struct json_object *o, unsigned int have)
{
	struct json_object *levels = pcs_member(o, "tcbLevels", json_type_array);
	size_t i, n = levels ? json_object_array_length(levels) : 0;

	for (i = 0; i < n; i++) {
		struct json_object *l = json_object_array_get_idx(levels, i);
		int svn = isvsvn_of(l);

		if (svn >= 0 && have >= (unsigned int)svn)
			return l;
	}
	return NULL;
}

static void components_behind(struct tcb_level *to, struct json_object *best, const char *key,
			      const char *title, const u8 *have, int from)
{
	struct json_object *list = pcs_member(pcs_member(best, "tcb", json_type_object), key, json_type_array);
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
static void judge_platform(struct verify *v, const struct found *f, const struct pck *p,
			   const u8 *svn, const char *relaunch)
{
	struct json_object *best = newest_level(f->info);
	struct tcb_level *l = tcb_level_new(v, "platform");

	if (best && f->platform != best) {
		components_behind(l, best, "sgxtcbcomponents", "SGX", p->comp, 0);
		components_behind(l, best, "tdxtcbcomponents", "TDX", svn, first_component(svn));
		if (pcesvn_of(best) > (int)p->pcesvn)
			tcb_behind(l, "PCESVN", p->pcesvn, (u32)pcesvn_of(best));
	}
	tcb_level_judge(v, l, f->platform, relaunch);
}

static void judge_isvsvn(struct verify *v, const char *of, struct json_object *o,
			 struct json_object *level, unsigned int have, const char *relaunch)
{
	struct tcb_level *l = tcb_level_new(v, of);
	int best = isvsvn_of(newest_level(o));

	if (best > (int)have)
		tcb_behind(l, "ISVSVN", have, (u32)best);
	tcb_level_judge(v, l, level, relaunch);
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

	return pcs_hex(m, "mrsigner", signer_of, 48) && pcs_hex(m, "attributes", attr, 8) &&
	       pcs_hex(m, "attributesMask", mask, 8) && !memcmp(signer_of, body + 64, 48) &&
	       masked_equal(body + 112, attr, mask, 8);
}

static struct json_object *module_identity(struct json_object *info, u8 version)
{
	struct json_object *list = pcs_member(info, "tdxModuleIdentities", json_type_array);
	size_t i, n = list ? json_object_array_length(list) : 0;
	char id[16];

	snprintf(id, sizeof(id), "TDX_%02X", version);
	for (i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *name = json_get_text(one, "id");

		if (name && !strcasecmp(name, id))
			return one;
	}
	return NULL;
}

/* The same of a list of one number: what is wrong with it, or NULL */
static const char *isvsvn_disorder(struct json_object *o)
{
	struct json_object *levels = pcs_member(o, "tcbLevels", json_type_array);
	size_t i, n = levels ? json_object_array_length(levels) : 0;
	int svn, before = INT_MAX;

	for (i = 0; i < n; i++, before = svn) {
		svn = isvsvn_of(json_object_array_get_idx(levels, i));
		if (svn < 0 || svn >= before)
			return "its levels are not in order, or lack an ISVSVN: which of them counts is not known";
	}
	return NULL;
}

/* Whether a name is there twice in the list of modules, of which the first would count */
static bool is_there_twice(struct json_object *info, struct json_object *m)
{
	struct json_object *list = pcs_member(info, "tdxModuleIdentities", json_type_array);
	const char *id = json_get_text(m, "id"), *other;
	size_t i, n = list ? json_object_array_length(list) : 0, same = 0;

	for (i = 0; i < n; i++) {
		other = json_get_text(json_object_array_get_idx(list, i), "id");
		same += other && !strcasecmp(other, id);
	}
	return same > 1;
}

static void module(struct verify *v, struct found *f, const u8 *body)
{
	struct json_object *m;
	const char *why;

	if (!body[1]) {
		m = pcs_member(f->info, "tdxModule", json_type_object);
		judged(v, GENUINE, m && is_signed_as(m, body), "TDX module identity",
		       "version 0 of the TCB info's tdxModule");
		return;
	}
	m = module_identity(f->info, body[1]);
	why = m ? isvsvn_disorder(m) : NULL;
	if (m && is_there_twice(f->info, m))
		why = "it is in the TCB info twice";
	if (why)
		failed(v, GENUINE, "TDX module identity", "TDX_%02X: %s", body[1], why);
	else
		judged(v, GENUINE, m && is_signed_as(m, body), "TDX module identity",
		       m ? "TDX_%02X of the TCB info" : "TDX_%02X is not in the TCB info", body[1]);
	f->module_known = m;
	f->module = m ? isvsvn_level(m, body[0]) : NULL;
}

/*
 * Whether a list of components is no lower than another's at any place; false, too, where
 * one cannot be read
 */
static bool components_cover(struct json_object *a, struct json_object *b, const char *key)
{
	int i, x, y;

	for (i = 0; i < 16; i++) {
		x = svn_of(a, key, i);
		y = svn_of(b, key, i);
		if (x < 0 || y < 0 || x < y)
			return false;
	}
	return true;
}

static bool covers(struct json_object *a, struct json_object *b)
{
	return components_cover(a, b, "sgxtcbcomponents") && components_cover(a, b, "tdxtcbcomponents") &&
	       pcesvn_of(a) >= pcesvn_of(b);
}

/*
 * The first level that is reached counts, which is right only if the better one comes
 * first: what is wrong with the list, or NULL. Intel's library sorts it, and refuses one
 * that has two levels of the same SVNs.
 */
static const char *disorder(struct json_object *info)
{
	struct json_object *levels = pcs_member(info, "tcbLevels", json_type_array), *l;
	size_t i, k, n = levels ? json_object_array_length(levels) : 0;

	if (n > LEVELS_MAX)
		return "it has more TCB levels than 128, and a platform has a few dozen";
	for (i = 0; i < n; i++) {
		l = json_object_array_get_idx(levels, i);
		/* that no level covers itself is that it cannot be read */
		if (!json_object_is_type(l, json_type_object) || !covers(l, l) || pcesvn_of(l) < 0 ||
		    !json_get_text(l, "tcbStatus"))
			return "one of its TCB levels lacks a component, PCESVN or status";
		for (k = 0; k < i; k++)
			if (covers(l, json_object_array_get_idx(levels, k)))
				return "of its TCB levels one has SVNs no lower than one before it: which of them counts is not known";
	}
	return NULL;
}

static void tcb_info(struct verify *v, const struct buf *file, const struct tdx_quote *q,
		     const struct pck *p, struct found *f)
{
	struct json_object *info = pcs_signed(v, file, "tcbInfo", "TCB info");
	u8 fmspc[6], pceid[2];
	const char *id, *why;

	if (!info)
		return;
	f->info_number = pcs_int(info, "tcbEvaluationDataNumber");
	id = json_get_text(info, "id");
	if (!id || strcmp(id, "TDX") || pcs_int(info, "version") != 3) {
		failed(v, GENUINE, "TCB info", "it is not for TDX, or not version 3");
	} else if (pcs_int(info, "tcbType")) {
		failed(v, GENUINE, "TCB info", "its tcbType is not 0: how its levels compare is not known");
	} else if (!pcs_hex(info, "fmspc", fmspc, 6) || !pcs_hex(info, "pceId", pceid, 2) ||
		   memcmp(fmspc, p->fmspc, 6) || memcmp(pceid, p->pceid, 2)) {
		failed(v, GENUINE, "TCB info", "it is for another FMSPC than this platform's");
	} else if ((why = disorder(info))) {
		failed(v, GENUINE, "TCB info", "%s", why);
	} else {
		f->info = info;
		f->platform = level_of(info, p, q->body.p);
		module(v, f, q->body.p);
		return;
	}
	json_put(&info);
}

static void qe_identity(struct verify *v, const struct buf *file, const u8 *qe, struct found *f)
{
	struct json_object *o = pcs_signed(v, file, "enclaveIdentity", "QE identity");
	u8 signer_of[32], attr[16], attr_mask[16], misc[4], misc_mask[4];
	const char *id, *why;

	if (!o)
		return;
	f->qe_number = pcs_int(o, "tcbEvaluationDataNumber");
	id = json_get_text(o, "id");
	if (!id || strcmp(id, "TD_QE") || pcs_int(o, "version") != 2) {
		failed(v, GENUINE, "QE identity", "it is not for the TD quoting enclave, or not version 2");
	} else if (!pcs_hex(o, "mrsigner", signer_of, 32) || memcmp(signer_of, qe + 128, 32) ||
		   pcs_int(o, "isvprodid") != le16(qe + 256)) {
		failed(v, GENUINE, "QE identity", "the quoting enclave has another signer or product id");
	} else if (!pcs_hex(o, "attributes", attr, 16) || !pcs_hex(o, "attributesMask", attr_mask, 16) ||
		   !pcs_hex(o, "miscselect", misc, 4) || !pcs_hex(o, "miscselectMask", misc_mask, 4) ||
		   !masked_equal(qe + 48, attr, attr_mask, 16) ||
		   !masked_equal(qe + 16, misc, misc_mask, 4)) {
		failed(v, GENUINE, "QE identity", "the quoting enclave has other attributes");
	} else if ((why = isvsvn_disorder(o))) {
		failed(v, GENUINE, "QE identity", "%s", why);
	} else {
		f->qe = o;
		f->enclave = isvsvn_level(o, le16(qe + 258));
		return;
	}
	json_put(&o);
}

static const char *status_of(struct json_object *level)
{
	const char *s = level ? json_get_text(level, "tcbStatus") : NULL;

	return s ? s : "";
}

static bool one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(s, *list))
			return true;
	return false;
}

/* The platform's status, with those of the parts that weigh on it: convergeTcbStatuses() */
static const char *converged(const char *platform, const char *module, const char *qe)
{
	bool sw = !strcmp(platform, "UpToDate") || !strcmp(platform, "SWHardeningNeeded");
	bool configuration = !strcmp(platform, "ConfigurationNeeded") ||
			     !strcmp(platform, "ConfigurationAndSWHardeningNeeded");

	if (!strcmp(module, "Revoked") || !strcmp(qe, "Revoked"))
		return "Revoked";
	if (strcmp(module, "OutOfDate") && strcmp(qe, "OutOfDate"))
		return platform;
	return sw ? "OutOfDate" : configuration ? "OutOfDateConfigurationNeeded" : platform;
}

/* Of a TD under the TDX module with these SVNs, and all else as it is; "": not in the lists */
static const char *status_under(const struct found *f, const struct pck *p, const u8 svn[16])
{
	static const char *const of_modules[] = { "UpToDate", "OutOfDate", "Revoked", NULL };
	const char *platform = status_of(level_of(f->info, p, svn)), *module = "UpToDate";
	struct json_object *m;

	if (svn[1]) {
		m = module_identity(f->info, svn[1]);
		module = status_of(m ? isvsvn_level(m, svn[0]) : NULL);
	}
	/* a module has no other statuses than these */
	if (!*platform || !one_of(module, of_modules) || (f->qe && !*status_of(f->enclave)))
		return "";
	return converged(platform, module, f->qe ? status_of(f->enclave) : "");
}

static const char *const stale[] = { "OutOfDate", "OutOfDateConfigurationNeeded", NULL };

/*
 * A TD that was launched under a TDX module that is out of date, on a platform
 * where a new one runs since (TEE_TCB_SVN_2, TD 1.5). The conditions are those of
 * Intel's quote verification library since May 2026, TDRelaunchCheck.cpp and
 * EvaluateTcb.cpp: the status of the launch and that of now, each of platform, module
 * and quoting enclave together. Versions before that compared TEE_TCB_SVN_2 with the
 * newest levels alone, whatever the status of these.
 */
static const char *relaunch_advised(const char *launch, const char *now)
{
	static const char *const fine[] = {
		"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
		"ConfigurationAndSWHardeningNeeded", NULL,
	}, *const configure[] = {
		"ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded",
		"OutOfDateConfigurationNeeded", NULL,
	};

	if (!one_of(launch, stale) || !one_of(now, fine))
		return NULL;
	return one_of(launch, configure) || one_of(now, configure) ?
	       "TDRelaunchAdvisedConfigurationNeeded" : "TDRelaunchAdvised";
}

/* A TD is no better than the module that runs it now, whatever launched it. */
static void judge_now(struct verify *v, const char *launch, const char *now)
{
	/* as the library: what is not known of now is not passed over */
	if (*launch && !*now)
		failed(v, APPRAISED, "TCB status of now", "TEE_TCB_SVN_2, the TDX module that runs now, reaches no level that Intel lists");
	else if (!strcmp(now, "Revoked"))
		failed(v, GENUINE, "TCB status of now", "Intel revoked the TDX module that runs now (TEE_TCB_SVN_2), or what it runs on");
	else if (*now && strcmp(now, launch) && !relaunch_advised(launch, now))
		judged(v, APPRAISED, tcb_status_is_allowed(v, now), "TCB status of now",
		       "%s is the status under the TDX module that runs now (TEE_TCB_SVN_2)", now);
}

static void judge_levels(struct verify *v, const struct found *f, const struct tdx_quote *q,
			 const struct pck *p)
{
	const u8 *svn = q->body.p;
	const char *relaunch = NULL;

	if (f->info && q->body.len >= TDX_BODY15_LEN) {
		const char *launch = status_under(f, p, svn), *now = status_under(f, p, svn + 584);

		judge_now(v, launch, now);
		relaunch = relaunch_advised(launch, now);
	}
	if (f->info)
		judge_platform(v, f, p, svn, relaunch);
	if (f->module_known)
		judge_isvsvn(v, "TDX module", module_identity(f->info, svn[1]), f->module, svn[0], relaunch);
	if (f->qe)
		judge_isvsvn(v, "quoting enclave", f->qe, f->enclave, le16(q->qe_report.p + 258), NULL);
}

/* Both parts of one evaluation of Intel's, and of none that is too old */
static void judge_evaluation(struct verify *v, const struct found *f)
{
	bool both = f->info_number >= 0 && f->qe_number >= 0;
	u64 min = v->policy.min_evaluation;

	if (both)
		judged(v, GENUINE, f->info_number == f->qe_number, "TCB evaluation",
		       f->info_number == f->qe_number ?
		       "both parts have tcbEvaluationDataNumber %d" :
		       "the TCB info has tcbEvaluationDataNumber %d, the QE identity %d: get both at the same time",
		       f->info_number, f->qe_number);
	if (!v->policy.given[ASK_MIN_EVALUATION] || !both)
		return;
	answered(v, ASK_MIN_EVALUATION);
	judged(v, APPRAISED, (u64)f->info_number >= min && (u64)f->qe_number >= min, "minimum evaluation",
	       "tcbEvaluationDataNumber is %d, %llu is required",
	       f->info_number < f->qe_number ? f->info_number : f->qe_number, (unsigned long long)min);
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
	struct found f = { .info_number = -1, .qe_number = -1 };
	bool tcb = false, qe = false;
	struct span s;
	size_t i;

	for (i = 0; p && i < v->n_collateral; i++) {
		answered(v, ASK_COLLATERAL);
		if (pcs_raw(buf_span(&v->collateral[i]), "tcbInfo", &s)) {
			if (tcb)
				failed(v, GENUINE, "collateral", "there are two TCB infos");
			else
				tcb_info(v, &v->collateral[i], q, p, &f);
			tcb = true;
		} else if (pcs_raw(buf_span(&v->collateral[i]), "enclaveIdentity", &s)) {
			if (qe)
				failed(v, GENUINE, "collateral", "there are two QE identities");
			else
				qe_identity(v, &v->collateral[i], q->qe_report.p, &f);
			qe = true;
		} else {
			failed(v, GENUINE, "collateral", "a file is neither TCB info nor QE identity of Intel's PCS");
		}
	}
	if (tcb && qe)
		answered(v, ASK_TCB_STATUS);
	judge_levels(v, &f, q, p);
	judge_evaluation(v, &f);
	json_put(&f.info);
	json_put(&f.qe);
	if (!tcb)
		missing(v, "TCB status", "TCB info");
	if (!qe)
		missing(v, "TCB status of the quoting enclave", "QE identity");
}
