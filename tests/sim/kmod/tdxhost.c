// SPDX-License-Identifier: GPL-2.0
/*
 * The TDX module and the host under the kernel's own tdx_guest.ko, in a plain VM.
 * ftrace diverts the functions with which that driver makes its TDCALL and its
 * hypercall (arch/x86/coco/tdx/tdx.c); everything above them is the real driver.
 *
 * What is answered follows
 * - TDG.MR.REPORT in Intel's TDX module ABI specification: operands aligned to 1024
 *   and 64 bytes, else TDCALL_OPERAND_INVALID; TDCALL_OPERAND_BUSY;
 * - TDG.VP.VMCALL<GetQuote> in Intel's GHCI: an aligned buffer of version 1, that
 *   belongs to the host while its status is IN_FLIGHT; and QEMU, which implements
 *   it (target/i386/kvm/tdx.c, tdx_handle_get_quote(), tdx_get_quote_completion());
 * - what tdx.c makes of a TDCALL's status: tdx_mcall_get_report0(), of which 6.12
 *   and 7.x differ.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": SIMULATED: " fmt

#include <linux/align.h>
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/set_memory.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/tdx-guest.h>
#include <linux/workqueue.h>

#include <asm/cpufeature.h>
#include <asm/tdx.h>

#include "cvm_sim.h"

/* Completion status of a TDCALL: the class is in the upper half */
#define TDCALL_OPERAND_INVALID	0xc0000100ULL
#define TDCALL_OPERAND_BUSY	0x80000200ULL
#define TDCALL_OPERAND_ID_RCX	1
#define TDCALL_OPERAND_ID_RDX	2
#define TDCALL_SYS_FATAL		0xc0000200ULL	/* any class that has no errno of its own */

/* R10 of TDG.VP.VMCALL */
#define VMCALL_INVALID_OPERAND	0x8000000000000000ULL
#define VMCALL_ALIGN_ERROR	0x8000000000000002ULL

/* Status in the buffer of GetQuote */
#define QUOTE_SUCCESS		0ULL
#define QUOTE_IN_FLIGHT		U64_MAX
#define QUOTE_ERROR		0x8000000000000000ULL
#define QUOTE_UNAVAILABLE	0x8000000000000001ULL

#define QUOTE_VERSION		1
#define TDREPORT_DATA		128	/* REPORTDATA in a TDREPORT */

struct quote_buf {
	u64 version;
	u64 status;
	u32 in_len;
	u32 out_len;
	u8 data[];
};

/* A request that the host has, and the shared pages it will answer in */
struct job {
	struct list_head list;
	struct work_struct work;
	struct quote_buf *buf;	/* NULL: these pages are private again */
	size_t size;
	u8 report_data[TDX_REPORTDATA_LEN];
	struct sim_plan plan;
	int looks;		/* of the driver until then */
};

static struct sim_tee *tee;
static struct workqueue_struct *host;
static LIST_HEAD(jobs);
static DEFINE_RAW_SPINLOCK(jobs_lock);	/* jobs, and buf of each */
static atomic_t inside = ATOMIC_INIT(0);
/* How often the driver has begun to sleep between two looks at the status */
static atomic_t looks = ATOMIC_INIT(0);

/* --- the TDX module --- */

enum asked_by { BY_REFRESH, BY_NODE, BY_TSM };

/* A quote begins with a TDREPORT as the node's ioctl does: the stack tells which. */
static enum asked_by asked_by(void)
{
	unsigned long at[16];
	unsigned int n = stack_trace_save(at, ARRAY_SIZE(at), 1);
	char name[40];

	for (unsigned int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%ps", (void *)at[i]);
		if (!strncmp(name, "tdx_report_new", 14))
			return BY_TSM;
		if (!strncmp(name, "tdx_guest_ioctl", 15))
			return BY_NODE;
	}
	return BY_REFRESH;
}

static u64 make_report(const u8 *data, u8 *tdreport, const struct sim_plan *plan)
{
	struct cvm_sim_request rq;
	struct sim_answer a = {};

	sim_request_init(&rq, CVM_SIM_TDREPORT, plan, data, TDX_REPORTDATA_LEN);
	if (sim_firmware(tee, plan, &rq, &a))
		return TDCALL_SYS_FATAL << 32;
	memset(tdreport, 0, TDX_REPORT_LEN);
	memcpy(tdreport, a.out, min_t(u32, a.out_len, TDX_REPORT_LEN));
	sim_answer_free(&a);
	return 0;
}

