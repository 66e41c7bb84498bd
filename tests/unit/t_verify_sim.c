// SPDX-License-Identifier: GPL-2.0-only
/* Verdicts on made-up evidence of test roots: each check, passing and failing */
#include "x509_ext.h"
#include "vtest.h"

/* SNP */

static void snp(void (*bend)(u8 *r), X509 *leaf)
{
	u8 r[1184];

	vsim_snp(r);
	if (bend)
		bend(r);
	vsim_snp_sign(&sim, r);
	give(leaf);
	give(sim.ask_crt);
	give(sim.asvk_crt);
	run(r, sizeof(r));
}

static void fresh_snp(void (*bend)(u8 *r), X509 *leaf)
{
	begin();
	trust(&sim, true);
	snp(bend, leaf);
}

static void bend_mask_key(u8 *r) { r[0x48] = 2; }
static void bend_none(u8 *r) { r[0x48] = 7 << 2; }
static void bend_algo(u8 *r) { r[0x34] = 2; }
static void bend_chip(u8 *r) { r[0x1a1] ^= 1; }
static void bend_zero_chip(u8 *r) { memset(r + 0x1a0, 0, 64); }
static void bend_tcb(u8 *r) { r[0x187]--; }
static void bend_genoa(u8 *r) { r[0x189] = 0x11; }
static void bend_new_cpu(u8 *r) { r[0x189] = 0xff; }
static void bend_debug(u8 *r) { r[10] |= 8; }
static void bend_migrate(u8 *r) { r[10] |= 4; }
static void bend_agent(u8 *r) { r[0x170] = 1; }
static void bend_host(u8 *r) { memset(r + 0x30, 0xff, 4); }
static void bend_vmpl(u8 *r) { r[0x30] = 2; }
static void bend_launch(u8 *r) { r[0x1f6] = 20; }
static void bend_v2(u8 *r) { r[0] = 2; r[0x188] = 0; r[0x189] = 0; }
static void bend_v1(u8 *r) { r[0] = 1; }

static void bend_vlek(u8 *r)
{
	r[0x48] = 1 << 2;
	bend_zero_chip(r);
}

static void snp_genuine(void)
{
	begin();
	snp(NULL, sim.vcek);
	want(UNABLE, "certificate chain", "without the root");
	begin();
	give(sim.ark_crt);
	snp(NULL, sim.vcek);
	want(FAILED, "certificate chain", "a root that nobody trusts");
	want(PASSED, "signature", "a root that nobody trusts");
	fresh_snp(NULL, sim.vcek);
	verdict(GENUINE, PASSED, "SNP of a test root");
	want(LEFT_OUT, "revocation of SEV-TEST", "SNP without a CRL");
	fresh_snp(NULL, sim.vcek_wrapped);
	verdict(GENUINE, PASSED, "hwID in an OCTET STRING");
	fresh_snp(bend_v2, sim.vcek);
	verdict(GENUINE, PASSED, "version 2");
	want(LEFT_OUT, "product", "version 2 names no CPU");
	fresh_snp(bend_v1, sim.vcek);
	want(FAILED, "version", "version 1");
	fresh_snp(bend_mask_key, sim.vcek);
	want(FAILED, "signature", "MASK_CHIP_KEY");
	fresh_snp(bend_none, sim.vcek);
	want(FAILED, "signature", "signing key NONE");
	fresh_snp(bend_algo, sim.vcek);
	want(FAILED, "signature", "another algorithm");
	fresh_snp(bend_chip, sim.vcek);
	want(FAILED, "chip", "a certificate of another chip");
	fresh_snp(bend_zero_chip, sim.vcek);
	want(UNABLE, "chip", "a masked chip id");
	verdict(GENUINE, UNABLE, "a masked chip id");
	fresh_snp(bend_tcb, sim.vcek);
	want(FAILED, "TCB", "a certificate of another TCB");
	fresh_snp(bend_genoa, sim.vcek);
	want(FAILED, "product", "a certificate of another product");
	fresh_snp(bend_new_cpu, sim.vcek);
	want(UNABLE, "product", "a CPU that is not known");
	fresh_snp(bend_vlek, sim.vlek);
	verdict(GENUINE, PASSED, "VLEK");
	fresh_snp(bend_vlek, sim.vcek);
	want(FAILED, "signing key", "VLEK said, VCEK given");
	fresh_snp(NULL, sim.vlek);
	want(FAILED, "signing key", "VCEK said, VLEK given");
}

