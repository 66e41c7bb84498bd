// SPDX-License-Identifier: GPL-2.0-only
/* SEV-SNP: who signed the report, and whether the certificate is of this chip */
#include <string.h>

#include "evidence/snp.h"
#include "verify/verify.h"

#define OID_CSP_ID	"1.3.6.1.4.1.3704.1.5"
#define SIG_END		0x330	/* zeros from here to the end of the report */

enum { KEY_VCEK = 0, KEY_VLEK = 1, KEY_NONE = 7 };

struct leaf {
	X509 *x;
	bool vlek;
	bool masked;		/* named by --vcek-for-masked-chip */
	enum snp_layout layout;	/* of TCB_VERSION */
	char product[32];	/* without its stepping */
};

/* Whether the report can have been signed by firmware at all; false: stop here */
static bool is_signed(struct verify *v, const u8 *r)
{
	u32 version = le32(r), algo = le32(r + 0x34), key = le32(r + 0x48) >> 2 & 7;

	if (version < 2)
		failed(v, GENUINE, "version", "version %u is not one that production firmware makes (2 to 6)", version);
	else if (algo != 1)
		failed(v, GENUINE, "signature", "SIGNATURE_ALGO is %u; only 1, ECDSA P-384 with SHA-384, is known", algo);
	else if (key == KEY_NONE)
		failed(v, GENUINE, "signature", "the report is not signed (SIGNING_KEY is NONE)");
	else if (key > KEY_VLEK)
		failed(v, GENUINE, "signature", "SIGNING_KEY %u is not known", key);
	else if (le32(r + 0x48) >> 1 & 1)
		failed(v, GENUINE, "signature", "the report is not signed (MASK_CHIP_KEY is set)");
	else if (!is_zero(r + SNP_SIG_R_OFF + 48, 24) || !is_zero(r + SNP_SIG_S_OFF + 48, 24))
		failed(v, GENUINE, "signature", "its integers are larger than P-384's: the report was altered");
	else if (!is_zero(r + SIG_END, SNP_REPORT_LEN - SIG_END))
		failed(v, GENUINE, "signature", "the bytes after it are not zero: the report was altered");
	else
		return true;
	return false;
}

/* Says where to get the leaf; @others: certificates were given, but not the leaf */
static void no_leaf(struct verify *v, const u8 *r, bool others)
{
	char *url CLEANUP(free_str) = snp_vcek_url(r);
	bool vlek = (le32(r + 0x48) >> 2 & 7) == KEY_VLEK;
	const char *which = others ? "none of the given certificates is for" : "there is no certificate for";

	if (url)
		unable(v, GENUINE, "signature", "%s this chip's VCEK for this TCB: give it with --certs FILE, or --kds; AMD has it at %s",
		       which, url);
	else if (vlek)
		unable(v, GENUINE, "signature", "%s the VLEK: give it with --certs FILE; the cloud provider has it",
		       which);
	else if (is_zero(r + SNP_CHIP_ID_OFF, 64))
		unable(v, GENUINE, "signature", "%s the key that signed it, and CHIP_ID is zero, masked by the host or taken out of the report: its VCEK cannot be looked up; if you know the chip, name its VCEK with --vcek-for-masked-chip FILE",
		       which);
	else
		unable(v, GENUINE, "signature", "%s this chip's VCEK for this TCB: give it with --certs FILE, or --kds",
		       which);
}

static bool of_chip(X509 *x, const u8 *r)
{
	const u8 *id = r + SNP_CHIP_ID_OFF;
	struct span hwid;

	return x509_amd_hwid(x, &hwid) && !memcmp(hwid.p, id, hwid.len) &&
	       is_zero(id + hwid.len, 64 - hwid.len);
}

/* From version 3 on the report has the CPUID; before, the certificate's version tells. */
static enum snp_layout layout_of(X509 *x, const u8 *r)
{
	if (le32(r) >= 3)
		return snp_layout(r);
	return x509_amd_int(x, "1") == 1 ? SNP_LAYOUT_TURIN : SNP_LAYOUT_MILAN;
}

/* The SVNs that a certificate was made for must be the reported ones. */
static char *tcb_differs(X509 *x, const u8 *r)
{
	static const struct {
		const char *name, *arc;
	} parts[SNP_PARTS] = {
		[SNP_PART_FMC] = { "FMC", "3.9" }, [SNP_PART_BL] = { "boot loader", "3.1" },
		[SNP_PART_TEE] = { "TEE", "3.2" }, [SNP_PART_SNP] = { "SNP", "3.3" },
		[SNP_PART_UCODE] = { "microcode", "3.8" },
	};
	const u8 *tcb = r + SNP_REPORTED_TCB_OFF;
	enum snp_layout layout = layout_of(x, r);
	int i;

	for (i = 0; i < SNP_PARTS; i++) {
		int at = snp_part_at(layout, i);
		int cert = x509_amd_int(x, parts[i].arc);

		if (at >= 0 && cert != tcb[at])
			return xasprintf("REPORTED_TCB has %s %u, the certificate has %d",
					 parts[i].name, tcb[at], cert);
	}
	return NULL;
}

