// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>

#include "device/follow.h"

/* Tries of a dump that the kernel says was inconsistent */
#define LOG_TRIES	3

static void deliver(struct follow *f, const struct event *e)
{
	f->ops->event(f->arg, e);
	if (e->number)
		f->next = e->number + 1;
}

static void lost_before(struct follow *f, u64 number)
{
	f->ops->lost(f->arg, f->next, number - 1);
	f->next = number;
}

static void log_event(void *arg, const void *attrs, size_t len)
{
	struct follow *f = arg;
	struct event e;

	event_parse(&e, attrs, len);
	if (f->next && e.number && e.number < f->next)
		return;
	if (f->next && e.number > f->next)
		lost_before(f, e.number);
	deliver(f, &e);
}

/* What the log has from f->next on */
static int catch_up(struct follow *f)
{
	int i, err = 0;

	for (i = 0; i < LOG_TRIES; i++) {
		err = netlink_log(f->nl, f->next, log_event, f);
		if (err != -EINTR)
			break;
	}
	return err;
}

static void live_event(void *arg, const void *attrs, size_t len)
{
	struct follow *f = arg;
	struct event e;

	event_parse(&e, attrs, len);
	if (e.number && !f->next && e.number > f->most)
		f->next = f->most;
	if (f->next && e.number > f->next) {
		/* what our socket had no room for may still be in the log */
		catch_up(f);
		if (e.number > f->next)
			lost_before(f, e.number);
	}
	if (f->next && e.number && e.number < f->next)
		return;
	deliver(f, &e);
}

/* A kernel that cannot guard a group offers none: its log has the events too. */
static int attach(struct follow *f)
{
	int err = netlink_attach(f->nl, f->listen);

	f->asks = f->listen && err == -EOPNOTSUPP;
	return f->asks ? netlink_attach(f->nl, false) : err;
}

static void unloaded(struct follow *f)
{
	if (f->attached)
		f->ops->loaded(f->arg, false);
	f->attached = false;
}

/* Already listening: events during the dump may come twice, but none is missed. */
static int begin(struct follow *f, bool log)
{
	struct netlink_counters c = { 0 };
	int err;

	f->attached = true;
	if (log) {
		err = catch_up(f);
		if (!f->next)
			f->next = 1;
	} else {
		err = netlink_info(f->nl, NULL, &c);
		f->most = c.events + 1;
		if (f->asks)
			f->next = f->most;
	}
	return err;
}

int follow_start(struct follow *f, bool log, u64 from)
{
	int err = attach(f);

	f->next = from;
	return err ? err : begin(f, log);
}

int follow_retry(struct follow *f)
{
	int err = attach(f);

	if (err)
		return err == -ENOENT ? 0 : err;
	f->ops->loaded(f->arg, true);
	f->next = 1;
	err = begin(f, true);
	if (err != -ENOENT)
		return err;
	unloaded(f);
	return 0;
}

static void family_event(void *arg, bool there)
{
	struct follow *f = arg;

	unloaded(f);
	/* ignore an error: the next retry meets it again and reports it */
	if (there)
		follow_retry(f);
}

/* The socket overflowed: events are missing, maybe news of the family too. */
static int recover(struct follow *f)
{
	struct netlink_counters c;
	int err;

	if (f->attached && (!netlink_attached(f->nl) || netlink_info(f->nl, NULL, &c) ||
			    (f->next && c.events + 1 < f->next)))
		unloaded(f);
	if (!f->attached)
		return follow_retry(f);
	if (!f->next)
		f->next = f->most;
	err = catch_up(f);
	/* the module was unloaded: a notification of that follows */
	return err == -ENOENT ? 0 : err;
}

int follow_receive(struct follow *f)
{
	int rc = netlink_receive(f->nl);

	if (rc == -ENOBUFS) {
		f->overrun = true;
		return 1;
	}
	/* what the socket still has is older than what it had no room for */
	if (!rc && f->overrun) {
		f->overrun = false;
		return recover(f);
	}
	return rc;
}

int follow_ask(struct follow *f)
{
	int err = f->attached ? catch_up(f) : 0;

	/* the module was unloaded: a notification of that follows */
	return err == -ENOENT ? 0 : err;
}

int follow_open(struct follow *f, bool listen)
{
	static const struct netlink_ops ops = { .event = live_event, .family = family_event };

	f->listen = listen;
	return netlink_open(&f->nl, listen ? &ops : NULL, f);
}

void follow_close(struct follow *f)
{
	netlink_close(&f->nl);
}
