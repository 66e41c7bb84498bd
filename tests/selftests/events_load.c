// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is told while the module loads: GET_INFO, by netlink and by the ioctl,
 * "answers at once from what is known", a provider that was not probed yet is
 * ST_UNKNOWN, and never anything else.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"
#include "nl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct shared {
	struct cvm_state last;		/* as it is when all is probed */
	unsigned int answers, unknown, stop;
} *sh;

static void setup(void)
{
	int fd;

	sim_need();
	need_root();
	drivers_touched();
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(sh != MAP_FAILED, "%s", strerror(errno));
	/* as it is after a load, without what requests have counted since */
	reload_ours();
	fd = cvm_open(O_RDONLY);
	driver_ready(fd, &sh->last);
	close(fd);
	for (unsigned int i = 0; i < sh->last.nr; i++)
		CHECK(sh->last.prov[i].status != CVM_EVIDENCE_ST_UNKNOWN,
		      "%s is still unknown", sh->last.prov[i].name);
}

/* It is not known yet, and nothing is said of it, or it is as at the end */
static void check_provider(const struct cvm_evidence_provider *p, const char *by)
{
	const struct cvm_evidence_provider *want = cvm_find(&sh->last, p->id);

	CHECK(want && !strcmp(p->name, want->name), "%s: provider %u '%s'", by,
	      p->id, p->name);
	if (p->status == CVM_EVIDENCE_ST_UNKNOWN) {
		CHECK(p->reason == CVM_EVIDENCE_REASON_NOT_PROBED &&
		      p->tee == CVM_EVIDENCE_TEE_NONE,
		      "%s: %s is unknown, with reason %u, tee %u", by, p->name,
		      p->reason, p->tee);
		__atomic_fetch_add(&sh->unknown, 1, __ATOMIC_RELAXED);
		return;
	}
	CHECK(p->status == want->status && p->reason == want->reason &&
	      p->tee == want->tee && !strcmp(p->driver, want->driver),
	      "%s: %s has status %u (%s), tee %u while it loads; %u (%s), %u when it is probed",
	      by, p->name, p->status, cvm_why(p), p->tee, want->status,
	      cvm_why(want), want->tee);
}

static bool stopped(void)
{
	return __atomic_load_n(&sh->stop, __ATOMIC_ACQUIRE);
}

static void asks_netlink(void *arg)
{
	struct nl_info info;
	struct nl nl;

	(void)arg;
	while (!stopped()) {
		if (nl_try_open(&nl))
			continue;
		while (!stopped() && !nl_get_info(&nl, &info)) {
			__atomic_fetch_add(&sh->answers, 1, __ATOMIC_RELAXED);
			for (unsigned int i = 0; i < info.nr; i++)
				check_provider(&info.prov[i], "netlink");
		}
		nl_close(&nl);
	}
}

/* A file holds the module: it is there for a moment only. */
static void asks_ioctl(void *arg)
{
	struct cvm_state st;

	(void)arg;
	while (!stopped()) {
		int fd = open(cvm_node(), O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		cvm_get_info(fd, &st);
		close(fd);
		__atomic_fetch_add(&sh->answers, 1, __ATOMIC_RELAXED);
		for (unsigned int i = 0; i < st.nr; i++)
			check_provider(&st.prov[i], "GET_INFO");
		if (st.info.auto_provider != CVM_EVIDENCE_PROVIDER_AUTO)
			CHECK(st.info.auto_provider == sh->last.info.auto_provider,
			      "AUTO is %u while it loads", st.info.auto_provider);
		else
			CHECK(st.info.tee == CVM_EVIDENCE_TEE_NONE, "tee %u of none",
			      st.info.tee);
		sleep_ms(1);
	}
}

static void loads(unsigned int times)
{
	pid_t pid[2];

	pid[0] = run_child(asks_netlink, NULL);
	pid[1] = run_child(asks_ioctl, NULL);
	for (unsigned int i = 0; i < times; i++) {
		module_unload("cvm_evidence", 10000);
		module_load("cvm_evidence");
		sleep_ms(100);
	}
	__atomic_store_n(&sh->stop, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 2; i++)
		join_child(pid[i], 20000);
	ktap_note("%u answers, %u providers of them not known yet", sh->answers,
		  sh->unknown);
	CHECK(sh->answers > times, "too few answers to tell");
}

static void while_it_loads(void)
{
	setup();
	loads(10);
}

/*
 * Before the family is there nobody guards the number that its group will have: a user
 * without a capability joins all numbers that it can.
 */
static void joins_all(void *arg)
{
	static const struct timeval none = { .tv_usec = 1000 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	unsigned int joined = 0;
	char buf[8192];

	(void)arg;
	CHECK(fd >= 0, "%s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
	become_user(70001, 70001);
	for (uint32_t group = 1; group <= 64; group++)
		joined += !setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				      sizeof(group));
	CHECK(joined > 10, "%u groups could be joined", joined);
	__atomic_store_n(&sh->answers, 1, __ATOMIC_RELEASE);
	while (!stopped()) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		const struct nlmsghdr *h = (const void *)buf;

		if (n < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN) || h->nlmsg_type != sh->unknown)
			continue;
		CHECK(false, "it got an event, message type %u", h->nlmsg_type);
	}
	_exit(0);
}

