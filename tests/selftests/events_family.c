// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family: who may use it, what it refuses, its log, and that
 * nothing in it is secret ("EVENTS" of the header).
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "nl.h"
#include "sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALICE		70001
#define INFO(name)	CVM_EVIDENCE_INFO_A_##name
#define LOG_MAX		CVM_EVIDENCE_LOG_MAX
#define PARAM		"/sys/module/cvm_evidence/parameters/default_timeout_ms"

static struct nl nl;

/* Events that need no TEE, each a parameter that is set to another value */
static void make_events(unsigned int count)
{
	static unsigned int made;
	int fd = open(PARAM, O_WRONLY | O_CLOEXEC);
	char text[16];

	CHECK(fd >= 0, PARAM ": %s", strerror(errno));
	while (count--) {
		int n = snprintf(text, sizeof(text), "%u\n", 110000 + ++made % 2);

		CHECK(pwrite(fd, text, n, 0) == n, PARAM ": %s", strerror(errno));
	}
	close(fd);
}

static void setup(void)
{
	need_root();
	nl_open(&nl);
	/* undone when the case ends */
	param_set("default_timeout_ms", 119999);
}

static uint64_t last_number(void)
{
	struct nl_info info;
	int err = nl_get_info(&nl, &info);

	CHECK(!err, "get-info: %s", strerror(-err));
	return info.num[INFO(EVENTS)];
}

/* --- get-log --- */

/* The log from a number on: consecutive, from first to last */
static void check_log(uint64_t from, uint64_t first, uint64_t last)
{
	struct nl_event *log;
	int n = nl_get_log(&nl, from, &log);

	CHECK(n >= 0, "get-log: %s", strerror(-n));
	CHECK((uint64_t)n == last + 1 - first, "%d events from %llu on, not %llu",
	      n, (unsigned long long)from, (unsigned long long)(last + 1 - first));
	for (int i = 0; i < n; i++) {
		CHECK(log[i].number == first + i, "event %llu at %d, not %llu",
		      (unsigned long long)log[i].number, i,
		      (unsigned long long)first + i);
		CHECK(!i || nl_num(&log[i], EVA(BOOTTIME)) >=
			    nl_num(&log[i - 1], EVA(BOOTTIME)), "back in time");
	}
	free(log);
}

static void log_in_order(void)
{
	uint64_t last;

	setup();
	make_events(20);
	last = last_number();
	check_log(last - 9, last - 9, last);
	check_log(last, last, last);
	check_log(last + 1, last + 1, last);
	check_log(UINT64_MAX, last + 1, last);
	check_log(last > LOG_MAX ? last - LOG_MAX + 1 : 1,
		  last > LOG_MAX ? last - LOG_MAX + 1 : 1, last);
}

static void log_overrun(void)
{
	uint64_t last;

	setup();
	make_events(LOG_MAX + 300);
	last = last_number();
	check_log(0, last - LOG_MAX + 1, last);
	check_log(1, last - LOG_MAX + 1, last);
	check_log(last - LOG_MAX, last - LOG_MAX + 1, last);
	check_log(last - LOG_MAX + 2, last - LOG_MAX + 2, last);
}

/* What the log has is what was sent, byte for byte. */
static void log_is_what_was_sent(void)
{
	struct nl_event *log, ev;
	struct nl listener;
	uint64_t first;
	int n;

	setup();
	nl_listen(&listener);
	nl_drain(&listener);
	first = last_number() + 1;
	make_events(10);
	if (sim_present() && !sim_replays()) {
		static uint8_t buf[CVM_BUF_SIZE];
		int fd = cvm_open(O_RDWR);

		CHECK(cvm_slurp(fd, buf, sizeof(buf)) > 0, "no evidence");
		sim_fail_next();
		cvm_write(fd, "fails", 5);
		CHECK(cvm_slurp(fd, buf, sizeof(buf)) == -EIO, "");
		close(fd);
	}
	n = nl_get_log(&nl, first, &log);
	CHECK(n >= 10, "%d events", n);
	for (int i = 0; i < n; i++) {
		CHECK(nl_next(&listener, &ev, 2000) > 0, "event %llu was not sent",
		      (unsigned long long)log[i].number);
		CHECK(ev.raw_len == log[i].raw_len &&
		      !memcmp(ev.raw, log[i].raw, ev.raw_len),
		      "event %llu is %llu, or another",
		      (unsigned long long)log[i].number,
		      (unsigned long long)ev.number);
	}
}