static void snp_policy(void)
{
	begin();
	trust(&sim, true);
	opt("csp", "TEST cloud");
	snp(bend_vlek, sim.vlek);
	want(PASSED, "cloud provider", "--csp");
	begin();
	trust(&sim, true);
	opt("csp", "another");
	snp(bend_vlek, sim.vlek);
	want(FAILED, "cloud provider", "another --csp");
	fresh_snp(NULL, sim.vcek);
	verdict(APPRAISED, PASSED, "--any-code");
	v.policy.any_code = false;
	verify_forget(&v);
	verify_check(&v);
	want(UNABLE, "code", "without a measurement");
	opt("measurement", "909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090");
	verify_forget(&v);
	verify_check(&v);
	want(PASSED, "measurement", "the right one");
	verdict(APPRAISED, PASSED, "the right measurement");
	opt("id-key-digest", "aae0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0");
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "id-key-digest", "another one");
	opt("rtmr0", "909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090");
	verify_forget(&v);
	verify_check(&v);
	want(UNABLE, "rtmr0", "a field that SNP does not have");
	fresh_snp(bend_debug, sim.vcek);
	want(FAILED, "debug", "debug");
	verdict(GENUINE, PASSED, "debug");
	opt("allow-debug", NULL);
	verify_forget(&v);
	verify_check(&v);
	want(PASSED, "debug", "debug, allowed");
	fresh_snp(bend_migrate, sim.vcek);
	want(FAILED, "migration", "the policy allows an agent");
	fresh_snp(bend_agent, sim.vcek);
	want(FAILED, "migration", "an agent is bound");
	fresh_snp(bend_host, sim.vcek);
	want(FAILED, "vmpl", "asked for by the host");
	fresh_snp(bend_vmpl, sim.vcek);
	opt("vmpl", "0");
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "vmpl", "VMPL 2 for 0");
}

static void snp_tcb_and_binding(void)
{
	fresh_snp(NULL, sim.vcek);
	opt("min-tcb", "Milan:bl=4,snp=24,ucode=219");
	verify_forget(&v);
	verify_check(&v);
	want(PASSED, "minimum reported TCB", "at the minimum");
	want(PASSED, "minimum launch TCB", "at the minimum");
	fresh_snp(bend_launch, sim.vcek);
	opt("min-tcb", "snp=24");
	verify_forget(&v);
	verify_check(&v);
	want(PASSED, "minimum committed TCB", "launched before an update");
	want(FAILED, "minimum launch TCB", "launched before an update");
	fresh_snp(NULL, sim.vcek);
	opt("min-tcb", "Genoa:bl=1");
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "minimum reported TCB", "a minimum of other products only");
	fresh_snp(NULL, sim.vcek);
	opt("min-tcb", "fmc=1");
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "minimum reported TCB", "a part that Milan does not have");
	want(UNABLE, "report data", "no nonce given");
	opt("nonce", "hex:da");
	verify_forget(&v);
	verify_check(&v);
	want(PASSED, "report data", "the right nonce");
	v.policy.data[63] = 1;
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "report data", "another nonce");
	v.policy.no_binding = true;
	ok(verify_outcome(&v, BOUND, NULL) == FAILED, "--no-binding does not hide one that is wrong");
}