/* A certificate that claims to be this report's, whether it signed it or not */
static bool claims(X509 *x, const u8 *r)
{
	char *differs CLEANUP(free_str) = tcb_differs(x, r);
	bool vlek = (le32(r + 0x48) >> 2 & 7) == KEY_VLEK;
	struct span hwid;

	return !differs && (vlek ? !x509_amd_hwid(x, &hwid) : of_chip(x, r));
}

/*
 * Finds the certificate whose key signed the report. If a VCEK of this chip and
 * TCB did not sign it, the report was altered. A VLEK belongs to a region of a
 * provider, which the report does not name: a VLEK that did not sign it may be
 * of another region.
 */
static X509 *find_leaf(struct verify *v, const u8 *r)
{
	bool vlek = (le32(r + 0x48) >> 2 & 7) == KEY_VLEK, any = false, claimed = false;
	size_t i;
	int pass;

	for (pass = 0; pass < 2 && !claimed; pass++) {
		for (i = 0; i < v->certs.n; i++) {
			X509 *x = v->certs.certs[i].x;

			if (!cert_has_ec_key(x) || claims(x, r) != !pass)
				continue;
			if (cert_signed_report(x, r))
				return x;
			any = true;
			claimed |= !pass && !vlek;
		}
	}
	if (claimed)
		failed(v, GENUINE, "signature", "the key of this report's VCEK did not make it: the report was altered");
	else if (vlek && any)
		unable(v, GENUINE, "signature", "none of the given certificates is this report's VLEK: they are for another region or provider, or the report was altered; the cloud provider has the region's VLEK");
	else
		no_leaf(v, r, any);
	return NULL;
}

/* The VCEK that the caller named for this report, whose CHIP_ID is masked */
static X509 *find_masked(struct verify *v, const u8 *r)
{
	size_t i;

	if (!v->masked_vcek.n || (le32(r + 0x48) >> 2 & 7) != KEY_VCEK ||
	    !is_zero(r + SNP_CHIP_ID_OFF, 64))
		return NULL;
	for (i = 0; i < v->masked_vcek.n; i++)
		if (cert_signed_report(v->masked_vcek.certs[i].x, r))
			return v->masked_vcek.certs[i].x;
	return NULL;
}

static void read_leaf(struct leaf *l, const u8 *r)
{
	struct span s;

	*l->product = '\0';
	l->vlek = !x509_amd_hwid(l->x, &s);
	l->layout = layout_of(l->x, r);
	/* "Milan-B0" */
	if (x509_amd_text(l->x, "2", &s) && s.len < sizeof(l->product)) {
		memcpy(l->product, s.p, s.len);
		l->product[s.len] = '\0';
		l->product[strcspn(l->product, "-")] = '\0';
	}
}

static void check_role(struct verify *v, const struct leaf *l, const u8 *r)
{
	bool vlek = (le32(r + 0x48) >> 2 & 7) == KEY_VLEK;
	const struct values *wanted = &v->policy.value[ASK_CSP];
	struct span csp;

	if (!key_is_on(l->x, "secp384r1")) {
		failed(v, GENUINE, "signing key", "it is not on P-384, as AMD's keys are");
		return;
	}
	if (l->vlek != vlek) {
		failed(v, GENUINE, "signing key", "KEY_INFO says %s, the certificate is for a %s",
		       vlek ? "VLEK" : "VCEK", l->vlek ? "VLEK" : "VCEK");
		return;
	}
	/* AMD 57230: VCEKs have hwID, VLEKs have CSP_ID instead */
	if (!vlek && x509_ext(l->x, OID_CSP_ID, &csp)) {
		failed(v, GENUINE, "signing key", "the certificate has a CSP_ID, which a VCEK cannot have");
		return;
	}
	passed(v, GENUINE, "signing key", "%s", vlek ? "VLEK, of the cloud provider" : "VCEK, of this chip");
	if (!vlek)
		return;
	if (!x509_amd_text(l->x, "5", &csp)) {
		failed(v, GENUINE, "cloud provider", "the VLEK certificate has no CSP_ID");
		return;
	}
	fact(v, "CSP_ID", "%.*s", (int)csp.len, (const char *)csp.p);
	/* some certificates have it as a distinguished name */
	if (csp.len > 3 && !memcmp(csp.p, "CN=", 3))
		csp = (struct span){ csp.p + 3, csp.len - 3 };
	if (!wanted->n)
		return;
	answered(v, ASK_CSP);
	judged(v, APPRAISED, values_have(wanted, csp.p, csp.len), "cloud provider",
	       "CSP_ID is %.*s", (int)csp.len, (const char *)csp.p);
}