static uint64_t at_start;

static void some_between(void)
{
	make_events(100);
}

static void many_between(void)
{
	make_events(2 * LOG_MAX);
}

/* Events that come during a dump are not part of it. */
static void dump_goes_on(void)
{
	struct nl_event *log;
	int n;

	setup();
	make_events(LOG_MAX);
	at_start = last_number();
	n = nl_get_log_while(&nl, &log, some_between);
	CHECK(n > 0, "get-log: %s", strerror(-n));
	ktap_note("%d events", n);
	CHECK(log[n - 1].number <= at_start, "beyond the start");
	for (int i = 1; i < n; i++)
		CHECK(log[i].number > log[i - 1].number, "out of order");
	CHECK(last_number() == at_start + 100, "");
	free(log);

	/* overrun while it goes on: it ends, and what it has is right */
	at_start = last_number();
	n = nl_get_log_while(&nl, &log, many_between);
	CHECK(n > 0, "get-log: %s", strerror(-n));
	ktap_note("%d events", n);
	CHECK(log[n - 1].number <= at_start, "beyond the start");
	for (int i = 1; i < n; i++)
		CHECK(log[i].number > log[i - 1].number, "out of order");
}

/* --- what is refused --- */

static void refuse(uint8_t cmd, uint16_t flags, const uint8_t *attrs, size_t len,
		   int want, const char *what)
{
	int err = nl_request(&nl, cmd, flags, attrs, len);

	CHECK(err == -want, "%s: %s, not %s", what, err ? strerror(-err) : "done",
	      strerror(want));
}

static void strict(void)
{
	const uint8_t get_info = CVM_EVIDENCE_CMD_GET_INFO;
	const uint8_t get_log = CVM_EVIDENCE_CMD_GET_LOG;
	uint64_t num = 1;
	uint8_t a[64];
	size_t len;

	setup();
	for (unsigned int type = 0; type < 60; type++) {
		len = nl_put(a, 0, type, &num, sizeof(num));
		refuse(get_info, 0, a, len, EINVAL, "get-info with an attribute");
		if (type != EVA(NUMBER))
			refuse(get_log, NLM_F_DUMP, a, len, EINVAL,
			       "get-log with another attribute");
	}
	for (uint16_t size = 0; size < 20; size++) {
		uint8_t value[20] = { 1 };

		len = nl_put(a, 0, EVA(NUMBER), value, size);
		refuse(get_log, NLM_F_DUMP, a, len, size == 4 || size == 8 ? 0 : EINVAL,
		       "a number of so many bytes");
	}
	len = nl_put(a, 0, EVA(NUMBER) | NLA_F_NESTED, &num, sizeof(num));
	refuse(get_log, NLM_F_DUMP, a, len, EINVAL, "a number that is a nest");
	len = nl_put(a, 0, EVA(NUMBER), &num, sizeof(num));
	refuse(get_log, NLM_F_DUMP, a, len - 4, EINVAL, "a number cut in half");
	memset(a + len, 0xff, 4);
	refuse(get_log, NLM_F_DUMP, a, len + 4, EINVAL, "bytes after it");
	refuse(get_log, NLM_F_DUMP, a, len, 0, "a right one");

	refuse(get_info, NLM_F_DUMP, NULL, 0, EOPNOTSUPP, "get-info as a dump");
	refuse(get_log, 0, NULL, 0, EOPNOTSUPP, "get-log as no dump");
	refuse(CVM_EVIDENCE_CMD_UNSPEC, 0, NULL, 0, EOPNOTSUPP, "command 0");
	refuse(CVM_EVIDENCE_CMD_EVENT, 0, NULL, 0, EOPNOTSUPP, "an event from us");
	refuse(4, 0, NULL, 0, EOPNOTSUPP, "command 4");
	refuse(255, NLM_F_DUMP, NULL, 0, EOPNOTSUPP, "command 255");
}

