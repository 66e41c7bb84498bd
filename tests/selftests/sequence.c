// SPDX-License-Identifier: GPL-2.0-only
/*
 * cvm_evidence_request.sequence: "0 starts a new request and cancels a pending
 * one; the number of the pending request, whose outcome no call has returned
 * yet, continues that one and ignores the other parameters; any other is EINVAL.
 * out: number of the request since the module was loaded, written before the
 * call waits; 0 when it was not admitted."
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;
static int fd;

static void need(int flags)
{
	sim_need();
	fd = cvm_open(O_RDWR | flags);
	cvm_request_init(&req, "request", 7);
}

static void check_read(const char *rd)
{
	struct cvm_blob b;
	ssize_t n = cvm_slurp(fd, buf, sizeof(buf));

	CHECK(n > 0, "read: %s", n ? strerror(-n) : "EOF");
	cvm_blob_check(buf, n, rd, strlen(rd), &b);
}

/* EINVAL for this number, "and then EOF": no blob, no pending request */
static void wrong_at(int line, uint64_t number)
{
	short ev;
	int err;

	req.sequence = number;
	err = cvm_rejoin(fd, &req);
	if (err != -EINVAL)
		ktap_fail(__FILE__, line, "sequence %llu: %s",
			  (unsigned long long)number, strerror(-err));
	if (req.sequence)
		ktap_fail(__FILE__, line, "sequence came back as %llu",
			  (unsigned long long)req.sequence);
	ev = cvm_poll(fd, POLLIN, 0);
	if (ev != POLLIN || read(fd, buf, 1))
		ktap_fail(__FILE__, line, "no EOF, poll says 0x%x", ev);
}
#define WRONG(number)	wrong_at(__LINE__, number)

/* The numbers: one more for each admitted request of anybody, none for others */
static void counts_requests(void)
{
	uint64_t first;
	int other;

	need(0);
	other = cvm_open(O_RDWR);
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	first = req.sequence;
	CHECK(first, "sequence 0 of a request that was served");
	CHECK(!cvm_request(other, &req), "%s", strerror(errno));
	CHECK(req.sequence == first + 1, "%llu after %llu",
	      (unsigned long long)req.sequence, (unsigned long long)first);
	cvm_write(fd, "by write", 8);
	check_read("by write");
	/* what is refused has none: "0 when it was not admitted" */
	req.flags = 1U << 31;
	req.sequence = 0;
	CHECK(cvm_rejoin(fd, &req) == -EINVAL, "not refused");
	CHECK(!req.sequence, "%llu", (unsigned long long)req.sequence);
	req.flags = 0;
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	CHECK(req.sequence == first + 3, "%llu after %llu",
	      (unsigned long long)req.sequence, (unsigned long long)first + 2);
}

/* No request is pending: no number is right */
static void nothing_pending(void)
{
	need(0);
	WRONG(1);
	WRONG(~0ULL);
	cvm_write(fd, "written", 7);
	WRONG(7);
}

/* Not the pending one's: neither the next nor the last, and it is canceled */
static void another_number(void)
{
	struct cvm_state a, b;
	uint64_t seq;

	need(O_NONBLOCK);
	sim_set("block=1");
	for (int i = -1; i <= 1; i += 2) {
		cvm_get_info(fd, &a);
		CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
		seq = req.sequence;
		WRONG(seq + i);
		cvm_get_info(fd, &b);
		CHECK(b.info.requests_canceled == a.info.requests_canceled + 1,
		      "the pending request goes on");
		/* who continues that one is told that it was ended */
		req.sequence = seq;
		CHECK(cvm_rejoin(fd, &req) == -ECANCELED, "%s", strerror(errno));
		CHECK(read(fd, buf, 1) == 0, "no EOF");
	}
}

/* A number is of one open file */
static void another_file(void)
{
	int mine;

	need(O_NONBLOCK);
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	mine = fd;
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	WRONG(req.sequence);
	close(fd);
	fd = mine;
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) == POLLIN, "no POLLIN");
	check_read("request");
}

