// SPDX-License-Identifier: GPL-2.0
/*
 * The HCL report of a paravisor with our data in it.
 *
 * The paravisor makes a new report when the index is read from offset 0, at
 * most once in 2 s, and else returns the last one without an error (openvmm,
 * tpm_device/src/lib.rs, refresh_device_attestation_data_on_nv_read()). So what
 * was read is compared with what was written, and read again at the end of the
 * 2 s. A report of a TDX guest over the same data has the same bytes as the one
 * before: to be sure that one is made for this request, a report over other data
 * is made in between.
 */
#include "cvm_evidence.h"

#include <crypto/sha2.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/string.h>

#include "patience.h"
#include "vtpm.h"

#define NV_USER_DATA		0x01400002
#define USER_DATA_LEN		CVM_EVIDENCE_REPORT_DATA_MAX

/* REPORT_TIMER_PERIOD of openvmm, and what a busy machine adds */
#define WINDOW_NS		(2 * NSEC_PER_SEC + 20 * NSEC_PER_MSEC)
/* How long a torn report may take to become whole */
#define TORN_NS			(50 * NSEC_PER_MSEC)
/* How often to read a malformed report */
#define BAD_TRIES		3
/* After this many windows without a new report, expect none */
#define MISSED_WINDOWS		3
/* How many windows may be lost to other readers of the index */
#define LOST_WINDOWS		8
/* When to try a paravisor again that made no new report */
#define GIVEN_UP_NS		(60 * NSEC_PER_SEC)
#define SIZE_TRIES		3
/*
 * How long to leave the index to another program that wrote its data and has not
 * read its report yet: az-snp-vtpm of kinvolk, which Confidential Containers
 * use, sleeps for 3 s in between and does not check whose report it gets.
 */
#define YIELD_NS		(4 * NSEC_PER_SEC)
#define YIELD_STEP_NS		(200 * NSEC_PER_MSEC)

/* Worker only */
static u8 last_digest[SHA256_DIGEST_SIZE];	/* of the last report read */
static u64 window_end;				/* ktime */
static u64 given_up_until;			/* ktime */
static u8 passed_over[USER_DATA_LEN];		/* data not to yield to again */

/* The TPM may have been replaced: forget what its reports showed */
void cvme_vtpm_forget_reports(void)
{
	memset(last_digest, 0, sizeof(last_digest));
	memset(passed_over, 0, sizeof(passed_over));
	window_end = 0;
	given_up_until = 0;
}

/**
 * struct search - a request's search for its report
 * @want: the user-data that the report is to carry
 * @other: user-data of a report in between
 * @made_another: the report in between was made
 * @raw: the report as read last
 * @before: the report before the request wrote anything; its first byte is
 *	not read, because reading that makes a new report
 * @size: size of the report's index, which the buffers must have
 * @looked: the attempt to read @before was made
 * @has_before: @before was read
 * @unknown: there may have been a report, but it could not be read
 * @refused: the TPM's response when it did not let us write user-data, or 0
 * @has_written: user-data were written, or the attempt was made
 * @wrote: these user-data
 * @theirs: the user-data that another program had in the index, or zeros; the
 *	paravisor reads an index that was never written as zeros
 * @len: size of the index of user-data; the paravisor adds zeros
 * @yield_until: until when to wait for another program; 0 before that
 * @yielded: the wait for another program is over
 */
struct search {
	const u8 *want;
	u8 other[USER_DATA_LEN];
	bool made_another;
	struct cvme_buf raw;
	struct cvme_buf before;
	u32 size;
	bool looked;
	bool has_before;
	bool unknown;
	u32 refused;
	bool has_written;
	u8 wrote[USER_DATA_LEN];
	u8 theirs[USER_DATA_LEN];
	u32 len;
	u64 yield_until;
	bool yielded;
};

/*
 * Another tool may have made the index too small for our data, or without access
 * for the owner, whose rights the paravisor uses. Such an index is replaced: the
 * other tool then finds 64 bytes that the owner can read and write, and its
 * writes with the password or policy of the old index fail.
 */
static bool is_usable(const struct search *s, const struct cvme_tpm_nv *nv)
{
	const u32 owner = CVME_NV_OWNERREAD | CVME_NV_OWNERWRITE;
	const u32 none = CVME_NV_TYPE | CVME_NV_WRITELOCKED |
			 CVME_NV_READLOCKED;

	return nv->size && nv->size <= USER_DATA_LEN &&
	       !memchr_inv(s->want + nv->size, 0, USER_DATA_LEN - nv->size) &&
	       !(nv->attributes & none) && (nv->attributes & owner) == owner;
}

