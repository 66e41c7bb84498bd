// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a client asks for. Evidence must carry what was asked, errors be ones
 * that the header has for what is going on; anything else ends the client,
 * which its parent counts as a failure.
 */
#define _GNU_SOURCE
#include "asks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

uint8_t ask_buf[CVM_BUF_SIZE];
bool ask_armed;

/*
 * What a request may end in while drivers go, firmware fails, limits are
 * lowered. Of these only the ones that the header has.
 */
static bool may_be(int err)
{
	switch (err) {
	case ENODEV:
		/* whoever is told so leaves the CPU to those who mend it */
		usleep(30000);
		return true;
	case EKEYREVOKED:
		usleep(5000);
		return true;
	case EBUSY:
	case EDQUOT:
	case EIO:
	case EBADMSG:
	case EFBIG:
	case ETIMEDOUT:
		return true;
	case ENOMEM:
		return ask_armed || soak->scarce;
	case EFAULT:
		return ask_armed;
	}
	return false;
}

void ask_count(int err)
{
	soak->outcome[err < ERRNO_MAX ? err : ERRNO_MAX - 1]++;
}

/* An error of the device: counted, or the end of this client */
void ask_refused(const char *what, int err)
{
	CHECK(may_be(err), "%s: %s", what, strerror(err));
	ask_count(err);
}

void ask_good(ssize_t n, const uint8_t *rd, size_t len)
{
	struct cvm_blob b;

	cvm_blob_check(ask_buf, n, rd, len, &b);
	ask_count(0);
}

/* To the end, in pieces; counts what comes of it */
void ask_take(int fd, const char *what, const uint8_t *rd, size_t len,
	      size_t chunk)
{
	ssize_t n = cvm_slurp_chunks(fd, ask_buf, sizeof(ask_buf), chunk);

	if (n < 0) {
		ask_refused(what, -n);
		return;
	}
	CHECK(n, "%s: EOF, no evidence", what);
	ask_good(n, rd, len);
}

int ask_open(int flags)
{
	int fd = open(cvm_node(), flags | O_CLOEXEC);

	CHECK(fd >= 0 || (ask_armed && errno == ENOMEM), "%s: %s", cvm_node(),
	      strerror(errno));
	return fd;
}

/* report_data; a replayed report answers to its own, which is asked for as well */
size_t ask_data(struct rng *r, uint8_t rd[64])
{
	size_t len = rng_one_in(r, 3) ? 1 + rng_below(r, 64) : 64;

	bytes(r, rd, 64);
	if (soak->replays && !rng_one_in(r, 3)) {
		memcpy(rd, soak->replay_rd, 64);
		return 64;
	}
	return len;
}

size_t ask_chunk(struct rng *r)
{
	return rng_one_in(r, 2) ? sizeof(ask_buf) : 64 + rng_below(r, 4000);
}

/* --- the asks --- */

static void ask_cat(struct rng *r)
{
	int fd = ask_open(O_RDONLY);

	if (fd < 0)
		return;
	ask_take(fd, "read", NULL, 0, ask_chunk(r));
	close(fd);
}

static void ask_write_read(struct rng *r)
{
	int fd = ask_open(O_RDWR);
	uint8_t rd[64];

	for (int i = rng_below(r, 4); fd >= 0 && i >= 0; i--) {
		size_t len = ask_data(r, rd);
		ssize_t n = write(fd, rd, len);

		if (n < 0) {
			ask_refused("write", errno);
			continue;
		}
		CHECK(n == (ssize_t)len, "write of %zu: %zd", len, n);
		/* whoever leaves a part unread takes the next one whole */
		if (i && rng_one_in(r, 4)) {
			n = read(fd, ask_buf, 1 + rng_below(r, 100));
			if (n < 0)
				ask_refused("read", errno);
			else
				soak->partial++;
			continue;
		}
		ask_take(fd, "read after write", rd, len, ask_chunk(r));
	}
	if (fd >= 0)
		close(fd);
}

/* Parameters that a provider may lack */
static void fancy(struct cvm_evidence_request *req, struct rng *r,
		  uint8_t quote_data[64])
{
	static const char svsm[] = "svsm";

	if (rng_one_in(r, 2))
		return;
	switch (rng_below(r, 6)) {
	case 0:
		req->flags |= CVM_EVIDENCE_F_EVENT_LOG;
		break;
	case 1:
		req->flags |= CVM_EVIDENCE_F_FRESH;
		break;
	case 2:
		req->privlevel = rng_below(r, 4);
		break;
	case 3:
		req->service_provider = (uintptr_t)svsm;
		req->service_provider_len = 4;
		break;
	case 4:
		req->flags |= CVM_EVIDENCE_F_TPM_QUOTE;
		req->pcr_mask = rng_next(r) & 0xffffff;
		break;
	case 5:
		bytes(r, quote_data, 64);
		req->flags |= CVM_EVIDENCE_F_TPM_QUOTE |
			      CVM_EVIDENCE_F_QUOTE_DATA;
		req->quote_data = (uintptr_t)quote_data;
		req->quote_data_len = rng_below(r, 65);
		break;
	}
}

