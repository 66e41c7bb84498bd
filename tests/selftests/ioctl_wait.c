// SPDX-License-Identifier: GPL-2.0-only
/*
 * CVM_EVIDENCE_REQUEST: how it waits and what comes out, from struct
 * cvm_evidence_request and "THE FILE" of the UAPI header.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;

static int sound(int flags)
{
	cvm_request_init(&req, "request", 7);
	return cvm_open(O_RDWR | flags);
}

static size_t slurp(int fd)
{
	ssize_t n = cvm_slurp(fd, buf, sizeof(buf));

	CHECK(n >= 0, "read: %s", strerror(-n));
	return n;
}

/* blob_len, sequence, out_provider, times: what each member promises */
static void out_on_success(void)
{
	uint64_t last = 0, t, spent;
	struct cvm_blob b;
	int fd;

	cvm_need_evidence();
	fd = sound(0);
	for (int i = 0; i < 3; i++) {
		/* "Out fields are ignored on entry" */
		memset(&req.out_provider, 0xee, sizeof(req) -
		       offsetof(struct cvm_evidence_request, out_provider));
		t = now_ns();
		CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
		spent = now_ns() - t;
		CHECK(req.out_provider && req.out_provider != 0xeeeeeeee, "%u",
		      req.out_provider);
		CHECK(!(req.out_flags & ~CVM_EVIDENCE_OUT_F_FW_STATUS), "0x%x",
		      req.out_flags);
		if (!(req.out_flags & CVM_EVIDENCE_OUT_F_FW_STATUS))
			CHECK(!req.fw_status, "0x%llx and not known",
			      (unsigned long long)req.fw_status);
		CHECK(req.sequence > last, "%llu after %llu",
		      (unsigned long long)req.sequence, (unsigned long long)last);
		last = req.sequence;
		CHECK(req.firmware_ns && req.firmware_ns + req.wait_ns <= spent,
		      "wait %llu + firmware %llu, the call took %llu",
		      (unsigned long long)req.wait_ns,
		      (unsigned long long)req.firmware_ns,
		      (unsigned long long)spent);
		CHECK(slurp(fd) == req.blob_len, "blob_len %llu",
		      (unsigned long long)req.blob_len);
		cvm_blob_check(buf, req.blob_len, "request", 7, &b);
		CHECK(cvm_get64(cvm_blob_find(&b, CVM_EVIDENCE_ITEM_SEQUENCE)->data) ==
		      req.sequence, "the blob has another sequence");
	}
}

/* The in fields are the caller's: they come back as they were */
static void in_fields_kept(void)
{
	struct cvm_evidence_request was;
	int fd;

	cvm_need_evidence();
	fd = sound(0);
	req.timeout_ms = 12345;
	req.flags = CVM_EVIDENCE_F_FRESH;
	was = req;
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	CHECK(!memcmp(&was, &req,
		      offsetof(struct cvm_evidence_request, sequence)),
	      "an in field was changed");
}

/* "Out fields are written on failure too"; fw_status where it is known */
static void out_on_failure(void)
{
	struct cvm_state st;
	int fd, err;

	sim_need();
	fd = sound(0);
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	uint64_t last = req.sequence;

	sim_fail_next();
	req.blob_len = 99;
	err = cvm_request(fd, &req);
	CHECK(err == -EIO, "%s", strerror(-err));
	CHECK(req.blob_len == 0, "blob_len %llu", (unsigned long long)req.blob_len);
	CHECK(req.sequence > last, "sequence %llu",
	      (unsigned long long)req.sequence);
	CHECK(req.out_provider, "no out_provider");
	cvm_get_info(fd, &st);
	if (cvm_find(&st, req.out_provider)->caps & CVM_EVIDENCE_CAP_FW_STATUS) {
		CHECK(req.out_flags & CVM_EVIDENCE_OUT_F_FW_STATUS, "0x%x",
		      req.out_flags);
		CHECK(req.fw_status == 0x16, "0x%llx, the firmware said 0x16",
		      (unsigned long long)req.fw_status);
	} else {
		CHECK(!(req.out_flags & CVM_EVIDENCE_OUT_F_FW_STATUS),
		      "fw_status of a provider that cannot tell it");
	}
	/* the ioctl told the error; nothing tells it again */
	CHECK(read(fd, buf, 1) == 0, "%s", strerror(errno));
	/* EINVAL before admission: "0 when it was not admitted" */
	req.flags = 1U << 31;
	CHECK(cvm_request(fd, &req) == -EINVAL && req.sequence == 0,
	      "sequence %llu", (unsigned long long)req.sequence);
}