/* Keep what is in the index, unless we wrote it: it is another program's */
static int keep_theirs(struct cvme_tpm *tpm, struct search *s, u32 len)
{
	u8 now[USER_DATA_LEN] = {};
	int err;

	err = cvme_vtpm_read(tpm, NV_USER_DATA, 0, len, now);
	if (!err) {
		if (!s->has_written || memcmp(now, s->wrote, sizeof(now)))
			memcpy(s->theirs, now, sizeof(now));
		return 0;
	}
	if (err != -EIO || !tpm->rc)
		return err;
	/* the request goes on although the TPM refused this */
	tpm->rc = 0;
	return 0;
}

static int replace_index(struct cvme_tpm *tpm, struct search *s,
			 const struct cvme_tpm_nv *nv)
{
	int err = 0;

	if (nv->attributes & CVME_NV_OWNERREAD)
		err = keep_theirs(tpm, s, min(nv->size, USER_DATA_LEN));
	if (!err)
		err = cvme_tpm_nv_undefine(tpm, NV_USER_DATA);
	if (err)
		return err;
	pr_notice_ratelimited("vtpm: NV 0x01400002 of %u bytes, attributes 0x%x, is replaced: evidence needs 64 bytes that the owner reads and writes\n",
			      nv->size, nv->attributes);
	return 0;
}

static int ready_user_data(struct cvme_tpm *tpm, struct search *s)
{
	struct cvme_tpm_nv nv;
	int err;

	err = cvme_tpm_nv_public(tpm, NV_USER_DATA, &nv);
	if (!err && is_usable(s, &nv)) {
		s->len = nv.size;
		return keep_theirs(tpm, s, nv.size);
	}
	if (!err)
		err = replace_index(tpm, s, &nv);
	else if (err == -ENXIO)
		err = 0;
	s->len = USER_DATA_LEN;
	return err ?: cvme_tpm_nv_define(tpm, NV_USER_DATA, USER_DATA_LEN);
}

/* Accept only an index of the platform: as the owner the guest can make one */
static int find_report(struct cvme_tpm *tpm, u32 *size)
{
	struct cvme_tpm_nv nv;
	int err;

	err = cvme_tpm_nv_public(tpm, CVME_VTPM_NV_REPORT, &nv);
	if (err)
		return err == -ENXIO ? -ENODEV : err;
	if (!(nv.attributes & CVME_NV_PLATFORMCREATE))
		return -ENODEV;
	if (!nv.size || nv.size > CVME_VTPM_NV_MAX)
		return -EBADMSG;
	*size = nv.size;
	return 0;
}

static int look_before(struct cvme_tpm *tpm, struct search *s)
{
	int err = cvme_vtpm_read(tpm, CVME_VTPM_NV_REPORT, 1, s->size - 1,
				 s->before.data + 1);

	if (err == -EAGAIN)
		return err;
	s->before.data[0] = 'H';
	s->has_before = !err;
	s->unknown = err && tpm->rc != CVME_TPM_RC_NV_UNINITIALIZED;
	s->looked = true;
	return 0;
}

/* True if another program wrote data that no report carries yet */
static bool they_wait(const struct search *s)
{
	struct cvme_hcl hcl;

	return !s->yielded && s->has_before &&
	       memchr_inv(s->theirs, 0, USER_DATA_LEN) &&
	       memcmp(s->theirs, passed_over, USER_DATA_LEN) &&
	       !cvme_hcl_parse(&s->before, &hcl) &&
	       cvme_hcl_user_data(&hcl, s->theirs) != CVME_HCL_OURS;
}

static int write_ours(struct cvme_tpm *tpm, struct search *s)
{
	int err = ready_user_data(tpm, s);

	if (err)
		return err;
	if (they_wait(s))
		return -EINPROGRESS;
	/* set before the attempt: an interrupted write may have happened */
	memcpy(s->wrote, s->want, USER_DATA_LEN);
	s->has_written = true;
	return cvme_tpm_nv_write(tpm, NV_USER_DATA, s->want, s->len);
}

/*
 * Called with the TPM held. Azure's own tools write their data, sleep, and read
 * the report: if ours stayed in the index, they would get a report over ours. At
 * the next boot, too, the report is made over what is in the index. What another
 * program wrote after us stays.
 */
