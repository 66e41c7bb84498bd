// SPDX-License-Identifier: GPL-2.0
/*
 * Evidence through the vTPM of an Azure paravisor guest: 64 bytes written to
 * one NV index come back in the runtime claims of the HCL report in another,
 * and the hash of the claims in the hardware's report beside them.
 */
#include "cvm_evidence.h"

#include <linux/err.h>
#include <linux/string.h>

#include "compat.h"
#include "provider_ops.h"
#include "vtpm.h"

#if IS_ENABLED(CONFIG_TCG_TPM)

/* TCG TPM 2.0 part 2, 6.13: TPM_PT_MAX_DIGEST */
#define PT_MAX_DIGEST		0x120

/* The drivers of TPMs are called tpm_tis, tpm_crb, tpm_vtpm_proxy and so on */
static bool vtpm_concerns(const char *module)
{
	return !strncmp(module, "tpm", 3);
}

static int learn_limits(struct cvme_tpm *tpm, struct cvme_state *st)
{
	u32 val;
	int err;

	cvme_vtpm_learn_chunk(tpm);
	err = cvme_tpm_property(tpm, PT_MAX_DIGEST, &val);
	/* qualifying data are a TPMT_HA at most: a digest and its algorithm */
	if (!err)
		st->quote_data_max = min_t(u32, val + 2,
					   CVM_EVIDENCE_QUOTE_DATA_MAX);
	/* return other errors: else a busy TPM would stay without quotes */
	return err == -ENXIO ? 0 : err;
}

static int identify(struct cvme_tpm *tpm, u32 *tee)
{
	u8 magic[3], type[4];
	int err;

	err = cvme_vtpm_read(tpm, CVME_VTPM_NV_REPORT, 1, sizeof(magic),
			     magic) ?:
	      cvme_vtpm_read(tpm, CVME_VTPM_NV_REPORT, 1224, sizeof(type),
			     type);
	if (err)
		return err;
	if (memcmp(magic, "CLA", sizeof(magic)))
		return -ENXIO;
	switch (get_unaligned_le32(type)) {
	case 2:
		*tee = CVM_EVIDENCE_TEE_SEV_SNP;
		return 0;
	case 4:
		*tee = CVM_EVIDENCE_TEE_TDX;
		return 0;
	default:
		return -ENXIO;
	}
}

/*
 * cvme_vtpm_work, called with the TPM held: find the report of a paravisor. A
 * TPM without one gets one command only. Do not read from offset 0: that makes a
 * new report that nobody asked for, and the next request has to wait. Do so only
 * if the present report is unusable: it stays until a new one is made.
 */
static int probe(struct cvme_tpm *tpm, void *arg)
{
	struct cvme_state *st = arg;
	struct cvme_tpm_nv nv;
	u8 first;
	int err;

	err = cvme_tpm_nv_public(tpm, CVME_VTPM_NV_REPORT, &nv);
	if (err)
		return err;
	/* the owner, which is the guest, can make an index with anything in it */
	if (!(nv.attributes & CVME_NV_PLATFORMCREATE) || nv.size < 1236)
		return -ENXIO;
	err = learn_limits(tpm, st);
	if (err)
		return err;
	err = identify(tpm, &st->tee);
	if (err != -ENXIO)
		return err;
	return cvme_vtpm_read(tpm, CVME_VTPM_NV_REPORT, 0, 1, &first) ?:
	       identify(tpm, &st->tee);
}

static void vtpm_probe(struct cvme_state *st)
{
	struct cvme_tpm tpm = {};
	int err;

	cvme_vtpm_forget_reports();
	err = cvme_tpm_open(&tpm);
	if (!err) {
		err = cvme_vtpm_hold(&tpm, NULL, probe, st);
		cvme_tpm_close(&tpm);
	}

	switch (err) {
	case 0:
		cvme_state_set(st, CVM_EVIDENCE_ST_AVAILABLE,
			       CVM_EVIDENCE_REASON_NONE, 0);
		st->caps = CVM_EVIDENCE_CAP_FW_STATUS;
		if (st->quote_data_max)
			st->caps |= CVM_EVIDENCE_CAP_TPM_QUOTE;
		strscpy(st->driver, "tpm", sizeof(st->driver));
		break;
	case -ENODEV:
		cvme_state_set(st, CVM_EVIDENCE_ST_NO_DRIVER,
			       CVM_EVIDENCE_REASON_NO_TPM, 0);
		break;
	case -ENXIO:
		cvme_state_set(st, CVM_EVIDENCE_ST_NO_DRIVER,
			       CVM_EVIDENCE_REASON_NO_HCL_REPORT, 0);
		break;
	default:
		/* a timeout is not a refusal: tpm.rc has only the last answer */
		if (tpm.rc && err != -ETIMEDOUT)
			cvme_state_set(st, CVM_EVIDENCE_ST_ERROR,
				       CVM_EVIDENCE_REASON_TPM_REFUSED, tpm.rc);
		else
			cvme_state_set(st, CVM_EVIDENCE_ST_ERROR,
				       CVM_EVIDENCE_REASON_PROBE_FAILED, -err);
	}
}

