// SPDX-License-Identifier: GPL-2.0
/*
 * Using a TPM that others use too: hold it for a few commands, never while
 * waiting or allocating, and come back later when it is busy, suspended or in
 * another locality.
 */
#include "cvm_evidence.h"

#include <linux/freezer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>

#include "vtpm.h"

/* TCG TPM 2.0 part 2, 6.13: TPM_PT_NV_BUFFER_MAX */
#define PT_NV_BUFFER_MAX	0x12c
#define NV_CHUNK_MIN		64	/* or a lying TPM would be held for ages */
#define NV_CHUNK_MAX		1024
#define NV_CHUNK_DEFAULT	512

/* A busy TPM is tried again for so long, ever more slowly */
#define BUSY_NS			(5 * NSEC_PER_SEC)
#define BUSY_PROBE_NS		NSEC_PER_SEC
#define BUSY_FIRST_NS		(20 * NSEC_PER_MSEC)
#define BUSY_LAST_NS		(500 * NSEC_PER_MSEC)
/* An ended request is noticed after this */
#define SLICE_NS		(100 * NSEC_PER_MSEC)

/* Worker only; of the TPM that was there at the last probe */
static u32 nv_chunk = NV_CHUNK_DEFAULT;

/**
 * cvme_vtpm_sleep_until - let time pass while nobody holds the TPM
 * @res: asked whether the request is still wanted; NULL: there is none
 * @until: ktime in ns
 *
 * Return: false when the request has ended meanwhile.
 */
bool cvme_vtpm_sleep_until(const struct cvme_result *res, u64 until)
{
	u64 now;

	while ((now = ktime_get_ns()) < until) {
		if (res && res->unwanted(res))
			return false;
		schedule_timeout_idle(nsecs_to_jiffies(min_t(u64, until - now,
							     SLICE_NS)) + 1);
		try_to_freeze();
	}
	return !res || !res->unwanted(res);
}

/**
 * cvme_vtpm_hold - do some commands while nobody else uses the TPM
 * @tpm: open
 * @res: of the request, NULL in a probe
 * @work: the commands; begins anew after -EAGAIN
 * @arg: for @work
 *
 * Return: what @work returned, but for -EAGAIN; -ENODEV: the TPM is gone;
 * -ETIMEDOUT: it stayed busy, suspended or in another locality.
 */
int cvme_vtpm_hold(struct cvme_tpm *tpm, const struct cvme_result *res,
		   cvme_vtpm_work work, void *arg)
{
	u64 end = ktime_get_ns() + (res ? BUSY_NS : BUSY_PROBE_NS);
	u64 pause = BUSY_FIRST_NS;
	int err;

	for (;;) {
		err = cvme_tpm_begin(tpm);
		if (!err) {
			err = work(tpm, arg);
			cvme_tpm_end(tpm);
		}
		if (err != -EAGAIN)
			return err;
		if (ktime_get_ns() >= end ||
		    !cvme_vtpm_sleep_until(res, ktime_get_ns() + pause))
			return -ETIMEDOUT;
		pause = min_t(u64, 2 * pause, BUSY_LAST_NS);
	}
}

/* Whether it is another than we knew */
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
