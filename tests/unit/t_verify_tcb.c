// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of TDX one by one: Intel's collateral by each field and position, the
 * minimum of each byte, event logs, and the limits of what is read.
 */
#include "base/digest.h"
#include <openssl/x509v3.h>

#include "vtest.h"

static void again(void)
{
	verify_forget(&v);
	verify_check(&v);
}

static u8 body0[16], svn2[16];
static bool td15;

/* A quote with @info and @qe, either may be NULL; TEE_TCB_SVN of body0, of TD 1.5 svn2 */
static void judge_with(const char *info, const char *qe)
{
	struct buf b = { 0 };
	struct vquote q;

	begin();
	trust(&sim, false);
	give(sim.tcb_crt);
	v.collateral = xalloc(2 * sizeof(*v.collateral));
	if (info)
		vsim_collateral(&v.collateral[v.n_collateral++], "tcbInfo", info, sim.tcb);
	if (qe)
		vsim_collateral(&v.collateral[v.n_collateral++], "enclaveIdentity", qe, sim.tcb);
	vsim_quote_init(&q);
	memcpy(q.body, body0, 16);
	memcpy(q.body + 584, svn2, 16);
	q.td15 = td15;
	vsim_quote(&sim, &q, &b);
	run(b.p, b.len);
	buf_free(&b);
}

static void list(struct buf *b, const char *key, size_t high, int by)
{
	size_t i;

	buf_printf(b, "\"%s\":[", key);
	for (i = 0; i < 16; i++)
		buf_printf(b, "%s{\"svn\":%d}", i ? "," : "", 5 + (i == high ? by : 0));
	buf_add_str(b, "]");
}

/* TCB info whose one level asks for 5 everywhere but at one position */
static void info_with(struct buf *b, size_t sgx, size_t tdx, int by, int pcesvn, const char *fmspc,
		      const char *pceid)
{
	buf_printf(b, "{\"id\":\"TDX\",\"version\":3,\"tcbType\":0," TIMES(LATER) ",\"fmspc\":\"%s\",\"pceId\":\"%s\","
		   "\"tcbEvaluationDataNumber\":17,\"tdxModule\":{\"mrsigner\":\"" ZEROS48 "\","
		   "\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\"},"
		   "\"tdxModuleIdentities\":[{\"id\":\"TDX_01\",\"mrsigner\":\"" ZEROS48 "\","
		   "\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\","
		   "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":5},\"tcbDate\":\"2025-06-01T00:00:00Z\","
		   "\"tcbStatus\":\"UpToDate\"}]}],\"tcbLevels\":[{\"tcb\":{", fmspc, pceid);
	list(b, "sgxtcbcomponents", sgx, by);
	buf_printf(b, ",\"pcesvn\":%d,", pcesvn);
	list(b, "tdxtcbcomponents", tdx, by);
	buf_add_str(b, "},\"tcbDate\":\"2025-06-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}");
}

static void positions(void)
{
	struct buf b = { 0 };
	char what[64];
	size_t i;
	int by;

	memset(body0, 5, 16);
	body0[1] = 1;
	for (by = -1; by <= 1; by++) {
		for (i = 0; i < 32; i++) {
			/* of a module with a version, its own levels judge the first two */
			bool good = by <= 0 || i == 16 || i == 17;

			buf_free(&b);
			info_with(&b, i < 16 ? i : 99, i < 16 ? 99 : i - 16, by, 11, "00806F050000", "0000");
			judge_with((char *)b.p, NULL);
			snprintf(what, sizeof(what), "%s component %zu %+d", i < 16 ? "SGX" : "TDX", i % 16, by);
			want(good ? PASSED : FAILED, "TCB status of the platform", what);
			if (!good)
				ok(v.n_levels && v.levels[0].n_behind == 1 && v.levels[0].behind[0].have == 5 &&
				   v.levels[0].behind[0].need == 6, "%s: it is told which is behind", what);
		}
		buf_free(&b);
		info_with(&b, 99, 99, 0, 11 + by, "00806F050000", "0000");
		judge_with((char *)b.p, NULL);
		snprintf(what, sizeof(what), "PCESVN %+d", by);
		want(by <= 0 ? PASSED : FAILED, "TCB status of the platform", what);
	}
	/* a module without a version: all sixteen count */
	memset(body0, 5, 16);
	body0[1] = 0;
	for (i = 0; i < 2; i++) {
		buf_free(&b);
		info_with(&b, 99, i, 1, 11, "00806F050000", "0000");
		judge_with((char *)b.p, NULL);
		snprintf(what, sizeof(what), "TDX component %zu of a module without a version", i);
		want(FAILED, "TCB status of the platform", what);
	}
	body0[1] = 1;
	for (i = 0; i < 6; i++) {
		char fmspc[] = "00806F050000";

		fmspc[2 * i + 1] = '7';
		buf_free(&b);
		info_with(&b, 99, 99, 0, 11, fmspc, "0000");
		judge_with((char *)b.p, NULL);
		snprintf(what, sizeof(what), "FMSPC %s", fmspc);
		want(FAILED, "TCB info", what);
	}
	for (i = 0; i < 2; i++) {
		buf_free(&b);
		info_with(&b, 99, 99, 0, 11, "00806F050000", i ? "0001" : "0100");
		judge_with((char *)b.p, NULL);
		want(FAILED, "TCB info", i ? "pceId 0001" : "pceId 0100");
	}
	buf_free(&b);
}

