// SPDX-License-Identifier: GPL-2.0-only
/*
 * "Whatever it returns but 0, EAGAIN, EINTR, EBADF and ENOTTY, nothing of the
 * caller's is left to read: the file is at EOF": REQUEST fails in every way that
 * the header documents, on a file that has an unread blob of before, or a
 * request that is pending.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;
static int fd;

static void sound(void)
{
	cvm_request_init(&req, "request", 7);
}

static void need(void)
{
	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	sound();
}

/* The file has a blob of which 64 bytes were read. */
static void older_blob(void)
{
	ssize_t n;

	cvm_write(fd, "older", 5);
	n = read(fd, buf, 64);
	CHECK(n == 64, "the older blob: %zd %s", n, n < 0 ? strerror(errno) : "");
}

/* At EOF, and poll says no more than that */
static void at_eof(int line)
{
	short ev = cvm_poll(fd, POLLIN | POLLPRI, 0);
	ssize_t n;

	if (ev != POLLIN)
		ktap_fail(__FILE__, line, "poll says 0x%x", ev);
	for (int i = 0; i < 2; i++) {
		n = read(fd, buf, sizeof(buf));
		if (n)
			ktap_fail(__FILE__, line, "read %d: %zd %s", i, n,
				  n < 0 ? strerror(errno) : "");
	}
}

static void ends_at(int line, void *arg, int err)
{
	struct cvm_blob b;
	int got;

	older_blob();
	got = ioctl(fd, CVM_EVIDENCE_REQUEST, arg) ? errno : 0;
	if (got != err)
		ktap_fail(__FILE__, line, "%s, not %s", strerror(got),
			  strerror(err));
	if (arg == &req && req.blob_len && got != EINVAL && got != E2BIG)
		ktap_fail(__FILE__, line, "blob_len %llu",
			  (unsigned long long)req.blob_len);
	at_eof(line);
	/* "until the next write or REQUEST" */
	if (err != EKEYREVOKED && err != ENODEV && err != ETIMEDOUT)
		cvm_take(fd, "next", 4, &b);
	sound();
}
#define ENDS(err)	ends_at(__LINE__, &req, err)

static void bad_arguments(void)
{
	need();
	req.flags = 1U << 31;
	ENDS(EINVAL);
	req.report_data_len = 0;
	ENDS(EINVAL);
	req.report_data[63] = 1;
	ENDS(EINVAL);
	req.privlevel = CVM_EVIDENCE_PRIVLEVEL_MAX + 1;
	ENDS(EINVAL);
	req.provider = 99;
	ENDS(EINVAL);
	req.timeout_ms = 0xffffffff;
	ENDS(EINVAL);
	req.reserved = 1;
	ENDS(EINVAL);
	req.pcr_banks = 1;
	ENDS(EINVAL);
	req.size = CVM_EVIDENCE_REQUEST_SIZE_MIN - 1;
	ENDS(EINVAL);
	req.size = 0;
	ENDS(EINVAL);
	req.flags = CVM_EVIDENCE_F_SHARED | CVM_EVIDENCE_F_CONTEXT;
	ENDS(EINVAL);
	req.flags = CVM_EVIDENCE_F_SERVICE_GUID;
	ENDS(EINVAL);
	req.sequence = 1ULL << 60;
	ENDS(EINVAL);
}

static void too_long(void)
{
	static struct {
		struct cvm_evidence_request req;
		uint64_t more[4];
	} u;

	need();
	req.report_data_len = 65;
	ENDS(EMSGSIZE);
	req.service_provider = (uintptr_t)buf;
	req.service_provider_len = CVM_EVIDENCE_SERVICE_MAX + 1;
	ENDS(EMSGSIZE);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE | CVM_EVIDENCE_F_QUOTE_DATA;
	req.quote_data = (uintptr_t)buf;
	req.quote_data_len = CVM_EVIDENCE_QUOTE_DATA_MAX + 1;
	ENDS(EMSGSIZE);
	req.size = sysconf(_SC_PAGESIZE) + 1;
	ENDS(E2BIG);
	u.req = req;
	u.req.size = sizeof(u);
	u.more[3] = 1;
	ends_at(__LINE__, &u, E2BIG);
}

