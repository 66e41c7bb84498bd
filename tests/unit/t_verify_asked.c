// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every option on every kind of evidence: with a value that the evidence does
 * not have, no pair may come to a silent yes. Where the table says that it can
 * be checked the check fails, elsewhere it is "not possible" by its own name.
 */
#include <fcntl.h>
#include <unistd.h>

#include "evidence/hcl.h"
#include "vtest.h"

#define FF16 "ffffffffffffffffffffffffffffffff"
#define FF48 FF16 FF16 FF16

/* What no evidence here has; NULL: a flag */
static const struct {
	enum ask ask;
	const char *name, *arg;
} options[] = {
	{ ASK_MEASUREMENT, "measurement", FF48 }, { ASK_ID_KEY_DIGEST, "id-key-digest", FF48 },
	{ ASK_AUTHOR_KEY_DIGEST, "author-key-digest", FF48 },
	{ ASK_HOST_DATA, "host-data", FF16 FF16 }, { ASK_FAMILY_ID, "family-id", FF16 },
	{ ASK_IMAGE_ID, "image-id", FF16 }, { ASK_REPORT_ID, "report-id", FF16 FF16 },
	{ ASK_REPORT_ID_MA, "report-id-ma", "00" FF16 "ffffffffffffffffffffffffffffff" },
	{ ASK_CHIP_ID, "chip-id", FF48 FF16 },
	{ ASK_RTMR0, "rtmr0", FF48 }, { ASK_RTMR1, "rtmr1", FF48 }, { ASK_RTMR2, "rtmr2", FF48 },
	{ ASK_RTMR3, "rtmr3", FF48 }, { ASK_MRCONFIGID, "mrconfigid", FF48 },
	{ ASK_MROWNER, "mrowner", FF48 }, { ASK_MROWNERCONFIG, "mrownerconfig", FF48 },
	{ ASK_MRSEAM, "mrseam", FF48 }, { ASK_MRSERVICETD, "mrservicetd", FF48 },
	{ ASK_XFAM, "xfam", "ffffffffffffffff" },
	{ ASK_TDATTRIBUTES, "td-attributes", "ffffffffffffffff" },
	{ ASK_QE_SIGNER, "qe-signer", FF16 FF16 }, { ASK_PPID, "ppid", FF16 },
	{ ASK_PLATFORM_INSTANCE, "platform-instance-id", FF16 },
	{ ASK_RIM, "rim", FF48 }, { ASK_REM0, "rem0", FF48 }, { ASK_REM1, "rem1", FF48 },
	{ ASK_REM2, "rem2", FF48 }, { ASK_REM3, "rem3", FF48 }, { ASK_RPV, "rpv", FF48 FF16 },
	{ ASK_IMPLEMENTATION_ID, "implementation-id", FF16 FF16 },
	{ ASK_INSTANCE_ID, "instance-id", "01" FF16 FF16 },
	{ ASK_PLATFORM_CONFIG, "platform-config", "cf" }, { ASK_SW_COMPONENT, "sw-component", FF16 FF16 },
	{ ASK_ISSUER, "issuer", "https://nobody.example" }, { ASK_AUDIENCE, "audience", "nobody" },
	{ ASK_TOKEN_ALG, "token-alg", "ES512" }, { ASK_EAR_STATUS, "ear-status", "none" },
	{ ASK_CLAIM, "claim", "a=b" }, { ASK_MAX_AGE, "max-age", "1" },
	{ ASK_CSP, "csp", "Nobody" }, { ASK_TCB_STATUS, "tcb-status", "OutOfDate" },
	{ ASK_DATA, "nonce", "hex:0bad" }, { ASK_PCR, "pcr", "0:" FF16 FF16 },
	{ ASK_PROFILE, "profile", "azure" }, { ASK_VMPL, "vmpl", "3" }, { ASK_MANIFEST_VMPL, "manifest-vmpl", "3" },
	{ ASK_MIN_TCB, "min-tcb", "snp=255" }, { ASK_MIN_TEE_TCB, "min-tee-tcb", FF16 },
	{ ASK_MIN_GUEST_SVN, "min-guest-svn", "4294967295" },
	{ ASK_MIN_FIRMWARE, "min-firmware", "255.255.255" },
	{ ASK_MIN_QE_SVN, "min-qe-svn", "65535" }, { ASK_MIN_PCE_SVN, "min-pce-svn", "65535" },
	{ ASK_MIN_EVALUATION, "min-evaluation", "18" },
	{ ASK_MIN_TCB_DATE, "min-tcb-date", "2025-06-02" },
	{ ASK_MIT_VECTOR, "mit-vector", "0x8000000000000000" },
	{ ASK_LAUNCH_MIT_VECTOR, "launch-mit-vector", "0x8000000000000000" },
	{ ASK_MIN_POLICY_ABI, "min-policy-abi", "255.255" },
	{ ASK_REQUIRE_AUTHOR_KEY, "require-author-key", NULL },
	{ ASK_REQUIRE_COMMITTED, "require-committed-firmware", NULL },
	{ ASK_REQUIRE_CRL, "require-crl", NULL },
	{ ASK_REQUIRE_PLATFORM, "require-platform", "tio" },
	{ ASK_FORBID_PLATFORM, "forbid-platform", "ecc" },
	{ ASK_REQUIRE_POLICY, "require-policy", "single-socket" },
	{ ASK_FORBID_POLICY, "forbid-policy", "smt" },
};