#define INFO TCB_INFO("00806F050000", LATER, LEVEL("5", "UpToDate"))

static void evaluation(void)
{
	static const struct {
		const char *opt, *arg, *check;
		enum outcome o;
	} c[] = {
		{ "min-evaluation", "17", "minimum evaluation", PASSED },
		{ "min-evaluation", "18", "minimum evaluation", FAILED },
		{ "min-tcb-date", "2025-06-01", "TCB date of the platform", PASSED },
		{ "min-tcb-date", "2025-06-02", "TCB date of the platform", FAILED },
		{ "min-tcb-date", "2025-06-02", "TCB date of the TDX module", FAILED },
		{ "min-tcb-date", "2025-06-02", "TCB date of the quoting enclave", FAILED },
		{ "min-qe-svn", "6", "minimum QE SVN", PASSED },
		{ "min-qe-svn", "7", "minimum QE SVN", FAILED },
		{ "min-pce-svn", "11", "minimum PCE SVN", PASSED },
		{ "min-pce-svn", "12", "minimum PCE SVN", FAILED },
		{ "ppid", "01010101010101010101010101010101", "ppid", PASSED },
		{ "ppid", "01010101010101010101010101010102", "ppid", FAILED },
		{ "platform-instance-id", "06060606060606060606060606060606", "platform-instance-id", PASSED },
		{ "platform-instance-id", "07060606060606060606060606060606", "platform-instance-id", FAILED },
	};
	char *other = xstrdup(QE_ID("6")), *n = strstr(other, "\"tcbEvaluationDataNumber\":17");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		judge_with(INFO, QE_ID("6"));
		verdict(GENUINE, PASSED, "both parts of the collateral");
		want(PASSED, "TCB evaluation", "both parts of the collateral");
		opt(c[i].opt, c[i].arg);
		again();
		want(c[i].o, c[i].check, c[i].arg);
	}
	n[strlen("\"tcbEvaluationDataNumber\":1")] = '6';
	judge_with(INFO, other);
	want(FAILED, "TCB evaluation", "parts of two evaluations");
	judge_with(INFO, NULL);
	opt("tcb-status", "UpToDate");
	again();
	want(UNABLE, "TCB status of the quoting enclave", "--tcb-status without a QE identity");
	judge_with(NULL, QE_ID("6"));
	opt("tcb-status", "UpToDate");
	again();
	want(UNABLE, "TCB status", "--tcb-status without TCB info");
	judge_with(NULL, NULL);
	opt("tcb-status", "UpToDate");
	again();
	verdict(APPRAISED, UNABLE, "--tcb-status without collateral");
	judge_with(INFO, QE_ID("7"));
	want(FAILED, "TCB status of the quoting enclave", "a QE below its list");
	judge_with(TCB_INFO("00806F050000", LATER, LEVEL("6", "UpToDate") "," LEVEL("5", "OutOfDate")), NULL);
	ok(v.n_levels && !strcmp(v.levels[0].status, "OutOfDate") && v.levels[0].n_behind == 30 &&
	   !strcmp(v.levels[0].advisories, "INTEL-SA-1") && !strncmp(v.levels[0].date, "2025-06-01", 10),
	   "out of date: what is behind, since when, which advisories");
	judge_with(INFO, NULL);
	vsim_collateral(&v.collateral[v.n_collateral++], "tcbInfo", INFO, sim.tcb);
	again();
	want(FAILED, "collateral", "TCB info twice");
	judge_with(NULL, QE_ID("6"));
	opt("min-tcb-date", "2025-01-01");
	again();
	want(PASSED, "TCB date of the quoting enclave", "--min-tcb-date without TCB info");
	want(UNABLE, "min-tcb-date", "--min-tcb-date without TCB info");
	free(other);
}