static void check_chip(struct verify *v, const struct leaf *l, const u8 *r)
{
	bool zero = is_zero(r + SNP_CHIP_ID_OFF, 64);

	if (l->vlek)
		left_out(v, GENUINE, "chip", "a VLEK does not belong to one chip");
	else if (zero && l->masked)
		passed(v, GENUINE, "chip", "CHIP_ID is zero (masked); the certificate is the one that --vcek-for-masked-chip names");
	else if (zero)
		unable(v, GENUINE, "chip", "CHIP_ID is zero (masked): it cannot be compared with the certificate; --vcek-for-masked-chip FILE names the one that is expected");
	else
		judged(v, GENUINE, of_chip(l->x, r), "chip", "CHIP_ID is %sthe certificate's hwID",
		       of_chip(l->x, r) ? "" : "not ");
}

static void check_tcb(struct verify *v, const struct leaf *l, const u8 *r)
{
	char *differs CLEANUP(free_str) = tcb_differs(l->x, r);

	judged(v, GENUINE, !differs, "TCB", "%s", differs ? differs : "REPORTED_TCB is the certificate's");
}

static void check_product(struct verify *v, const struct leaf *l, const u8 *r)
{
	const char *cpu = snp_product_name(snp_product(r));

	if (!*l->product)
		failed(v, GENUINE, "product", "the certificate names none");
	else if (le32(r) < 3)
		left_out(v, GENUINE, "product", "reports before version 3 do not name the CPU; the certificate says %s",
			 l->product);
	else if (snp_product(r) == SNP_UNKNOWN)
		unable(v, GENUINE, "product", "CPUID family 0x%x model 0x%x is not a known product; the certificate says %s",
		       r[0x188], r[0x189], l->product);
	else
		judged(v, GENUINE, !strcmp(cpu, l->product), "product",
		       "CPUID is that of %s, the certificate is for %s", cpu, l->product);
}

static void facts(struct verify *v, const struct leaf *l, const u8 *r)
{
	u64 platform = le64(r + 0x40);
	const char *product = l && *l->product ? l->product : snp_product_name(snp_product(r));

	fact(v, "version", "%u", le32(r));
	fact(v, "product", "%s", product);
	fact(v, "ALIAS_CHECK_COMPLETE", "%s", platform >> 5 & 1 ? "yes" : "no");
	fact_bytes(v, "REPORTED_TCB", r + SNP_REPORTED_TCB_OFF, 8);
	fact_bytes(v, "COMMITTED_TCB", r + 0x1e0, 8);
	fact_bytes(v, "LAUNCH_TCB", r + 0x1f0, 8);
	if (le32(r) >= 5)
		fact(v, "CURRENT_MIT_VECTOR", "0x%llx", (unsigned long long)le64(r + 0x200));
	fact_bytes(v, "MEASUREMENT", r + 0x90, 48);
	fact_bytes(v, "HOST_DATA", r + SNP_HOST_DATA_OFF, 32);
	fact_bytes(v, "ID_KEY_DIGEST", r + 0xe0, 48);
	fact_bytes(v, "REPORT_DATA", r + SNP_REPORT_DATA_OFF, 64);
}

void verify_snp(struct verify *v, struct span s)
{
	const u8 *r = s.p;
	struct leaf l = { 0 };
	enum snp_layout layout;
	struct path path;

	if (is_signed(v, r)) {
		l.x = find_masked(v, r);
		l.masked = l.x;
		if (l.x)
			answered(v, ASK_MASKED_VCEK);
		else
			l.x = find_leaf(v, r);
	}
	if (le32(r) >= 2)
		verify_snp_fields(v, r);
	if (l.x) {
		read_leaf(&l, r);
		passed(v, GENUINE, "signature", "ECDSA with SHA-384, by the key of the %s certificate",
		       l.vlek ? "VLEK" : "VCEK");
		if (verify_chain(v, "certificate chain", l.x, &path))
			verify_amd_roles(v, &path, l.vlek, l.product);
		check_role(v, &l, r);
		check_chip(v, &l, r);
		check_tcb(v, &l, r);
		check_product(v, &l, r);
	}
	layout = l.x ? l.layout : snp_layout(r);
	facts(v, l.x ? &l : NULL, r);
	appraise_snp(v, r, l.x ? l.product : snp_product_name(snp_product(r)), layout);
}
