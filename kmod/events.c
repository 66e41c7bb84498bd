// SPDX-License-Identifier: GPL-2.0
/*
 * The log of events, and the work that sends them.
 *
 * Adding one costs a copy under a spinlock. A work builds the messages a moment
 * later, for all events added meanwhile: a listener does not slow a request.
 */
#include "cvm_evidence.h"

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "events.h"
#include "state.h"

#define LOG_MAX		CVM_EVIDENCE_LOG_MAX
/* A refusal costs the requester nothing: limit such events per second */
#define DENIED_MAX	8

static struct workqueue_struct *events_wq;

/* Guards all below; no other lock is taken under it */
static DEFINE_SPINLOCK(log_lock);
/* Ring of LOG_MAX events; NULL before init and after exit */
static struct cvme_event *events;
/* Changed under log_lock; the changer then waits for the work that uses it */
static const struct cvme_event_sink *sink;
/* Numbers of the last event, and of the last one that was sent or skipped */
static u64 last, sent;
static u64 unsent;
/* Refusals since denied_since, one second at most, that have no event yet */
static struct cvme_event denied;
static unsigned long denied_since;
static unsigned int denied_told;

static struct cvme_event *slot(u64 number)
{
	return &events[number % LOG_MAX];
}

static void send_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(send_work, send_work_fn);
static void denied_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(denied_work, denied_work_fn);

/**
 * cvme_event_add - log an event, and have it sent
 * @ev: the event; number and times are set here
 */
void cvme_event_add(struct cvme_event *ev)
{
	ev->boottime = ktime_get_boottime_ns();
	ev->realtime = ktime_get_real_ns();
	ev->epoch = cvme_vm_epoch();

	spin_lock(&log_lock);
	if (events) {
		ev->number = ++last;
		*slot(last) = *ev;
		queue_delayed_work(events_wq, &send_work, 1);
	}
	spin_unlock(&log_lock);
}

/* Only the work calls this */
static bool next_to_send(struct cvme_event *ev)
{
	bool more;

	spin_lock(&log_lock);
	if (last - sent > LOG_MAX) {
		unsent += last - LOG_MAX - sent;
		sent = last - LOG_MAX;
	}
	more = sent != last;
	if (more)
		*ev = *slot(++sent);
	spin_unlock(&log_lock);
	return more;
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

/* Wait until the events so far are sent */
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