/* @text, with the first @from in it made @to; to be freed */
static char *with(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* What Intel's documents of the PCS, version 4, give each part */
static void headers(void)
{
	static const struct {
		bool qe;
		const char *from, *to;
	} c[] = {
		{ false, "\"version\":3", "\"version\":2" }, { false, "\"id\":\"TDX\"", "\"id\":\"SGX\"" },
		{ false, "\"tcbType\":0", "\"tcbType\":1" }, { false, "\"tcbType\":0,", "" },
		{ false, "\"tcbEvaluationDataNumber\":17,", "" },
		{ false, "\"issueDate\"", "\"issued\"" }, { false, "\"nextUpdate\"", "\"until\"" },
		{ true, "\"version\":2", "\"version\":1" }, { true, "\"id\":\"TD_QE\"", "\"id\":\"QE\"" },
		{ true, "\"tcbEvaluationDataNumber\":17,", "" },
		{ true, "\"nextUpdate\"", "\"until\"" },
	};
	char what[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		char *text = with(c[i].qe ? QE_ID("6") : INFO, c[i].from, c[i].to);

		judge_with(c[i].qe ? INFO : text, c[i].qe ? text : QE_ID("6"));
		snprintf(what, sizeof(what), "%s instead of %s", c[i].to, c[i].from);
		want(FAILED, c[i].qe ? "QE identity" : "TCB info", what);
		verdict(GENUINE, FAILED, what);
		free(text);
	}
}

/*
 * The cases of Intel's quote verification library, QuoteVerifierTcbStatusUT.cpp of 2026-07,
 * that are about TEE_TCB_SVN_2: a platform with two levels and a module with two,
 * a TD that was launched under the earliest or the latest. The platform's SVNs are
 * 5 in all positions; the earliest level asks for less of the TDX components.
 */
#define TWO(latest, earliest, module_latest, module_earliest) \
	"{\"id\":\"TDX\",\"version\":3,\"tcbType\":0," TIMES(LATER) ",\"fmspc\":\"00806F050000\"," \
	"\"pceId\":\"0000\",\"tcbEvaluationDataNumber\":17,\"tdxModuleIdentities\":[{\"id\":\"TDX_01\"," \
	"\"mrsigner\":\"" ZEROS48 "\",\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\"," \
	"\"tcbLevels\":[{\"tcb\":{\"isvsvn\":5},\"tcbStatus\":\"" module_latest "\"}," \
	"{\"tcb\":{\"isvsvn\":2},\"tcbStatus\":\"" module_earliest "\"}]}],\"tcbLevels\":[" \
	TDX_LEVEL("5", latest) "," TDX_LEVEL("2", earliest) "]}"
#define TDX_LEVEL(svn, status) "{\"tcb\":{\"sgxtcbcomponents\":[" COMPS("5") "],\"pcesvn\":11," \
	"\"tdxtcbcomponents\":[" COMPS(svn) "]},\"tcbDate\":\"2025-06-01T00:00:00Z\",\"tcbStatus\":\"" status "\"}"

static void relaunch(void)
{
	static const struct {
		const char *info, *qe;
		u8 svn, svn2;		/* of all components but the module's version */
		const char *platform, *module;
	} c[] = {
		{ TWO("UpToDate", "OutOfDate", "UpToDate", "OutOfDate"), NULL, 5, 5, "UpToDate", "UpToDate" },
		{ TWO("UpToDate", "OutOfDate", "UpToDate", "OutOfDate"), NULL, 2, 2, "OutOfDate", "OutOfDate" },
		{ TWO("Revoked", "OutOfDate", "OutOfDate", "OutOfDate"), NULL, 2, 5, "OutOfDate", "OutOfDate" },
		{ TWO("UpToDate", "OutOfDate", "UpToDate", "OutOfDate"), NULL, 2, 5,
		  "TDRelaunchAdvised", "TDRelaunchAdvised" },
		{ TWO("UpToDate", "OutOfDate", "UpToDate", "OutOfDate"), QE_ID("6"), 2, 5,
		  "TDRelaunchAdvised", "TDRelaunchAdvised" },
		{ TWO("UpToDate", "OutOfDateConfigurationNeeded", "UpToDate", "OutOfDate"), NULL, 2, 5,
		  "TDRelaunchAdvisedConfigurationNeeded", "TDRelaunchAdvisedConfigurationNeeded" },
		{ TWO("ConfigurationNeeded", "OutOfDate", "UpToDate", "OutOfDate"), QE_ID("6"), 2, 5,
		  "TDRelaunchAdvisedConfigurationNeeded", "TDRelaunchAdvisedConfigurationNeeded" },
		/* of StatusOutOfDate: the newest module is out of date itself */
		{ TWO("UpToDate", "OutOfDate", "OutOfDate", "OutOfDate"), NULL, 2, 5, "OutOfDate", "OutOfDate" },
		{ TWO("UpToDate", "OutOfDate", "OutOfDate", "OutOfDate"), QE_ID("6"), 2, 5, "OutOfDate", "OutOfDate" },
		/* by checkForRelaunch() and convergeTcbStatuses(): one of the two was behind */
		{ TWO("UpToDate", "UpToDate", "UpToDate", "OutOfDate"), NULL, 2, 5, "UpToDate", "TDRelaunchAdvised" },
		{ TWO("UpToDate", "OutOfDate", "UpToDate", "UpToDate"), NULL, 2, 5, "TDRelaunchAdvised", "UpToDate" },
		{ TWO("UpToDate", "ConfigurationNeeded", "UpToDate", "OutOfDate"), NULL, 2, 5,
		  "ConfigurationNeeded", "TDRelaunchAdvisedConfigurationNeeded" },
		{ TWO("SWHardeningNeeded", "SWHardeningNeeded", "UpToDate", "OutOfDate"), NULL, 2, 5,
		  "SWHardeningNeeded", "TDRelaunchAdvised" },
		{ TWO("UpToDate", "OutOfDate", "Revoked", "OutOfDate"), NULL, 2, 5, "OutOfDate", "OutOfDate" },
		/* a quoting enclave below its list, a platform that is behind now, too */
		{ TWO("UpToDate", "OutOfDate", "UpToDate", "OutOfDate"), QE_ID("7"), 2, 5, "OutOfDate", "OutOfDate" },
		{ TWO("UpToDate", "OutOfDate", "UpToDate", "OutOfDate"), NULL, 2, 4, "OutOfDate", "OutOfDate" },
		{ TWO("UpToDate", "Revoked", "UpToDate", "OutOfDate"), NULL, 2, 5, "Revoked", "OutOfDate" },
	};
	char what[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		memset(body0, c[i].svn, 16);
		memset(svn2, c[i].svn2, 16);
		body0[1] = 1;
		svn2[1] = 1;
		td15 = true;
		judge_with(c[i].info, c[i].qe);
		snprintf(what, sizeof(what), "relaunch, case %zu: %s and %s", i, c[i].platform, c[i].module);
		ok(v.n_levels >= 2 && !strcmp(v.levels[0].status, c[i].platform) &&
		   !strcmp(v.levels[1].status, c[i].module), "%s", what);
		if (strncmp(c[i].platform, "TDRelaunch", 10) || strcmp(c[i].platform, c[i].module))
			continue;
		want(FAILED, "TCB status of the platform", what);
		opt("tcb-status", c[i].platform);
		again();
		want(PASSED, "TCB status of the platform", what);
		want(PASSED, "TCB status of the TDX module", what);
	}
	/* a module that the list does not have runs now */
	memset(body0, 2, 16);
	memset(svn2, 5, 16);
	body0[1] = 1;
	svn2[1] = 9;
	judge_with(c[3].info, NULL);
	ok(v.n_levels >= 2 && !strcmp(v.levels[0].status, "OutOfDate"), "relaunch, another module runs");
	want(FAILED, "TCB status of now", "relaunch, a module that Intel does not list runs");
	/* and one below its lists, of a TD that was launched under the newest */
	memset(body0, 5, 16);
	memset(svn2, 1, 16);
	body0[1] = 1;
	judge_with(c[3].info, NULL);
	want(FAILED, "TCB status of now", "a module below all levels runs");
	verdict(APPRAISED, FAILED, "a module below all levels runs");
	/* what runs now is no better for what was launched: revoked, or older than that */
	memset(svn2, 2, 16);
	svn2[1] = 1;
	judge_with(TWO("UpToDate", "Revoked", "UpToDate", "OutOfDate"), NULL);
	want(FAILED, "TCB status of now", "a revoked platform runs the TD now");
	verdict(GENUINE, FAILED, "a revoked platform runs the TD now");
	opt("tcb-status", "UpToDate");
	opt("tcb-status", "OutOfDate");
	again();
	want(FAILED, "TCB status of now", "a revoked platform now, whatever is allowed");
	judge_with(TWO("UpToDate", "UpToDate", "UpToDate", "Revoked"), NULL);
	want(FAILED, "TCB status of now", "a revoked module runs the TD now");
	judge_with(c[3].info, NULL);
	want(FAILED, "TCB status of now", "an older module runs the TD now");
	verdict(APPRAISED, FAILED, "an older module runs the TD now");
	opt("tcb-status", "UpToDate");
	opt("tcb-status", "OutOfDate");
	again();
	want(PASSED, "TCB status of now", "an older module now, and OutOfDate is allowed");
	judge_with(TWO("UpToDate", "ConfigurationNeeded", "UpToDate", "UpToDate"), NULL);
	want(FAILED, "TCB status of now", "what runs now needs to be configured");
	judge_with(TWO("UpToDate", "Bogus", "UpToDate", "UpToDate"), NULL);
	want(FAILED, "TCB status of now", "what runs now has a status that nobody knows");
	judge_with(TWO("UpToDate", "UpToDate", "UpToDate", "Bogus"), NULL);
	want(FAILED, "TCB status of now", "the module that runs now has such a status");
	memset(svn2, 5, 16);
	svn2[1] = 1;
	memset(body0, 2, 16);
	body0[1] = 1;
	judge_with(TWO("OutOfDateConfigurationNeeded", "OutOfDate", "UpToDate", "UpToDate"), NULL);
	opt("tcb-status", "OutOfDate");
	again();
	want(FAILED, "TCB status of now", "OutOfDate is allowed, and what runs now is worse");
	judge_with(c[2].info, NULL);
	want(FAILED, "TCB status of now", "a TD that came from an old platform to a revoked one");
	/* a quote of version 4 has no second TEE_TCB_SVN */
	td15 = false;
	svn2[1] = 1;
	judge_with(c[3].info, NULL);
	ok(v.n_levels >= 2 && !strcmp(v.levels[0].status, "OutOfDate"), "relaunch, a quote of version 4");
}

/*
 * Roles under a root of one's own. QVL, PckCertVerifier.cpp: the name has "SGX PCK
 * Certificate" in it; TCBSigningChain.cpp: the root issued the signer of TCB information.
 * RFC 5280, 4.2.1.3 and 4.2.1.12: a key is for what its usages say.
 */
static void own_roles(void)
{
	/* the last makes OpenSSL call it an authority, though by basicConstraints it is none */
	static const char *const usage[] = { "critical,keyAgreement", "critical,keyCertSign" };
	X509 *pck = sim.pck_crt, *tcb = sim.tcb_crt, *ca = sim.ca_crt;
	EVP_PKEY *ca_key = sim.ca;
	X509_EXTENSION *e;
	X509_NAME *name;

	memset(body0, 5, 16);
	body0[1] = 1;
	judge_with(TCB_INFO("00806F050000", LATER, LEVEL("5", "UpToDate")), QE_ID("6"));
	want(PASSED, "roles of the signer of the TCB info", "a signer that the root issued");
	judge_with(TCB_INFO("00806F050000", LATER, LEVEL("5", "Revoked")), QE_ID("6"));
	verdict(GENUINE, FAILED, "what Intel revoked is not genuine, and not only not wanted");
	sim.tcb_crt = X509_dup(tcb);
	X509_set_issuer_name(sim.tcb_crt, X509_get_subject_name(sim.ca_crt));
	X509_sign(sim.tcb_crt, sim.ca, EVP_sha256());
	judge_with(TCB_INFO("00806F050000", LATER, LEVEL("5", "UpToDate")), QE_ID("6"));
	want(FAILED, "roles of the signer of the TCB info", "a signer that the PCK CA issued");
	want(FAILED, "roles of the signer of the QE identity", "the same of the QE identity");
	X509_free(sim.tcb_crt);
	sim.tcb_crt = tcb;

	sim.pck_crt = X509_dup(pck);
	name = X509_NAME_new();
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)"anything", -1, -1, 0);
	X509_set_subject_name(sim.pck_crt, name);
	X509_NAME_free(name);
	X509_sign(sim.pck_crt, sim.ca, EVP_sha256());
	judge_with(NULL, NULL);
	want(PASSED, "certificate chain", "a PCK certificate of any name");
	want(FAILED, "certificate roles", "a PCK certificate of any name");
	X509_free(sim.pck_crt);

	for (size_t i = 0; i < ARRAY_SIZE(usage); i++) {
		int at = X509_get_ext_by_NID(pck, NID_basic_constraints, -1);

		sim.pck_crt = X509_dup(pck);
		if (i && at >= 0)
			X509_EXTENSION_free(X509_delete_ext(sim.pck_crt, at));
		e = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage[i]);
		X509_add_ext(sim.pck_crt, e, -1);
		X509_EXTENSION_free(e);
		X509_sign(sim.pck_crt, sim.ca, EVP_sha256());
		judge_with(NULL, NULL);
		want(FAILED, "certificate chain", usage[i]);
		X509_free(sim.pck_crt);
	}

	sim.pck_crt = X509_dup(pck);
	e = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "critical,serverAuth");
	X509_add_ext(sim.pck_crt, e, -1);
	X509_EXTENSION_free(e);
	X509_sign(sim.pck_crt, sim.ca, EVP_sha256());
	judge_with(NULL, NULL);
	want(FAILED, "certificate chain", "a PCK for servers");
	X509_free(sim.pck_crt);

	/* "PCK Certificate and CRL profile": keys on P-256, that of the CA, too */
	sim.ca = EVP_EC_gen("P-384");
	sim.ca_crt = vsim_authority("TEST PCK CA", sim.ca, "TEST SGX Root CA", sim.root, 12);
	sim.pck_crt = X509_dup(pck);
	X509_sign(sim.pck_crt, sim.ca, EVP_sha256());
	judge_with(NULL, NULL);
	want(PASSED, "certificate chain", "a PCK CA on P-384");
	want(FAILED, "certificate roles", "a PCK CA on P-384");
	X509_free(sim.pck_crt);
	X509_free(sim.ca_crt);
	EVP_PKEY_free(sim.ca);
	sim.ca = ca_key;
	sim.ca_crt = ca;
	sim.pck_crt = pck;
}

