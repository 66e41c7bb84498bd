// SPDX-License-Identifier: GPL-2.0
/*
 * The log of events, and the work that sends them.
 *
 * Adding one costs a copy under a spinlock. A work hashes reports and builds
 * messages a moment later, for all events added meanwhile: neither a listener
 * nor the hash slows a request.
 */
#include "cvm_evidence.h"

#include <crypto/sha2.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "blob.h"
#include "events.h"
#include "state.h"

#define LOG_MAX		CVM_EVIDENCE_LOG_MAX
/*
 * Reports that wait for their hash keep their blob in memory. Beyond this many
 * the worker hashes them itself, which is meant to slow it.
 */
#define UNHASHED_MAX	128
/* A refusal costs the requester nothing: limit such events per second */
#define DENIED_MAX	8

static struct workqueue_struct *events_wq;

/* Guards all below; no other lock is taken under it */
static DEFINE_SPINLOCK(log_lock);
/* Ring of LOG_MAX events; NULL before init and after exit */
static struct cvme_event *events;
/* Changed under log_lock; the changer then waits for the work that uses it */
static const struct cvme_event_sink *sink;
/*
 * Numbers of the last event, of the last one that was sent or skipped, and of
 * the last one that needs no more hashing
 */
static u64 last, sent, hashed;
static u64 unsent;
static unsigned int unhashed;
/* Refusals since denied_since, one second at most, that have no event yet */
static struct cvme_event denied;
static unsigned long denied_since;
static unsigned int denied_told;

static struct cvme_event *slot(u64 number)
{
	return &events[number % LOG_MAX];
}

/* Take the blob that an event still holds; the caller puts it after unlock */
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
	const struct cvm_evidence_blob *header =
		(const struct cvm_evidence_blob *)blob->data;

	/*
	 * Two TDREPORTs over the same report_data are equal, so the hash would
	 * confirm a guess of it. Signatures of other reports have random bytes.
	 */
	if (header->flags & CVM_EVIDENCE_BLOB_F_TDREPORT)
		return;
	sha256(blob->data + blob->report, blob->report_len,
	       ev->evidence.sha256);
	ev->evidence.hashed = true;
}

static void send_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(send_work, send_work_fn);
static void denied_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(denied_work, denied_work_fn);

static bool has_blob(const struct cvme_event *ev)
{
	return ev->type == CVM_EVIDENCE_EV_EVIDENCE_TAKEN && ev->evidence.blob;
}

/* Take a reference for the log, or hash the report now if many are waiting */
static void keep_blob(struct cvme_event *ev)
{
	bool late;

	spin_lock(&log_lock);
	late = unhashed >= UNHASHED_MAX;
	spin_unlock(&log_lock);
	if (!late) {
		cvme_blob_get(ev->evidence.blob);
		return;
	}
	hash_report(ev, ev->evidence.blob);
	ev->evidence.blob = NULL;
}

/**
 * cvme_event_add - log an event, and have it sent
 * @ev: the event; number and times are set here
 *
 * Context: may sleep: an older event's blob may be freed.
 */
void cvme_event_add(struct cvme_event *ev)
{
	struct cvme_blob *drop = NULL;

	ev->boottime = ktime_get_boottime_ns();
	ev->realtime = ktime_get_real_ns();
	ev->epoch = cvme_vm_epoch();
	if (has_blob(ev))
		keep_blob(ev);

	spin_lock(&log_lock);
	if (events) {
		ev->number = ++last;
		drop = take_blob(slot(last));
		*slot(last) = *ev;
		if (has_blob(ev))
			unhashed++;
		queue_delayed_work(events_wq, &send_work, 1);
	} else if (has_blob(ev)) {
		drop = ev->evidence.blob;
	}
	spin_unlock(&log_lock);
	if (drop)
		cvme_blob_put(drop);
}

/*
 * Get the next event to send, its report hashed. Only the work calls this, so
 * nobody else can take the same event while the lock is dropped.
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

/* At the end of the second, log one event for all refusals without one */
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
		cvme_event_add(&ev);
}

static const struct cvme_event_sink *current_sink(void)
{
	const struct cvme_event_sink *to;

	spin_lock(&log_lock);
	to = sink;
	spin_unlock(&log_lock);
	return to;
}

