// SPDX-License-Identifier: GPL-2.0
/*
 * The one check the kernel makes of evidence: that it carries the data it was
 * asked for. Only fixed offsets are read, after the length was checked. The
 * signature is for verifiers: a kernel has no business trusting roots.
 */
#include "cvm_evidence.h"

#include <crypto/hash.h>
#include <linux/err.h>
#include <linux/string.h>

#include "compat.h"
#include "report.h"

#define REPORT_DATA_LEN		CVM_EVIDENCE_REPORT_DATA_MAX

/* SNP ATTESTATION_REPORT: SEV-SNP firmware ABI, table 23 */
#define SNP_REPORT_LEN		1184
#define SNP_VERSION_LEN		4
#define SNP_VERSION_LAST	5
#define SNP_SIGNING_KEY		0x48
#define SNP_SIGNED_BY_VCEK	0
#define SNP_REPORT_DATA		0x50
#define SNP_REPORTED_TCB	0x180
#define SNP_CHIP_ID		0x1a0
#define SNP_CHIP_ID_LEN		64

/* TDX quote: Intel TDX DCAP quoting library API, appendix 3 */
#define TDX_QUOTE_VERSION_LEN	2
#define TDX_QUOTE_V4		4
#define TDX_QUOTE_V5		5
#define TDX_QUOTE_TEE_TYPE	0x81
#define TDX_QUOTE_V4_BODY	48
#define TDX_QUOTE_V5_BODY	54
#define TDX_BODY_REPORT_DATA	520
#define TDX_BODY_LEN		584

/* TDREPORT: Intel TDX module ABI, TDREPORT_STRUCT */
#define TDREPORT_LEN		1024
#define TDREPORT_VERSION	2
#define TDREPORT_REPORT_DATA	128

#define SHA512_LEN		64

/* Offsets in the SNP report, or in the quote's body and in the TDREPORT */
static const struct fixed_field {
	u32 tee;
	u32 len;
	u32 offset;
	u32 tdreport_offset;
} fixed_fields[] = {
	[CVM_EVIDENCE_FIELD_CHIP_ID] = {
		CVM_EVIDENCE_TEE_SEV_SNP, SNP_CHIP_ID_LEN, SNP_CHIP_ID
	},
	[CVM_EVIDENCE_FIELD_MEASUREMENT] = {
		CVM_EVIDENCE_TEE_SEV_SNP, 48, 0x90
	},
	[CVM_EVIDENCE_FIELD_REPORT_ID] = {
		CVM_EVIDENCE_TEE_SEV_SNP, 32, 0x140
	},
	[CVM_EVIDENCE_FIELD_REPORTED_TCB] = {
		CVM_EVIDENCE_TEE_SEV_SNP, 8, SNP_REPORTED_TCB
	},
	[CVM_EVIDENCE_FIELD_MRTD] = {
		CVM_EVIDENCE_TEE_TDX, 48, 136, 528
	},
	[CVM_EVIDENCE_FIELD_TEE_TCB_SVN] = {
		CVM_EVIDENCE_TEE_TDX, 16, 0, 264
	},
};

/* NULL where the kernel has no SHA-512: then no service can be checked */
static struct crypto_shash *sha512_tfm;

/*
 * Allocating may load a module, so this is done while ours loads. Only TSM
 * knows services.
 */
