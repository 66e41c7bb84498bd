// SPDX-License-Identifier: GPL-2.0-only
/*
 * User memory that a page fault handler of the user's own holds back for as
 * long as it likes (userfaultfd). It may stall the call that was given it, and
 * who shares its open file: never the module's thread, never others.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];
static uint8_t *held;	/* a page that is there only when we say so */
static long page;
static int uffd, fd;

static void need(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	sim_need();
	page = sysconf(_SC_PAGESIZE);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (uffd < 0)
		ktap_skip("userfaultfd: %s", strerror(errno));
	CHECK(!ioctl(uffd, UFFDIO_API, &api), "%s", strerror(errno));
	held = mmap(NULL, page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(held != MAP_FAILED, "%s", strerror(errno));
	reg.range.start = (uintptr_t)held;
	reg.range.len = page;
	CHECK(!ioctl(uffd, UFFDIO_REGISTER, &reg), "%s", strerror(errno));
	fd = cvm_open(O_RDWR);
}

/* Somebody stands before the page */
static void wait_stalled(void)
{
	struct uffd_msg msg;
	uint64_t end = now_ms() + 20000;

	while (read(uffd, &msg, sizeof(msg)) != sizeof(msg)) {
		CHECK(errno == EAGAIN, "%s", strerror(errno));
		CHECK(now_ms() < end, "nobody touches the page");
		sleep_ms(2);
	}
	CHECK(msg.event == UFFD_EVENT_PAGEFAULT, "event %u", msg.event);
}

static void give(const void *content)
{
	static uint8_t from[65536] __attribute__((aligned(65536)));
	struct uffdio_copy copy = {
		.dst = (uintptr_t)held, .src = (uintptr_t)from, .len = page,
	};

	memset(from, 0, page);
	if (content)
		memcpy(from, content, sizeof(struct cvm_evidence_request));
	CHECK(!ioctl(uffd, UFFDIO_COPY, &copy), "%s", strerror(errno));
}

/* Others are served meanwhile, soon, and the module's thread is idle */
static void others_served(void)
{
	struct cvm_state st;
	uint64_t begin = now_ms();
	int other = cvm_open(O_RDWR);
	struct cvm_blob b;
	uint8_t rd[64];

	for (int i = 0; i < 3; i++) {
		fill_random(rd, sizeof(rd));
		cvm_take(other, rd, sizeof(rd), &b);
	}
	CHECK_TIME(now_ms() - begin < 10000, "others waited %llu ms",
		   (unsigned long long)(now_ms() - begin));
	cvm_get_info(other, &st);
	for (unsigned int i = 0; i < st.nr; i++)
		CHECK(!st.prov[i].queued, "%s is not done", st.prov[i].name);
	close(other);
}

static void *reader(void *arg)
{
	ssize_t *n = arg;

	*n = read(fd, held, 100);
	return NULL;
}

static void read_into_held(void)
{
	struct cvm_blob b;
	pthread_t t;
	ssize_t n = 0, rest;

	need();
	cvm_write(fd, "held", 4);
	CHECK(!pthread_create(&t, NULL, reader, &n), "pthread_create");
	wait_stalled();
	others_served();
	give(NULL);
	pthread_join(t, NULL);
	CHECK(n == 100, "%zd", n);
	memcpy(buf, held, 100);
	rest = cvm_slurp(fd, buf + 100, sizeof(buf) - 100);
	CHECK(rest > 0, "%s", strerror(-rest));
	cvm_blob_check(buf, rest + 100, "held", 4, &b);
}

/* "while the memory of one faults, others wait, or get EAGAIN whatever poll says" */
static void readers_in_turn(void)
{
	struct cvm_blob b;
	ssize_t n = 0, rest;
	pthread_t t;

	need();
	cvm_write(fd, "in turn", 7);
	CHECK(!pthread_create(&t, NULL, reader, &n), "pthread_create");
	wait_stalled();
	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK), "%s", strerror(errno));
	CHECK(cvm_poll(fd, POLLIN, 0) == POLLIN, "no POLLIN");
	CHECK(read(fd, buf, 100) == -1 && errno == EAGAIN, "%s",
	      strerror(errno));
	CHECK(!fcntl(fd, F_SETFL, 0), "%s", strerror(errno));
	give(NULL);
	pthread_join(t, NULL);
	CHECK(n == 100, "%zd", n);
	memcpy(buf, held, 100);
	rest = cvm_slurp(fd, buf + 100, sizeof(buf) - 100);
	CHECK(rest > 0, "%s", strerror(-rest));
	cvm_blob_check(buf, rest + 100, "in turn", 7, &b);
}