static int put_back(struct cvme_tpm *tpm, void *arg)
{
	struct search *s = arg;
	u8 now[USER_DATA_LEN] = {};
	int err;

	err = cvme_vtpm_read(tpm, NV_USER_DATA, 0, s->len, now);
	if (err || memcmp(now, s->wrote, sizeof(now)) ||
	    !memcmp(now, s->theirs, sizeof(now)))
		return err;
	memcpy(passed_over, s->theirs, sizeof(passed_over));
	return cvme_tpm_nv_write(tpm, NV_USER_DATA, s->theirs, s->len);
}

/* Called with the TPM held, so that nobody writes the index before we read it */
static int write_and_read(struct cvme_tpm *tpm, void *arg)
{
	struct search *s = arg;
	int err;

	err = find_report(tpm, &s->size);
	if (err)
		return err;
	if (s->raw.len != s->size)
		return -ENOBUFS;
	if (!s->looked) {
		err = look_before(tpm, s);
		if (err)
			return err;
	}
	err = write_ours(tpm, s);
	s->refused = err == -EIO ? tpm->rc : 0;
	if (err) {
		if (err != -EAGAIN && err != -EINPROGRESS)
			cvme_vtpm_complain(tpm, "writing NV 0x01400002");
		if (!s->refused)
			return err == -ENXIO ? -EIO : err;
	}
	err = cvme_vtpm_read(tpm, CVME_VTPM_NV_REPORT, 0, s->size,
			     s->raw.data);
	if (err == -EIO)
		cvme_vtpm_complain(tpm, "reading NV 0x01400001");
	return err == -ENXIO ? -ENODEV : err;
}

static void search_free(struct search *s)
{
	cvme_buf_free(&s->raw);
	cvme_buf_free(&s->before);
}

static int attempt(struct cvme_tpm *tpm, struct search *s,
		   const struct cvme_result *res)
{
	unsigned int tries = 0;
	int err;

	for (;;) {
		err = cvme_vtpm_hold(tpm, res, write_and_read, s);
		if (err != -ENOBUFS)
			return err;
		if (++tries > SIZE_TRIES)
			return -EBADMSG;
		search_free(s);
		s->looked = false;
		s->has_before = false;
		err = cvme_buf_alloc(&s->raw, s->size) ?:
		      cvme_buf_alloc(&s->before, s->size);
		if (err)
			return err;
	}
}

/* True if this is a new report: its window begins */
static bool note_report(const struct cvme_buf *raw)
{
	u8 digest[SHA256_DIGEST_SIZE];

	sha256(raw->data, raw->len, digest);
	if (!memcmp(digest, last_digest, sizeof(digest)))
		return false;
	memcpy(last_digest, digest, sizeof(digest));
	window_end = ktime_get_ns() + WINDOW_NS;
	return true;
}

/* True if this may be an earlier report that already carried @data */
static bool is_old(const struct search *s, const u8 *data)
{
	struct cvme_hcl hcl;

	if (s->unknown)
		return true;
	return s->has_before && s->before.len == s->raw.len &&
	       !memcmp(s->before.data + 1, s->raw.data + 1, s->raw.len - 1) &&
	       !cvme_hcl_parse(&s->before, &hcl) &&
	       cvme_hcl_user_data(&hcl, data) == CVME_HCL_OURS;
}

static void give_up(void)
{
	if (!given_up_until)
		pr_warn("vtpm: the paravisor does not make reports over our data; only evidence with a TPM quote (CVM_EVIDENCE_F_TPM_QUOTE) can be bound to a request\n");
	given_up_until = ktime_get_ns() + GIVEN_UP_NS;
}

/**
 * struct tally - windows that a search used without success
 * @bad: malformed reports
 * @missed: ends of windows without a new report, or without user-data
 * @lost: windows in which a report over another program's data was made
 */
struct tally {
	unsigned int bad;
	unsigned int missed;
	unsigned int lost;
};

/* Count a report without our data; true if it is time to give up */
static bool in_vain(struct tally *t, enum cvme_hcl_data data, bool changed,
		    bool in_window)
{
	if (data == CVME_HCL_OTHERS && changed)
		return ++t->lost >= LOST_WINDOWS;
	if (data == CVME_HCL_OTHERS && in_window)
		return false;
	if (ktime_get_ns() < given_up_until)
		t->missed = MISSED_WINDOWS;
	else if (!in_window)
		t->missed++;
	if (t->missed >= MISSED_WINDOWS) {
		give_up();
		return true;
	}
	/* each try has its own window, or it might meet the same trouble */
	if (!in_window)
		window_end = ktime_get_ns() + WINDOW_NS;
	return false;
}

