// SPDX-License-Identifier: GPL-2.0
/*
 * Using a TPM that others use too: hold it for a few commands, never while
 * waiting or allocating, and come back later when it is busy, suspended or in
 * another locality.
 */
#include "cvm_evidence.h"

#include <linux/ktime.h>
#include <linux/minmax.h>

#include "patience.h"
#include "vtpm.h"

/* TCG TPM 2.0 part 2, 6.13: TPM_PT_NV_BUFFER_MAX */
#define PT_NV_BUFFER_MAX	0x12c
#define NV_CHUNK_MIN		64	/* or a lying TPM would be held for ages */
#define NV_CHUNK_MAX		1024
#define NV_CHUNK_DEFAULT	512

/* How long to retry a busy TPM */
#define BUSY_NS			(5 * NSEC_PER_SEC)
#define BUSY_PROBE_NS		NSEC_PER_SEC

/* Worker only; bytes that one read may ask for, as the TPM said last */
static u32 nv_chunk = NV_CHUNK_DEFAULT;

/**
 * cvme_vtpm_hold - run commands while nobody else uses the TPM
 * @tpm: open
 * @res: result of the request, NULL in a probe
 * @work: runs the commands; called again from the start after -EAGAIN
 * @arg: argument of @work
 *
 * Return: what @work returned, except -EAGAIN; -ENODEV: the TPM is gone;
 * -ETIMEDOUT: it stayed busy, suspended or in another locality.
 */
int cvme_vtpm_hold(struct cvme_tpm *tpm, const struct cvme_result *res,
		   cvme_vtpm_work work, void *arg)
{
	struct cvme_patience patience;
	int err;

	cvme_patience_begin(&patience, res ? BUSY_NS : BUSY_PROBE_NS);
	for (;;) {
		err = cvme_tpm_begin(tpm);
		if (!err) {
			err = work(tpm, arg);
			cvme_tpm_end(tpm);
		}
		if (err != -EAGAIN)
			return err;
		if (!cvme_patience_wait(&patience, res))
			return -ETIMEDOUT;
	}
}

/* Return: whether the chunk size changed */
bool cvme_vtpm_learn_chunk(struct cvme_tpm *tpm)
{
	u32 was = nv_chunk, val;

	nv_chunk = NV_CHUNK_DEFAULT;
	if (!cvme_tpm_property(tpm, PT_NV_BUFFER_MAX, &val))
		nv_chunk = clamp(val, NV_CHUNK_MIN, NV_CHUNK_MAX);
	return nv_chunk != was;
}

/* The TPM may be another one than at the last probe, with smaller chunks */
int cvme_vtpm_read(struct cvme_tpm *tpm, u32 index, u32 from, u32 size,
		   u8 *data)
{
	int err = cvme_tpm_nv_read(tpm, index, from, size, nv_chunk, data);
	u32 rc = tpm->rc;

	if (err != -EIO)
		return err;
	if (rc != CVME_TPM_RC_NV_UNINITIALIZED && cvme_vtpm_learn_chunk(tpm))
		return cvme_tpm_nv_read(tpm, index, from, size, nv_chunk, data);
	tpm->rc = rc;
	return err;
}

void cvme_vtpm_complain(const struct cvme_tpm *tpm, const char *what)
{
	if (tpm->rc)
		pr_warn_ratelimited("vtpm: %s: TPM response 0x%03x: %s\n", what,
				    tpm->rc, cvme_tpm_rc_text(tpm->rc));
}