/* --- get-info --- */

static void info_is_the_ioctl(void)
{
	struct cvm_evidence_request req;
	struct cvm_evidence_info *i;
	struct cvm_state st;
	struct nl_info info;
	bool knobs = sim_present() && !sim_paravisor();
	int fd;

	setup();
	fd = cvm_open(O_RDWR);
	if (knobs) {
		sim_need();
		/* so that these numbers are not zero */
		sim_fail_next();
		cvm_request_init(&req, "fails", 5);
		CHECK(cvm_request(fd, &req) == -EIO, "no error");
		sim_set("block=1");
		for (int n = 0; n < 4; n++)
			cvm_write(cvm_open(O_RDWR | O_NONBLOCK), "waits", 5);
		do {
			sleep_ms(10);
			cvm_get_info(fd, &st);
		} while (st.info.requests_waiting != 3);
	}
	cvm_get_info(fd, &st);
	CHECK(!nl_get_info(&nl, &info), "get-info");
	i = &st.info;
	if (knobs)
		CHECK(i->requests_failed && i->requests_waiting == 3 &&
		      cvm_find(&st, i->auto_provider)->last_error == EIO, "");

	const struct { unsigned int attr; uint64_t want; } same[] = {
		{ INFO(API_VERSION), i->api_version },
		{ INFO(FLAGS), i->flags },
		{ INFO(REQUEST_FLAGS), i->request_flags },
		{ INFO(VM_EPOCH), i->vm_epoch },
		{ INFO(REQUESTS_WAITING), i->requests_waiting },
		{ INFO(REQUESTS_STARTED), i->requests_started },
		{ INFO(REQUESTS_OK), i->requests_ok },
		{ INFO(REQUESTS_FAILED), i->requests_failed },
		{ INFO(REQUESTS_TIMED_OUT), i->requests_timed_out },
		{ INFO(REQUESTS_CANCELED), i->requests_canceled },
		{ INFO(REQUESTS_MISMATCHED), i->requests_mismatched },
		{ INFO(REFUSED_BUSY), i->refused_busy },
		{ INFO(REFUSED_QUOTA), i->refused_quota },
	};
	for (size_t n = 0; n < ARRAY_SIZE(same); n++)
		CHECK(info.num[same[n].attr] == same[n].want,
		      "attribute %u is %llu, GET_INFO's %llu", same[n].attr,
		      (unsigned long long)info.num[same[n].attr],
		      (unsigned long long)same[n].want);
	CHECK(!strcmp(info.version, i->version), "version");
	CHECK(info.nr == st.nr, "%u providers, not %u", info.nr, st.nr);
	for (unsigned int n = 0; n < st.nr; n++)
		CHECK(!memcmp(&info.prov[n], &st.prov[n], sizeof(st.prov[n])),
		      "provider %s is not as in GET_INFO", st.prov[n].name);
}

/* --- who may --- */

static void check_may_not(void)
{
	struct nl_event *log;
	struct nl_info info;
	int err;

	nl_open(&nl);
	err = nl_get_info(&nl, &info);
	CHECK(err == -EPERM, "get-info: %s", strerror(-err));
	err = nl_get_log(&nl, 0, &log);
	CHECK(err == -EPERM, "get-log: %s", strerror(-err));
	err = nl_try_join(&nl);
	CHECK(err == -EPERM, "joining the group: %s", strerror(-err));
}

static void nobody(void)
{
	need_root();
	become_user(ALICE, ALICE);
	check_may_not();
}

/* Root of a user namespace, with all capabilities there */
static void contained_root(void)
{
	need_root();
	become_user(ALICE, ALICE);
	CHECK(!unshare(CLONE_NEWUSER), "%s", strerror(errno));
	CHECK(!write_line("/proc/self/setgroups", "deny") &&
	      !write_line("/proc/self/uid_map", "0 %u 1", ALICE) &&
	      !write_line("/proc/self/gid_map", "0 %u 1", ALICE), "maps");
	CHECK(getuid() == 0, "");
	check_may_not();
	nl_close(&nl);
	CHECK(!unshare(CLONE_NEWNET), "%s", strerror(errno));
	CHECK(nl_try_open(&nl) == -ENOENT, "the family is in its network");
}