/* The first level that is reached counts: the lists of one number, too, must be in order */
static void lists_in_order(void)
{
	static const struct {
		const char *levels;
		enum outcome is;
	} c[] = {
		{ "{\"tcb\":{\"isvsvn\":6},\"tcbStatus\":\"UpToDate\"},{\"tcb\":{\"isvsvn\":4},\"tcbStatus\":\"Revoked\"}", PASSED },
		{ "{\"tcb\":{\"isvsvn\":2},\"tcbStatus\":\"UpToDate\"},{\"tcb\":{\"isvsvn\":4},\"tcbStatus\":\"Revoked\"}", FAILED },
		{ "{\"tcb\":{\"isvsvn\":4},\"tcbStatus\":\"UpToDate\"},{\"tcb\":{\"isvsvn\":4},\"tcbStatus\":\"Revoked\"}", FAILED },
	};
	static const char modules[] = "\"tdxModuleIdentities\":[";
	static const char one[] = "{\"id\":\"TDX_01\",\"mrsigner\":\"" ZEROS48 "\",\"attributes\":\"0000000000000000\","
		"\"attributesMask\":\"FFFFFFFFFFFFFFFF\",\"tcbLevels\":[";
	static const char info[] = TCB_INFO("00806F050000", LATER, LEVEL("5", "UpToDate"));
	const char *at = strstr(info, modules) + sizeof(modules) - 1;
	size_t i;

	memset(body0, 6, 16);
	body0[1] = 1;
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		struct buf qe = { 0 }, two = { 0 };
		static const char id[] = QE_ID("6");

		buf_add(&qe, id, (size_t)(strstr(id, "\"tcbLevels\":[") - id) + 13);
		buf_printf(&qe, "%s]}", c[i].levels);
		judge_with(NULL, (char *)qe.p);
		want(c[i].is == PASSED ? PASSED : FAILED, c[i].is == PASSED ? "TCB status of the quoting enclave" :
		     "QE identity", c[i].levels);
		buf_add(&two, info, (size_t)(at - info));
		buf_printf(&two, "%s%s]},%s", one, c[i].levels, at);
		judge_with((char *)two.p, NULL);
		want(FAILED, "TDX module identity", "a module that the TCB info has twice");
		buf_free(&qe);
		buf_free(&two);
	}
	judge_with(info, NULL);
	want(PASSED, "TDX module identity", "a module that the TCB info has once");
}

