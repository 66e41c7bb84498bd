// SPDX-License-Identifier: GPL-2.0
/*
 * The simulated firmware, as the simulated drivers see it: takes the knobs for
 * a request, waits as long as they say, has the daemon make and sign the
 * evidence, and spoils it as they say. NOT a TEE: for tests only.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "cvm_sim.h"

#define OVERSIZE_MAX	(64U << 20)
#define SLOW_BYTE	0xee	/* report_data that the knob slow is for */

static struct sim_tee tees[SIM_NR_TEES] = {
	[SIM_SEV_GUEST] = { .name = "sev_guest", .vmpck_id = -1 },
	[SIM_TDX_GUEST] = { .name = "tdx_guest", .vmpck_id = -1 },
	[SIM_ARM_CCA_GUEST] = { .name = "arm_cca_guest", .vmpck_id = -1 },
};

static DECLARE_WAIT_QUEUE_HEAD(block_wait);

struct sim_tee *sim_tee(enum sim_which which)
{
	return &tees[which];
}
EXPORT_SYMBOL_GPL(sim_tee);

void sim_begin(struct sim_tee *t, struct sim_plan *plan)
{
	sim_count(t, SIM_C_CALLS);
	sim_count(t, SIM_C_IN_FLIGHT);
	plan->released = READ_ONCE(t->released);
	sim_take_all(t, plan);
}
EXPORT_SYMBOL_GPL(sim_begin);

int sim_end(struct sim_tee *t, int err)
{
	sim_count(t, err ? SIM_C_FAILED : SIM_C_OK);
	atomic64_dec(&t->counters[SIM_C_IN_FLIGHT]);
	return err;
}
EXPORT_SYMBOL_GPL(sim_end);

void sim_release_blocked(struct sim_tee *t)
{
	WRITE_ONCE(t->released, READ_ONCE(t->released) + 1);
	wake_up_all(&block_wait);
}

