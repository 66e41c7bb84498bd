// SPDX-License-Identifier: GPL-2.0
/*
 * All providers share one firmware, so one thread does all the work. Clients
 * wait for their requests, each with its own deadline; killing a client
 * disturbs nothing. The thread is freezable; the administrator may set its
 * priority and CPU mask.
 */
#include "cvm_evidence.h"

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "blob.h"
#include "ccel.h"
#include "compat.h"
#include "identity.h"
#include "provider.h"
#include "request.h"
#include "serve.h"
#include "state.h"
#include "trace.h"

/* Providers release their drivers this long after the last request */
#define IDLE_MS			100
/* How long rmmod of a driver waits for us to release it */
#define RELEASE_WAIT		(5 * HZ)
/* How long loading the module waits for the first probe */
#define FIRST_PROBE_WAIT	HZ

static struct kthread_worker *worker;

static void serve_work(struct kthread_work *work);
static void probe_work(struct kthread_work *work);
static void release_work(struct kthread_work *work);
static DEFINE_KTHREAD_WORK(serving, serve_work);
static DEFINE_KTHREAD_WORK(probing, probe_work);
static DEFINE_KTHREAD_WORK(releasing, release_work);
static struct kthread_delayed_work idle;

static DECLARE_COMPLETION(first_probe);
/* Woken when the providers have released their drivers */
static DECLARE_WAIT_QUEUE_HEAD(released);

/**
 * struct serving - a request while it is served
 * @req: the request, with the reference that the worker has
 * @taker: the provider that evidence was asked of, or NULL
 * @res: the provider's answer
 * @times: CLOCK_BOOTTIME and CLOCK_REALTIME of it
 * @finish: completes it, where its memory must be waited for
 *
 * On the worker's stack; a copy that @finish frees where that is used.
 */
struct serving {
	struct cvme_request *req;
	struct cvme_provider *taker;
	struct cvme_result res;
	u64 times[2];
	struct work_struct finish;
};

/* Answers that wait for their requester's memory occupy uncharged memory */
#define FINISHING_MAX		16
#define FINISHING_SHARE_MAX	2
static atomic_t finishing = ATOMIC_INIT(0);

static bool finishing_begin(struct cvme_share *share)
{
	if (!atomic_add_unless(&share->finishing, 1, FINISHING_SHARE_MAX))
		return false;
	if (atomic_add_unless(&finishing, 1, FINISHING_MAX))
		return true;
	atomic_dec(&share->finishing);
	return false;
}

static void finishing_end(struct cvme_share *share)
{
	atomic_dec(&finishing);
	atomic_dec(&share->finishing);
}

static bool unwanted(const struct cvme_result *res)
{
	return cvme_request_done(container_of(res, struct serving, res)->req);
}

/* Optional parts that do not come from the provider */
static void add_event_log(struct serving *s)
{
	struct cvme_result *res = &s->res;
	const char *why = "only Intel TDX has an event log in ACPI table CCEL";
	int err = -EOPNOTSUPP;

	if (!(s->req->params.flags & CVM_EVIDENCE_F_EVENT_LOG))
		return;
	/* the host makes the table; its meaning is defined for TDX only */
	if (res->tee == CVM_EVIDENCE_TEE_TDX)
		err = cvme_ccel_read(&res->ccel_table, &res->ccel_data,
				     READ_ONCE(cvme_max_blob), &why);
	if (!err)
		return;
	if (!res->ccel_table.data)
		cvme_result_absent(res, CVM_EVIDENCE_ITEM_CCEL_TABLE, err, why);
	cvme_result_absent(res, CVM_EVIDENCE_ITEM_CCEL_DATA, err, why);
}

static struct cvme_blob *make_blob(struct serving *s, bool may_block)
{
	const struct cvme_request *req = s->req;
	const struct cvme_blob_about about = {
		.provider = req->provider,
		.seq = req->seq,
		.epoch = req->epoch,
		.boot_id = cvme_boot_id(),
		.times = { s->times[0], s->times[1] },
		.max_len = READ_ONCE(cvme_max_blob),
	};
	struct cvme_blob *blob;

