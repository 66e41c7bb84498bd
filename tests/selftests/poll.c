// SPDX-License-Identifier: GPL-2.0-only
/* poll(2), epoll and O_NONBLOCK: UAPI header "THE FILE". */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];
#define ALL	(POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM | POLLPRI)

/* "a fresh file is readable", "POLLOUT always" */
static void fresh(void)
{
	short ev = cvm_poll(cvm_open(O_RDWR), POLLIN | POLLOUT, 0);

	CHECK(ev == (POLLIN | POLLOUT), "0x%x", ev);
	ev = cvm_poll(cvm_open(O_RDWR | O_NONBLOCK), ALL, 0);
	CHECK(ev == (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM), "0x%x", ev);
}

/* poll alone asks nobody for anything */
static void poll_starts_nothing(void)
{
	struct cvm_state a, b;
	int fd = cvm_open(O_RDWR | O_NONBLOCK);

	cvm_get_info(fd, &a);
	for (int i = 0; i < 100; i++)
		cvm_poll(fd, ALL, 0);
	cvm_get_info(fd, &b);
	CHECK(a.info.requests_started == b.info.requests_started, "it did");
}

/* "a read that would wait starts the request, returns EAGAIN"; then POLLIN */
static void eagain_then_ready(void)
{
	struct cvm_blob b;
	short ev;
	ssize_t n;
	int fd;

	sim_need();
	sim_set("block=1");
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	CHECK(read(fd, buf, sizeof(buf)) == -1 && errno == EAGAIN, "%s",
	      strerror(errno));
	ev = cvm_poll(fd, POLLIN | POLLOUT, 0);
	CHECK(ev == POLLOUT, "0x%x while it is made", ev);
	CHECK(read(fd, buf, sizeof(buf)) == -1 && errno == EAGAIN, "%s",
	      strerror(errno));
	sim_set("block=0");
	ev = cvm_poll(fd, POLLIN, 10000);
	CHECK(ev == POLLIN, "0x%x", ev);
	/* still there, and readable to its end, and at EOF */
	CHECK(read(fd, buf, 50) == 50, "%s", strerror(errno));
	CHECK(cvm_poll(fd, POLLIN, 0) == POLLIN, "in the middle");
	n = cvm_slurp(fd, buf + 50, sizeof(buf) - 50);
	CHECK(n > 0, "%zd", n);
	cvm_blob_check(buf, n + 50, NULL, 0, &b);
	CHECK(cvm_poll(fd, POLLIN, 0) == POLLIN, "at EOF");
	CHECK(read(fd, buf, 1) == 0, "%s", strerror(errno));
}

/* "With O_NONBLOCK the request starts at once" */
static void write_starts(void)
{
	struct cvm_state a, b;
	struct cvm_blob blob;
	ssize_t n;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_get_info(fd, &a);
	cvm_write(fd, "at once", 7);
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_started == a.info.requests_started + 1,
	      "it did not start");
	CHECK(cvm_poll(fd, POLLIN, 30000) & POLLIN, "no POLLIN");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "at once", 7, &blob);
}

/* ... and without it, it does not */
static void blocking_write_waits(void)
{
	struct cvm_state a, b;
	struct cvm_blob blob;
	ssize_t n;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &a);
	cvm_write(fd, "later", 5);
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_started == a.info.requests_started, "it started");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "later", 5, &blob);
}

/* A write while the earlier request is under way: the later one counts */
static void write_replaces(void)
{
	struct cvm_blob b;
	ssize_t n;
	int fd;

	sim_need();
	sim_set("delay=200");
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_write(fd, "earlier", 7);
	sleep_ms(50);
	cvm_write(fd, "later", 5);
	CHECK(cvm_poll(fd, POLLIN, 10000) == POLLIN, "no POLLIN");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "later", 5, &b);
}

/* "a read would start a request": on a fresh file, and after a blocking write */
static void would_start(void)
{
	struct cvm_blob b;
	uint64_t calls;
	ssize_t n;
	int fd;

	sim_need();
	fd = cvm_open(O_RDWR);
	calls = sim_counter("calls");
	CHECK(cvm_poll(fd, POLLIN, 0) == POLLIN, "a fresh file");
	cvm_write(fd, "armed", 5);
	CHECK(cvm_poll(fd, POLLIN, 0) == POLLIN, "after a write");
	sleep_ms(300);
	CHECK(sim_counter("calls") == calls, "poll or write asked firmware");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "armed", 5, &b);
}

/* "POLLERR besides when the request failed"; the error once, then EOF */
static void error(void)
{
	struct cvm_blob b;
	short ev;
	ssize_t n;
	int fd;

	sim_need();
	sim_fail_next();
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_write(fd, "fails", 5);
	ev = cvm_poll(fd, POLLIN, 10000);
	CHECK(ev == (POLLIN | POLLERR), "0x%x", ev);
	CHECK(read(fd, buf, 1) == -1 && errno == EIO, "%s", strerror(errno));
	ev = cvm_poll(fd, POLLIN, 0);
	CHECK(ev == POLLIN, "0x%x after the error was told", ev);
	CHECK(read(fd, buf, 1) == 0, "%s", strerror(errno));
	cvm_write(fd, "works", 5);
	CHECK(cvm_poll(fd, POLLIN, 10000) == POLLIN, "no POLLIN");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "works", 5, &b);
}

