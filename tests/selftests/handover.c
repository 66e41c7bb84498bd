// SPDX-License-Identifier: GPL-2.0-only
/* An open file that changes hands: closed, forked, passed on in a request */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT	60000

static uint8_t buf[CVM_BUF_SIZE];

struct thread_arg {
	int fd;
	ssize_t got;
};

static void send_fd(int sock, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u;
	struct iovec iov = { "x", 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = u.space,
			    .msg_controllen = sizeof(u.space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	CHECK(sendmsg(sock, &m, 0) == 1, "%s", strerror(errno));
}

static int recv_fd(int sock)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u;
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = u.space,
			    .msg_controllen = sizeof(u.space) };
	int fd;

	CHECK(recvmsg(sock, &m, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&m), "%s",
	      strerror(errno));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

/* The receiver has no right to open the node, and gets what was asked for. */
static void fd_receiver(void *arg)
{
	struct cvm_blob b;
	ssize_t n;
	int fd;

	if (!geteuid())
		become_user(65534, 65534);
	fd = recv_fd(*(int *)arg);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "passed on", 9, &b);
	cvm_take(fd, "its own", 7, &b);
}

/* In flight, by a socket, while the request is under way; the sender closes. */
static void passed_over_socket(void)
{
	int sv[2], fd;
	pid_t pid;

	cvm_need_evidence();
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sv), "%s", strerror(errno));
	pid = run_child(fd_receiver, &sv[1]);
	if (sim_present())
		sim_set("delay=300:1");
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_write(fd, "passed on", 9);
	fcntl(fd, F_SETFL, 0);
	send_fd(sv[0], fd);
	close(fd);
	join_child(pid, LIMIT);
}

static void *reader_thread(void *p)
{
	struct thread_arg *a = p;

	a->got = read(a->fd, buf, sizeof(buf));
	if (a->got < 0)
		a->got = -errno;
	return NULL;
}

/* A fork during a request; the child's end takes nothing from the parent. */
static void fork_during(void)
{
	struct thread_arg a = { 0 };
	struct cvm_blob b;
	pthread_t t;
	pid_t pid;

	sim_need();
	sim_set("delay=700:1");
	a.fd = cvm_open(O_RDWR);
	cvm_write(a.fd, "forked", 6);
	CHECK(!pthread_create(&t, NULL, reader_thread, &a), "");
	sleep_ms(200);
	pid = fork();
	if (!pid) {
		close(a.fd);
		_exit(0);
	}
	join_child(pid, 5000);
	pthread_join(t, NULL);
	CHECK(a.got > 0, "%s", strerror(-a.got));
	cvm_blob_check(buf, a.got, "forked", 6, &b);
}

/* The parent goes, the child that inherited the request gets the evidence. */
static void parent_closes(void)
{
	int fd, go[2];
	pid_t pid;

	sim_need();
	sim_set("delay=500:1");
	CHECK(!pipe(go), "%s", strerror(errno));
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_write(fd, "inherited", 9);
	pid = fork();
	if (!pid) {
		struct cvm_blob b;
		ssize_t n;
		char c;

		CHECK(read(go[0], &c, 1) == 1, "%s", strerror(errno));
		fcntl(fd, F_SETFL, 0);
		n = cvm_slurp(fd, buf, sizeof(buf));
		CHECK(n > 0, "%s", strerror(-n));
		cvm_blob_check(buf, n, "inherited", 9, &b);
		_exit(0);
	}
	close(fd);
	CHECK(write(go[1], "x", 1) == 1, "%s", strerror(errno));
	join_child(pid, 10000);
}

/* close(2) by another thread: the read under way ends well, then it is gone */
static void close_during(void)
{
	struct thread_arg a = { 0 };
	struct cvm_live was;
	struct cvm_blob b;
	const char *why;
	pthread_t t;

	sim_need();
	cvm_open(O_RDONLY);
	cvm_get_live(&was);
	sim_set("delay=700:1");
	a.fd = cvm_open(O_RDWR);
	cvm_write(a.fd, "closed", 6);
	CHECK(!pthread_create(&t, NULL, reader_thread, &a), "");
	sleep_ms(200);
	CHECK(!close(a.fd), "%s", strerror(errno));
	pthread_join(t, NULL);
	CHECK(a.got > 0, "%s", strerror(-a.got));
	cvm_blob_check(buf, a.got, "closed", 6, &b);
	why = live_wait(&was, 5000);
	CHECK(!why, "%s", why);
}