/* Files, each of junk; their part of the evidence */
static const struct {
	enum ask ask;
	size_t part;
} files[] = {
	{ ASK_QUOTE, offsetof(struct parts, quote) },
	{ ASK_MANIFEST, offsetof(struct parts, manifest) },
	{ ASK_EVENT_LOG, offsetof(struct parts, event_log) },
	{ ASK_REFERENCE, offsetof(struct parts, reference) },
	{ ASK_TPM_QUOTE, offsetof(struct parts, tpm_attest) },
	{ ASK_TPM_SIGNATURE, offsetof(struct parts, tpm_signature) },
	{ ASK_PCRS, offsetof(struct parts, pcrs) },
	{ ASK_AK, offsetof(struct parts, ak_pub) },
	{ ASK_AK_CERT, offsetof(struct parts, ak_cert) },
};

static const char *const shapes[SHAPES] = {
	[SHAPE_SNP] = "SNP report", [SHAPE_TDX] = "TDX quote v4", [SHAPE_TDX15] = "TDX quote v5",
	[SHAPE_TDREPORT] = "TDREPORT", [SHAPE_HCL_SNP] = "HCL of SNP", [SHAPE_HCL_TDX] = "HCL of TDX",
	[SHAPE_CCA] = "CCA token", [SHAPE_CERTS] = "certificates", [SHAPE_TPM] = "TPM quote",
	[SHAPE_TOKEN] = "token of a service",
};

static struct buf evidence[SHAPES], quotes[SHAPES], attest, sig, pcrs, info, qe_id;

static void make_quote(enum shape s, struct vquote *q, const u8 *data)
{
	vsim_quote_init(q);
	q->td15 = s == SHAPE_TDX15;
	if (data)
		memcpy(q->body + 520, data, 64);
	vsim_quote(&sim, q, s == SHAPE_TDX || s == SHAPE_TDX15 ? &evidence[s] : &quotes[s]);
}

static void make_snp(u8 r[1184], const u8 *data)
{
	vsim_snp(r);
	r[0] = 5;
	r[0x40] = 4;		/* ECC */
	r[0x38]++;		/* what runs is not committed */
	if (data)
		memcpy(r + 0x50, data, 64);
	vsim_snp_sign(&sim, r);
}