/* Read a report; -EBADMSG if it does not parse or is torn */
static int read_report(struct cvme_tpm *tpm, struct search *s,
		       const struct cvme_result *res, struct cvme_hcl *hcl,
		       bool *changed)
{
	int err = attempt(tpm, s, res);

	*changed = !err && note_report(&s->raw);
	if (!err)
		err = cvme_hcl_parse(&s->raw, hcl);
	if (!err && !cvme_hcl_bound(hcl))
		err = -EBADMSG;
	return err;
}

/* True if this report ends the search; else @want has the data of the next */
static bool is_done(struct search *s, const struct cvme_params *par,
		    bool *fresh)
{
	if (s->want != par->report_data) {
		s->want = par->report_data;
		s->made_another = true;
		return false;
	}
	*fresh = s->made_another || !is_old(s, s->want);
	if (*fresh || !(par->flags & CVM_EVIDENCE_F_FRESH))
		return true;
	/* short enough for most indexes */
	get_random_bytes(s->other, sizeof(s->other) / 4);
	s->want = s->other;
	return false;
}

/* Return: when to check again whether the other program has read its report */
static u64 yield_to_them(struct search *s)
{
	u64 now = ktime_get_ns();

	if (!s->yield_until)
		s->yield_until = now + YIELD_NS;
	if (now >= s->yield_until) {
		s->yielded = true;
		memcpy(passed_over, s->theirs, sizeof(passed_over));
		return now;
	}
	s->looked = false;
	return now + YIELD_STEP_NS;
}

/* -ENODATA: gave up, only the report that was read last is available */
static int search(struct cvme_tpm *tpm, const struct cvme_params *par,
		  const struct cvme_result *res, struct search *s,
		  struct cvme_hcl *hcl, bool *fresh)
{
	struct tally t = {};

	for (;;) {
		bool in_window = ktime_get_ns() < window_end, changed;
		int err = read_report(tpm, s, res, hcl, &changed);
		enum cvme_hcl_data data;
		u64 until = 0;

		if (err == -EINPROGRESS) {
			if (!cvme_sleep_until(res, yield_to_them(s)))
				return -ETIMEDOUT;
			continue;
		}
		if (err && err != -EBADMSG &&
		    tpm->rc != CVME_TPM_RC_NV_UNINITIALIZED)
			return err;
		if (!err && s->refused)
			return -ENODATA;
		if (err) {
			if (++t.bad >= BAD_TRIES)
				return err;
			until = ktime_get_ns() + TORN_NS;
			if (t.bad > 1)
				until = max(until, window_end);
		} else {
			data = cvme_hcl_user_data(hcl, s->want);
			if (data == CVME_HCL_OURS) {
				given_up_until = 0;
				t = (struct tally){};
				if (is_done(s, par, fresh))
					return 0;
			} else if (in_vain(&t, data, changed, in_window)) {
				return -ENODATA;
			}
			until = window_end;
		}
		if (!cvme_sleep_until(res, until))
			return -ETIMEDOUT;
	}
}

/**
 * cvme_vtpm_take_report - have the paravisor make a report with our data
 * @tpm: open
 * @par: parameters of the request
 * @res: gets the report; asked whether the request is still wanted
 * @rep: filled
 *
 * A paravisor may make no new report, for a while or for ever, or the TPM may
 * not let us write the data: then @res gets the last one, and @rep says whose
 * data it carries.
 *
 * Return: 0 for a report whose claims and hardware report belong together;
 * -ENODEV, -ETIMEDOUT, -EBADMSG, -EIO, -ENOMEM.
 */
int cvme_vtpm_take_report(struct cvme_tpm *tpm, const struct cvme_params *par,
			  struct cvme_result *res, struct cvme_vtpm_report *rep)
{
	struct search s = { .want = par->report_data };
	int err;

	rep->fresh = false;
	err = search(tpm, par, res, &s, &rep->hcl, &rep->fresh);
	/* not if the TPM is gone: do not wait for it again */
	if (s.has_written && err != -ENODEV && (err != -EIO || tpm->rc)) {
		u32 rc = tpm->rc;

		cvme_vtpm_hold(tpm, NULL, put_back, &s);
		tpm->rc = rc;
	}
	if (err == -ENODATA)
		err = 0;
	if (err) {
		search_free(&s);
		return err;
	}
	cvme_buf_free(&s.before);
	res->report = s.raw;
	rep->data = cvme_hcl_user_data(&rep->hcl, par->report_data);
	rep->refused = s.refused;
	return 0;
}
