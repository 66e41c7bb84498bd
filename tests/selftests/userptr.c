// SPDX-License-Identifier: GPL-2.0-only
/*
 * User memory that faults: "EFAULT a bad pointer", and no byte of the stream
 * is lost by it.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];
static long page;
static void *volatile nowhere;	/* a NULL that compilers do not see */

/* n pages to use, and behind them one that nobody may touch */
static uint8_t *pages(int n)
{
	uint8_t *p;

	page = sysconf(_SC_PAGESIZE);
	p = mmap(NULL, (n + 1) * page, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED && !mprotect(p + n * page, page, PROT_NONE), "%s",
	      strerror(errno));
	return p;
}

/* read(2) to where nothing can be written: EFAULT, the stream stays whole */
static void read_to_nowhere(void)
{
	uint8_t *bad, *readonly;
	struct cvm_blob b;
	ssize_t n;
	int fd;

	cvm_need_evidence();
	bad = pages(0);
	readonly = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "faults", 6);
	CHECK(read(fd, bad, 100) == -1 && errno == EFAULT, "%s", strerror(errno));
	CHECK(read(fd, nowhere, 100) == -1 && errno == EFAULT, "%s", strerror(errno));
	CHECK(read(fd, buf, 33) == 33, "%s", strerror(errno));
	CHECK(read(fd, readonly, 1) == -1 && errno == EFAULT, "%s",
	      strerror(errno));
	CHECK(read(fd, bad, sizeof(buf)) == -1 && errno == EFAULT, "%s",
	      strerror(errno));
	n = cvm_slurp(fd, buf + 33, sizeof(buf) - 33);
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n + 33, "faults", 6, &b);
}

/*
 * A buffer that ends in nothing: a short read or EFAULT, and what was counted
 * is what was written.
 */
static void read_over_the_edge(void)
{
	struct cvm_blob b;
	size_t got = 0;
	uint8_t *p;
	int fd, shorts = 0, faults = 0;

	cvm_need_evidence();
	p = pages(1);
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "edge", 4);
	for (size_t room = 1; ; room = room % 700 + 13) {
		ssize_t n = read(fd, p + page - room, room + 300);

		if (!n)
			break;
		if (n < 0) {
			CHECK(errno == EFAULT, "%s", strerror(errno));
			faults++;
			/* all that fits is then read in a sound way */
			n = read(fd, p, 50);
			CHECK(n > 0, "%s", n ? strerror(errno) : "EOF");
			memcpy(buf + got, p, n);
		} else {
			CHECK((size_t)n <= room, "%zd bytes into %zu", n, room);
			shorts++;
			memcpy(buf + got, p + page - room, n);
		}
		got += n;
	}
	ktap_note("%d short reads, %d faults", shorts, faults);
	CHECK(shorts + faults > 5, "too few tries");
	cvm_blob_check(buf, got, "edge", 4, &b);
}

/* A read that ends at the last mapped byte does not fault */
static void read_to_the_edge(void)
{
	struct cvm_blob b;
	size_t got = 0;
	uint8_t *p;
	int fd;

	cvm_need_evidence();
	p = pages(1);
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "fits", 4);
	for (;;) {
		ssize_t n = read(fd, p + page - 257, 257);

		CHECK(n >= 0, "%s", strerror(errno));
		if (!n)
			break;
		memcpy(buf + got, p + page - 257, n);
		got += n;
	}
	cvm_blob_check(buf, got, "fits", 4, &b);
}

/* write(2) from nowhere: "nothing is changed by a failing write" */
static void write_from_nowhere(void)
{
	struct cvm_blob b;
	uint8_t *p;
	ssize_t n;
	int fd;

	cvm_need_evidence();
	p = pages(1);
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "kept", 4);
	CHECK(read(fd, buf, 64) == 64, "%s", strerror(errno));
	CHECK(write(fd, p + page, 10) == -1 && errno == EFAULT, "%s",
	      strerror(errno));
	CHECK(write(fd, p + page - 5, 10) == -1 && errno == EFAULT, "%s",
	      strerror(errno));
	CHECK(write(fd, nowhere, 10) == -1 && errno == EFAULT, "%s", strerror(errno));
	n = cvm_slurp(fd, buf + 64, sizeof(buf) - 64);
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n + 64, "kept", 4, &b);

	/* the length is looked at before the bytes */
	CHECK(write(fd, p + page, 65) == -1 && errno == EMSGSIZE, "%s",
	      strerror(errno));
	memcpy(p + page - 10, "page's end", 10);
	cvm_take(fd, p + page - 10, 10, &b);
}

