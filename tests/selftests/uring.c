// SPDX-License-Identifier: GPL-2.0-only
/*
 * read(2) and write(2) of the device by io_uring, whose threads wait for
 * evidence in the requester's name. The ring is made by hand.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define ENTRIES	8

static uint8_t buf[CVM_BUF_SIZE];

struct ring {
	int fd;
	uint8_t *sq, *cq;
	size_t sq_len, cq_len, sqes_len;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

static void *map(int fd, size_t len, uint64_t offset)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_POPULATE, fd, offset);

	CHECK(at != MAP_FAILED, "%s", strerror(errno));
	return at;
}

static void ring_make(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, ENTRIES, &r->p);
	if (r->fd < 0 && (errno == ENOSYS || errno == EPERM))
		ktap_skip("no io_uring: %s", strerror(errno));
	CHECK(r->fd >= 0, "io_uring_setup: %s", strerror(errno));
	r->sq_len = r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t);
	r->cq_len = r->p.cq_off.cqes +
		    r->p.cq_entries * sizeof(struct io_uring_cqe);
	r->sqes_len = r->p.sq_entries * sizeof(struct io_uring_sqe);
	r->sq = map(r->fd, r->sq_len, IORING_OFF_SQ_RING);
	r->cq = map(r->fd, r->cq_len, IORING_OFF_CQ_RING);
	r->sqes = map(r->fd, r->sqes_len, IORING_OFF_SQES);
}

/* Its threads give up what they wait for. */
static void ring_close(struct ring *r)
{
	munmap(r->sq, r->sq_len);
	munmap(r->cq, r->cq_len);
	munmap(r->sqes, r->sqes_len);
	close(r->fd);
}

static uint32_t *of(uint8_t *ring, uint32_t offset)
{
	return (uint32_t *)(ring + offset);
}

static void submit(struct ring *r, int op, int fd, const void *addr, size_t len)
{
	uint32_t *tail = of(r->sq, r->p.sq_off.tail);
	uint32_t mask = *of(r->sq, r->p.sq_off.ring_mask);
	struct io_uring_sqe *sqe = &r->sqes[*tail & mask];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)addr;
	sqe->len = len;
	sqe->off = ~0ULL;
	of(r->sq, r->p.sq_off.array)[*tail & mask] = *tail & mask;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	CHECK(syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0) == 1, "%s",
	      strerror(errno));
}

static int result(struct ring *r, unsigned int timeout_ms)
{
	uint32_t *head = of(r->cq, r->p.cq_off.head);
	uint32_t *tail = of(r->cq, r->p.cq_off.tail);
	uint32_t mask = *of(r->cq, r->p.cq_off.ring_mask);
	struct io_uring_cqe *cqes = (void *)(r->cq + r->p.cq_off.cqes);
	uint64_t end = now_ms() + timeout_ms;
	int res;

	while (__atomic_load_n(tail, __ATOMIC_ACQUIRE) == *head) {
		/* it runs what it has to run in our name */
		syscall(SYS_io_uring_enter, r->fd, 0, 0, IORING_ENTER_GETEVENTS,
			NULL, 0);
		CHECK(now_ms() < end, "no completion after %u ms", timeout_ms);
		sleep_ms(2);
	}
	res = cqes[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return res;
}

static void write_and_read(void)
{
	uint8_t rd[64];
	struct iovec iov[] = { { rd, 32 }, { rd + 32, 32 } };
	struct cvm_state before, after;
	struct cvm_blob b;
	struct ring r;
	int fd, n, got;

	cvm_need_evidence();
	ring_make(&r);
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &before);
	for (int vec = 0; vec < 2; vec++) {
		fill_random(rd, sizeof(rd));
		if (vec)
			submit(&r, IORING_OP_WRITEV, fd, iov, 2);
		else
			submit(&r, IORING_OP_WRITE, fd, rd, 64);
		n = result(&r, 10000);
		CHECK(n == 64, "write: %d %s", n, n < 0 ? strerror(-n) : "");
		/* "With O_NONBLOCK the request starts at once", and only with it */
		cvm_get_info(fd, &after);
		CHECK(after.info.requests_started == before.info.requests_started + vec,
		      "%llu requests after %u writes",
		      (unsigned long long)(after.info.requests_started -
					   before.info.requests_started), vec + 1);
		for (got = 0;; got += n) {
			submit(&r, IORING_OP_READ, fd, buf + got,
			       sizeof(buf) - got);
			n = result(&r, 30000);
			CHECK(n >= 0, "read: %s", strerror(-n));
			if (!n)
				break;
		}
		cvm_blob_check(buf, got, rd, sizeof(rd), &b);
	}
	/* its errors are those of the system calls */
	submit(&r, IORING_OP_WRITE, fd, buf, 65);
	n = result(&r, 10000);
	CHECK(n == -EMSGSIZE, "65 bytes: %d", n);
	ring_close(&r);
}

