// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many clients, and one open file in many hands: "Closing, forking, passing
 * the file during a request are safe" and "two open files never see each
 * other" (DESIGN 3).
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS	64
#define CHUNK	16
#define LIMIT	60000

static uint8_t buf[CVM_BUF_SIZE];

/* One client: its own file, its own data, several times. */
static void client(void *arg)
{
	int rounds = *(int *)arg;
	uint8_t rd[64];
	struct cvm_blob b;
	int fd = cvm_open(O_RDWR);

	for (int i = 0; i < rounds; i++) {
		size_t len;

		fill_random(rd, sizeof(rd));
		len = 1 + rd[0] % 64;
		cvm_take(fd, rd, len, &b);
	}
}

static void many_processes(void)
{
	pid_t pid[CLIENTS];
	struct cvm_state a, b;
	int rounds = 3, fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &a);
	for (int i = 0; i < CLIENTS; i++)
		pid[i] = run_child(client, &rounds);
	for (int i = 0; i < CLIENTS; i++)
		join_child(pid[i], LIMIT);
	CHECK(cvm_wait_idle(fd, 5000), "requests outlive their clients");
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_ok == a.info.requests_ok + CLIENTS * rounds,
	      "%llu ok", (unsigned long long)(b.info.requests_ok -
					      a.info.requests_ok));
	CHECK(b.info.live_files == a.info.live_files, "%u files, before %u",
	      b.info.live_files, a.info.live_files);
}

struct thread_arg {
	int fd;
	int nr;
	ssize_t got;
	uint8_t *buf;
};

static void *thread_client(void *p)
{
	struct thread_arg *a = p;
	struct cvm_evidence_request req;
	struct cvm_blob b;
	char rd[32];
	int len, err;

	len = snprintf(rd, sizeof(rd), "thread %d", a->nr);
	cvm_request_init(&req, rd, len);
	err = cvm_request(a->fd, &req);
	CHECK(!err, "thread %d: %s", a->nr, strerror(-err));
	a->got = cvm_slurp(a->fd, a->buf, 1 << 18);
	CHECK(a->got > 0, "thread %d: %s", a->nr, strerror(-a->got));
	cvm_blob_check(a->buf, a->got, rd, len, &b);
	return NULL;
}

static void many_threads(void)
{
	static struct thread_arg arg[CLIENTS];
	pthread_t t[CLIENTS];

	cvm_need_evidence();
	for (int i = 0; i < CLIENTS; i++) {
		arg[i].fd = cvm_open(O_RDWR);
		arg[i].nr = i;
		arg[i].buf = malloc(1 << 18);
		CHECK(arg[i].buf && !pthread_create(&t[i], NULL, thread_client,
						     &arg[i]), "thread %d", i);
	}
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(t[i], NULL);
}

/* What the readers of one stream got, for the parent to put together */
static struct pool {
	int fd;
	unsigned int eofs;
	unsigned int used;
	struct chunk {
		uint32_t len;
		uint8_t data[CHUNK];
	} chunk[1 << 16];
} *pool;

static void chunk_reader(void *arg)
{
	ssize_t n;

	(void)arg;
	do {
		uint8_t data[CHUNK];
		struct chunk *c;

		n = read(pool->fd, data, sizeof(data));
		CHECK(n >= 0, "%s", strerror(errno));
		if (!n)
			break;
		c = &pool->chunk[__atomic_fetch_add(&pool->used, 1,
						    __ATOMIC_RELAXED)];
		c->len = n;
		memcpy(c->data, data, n);
	} while (n);
	__atomic_fetch_add(&pool->eofs, 1, __ATOMIC_RELAXED);
}

static int compare_chunks(const void *a, const void *b)
{
	return memcmp(((struct chunk *)a)->data, ((struct chunk *)b)->data, CHUNK);
}

/* How often these bytes are in the first n chunks, which are sorted */
static unsigned int occurrences(const struct chunk *c, unsigned int n,
				const struct chunk *key)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < n; i++)
		count += c[i].len == key->len &&
			 !memcmp(c[i].data, key->data, key->len);
	return count;
}

/*
 * 64 processes read one open file. The pieces that they get, together, are one
 * blob: as many bytes as its header says, and no piece more often than a blob
 * of the same data has it (a signature or a time is other each time: once).
 */
