// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated tdx_guest: quotes through TSM, TDREPORTs through /dev/tdx_guest.
 * The name is the real driver's, see sev_main.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": SIMULATED: " fmt

#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#ifdef SIM_HAVE_TDX_UAPI
#include <linux/tdx-guest.h>
#else
/* Before the driver was merged; the layout has not changed since it was. */
#include <linux/ioctl.h>
#define TDX_REPORTDATA_LEN	64
#define TDX_REPORT_LEN		1024
struct tdx_report_req {
	__u8 reportdata[TDX_REPORTDATA_LEN];
	__u8 tdreport[TDX_REPORT_LEN];
};

#define TDX_CMD_GET_REPORT0	_IOWR('T', 1, struct tdx_report_req)
#endif

#include "cvm_sim.h"
#include "tsm_compat.h"

/* Quotes larger than the driver's buffer are refused by it. */
#ifdef SIM_HAVE_TSM_REPORT
#define QUOTE_MAX	(SZ_128K - 24)
#define OF_7X	true
#else
#define QUOTE_MAX	(SZ_8K - 24)
#define OF_7X	false
#endif

static bool tsm = true;
module_param(tsm, bool, 0444);
MODULE_PARM_DESC(tsm, "register with TSM (where the kernel has it)");

static bool node = true;
module_param(node, bool, 0444);
MODULE_PARM_DESC(node, "offer /dev/tdx_guest");

static unsigned int init_delay_ms;
module_param(init_delay_ms, uint, 0444);
MODULE_PARM_DESC(init_delay_ms, "time between registering and being ready");

static struct sim_tee *tee;
static bool ready;

static bool not_ready(void)
{
	if (READ_ONCE(ready))
		return false;
	sim_count(tee, SIM_C_NOT_READY);
	WARN(1, "cvm_sim: tdx_guest called before it was ready\n");
	return true;
}

/*
 * tdcall: the status of TDG.MR.REPORT, of which tdx.c makes an errno: until 6.15
 * EINVAL or EIO, later ENXIO, EBUSY or EIO.
 */
#define TDCALL_CLASS(status)	((status) >> 32)
#define TDX_OPERAND_INVALID	0xc0000100ULL
#define TDX_OPERAND_BUSY	0x80000200ULL

static int tdcall_errno(u64 status)
{
	if (TDCALL_CLASS(status) == TDX_OPERAND_INVALID)
		return OF_7X ? -ENXIO : -EINVAL;
	if (TDCALL_CLASS(status) == TDX_OPERAND_BUSY && OF_7X)
		return -EBUSY;
	return status ? -EIO : 0;
}

static int get_report0(const u8 *reportdata, u8 *tdreport)
{
	struct cvm_sim_request rq;
	struct sim_answer a = {};
	struct sim_plan plan;
	int err;

	sim_begin(tee, &plan);
	err = tdcall_errno(plan.knob[SIM_TDCALL]);
	if (err)
		goto out;
	sim_request_init(&rq, CVM_SIM_TDREPORT, &plan, reportdata, TDX_REPORTDATA_LEN);
	if (plan.knob[SIM_FW_ERROR]) {
		sim_firmware_wait(tee, &plan, &rq);
		err = -EIO;
		goto out;
	}
	err = sim_firmware(tee, &plan, &rq, &a);
	if (err)
		goto out;
	/* Whatever firmware wrote: the page has its size. */
	memset(tdreport, 0, TDX_REPORT_LEN);
	memcpy(tdreport, a.out, min_t(u32, a.out_len, TDX_REPORT_LEN));
out:
	sim_answer_free(&a);
	return sim_end(tee, err);
}

