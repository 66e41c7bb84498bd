// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cases of other verifiers' own tests, on evidence of test keys, with the
 * verdict that they have there.
 *
 * dcap-qvl 9bffe30, cli/src/bin/generate_all_samples.rs: its TDX samples by their
 * names. Those of SGX have no counterpart, nor have cert_type_3_*, whose platform
 * is named by an encrypted PPID.
 * go-sev-guest af1c107, validate/validate_test.go: each option, right and wrong.
 */
#include "vtest.h"

#define INFO	TCB_INFO("00806F050000", LATER, LEVEL("5", "UpToDate"))
#define QE	QE_ID("6")

/* @text, with the first @from in it made @to; to be freed */
static char *with(const char *text, const char *from, const char *to)
{
	const char *at = from ? strstr(text, from) : NULL;

	if (!at)
		return xstrdup(text);
	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void q_debug(struct vquote *q) { q->body[120] |= 1; }
static void q_sept(struct vquote *q) { q->body[123] = 0; }
static void q_bit29(struct vquote *q) { q->body[123] |= 0x20; }
static void q_pks(struct vquote *q) { q->body[123] |= 0x40; }
static void q_kl(struct vquote *q) { q->body[123] |= 0x80; }
static void q_hash(struct vquote *q) { q->wrong_key = true; }
static void q_pck(struct vquote *q) { q->wrong_pck = true; }
static void q_signer(struct vquote *q) { q->qe[128] ^= 1; }
static void q_prodid(struct vquote *q) { q->qe[256] = 3; }
static void q_misc(struct vquote *q) { q->qe[16] = 1; }
static void q_attr(struct vquote *q) { q->qe[49] = 1; }
static void q_qe_debug(struct vquote *q) { q->qe[48] |= 2; }

enum { SIGNED_BY_OTHERS = 1, NO_CHAIN = 2, CA_SIGNS = 4, OF_QE = 8 };

static const struct dcap {
	const char *name;
	bool good;
	const char *check;		/* that says so, when it is bad */
	void (*bend)(struct vquote *q);
	int how;
	const char *from, *to;		/* in the TCB info, or in the QE identity */
	int at;				/* a byte of the signed quote, negative: from its end */
	u8 byte;
} dcap[] = {
	{ "valid_tdx_v4", true, NULL, NULL, 0, NULL, NULL, 0, 0 },
	{ "tdx_missing_components", false, "TCB info", NULL, 0,
	  "tdxtcbcomponents", "missing", 0, 0 },
	{ "tdx_qe_identity_id_mismatch", false, "QE identity", NULL, OF_QE, "TD_QE", "QE", 0, 0 },
	{ "tdx_debug_enabled", false, "debug", q_debug, 0, NULL, NULL, 0, 0 },
	{ "tdx_sept_ve_disabled", false, "SEPT_VE_DISABLE", q_sept, 0, NULL, NULL, 0, 0 },
	/* reserved there, MIGRATABLE in Intel's ABI 348551-007 */
	{ "tdx_reserved_bits_set", false, "migration", q_bit29, 0, NULL, NULL, 0, 0 },
	{ "tdx_pks_enabled", true, NULL, q_pks, 0, NULL, NULL, 0, 0 },
	{ "tdx_kl_enabled", true, NULL, q_kl, 0, NULL, NULL, 0, 0 },
	{ "unsupported_version_6", false, "layout", NULL, 0, NULL, NULL, 1, 6 },
	{ "unsupported_key_type_3", false, "signature", NULL, 0, NULL, NULL, 2, 3 },
	{ "tcb_expired", false, "TCB info", NULL, 0, LATER, "2020-12-31T23:59:59Z", 0, 0 },
	{ "tcb_issue_date_future", false, "TCB info", NULL, 0, "2025-12-01", "2099-01-01", 0, 0 },
	{ "invalid_tcb_json", false, "collateral", NULL, 0, "{\"id\":\"TDX\"", "not json", 0, 0 },
	{ "tdx_component_svn_mismatch", false, "TCB status of the platform", NULL, 0,
	  "{\"svn\":5}]},\"tcbDate\"", "{\"svn\":6}]},\"tcbDate\"", 0, 0 },
	{ "component_svn_all_higher", true, NULL, NULL, 0, "{\"svn\":5}", "{\"svn\":0}", 0, 0 },
	{ "short_tcb_chain", false, "TCB info", NULL, NO_CHAIN, NULL, NULL, 0, 0 },
	{ "invalid_tcb_signature", false, "TCB info", NULL, SIGNED_BY_OTHERS, NULL, NULL, 0, 0 },
	{ "fmspc_mismatch", false, "TCB info", NULL, 0, "00806F05", "10806F05", 0, 0 },
	{ "qe_report_hash_mismatch", false, "attestation key", q_hash, 0, NULL, NULL, 0, 0 },
	{ "invalid_qe_report_signature", false, "quoting enclave", q_pck, 0, NULL, NULL, 0, 0 },
	{ "invalid_quote_signature", false, "signature", NULL, 0, NULL, NULL, 640, 0 },
	{ "qe_identity_expired", false, "QE identity", NULL, OF_QE, LATER, "2020-12-31T23:59:59Z", 0, 0 },
	{ "qe_identity_issue_date_future", false, "QE identity", NULL, OF_QE, "2025-12-01", "2099-01-01", 0, 0 },
	{ "invalid_qe_identity_json", false, "collateral", NULL, OF_QE, "{\"id\":\"TD_QE\"", "not json", 0, 0 },
	{ "short_qe_identity_chain", false, "QE identity", NULL, OF_QE | NO_CHAIN, NULL, NULL, 0, 0 },
	{ "invalid_qe_identity_signature", false, "QE identity", NULL, OF_QE | SIGNED_BY_OTHERS, NULL, NULL, 0, 0 },
	{ "qe_mrsigner_mismatch", false, "QE identity", q_signer, 0, NULL, NULL, 0, 0 },
	{ "qe_isvprodid_mismatch", false, "QE identity", q_prodid, 0, NULL, NULL, 0, 0 },
	{ "qe_miscselect_mismatch", false, "QE identity", q_misc, 0, NULL, NULL, 0, 0 },
	{ "qe_attributes_mismatch", false, "QE identity", q_attr, 0, NULL, NULL, 0, 0 },
	{ "qe_debug_enabled", false, "QE attributes", q_qe_debug, 0, NULL, NULL, 0, 0 },
	{ "unknown_tcb_status", false, "TCB status of the platform", NULL, 0,
	  "\"UpToDate\",\"advisory", "\"Unheard\",\"advisory", 0, 0 },
	{ "revoked_platform_tcb", false, "TCB status of the platform", NULL, 0,
	  "\"UpToDate\",\"advisory", "\"Revoked\",\"advisory", 0, 0 },
	{ "revoked_qe_tcb", false, "TCB status of the quoting enclave", NULL, OF_QE, "UpToDate", "Revoked", 0, 0 },
	{ "ca_used_as_end_entity_tcb", false, "roles of the signer of the TCB info", NULL, CA_SIGNS, NULL, NULL, 0, 0 },
	{ "ca_used_as_end_entity_qe", false, "roles of the signer of the QE identity", NULL, CA_SIGNS, NULL, NULL, 0, 0 },
};

static bool all_yes(void)
{
	return verify_outcome(&v, GENUINE, NULL) == PASSED && verify_outcome(&v, BOUND, NULL) == PASSED &&
	       verify_outcome(&v, APPRAISED, NULL) == PASSED;
}

static void run_dcap(const struct dcap *c)
{
	char *info = with(INFO, c->how & OF_QE ? NULL : c->from, c->to);
	char *qe = with(QE, c->how & OF_QE ? c->from : NULL, c->to);
	EVP_PKEY *wrong = c->how & SIGNED_BY_OTHERS ? sim.pck : sim.tcb;
	struct buf b = { 0 };
	struct vquote q;
	X509 *ca = NULL;
	char what[64];

	begin();
	trust(&sim, false);
	opt("nonce", "da");
	opt("qe-signer", "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5");
	if (c->bend == q_signer)
		opt("qe-signer", "dd9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5");
	if (c->how & CA_SIGNS) {
		ca = vsim_authority("Intel SGX TCB Signing", sim.tcb, "TEST SGX Root CA", sim.root, 20);
		give(ca);
	} else if (!(c->how & NO_CHAIN)) {
		give(sim.tcb_crt);
	}
	v.collateral = xalloc(2 * sizeof(*v.collateral));
	v.n_collateral = 2;
	vsim_collateral(&v.collateral[0], "tcbInfo", info, c->how & OF_QE ? sim.tcb : wrong);
	vsim_collateral(&v.collateral[1], "enclaveIdentity", qe, c->how & OF_QE ? wrong : sim.tcb);
	vsim_quote_init(&q);
	if (c->bend)
		c->bend(&q);
	vsim_quote(&sim, &q, &b);
	/* the version is the first byte, and 0 there says that no byte is changed */
	if (c->at)
		b.p[c->at == 1 ? 0 : c->at] = c->byte ? c->byte : (u8)~b.p[c->at];
	run(b.p, b.len);
	snprintf(what, sizeof(what), "dcap-qvl, %s", c->name);
	/* what is not even recognised is not judged */
	if (c->at == 1)
		ok(!all_yes(), "%s", what);
	else
		ok(all_yes() == c->good, "%s: %s", what, c->good ? "accepted" : "refused");
	if (c->check && c->at != 1 && c->at != 2)
		want(FAILED, c->check, what);
	X509_free(ca);
	buf_free(&b);
	free(info);
	free(qe);
}

static void undecodable(void)
{
	u8 junk[100];

	memset(junk, 0xff, sizeof(junk));
	begin();
	run(junk, sizeof(junk));
	ok(!all_yes(), "dcap-qvl, invalid_quote_format: refused");
	begin();
	run("\x04\x00\x02\x00", 4);
	ok(!all_yes(), "dcap-qvl, truncated_quote: refused");
}

/* As their report: firmware 1.49.2, no ID key, SMT on */
static void r_plain(u8 *r)
{
	r[0x1e8] = r[0x1ec] = 2;
	r[0x1e9] = r[0x1ed] = 49;
	r[0x1ea] = r[0x1ee] = 1;
	r[0x40] = 1;
}

static void r_build(u8 *r) { r_plain(r); r[0x1ec] = 1; }
static void r_version(u8 *r) { r_plain(r); r[0x1e9] = 51; }
static void r_tcb(u8 *r) { r_plain(r); r[0x38]++; }
static void r_v5(u8 *r) { r_plain(r); r[0] = 5; r[0x1f8] = r[0x200] = 3; }

#define OTHER16	"11111111111111111111111111111111"
#define OTHER48	OTHER16 OTHER16 OTHER16

static void go_sev_guest(void)
{
	static const struct {
		const char *name;
		bool good;
		void (*bend)(u8 *r);
		const char *opt, *arg;
	} c[] = {
		{ "just reportData", true, r_plain, NULL, NULL },
		{ "Minimum TCB checked", false, r_plain, "min-tcb", "bl=4,snp=25" },
		{ "Minimum build checked", false, r_plain, "min-firmware", "1.49.3" },
		{ "Minimum version checked", false, r_plain, "min-firmware", "255.0" },
		{ "Author key checked", false, r_plain, "require-author-key", NULL },
		{ "PlatformInfo checked", false, r_plain, "forbid-platform", "smt" },
		{ "Requiring IDBlock requires trust", false, r_plain, "id-key-digest", OTHER48 },
		{ "accepted provisional by build", true, r_build, NULL, NULL },
		{ "rejected provisional by build", false, r_build, "require-committed-firmware", NULL },
		{ "accepted provisional by tcb", true, r_tcb, NULL, NULL },
		{ "rejected provisional by tcb", false, r_tcb, "require-committed-firmware", NULL },
		{ "accepted provisional by version", true, r_version, NULL, NULL },
		{ "rejected provisional by version", false, r_version, "require-committed-firmware", NULL },
		{ "Test incorrect family_id", false, r_plain, "family-id", OTHER16 },
		{ "Test incorrect image_id", false, r_plain, "image-id", OTHER16 },
		{ "Test incorrect measurement", false, r_plain, "measurement", OTHER48 },
		{ "Test incorrect host_data", false, r_plain, "host-data", OTHER16 OTHER16 },
		{ "Test incorrect report_id", false, r_plain, "report-id", OTHER16 OTHER16 },
		{ "Test incorrect report_id_ma", false, r_plain, "report-id-ma", OTHER16 OTHER16 },
		{ "Test incorrect chip_id", false, r_plain, "chip-id", OTHER48 OTHER16 },
		{ "Pass_ExactMatch", true, r_v5, "mit-vector", "0x3" },
		{ "Pass_Superset", true, r_v5, "launch-mit-vector", "0x1" },
		{ "Fail_MissingLaunchBit", false, r_v5, "launch-mit-vector", "0x4" },
		{ "Fail_MissingCurrentBit", false, r_v5, "mit-vector", "0x4" },
	};
	u8 r[1184];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		begin();
		trust(&sim, true);
		give(sim.vcek);
		give(sim.ask_crt);
		opt("nonce", "da");
		if (c[i].opt)
			opt(c[i].opt, c[i].arg);
		vsim_snp(r);
		c[i].bend(r);
		vsim_snp_sign(&sim, r);
		run(r, sizeof(r));
		ok(all_yes() == c[i].good, "go-sev-guest, %s: %s", c[i].name, c[i].good ? "accepted" : "refused");
		if (!c[i].good)
			verdict(APPRAISED, FAILED, c[i].name);
	}
}

int main(void)
{
	size_t i;

	vsim_make(&sim);
	for (i = 0; i < ARRAY_SIZE(dcap); i++)
		run_dcap(&dcap[i]);
	undecodable();
	go_sev_guest();
	verify_free(&v);
	vsim_free(&sim);
	buf_free(&said);
	return unit_failed;
}
