// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/cred.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>

#include "compat.h"
#include "events.h"
#include "live.h"
#include "memory.h"
#include "request.h"
#include "state.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static struct kmem_cache *request_cache;
/* Of the module's own, so that unloading can wait for its last work */
static struct workqueue_struct *timeout_wq;
/* The worker and its work; set before the first file can be opened */
static struct kthread_worker *worker;
static struct kthread_work *serve;

/* What the worker takes to complete a request, about */
#define COMPLETE_NS		(20 * NSEC_PER_USEC)

/* Starting and canceling requests costs a client nothing: limit the events */
static DEFINE_RATELIMIT_STATE(canceled_events, HZ, 8);

int cvme_requests_init(void)
{
	int err = cvme_queue_init();

	if (err)
		return err;
	ratelimit_set_flags(&canceled_events, RATELIMIT_MSG_ON_RELEASE);
	request_cache = cvme_own_cache("cvm_evidence_request",
				       sizeof(struct cvme_request), SLAB_ACCOUNT);
	if (!request_cache)
		goto err_queue;
	timeout_wq = alloc_workqueue("cvm_evidence", WQ_UNBOUND, 0);
	if (!timeout_wq)
		goto err_cache;
	return 0;

err_cache:
	kmem_cache_destroy(request_cache);
err_queue:
	cvme_queue_exit();
	return -ENOMEM;
}

void cvme_requests_exit(void)
{
	destroy_workqueue(timeout_wq);
	kmem_cache_destroy(request_cache);
	cvme_queue_exit();
}

/* For work that completes a request and may sleep; joined on unload */
void cvme_request_defer(struct work_struct *work)
{
	queue_work(timeout_wq, work);
}

void cvme_requests_serve_by(struct kthread_worker *who,
			    struct kthread_work *work)
{
	worker = who;
	serve = work;
}

/* For current, which is opening a file */
struct cvme_requester *cvme_requester_new(void)
{
	struct cvme_requester *asker;
	struct cvme_share_key key;

	asker = kzalloc(sizeof(*asker), CVME_GFP_REQUEST);
	if (!asker)
		return NULL;
	cvme_share_key_of(current_cred(), &key);
	asker->share = cvme_share_get(&key);
	if (!asker->share) {
		kfree(asker);
		return NULL;
	}
	kref_init(&asker->ref);
	init_waitqueue_head(&asker->wq);
	return asker;
}

static void requester_release(struct kref *ref)
{
	struct cvme_requester *asker = container_of(ref, struct cvme_requester,
						    ref);

	cvme_share_put(asker->share);
	kfree(asker);
}

void cvme_requester_put(struct cvme_requester *asker)
{
	kref_put(&asker->ref, requester_release);
}

/**
 * cvme_request_new - a request that is not admitted yet
 * @asker: of the open file it is from
 *
 * Does everything that may sleep. current is the requester.
 *
 * Return: the request, with a reference; NULL for want of memory.
 */
struct cvme_request *cvme_request_new(struct cvme_requester *asker)
{
	struct cvme_request *req;

	req = kmem_cache_alloc(request_cache, CVME_GFP_REQUEST);
	if (!req)
		return NULL;
	/* __GFP_ZERO does nothing where a cache has a constructor (memory.h) */
	*req = (struct cvme_request) {};
	atomic_inc(&cvme_live.requests);
	kref_init(&req->ref);
	kref_get(&asker->ref);
	req->asker = asker;
	cvme_subject_fill(&req->who);
	req->memcg = get_mem_cgroup_from_mm(current->mm);
	req->kcov_handle = kcov_common_handle();
	return req;
}

struct cvme_request *cvme_request_get(struct cvme_request *req)
{
	kref_get(&req->ref);
	return req;
}

static void request_release(struct kref *ref)
{
	struct cvme_request *req = container_of(ref, struct cvme_request, ref);

	cvme_blob_free(req->blob);
	mem_cgroup_put(req->memcg);
	cvme_requester_put(req->asker);
	kmem_cache_free(request_cache, req);
	atomic_dec(&cvme_live.requests);
}

void cvme_request_put(struct cvme_request *req)
{
	kref_put(&req->ref, request_release);
}

static void get_inflight(struct cvme_request *req)
{
	__module_get(THIS_MODULE);
	cvme_request_get(req);
}

/**
 * cvme_request_put_inflight - drop a reference of queue, worker or timeout
 * @req: the request
 *
 * The caller must not use the module's data any more: module_exit may run from
 * here on. Its code stays until the caller has returned: module_exit joins the
 * worker and the timeouts' workqueue, and a system call holds the open file.
 */
