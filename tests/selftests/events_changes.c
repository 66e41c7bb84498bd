// SPDX-License-Identifier: GPL-2.0-only
/*
 * quota-denied, parameter-changed, tcb-changed, identity-changed and reattest
 * after a resume ("EVENTS" of the header). host_vmfork.sh has the other cause of
 * reattest.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "nl.h"
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define ALICE	70001
#define FIELD(name)	CVM_EVIDENCE_FIELD_##name

static struct nl listener;

static void setup(void)
{
	need_root();
	nl_listen(&listener);
	nl_drain(&listener);
}

/* --- parameter-changed --- */

static void wait_parameter(const char *name, unsigned int old, unsigned int new)
{
	struct nl_event ev;
	struct witness w;

	nl_wait(&listener, EV(PARAMETER_CHANGED), &ev, 5000);
	nl_note(&ev);
	CHECK(!strcmp(nl_text(&ev, EVA(PARAMETER)), name), "parameter %s",
	      nl_text(&ev, EVA(PARAMETER)));
	CHECK(nl_num(&ev, EVA(OLD_VALUE)) == old, "old");
	CHECK(nl_num(&ev, EVA(NEW_VALUE)) == new, "new");
	witness_read(getpid(), &w);
	witness_check(&ev, &w);
}

static void parameter(void)
{
	static const struct {
		const char *name;
		unsigned int more;
		bool no_zero;
	} params[] = {
		{ "max_blob", 4096, true }, { "queue_max", 4096, true },
		{ "share_depth", 1, false },
		{ "default_timeout_ms", 4096, true },
	};
	char path[96], line[32];
	unsigned int old, new;

	setup();
	for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
		snprintf(path, sizeof(path),
			 "/sys/module/cvm_evidence/parameters/%s", params[i].name);
		CHECK(read_line(path, line, sizeof(line)), "%s", path);
		old = strtoul(line, NULL, 10);
		new = old + params[i].more;
		param_set(params[i].name, new);
		wait_parameter(params[i].name, old, new);
		/* the same value, and values that are refused, change nothing */
		CHECK(!write_line(path, "%u\n", new), "");
		CHECK(!params[i].no_zero || write_line(path, "0\n") == -EINVAL,
		      "%s took 0", params[i].name);
		CHECK(write_line(path, "x\n") == -EINVAL, "%s took x",
		      params[i].name);
		nl_none(&listener, EV(PARAMETER_CHANGED), 100);
		CHECK(!write_line(path, "%u\n", old), "");
		wait_parameter(params[i].name, new, old);
	}
}

/* --- quota-denied --- */

/* One more waiting request, which stays open: 0 or -errno */
static int one_more(const char *node)
{
	int fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC), err = 0;

	CHECK(fd >= 0, "%s: %s", node, strerror(errno));
	if (write(fd, "queued", 6) < 0) {
		err = -errno;
		close(fd);
	}
	return err;
}

#define REFUSALS	300
#define A_SECOND_MAX	9	/* "a few events in a second": 8, and their sum */

