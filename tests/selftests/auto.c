// SPDX-License-Identifier: GPL-2.0-only
/*
 * "CVM_EVIDENCE_PROVIDER_AUTO: the first available, in this order, chosen when
 * the request is served. A provider is skipped only when a probe found that it
 * is not there, and a TDREPORT is given only where the kernel has no TSM reports
 * or CVM_EVIDENCE_F_TDREPORT allows it": while a probe takes long, and where
 * there is nothing but a TDREPORT.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGENT_ENTRY	TSM_REPORT_DIR "/auto.agent"

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;
static struct cvm_blob blob;

/* 0 with the blob, checked, or -errno */
static int ask(int fd, uint32_t provider, uint32_t flags)
{
	ssize_t n;
	int err;

	cvm_request_init(&req, "auto", 4);
	req.provider = provider;
	req.flags = flags;
	err = cvm_request(fd, &req);
	if (err)
		return err;
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", n ? strerror(-n) : "EOF");
	cvm_blob_check(buf, n, "auto", 4, &blob);
	return 0;
}

/* --- a TDREPORT --- */

static bool tdx(void)
{
	return !strcmp(driver_name(), "tdx_guest");
}

static bool kernel_has_tsm(void)
{
	return !access(TSM_REPORT_DIR, F_OK);
}

static void by_name_and_by_flag(int fd)
{
	int err;

	err = ask(fd, CVM_EVIDENCE_PROVIDER_TDX_GUEST, 0);
	CHECK(!err, "by name: %s", strerror(-err));
	CHECK(blob.hdr.provider == CVM_EVIDENCE_PROVIDER_TDX_GUEST &&
	      blob.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT,
	      "provider %u, flags 0x%x", blob.hdr.provider, blob.hdr.flags);
	err = ask(fd, CVM_EVIDENCE_PROVIDER_AUTO, CVM_EVIDENCE_F_TDREPORT);
	CHECK(!err, "with F_TDREPORT: %s", strerror(-err));
	CHECK(blob.hdr.provider == CVM_EVIDENCE_PROVIDER_TDX_GUEST &&
	      blob.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT,
	      "provider %u, flags 0x%x", blob.hdr.provider, blob.hdr.flags);
	CHECK(req.out_provider == CVM_EVIDENCE_PROVIDER_TDX_GUEST, "%u",
	      req.out_provider);
}

/* Nothing but a TDREPORT, on a kernel that could give quotes: not unasked */
static void no_tdreport_unasked(void)
{
	struct cvm_state st;
	ssize_t n;
	int fd, err;

	if (!tdx() || !kernel_has_tsm())
		ktap_skip("not TDX on a kernel with TSM reports");
	sim_need();
	fd = cvm_open(O_RDWR);
	module_unload("tdx_guest", 2000);
	CHECK(!driver_load("tsm=N"), "tsm=N");
	for (uint64_t end = now_ms() + 5000;; sleep_ms(10)) {
		cvm_get_info(fd, &st);
		if (cvm_find(&st, CVM_EVIDENCE_PROVIDER_TDX_GUEST)->status ==
		    CVM_EVIDENCE_ST_AVAILABLE)
			break;
		CHECK(now_ms() < end, "tdx-guest: %s",
		      cvm_why(cvm_find(&st, CVM_EVIDENCE_PROVIDER_TDX_GUEST)));
	}
	CHECK(st.info.auto_provider == CVM_EVIDENCE_PROVIDER_AUTO &&
	      st.info.tee == CVM_EVIDENCE_TEE_NONE,
	      "AUTO would use provider %u", st.info.auto_provider);
	err = ask(fd, CVM_EVIDENCE_PROVIDER_AUTO, 0);
	CHECK(err == -ENODEV, "REQUEST: %s", strerror(-err));
	cvm_write(fd, "auto", 4);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n == -ENODEV, "write and read: %zd", n);
	by_name_and_by_flag(fd);
	/* the flag is of its request alone */
	err = ask(fd, CVM_EVIDENCE_PROVIDER_AUTO, 0);
	CHECK(err == -ENODEV, "REQUEST: %s", strerror(-err));
}

/* F_TDREPORT allows it, and asks for nothing less than there is */
static void flag_prefers_quote(void)
{
	int fd, err;

	sim_need();
	if (!tdx() || !driver_tsm())
		ktap_skip("not TDX through TSM");
	fd = cvm_open(O_RDWR);
	err = ask(fd, CVM_EVIDENCE_PROVIDER_AUTO, CVM_EVIDENCE_F_TDREPORT);
	CHECK(!err, "%s", strerror(-err));
	CHECK(blob.hdr.provider == CVM_EVIDENCE_PROVIDER_TSM &&
	      !(blob.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT),
	      "provider %u, flags 0x%x", blob.hdr.provider, blob.hdr.flags);
}