static void chains(void)
{
	struct buf crl = { 0 };
	struct vsim other = { 0 };
	X509 *fake;

	fresh_snp(NULL, sim.vcek);
	v.at = 2600000000;
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "certificate chain", "after the certificates' time");
	v.at = 1600000000;
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "certificate chain", "before it");
	begin();
	trust(&sim, true);
	vsim_crl(&crl, sim.ark_crt, sim.ark, 99, "20300101000000Z");
	crl_load(&v, buf_span(&crl), "crl");
	snp(NULL, sim.vcek);
	want(PASSED, "revocation of SEV-TEST", "a CRL of others");
	want(LEFT_OUT, "revocation of SEV-VCEK", "no CRL of the ASK");
	v.at = 1900000000;
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "revocation of SEV-TEST", "a CRL out of date");
	begin();
	trust(&sim, true);
	buf_free(&crl);
	vsim_crl(&crl, sim.ark_crt, sim.ark, 2, "20300101000000Z");
	crl_load(&v, buf_span(&crl), "crl");
	snp(NULL, sim.vcek);
	want(FAILED, "revocation of SEV-TEST", "a revoked ASK");
	verdict(GENUINE, FAILED, "a revoked ASK");
	begin();
	trust(&sim, true);
	buf_free(&crl);
	vsim_crl(&crl, sim.ark_crt, sim.ask, 99, "20300101000000Z");
	crl_load(&v, buf_span(&crl), "crl");
	snp(NULL, sim.vcek);
	want(FAILED, "revocation of SEV-TEST", "a CRL by another key");
	buf_free(&crl);

	/* same names, other keys: no use alone, no harm beside the right one */
	vsim_make(&other);
	fake = other.ask_crt;
	begin();
	trust(&sim, true);
	give(fake);
	snp(NULL, sim.vcek);
	verdict(GENUINE, PASSED, "an ASK of the same name beside it");
	begin();
	trust(&other, true);
	snp(NULL, sim.vcek);
	want(FAILED, "certificate chain", "a root of the same name");
	vsim_free(&other);
}

static void svsm(void)
{
	struct buf b = { 0 };
	u8 r[1184], nonce[64] = { 0xda };

	begin();
	trust(&sim, true);
	give(sim.vcek);
	give(sim.ask_crt);
	vsim_snp(r);
	buf_add(&b, nonce, 64);
	buf_add_str(&b, "a manifest");
	EVP_Digest(b.p, b.len, r + 0x50, NULL, EVP_sha512(), NULL);
	vsim_snp_sign(&sim, r);
	v.parts.manifest = (struct span){ (const u8 *)"a manifest", 10 };
	opt("nonce", "da");
	run(r, sizeof(r));
	want(PASSED, "report data and manifest", "SVSM");
	v.parts.manifest.len = 9;
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "report data and manifest", "SVSM, another manifest");
	buf_free(&b);
}

/* TDX */

static void tdx(void (*bend)(struct vquote *q))
{
	struct buf b = { 0 };
	struct vquote q;

	vsim_quote_init(&q);
	if (bend)
		bend(&q);
	vsim_quote(&sim, &q, &b);
	run(b.p, b.len);
	buf_free(&b);
}

/* No signature covers the text of the chain: whatever decodes to it would do */
static void altered_text(void)
{
	static const struct {
		const char *what;
		size_t from_end;
		char now;
	} c[] = {
		{ "a space for the last newline", 1, ' ' },
		{ "a carriage return for the newline of a line", 28, '\r' },
	};
	struct vquote q;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		struct buf b = { 0 };

		begin();
		trust(&sim, false);
		vsim_quote_init(&q);
		vsim_quote(&sim, &q, &b);
		b.p[b.len - c[i].from_end] = (u8)c[i].now;
		run(b.p, b.len);
		verdict(GENUINE, FAILED, c[i].what);
		buf_free(&b);
	}
}

static void fresh_tdx(void (*bend)(struct vquote *q))
{
	begin();
	trust(&sim, false);
	tdx(bend);
}

static void q_td15(struct vquote *q) { q->td15 = true; }
static void q_debug_qe(struct vquote *q) { q->qe[48] |= 2; }
static void q_sgx_qe(struct vquote *q) { q->qe[256] = 1; }
static void q_wrong_key(struct vquote *q) { q->wrong_key = true; }
static void q_wrong_pck(struct vquote *q) { q->wrong_pck = true; }
static void q_seam(struct vquote *q) { q->body[70] = 1; }
static void q_seam_debug(struct vquote *q) { q->body[112] = 1; }
static void q_debug(struct vquote *q) { q->body[120] = 1; }
static void q_profiled(struct vquote *q) { q->body[120] = 2; }
static void q_reserved(struct vquote *q) { q->body[125] = 1; }
static void q_sept(struct vquote *q) { q->body[123] = 0; }
static void q_xfam(struct vquote *q) { q->body[133] = 1; }
static void q_no_sse(struct vquote *q) { q->body[128] = 0xe5; }
static void q_migratable(struct vquote *q) { q->body[123] |= 0x20; }
static void q_old_tcb(struct vquote *q) { q->body[0] = 3; }

static void q_signer(struct vquote *q) { q->qe[128] = 0; }