/* All of them refused with that error, and events that add up to them */
static void refused(const char *node, int want)
{
	struct cvm_evidence_info before, after;
	uint64_t count = 0, begin, second[64] = {}, t;
	struct cvm_state st;
	struct nl_event ev;
	struct witness w;
	int fd = open(node, O_RDONLY | O_CLOEXEC), n;

	CHECK(fd >= 0, "%s: %s", node, strerror(errno));
	cvm_get_info(fd, &st);
	before = st.info;
	witness_read(getpid(), &w);
	begin = now_ms();
	for (int i = 0; i < REFUSALS; i++) {
		int err = one_more(node);

		CHECK(err == -want, "%s, not %s", strerror(-err), strerror(want));
		/* for longer than a second */
		if (i % 100 == 99)
			sleep_ms(500);
	}
	t = now_ms() - begin;
	cvm_get_info(fd, &st);
	after = st.info;
	while (count < REFUSALS) {
		n = nl_next(&listener, &ev, 5000);
		CHECK(n > 0, "%llu of %d refusals were told of",
		      (unsigned long long)count, REFUSALS);
		if (ev.type != EV(QUOTA_DENIED))
			continue;
		witness_check(&ev, &w);
		CHECK(nl_num(&ev, EVA(ERRNO)) == (uint64_t)want, "errno");
		/* "of quota events, the one that was asked for" */
		CHECK(nl_num(&ev, EVA(PROVIDER)) == CVM_EVIDENCE_PROVIDER_AUTO,
		      "provider");
		CHECK(nl_num(&ev, EVA(COUNT)) >= 1, "count");
		count += nl_num(&ev, EVA(COUNT));
		second[nl_num(&ev, EVA(BOOTTIME)) / 1000000000 % 64]++;
	}
	CHECK(count == REFUSALS, "%llu refusals told of",
	      (unsigned long long)count);
	nl_none(&listener, EV(QUOTA_DENIED), 1500);
	n = 0;
	for (int i = 0; i < 64; i++) {
		n += second[i];
		/* of the clock's seconds, so of two of theirs */
		CHECK(second[i] <= 2 * A_SECOND_MAX, "%llu events in a second",
		      (unsigned long long)second[i]);
	}
	ktap_note("%d events in %llu ms", n, (unsigned long long)t);
	CHECK(n <= (int)(t / 1000 + 2) * A_SECOND_MAX, "%d events", n);
	CHECK(after.refused_quota - before.refused_quota ==
	      (want == EDQUOT ? REFUSALS : 0), "refused_quota");
	CHECK(after.refused_busy - before.refused_busy ==
	      (want == EBUSY ? REFUSALS : 0), "refused_busy");
}

/* One request in the firmware, and the caller's share as full as it gets */
static void fill_share(const char *node, unsigned int waiting)
{
	struct cvm_state st;
	int fd = open(node, O_RDONLY | O_CLOEXEC);
	uint64_t end = now_ms() + 10000;

	CHECK(fd >= 0, "%s: %s", node, strerror(errno));
	CHECK(!one_more(node), "the first is not admitted");
	do {
		CHECK(now_ms() < end, "the first does not come to the firmware");
		sleep_ms(5);
		cvm_get_info(fd, &st);
	} while (st.info.requests_waiting);
	for (unsigned int i = 0; i < waiting; i++)
		CHECK(!one_more(node), "number %u is not admitted", i);
	close(fd);
}

static void quota_user(void *arg)
{
	const char *node = arg;

	become_user(ALICE, ALICE);
	/* its reserved place, and one of the two: it has as many as are left */
	fill_share(node, 2);
	refused(node, EDQUOT);
}

static void quota_share(void)
{
	const char *node;

	sim_need();
	setup();
	/* a socket that was opened before hears events; the log is asked for each time */
	if (listener.by_log)
		ktap_skip("the user who is refused may not read the log");
	node = private_node(0666, 0);
	param_set("queue_max", 2);
	sim_set("block=1");
	join_child(run_child(quota_user, (void *)node), 30000);
}

static void quota_queue(void)
{
	sim_need();
	setup();
	param_set("queue_max", 1);
	sim_set("block=1");
	/* its reserved place, and the only one of the room */
	fill_share(cvm_node(), 2);
	refused(cvm_node(), EBUSY);
}

/* --- tcb-changed, identity-changed --- */

/* Where the vendors' specifications have them; TDREPORT_STRUCT for the last */
static const struct field {
	uint32_t id, tee, at, len, at_tdreport;
} fields[] = {
	{ FIELD(CHIP_ID), CVM_EVIDENCE_TEE_SEV_SNP, 0x1a0, 64, 0 },
	{ FIELD(MEASUREMENT), CVM_EVIDENCE_TEE_SEV_SNP, 0x90, 48, 0 },
	{ FIELD(REPORT_ID), CVM_EVIDENCE_TEE_SEV_SNP, 0x140, 32, 0 },
	{ FIELD(REPORTED_TCB), CVM_EVIDENCE_TEE_SEV_SNP, 0x180, 8, 0 },
	{ FIELD(MRTD), CVM_EVIDENCE_TEE_TDX, 136, 48, 528 },
	{ FIELD(TEE_TCB_SVN), CVM_EVIDENCE_TEE_TDX, 0, 16, 264 },
};