void cvme_request_put_inflight(struct cvme_request *req)
{
	cvme_request_put(req);
	module_put(THIS_MODULE);
}

/* Not when the timeout itself completes the request: then it is not pending */
static void cancel_timeout(struct cvme_request *req)
{
	if (cancel_delayed_work(&req->timeout))
		cvme_request_put_inflight(req);
}

static void count_end(int err)
{
	if (!err) {
		atomic64_inc(&cvme_stats.ok);
		return;
	}
	atomic64_inc(&cvme_stats.failed);
	if (err == -ETIMEDOUT)
		atomic64_inc(&cvme_stats.timed_out);
	else if (err == -ECANCELED)
		atomic64_inc(&cvme_stats.canceled);
	else if (err == -EBADMSG)
		atomic64_inc(&cvme_stats.mismatched);
}

/* If the provider has not answered: the time until now or the request's end */
u64 cvme_request_firmware_ns(const struct cvme_request *req)
{
	u64 ns = READ_ONCE(req->firmware_ns), taken = READ_ONCE(req->taken), now;

	if (ns || !taken)
		return ns;
	now = cvme_request_done(req) ? req->ended : ktime_get_ns();
	/* it may end just before the provider is asked */
	return now > taken ? now - taken : 0;
}

static void add_event(const struct cvme_request *req, int err,
		      const struct cvme_blob *blob)
{
	u64 started = READ_ONCE(req->started);
	struct cvme_event ev = {
		.type = err ? CVM_EVIDENCE_EV_EVIDENCE_FAILED :
			      CVM_EVIDENCE_EV_EVIDENCE_TAKEN,
		.provider = READ_ONCE(req->provider) ?: req->params.provider,
		.tee = READ_ONCE(req->tee),
		.who = req->who,
		.evidence = {
			.seq = req->seq,
			.fw_status = READ_ONCE(req->fw_status),
			.fw_status_known = READ_ONCE(req->fw_status_known),
			.wait_ns = (started ?: req->ended) - req->admitted,
			.firmware_ns = cvme_request_firmware_ns(req),
			.privlevel = req->params.privlevel,
			.flags = req->params.flags,
			.kernel_random = req->params.kernel_random,
			.err = err,
		},
	};

	if (blob && blob->hashed) {
		ev.evidence.hashed = true;
		memcpy(ev.evidence.sha256, blob->sha256, sizeof(blob->sha256));
	}
	if (err != -ECANCELED || started || __ratelimit(&canceled_events))
		cvme_event_add(&ev);
}

/**
 * cvme_request_complete - complete a request
 * @req: the request; the caller has a reference
 * @err: 0 or a negative errno
 * @blob: the evidence when @err is 0; taken over
 *
 * The first caller wins: worker, timeout or cancel. A request that still waited
 * is taken off the queue.
 */
void cvme_request_complete(struct cvme_request *req, int err,
			   struct cvme_blob *blob)
{
	bool queued, first;

	spin_lock(&cvme_queue_lock);
	first = req->state != CVME_DONE;
	queued = req->state == CVME_QUEUED;
	if (queued)
		cvme_queue_remove(req->asker->share, &req->node);
	if (first) {
		req->error = err;
		req->blob = blob;
		req->ended = ktime_get_ns();
		count_end(err);
		/* pairs with cvme_request_done() */
		smp_store_release(&req->state, CVME_DONE);
	}
	spin_unlock(&cvme_queue_lock);

	if (!first) {
		cvme_blob_free(blob);
		return;
	}
	add_event(req, err, blob);
	if (err)
		trace_cvm_evidence_failed(req, err);
	else
		trace_cvm_evidence_delivered(req, blob->len);
	/* the worker is about to sleep, or to serve another */
	wake_up_interruptible_sync_poll(&req->asker->wq, EPOLLIN |
					EPOLLRDNORM | EPOLLERR);
	cancel_timeout(req);
	if (queued)
		cvme_request_put_inflight(req);
}

static void arm_timeout(struct cvme_request *req, u64 now)
{
	queue_delayed_work(timeout_wq, &req->timeout,
			   nsecs_to_jiffies(req->deadline - now) + 1);
}

static void timeout_work(struct work_struct *work)
{
	struct cvme_request *req = container_of(to_delayed_work(work),
						struct cvme_request, timeout);
	u64 now = ktime_get_ns();

	/* jiffies may lag after the virtual CPU was stopped: wait on */
	if (now < req->deadline && !cvme_request_done(req)) {
		arm_timeout(req, now);
		return;
	}
	cvme_request_complete(req, -ETIMEDOUT, NULL);
	cvme_request_put_inflight(req);
}

