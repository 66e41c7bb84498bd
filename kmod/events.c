// SPDX-License-Identifier: GPL-2.0
/*
 * The log of events, and the work that sends them.
 *
 * Telling one costs a copy under a spinlock. Hashing reports and building
 * messages is left to a work a moment later, which takes all that came
 * meanwhile: neither a listener nor the hash slows a request.
 */
#include "cvm_evidence.h"

#include <crypto/sha2.h>
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "events.h"
#include "request.h"

#define LOG_MAX		CVM_EVIDENCE_LOG_MAX
/*
 * Reports that wait for their hash keep their blob in memory. Beyond this many
 * the provider's thread hashes them itself, which slows it as it should.
 */
#define UNHASHED_MAX	128
/* Refusals cost their maker nothing: no more than this many events a second */
#define DENIED_MAX	8

static struct workqueue_struct *events_wq;

/* Guards all below; no other lock is taken under it */
static DEFINE_SPINLOCK(log_lock);
/* Of LOG_MAX; NULL before and after: module parameters can be written then */
static struct cvme_event *events;
/*
 * Number of the last event, of the last one that was sent or passed over, of
 * the last one whose report is hashed or will not be
 */
static u64 last, sent, hashed;
static u64 unsent;
static unsigned int unhashed;
/* Refusals of the second that began at denied_since */
static struct cvme_event denied;
static unsigned long denied_since;
static unsigned int denied_told;

static struct cvme_event *slot(u64 number)
{
	return &events[number % LOG_MAX];
}

/* The blob an event still holds, for the caller to put outside of the lock */
static struct cvme_blob *take_blob(struct cvme_event *ev)
{
	struct cvme_blob *blob;

	if (ev->type != CVM_EVIDENCE_EV_EVIDENCE_TAKEN)
		return NULL;
	blob = ev->evidence.blob;
	ev->evidence.blob = NULL;
	if (blob)
		unhashed--;
	return blob;
}

static void hash_report(struct cvme_event *ev, const struct cvme_blob *blob)
{
	sha256(blob->report.data, blob->report.len, ev->evidence.sha256);
	ev->evidence.hashed = true;
}

static void send_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(send_work, send_work_fn);
static void denied_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(denied_work, denied_work_fn);

/* Takes over the reference ev->evidence.blob */
static void log_event(struct cvme_event *ev)
{
	struct cvme_blob *old = NULL;

	ev->boottime = ktime_get_boottime_ns();
	ev->realtime = ktime_get_real_ns();
	ev->epoch = cvme_vm_epoch();

	spin_lock(&log_lock);
	if (events) {
		ev->number = ++last;
		old = take_blob(slot(last));
		*slot(last) = *ev;
		if (ev->type == CVM_EVIDENCE_EV_EVIDENCE_TAKEN &&
		    ev->evidence.blob)
			unhashed++;
		queue_delayed_work(events_wq, &send_work, 1);
	} else if (ev->type == CVM_EVIDENCE_EV_EVIDENCE_TAKEN) {
		old = ev->evidence.blob;
	}
	spin_unlock(&log_lock);
	if (old)
		cvme_blob_put(old);
}

/*
 * The next event to send, its report hashed. Only the work is here, so what is
 * copied out of the log is still the next when the lock is taken again.
 */
static bool next_to_send(struct cvme_event *ev)
{
	struct cvme_blob *blob = NULL;

	spin_lock(&log_lock);
	if (sent == last) {
		spin_unlock(&log_lock);
		return false;
	}
	if (last - sent > LOG_MAX) {
		unsent += last - LOG_MAX - sent;
		sent = last - LOG_MAX;
	}
	sent++;
	blob = take_blob(slot(sent));
	*ev = *slot(sent);
	if (!blob)
		hashed = sent;
	spin_unlock(&log_lock);

	if (!blob)
		return true;
	hash_report(ev, blob);
	cvme_blob_put(blob);

	spin_lock(&log_lock);
	if (slot(ev->number)->number == ev->number)
		*slot(ev->number) = *ev;
	hashed = ev->number;
	spin_unlock(&log_lock);
	return true;
}

/* Refusals that went without an event of their own, when their second is over */
static void denied_work_fn(struct work_struct *work)
{
	struct cvme_event ev;

	spin_lock(&log_lock);
	ev = denied;
	denied.denied.count = 0;
	denied_since = jiffies;
	denied_told = 1;
	spin_unlock(&log_lock);
	if (ev.denied.count)
		log_event(&ev);
}