/* firmware_ns: "time in the provider"; wait_ns: until the start of its work */
static void times_of_slow_firmware(void)
{
	struct cvm_evidence_request second;
	int f1, f2;

	sim_need();
	f1 = sound(O_NONBLOCK);
	f2 = cvm_open(O_RDWR);
	sim_set("delay=400");
	CHECK(cvm_request(f1, &req) == -EAGAIN, "");
	second = req;
	CHECK(!cvm_request(f2, &second), "%s", strerror(errno));
	CHECK(cvm_poll(f1, POLLIN, 10000) == POLLIN, "no POLLIN");
	CHECK(!cvm_rejoin(f1, &req), "%s", strerror(errno));
	ktap_note("first: wait %llu ms, firmware %llu ms; second: %llu, %llu",
		  (unsigned long long)req.wait_ns / 1000000,
		  (unsigned long long)req.firmware_ns / 1000000,
		  (unsigned long long)second.wait_ns / 1000000,
		  (unsigned long long)second.firmware_ns / 1000000);
	/* half: an emulated guest's clocks drift apart on a busy host */
	CHECK(req.firmware_ns >= 200000000, "");
	CHECK(second.firmware_ns >= 200000000, "");
	CHECK(second.wait_ns >= 150000000, "one firmware, one at a time");
	CHECK(second.sequence == req.sequence + 1, "");
}

/* ETIMEDOUT: "the deadline passed", also in the firmware; then all is well */
static void deadline(void)
{
	struct cvm_state a, b;
	struct cvm_blob blob;
	uint64_t t;
	int fd, err;

	sim_need();
	fd = sound(0);
	cvm_get_info(fd, &a);
	sim_set("block=1");
	req.timeout_ms = 200;
	t = now_ms();
	err = cvm_request(fd, &req);
	t = now_ms() - t;
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	ktap_note("deadline of 200 ms: told after %llu ms", (unsigned long long)t);
	/* "until now or until the deadline when it has not answered" */
	CHECK(req.firmware_ns && req.firmware_ns + req.wait_ns <= 1200000000ULL,
	      "firmware_ns %llu, wait_ns %llu",
	      (unsigned long long)req.firmware_ns,
	      (unsigned long long)req.wait_ns);
	CHECK_TIME(t >= 150 && t < 1200, "after %llu ms", (unsigned long long)t);
	CHECK(read(fd, buf, 1) == 0, "no EOF after the error was told");
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_timed_out == a.info.requests_timed_out + 1, "");
	/* its firmware call is still going on: the next one waits for it */
	sim_set("block=0");
	cvm_take(fd, "after", 5, &blob);
}

/* ... and in the queue behind somebody else's request */
static void deadline_in_queue(void)
{
	uint64_t t;
	int f1, f2, err;

	sim_need();
	f1 = sound(O_NONBLOCK);
	f2 = cvm_open(O_RDWR);
	sim_set("block=1");
	cvm_write(f1, "slow", 4);
	sleep_ms(100);
	req.timeout_ms = 200;
	t = now_ms();
	err = cvm_request(f2, &req);
	t = now_ms() - t;
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	CHECK_TIME(t >= 150 && t < 1200, "after %llu ms", (unsigned long long)t);
	CHECK(!req.firmware_ns, "it never started");
	CHECK_TIME(req.wait_ns >= 150000000 && req.wait_ns < 1200000000,
		   "waited %llu ns", (unsigned long long)req.wait_ns);
}

/* The default of the module's parameter is used where none is named */
static void default_deadline(void)
{
	uint64_t t;
	ssize_t n;
	int fd;

	sim_need();
	need_root();
	param_set("default_timeout_ms", 300);
	fd = sound(0);
	sim_set("block=1");
	t = now_ms();
	n = cvm_slurp(fd, buf, sizeof(buf));
	t = now_ms() - t;
	CHECK(n == -ETIMEDOUT, "%zd", n);
	CHECK_TIME(t >= 200 && t < 1500, "after %llu ms", (unsigned long long)t);
	CHECK(read(fd, buf, 1) == 0, "no EOF");
}