/* close(2) of the last file cancels: counted, and nothing stays behind */
static void canceled_by_close(void)
{
	struct cvm_state a, b;
	struct cvm_live was;
	const char *why;
	int fd, f2;

	sim_need();
	fd = cvm_open(O_RDONLY);
	CHECK(cvm_wait_idle(fd, 5000), "somebody else is using the device");
	cvm_get_info(fd, &a);
	cvm_get_live(&was);
	sim_set("delay=500");
	for (int i = 0; i < 5; i++) {
		f2 = cvm_open(O_RDWR | O_NONBLOCK);
		cvm_write(f2, "canceled", 8);
		if (!i)
			sleep_ms(100);
		close(f2);
	}
	CHECK(cvm_wait_idle(fd, 5000), "requests left");
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_canceled == a.info.requests_canceled + 5, "%llu",
	      (unsigned long long)(b.info.requests_canceled -
				   a.info.requests_canceled));
	CHECK(b.info.requests_started ==
	      b.info.requests_ok + b.info.requests_failed, "at rest");
	why = live_wait(&was, 5000);
	CHECK(!why, "%s", why);
}

static void *requester_thread(void *p)
{
	struct thread_arg *a = p;
	struct cvm_evidence_request req;

	cvm_request_init(&req, "replaced", 8);
	a->got = cvm_request(a->fd, &req);
	return NULL;
}

/*
 * "ECANCELED: a write or REQUEST by another user of the same open file replaced
 * the request that this REQUEST waited for; what replaced it stays"
 */
static void replaced_by(void (*replace)(int fd))
{
	struct thread_arg a = { 0 };
	struct cvm_blob b;
	uint64_t t;
	pthread_t th;
	ssize_t n;

	sim_need();
	sim_set("delay=2000:1");
	a.fd = cvm_open(O_RDWR);
	CHECK(!pthread_create(&th, NULL, requester_thread, &a), "");
	sleep_ms(300);
	t = now_ms();
	replace(a.fd);
	pthread_join(th, NULL);
	t = now_ms() - t;
	CHECK(a.got == -ECANCELED, "%s", strerror(-a.got));
	CHECK_TIME(t < 1000, "it waited on for %llu ms", (unsigned long long)t);
	CHECK(!fcntl(a.fd, F_SETFL, 0), "%s", strerror(errno));
	n = cvm_slurp(a.fd, buf, sizeof(buf));
	CHECK(n > 0, "what replaced it: %s", n ? strerror(-n) : "EOF");
	cvm_blob_check(buf, n, "replacing", 9, &b);
}

static void write_one(int fd)
{
	cvm_write(fd, "replacing", 9);
}

static void write_and_start(int fd)
{
	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK), "%s", strerror(errno));
	cvm_write(fd, "replacing", 9);
}

static void request_one(int fd)
{
	struct cvm_evidence_request req;
	int err;

	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK), "%s", strerror(errno));
	cvm_request_init(&req, "replacing", 9);
	err = cvm_request(fd, &req);
	CHECK(err == -EAGAIN, "%s", strerror(-err));
}

static void replaced_by_write(void)
{
	replaced_by(write_one);
}

static void replaced_by_nonblocking_write(void)
{
	replaced_by(write_and_start);
}

static void replaced_by_request(void)
{
	replaced_by(request_one);
}

static void reads_the_new(void *arg)
{
	struct cvm_blob b;
	ssize_t n = read(*(int *)arg, buf, sizeof(buf));

	CHECK(n > 0, "%s", n ? strerror(errno) : "EOF");
	cvm_blob_check(buf, n, "replacing", 9, &b);
}

/* "A read that waits while another caller replaces the request ..." */
static void read_goes_on(void)
{
	pid_t pid;
	int fd;

	sim_need();
	sim_set("block=1");
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "replaced", 8);
	pid = run_child(reads_the_new, &fd);
	for (int i = 0; i < 500 && !sim_counter("in_flight"); i++)
		sleep_ms(10);
	cvm_write(fd, "replacing", 9);
	sim_set("block=0");
	join_child(pid, 20000);
}

/* dup(2): two numbers, one stream */
static void dup_shares(void)
{
	struct cvm_blob b;
	ssize_t n;
	int fd, d;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	d = dup(fd);
	cvm_write(d, "dup", 3);
	CHECK(read(fd, buf, 40) == 40, "%s", strerror(errno));
	CHECK(read(d, buf + 40, 40) == 40, "%s", strerror(errno));
	close(fd);
	n = cvm_slurp(d, buf + 80, sizeof(buf) - 80);
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n + 80, "dup", 3, &b);
}

static const struct ktap_case cases[] = {
	{ "passed_over_socket", passed_over_socket, 0 },
	{ "fork_during", fork_during, 0 },
	{ "parent_closes", parent_closes, 0 },
	{ "close_during", close_during, 0 },
	{ "canceled_by_close", canceled_by_close, 0 },
	{ "replaced_by_write", replaced_by_write, 0 },
	{ "replaced_by_nonblocking_write", replaced_by_nonblocking_write, 0 },
	{ "replaced_by_request", replaced_by_request, 0 },
	{ "read_goes_on", read_goes_on, 0 },
	{ "dup_shares", dup_shares, 0 },
};

CVM_TEST_MAIN(cases)