static long tdx_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tdx_report_req __user *req = (void __user *)arg;
	struct tdx_report_req *buf;
	long err = 0;

	if (cmd != TDX_CMD_GET_REPORT0)
		return -ENOTTY;
	if (not_ready())
		return -EIO;
	sim_count(tee, SIM_C_NODE_CALLS);

	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	if (copy_from_user(buf->reportdata, req->reportdata, sizeof(buf->reportdata))) {
		err = -EFAULT;
		goto out;
	}
	err = get_report0(buf->reportdata, buf->tdreport);
	if (err)
		goto out;
	if (copy_to_user(req->tdreport, buf->tdreport, sizeof(buf->tdreport)))
		err = -EFAULT;
out:
	kfree(buf);
	return err;
}

static const struct file_operations tdx_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = tdx_ioctl,
};

static struct miscdevice tdx_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &tdx_fops,
};

#ifdef SIM_HAVE_TSM

static DEFINE_MUTEX(quote_lock);
static bool quote_in_flight;	/* the host still owns the one buffer */

/*
 * throttle=1: the quoting service does not answer. The driver looks once every
 * retry_ms, retry_max_ms / retry_ms times, and refuses everybody until the host is
 * done. As the real one's (wait_for_quote_completion()) the end is odd: a quote that
 * is there at the last look is ETIMEDOUT, one that is not is success.
 *
 * Return: 1 when the host has none.
 */
static int wait_for_quote(const struct sim_plan *plan)
{
	u64 max = plan->knob[SIM_RETRY_MAX_MS] / max_t(u64, plan->knob[SIM_RETRY_MS], 1);
	u64 i = 0;

	while (sim_take(tee, SIM_THROTTLE)) {
		sim_count(tee, SIM_C_BUSY_TRIES);
		if (i++ >= max) {
			quote_in_flight = true;
			return 1;
		}
		if (msleep_interruptible(plan->knob[SIM_RETRY_MS])) {
			quote_in_flight = true;
			return -EINTR;
		}
	}
	return i == max ? -ETIMEDOUT : 0;
}

/*
 * No quote from the host, in time or at all. 6.12 does not look at the status and
 * takes as many bytes as the host wrote, none here (tdx-guest.c,
 * tdx_report_new()); mainline returns EIO.
 */
static int no_quote(struct tsm_report *report)
{
	if (OF_7X)
		return -EIO;
	report->outblob = kvzalloc(1, GFP_KERNEL);
	report->outblob_len = 0;
	return report->outblob ? 0 : -ENOMEM;
}

/*
 * echo=LEN: the host refuses and writes a length all the same, so 6.12 gives what
 * is in the buffer: the TDREPORT that it sent, and zeros.
 */
static int echo(struct tsm_report *report, const struct sim_plan *plan)
{
	struct sim_tsm_desc *desc = &report->desc;
	u32 len = min_t(u64, plan->knob[SIM_ECHO], QUOTE_MAX);
	struct cvm_sim_request rq;
	struct sim_answer a = {};
	int err;

	if (OF_7X)
		return -EIO;
	sim_request_init(&rq, CVM_SIM_TDREPORT, plan, desc->inblob, desc->inblob_len);
	err = sim_firmware(tee, plan, &rq, &a);
	if (err)
		return err;
	report->outblob = kvzalloc(len, GFP_KERNEL);
	if (report->outblob) {
		memcpy(report->outblob, a.out, min(a.out_len, len));
		report->outblob_len = len;
	}
	sim_answer_free(&a);
	return report->outblob ? 0 : -ENOMEM;
}