static void bad_pointers(void)
{
	need();
	ends_at(__LINE__, NULL, EFAULT);
	ends_at(__LINE__, (void *)64, EFAULT);
	req.service_provider = 64;
	req.service_provider_len = 4;
	ENDS(EFAULT);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE | CVM_EVIDENCE_F_QUOTE_DATA;
	req.quote_data = 64;
	req.quote_data_len = 4;
	ENDS(EFAULT);
}

static void not_served(void)
{
	struct cvm_state st;
	uint32_t absent = 0;

	need();
	req.flags = CVM_EVIDENCE_F_SHARED;
	ENDS(EOPNOTSUPP);
	req.flags = CVM_EVIDENCE_F_CONTEXT;
	ENDS(EOPNOTSUPP);
	cvm_get_info(fd, &st);
	if (!(cvm_find(&st, st.info.auto_provider)->caps &
	      CVM_EVIDENCE_CAP_TPM_QUOTE)) {
		req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
		ENDS(EOPNOTSUPP);
	}
	for (unsigned int i = 0; i < st.nr; i++)
		if (st.prov[i].status != CVM_EVIDENCE_ST_AVAILABLE)
			absent = st.prov[i].id;
	CHECK(absent, "every provider is there");
	req.provider = absent;
	ENDS(ENODEV);
}

/* What goes wrong behind the provider */
static void failed(void)
{
	struct cvm_state st;

	sim_need();
	need();
	cvm_get_info(fd, &st);
	older_blob();	/* it takes no part in the knobs that follow */
	for (int i = 0; i < 2; i++) {
		struct cvm_blob b;
		int err, want = i ? EBADMSG : EIO;

		if (i && st.info.tee == CVM_EVIDENCE_TEE_CCA)
			break;
		older_blob();
		if (i)
			sim_set("wrong_data=1:1");
		else
			sim_fail_next();
		err = cvm_request(fd, &req);
		CHECK(err == -want, "%s, not %s", strerror(-err), strerror(want));
		CHECK(!req.blob_len, "blob_len %llu",
		      (unsigned long long)req.blob_len);
		at_eof(__LINE__);
		cvm_take(fd, "next", 4, &b);
	}
}

static void too_big(void)
{
	struct cvm_blob b;
	int err;

	need();
	need_root();
	cvm_take(fd, "whole", 5, &b);
	if (b.len <= 4096) {
		sim_need();
		if (b.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT)
			ktap_skip("a TDREPORT is never larger than max_blob");
	}
	older_blob();
	param_set("max_blob", 4096);
	if (b.len <= 4096)
		sim_set("oversize=8192:1");
	err = cvm_request(fd, &req);
	CHECK(err == -EFBIG, "%s", strerror(-err));
	CHECK(!req.blob_len, "blob_len %llu", (unsigned long long)req.blob_len);
	at_eof(__LINE__);
	params_restore();
	cvm_take(fd, "next", 4, &b);
}

static void timed_out(void)
{
	struct cvm_blob b;
	int err;

	sim_need();
	need();
	older_blob();
	sim_set("block=1");
	req.timeout_ms = 200;
	err = cvm_request(fd, &req);
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	at_eof(__LINE__);
	/* the firmware's late answer changes nothing */
	sim_set("block=0");
	CHECK(cvm_wait_idle(fd, 10000), "its firmware call has no end");
	at_eof(__LINE__);
	cvm_take(fd, "next", 4, &b);
}

static void key_lost(void)
{
	struct cvm_state st;
	int err;

	sim_need();
	need();
	cvm_get_info(fd, &st);
	if (st.info.tee != CVM_EVIDENCE_TEE_SEV_SNP)
		ktap_skip("only SNP has a key to lose");
	older_blob();
	sim_set("fw_error=0x16:1");
	drivers_touched();
	err = cvm_request(fd, &req);
	CHECK(err == -EIO, "%s", strerror(-err));
	at_eof(__LINE__);
	err = cvm_request(fd, &req);
	CHECK(err == -EKEYREVOKED, "%s", strerror(-err));
	at_eof(__LINE__);
}

/*
 * The queue is full: EBUSY and EDQUOT. Alone, a share has its reserved place
 * and as many of the common ones as it leaves: with one, it takes that, and none
 * is left; with three, it holds two when one is left.
 */
