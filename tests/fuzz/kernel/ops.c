// SPDX-License-Identifier: GPL-2.0-only
/* What a program is made of; here, the calls of the device. */
#define _GNU_SOURCE
#include "fuzz.h"
#include "../../selftests/cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int files[FILES];
static int nowhere, scratch;

/* --- results: what the header documents, and no other --- */

static const int read_errors[] = {
	ENODEV, EAGAIN, EFBIG, EFAULT, EINTR, ENOMEM, ETIMEDOUT, EKEYREVOKED,
	EBADMSG, EIO, EBUSY, EDQUOT, EBADF, EINVAL, EOPNOTSUPP, ESTALE,
};

static const int write_errors[] = {
	ENODEV, EAGAIN, EFAULT, EINTR, ENOMEM, EBUSY, EDQUOT, EBADF, EINVAL,
	EMSGSIZE,
};

static const int request_errors[] = {
	ENODEV, EOPNOTSUPP, EAGAIN, EBUSY, EDQUOT, EMSGSIZE, EFBIG, EFAULT, EINVAL,
	E2BIG, EBADF, EINTR, ECANCELED, ENOMEM, ETIMEDOUT, EKEYREVOKED, EBADMSG,
	EIO, ESTALE,
};

static const int info_errors[] = { EFAULT, EINVAL, E2BIG, EINTR, EBADF };

static const char *verdict(const char *what, long ret, const int *allowed,
			   size_t nr)
{
	static __thread char why[96];
	int err = errno;

	if (ret >= 0)
		return NULL;
	for (size_t i = 0; i < nr; i++)
		if (err == allowed[i])
			return NULL;
	snprintf(why, sizeof(why), "%s: %s", what, strerror(err));
	return why;
}

#define VERDICT(what, ret, allowed) verdict(what, ret, allowed, ARRAY_SIZE(allowed))

const char *request_verdict(const char *what, int err)
{
	errno = -err;
	return VERDICT(what, err, request_errors);
}

/* --- the calls --- */

static int file_of(const struct op *op)
{
	return atomic_load(&files[op->file % FILES]);
}

static void put_file(const struct op *op, int fd)
{
	int old = atomic_exchange(&files[op->file % FILES], fd);

	if (old >= 0)
		close(old);
}

/*
 * Files of the device have numbers of their own, so that a call on one that
 * another thread has closed meets no other file.
 */
int numbered(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 200);

	if (fd >= 0)
		close(fd);
	return high;
}

static const char *op_open(const struct op *op, struct rng *r)
{
	static const int modes[] = { O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY };
	int flags = modes[rng_below(r, ARRAY_SIZE(modes))];

	if (rng_one_in(r, 3))
		flags |= O_NONBLOCK;
	put_file(op, numbered(open(cvm_node(), flags | O_CLOEXEC)));
	return NULL;
}

static const char *op_close(const struct op *op, struct rng *r)
{
	if (rng_one_in(r, 3))
		put_file(op, fcntl(file_of(op), F_DUPFD_CLOEXEC, 200));
	else
		put_file(op, -1);
	return NULL;
}

static const char *op_write(const struct op *op, struct rng *r)
{
	uint8_t data[80];
	size_t len = rng_one_in(r, 5) ? rng_below(r, sizeof(data)) :
					1 + rng_below(r, 64);

	bytes(r, data, sizeof(data));
	return VERDICT("write", write(file_of(op), place(r, data, len), len),
		       write_errors);
}

static const char *op_read(const struct op *op, struct rng *r)
{
	static __thread uint8_t data[16384];
	size_t len = rng_one_in(r, 2) ? sizeof(data) : rng_below(r, 1500);
	struct iovec iov[3];
	off_t off = 0;
	ssize_t n;

	switch (rng_below(r, 8)) {
	case 0:
		for (int i = 0; i < 3; i++) {
			iov[i].iov_len = rng_below(r, 600);
			iov[i].iov_base = place(r, data + 600 * i, 600);
		}
		n = readv(file_of(op), iov, 3);
		break;
	case 1:
		n = sendfile(nowhere, file_of(op), &off, len);
		return NULL;
	default:
		n = read(file_of(op), place(r, data, len), len);
	}
	if (n > (ssize_t)sizeof(data))
		return "read: more than was asked for";
	return VERDICT("read", n, read_errors);
}

