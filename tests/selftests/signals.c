// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals while a request is waited for: "An interrupted read (EINTR, or
 * restarted by the kernel) leaves its request on the open file, and the next
 * read continues it. REQUEST is continued by its sequence number. A request
 * keeps its first deadline."
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];
static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* SIGALRM once after ms, or every ms */
static void alarm_in(unsigned int ms, bool again, int flags)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = flags };
	struct itimerval it = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
	};

	if (again)
		it.it_interval = it.it_value;
	alarms = 0;
	CHECK(!sigaction(SIGALRM, &sa, NULL) && !setitimer(ITIMER_REAL, &it, NULL),
	      "%s", strerror(errno));
}

static void alarm_off(void)
{
	struct itimerval it = { 0 };

	setitimer(ITIMER_REAL, &it, NULL);
}

/* Counts what a case costs in requests and calls of firmware. */
static struct cvm_state before;
static uint64_t calls_before;

static void count_from(int fd)
{
	cvm_get_info(fd, &before);
	calls_before = sim_counter("calls");
}

static void check_one_request(int fd)
{
	struct cvm_state st;

	cvm_get_info(fd, &st);
	CHECK(st.info.requests_started == before.info.requests_started + 1,
	      "%llu requests", (unsigned long long)
	      (st.info.requests_started - before.info.requests_started));
	CHECK(sim_counter("calls") == calls_before + 1, "%llu calls of firmware",
	      (unsigned long long)(sim_counter("calls") - calls_before));
}

static void read_interrupted(void)
{
	struct cvm_blob b;
	ssize_t n;
	int fd;

	sim_need();
	fd = cvm_open(O_RDWR);
	count_from(fd);
	sim_set("block=1");
	cvm_write(fd, "eintr", 5);
	alarm_in(200, false, 0);
	n = read(fd, buf, sizeof(buf));
	CHECK(n == -1 && errno == EINTR, "%zd %s", n, strerror(errno));
	CHECK(alarms == 1, "%d alarms", alarms);
	sim_set("block=0");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "eintr", 5, &b);
	check_one_request(fd);
}

static void read_restarted(void)
{
	struct cvm_blob b;
	ssize_t n;
	int fd;

	sim_need();
	fd = cvm_open(O_RDWR);
	count_from(fd);
	sim_set("delay=700:1");
	cvm_write(fd, "restart", 7);
	alarm_in(50, true, SA_RESTART);
	n = cvm_slurp(fd, buf, sizeof(buf));
	alarm_off();
	CHECK(n > 0, "%s", strerror(-n));
	CHECK(alarms >= 3, "%d alarms", alarms);
	cvm_blob_check(buf, n, "restart", 7, &b);
	check_one_request(fd);
}

static void request_interrupted(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	uint64_t seq;
	ssize_t n;
	int fd, err;

	sim_need();
	fd = cvm_open(O_RDWR);
	count_from(fd);
	sim_set("block=1");
	cvm_request_init(&req, "eintr", 5);
	alarm_in(200, false, 0);
	err = cvm_request(fd, &req);
	CHECK(err == -EINTR, "%s", strerror(-err));
	seq = req.sequence;
	CHECK(seq, "it was admitted: no sequence");
	sim_set("block=0");
	err = cvm_rejoin(fd, &req);
	CHECK(!err, "%s", strerror(-err));
	CHECK(req.sequence == seq, "not the same request");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "eintr", 5, &b);
	check_one_request(fd);
}

static void request_restarted(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	ssize_t n;
	int fd, err;

	sim_need();
	fd = cvm_open(O_RDWR);
	count_from(fd);
	sim_set("delay=700:1");
	cvm_request_init(&req, "restart", 7);
	alarm_in(50, true, SA_RESTART);
	err = cvm_request(fd, &req);
	alarm_off();
	CHECK(!err, "%s", strerror(-err));
	CHECK(alarms >= 3, "%d alarms", alarms);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "restart", 7, &b);
	check_one_request(fd);
}