/* No signature covers which certificates a quote brings along */
static void q_pck_twice(struct vquote *q) { q->more = sim.pck_crt; }
static void q_ca_twice(struct vquote *q) { q->more = sim.ca_crt; }
static void q_root_twice(struct vquote *q) { q->more = sim.root_crt; }
static void q_stranger(struct vquote *q) { q->more = sim.ark_crt; }
static void q_cousin(struct vquote *q) { q->more = sim.tcb_crt; }

static void q_service_td(struct vquote *q)
{
	q->td15 = true;
	q->body[600] = 1;
}

static void tdx_verdicts(void)
{
	static const struct {
		void (*bend)(struct vquote *q);
		const char *check, *what;
	} bad[] = {
		{ q_debug_qe, "QE attributes", "a debug QE" },
		{ q_sgx_qe, "QE product", "a QE of SGX" },
		{ q_wrong_key, "attestation key", "an attestation key of others" },
		{ q_wrong_pck, "quoting enclave", "a QE report of another platform" },
		{ q_pck_twice, "certificate chain", "the PCK certificate twice" },
		{ q_ca_twice, "certificate chain", "the CA's certificate twice" },
		{ q_root_twice, "certificate chain", "the root twice" },
		{ q_stranger, "certificate chain", "a certificate of another maker" },
		{ q_cousin, "certificate chain", "a certificate of the same root that is no link" },
		{ q_seam, "TDX module", "a TDX module of others" },
		{ q_seam_debug, "TDX module", "a debug TDX module" },
		{ q_debug, "debug", "a debug TD" },
		{ q_profiled, "debug", "a TD under profiling" },
		{ q_reserved, "TDATTRIBUTES", "reserved bits" },
		{ q_sept, "SEPT_VE_DISABLE", "#VE at any access" },
		{ q_xfam, "XFAM", "XFAM with a bit that no module allows" },
		{ q_no_sse, "XFAM", "XFAM without SSE" },
		{ q_migratable, "migration", "a migratable TD" },
		{ q_service_td, "service TD", "a service TD" },
	};
	size_t i;

	begin();
	tdx(NULL);
	want(FAILED, "certificate chain", "TDX under a root that nobody trusts");
	fresh_tdx(NULL);
	verdict(GENUINE, PASSED, "TDX of a test root");
	verdict(APPRAISED, PASSED, "TDX of a test root");
	want(PASSED, "QE signer", "Intel's enclave, under a root that is not Intel's");
	want(LEFT_OUT, "TCB status", "without collateral");
	fresh_tdx(q_signer);
	want(UNABLE, "QE signer", "an enclave of others, under a root of others");
	verdict(GENUINE, UNABLE, "an enclave of others, under a root of others");
	opt("qe-signer", "009e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5");
	verify_forget(&v);
	verify_check(&v);
	want(PASSED, "QE signer", "--qe-signer");
	verdict(GENUINE, PASSED, "--qe-signer");
	fresh_tdx(NULL);
	opt("qe-signer", "009e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5");
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "QE signer", "another --qe-signer");
	fresh_tdx(q_td15);
	verdict(GENUINE, PASSED, "version 5, TD 1.5");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fresh_tdx(bad[i].bend);
		want(FAILED, bad[i].check, bad[i].what);
	}
}

static void with_info(const char *text, EVP_PKEY *key, void (*bend)(struct vquote *q))
{
	begin();
	trust(&sim, false);
	give(sim.tcb_crt);
	give(sim.pck_crt);
	v.collateral = xalloc(sizeof(*v.collateral));
	v.n_collateral = 1;
	vsim_collateral(v.collateral, strstr(text, "TD_QE") ? "enclaveIdentity" : "tcbInfo", text, key);
	tdx(bend);
}

