// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listeners that do not keep up: "a slow listener loses events", sees that it
 * did, and never blocks a request: none is slowed by more than 10 % (medians,
 * interleaved in one boot), and no memory grows.
 *
 * CVM_EVENTS is how many requests flood() makes; without it 10000, or as many
 * as half a minute has room for.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"
#include "nl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_MAX		CVM_EVIDENCE_LOG_MAX
#define PARAM		"/sys/module/cvm_evidence/parameters/default_timeout_ms"
#define BLOCK		250	/* requests with, then so many without */
#define RATIO_MAX	1.10

/* Events that need no TEE, each a parameter that is set to another value */
static void make_events(unsigned int count)
{
	static unsigned int made;

	while (count--)
		CHECK(!write_line(PARAM, "%u\n", 110000 + ++made % 2), PARAM);
}

static void setup(void)
{
	need_root();
	drivers_touched();
	/* undone when the case ends */
	param_set("default_timeout_ms", 119999);
}

/* A listener with the least room there is, that never reads */
static void listen_stuck(struct nl *nl)
{
	int least = 1, err;

	nl_open(nl);
	CHECK(!setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)),
	      "%s", strerror(errno));
	err = nl_try_join(nl);
	CHECK(!err, "joining the group: %s", strerror(-err));
}

static uint64_t next_number(struct nl *nl)
{
	struct nl_event ev;

	CHECK(nl_next(nl, &ev, 5000) == 1, "no event");
	return ev.number;
}

/* One does not read, one does: each sees what it should. */
static void slow_and_good(void)
{
	struct nl slow, good;
	struct nl_event ev;
	uint64_t n, last;
	int err, got = 0;

	setup();
	listen_stuck(&slow);
	nl_listen(&good);
	nl_drain(&good);
	make_events(1);
	last = next_number(&good);
	for (int i = 0; i < 30; i++) {
		make_events(50);
		for (int k = 0; k < 50; k++) {
			n = next_number(&good);
			CHECK(n == last + 1, "a good listener lost %llu",
			      (unsigned long long)(n - last - 1));
			last = n;
		}
	}

	/* it is told, has what there was room for, and sees the gap */
	err = nl_next(&slow, &ev, 1000);
	CHECK(err == -ENOBUFS, "the slow one is told %s",
	      err > 0 ? "nothing" : strerror(-err));
	n = 0;
	while ((err = nl_next(&slow, &ev, 0)) > 0) {
		CHECK(!n || ev.number == n + 1, "a gap in what it has");
		n = ev.number;
		got++;
	}
	CHECK(!err, "%s", strerror(-err));
	ktap_note("the slow one has %d of %d", got, 30 * 50 + 1);
	CHECK(got && got < 30 * 50, "");
	make_events(1);
	last = next_number(&slow);
	CHECK(last > n + 1, "no gap");
	/* and from the log it has what it missed, as far as it goes back */
	{
		struct nl_event *log;
		int nr = nl_get_log(&good, n + 1, &log);

		CHECK(nr == LOG_MAX || log[0].number == n + 1, "%d events", nr);
		CHECK(log[nr - 1].number >= last, "");
	}
}

