// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "blob.h"
#include "file.h"
#include "live.h"
#include "memory.h"
#include "request.h"

void cvme_params_default(struct cvme_params *par)
{
	memset(par, 0, sizeof(*par));
	par->provider = CVM_EVIDENCE_PROVIDER_AUTO;
	par->privlevel = CVM_EVIDENCE_PRIVLEVEL_DEFAULT;
}

/* current is the opener; NULL when out of memory */
struct cvme_file *cvme_file_new(void)
{
	struct cvme_file *f;

	/* not charged: misc_open() holds a mutex that all openers need */
	f = kzalloc(sizeof(*f), CVME_GFP_REQUEST);
	if (!f)
		return NULL;
	f->asker = cvme_requester_new();
	if (!f->asker) {
		kfree(f);
		return NULL;
	}
	mutex_init(&f->io);
	spin_lock_init(&f->lock);
	f->state = CVME_ARMED;
	cvme_params_default(&f->params);
	f->params.report_data_len = CVM_EVIDENCE_REPORT_DATA_MAX;
	f->params.kernel_random = true;
	cvme_subject_fill(&f->who);
	atomic_inc(&cvme_live.files);
	return f;
}

/* Under the lock: detach the request; the caller cancels and puts it */
static struct cvme_request *detach(struct cvme_file *f, int state)
	__must_hold(&f->lock)
{
	struct cvme_request *old = f->req;

	f->req = NULL;
	f->state = state;
	f->answered = false;
	f->pos = 0;
	return old;
}

/* detach(), and record an unanswered request as taken from its caller */
static struct cvme_request *replace(struct cvme_file *f, int state)
	__must_hold(&f->lock)
{
	if (f->req && !f->answered) {
		f->last_replaced = f->req->seq;
		f->first_replaced = f->first_replaced ?: f->req->seq;
	}
	return detach(f, state);
}

/* Without the lock: wake the waiters, then cancel and put the old request */
static void changed(struct cvme_file *f, struct cvme_request *old)
{
	wake_up_all(&f->asker->wq);
	if (old) {
		cvme_request_cancel(old);
		cvme_request_put(old);
	}
}

/* Cancel a pending request, discard an unread blob; reads return EOF then */
void cvme_file_reset(struct cvme_file *f)
{
	struct cvme_request *old;

	spin_lock(&f->lock);
	old = replace(f, CVME_EOF);
	spin_unlock(&f->lock);
	changed(f, old);
}

void cvme_file_free(struct cvme_file *f)
{
	cvme_file_reset(f);
	cvme_requester_put(f->asker);
	kfree(f);
	atomic_dec(&cvme_live.files);
}

/* Make the next read start a request for this */
void cvme_file_arm(struct cvme_file *f, const struct cvme_params *par)
{
	struct cvme_request *old;
	struct cvme_subject who;

	cvme_subject_fill(&who);
	spin_lock(&f->lock);
	old = replace(f, CVME_ARMED);
	f->params = *par;
	f->who = who;
	spin_unlock(&f->lock);
	changed(f, old);
}

/**
 * cvme_file_start - start a request
 * @f: the file
 * @par: what to request, validated
 *
 * Replaces the file's earlier request; on failure nothing changes.
 *
 * Return: a reference; -EBUSY, -EDQUOT, -ENOMEM.
 */
struct cvme_request *cvme_file_start(struct cvme_file *f,
				     const struct cvme_params *par)
{
	struct cvme_request *req, *old;
	int err;

	req = cvme_request_new(f->asker);
	if (!req)
		return ERR_PTR(-ENOMEM);

	spin_lock(&f->lock);
	err = cvme_request_admit(req, par);
	if (err) {
		spin_unlock(&f->lock);
		cvme_request_refused(req, err);
		return ERR_PTR(err);
	}
	old = replace(f, CVME_PENDING);
	f->req = cvme_request_get(req);
	spin_unlock(&f->lock);
	changed(f, old);
	return req;
}

/*
 * Start the request that the file is armed for. A failure is returned once, and
 * then the file is at EOF, so that an event loop does not retry for ever.
 *
 * Return: 0, also when somebody else changed the file's state meanwhile.
 */
static int start_armed(struct cvme_file *f)
{
	struct cvme_request *req = cvme_request_new(f->asker);
	int err = 0;

	spin_lock(&f->lock);
	if (f->state == CVME_ARMED) {
		if (req)
			req->who = f->who;
		err = req ? cvme_request_admit(req, &f->params) : -ENOMEM;
		detach(f, err ? CVME_EOF : CVME_PENDING);
		if (!err)
			f->req = cvme_request_get(req);
	}
	spin_unlock(&f->lock);
	changed(f, NULL);
	if (!req)
		return err;
	if (err)
		cvme_request_refused(req, err);
	else
		cvme_request_put(req);
	return err;
}

/*
 * Get the request that this read delivers, and start it if the file is armed.
 *
 * Return: a reference; NULL at EOF; ERR_PTR() with the errno for read(2).
 */
static struct cvme_request *current_request(struct cvme_file *f)
{
	struct cvme_request *req = NULL;
	int state, err;

