// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated arm_cca_guest: tokens through TSM, no node of its own. The name
 * is the real driver's, see sev_main.c. It has nothing x86 or Arm about it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": SIMULATED: " fmt

#include <linux/delay.h>
#include <linux/module.h>

#include "cvm_sim.h"
#include "tsm_compat.h"

#define CHALLENGE_MIN	32
#define CHALLENGE_MAX	64

static unsigned int init_delay_ms;
module_param(init_delay_ms, uint, 0444);
MODULE_PARM_DESC(init_delay_ms, "time between registering and being ready");

static unsigned int mkdir_delay_ms;
module_param(mkdir_delay_ms, uint, 0444);
MODULE_PARM_DESC(mkdir_delay_ms, "time that the mkdir of an entry takes");

static struct sim_tee *tee;
static bool ready;

static int token(struct tsm_report *report, const struct sim_plan *plan)
{
	struct sim_tsm_desc *desc = &report->desc;
	u8 challenge[CHALLENGE_MAX] = {};
	struct cvm_sim_request rq;
	struct sim_answer a = {};
	int err;

	/* The realm's challenge is 64 bytes: a shorter one is padded. */
	memcpy(challenge, desc->inblob, desc->inblob_len);
	sim_request_init(&rq, CVM_SIM_CCA, plan, challenge, sizeof(challenge));
	if (plan->knob[SIM_FW_ERROR]) {
		sim_firmware_wait(tee, plan, &rq);
		return -ENXIO;
	}
	err = sim_firmware(tee, plan, &rq, &a);
	if (err)
		return err;
	report->outblob = a.out;
	report->outblob_len = a.out_len;
	a.out = NULL;
	sim_answer_free(&a);
	return 0;
}

static int cca_report_new(struct tsm_report *report, void *data)
{
	struct sim_plan plan;

	if (!READ_ONCE(ready)) {
		sim_count(tee, SIM_C_NOT_READY);
		WARN(1, "cvm_sim: arm_cca_guest called before it was ready\n");
		return -EIO;
	}
	sim_count(tee, SIM_C_TSM_CALLS);
	if (report->desc.inblob_len < CHALLENGE_MIN ||
	    report->desc.inblob_len > CHALLENGE_MAX)
		return -EINVAL;
	sim_begin(tee, &plan);
	return sim_end(tee, token(report, &plan));
}

/* No visibility callbacks: all attributes are there, as with the real one. */
static const struct sim_tsm_ops cca_ops = {
	.name = KBUILD_MODNAME,
	.report_new = cca_report_new,
};

static bool slowly_visible(int n)
{
	if (n == TSM_REPORT_PROVIDER)
		msleep(mkdir_delay_ms);
	return true;
}

static const struct sim_tsm_ops cca_slow_ops = {
	.name = KBUILD_MODNAME,
	.report_new = cca_report_new,
	.report_attr_visible = slowly_visible,
};

static const struct sim_tsm_ops *ops(void)
{
	return mkdir_delay_ms ? &cca_slow_ops : &cca_ops;
}

static int __init sim_cca_init(void)
{
	int err;

	tee = sim_tee(SIM_ARM_CCA_GUEST);
	err = sim_tsm_register(ops(), NULL);
	if (err)
		return err;
	if (init_delay_ms)
		msleep(init_delay_ms);
	WRITE_ONCE(ready, true);
	pr_info("ready (TSM)\n");
	return 0;
}

static void __exit sim_cca_exit(void)
{
	sim_tsm_unregister(ops());
}

module_init(sim_cca_init);
module_exit(sim_cca_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("SIMULATED arm_cca_guest for the tests of cvm-evidence");