static void one_file_many_readers(void)
{
	static struct chunk ref[1 << 14];
	unsigned int nref = 0, heads = 0;
	pid_t pid[CLIENTS];
	uint8_t rd[64];
	struct cvm_blob b;
	uint64_t bytes = 0, total = 0;

	cvm_need_evidence();
	pool = mmap(NULL, sizeof(*pool), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(pool != MAP_FAILED, "%s", strerror(errno));
	pool->fd = cvm_open(O_RDWR);
	fill_random(rd, sizeof(rd));
	cvm_take(pool->fd, rd, sizeof(rd), &b);
	for (size_t at = 0; at < b.len; at += CHUNK, nref++) {
		ref[nref].len = b.len - at < CHUNK ? b.len - at : CHUNK;
		memcpy(ref[nref].data, b.data + at, ref[nref].len);
	}

	cvm_write(pool->fd, rd, sizeof(rd));
	for (int i = 0; i < CLIENTS; i++)
		pid[i] = run_child(chunk_reader, NULL);
	for (int i = 0; i < CLIENTS; i++)
		join_child(pid[i], LIMIT);

	CHECK(pool->eofs == CLIENTS, "%u saw the end", pool->eofs);
	qsort(pool->chunk, pool->used, sizeof(pool->chunk[0]), compare_chunks);
	for (unsigned int i = 0; i < pool->used; i++) {
		const struct chunk *c = &pool->chunk[i];
		unsigned int here, there;

		bytes += c->len;
		if (!memcmp(c->data, CVM_EVIDENCE_BLOB_MAGIC, 4)) {
			heads++;
			continue;
		}
		here = occurrences(pool->chunk, pool->used, c);
		there = occurrences(ref, nref, c);
		CHECK(here <= (there ? there : 1), "a piece %u times, not %u",
		      here, there);
	}
	/* total_len is in the second piece, the one of the reference: same */
	total = b.hdr.total_len;
	ktap_note("%u pieces", pool->used);
	CHECK(heads == 1, "%u pieces begin a blob", heads);
	CHECK(bytes == total, "%llu bytes of %llu", (unsigned long long)bytes,
	      (unsigned long long)total);
}

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

	a->got = read(a->fd, a->buf, CVM_BUF_SIZE);
	if (a->got < 0)
		a->got = -errno;
	return NULL;
}

/* A fork during a request; the child's end takes nothing from the parent. */
static void fork_during(void)
{
	struct thread_arg a = { .buf = buf };
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
	struct thread_arg a = { .buf = buf };
	struct cvm_state st;
	struct cvm_blob b;
	unsigned int files;
	pthread_t t;
	int fd;

	sim_need();
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &st);
	files = st.info.live_files;
	sim_set("delay=700:1");
	a.fd = cvm_open(O_RDWR);
	cvm_write(a.fd, "closed", 6);
	CHECK(!pthread_create(&t, NULL, reader_thread, &a), "");
	sleep_ms(200);
	CHECK(!close(a.fd), "%s", strerror(errno));
	pthread_join(t, NULL);
	CHECK(a.got > 0, "%s", strerror(-a.got));
	cvm_blob_check(buf, a.got, "closed", 6, &b);
	CHECK(cvm_wait_idle(fd, 5000), "requests left");
	cvm_get_info(fd, &st);
	CHECK(st.info.live_files == files, "%u files, before %u",
	      st.info.live_files, files);
}

/* close(2) of the last file abandons: counted, and nothing stays behind */
static void abandoned(void)
{
	struct cvm_state a, b;
	int fd, f2;

	sim_need();
	fd = cvm_open(O_RDONLY);
	CHECK(cvm_wait_idle(fd, 5000), "somebody else is using the device");
	cvm_get_info(fd, &a);
	sim_set("delay=500");
	for (int i = 0; i < 5; i++) {
		f2 = cvm_open(O_RDWR | O_NONBLOCK);
		cvm_write(f2, "abandoned", 9);
		if (!i)
			sleep_ms(100);
		close(f2);
	}
	CHECK(cvm_wait_idle(fd, 5000), "requests left");
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_abandoned == a.info.requests_abandoned + 5, "%llu",
	      (unsigned long long)(b.info.requests_abandoned -
				   a.info.requests_abandoned));
	CHECK(b.info.requests_started ==
	      b.info.requests_ok + b.info.requests_failed, "at rest");
	CHECK(b.info.live_blobs == a.info.live_blobs, "%u blobs",
	      b.info.live_blobs);
}