static void make_evidence(void)
{
	struct buf claims = { 0 };
	u8 r[1184], hash[64] = { 0 };
	struct vquote q;

	make_snp(r, NULL);
	buf_add(&evidence[SHAPE_SNP], r, sizeof(r));
	make_quote(SHAPE_TDX, &q, NULL);
	make_quote(SHAPE_TDX15, &q, NULL);
	make_quote(SHAPE_TDREPORT, &q, NULL);
	vsim_tdreport(&q, r);
	buf_add(&evidence[SHAPE_TDREPORT], r, 1024);
	vsim_claims(&sim, "da", &claims);
	EVP_Digest(claims.p, claims.len, hash, NULL, EVP_sha256(), NULL);
	make_snp(r, hash);
	vsim_hcl(&claims, r, 1184, &evidence[SHAPE_HCL_SNP]);
	make_quote(SHAPE_HCL_TDX, &q, hash);
	vsim_tdreport(&q, r);
	vsim_hcl(&claims, r, 1024, &evidence[SHAPE_HCL_TDX]);
	buf_add(&evidence[SHAPE_CCA], "\xd9\x01\x8f\xa0", 4);
	buf_add_str(&evidence[SHAPE_TOKEN], "eyJhbGciOiJFUzI1NiJ9.e30.AAAA");
	add_pem(&evidence[SHAPE_CERTS], sim.vcek);
	vsim_tpm(&sim, "\xda", &attest, &sig, &pcrs);
	buf_add(&evidence[SHAPE_TPM], attest.p, attest.len);
	vsim_collateral(&info, "tcbInfo", TCB_INFO("00806F050000", LATER, LEVEL("5", "UpToDate")), sim.tcb);
	vsim_collateral(&qe_id, "enclaveIdentity", QE_ID("6"), sim.tcb);
	buf_free(&claims);
}

static bool is_tdx(enum shape s)
{
	return s == SHAPE_TDX || s == SHAPE_TDX15 || s == SHAPE_TDREPORT || s == SHAPE_HCL_TDX;
}

static bool is_hcl(enum shape s)
{
	return s == SHAPE_HCL_SNP || s == SHAPE_HCL_TDX;
}

/* Everything that this evidence can be checked with, and it passes */
static void prepare(enum shape s)
{
	begin();
	trust(&sim, !is_tdx(s));
	give(sim.vcek);
	give(sim.ask_crt);
	give(sim.asvk_crt);
	give(sim.tcb_crt);
	v.parts.quote = buf_span(&quotes[s]);
	if (is_hcl(s)) {
		v.parts.tpm_attest = buf_span(&attest);
		v.parts.tpm_signature = buf_span(&sig);
		v.parts.pcrs = buf_span(&pcrs);
	}
	if (is_tdx(s)) {
		v.collateral = xalloc(2 * sizeof(*v.collateral));
		v.n_collateral = 2;
		buf_add(&v.collateral[0], info.p, info.len);
		buf_add(&v.collateral[1], qe_id.p, qe_id.len);
	}
}

static bool all_yes(void)
{
	int d;

	for (d = 0; d < VERDICTS; d++)
		if (verify_outcome(&v, (enum verdict)d, NULL) != PASSED)
			return false;
	return true;
}

static bool has(enum outcome o, const char *name)
{
	size_t i;

	for (i = 0; i < v.n; i++)
		if (v.checks[i].outcome == o && (!name || !strcmp(v.checks[i].name, name)))
			return true;
	return false;
}

/* What needs more than this evidence has, though the table lets its kind be checked */
static bool lacks(enum shape s, enum ask a)
{
	switch (a) {
	case ASK_CSP:			/* signed by a VCEK */
	case ASK_MANIFEST_VMPL:		/* no manifest */
	case ASK_REQUIRE_CRL:		/* none is given */
	case ASK_REFERENCE:		/* no event log */
		return true;
	case ASK_MRSERVICETD:
		return s != SHAPE_TDX15;
	default:
		return false;
	}
}

