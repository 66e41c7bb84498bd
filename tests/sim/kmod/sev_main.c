// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated sev_guest: the name is the real driver's because the module's
 * name is what TSM shows and what a user of the node checks. Behaves as the
 * real one does in how it locks, retries, loses its key and goes away.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": SIMULATED: " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sev.h"

static bool tsm = true;
module_param(tsm, bool, 0444);
MODULE_PARM_DESC(tsm, "register with TSM (where the kernel has it)");

static bool node = true;
module_param(node, bool, 0444);
MODULE_PARM_DESC(node, "offer /dev/sev-guest");

int sev_vmpl;
module_param_named(vmpl, sev_vmpl, int, 0444);
MODULE_PARM_DESC(vmpl, "VMPL the kernel runs at; the SVSM attributes are there if it is not 0");

static int vmpck_param = -1;
module_param_named(vmpck_id, vmpck_param, int, 0444);
MODULE_PARM_DESC(vmpck_id, "key to the firmware, 0..3 (default: the VMPL)");

/*
 * The key in use. The parameter shows it up to 6.12 (sev-guest.c,
 * sev_guest_probe()); 7.x leaves the parameter at -1 and decides in
 * arch/x86/coco/sev/core.c, snp_msg_init().
 */
int sev_vmpck_id;

static int privlevel_floor = -1;
module_param(privlevel_floor, int, 0444);
MODULE_PARM_DESC(privlevel_floor, "what TSM is told (default: vmpck_id)");

static unsigned int init_delay_ms;
module_param(init_delay_ms, uint, 0444);
MODULE_PARM_DESC(init_delay_ms, "time between registering and being ready");

/* as the real driver's snp_cmd_mutex: one message to the firmware at a time */
DEFINE_MUTEX(sev_mutex);
struct sim_tee *sev_tee;
struct sev_state *sev;
bool sev_ready;
static bool removed;

/*
 * The real driver dereferences a NULL pointer when it is called before its
 * init has ended, and freed memory when it is called during removal. Here that
 * is a WARN, which fails the test. Caller holds sev_mutex.
 */
bool sev_gone(void)
{
	if (removed) {
		sim_count(sev_tee, SIM_C_AFTER_REMOVE);
		WARN(1, "cvm_sim: sev_guest called while it is being removed\n");
		return true;
	}
	if (!READ_ONCE(sev_ready)) {
		sim_count(sev_tee, SIM_C_NOT_READY);
		WARN(1, "cvm_sim: sev_guest called before it was ready\n");
		return true;
	}
	return false;
}

bool sev_key_empty(void)
{
	return sim_key_wiped(sev_tee, sev_vmpck_id);
}

/*
 * As the host throttles: the message is on the wire, so the driver can only
 * try again until it is taken, or give the key up.
 */
static int wait_for_host(const struct sim_plan *plan)
{
	unsigned long max = msecs_to_jiffies(plan->knob[SIM_RETRY_MAX_MS]);
	unsigned long retry = msecs_to_jiffies(plan->knob[SIM_RETRY_MS]);
	unsigned long start = jiffies;

	while (sim_take(sev_tee, SIM_THROTTLE)) {
		sim_count(sev_tee, SIM_C_BUSY_TRIES);
		if (jiffies - start > max)
			return -ETIMEDOUT;
		/* Returns at once when a fatal signal is pending: so does the real one. */
		schedule_timeout_killable(retry);
		cond_resched();
	}
	return 0;
}

static int check_certs(struct sev_request *r)
{
	u32 needed = DIV_ROUND_UP(r->answer.aux_len, PAGE_SIZE);

	if (needed > r->npages) {
		r->npages = needed;
		r->exitinfo2 = SEV_VMM_ERR(SEV_VMM_ERR_INVALID_LEN);
		return -EIO;
	}
	memset(sev->certs, 0, sizeof(sev->certs));
	if (r->answer.aux_len)
		memcpy(sev->certs, r->answer.aux, r->answer.aux_len);
	return 0;
}

static int issue(struct sev_request *r, bool ext)
{
	const struct sim_plan *plan = &r->plan;
	int err;

	err = wait_for_host(plan);
	r->exitinfo2 = err ? SEV_VMM_ERR(SEV_VMM_ERR_BUSY) : 0;
	if (err)
		return err;

	if (plan->knob[SIM_FW_ERROR]) {
		sim_firmware_wait(sev_tee, plan, &r->rq);
		r->exitinfo2 = plan->knob[SIM_FW_ERROR];
		return -EIO;
	}
	err = sim_firmware(sev_tee, plan, &r->rq, &r->answer);
	if (err) {
		r->exitinfo2 = SEV_NO_FW_CALL;
		return -EIO;
	}
	/* Firmware answers in the version it was asked in, or not at all. */
	if (plan->knob[SIM_BADMSG] || r->msg_version != SEV_MSG_VERSION)
		return -EBADMSG;
	if (ext) {
		err = check_certs(r);
		if (err)
			return err;
	}
	r->status = plan->knob[SIM_RSP_STATUS];
	/* A key of VMPL n serves VMPL n and above. */
	if (!r->status && (r->rq.vmpl < sev_vmpck_id || r->rq.vmpl > 3))
		r->status = SEV_STATUS_INVALID_PARAM;
	return 0;
}