/*
 * A request by the node is one of firmware's; the TDREPORT of a quote is not
 * counted, and what the knobs are for befalls the quote. The TDREPORT by which
 * 7.x refreshes its measurement registers has no knobs at all.
 */
static u64 tdg_mr_report(const u8 *reportdata, u8 *tdreport)
{
	enum asked_by by = asked_by();
	u8 data[TDX_REPORTDATA_LEN];
	struct cvm_sim_request rq;
	struct sim_plan plan = {};
	u64 status;

	if (!IS_ALIGNED((unsigned long)tdreport, TDX_REPORT_LEN))
		return TDCALL_OPERAND_INVALID << 32 | TDCALL_OPERAND_ID_RCX;
	if (!IS_ALIGNED((unsigned long)reportdata, TDX_REPORTDATA_LEN))
		return TDCALL_OPERAND_INVALID << 32 | TDCALL_OPERAND_ID_RDX;
	/* on 7.x the one is inside the other */
	memcpy(data, reportdata, sizeof(data));

	if (by == BY_NODE) {
		sim_count(tee, SIM_C_NODE_CALLS);
		sim_begin(tee, &plan);
		status = plan.knob[SIM_TDCALL];
		if (!status && plan.knob[SIM_FW_ERROR]) {
			sim_request_init(&rq, CVM_SIM_TDREPORT, &plan, data, sizeof(data));
			sim_firmware_wait(tee, &plan, &rq);
			status = TDCALL_SYS_FATAL << 32;
		}
		if (!status)
			status = make_report(data, tdreport, &plan);
		sim_end(tee, status ? -EIO : 0);
		return status;
	}
	status = by == BY_TSM ? sim_take(tee, SIM_TDCALL) : 0;
	if (status) {
		/* it is a request, though it ends before the host has it */
		sim_count(tee, SIM_C_CALLS);
		sim_count(tee, SIM_C_FAILED);
		return status;
	}
	plan.knob[SIM_VERSION] = sim_peek(tee, SIM_VERSION);
	plan.knob[SIM_PRODUCT] = sim_peek(tee, SIM_PRODUCT);
	plan.knob[SIM_TCB] = sim_peek(tee, SIM_TCB);
	plan.knob[SIM_IDENTITY] = sim_peek(tee, SIM_IDENTITY);
	plan.knob[SIM_FAST] = 1;
	return make_report(data, tdreport, &plan);
}

/* tests/vm/findings: the line that excuses the WARN_ONCE() of 7.x */
static int mcall_errno(u64 status)
{
	if (!status)
		return 0;
	pr_info("TDCALL fails as asked for, with 0x%llx\n", status);
#ifdef SIM_HAVE_TDX_RTMR
	if (status >> 32 == TDCALL_OPERAND_INVALID)
		return -ENXIO;
	if (status >> 32 == TDCALL_OPERAND_BUSY)
		return -EBUSY;
#else
	if (status >> 32 == TDCALL_OPERAND_INVALID)
		return -EINVAL;
#endif
	return -EIO;
}

static noinline int host_get_report0(u8 *reportdata, u8 *tdreport)
{
	int err;

	atomic_inc(&inside);
	err = mcall_errno(tdg_mr_report(reportdata, tdreport));
	atomic_dec(&inside);
	return err;
}

#ifdef SIM_HAVE_TDX_RTMR
/* RTMRs are constants here: nobody may extend them. */
static noinline int host_extend_rtmr(u8 index, u8 *data)
{
	return mcall_errno(TDCALL_OPERAND_INVALID << 32 | TDCALL_OPERAND_ID_RDX);
}
#endif

/* --- the host --- */

/*
 * The answer appears in the guest's pages at once and its status last, as far as
 * they are still shared. A length that the buffer has no room for is told as it is.
 */
static void publish(struct job *job, u64 status, const void *out, u32 len, bool told)
{
	struct quote_buf *buf;
	unsigned long flags;

	raw_spin_lock_irqsave(&jobs_lock, flags);
	list_del(&job->list);
	buf = job->buf;
	if (buf) {
		if (out)
			memcpy(buf->data, out, min_t(size_t, len, job->size - sizeof(*buf)));
		if (out || told)
			WRITE_ONCE(buf->out_len, len);
		smp_wmb();	/* status says that the rest is there */
		WRITE_ONCE(buf->status, status);
	}
	raw_spin_unlock_irqrestore(&jobs_lock, flags);
}

