// SPDX-License-Identifier: GPL-2.0-only
/* What no file has: status, fresh evidence, the TPM's answers, the clock. As JSON,
 * so that a bundle keeps them; of evidence only what the checks look at, nothing
 * that identifies a machine.
 */
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include <openssl/x509.h>

#include "cli/doctor.h"
#include "cli/status.h"
#include "device/take.h"
#include "evidence/hcl.h"
#include "evidence/snp.h"
#include "evidence/tdx.h"
#include "tpm/dev.h"

#define NV_USER_DATA	0x01400002u
#define NV_AK_CERT	0x01c101d0u
#define NV_SIZE_MAX	16384
#define CC_NV_READ_PUBLIC 0x169

/* SNP firmware ABI, ATTESTATION_REPORT and GUEST_POLICY */
#define SNP_POLICY_OFF		0x08
#define SNP_VMPL_OFF		0x30
#define SNP_CURRENT_TCB_OFF	0x38
#define SNP_POLICY_MIGRATE	(1ull << 18)
#define SNP_POLICY_DEBUG	(1ull << 19)
/* TDX module ABI: TD_ATTRIBUTES in TDINFO and in the body of a quote */
#define TDREPORT_TEE_TCB_OFF	264
#define TDREPORT_ATTR_OFF	512
#define QUOTE_ATTR_OFF		120
#define TD_ATTR_DEBUG		(1ull << 0)
#define TD_ATTR_MIGRATABLE	(1ull << 29)

static const char *const part_names[SNP_PARTS] = {
	[SNP_PART_FMC] = "fmc", [SNP_PART_BL] = "bl", [SNP_PART_TEE] = "tee",
	[SNP_PART_SNP] = "snp", [SNP_PART_UCODE] = "ucode",
};

static void add_bool_member(struct json_object *o, const char *key, bool v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

struct json_object *facts_status(const char *device, const char *tpm)
{
	struct node *root CLEANUP(report_free) = report_new(NULL);
	char *text CLEANUP(free_str) = NULL;
	struct buf said CLEANUP_BUF, *before = complain_into(&said);

	status_gather(root, device, tpm);
	complain_into(before);
	text = report_render(root, true);
	return json_parse((struct span){ (const u8 *)text, strlen(text) });
}

static struct json_object *tcb_parts(const u8 *report, size_t off)
{
	struct json_object *o = json_object_new_object();
	enum snp_layout layout = snp_layout(report);
	int part, at;

	for (part = 0; part < SNP_PARTS; part++) {
		at = snp_part_at(layout, part);
		if (at >= 0)
			json_add_uint(o, part_names[part], report[off + (size_t)at]);
	}
	return o;
}

static void of_snp(struct json_object *o, struct span s)
{
	u64 policy;

	if (snp_check(s))
		return;
	policy = le64(s.p + SNP_POLICY_OFF);
	add_bool_member(o, "debug", policy & SNP_POLICY_DEBUG);
	add_bool_member(o, "migratable", policy & SNP_POLICY_MIGRATE);
	json_add_uint(o, "vmpl", le32(s.p + SNP_VMPL_OFF));
	json_add_text(o, "product", snp_product_name(snp_product(s.p)));
	json_object_object_add(o, "tcb", tcb_parts(s.p, SNP_REPORTED_TCB_OFF));
	json_object_object_add(o, "tcb_current", tcb_parts(s.p, SNP_CURRENT_TCB_OFF));
}

static void td_attributes(struct json_object *o, const u8 *attributes, const u8 *svn)
{
	u64 v = le64(attributes);

	add_bool_member(o, "debug", v & TD_ATTR_DEBUG);
	add_bool_member(o, "migratable", v & TD_ATTR_MIGRATABLE);
	json_add_hex(o, "tee_tcb_svn", (struct span){ svn, 16 });
}

static void of_tdreport(struct json_object *o, struct span s)
{
	if (!tdreport_check(s))
		td_attributes(o, s.p + TDREPORT_ATTR_OFF, s.p + TDREPORT_TEE_TCB_OFF);
}

static void of_quote(struct json_object *o, struct span s)
{
	struct tdx_quote q;

	/* refuses what has other bytes than zeros behind it */
	add_bool_member(o, "whole", !tdx_quote_parse(s, &q));
	if (!json_object_get_boolean(json_object_object_get(o, "whole")) ||
	    q.body.len < QUOTE_ATTR_OFF + 8)
		return;
	td_attributes(o, q.body.p + QUOTE_ATTR_OFF, q.body.p);
}

static void of_report(struct json_object *o, enum raw_kind kind, struct span s)
{
	struct hcl h;

	switch (kind) {
	case RAW_SNP:
		of_snp(o, s);
		break;
	case RAW_TDX_QUOTE:
		of_quote(o, s);
		break;
	case RAW_TDREPORT:
		of_tdreport(o, s);
		break;
	case RAW_HCL:
		if (hcl_parse(s, &h))
			break;
		if (h.report_type == HCL_SNP)
			of_snp(o, h.report);
		else if (h.report_type == HCL_TDX)
			of_tdreport(o, h.report);
		break;
	default:
		break;
	}
}

static struct json_object *evidence_facts(const char *device)
{
	struct json_object *o = json_object_new_object();
	struct take t = TAKE_INIT;
	struct buf blob CLEANUP_BUF, said CLEANUP_BUF, *before = complain_into(&said);
	struct evidence e = { 0 };
	int rc;

	t.device = device;
	t.r.flags |= CVM_EVIDENCE_F_TDREPORT;
	rc = take_evidence(&t, &blob, &e);
	json_add_uint(o, "status", (u64)rc);
	if (!rc) {
		json_add_text(o, "kind", raw_kind_name(e.kind));
		json_add_text(o, "provider", provider_name(e.provider));
		of_report(o, e.kind, e.report);
	}
	complain_into(before);
	if (said.len) {
		buf_add(&said, "", 1);
		((char *)said.p)[strcspn((char *)said.p, "\n")] = 0;
		json_add_text(o, "error", (char *)said.p);
	}
	evidence_free(&e);
	return o;
}

static u32 be(const u8 *p, int n)
{
	u32 v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/* TPM2_NV_ReadPublic: a TPM2B_NV_PUBLIC is size, index, name algorithm, attributes,
 * policy (with its size), size of the data.
 */
static bool nv_public(struct tpm *t, u32 index, u32 *attributes, u32 *size)
{
	const u8 cmd[] = { 0x80, 0x01, 0, 0, 0, 14, 0, 0, CC_NV_READ_PUBLIC >> 8,
			   CC_NV_READ_PUBLIC & 0xff, (u8)(index >> 24), (u8)(index >> 16),
			   (u8)(index >> 8), (u8)index };
	struct buf a CLEANUP_BUF;
	u32 policy;

	if (tpm_exchange(t, (struct span){ cmd, sizeof(cmd) }, &a) || a.len < 24 || be(a.p + 6, 4))
		return false;
	policy = be(a.p + 22, 2);
	if (a.len < 24 + (size_t)policy + 2)
		return false;
	*attributes = be(a.p + 18, 4);
	*size = be(a.p + 24 + policy, 2);
	return true;
}

static void add_asn1_time(struct json_object *o, const char *key, const ASN1_TIME *when)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(when, &tm) == 1)
		json_object_object_add(o, key, json_object_new_int64(timegm(&tm)));
}