/* Replaced by a write on the same file: ECANCELED, and the other's data stay */
static void replaced(void)
{
	need(O_NONBLOCK);
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	CHECK(write(fd, "another", 7) == 7, "%s", strerror(errno));
	CHECK(cvm_rejoin(fd, &req) == -ECANCELED, "not ECANCELED");
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) == POLLIN, "no POLLIN");
	check_read("another");
}

/* Not only the last: "that of one that was replaced before is ECANCELED" */
static void replaced_twice(void)
{
	uint64_t seq;

	need(O_NONBLOCK);
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	CHECK(write(fd, "another", 7) == 7, "%s", strerror(errno));
	CHECK(write(fd, "a third", 7) == 7, "%s", strerror(errno));
	seq = req.sequence;
	for (int i = 0; i < 2; i++) {
		req.sequence = seq;
		CHECK(cvm_rejoin(fd, &req) == -ECANCELED, "not ECANCELED");
	}
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) == POLLIN, "no POLLIN");
	check_read("a third");
}

/* "Let one caller continue a number": the evidence is the first's, or nobody's */
static void second_caller(void)
{
	struct cvm_evidence_request second;

	need(O_NONBLOCK);
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	second = req;
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) == POLLIN, "no POLLIN");
	CHECK(!cvm_rejoin(fd, &req), "%s", strerror(errno));
	CHECK(req.blob_len, "no evidence");
	req = second;
	WRONG(second.sequence);
}

/* Success was returned: the same struct again is EINVAL, and the blob is gone */
static void answered_by_request(void)
{
	need(0);
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	WRONG(req.sequence);

	/* so it is in the middle of the blob */
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	CHECK(read(fd, buf, 64) == 64, "%s", strerror(errno));
	WRONG(req.sequence);

	/* and for an error */
	sim_fail_next();
	CHECK(cvm_request(fd, &req) == -EIO, "no error");
	CHECK(req.sequence, "sequence 0 of a request that was admitted");
	WRONG(req.sequence);
}

/* A read returned the outcome, evidence or error: it was that call */
static void answered_by_read(void)
{
	need(O_NONBLOCK);
	/* held back, or the outcome may be there before the call returns */
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) == POLLIN, "no POLLIN");
	CHECK(read(fd, buf, 64) == 64, "%s", strerror(errno));
	WRONG(req.sequence);

	sim_set("block=1");
	sim_fail_next();
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) == (POLLIN | POLLERR), "no POLLERR");
	CHECK(read(fd, buf, 64) == -1 && errno == EIO, "%s", strerror(errno));
	WRONG(req.sequence);
}

/* "ended it by a REQUEST that failed": who continues that one is told so */
static void ended_by_a_failure(void)
{
	uint64_t seq;

	need(O_NONBLOCK);
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	seq = req.sequence;
	req.flags = 1U << 31;
	req.sequence = 0;
	CHECK(cvm_rejoin(fd, &req) == -EINVAL, "%s", strerror(errno));
	sim_set("block=0");
	req.flags = 0;
	req.sequence = seq;
	CHECK(cvm_rejoin(fd, &req) == -ECANCELED, "%s", strerror(errno));
	CHECK(read(fd, buf, 1) == 0, "no EOF");
}

static void on_first_cpu(int policy)
{
	const struct sched_param par = { .sched_priority = policy == SCHED_FIFO };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK(!sched_setaffinity(0, sizeof(set), &set), "%s", strerror(errno));
	CHECK(!sched_setscheduler(0, policy, &par), "%s", strerror(errno));
}

/* Before REQUEST can return: it has the CPU first */
static void reads_some(void *arg)
{
	(void)arg;
	on_first_cpu(SCHED_FIFO);
	CHECK(read(fd, buf, 64) == 64, "%s", strerror(errno));
}

static void lets_go(void *arg)
{
	(void)arg;
	sleep_ms(1500);
	sim_set("block=0");
}

