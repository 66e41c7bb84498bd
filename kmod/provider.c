// SPDX-License-Identifier: GPL-2.0
/*
 * The table of providers: whether each can be used, which one serves a request,
 * and what an answer shows of it.
 */
#include "cvm_evidence.h"

#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "events.h"
#include "provider.h"
#include "provider_ops.h"

/* A request probes an unusable provider again only after this time */
#define PROBE_INTERVAL_NS	NSEC_PER_SEC
/* How many probes in a row when a module was loaded or unloaded during each */
#define PROBE_TRIES		3

/**
 * struct cvme_provider - a provider at run time
 * @ops: what it is
 * @disabled: it cannot be set up for as long as the module is loaded
 * @state: result of the last probe or request
 * @gone: its driver was unloaded since
 * @stale: a module that concerns it came or went since the last probe began
 * @probing: a probe is under way
 * @key_lost: a request found the key wiped, and none succeeded since
 * @probed: ktime of the last probe
 * @throttled: the host throttled the last call that was slow or successful
 * @slow_end: ktime of the end of the last throttled call
 * @quick_ns: how long the last call took that was not throttled
 * @serving: it serves a request now
 * @last_error: as in the UAPI
 * @started: as in the UAPI
 * @failed: as in the UAPI
 *
 * Only the worker writes it, except @gone and @stale, and what an answer that
 * waited for memory adds to @last_error and @failed. It writes what others read
 * under providers_lock, and reads what it alone writes without the lock.
 * Static: lives as long as the module.
 */
struct cvme_provider {
	const struct cvme_provider_ops *ops;
	bool disabled;
	struct cvme_state state;
	bool gone;
	bool stale;
	bool probing;
	bool key_lost;
	u64 probed;
	bool throttled;
	u64 slow_end;
	u64 quick_ns;
	bool serving;
	u32 last_error;
	u64 started;
	u64 failed;
};

static DEFINE_SPINLOCK(providers_lock);

/* In the order of CVM_EVIDENCE_PROVIDER_AUTO */
static struct cvme_provider providers[] = {
	{ .ops = &cvme_tsm_ops },
	{ .ops = &cvme_sev_guest_ops },
	{ .ops = &cvme_tdx_guest_ops },
	{ .ops = &cvme_vtpm_ops },
};

#define PROVIDERS_END	(providers + ARRAY_SIZE(providers))

static void event_of_change(const struct cvme_provider *p,
			    const struct cvme_state *old)
{
	const struct cvme_state *new = &p->state;
	struct cvme_event ev = {
		.provider = p->ops->id,
		.tee = new->tee ?: old->tee,
		.change = {
			.reason = new->reason,
			.reason_param = new->reason_param,
		},
	};

	if (cvme_state_usable(new) && !cvme_state_usable(old))
		ev.type = CVM_EVIDENCE_EV_PROVIDER_ADDED;
	else if (!cvme_state_usable(new) && cvme_state_usable(old))
		ev.type = CVM_EVIDENCE_EV_PROVIDER_REMOVED;
	else if (new->status == CVM_EVIDENCE_ST_KEY_LOST &&
		 old->status == CVM_EVIDENCE_ST_AVAILABLE)
		ev.type = CVM_EVIDENCE_EV_KEY_LOST;
	else if (new->status == CVM_EVIDENCE_ST_AVAILABLE &&
		 old->status == CVM_EVIDENCE_ST_KEY_LOST)
		ev.type = CVM_EVIDENCE_EV_KEY_RECOVERED;
	else
		return;
	strscpy(ev.change.driver, new->driver[0] ? new->driver : old->driver,
		sizeof(ev.change.driver));
	cvme_event_add(&ev);
}

/* (worker) The only place where a state changes, so events are in order */
static void set_state(struct cvme_provider *p, const struct cvme_state *st)
{
	struct cvme_state old = p->state;

	spin_lock(&providers_lock);
	p->state = *st;
	spin_unlock(&providers_lock);
	event_of_change(p, &old);
}

static void set_gone(struct cvme_provider *p)
{
	const struct cvme_state st = {
		.status = CVM_EVIDENCE_ST_NO_DRIVER,
		.reason = CVM_EVIDENCE_REASON_DRIVER_UNLOADED,
	};

	set_state(p, &st);
	p->key_lost = false;
	/* what it still holds belongs to the driver that left */
	if (p->ops->release)
		p->ops->release();
}