	for (;;) {
		spin_lock(&f->lock);
		state = f->state;
		if (state == CVME_PENDING)
			req = cvme_request_get(f->req);
		spin_unlock(&f->lock);
		if (state != CVME_ARMED)
			return req;
		err = start_armed(f);
		if (err)
			return ERR_PTR(err);
	}
}

/*
 * Under the lock: @req was read to its end; set EOF if it was not replaced.
 * Return: the file's reference, for the caller to put.
 */
static struct cvme_request *finish(struct cvme_file *f,
				   const struct cvme_request *req)
	__must_hold(&f->lock)
{
	return f->req == req ? detach(f, CVME_EOF) : NULL;
}

/*
 * Deliver from a completed request, unless it was replaced. Under f->io: a
 * reader that faults delays only those who share its file.
 *
 * Return: bytes copied or a negative errno; 0 when it was replaced.
 */
static ssize_t deliver(struct cvme_file *f, struct cvme_request *req,
		       struct iov_iter *to)
{
	struct cvme_request *finished = NULL;
	size_t pos = 0, n;
	bool ours;

	spin_lock(&f->lock);
	ours = f->req == req;
	if (ours && req->error)
		finished = finish(f, req);
	else
		pos = f->pos;
	spin_unlock(&f->lock);
	if (!ours)
		return 0;
	if (finished) {
		changed(f, NULL);
		cvme_request_put(finished);
		return req->error;
	}

	n = cvme_blob_copy(req->blob, pos, to);
	if (!n)
		return -EFAULT;

	spin_lock(&f->lock);
	if (f->req == req) {
		f->pos = pos + n;
		f->answered = true;
		if (f->pos == req->blob->len)
			finished = finish(f, req);
	}
	spin_unlock(&f->lock);
	if (finished)
		cvme_request_put(finished);
	return n;
}

static ssize_t read_from(struct cvme_file *f, struct cvme_request *req,
			 struct iov_iter *to, bool nonblock)
{
	ssize_t ret;

	if (nonblock && !cvme_request_done(req))
		return -EAGAIN;
	ret = cvme_request_wait(req);
	if (ret)
		return ret;
	if (nonblock) {
		/* another reader of the file may be faulting in its buffer */
		if (!mutex_trylock(&f->io))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&f->io)) {
		return -ERESTARTSYS;
	}
	ret = deliver(f, req, to);
	mutex_unlock(&f->io);
	return ret;
}

/**
 * cvme_file_read - read(2)
 * @f: the file
 * @to: not empty
 * @nonblock: do not wait
 *
 * Return: bytes, 0 at EOF, or an errno of the UAPI.
 */
ssize_t cvme_file_read(struct cvme_file *f, struct iov_iter *to, bool nonblock)
{
	struct cvme_request *req;
	ssize_t ret;

	/* try again when a write or REQUEST replaced the request */
	do {
		req = current_request(f);
		if (IS_ERR_OR_NULL(req))
			return PTR_ERR_OR_ZERO(req);
		ret = read_from(f, req, to, nonblock);
		cvme_request_put(req);
	} while (!ret);
	return ret;
}

/**
 * cvme_file_rejoin - the pending request of that number
 * @f: the file
 * @seq: its sequence number
 *
 * Return: a reference; -ECANCELED when it was replaced; -EINVAL when it is not
 * pending here, or a call returned its outcome already.
 */
struct cvme_request *cvme_file_rejoin(struct cvme_file *f, u64 seq)
{
	struct cvme_request *req = ERR_PTR(-EINVAL);

	spin_lock(&f->lock);
	if (f->state == CVME_PENDING && f->req->seq == seq && !f->answered)
		req = cvme_request_get(f->req);
	else if (f->first_replaced && seq >= f->first_replaced &&
		 seq <= f->last_replaced)
		req = ERR_PTR(-ECANCELED);
	spin_unlock(&f->lock);
	return req;
}

/**
 * cvme_file_answered - mark a request's outcome as returned by REQUEST
 * @f: the file
 * @req: the request, done
 *
 * Calls that wait for it already return its error, too; later ones do not.
 *
 * Return: false when the request was replaced meanwhile, or a read delivered a
 * part of its evidence.
 */
bool cvme_file_answered(struct cvme_file *f, struct cvme_request *req)
{
	struct cvme_request *finished = NULL;
	bool ours;

	spin_lock(&f->lock);
	ours = f->req == req && !f->pos;
	if (req->error)
		finished = finish(f, req);
	else if (ours)
		f->answered = true;
	spin_unlock(&f->lock);
	wake_up_all(&f->asker->wq);
	if (finished)
		cvme_request_put(finished);
	return ours;
}

/* Whether a read would return at once or start a request; @failed: with an error */
bool cvme_file_readable(struct cvme_file *f, bool *failed)
{
	bool readable = true;

	*failed = false;
	spin_lock(&f->lock);
	if (f->state == CVME_PENDING) {
		readable = cvme_request_done(f->req);
		*failed = readable && f->req->error;
	}
	spin_unlock(&f->lock);
	return readable;
}