/* "or, while this call waited, read its evidence first": also a part of it */
static void read_while_it_waits(void)
{
	pid_t reader, releaser;

	need(O_NONBLOCK);
	need_root();
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	CHECK(!fcntl(fd, F_SETFL, 0), "%s", strerror(errno));
	reader = run_child(reads_some, NULL);
	releaser = run_child(lets_go, NULL);
	on_first_cpu(SCHED_IDLE);
	CHECK(cvm_rejoin(fd, &req) == -ECANCELED, "%s", strerror(errno));
	CHECK(!req.blob_len, "%llu bytes to read", (unsigned long long)req.blob_len);
	join_child(reader, 10000);
	join_child(releaser, 10000);
	CHECK(cvm_slurp(fd, buf, sizeof(buf)) > 0, "the rest is not there");
}

/* "and ignores the other parameters": also ones that would be refused */
static void others_ignored(void)
{
	struct cvm_evidence_request spoilt;

	need(O_NONBLOCK);
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	cvm_request_init(&spoilt, "another", 7);
	spoilt.sequence = req.sequence;
	spoilt.timeout_ms = 1;
	spoilt.privlevel = 77;
	spoilt.provider = 99;
	spoilt.report_data[60] = 1;
	spoilt.service_provider = 16;
	spoilt.service_provider_len = 4;
	CHECK(cvm_rejoin(fd, &spoilt) == -EAGAIN, "%s", strerror(errno));
	CHECK(spoilt.sequence == req.sequence, "another request");
	sim_set("block=0");
	CHECK(!fcntl(fd, F_SETFL, 0), "%s", strerror(errno));
	CHECK(!cvm_rejoin(fd, &spoilt), "%s", strerror(errno));
	CHECK(spoilt.sequence == req.sequence, "another request");
	check_read("request");
}

/* Continued by one that waits: EAGAIN, then without O_NONBLOCK */
static void continued_blocking(void)
{
	struct cvm_state a, b;
	uint64_t seq;

	need(O_NONBLOCK);
	sim_set("block=1");
	cvm_get_info(fd, &a);
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	sim_set("block=0");
	seq = req.sequence;
	CHECK(!fcntl(fd, F_SETFL, 0), "%s", strerror(errno));
	CHECK(!cvm_rejoin(fd, &req), "%s", strerror(errno));
	CHECK(req.sequence == seq, "another request");
	check_read("request");
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_started == a.info.requests_started + 1, "%llu",
	      (unsigned long long)(b.info.requests_started -
				   a.info.requests_started));
}

/* "A request keeps its first deadline": after EAGAIN, by REQUEST and by read */
static void first_deadline(void)
{
	uint64_t t;
	ssize_t n;
	int err;

	need(O_NONBLOCK);
	sim_set("block=1");
	for (int by_read = 0; by_read < 2; by_read++) {
		CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK), "%s", strerror(errno));
		cvm_request_init(&req, "request", 7);
		req.timeout_ms = 800;
		t = now_ms();
		CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
		sleep_ms(400);
		/* it neither prolongs nor shortens it */
		req.timeout_ms = 60000;
		CHECK(cvm_rejoin(fd, &req) == -EAGAIN, "%s", strerror(errno));
		CHECK(!fcntl(fd, F_SETFL, 0), "%s", strerror(errno));
		if (by_read) {
			n = read(fd, buf, 1);
			err = n < 0 ? -errno : n;
		} else {
			err = cvm_rejoin(fd, &req);
		}
		t = now_ms() - t;
		CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
		CHECK_TIME(t >= 700 && t < 2500, "after %llu ms",
			   (unsigned long long)t);
		CHECK(read(fd, buf, 1) == 0, "no EOF");
	}
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void alarm_in(unsigned int ms)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval it = { .it_value = { 0, ms * 1000 } };

	CHECK(!sigaction(SIGALRM, &sa, NULL) && !setitimer(ITIMER_REAL, &it, NULL),
	      "%s", strerror(errno));
}

