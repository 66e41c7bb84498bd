/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A provider is one way to obtain evidence: one struct cvme_provider_ops in one
 * file. It knows neither the device nor the queue. CONTRIBUTING.md lists what
 * else a new provider touches.
 */
#ifndef _CVME_PROVIDER_OPS_H
#define _CVME_PROVIDER_OPS_H

#include <linux/cvm_evidence.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "evidence.h"

/* How long the SNP driver waits before it retries a throttled call */
#define CVME_SNP_RETRY_NS	(2 * NSEC_PER_SEC)

/**
 * struct cvme_state - can a provider be used, as far as we know
 * @throttle_ns: a call that took at least this long was throttled by the host;
 *	0 if the time of a call does not show throttling
 *
 * Other members as in struct cvm_evidence_provider.
 */
struct cvme_state {
	u32 status;
	u32 reason;
	u32 reason_param;
	u32 tee;
	u32 privlevel_floor;
	u32 caps;
	u32 quote_data_max;
	u64 throttle_ns;
	char driver[32];
};

/* A provider that lost its key is usable: it answers with EKEYREVOKED */
static inline bool cvme_state_usable(const struct cvme_state *st)
{
	return st->status == CVM_EVIDENCE_ST_AVAILABLE ||
	       st->status == CVM_EVIDENCE_ST_KEY_LOST;
}

static inline void cvme_state_set(struct cvme_state *st, u32 status, u32 reason,
				  u32 param)
{
	st->status = status;
	st->reason = reason;
	st->reason_param = param;
}

/**
 * struct cvme_provider_ops - what differs between providers
 * @id: enum cvm_evidence_provider_id
 * @name: as in the UAPI
 * @tdreport: gives a TDREPORT: AUTO must be allowed to use it
 * @init: while the module is loaded; 0, -ENOMEM, which fails the load, or
 *	another error with status and reason set in the state, which stay for as
 *	long as the module is loaded
 * @exit: undoes it; NULL: nothing to undo
 * @concerns: (any context) may the module of this name be the driver; NULL: any
 *	may be
 * @probe: (worker) find out whether it can be used; sets all of the state,
 *	which is zeroed before
 * @take: (worker) take evidence; 0 or an errno of the UAPI. -ENODEV: the driver
 *	went away
 * @check: (worker) does the answer carry what was asked for: sets binding, and
 *	the UNCHECKED flag; NULL: @take did
 * @release: (worker) called when idle (IDLE_MS in serve.c), and when a driver's
 *	unload waits for us: release what keeps the driver from being unloaded
 *	or loaded again; NULL: there is nothing
 * @holds: (any context) does it hold something that keeps the driver of this
 *	name from coming back after an unload; NULL: never
 *
 * Only the worker calls those marked so: they need no locking among themselves.
 */
struct cvme_provider_ops {
	u32 id;
	const char *name;
	bool tdreport;
	int (*init)(struct cvme_state *st);
	void (*exit)(void);
	bool (*concerns)(const char *module);
	void (*probe)(struct cvme_state *st);
	int (*take)(const struct cvme_params *par, struct cvme_result *res);
	int (*check)(struct cvme_result *res, const struct cvme_params *par);
	void (*release)(void);
	bool (*holds)(const char *driver);
};

extern const struct cvme_provider_ops cvme_tsm_ops;
extern const struct cvme_provider_ops cvme_sev_guest_ops;
extern const struct cvme_provider_ops cvme_tdx_guest_ops;
extern const struct cvme_provider_ops cvme_vtpm_ops;

#endif /* _CVME_PROVIDER_OPS_H */
