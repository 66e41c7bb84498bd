// SPDX-License-Identifier: GPL-2.0
/*
 * Evidence through the vTPM of an Azure paravisor guest: 64 bytes written to
 * one NV index come back in the runtime claims of the HCL report in another,
 * and the hash of the claims in the hardware's report beside them.
 *
 * The paravisor makes a new report when the index is read from offset 0, at
 * most once in 2 s, and else gives the last one without a word. So what was
 * read is compared with what was written, and read again if need be, without
 * the TPM being held meanwhile. Some paravisors never make a new one.
 */
#include "cvm_evidence.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/ktime.h>
#include <linux/mm.h>

#include "compat.h"
#include "hcl.h"
#include "provider_ops.h"
#include "tpm.h"

#if IS_ENABLED(CONFIG_TCG_TPM)

#define NV_REPORT		0x01400001
#define NV_USER_DATA		0x01400002
#define NV_AK_CERT		0x01c101d0
#define AK_HANDLE		0x81000003

/* TCG TPM 2.0 part 2, 6.13: TPM_PT_MAX_DIGEST, TPM_PT_NV_BUFFER_MAX */
#define PT_MAX_DIGEST		0x120
#define PT_NV_BUFFER_MAX	0x12c
#define NV_CHUNK_MIN		64	/* or a lying TPM would be held for ages */
#define NV_CHUNK_MAX		1024
#define NV_CHUNK_DEFAULT	512
#define NV_SIZE_MAX		16384

#define USER_DATA_LEN		CVM_EVIDENCE_REPORT_DATA_MAX
#define ALL_PCRS		((1U << CVME_TPM_PCRS) - 1)
#define QUOTE_TRIES		3

/* The paravisor's window, and what a busy machine adds */
#define WINDOW_NS		(3 * NSEC_PER_SEC)
#define POLL_MS			50
/* Whether a paravisor still refuses is tried again after this */
#define GIVEN_UP_NS		(60 * NSEC_PER_SEC)

/* Worker only; of the TPM that was there at the last look */
static u32 nv_chunk = NV_CHUNK_DEFAULT;
/* ktime until which no time is spent on waiting for a new report */
static u64 given_up_until;

static void complain(const struct cvme_tpm *tpm, const char *what)
{
	if (tpm->rc)
		pr_warn_ratelimited("vtpm: %s: TPM response 0x%03x: %s\n", what,
				    tpm->rc, cvme_tpm_rc_text(tpm->rc));
}

/* The drivers of TPMs are called tpm_tis, tpm_crb, tpm_vtpm_proxy and so on */
static bool vtpm_concerns(const char *module)
{
	return !strncmp(module, "tpm", 3);
}

/* Whether it is another than we knew */
static bool learn_chunk(struct cvme_tpm *tpm)
{
	u32 was = nv_chunk, val;

	nv_chunk = NV_CHUNK_DEFAULT;
	if (!cvme_tpm_property(tpm, PT_NV_BUFFER_MAX, &val))
		nv_chunk = clamp(val, NV_CHUNK_MIN, NV_CHUNK_MAX);
	return nv_chunk != was;
}

static int learn_limits(struct cvme_tpm *tpm, struct cvme_state *st)
{
	u32 val;
	int err;

	learn_chunk(tpm);
	err = cvme_tpm_property(tpm, PT_MAX_DIGEST, &val);
	/* qualifying data are a TPMT_HA at most: a digest and its algorithm */
	if (!err)
		st->quote_data_max = min_t(u32, val + 2,
					   CVM_EVIDENCE_QUOTE_DATA_MAX);
	/* or who was found while the TPM was busy would have no quotes for good */
	return err == -ENXIO ? 0 : err;
}

