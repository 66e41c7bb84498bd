// SPDX-License-Identifier: GPL-2.0
/* Requests: admission, deadlines, the worker's side, their one end. */
#include "cvm_evidence.h"

#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/smp.h>
#include <linux/slab.h>

#include "ccel.h"
#include "compat.h"
#include "events.h"
#include "request.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static struct kmem_cache *request_cache;
static struct kmem_cache *share_cache;
/* Ours, so that unloading can wait for the last deadline to have run */
static struct workqueue_struct *timeout_wq;

/*
 * A cache with a constructor is never merged with others: a leak of ours is
 * seen as ours.
 */
static void cache_ctor(void *obj)
{
}

/* kmem_cache_zalloc() is not for caches with a constructor */
static void *cache_alloc(struct kmem_cache *cache)
{
	void *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	if (obj)
		memset(obj, 0, kmem_cache_size(cache));
	return obj;
}

int cvme_requests_init(void)
{
	request_cache = kmem_cache_create("cvm_evidence_request",
					  sizeof(struct cvme_request), 0,
					  SLAB_ACCOUNT, cache_ctor);
	if (!request_cache)
		return -ENOMEM;
	share_cache = kmem_cache_create("cvm_evidence_share",
					sizeof(struct cvme_share), 0,
					SLAB_ACCOUNT, cache_ctor);
	if (!share_cache)
		goto err_request;
	timeout_wq = alloc_workqueue("cvm_evidence", WQ_UNBOUND, 0);
	if (!timeout_wq)
		goto err_share;
	return 0;

err_share:
	kmem_cache_destroy(share_cache);
err_request:
	kmem_cache_destroy(request_cache);
	return -ENOMEM;
}

void cvme_requests_exit(void)
{
	destroy_workqueue(timeout_wq);
	kmem_cache_destroy(share_cache);
	kmem_cache_destroy(request_cache);
}

struct cvme_request *cvme_request_get(struct cvme_request *req)
{
	kref_get(&req->ref);
	return req;
}

static void request_release(struct kref *ref)
{
	struct cvme_request *req = container_of(ref, struct cvme_request, ref);

	if (req->blob)
		cvme_blob_put(req->blob);
	mem_cgroup_put(req->memcg);
	cvme_client_put(req->client);
	kmem_cache_free(request_cache, req);
	atomic_dec(&cvme_stats.live_requests);
}

void cvme_request_put(struct cvme_request *req)
{
	kref_put(&req->ref, request_release);
}

/*
 * A reference of queue, worker or deadline. The module reference goes first
 * but cannot be the last thing that keeps our code: the caller's thread or
 * workqueue is waited for at unload, or its open file holds another.
 */
static void put_inflight(struct cvme_request *req)
{
	cvme_request_put(req);
	module_put(THIS_MODULE);
}

static struct cvme_request *get_inflight(struct cvme_request *req)
{
	__module_get(THIS_MODULE);
	return cvme_request_get(req);
}

static void count_end(struct cvme_request *req, int err)
{
	if (!err) {
		atomic64_inc(&cvme_stats.ok);
		return;
	}
	atomic64_inc(&cvme_stats.failed);
	atomic64_inc(&req->provider->failed);
	if (err == -ETIMEDOUT)
		atomic64_inc(&cvme_stats.timed_out);
	else if (err == -ECANCELED)
		atomic64_inc(&cvme_stats.abandoned);
	else if (err == -EBADMSG)
		atomic64_inc(&cvme_stats.mismatched);
}

/**
 * request_end - the one end of a request
 * @req: the request; the caller has a reference
 * @err: 0 or a negative errno
 * @blob: the evidence when @err is 0; the reference is taken over
 *
 * Whoever comes first, worker, deadline or the client's going, decides. A
 * request that still waited is taken off the queue.
 *
 * Return: whether it was still open.
 */
static bool request_end(struct cvme_request *req, int err,
			struct cvme_blob *blob)
{
	struct cvme_provider *p = req->provider;
	struct cvme_share *share = NULL;
	bool queued = false, ended;
	u32 tee;

	spin_lock(&p->lock);
	tee = p->state.tee;
	ended = req->state != CVME_DONE;
	if (ended) {
		queued = req->state == CVME_QUEUED;
		if (queued) {
			cvme_queue_remove(req);
			share = cvme_queue_uncount(req);
		}
		req->error = err;
		req->blob = blob;
		req->ended = ktime_get_ns();
		count_end(req, err);
		/* pairs with cvme_request_done() */
		smp_store_release(&req->state, CVME_DONE);
	}
	spin_unlock(&p->lock);