static void min_tee_tcb(void)
{
	char hex[33], what[64];
	size_t i;

	memset(body0, 5, 16);
	body0[1] = 1;
	for (i = 0; i < 16; i++) {
		memset(hex, '0', 32);
		hex[32] = '\0';
		hex[2 * i + 1] = (char)('0' + body0[i]);
		judge_with(NULL, NULL);
		opt("min-tee-tcb", hex);
		again();
		snprintf(what, sizeof(what), "byte %zu at its minimum", i);
		want(PASSED, "minimum TEE TCB", what);
		hex[2 * i + 1]++;
		judge_with(NULL, NULL);
		opt("min-tee-tcb", hex);
		again();
		snprintf(what, sizeof(what), "byte %zu below its minimum", i);
		want(FAILED, "minimum TEE TCB", what);
	}
}

/* Event logs: a specification event, then events of one SHA-384 digest */

static void le(struct buf *b, u32 n)
{
	buf_add(b, (u8[]){ (u8)n, (u8)(n >> 8), (u8)(n >> 16), (u8)(n >> 24) }, 4);
}

static void head(struct buf *b)
{
	u8 zeros[24] = { 0 };

	le(b, 0);
	le(b, 3);
	buf_add(b, zeros, 20);
	le(b, 16);
	buf_add(b, "Spec ID Event03", 16);
}