/* A kernel without TSM reports: AUTO gives it, flagged */
static void tdreport_without_tsm(void)
{
	int fd, err;

	if (!tdx() || kernel_has_tsm())
		ktap_skip("not TDX on a kernel without TSM reports");
	sim_need();
	fd = cvm_open(O_RDWR);
	err = ask(fd, CVM_EVIDENCE_PROVIDER_AUTO, 0);
	CHECK(!err, "%s", strerror(-err));
	CHECK(blob.hdr.provider == CVM_EVIDENCE_PROVIDER_TDX_GUEST &&
	      blob.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT,
	      "provider %u, flags 0x%x", blob.hdr.provider, blob.hdr.flags);
	by_name_and_by_flag(fd);
}

/* --- a probe that takes long --- */

/* Another program of the machine has a report made, and firmware is slow. */
static void agent(void *arg)
{
	uint8_t data[64];
	int file;

	(void)arg;
	CHECK(!mkdir(AGENT_ENTRY, 0700), AGENT_ENTRY ": %s", strerror(errno));
	fill_random(data, sizeof(data));
	file = open(AGENT_ENTRY "/inblob", O_WRONLY | O_CLOEXEC);
	CHECK(file >= 0 && write(file, data, 64) == 64, "inblob: %s",
	      strerror(errno));
	close(file);
	file = open(AGENT_ENTRY "/outblob", O_RDONLY | O_CLOEXEC);
	CHECK(file >= 0, "outblob: %s", strerror(errno));
	CHECK(read(file, buf, 100) > 0, "outblob: %s", strerror(errno));
	close(file);
	CHECK(!rmdir(AGENT_ENTRY), AGENT_ENTRY ": %s", strerror(errno));
}

/*
 * Firmware is stuck in that agent's report when our module comes: its first
 * probe has no end until the agent is served. Returns the agent's pid.
 */
static pid_t stuck_probe(int *fd)
{
	unsigned long long was;
	struct cvm_state st;
	uint64_t t, end;
	pid_t pid;

	sim_need();
	driver_name();
	if (!driver_tsm())
		ktap_skip("not through TSM");
	drivers_touched();
	module_unload("cvm_evidence", 5000);
	was = driver_counter("in_flight");
	sim_set("block=1");
	pid = run_child(agent, NULL);
	for (end = now_ms() + 10000; driver_counter("in_flight") == was;) {
		CHECK(now_ms() < end, "the agent does not ask");
		sleep_ms(5);
	}
	t = now_ms();
	module_load("cvm_evidence");
	CHECK_TIME(now_ms() - t < 10000, "the load took %llu ms",
		   (unsigned long long)(now_ms() - t));
	*fd = cvm_open(O_RDWR);
	t = now_ms();
	cvm_get_info(*fd, &st);
	CHECK_TIME(now_ms() - t < 500, "GET_INFO took %llu ms",
		   (unsigned long long)(now_ms() - t));
	if (st.prov[0].status == CVM_EVIDENCE_ST_AVAILABLE) {
		sim_set("block=0");
		join_child(pid, 20000);
		ktap_skip("this kernel's TSM does not make a probe wait");
	}
	CHECK(st.prov[0].status == CVM_EVIDENCE_ST_UNKNOWN &&
	      st.prov[0].reason == CVM_EVIDENCE_REASON_NOT_PROBED,
	      "tsm: status %u, %s", st.prov[0].status, cvm_why(&st.prov[0]));
	CHECK(st.info.auto_provider == CVM_EVIDENCE_PROVIDER_AUTO,
	      "AUTO would use %u", st.info.auto_provider);
	return pid;
}

/* The probe goes on: now everybody is served. */
static void unstick(pid_t pid)
{
	sim_set("block=0");
	join_child(pid, 20000);
}

struct waiter {
	uint32_t provider;
	bool by_read;
};

/* Waits for as long as it takes, and gets what a TSM gives */
static void wait_for_it(void *arg)
{
	struct waiter *w = arg;
	int fd = cvm_open(O_RDWR), err;
	ssize_t n;

	if (w->by_read) {
		cvm_write(fd, "auto", 4);
		n = cvm_slurp(fd, buf, sizeof(buf));
		CHECK(n > 0, "read: %s", n ? strerror(-n) : "EOF");
		cvm_blob_check(buf, n, "auto", 4, &blob);
	} else {
		err = ask(fd, w->provider, 0);
		CHECK(!err, "provider %u: %s", w->provider, strerror(-err));
	}
	CHECK(blob.hdr.provider == CVM_EVIDENCE_PROVIDER_TSM &&
	      !(blob.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT),
	      "provider %u, flags 0x%x", blob.hdr.provider, blob.hdr.flags);
}