/*
 * throttle: the quoting service does not answer until the driver has looked at the
 * status so often, and slept after each look. A driver that has given up looks no
 * more: then throttle=0 lets it answer, or three seconds after the last count.
 */
static void wait_for_service(const struct job *job)
{
	for (int n = 1; sim_take(tee, SIM_THROTTLE); n++) {
		int tries = sim_peek(tee, SIM_THROTTLE) ? -1 : 300;

		sim_count(tee, SIM_C_BUSY_TRIES);
		while (atomic_read(&looks) - job->looks < n &&
		       (tries < 0 ? sim_peek(tee, SIM_THROTTLE) : tries--))
			schedule_timeout_idle(msecs_to_jiffies(10));
	}
}

static void serve(struct job *job)
{
	const struct sim_plan *plan = &job->plan;
	struct cvm_sim_request rq;
	struct sim_answer a = {};
	u64 status = plan->knob[SIM_QUOTE_STATUS];
	int err = -EIO;

	sim_request_init(&rq, CVM_SIM_QUOTE, plan, job->report_data,
			 sizeof(job->report_data));
	if (!status && plan->knob[SIM_FW_ERROR]) {
		sim_firmware_wait(tee, plan, &rq);
		status = QUOTE_ERROR;
	}
	if (!status && plan->knob[SIM_ECHO])
		status = QUOTE_ERROR;
	if (!status) {
		err = sim_firmware(tee, plan, &rq, &a);
		if (err)
			status = QUOTE_UNAVAILABLE;
	}
	publish(job, status, a.out, err ? plan->knob[SIM_ECHO] : a.out_len,
		!err || plan->knob[SIM_ECHO]);
	sim_answer_free(&a);
	sim_end(tee, err);
	kfree(job);
}

static void serve_later(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	wait_for_service(job);
	schedule_timeout_idle(msecs_to_jiffies(job->plan.knob[SIM_ASYNC]));
	serve(job);
}

static u64 get_quote(struct quote_buf *buf, size_t size)
{
	struct sim_plan plan;
	struct job *job;
	unsigned long flags;
	bool later;
	u64 r10;

	sim_count(tee, SIM_C_TSM_CALLS);
	sim_begin(tee, &plan);
	r10 = plan.knob[SIM_VMCALL];
	if (!r10 && (!IS_ALIGNED((unsigned long)buf, PAGE_SIZE) || !IS_ALIGNED(size, PAGE_SIZE)))
		r10 = VMCALL_ALIGN_ERROR;
	if (!r10 && (!size || buf->version != QUOTE_VERSION || buf->in_len != TDX_REPORT_LEN))
		r10 = VMCALL_INVALID_OPERAND;
	job = r10 ? NULL : kzalloc(sizeof(*job), GFP_KERNEL);
	if (!job) {
		sim_end(tee, -EIO);
		return r10 ?: VMCALL_INVALID_OPERAND;
	}
	job->buf = buf;
	job->size = size;
	job->plan = plan;
	job->looks = atomic_read(&looks);
	memcpy(job->report_data, buf->data + TDREPORT_DATA, sizeof(job->report_data));
	INIT_WORK(&job->work, serve_later);
	/* a host that has the quote before the hypercall ends, or one that has not */
	later = plan.knob[SIM_ASYNC] || sim_peek(tee, SIM_THROTTLE);

	raw_spin_lock_irqsave(&jobs_lock, flags);
	WRITE_ONCE(buf->status, QUOTE_IN_FLIGHT);
	list_add(&job->list, &jobs);
	raw_spin_unlock_irqrestore(&jobs_lock, flags);
	if (later)
		queue_work(host, &job->work);
	else
		serve(job);
	return 0;
}

static noinline u64 host_get_quote(u8 *buf, size_t size)
{
	u64 r10;

	atomic_inc(&inside);
	r10 = get_quote((struct quote_buf *)buf, size);
	atomic_dec(&inside);
	return r10;
}

/*
 * A driver that is unloaded takes its pages back, also while the host has a
 * request in them. The host's mapping is of the shared pages and no longer of the
 * guest's: what it writes then is lost.
 */
