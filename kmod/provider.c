// SPDX-License-Identifier: GPL-2.0
/*
 * The list of providers: their threads, whether they can be used, and which
 * one serves a request.
 */
#include "cvm_evidence.h"

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "events.h"
#include "provider.h"
#include "request.h"

/* A provider known to be missing is looked for again after this long */
#define RESCAN_INTERVAL		HZ
/*
 * How long a caller waits for that look; less if it must not block, and hardly
 * at all if the worker is also busy with a request
 */
#define SCAN_WAIT		(5 * HZ)
#define SCAN_WAIT_NONBLOCK	HZ
#define SCAN_WAIT_BUSY		(HZ / 20)
/* How long rmmod of a driver waits for us to let go */
#define DROP_WAIT		(5 * HZ)

/* In the order of CVM_EVIDENCE_PROVIDER_AUTO */
static struct cvme_provider providers[] = {
	{ .ops = &cvme_tsm_ops },
	{ .ops = &cvme_sev_guest_ops },
	{ .ops = &cvme_tdx_guest_ops },
	{ .ops = &cvme_vtpm_ops },
};

struct cvme_provider *cvme_provider_at(unsigned int n)
{
	return n < ARRAY_SIZE(providers) ? &providers[n] : NULL;
}

void cvme_result_absent(struct cvme_result *res, u32 item, int err,
			const char *why)
{
	if (WARN_ON_ONCE(res->nr_absent == CVME_ABSENT_MAX))
		return;
	res->absent[res->nr_absent++] = (struct cvme_absent) {
		.item = item, .err = err, .why = why,
	};
}

void cvme_result_free(struct cvme_result *res)
{
	kvfree(res->report.data);
	kvfree(res->certs.data);
	kvfree(res->manifest.data);
	kvfree(res->ccel_table.data);
	kvfree(res->ccel_data.data);
	kvfree(res->tpm_attest.data);
	kvfree(res->tpm_signature.data);
	kvfree(res->pcrs.data);
	kvfree(res->ak_pub.data);
	kvfree(res->ak_cert.data);
}

static void scan_work(struct kthread_work *work)
{
	struct cvme_provider *p = container_of(work, struct cvme_provider, scan);
	struct cvme_state st = { .status = CVM_EVIDENCE_ST_ERROR }, old;
	struct kcov_common_handle_id kcov_handle;

	/* an event from here on makes the answer stale again */
	spin_lock(&p->lock);
	p->stale = false;
	p->scans_begun++;
	kcov_handle = p->kcov_handle;
	spin_unlock(&p->lock);

	kcov_remote_start_common(kcov_handle);
	p->ops->scan(p, &st);
	kcov_remote_stop();

	mutex_lock(&p->tell);
	spin_lock(&p->lock);
	old = p->state;
	/* nothing but a request, or the driver's reload, shows that it is back */
	if (old.status != CVM_EVIDENCE_ST_KEY_LOST ||
	    st.status != CVM_EVIDENCE_ST_AVAILABLE)
		p->state = st;
	st = p->state;
	p->scanned = jiffies;
	p->scans_done++;
	spin_unlock(&p->lock);
	cvme_event_state(p, &old, &st);
	mutex_unlock(&p->tell);
	wake_up_all(&p->scan_wq);
}

static void let_go(struct cvme_provider *p)
{
	if (p->ops->idle)
		p->ops->idle(p);
}

static void idle_work(struct kthread_work *work)
{
	struct cvme_provider *p = container_of(work, struct cvme_provider,
					       idle.work);

	let_go(p);
}

static void drop_work(struct kthread_work *work)
{
	struct cvme_provider *p = container_of(work, struct cvme_provider, drop);

	let_go(p);
	wake_up_all(&p->scan_wq);
}

/**
 * cvme_provider_refresh - have a provider looked for, unless that is recent
 * @p: the provider
 * @nonblock: do not wait for a worker that is busy with a request
 *
 * One that was found stays found until a driver comes or goes: looking makes a
 * TSM entry, under which the driver cannot be unloaded.
 *
 * Return: 0, also when the look is still under way; -ERESTARTSYS.
 */