int cvme_report_init(void)
{
	struct crypto_shash *tfm;

	if (!IS_ENABLED(CONFIG_TSM_REPORTS))
		return 0;
	tfm = crypto_alloc_shash("sha512", 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	sha512_tfm = tfm;
	return 0;
}

void cvme_report_exit(void)
{
	if (sha512_tfm)
		crypto_free_shash(sha512_tfm);
	sha512_tfm = NULL;
}

bool cvme_report_can_sha512(void)
{
	return sha512_tfm;
}

u32 cvme_report_tee(const char *driver)
{
	if (!strcmp(driver, "sev_guest"))
		return CVM_EVIDENCE_TEE_SEV_SNP;
	if (!strcmp(driver, "tdx_guest"))
		return CVM_EVIDENCE_TEE_TDX;
	if (!strcmp(driver, "arm_cca_guest"))
		return CVM_EVIDENCE_TEE_CCA;
	return CVM_EVIDENCE_TEE_NONE;
}

static const u8 *quote_report_data(const struct cvme_buf *quote)
{
	size_t body;

	if (quote->len < TDX_QUOTE_V5_BODY + TDX_BODY_LEN)
		return NULL;
	if (get_unaligned_le32(quote->data + 4) != TDX_QUOTE_TEE_TYPE)
		return NULL;
	switch (get_unaligned_le16(quote->data)) {
	case TDX_QUOTE_V4:
		body = TDX_QUOTE_V4_BODY;
		break;
	case TDX_QUOTE_V5:
		body = TDX_QUOTE_V5_BODY;
		break;
	default:
		return NULL;
	}
	return quote->data + body + TDX_BODY_REPORT_DATA;
}

/*
 * In reports of later versions and in quotes of another format (DICE) we do not
 * know where the data are: those are left to verifiers.
 */
static bool is_known(const struct cvme_result *res)
{
	const struct cvme_buf *rep = &res->report;

	switch (res->tee) {
	case CVM_EVIDENCE_TEE_SEV_SNP:
		return rep->len < SNP_VERSION_LEN ||
		       get_unaligned_le32(rep->data) <= SNP_VERSION_LAST;
	case CVM_EVIDENCE_TEE_TDX:
		if (res->blob_flags & CVM_EVIDENCE_BLOB_F_TDREPORT)
			return rep->len != TDREPORT_LEN ||
			       rep->data[TDREPORT_VERSION] <= 1;
		return rep->len < TDX_QUOTE_VERSION_LEN ||
		       get_unaligned_le16(rep->data) <= TDX_QUOTE_V5;
	default:
		return false;
	}
}

/* Where the report carries its data; NULL when it is malformed */
static const u8 *report_data(const struct cvme_result *res)
{
	const struct cvme_buf *rep = &res->report;

	if (res->tee == CVM_EVIDENCE_TEE_SEV_SNP)
		return rep->len == SNP_REPORT_LEN ? rep->data + SNP_REPORT_DATA
						  : NULL;
	if (res->blob_flags & CVM_EVIDENCE_BLOB_F_TDREPORT)
		return rep->len == TDREPORT_LEN &&
		       rep->data[0] == TDX_QUOTE_TEE_TYPE ?
			rep->data + TDREPORT_REPORT_DATA : NULL;
	return quote_report_data(rep);
}

/*
 * tdx_guest of Linux 6.12 ignores the host's answer: when the host refuses, the
 * TDREPORT that was sent to the host comes back as the quote.
 */
static bool is_echo(const struct cvme_result *res, const u8 *report_data)
{
	const struct cvme_buf *rep = &res->report;

	return res->tee == CVM_EVIDENCE_TEE_TDX &&
	       !(res->blob_flags & CVM_EVIDENCE_BLOB_F_TDREPORT) &&
	       rep->len >= TDREPORT_LEN && rep->data[0] == TDX_QUOTE_TEE_TYPE &&
	       !memcmp(rep->data + TDREPORT_REPORT_DATA, report_data,
		       REPORT_DATA_LEN);
}

/**
 * cvme_report_field - a field that is fixed while a VM lives
 * @res: an answer that passed cvme_report_check(), or the checks of its HCL
 *	report
 * @field: enum cvm_evidence_field
 * @len: its length
 *
 * Return: where it is, NULL when this kind of report has none.
 */
const u8 *cvme_report_field(const struct cvme_result *res, u32 field, u32 *len)
{
	const u8 *report = res->report.data, *body;
	const struct fixed_field *f;

	if (field == CVM_EVIDENCE_FIELD_VM_UNIQUE_ID) {
		*len = res->vm_id_len;
		return res->vm_id;
	}
	if (!field || field >= ARRAY_SIZE(fixed_fields))
		return NULL;
	f = &fixed_fields[field];
	if (res->tee != f->tee ||
	    res->blob_flags & CVM_EVIDENCE_BLOB_F_UNCHECKED)
		return NULL;
	*len = f->len;
	if (res->hcl)
		report += CVME_HCL_INNER;
	if (res->tee == CVM_EVIDENCE_TEE_SEV_SNP)
		return report + f->offset;
	if (res->blob_flags & CVM_EVIDENCE_BLOB_F_TDREPORT)
		return report + f->tdreport_offset;
	body = quote_report_data(&res->report);
	return body ? body - TDX_BODY_REPORT_DATA + f->offset : NULL;
}

/**
 * cvme_report_signer - the fields that select a report's certificates
 * @report: as the provider gave it
 * @signer: filled: signing key and masks, CHIP_ID, REPORTED_TCB
 *
 * Return: false when it is not an SNP report that we can read, or when the host
 * masks CHIP_ID: each machine has its own VCEK, and this report does not tell
 * which machine it is of.
 */
bool cvme_report_signer(const struct cvme_buf *report,
			u8 signer[CVME_SIGNER_LEN])
{
	u32 key;

	if (report->len != SNP_REPORT_LEN ||
	    get_unaligned_le32(report->data) > SNP_VERSION_LAST)
		return false;
	key = get_unaligned_le32(report->data + SNP_SIGNING_KEY) >> 2 & 7;
	if (key == SNP_SIGNED_BY_VCEK &&
	    !memchr_inv(report->data + SNP_CHIP_ID, 0, SNP_CHIP_ID_LEN))
		return false;
	memcpy(signer, report->data + SNP_SIGNING_KEY, 4);
	memcpy(signer + 4, report->data + SNP_CHIP_ID, SNP_CHIP_ID_LEN);
	memcpy(signer + 68, report->data + SNP_REPORTED_TCB, 8);
	return true;
}

/* REPORT_DATA of an SNP report or a TDREPORT, whole */
const u8 *cvme_inner_report_data(const u8 *inner, u32 tee)
{
	return inner + (tee == CVM_EVIDENCE_TEE_SEV_SNP ? SNP_REPORT_DATA :
							  TDREPORT_REPORT_DATA);
}

/* What an SVSM puts into REPORT_DATA: SHA-512(nonce || manifest) */
static int svsm_digest(const struct cvme_result *res,
		       const struct cvme_params *par, u8 digest[SHA512_LEN])
{
	SHASH_DESC_ON_STACK(desc, sha512_tfm);
	int err;

	desc->tfm = sha512_tfm;
	err = crypto_shash_init(desc) ?:
	      crypto_shash_update(desc, par->report_data, REPORT_DATA_LEN) ?:
	      crypto_shash_update(desc, res->manifest.data,
				  res->manifest.len) ?:
	      crypto_shash_final(desc, digest);
	shash_desc_zero(desc);
	return err;
}

/**
 * cvme_report_check - does the report carry what was asked for
 * @res: a provider's answer, with tee, report, manifest and the TDREPORT flag;
 *	binding and the UNCHECKED flag are set here
 * @par: what was asked
 *
 * Evidence in a format that we do not know passes, marked as unchecked.
 *
 * Return: 0; -EBADMSG when it carries other data or is malformed; -EIO when no
 * quote was made and the driver returned its own TDREPORT.
 */
int cvme_report_check(struct cvme_result *res, const struct cvme_params *par)
{
	const u8 *want = par->report_data, *have;
	u8 digest[SHA512_LEN];
	int err;

	res->binding = CVM_EVIDENCE_BINDING_DIRECT;
	if (cvme_params_service(par)) {
		res->binding = CVM_EVIDENCE_BINDING_SVSM;
		if (!res->manifest.len)
			return -EBADMSG;
	}
	if (is_echo(res, par->report_data))
		return -EIO;
	if (!is_known(res)) {
		res->blob_flags |= CVM_EVIDENCE_BLOB_F_UNCHECKED;
		return 0;
	}

	have = report_data(res);
	if (!have)
		return -EBADMSG;
	if (res->binding == CVM_EVIDENCE_BINDING_SVSM) {
		err = svsm_digest(res, par, digest);
		if (err)
			return err;
		want = digest;
	}
	return memcmp(have, want, REPORT_DATA_LEN) ? -EBADMSG : 0;
}