static void ask_request(struct rng *r)
{
	int fd = ask_open(O_RDWR), err;
	struct cvm_evidence_request req;
	uint8_t rd[64], quote_data[64];
	size_t len = ask_data(r, rd);
	uint64_t begin = now_ms();
	bool plain;

	if (fd < 0)
		return;
	cvm_request_init(&req, rd, len);
	fancy(&req, r, quote_data);
	plain = !req.flags && !req.service_provider &&
		req.privlevel == CVM_EVIDENCE_PRIVLEVEL_DEFAULT;
	if (rng_one_in(r, 3))
		req.timeout_ms = 1 + rng_below(r, rng_one_in(r, 2) ? 40 : 2000);
	err = -cvm_request(fd, &req);
	if (err == ETIMEDOUT && req.timeout_ms)
		CHECK(now_ms() - begin < req.timeout_ms + LATE_MS,
		      "a deadline of %u ms after %llu ms", req.timeout_ms,
		      (unsigned long long)(now_ms() - begin));
	/* what a provider lacks, a level below its floor, data that its TPM refuses */
	if (!plain && (err == EOPNOTSUPP || err == EINVAL || err == EMSGSIZE))
		ask_count(err);
	else if (err)
		ask_refused("REQUEST", err);
	else
		ask_take(fd, "read after REQUEST", rd, len, ask_chunk(r));
	close(fd);
}

/* Arguments that are refused, and with which error */
static void ask_wrong(struct rng *r)
{
	/* writable for O_RDONLY would be EBADF before all else */
	int fd = ask_open(O_RDWR), want = EINVAL, err;
	struct {
		struct cvm_evidence_request req;
		uint8_t more[64];
	} u = { 0 };
	uint8_t rd[80];
	ssize_t n;

	if (fd < 0)
		return;
	bytes(r, rd, sizeof(rd));
	cvm_request_init(&u.req, rd, 64);
	switch (rng_below(r, 10)) {
	case 0:
		u.req.size = rng_below(r, CVM_EVIDENCE_REQUEST_SIZE_MIN);
		break;
	case 1:
		u.req.size = sizeof(u);
		u.more[rng_below(r, sizeof(u.more))] = 1;
		want = E2BIG;
		break;
	case 2:
		u.req.size = 4097 + rng_below(r, 1U << 20);
		want = E2BIG;
		break;
	case 3:
		u.req.flags = 1U << (9 + rng_below(r, 23));
		break;
	case 4:
		u.req.reserved = 1;
		break;
	case 5:
		u.req.report_data_len = 65 + rng_below(r, 1000);
		want = EMSGSIZE;
		break;
	case 6:
		u.req.report_data_len = 0;
		memset(u.req.report_data, 0, 64);
		break;
	case 7:
		u.req.privlevel = 4 + rng_below(r, 1000);
		break;
	case 8:
		u.req.flags = CVM_EVIDENCE_F_SHARED;
		want = EOPNOTSUPP;
		break;
	case 9:
		n = write(fd, rd, 65 + rng_below(r, 15));
		CHECK(n < 0 && errno == EMSGSIZE, "a long write: %zd %s", n,
		      strerror(errno));
		n = write(fd, rd, 0);
		CHECK(n < 0 && errno == EINVAL, "an empty write: %zd %s", n,
		      strerror(errno));
		goto out;
	}
	err = -cvm_request(fd, &u.req);
	CHECK(err == want || (ask_armed && (err == ENOMEM || err == EFAULT)),
	      "size %u, flags 0x%x, %u bytes, privlevel %u: %s, not %s",
	      u.req.size, u.req.flags, u.req.report_data_len, u.req.privlevel,
	      strerror(err), strerror(want));
out:
	soak->wrong_args++;
	close(fd);
}

static void ask_info(struct rng *r)
{
	struct cvm_evidence_provider prov[CVM_PROVIDERS];
	struct cvm_evidence_info info = { .size = sizeof(info) };
	int fd = ask_open(O_RDONLY);

	if (fd < 0)
		return;
	info.nr_providers = 1 + rng_below(r, CVM_PROVIDERS);
	info.provider_size = sizeof(prov[0]);
	info.providers = (uintptr_t)prov;
	if (ioctl(fd, CVM_EVIDENCE_GET_INFO, &info))
		CHECK(ask_armed && (errno == EFAULT || errno == ENOMEM),
		      "GET_INFO: %s", strerror(errno));
	else
		CHECK(info.nr_providers && info.request_flags,
		      "%u providers, request_flags 0x%x", info.nr_providers,
		      info.request_flags);
	close(fd);
}

static const struct {
	const char *name;
	void (*fn)(struct rng *r);
	unsigned int weight;
} asks[] = {
	{ "cat", ask_cat, 4 },
	{ "write_read", ask_write_read, 5 },
	{ "request", ask_request, 8 },
	{ "wrong", ask_wrong, 3 },
	{ "poll", ask_poll, 5 },
	{ "alarm", ask_alarm, 4 },
	{ "shared", ask_shared, 2 },
	{ "go", ask_and_go, 4 },
	{ "info", ask_info, 2 },
};

const char *ask_name(unsigned int op)
{
	return op && op <= ARRAY_SIZE(asks) ? asks[op - 1].name : "nothing";
}

/* The nth chance of this thread fails; whether it came to that is counted */
static void arm(unsigned int n)
{
	char line[16];

	if (n) {
		ask_armed = !write_line("/proc/thread-self/fail-nth", "%u", n);
		return;
	}
	if (!ask_armed)
		return;
	if (read_line("/proc/thread-self/fail-nth", line, sizeof(line)) &&
	    !strcmp(line, "0"))
		soak->client_faults++;
	write_line("/proc/thread-self/fail-nth", "0");
	ask_armed = false;
}

void ask_random(struct rng *r, struct slot *slot)
{
	uint32_t sum = 0, at;
	unsigned int i = 0;

	for (size_t k = 0; k < ARRAY_SIZE(asks); k++)
		sum += asks[k].weight;
	at = rng_below(r, sum);
	while (at >= asks[i].weight)
		at -= asks[i++].weight;
	slot->since_ms = now_ms();
	slot->op = i + 1;
	if (soak->injecting && rng_one_in(r, 3))
		arm(1 + rng_below(r, 14));
	asks[i].fn(r);
	arm(0);
	slot->op = 0;
}