bool sim_key_wiped(struct sim_tee *t, int id)
{
	bool ret;

	if (id < 0)
		return false;
	spin_lock(&t->lock);
	ret = t->wiped & BIT(id);
	spin_unlock(&t->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(sim_key_wiped);

void sim_key_wipe(struct sim_tee *t, int id)
{
	if (id < 0)
		return;
	spin_lock(&t->lock);
	t->wiped |= BIT(id);
	spin_unlock(&t->lock);
}
EXPORT_SYMBOL_GPL(sim_key_wipe);

void sim_answer_free(struct sim_answer *a)
{
	kvfree(a->out);
	kvfree(a->aux);
	kvfree(a->manifest);
	memset(a, 0, sizeof(*a));
}
EXPORT_SYMBOL_GPL(sim_answer_free);

void sim_request_init(struct cvm_sim_request *rq, enum cvm_sim_kind kind,
		      const struct sim_plan *plan, const u8 *data, size_t len)
{
	memset(rq, 0, sizeof(*rq));
	rq->proto = CVM_SIM_PROTO;
	rq->kind = kind;
	rq->report_data_len = min(len, sizeof(rq->report_data));
	memcpy(rq->report_data, data, rq->report_data_len);
	rq->version = plan->knob[SIM_VERSION];
	rq->product = plan->knob[SIM_PRODUCT];
	rq->tcb = plan->knob[SIM_TCB];
	rq->identity = plan->knob[SIM_IDENTITY];
	rq->certs = plan->knob[SIM_CERTS];
}
EXPORT_SYMBOL_GPL(sim_request_init);

/*
 * The time that firmware takes, and that it takes too for what it refuses. Idle rather
 * than uninterruptible: a long delay is no hung task.
 */
void sim_firmware_wait(struct sim_tee *t, const struct sim_plan *plan,
		       const struct cvm_sim_request *rq)
{
	u64 ms = plan->knob[SIM_DELAY];
	unsigned long left;

	if (rq->report_data_len && rq->report_data[0] == SLOW_BYTE)
		ms += plan->knob[SIM_SLOW];
	left = msecs_to_jiffies(min_t(u64, ms, U32_MAX));
	while (left) {
		__set_current_state(TASK_IDLE);
		left = schedule_timeout(left);
	}
	if (plan->knob[SIM_BLOCK])
		wait_event_idle(block_wait, READ_ONCE(t->released) != plan->released);
}
EXPORT_SYMBOL_GPL(sim_firmware_wait);

static int copy_blob(void **to, const void *from, u32 len)
{
	*to = NULL;
	if (!len)
		return 0;
	*to = kvmalloc(len, GFP_KERNEL);
	if (!*to)
		return -ENOMEM;
	memcpy(*to, from, len);
	return 0;
}

static int answer_dup(struct sim_answer *to, const struct sim_answer *from)
{
	int err;

	*to = *from;
	to->aux = NULL;
	to->manifest = NULL;
	err = copy_blob(&to->out, from->out, from->out_len);
	if (!err)
		err = copy_blob(&to->aux, from->aux, from->aux_len);
	if (!err)
		err = copy_blob(&to->manifest, from->manifest, from->manifest_len);
	if (err)
		sim_answer_free(to);
	return err;
}

/* The same request but for id and report_data. */
static bool same_shape(const struct cvm_sim_request *a, const struct cvm_sim_request *b)
{
	return a->kind == b->kind && a->vmpl == b->vmpl && a->version == b->version &&
	       a->product == b->product && a->tcb == b->tcb && a->certs == b->certs &&
	       a->identity == b->identity &&
	       a->report_data_len == b->report_data_len;
}

static bool find_data(const struct sim_answer *a, const struct cvm_sim_request *rq,
		      u32 *offset)
{
	u32 len = rq->report_data_len, i;

	for (i = 0; len && i + len <= a->out_len; i++) {
		if (!memcmp(a->out + i, rq->report_data, len)) {
			*offset = i;
			return true;
		}
	}
	return false;
}

/*
 * fast=1: the daemon is asked once, then its answer is given again with
 * report_data patched in. Unsigned for all but the first, and quick.
 */
static int ask_fast(struct sim_tee *t, struct cvm_sim_request *rq, struct sim_answer *a)
{
	struct sim_template *tpl = &t->template[rq->kind];
	int err;

	mutex_lock(&t->fast_lock);
	if (tpl->valid && same_shape(&tpl->request, rq)) {
		err = answer_dup(a, &tpl->answer);
		if (!err)
			memcpy(a->out + tpl->data_offset, rq->report_data,
			       rq->report_data_len);
		goto out;
	}
	/* All zeros could be found anywhere. */
	get_random_bytes(tpl->request.report_data, sizeof(tpl->request.report_data));
	sim_answer_free(&tpl->answer);
	tpl->valid = false;
	{
		struct cvm_sim_request probe = *rq;

		memcpy(probe.report_data, tpl->request.report_data,
		       sizeof(probe.report_data));
		err = sim_ask_daemon(&probe, &tpl->answer);
		if (err)
			goto out;
		tpl->request = probe;
	}
	if ((tpl->answer.flags & CVM_SIM_R_NO_CACHE) ||
	    !find_data(&tpl->answer, &tpl->request, &tpl->data_offset)) {
		mutex_unlock(&t->fast_lock);
		return sim_ask_daemon(rq, a);
	}
	tpl->valid = true;
	err = answer_dup(a, &tpl->answer);
	if (!err)
		memcpy(a->out + tpl->data_offset, rq->report_data, rq->report_data_len);
out:
	mutex_unlock(&t->fast_lock);
	return err;
}

#define VERSION_LEN	4

static int resize(struct sim_answer *a, u64 len)
{
	void *out;

	if (len > OVERSIZE_MAX)
		return -EINVAL;
	out = kvzalloc(max_t(u64, len, 1), GFP_KERNEL);
	if (!out)
		return -ENOMEM;
	if (a->out)
		memcpy(out, a->out, min_t(u64, a->out_len, len));
	kvfree(a->out);
	a->out = out;
	a->out_len = len;
	return 0;
}

#define SNP_REPORT_LEN	1184
#define SNP_CHIP_ID	0x1a0
#define SNP_CHIP_ID_LEN	64

static int spoil(struct sim_tee *t, const struct sim_plan *plan, struct sim_answer *a)
{
	const __le16 version = cpu_to_le16(plan->knob[SIM_OTHER_VERSION]);
	int err = 0;

	/* the version, where the evidence has one, stays */
	if (plan->knob[SIM_GARBAGE] && a->out_len > VERSION_LEN)
		get_random_bytes(a->out + VERSION_LEN, a->out_len - VERSION_LEN);
	/* of SNP reports 4 bytes, of quotes the first 2 */
	if (plan->knob[SIM_OTHER_VERSION] && a->out_len > VERSION_LEN)
		memcpy(a->out, &version, sizeof(version));
	/* by AMD's ABI a report with MASK_CHIP_ID has zeros there */
	if (plan->knob[SIM_MASK_CHIP] && a->out_len == SNP_REPORT_LEN)
		memset(a->out + SNP_CHIP_ID, 0, SNP_CHIP_ID_LEN);
	if (plan->knob[SIM_OVERSIZE])
		err = resize(a, plan->knob[SIM_OVERSIZE]);
	if (!err && plan->knob[SIM_VARLEN]) {
		/* A quote's tail: some zeros, now more, now fewer. */
		spin_lock(&t->lock);
		t->varlen = (t->varlen + 37) % 128;
		spin_unlock(&t->lock);
		err = resize(a, a->out_len + t->varlen);
	}
	if (!err && plan->knob[SIM_TRUNCATE])
		err = resize(a, min_t(u64, a->out_len, plan->knob[SIM_TRUNCATE]));
	if (!err && plan->knob[SIM_EMPTY])
		err = resize(a, 0);
	return err;
}

/* The call into firmware, or by way of the host to a quoting service. */
int sim_firmware(struct sim_tee *t, const struct sim_plan *plan,
		 struct cvm_sim_request *rq, struct sim_answer *a)
{
	int err;

	memset(a, 0, sizeof(*a));
	sim_firmware_wait(t, plan, rq);

	/* Signed as well as any, but over other data: the Nth byte differs. */
	if (plan->knob[SIM_WRONG_DATA])
		rq->report_data[(plan->knob[SIM_WRONG_DATA] - 1) %
				sizeof(rq->report_data)] ^= 0xff;

	if (plan->knob[SIM_FAST] && !(rq->flags & CVM_SIM_F_SVSM))
		err = ask_fast(t, rq, a);
	else
		err = sim_ask_daemon(rq, a);
	if (err)
		return err;
	err = spoil(t, plan, a);
	if (err)
		sim_answer_free(a);
	return err;
}
EXPORT_SYMBOL_GPL(sim_firmware);

static int __init cvm_sim_init(void)
{
	int i, err;

	for (i = 0; i < SIM_NR_TEES; i++) {
		spin_lock_init(&tees[i].lock);
		mutex_init(&tees[i].fast_lock);
	}
	err = sim_knobs_init(tees);
	if (err)
		return err;
	err = sim_channel_init();
	if (err) {
		sim_knobs_exit(tees);
		return err;
	}
	pr_info("SIMULATED TEE for tests: its evidence proves nothing\n");
	return 0;
}

static void __exit cvm_sim_exit(void)
{
	int i, k;

	sim_channel_exit();
	sim_knobs_exit(tees);
	for (i = 0; i < SIM_NR_TEES; i++)
		for (k = 0; k < ARRAY_SIZE(tees[i].template); k++)
			sim_answer_free(&tees[i].template[k].answer);
}

module_init(cvm_sim_init);
module_exit(cvm_sim_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Simulated TEE for the tests of cvm-evidence");
