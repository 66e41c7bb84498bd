// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of verify one by one: fields and certificates of SNP, manifests, CRLs,
 * quotes of the TPM. Each case differs from genuine evidence in one thing.
 */
#include <openssl/pem.h>

#include "x509_ext.h"
#include "vtest.h"

static void again(void)
{
	verify_forget(&v);
	verify_check(&v);
}

/* SNP: where a report differs, and what check says so */

static void report_with(void (*bend)(u8 *r), X509 *leaf)
{
	u8 r[1184];

	begin();
	trust(&sim, true);
	vsim_snp(r);
	if (bend)
		bend(r);
	vsim_snp_sign(&sim, r);
	give(leaf);
	give(sim.ask_crt);
	give(sim.asvk_crt);
	run(r, sizeof(r));
}

static size_t at_byte;
static u8 at_value, at_version;

static void bend_byte(u8 *r)
{
	if (at_version) {
		r[0] = at_version;
		if (at_version < 3)
			memset(r + 0x188, 0, 3);
	}
	r[at_byte] = at_value;
}

static void reserved_fields(void)
{
	static const struct {
		u8 version;
		size_t at;
		u8 value;
		enum outcome o;
	} c[] = {
		{ 3, 0x0a, 0x01, FAILED },	/* POLICY without bit 17 */
		{ 3, 0x0b, 0x04, FAILED },	/* with bit 26 */
		{ 3, 0x0f, 0x80, FAILED },
		{ 3, 0x0b, 0x02, PASSED },	/* with bit 25 */
		{ 3, 0x41, 0x01, FAILED },	/* PLATFORM_INFO */
		{ 3, 0x40, 0x25, PASSED },
		{ 3, 0x48, 0x20, FAILED },	/* KEY_INFO */
		{ 3, 0x4b, 0x80, FAILED },
		{ 3, 0x30, 0x04, FAILED },	/* VMPL */
		{ 3, 0x33, 0x01, FAILED },
		{ 3, 0x30, 0x03, PASSED },
		{ 3, 0x4c, 1, FAILED }, { 3, 0x4f, 1, FAILED },
		{ 3, 0x18b, 1, FAILED }, { 3, 0x19f, 1, FAILED },
		{ 3, 0x1eb, 1, FAILED }, { 3, 0x1ef, 1, FAILED },
		{ 3, 0x1f8, 1, FAILED }, { 3, 0x207, 1, FAILED },
		{ 5, 0x1f8, 1, PASSED }, { 5, 0x207, 1, PASSED },
		{ 5, 0x208, 1, FAILED }, { 5, 0x29f, 1, FAILED },
		/* the middle of the four TCBs of a Milan, and its edges */
		{ 3, 0x3a, 1, FAILED }, { 3, 0x182, 1, FAILED }, { 3, 0x185, 1, FAILED },
		{ 3, 0x1e5, 1, FAILED }, { 3, 0x1f3, 1, FAILED }, { 3, 0x3f, 0xff, PASSED },
		{ 2, 0x3a, 1, FAILED },
		{ 2, 0x188, 0x19, FAILED }, { 2, 0x1f8, 1, FAILED },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		char what[64];

		at_version = c[i].version;
		at_byte = c[i].at;
		at_value = c[i].value;
		report_with(bend_byte, sim.vcek);
		snprintf(what, sizeof(what), "version %u, byte 0x%zx = 0x%02x", c[i].version, c[i].at,
			 c[i].value);
		want(c[i].o, "reserved fields", what);
		want(PASSED, "signature", what);
	}
	at_version = 0;
}

static void bend_vlek(u8 *r)
{
	r[0x48] = 1 << 2;
	memset(r + 0x1a0, 0, 64);
}

static void bend_masked(u8 *r) { memset(r + 0x1a0, 0, 64); }
static void bend_provisional(u8 *r) { r[0x3f]++; }
static void bend_behind(u8 *r) { r[0x3e]--; }
static void bend_downgraded(u8 *r) { r[0x3e]--; r[0x1e6]--; }
static void bend_build(u8 *r) { r[0x1e8] = 5; r[0x1ec] = 4; r[0x1ed] = 55; r[0x1ee] = 1; }
static void bend_svn(u8 *r) { r[4] = 7; }
static void bend_author(u8 *r) { r[0x48] = 1; memset(r + 0x110, 0xaa, 48); }
static void bend_author_off(u8 *r) { memset(r + 0x110, 0xaa, 48); }
static void bend_ids(u8 *r) { memset(r + 0x140, 0x14, 32); }
static void bend_v5(u8 *r) { r[0] = 5; r[0x200] = 5; r[0x1f8] = 3; }
static void bend_abi(u8 *r) { r[9] = 1; }
/* the committed version is above the one that runs: its minor, major, build */
static void bend_minor(u8 *r) { r[0x1e9] = 54; r[0x1ed] = 55; }
static void bend_major(u8 *r) { r[0x1e9] = 55; r[0x1ed] = 54; r[0x1ee] = 1; }
static void bend_older_build(u8 *r) { r[0x1e8] = 3; r[0x1ec] = 4; }
static void bend_newer(u8 *r) { r[0x1e8] = 3; r[0x1e9] = 55; r[0x1ec] = 4; r[0x1ed] = 54; }