static void send_work_fn(struct work_struct *work)
{
	struct cvme_event ev;
	unsigned int n = 0;
	bool more;

	/* bounded: who flushes must not wait for what comes meanwhile */
	while (n++ < LOG_MAX && next_to_send(&ev)) {
		/* checked anew each time: it costs less than a message */
		if (!cvme_netlink_listened() || !cvme_netlink_send(&ev))
			continue;
		spin_lock(&log_lock);
		unsent++;
		spin_unlock(&log_lock);
	}

	spin_lock(&log_lock);
	more = sent != last;
	spin_unlock(&log_lock);
	if (more)
		queue_delayed_work(events_wq, &send_work, 1);
}

/* Have the events so far sent, their reports hashed and let go */
void cvme_events_flush(void)
{
	flush_delayed_work(&send_work);
}

/**
 * cvme_events_get - read the log
 * @number: which event, at least
 * @ev: that one, or the first that is still there
 *
 * Return: whether there is one.
 */
bool cvme_events_get(u64 number, struct cvme_event *ev)
{
	bool found;

	spin_lock(&log_lock);
	if (last > LOG_MAX && number <= last - LOG_MAX)
		number = last - LOG_MAX + 1;
	if (!number)
		number = 1;
	found = events && number <= last;
	if (found)
		*ev = *slot(number);
	spin_unlock(&log_lock);
	return found;
}

/* Number of the last event whose report is hashed, and all before it */
u64 cvme_events_hashed(void)
{
	u64 number;

	spin_lock(&log_lock);
	number = hashed;
	spin_unlock(&log_lock);
	return number;
}

/* Number of the last event, and how many the log overran before they were sent */
void cvme_events_count(u64 *last_number, u64 *nr_unsent)
{
	spin_lock(&log_lock);
	*last_number = last;
	*nr_unsent = unsent;
	spin_unlock(&log_lock);
}

/**
 * cvme_subject_fill - who is current
 * @who: filled
 *
 * Context: a process, or a kernel thread, which has no executable.
 */
void cvme_subject_fill(struct cvme_subject *who)
{
	struct file *exe = current->mm ? get_mm_exe_file(current->mm) : NULL;

	memset(who, 0, sizeof(*who));
	who->pid = task_tgid_nr(current);
	who->start_time = current->group_leader->start_boottime;
	who->uid = from_kuid(&init_user_ns, current_uid());
	who->loginuid = from_kuid(&init_user_ns, audit_get_loginuid(current));
	who->session = audit_get_sessionid(current);
	get_task_comm(who->comm, current);
	who->cgroup = cvme_cgroup_id();
	if (exe) {
		const struct inode *inode = file_inode(exe);

		who->exe_dev = (u64)MAJOR(inode->i_sb->s_dev) << 20 |
			       MINOR(inode->i_sb->s_dev);
		who->exe_inode = inode->i_ino;
		fput(exe);
	}
}

/**
 * cvme_event_request - a request ended
 * @req: it
 * @tee: of its provider
 * @err: 0 or a negative errno
 * @blob: the evidence when @err is 0
 */
void cvme_event_request(const struct cvme_request *req, u32 tee, int err,
			struct cvme_blob *blob)
{
	u64 started = READ_ONCE(req->started);
	struct cvme_event ev = {
		.type = err ? CVM_EVIDENCE_EV_EVIDENCE_FAILED :
			      CVM_EVIDENCE_EV_EVIDENCE_TAKEN,
		.provider = req->provider->ops->id,
		.tee = tee,
		.who = req->who,
		.evidence = {
			.seq = req->seq,
			.fw_status = READ_ONCE(req->fw_status),
			.fw_status_known = READ_ONCE(req->fw_status_known),
			.wait_ns = (started ?: req->ended) - req->admitted,
			.firmware_ns = READ_ONCE(req->firmware_ns),
			.privlevel = req->params.privlevel,
			.flags = req->params.flags,
			.kernel_random = req->params.kernel_random,
			.err = err,
		},
	};
	bool late;

	if (!err) {
		/* off by a few when two providers come at once, which is no harm */
		spin_lock(&log_lock);
		late = unhashed >= UNHASHED_MAX;
		spin_unlock(&log_lock);
		if (late)
			hash_report(&ev, blob);
		else
			ev.evidence.blob = cvme_blob_get(blob);
	}
	log_event(&ev);
}

/**
 * cvme_event_state - a provider's state was set
 * @p: the provider
 * @old: its state before
 * @new: and now; tells nothing when what can be done with it is the same
 */