	blob = cvme_blob_build(&about, &req->params, &s->res, req->memcg,
			       may_block);
	if (!IS_ERR(blob) && cvme_vm_epoch() != req->epoch) {
		cvme_blob_free(blob);
		return ERR_PTR(-ESTALE);
	}
	return blob;
}

static void complete_with(const struct serving *s, struct cvme_blob *blob)
{
	if (IS_ERR(blob))
		cvme_request_complete(s->req, PTR_ERR(blob), NULL);
	else
		cvme_request_complete(s->req, 0, blob);
	/* its deadline or its client may have ended it before */
	if (s->taker && s->req->error)
		cvme_provider_failed(s->taker, s->req->error);
}

static void finish_work(struct work_struct *work)
{
	struct serving *s = container_of(work, struct serving, finish);
	struct cvme_request *req = s->req;

	complete_with(s, make_blob(s, true));
	cvme_result_free(&s->res);
	kfree(s);
	finishing_end(req->asker->share);
	/* the last thing: unloading may begin here */
	cvme_request_put_inflight(req);
}

/*
 * Charging a requester at its limit reclaims memory, and one beyond memory.high
 * has to sleep, for seconds. A workqueue does that instead of the worker.
 *
 * Return: whether the answer and the worker's reference were handed over.
 */
static bool finish_elsewhere(struct serving *s)
{
	struct cvme_share *share = s->req->asker->share;
	struct serving *copy;

	if (!finishing_begin(share))
		return false;
	copy = kmemdup(s, sizeof(*s), GFP_KERNEL);
	if (!copy) {
		finishing_end(share);
		return false;
	}
	INIT_WORK(&copy->finish, finish_work);
	cvme_request_defer(&copy->finish);
	return true;
}

/*
 * Wait for as long as the host demands. This delays no other request: the same
 * host would throttle those as well.
 */
static u64 pace(const struct cvme_provider *p, struct cvme_request *req)
{
	u64 now, begin = ktime_get_ns(), ns = cvme_provider_pace_ns(p);

	if (!ns)
		return 0;
	/* the pause is waiting: a deadline in it finds no work begun */
	WRITE_ONCE(req->started, 0);
	wait_event_freezable_timeout(req->asker->wq, cvme_request_done(req),
				     nsecs_to_jiffies(ns) + 1);
	now = ktime_get_ns();
	if (!cvme_request_done(req))
		WRITE_ONCE(req->started, now);
	return now - begin;
}

static int take(struct cvme_provider *p, struct serving *s, u64 *held_off)
{
	struct cvme_request *req = s->req;
	u64 begin;
	int err;

	err = cvme_provider_check_params(p, &req->params);
	if (err)
		return err;
	*held_off = pace(p, req);
	if (cvme_request_done(req))
		return -ECANCELED;

	s->taker = p;
	begin = ktime_get_ns();
	WRITE_ONCE(req->taken, begin);
	err = cvme_provider_take(p, &req->params, &s->res);
	s->times[0] = ktime_get_boottime_ns();
	s->times[1] = ktime_get_real_ns();
	/* after the deadline an ioctl may be reading these */
	WRITE_ONCE(req->firmware_ns, ktime_get_ns() - begin);
	WRITE_ONCE(req->fw_status, s->res.fw_status);
	/* pairs with fill_out(), which may run before the request is done */
	smp_store_release(&req->fw_status_known, s->res.fw_status_known);
	trace_cvm_evidence_firmware_done(req, err);
	*held_off += cvme_provider_note(p, err, req->firmware_ns);
	return err;
}

static int serve(struct serving *s, u64 *held_off)
{
	struct cvme_request *req = s->req;
	struct cvme_provider *p;
	int err;

	p = cvme_provider_pick(&req->params);
	if (IS_ERR(p))
		return PTR_ERR(p);
	WRITE_ONCE(req->provider, cvme_provider_id(p));
	WRITE_ONCE(req->tee, cvme_provider_tee(p));

	err = take(p, s, held_off);
	if (err)
		return err;
	cvme_identity_compare(req->provider, &s->res);
	add_event_log(s);
	return 0;
}