/* "The number of the pending request continues that one": poll, one request */
static void nonblocking(void)
{
	struct cvm_state a, b;
	uint64_t seq, calls;
	struct cvm_blob blob;
	int fd;

	sim_need();
	fd = sound(O_NONBLOCK);
	cvm_get_info(fd, &a);
	calls = sim_counter("calls");
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	seq = req.sequence;
	CHECK(seq && !req.blob_len, "sequence %llu", (unsigned long long)seq);
	CHECK(cvm_rejoin(fd, &req) == -EAGAIN, "%s", strerror(errno));
	CHECK(req.sequence == seq, "a second request");
	CHECK(read(fd, buf, 1) == -1 && errno == EAGAIN, "%s", strerror(errno));
	CHECK(!(cvm_poll(fd, POLLIN, 0) & POLLIN), "POLLIN at once");
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) == POLLIN, "no POLLIN");
	CHECK(!cvm_rejoin(fd, &req), "%s", strerror(errno));
	CHECK(req.sequence == seq, "not rejoined");
	CHECK(slurp(fd) == req.blob_len, "blob_len");
	cvm_blob_check(buf, req.blob_len, "request", 7, &blob);
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_started == a.info.requests_started + 1, "");
	CHECK(sim_counter("calls") == calls + 1, "%llu calls of firmware",
	      (unsigned long long)(sim_counter("calls") - calls));
	/* its outcome was returned: with sequence 0 it is another request */
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN && req.sequence > seq, "%llu",
	      (unsigned long long)req.sequence);
}

/*
 * What is found only when the request is served: a call that does not wait
 * starts it all the same, and the next one returns the error
 */
static void found_when_served(void)
{
	struct cvm_state st;
	int fd, err;

	cvm_need_evidence();
	fd = sound(O_NONBLOCK);
	cvm_get_info(fd, &st);
	if (cvm_find(&st, st.info.auto_provider)->caps & CVM_EVIDENCE_CAP_TPM_QUOTE)
		ktap_skip("this provider has a TPM");
	for (int by_read = 0; by_read < 2; by_read++) {
		req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
		err = cvm_request(fd, &req);
		/* a worker that is quick has found it already */
		CHECK(err == -EAGAIN || err == -EOPNOTSUPP, "%s",
		      strerror(-err));
		if (err == -EAGAIN)
			CHECK(cvm_poll(fd, POLLIN, 30000) == (POLLIN | POLLERR),
			      "poll");
		if (err == -EOPNOTSUPP)
			;
		else if (by_read)
			err = read(fd, buf, 1) < 0 ? -errno : 0;
		else
			err = cvm_rejoin(fd, &req);
		CHECK(err == -EOPNOTSUPP, "%s", strerror(-err));
		CHECK(read(fd, buf, 1) == 0, "no EOF after the error");
	}
}

/* The blob can be read without coming back to the ioctl */
static void nonblocking_then_read(void)
{
	struct cvm_blob b;
	int fd, err;

	cvm_need_evidence();
	fd = sound(O_NONBLOCK);
	err = cvm_request(fd, &req);
	CHECK(!err || err == -EAGAIN, "%s", strerror(-err));
	CHECK(cvm_poll(fd, POLLIN, 30000) & POLLIN, "no POLLIN");
	cvm_blob_check(buf, slurp(fd), "request", 7, &b);
}