/*
 * A report that was not made for this request may carry another user's data, and
 * one of a TPM that takes no data is never bound to a request.
 */
static bool needs_quote(const struct cvme_vtpm_report *rep)
{
	return rep->data == CVME_HCL_OTHERS ||
	       (rep->refused && rep->data != CVME_HCL_OURS);
}

static bool quote_binds(const struct cvme_params *par)
{
	if (!(par->flags & CVM_EVIDENCE_F_TPM_QUOTE))
		return false;
	return !(par->flags & CVM_EVIDENCE_F_QUOTE_DATA) || par->quote_data_len;
}

static bool may_give(const struct cvme_vtpm_report *rep,
		     const struct cvme_params *par)
{
	if (rep->fresh)
		return true;
	if (par->flags & CVM_EVIDENCE_F_FRESH)
		return false;
	return !needs_quote(rep) || quote_binds(par);
}

static int not_given(const struct cvme_vtpm_report *rep,
		     struct cvme_result *res)
{
	if (!rep->refused)
		return -ETIMEDOUT;
	res->fw_status = rep->refused;
	return -EIO;
}

static void describe(const struct cvme_vtpm_report *rep,
		     struct cvme_result *res)
{
	res->hcl = true;
	res->vm_id = cvme_hcl_vm_id(&rep->hcl, &res->vm_id_len);
	res->tee = rep->hcl.tee;
	if (rep->hcl.tee == CVM_EVIDENCE_TEE_TDX)
		res->blob_flags |= CVM_EVIDENCE_BLOB_F_TDREPORT;
	if (!rep->fresh)
		res->blob_flags |= CVM_EVIDENCE_BLOB_F_HCL_CACHED;
	strscpy(res->driver, "tpm", sizeof(res->driver));
	res->binding = rep->data == CVME_HCL_OURS ?
		       CVM_EVIDENCE_BINDING_HCL : CVM_EVIDENCE_BINDING_HCL_BOOT;
}

static int take(struct cvme_tpm *tpm, const struct cvme_params *par,
		struct cvme_result *res)
{
	bool quote = par->flags & CVM_EVIDENCE_F_TPM_QUOTE;
	struct cvme_vtpm_report rep;
	int cert = 0, err;

	if (quote)
		cert = cvme_vtpm_read_ak_cert(tpm, res);
	err = cvme_vtpm_take_report(tpm, par, res, &rep);
	res->fw_status = tpm->rc;
	res->fw_status_known = !err || tpm->rc;
	if (err)
		return err;
	if (!may_give(&rep, par))
		return not_given(&rep, res);

	describe(&rep, res);
	if (!quote)
		return 0;
	err = cvme_vtpm_add_quote(tpm, par, &rep.hcl, res);
	if (err) {
		/* only the quote would have bound it to this request */
		if (needs_quote(&rep))
			return err == -ENOMEM || err == -ENODEV ?
			       err : not_given(&rep, res);
	} else if (rep.data != CVME_HCL_OURS && quote_binds(par)) {
		res->binding = CVM_EVIDENCE_BINDING_HCL_QUOTE;
	}
	cvme_vtpm_finish_ak_cert(tpm, res, cert);
	return 0;
}

static int vtpm_take(const struct cvme_params *par, struct cvme_result *res)
{
	struct cvme_tpm tpm;
	int err;

	err = cvme_tpm_open(&tpm);
	if (err)
		return err;
	err = take(&tpm, par, res);
	cvme_tpm_close(&tpm);
	return err == -ENXIO ? -EIO : err;
}

const struct cvme_provider_ops cvme_vtpm_ops = {
	.id = CVM_EVIDENCE_PROVIDER_VTPM,
	.name = "vtpm",
	.concerns = vtpm_concerns,
	.probe = vtpm_probe,
	.take = vtpm_take,
};

#else

static int vtpm_init(struct cvme_state *st)
{
	cvme_state_set(st, CVM_EVIDENCE_ST_NOT_BUILT,
		       CVM_EVIDENCE_REASON_NO_INTERFACE, 0);
	return -ENODEV;
}

const struct cvme_provider_ops cvme_vtpm_ops = {
	.id = CVM_EVIDENCE_PROVIDER_VTPM,
	.name = "vtpm",
	.init = vtpm_init,
};

#endif
