/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A provider is one way to evidence: one struct cvme_provider_ops, one file,
 * one line in provider.c. It knows neither device nor queue.
 */
#ifndef _CVME_PROVIDER_H
#define _CVME_PROVIDER_H

#include <linux/cvm_evidence.h>
#include <linux/gfp.h>
#include <linux/hashtable.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "compat.h"

struct module;

/**
 * struct cvme_params - what one request asks for
 *
 * Filled from user memory once, validated, and never changed. Two requests
 * are the same when their bytes are: no padding, unused bytes zero.
 */
struct cvme_params {
	u32 flags;			/* CVM_EVIDENCE_F_* */
	u32 provider;			/* enum cvm_evidence_provider_id */
	u32 privlevel;
	u32 timeout_ms;			/* 0: the default */
	u32 report_data_len;
	u32 service_provider_len;
	u32 service_manifest_version;
	u32 quote_data_len;
	u32 pcr_mask;
	u32 kernel_random;		/* nobody chose report_data */
	u8 report_data[CVM_EVIDENCE_REPORT_DATA_MAX];
	u8 quote_data[CVM_EVIDENCE_QUOTE_DATA_MAX];
	char service_provider[CVM_EVIDENCE_SERVICE_MAX];
	u8 service_guid[16];
};

/* Does the request name an SVSM-like service? */
static inline bool cvme_params_service(const struct cvme_params *par)
{
	return par->service_provider_len ||
	       (par->flags & (CVM_EVIDENCE_F_SERVICE_GUID |
			      CVM_EVIDENCE_F_MANIFEST_VERSION));
}

/*
 * What becomes part of a blob is charged to the requester, by the worker. A
 * requester without room gets ENOMEM: the worker must not have the out-of-memory
 * killer called on a container, nor fill the log on its behalf.
 */
#define CVME_GFP_BLOB	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * struct cvme_buf - bytes from a provider
 * @data: kvmalloc'ed with CVME_GFP_BLOB; the result's until it is put into a
 *	blob
 */
struct cvme_buf {
	u8 *data;
	size_t len;
};

struct cvme_absent {
	u32 item;			/* enum cvm_evidence_item_type */
	int err;			/* negative errno */
	const char *why;		/* a constant text */
};

#define CVME_ABSENT_MAX		5

/**
 * struct cvme_result - what a provider answers
 *
 * On the worker's stack; cvme_result_free() releases the buffers. After an
 * error only @fw_status and @fw_status_known mean anything.
 */
struct cvme_result {
	struct cvme_buf report;
	struct cvme_buf certs;
	struct cvme_buf manifest;
	struct cvme_buf ccel_table;
	struct cvme_buf ccel_data;
	struct cvme_buf tpm_attest;
	struct cvme_buf tpm_signature;
	struct cvme_buf pcrs;
	struct cvme_buf ak_pub;
	struct cvme_buf ak_cert;
	bool hcl;			/* @report is an HCL report */
	const u8 *vm_id;		/* in it: vmUniqueId, or NULL */
	u32 vm_id_len;
	u32 tee;
	u32 blob_flags;
	u32 binding;
	u32 privlevel;			/* as asked of the driver */
	bool privlevel_known;
	bool fw_status_known;
	u64 fw_status;
	char driver[32];
	unsigned int nr_absent;
	struct cvme_absent absent[CVME_ABSENT_MAX];
};

void cvme_result_absent(struct cvme_result *res, u32 item, int err,
			const char *why);
void cvme_result_free(struct cvme_result *res);

/**
 * struct cvme_state - can the provider be used, as far as we know
 *
 * Members as in struct cvm_evidence_provider.
 */
struct cvme_state {
	u32 status;
	u32 tee;
	u32 privlevel_floor;
	u32 caps;
	u32 quote_data_max;	/* with CVM_EVIDENCE_CAP_TPM_QUOTE: bytes */
	char driver[32];
	char reason[96];
};

/* With a lost key a provider still answers: with EKEYREVOKED, which is true */
static inline bool cvme_state_usable(const struct cvme_state *st)
{
	return st->status == CVM_EVIDENCE_ST_AVAILABLE ||
	       st->status == CVM_EVIDENCE_ST_KEY_LOST;
}

struct cvme_provider;