static void drop_ext(X509 *x, const char *oid)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);

	X509_EXTENSION_free(X509_delete_ext(x, X509_get_ext_by_OBJ(x, obj, -1)));
	ASN1_OBJECT_free(obj);
}

static void bend_turin(u8 *r)
{
	static const u8 tcb[8] = { 9, 1, 1, 1, 0, 0, 0, 16 };
	int at[] = { 0x38, 0x180, 0x1e0, 0x1f0 };

	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		memcpy(r + at[i], tcb, 8);
	r[0x188] = 0x1a;
	r[0x189] = 2;
	memset(r + 0x1a8, 0, 56);
}

#define SNP_UCODE	"1.3.6.1.4.1.3704.1.3.8"
#define SNP_PRODUCT	"1.3.6.1.4.1.3704.1.2"

/* Certificates that no careful issuer makes, under a root that the caller trusts */
static void malformed(void)
{
	static const struct vamd plain = { "SEV-VCEK", "SEV-TEST", NULL, NULL, NULL, false };
	struct vamd a = plain;
	X509_EXTENSION *e;
	X509_NAME *name;
	X509 *x;

	a.by = sim.ask;
	/* RFC 5280, 4.2: "MUST NOT include more than one instance of a particular extension" */
	x = vsim_amd(&sim, &a);
	add_ext(x, "1.3.6.1.4.1.3704.1.3.1", "\x02\x01\x07", 3);
	X509_sign(x, sim.ask, EVP_sha384());
	report_with(NULL, x);
	want(FAILED, "certificate chain", "a VCEK with two boot loaders");
	X509_free(x);
	/* X.690, 8.3.3: an INTEGER is in two's complement: db is -37 */
	x = vsim_amd(&sim, &a);
	drop_ext(x, SNP_UCODE);
	add_ext(x, SNP_UCODE, "\x02\x01\xdb", 3);
	X509_sign(x, sim.ask, EVP_sha384());
	report_with(NULL, x);
	want(FAILED, "TCB", "a VCEK for a negative microcode");
	X509_free(x);
	x = vsim_amd(&sim, &a);
	drop_ext(x, SNP_UCODE);
	add_ext(x, SNP_UCODE, "\x02\x02\x00\xdb\x00", 5);
	X509_sign(x, sim.ask, EVP_sha384());
	report_with(NULL, x);
	want(FAILED, "TCB", "a VCEK with a byte behind its microcode");
	X509_free(x);
	x = vsim_amd(&sim, &a);
	drop_ext(x, SNP_PRODUCT);
	add_ext(x, SNP_PRODUCT, "\x16\x0aMilan\0Evil", 12);
	X509_sign(x, sim.ask, EVP_sha384());
	report_with(NULL, x);
	want(FAILED, "product", "a product name with a NUL");
	X509_free(x);
	x = vsim_amd(&sim, &a);
	name = X509_NAME_new();
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)"SEV-VCEK\0evil", 13, -1, 0);
	X509_set_subject_name(x, name);
	X509_NAME_free(name);
	X509_sign(x, sim.ask, EVP_sha384());
	report_with(NULL, x);
	want(FAILED, "certificate chain", "a name with a NUL");
	X509_free(x);
	/* RFC 5280, 4.2.1.3: digitalSignature, where the key signs what is no certificate */
	x = vsim_amd(&sim, &a);
	e = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "keyEncipherment");
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	X509_sign(x, sim.ask, EVP_sha384());
	report_with(NULL, x);
	want(FAILED, "certificate chain", "a VCEK that may not sign");
	X509_free(x);
	/* AMD 56860: a Turin has FMC first; a certificate of structVersion 0 has none */
	x = vsim_amd(&sim, &a);
	report_with(bend_turin, x);
	opt("min-tcb", "bl=9");
	again();
	want(FAILED, "minimum reported TCB", "a Turin's boot loader 1, though its certificate has no FMC");
	verdict(GENUINE, FAILED, "a Turin with a certificate of Milan's structure");
	X509_free(x);
}

/* Another root may call its product as it likes, but not by the name of another of AMD's */
static void names_of_products(void)
{
	struct vsim s = sim;
	X509 *x;
	u8 r[1184];

	s.ark_crt = vsim_authority("ARK-Genoa", sim.ark, "ARK-Genoa", sim.ark, 60);
	s.ask_crt = vsim_authority("SEV-Genoa", sim.ask, "ARK-Genoa", sim.ark, 61);
	x = vsim_amd(&sim, &(struct vamd){ "SEV-VCEK", "SEV-Genoa", sim.ask, NULL, NULL, false });
	begin();
	trust(&s, true);
	vsim_snp(r);
	vsim_snp_sign(&sim, r);
	give(x);
	give(s.ask_crt);
	run(r, sizeof(r));
	want(PASSED, "certificate chain", "a VCEK of Milan under Genoa's names");
	want(FAILED, "certificate roles", "a VCEK of Milan under Genoa's names");
	X509_free(x);
	X509_free(s.ark_crt);
	X509_free(s.ask_crt);
}