static void judge(enum shape s, enum ask a, const char *name)
{
	bool possible = ask_possible(a, s), good;
	/* there it asks for nothing that this evidence does not have */
	if (a == ASK_PROFILE && is_hcl(s)) {
		ok(all_yes() && has(PASSED, name), "%s on %s", name, shapes[s]);
		return;
	}
	/* these kinds never come to a yes, and say so whatever is asked */
	bool whole = s != SHAPE_CCA && s != SHAPE_CERTS && s != SHAPE_TPM && s != SHAPE_TOKEN;

	good = !all_yes();
	if (!possible)
		good = good && has(UNABLE, name);
	else if (lacks(s, a))
		good = good && has(UNABLE, a == ASK_REQUIRE_CRL ? NULL : name);
	else if (whole)
		good = good && has(FAILED, NULL);
	if (!good)
		printf("# possible: %d, verdicts %d %d %d\n", possible, verify_outcome(&v, GENUINE, NULL),
		       verify_outcome(&v, BOUND, NULL), verify_outcome(&v, APPRAISED, NULL));
	ok(good, "%s on %s", name, shapes[s]);
}

static void walk_options(enum shape s)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		prepare(s);
		if (options[i].ask != ASK_DATA)
			opt("nonce", "da");
		opt(options[i].name, options[i].arg);
		run(evidence[s].p, evidence[s].len);
		judge(s, options[i].ask, ask_name(options[i].ask));
	}
}

static void walk_files(enum shape s)
{
	static const struct span junk = { (const u8 *)"root:x:0:0:root:/root:/bin/bash\n", 32 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		prepare(s);
		opt("nonce", "da");
		*(struct span *)((char *)&v.parts + files[i].part) = junk;
		v.policy.given[files[i].ask] = true;
		run(evidence[s].p, evidence[s].len);
		judge(s, files[i].ask, ask_name(files[i].ask));
	}
	prepare(s);
	opt("nonce", "da");
	v.collateral = v.collateral ? v.collateral : xalloc(2 * sizeof(*v.collateral));
	v.n_collateral = 2;
	buf_free(&v.collateral[0]);
	buf_add(&v.collateral[0], junk.p, junk.len);
	v.policy.given[ASK_COLLATERAL] = true;
	run(evidence[s].p, evidence[s].len);
	judge(s, ASK_COLLATERAL, "collateral");
	prepare(s);
	opt("nonce", "da");
	add_pem(verify_keep(&v), sim.vcek);
	cert_pool_add(&v.masked_vcek, buf_span(&v.kept->b), "masked");
	v.policy.given[ASK_MASKED_VCEK] = true;
	run(evidence[s].p, evidence[s].len);
	ok(!all_yes() && has(UNABLE, "vcek-for-masked-chip"), "vcek-for-masked-chip on %s", shapes[s]);
}

/* A list of an issuer that this evidence does not have in its chain */
static void walk_crl(enum shape s)
{
	struct buf crl = { 0 };

	prepare(s);
	opt("nonce", "da");
	vsim_crl(&crl, is_tdx(s) ? sim.ark_crt : sim.root_crt, is_tdx(s) ? sim.ark : sim.root, 99,
		 "20300101000000Z");
	crl_load(&v, buf_span(&crl), "crl");
	v.policy.given[ASK_CRL] = true;
	run(evidence[s].p, evidence[s].len);
	ok(!all_yes() && has(UNABLE, "crl"), "crl of others on %s", shapes[s]);
	buf_free(&crl);
}