static void event(struct buf *b, u32 reg, u32 type, u8 fill, u8 *rtmr, u32 size)
{
	u8 digest_of[48], both[96], out[DIGEST_MAX];

	memset(digest_of, fill, 48);
	le(b, reg);
	le(b, type);
	le(b, 1);
	buf_add(b, "\x0c", 2);
	buf_add(b, digest_of, 48);
	le(b, size);
	if (!rtmr)
		return;
	memcpy(both, rtmr, 48);
	memcpy(both + 48, digest_of, 48);
	digest("SHA384", both, 96, out);
	memcpy(rtmr, out, 48);
}

static void log_with(const struct buf *log, const u8 rtmr[192])
{
	/* an exact copy: ASan sees a read one byte behind it */
	u8 *copy = malloc(log->len);
	struct buf b = { 0 };
	struct vquote q;

	memcpy(copy, log->p, log->len);
	begin();
	trust(&sim, false);
	vsim_quote_init(&q);
	memcpy(q.body + 328, rtmr, 192);
	vsim_quote(&sim, &q, &b);
	v.parts.event_log = (struct span){ copy, log->len };
	v.policy.given[ASK_EVENT_LOG] = true;
	run(b.p, b.len);
	buf_free(&b);
	free(copy);
	v.parts.event_log = (struct span){ 0 };
}

