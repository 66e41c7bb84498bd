// SPDX-License-Identifier: GPL-2.0
/*
 * What goes with an HCL report when a TPM quote is asked for: the quote by the
 * attestation key that the report names, and that key's certificate. Both are
 * optional: evidence without them is evidence.
 */
#include "cvm_evidence.h"

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "compat.h"
#include "patience.h"
#include "vtpm.h"

#define NV_AK_CERT		0x01c101d0
#define AK_HANDLE		0x81000003
#define ALL_PCRS		((1U << CVME_TPM_PCRS) - 1)
#define QUOTE_TRIES		3
/* A certificate that is renewed while it is read is read again */
#define CERT_TRIES		3
/* A missing certificate may come as soon as the host has answered */
#define UNWRITTEN_TRIES		3
#define UNWRITTEN_NS		(300 * NSEC_PER_MSEC)

/**
 * struct quoting - a quote that is asked for
 * @par: parameters of the request
 * @hcl: the report that names the key
 * @quote: memory for it
 */
struct quoting {
	const struct cvme_params *par;
	const struct cvme_hcl *hcl;
	struct cvme_tpm_quote *quote;
};

/* cvme_vtpm_work: called with the TPM held */
static int quote_once(struct cvme_tpm *tpm, void *arg)
{
	const struct quoting *q = arg;
	const struct cvme_params *par = q->par;
	bool own = par->flags & CVM_EVIDENCE_F_QUOTE_DATA;
	int err;

	err = cvme_tpm_read_public(tpm, AK_HANDLE, &q->quote->pub);
	if (err)
		return err;
	if (!cvme_hcl_names_key(q->hcl, q->quote->pub.data, q->quote->pub.len))
		return -EKEYREJECTED;
	return cvme_tpm_quote(tpm, AK_HANDLE,
			      own ? par->quote_data : par->report_data,
			      own ? par->quote_data_len : par->report_data_len,
			      par->pcr_mask ?: ALL_PCRS, q->quote);
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
	case -ETIMEDOUT:
		return "the TPM stayed busy; ask again";
	case -ENOMEM:
		return "out of memory";
	default:
		return "the TPM refused the quote; the kernel log has its response";
	}
}

static int keep(struct cvme_buf *buf, const struct cvme_tpm_part *part)
{
	int err = cvme_buf_alloc(buf, part->len);

	if (!err)
		memcpy(buf->data, part->data, part->len);
	return err;
}

static int keep_quote(const struct cvme_tpm_quote *quote,
		      struct cvme_result *res)
{
	int err;

	err = keep(&res->tpm_attest, &quote->attest) ?:
	      keep(&res->tpm_signature, &quote->signature) ?:
	      keep(&res->pcrs, &quote->pcrs) ?:
	      keep(&res->ak_pub, &quote->pub);
	if (err) {
		cvme_buf_free(&res->tpm_attest);
		cvme_buf_free(&res->tpm_signature);
		cvme_buf_free(&res->pcrs);
		cvme_buf_free(&res->ak_pub);
	}
	return err;
}