static void collateral(void)
{
	with_info(TCB_INFO("00806F050000", LATER, LEVEL("5", "UpToDate")), sim.tcb, NULL);
	want(PASSED, "TCB info", "signed");
	want(PASSED, "TCB status of the platform", "up to date");
	want(PASSED, "TCB status of the TDX module", "up to date");
	verdict(GENUINE, PASSED, "with TCB info");
	with_info(TCB_INFO("00806F050000", LATER, LEVEL("5", "UpToDate")), sim.tcb, q_old_tcb);
	want(FAILED, "TCB status of the TDX module", "an old module");
	with_info(TCB_INFO("00806F050000", LATER, LEVEL("6", "UpToDate") "," LEVEL("5", "OutOfDate")),
		  sim.tcb, NULL);
	want(FAILED, "TCB status of the platform", "out of date");
	verdict(GENUINE, PASSED, "out of date");
	opt("tcb-status", "OutOfDate");
	verify_forget(&v);
	verify_check(&v);
	want(PASSED, "TCB status of the platform", "out of date, allowed");
	with_info(TCB_INFO("00806F050000", LATER, LEVEL("5", "Revoked")), sim.tcb, NULL);
	verdict(GENUINE, FAILED, "revoked");
	with_info(TCB_INFO("00806F050000", LATER, LEVEL("6", "UpToDate")), sim.tcb, NULL);
	want(FAILED, "TCB status of the platform", "below every level");
	with_info(TCB_INFO("90806F050000", LATER, LEVEL("5", "UpToDate")), sim.tcb, NULL);
	want(FAILED, "TCB info", "for another FMSPC");
	with_info(TCB_INFO("00806F050000", "2025-12-20T00:00:00Z", LEVEL("5", "UpToDate")), sim.tcb, NULL);
	want(FAILED, "TCB info", "out of its time");
	with_info(TCB_INFO("00806F050000", LATER, LEVEL("5", "UpToDate")), sim.pck, NULL);
	want(FAILED, "TCB info", "signed by a platform's own key");
	with_info(QE_ID("6"), sim.tcb, NULL);
	want(PASSED, "TCB status of the quoting enclave", "up to date");
	verdict(GENUINE, PASSED, "with a QE identity");
	with_info(QE_ID("6"), sim.tcb, q_debug_qe);
	want(FAILED, "QE identity", "a debug QE");
	with_info(QE_ID("6"), sim.tcb, q_sgx_qe);
	want(FAILED, "QE identity", "another product");
}

/* Azure */

struct azure {
	const char *user_data, *quoted;	/* NULL: no quote of the TPM */
	const struct vsim *tpm;		/* whose AK signed that */
	const struct vsim *claims;	/* whose AK the claims have; NULL: sim's */
	u8 vmpl;
	bool wrong_claims, wrong_pcrs, tdx, other_td, no_sept;
	bool td15;
	u16 other_module;		/* the place in the quote where it says another one */
	X509 *ak_cert, *ak_root, *ak_between;	/* NULL: not given */
	size_t ak_zeros;		/* behind the certificate, as in an NV index */
	bool require_crl;
};

static void ak_chain_of(const struct azure *a)
{
	struct buf *cert = verify_keep(&v);
	struct buf root = { 0 };
	u8 *der = NULL;
	int len;

	if (a->ak_cert) {
		static const u8 zeros[4096];

		len = i2d_X509(a->ak_cert, &der);
		buf_add(cert, der, (size_t)len);
		buf_add(cert, zeros, a->ak_zeros);
		OPENSSL_free(der);
		v.parts.ak_cert = buf_span(cert);
		v.policy.given[ASK_AK_CERT] = true;
	}
	if (a->ak_between)
		give(a->ak_between);
	if (a->ak_root) {
		add_pem(&root, a->ak_root);
		verify_root_for(&v, &v.ak_roots, buf_span(&root), "ak-root", "root");
		v.policy.given[ASK_AK_ROOT] = true;
	}
	v.policy.require_crl = v.policy.given[ASK_REQUIRE_CRL] = a->require_crl;
	buf_free(&root);
}

