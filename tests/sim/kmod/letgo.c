// SPDX-License-Identifier: GPL-2.0
/*
 * For tests of unloading cvm_evidence: makes its code slow right after it let
 * go of something, so that whoever waited for that is far ahead of it. Where
 * the module still runs when nothing holds it any more, it runs in freed memory.
 *
 * A return probe on each of the symbols holds the CPU for delay_ms. It does so
 * for module_put(cvm_evidence), whoever calls it, and for the other symbols
 * when the module's thread calls them. Loading fails with ENOENT when a symbol
 * cannot be probed here, with EOPNOTSUPP on a kernel without return probes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>

#define TARGET		"cvm_evidence"
#define SYMBOLS_MAX	8

static char *symbols[SYMBOLS_MAX] = { "module_put" };
static int nr_symbols = 1;
module_param_array(symbols, charp, &nr_symbols, 0444);
MODULE_PARM_DESC(symbols, "functions that are slow to return");

static unsigned int delay_ms = 300;
module_param(delay_ms, uint, 0644);
MODULE_PARM_DESC(delay_ms, "how long they are, in ms");

/* How often it was slow: a test that slows nothing down proves nothing. */
static atomic_t hits = ATOMIC_INIT(0);

static int hits_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&hits));
}

static const struct kernel_param_ops hits_ops = { .get = hits_get };
module_param_cb(hits, &hits_ops, NULL, 0444);
MODULE_PARM_DESC(hits, "how often one was slow");

#ifdef CONFIG_KRETPROBES
static struct kretprobe probes[SYMBOLS_MAX];

static bool is_put(const struct kretprobe_instance *ri)
{
	return !strcmp(get_kretprobe((struct kretprobe_instance *)ri)->kp.symbol_name,
		       "module_put");
}

/* Not 0: this call is let pass */
static int entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct module *mod;

	if (!strcmp(current->comm, TARGET) && (current->flags & PF_KTHREAD))
		return 0;
	if (!is_put(ri))
		return 1;
	mod = (const struct module *)regs_get_kernel_argument(regs, 0);
	return !mod || strcmp(mod->name, TARGET);
}

NOKPROBE_SYMBOL(entry);

static int returns(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	atomic_inc(&hits);
	mdelay(READ_ONCE(delay_ms));
	return 0;
}

NOKPROBE_SYMBOL(returns);

static void unregister(int n)
{
	while (n--)
		unregister_kretprobe(&probes[n]);
}

static int __init letgo_init(void)
{
	int i, err;

	for (i = 0; i < nr_symbols; i++) {
		probes[i].kp.symbol_name = symbols[i];
		probes[i].entry_handler = entry;
		probes[i].handler = returns;
		probes[i].maxactive = 64;
		err = register_kretprobe(&probes[i]);
		if (err) {
			pr_err("%s cannot be probed: %d\n", symbols[i], err);
			unregister(i);
			return err;
		}
	}
	return 0;
}

static void __exit letgo_exit(void)
{
	unregister(nr_symbols);
}
#else
static int __init letgo_init(void)
{
	return -EOPNOTSUPP;
}

static void __exit letgo_exit(void)
{
}
#endif

module_init(letgo_init);
module_exit(letgo_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Slows cvm_evidence down where it lets go, for tests of unloading");