/* "under its first deadline": interruptions do not prolong it */
static void first_deadline(void)
{
	struct cvm_evidence_request req;
	uint64_t t;
	int fd, err, eintr = 0;

	sim_need();
	fd = cvm_open(O_RDWR);
	sim_set("block=1");
	cvm_request_init(&req, "deadline", 8);
	req.timeout_ms = 1500;
	alarm_in(400, true, 0);
	t = now_ms();
	/* with sequence 0 at first, then with that of the request */
	while ((err = cvm_rejoin(fd, &req)) == -EINTR)
		CHECK(++eintr < 50, "the deadline moves on");
	alarm_off();
	t = now_ms() - t;
	ktap_note("deadline of 1500 ms, %d interruptions: told after %llu ms",
		  eintr, (unsigned long long)t);
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	CHECK(eintr >= 2, "%d interruptions", eintr);
	CHECK_TIME(t >= 1300 && t < 3000, "after %llu ms", (unsigned long long)t);
}

/* The error of a request that failed between interruption and rejoin */
static void failed_meanwhile(void)
{
	struct cvm_evidence_request req;
	int fd, err;

	sim_need();
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &before);
	if (before.info.tee == CVM_EVIDENCE_TEE_CCA)
		ktap_skip("the kernel cannot see that a CCA token is wrong");
	sim_set("block=1");
	sim_set("wrong_data=1:1");
	cvm_request_init(&req, "fails", 5);
	alarm_in(150, false, 0);
	err = cvm_request(fd, &req);
	CHECK(err == -EINTR, "%s", strerror(-err));
	sim_set("block=0");
	sleep_ms(1000);
	err = cvm_rejoin(fd, &req);
	CHECK(err == -EBADMSG, "%s", strerror(-err));
	CHECK(read(fd, buf, 1) == 0, "the error came twice");
}

/* A signal that nobody handles does not disturb */
static void ignored_signal(void)
{
	struct cvm_blob b;
	ssize_t n;
	pid_t pid;
	int fd;

	sim_need();
	signal(SIGUSR1, SIG_IGN);
	fd = cvm_open(O_RDWR);
	sim_set("delay=500:1");
	cvm_write(fd, "ignored", 7);
	pid = fork();
	if (!pid) {
		for (int i = 0; i < 10; i++) {
			sleep_ms(30);
			kill(getppid(), SIGUSR1);
		}
		_exit(0);
	}
	n = read(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(errno));
	cvm_blob_check(buf, n, "ignored", 7, &b);
	join_child(pid, 5000);
}

/* Ways to wait; each child waits in one of them until it is killed. */
static void wait_in_some_way(void *arg)
{
	int way = *(int *)arg, fd = cvm_open(O_RDWR);
	struct cvm_evidence_request req;

	switch (way % 3) {
	case 0:
		cvm_slurp(fd, buf, sizeof(buf));
		break;
	case 1:
		cvm_request_init(&req, "wait", 4);
		cvm_request(fd, &req);
		break;
	default:
		fcntl(fd, F_SETFL, O_NONBLOCK);
		cvm_write(fd, "wait", 4);
		cvm_poll(fd, 1, -1);
	}
	_exit(9);	/* it should not have come this far */
}

/*
 * "A waiter dies at once on SIGKILL, also while another's request is stuck in
 * slow firmware": gate 1 s, aim 100 ms.
 */