static void *requester(void *arg)
{
	*(int *)arg = cvm_request(fd, (void *)held);
	return NULL;
}

/* Its struct is read first: nothing is admitted until that is done */
static void request_from_held(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	pthread_t t;
	int err = 1;
	ssize_t n;

	need();
	cvm_request_init(&req, "struct", 6);
	CHECK(!pthread_create(&t, NULL, requester, &err), "pthread_create");
	wait_stalled();
	others_served();
	give(&req);
	pthread_join(t, NULL);
	CHECK(!err, "%s", strerror(-err));
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "struct", 6, &b);
}

/* The out fields lie on the page that is held, the rest before it */
static struct cvm_evidence_request *split;

static void *requester_out(void *arg)
{
	*(int *)arg = cvm_request(fd, split);
	return NULL;
}

/* While the kernel tells the outcome, the evidence is there for others */
static void outcome_into_held(void)
{
	const size_t in = offsetof(struct cvm_evidence_request, out_provider);
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct cvm_evidence_request req;
	struct cvm_live live;
	struct cvm_blob b;
	uint8_t *two;
	pthread_t t;
	int err = 1;
	ssize_t n;

	need();
	two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(two != MAP_FAILED, "%s", strerror(errno));
	split = (void *)(two + page - in);
	cvm_request_init(&req, "outcome", 7);
	memcpy(split, &req, sizeof(req));
	/* no outcome before its page is one that is held */
	sim_set("block=1");
	CHECK(!pthread_create(&t, NULL, requester_out, &err), "pthread_create");
	/* the kernel has read it when the request is there; then it is gone */
	for (int i = 0; ; i++) {
		cvm_get_live(&live);
		if (live.requests)
			break;
		CHECK(i < 2000, "there is no request");
		sleep_ms(5);
	}
	madvise(two + page, page, MADV_DONTNEED);
	reg.range.start = (uintptr_t)(two + page);
	reg.range.len = page;
	CHECK(!ioctl(uffd, UFFDIO_REGISTER, &reg), "%s", strerror(errno));
	held = two + page;
	sim_set("block=0");
	wait_stalled();
	others_served();
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "outcome", 7, &b);
	give(NULL);
	pthread_join(t, NULL);
	CHECK(!err, "%s", strerror(-err));
	CHECK(split->blob_len == (uint64_t)n, "%llu bytes told, %zd read",
	      (unsigned long long)split->blob_len, n);
}

static void stalled_child(void *arg)
{
	(void)arg;
	need();
	cvm_write(fd, "killed", 6);
	ssize_t n = read(fd, held, 100);

	CHECK(false, "read: %zd", n);
}

/* Who stalls for ever can be killed, and takes everything with him */
static void killed_while_stalled(void)
{
	struct cvm_live live;
	const char *why;
	pid_t pid;

	need();
	pid = run_child(stalled_child, NULL);
	for (int i = 0; ; i++) {
		cvm_get_live(&live);
		if (live.blobs)
			break;
		CHECK(i < 2000, "its evidence never came");
		sleep_ms(5);
	}
	sleep_ms(200);
	others_served();
	kill(pid, SIGKILL);
	reap_child(pid, 5000);
	why = live_wait(&(struct cvm_live){ .files = 1 }, 5000);
	CHECK(!why, "%s", why);
}

static const struct ktap_case cases[] = {
	{ "read_into_held", read_into_held, 0 },
	{ "readers_in_turn", readers_in_turn, 0 },
	{ "request_from_held", request_from_held, 0 },
	{ "outcome_into_held", outcome_into_held, 0 },
	{ "killed_while_stalled", killed_while_stalled, 0 },
};

CVM_TEST_MAIN(cases)
