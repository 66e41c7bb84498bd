// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls as calls: the size of CVM_EVIDENCE_REQUEST's struct, bad pointers,
 * open modes, numbers that are unknown or reserved.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct cvm_evidence_request req;

/* A sound request, to be spoiled in one place */
static int sound(void)
{
	cvm_request_init(&req, "request", 7);
	return cvm_open(O_RDWR);
}

/* "size: at least CVM_EVIDENCE_REQUEST_SIZE_MIN"; E2BIG for an unknown tail */
static void sizes(void)
{
	static union {
		struct cvm_evidence_request req;
		uint8_t bytes[8192];
	} u;
	const uint32_t full = sizeof(req);
	int fd = sound();

	u.req = req;
	for (uint32_t size = 0; size < CVM_EVIDENCE_REQUEST_SIZE_MIN; size++) {
		u.req.size = size;
		CHECK(cvm_request(fd, &u.req) == -EINVAL, "size %u", size);
	}
	u.req.size = full + 64;
	u.bytes[full + 63] = 1;
	CHECK(cvm_request(fd, &u.req) == -E2BIG, "tail not zero");
	u.bytes[full + 63] = 0;
	u.bytes[full] = 1;
	CHECK(cvm_request(fd, &u.req) == -E2BIG, "tail not zero");
	u.bytes[full] = 0;

	/* "More than a page is E2BIG whatever is in it" */
	u.req.size = sysconf(_SC_PAGESIZE) + 1;
	CHECK(cvm_request(fd, &u.req) == -E2BIG, "more than a page of zeros");
	u.req.size = 0xffffffff;
	CHECK(cvm_request(fd, &u.req) == -E2BIG, "4 GiB");

	cvm_need_evidence();
	u.req.size = full + 64;
	CHECK(!cvm_request(fd, &u.req), "zero tail: %s", strerror(errno));
	CHECK(u.req.blob_len && u.req.sequence, "not filled");
	/* nothing is written behind the struct */
	memset(&u, 0x33, sizeof(u));
	u.req = req;
	CHECK(!cvm_request(fd, &u.req), "%s", strerror(errno));
	for (uint32_t i = full; i < sizeof(u); i++)
		CHECK(u.bytes[i] == 0x33, "byte %u written", i);
}

static void bad_pointers(void)
{
	int fd = sound();

	CHECK(ioctl(fd, CVM_EVIDENCE_REQUEST, NULL) == -1 && errno == EFAULT,
	      "NULL: %s", strerror(errno));
	CHECK(ioctl(fd, CVM_EVIDENCE_REQUEST, (void *)64) == -1 &&
	      errno == EFAULT, "64: %s", strerror(errno));
	CHECK(ioctl(fd, CVM_EVIDENCE_REQUEST, (void *)-64L) == -1 &&
	      errno == EFAULT, "-64: %s", strerror(errno));
}

/* EBADF: "REQUEST on a file that is not open for writing", before all else */
static void open_modes(void)
{
	char c;
	int fd;

	sound();
	fd = cvm_open(O_RDONLY);
	CHECK(cvm_request(fd, &req) == -EBADF, "O_RDONLY");
	req.flags = 1U << 31;
	CHECK(cvm_request(fd, &req) == -EBADF, "O_RDONLY, an unknown flag");
	cvm_need_evidence();
	sound();
	fd = cvm_open(O_WRONLY);
	CHECK(!cvm_request(fd, &req), "O_WRONLY: %s", strerror(errno));
	CHECK(read(fd, &c, 1) == -1 && errno == EBADF, "%s", strerror(errno));
}

static void unknown_ioctl(void)
{
	static const unsigned int cmds[] = {
		/* those of version 1, which had another struct */
		_IO(CVM_EVIDENCE_IOC_MAGIC, 0x80), _IO(CVM_EVIDENCE_IOC_MAGIC, 0x81),
		_IO(CVM_EVIDENCE_IOC_MAGIC, 0x8f), _IO(CVM_EVIDENCE_IOC_MAGIC, 0x93),
		_IO(CVM_EVIDENCE_IOC_MAGIC, 0), _IO('T', 0x90),
		_IOWR(CVM_EVIDENCE_IOC_MAGIC, 0x91, struct cvm_evidence_request),
		0xffffffff,
	};
	int fd = sound();

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		CHECK(ioctl(fd, cmds[i], &req) == -1 && errno == ENOTTY,
		      "0x%x: %s", cmds[i], strerror(errno));
}

/* "LEASE AND SCOPED NODE (reserved, not served yet)" */
static void reserved(void)
{
	struct cvm_evidence_lease lease = { .size = sizeof(lease) };
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		int fd = cvm_open(modes[i]);

		CHECK(ioctl(fd, CVM_EVIDENCE_GET_LEASE, &lease) == -1 &&
		      errno == EOPNOTSUPP, "GET_LEASE: %s", strerror(errno));
		close(fd);
	}
	CHECK(open(CVM_EVIDENCE_SCOPED_DEVICE, O_RDONLY) == -1 && errno == ENOENT,
	      CVM_EVIDENCE_SCOPED_DEVICE ": %s", strerror(errno));
}

static const struct ktap_case cases[] = {
	{ "sizes", sizes, 0 },
	{ "bad_pointers", bad_pointers, 0 },
	{ "open_modes", open_modes, 0 },
	{ "unknown_ioctl", unknown_ioctl, 0 },
	{ "reserved", reserved, 0 },
};

CVM_TEST_MAIN(cases)
