/* SPDX-License-Identifier: GPL-2.0 */
/* A request's life: admitted, waiting, served, completed. */
#ifndef _CVME_REQUEST_H
#define _CVME_REQUEST_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "blob.h"
#include "compat.h"
#include "evidence.h"
#include "queue.h"
#include "subject.h"

struct kthread_work;
struct kthread_worker;

/**
 * struct cvme_requester - what a request needs of the open file it is from
 * @ref: one for the open file, one for each of its requests
 * @wq: woken when a request completes or the file's state changes
 * @share: its share of the queue, by the credentials of open(2); counted as a
 *	user
 *
 * Outlives the open file for as long as a request of it does.
 */
struct cvme_requester {
	struct kref ref;
	wait_queue_head_t wq;
	struct cvme_share *share;
};

/**
 * struct cvme_request - one request
 * @ref: one for the submitter, one for queue and worker until it is served or
 *	taken off the queue, one for @timeout while that is pending
 * @node: in cvme_share.queue while @state is CVME_QUEUED
 * @asker: a reference
 * @params: what is asked for
 * @who: who submitted it
 * @memcg: cgroup to charge for the blob, a reference or NULL
 * @kcov_handle: for remote coverage of the worker
 * @state: under cvme_queue_lock; CVME_DONE is also read without it, by
 *	cvme_request_done()
 * @error: once CVME_DONE: 0 or a negative errno
 * @blob: once CVME_DONE without error; freed with the request
 * @seq: number since the module was loaded
 * @epoch: VM epoch when it was admitted
 * @admitted: ktime of admission, ns
 * @deadline: ktime when @timeout is to complete it, ns
 * @ended: ktime of its end, once CVME_DONE
 * @started: ktime when the worker began with it, 0 before
 * @provider: enum cvm_evidence_provider_id that serves it, AUTO before
 * @tee: enum cvm_evidence_tee of that provider
 * @taken: ktime when the provider was asked, 0 when it was not
 * @firmware_ns: how long it took, 0 while it is asked
 * @fw_status: as in the UAPI
 * @fw_status_known: @fw_status is known
 * @timeout: completes it with ETIMEDOUT
 *
 * Holds a reference on the module from admission until queue, worker and
 * @timeout have released it: unloading fails meanwhile. module_exit waits for
 * code that still runs after that reference was dropped: it joins the worker
 * and destroys the timeouts' workqueue.
 */
struct cvme_request {
	struct kref ref;
	struct list_head node;
	struct cvme_requester *asker;
	struct cvme_params params;
	struct cvme_subject who;
	struct mem_cgroup *memcg;
	struct kcov_common_handle_id kcov_handle;
	enum { CVME_QUEUED, CVME_RUNNING, CVME_DONE } state;
	int error;
	struct cvme_blob *blob;
	u64 seq;
	u64 epoch;
	u64 admitted;
	u64 deadline;
	u64 ended;
	u64 started;
	u32 provider;
	u32 tee;
	u64 taken;
	u64 firmware_ns;
	u64 fw_status;
	bool fw_status_known;
	struct delayed_work timeout;
};

static inline bool cvme_request_done(const struct cvme_request *req)
{
	/* pairs with the release in cvme_request_complete() */
	return smp_load_acquire(&req->state) == CVME_DONE;
}

int cvme_requests_init(void);
void cvme_requests_exit(void);
void cvme_requests_serve_by(struct kthread_worker *worker,
			    struct kthread_work *serve);

struct cvme_requester *cvme_requester_new(void);
void cvme_requester_put(struct cvme_requester *asker);

struct cvme_request *cvme_request_new(struct cvme_requester *asker);
int cvme_request_admit(struct cvme_request *req,
		       const struct cvme_params *par);
void cvme_request_refused(struct cvme_request *req, int err);
int cvme_request_wait(struct cvme_request *req);
void cvme_request_cancel(struct cvme_request *req);
struct cvme_request *cvme_request_get(struct cvme_request *req);
void cvme_request_put(struct cvme_request *req);
unsigned int cvme_requests_waiting(void);

/* The worker's side */
struct cvme_request *cvme_request_next(void);
u64 cvme_request_firmware_ns(const struct cvme_request *req);
void cvme_request_complete(struct cvme_request *req, int err,
			   struct cvme_blob *blob);
bool cvme_request_served(struct cvme_request *req, u64 ns);
void cvme_request_defer(struct work_struct *work);
void cvme_request_put_inflight(struct cvme_request *req);

#endif /* _CVME_REQUEST_H */
