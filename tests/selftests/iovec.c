// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments: "One call is one message: the segments of a writev(2) are joined.
 * EINVAL for 0 bytes, EMSGSIZE for more than 64; nothing is changed by a failing
 * write", and readv(2) of the blob.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];
static uint8_t rd[96];

static void check_rest(int fd, size_t got, const void *data, size_t len)
{
	struct cvm_blob b;
	ssize_t n = cvm_slurp(fd, buf + got, sizeof(buf) - got);

	CHECK(n > 0, "read: %s", n ? strerror(-n) : "EOF");
	cvm_blob_check(buf, n + got, data, len, &b);
}

/* Segments of these lengths, 0 at the end, one after the other */
static ssize_t write_in(int fd, const int *lengths)
{
	struct iovec iov[70];
	size_t at = 0;
	int nr = 0;

	for (; lengths[nr] >= 0; nr++) {
		iov[nr].iov_base = rd + at;
		iov[nr].iov_len = lengths[nr];
		at += lengths[nr];
	}
	return writev(fd, iov, nr);
}

static void joined(void)
{
	static const int ways[][8] = {
		{ 32, 32, -1 }, { 1, 63, -1 }, { 63, 1, -1 }, { 1, 1, 1, -1 },
		{ 16, 16, 16, 16, -1 }, { 64, -1 }, { 1, -1 },
	};
	int each[65], fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		ssize_t sum = 0;

		for (int k = 0; ways[i][k] >= 0; k++)
			sum += ways[i][k];
		fill_random(rd, sizeof(rd));
		CHECK(write_in(fd, ways[i]) == sum, "way %zu: %s", i,
		      strerror(errno));
		check_rest(fd, 0, rd, sum);
	}
	/* byte by byte */
	for (int i = 0; i < 64; i++)
		each[i] = 1;
	each[64] = -1;
	fill_random(rd, sizeof(rd));
	CHECK(write_in(fd, each) == 64, "64 segments: %s", strerror(errno));
	check_rest(fd, 0, rd, 64);
}

/* Empty segments are fine wherever they are */
static void empty_segments(void)
{
	static const int ways[][8] = {
		{ 0, 32, 32, -1 }, { 32, 0, 32, -1 }, { 32, 32, 0, -1 },
		{ 0, 0, 5, 0, 0, -1 },
	};
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		ssize_t sum = 0;

		for (int k = 0; ways[i][k] >= 0; k++)
			sum += ways[i][k];
		fill_random(rd, sizeof(rd));
		CHECK(write_in(fd, ways[i]) == sum, "way %zu: %s", i,
		      strerror(errno));
		check_rest(fd, 0, rd, sum);
	}
}

/* EMSGSIZE for the sum, whatever the parts are; the unread blob stays */
static void too_long(void)
{
	static const int ways[][8] = {
		{ 32, 32, 32, -1 }, { 64, 1, -1 }, { 1, 64, -1 }, { 65, -1 },
		{ 64, 0, 1, -1 }, { 96, -1 },
	};
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "kept", 4);
	CHECK(read(fd, buf, 40) == 40, "%s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		CHECK(write_in(fd, ways[i]) == -1 && errno == EMSGSIZE,
		      "way %zu: %s", i, strerror(errno));
	check_rest(fd, 40, "kept", 4);

	/* and what was written before is what the next read asks for */
	cvm_write(fd, "written", 7);
	CHECK(write_in(fd, ways[0]) == -1 && errno == EMSGSIZE, "%s",
	      strerror(errno));
	check_rest(fd, 0, "written", 7);
}

/*
 * Of 0 bytes in all, the kernel says 0 of a writev(2) itself, and the device
 * EINVAL; neither changes anything.
 */
static void nothing(void)
{
	static const int none[] = { 0, 0, -1 };
	ssize_t n;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "kept", 4);
	CHECK(read(fd, buf, 40) == 40, "%s", strerror(errno));
	n = write_in(fd, none);
	CHECK(!n || (n == -1 && errno == EINVAL), "%zd %s", n, strerror(errno));
	n = writev(fd, NULL, 0);
	CHECK(!n || (n == -1 && errno == EINVAL), "%zd %s", n, strerror(errno));
	check_rest(fd, 40, "kept", 4);
}

/* A segment that cannot be read: EFAULT, not the part before it */
static void bad_segment(void)
{
	struct iovec iov[2] = { { rd, 8 } };
	long page = sysconf(_SC_PAGESIZE);
	int fd;

	cvm_need_evidence();
	iov[1].iov_base = mmap(NULL, page, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(iov[1].iov_base != MAP_FAILED, "%s", strerror(errno));
	iov[1].iov_len = 8;
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "kept", 4);
	CHECK(read(fd, buf, 40) == 40, "%s", strerror(errno));
	CHECK(writev(fd, iov, 2) == -1 && errno == EFAULT, "%s", strerror(errno));
	check_rest(fd, 40, "kept", 4);
	/* the length is looked at before the bytes */
	iov[1].iov_len = 57;
	CHECK(writev(fd, iov, 2) == -1 && errno == EMSGSIZE, "%s",
	      strerror(errno));
}

/* With O_NONBLOCK one writev is one request */
static void one_request(void)
{
	static const int halves[] = { 32, 32, -1 };
	struct cvm_state a, b;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	fill_random(rd, sizeof(rd));
	cvm_get_info(fd, &a);
	CHECK(write_in(fd, halves) == 64, "%s", strerror(errno));
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_started == a.info.requests_started + 1, "%llu",
	      (unsigned long long)(b.info.requests_started -
				   a.info.requests_started));
	CHECK(!fcntl(fd, F_SETFL, 0), "%s", strerror(errno));
	check_rest(fd, 0, rd, 64);
}

/* readv(2) fills its segments in turn, empty ones too */
static void scattered(void)
{
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	for (int way = 0; way < 3; way++) {
		struct iovec iov[] = {
			{ buf, 5 }, { buf + 5, 0 }, { buf + 5, 60 },
			{ buf + 65, way ? 1 : sizeof(buf) - 65 },
		};
		ssize_t n;

		cvm_write(fd, "vec", 3);
		n = readv(fd, iov, way == 2 ? 2 : 4);
		CHECK(n > 0, "readv: %s", strerror(errno));
		if (way)
			CHECK(n == (way == 2 ? 5 : 66), "%zd bytes", n);
		if (way) {
			check_rest(fd, n, "vec", 3);
		} else {
			struct cvm_blob b;

			cvm_blob_check(buf, n, "vec", 3, &b);
			CHECK(read(fd, buf, 1) == 0, "more after the blob");
		}
	}
	CHECK(readv(fd, NULL, 0) == 0, "no segment: %s", strerror(errno));
}

static const struct ktap_case cases[] = {
	{ "joined", joined, 0 },
	{ "empty_segments", empty_segments, 0 },
	{ "too_long", too_long, 0 },
	{ "nothing", nothing, 0 },
	{ "bad_segment", bad_segment, 0 },
	{ "one_request", one_request, 0 },
	{ "scattered", scattered, 0 },
};

CVM_TEST_MAIN(cases)
