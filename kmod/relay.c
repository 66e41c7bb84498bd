// SPDX-License-Identifier: GPL-2.0
/*
 * The drivers behind /dev/sev-guest and /dev/tdx_guest copy from and to user
 * memory while they hold their mutex. If that memory were the client's, the
 * client could block our worker in a page fault, change the message in flight
 * (a mismatched reply wipes the key), or forge the answer. A module cannot make
 * an address space of its own, so we use that of pid 1. Only root and pid 1 can
 * touch it, and we claim no protection from them. Nothing is kept between
 * calls: pid 1 may exec at any time and then has a new address space.
 */
#include "cvm_evidence.h"

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rwsem.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>

#include "relay.h"
#include "vfs.h"

/*
 * exec holds exec_update_lock until its new address space is laid out. Before
 * that, mapping there fails or, up to 6.9, calls a null pointer.
 */
static struct mm_struct *pid1_mm(void)
{
	struct task_struct *task;
	struct mm_struct *mm = NULL;

	rcu_read_lock();
	task = pid_task(find_pid_ns(1, &init_pid_ns), PIDTYPE_PID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (task) {
		down_read(&task->signal->exec_update_lock);
		mm = get_task_mm(task);
		up_read(&task->signal->exec_update_lock);
		put_task_struct(task);
	}
	return mm;
}

/**
 * cvme_relay_begin - (worker) map zeroed memory for a call
 * @relay: filled
 * @len: bytes, rounded up to pages
 *
 * The worker runs in pid 1's address space until cvme_relay_end().
 *
 * Return: 0, -ENOMEM, -ESRCH when pid 1 has no address space.
 */
int cvme_relay_begin(struct cvme_relay *relay, size_t len)
{
	unsigned long addr;

	relay->mm = pid1_mm();
	if (!relay->mm)
		return -ESRCH;
	relay->len = PAGE_ALIGN(len);

	kthread_use_mm(relay->mm);
	addr = vm_mmap(NULL, 0, relay->len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr)) {
		kthread_unuse_mm(relay->mm);
		mmput(relay->mm);
		return -ENOMEM;
	}
	relay->base = addr;
	return 0;
}

void cvme_relay_end(struct cvme_relay *relay)
{
	/*
	 * A child that pid 1 forked during the call keeps a copy: of evidence,
	 * which is no secret. One that it forks from here on gets zeroes.
	 */
	if (clear_user(cvme_relay_ptr(relay, 0), relay->len))
		pr_debug("cannot clear the memory of a call in pid 1\n");
	vm_munmap(relay->base, relay->len);
	kthread_unuse_mm(relay->mm);
	mmput(relay->mm);
}

void __user *cvme_relay_ptr(const struct cvme_relay *relay, size_t offset)
{
	return (void __user *)(relay->base + offset);
}

/**
 * cvme_relay_ioctl - (worker) the driver's ioctl
 * @relay: begun
 * @file: from cvme_node_open()
 * @cmd: the command
 * @arg: offset of its argument in the relay's memory
 *
 * Return: what the driver returns.
 */
int cvme_relay_ioctl(const struct cvme_relay *relay, struct file *file,
		     unsigned int cmd, size_t arg)
{
	return file->f_op->unlocked_ioctl(file, cmd, relay->base + arg);
}