static void azure(const struct azure *a, const char *nonce)
{
	struct buf claims = { 0 }, hcl = { 0 }, quote = { 0 };
	struct buf *attest, *sig, *pcrs;
	u8 r[1184], hash[64] = { 0 };
	struct vquote q;

	begin();
	attest = verify_keep(&v);
	sig = verify_keep(&v);
	pcrs = verify_keep(&v);
	trust(&sim, !a->tdx);
	give(sim.vcek);
	give(sim.ask_crt);
	if (nonce)
		opt("nonce", nonce);
	vsim_claims(a->claims ? a->claims : &sim, a->user_data, &claims);
	EVP_Digest(claims.p, claims.len, hash, NULL, EVP_sha256(), NULL);
	hash[0] ^= a->wrong_claims;
	if (a->tdx) {
		vsim_quote_init(&q);
		memcpy(q.body + 520, hash, 64);
		if (a->no_sept)
			q.body[123] = 0;
		q.td15 = a->td15;
		vsim_tdreport(&q, r);
		q.body[140] ^= a->other_td;
		q.body[a->other_module] ^= a->other_module > 0;
		vsim_quote(&sim, &q, &quote);
		buf_add(verify_keep(&v), quote.p, quote.len);
		v.parts.quote = buf_span(&v.kept->b);
	} else {
		vsim_snp(r);
		memcpy(r + 0x50, hash, 64);
		r[0x30] = a->vmpl;
		vsim_snp_sign(&sim, r);
	}
	vsim_hcl(&claims, r, a->tdx ? 1024 : 1184, &hcl);
	if (a->quoted) {
		vsim_tpm(a->tpm, a->quoted, attest, sig, pcrs);
		pcrs->p[0] ^= a->wrong_pcrs;
		v.parts.tpm_attest = buf_span(attest);
		v.parts.tpm_signature = buf_span(sig);
		v.parts.pcrs = buf_span(pcrs);
	}
	ak_chain_of(a);
	run(hcl.p, hcl.len);
	buf_free(&claims);
	buf_free(&hcl);
	buf_free(&quote);
}

static void azure_verdicts(void)
{
	struct vsim other = { 0 };

	azure(&(struct azure){ .user_data = "6E6F6E6365" }, "text:nonce");
	verdict(GENUINE, PASSED, "HCL");
	want(PASSED, "report data", "HCL with the nonce in its claims");
	verdict(APPRAISED, PASSED, "HCL");
	azure(&(struct azure){ .user_data = "00" }, "text:nonce");
	want(FAILED, "report data", "HCL of an earlier nonce");
	azure(&(struct azure){ .user_data = "6E6F6E6366" }, "text:nonce");
	want(FAILED, "report data", "HCL of a nonce of which the last byte differs");
	azure(&(struct azure){ .user_data = "6E6F6E636500000001" }, "text:nonce");
	want(FAILED, "report data", "HCL of a longer nonce");
	azure(&(struct azure){ .user_data = "00", .wrong_claims = true }, NULL);
	want(FAILED, "claims", "HCL with claims of others");
	azure(&(struct azure){ .user_data = "00", .vmpl = 2 }, NULL);
	want(FAILED, "vmpl", "claims by somebody at VMPL 2");
	v.policy.any_code = false;
	verify_forget(&v);
	verify_check(&v);
	want(UNABLE, "code", "HCL of nobody knows whose paravisor");
	azure(&(struct azure){ .user_data = "00", .quoted = "nonce", .tpm = &sim }, "text:nonce");
	want(PASSED, "TPM quote", "a cached HCL report and a fresh quote");
	verdict(GENUINE, PASSED, "a cached HCL report and a fresh quote");
	verdict(BOUND, PASSED, "a cached HCL report and a fresh quote");
	azure(&(struct azure){ .user_data = "00", .quoted = "other", .tpm = &sim }, "text:nonce");
	verdict(BOUND, FAILED, "both of an earlier nonce");
	azure(&(struct azure){ .user_data = "00", .quoted = "nonce", .tpm = &sim, .wrong_pcrs = true },
	      "text:nonce");
	want(FAILED, "TPM quote", "PCR values of others");
	vsim_make(&other);
	azure(&(struct azure){ .user_data = "00", .quoted = "nonce", .tpm = &other }, "text:nonce");
	verdict(GENUINE, FAILED, "a quote of another TPM");
	vsim_free(&other);
	azure(&(struct azure){ .user_data = "6e6f6e6365", .tdx = true }, "text:nonce");
	verdict(GENUINE, PASSED, "HCL of TDX with its quote");
	verdict(BOUND, PASSED, "HCL of TDX with its quote");
	azure(&(struct azure){ .user_data = "6e6f6e6365", .tdx = true, .no_sept = true }, "text:nonce");
	want(FAILED, "SEPT_VE_DISABLE", "HCL of TDX without SEPT_VE_DISABLE");
	opt("profile", "azure");
	verify_forget(&v);
	verify_check(&v);
	want(PASSED, "SEPT_VE_DISABLE", "the same by --profile azure");
	verdict(APPRAISED, PASSED, "the same by --profile azure");
	fresh_tdx(q_sept);
	opt("profile", "azure");
	verify_forget(&v);
	verify_check(&v);
	want(FAILED, "SEPT_VE_DISABLE", "a plain TD by --profile azure");
	want(UNABLE, "profile", "a plain TD by --profile azure");
	for (size_t i = 0; i < 4; i++) {
		/* TEE_TCB_SVN, MRSEAM, MRSIGNERSEAM, SEAMATTRIBUTES */
		static const u8 at[] = { 15, 16, 111, 119 };

		azure(&(struct azure){ .user_data = "00", .tdx = true, .other_module = at[i] }, NULL);
		want(FAILED, "quote", "HCL of TDX with a quote of another TDX module");
	}
	azure(&(struct azure){ .user_data = "00", .tdx = true, .td15 = true }, NULL);
	want(PASSED, "quote", "HCL of TD 1.5");
	for (size_t i = 584; i < 648; i += 16) {
		/* TEE_TCB_SVN_2, MRSERVICETD */
		azure(&(struct azure){ .user_data = "00", .tdx = true, .td15 = true, .other_module = (u16)i }, NULL);
		want(FAILED, "quote", "HCL of TD 1.5 with a quote of another module that runs now, or service TD");
	}
	azure(&(struct azure){ .user_data = "00", .tdx = true, .other_td = true }, NULL);
	want(FAILED, "quote", "a quote of another TD");
	v.parts.quote.len = 0;
	verify_forget(&v);
	verify_check(&v);
	want(UNABLE, "signature", "HCL of TDX without a quote");
}