/**
 * struct cvme_provider_ops - a way to evidence
 * @id: its number in the UAPI
 * @name: its name in the UAPI
 * @node_driver: module whose coming and going concerns it, or NULL for any
 * @init: once, in the context of the module's loading; request_module() is
 *	allowed here and nowhere else. An error disables the provider and stands
 *	in GET_INFO; it does not fail the module.
 * @exit: once, when the worker is gone
 * @scan: (worker) look whether it can be used
 * @take: (worker) get evidence. Returns 0 or an errno of the UAPI.
 * @idle: (worker) CVME_IDLE_MS after the last request: let go of everything
 *	that would keep the driver from being unloaded; NULL: there is nothing
 * @holds: (any context) does it hold something that blocks the driver of this
 *	name from coming back after an unload; NULL: never
 *
 * One worker per provider calls all but @init, @exit and @holds: they need no
 * locking among themselves.
 */
struct cvme_provider_ops {
	u32 id;
	const char *name;
	const char *node_driver;
	int (*init)(struct cvme_provider *p);
	void (*exit)(struct cvme_provider *p);
	void (*scan)(struct cvme_provider *p, struct cvme_state *st);
	int (*take)(struct cvme_provider *p, const struct cvme_params *par,
		    struct cvme_result *res);
	void (*idle)(struct cvme_provider *p);
	bool (*holds)(struct cvme_provider *p, const char *driver);
};

#define CVME_IDLE_MS		100

/**
 * struct cvme_provider - a provider at run time
 * @ops: what it is
 * @worker: its thread, NULL when @init_err
 * @init_err: what ops->init() returned
 * @lock: guards @rr, @shares, @queued, @state, the scans' state, the requests'
 *	state, @kcov_handle, and nothing that sleeps
 * @rr: shares with waiting requests, next to be served first
 * @shares: all shares with a request waiting or running
 * @queued: requests waiting or running
 * @serve: serves one request and queues itself while there are more
 * @scan: updates @state
 * @idle: calls ops->idle()
 * @drop: calls ops->idle() now, for a driver that is going
 * @tell: orders changes of @state and the events that tell them; taken before
 *	@lock
 * @state: result of the last scan
 * @stale: a driver came or went since the last scan began
 * @throttled: the last call that tells was as slow as the host's throttling
 * @scanned: jiffies of the last scan
 * @scans_begun: number of scans begun
 * @scans_done: number of scans done, one less while one is under way
 * @scan_wq: told when @scans_done changes
 * @kcov_handle: for remote coverage of the scan, of who asked for it last
 * @started: requests admitted
 * @failed: requests ended in an error
 *
 * Static; lives as long as the module.
 */
struct cvme_provider {
	const struct cvme_provider_ops *ops;
	struct kthread_worker *worker;
	int init_err;

	spinlock_t lock;	/* see above */
	struct list_head rr;
	DECLARE_HASHTABLE(shares, 6);
	unsigned int queued;

	struct kthread_work serve;
	struct kthread_work scan;
	struct kthread_work drop;
	struct kthread_delayed_work idle;

	struct mutex tell;	/* see above */
	struct cvme_state state;
	bool stale;
	bool throttled;
	unsigned long scanned;
	u64 scans_begun;
	u64 scans_done;
	wait_queue_head_t scan_wq;
	struct kcov_common_handle_id kcov_handle;

	atomic64_t started;
	atomic64_t failed;
};

extern const struct cvme_provider_ops cvme_tsm_ops;
extern const struct cvme_provider_ops cvme_sev_guest_ops;
extern const struct cvme_provider_ops cvme_tdx_guest_ops;
extern const struct cvme_provider_ops cvme_vtpm_ops;

/* (worker) Does nobody wait for what these parameters asked for any more */
bool cvme_params_unwanted(const struct cvme_params *par);

int cvme_providers_init(void);
void cvme_providers_exit(void);
void cvme_providers_look(void);
struct cvme_provider *cvme_provider_at(unsigned int n);
struct cvme_provider *cvme_provider_pick(u32 id, bool nonblock);
int cvme_provider_refresh(struct cvme_provider *p, bool nonblock);
bool cvme_provider_usable(struct cvme_provider *p);
void cvme_provider_note(struct cvme_provider *p, int err, u64 firmware_ns);
void cvme_providers_module_event(const struct module *mod, bool going);

#endif /* _CVME_PROVIDER_H */