static const char *op_poll(const struct op *op, struct rng *r)
{
	struct pollfd p = {
		.fd = file_of(op), .events = POLLIN | POLLOUT | POLLERR,
	};

	/* POLLOUT is there always */
	if (rng_one_in(r, 2))
		p.events = POLLIN;
	if (poll(&p, 1, rng_below(r, 30)) < 0 && errno != EINTR)
		return "poll fails";
	if (p.fd >= 0 && p.events & POLLOUT && p.revents &&
	    !(p.revents & (POLLOUT | POLLNVAL)))
		return "poll without POLLOUT";
	return NULL;
}

static void random_request(struct cvm_evidence_request *req, struct rng *r)
{
	static const char *const services[] = { "svsm", "svs", "", "vtpm" };
	const char *service = services[rng_below(r, ARRAY_SIZE(services))];
	uint8_t rd[64];

	bytes(r, rd, sizeof(rd));
	cvm_request_init(req, rd, 1 + rng_below(r, 64));
	req->timeout_ms = 1 + rng_below(r, 400 * world_pace);
	if (rng_one_in(r, 3))
		req->provider = number(r, 5);
	if (rng_one_in(r, 3))
		req->flags = rng_one_in(r, 3) ? number(r, 255) :
			     1U << rng_below(r, 9);
	if (rng_one_in(r, 3))
		req->privlevel = number(r, 3);
	if (rng_one_in(r, 10))
		req->report_data_len = number(r, 64);
	if (rng_one_in(r, 4)) {
		req->service_provider = (uintptr_t)place(r, (void *)service, 4);
		req->service_provider_len = rng_one_in(r, 4) ? number(r, 32) :
					    strlen(service);
	}
	if (req->flags & CVM_EVIDENCE_F_SERVICE_GUID)
		bytes(r, req->service_guid, sizeof(req->service_guid));
	if (rng_one_in(r, 8))
		req->service_manifest_version = number(r, 2);
	if (rng_one_in(r, 8)) {
		req->quote_data = (uintptr_t)place(r, rd, 64);
		req->quote_data_len = number(r, 64);
	}
	if (world_quotes && rng_one_in(r, 3)) {
		req->flags |= CVM_EVIDENCE_F_TPM_QUOTE;
		req->pcr_mask = rng_one_in(r, 3) ? number(r, 0xffffff) : 0;
	}
	if (rng_one_in(r, 16))
		((uint8_t *)req)[rng_below(r, sizeof(*req))] = rng_next(r);
	/* a deadline, or a stuck firmware would be waited for */
	if (!req->timeout_ms || req->timeout_ms > 1000 * world_pace)
		req->timeout_ms = 300 * world_pace;
}

/* Into memory that may be gone: by the kernel, which does not mind */
static void put_shaky(void *at, const void *from, size_t len)
{
	off_t where = syscall(SYS_gettid) % 64 * page;

	if (pwrite(scratch, from, len, where) == (ssize_t)len &&
	    pread(scratch, at, len, where) < 0)
		return;
}

static const char *op_request(const struct op *op, struct rng *r)
{
	struct cvm_evidence_request *req;
	/* larger than the struct, as a newer program's is */
	uint8_t room[sizeof(*req) + 64] __attribute__((aligned(8))) = { 0 };
	void *at;
	int ret;

	req = (void *)room;
	random_request(req, r);
	if (rng_one_in(r, 6))
		req->size = number(r, sizeof(room));
	if (rng_one_in(r, 12))
		room[sizeof(*req) + rng_below(r, 64)] = rng_next(r);
	at = place(r, room, sizeof(room));
	if (at >= (void *)shaky && at <= (void *)(shaky + 2 * page - sizeof(*req)))
		put_shaky(at, room, sizeof(*req));
	ret = ioctl(file_of(op), CVM_EVIDENCE_REQUEST, at);
	if (!ret && at == room && req->blob_len &&
	    req->blob_len < CVM_EVIDENCE_BLOB_HEADER_LEN)
		return "REQUEST: a blob that is too short";
	return VERDICT("REQUEST", ret, request_errors);
}

