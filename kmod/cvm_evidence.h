/* SPDX-License-Identifier: GPL-2.0 */
/* What all parts of the module share. */
#ifndef _CVME_H
#define _CVME_H

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/types.h>

#define CVME_VERSION		"0.1.0"

/* Counters of GET_INFO, since the module was loaded */
struct cvme_stats {
	atomic64_t seq;
	atomic64_t started;
	atomic64_t ok;
	atomic64_t failed;
	atomic64_t timed_out;
	atomic64_t abandoned;
	atomic64_t mismatched;
	atomic64_t refused_busy;
	atomic64_t refused_quota;
	atomic_t live_files;
	atomic_t live_requests;
	atomic_t live_blobs;
	atomic_t live_entries;
};

extern struct cvme_stats cvme_stats;

/* Module parameters (main.c) */
extern unsigned int cvme_max_blob;
extern unsigned int cvme_queue_max;
extern unsigned int cvme_share_max;
extern unsigned int cvme_default_timeout_ms;
#define CVME_MAX_TIMEOUT_MS	(60 * 60 * 1000)

/* Of this boot; has_boot_id says whether it could be read (main.c) */
extern u8 cvme_boot_id[16];
extern bool cvme_has_boot_id;

struct cvme_result;

/* watch.c */
int cvme_watch_init(void);
void cvme_watch_exit(void);
u64 cvme_vm_epoch(void);
bool cvme_vm_fork_noticed(void);
void cvme_watch_report(u32 provider, const struct cvme_result *res);

#endif /* _CVME_H */