static bool has_reason(const char *text)
{
	size_t i;

	for (i = 0; i < v.n; i++)
		if (strstr(v.checks[i].reason, text))
			return true;
	return false;
}

static void event_logs(void)
{
	u8 rtmr[192] = { 0 }, beyond[192];
	struct buf log = { 0 }, none = { 0 };
	size_t whole;
	u32 i;

	head(&log);
	buf_add(&none, log.p, log.len);
	event(&log, 1, 1, 0x11, rtmr, 0);
	event(&log, 0xffffffff, 3, 0x22, NULL, 0);
	event(&log, 1, 1, 0x33, rtmr, 0);
	event(&log, 4, 1, 0x44, rtmr + 144, 0);
	log_with(&log, rtmr);
	want(PASSED, "event log, RTMR0", "an EV_NO_ACTION of register 0xffffffff between");
	want(PASSED, "event log, RTMR3", "a log of RTMR3");
	memcpy(beyond, rtmr, 192);
	beyond[150] ^= 1;
	log_with(&log, beyond);
	want(UNABLE, "event log, RTMR3", "RTMR3 extended beyond the log");
	memcpy(beyond, rtmr, 192);
	beyond[100] = 1;
	log_with(&log, beyond);
	want(FAILED, "event log, RTMR2", "a register that the log has no events of");
	log_with(&none, rtmr);
	want(FAILED, "event log, RTMR0", "a log whose events were removed");
	whole = log.len;
	for (i = 0; i < 2; i++) {
		u8 fill[64];

		memset(fill, i ? 0xff : 0, sizeof(fill));
		log.len = whole;
		buf_add(&log, fill, sizeof(fill));
		log_with(&log, rtmr);
		want(PASSED, "event log, RTMR0", i ? "ones behind it" : "zeros behind it");
		buf_add(&log, "\x01", 1);
		log_with(&log, rtmr);
		ok(verify_outcome(&v, BOUND, NULL) == FAILED, "something behind the %s", i ? "ones" : "zeros");
	}
	for (i = 0; i < 3; i++) {
		static const u32 sizes[] = { 0xffffffff, 0x7fffffff, 1 };

		log.len = whole;
		event(&log, 1, 1, 0x55, NULL, sizes[i]);
		log_with(&log, rtmr);
		want(FAILED, "event log", "a last event that claims more data than there are");
	}
	log.len = whole;
	le(&log, 1);
	le(&log, 1);
	le(&log, 2);
	for (i = 0; i < 2; i++) {
		buf_add(&log, "\x0c", 2);
		buf_add(&log, rtmr, 48);
	}
	le(&log, 0);
	log_with(&log, rtmr);
	want(FAILED, "event log", "an event with two SHA-384 digests");
	ok(has_reason("two SHA-384"), "it is told so");
	log.len = whole;
	for (i = 0; i <= VERIFY_EVENTS_MAX; i++)
		event(&log, 0, 1, 1, NULL, 0);
	log_with(&log, rtmr);
	want(FAILED, "event log", "more events than the limit");
	buf_free(&log);
	buf_free(&none);
}

/* The log is the evidence's own, unless @given; @pin: an RTMR whose value is asked for */
static void compare(const struct buf *log, const struct buf *reference, const u8 rtmr[192], bool given,
		    int pin)
{
	struct buf b = { 0 };
	struct vquote q;
	char name[] = "rtmr0", *hex;

	begin();
	trust(&sim, false);
	vsim_quote_init(&q);
	memcpy(q.body + 328, rtmr, 192);
	vsim_quote(&sim, &q, &b);
	v.parts.event_log = (struct span){ log->p, log->len };
	v.parts.reference = (struct span){ reference->p, reference->len };
	v.policy.given[ASK_EVENT_LOG] = given;
	v.policy.given[ASK_REFERENCE] = true;
	if (pin >= 0) {
		name[4] = (char)('0' + pin);
		hex = hex_encode(rtmr + 48 * pin, 48);
		opt(name, hex);
		free(hex);
	}
	run(b.p, b.len);
	buf_free(&b);
	v.parts.event_log = (struct span){ 0 };
	v.parts.reference = (struct span){ 0 };
}

/*
 * What a register has and the reference has not, in each place where a reader of the
 * log could miss it: TCG PC Client Platform Firmware Profile 10.2, each event that was
 * extended is in the log, one behind the other.
 */