static void roles(void)
{
	EVP_PKEY *p256 = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-384");
	struct {
		struct vamd a;
		const char *check;
		enum outcome o;
	} c[] = {
		{ { "SEV-VLEK", "SEV-TEST", sim.ask, NULL, "TEST cloud", false }, "certificate roles", FAILED },
		{ { "SEV-VCEK", "SEV-VLEK-TEST", sim.asvk, NULL, NULL, false }, "certificate roles", FAILED },
		{ { "SEV-VCEK", "ARK-TEST", sim.ark, NULL, NULL, false }, "certificate roles", FAILED },
		{ { "Somebody", "SEV-TEST", sim.ask, NULL, NULL, false }, "certificate roles", FAILED },
		{ { "SEV-VCEK", "SEV-TEST", sim.ask, NULL, NULL, false }, "certificate roles", PASSED },
		{ { "SEV-VLEK", "SEV-VLEK-TEST", sim.asvk, NULL, "TEST cloud", false }, "certificate roles", PASSED },
		/* of another region, not altered */
		{ { "SEV-VLEK", "SEV-VLEK-TEST", sim.asvk, other, "TEST cloud", false }, "signature", UNABLE },
		{ { "SEV-VCEK", "SEV-TEST", sim.ask, other, NULL, false }, "signature", FAILED },
	};
	struct vsim weak = sim;
	X509 *vcek;
	size_t i;

	/* AMD 57230: a VCEK has hwID, a VLEK CSP_ID, none both */
	vcek = vsim_amd(&sim, &c[4].a);
	add_ext(vcek, "1.3.6.1.4.1.3704.1.5", "\x16\x04" "Evil", 6);
	X509_sign(vcek, sim.ask, EVP_sha384());
	report_with(NULL, vcek);
	want(FAILED, "signing key", "a VCEK with CSP_ID");
	X509_free(vcek);
	/* SHA-1 is of 63 bits for OpenSSL, of its level 2 on 112 are asked for */
	vcek = vsim_amd(&sim, &c[4].a);
	X509_sign(vcek, sim.ask, EVP_sha1());
	report_with(NULL, vcek);
	want(FAILED, "certificate chain", "a VCEK signed over SHA-1");
	X509_free(vcek);
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		X509 *x = vsim_amd(&sim, &c[i].a);
		char what[64];

		report_with(c[i].a.csp ? bend_vlek : NULL, x);
		snprintf(what, sizeof(what), "%s under %s", c[i].a.cn, c[i].a.issuer);
		want(c[i].o, c[i].check, what);
		X509_free(x);
	}
	/* a key on another curve, though it signed the report */
	weak.vek = p256;
	{
		X509 *x = vsim_amd(&weak, &c[4].a);
		u8 r[1184];

		begin();
		trust(&sim, true);
		vsim_snp(r);
		vsim_snp_sign(&weak, r);
		give(x);
		give(sim.ask_crt);
		run(r, sizeof(r));
		want(PASSED, "signature", "a VCEK on P-256");
		want(FAILED, "signing key", "a VCEK on P-256");
		X509_free(x);
	}
	/* a root that issues VCEKs itself */
	{
		X509 *root = vsim_authority("SEV-ROOT", sim.ask, "SEV-ROOT", sim.ask, 50);
		X509 *x = vsim_amd(&sim, &(struct vamd){ "SEV-VCEK", "SEV-ROOT", sim.ask, NULL, NULL, false });
		struct buf b = { 0 };
		u8 r[1184];

		begin();
		add_pem(&b, root);
		verify_root(&v, buf_span(&b), "root");
		buf_free(&b);
		vsim_snp(r);
		vsim_snp_sign(&sim, r);
		give(x);
		run(r, sizeof(r));
		want(PASSED, "certificate chain", "a root that issues VCEKs itself");
		want(FAILED, "certificate roles", "a root that issues VCEKs itself");
		X509_free(root);
		X509_free(x);
	}
	EVP_PKEY_free(p256);
	EVP_PKEY_free(other);
}