/*
 * "POLLERR besides when the request failed and no call has returned its error
 * yet": a REQUEST that returns it is such a call, at once or by rejoining
 */
static void error_returned_by_request(void)
{
	struct cvm_evidence_request req;
	short ev;
	int fd, err;

	sim_need();
	fd = cvm_open(O_RDWR);
	sim_fail_next();
	cvm_request_init(&req, "fails", 5);
	err = cvm_request(fd, &req);
	CHECK(err == -EIO, "%s", strerror(-err));
	ev = cvm_poll(fd, POLLIN, 0);
	CHECK(ev == POLLIN, "0x%x after REQUEST returned the error", ev);
	CHECK(read(fd, buf, 1) == 0, "no EOF");

	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK), "%s", strerror(errno));
	sim_fail_next();
	sim_set("block=1");
	err = cvm_request(fd, &req);
	CHECK(err == -EAGAIN, "%s", strerror(-err));
	sim_set("block=0");
	ev = cvm_poll(fd, POLLIN, 10000);
	CHECK(ev == (POLLIN | POLLERR), "0x%x before anybody was told", ev);
	err = cvm_rejoin(fd, &req);
	CHECK(err == -EIO, "%s", strerror(-err));
	ev = cvm_poll(fd, POLLIN, 0);
	CHECK(ev == POLLIN, "0x%x after REQUEST returned the error", ev);
	CHECK(read(fd, buf, 1) == 0, "no EOF");
}

/* "POLLPRI is reserved for the lease and not set yet": in no state of a file */
static void never_priority(void)
{
	struct cvm_blob b;
	short ev;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	ev = cvm_poll(fd, POLLPRI, 0);
	CHECK(!ev, "0x%x of a fresh file", ev);
	cvm_write(fd, "lease", 5);
	CHECK(read(fd, buf, 64) == 64, "%s", strerror(errno));
	ev = cvm_poll(fd, POLLPRI, 0);
	CHECK(!ev, "0x%x in the middle of a blob", ev);
	cvm_take(fd, "lease", 5, &b);
	ev = cvm_poll(fd, POLLPRI, 200);
	CHECK(!ev, "0x%x after evidence was read", ev);
}

/*
 * "an event loop never hammers the firmware": one that reads whenever the file
 * is readable, for a second, causes one request, whether it fails or not.
 */
static void event_loop(void)
{
	struct cvm_state a, b;

	sim_need();
	for (int fails = 0; fails < 2; fails++) {
		uint64_t calls, begin = now_ms();
		int fd, reads = 0;

		fd = cvm_open(O_RDWR | O_NONBLOCK);
		cvm_get_info(fd, &a);
		calls = sim_counter("calls");
		if (fails)
			sim_fail_next();
		/* a busy host may take more than the second for the first turn */
		while (now_ms() - begin < 1000 ||
		       (reads <= 2 && now_ms() - begin < 30000)) {
			if (!(cvm_poll(fd, POLLIN, 50) & (POLLIN | POLLERR)))
				continue;
			reads++;
			if (read(fd, buf, sizeof(buf)) < 0 && errno != EAGAIN)
				CHECK(fails && errno == EIO, "%s",
				      strerror(errno));
		}
		cvm_get_info(fd, &b);
		calls = sim_counter("calls") - calls;
		ktap_note("%d reads, %llu requests, %llu calls of firmware", reads,
			  (unsigned long long)(b.info.requests_started -
					       a.info.requests_started),
			  (unsigned long long)calls);
		CHECK(reads > 2, "the loop did not turn");
		CHECK(b.info.requests_started == a.info.requests_started + 1 &&
		      calls == 1, "");
		close(fd);
	}
}

/* The same when no provider is there: one ENODEV, then EOFs */
static void event_loop_without_provider(void)
{
	struct cvm_state st;
	int fd, errors = 0;

	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_get_info(fd, &st);
	if (st.info.auto_provider)
		ktap_skip("there is a provider");
	for (int i = 0; i < 100; i++) {
		CHECK(cvm_poll(fd, POLLIN, 10000) & POLLIN, "not readable");
		if (read(fd, buf, sizeof(buf)) < 0 && errno != EAGAIN) {
			CHECK(errno == ENODEV, "%s", strerror(errno));
			errors++;
		}
	}
	CHECK(errors == 1, "%d errors", errors);
}

/*
 * "What a non-blocking write cannot know at once (ENODEV, ...) its read
 * returns": the write succeeds, poll tells the failure, one read its errno
 */