static void probe_once(struct cvme_provider *p)
{
	struct cvme_state st = {};
	bool gone, missing;

	/* a module that comes or goes from here on sets @stale again */
	spin_lock(&providers_lock);
	gone = p->gone;
	p->gone = false;
	p->stale = false;
	p->probing = true;
	spin_unlock(&providers_lock);
	if (gone)
		set_gone(p);

	p->ops->probe(&st);
	/* only a successful request or a driver reload clears KEY_LOST */
	if (p->key_lost && st.status == CVM_EVIDENCE_ST_AVAILABLE)
		cvme_state_set(&st, CVM_EVIDENCE_ST_KEY_LOST,
			       CVM_EVIDENCE_REASON_KEY_WIPED, 0);
	missing = st.reason == CVM_EVIDENCE_REASON_NO_DRIVER ||
		  st.reason == CVM_EVIDENCE_REASON_NO_INTERFACE;
	/* still missing: keep the reason that it was unloaded */
	if (!missing || p->state.reason != CVM_EVIDENCE_REASON_DRIVER_UNLOADED)
		set_state(p, &st);
	p->probed = ktime_get_ns();
	spin_lock(&providers_lock);
	p->probing = false;
	spin_unlock(&providers_lock);
}

static void probe_if_stale(struct cvme_provider *p)
{
	unsigned int tries = 0;

	if (p->disabled)
		return;
	while (READ_ONCE(p->stale) && tries++ < PROBE_TRIES)
		probe_once(p);
}

/* (worker) Probe what a driver's coming or going made stale */
void cvme_providers_probe(void)
{
	struct cvme_provider *p;

	for (p = providers; p < PROVIDERS_END; p++)
		probe_if_stale(p);
}

/* Return the errno of a temporary failure: clients give up after -ENODEV */
static int why_not(const struct cvme_state *st)
{
	bool passes = st->reason == CVM_EVIDENCE_REASON_PROBE_FAILED &&
		      (st->reason_param == ENOMEM ||
		       st->reason_param == ETIMEDOUT);

	return passes ? -(int)st->reason_param : -ENODEV;
}

/* At once after -ENOMEM, because that probe did not reach the hardware */
static bool may_probe_again(const struct cvme_provider *p)
{
	return why_not(&p->state) == -ENOMEM ||
	       ktime_get_ns() - p->probed >= PROBE_INTERVAL_NS;
}

/*
 * A usable provider stays usable until a driver comes or goes, or a request
 * shows otherwise: a probe is expensive, it makes a TSM entry or asks a TPM.
 */
static bool probe_for_request(struct cvme_provider *p)
{
	probe_if_stale(p);
	if (!p->disabled && !cvme_state_usable(&p->state) && may_probe_again(p))
		probe_once(p);
	return cvme_state_usable(&p->state);
}

/* Where the kernel has no TSM reports, a TDREPORT is all there can be */
static bool auto_may_use(const struct cvme_provider *p, u32 flags)
{
	return !p->ops->tdreport || flags & CVM_EVIDENCE_F_TDREPORT ||
	       !IS_ENABLED(CONFIG_TSM_REPORTS);
}

/* Skip only a missing provider: other failures may be temporary */
static bool auto_may_skip(const struct cvme_state *st)
{
	return st->status == CVM_EVIDENCE_ST_NOT_BUILT ||
	       st->status == CVM_EVIDENCE_ST_NO_DRIVER;
}

/**
 * cvme_provider_pick - (worker) choose who serves a request
 * @par: what it asks for
 *
 * AUTO tries the next provider only when this one is missing: a temporary
 * failure must not lead to another kind of evidence.
 *
 * Return: the provider; -ENODEV, -ENOMEM, -ETIMEDOUT.
 */
struct cvme_provider *cvme_provider_pick(const struct cvme_params *par)
{
	bool any = par->provider == CVM_EVIDENCE_PROVIDER_AUTO;
	struct cvme_provider *p;

	for (p = providers; p < PROVIDERS_END; p++) {
		if (any ? !auto_may_use(p, par->flags) :
			  p->ops->id != par->provider)
			continue;
		if (probe_for_request(p))
			return p;
		if (!any || !auto_may_skip(&p->state))
			return ERR_PTR(why_not(&p->state));
	}
	return ERR_PTR(-ENODEV);
}

u32 cvme_provider_id(const struct cvme_provider *p)
{
	return p->ops->id;
}

u32 cvme_provider_tee(const struct cvme_provider *p)
{
	return p->state.tee;
}

/* The TPM's limit is known before anything is sent to it */
static int check_quote(const struct cvme_state *st,
		       const struct cvme_params *par)
{
	u32 len = par->flags & CVM_EVIDENCE_F_QUOTE_DATA ?
		  par->quote_data_len : par->report_data_len;

	if (!(par->flags & CVM_EVIDENCE_F_TPM_QUOTE))
		return 0;
	if (!(st->caps & CVM_EVIDENCE_CAP_TPM_QUOTE))
		return -EOPNOTSUPP;
	return len > st->quote_data_max ? -EMSGSIZE : 0;
}

/**
 * cvme_provider_check_params - (worker) can a provider serve what is asked for
 * @p: the provider
 * @par: what is asked for
 *
 * Return: 0; -EOPNOTSUPP, -EMSGSIZE, -EINVAL.
 */