/*
 * Return: whether the worker still has the request's reference and the answer.
 */
static bool complete_served(struct serving *s, int err)
{
	struct cvme_blob *blob;

	blob = err ? ERR_PTR(err) : make_blob(s, false);
	if (!err && blob == ERR_PTR(-ENOMEM) && finish_elsewhere(s))
		return false;
	complete_with(s, blob);
	return true;
}

/* Serve one request and come back for the next */
static void serve_work(struct kthread_work *work)
{
	struct serving s = { .res.unwanted = unwanted };
	struct cvme_request *req;
	bool more;
	u64 begin, held_off = 0;
	int err;

	req = cvme_request_next();
	if (!req)
		return;
	s.req = req;
	begin = ktime_get_ns();
	WRITE_ONCE(req->started, begin);
	trace_cvm_evidence_started(req);
	kcov_remote_start_common(req->kcov_handle);
	err = serve(&s, &held_off);
	kcov_remote_stop();

	/* charge the share for the time without the host's throttling */
	more = cvme_request_served(req, ktime_get_ns() - begin - held_off);
	/* queue this before the request is put: unloading may begin then */
	if (more)
		kthread_queue_work(worker, &serving);
	kthread_mod_delayed_work(worker, &idle, msecs_to_jiffies(IDLE_MS));
	if (!complete_served(&s, err))
		return;
	cvme_result_free(&s.res);
	cvme_request_put_inflight(req);
}

/*
 * Hold the module, so that unloading fails at once instead of waiting for a
 * stuck driver. If that is not possible, unloading has already begun.
 */
static void probe_work(struct kthread_work *work)
{
	if (!try_module_get(THIS_MODULE))
		return;
	cvme_providers_probe();
	complete_all(&first_probe);
	module_put(THIS_MODULE);
}

static void release_work(struct kthread_work *work)
{
	cvme_providers_release();
	wake_up_all(&released);
}

/* Have the worker probe what may have changed */
void cvme_worker_probe(void)
{
	kthread_queue_work(worker, &probing);
}

/* Wait for the first probe; the caller may go on without it */
void cvme_worker_wait_first_probe(void)
{
	wait_for_completion_killable_timeout(&first_probe, FIRST_PROBE_WAIT);
}

/**
 * cvme_worker_release - release a driver that was unloaded
 * @driver: its name
 *
 * We cannot hold a driver without a device node: it can be unloaded under our
 * TSM entry, and TSM then refuses to register it again until the entry is gone.
 * So rmmod waits for the entry here, after the driver's exit. The wait is
 * killable and limited, because a provider may be stuck.
 */
void cvme_worker_release(const char *driver)
{
	long left;

	if (!cvme_providers_hold(driver))
		return;
	kthread_queue_work(worker, &releasing);
	left = wait_event_killable_timeout(released,
					   !cvme_providers_hold(driver),
					   RELEASE_WAIT);
	if (left <= 0)
		pr_warn("our TSM entry of %s is still in use: the driver cannot be loaded again until the entry is removed\n",
			driver);
}

int cvme_worker_init(void)
{
	worker = kthread_run_worker(KTW_FREEZABLE, "cvm_evidence");
	if (IS_ERR(worker))
		return PTR_ERR(worker);
	kthread_init_delayed_work(&idle, release_work);
	cvme_requests_serve_by(worker, &serving);
	return 0;
}

/*
 * No file is open, so no request is in flight and nothing queues work any more.
 * The last work may still be returning after it dropped its reference on the
 * module; destroying the worker joins it.
 */
void cvme_worker_exit(void)
{
	kthread_cancel_delayed_work_sync(&idle);
	kthread_queue_work(worker, &releasing);
	kthread_destroy_worker(worker);
}