static void joined_before_load(void)
{
	struct cvm_evidence_request req;
	struct nl_event ev;
	struct nl listener;
	int fd, err;
	pid_t pid;

	setup();
	module_unload("cvm_evidence", 10000);
	sh->unknown = 0;
	pid = run_child(joins_all, NULL);
	while (!__atomic_load_n(&sh->answers, __ATOMIC_ACQUIRE))
		sleep_ms(5);
	module_load("cvm_evidence");
	nl_listen(&listener);
	/* the other one is to look at messages of this family only */
	__atomic_store_n(&sh->unknown, listener.family, __ATOMIC_RELEASE);
	CHECK(listener.group <= 64, "group %u", listener.group);
	fd = cvm_open(O_RDWR);
	cvm_request_init(&req, "who hears", 9);
	err = cvm_request(fd, &req);
	CHECK(!err, "%s", strerror(-err));
	/* root, which may, hears of it */
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	sleep_ms(200);
	__atomic_store_n(&sh->stop, 1, __ATOMIC_RELEASE);
	join_child(pid, 5000);
}

/* Another agent's report keeps TSM busy: the first probe does not end. */
static void agent(void *arg)
{
	static uint8_t data[64] = { 7 }, buf[1 << 16];
	const char *entry = arg;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/inblob", entry);
	fd = open(path, O_WRONLY);
	CHECK(fd >= 0 && write(fd, data, 64) == 64, "%s: %s", path,
	      strerror(errno));
	close(fd);
	snprintf(path, sizeof(path), "%s/outblob", entry);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0 && read(fd, buf, sizeof(buf)) > 0, "%s: %s", path,
	      strerror(errno));
}

static void not_probed_yet(void)
{
	const struct cvm_evidence_provider *p;
	struct cvm_evidence_request req;
	struct cvm_state st;
	char entry[96];
	uint64_t begin;
	pid_t pid;
	int fd, err;

	setup();
	if (!driver_tsm())
		ktap_skip("no TSM here");
	snprintf(entry, sizeof(entry), TSM_REPORT_DIR "/selftest.%d", getpid());
	module_unload("cvm_evidence", 10000);
	CHECK(!mkdir(entry, 0755), "%s: %s", entry, strerror(errno));
	sim_set("block=1");
	pid = run_child(agent, entry);
	while (!driver_counter("in_flight"))
		sleep_ms(5);
	begin = now_ms();
	module_load("cvm_evidence");
	/* "waits for it at most one second", and modprobe takes its time */
	CHECK_TIME(now_ms() - begin < 4000, "modprobe took %llu ms",
		   (unsigned long long)(now_ms() - begin));
	fd = cvm_open(O_RDWR);
	begin = now_ms();
	cvm_get_info(fd, &st);
	CHECK_TIME(now_ms() - begin < 500, "GET_INFO took %llu ms",
		   (unsigned long long)(now_ms() - begin));
	for (unsigned int i = 0; i < st.nr; i++)
		check_provider(&st.prov[i], "GET_INFO");
	p = cvm_find(&st, CVM_EVIDENCE_PROVIDER_TSM);
	ktap_note("tsm, beside another's report: status %u, %s", p->status,
		  cvm_why(p));
	/* a request waits for it, within its own deadline */
	cvm_request_init(&req, "waits", 5);
	req.timeout_ms = 500;
	begin = now_ms();
	err = cvm_request(fd, &req);
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	CHECK_TIME(now_ms() - begin < 3000, "after %llu ms",
		   (unsigned long long)(now_ms() - begin));
	sim_set("block=0");
	join_child(pid, 20000);
	CHECK(!rmdir(entry), "%s: %s", entry, strerror(errno));
	driver_ready(fd, &st);
	for (unsigned int i = 0; i < st.nr; i++)
		check_provider(&st.prov[i], "afterwards");
	cvm_request_init(&req, "goes", 4);
	err = cvm_request(fd, &req);
	CHECK(!err, "afterwards: %s", strerror(-err));
	CHECK(req.out_provider == sh->last.info.auto_provider,
	      "served by %u, not by %u", req.out_provider,
	      sh->last.info.auto_provider);
}

/* The events of a load: each provider that is there, and no other, added once */
static void added_events(void)
{
	struct nl_event *log;
	struct nl nl;
	int n;

	setup();
	nl_open(&nl);
	n = nl_get_log(&nl, 0, &log);
	CHECK(n >= 0, "get-log: %s", strerror(-n));
	for (unsigned int i = 0; i < sh->last.nr; i++) {
		const struct cvm_evidence_provider *p = &sh->last.prov[i];
		int added = 0;

		for (int k = 0; k < n; k++)
			added += log[k].type == EV(PROVIDER_ADDED) &&
				 nl_num(&log[k], EVA(PROVIDER)) == p->id;
		CHECK(added == (p->status == CVM_EVIDENCE_ST_AVAILABLE),
		      "%s with status %u was added %d times", p->name, p->status,
		      added);
	}
}

static const struct ktap_case cases[] = {
	{ "joined_before_load", joined_before_load, 0 },
	{ "while_it_loads", while_it_loads, 120 },
	{ "not_probed_yet", not_probed_yet, 0 },
	{ "added_events", added_events, 0 },
};

DRIVERS_TEST_MAIN(cases)