static void waits_for_the_probe(void)
{
	static struct waiter ways[] = {
		{ CVM_EVIDENCE_PROVIDER_AUTO, false },
		{ CVM_EVIDENCE_PROVIDER_TSM, false },
		{ CVM_EVIDENCE_PROVIDER_AUTO, true },
	};
	pid_t agent_pid, pid[ARRAY_SIZE(ways)];
	int fd;

	agent_pid = stuck_probe(&fd);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		pid[i] = run_child(wait_for_it, &ways[i]);
	sleep_ms(1500);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		CHECK(proc_state(pid[i]) == 'S', "way %zu does not wait: %c", i,
		      proc_state(pid[i]));
	unstick(agent_pid);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		join_child(pid[i], 20000);
}

/* O_NONBLOCK does not block, and what it is told is not ENODEV */
static void nonblocking_during_the_probe(void)
{
	uint64_t t, worst = 0;
	pid_t agent_pid;
	int fd, err;
	ssize_t n;

	agent_pid = stuck_probe(&fd);
	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK), "%s", strerror(errno));
	for (int i = 0; i < 5; i++) {
		t = now_ms();
		cvm_write(fd, "auto", 4);
		n = read(fd, buf, sizeof(buf));
		CHECK(n == -1 && errno == EAGAIN, "read: %zd %s", n,
		      strerror(errno));
		cvm_request_init(&req, "auto", 4);
		err = cvm_request(fd, &req);
		CHECK(err == -EAGAIN, "REQUEST: %s", strerror(-err));
		req.provider = CVM_EVIDENCE_PROVIDER_TSM;
		err = cvm_request(fd, &req);
		CHECK(err == -EAGAIN, "REQUEST: %s", strerror(-err));
		CHECK(!cvm_poll(fd, POLLIN, 0), "there is something to read");
		t = now_ms() - t;
		if (t > worst)
			worst = t;
	}
	CHECK_TIME(worst < 500, "four calls took %llu ms",
		   (unsigned long long)worst);
	unstick(agent_pid);
	CHECK(cvm_poll(fd, POLLIN, 20000) == POLLIN, "no evidence");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", n ? strerror(-n) : "EOF");
	cvm_blob_check(buf, n, "auto", 4, &blob);
	CHECK(blob.hdr.provider == CVM_EVIDENCE_PROVIDER_TSM, "provider %u",
	      blob.hdr.provider);
}

/* It waits under its own deadline, and can be killed */
static void deadline_during_the_probe(void)
{
	static struct waiter way = { CVM_EVIDENCE_PROVIDER_AUTO, false };
	pid_t agent_pid, pid;
	uint64_t t;
	int fd, err;

	agent_pid = stuck_probe(&fd);
	pid = run_child(wait_for_it, &way);
	cvm_request_init(&req, "auto", 4);
	req.timeout_ms = 400;
	t = now_ms();
	err = cvm_request(fd, &req);
	t = now_ms() - t;
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	CHECK_TIME(t >= 300 && t < 2000, "after %llu ms", (unsigned long long)t);
	CHECK(!req.firmware_ns && !req.out_provider, "provider %u, %llu ns",
	      req.out_provider, (unsigned long long)req.firmware_ns);
	t = now_ms();
	CHECK(!kill(pid, SIGKILL), "%s", strerror(errno));
	reap_child(pid, 5000);
	CHECK_TIME(now_ms() - t < 1000, "it took %llu ms to die",
		   (unsigned long long)(now_ms() - t));
	unstick(agent_pid);
	err = ask(fd, CVM_EVIDENCE_PROVIDER_AUTO, 0);
	CHECK(!err, "%s", strerror(-err));
}

static const struct ktap_case cases[] = {
	{ "no_tdreport_unasked", no_tdreport_unasked, 0 },
	{ "flag_prefers_quote", flag_prefers_quote, 0 },
	{ "tdreport_without_tsm", tdreport_without_tsm, 0 },
	{ "waits_for_the_probe", waits_for_the_probe, 0 },
	{ "nonblocking_during_the_probe", nonblocking_during_the_probe, 0 },
	{ "deadline_during_the_probe", deadline_during_the_probe, 0 },
};

DRIVERS_TEST_MAIN(cases)