/* Return: 0, or why the quote was not added, which @res says too */
int cvme_vtpm_add_quote(struct cvme_tpm *tpm, const struct cvme_params *par,
			const struct cvme_hcl *hcl, struct cvme_result *res)
{
	struct quoting q = { .par = par, .hcl = hcl };
	unsigned int tries = 0;
	int err = -ENOMEM;

	q.quote = kvzalloc(sizeof(*q.quote), GFP_KERNEL);
	if (q.quote) {
		do {
			err = cvme_vtpm_hold(tpm, res, quote_once, &q);
		} while (err == -ESTALE && ++tries < QUOTE_TRIES);
		if (!err)
			err = keep_quote(q.quote, res);
		kvfree(q.quote);
	}
	if (!err)
		return 0;
	cvme_vtpm_complain(tpm, "TPM2_Quote by 0x81000003");
	cvme_result_absent(res, CVM_EVIDENCE_ITEM_TPM_ATTEST, err,
			   quote_reason(err));
	return err;
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

/**
 * struct cert - the index of the certificate while it is read
 * @nv: its public area
 * @first: what the index holds
 * @again: the same, read again
 * @len: bytes of the certificate
 */
struct cert {
	struct cvme_tpm_nv nv;
	struct cvme_buf first;
	struct cvme_buf again;
	u32 len;
};

/* cvme_vtpm_work: called with the TPM held */
static int find_cert(struct cvme_tpm *tpm, void *arg)
{
	struct cert *c = arg;

	return cvme_tpm_nv_public(tpm, NV_AK_CERT, &c->nv);
}

/*
 * cvme_vtpm_work: called with the TPM held. That keeps only the guest's programs
 * away: the paravisor writes the index whenever the host answers, between two
 * chunks of a read, too.
 */
static int read_cert(struct cvme_tpm *tpm, void *arg)
{
	struct cert *c = arg;
	int err;

	err = cvme_vtpm_read(tpm, NV_AK_CERT, 0, c->nv.size, c->first.data);
	if (err)
		return err;
	c->len = der_len(c->first.data, c->nv.size);
	if (!c->len)
		return -EBADMSG;
	err = cvme_vtpm_read(tpm, NV_AK_CERT, 0, c->len, c->again.data);
	if (err)
		return err;
	return memcmp(c->first.data, c->again.data, c->len) ? -ESTALE : 0;
}

static int read_whole_cert(struct cvme_tpm *tpm, const struct cvme_result *res,
			   struct cert *c)
{
	unsigned int tries = 0;
	int err;

	err = cvme_vtpm_hold(tpm, res, find_cert, c);
	if (err)
		return err;
	if (!c->nv.size || c->nv.size > CVME_VTPM_NV_MAX)
		return -EBADMSG;
	err = cvme_buf_alloc(&c->first, c->nv.size) ?:
	      cvme_buf_alloc(&c->again, c->nv.size);
	if (err)
		return err;
	do {
		err = cvme_vtpm_hold(tpm, res, read_cert, c);
	} while ((err == -ESTALE || err == -EBADMSG) && ++tries < CERT_TRIES);
	return err;
}

/**
 * cvme_vtpm_read_ak_cert - read the certificate of the attestation key
 * @tpm: open
 * @res: gets it
 *
 * Call this before reading the report. When any other index is read from offset
 * 0, OpenHCL asks the host for a certificate that is missing or old, but not
 * within 2 s of a report (openvmm, as in vtpm_report.c).
 *
 * Return: 0, or an error for cvme_vtpm_finish_ak_cert().
 */
int cvme_vtpm_read_ak_cert(struct cvme_tpm *tpm, struct cvme_result *res)
{
	struct cert c = {};
	int err = read_whole_cert(tpm, res, &c);

	cvme_buf_free(&c.again);
	if (err) {
		cvme_buf_free(&c.first);
		if (tpm->rc == CVME_TPM_RC_NV_UNINITIALIZED)
			return -ENODATA;
		return err;
	}
	c.first.len = c.len;
	res->ak_cert = c.first;
	return 0;
}

static const char *cert_reason(int err)
{
	switch (err) {
	case -ENXIO:
		return "the TPM has no certificate of the key (NV 0x01c101d0)";
	case -ENODATA:
		return "NV 0x01c101d0 was not written yet (TPM response 0x14a)";
	case -EBADMSG:
		return "NV index 0x01c101d0 does not hold a certificate";
	case -ESTALE:
		return "NV 0x01c101d0 kept changing while it was read";
	case -ETIMEDOUT:
		return "the TPM stayed busy; ask again";
	case -ENOMEM:
		return "out of memory";
	default:
		return "the TPM refused it; the kernel log has its response";
	}
}

/**
 * cvme_vtpm_finish_ak_cert - say why there is no certificate
 * @tpm: open
 * @res: gets the certificate after all, or the reason
 * @err: of cvme_vtpm_read_ak_cert()
 */
void cvme_vtpm_finish_ak_cert(struct cvme_tpm *tpm, struct cvme_result *res,
			      int err)
{
	unsigned int tries = 0;

	while (err == -ENODATA && tries++ < UNWRITTEN_TRIES) {
		if (tries > 1 &&
		    !cvme_sleep_until(res, ktime_get_ns() + UNWRITTEN_NS))
			break;
		err = cvme_vtpm_read_ak_cert(tpm, res);
	}
	if (!err)
		return;
	if (err == -EIO)
		cvme_vtpm_complain(tpm, "reading NV 0x01c101d0");
	/* the UAPI's errno of what a TPM refuses */
	cvme_result_absent(res, CVM_EVIDENCE_ITEM_AK_CERT,
			   err == -ENODATA ? -EIO : err, cert_reason(err));
}