/* "io_uring makes EAGAIN of a read's EOPNOTSUPP, and the next read returns EOF" */
static void unsupported(void)
{
	struct cvm_evidence_request req;
	struct ring r;
	int fd, err, n;

	sim_need();
	ring_make(&r);
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_request_init(&req, "uring", 5);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = cvm_request(fd, &req);
	if (err != -EAGAIN && err != -EOPNOTSUPP)
		ktap_skip("a TPM quote is %s here", err ? strerror(-err) : "served");
	CHECK(cvm_poll(fd, 1, 10000), "no POLLIN");
	for (int i = 0; i < 3; i++) {
		submit(&r, IORING_OP_READ, fd, buf, sizeof(buf));
		n = result(&r, 10000);
		CHECK(n == 0 || (!i && (n == -EAGAIN || n == -EOPNOTSUPP)),
		      "read %d: %d", i, n);
	}
	ring_close(&r);
}

/* O_NONBLOCK: the ring polls for it, or says EAGAIN; it does not hang */
static void nonblocking(void)
{
	struct cvm_blob b;
	struct ring r;
	int fd, n;

	sim_need();
	ring_make(&r);
	sim_set("delay=300:1");
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_write(fd, "uring", 5);
	submit(&r, IORING_OP_READ, fd, buf, sizeof(buf));
	n = result(&r, 10000);
	if (n == -EAGAIN) {
		CHECK(cvm_poll(fd, 1, 10000), "no POLLIN");
		submit(&r, IORING_OP_READ, fd, buf, sizeof(buf));
		n = result(&r, 10000);
	}
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "uring", 5, &b);
	ring_close(&r);
}

/* The ring goes away while its read waits: the next read continues it */
static void ring_goes_away(void)
{
	struct cvm_state a, st;
	struct cvm_blob b;
	struct ring r;
	uint64_t t, end;
	ssize_t n;
	int fd;

	sim_need();
	ring_make(&r);
	sim_set("block=1");
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &a);
	cvm_write(fd, "uring", 5);
	submit(&r, IORING_OP_READ, fd, buf, sizeof(buf));
	for (end = now_ms() + 10000;; sleep_ms(5)) {
		cvm_get_info(fd, &st);
		if (st.info.requests_started > a.info.requests_started)
			break;
		CHECK(now_ms() < end, "its read does not start");
	}
	t = now_ms();
	ring_close(&r);
	CHECK_TIME(now_ms() - t < 5000, "the ring took %llu ms to go",
		   (unsigned long long)(now_ms() - t));
	sleep_ms(200);
	sim_set("block=0");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", n ? strerror(-n) : "EOF");
	cvm_blob_check(buf, n, "uring", 5, &b);
	cvm_get_info(fd, &st);
	CHECK(st.info.requests_started == a.info.requests_started + 1,
	      "%llu requests", (unsigned long long)(st.info.requests_started -
						    a.info.requests_started));
}

static const struct ktap_case cases[] = {
	{ "write_and_read", write_and_read, 0 },
	{ "nonblocking", nonblocking, 0 },
	{ "unsupported", unsupported, 0 },
	{ "ring_goes_away", ring_goes_away, 0 },
};

CVM_TEST_MAIN(cases)