/* The structs of the ioctls: to the last byte of a page, and one beyond */
static void structs_at_the_edge(void)
{
	struct cvm_evidence_request req, *r;
	struct cvm_evidence_info *info;
	uint8_t *p;
	int fd;

	p = pages(1);
	fd = cvm_open(O_RDWR);
	info = (void *)(p + page - sizeof(*info));
	info->size = sizeof(*info);
	CHECK(!ioctl(fd, CVM_EVIDENCE_GET_INFO, info), "%s", strerror(errno));
	for (size_t cut = 8; cut < sizeof(*info) - 8; cut += 8) {
		info = (void *)(p + page - sizeof(*info) + cut);
		memset(p, 0, page);
		info->size = sizeof(*info);
		CHECK(ioctl(fd, CVM_EVIDENCE_GET_INFO, info) == -1 &&
		      errno == EFAULT, "%zu beyond: %s", cut, strerror(errno));
	}
	/* a smaller one, as its size says, is within the page again */
	memset(p, 0, page);
	info = (void *)(p + page - CVM_EVIDENCE_INFO_SIZE_MIN);
	info->size = CVM_EVIDENCE_INFO_SIZE_MIN;
	CHECK(!ioctl(fd, CVM_EVIDENCE_GET_INFO, info), "%s", strerror(errno));

	cvm_request_init(&req, "edge", 4);
	for (size_t cut = 8; cut < sizeof(req); cut += 8) {
		memset(p, 0, page);
		memcpy(p + page - sizeof(req) + cut, &req, sizeof(req) - cut);
		CHECK(ioctl(fd, CVM_EVIDENCE_REQUEST, p + page - sizeof(req) + cut)
		      == -1 && errno == EFAULT, "%zu beyond: %s", cut,
		      strerror(errno));
	}
	cvm_need_evidence();
	r = (void *)(p + page - sizeof(req));
	memcpy(r, &req, sizeof(req));
	CHECK(!cvm_request(fd, r), "%s", strerror(errno));
}

/* The array of providers half beyond the edge */
static void array_over_the_edge(void)
{
	struct cvm_evidence_info info = { .size = sizeof(info) };
	struct cvm_state st;
	uint8_t *p = pages(1);
	int fd = cvm_open(O_RDONLY);

	cvm_get_info(fd, &st);
	info.nr_providers = st.nr;
	info.provider_size = sizeof(st.prov[0]);
	info.providers = (uintptr_t)(p + page - sizeof(st.prov[0]) * st.nr);
	CHECK(!ioctl(fd, CVM_EVIDENCE_GET_INFO, &info), "%s", strerror(errno));
	info.nr_providers = st.nr;
	info.providers += 8;
	CHECK(ioctl(fd, CVM_EVIDENCE_GET_INFO, &info) == -1 && errno == EFAULT,
	      "%s", strerror(errno));
}

/* What a request points at: read whole, and to its last byte */
static void text_at_the_edge(void)
{
	struct cvm_evidence_request req;
	uint8_t *p = pages(1);
	int fd = cvm_open(O_RDWR), err;

	memcpy(p + page - 4, "svsm", 4);
	cvm_request_init(&req, "edge", 4);
	req.service_provider = (uintptr_t)(p + page - 4);
	req.service_provider_len = 5;
	err = cvm_request(fd, &req);
	CHECK(err == -EFAULT, "%s", strerror(-err));
	req.service_provider_len = 4;
	err = cvm_request(fd, &req);
	CHECK(err != -EFAULT && err != -EINVAL, "%s", strerror(-err));
}

/* sequence and out fields that cannot be written: EFAULT, and then EOF */
static void out_to_readonly(void)
{
	struct cvm_evidence_request *r;
	uint8_t *p = pages(1);
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	r = (void *)p;
	cvm_request_init(r, "readonly", 8);
	CHECK(!mprotect(p, page, PROT_READ), "%s", strerror(errno));
	CHECK(ioctl(fd, CVM_EVIDENCE_REQUEST, r) == -1 && errno == EFAULT, "%s",
	      strerror(errno));
	CHECK(read(fd, buf, 1) == 0, "evidence after EFAULT");
	CHECK(cvm_wait_idle(fd, 10000), "its request goes on");
}