/* It was replaced, or its file was closed. The caller keeps its reference. */
void cvme_request_cancel(struct cvme_request *req)
{
	cvme_request_complete(req, -ECANCELED, NULL);
}

/**
 * cvme_request_admit - put a new request into the queue
 * @req: from cvme_request_new()
 * @par: what it asks for, validated
 *
 * Does not sleep, and does not check what the provider can do: that happens
 * when the request is served.
 *
 * Return: 0; -EBUSY the queue is full, -EDQUOT the share is. After an error the
 * caller calls cvme_request_refused() as soon as it may sleep.
 */
int cvme_request_admit(struct cvme_request *req, const struct cvme_params *par)
{
	unsigned int timeout_ms = par->timeout_ms ?:
				  READ_ONCE(cvme_default_timeout_ms);
	int err;

	req->params = *par;
	if (par->kernel_random)
		get_random_bytes(req->params.report_data,
				 sizeof(req->params.report_data));
	req->epoch = cvme_vm_epoch();
	req->admitted = ktime_get_ns();
	req->deadline = req->admitted + (u64)timeout_ms * NSEC_PER_MSEC;
	INIT_DELAYED_WORK(&req->timeout, timeout_work);

	spin_lock(&cvme_queue_lock);
	err = cvme_queue_add(req->asker->share, &req->node);
	if (!err) {
		req->state = CVME_QUEUED;
		req->seq = atomic64_inc_return(&cvme_stats.seq);
		atomic64_inc(&cvme_stats.started);
		/* one for the queue, one for the timeout */
		get_inflight(req);
		get_inflight(req);
		/* under the lock: nobody cancels it before it is armed */
		arm_timeout(req, req->admitted);
	}
	spin_unlock(&cvme_queue_lock);

	if (err)
		return err;
	trace_cvm_evidence_queued(req);
	kthread_queue_work(worker, serve);
	return 0;
}

/**
 * cvme_request_refused - account for a request that was not admitted
 * @req: the request; its reference is dropped
 * @err: of cvme_request_admit()
 */
void cvme_request_refused(struct cvme_request *req, int err)
{
	atomic64_inc(err == -EDQUOT ? &cvme_stats.refused_quota :
				      &cvme_stats.refused_busy);
	cvme_event_denied(req->params.provider, &req->who, err);
	cvme_request_put(req);
}

/**
 * cvme_request_wait - wait for a request's end
 * @req: the request
 *
 * Interruptible and freezable: suspend and cgroup freeze go on meanwhile.
 *
 * Return: 0 or -ERESTARTSYS.
 */
int cvme_request_wait(struct cvme_request *req)
{
	return wait_event_freezable(req->asker->wq, cvme_request_done(req));
}

unsigned int cvme_requests_waiting(void)
{
	unsigned int n;

	spin_lock(&cvme_queue_lock);
	n = cvme_queue_waiting();
	spin_unlock(&cvme_queue_lock);
	return n;
}

/**
 * cvme_request_next - (worker) the request whose turn it is
 *
 * Return: the request, now CVME_RUNNING, with the reference the queue had, to
 * be given to cvme_request_served() and cvme_request_put_inflight(); NULL when
 * nobody waits.
 */
struct cvme_request *cvme_request_next(void)
{
	struct cvme_request *req = NULL;
	struct cvme_share *share;

	spin_lock(&cvme_queue_lock);
	share = cvme_queue_next();
	if (share) {
		req = list_first_entry(&share->queue, struct cvme_request, node);
		cvme_queue_remove(share, &req->node);
		req->state = CVME_RUNNING;
	}
	spin_unlock(&cvme_queue_lock);
	return req;
}

/**
 * cvme_request_served - (worker) account for a request that was served
 * @req: from cvme_request_next()
 * @ns: how long the worker was busy with it: it delays the others even when no
 *	firmware was called. Completing it comes after this and is charged by
 *	COMPLETE_NS.
 *
 * Return: whether others wait.
 */
bool cvme_request_served(struct cvme_request *req, u64 ns)
{
	bool more;

	spin_lock(&cvme_queue_lock);
	cvme_queue_served(req->asker->share, ns + COMPLETE_NS);
	more = cvme_queue_waiting();
	spin_unlock(&cvme_queue_lock);
	return more;
}