/* EINTR, and then its number, or a read: one request */
static void after_signal(void)
{
	struct cvm_state a, b;
	uint64_t seq;

	need(0);
	for (int by_read = 0; by_read < 2; by_read++) {
		sim_set("block=1");
		cvm_get_info(fd, &a);
		alarm_in(200);
		CHECK(cvm_request(fd, &req) == -EINTR, "%s", strerror(errno));
		seq = req.sequence;
		CHECK(seq, "no sequence after EINTR");
		sim_set("block=0");
		if (!by_read) {
			CHECK(!cvm_rejoin(fd, &req), "%s", strerror(errno));
			CHECK(req.sequence == seq, "another request");
		}
		check_read("request");
		cvm_get_info(fd, &b);
		CHECK(b.info.requests_started == a.info.requests_started + 1,
		      "more than one request");
	}
}

static void *in_request(void *arg)
{
	*(int *)arg = cvm_request(fd, &req);
	return NULL;
}

static uint64_t seen_sequence(void)
{
	return __atomic_load_n(&req.sequence, __ATOMIC_RELAXED);
}

/* "written before the call waits": another thread reads it meanwhile */
static void written_before_the_wait(void)
{
	uint64_t seq, end = now_ms() + 10000;
	struct cvm_state st;
	pthread_t t;
	int err = 1;

	need(0);
	sim_set("block=1");
	CHECK(!pthread_create(&t, NULL, in_request, &err), "");
	while (!(seq = seen_sequence())) {
		CHECK(now_ms() < end, "no sequence while the call waits");
		sleep_ms(5);
	}
	cvm_get_info(fd, &st);
	CHECK(seq == st.info.requests_started, "%llu of %llu requests",
	      (unsigned long long)seq,
	      (unsigned long long)st.info.requests_started);
	sleep_ms(100);
	CHECK(__atomic_load_n(&err, __ATOMIC_RELAXED) == 1, "it does not wait");
	sim_set("block=0");
	pthread_join(t, NULL);
	CHECK(!err, "%s", strerror(-err));
	CHECK(req.sequence == seq, "%llu, then %llu", (unsigned long long)seq,
	      (unsigned long long)req.sequence);
	check_read("request");
}

/* sequence cannot be written: EFAULT, EOF, and nothing is pending */
static void unwritable(void)
{
	long page = sysconf(_SC_PAGESIZE);
	struct cvm_evidence_request *r;

	need(0);
	r = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	CHECK(r != MAP_FAILED, "%s", strerror(errno));
	*r = req;
	CHECK(!mprotect(r, page, PROT_READ), "%s", strerror(errno));
	for (int nonblock = 0; nonblock < 2; nonblock++) {
		CHECK(!fcntl(fd, F_SETFL, nonblock ? O_NONBLOCK : 0), "%s",
		      strerror(errno));
		cvm_write(fd, "older", 5);
		CHECK(ioctl(fd, CVM_EVIDENCE_REQUEST, r) == -1 && errno == EFAULT,
		      "%s", strerror(errno));
		CHECK(cvm_poll(fd, POLLIN, 0) == POLLIN, "poll");
		CHECK(read(fd, buf, 1) == 0, "no EOF after EFAULT");
	}
	CHECK(cvm_wait_idle(fd, 10000), "a request goes on");
	CHECK(read(fd, buf, 1) == 0, "no EOF after EFAULT");
}

static const struct ktap_case cases[] = {
	{ "counts_requests", counts_requests, 0 },
	{ "nothing_pending", nothing_pending, 0 },
	{ "another_number", another_number, 0 },
	{ "another_file", another_file, 0 },
	{ "replaced", replaced, 0 },
	{ "replaced_twice", replaced_twice, 0 },
	{ "second_caller", second_caller, 0 },
	{ "answered_by_request", answered_by_request, 0 },
	{ "answered_by_read", answered_by_read, 0 },
	{ "ended_by_a_failure", ended_by_a_failure, 0 },
	{ "read_while_it_waits", read_while_it_waits, 0 },
	{ "others_ignored", others_ignored, 0 },
	{ "continued_blocking", continued_blocking, 0 },
	{ "first_deadline", first_deadline, 0 },
	{ "after_signal", after_signal, 0 },
	{ "written_before_the_wait", written_before_the_wait, 0 },
	{ "unwritable", unwritable, 0 },
};

CVM_TEST_MAIN(cases)