static uint8_t *victim;

static void *unmapper(void *arg)
{
	(void)arg;
	sleep_ms(200);
	CHECK(!munmap(victim, page), "%s", strerror(errno));
	return NULL;
}

/* The struct goes away while the request is under way: EFAULT, and then EOF */
static void unmapped_during_request(void)
{
	pthread_t t;
	int fd;

	sim_need();
	sim_set("delay=600:1");
	victim = pages(1);
	fd = cvm_open(O_RDWR);
	cvm_request_init((void *)victim, "unmapped", 8);
	CHECK(!pthread_create(&t, NULL, unmapper, NULL), "");
	CHECK(ioctl(fd, CVM_EVIDENCE_REQUEST, victim) == -1 && errno == EFAULT,
	      "%s", strerror(errno));
	pthread_join(t, NULL);
	CHECK(read(fd, buf, 1) == 0, "evidence after EFAULT");
}

/* The buffer of a read that waits goes away */
static void unmapped_during_read(void)
{
	struct cvm_blob b;
	pthread_t t;
	ssize_t n;
	int fd;

	sim_need();
	sim_set("delay=600:1");
	victim = pages(1);
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "unmapped", 8);
	CHECK(!pthread_create(&t, NULL, unmapper, NULL), "");
	CHECK(read(fd, victim, page) == -1 && errno == EFAULT, "%s",
	      strerror(errno));
	pthread_join(t, NULL);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", n ? strerror(-n) : "EOF");
	cvm_blob_check(buf, n, "unmapped", 8, &b);
}

static volatile bool toggling = true;

static void *toggler(void *arg)
{
	while (toggling) {
		mprotect(arg, page, PROT_NONE);
		mprotect(arg, page, PROT_READ | PROT_WRITE);
	}
	return NULL;
}

/* A buffer that comes and goes: what read counts is in it, byte for byte */
static void flickering_buffer(void)
{
	uint8_t *target, *view;
	struct cvm_blob b;
	int fd, mem, faults = 0;
	pthread_t t;

	cvm_need_evidence();
	page = sysconf(_SC_PAGESIZE);
	mem = memfd_create("flicker", MFD_CLOEXEC);
	CHECK(mem >= 0 && !ftruncate(mem, page), "%s", strerror(errno));
	target = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	view = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	CHECK(target != MAP_FAILED && view != MAP_FAILED, "%s", strerror(errno));
	CHECK(!pthread_create(&t, NULL, toggler, target), "");
	fd = cvm_open(O_RDWR);
	for (int round = 0; round < 20; round++) {
		size_t got = 0;
		uint64_t end = now_ms() + 20000;

		cvm_write(fd, "flicker", 7);
		for (;;) {
			ssize_t n = read(fd, target, 301);

			if (!n)
				break;
			if (n < 0) {
				CHECK(errno == EFAULT, "%s", strerror(errno));
				CHECK(now_ms() < end, "it never gets through");
				faults++;
				continue;
			}
			memcpy(buf + got, view, n);
			got += n;
		}
		cvm_blob_check(buf, got, "flicker", 7, &b);
	}
	toggling = false;
	pthread_join(t, NULL);
	ktap_note("%d faults", faults);
}

static const struct ktap_case cases[] = {
	{ "read_to_nowhere", read_to_nowhere, 0 },
	{ "read_over_the_edge", read_over_the_edge, 0 },
	{ "read_to_the_edge", read_to_the_edge, 0 },
	{ "write_from_nowhere", write_from_nowhere, 0 },
	{ "structs_at_the_edge", structs_at_the_edge, 0 },
	{ "array_over_the_edge", array_over_the_edge, 0 },
	{ "text_at_the_edge", text_at_the_edge, 0 },
	{ "out_to_readonly", out_to_readonly, 0 },
	{ "unmapped_during_request", unmapped_during_request, 0 },
	{ "unmapped_during_read", unmapped_during_read, 0 },
	{ "flickering_buffer", flickering_buffer, 120 },
};

CVM_TEST_MAIN(cases)