int cvme_provider_refresh(struct cvme_provider *p, bool nonblock)
{
	unsigned long timeout = SCAN_WAIT;
	bool under_way, recent;
	u64 want;
	long ret;

	if (!p->worker)
		return 0;

	spin_lock(&p->lock);
	/* one that began after the last event will do, and is worth waiting for */
	under_way = !p->stale && p->scans_done != p->scans_begun;
	recent = !under_way && !p->stale && p->scans_done &&
		 (p->state.status == CVM_EVIDENCE_ST_AVAILABLE ||
		  time_before(jiffies, p->scanned + RESCAN_INTERVAL));
	want = under_way ? p->scans_begun : p->scans_begun + 1;
	if (!recent && !under_way)
		p->kcov_handle = kcov_common_handle();
	if (nonblock)
		timeout = p->queued ? SCAN_WAIT_BUSY : SCAN_WAIT_NONBLOCK;
	spin_unlock(&p->lock);
	if (recent)
		return 0;

	if (!under_way)
		kthread_queue_work(p->worker, &p->scan);
	ret = wait_event_freezable_timeout(p->scan_wq,
					   READ_ONCE(p->scans_done) >= want,
					   timeout);
	return ret < 0 ? ret : 0;
}

/**
 * cvme_provider_usable - would CVM_EVIDENCE_PROVIDER_AUTO stop here
 * @p: the provider
 *
 * Return: whether it would.
 */
bool cvme_provider_usable(struct cvme_provider *p)
{
	bool usable;

	spin_lock(&p->lock);
	usable = cvme_state_usable(&p->state);
	spin_unlock(&p->lock);
	return usable;
}

/**
 * cvme_provider_pick - choose who serves a request
 * @id: a provider by name, or CVM_EVIDENCE_PROVIDER_AUTO
 * @nonblock: as in cvme_provider_refresh()
 *
 * A provider that was found is used without another look: it finds out itself
 * when its driver is gone.
 *
 * Return: the provider; -ENODEV, -ERESTARTSYS.
 */
struct cvme_provider *cvme_provider_pick(u32 id, bool nonblock)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(providers); i++) {
		struct cvme_provider *p = &providers[i];

		if (id != CVM_EVIDENCE_PROVIDER_AUTO && p->ops->id != id)
			continue;
		if (!p->worker)
			continue;
		if (cvme_provider_usable(p))
			return p;
		err = cvme_provider_refresh(p, nonblock);
		if (err)
			return ERR_PTR(err);
		if (cvme_provider_usable(p))
			return p;
	}
	return ERR_PTR(-ENODEV);
}

/* How long the SNP driver waits when the host tells it to come back later */
#define SNP_RETRY_NS		(2 * NSEC_PER_SEC)

static void note_throttling(struct cvme_provider *p, int err, u64 firmware_ns)
{
	bool slow = firmware_ns >= SNP_RETRY_NS, changed;

	spin_lock(&p->lock);
	/* a quick failure says nothing about the host's pace */
	changed = p->state.tee == CVM_EVIDENCE_TEE_SEV_SNP &&
		  slow != p->throttled && (slow || !err);
	if (changed)
		p->throttled = slow;
	spin_unlock(&p->lock);
	if (changed)
		cvme_event_throttle(p, slow, firmware_ns);
}

/**
 * cvme_provider_note - what the outcome of a request shows of its provider
 * @p: the provider
 * @err: 0 or the request's error
 * @firmware_ns: how long it took
 */
void cvme_provider_note(struct cvme_provider *p, int err, u64 firmware_ns)
{
	struct cvme_state *st = &p->state, old, new;

	note_throttling(p, err, firmware_ns);

	mutex_lock(&p->tell);
	spin_lock(&p->lock);
	old = *st;
	switch (err) {
	case 0:
		if (st->status == CVM_EVIDENCE_ST_KEY_LOST) {
			st->status = CVM_EVIDENCE_ST_AVAILABLE;
			st->reason[0] = 0;
		}
		break;
	case -EKEYREVOKED:
		st->status = CVM_EVIDENCE_ST_KEY_LOST;
		strscpy(st->reason,
			"the key to the SNP firmware is wiped; reload sev-guest with another vmpck_id, or reboot",
			sizeof(st->reason));
		break;
	case -ENODEV:
		/* the next request looks again */
		p->stale = true;
		st->status = CVM_EVIDENCE_ST_NOT_READY;
		strscpy(st->reason, "the driver went away under a request",
			sizeof(st->reason));
		break;
	}
	new = *st;
	spin_unlock(&p->lock);
	cvme_event_state(p, &old, &new);
	mutex_unlock(&p->tell);
}

/*
 * A driver without a device node cannot be held by us: its unload goes ahead
 * under our TSM entry, and TSM then refuses its return until the entry is
 * gone. So rmmod waits for the entry here, after the driver's exit. Killably,
 * and not for ever: a stuck provider must not make it unkillable.
 */