#define AIK "2.23.133.8.3"	/* tcg-kp-AIKCertificate, TCG EK Credential Profile */

/*
 * RFC 7518, 3.3: "A key of size 2048 bits or larger MUST be used". TPM 2.0, part 2,
 * TPMS_RSA_PARMS: the exponent is a prime > 2; with 1 the padding alone is a signature.
 */
static void weak_aks(void)
{
	static const char key[] = "attestation key of the TPM";
	const struct {
		const char *what;
		unsigned int bits;
		const char *e;
		enum outcome is;
	} rows[] = {
		{ "an AK of 2048 bits", 2048, "AQAB", PASSED },
		{ "an AK with the exponent 3", 2048, "Aw", PASSED },
		{ "an AK of 1024 bits", 1024, "AQAB", FAILED },
		{ "an AK of 512 bits", 512, "AQAB", FAILED },
		{ "an AK with the exponent 1", 2048, "AQ", FAILED },
		{ "an AK with the exponent 2", 2048, "Ag", FAILED },
		{ "an AK with the exponent 65536", 2048, "AQAA", FAILED },
	};
	struct vsim weak = sim;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		weak.ak = EVP_RSA_gen(rows[i].bits);
		weak.ak_e = rows[i].e;
		azure(&(struct azure){ .user_data = "00", .quoted = "nonce", .tpm = &weak, .claims = &weak },
		      "text:nonce");
		want(rows[i].is, key, rows[i].what);
		if (rows[i].is == FAILED)
			verdict(GENUINE, FAILED, rows[i].what);
		EVP_PKEY_free(weak.ak);
	}
}