int cvme_provider_check_params(const struct cvme_provider *p,
			       const struct cvme_params *par)
{
	const struct cvme_state *st = &p->state;
	int err;

	err = check_quote(st, par);
	if (err)
		return err;
	if (cvme_params_service(par) && !(st->caps & CVM_EVIDENCE_CAP_SERVICE))
		return -EOPNOTSUPP;
	if (par->privlevel == CVM_EVIDENCE_PRIVLEVEL_DEFAULT)
		return 0;
	if (!(st->caps & CVM_EVIDENCE_CAP_PRIVLEVEL))
		return -EOPNOTSUPP;
	return par->privlevel < st->privlevel_floor ? -EINVAL : 0;
}

/**
 * cvme_provider_pace_ns - (worker) how long to wait before the next call
 * @p: the provider
 *
 * After the host throttled a call, leave the driver's own retry interval
 * between calls until one is quick again: an SNP guest loses its key when the
 * host throttles a call for too long.
 *
 * Return: ns from now, 0 for not at all.
 */
u64 cvme_provider_pace_ns(const struct cvme_provider *p)
{
	u64 now = ktime_get_ns(), next = p->slow_end + p->state.throttle_ns;

	return p->throttled && next > now ? next - now : 0;
}

/**
 * cvme_provider_take - (worker) take evidence and check it
 * @p: the provider
 * @par: what is asked for
 * @res: filled
 *
 * Return: 0 or an errno of the UAPI.
 */
int cvme_provider_take(struct cvme_provider *p, const struct cvme_params *par,
		       struct cvme_result *res)
{
	int err;

	spin_lock(&providers_lock);
	p->started++;
	p->serving = true;
	spin_unlock(&providers_lock);

	err = p->ops->take(par, res);
	if (!err && p->ops->check)
		err = p->ops->check(res, par);
	return err;
}

/* Return: how much of @firmware_ns was throttling by the host */
static u64 note_throttling(struct cvme_provider *p, int err, u64 firmware_ns)
{
	bool slow = firmware_ns >= p->state.throttle_ns;
	struct cvme_event ev = {
		.type = slow ? CVM_EVIDENCE_EV_THROTTLED :
			       CVM_EVIDENCE_EV_RECOVERED,
		.provider = p->ops->id,
		.tee = p->state.tee,
		.change.firmware_ns = firmware_ns,
	};

	/* a quick failure says nothing about the host's pace */
	if (!p->state.throttle_ns || (!slow && err))
		return 0;
	if (slow)
		p->slow_end = ktime_get_ns();
	else
		p->quick_ns = firmware_ns;
	if (slow != p->throttled) {
		p->throttled = slow;
		cvme_event_add(&ev);
	}
	return slow ? firmware_ns - p->quick_ns : 0;
}

/**
 * cvme_provider_note - (worker) what the outcome of a request shows
 * @p: the provider
 * @err: 0 or the request's error
 * @firmware_ns: how long it took
 *
 * Return: how much of @firmware_ns was throttling by the host. It is not
 * charged to the requester: a host that limits the rate throttles the next
 * caller, which need not be the one that used the rate up.
 */
u64 cvme_provider_note(struct cvme_provider *p, int err, u64 firmware_ns)
{
	u64 held_off = note_throttling(p, err, firmware_ns);
	struct cvme_state st = p->state;

	spin_lock(&providers_lock);
	p->serving = false;
	p->last_error = -err;
	/* the next request probes again */
	if (err == -ENODEV)
		p->stale = true;
	spin_unlock(&providers_lock);

	switch (err) {
	case 0:
		p->key_lost = false;
		if (st.status != CVM_EVIDENCE_ST_KEY_LOST)
			return held_off;
		cvme_state_set(&st, CVM_EVIDENCE_ST_AVAILABLE,
			       CVM_EVIDENCE_REASON_NONE, 0);
		break;
	case -EKEYREVOKED:
		p->key_lost = true;
		cvme_state_set(&st, CVM_EVIDENCE_ST_KEY_LOST,
			       CVM_EVIDENCE_REASON_KEY_WIPED, 0);
		break;
	case -ENODEV:
		cvme_state_set(&st, CVM_EVIDENCE_ST_NOT_READY,
			       CVM_EVIDENCE_REASON_DRIVER_LEFT, 0);
		break;
	default:
		return held_off;
	}
	set_state(p, &st);
	return held_off;
}

/* Count a request that it began to serve and that failed for any reason */
void cvme_provider_failed(struct cvme_provider *p, int err)
{
	spin_lock(&providers_lock);
	p->last_error = -err;
	p->failed++;
	spin_unlock(&providers_lock);
}