static void nonblocking_write_without_provider(void)
{
	struct cvm_state st;
	short ev;
	int fd;

	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_get_info(fd, &st);
	if (st.info.auto_provider)
		ktap_skip("there is a provider");
	for (int i = 0; i < 3; i++) {
		cvm_write(fd, "nobody", 6);
		ev = cvm_poll(fd, POLLIN, 10000);
		CHECK(ev == (POLLIN | POLLERR), "0x%x", ev);
		CHECK(read(fd, buf, 1) == -1 && errno == ENODEV, "%s",
		      strerror(errno));
		ev = cvm_poll(fd, POLLIN, 0);
		CHECK(ev == POLLIN, "0x%x after the error was returned", ev);
		CHECK(read(fd, buf, 1) == 0, "no EOF after the error");
	}
}

/* An edge for every evidence, with EPOLLET, and none in between */
static void epoll_edge(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	struct cvm_blob b;
	int fd, ep, n;

	sim_need();
	sim_set("delay=150");
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	ep = epoll_create1(EPOLL_CLOEXEC);
	CHECK(ep >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), "%s",
	      strerror(errno));
	CHECK(epoll_wait(ep, &ev, 1, 0) == 1, "a fresh file is readable");
	for (int i = 0; i < 3; i++) {
		cvm_write(fd, "edge", 4);
		/* the write itself may wake; it is the evidence that counts */
		do {
			n = epoll_wait(ep, &ev, 1, 10000);
			CHECK(n == 1, "round %d: no edge", i);
		} while (read(fd, buf, 64) < 0 && errno == EAGAIN);
		CHECK(epoll_wait(ep, &ev, 1, 100) == 0, "an edge out of nothing");
		n = cvm_slurp(fd, buf + 64, sizeof(buf) - 64);
		CHECK(n > 0, "%d", n);
		cvm_blob_check(buf, n + 64, "edge", 4, &b);
	}
}

/* One epoll for many files, each with its own data */
static void epoll_many(void)
{
	enum { N = 16 };
	int ep = epoll_create1(EPOLL_CLOEXEC), left = N, fds[N];

	cvm_need_evidence();
	for (int i = 0; i < N; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
		char rd[8];

		fds[i] = cvm_open(O_RDWR | O_NONBLOCK);
		snprintf(rd, sizeof(rd), "many%02d", i);
		cvm_write(fds[i], rd, 6);
		CHECK(!epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &ev), "%s",
		      strerror(errno));
	}
	while (left) {
		struct epoll_event ev;
		struct cvm_blob b;
		char rd[8];
		ssize_t n;
		int i;

		CHECK(epoll_wait(ep, &ev, 1, 30000) == 1, "%d left", left);
		i = ev.data.u32;
		n = cvm_slurp(fds[i], buf, sizeof(buf));
		CHECK(n > 0, "%s", strerror(-n));
		snprintf(rd, sizeof(rd), "many%02d", i);
		cvm_blob_check(buf, n, rd, 6, &b);
		CHECK(!epoll_ctl(ep, EPOLL_CTL_DEL, fds[i], NULL), "");
		left--;
	}
}

static void *poller(void *arg)
{
	short ev = cvm_poll(*(int *)arg, POLLIN, 10000);

	CHECK(ev == POLLIN, "a waiting poll saw 0x%x", ev);
	return NULL;
}

/* Threads that were in poll before anything happened are woken, all of them */
static void many_pollers(void)
{
	pthread_t t[8];
	int fd;

	sim_need();
	sim_set("delay=300:1");
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_write(fd, "poll", 4);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		CHECK(!pthread_create(&t[i], NULL, poller, &fd), "");
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
}

/* O_NONBLOCK can be turned on and off on an open file */
static void toggled(void)
{
	struct cvm_blob b;
	ssize_t n;
	int fd;

	sim_need();
	sim_set("block=1");
	fd = cvm_open(O_RDWR);
	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK), "%s", strerror(errno));
	cvm_write(fd, "toggled", 7);
	CHECK(read(fd, buf, 1) == -1 && errno == EAGAIN, "%s", strerror(errno));
	sim_set("block=0");
	CHECK(!fcntl(fd, F_SETFL, 0), "%s", strerror(errno));
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "toggled", 7, &b);
}

static const struct ktap_case cases[] = {
	{ "fresh", fresh, 0 },
	{ "poll_starts_nothing", poll_starts_nothing, 0 },
	{ "eagain_then_ready", eagain_then_ready, 0 },
	{ "write_starts", write_starts, 0 },
	{ "blocking_write_waits", blocking_write_waits, 0 },
	{ "write_replaces", write_replaces, 0 },
	{ "would_start", would_start, 0 },
	{ "error", error, 0 },
	{ "event_loop", event_loop, 0 },
	{ "event_loop_without_provider", event_loop_without_provider, 0 },
	{ "nonblocking_write_without_provider",
	  nonblocking_write_without_provider, 0 },
	{ "error_returned_by_request", error_returned_by_request, 0 },
	{ "never_priority", never_priority, 0 },
	{ "epoll_edge", epoll_edge, 0 },
	{ "epoll_many", epoll_many, 0 },
	{ "many_pollers", many_pollers, 0 },
	{ "toggled", toggled, 0 },
};

CVM_TEST_MAIN(cases)
