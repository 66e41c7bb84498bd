// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream of events against a kernel played here, in the place of nl.c: a log
 * of so many events, a socket that loses some, a module that comes and goes.
 */
#include <errno.h>
#include <netlink/attr.h>

#include "device/follow.h"
#include "unit.h"

#define LOG_MAX	8

/* The kernel: what happened since the module was loaded, what the socket holds */
static struct {
	bool loaded;
	u64 last;		/* number of the last event */
	u32 generation;		/* of the module; events carry it as their uid */
	bool other_version;	/* of the interface than ours */
	bool joined;
	u32 joined_generation;
	bool overflow;		/* told as ENOBUFS, once */
	unsigned int interrupt;	/* dumps that end with EINTR */
	u64 during_dump;	/* events that happen while the log is dumped */
	struct {
		u64 number;	/* 0: the family, gone or there */
		bool there;
	} queue[64];
	size_t n;
} k;

struct netlink {
	const struct netlink_ops *ops;
	void *arg;
};

static void send_event(u64 number, netlink_event_fn *fn, void *arg)
{
	struct {
		struct nlattr a;
		u8 v[8];
		struct nlattr b;
		u8 w[4];
	} __attribute__((packed)) m = {
		.a = { .nla_len = 12, .nla_type = CVM_EVIDENCE_EVENT_A_NUMBER },
		.b = { .nla_len = 8, .nla_type = CVM_EVIDENCE_EVENT_A_UID },
	};

	memcpy(m.v, &number, sizeof(m.v));
	memcpy(m.w, &k.generation, sizeof(m.w));
	fn(arg, &m, sizeof(m));
}

/* Something happens; @heard: a listener's socket has room for it */
static void happens(u64 count, bool heard)
{
	while (count--) {
		k.last++;
		if (heard && k.joined && k.joined_generation == k.generation)
			k.queue[k.n++].number = k.last;
	}
	k.overflow |= !heard;
}

static void module(bool there, bool heard)
{
	k.loaded = there;
	if (there)
		k.generation++, k.last = 0;
	else
		k.joined = false;
	if (heard)
		k.queue[k.n].number = 0, k.queue[k.n++].there = there;
	k.overflow |= !heard;
}

int netlink_open(struct netlink **nl, const struct netlink_ops *ops, void *arg)
{
	*nl = xalloc(sizeof(**nl));
	(*nl)->ops = ops;
	(*nl)->arg = arg;
	return 0;
}

void netlink_close(struct netlink **nl)
{
	free(*nl);
}

int netlink_fd(const struct netlink *nl)
{
	(void)nl;
	return -1;
}

int netlink_attach(struct netlink *nl, bool listen)
{
	(void)nl;
	if (!k.loaded)
		return -ENOENT;
	if (k.other_version)
		return -EPROTO;
	k.joined = listen;
	k.joined_generation = k.generation;
	return 0;
}

bool netlink_attached(struct netlink *nl)
{
	(void)nl;
	return k.loaded && k.joined && k.joined_generation == k.generation;
}

int netlink_receive(struct netlink *nl)
{
	size_t i, n = k.n;

	if (k.overflow) {
		k.overflow = false;
		return -ENOBUFS;
	}
	k.n = 0;
	for (i = 0; i < n; i++) {
		if (k.queue[i].number)
			send_event(k.queue[i].number, nl->ops->event, nl->arg);
		else
			nl->ops->family(nl->arg, k.queue[i].there);
	}
	return k.n ? 1 : 0;
}

int netlink_log(struct netlink *nl, u64 from, netlink_event_fn *event, void *arg)
{
	u64 i = k.last > LOG_MAX ? k.last - LOG_MAX + 1 : 1, last = k.last, n;

	(void)nl;
	if (!k.loaded)
		return -ENOENT;
	n = k.during_dump;
	k.during_dump = 0;
	happens(n, true);
	for (i = i < from ? from : i; i <= last; i++) {
		send_event(i, event, arg);
		if (k.interrupt) {
			k.interrupt--;
			return -EINTR;
		}
	}
	return 0;
}

int netlink_info(struct netlink *nl, struct device_info *di, struct netlink_counters *c)
{
	(void)nl;
	(void)di;
	if (!k.loaded)
		return -ENOENT;
	if (c)
		*c = (struct netlink_counters){ .events = k.last };
	return 0;
}

/* What comes out: "1 2 lost3-4 5 gone there 1" */
static struct buf out;
static u32 stale;

static void on_event(void *arg, const struct event *e)
{
	struct buf uid CLEANUP_BUF;

	(void)arg;
	buf_printf(&out, "%llu ", (unsigned long long)e->number);
	if (event_value(e, CVM_EVIDENCE_EVENT_A_UID, 0, &uid))
		stale += strtoul((char *)uid.p, NULL, 10) != k.generation;
}

static void on_lost(void *arg, u64 first, u64 last)
{
	(void)arg;
	buf_printf(&out, "lost%llu-%llu ", (unsigned long long)first, (unsigned long long)last);
}

static void on_loaded(void *arg, bool there)
{
	(void)arg;
	buf_add_str(&out, there ? "there " : "gone ");
}

static struct follow f;