static const char *op_info(const struct op *op, struct rng *r)
{
	struct cvm_evidence_provider prov[8];
	struct {
		struct cvm_evidence_info info;
		uint8_t more[64];
	} u = { .info = { .size = sizeof(u.info) } };
	int ret;

	if (rng_one_in(r, 4))
		u.info.size = number(r, sizeof(u));
	u.info.nr_providers = number(r, 8);
	u.info.provider_size = rng_one_in(r, 2) ? sizeof(prov[0]) :
			       number(r, sizeof(prov[0]));
	u.info.providers = (uintptr_t)place(r, prov, sizeof(prov));
	/* what it writes is what it was told that there is */
	if ((uint64_t)u.info.nr_providers * u.info.provider_size > sizeof(prov))
		u.info.nr_providers = 1;
	if (u.info.provider_size > sizeof(prov))
		u.info.providers = (uintptr_t)(shaky + 2 * page - 40);
	if (rng_one_in(r, 12))
		u.more[rng_below(r, sizeof(u.more))] = 1;
	ret = ioctl(file_of(op), CVM_EVIDENCE_GET_INFO,
		    rng_one_in(r, 8) ? place(r, &u, sizeof(u)) : &u);
	return VERDICT("GET_INFO", ret, info_errors);
}

static const char *op_ioctl(const struct op *op, struct rng *r)
{
	uint8_t arg[256];
	unsigned long cmd = rng_one_in(r, 2) ?
			    (unsigned long)_IO(CVM_EVIDENCE_IOC_MAGIC,
					       rng_below(r, 256)) :
			    rng_next(r);

	bytes(r, arg, sizeof(arg));
	/* those that are known have their own */
	if ((uint32_t)cmd == CVM_EVIDENCE_REQUEST ||
	    (uint32_t)cmd == CVM_EVIDENCE_GET_INFO)
		return NULL;
	ioctl(file_of(op), cmd, place(r, arg, sizeof(arg)));
	return NULL;
}

static const char *op_mode(const struct op *op, struct rng *r)
{
	int fd = file_of(op), flags = fcntl(fd, F_GETFL);

	(void)r;
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags ^ O_NONBLOCK);
	return NULL;
}

static const char *op_sleep(const struct op *op, struct rng *r)
{
	(void)op;
	usleep(rng_below(r, 8000));
	return NULL;
}

static const struct {
	const char *name;
	const char *(*fn)(const struct op *op, struct rng *r);
	unsigned int weight;
} kinds[] = {
	{ "open", op_open, 10 },
	{ "close", op_close, 4 },
	{ "write", op_write, 10 },
	{ "read", op_read, 14 },
	{ "poll", op_poll, 5 },
	{ "request", op_request, 16 },
	{ "take", op_take, 8 },
	{ "get_info", op_info, 5 },
	{ "ioctl", op_ioctl, 2 },
	{ "netlink", op_netlink, 5 },
	{ "knob", op_knob, 10 },
	{ "tpm", op_tpm, 3 },
	{ "param", op_param, 2 },
	{ "memory", op_memory, 2 },
	{ "nonblock", op_mode, 2 },
	{ "sleep", op_sleep, 3 },
	{ "fault", op_fault, 4 },
};

void op_random(struct op *op, struct rng *r)
{
	uint32_t sum = 0, at;
	uint8_t k = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		sum += kinds[i].weight;
	at = rng_below(r, sum);
	while (at >= kinds[k].weight)
		at -= kinds[k++].weight;
	op->kind = k;
	/* a paravisor has many knobs, and whole evidence shows what they did */
	if (world_quotes && rng_one_in(r, 4))
		op_named(op, rng_one_in(r, 2) ? "knob" : "take");
	op->thread = rng_below(r, THREADS);
	op->file = rng_below(r, FILES);
	op->seed = rng_next(r) | 1;
}

const char *op_run(const struct op *op)
{
	struct rng r = { .state = op->seed };

	return kinds[op->kind].fn(op, &r);
}

const char *op_name(const struct op *op)
{
	return kinds[op->kind].name;
}

bool op_named(struct op *op, const char *name)
{
	for (op->kind = 0; op->kind < ARRAY_SIZE(kinds); op->kind++)
		if (!strcmp(kinds[op->kind].name, name))
			return true;
	return false;
}

void ops_init(void)
{
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	scratch = memfd_create("fuzz", MFD_CLOEXEC);
	CHECK(nowhere >= 0 && scratch >= 0, "%s", strerror(errno));
	for (int i = 0; i < FILES; i++)
		atomic_store(&files[i], -1);
}

void ops_end(void)
{
	for (int i = 0; i < FILES; i++) {
		int old = atomic_exchange(&files[i], -1);

		if (old >= 0)
			close(old);
	}
}