void cvme_event_state(const struct cvme_provider *p,
		      const struct cvme_state *old,
		      const struct cvme_state *new)
{
	struct cvme_event ev = {
		.provider = p->ops->id,
		.tee = new->tee ?: old->tee,
	};

	if (cvme_state_usable(new) && !cvme_state_usable(old))
		ev.type = CVM_EVIDENCE_EV_PROVIDER_ADDED;
	else if (!cvme_state_usable(new) && cvme_state_usable(old))
		ev.type = CVM_EVIDENCE_EV_PROVIDER_REMOVED;
	else if (new->status == CVM_EVIDENCE_ST_KEY_LOST &&
		 old->status == CVM_EVIDENCE_ST_AVAILABLE)
		ev.type = CVM_EVIDENCE_EV_KEY_LOST;
	else if (new->status == CVM_EVIDENCE_ST_AVAILABLE &&
		 old->status == CVM_EVIDENCE_ST_KEY_LOST)
		ev.type = CVM_EVIDENCE_EV_RECOVERED;
	else
		return;
	strscpy(ev.change.driver, new->driver[0] ? new->driver : old->driver,
		sizeof(ev.change.driver));
	strscpy(ev.change.reason, new->reason, sizeof(ev.change.reason));
	log_event(&ev);
}

void cvme_event_throttle(const struct cvme_provider *p, bool throttled,
			 u64 firmware_ns)
{
	struct cvme_event ev = {
		.type = throttled ? CVM_EVIDENCE_EV_THROTTLED :
				    CVM_EVIDENCE_EV_RECOVERED,
		.provider = p->ops->id,
		.tee = CVM_EVIDENCE_TEE_SEV_SNP,
		.change.firmware_ns = firmware_ns,
	};

	log_event(&ev);
}

/**
 * cvme_event_denied - a request was not admitted
 * @req: it
 * @err: -EBUSY or -EDQUOT
 */
void cvme_event_denied(const struct cvme_request *req, int err)
{
	struct cvme_event ev = {
		.type = CVM_EVIDENCE_EV_QUOTA_DENIED,
		.provider = req->provider->ops->id,
		.who = req->who,
		.denied = { .count = 1, .err = err },
	};
	bool tell;

	spin_lock(&log_lock);
	if (time_after(jiffies, denied_since + HZ) && !denied.denied.count) {
		denied_since = jiffies;
		denied_told = 0;
	}
	tell = denied_told < DENIED_MAX;
	if (tell) {
		denied_told++;
	} else {
		/* the last one speaks for all of them */
		ev.denied.count += denied.denied.count;
		denied = ev;
		if (events)
			queue_delayed_work(events_wq, &denied_work, HZ);
	}
	spin_unlock(&log_lock);
	if (tell)
		log_event(&ev);
}

void cvme_event_parameter(const char *name, u64 old, u64 new)
{
	struct cvme_event ev = {
		.type = CVM_EVIDENCE_EV_PARAMETER_CHANGED,
		.parameter = { .old = old, .new = new },
	};

	strscpy(ev.parameter.name, name, sizeof(ev.parameter.name));
	cvme_subject_fill(&ev.who);
	log_event(&ev);
}

void cvme_event_field(u32 provider, u32 tee, u32 field, const u8 *old,
		      u32 old_len, const u8 *new, u32 new_len)
{
	bool tcb = field == CVM_EVIDENCE_FIELD_REPORTED_TCB ||
		   field == CVM_EVIDENCE_FIELD_TEE_TCB_SVN;
	struct cvme_event ev = {
		.type = tcb ? CVM_EVIDENCE_EV_TCB_CHANGED :
			      CVM_EVIDENCE_EV_IDENTITY_CHANGED,
		.provider = provider,
		.tee = tee,
		.field = {
			.id = field, .old_len = old_len, .new_len = new_len,
		},
	};

	memcpy(ev.field.old, old, old_len);
	memcpy(ev.field.new, new, new_len);
	log_event(&ev);
}

void cvme_event_reattest(u32 cause)
{
	struct cvme_event ev = {
		.type = CVM_EVIDENCE_EV_REATTEST,
		.cause = cause,
	};

	log_event(&ev);
}

int cvme_events_init(void)
{
	struct cvme_event *mem;
	int err;

	mem = kvcalloc(LOG_MAX, sizeof(*mem), GFP_KERNEL);
	if (!mem)
		return -ENOMEM;
	events_wq = alloc_workqueue("cvm_evidence_events", WQ_UNBOUND, 1);
	if (!events_wq) {
		kvfree(mem);
		return -ENOMEM;
	}
	err = cvme_netlink_init();
	if (err) {
		destroy_workqueue(events_wq);
		kvfree(mem);
		return err;
	}
	spin_lock(&log_lock);
	events = mem;
	spin_unlock(&log_lock);
	return 0;
}

/*
 * Only writers of module parameters can still tell one. So no event has a blob
 * after the flush, and with the log gone the work finds nothing.
 */
void cvme_events_exit(void)
{
	struct cvme_event *mem;

	flush_delayed_work(&denied_work);
	cvme_events_flush();
	spin_lock(&log_lock);
	mem = events;
	events = NULL;
	sent = last;
	spin_unlock(&log_lock);
	cancel_delayed_work_sync(&send_work);
	cvme_netlink_exit();
	destroy_workqueue(events_wq);
	kvfree(mem);
}