static int identify(struct cvme_tpm *tpm, u32 *tee)
{
	u8 magic[3], type[4];
	int err;

	err = cvme_tpm_nv_read(tpm, NV_REPORT, 1, sizeof(magic), nv_chunk,
			       magic) ?:
	      cvme_tpm_nv_read(tpm, NV_REPORT, 1224, sizeof(type), nv_chunk,
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
 * Is the index what it should be. Not read from offset 0: that would make a
 * report nobody asked for, and have the next request wait out the window. Only
 * if what is there is no good: it stays until somebody has another one made.
 */
static int look(struct cvme_tpm *tpm, u32 *tee)
{
	u32 size;
	u8 first;
	int err;

	err = cvme_tpm_nv_size(tpm, NV_REPORT, &size);
	if (err)
		return err;
	if (size < 1236)
		return -ENXIO;
	err = identify(tpm, tee);
	if (err != -ENXIO)
		return err;
	return cvme_tpm_nv_read(tpm, NV_REPORT, 0, 1, nv_chunk, &first) ?:
	       identify(tpm, tee);
}

static void vtpm_probe(struct cvme_state *st)
{
	struct cvme_tpm tpm = {};
	int err;

	err = cvme_tpm_open(&tpm);
	if (!err) {
		err = cvme_tpm_begin(&tpm);
		if (!err) {
			err = learn_limits(&tpm, st) ?: look(&tpm, &st->tee);
			cvme_tpm_end(&tpm);
		}
		cvme_tpm_close(&tpm);
	}
	given_up_until = 0;

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
		if (tpm.rc)
			cvme_state_set(st, CVM_EVIDENCE_ST_ERROR,
				       CVM_EVIDENCE_REASON_TPM_REFUSED, tpm.rc);
		else
			cvme_state_set(st, CVM_EVIDENCE_ST_ERROR,
				       CVM_EVIDENCE_REASON_PROBE_FAILED, -err);
	}
}

static int write_user_data(struct cvme_tpm *tpm, const u8 *data)
{
	u32 size;
	int err;

	err = cvme_tpm_nv_size(tpm, NV_USER_DATA, &size);
	if (err == -ENXIO) {
		size = USER_DATA_LEN;
		err = cvme_tpm_nv_define(tpm, NV_USER_DATA, size);
	}
	if (err)
		return err;
	/* somebody made a shorter one: the paravisor adds zeroes to that */
	if (size < USER_DATA_LEN &&
	    memchr_inv(data + size, 0, USER_DATA_LEN - size))
		return -EIO;
	return cvme_tpm_nv_write(tpm, NV_USER_DATA, data,
				 min_t(u32, size, USER_DATA_LEN));
}

/* The TPM is ours from the write to the last chunk: no other guest program */
static int write_and_read(struct cvme_tpm *tpm, const u8 *data,
			  struct cvme_buf *raw)
{
	u32 size, rc;
	int err;

	err = cvme_tpm_nv_size(tpm, NV_REPORT, &size);
	if (err)
		return err == -ENXIO ? -ENODEV : err;
	if (!size || size > NV_SIZE_MAX)
		return -EBADMSG;
	if (raw->len != size) {
		cvme_buf_free(raw);
		err = cvme_buf_alloc(raw, size);
		if (err)
			return err;
	}
	err = write_user_data(tpm, data);
	if (err) {
		complain(tpm, "writing NV 0x01400002");
		return err;
	}
	err = cvme_tpm_nv_read(tpm, NV_REPORT, 0, size, nv_chunk, raw->data);
	/* it may be another TPM than at the last look */
	rc = tpm->rc;
	if (err == -EIO && learn_chunk(tpm))
		err = cvme_tpm_nv_read(tpm, NV_REPORT, 0, size, nv_chunk,
				       raw->data);
	else
		tpm->rc = rc;
	if (err == -EIO)
		complain(tpm, "reading NV 0x01400001");
	return err == -ENXIO ? -ENODEV : err;
}

static int attempt(struct cvme_tpm *tpm, const u8 *data, struct cvme_buf *raw)
{
	int err = cvme_tpm_begin(tpm);

	if (err)
		return err;
	err = write_and_read(tpm, data, raw);
	cvme_tpm_end(tpm);
	return err;
}

/**
 * get_report - read the report until it is ours, or time is up
 * @tpm: open
 * @par: what was asked
 * @raw: the report
 * @hcl: it, taken apart
 * @fresh: it carries our data
 * @res: asked whether the request is still wanted
 *
 * Return: 0 for a report whose claims and hardware report belong together.
 */
static int get_report(struct cvme_tpm *tpm, const struct cvme_params *par,
		      struct cvme_buf *raw, struct cvme_hcl *hcl, bool *fresh,
		      const struct cvme_result *res)
{
	u64 end = ktime_get_ns();
	int err;

	if (end >= given_up_until)
		end += WINDOW_NS;
	for (;;) {
		err = attempt(tpm, par->report_data, raw);
		if (!err)
			err = cvme_hcl_parse(raw, hcl);
		/* torn: the next read is whole */
		if (!err && !cvme_hcl_bound(hcl))
			err = -EBADMSG;
		*fresh = !err && cvme_hcl_carries(hcl, par->report_data);
		if (*fresh) {
			given_up_until = 0;
			return 0;
		}
		if (err && err != -EAGAIN && err != -EBADMSG &&
		    tpm->rc != CVME_TPM_RC_NV_UNINITIALIZED)
			return err;
		if (ktime_get_ns() >= end || res->unwanted(res))
			break;
		schedule_timeout_idle(msecs_to_jiffies(POLL_MS));
		try_to_freeze();
	}
	if (err)
		return err == -EAGAIN ? -EIO : err;
	if (!given_up_until && !res->unwanted(res))
		pr_warn("vtpm: the paravisor makes no report with our data; evidence is of an earlier time and says so\n");
	if (!res->unwanted(res))
		given_up_until = ktime_get_ns() + GIVEN_UP_NS;
	return 0;
}

static int quote_once(struct cvme_tpm *tpm, const struct cvme_params *par,
		      const struct cvme_hcl *hcl, struct cvme_buf *pub,
		      struct cvme_tpm_quote *quote)
{
	bool own = par->flags & CVM_EVIDENCE_F_QUOTE_DATA;
	int err;

	err = cvme_tpm_read_public(tpm, AK_HANDLE, pub);
	if (err)
		return err;
	if (!cvme_hcl_names_key(hcl, pub))
		return -EKEYREJECTED;
	return cvme_tpm_quote(tpm, AK_HANDLE,
			      own ? par->quote_data : par->report_data,
			      own ? par->quote_data_len : par->report_data_len,
			      par->pcr_mask ?: ALL_PCRS, quote);
}

static const char *quote_reason(int err)
{
	switch (err) {
	case -ENXIO:
		return "the TPM has no attestation key at 0x81000003";
	case -EKEYREJECTED:
		return "the TPM's key at 0x81000003 is not the HCLAkPub of the report";
	case -ESTALE:
		return "PCRs kept changing while they were quoted";
	case -EBADMSG:
		return "the TPM's quote is not one of what was asked";
	case -ENOMEM:
		return "out of memory";
	default:
		return "the TPM refused the quote; the kernel log has its response";
	}
}

/* Optional: evidence without it is evidence. Whether there is one. */
static bool add_quote(struct cvme_tpm *tpm, const struct cvme_params *par,
		      const struct cvme_hcl *hcl, struct cvme_result *res)
{
	struct cvme_tpm_quote quote;
	unsigned int tries = 0;
	struct cvme_buf pub;
	int err;

	do {
		quote = (struct cvme_tpm_quote){};
		pub = (struct cvme_buf){};
		err = cvme_tpm_begin(tpm);
		if (!err) {
			err = quote_once(tpm, par, hcl, &pub, &quote);
			cvme_tpm_end(tpm);
		}
		if (!err) {
			res->tpm_attest = quote.attest;
			res->tpm_signature = quote.signature;
			res->pcrs = quote.pcrs;
			res->ak_pub = pub;
			return true;
		}
		cvme_buf_free(&quote.attest);
		cvme_buf_free(&quote.signature);
		cvme_buf_free(&quote.pcrs);
		cvme_buf_free(&pub);
		if (err == -EAGAIN)
			schedule_timeout_idle(msecs_to_jiffies(POLL_MS));
	} while ((err == -EAGAIN || err == -ESTALE) && ++tries < QUOTE_TRIES);

	complain(tpm, "TPM2_Quote by 0x81000003");
	cvme_result_absent(res, CVM_EVIDENCE_ITEM_TPM_ATTEST, err,
			   quote_reason(err));
	return false;
}

/* Bytes of the DER certificate at the start of an index; 0 if there is none */
static u32 der_len(const u8 *der, u32 size)
{
	u32 len;

	if (size < 4 || der[0] != 0x30 || der[1] != 0x82)
		return 0;
	len = 4 + get_unaligned_be16(der + 2);
	return len <= size ? len : 0;
}

static int read_ak_cert(struct cvme_tpm *tpm, struct cvme_buf *cert)
{
	u32 size;
	int err;

	err = cvme_tpm_nv_size(tpm, NV_AK_CERT, &size);
	if (err)
		return err;
	if (!size || size > NV_SIZE_MAX)
		return -EBADMSG;
	err = cvme_buf_alloc(cert, size);
	if (err)
		return err;
	err = cvme_tpm_nv_read(tpm, NV_AK_CERT, 0, size, nv_chunk, cert->data);
	if (err)
		return err;
	cert->len = der_len(cert->data, size);
	return cert->len ? 0 : -EBADMSG;
}

static void add_ak_cert(struct cvme_tpm *tpm, struct cvme_result *res)
{
	const char *why = "the TPM refused it; the kernel log has its response";
	struct cvme_buf cert = {};
	int err;

	err = cvme_tpm_begin(tpm);
	if (!err) {
		err = read_ak_cert(tpm, &cert);
		cvme_tpm_end(tpm);
	}
	if (!err) {
		res->ak_cert = cert;
		return;
	}
	cvme_buf_free(&cert);
	if (err == -ENXIO)
		why = "the TPM has no certificate of the key (NV 0x01c101d0)";
	else if (err == -ENOMEM)
		why = "out of memory";
	else if (err == -EBADMSG)
		why = "what is in NV 0x01c101d0 is no certificate";
	else if (tpm->rc == CVME_TPM_RC_NV_UNINITIALIZED)
		why = "NV 0x01c101d0 was not written yet (TPM response 0x14a)";
	else
		complain(tpm, "reading NV 0x01c101d0");
	cvme_result_absent(res, CVM_EVIDENCE_ITEM_AK_CERT, err, why);
}

static int take(struct cvme_tpm *tpm, const struct cvme_params *par,
		struct cvme_result *res)
{
	struct cvme_hcl hcl;
	bool fresh, quoted;
	int err;

	err = get_report(tpm, par, &res->report, &hcl, &fresh, res);
	res->fw_status = tpm->rc;
	res->fw_status_known = !err || tpm->rc;
	if (err)
		return err;
	if (!fresh && (par->flags & CVM_EVIDENCE_F_FRESH))
		return -EOPNOTSUPP;

	res->hcl = true;
	res->vm_id = cvme_hcl_vm_id(&hcl, &res->vm_id_len);
	res->tee = hcl.tee;
	if (hcl.tee == CVM_EVIDENCE_TEE_TDX)
		res->blob_flags |= CVM_EVIDENCE_BLOB_F_TDREPORT;
	strscpy(res->driver, "tpm", sizeof(res->driver));
	res->binding = fresh ? CVM_EVIDENCE_BINDING_HCL :
			       CVM_EVIDENCE_BINDING_HCL_BOOT;
	if (!(par->flags & CVM_EVIDENCE_F_TPM_QUOTE))
		return 0;
	quoted = add_quote(tpm, par, &hcl, res);
	if (quoted && !fresh)
		res->binding = CVM_EVIDENCE_BINDING_HCL_QUOTE;
	add_ak_cert(tpm, res);
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
	st->reason = CVM_EVIDENCE_REASON_NO_INTERFACE;
	return -ENODEV;
}

const struct cvme_provider_ops cvme_vtpm_ops = {
	.id = CVM_EVIDENCE_PROVIDER_VTPM,
	.name = "vtpm",
	.init = vtpm_init,
};

#endif