static int quote(struct tsm_report *report, const struct sim_plan *plan)
{
	struct sim_tsm_desc *desc = &report->desc;
	struct cvm_sim_request rq;
	struct sim_answer a = {};
	int err;

	err = tdcall_errno(plan->knob[SIM_TDCALL]);
	if (err)
		return err;
	/* what the hypercall returns; the driver asks once */
	if (plan->knob[SIM_VMCALL])
		return -EIO;
	if (plan->knob[SIM_ECHO])
		return echo(report, plan);
	sim_request_init(&rq, CVM_SIM_QUOTE, plan, desc->inblob, desc->inblob_len);
	if (plan->knob[SIM_FW_ERROR] || plan->knob[SIM_QUOTE_STATUS]) {
		sim_firmware_wait(tee, plan, &rq);
		return no_quote(report);
	}
	err = wait_for_quote(plan);
	if (err < 0)
		return err;
	if (err)
		return no_quote(report);
	/* async: the host has it so much later, and the driver sees it at its next look */
	if (plan->knob[SIM_ASYNC] &&
	    msleep_interruptible(roundup(plan->knob[SIM_ASYNC], plan->knob[SIM_RETRY_MS] ?: 1)))
		return -EINTR;
	err = sim_firmware(tee, plan, &rq, &a);
	if (err)
		return err;
	/* The oversize knob stands for a provider without such a limit. */
	if (a.out_len > QUOTE_MAX && !plan->knob[SIM_OVERSIZE]) {
		sim_answer_free(&a);
		return -EFBIG;
	}
	report->outblob = a.out;
	report->outblob_len = a.out_len;
	a.out = NULL;
	sim_answer_free(&a);
	return 0;
}

static int tdx_report_new(struct tsm_report *report, void *data)
{
	struct sim_plan plan;
	int err;

	if (not_ready())
		return -EIO;
	sim_count(tee, SIM_C_TSM_CALLS);
	if (mutex_lock_interruptible(&quote_lock))
		return -EINTR;
	if (quote_in_flight && sim_peek(tee, SIM_THROTTLE)) {
		err = -EBUSY;
		goto unlock;
	}
	quote_in_flight = false;
	if (report->desc.inblob_len != TDX_REPORTDATA_LEN) {
		err = -EINVAL;
		goto unlock;
	}
	sim_begin(tee, &plan);
	err = sim_end(tee, quote(report, &plan));
unlock:
	mutex_unlock(&quote_lock);
	return err;
}

static unsigned int mkdir_delay_ms;
module_param(mkdir_delay_ms, uint, 0444);
MODULE_PARM_DESC(mkdir_delay_ms, "time that the mkdir of an entry takes");

static bool tdx_attr_visible(int n)
{
	if (n == TSM_REPORT_PROVIDER && mkdir_delay_ms)
		msleep(mkdir_delay_ms);
	return n == TSM_REPORT_GENERATION || n == TSM_REPORT_PROVIDER;
}

static bool tdx_bin_attr_visible(int n)
{
	return n == TSM_REPORT_INBLOB || n == TSM_REPORT_OUTBLOB;
}

static const struct sim_tsm_ops tdx_ops = {
	.name = KBUILD_MODNAME,
	.report_new = tdx_report_new,
	.report_attr_visible = tdx_attr_visible,
	.report_bin_attr_visible = tdx_bin_attr_visible,
};

static int register_tsm(void)
{
	return tsm ? sim_tsm_register(&tdx_ops, NULL) : 0;
}

static void unregister_tsm(void)
{
	if (tsm)
		sim_tsm_unregister(&tdx_ops);
}

#else /* !SIM_HAVE_TSM */

static int register_tsm(void)
{
	tsm = false;
	return 0;
}

static void unregister_tsm(void)
{
}

#endif

static int __init sim_tdx_init(void)
{
	int err;

	tee = sim_tee(SIM_TDX_GUEST);
	if (node) {
		err = misc_register(&tdx_dev);
		if (err)
			return err;
	}
	err = register_tsm();
	if (err)
		goto err_node;
	if (init_delay_ms)
		msleep(init_delay_ms);
	WRITE_ONCE(ready, true);
	pr_info("ready (%s%s)\n", tsm ? "TSM " : "", node ? "/dev/tdx_guest" : "");
	return 0;

err_node:
	if (node)
		misc_deregister(&tdx_dev);
	return err;
}

static void __exit sim_tdx_exit(void)
{
	unregister_tsm();
	if (node)
		misc_deregister(&tdx_dev);
}

module_init(sim_tdx_init);
module_exit(sim_tdx_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("SIMULATED tdx_guest for the tests of cvm-evidence");