/* "0 starts a new request and cancels a pending one" */
static void zero_starts_anew(void)
{
	uint64_t seq, canceled;
	struct cvm_state st;
	struct cvm_blob b;
	int fd;

	sim_need();
	fd = sound(O_NONBLOCK);
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	seq = req.sequence;
	cvm_get_info(fd, &st);
	/* also when it is the same in all else */
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	CHECK(req.sequence > seq, "rejoined the canceled request");
	seq = req.sequence;
	cvm_request_init(&req, "other", 5);
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	CHECK(req.sequence > seq, "rejoined the canceled request");
	canceled = st.info.requests_canceled;
	cvm_get_info(fd, &st);
	CHECK(st.info.requests_canceled == canceled + 2, "%llu canceled",
	      (unsigned long long)(st.info.requests_canceled - canceled));
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) & POLLIN, "no POLLIN");
	cvm_blob_check(buf, slurp(fd), "other", 5, &b);

	/* a write in between discards it as well */
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN, "%s", strerror(errno));
	seq = req.sequence;
	cvm_write(fd, "written", 7);
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) & POLLIN, "no POLLIN");
	cvm_blob_check(buf, slurp(fd), "written", 7, &b);
	sim_set("block=1");
	CHECK(cvm_request(fd, &req) == -EAGAIN && req.sequence > seq + 1, "");
}

/* "An unread blob is discarded by it" */
static void discards(void)
{
	struct cvm_blob b;
	int fd;

	cvm_need_evidence();
	fd = sound(0);
	cvm_write(fd, "unread", 6);
	CHECK(read(fd, buf, 80) == 80, "%s", strerror(errno));
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	cvm_blob_check(buf, slurp(fd), "request", 7, &b);
}

/* attach event log; not there: an ABSENT item says why, the rest is as usual */
static void event_log(void)
{
	const struct cvm_item *table, *log;
	unsigned int absent = 0;
	struct cvm_blob b;
	int fd;

	cvm_need_evidence();
	fd = sound(0);
	req.flags = CVM_EVIDENCE_F_EVENT_LOG;
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	cvm_blob_check(buf, slurp(fd), "request", 7, &b);
	table = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_CCEL_TABLE);
	log = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_CCEL_DATA);
	for (unsigned int i = 0; i < b.nr; i++) {
		const struct cvm_item *it = &b.item[i];
		uint32_t type, err;

		if (it->type != CVM_EVIDENCE_ITEM_ABSENT)
			continue;
		absent++;
		type = cvm_get32(it->data);
		err = cvm_get32(it->data + 4);
		ktap_note("item %u is absent, errno %u: %.*s", type, err,
			  (int)it->len - 8, (const char *)it->data + 8);
		CHECK(type == CVM_EVIDENCE_ITEM_CCEL_TABLE ? !table :
		      type == CVM_EVIDENCE_ITEM_CCEL_DATA && !log, "type %u", type);
		CHECK(err && err < 4096, "errno %u", err);
		CHECK(!memchr(it->data + 8, 0, it->len - 8), "a NUL in the text");
	}
	CHECK(absent == (table ? 0U : 1U) + (log ? 0U : 1U), "%u absent items", absent);
	if (table)
		CHECK(!memcmp(table->data, "CCEL", 4), "not a CCEL table");
	if (log)
		CHECK(log->len && log->data[log->len - 1] != 0xff,
		      "trailing 0xff were not cut");
}

/* Not asked for, it is neither there nor absent */
static void no_event_log(void)
{
	struct cvm_blob b;
	int fd;

	cvm_need_evidence();
	fd = sound(0);
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	cvm_blob_check(buf, slurp(fd), "request", 7, &b);
	CHECK(!cvm_blob_find(&b, CVM_EVIDENCE_ITEM_CCEL_TABLE) &&
	      !cvm_blob_find(&b, CVM_EVIDENCE_ITEM_CCEL_DATA) &&
	      !cvm_blob_find(&b, CVM_EVIDENCE_ITEM_ABSENT), "unasked");
}

static const struct ktap_case cases[] = {
	{ "out_on_success", out_on_success, 0 },
	{ "in_fields_kept", in_fields_kept, 0 },
	{ "out_on_failure", out_on_failure, 0 },
	{ "times_of_slow_firmware", times_of_slow_firmware, 0 },
	{ "deadline", deadline, 0 },
	{ "deadline_in_queue", deadline_in_queue, 0 },
	{ "default_deadline", default_deadline, 0 },
	{ "nonblocking", nonblocking, 0 },
	{ "found_when_served", found_when_served, 0 },
	{ "nonblocking_then_read", nonblocking_then_read, 0 },
	{ "zero_starts_anew", zero_starts_anew, 0 },
	{ "discards", discards, 0 },
	{ "event_log", event_log, 0 },
	{ "no_event_log", no_event_log, 0 },
};

CVM_TEST_MAIN(cases)