/* A kB figure of /proc/meminfo */
static long meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long kb = -1;

	CHECK(f, "/proc/meminfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			kb = strtol(line + strlen(name) + 1, NULL, 10);
	fclose(f);
	CHECK(kb >= 0, "no %s", name);
	return kb;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t median(uint64_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static void time_requests(int fd, uint64_t *ns, unsigned int count)
{
	static uint8_t buf[CVM_BUF_SIZE];

	for (unsigned int i = 0; i < count; i++) {
		uint64_t t = now_ns();

		cvm_write(fd, "flood", 5);
		CHECK(cvm_slurp(fd, buf, sizeof(buf)) > 0, "no evidence");
		ns[i] = now_ns() - t;
	}
}

/*
 * The simulator's quick answers, a listener that is full, and the same without
 * it, in turns.
 */
static void flood(void)
{
	const char *env = getenv("CVM_EVENTS");
	unsigned int total = env ? strtoul(env, NULL, 10) : 10000, done;
	uint64_t *with, *without, a, b, end;
	long slab, available, grown, lost;
	struct nl_info before, after;
	struct nl stuck, asking;
	double ratio;
	int fd;

	sim_need();
	setup();
	if (total < 20 * BLOCK)
		total = 20 * BLOCK;
	with = calloc(total, sizeof(*with));
	without = calloc(total, sizeof(*without));
	CHECK(with && without, "out of memory");
	sim_set("fast=1");
	driver_keeps_entry();
	fd = cvm_open(O_RDWR);
	nl_open(&asking);
	listen_stuck(&stuck);
	/* caches and the log fill */
	time_requests(fd, with, LOG_MAX + BLOCK);
	CHECK(!nl_get_info(&asking, &before), "get-info");

	slab = meminfo("Slab");
	available = meminfo("MemAvailable");
	end = env ? UINT64_MAX : now_ms() + 30000;
	for (done = 0; done < total / 2 && now_ms() < end; done += BLOCK) {
		setsockopt(stuck.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			   &stuck.group, sizeof(stuck.group));
		time_requests(fd, with + done, BLOCK);
		setsockopt(stuck.fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP,
			   &stuck.group, sizeof(stuck.group));
		time_requests(fd, without + done, BLOCK);
	}
	grown = meminfo("Slab") - slab;
	lost = available - meminfo("MemAvailable");
	CHECK(!nl_get_info(&asking, &after), "get-info");
	CHECK(after.num[CVM_EVIDENCE_INFO_A_EVENTS] -
	      before.num[CVM_EVIDENCE_INFO_A_EVENTS] >= 2 * done,
	      "fewer events than requests");
	ktap_note("%u events, %llu of them overran the log unsent", 2 * done,
		  (unsigned long long)
		  (after.num[CVM_EVIDENCE_INFO_A_EVENTS_UNSENT] -
		   before.num[CVM_EVIDENCE_INFO_A_EVENTS_UNSENT]));
	ktap_note("Slab %+ld kB, MemAvailable %+ld kB", grown, -lost);
	a = median(with, done);
	b = median(without, done);
	ratio = (double)a / b;
	ktap_note("median of a request %llu us with a stuck listener, %llu us without",
		  (unsigned long long)a / 1000, (unsigned long long)b / 1000);
	ktap_note("stuck-listener-ratio %.3f", ratio);
	CHECK(grown < 4096, "Slab grew by %ld kB", grown);
	CHECK(lost < 16384, "MemAvailable fell by %ld kB", lost);
	/* a debug kernel checks each buffer of each event: that is its cost */
	if (!ktap_debug_kernel())
		CHECK_TIME(ratio <= RATIO_MAX, "requests are slowed by %.0f %%",
			   (ratio - 1) * 100);
}

/* Joins, and waits in poll; tells how many events it got by its status. */
static void poll_and_count(void *arg)
{
	struct nl_event ev;
	struct nl nl;
	int n = 0;

	nl_listen(&nl);
	CHECK(write(*(int *)arg, "j", 1) == 1, "");
	while (n < 100 && nl_next(&nl, &ev, 10000) > 0)
		n += ev.type == EV(PARAMETER_CHANGED);
	_exit(n);
}

/* Listeners do not hold the module, and get what was told before its end. */
static void unload_under_listeners(void)
{
	struct nl stuck, late;
	int p[2], status;
	pid_t pid[3];
	char byte;

	setup();
	CHECK(!pipe(p), "%s", strerror(errno));
	for (int round = 0; round < 3; round++) {
		listen_stuck(&stuck);
		for (size_t i = 0; i < ARRAY_SIZE(pid); i++) {
			pid[i] = run_child(poll_and_count, &p[1]);
			CHECK(read(p[0], &byte, 1) == 1, "");
		}
		make_events(100);
		CHECK(!module_unload_once("cvm_evidence"), "rmmod: %s",
		      strerror(errno));
		for (size_t i = 0; i < ARRAY_SIZE(pid); i++) {
			status = reap_child(pid[i], 15000);
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 100,
			      "listener %zu: status 0x%x, not 100 events", i,
			      status);
		}
		CHECK(nl_try_open(&late) == -ENOENT, "the family is still there");
		module_load("cvm_evidence");
		nl_close(&stuck);
		nl_listen(&late);
		make_events(1);
		CHECK(next_number(&late), "");
		nl_close(&late);
	}
}

/* A dump that nobody reads to its end holds the module, until it is closed. */
static void unload_under_dump(void)
{
	struct nlmsghdr *h;
	struct nl nl;
	int err;
	uint8_t buf[20] __attribute__((aligned(4))) = {};

	setup();
	make_events(LOG_MAX);
	nl_open(&nl);
	h = (void *)buf;
	h->nlmsg_len = sizeof(buf);
	h->nlmsg_type = nl.family;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = 99;
	buf[16] = CVM_EVIDENCE_CMD_GET_LOG;
	buf[17] = CVM_EVIDENCE_GENL_VERSION;
	CHECK(send(nl.fd, buf, sizeof(buf), 0) == sizeof(buf), "%s",
	      strerror(errno));
	err = module_unload_once("cvm_evidence");
	CHECK(err == -EAGAIN, "rmmod under a dump: %s", strerror(-err));
	nl_close(&nl);
	module_unload("cvm_evidence", 2000);
	module_load("cvm_evidence");
}

static bool *stop;

static void make_stop(void)
{
	stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(stop != MAP_FAILED, "%s", strerror(errno));
}

static bool stopped(void)
{
	return __atomic_load_n(stop, __ATOMIC_ACQUIRE);
}

static void toggles(void *arg)
{
	(void)arg;
	while (!stopped())
		if (write_line(PARAM, "%d\n", 110000 + rand() % 100))
			sleep_ms(1);	/* it is away just now */
}

static void joins_and_leaves(void *arg)
{
	(void)arg;
	while (!stopped()) {
		struct nl_event *log, ev;
		struct nl listener, nl;
		int n;

		if (nl_try_open(&listener))
			continue;
		if (!nl_try_join(&listener))
			nl_next(&listener, &ev, 1);
		/* by another socket: an answer to one that is full is lost */
		if (!nl_try_open(&nl)) {
			n = nl_get_log(&nl, 0, &log);
			if (n > 0)
				free(log);
			nl_close(&nl);
		}
		nl_close(&listener);
	}
}

static void takes(void *arg)
{
	static uint8_t buf[CVM_BUF_SIZE];
	int fd = cvm_open(O_RDWR);

	(void)arg;
	while (!stopped()) {
		cvm_write(fd, "load", 4);
		CHECK(cvm_slurp(fd, buf, sizeof(buf)) > 0, "no evidence");
	}
}

/* The log is read while it is written: whatever is in it is whole. */
static void dump_under_load(void)
{
	uint64_t end = now_ms() + 3000, last = 0;
	unsigned int dumps = 0;
	struct nl_event *log;
	pid_t pid[3];
	struct nl nl;
	int n;

	sim_need();
	setup();
	make_stop();
	sim_set("fast=1");
	driver_keeps_entry();
	nl_open(&nl);
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++)
		pid[i] = run_child(takes, NULL);
	while (now_ms() < end) {
		n = nl_get_log(&nl, last + 1, &log);
		CHECK(n >= 0, "get-log: %s", strerror(-n));
		for (int i = 0; i < n; i++) {
			CHECK(log[i].number > last, "%llu after %llu",
			      (unsigned long long)log[i].number,
			      (unsigned long long)last);
			last = log[i].number;
		}
		free(log);
		dumps++;
	}
	ktap_note("%u dumps, up to event %llu", dumps, (unsigned long long)last);
	__atomic_store_n(stop, true, __ATOMIC_RELEASE);
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++)
		join_child(pid[i], 15000);
}

/* Loaded and unloaded while others listen, dump and make events */
static void reload_storm(void)
{
	pid_t pid[4];

	setup();
	make_stop();
	for (int i = 0; i < 4; i++)
		pid[i] = run_child(i % 2 ? joins_and_leaves : toggles, NULL);
	for (int i = 0; i < 12; i++) {
		sleep_ms(150);
		module_unload("cvm_evidence", 10000);
		module_load("cvm_evidence");
	}
	__atomic_store_n(stop, true, __ATOMIC_RELEASE);
	for (int i = 0; i < 4; i++)
		join_child(pid[i], 15000);
}

static const struct ktap_case cases[] = {
	{ "slow_and_good", slow_and_good, 0 },
	{ "unload_under_listeners", unload_under_listeners, 0 },
	{ "unload_under_dump", unload_under_dump, 0 },
	{ "dump_under_load", dump_under_load, 0 },
	{ "reload_storm", reload_storm, 120 },
	{ "flood", flood, 1200 },
};

DRIVERS_TEST_MAIN(cases)