static void *requester_thread(void *p)
{
	struct thread_arg *a = p;
	struct cvm_evidence_request req;

	cvm_request_init(&req, "replaced", 8);
	a->got = cvm_request(a->fd, &req);
	return NULL;
}

/* A call on the same file that wants other evidence ends the wait for this */
static void request_replaced(void)
{
	struct thread_arg a = { 0 };
	struct cvm_blob b;
	uint64_t t;
	pthread_t th;

	sim_need();
	sim_set("delay=2000:1");
	a.fd = cvm_open(O_RDWR);
	CHECK(!pthread_create(&th, NULL, requester_thread, &a), "");
	sleep_ms(300);
	t = now_ms();
	cvm_write(a.fd, "replacing", 9);
	pthread_join(th, NULL);
	t = now_ms() - t;
	CHECK(a.got == -ECANCELED, "%s", strerror(-a.got));
	CHECK(t < 1000, "it waited on for %llu ms", (unsigned long long)t);
	cvm_take(a.fd, "replacing", 9, &b);
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

static int racing_fd;
static volatile bool racing = true;

static void *racing_writer(void *arg)
{
	(void)arg;
	while (racing)
		if (write(racing_fd, "race", 4) < 0)
			CHECK(errno == EBUSY || errno == EDQUOT, "%s",
			      strerror(errno));
	return NULL;
}

static void *racing_reader(void *arg)
{
	uint8_t small[100];

	(void)arg;
	while (racing)
		if (read(racing_fd, small, sizeof(small)) < 0)
			CHECK(errno == EAGAIN, "%s", strerror(errno));
	return NULL;
}

static void *racing_requester(void *arg)
{
	struct cvm_evidence_request req;
	int err;

	(void)arg;
	while (racing) {
		cvm_request_init(&req, "race", 4);
		err = cvm_request(racing_fd, &req);
		/* another's write may have abandoned it: that is told as such */
		CHECK(!err || err == -EAGAIN || err == -ECANCELED, "%s",
		      strerror(-err));
	}
	return NULL;
}

static void race(int flags)
{
	void *(*const fn[])(void *) = { racing_writer, racing_reader,
					racing_requester, racing_reader };
	pthread_t t[ARRAY_SIZE(fn)];
	struct cvm_blob b;

	racing_fd = cvm_open(O_RDWR | flags);
	for (size_t i = 0; i < ARRAY_SIZE(fn); i++)
		CHECK(!pthread_create(&t[i], NULL, fn[i], NULL), "");
	sleep_ms(2000);
	racing = false;
	for (size_t i = 0; i < ARRAY_SIZE(fn); i++)
		pthread_join(t[i], NULL);
	racing = true;
	/* and the file is as good as before */
	fcntl(racing_fd, F_SETFL, 0);
	cvm_take(racing_fd, "sound", 5, &b);
	CHECK(cvm_wait_idle(racing_fd, 10000), "requests left");
}

/* Threads of one process at cross purposes on one file: no call hangs */
static void cross_purposes(void)
{
	cvm_need_evidence();
	race(O_NONBLOCK);
}

static void cross_purposes_blocking(void)
{
	cvm_need_evidence();
	race(0);
}

static const struct ktap_case cases[] = {
	{ "many_processes", many_processes, 120 },
	{ "many_threads", many_threads, 120 },
	{ "one_file_many_readers", one_file_many_readers, 120 },
	{ "passed_over_socket", passed_over_socket, 0 },
	{ "fork_during", fork_during, 0 },
	{ "parent_closes", parent_closes, 0 },
	{ "close_during", close_during, 0 },
	{ "abandoned", abandoned, 0 },
	{ "request_replaced", request_replaced, 0 },
	{ "dup_shares", dup_shares, 0 },
	{ "cross_purposes", cross_purposes, 0 },
	{ "cross_purposes_blocking", cross_purposes_blocking, 0 },
};

CVM_TEST_MAIN(cases)
