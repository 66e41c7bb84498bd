// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/cvm-sim: hands requests to the daemon. One daemon at a time; a request
 * that it does not answer in time, or that it drops by dying, fails with EIO:
 * nothing may hang because a test killed the daemon.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "cvm_sim.h"

struct sim_call {
	struct list_head list;
	struct cvm_sim_request rq;
	struct sim_answer answer;
	int error;
	bool sent;
	bool done;
};

static DEFINE_SPINLOCK(calls_lock);	/* all below, and calls' sent and done */
static LIST_HEAD(calls);
static u64 last_id;
static bool connected;
static DECLARE_WAIT_QUEUE_HEAD(daemon_wait);
static DECLARE_WAIT_QUEUE_HEAD(caller_wait);

unsigned int sim_daemon_timeout_ms = 30000;
module_param_named(daemon_timeout_ms, sim_daemon_timeout_ms, uint, 0644);
MODULE_PARM_DESC(daemon_timeout_ms, "how long the daemon may take for one request");

bool sim_channel_connected(void)
{
	return READ_ONCE(connected);
}

/*
 * Uninterruptible, as a call to firmware is. Freezable all the same: firmware
 * does not freeze during suspend, but our daemon does.
 */
static void wait_for_daemon(struct sim_call *call)
{
	long left = msecs_to_jiffies(READ_ONCE(sim_daemon_timeout_ms));
	DEFINE_WAIT(wait);

	while (left > 0) {
		prepare_to_wait(&caller_wait, &wait,
				TASK_UNINTERRUPTIBLE | TASK_FREEZABLE_UNSAFE);
		if (READ_ONCE(call->done))
			break;
		left = schedule_timeout(left);
	}
	finish_wait(&caller_wait, &wait);
}

int sim_ask_daemon(struct cvm_sim_request *rq, struct sim_answer *a)
{
	struct sim_call *call;
	int err = -EIO;

	call = kzalloc(sizeof(*call), GFP_KERNEL);
	if (!call)
		return -ENOMEM;
	call->rq = *rq;

	spin_lock(&calls_lock);
	if (!connected) {
		spin_unlock(&calls_lock);
		pr_warn("no daemon: start cvm-simtee\n");
		goto out;
	}
	call->rq.id = ++last_id;
	list_add_tail(&call->list, &calls);
	spin_unlock(&calls_lock);
	wake_up_interruptible(&daemon_wait);

	wait_for_daemon(call);

	spin_lock(&calls_lock);
	if (!call->done) {
		list_del(&call->list);
		spin_unlock(&calls_lock);
		pr_warn("the daemon did not answer within %u ms\n",
			READ_ONCE(sim_daemon_timeout_ms));
		goto out;
	}
	spin_unlock(&calls_lock);

	err = call->error;
	if (err)
		sim_answer_free(&call->answer);
	else
		*a = call->answer;
out:
	kfree(call);
	return err;
}

static struct sim_call *next_unsent(void)
{
	struct sim_call *call;

	list_for_each_entry(call, &calls, list)
		if (!call->sent)
			return call;
	return NULL;
}

static bool something_to_send(void)
{
	bool ret;

	spin_lock(&calls_lock);
	ret = next_unsent();
	spin_unlock(&calls_lock);
	return ret;
}

static ssize_t channel_read(struct file *file, char __user *buf, size_t len,
			    loff_t *ppos)
{
	struct cvm_sim_request rq;
	struct sim_call *call;
	int err;

	if (len < sizeof(rq))
		return -EINVAL;
	for (;;) {
		spin_lock(&calls_lock);
		call = next_unsent();
		if (call) {
			call->sent = true;
			rq = call->rq;
		}
		spin_unlock(&calls_lock);
		if (call)
			break;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(daemon_wait, something_to_send());
		if (err)
			return err;
	}
	if (copy_to_user(buf, &rq, sizeof(rq)))
		return -EFAULT;
	return sizeof(rq);
}

static void *blob_from_user(const char __user **p, u32 len, int *err)
{
	void *blob;

	if (!len || *err)
		return NULL;
	blob = kvmalloc(len, GFP_KERNEL);
	if (!blob)
		*err = -ENOMEM;
	else if (copy_from_user(blob, *p, len))
		*err = -EFAULT;
	*p += len;
	return blob;
}

static ssize_t channel_write(struct file *file, const char __user *buf, size_t len,
			     loff_t *ppos)
{
	const char __user *p = buf + sizeof(struct cvm_sim_reply);
	struct sim_answer a = {};
	struct cvm_sim_reply rep;
	struct sim_call *call;
	int err = 0;

	if (len < sizeof(rep))
		return -EINVAL;
	if (copy_from_user(&rep, buf, sizeof(rep)))
		return -EFAULT;
	if (rep.proto != CVM_SIM_PROTO || rep.error > 0 ||
	    rep.out_len > CVM_SIM_BLOB_MAX || rep.aux_len > CVM_SIM_BLOB_MAX ||
	    rep.manifest_len > CVM_SIM_BLOB_MAX ||
	    len != sizeof(rep) + rep.out_len + rep.aux_len + rep.manifest_len)
		return -EINVAL;

	a.out_len = rep.out_len;
	a.aux_len = rep.aux_len;
	a.manifest_len = rep.manifest_len;
	a.flags = rep.flags;
	a.out = blob_from_user(&p, rep.out_len, &err);
	a.aux = blob_from_user(&p, rep.aux_len, &err);
	a.manifest = blob_from_user(&p, rep.manifest_len, &err);
	if (err)
		goto free;

	/* A caller that has given up is no longer in the list. */
	err = -ESRCH;
	spin_lock(&calls_lock);
	list_for_each_entry(call, &calls, list) {
		if (call->rq.id != rep.id || !call->sent)
			continue;
		list_del(&call->list);
		call->answer = a;
		call->error = rep.error;
		WRITE_ONCE(call->done, true);
		err = 0;
		break;
	}
	spin_unlock(&calls_lock);
	if (err)
		goto free;
	wake_up(&caller_wait);
	return len;
free:
	sim_answer_free(&a);
	return err;
}

static __poll_t channel_poll(struct file *file, poll_table *wait)
{
	poll_wait(file, &daemon_wait, wait);
	return EPOLLOUT | (something_to_send() ? EPOLLIN : 0);
}

static int channel_open(struct inode *inode, struct file *file)
{
	int err = -EBUSY;

	spin_lock(&calls_lock);
	if (!connected) {
		connected = true;
		err = 0;
	}
	spin_unlock(&calls_lock);
	return err ?: stream_open(inode, file);
}

static int channel_release(struct inode *inode, struct file *file)
{
	struct sim_call *call, *tmp;

	spin_lock(&calls_lock);
	connected = false;
	list_for_each_entry_safe(call, tmp, &calls, list) {
		list_del(&call->list);
		call->error = -EIO;
		WRITE_ONCE(call->done, true);
	}
	spin_unlock(&calls_lock);
	wake_up(&caller_wait);
	return 0;
}

static const struct file_operations channel_fops = {
	.owner = THIS_MODULE,
	.open = channel_open,
	.release = channel_release,
	.read = channel_read,
	.write = channel_write,
	.poll = channel_poll,
};

static struct miscdevice channel_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = CVM_SIM_DEVICE,
	.fops = &channel_fops,
	.mode = 0600,
};

int sim_channel_init(void)
{
	return misc_register(&channel_dev);
}

void sim_channel_exit(void)
{
	misc_deregister(&channel_dev);
}