/* A report as it was; one per call of take() */
struct taken {
	uint8_t buf[CVM_BUF_SIZE];
	struct cvm_blob blob;
};

static void take(struct taken *t)
{
	int fd = cvm_open(O_RDWR);
	const char *wrong;
	ssize_t n;

	cvm_write(fd, "changes", 7);
	n = cvm_slurp(fd, t->buf, sizeof(t->buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	wrong = cvm_blob_parse(t->buf, n, &t->blob);
	CHECK(!wrong, "%s", wrong);
	close(fd);
}

static const uint8_t *bytes_of(const struct taken *t, uint32_t id, size_t *len)
{
	const struct cvm_item *r = cvm_blob_find(&t->blob, CVM_EVIDENCE_ITEM_REPORT);
	const struct field *f = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].id == id && fields[i].tee == t->blob.hdr.tee)
			f = &fields[i];
	CHECK(f, "field %u of tee %u", id, t->blob.hdr.tee);
	*len = f->len;
	if (f->tee == CVM_EVIDENCE_TEE_SEV_SNP)
		return r->data + f->at;
	if (t->blob.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT)
		return r->data + f->at_tdreport;
	/* a quote of version 5 has 6 bytes more before its body */
	return r->data + (r->data[0] == 5 ? 54 : 48) + f->at;
}

static void check_change(const struct nl_event *ev, const struct taken *old,
			 const struct taken *new)
{
	uint32_t id = nl_num(ev, EVA(FIELD));
	bool tcb = id == FIELD(REPORTED_TCB) || id == FIELD(TEE_TCB_SVN);
	const uint8_t *was, *is;
	size_t len;

	nl_note(ev);
	CHECK(ev->type == (tcb ? EV(TCB_CHANGED) : EV(IDENTITY_CHANGED)),
	      "field %u in an event of type %u", id, ev->type);
	CHECK(nl_num(ev, EVA(PROVIDER)) == new->blob.hdr.provider, "provider");
	CHECK(nl_num(ev, EVA(TEE)) == new->blob.hdr.tee, "tee");
	was = bytes_of(old, id, &len);
	is = bytes_of(new, id, &len);
	CHECK(memcmp(was, is, len), "the simulator changed nothing");
	CHECK(!memcmp(nl_bytes(ev, EVA(OLD), len), was, len), "old");
	CHECK(!memcmp(nl_bytes(ev, EVA(NEW), len), is, len), "new");
}

/* Takes evidence twice; the first time it differs from old by these fields. */
static void changes(const struct taken *old, struct taken *new, uint64_t want)
{
	struct nl_event ev;

	nl_drain(&listener);
	take(new);
	for (;;) {
		CHECK(nl_next(&listener, &ev, 10000) > 0, "no event");
		if (ev.type == EV(EVIDENCE_TAKEN))
			break;
		check_change(&ev, old, new);
		CHECK(want >> nl_num(&ev, EVA(FIELD)) & 1, "a field too many");
		want &= ~(1ULL << nl_num(&ev, EVA(FIELD)));
	}
	CHECK(!want, "fields 0x%llx are not told of", (unsigned long long)want);
	take(new);
	CHECK(nl_next(&listener, &ev, 10000) > 0 && ev.type == EV(EVIDENCE_TAKEN),
	      "a change without one");
}

static uint32_t need_fields(void)
{
	struct cvm_state st;
	int fd;

	sim_need();
	setup();
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &st);
	close(fd);
	if (st.info.tee != CVM_EVIDENCE_TEE_SEV_SNP &&
	    st.info.tee != CVM_EVIDENCE_TEE_TDX)
		ktap_skip("the kernel does not read reports of this TEE");
	return st.info.tee;
}

static void changes_by(const char *knob, const char *back, uint64_t want)
{
	static struct taken first, then, again;

	take(&first);
	nl_drain(&listener);
	sim_set("%s", knob);
	changes(&first, &then, want);
	sim_set("%s", back);
	changes(&then, &again, want);
}