/* Root that gave up this one capability */
static void without_net_admin(void)
{
	struct {
		uint32_t version;
		int pid;
	} hdr = { 0x20080522, 0 };
	struct {
		uint32_t effective, permitted, inheritable;
	} caps[2] = { { ~(1U << 12), ~(1U << 12), 0 }, { 0x1ff, 0x1ff, 0 } };

	need_root();
	if (syscall(SYS_capset, &hdr, caps))
		ktap_skip("capset: %s", strerror(errno));
	check_may_not();
}

/* "in the init network namespace only", also for root */
static void other_network(void)
{
	struct nl here;
	int err;

	setup();
	CHECK(!unshare(CLONE_NEWNET), "%s", strerror(errno));
	err = nl_try_open(&here);
	CHECK(err == -ENOENT, "%s", strerror(-err));
	/* a socket keeps the network that it was made in */
	CHECK(last_number(), "");
}

/* --- nothing secret --- */

static bool contains(const struct nl_event *ev, const uint8_t *what, size_t len)
{
	/* any 8 bytes of it */
	for (size_t i = 0; i + 8 <= len; i++)
		if (memmem(ev->raw, ev->raw_len, what + i, 8))
			return true;
	return false;
}

/* "the report's digest, not the nonce nor its hash" */
static void no_secrets(void)
{
	static uint8_t buf[CVM_BUF_SIZE];
	uint8_t secret[4][64], digest[4][32];
	const struct cvm_item *random;
	struct nl_event *log;
	struct cvm_blob b;
	uint64_t first;
	ssize_t len;
	int fd, n, nr = 0;

	cvm_need_evidence();
	setup();
	first = last_number() + 1;
	fd = cvm_open(O_RDWR);
	/* the kernel's */
	len = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(len > 0 && !cvm_blob_parse(buf, len, &b), "no evidence");
	random = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_REPORT_DATA);
	CHECK(random && random->len == 64, "no report_data");
	memcpy(secret[nr++], random->data, 64);
	/* ours, whole; and one that fails */
	fill_random(secret[nr], 64);
	cvm_write(fd, secret[nr++], 64);
	CHECK(cvm_slurp(fd, buf, sizeof(buf)) > 0, "no evidence");
	if (sim_present()) {
		sim_fail_next();
		fill_random(secret[nr], 64);
		cvm_write(fd, secret[nr++], 64);
		CHECK(cvm_slurp(fd, buf, sizeof(buf)) == -EIO, "");
	}
	n = nl_get_log(&nl, first, &log);
	CHECK(n >= nr, "%d events", n);
	for (int i = 0; i < n; i++)
		for (int s = 0; s < nr; s++) {
			sha256(secret[s], 64, digest[s]);
			CHECK(!contains(&log[i], secret[s], 64),
			      "report_data in event %llu",
			      (unsigned long long)log[i].number);
			CHECK(!contains(&log[i], digest[s], 32),
			      "its SHA-256 in event %llu",
			      (unsigned long long)log[i].number);
		}
}

static const struct ktap_case cases[] = {
	{ "log_in_order", log_in_order, 0 },
	{ "log_overrun", log_overrun, 0 },
	{ "log_is_what_was_sent", log_is_what_was_sent, 0 },
	{ "dump_goes_on", dump_goes_on, 0 },
	{ "strict", strict, 0 },
	{ "info_is_the_ioctl", info_is_the_ioctl, 0 },
	{ "nobody", nobody, 0 },
	{ "contained_root", contained_root, 0 },
	{ "without_net_admin", without_net_admin, 0 },
	{ "other_network", other_network, 0 },
	{ "no_secrets", no_secrets, 0 },
};

CVM_TEST_MAIN(cases)
