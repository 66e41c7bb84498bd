// SPDX-License-Identifier: GPL-2.0
/*
 * For tests of a TPM that the kernel does not let anybody use: while this module
 * is loaded, the first TPM has the flag that the TPM core sets itself when the
 * machine is suspended (drivers/char/tpm/tpm-interface.c, tpm_pm_suspend()) or
 * when the TPM was reset behind its back (tpm2-sessions.c, tpm2_load_null(),
 * since Linux 6.12). Loading fails with EOPNOTSUPP where the kernel lacks it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/string.h>
#include <linux/tpm.h>

static char *flag = "suspended";
module_param(flag, charp, 0444);
MODULE_PARM_DESC(flag, "suspended or disabled");

static struct tpm_chip *chip;
static u32 bit;

static int __init tpmflag_init(void)
{
	if (!strcmp(flag, "suspended"))
		bit = TPM_CHIP_FLAG_SUSPENDED;
#ifdef SIM_HAVE_TPM_DISABLE
	else if (!strcmp(flag, "disabled"))
		bit = TPM_CHIP_FLAG_DISABLE;
#endif
	if (!bit)
		return -EOPNOTSUPP;
	chip = tpm_default_chip();
	if (!chip)
		return -ENODEV;
	mutex_lock(&chip->tpm_mutex);
	chip->flags |= bit;
	mutex_unlock(&chip->tpm_mutex);
	return 0;
}

static void __exit tpmflag_exit(void)
{
	mutex_lock(&chip->tpm_mutex);
	chip->flags &= ~bit;
	mutex_unlock(&chip->tpm_mutex);
	put_device(&chip->dev);
}

module_init(tpmflag_init);
module_exit(tpmflag_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Suspends or disables the TPM, for tests of cvm_evidence");