/* Forward, and back again */
static void tcb(void)
{
	bool snp = need_fields() == CVM_EVIDENCE_TEE_SEV_SNP;

	changes_by("tcb=3", "tcb=0",
		   1ULL << (snp ? FIELD(REPORTED_TCB) : FIELD(TEE_TCB_SVN)));
}

static void identity(void)
{
	bool snp = need_fields() == CVM_EVIDENCE_TEE_SEV_SNP;

	changes_by("identity=7", "identity=0",
		   snp ? 1ULL << FIELD(MEASUREMENT) | 1ULL << FIELD(REPORT_ID) :
			 1ULL << FIELD(MRTD));
}

/* The key's kind changes with the machine, and the chip id is masked by it. */
static void chip(void)
{
	if (need_fields() != CVM_EVIDENCE_TEE_SEV_SNP)
		ktap_skip("of SNP only");
	changes_by("certs=vlek", "certs=pem", 1ULL << FIELD(CHIP_ID));
}

/* Evidence that failed the kernel's check is not looked at. */
static void mismatch_changes_nothing(void)
{
	static struct taken first;
	struct nl_event ev;
	int fd;

	need_fields();
	take(&first);
	nl_drain(&listener);
	sim_set("identity=9:1");
	sim_set("wrong_data=1:1");
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "changes", 7);
	CHECK(cvm_slurp(fd, first.buf, sizeof(first.buf)) == -EBADMSG, "");
	CHECK(nl_next(&listener, &ev, 10000) > 0 && ev.type == EV(EVIDENCE_FAILED),
	      "an event of type %u", ev.type);
}

/* --- reattest --- */

static void resumed(void)
{
	struct nl_event ev;
	char line[128];
	int err;

	setup();
	if (!read_line("/sys/power/state", line, sizeof(line)) ||
	    !strstr(line, "freeze"))
		ktap_skip("no suspend to idle here");
	if (read_line("/sys/power/pm_test", line, sizeof(line)) &&
	    strstr(line, "devices")) {
		write_line("/sys/module/suspend/parameters/pm_test_delay", "1\n");
		err = write_line("/sys/power/pm_test", "devices\n");
		CHECK(!err, "pm_test: %s", strerror(-err));
		err = write_line("/sys/power/state", "freeze\n");
		write_line("/sys/power/pm_test", "none\n");
		CHECK(!err, "suspend: %s", strerror(-err));
	} else {
		/* an alarm that is near makes it turn back; see freeze.c */
		for (int ms = 500; ms < 30000; ms += 500) {
			struct itimerspec it = {
				.it_value = { ms / 1000, ms % 1000 * 1000000L },
			};
			int tfd = timerfd_create(CLOCK_BOOTTIME_ALARM, TFD_CLOEXEC);

			if (tfd < 0 || timerfd_settime(tfd, 0, &it, NULL))
				ktap_skip("no alarm timers: %s", strerror(errno));
		}
		if (access("/sys/class/rtc/rtc0/wakealarm", F_OK))
			ktap_skip("no clock behind the alarm timers");
		err = write_line("/sys/power/state", "freeze\n");
		CHECK(err == -EBUSY || err == -ETIME || !err, "%s", strerror(-err));
	}
	nl_wait(&listener, EV(REATTEST), &ev, 5000);
	nl_note(&ev);
	CHECK(nl_num(&ev, EVA(CAUSE)) == CVM_EVIDENCE_CAUSE_RESUME, "cause");
	nl_none(&listener, EV(REATTEST), 300);
}

static const struct ktap_case cases[] = {
	{ "parameter", parameter, 0 },
	{ "quota_share", quota_share, 0 },
	{ "quota_queue", quota_queue, 0 },
	{ "tcb", tcb, 0 },
	{ "identity", identity, 0 },
	{ "chip", chip, 0 },
	{ "mismatch_changes_nothing", mismatch_changes_nothing, 0 },
	{ "resumed", resumed, 90 },
};

CVM_TEST_MAIN(cases)