static void send(const struct cvme_event *ev)
{
	const struct cvme_event_sink *to = current_sink();

	/* asked for each event: it costs less than a message */
	if (!to || !to->listened() || !to->send(ev))
		return;
	spin_lock(&log_lock);
	unsent++;
	spin_unlock(&log_lock);
}

/* Tell listeners about lost events at once, not with the next event */
static void tell_losses(void)
{
	const struct cvme_event_sink *to = current_sink();
	static u64 said;		/* used by the work only */
	u64 now;

	spin_lock(&log_lock);
	now = unsent;
	spin_unlock(&log_lock);
	if (now != said && to)
		to->lost();
	said = now;
}

static void send_work_fn(struct work_struct *work)
{
	struct cvme_event ev;
	unsigned int n = 0;
	bool more;

	/* bounded, so that a flush does not wait for events added meanwhile */
	while (n++ < LOG_MAX && next_to_send(&ev))
		send(&ev);
	tell_losses();

	spin_lock(&log_lock);
	more = sent != last;
	spin_unlock(&log_lock);
	if (more)
		queue_delayed_work(events_wq, &send_work, 1);
}

/**
 * cvme_events_sink - set where events are sent
 * @to: the sink, NULL for none; the old one is not used after this returns
 */
void cvme_events_sink(const struct cvme_event_sink *to)
{
	spin_lock(&log_lock);
	sink = to;
	spin_unlock(&log_lock);
	cvme_events_flush();
}

/* Wait until the events so far are sent, their reports hashed and released */
void cvme_events_flush(void)
{
	flush_delayed_work(&send_work);
}

/**
 * cvme_events_get - read the log
 * @number: number of the event
 * @ev: that event, or the oldest one in the log if that is later
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

/* Number of the last event up to which all reports are hashed */
u64 cvme_events_hashed(void)
{
	u64 number;

	spin_lock(&log_lock);
	number = hashed;
	spin_unlock(&log_lock);
	return number;
}

/* Number of the last event, and how many events could not be sent */
void cvme_events_count(u64 *last_number, u64 *nr_unsent)
{
	spin_lock(&log_lock);
	*last_number = last;
	*nr_unsent = unsent;
	spin_unlock(&log_lock);
}

/**
 * cvme_event_denied - log that a request was not admitted
 * @provider: the provider it was for
 * @who: the requester
 * @err: -EBUSY or -EDQUOT
 */
void cvme_event_denied(u32 provider, const struct cvme_subject *who, int err)
{
	struct cvme_event ev = {
		.type = CVM_EVIDENCE_EV_QUOTA_DENIED,
		.provider = provider,
		.who = *who,
		.denied = { .count = 1, .err = err },
	};
	bool now;

	spin_lock(&log_lock);
	if (time_after(jiffies, denied_since + HZ) && !denied.denied.count) {
		denied_since = jiffies;
		denied_told = 0;
	}
	now = denied_told < DENIED_MAX;
	if (now) {
		denied_told++;
	} else {
		/* the event of the last refusal counts all of them */
		ev.denied.count += denied.denied.count;
		denied = ev;
		if (events)
			queue_delayed_work(events_wq, &denied_work, HZ);
	}
	spin_unlock(&log_lock);
	if (now)
		cvme_event_add(&ev);
}

static void parameter_changed(const char *name, u64 old, u64 new)
{
	struct cvme_event ev = {
		.type = CVM_EVIDENCE_EV_PARAMETER_CHANGED,
		.parameter = { .old = old, .new = new },
	};

	strscpy(ev.parameter.name, name, sizeof(ev.parameter.name));
	cvme_subject_fill(&ev.who);
	cvme_event_add(&ev);
}

int cvme_events_init(void)
{
	events_wq = alloc_workqueue("cvm_evidence_events", WQ_UNBOUND, 1);
	if (!events_wq)
		return -ENOMEM;
	events = kvcalloc(LOG_MAX, sizeof(*events), GFP_KERNEL);
	if (!events) {
		destroy_workqueue(events_wq);
		return -ENOMEM;
	}
	cvme_parameter_hook(parameter_changed);
	return 0;
}

/* Without the hook no more events are added, so the works can be flushed */
void cvme_events_exit(void)
{
	cvme_parameter_hook(NULL);
	flush_delayed_work(&denied_work);
	while (flush_delayed_work(&send_work))
		;
	cancel_delayed_work_sync(&send_work);
	destroy_workqueue(events_wq);
	kvfree(events);
	events = NULL;
}