/*
 * One guest request. Any failure after the message has left costs the key, as
 * its IV must not be used twice; but for too small a certificate buffer, where
 * the driver repeats the request without certificates. Caller holds sev_mutex
 * and has called sim_begin().
 */
int sev_guest_request(struct sev_request *r, const u8 *data, u32 vmpl, bool ext)
{
	int err;

	sim_request_init(&r->rq, CVM_SIM_SNP, &r->plan, data, sizeof(r->rq.report_data));
	r->rq.vmpl = vmpl;

	err = issue(r, ext);
	if (!err)
		return 0;
	sim_answer_free(&r->answer);
	if (err == -EIO && r->exitinfo2 == SEV_VMM_ERR(SEV_VMM_ERR_INVALID_LEN))
		return err;
	/* A daemon that died is our harness's fault: keep the key. */
	if (r->plan.knob[SIM_KEEP_KEY] || r->exitinfo2 == SEV_NO_FW_CALL)
		return err;
	pr_info("request failed (%d, exitinfo2 0x%llx), VMPCK%d is wiped\n", err,
		r->exitinfo2, sev_vmpck_id);
	sim_key_wipe(sev_tee, sev_vmpck_id);
	return err;
}

#ifdef SIM_HAVE_TSM_REPORT
/* /sys/devices/system/cpu/sev/vmpl: arch/x86/coco/sev/core.c, sev_sysfs_init() */
static struct kobject *sev_kobj;

static ssize_t vmpl_show_text(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", sev_vmpl);
}

static struct kobj_attribute vmpl_attr = __ATTR(vmpl, 0444, vmpl_show_text, NULL);

static int vmpl_show(void)
{
	struct device *cpus = bus_get_dev_root(&cpu_subsys);
	int err;

	if (!cpus)
		return -ENODEV;
	sev_kobj = kobject_create_and_add("sev", &cpus->kobj);
	put_device(cpus);
	if (!sev_kobj)
		return -ENOMEM;
	sysfs_attr_init(&vmpl_attr.attr);
	err = sysfs_create_file(sev_kobj, &vmpl_attr.attr);
	if (err)
		kobject_put(sev_kobj);
	return err;
}

static void vmpl_hide(void)
{
	kobject_put(sev_kobj);
}
#else
static int vmpl_show(void)
{
	return 0;
}

static void vmpl_hide(void)
{
}
#endif

static int __init sim_sev_init(void)
{
	int err;

	if (sev_vmpl < 0 || sev_vmpl > 3)
		return -EINVAL;
	sev_vmpck_id = vmpck_param == -1 ? sev_vmpl : vmpck_param;
#ifndef SIM_HAVE_TSM_REPORT
	vmpck_param = sev_vmpck_id;
#endif
	if (sev_vmpck_id < 0 || sev_vmpck_id > 3) {
		pr_err("there is no VMPCK%d\n", sev_vmpck_id);
		return -EINVAL;
	}
	sev_tee = sim_tee(SIM_SEV_GUEST);
	if (sev_key_empty()) {
		pr_err("VMPCK%d is wiped: load with another vmpck_id\n", sev_vmpck_id);
		return -EINVAL;
	}

	sev = kvzalloc(sizeof(*sev), GFP_KERNEL);
	if (!sev)
		return -ENOMEM;

	WRITE_ONCE(sev_tee->vmpck_id, sev_vmpck_id);
	err = vmpl_show();
	if (err)
		goto err_free;
	tsm = tsm && sev_tsm_available();
	if (tsm) {
		err = sev_tsm_register(privlevel_floor < 0 ? sev_vmpck_id : privlevel_floor);
		if (err)
			goto err_vmpl;
	}
	if (node) {
		err = sev_node_register();
		if (err)
			goto err_tsm;
	}
	/* 7.x is visible here, and not ready. */
	if (init_delay_ms)
		msleep(init_delay_ms);
	WRITE_ONCE(sev_ready, true);
	pr_info("ready (VMPCK%d%s%s)\n", sev_vmpck_id, tsm ? ", TSM" : "",
		node ? ", /dev/sev-guest" : "");
	return 0;

err_tsm:
	if (tsm)
		sev_tsm_unregister();
err_vmpl:
	vmpl_hide();
err_free:
	WRITE_ONCE(sev_tee->vmpck_id, -1);
	kvfree(sev);
	return err;
}

static void __exit sim_sev_exit(void)
{
	WARN(atomic64_read(&sev_tee->counters[SIM_C_IN_FLIGHT]),
	     "cvm_sim: sev_guest removed with a request in flight\n");

	/* The real one frees first and lets devres tell TSM afterwards. */
	mutex_lock(&sev_mutex);
	removed = true;
	kvfree(sev);
	mutex_unlock(&sev_mutex);
	if (node)
		sev_node_unregister();
	if (tsm)
		sev_tsm_unregister();
	vmpl_hide();
	WRITE_ONCE(sev_tee->vmpck_id, -1);
}

module_init(sim_sev_init);
module_exit(sim_sev_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("SIMULATED sev_guest for the tests of cvm-evidence");