/* Who may vouch for something that this evidence does not have */
static void walk_roots(enum shape s)
{
	static const enum ask asks[] = { ASK_AK_ROOT, ASK_TOKEN_ROOT, ASK_CORIM_KEY };
	struct buf root = { 0 };
	size_t i;

	add_pem(&root, sim.ark_crt);
	for (i = 0; i < ARRAY_SIZE(asks); i++) {
		const char *name = ask_name(asks[i]);
		/* the certificate is missed by its own name where there is a key */
		bool missed = asks[i] == ASK_AK_ROOT && is_hcl(s);

		prepare(s);
		opt("nonce", "da");
		if (asks[i] == ASK_AK_ROOT)
			verify_root_for(&v, &v.ak_roots, buf_span(&root), name, "root");
		else if (asks[i] == ASK_TOKEN_ROOT)
			verify_root_for(&v, &v.token_roots, buf_span(&root), name, "root");
		v.policy.given[asks[i]] = true;
		run(evidence[s].p, evidence[s].len);
		ok(!all_yes() && has(UNABLE, missed ? "certificate of the attestation key" : name),
		   "%s on %s", name, shapes[s]);
	}
	buf_free(&root);
}

static void verdicts(enum outcome out[VERDICTS])
{
	int d;

	for (d = 0; d < VERDICTS; d++)
		out[d] = verify_outcome(&v, (enum verdict)d, NULL);
}

/* What asks for nothing is listed where nothing made use of it, and changes no verdict. */
static void walk_unused(enum shape s)
{
	static const enum ask asks[] = {
		ASK_NO_BINDING, ASK_ANY_CODE, ASK_ALLOW_DEBUG, ASK_ALLOW_MIGRATION, ASK_ALLOW_SEPT_VE,
		ASK_CERTS, ASK_KDS, ASK_PCS, ASK_CA, ASK_ROOT,
	};
	const char *code = s == SHAPE_TOKEN ? "claim" : s == SHAPE_CCA ? "rim" : "measurement";
	enum outcome before[VERDICTS], after[VERDICTS];
	bool chain = s != SHAPE_CCA && s != SHAPE_TPM && s != SHAPE_TOKEN;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(asks); i++) {
		const char *name = ask_name(asks[i]);
		/* each chain of hardware's certificates goes by the roots; collateral needs its signer */
		bool of_use = (asks[i] == ASK_ROOT && chain) || (asks[i] == ASK_CERTS && is_tdx(s));

		prepare(s);
		opt("nonce", "da");
		opt(code, s == SHAPE_TOKEN ? "a=b" : FF48);
		run(evidence[s].p, evidence[s].len);
		verdicts(before);
		prepare(s);
		opt("nonce", "da");
		opt(code, s == SHAPE_TOKEN ? "a=b" : FF48);
		if (asks[i] < ASK_MAX_AGE)
			opt(name, NULL);
		v.policy.given[asks[i]] = true;
		run(evidence[s].p, evidence[s].len);
		verdicts(after);
		ok(ask_permits(asks[i]) && has(LEFT_OUT, name) == !of_use &&
		   !memcmp(before, after, sizeof(before)), "%s that is of %suse on %s", name,
		   of_use ? "" : "no ", shapes[s]);
	}
}

/* The evidence of @s, and what a permission is for */
static void make_bad(enum shape s, enum ask a, struct buf *out)
{
	struct vquote q;
	u8 r[1184];

	if (s == SHAPE_SNP) {
		make_snp(r, NULL);
		r[8 + 2] |= a == ASK_ALLOW_DEBUG ? 1 << 3 : 1 << 2;
		vsim_snp_sign(&sim, r);
		buf_add(out, r, sizeof(r));
		return;
	}
	vsim_quote_init(&q);
	if (a == ASK_ALLOW_DEBUG)
		q.body[120] |= 1;
	else if (a == ASK_ALLOW_MIGRATION)
		q.body[123] |= 1 << 5;
	else
		q.body[123] &= (u8)~(1 << 4);
	vsim_quote(&sim, &q, out);
}

