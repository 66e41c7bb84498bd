// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to the VM and to its drivers: forks of the VM (VM generation
 * id), resume, modules that come and go.
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
#include "serve.h"
#include "state.h"
#include "watch.h"

static void reattest(u32 cause)
{
	struct cvme_event ev = {
		.type = CVM_EVIDENCE_EV_REATTEST,
		.cause = cause,
	};

	cvme_event_add(&ev);
}

static void vmfork_work_fn(struct work_struct *work)
{
	reattest(CVM_EVIDENCE_CAUSE_VM_FORK);
}

static DECLARE_WORK(vmfork_work, vmfork_work_fn);

/* May run in hardirq on devicetree systems: leave everything else to the work */
static int vmfork_notify(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	cvme_vm_forked();
	schedule_work(&vmfork_work);
	return NOTIFY_DONE;
}

static struct notifier_block vmfork_nb = {
	.notifier_call = vmfork_notify,
};

/* Also after an aborted suspend: one attestation too many does no harm */
static int pm_notify(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	switch (action) {
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		reattest(CVM_EVIDENCE_CAUSE_RESUME);
	}
	return NOTIFY_DONE;
}

static struct notifier_block pm_nb = {
	.notifier_call = pm_notify,
};

/*
 * LIVE, not COMING: drivers register with TSM before they are ready to serve
 * (kernel 7.x sev-guest). GOING comes after the driver's exit function.
 */
static int module_notify(struct notifier_block *nb, unsigned long state,
			 void *data)
{
	const struct module *mod = data;
	bool going = state == MODULE_STATE_GOING;

	if (mod == THIS_MODULE || (state != MODULE_STATE_LIVE && !going))
		return NOTIFY_DONE;
	/* probed now, so that PROVIDER_ADDED precedes the first request */
	if (cvme_providers_module(mod->name, going))
		cvme_worker_probe();
	if (going)
		cvme_worker_release(mod->name);
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