static void references(void)
{
	u8 rtmr[192] = { 0 }, evil[192], zeros[16] = { 0 }, ones[64], beyond[192];
	struct buf good = { 0 }, log = { 0 };
	int i;

	memset(ones, 0xff, sizeof(ones));
	head(&good);
	event(&good, 1, 1, 0x11, rtmr, 0);
	event(&good, 2, 0xd, 0x22, rtmr + 48, 0);
	memcpy(evil, rtmr, 192);
	for (i = 0; i < 2; i++) {
		compare(&good, &good, rtmr, i, -1);
		want(PASSED, "reference", i ? "the same log, given" : "the same log, of the evidence");
		ok(has_reason("its 2 events are"), "as many events as were replayed");
	}

	/* behind an event of zeros: register 0, type 0, no digests, no data */
	buf_add(&log, good.p, good.len);
	buf_add(&log, zeros, 16);
	event(&log, 2, 0xd, 0x66, evil + 48, 0);
	buf_add(&log, ones, sizeof(ones));
	for (i = 0; i < 2; i++) {
		compare(&log, &good, evil, i, -1);
		want(FAILED, "event log", "an event hidden behind zeros");
		want(FAILED, "reference", "an event hidden behind zeros");
	}
	/* behind eight ones, which begin the free part */
	log.len = good.len;
	buf_add(&log, ones, 8);
	event(&log, 2, 0xd, 0x66, NULL, 0);
	compare(&log, &good, evil, false, -1);
	want(FAILED, "reference", "an event hidden behind ones");
	/* the reference ends early: what it hides is not asked for */
	compare(&good, &log, rtmr, false, -1);
	want(UNABLE, "reference", "a reference with an event in its free part");
	/* in the open */
	log.len = good.len;
	event(&log, 2, 0xd, 0x66, NULL, 0);
	compare(&log, &good, evil, false, -1);
	want(FAILED, "reference", "an event more");
	want(PASSED, "event log, RTMR1", "which the register has");

	/* registers that were extended by what the log does not have */
	for (i = 0; i < 4; i++) {
		char what[64], check[32];

		memcpy(beyond, rtmr, 192);
		beyond[48 * i + 5] ^= 1;
		snprintf(what, sizeof(what), "RTMR%d extended by more than the log", i);
		snprintf(check, sizeof(check), "event log, RTMR%d", i);
		compare(&good, &good, beyond, false, -1);
		want(UNABLE, "reference", what);
		ok(verify_outcome(&v, BOUND, NULL) == (i == 3 ? UNABLE : FAILED), "%s: not bound", what);
		if (i < 2)
			continue;
		compare(&good, &good, beyond, false, i);
		want(PASSED, "reference", "and its value is asked for");
		want(LEFT_OUT, check, "its value judges it");
	}

	/* some firmware leaves zeros behind the ones; OVMF zeros alone */
	log.len = good.len;
	buf_add(&log, ones, sizeof(ones));
	buf_add(&log, zeros, sizeof(zeros));
	compare(&log, &good, rtmr, true, -1);
	want(PASSED, "reference", "a free part of ones, then zeros");
	want(PASSED, "event log, RTMR1", "a free part of ones, then zeros");
	log.len = good.len;
	buf_add(&log, zeros, sizeof(zeros));
	buf_add(&log, ones, sizeof(ones));
	compare(&log, &good, rtmr, true, -1);
	want(FAILED, "event log", "a free part of zeros, then ones");
	buf_free(&log);
	buf_free(&good);
}

static void limits(void)
{
	struct buf b = { 0 };
	struct cert_pool pool = { 0 };
	size_t i;

	for (i = 0; i < 5; i++)
		add_pem(&b, sim.tcb_crt);
	complain_into(&said);
	ok(!certs_add(&pool, buf_span(&b), 5, "five") && pool.n == 5, "as many certificates as the limit");
	ok(certs_add(&pool, buf_span(&b), 9, "more") == RC_EVIDENCE && pool.n == 5,
	   "more certificates than the limit, with those before");
	complain_into(NULL);
	cert_pool_free(&pool);
	buf_free(&b);
	/* certificates of the issuer's name come to an end, and the right one behind them is not it */
	begin();
	trust(&sim, true);
	for (i = 0; i < VERIFY_NAMESAKES_MAX; i++) {
		struct vsim other = sim;
		X509 *x;

		other.vek = sim.tcb;
		x = vsim_amd(&other, &(struct vamd){ "SEV-TEST", "ARK-TEST", sim.ark, NULL, NULL, false });
		give(x);
		X509_free(x);
	}
	give(sim.vcek);
	give(sim.ask_crt);
	{
		u8 r[1184];

		vsim_snp(r);
		vsim_snp_sign(&sim, r);
		run(r, sizeof(r));
	}
	want(FAILED, "certificate chain", "a pile of certificates of one name");
}

int main(void)
{
	vsim_make(&sim);
	positions();
	evaluation();
	headers();
	relaunch();
	own_roles();
	lists_in_order();
	min_tee_tcb();
	event_logs();
	references();
	limits();
	verify_free(&v);
	vsim_free(&sim);
	buf_free(&said);
	return unit_failed;
}
