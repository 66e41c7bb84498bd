/* SPDX-License-Identifier: GPL-2.0 */
/* A request's life: admit -> queue -> provider thread -> blob. */
#ifndef _CVME_REQUEST_H
#define _CVME_REQUEST_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "blob.h"
#include "compat.h"
#include "events.h"
#include "provider.h"

/**
 * struct cvme_share_key - whose share of a queue a request comes from
 * @kind: CVME_SHARE_*
 * @id: uid in the init user namespace, or cgroup id
 *
 * A uid, or the owner of the opener's outermost user namespace: subordinate
 * uids and delegated cgroups are free to make, so neither may multiply a
 * share. Where that is uid 0, the opener's cgroup.
 */
struct cvme_share_key {
	u32 kind;
	u64 id;
};

enum { CVME_SHARE_UID, CVME_SHARE_CGROUP };

/**
 * struct cvme_share - requests of one share at one provider
 * @hash: in cvme_provider.shares while @count is not 0
 * @rr: in cvme_provider.rr while @queue is not empty
 * @queue: waiting requests, oldest first
 * @count: requests waiting or running
 * @key: whose share
 *
 * Freed with its last request, under the provider's lock.
 */
struct cvme_share {
	struct hlist_node hash;
	struct list_head rr;
	struct list_head queue;
	unsigned int count;
	struct cvme_share_key key;
};

/**
 * struct cvme_client - one open file
 * @ref: one for the open file, one for each of its requests
 * @wq: told when a request ends or @state changes
 *
 * The members below @wq belong to device.c.
 *
 * @lock: guards all below but @io_lock; never held across anything that waits
 * @io_lock: one read at a time copies out; taken before @lock
 * @share: share of the queue, from the credentials of open(2)
 * @state: what the next read does
 * @gen: counts changes of what the file wants, so that a submission that
 *	raced with one is noticed
 * @rejoin: @req came from a REQUEST that did not return its outcome yet
 * @params: in CVME_ARMED, what to ask for
 * @req: in CVME_PENDING, a reference
 * @pos: bytes of the blob already read
 */
struct cvme_client {
	struct kref ref;
	wait_queue_head_t wq;

	spinlock_t lock;	/* see above */
	struct mutex io_lock;	/* see above */
	struct cvme_share_key share;
	enum { CVME_FRESH, CVME_ARMED, CVME_STARTING, CVME_PENDING,
	       CVME_EOF } state;
	unsigned int gen;
	bool rejoin;
	struct cvme_params params;
	struct cvme_request *req;
	size_t pos;
};

/**
 * struct cvme_request - one request
 * @ref: one for the client (whoever submitted it), one for queue and worker
 *	until it is served or taken off the queue, one for @timeout while pending
 * @node: in cvme_share.queue while @state is CVME_QUEUED
 * @provider: where
 * @share: NULL once the share no longer counts it
 * @client: a reference
 * @params: what
 * @who: submitted it
 * @memcg: whose memory the blob is, a reference or NULL
 * @kcov_handle: for remote coverage of the worker
 * @state: under the provider's lock; CVME_DONE is also read without it, by
 *	cvme_request_done()
 * @error: once CVME_DONE: 0 or a negative errno
 * @blob: once CVME_DONE without error
 * @seq: number since the module was loaded
 * @epoch: VM epoch when it was admitted
 * @admitted: ktime of admission, ns
 * @ended: ktime of its end, once CVME_DONE
 * @started: ktime when the provider began, 0 before
 * @firmware_ns: time in the provider
 * @fw_status: as in the UAPI
 * @fw_status_known: @fw_status is known
 * @timeout: ends it with ETIMEDOUT
 *
 * Holds a reference on the module while queue, worker or @timeout may touch
 * it: their code is still running when the last file is closed.
 */
struct cvme_request {
	struct kref ref;
	struct list_head node;
	struct cvme_provider *provider;
	struct cvme_share *share;
	struct cvme_client *client;
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
	u64 ended;
	u64 started;
	u64 firmware_ns;
	u64 fw_status;
	bool fw_status_known;
	struct delayed_work timeout;
};

static inline bool cvme_request_done(const struct cvme_request *req)
{
	/* pairs with the release in cvme_request_end() */
	return smp_load_acquire(&req->state) == CVME_DONE;
}

/* request.c */
int cvme_requests_init(void);
void cvme_requests_exit(void);
struct cvme_request *cvme_request_submit(struct cvme_client *client,
					 const struct cvme_params *par,
					 bool nonblock);
void cvme_request_abandon(struct cvme_request *req);
struct cvme_request *cvme_request_get(struct cvme_request *req);
void cvme_request_put(struct cvme_request *req);
void cvme_request_serve(struct kthread_work *work);

/* queue.c, all under the provider's lock */
int cvme_queue_add(struct cvme_request *req, struct cvme_share **spare);
struct cvme_request *cvme_queue_next(struct cvme_provider *p);
void cvme_queue_remove(struct cvme_request *req);
struct cvme_share *cvme_queue_uncount(struct cvme_request *req);

/* device.c */
int cvme_device_init(void);
void cvme_device_exit(void);
u64 cvme_cgroup_id(void);
void cvme_client_put(struct cvme_client *client);
void cvme_client_replace(struct cvme_client *client, struct cvme_request *req,
			 bool rejoin);
int cvme_client_wait(struct cvme_client *client, struct cvme_request *req);

/* ioctl.c */
void cvme_info_fill(struct cvm_evidence_info *info);
void cvme_info_fill_provider(struct cvme_provider *p,
			     struct cvm_evidence_provider *info);
long cvme_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* _CVME_REQUEST_H */
