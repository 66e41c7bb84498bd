// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to the VM and to its drivers: forks of the VM (VM generation
 * id), resume, reports that differ from earlier ones, modules that come and go.
 *
 * The VM generation id comes from the host, which is not trusted, and the
 * notice comes after the fact: the epoch is hygiene, not proof.
 */
#include "cvm_evidence.h"

#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/random.h>
#include <linux/suspend.h>
#include <linux/workqueue.h>

#include "events.h"
#include "provider.h"
#include "report.h"

static atomic64_t vm_epoch = ATOMIC64_INIT(0);

static void vmfork_work_fn(struct work_struct *work)
{
	cvme_event_reattest(CVM_EVIDENCE_CAUSE_VM_FORK);
}

static DECLARE_WORK(vmfork_work, vmfork_work_fn);

/* May run in hardirq on devicetree systems: no more than this */
static int vmfork_notify(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	atomic64_inc(&vm_epoch);
	schedule_work(&vmfork_work);
	return NOTIFY_DONE;
}

static struct notifier_block vmfork_nb = {
	.notifier_call = vmfork_notify,
};

u64 cvme_vm_epoch(void)
{
	return atomic64_read(&vm_epoch);
}

/* Without VMGENID the registration is an inline that does nothing */
bool cvme_vm_fork_noticed(void)
{
	return IS_ENABLED(CONFIG_VMGENID);
}

/* Also after a suspend that was turned back: one attestation too many, no harm */
static int pm_notify(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	switch (action) {
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		cvme_event_reattest(CVM_EVIDENCE_CAUSE_RESUME);
	}
	return NOTIFY_DONE;
}

static struct notifier_block pm_nb = {
	.notifier_call = pm_notify,
};

/**
 * struct first_seen - fixed fields of the reports, as they were last
 * @known: a report had it
 * @len: its length
 * @val: what it was
 *
 * Of the VM, not of a provider: two ways to the same hardware agree.
 */
static struct first_seen {
	bool known;
	u32 len;
	u8 val[CVME_FIELD_MAX];
} seen[CVM_EVIDENCE_FIELD_VM_UNIQUE_ID + 1];
static DEFINE_SPINLOCK(seen_lock);

/**
 * cvme_watch_report - is it still the same VM, on the same machine
 * @provider: enum cvm_evidence_provider_id
 * @res: its answer, checked
 */
void cvme_watch_report(u32 provider, const struct cvme_result *res)
{
	struct first_seen old;
	bool changed;
	const u8 *val;
	u32 field, len;

	for (field = 1; field < ARRAY_SIZE(seen); field++) {
		val = cvme_report_field(res, field, &len);
		if (!val || len > CVME_FIELD_MAX)
			continue;
		spin_lock(&seen_lock);
		old = seen[field];
		changed = old.len != len || memcmp(old.val, val, len);
		if (changed) {
			memcpy(seen[field].val, val, len);
			seen[field].len = len;
		}
		seen[field].known = true;
		spin_unlock(&seen_lock);
		if (changed && old.known)
			cvme_event_field(provider, res->tee, field, old.val,
					 old.len, val, len);
	}
}

/*
 * LIVE, not COMING: drivers register with TSM before they are ready to serve
 * (kernel 7.x sev-guest). GOING comes after the driver's exit function.
 */
static int module_notify(struct notifier_block *nb, unsigned long state,
			 void *data)
{
	const struct module *mod = data;

	if (mod == THIS_MODULE)
		return NOTIFY_DONE;
	if (state == MODULE_STATE_LIVE || state == MODULE_STATE_GOING)
		cvme_providers_module_event(mod, state == MODULE_STATE_GOING);
	return NOTIFY_DONE;
}

static struct notifier_block module_nb = {
	.notifier_call = module_notify,
};

int cvme_watch_init(void)
{
	int err;

	err = register_random_vmfork_notifier(&vmfork_nb);
	if (err)
		return err;
	err = register_pm_notifier(&pm_nb);
	if (err)
		goto err_vmfork;
	err = register_module_notifier(&module_nb);
	if (err)
		goto err_pm;
	return 0;

err_pm:
	unregister_pm_notifier(&pm_nb);
err_vmfork:
	unregister_random_vmfork_notifier(&vmfork_nb);
	cancel_work_sync(&vmfork_work);
	return err;
}

void cvme_watch_exit(void)
{
	unregister_module_notifier(&module_nb);
	unregister_pm_notifier(&pm_nb);
	unregister_random_vmfork_notifier(&vmfork_nb);
	cancel_work_sync(&vmfork_work);
}
