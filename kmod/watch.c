// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to the VM and to its drivers: forks of the VM (VM generation
 * id), modules that come and go.
 *
 * The VM generation id comes from the host, which is not trusted, and the
 * notice comes after the fact: the epoch is hygiene, not proof.
 */
#include "cvm_evidence.h"

#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/random.h>

#include "provider.h"

static atomic64_t vm_epoch = ATOMIC64_INIT(0);

/* May run in hardirq on devicetree systems: no more than this */
static int vmfork_notify(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	atomic64_inc(&vm_epoch);
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
	err = register_module_notifier(&module_nb);
	if (err)
		unregister_random_vmfork_notifier(&vmfork_nb);
	return err;
}

void cvme_watch_exit(void)
{
	unregister_module_notifier(&module_nb);
	unregister_random_vmfork_notifier(&vmfork_nb);
}