static void wait_dropped(struct cvme_provider *p, const char *driver)
{
	unsigned long end = jiffies + DROP_WAIT;
	long ret = 1;

	kthread_queue_work(p->worker, &p->drop);
	while (p->ops->holds(p, driver) && ret >= 0 &&
	       time_before(jiffies, end))
		ret = wait_event_killable_timeout(p->scan_wq,
						  !p->ops->holds(p, driver),
						  HZ / 10);
	if (p->ops->holds(p, driver))
		pr_warn("%s: entry of %s still in use, the driver cannot be loaded again until it is gone\n",
			p->ops->name, driver);
}

/**
 * cvme_providers_module_event - a module came or went
 * @mod: the module: live, or already past its exit function
 * @going: which of the two
 */
void cvme_providers_module_event(const struct module *mod, bool going)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(providers); i++) {
		struct cvme_provider *p = &providers[i];
		struct cvme_state old, new;

		if (!p->worker)
			continue;
		if (p->ops->node_driver && strcmp(p->ops->node_driver, mod->name))
			continue;

		mutex_lock(&p->tell);
		spin_lock(&p->lock);
		old = p->state;
		p->stale = true;
		if (going && !strcmp(p->state.driver, mod->name)) {
			p->state.status = CVM_EVIDENCE_ST_NO_DRIVER;
			snprintf(p->state.reason, sizeof(p->state.reason),
				 "driver %s was unloaded", mod->name);
		}
		new = p->state;
		spin_unlock(&p->lock);
		cvme_event_state(p, &old, &new);
		mutex_unlock(&p->tell);

		/* so that it is told of before anybody asks for evidence */
		if (!going && new.status != CVM_EVIDENCE_ST_AVAILABLE)
			kthread_queue_work(p->worker, &p->scan);
		if (going && p->ops->holds && p->ops->holds(p, mod->name))
			wait_dropped(p, mod->name);
	}
}

/* See who is there already */
void cvme_providers_look(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(providers); i++)
		if (providers[i].worker)
			kthread_queue_work(providers[i].worker,
					   &providers[i].scan);
}

static int provider_start(struct cvme_provider *p)
{
	struct kthread_worker *worker;

	spin_lock_init(&p->lock);
	mutex_init(&p->tell);
	INIT_LIST_HEAD(&p->rr);
	hash_init(p->shares);
	init_waitqueue_head(&p->scan_wq);
	kthread_init_work(&p->serve, cvme_request_serve);
	kthread_init_work(&p->scan, scan_work);
	kthread_init_work(&p->drop, drop_work);
	kthread_init_delayed_work(&p->idle, idle_work);
	p->state.status = CVM_EVIDENCE_ST_NOT_READY;
	p->stale = true;

	p->init_err = p->ops->init(p);
	/* that is no property of this machine: who loads us may try again */
	if (p->init_err == -ENOMEM)
		return -ENOMEM;
	if (p->init_err) {
		/* the reason is what ops->init() left, or this */
		p->state.status = CVM_EVIDENCE_ST_NOT_BUILT;
		if (!p->state.reason[0])
			snprintf(p->state.reason, sizeof(p->state.reason),
				 "could not be set up: error %d", p->init_err);
		return 0;
	}

	worker = kthread_run_worker(KTW_FREEZABLE, "cvme/%s", p->ops->name);
	if (IS_ERR(worker)) {
		if (p->ops->exit)
			p->ops->exit(p);
		return PTR_ERR(worker);
	}
	/* the one thread must not wait its turn among hundreds of its clients */
	set_user_nice(worker->task, -10);
	p->worker = worker;
	return 0;
}

static void provider_stop(struct cvme_provider *p)
{
	if (!p->worker)
		return;
	kthread_cancel_delayed_work_sync(&p->idle);
	/* let go of the entry before the thread that may do so is gone */
	kthread_queue_work(p->worker, &p->drop);
	kthread_destroy_worker(p->worker);
	p->worker = NULL;
	if (p->ops->exit)
		p->ops->exit(p);
}

int cvme_providers_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(providers); i++) {
		err = provider_start(&providers[i]);
		if (err) {
			pr_err("%s: cannot be set up: error %d\n",
			       providers[i].ops->name, err);
			goto err_stop;
		}
	}
	return 0;

err_stop:
	while (i--)
		provider_stop(&providers[i]);
	return err;
}

void cvme_providers_exit(void)
{
	unsigned int i = ARRAY_SIZE(providers);

	while (i--)
		provider_stop(&providers[i]);
}
