/* SPDX-License-Identifier: GPL-2.0 */
/* Module parameters, counters, and what is known of this boot and this VM. */
#ifndef _CVME_STATE_H
#define _CVME_STATE_H

#include <linux/atomic.h>
#include <linux/types.h>

/* Counters of GET_INFO, since the module was loaded */
struct cvme_stats {
	atomic64_t seq;
	atomic64_t started;
	atomic64_t ok;
	atomic64_t failed;
	atomic64_t timed_out;
	atomic64_t canceled;
	atomic64_t mismatched;
	atomic64_t refused_busy;
	atomic64_t refused_quota;
};

extern struct cvme_stats cvme_stats;

extern unsigned int cvme_max_blob;
extern unsigned int cvme_queue_max;
extern unsigned int cvme_share_depth;
extern unsigned int cvme_default_timeout_ms;
extern unsigned int cvme_sev_certs;
#define CVME_MAX_TIMEOUT_MS	(60 * 60 * 1000)

/* Called when a parameter was written with another value */
typedef void cvme_parameter_fn(const char *name, u64 old, u64 new);
void cvme_parameter_hook(cvme_parameter_fn *fn);

int cvme_state_init(void);
const u8 *cvme_boot_id(void);
u64 cvme_vm_epoch(void);
void cvme_vm_forked(void);
bool cvme_vm_fork_noticed(void);

#endif /* _CVME_STATE_H */