static void snp_options(void)
{
	static const struct {
		void (*bend)(u8 *r);
		const char *opt, *arg, *check;
		enum outcome o;
	} c[] = {
		{ bend_provisional, NULL, NULL, "committed firmware", LEFT_OUT },
		{ bend_provisional, "require-committed-firmware", NULL, "committed firmware", FAILED },
		{ NULL, "require-committed-firmware", NULL, "committed firmware", PASSED },
		{ bend_build, "require-committed-firmware", NULL, "committed firmware", FAILED },
		{ bend_behind, NULL, NULL, "TCB order", FAILED },
		/* 57230: REPORTED_TCB is at most CURRENT_TCB, whatever is committed */
		{ bend_downgraded, NULL, NULL, "TCB order", FAILED },
		/* go-sev-guest, validate.go: validateVersion() */
		{ bend_minor, NULL, NULL, "TCB order", FAILED },
		{ bend_major, NULL, NULL, "TCB order", FAILED },
		{ bend_older_build, NULL, NULL, "TCB order", FAILED },
		{ bend_newer, NULL, NULL, "TCB order", PASSED },
		{ bend_newer, "require-committed-firmware", NULL, "committed firmware", FAILED },
		/* AMD 56860, table of POLICY: ABI_MINOR is byte 0, ABI_MAJOR byte 1 */
		{ NULL, "min-policy-abi", "0.31", "minimum policy ABI", PASSED },
		{ NULL, "min-policy-abi", "0.32", "minimum policy ABI", FAILED },
		{ NULL, "min-policy-abi", "1.0", "minimum policy ABI", FAILED },
		{ bend_abi, "min-policy-abi", "1.31", "minimum policy ABI", PASSED },
		{ bend_build, "min-firmware", "1.55.4", "minimum firmware", PASSED },
		{ bend_build, "min-firmware", "1.55", "minimum firmware", PASSED },
		{ bend_build, "min-firmware", "1.55.5", "minimum firmware", FAILED },
		{ bend_build, "min-firmware", "1.56", "minimum firmware", FAILED },
		{ bend_build, "min-firmware", "2.0.0", "minimum firmware", FAILED },
		{ bend_svn, "min-guest-svn", "7", "minimum GUEST_SVN", PASSED },
		{ bend_svn, "min-guest-svn", "8", "minimum GUEST_SVN", FAILED },
		{ bend_author, "require-author-key", NULL, "require-author-key", PASSED },
		{ bend_author_off, "require-author-key", NULL, "require-author-key", FAILED },
		{ bend_author_off, "author-key-digest", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "author key", FAILED },
		{ bend_author, "author-key-digest", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "author key", PASSED },
		{ bend_ids, "report-id", "1414141414141414141414141414141414141414141414141414141414141414", "report-id", PASSED },
		{ NULL, "require-policy", "smt", "require-policy", PASSED },
		{ NULL, "forbid-policy", "smt", "forbid-policy", FAILED },
		{ NULL, "require-platform", "alias-check", "require-platform", FAILED },
		{ NULL, "forbid-platform", "smt", "forbid-platform", PASSED },
		{ bend_v5, "mit-vector", "0x5", "mitigations", PASSED },
		{ bend_v5, "mit-vector", "0x7", "mitigations", FAILED },
		{ NULL, "mit-vector", "0x1", "mit-vector", UNABLE },
		{ bend_v5, "launch-mit-vector", "0x3", "mitigations at launch", PASSED },
		{ bend_v5, "launch-mit-vector", "0x5", "mitigations at launch", FAILED },
		{ NULL, "launch-mit-vector", "0x1", "launch-mit-vector", UNABLE },
		{ bend_vlek, "csp", "CN=TEST cloud", "cloud provider", PASSED },
		{ bend_vlek, "csp", "TEST cloud", "cloud provider", PASSED },
		{ bend_vlek, "csp", "TEST", "cloud provider", FAILED },
		{ NULL, "csp", "TEST cloud", "csp", UNABLE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		char what[96];

		report_with(c[i].bend, c[i].bend == bend_vlek ? sim.vlek : sim.vcek);
		if (c[i].opt)
			opt(c[i].opt, c[i].arg);
		again();
		snprintf(what, sizeof(what), "--%s %.20s", c[i].opt ? c[i].opt : "nothing",
			 c[i].arg ? c[i].arg : "");
		want(c[i].o, c[i].check, what);
	}
}

static void masked(void)
{
	struct buf b = { 0 };

	report_with(bend_masked, sim.vcek);
	verdict(GENUINE, UNABLE, "CHIP_ID masked");
	add_pem(&b, sim.vcek);
	cert_pool_add(&v.masked_vcek, buf_span(&b), "named");
	v.policy.given[ASK_MASKED_VCEK] = true;
	again();
	want(PASSED, "chip", "the VCEK of a masked chip, named");
	verdict(GENUINE, PASSED, "the VCEK of a masked chip, named");
	report_with(NULL, sim.vcek);
	cert_pool_add(&v.masked_vcek, buf_span(&b), "named");
	v.policy.given[ASK_MASKED_VCEK] = true;
	again();
	want(UNABLE, "vcek-for-masked-chip", "named though CHIP_ID is there");
	buf_free(&b);
}

/* A manifest that a guest at @vmpl made */
static void manifest(u8 vmpl, const char *from, enum outcome o)
{
	struct buf b = { 0 };
	u8 r[1184], nonce[64] = { 0xda };
	char what[64];

	begin();
	trust(&sim, true);
	give(sim.vcek);
	give(sim.ask_crt);
	vsim_snp(r);
	r[0x30] = vmpl;
	buf_add(&b, nonce, 64);
	buf_add_str(&b, "manifest");
	EVP_Digest(b.p, b.len, r + 0x50, NULL, EVP_sha512(), NULL);
	vsim_snp_sign(&sim, r);
	v.parts.manifest = (struct span){ (const u8 *)"manifest", 8 };
	v.policy.given[ASK_MANIFEST] = true;
	opt("nonce", "da");
	if (from)
		opt("manifest-vmpl", from);
	run(r, sizeof(r));
	snprintf(what, sizeof(what), "a manifest of VMPL %u, --manifest-vmpl %s", vmpl, from ? from : "-");
	want(o, "manifest", what);
	verdict(BOUND, o, what);
	buf_free(&b);
}

/* CRLs of the ARK, given in this order; the ASK has serial number 2 */
static void crls(const struct vcrl *a, const struct vcrl *b, enum outcome o, const char *what)
{
	struct buf one = { 0 };

	report_with(NULL, sim.vcek);
	vsim_crl_of(&one, sim.ark_crt, sim.ark, a);
	if (b && a->pem)
		vsim_crl_of(&one, sim.ark_crt, sim.ark, b);
	if (crl_load(&v, buf_span(&one), "crl"))
		printf("# not loaded\n");
	buf_free(&one);
	if (b && !a->pem) {
		vsim_crl_of(&one, sim.ark_crt, sim.ark, b);
		crl_load(&v, buf_span(&one), "crl");
		buf_free(&one);
	}
	v.policy.given[ASK_CRL] = true;
	again();
	want(o, "revocation of SEV-TEST", what);
}

#define UNTIL "20300101000000Z"

static void give_list(X509 *by, EVP_PKEY *key, const struct vcrl *c)
{
	struct buf b = { 0 };

	vsim_crl_of(&b, by, key, c);
	crl_load(&v, buf_span(&b), "crl");
	v.policy.given[ASK_CRL] = true;
	buf_free(&b);
}

/* Lists beside the one of the ARK that fits */
static void unused_lists(void)
{
	static const struct vcrl empty = { .serial = 99, .until = UNTIL }, itself = { .serial = 1, .until = UNTIL };
	struct buf b = { 0 };
	X509_CRL *crl;
	const u8 *p;
	u8 *der = NULL;
	int i, n;

	report_with(NULL, sim.vcek);
	give_list(sim.ark_crt, sim.ark, &empty);
	again();
	verdict(GENUINE, PASSED, "the list of the ARK");
	give_list(sim.root_crt, sim.root, &empty);
	again();
	want(PASSED, "revocation of SEV-TEST", "a list of others beside that of the ARK");
	want(UNABLE, "crl", "a list of others beside that of the ARK");
	verdict(GENUINE, UNABLE, "a list of others beside that of the ARK");
	report_with(NULL, sim.vcek);
	give_list(sim.ark_crt, sim.ark, &itself);
	again();
	want(FAILED, "revocation of ARK-TEST", "a root that is in its own list");
	/* the same list, signed over SHA-1 */
	report_with(NULL, sim.vcek);
	vsim_crl_of(&b, sim.ark_crt, sim.ark, &empty);
	p = b.p;
	crl = d2i_X509_CRL(NULL, &p, (long)b.len);
	X509_CRL_sign(crl, sim.ark, EVP_sha1());
	n = i2d_X509_CRL(crl, &der);
	crl_load(&v, (struct span){ der, (size_t)n }, "crl");
	again();
	want(FAILED, "revocation of SEV-TEST", "a list signed over SHA-1");
	X509_CRL_free(crl);
	OPENSSL_free(der);
	complain_into(&said);
	for (i = 0; i < VERIFY_CRLS_MAX - 1; i++)
		crl_load(&v, buf_span(&b), "crl");
	ok(crl_load(&v, buf_span(&b), "crl") == RC_USAGE && sk_X509_CRL_num(v.crls) == VERIFY_CRLS_MAX,
	   "more lists in DER than the limit");
	complain_into(NULL);
	buf_free(&b);
}

/* A VEK of the ASK @issuer with this serial number and point, the ASK's list, and those of the ARK */
static void vek(const char *csp, long serial, const char *point, const struct vcrl *ask, const struct vcrl *a,
		const struct vcrl *b)
{
	struct vamd m = { csp ? "SEV-VLEK" : "SEV-VCEK", csp ? "SEV-VLEK-TEST" : "SEV-TEST",
			  csp ? sim.asvk : sim.ask, NULL, csp, false };
	X509 *x = vsim_amd_numbered(&sim, &m, serial, point);

	report_with(csp ? bend_vlek : NULL, x);
	opt("require-crl", NULL);
	if (ask)
		give_list(csp ? sim.asvk_crt : sim.ask_crt, m.by, ask);
	if (a)
		give_list(sim.ark_crt, sim.ark, a);
	if (b)
		give_list(sim.ark_crt, sim.ark, b);
	again();
	X509_free(x);
}

/*
 * AMD's VCEKs and VLEKs have serial number 0 and no distribution point, and the keyUsage
 * of the ASK is Certificate Sign (57230; so are all of the vectors). verifyCRL() of
 * go-sev-guest looks the ASK up in the ARK's list, and nothing else.
 */
static void vek_rules(void)
{
	static const struct vcrl empty = { .serial = 99, .until = UNTIL },
		leaf = { .serial = 7777, .from = "20250501000000Z", .until = UNTIL },
		fresh = { .serial = 99, .from = "20250601000000Z", .until = UNTIL },
		zero = { .serial = 0, .until = UNTIL };
	static const char point[] = "URI:http://lists.example/ask.crl";

	vek(NULL, 0, NULL, NULL, &empty, NULL);
	want(PASSED, "revocation of SEV-TEST", "--require-crl, the ARK's list");
	want(LEFT_OUT, "revocation of SEV-VCEK", "--require-crl, the ARK's list");
	verdict(GENUINE, PASSED, "--require-crl, the ARK's list");
	vek("TEST cloud", 0, NULL, NULL, &empty, NULL);
	want(LEFT_OUT, "revocation of SEV-VLEK", "--require-crl, a VLEK, the ARK's list");
	verdict(GENUINE, PASSED, "--require-crl, a VLEK, the ARK's list");
	vek(NULL, 0, NULL, NULL, NULL, NULL);
	verdict(GENUINE, UNABLE, "--require-crl, no list");
	vek(NULL, 0, NULL, NULL, &zero, NULL);
	verdict(GENUINE, PASSED, "serial number 0 is of all VCEKs, and revokes none");
	vek(NULL, 7777, NULL, NULL, &empty, NULL);
	want(PASSED, "revocation of SEV-VCEK", "a VCEK with a serial number");
	vek(NULL, 7777, NULL, NULL, &leaf, NULL);
	want(FAILED, "revocation of SEV-VCEK", "a VCEK whose serial number the ARK's list has");
	vek("TEST cloud", 7777, NULL, NULL, &leaf, &fresh);
	want(FAILED, "revocation of SEV-VLEK", "a VLEK that the older of the ARK's two lists has");
	vek(NULL, 7777, NULL, NULL, NULL, NULL);
	want(UNABLE, "revocation of SEV-VCEK", "a VCEK with a serial number, --require-crl, no list");
	vek(NULL, 0, point, NULL, &empty, NULL);
	want(UNABLE, "revocation of SEV-VCEK", "a VCEK that names a list of its own, --require-crl");
	vek(NULL, 0, NULL, &empty, &empty, NULL);
	want(FAILED, "revocation of SEV-VCEK", "a list of the ASK, which may sign none");
}

static void crl_rules(void)
{
	static const struct vcrl old = { .serial = 99, .until = UNTIL }, old_pem = { .serial = 99, .until = UNTIL, .pem = true },
		newer = { .serial = 2, .from = "20250601000000Z", .until = UNTIL },
		newer_pem = { .serial = 2, .from = "20250601000000Z", .until = UNTIL, .pem = true },
		cleared = { .serial = 99, .from = "20250601000000Z", .until = UNTIL, .number = 9 },
		numbered = { .serial = 2, .from = "20250601000000Z", .until = UNTIL, .number = 8 };
	static const struct vcrl revokes = { .serial = 2, .from = "20250501000000Z", .until = UNTIL },
		over = { .serial = 2, .from = "20250501000000Z", .until = "20251231000000Z" },
		fresh = { .serial = 99, .from = "20250601000000Z", .until = UNTIL };
	struct buf b = { 0 };

	crls(&(struct vcrl){ .serial = 99, .until = UNTIL, .pss_sha1 = true }, NULL, FAILED,
	     "a CRL signed by RSA-PSS over SHA-1");
	crls(&old, &newer, FAILED, "an old CRL before the one that revokes");
	crls(&newer, &old, FAILED, "an old CRL behind the one that revokes");
	crls(&old_pem, &newer_pem, FAILED, "both in one PEM file");
	crls(&newer_pem, &old_pem, FAILED, "both in one PEM file, the other way");
	crls(&numbered, &cleared, FAILED, "a list of a greater number takes nothing back");
	crls(&cleared, &numbered, FAILED, "a list of a greater number takes nothing back, the other way");
	/* as AMD's lists of VCEKs and of VLEKs, both of one ARK */
	crls(&revokes, &fresh, FAILED, "a list that revokes, and a newer one of the same ARK that does not");
	crls(&fresh, &revokes, FAILED, "a list that revokes, and a newer one, the other way");
	crls(&over, &fresh, PASSED, "a list out of date that revoked, and a newer one");
	crls(&fresh, &over, PASSED, "a list out of date that revoked, and a newer one, the other way");
	crls(&over, NULL, FAILED, "that list alone");
	crls(&fresh, &(struct vcrl){ .serial = 2, .from = "20260201000000Z", .until = UNTIL }, PASSED,
	     "a list of a later time that revokes is not of this time");
	crls(&newer, &(struct vcrl){ .serial = 99, .from = "20250601000000Z", .until = UNTIL }, FAILED,
	     "of one time and no number");
	crls(&(struct vcrl){ .serial = 99, .from = "20260201000000Z", .until = UNTIL }, NULL, FAILED,
	     "before its lastUpdate");
	crls(&(struct vcrl){ .serial = 99, .from = "20251231000000Z", .until = UNTIL }, NULL, PASSED,
	     "just after its lastUpdate");
	crls(&(struct vcrl){ .serial = 99, .until = "20251231000000Z" }, NULL, FAILED, "after its nextUpdate");
	crls(&(struct vcrl){ .serial = 99 }, NULL, FAILED, "without a nextUpdate");
	crls(&(struct vcrl){ .serial = 99, .until = UNTIL, .ext = "2.5.29.27", .ext_der = "\x02\x01\x01",
	     .ext_len = 3, .critical = true }, NULL, FAILED, "a delta CRL");
	crls(&(struct vcrl){ .serial = 99, .until = UNTIL, .ext = "2.5.29.27", .ext_der = "\x02\x01\x01",
	     .ext_len = 3 }, NULL, FAILED, "a delta CRL that does not say that this is critical");
	crls(&(struct vcrl){ .serial = 99, .until = UNTIL, .ext = "2.5.29.28", .ext_der = "\x30\x03\x81\x01\xff",
	     .ext_len = 5, .critical = true }, NULL, FAILED, "a partial CRL");
	crls(&(struct vcrl){ .serial = 99, .until = UNTIL, .ext = "1.2.3.4", .critical = true }, NULL, FAILED,
	     "an unknown critical extension");
	crls(&(struct vcrl){ .serial = 99, .until = UNTIL, .ext = "1.2.3.4" }, NULL, PASSED,
	     "an unknown extension");
	crls(&(struct vcrl){ .serial = 99, .until = UNTIL, .entry_ext = "1.2.3.4" }, NULL, FAILED,
	     "an unknown critical extension of an entry");
	report_with(NULL, sim.vcek);
	vsim_crl_of(&b, sim.ark_crt, sim.ask, &old);
	crl_load(&v, buf_span(&b), "crl");
	again();
	want(FAILED, "revocation of SEV-TEST", "a CRL by another key");
	buf_free(&b);
	unused_lists();
	vek_rules();
	report_with(NULL, sim.vcek);
	opt("require-crl", NULL);
	again();
	want(UNABLE, "revocation of SEV-TEST", "--require-crl without one");
	verdict(GENUINE, UNABLE, "--require-crl without one");
	/* a PEM file whose second block is cut off */
	vsim_crl_of(&b, sim.ark_crt, sim.ark, &old_pem);
	vsim_crl_of(&b, sim.ark_crt, sim.ark, &newer_pem);
	b.len -= 60;
	complain_into(&said);
	ok(crl_load(&v, buf_span(&b), "cut") == RC_USAGE, "a PEM file whose second CRL is cut off");
	buf_free(&b);
	vsim_crl_of(&b, sim.ark_crt, sim.ark, &old);
	buf_add(&b, "\x30", 1);
	ok(crl_load(&v, buf_span(&b), "long") == RC_USAGE, "data behind a CRL in DER");
	complain_into(NULL);
	buf_free(&b);
}

/* TPM: an HCL report with this user-data, and a quote */

static void hcl(const char *user_data, const char *nonce, const struct vtpm *t, const struct span *ak)
{
	struct buf claims = { 0 }, report = { 0 }, *attest, *sig, *pcrs;
	u8 r[1184], hash[64] = { 0 };

	begin();
	attest = verify_keep(&v);
	sig = verify_keep(&v);
	pcrs = verify_keep(&v);
	trust(&sim, true);
	give(sim.vcek);
	give(sim.ask_crt);
	opt("nonce", nonce);
	opt("pcr", "0:7777777777777777777777777777777777777777777777777777777777777777");
	vsim_claims(&sim, user_data, &claims);
	EVP_Digest(claims.p, claims.len, hash, NULL, EVP_sha256(), NULL);
	vsim_snp(r);
	memcpy(r + 0x50, hash, 64);
	vsim_snp_sign(&sim, r);
	vsim_hcl(&claims, r, 1184, &report);
	if (t) {
		vsim_quote_tpm(&sim, t, attest, sig, pcrs);
		v.parts.tpm_attest = buf_span(attest);
		v.parts.tpm_signature = buf_span(sig);
		v.parts.pcrs = buf_span(pcrs);
	}
	if (ak) {
		v.parts.ak_pub = *ak;
		v.policy.given[ASK_AK] = true;
	}
	run(report.p, report.len);
	buf_free(&claims);
	buf_free(&report);
}

static void tpm_rules(void)
{
	static const u8 n[64] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
				  21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32 };
	static const char nonce[] = "hex:0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";
	static const char claimed[] = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";
	static const size_t lengths[] = { 0, 1, 31, 33, 64 };
	static const struct span garbage = { (const u8 *)"root:x:0:0:", 11 };
	size_t i;

	hcl("00", nonce, &(struct vtpm){ .extra = n, .extra_len = 32 }, NULL);
	verdict(BOUND, PASSED, "a quote over the nonce");
	want(PASSED, "PCR 0", "a quote over the nonce");
	v.policy.pcr[0].v[0].p[31] ^= 1;
	opt("pcr", "1:7777777777777777777777777777777777777777777777777777777777777777");
	again();
	want(FAILED, "PCR 0", "another value of the PCR");
	want(FAILED, "PCR 1", "a PCR that was not quoted");
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		char what[64];

		hcl("00", nonce, &(struct vtpm){ .extra = n, .extra_len = lengths[i] }, NULL);
		snprintf(what, sizeof(what), "a quote over %zu bytes of the nonce of 32", lengths[i]);
		want(FAILED, "TPM quote", what);
		verdict(BOUND, FAILED, what);
		want(UNABLE, "pcr", what);
	}
	/* the claims carry the nonce, the quote is of any time */
	hcl(claimed, nonce, &(struct vtpm){ .extra = n, .extra_len = 0 }, NULL);
	verdict(BOUND, PASSED, "claims with the nonce, a quote without");
	want(UNABLE, "pcr", "claims with the nonce, a quote without");
	verdict(APPRAISED, UNABLE, "claims with the nonce, a quote without");
	hcl(claimed, nonce, NULL, NULL);
	verdict(BOUND, PASSED, "a quote that was taken away");
	want(UNABLE, "pcr", "a quote that was taken away");
	verdict(APPRAISED, UNABLE, "a quote that was taken away");
	hcl("00", nonce, &(struct vtpm){ .extra = n, .extra_len = 32, .pss = true }, NULL);
	verdict(GENUINE, PASSED, "a quote signed by RSA-PSS");
	want(PASSED, "PCR 0", "a quote signed by RSA-PSS");
	hcl("00", nonce, &(struct vtpm){ .extra = n, .extra_len = 32, .pss = true, .wrong_scheme = true },
	    NULL);
	verdict(GENUINE, FAILED, "RSA-PSS that says RSASSA");
	hcl("00", nonce, &(struct vtpm){ .extra = n, .extra_len = 32, .wrong_scheme = true }, NULL);
	verdict(GENUINE, FAILED, "RSASSA that says RSA-PSS");
	hcl("00", nonce, &(struct vtpm){ .extra = n, .extra_len = 32, .sha1 = true }, NULL);
	want(FAILED, "TPM quote", "signed over SHA-1");
	hcl("00", nonce, &(struct vtpm){ .extra = n, .extra_len = 32 }, &garbage);
	want(FAILED, "attestation key of the TPM", "an AK that cannot be read");
	for (size_t k = 0; k < 2; k++) {
		BIO *bio = BIO_new(BIO_s_mem());
		struct span pem;
		char *text;

		PEM_write_bio_PUBKEY(bio, k ? sim.ak : sim.ark);
		pem.len = (size_t)BIO_get_mem_data(bio, &text);
		pem.p = (const u8 *)text;
		hcl("00", nonce, &(struct vtpm){ .extra = n, .extra_len = 32 }, &pem);
		want(k ? PASSED : FAILED, "attestation key of the TPM", k ? "the AK of the claims beside the quote" :
		     "an AK beside the quote that is not the claims'");
		want(PASSED, "TPM quote", "whose signature is by that of the claims");
		verify_forget(&v);
		BIO_free(bio);
	}
	hcl(claimed, nonce, NULL, &garbage);
	want(FAILED, "attestation key of the TPM", "an AK that cannot be read, without a quote");
	hcl("00", nonce, &(struct vtpm){ .extra = n, .extra_len = 32 }, NULL);
	v.parts.pcrs.len = 0;
	again();
	want(UNABLE, "TPM quote", "without its PCR values");
	verdict(GENUINE, UNABLE, "without its PCR values");
}