/* A permission that was needed is not listed as one of no use. */
static void used(void)
{
	static const struct {
		enum shape s;
		enum ask ask;
	} cases[] = {
		{ SHAPE_SNP, ASK_ALLOW_DEBUG }, { SHAPE_SNP, ASK_ALLOW_MIGRATION },
		{ SHAPE_TDX, ASK_ALLOW_DEBUG }, { SHAPE_TDX, ASK_ALLOW_MIGRATION },
		{ SHAPE_TDX, ASK_ALLOW_SEPT_VE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *name = ask_name(cases[i].ask);
		struct buf b = { 0 };

		make_bad(cases[i].s, cases[i].ask, &b);
		prepare(cases[i].s);
		opt("no-binding", NULL);
		opt("any-code", NULL);
		run(b.p, b.len);
		ok(verify_outcome(&v, APPRAISED, NULL) == FAILED, "refused without %s: %s", name, shapes[cases[i].s]);
		prepare(cases[i].s);
		opt("no-binding", NULL);
		opt("any-code", NULL);
		opt(name, NULL);
		run(b.p, b.len);
		ok(verify_outcome(&v, APPRAISED, NULL) == PASSED && !has(LEFT_OUT, name) &&
		   !has(LEFT_OUT, "no-binding") && !has(LEFT_OUT, "any-code"),
		   "%s that was needed: %s", name, shapes[cases[i].s]);
		buf_free(&b);
	}
}

/* The exit status, with what is printed thrown away */
static int status(void)
{
	int out, null, rc;

	fflush(stdout);
	out = dup(1);
	null = open("/dev/null", O_WRONLY);
	dup2(null, 1);
	complain_into(&said);
	rc = verify_result(&v, true);
	complain_into(NULL);
	fflush(stdout);
	dup2(out, 1);
	close(out);
	close(null);
	return rc;
}

/* --no-binding waives the nonce, and nothing else that belongs to the binding */
static void waiver(enum shape s)
{
	static const struct span junk = { (const u8 *)"a manifest", 10 };

	prepare(s);
	run(evidence[s].p, evidence[s].len);
	ok(status() == RC_EVIDENCE, "without a nonce: %s", shapes[s]);
	prepare(s);
	opt("no-binding", NULL);
	run(evidence[s].p, evidence[s].len);
	ok(status() == RC_OK, "--no-binding: %s", shapes[s]);
	prepare(s);
	opt("no-binding", NULL);
	v.parts.manifest = junk;
	v.policy.given[ASK_MANIFEST] = true;
	run(evidence[s].p, evidence[s].len);
	ok(status() == RC_EVIDENCE && verify_outcome(&v, BOUND, NULL) == UNABLE,
	   "--no-binding --manifest: %s", shapes[s]);
	prepare(s);
	opt("no-binding", NULL);
	opt("nonce", "0bad");
	run(evidence[s].p, evidence[s].len);
	ok(status() == RC_EVIDENCE, "--no-binding beside a nonce that is not its: %s", shapes[s]);
}

/* Each option of the tool is in this test, and can be checked somewhere. */
static void complete(void)
{
	struct option all[POLICY_OPTIONS_MAX];
	size_t i, k, n = policy_options(all, 0);
	int s;

	for (i = 0; i < n; i++) {
		bool here = !strcmp(all[i].name, "report-data") || !strcmp(all[i].name, "no-binding") ||
			    !strcmp(all[i].name, "any-code") || !strncmp(all[i].name, "allow-", 6);

		for (k = 0; k < ARRAY_SIZE(options); k++)
			here |= !strcmp(options[k].name, all[i].name);
		ok(here, "--%s is walked over the kinds of evidence", all[i].name);
	}
	for (i = 0; i < ASKS; i++) {
		bool any = false;

		for (s = SHAPE_NONE + 1; s < SHAPES; s++)
			any |= ask_possible((enum ask)i, (enum shape)s);
		ok(any && strcmp(ask_name((enum ask)i), "?"), "ask %zu has a row", i);
	}
}

/* All that was checked, as text */
static void checks(struct buf *b)
{
	size_t i;

	for (i = 0; i < v.n; i++)
		if (v.checks[i].outcome != LEFT_OUT)
			buf_printf(b, "%d %s: %s\n", v.checks[i].outcome, v.checks[i].name, v.checks[i].reason);
}

static bool read_into(struct buf *b, const char *path)
{
	if (!file_read(path, EVIDENCE_MAX, b))
		return true;
	ok(false, "%s can be read", path);
	return false;
}

static void real_begin(const char *cert)
{
	struct buf b = { 0 };

	begin();
	v.at = time(NULL);
	opt("no-binding", NULL);
	if (*cert && read_into(&b, cert))
		cert_pool_add(&v.certs, buf_span(&b), "certificate");
	buf_free(&b);
}

/*
 * Genuine evidence of a real machine, @arg is FILE or FILE=CERTIFICATE: each
 * option adds a check or changes the result of one, or the sample would pass
 * whatever is asked for.
 */
static void walk_real(char *arg)
{
	char *cert = strchr(arg, '=') ? strchr(arg, '=') + 1 : arg + strlen(arg);
	const char *name;
	struct buf file = { 0 }, before = { 0 }, after = { 0 };
	enum shape s;
	size_t i;

	if (*cert)
		cert[-1] = '\0';
	name = strrchr(arg, '/') ? strrchr(arg, '/') + 1 : arg;
	if (!read_into(&file, arg))
		return;
	real_begin(cert);
	run(file.p, file.len);
	ok(verify_outcome(&v, GENUINE, NULL) == PASSED, "%s is genuine", name);
	checks(&before);
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		bool silent;

		real_begin(cert);
		opt(options[i].name, options[i].arg);
		run(file.p, file.len);
		s = verify_shape(&v);
		checks(&after);
		silent = after.len == before.len && !memcmp(after.p, before.p, after.len);
		/* it is judged without the option, too, where it passes */
		if (options[i].ask == ASK_REQUIRE_COMMITTED && has(PASSED, "committed firmware"))
			silent = false;
		ok(!silent && (ask_possible(options[i].ask, s) || has(UNABLE, ask_name(options[i].ask))),
		   "%s on %s", options[i].name, name);
		buf_free(&after);
	}
	buf_free(&before);
	buf_free(&file);
}