/* (worker) Release what keeps drivers from being unloaded */
void cvme_providers_release(void)
{
	struct cvme_provider *p;

	for (p = providers; p < PROVIDERS_END; p++)
		if (!p->disabled && p->ops->release)
			p->ops->release();
}

/* Under providers_lock. If usable, only the exit of its own driver matters. */
static bool module_matters(const struct cvme_provider *p, const char *module,
			   bool going)
{
	bool any = !p->ops->concerns;

	if (!any && !p->ops->concerns(module))
		return false;
	if (!going)
		return p->state.status != CVM_EVIDENCE_ST_AVAILABLE || p->gone;
	/* a probe in progress may have found the driver before it left */
	return !any || p->probing || !strcmp(p->state.driver, module);
}

/**
 * cvme_providers_module - a module came or went
 * @module: its name
 * @going: true after its exit function, false when it is live
 *
 * Return: whether there is something to probe.
 */
bool cvme_providers_module(const char *module, bool going)
{
	struct cvme_provider *p;
	bool probe = false;

	spin_lock(&providers_lock);
	for (p = providers; p < PROVIDERS_END; p++) {
		if (p->disabled || !module_matters(p, module, going))
			continue;
		if (going && !strcmp(p->state.driver, module))
			p->gone = true;
		p->stale = true;
		probe = true;
	}
	spin_unlock(&providers_lock);
	return probe;
}

bool cvme_providers_hold(const char *driver)
{
	struct cvme_provider *p;

	for (p = providers; p < PROVIDERS_END; p++)
		if (!p->disabled && p->ops->holds && p->ops->holds(driver))
			return true;
	return false;
}

/* The state that others see: a driver that left counts as gone at once */
static void current_state(const struct cvme_provider *p, struct cvme_state *st)
{
	*st = p->state;
	if (p->gone)
		*st = (struct cvme_state) {
			.status = CVM_EVIDENCE_ST_NO_DRIVER,
			.reason = CVM_EVIDENCE_REASON_DRIVER_UNLOADED,
		};
}

/**
 * cvme_provider_info - what is known of a provider
 * @n: which, from 0
 * @info: filled
 *
 * Return: false when there are no more.
 */
bool cvme_provider_info(unsigned int n, struct cvm_evidence_provider *info)
{
	const struct cvme_provider *p;
	struct cvme_state st;

	if (n >= ARRAY_SIZE(providers))
		return false;
	p = &providers[n];
	memset(info, 0, sizeof(*info));
	spin_lock(&providers_lock);
	current_state(p, &st);
	info->queued = p->serving;
	info->last_error = p->last_error;
	info->started = p->started;
	info->failed = p->failed;
	spin_unlock(&providers_lock);

	info->id = p->ops->id;
	info->status = st.status;
	info->reason = st.reason;
	info->reason_param = st.reason_param;
	if (cvme_state_usable(&st)) {
		info->tee = st.tee;
		info->privlevel_floor = st.privlevel_floor;
		info->caps = st.caps;
		info->quote_data_max = st.quote_data_max;
	}
	strscpy(info->name, p->ops->name, sizeof(info->name));
	strscpy(info->driver, st.driver, sizeof(info->driver));
	return true;
}

/* The provider that AUTO would use, by the last probes; AUTO for none */
u32 cvme_provider_auto(void)
{
	u32 id = CVM_EVIDENCE_PROVIDER_AUTO;
	struct cvme_provider *p;
	struct cvme_state st;

	spin_lock(&providers_lock);
	for (p = providers; p < PROVIDERS_END; p++) {
		current_state(p, &st);
		if (!auto_may_use(p, 0))
			continue;
		if (cvme_state_usable(&st))
			id = p->ops->id;
		if (!auto_may_skip(&st))
			break;
	}
	spin_unlock(&providers_lock);
	return id;
}

static int provider_init(struct cvme_provider *p)
{
	int err;

	cvme_state_set(&p->state, CVM_EVIDENCE_ST_UNKNOWN,
		       CVM_EVIDENCE_REASON_NOT_PROBED, 0);
	p->stale = true;
	err = p->ops->init ? p->ops->init(&p->state) : 0;
	if (err == -ENOMEM)
		return err;
	if (!err)
		return 0;
	p->disabled = true;
	return 0;
}

static void providers_stop(struct cvme_provider *end)
{
	while (end-- > providers)
		if (!end->disabled && end->ops->exit)
			end->ops->exit();
}

int cvme_providers_init(void)
{
	struct cvme_provider *p;
	int err;

	for (p = providers; p < PROVIDERS_END; p++) {
		err = provider_init(p);
		if (err) {
			pr_err("cannot load: the provider %s failed to initialise: error %d\n",
			       p->ops->name, err);
			providers_stop(p);
			return err;
		}
	}
	return 0;
}

void cvme_providers_exit(void)
{
	providers_stop(PROVIDERS_END);
}