static void unshare(unsigned long addr, unsigned long pages)
{
	struct job *job;
	unsigned long flags;

	raw_spin_lock_irqsave(&jobs_lock, flags);
	list_for_each_entry(job, &jobs, list) {
		unsigned long buf = (unsigned long)job->buf;

		if (buf && buf < addr + pages * PAGE_SIZE && addr < buf + job->size)
			job->buf = NULL;
	}
	raw_spin_unlock_irqrestore(&jobs_lock, flags);
}

/* --- between the two --- */

static void notrace divert(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
			   struct ftrace_regs *fregs);
static void notrace watch_encrypted(unsigned long ip, unsigned long parent,
				    struct ftrace_ops *ops, struct ftrace_regs *fregs);
static void notrace watch_sleep(unsigned long ip, unsigned long parent,
				struct ftrace_ops *ops, struct ftrace_regs *fregs);

struct hook {
	void *function;
	void *by;		/* what is called instead; NULL: it is only watched */
	struct ftrace_ops ops;
};

#define DIVERT(_function, _by)								\
	{										\
		.function = (_function), .by = (_by),					\
		.ops = {								\
			.func = divert,							\
			.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_SAVE_REGS,	\
		},									\
	}

#define WATCH(_function, _watcher)							\
	{										\
		.function = (_function),						\
		.ops = { .func = (_watcher), .flags = FTRACE_OPS_FL_SAVE_REGS },	\
	}

static struct hook hooks[] = {
	DIVERT(tdx_mcall_get_report0, host_get_report0),
	DIVERT(tdx_hcall_get_quote, host_get_quote),
#ifdef SIM_HAVE_TDX_RTMR
	DIVERT(tdx_mcall_extend_rtmr, host_extend_rtmr),
#endif
	WATCH(set_memory_encrypted, watch_encrypted),
	WATCH(msleep_interruptible, watch_sleep),
};

static void notrace divert(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
			   struct ftrace_regs *fregs)
{
	struct hook *h = container_of(ops, struct hook, ops);

	ftrace_regs_set_instruction_pointer(fregs, (unsigned long)h->by);
}

static void notrace watch_encrypted(unsigned long ip, unsigned long parent,
				    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	unshare(ftrace_regs_get_argument(fregs, 0), (int)ftrace_regs_get_argument(fregs, 1));
}

/* The driver is the only sleeper of a guest that sleeps for a whole second. */
static void notrace watch_sleep(unsigned long ip, unsigned long parent,
				struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	if (ftrace_regs_get_argument(fregs, 0) == MSEC_PER_SEC)
		atomic_inc(&looks);
}

static void unhook(int n)
{
	while (n--)
		unregister_ftrace_function(&hooks[n].ops);
}

static int hook_all(void)
{
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		err = ftrace_set_filter_ip(&hooks[i].ops, (unsigned long)hooks[i].function, 0, 0);
		if (!err)
			err = register_ftrace_function(&hooks[i].ops);
		if (err) {
			pr_err("cannot divert %ps: %d\n", hooks[i].function, err);
			unhook(i);
			break;
		}
	}
	return err;
}

static int __init tdxhost_init(void)
{
	int err;

	/* what a TD has, a plain VM must not have: these calls would go to its host */
	if (boot_cpu_has(X86_FEATURE_TDX_GUEST))
		return -EEXIST;
	tee = sim_tee(SIM_TDX_GUEST);
	/* its own: flushing a system-wide one WARNs */
	host = alloc_workqueue("cvm_tdxhost", WQ_UNBOUND, 0);
	if (!host)
		return -ENOMEM;
	err = hook_all();
	if (err) {
		destroy_workqueue(host);
		return err;
	}
	/* what the driver looks at, and nothing that runs after boot but it */
	set_cpu_cap(&boot_cpu_data, X86_FEATURE_TDX_GUEST);
	pr_info("a TDX module and its host, for tests: their evidence proves nothing\n");
	return 0;
}

static void __exit tdxhost_exit(void)
{
	clear_bit(X86_FEATURE_TDX_GUEST, (unsigned long *)boot_cpu_data.x86_capability);
	unhook(ARRAY_SIZE(hooks));
	while (atomic_read(&inside))
		msleep(20);
	/* who left the count may still be on the way out of here */
	synchronize_rcu_tasks();
	destroy_workqueue(host);
}

module_init(tdxhost_init);
module_exit(tdxhost_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("SIMULATED TDX module and host under the kernel's tdx_guest, for the tests of cvm-evidence");