static void killed(void)
{
	enum { N = 12 };
	struct cvm_state st;
	uint64_t t, took[N], worst = 0;
	pid_t pid[N];
	int fd, ways[N];

	sim_need();
	fd = cvm_open(O_RDWR);
	sim_set("block=1");
	for (int i = 0; i < N; i++) {
		ways[i] = i;
		pid[i] = run_child(wait_in_some_way, &ways[i]);
	}
	sleep_ms(500);
	cvm_get_info(fd, &st);
	CHECK(st.info.requests_waiting == N - 1, "%u wait",
	      st.info.requests_waiting);
	for (int i = 0; i < N; i++) {
		int status;

		t = now_ms();
		CHECK(!kill(pid[i], SIGKILL), "%s", strerror(errno));
		status = reap_child(pid[i], 10000);
		took[i] = now_ms() - t;
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		      "waiter %d: wait status 0x%x", i, status);
		if (took[i] > worst)
			worst = took[i];
	}
	ktap_note("%d waiters killed, the slowest took %llu ms to die", N,
		  (unsigned long long)worst);
	CHECK_TIME(worst < 1000, "%llu ms", (unsigned long long)worst);
	/* the dead leave the queue at once; only the firmware's call goes on */
	cvm_get_info(fd, &st);
	CHECK(!st.info.requests_waiting, "%u wait", st.info.requests_waiting);
	sim_set("block=0");
	CHECK(cvm_wait_idle(fd, 5000), "requests of the dead are alive");
}

static void read_one(void *arg)
{
	struct cvm_blob b;
	ssize_t n;
	int fd = *(int *)arg;

	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "child", 5, &b);
}

/* Job control stops a waiter within its wait, and goes on with it */
static void stopped(void)
{
	uint64_t t;
	pid_t pid;
	int fd;

	sim_need();
	fd = cvm_open(O_RDWR);
	count_from(fd);
	sim_set("delay=1500:1");
	cvm_write(fd, "child", 5);
	pid = run_child(read_one, &fd);
	sleep_ms(300);
	t = now_ms();
	kill(pid, SIGSTOP);
	CHECK(wait_proc_state(pid, 'T', 1000), "not stopped after 1 s: %c",
	      proc_state(pid));
	ktap_note("stopped after %llu ms", (unsigned long long)(now_ms() - t));
	sleep_ms(300);
	CHECK(proc_state(pid) == 'T', "%c", proc_state(pid));
	kill(pid, SIGCONT);
	join_child(pid, 10000);
	check_one_request(fd);
}

/* So does a debugger */
static void traced(void)
{
	int fd, status;
	pid_t pid;

	sim_need();
	fd = cvm_open(O_RDWR);
	count_from(fd);
	sim_set("delay=1500:1");
	cvm_write(fd, "child", 5);
	pid = run_child(read_one, &fd);
	sleep_ms(300);
	for (int i = 0; i < 3; i++) {
		CHECK(!ptrace(PTRACE_SEIZE, pid, 0, 0), "%s", strerror(errno));
		CHECK(!ptrace(PTRACE_INTERRUPT, pid, 0, 0), "%s", strerror(errno));
		status = reap_child(pid, 1000);
		CHECK(WIFSTOPPED(status), "wait status 0x%x", status);
		CHECK(!ptrace(PTRACE_DETACH, pid, 0, 0), "%s", strerror(errno));
		sleep_ms(100);
	}
	join_child(pid, 10000);
	check_one_request(fd);
}

/* A storm of signals, restarted each time, is still one request */
static void storm(void)
{
	struct cvm_evidence_request req;
	int fd, err;

	sim_need();
	fd = cvm_open(O_RDWR);
	count_from(fd);
	sim_set("delay=1000:1");
	cvm_request_init(&req, "storm", 5);
	alarm_in(2, true, SA_RESTART);
	err = cvm_request(fd, &req);
	alarm_off();
	CHECK(!err, "%s", strerror(-err));
	ktap_note("%d signals", alarms);
	CHECK_TIME(alarms > 20, "%d signals", alarms);
	check_one_request(fd);
}

static const struct ktap_case cases[] = {
	{ "read_interrupted", read_interrupted, 0 },
	{ "read_restarted", read_restarted, 0 },
	{ "request_interrupted", request_interrupted, 0 },
	{ "request_restarted", request_restarted, 0 },
	{ "first_deadline", first_deadline, 0 },
	{ "failed_meanwhile", failed_meanwhile, 0 },
	{ "ignored_signal", ignored_signal, 0 },
	{ "killed", killed, 0 },
	{ "stopped", stopped, 0 },
	{ "traced", traced, 0 },
	{ "storm", storm, 0 },
};

CVM_TEST_MAIN(cases)