static void queue_full(void)
{
	static const struct {
		unsigned int room, waiting;
		int err;
	} ways[] = { { 1, 2, EBUSY }, { 3, 3, EDQUOT } };

	sim_need();
	need();
	need_root();
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		int others[4], err;
		struct cvm_state st;
		struct cvm_blob b;

		older_blob();
		param_set("queue_max", ways[w].room);
		sim_set("block=1");
		for (unsigned int i = 0; i <= ways[w].waiting; i++) {
			uint64_t end = now_ms() + 10000;

			others[i] = cvm_open(O_RDWR | O_NONBLOCK);
			cvm_write(others[i], "other", 5);
			/* the first one is in the firmware, and waits no more */
			do {
				CHECK(now_ms() < end, "nobody serves it");
				cvm_get_info(fd, &st);
			} while (!i && !cvm_find(&st, st.info.auto_provider)->queued);
		}
		CHECK(st.info.requests_waiting == ways[w].waiting, "%u wait",
		      st.info.requests_waiting);
		err = cvm_request(fd, &req);
		CHECK(err == -ways[w].err, "%s, not %s", strerror(-err),
		      strerror(ways[w].err));
		CHECK(!req.sequence, "sequence %llu of a request not admitted",
		      (unsigned long long)req.sequence);
		at_eof(__LINE__);
		sim_set("block=0");
		for (unsigned int i = 0; i <= ways[w].waiting; i++)
			close(others[i]);
		params_restore();
		cvm_take(fd, "next", 4, &b);
	}
}

/* A pending request is canceled by a REQUEST that is refused: at EOF at once */
static void pending_is_canceled(void)
{
	struct cvm_state a, b;

	sim_need();
	need();
	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK), "%s", strerror(errno));
	sim_set("block=1");
	cvm_get_info(fd, &a);
	cvm_write(fd, "pending", 7);
	req.flags = 1U << 31;
	CHECK(cvm_request(fd, &req) == -EINVAL, "not refused");
	at_eof(__LINE__);
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_canceled == a.info.requests_canceled + 1,
	      "%llu canceled", (unsigned long long)(b.info.requests_canceled -
						    a.info.requests_canceled));
	sim_set("block=0");
	CHECK(cvm_wait_idle(fd, 10000), "the firmware's call has no end");
	at_eof(__LINE__);
}

/* A report_data that was written and not asked for yet goes as well */
static void written_is_forgotten(void)
{
	need();
	cvm_write(fd, "written", 7);
	req.flags = 1U << 31;
	CHECK(cvm_request(fd, &req) == -EINVAL, "not refused");
	at_eof(__LINE__);
}

/* ENOTTY and EBADF change nothing: the older blob is whole */
static void those_that_change_nothing(void)
{
	struct cvm_blob b;
	ssize_t n;
	int ro;

	need();
	older_blob();
	CHECK(ioctl(fd, _IO(CVM_EVIDENCE_IOC_MAGIC, 0), &req) == -1 &&
	      errno == ENOTTY, "%s", strerror(errno));
	CHECK(ioctl(fd, CVM_EVIDENCE_GET_LEASE, &req) == -1 &&
	      errno == EOPNOTSUPP, "%s", strerror(errno));
	n = cvm_slurp(fd, buf + 64, sizeof(buf) - 64);
	CHECK(n > 0, "%zd", n);
	cvm_blob_check(buf, n + 64, "older", 5, &b);

	ro = cvm_open(O_RDONLY);
	CHECK(read(ro, buf, 64) == 64, "%s", strerror(errno));
	CHECK(cvm_request(ro, &req) == -EBADF, "not EBADF");
	n = cvm_slurp(ro, buf + 64, sizeof(buf) - 64);
	CHECK(n > 0, "%zd", n);
	cvm_blob_check(buf, n + 64, NULL, 0, &b);
}

static const struct ktap_case cases[] = {
	{ "bad_arguments", bad_arguments, 0 },
	{ "too_long", too_long, 0 },
	{ "bad_pointers", bad_pointers, 0 },
	{ "not_served", not_served, 0 },
	{ "failed", failed, 0 },
	{ "too_big", too_big, 0 },
	{ "timed_out", timed_out, 0 },
	{ "key_lost", key_lost, 0 },
	{ "queue_full", queue_full, 0 },
	{ "pending_is_canceled", pending_is_canceled, 0 },
	{ "written_is_forgotten", written_is_forgotten, 0 },
	{ "those_that_change_nothing", those_that_change_nothing, 0 },
};

DRIVERS_TEST_MAIN(cases)