static struct json_object *ak_cert_facts(struct tpm *t)
{
	struct json_object *o = json_object_new_object();
	struct buf data CLEANUP_BUF;
	u32 attributes, size = 0;
	const u8 *p;
	X509 *x;

	add_bool_member(o, "present", nv_public(t, NV_AK_CERT, &attributes, &size));
	if (!json_object_get_boolean(json_object_object_get(o, "present")))
		return o;
	if (size > NV_SIZE_MAX || tpm_nv_read(t, NV_AK_CERT, 0, size, &data) || t->rc) {
		add_bool_member(o, "readable", false);
		return o;
	}
	p = data.p;
	x = d2i_X509(NULL, &p, (long)data.len);
	add_bool_member(o, "readable", x);
	if (x) {
		add_asn1_time(o, "not_before", X509_get0_notBefore(x));
		add_asn1_time(o, "not_after", X509_get0_notAfter(x));
	}
	X509_free(x);
	return o;
}

static struct json_object *tpm_facts(const char *path)
{
	struct json_object *o = json_object_new_object(), *nv;
	struct tpm t CLEANUP(tpm_close) = { .fd = -1 };
	u32 attributes = 0, size = 0;

	add_bool_member(o, "asked", !tpm_open(&t, path, "doctor"));
	if (t.fd < 0)
		return o;
	nv = json_object_new_object();
	add_bool_member(nv, "present", nv_public(&t, NV_USER_DATA, &attributes, &size));
	json_add_uint(nv, "attributes", attributes);
	json_add_uint(nv, "size", size);
	json_object_object_add(o, "nv_user_data", nv);
	json_object_object_add(o, "ak_cert", ak_cert_facts(&t));
	return o;
}

static struct json_object *clock_facts(void)
{
	struct json_object *o = json_object_new_object();
	struct timex t = { 0 };
	int state = adjtimex(&t);

	if (state < 0)
		return o;
	add_bool_member(o, "synchronized", state != TIME_ERROR && !(t.status & STA_UNSYNC));
	json_object_object_add(o, "max_error_us", json_object_new_int64(t.maxerror));
	json_object_object_add(o, "est_error_us", json_object_new_int64(t.esterror));
	return o;
}

struct json_object *facts_rest(const char *device, const char *tpm, bool evidence)
{
	struct json_object *o = json_object_new_object();
	struct buf said CLEANUP_BUF, *before;

	json_object_object_add(o, "time", json_object_new_int64(time(NULL)));
	if (evidence)
		json_object_object_add(o, "evidence", evidence_facts(device));
	before = complain_into(&said);
	json_object_object_add(o, "tpm", tpm_facts(tpm));
	complain_into(before);
	json_object_object_add(o, "clock", clock_facts());
	return o;
}