static void begin(u64 before, bool log, u64 from)
{
	static const struct follow_ops ops = {
		.event = on_event, .lost = on_lost, .loaded = on_loaded,
	};

	memset(&k, 0, sizeof(k));
	memset(&f, 0, sizeof(f));
	f.ops = &ops;
	out.len = 0;
	buf_add(&out, "", 0);
	module(true, true);
	k.n = 0;
	happens(before, true);
	follow_open(&f, true);
	if (follow_start(&f, log, from))
		buf_add_str(&out, "failed ");
}

static void receive(void)
{
	int i, rc = 1;

	/* as long as the socket polls readable */
	for (i = 0; i < 100 && rc >= 0 && (rc || k.n || k.overflow); i++)
		rc = follow_receive(&f);
	if (rc)
		buf_printf(&out, "rc=%d ", rc);
}

static void then(const char *want, const char *what)
{
	receive();
	ok(!strcmp((char *)out.p, want), "%s: %s", what, (char *)out.p);
	if (strcmp((char *)out.p, want))
		printf("# wanted %s\n", want);
	follow_close(&f);
}

static void simple(void)
{
	begin(3, false, 0);
	happens(2, true);
	then("4 5 ", "only what is new");

	begin(0, false, 0);
	happens(1, true);
	then("1 ", "the very first");

	begin(3, true, 0);
	happens(2, true);
	then("1 2 3 4 5 ", "the log, then what is new");

	begin(11, true, 0);
	then("4 5 6 7 8 9 10 11 ", "the log does not go back to 1: nothing is lost");

	begin(11, true, 6);
	then("6 7 8 9 10 11 ", "the log from a number on");

	begin(11, true, 2);
	then("lost2-3 4 5 6 7 8 9 10 11 ", "from a number that it has no more");

	begin(3, true, 9);
	happens(7, true);
	then("9 10 ", "from a number that is yet to come");
}

static void doubles(void)
{
	memset(&k, 0, sizeof(k));
	begin(3, false, 0);
	k.queue[k.n++].number = 3;
	happens(1, true);
	then("3 4 ", "an event sent while the counter was asked is printed");

	begin(2, true, 0);
	k.queue[k.n++].number = 2;
	happens(1, true);
	k.queue[k.n++].number = 3;
	then("1 2 3 ", "what the log and the socket both have comes once");

	begin(0, true, 0);
	happens(3, true);
	receive();
	k.during_dump = 2;
	happens(1, false);
	then("1 2 3 4 5 6 ", "events during the dump of the log come once");

	begin(4, true, 0);
	k.interrupt = 2;
	happens(3, false);
	then("1 2 3 4 5 6 7 ", "a dump that is interrupted goes on");
}

static void gaps(void)
{
	begin(0, false, 0);
	happens(2, true);
	happens(3, false);
	then("1 2 3 4 5 ", "what the socket lost is in the log");

	begin(0, false, 0);
	happens(2, true);
	happens(20, false);
	then("1 2 lost3-14 15 16 17 18 19 20 21 22 ", "what neither has is told");

	begin(0, false, 0);
	happens(2, true);
	happens(20, false);
	happens(2, true);
	then("1 2 lost3-16 17 18 19 20 21 22 23 24 ", "and so in the midst");

	begin(5, false, 0);
	happens(3, false);
	then("6 7 8 ", "the first ones that are lost");

	begin(5, false, 0);
	k.last += 12;
	happens(1, true);
	then("lost6-10 11 12 13 14 15 16 17 18 ", "a gap that no ENOBUFS told");
}

static void reloads(void)
{
	begin(2, false, 0);
	happens(1, true);
	module(false, true);
	module(true, true);
	happens(2, true);
	/* before we heard of it: in the log only */
	then("3 gone there 1 2 ", "a reload");

	begin(2, false, 0);
	happens(1, true);
	module(false, true);
	receive();
	ok(!f.attached && !follow_retry(&f) && !f.attached, "while it is gone");
	module(true, true);
	receive();
	happens(1, true);
	then("3 gone there 1 ", "a reload that takes its time");

	begin(2, false, 0);
	module(false, true);
	receive();
	module(true, false);
	k.overflow = false;
	happens(1, true);
	follow_retry(&f);
	happens(1, true);
	then("gone there 1 2 ", "a module whose coming was not heard of is found by looking");

	begin(5, false, 0);
	happens(1, true);
	module(false, false);
	module(true, false);
	happens(2, true);
	then("6 gone there 1 2 ", "a reload that the socket lost");

	begin(5, false, 0);
	happens(1, true);
	module(false, false);
	then("6 gone ", "an unload that the socket lost");

	begin(0, false, 0);
	module(false, true);
	module(true, true);
	happens(12, true);
	then("gone there lost1-4 5 6 7 8 9 10 11 12 ", "events of a reload that the log lost");

	begin(0, false, 0);
	module(false, true);
	module(true, true);
	module(false, true);
	then("gone ", "loaded and gone again before we looked");
	ok(!stale, "no event of a module that is gone came late");

	begin(0, false, 0);
	happens(1, true);
	module(false, true);
	k.other_version = true;
	module(true, true);
	happens(3, true);
	receive();
	ok(!f.attached && follow_retry(&f) == -EPROTO, "a reload of another version ends it");
	then("1 gone ", "and no event of that is read");
}

int main(void)
{
	simple();
	doubles();
	gaps();
	reloads();
	buf_free(&out);
	return unit_failed;
}