	if (share)
		kmem_cache_free(share_cache, share);
	if (!ended) {
		if (blob)
			cvme_blob_put(blob);
		return false;
	}
	cvme_event_request(req, tee, err, blob);
	if (err)
		trace_cvm_evidence_failed(req, err);
	else
		trace_cvm_evidence_delivered(req, blob->len);
	/* the worker is about to sleep, or to serve another */
	wake_up_interruptible_sync_poll(&req->client->wq, EPOLLIN |
					EPOLLRDNORM | EPOLLERR);
	if (queued)
		put_inflight(req);
	return true;
}

static void timeout_work(struct work_struct *work)
{
	struct cvme_request *req = container_of(to_delayed_work(work),
						struct cvme_request, timeout);

	request_end(req, -ETIMEDOUT, NULL);
	put_inflight(req);
}

static void cancel_timeout(struct cvme_request *req)
{
	if (cancel_delayed_work(&req->timeout))
		put_inflight(req);
}

/* Nobody wants it any more. The caller keeps its reference. */
void cvme_request_abandon(struct cvme_request *req)
{
	if (request_end(req, -ECANCELED, NULL))
		cancel_timeout(req);
}

bool cvme_params_unwanted(const struct cvme_params *par)
{
	return cvme_request_done(container_of(par, struct cvme_request, params));
}

/* The TPM's limit is known before anything is sent to it */
static int check_quote(const struct cvme_params *par, u32 caps, u32 max)
{
	u32 len = par->flags & CVM_EVIDENCE_F_QUOTE_DATA ?
		  par->quote_data_len : par->report_data_len;

	if (!(par->flags & CVM_EVIDENCE_F_TPM_QUOTE))
		return 0;
	if (!(caps & CVM_EVIDENCE_CAP_TPM_QUOTE))
		return -EOPNOTSUPP;
	return len > max ? -EMSGSIZE : 0;
}

static int check_params(struct cvme_provider *p, const struct cvme_params *par)
{
	u32 floor, caps, quote_max;
	int err;

	spin_lock(&p->lock);
	floor = p->state.privlevel_floor;
	caps = p->state.caps;
	quote_max = p->state.quote_data_max;
	spin_unlock(&p->lock);

	err = check_quote(par, caps, quote_max);
	if (err)
		return err;
	if (cvme_params_service(par) && !(caps & CVM_EVIDENCE_CAP_SERVICE))
		return -EOPNOTSUPP;
	if (par->privlevel != CVM_EVIDENCE_PRIVLEVEL_DEFAULT) {
		if (!(caps & CVM_EVIDENCE_CAP_PRIVLEVEL))
			return -EOPNOTSUPP;
		if (par->privlevel < floor)
			return -EINVAL;
	}
	return 0;
}

/*
 * A lone requester and the worker hand over to each other: on one CPU that
 * costs two context switches, on two it costs waking an idle CPU twice, which
 * for a virtual one takes as long as the whole request. With more of them the
 * worker may run anywhere. A running one is left alone: moving it would make
 * the requester wait for the stopper. Failing (a CPU going offline) is as good.
 */
static void place_worker(struct cvme_provider *p, bool alone)
{
	struct task_struct *task = p->worker->task;
	const struct cpumask *want = cpu_possible_mask;

	if (alone) {
		if (task_is_running(task))
			return;
		want = cpumask_of(raw_smp_processor_id());
	}
	if (!cpumask_equal(task->cpus_ptr, want))
		set_cpus_allowed_ptr(task, want);
}

/**
 * cvme_request_submit - admit a request
 * @client: who asks
 * @par: what for, validated
 * @nonblock: do not wait for a provider to be looked for while it is busy
 *
 * Return: the request, with a reference; -ENODEV, -EOPNOTSUPP, -EINVAL,
 * -EMSGSIZE, -EBUSY, -EDQUOT, -ENOMEM, -ERESTARTSYS.
 */