/* The processor's milliseconds for so many facts */
static double facts_take(size_t n)
{
	clock_t before = clock();
	size_t i;

	begin();
	fact(&v, "version", "%u", 5);
	for (i = 0; i < n; i++)
		fact_more(&v, "firmware", "component %zu", i);
	return (double)(clock() - before) * 1e3 / CLOCKS_PER_SEC;
}

/*
 * Twice as many take twice as long, and not four times: the quickest of five tries, with
 * what the fuzz target work allows.
 */
static void facts_are_linear(void)
{
	double once = 1e9, twice = 1e9, t;
	int i;

	for (i = 0; i < 5; i++) {
		t = facts_take(100000);
		once = t < once ? t : once;
		t = facts_take(200000);
		twice = t < twice ? t : twice;
		if (twice <= 3 * once + 50)
			break;
	}
	ok(i < 5, "twice the facts take twice the time (%.0f and %.0f ms)", once, twice);
	ok(v.n_facts == 2 && v.facts[1].n == 200000 && v.facts[1].list &&
	   !strcmp(v.facts[1].text[199999], "component 199999"), "and each is kept");
}

int main(void)
{
	vsim_make(&sim);
	facts_are_linear();
	reserved_fields();
	roles();
	malformed();
	names_of_products();
	snp_options();
	masked();
	manifest(0, NULL, PASSED);
	manifest(2, NULL, FAILED);
	manifest(2, "2", PASSED);
	manifest(0, "2", FAILED);
	crl_rules();
	tpm_rules();
	verify_free(&v);
	vsim_free(&sim);
	buf_free(&said);
	return unit_failed;
}