/* Arguments are real samples, or none */
int main(int argc, char **argv)
{
	size_t i;
	int s;

	if (argc < 2)
		printf("skip options on genuine samples: VECTORS is not here\n");
	for (i = 1; i < (size_t)argc; i++)
		walk_real(argv[i]);
	vsim_make(&sim);
	make_evidence();
	complete();
	used();
	for (s = SHAPE_NONE + 1; s < SHAPES; s++) {
		bool never = s == SHAPE_CCA || s == SHAPE_CERTS || s == SHAPE_TPM ||
			     s == SHAPE_TOKEN;

		prepare((enum shape)s);
		opt("nonce", "da");
		run(evidence[s].p, evidence[s].len);
		if (all_yes() == never)
			for (i = 0; i < v.n; i++)
				printf("# %d %s: %s\n", v.checks[i].outcome, v.checks[i].name, v.checks[i].reason);
		ok(all_yes() != never, "%s as it is", shapes[s]);
		ok(verify_shape(&v) == (enum shape)s, "%s is known for what it is", shapes[s]);
		walk_options((enum shape)s);
		walk_files((enum shape)s);
		walk_crl((enum shape)s);
		walk_roots((enum shape)s);
		walk_unused((enum shape)s);
		if (!never)
			waiver((enum shape)s);
	}
	verify_free(&v);
	for (i = 0; i < SHAPES; i++) {
		buf_free(&evidence[i]);
		buf_free(&quotes[i]);
	}
	buf_free(&attest);
	buf_free(&sig);
	buf_free(&pcrs);
	buf_free(&info);
	buf_free(&qe_id);
	vsim_free(&sim);
	buf_free(&said);
	return unit_failed;
}
