// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "sweep.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define N_MAX		4000	/* no call has as many chances */
#define TOLD_MAX	12
#define SETTLE_MS	3000

struct sweep_shape sweep_shape;
int sweep_fd = -1;
uint8_t sweep_rd[64];

static uint8_t buf[CVM_BUF_SIZE];
/* Types of the items that a request without faults brings, as bits */
static uint64_t whole;
/* Why the last answer is not what it has to be; NULL when it is */
static const char *wrong;
/* Requests admitted before the call */
static unsigned int told;

void sweep_wrong(const char *why)
{
	wrong = why;
}

/* NULL, or what is wrong with the evidence in buf */
static const char *judge(ssize_t n)
{
	uint64_t types = 0, optional = sweep_shape.optional;
	struct cvm_blob b;
	const char *why;

	why = cvm_blob_wrong(buf, n, sweep_rd, sizeof(sweep_rd), &b);
	if (!why && sweep_shape.wrong)
		why = sweep_shape.wrong(&b);
	if (why)
		return why;
	for (unsigned int i = 0; i < b.nr; i++)
		types |= 1ULL << (b.item[i].type % 64);
	types = (types & ~optional) | (whole & optional);
	if (whole && types != whole)
		return types & ~whole ? "an item that does not belong there" :
					"an item is missing";
	whole = types;
	return NULL;
}

int sweep_read(void)
{
	ssize_t got = 0, n;

	for (int faults = 0; ; ) {
		n = read(sweep_fd, buf + got, sizeof(buf) - got);
		if (n < 0 && errno == EFAULT && got + ++faults < 3)
			continue;
		if (n <= 0)
			break;
		got += n;
	}
	if (n < 0)
		return -errno;
	wrong = got ? judge(got) : "an EOF without evidence";
	return 0;
}

int sweep_request(void)
{
	struct cvm_evidence_request req;
	int err;

	cvm_request_init(&req, sweep_rd, sizeof(sweep_rd));
	req.flags = sweep_shape.flags;
	req.privlevel = sweep_shape.privlevel;
	if (sweep_shape.service) {
		req.service_provider = (uintptr_t)sweep_shape.service;
		req.service_provider_len = strlen(sweep_shape.service);
	}
	if (sweep_shape.quote_data) {
		req.quote_data = (uintptr_t)sweep_shape.quote_data;
		req.quote_data_len = strlen(sweep_shape.quote_data);
	}
	err = cvm_request(sweep_fd, &req);
	if (!err)
		return sweep_read();
	/* EOF: neither this request's evidence nor an earlier one's */
	if (read(sweep_fd, buf, 1))
		wrong = "no EOF after a REQUEST that failed";
	return err;
}

static void tell(unsigned int n, int err, const char *what)
{
	if (told++ < TOLD_MAX)
		ktap_note("fault %u (%s): %s", n, err ? strerror(-err) : "success",
			  what);
}

static bool expected(const struct sweep *s, int err)
{
	if (!err || err == s->fault)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(s->others); i++)
		if (err == s->others[i])
			return true;
	return false;
}

/* Nothing is left of the request; what is, is told */
static const char *at_rest(unsigned int files)
{
	uint64_t end = now_ms() + SETTLE_MS;
	struct cvm_live live;

	for (;;) {
		cvm_get_live(&live);
		if (!live.requests && !live.blobs && live.files == files)
			return NULL;
		if (now_ms() > end)
			break;
		sleep_ms(5);
	}
	return live.requests ? "a request leaks" :
	       live.blobs ? "a blob leaks" : "a file leaks";
}

static void remove_entries(void)
{
	char entry[64], path[128];

	while (tsm_entry(entry, sizeof(entry))) {
		snprintf(path, sizeof(path), TSM_REPORT_DIR "/%s", entry);
		CHECK(!rmdir(path), "%s: %s", path, strerror(errno));
	}
}

/* Without faults: it is served, at once but for again_ms */
static void next_one(const struct sweep *s, unsigned int n)
{
	uint64_t end = now_ms() + s->again_ms;
	int err;

	for (;;) {
		fill_random(sweep_rd, sizeof(sweep_rd));
		wrong = NULL;
		err = sweep_request();
		if (err != -ENODEV || now_ms() >= end)
			break;
		sleep_ms(50);
	}
	if (err || wrong)
		tell(n, err, wrong ?: "the next request");
}

static void sweep_one(const struct sweep *s, unsigned int n, pid_t pid,
		      pid_t tid, unsigned int files, bool *hit)
{
	const char *left;
	int err;

	/* GET_INFO would look again, and there was nothing left to look for */
	if (s->prepare)
		s->prepare();
	fill_random(sweep_rd, sizeof(sweep_rd));
	wrong = NULL;
	inject_arm(pid, tid, n);
	err = s->call();
	/* an entry that idles is let go while faults go on */
	left = tsm_entries_gone(SETTLE_MS) ? NULL : "its TSM entry stays behind";
	*hit = inject_disarm();
	if (*hit ? !expected(s, err) : err)
		tell(n, err, "an error that is not expected");
	if (wrong)
		tell(n, err, wrong);
	if (left) {
		tell(n, err, left);
		remove_entries();
	}
	left = at_rest(files);
	if (left)
		tell(n, err, left);
	next_one(s, n);
}

void sweep(const struct sweep *s, unsigned int kinds)
{
	pid_t pid = getpid(), tid = syscall(SYS_gettid);
	struct cvm_live live;
	unsigned int n, step;
	bool hit = true;

	/* what it is like without: also warms caches, so that chances repeat */
	for (n = 0; n < 2; n++) {
		int err;

		if (s->prepare)
			s->prepare();
		fill_random(sweep_rd, sizeof(sweep_rd));
		wrong = NULL;
		err = s->call();
		CHECK(!wrong, "%s", wrong);
		CHECK(!err, "%s", strerror(-err));
	}
	cvm_get_live(&live);
	if (s->worker) {
		pid = inject_worker();
		tid = pid;
	}
	if (s->anywhere)
		inject_kinds_anywhere(kinds);
	else
		inject_kinds(kinds);
	step = inject_step(s->step);
	for (n = 1; hit && n < N_MAX; n += step)
		sweep_one(s, n, pid, tid, live.files, &hit);
	inject_reset();
	ktap_note("%u faults, step %u", (n - 1) / step - 1, step);
	CHECK(!hit, "no end after %u faults", n);
	CHECK(!told, "%u of %u", told, (n - 1) / step - 1);
	CHECK(n > 1 + step || s->may_be_none, "there was nothing to fail");
}

void sweep_need(unsigned int kinds)
{
	inject_need(kinds);
	cvm_need_evidence();
	sweep_fd = cvm_open(O_RDWR);
	sweep_shape.privlevel = CVM_EVIDENCE_PRIVLEVEL_DEFAULT;
}