/* Who says that a TPM holds the AK: its issuer where the caller named one, else the claims */
static void ak_certificates(void)
{
	static const char name[] = "certificate of the attestation key";
	X509 *root = vsim_authority("vTPM Root", sim.root, "vTPM Root", sim.root, 1);
	X509 *between = vsim_authority("vTPM CA", sim.ca, "vTPM Root", sim.root, 2);
	X509 *fake_root = vsim_authority("vTPM Root", sim.qe, "vTPM Root", sim.qe, 3);
	X509 *good = vsim_ak(sim.ak, "vTPM CA", sim.ca, AIK);
	X509 *other = vsim_ak(sim.pck, "vTPM CA", sim.ca, AIK);
	X509 *server = vsim_ak(sim.ak, "vTPM CA", sim.ca, "serverAuth");
	X509 *plain = vsim_ak(sim.ak, "vTPM CA", sim.ca, NULL);
	X509 *authority = vsim_authority("vTPM AK", sim.ak, "vTPM CA", sim.ca, 4);
	X509 *usage = vsim_ak(sim.ak, "vTPM CA", sim.ca, AIK);
	/* an authority that signs no lists, as the ASK */
	X509 *as_ask = vsim_authority("SEV-vTPM CA", sim.ca, "vTPM Root", sim.root, 5);
	X509 *as_amd = vsim_ak(sim.ak, "SEV-vTPM CA", sim.ca, AIK);
	X509 *of_amd = vsim_ak(sim.ak, "ARK-Milan", sim.ark, AIK);
	const struct azure base = { .user_data = "00", .quoted = "nonce", .tpm = &sim };
	const struct {
		const char *what;
		X509 *cert, *between, *root;
		size_t zeros;
		enum outcome is, verdict;
	} rows[] = {
		{ "no certificate", NULL, NULL, NULL, 0, LEFT_OUT, PASSED },
		{ "a certificate, and nobody to vouch for it", good, between, NULL, 0, LEFT_OUT, UNABLE },
		{ "a chain to a root that was named", good, between, root, 0, PASSED, PASSED },
		{ "with zeros behind it, as in the NV index", good, between, root, 3000, PASSED, PASSED },
		{ "no certificate, and a root", NULL, NULL, root, 0, UNABLE, UNABLE },
		{ "a chain without its middle", good, NULL, root, 0, UNABLE, UNABLE },
		{ "another root of the same name", good, between, fake_root, 0, FAILED, FAILED },
		{ "a certificate of another key", other, between, root, 0, FAILED, FAILED },
		{ "the same without a root", other, between, NULL, 0, FAILED, FAILED },
		{ "a certificate for servers", server, between, root, 0, FAILED, FAILED },
		{ "a certificate for no purpose", plain, between, root, 0, FAILED, FAILED },
		{ "a certificate authority", authority, between, root, 0, FAILED, FAILED },
		{ "a root of AMD's, which vouches for no TPM", of_amd, NULL, root, 0, UNABLE, UNABLE },
		/* RFC 5280, 4.2.1.3 */
		{ "a key that is for encipherment only", usage, between, root, 0, FAILED, FAILED },
	};
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "critical,keyEncipherment");
	struct azure a;
	size_t i;

	X509_add_ext(usage, e, -1);
	X509_EXTENSION_free(e);
	X509_sign(usage, sim.ca, EVP_sha256());
	/* what makes a VCEK, of which AMD has no lists */
	add_ext(as_amd, "1.3.6.1.4.1.3704.1.2", "\x16\x05Milan", 7);
	ASN1_INTEGER_set(X509_get_serialNumber(as_amd), 0);
	X509_sign(as_amd, sim.ca, EVP_sha256());
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		a = base;
		a.ak_cert = rows[i].cert;
		a.ak_between = rows[i].between;
		a.ak_root = rows[i].root;
		a.ak_zeros = rows[i].zeros;
		azure(&a, "text:nonce");
		want(rows[i].is, name, rows[i].what);
		verdict(GENUINE, rows[i].verdict, rows[i].what);
	}
	a = base;
	a.quoted = NULL;
	a.user_data = "6e6f6e6365";
	a.ak_cert = good;
	a.ak_between = between;
	a.ak_root = root;
	azure(&a, "text:nonce");
	want(PASSED, name, "the chain of the key in the claims, without a quote");
	a.require_crl = true;
	azure(&a, "text:nonce");
	want(UNABLE, "revocation of 0.TrustedVM.example", "--require-crl asks for a list of its issuer, too");
	a.ak_cert = as_amd;
	a.ak_between = as_ask;
	a.ak_root = root;
	azure(&a, "text:nonce");
	want(UNABLE, "revocation of 0.TrustedVM.example", "and of one that is dressed as a VCEK");
	X509_free(root);
	X509_free(between);
	X509_free(fake_root);
	X509_free(good);
	X509_free(other);
	X509_free(server);
	X509_free(plain);
	X509_free(authority);
	X509_free(of_amd);
	X509_free(usage);
	X509_free(as_amd);
	X509_free(as_ask);
}

int main(void)
{
	vsim_make(&sim);
	snp_genuine();
	snp_policy();
	snp_tcb_and_binding();
	chains();
	svsm();
	altered_text();
	tdx_verdicts();
	collateral();
	azure_verdicts();
	ak_certificates();
	weak_aks();
	verify_free(&v);
	vsim_free(&sim);
	buf_free(&said);
	return unit_failed;
}