struct cvme_request *cvme_request_submit(struct cvme_client *client,
					 const struct cvme_params *par,
					 bool nonblock)
{
	unsigned int timeout_ms = par->timeout_ms ?:
				  READ_ONCE(cvme_default_timeout_ms);
	struct cvme_share *spare;
	struct cvme_provider *p;
	struct cvme_request *req;
	bool alone;
	int err;

	if (par->flags & (CVM_EVIDENCE_F_SHARED | CVM_EVIDENCE_F_CONTEXT))
		return ERR_PTR(-EOPNOTSUPP);
	p = cvme_provider_pick(par->provider, nonblock);
	if (IS_ERR(p))
		return ERR_CAST(p);
	err = check_params(p, par);
	if (err)
		return ERR_PTR(err);

	spare = cache_alloc(share_cache);
	if (!spare)
		return ERR_PTR(-ENOMEM);
	req = cache_alloc(request_cache);
	if (!req) {
		kmem_cache_free(share_cache, spare);
		return ERR_PTR(-ENOMEM);
	}
	atomic_inc(&cvme_stats.live_requests);

	kref_init(&req->ref);
	kref_get(&client->ref);
	req->client = client;
	req->provider = p;
	req->params = *par;
	cvme_subject_fill(&req->who);
	req->memcg = get_mem_cgroup_from_mm(current->mm);
	req->kcov_handle = kcov_common_handle();
	req->epoch = cvme_vm_epoch();
	req->admitted = ktime_get_ns();
	INIT_DELAYED_WORK(&req->timeout, timeout_work);

	/* the worker may be done with it before we are back */
	get_inflight(req);
	get_inflight(req);

	spin_lock(&p->lock);
	alone = !p->queued;
	err = cvme_queue_add(req, &spare);
	if (!err) {
		req->seq = atomic64_inc_return(&cvme_stats.seq);
		atomic64_inc(&cvme_stats.started);
		atomic64_inc(&p->started);
		/* under the lock: nobody cancels it before it is there */
		queue_delayed_work(timeout_wq, &req->timeout,
				   msecs_to_jiffies(timeout_ms));
	}
	spin_unlock(&p->lock);

	if (spare)
		kmem_cache_free(share_cache, spare);
	if (err) {
		atomic64_inc(err == -EDQUOT ? &cvme_stats.refused_quota :
					      &cvme_stats.refused_busy);
		cvme_event_denied(req, err);
		put_inflight(req);
		put_inflight(req);
		cvme_request_put(req);
		return ERR_PTR(err);
	}
	trace_cvm_evidence_queued(req);
	place_worker(p, alone);
	kthread_queue_work(p->worker, &p->serve);
	return req;
}

/* (worker) Optional parts that do not come from the provider */
static void add_event_log(const struct cvme_params *par,
			  struct cvme_result *res)
{
	const char *why;
	int err;

	if (!(par->flags & CVM_EVIDENCE_F_EVENT_LOG))
		return;
	err = cvme_ccel_read(&res->ccel_table, &res->ccel_data, &why);
	if (!err)
		return;
	if (!res->ccel_table.data)
		cvme_result_absent(res, CVM_EVIDENCE_ITEM_CCEL_TABLE, err, why);
	cvme_result_absent(res, CVM_EVIDENCE_ITEM_CCEL_DATA, err, why);
}

static void serve_one(struct cvme_request *req)
{
	struct cvme_provider *p = req->provider;
	struct cvme_result res = {};
	struct cvme_blob *blob = NULL;
	struct mem_cgroup *old;
	int err;

	WRITE_ONCE(req->started, ktime_get_ns());
	trace_cvm_evidence_started(req);
	kcov_remote_start_common(req->kcov_handle);

	/* what it allocates for the blob is the requester's memory */
	old = set_active_memcg(req->memcg);
	err = p->ops->take(p, &req->params, &res);

	/* its deadline may have passed: then an ioctl is reading these */
	WRITE_ONCE(req->firmware_ns, ktime_get_ns() - req->started);
	WRITE_ONCE(req->fw_status, res.fw_status);
	WRITE_ONCE(req->fw_status_known, res.fw_status_known);
	trace_cvm_evidence_firmware_done(req, err);
	cvme_provider_note(p, err, req->firmware_ns);

	if (!err) {
		cvme_watch_report(p->ops->id, &res);
		add_event_log(&req->params, &res);
		blob = cvme_blob_build(req, &res);
		if (IS_ERR(blob)) {
			err = PTR_ERR(blob);
			blob = NULL;
		}
	}
	if (!err && cvme_vm_epoch() != req->epoch) {
		cvme_blob_put(blob);
		blob = NULL;
		err = -ESTALE;
	}
	cvme_result_free(&res);
	set_active_memcg(old);
	request_end(req, err, blob);
	cancel_timeout(req);
	kcov_remote_stop();
}

/* (worker) Serve one request, come back for the next */
void cvme_request_serve(struct kthread_work *work)
{
	struct cvme_provider *p = container_of(work, struct cvme_provider,
					       serve);
	struct cvme_share *share;
	struct cvme_request *req;
	bool more;

	spin_lock(&p->lock);
	req = cvme_queue_next(p);
	spin_unlock(&p->lock);
	if (!req)
		return;

	serve_one(req);

	spin_lock(&p->lock);
	share = cvme_queue_uncount(req);
	more = !list_empty(&p->rr);
	spin_unlock(&p->lock);
	if (share)
		kmem_cache_free(share_cache, share);
	put_inflight(req);

	if (more)
		kthread_queue_work(p->worker, &p->serve);
	if (p->ops->idle)
		kthread_mod_delayed_work(p->worker, &p->idle,
					 msecs_to_jiffies(CVME_IDLE_MS));
}
