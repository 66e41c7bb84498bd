// SPDX-License-Identifier: GPL-2.0-only
/* Suspend and the cgroup freezer during a request: waits can be frozen. */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];

/* Ways to wait for the same evidence */
enum { READ, REQUEST, POLL, WAYS };

static void waiter(void *arg)
{
	int way = *(int *)arg, fd = cvm_open(O_RDWR);
	struct cvm_evidence_request req;
	struct cvm_blob b;
	ssize_t n;
	int err;

	switch (way) {
	case READ:
		cvm_write(fd, "frozen", 6);
		break;
	case REQUEST:
		cvm_request_init(&req, "frozen", 6);
		err = cvm_request(fd, &req);
		CHECK(!err, "%s", strerror(-err));
		break;
	case POLL:
		fcntl(fd, F_SETFL, O_NONBLOCK);
		cvm_write(fd, "frozen", 6);
		CHECK(cvm_poll(fd, POLLIN, 60000) == POLLIN, "no POLLIN");
		break;
	}
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "frozen", 6, &b);
}

static void start_waiters(pid_t pid[WAYS])
{
	static int ways[WAYS] = { READ, REQUEST, POLL };

	for (int i = 0; i < WAYS; i++)
		pid[i] = run_child(waiter, &ways[i]);
}

static bool frozen(const char *cg)
{
	char path[192], text[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.events", cg);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, "frozen 1");
}

static void freeze(const char *cg, bool on)
{
	char path[192];
	int err;

	snprintf(path, sizeof(path), "%s/cgroup.freeze", cg);
	if (access(path, W_OK))
		ktap_skip("no cgroup v2 freezer");
	err = write_line(path, "%d\n", on);
	CHECK(!err, "%s: %s", path, strerror(-err));
}

/* Frozen within 1 s; returns how long it took, in ms. */
static unsigned int freeze_and_wait(const char *cg)
{
	uint64_t t = now_ms();

	freeze(cg, true);
	while (!frozen(cg)) {
		CHECK_TIME(now_ms() - t < 1000, "not frozen after 1 s");
		sleep_ms(2);
	}
	return now_ms() - t;
}

/* Frozen in the wait, thawed in it or after it: the evidence comes */
static void frozen_for(unsigned int ms)
{
	struct cvm_state a, b;
	pid_t pid[WAYS];
	char cg[160];
	int fd;

	sim_need();
	cgroup_make("frozen", cg, sizeof(cg));
	fd = cvm_open(O_RDONLY);
	CHECK(cvm_wait_idle(fd, 5000), "somebody else is using the device");
	cvm_get_info(fd, &a);
	sim_set("delay=1500:1");
	start_waiters(pid);
	for (int i = 0; i < WAYS; i++)
		cgroup_enter(cg, pid[i]);
	sleep_ms(400);
	ktap_note("frozen after %u ms", freeze_and_wait(cg));
	sleep_ms(ms);
	for (int i = 0; i < WAYS; i++)
		CHECK(!waitpid(pid[i], NULL, WNOHANG), "waiter %d ended frozen", i);
	freeze(cg, false);
	for (int i = 0; i < WAYS; i++)
		join_child(pid[i], 15000);
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_started == a.info.requests_started + WAYS,
	      "%llu requests of %d waiters", (unsigned long long)
	      (b.info.requests_started - a.info.requests_started), WAYS);
}

static void thawed_in_time(void)
{
	frozen_for(300);
}

static void thawed_late(void)
{
	frozen_for(3000);
}

/* A frozen waiter's deadline passes: thawed, it is told so */
static void deadline_while_frozen(void)
{
	struct cvm_evidence_request req;
	char cg[160];
	pid_t pid;
	int fd;

	sim_need();
	cgroup_make("deadline", cg, sizeof(cg));
	sim_set("block=1");
	fd = cvm_open(O_RDWR);
	pid = fork();
	if (!pid) {
		int err;

		cvm_request_init(&req, "deadline", 8);
		req.timeout_ms = 1000;
		err = cvm_request(fd, &req);
		CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
		_exit(0);
	}
	cgroup_enter(cg, pid);
	sleep_ms(300);
	freeze_and_wait(cg);
	sleep_ms(1200);
	freeze(cg, false);
	join_child(pid, 1500);
}

/* SIGKILL reaches a frozen waiter */
static void killed_while_frozen(void)
{
	pid_t pid[WAYS];
	char cg[160];
	uint64_t t;

	sim_need();
	cgroup_make("killed", cg, sizeof(cg));
	sim_set("block=1");
	start_waiters(pid);
	for (int i = 0; i < WAYS; i++)
		cgroup_enter(cg, pid[i]);
	sleep_ms(300);
	freeze_and_wait(cg);
	t = now_ms();
	for (int i = 0; i < WAYS; i++)
		kill(pid[i], SIGKILL);
	for (int i = 0; i < WAYS; i++)
		CHECK(WTERMSIG(reap_child(pid[i], 1000)) == SIGKILL, "");
	ktap_note("dead after %llu ms", (unsigned long long)(now_ms() - t));
}

/* 0, or why this kernel cannot be asked to suspend in this way */
static void need_suspend(const char *pm_test)
{
	char line[128];

	need_root();
	if (!read_line("/sys/power/state", line, sizeof(line)) ||
	    !strstr(line, "freeze"))
		ktap_skip("no suspend to idle here");
	if (!read_line("/sys/power/pm_test", line, sizeof(line)) ||
	    !strstr(line, pm_test))
		ktap_skip("no /sys/power/pm_test with '%s'", pm_test);
	/* how long it stays there; 5 s by default */
	write_line("/sys/module/suspend/parameters/pm_test_delay", "1\n");
}

/* Goes down as far as that and up again, with waiters queued. */
static void suspend(const char *pm_test)
{
	pid_t pid[2 * WAYS];
	uint64_t t;
	int err;

	sim_need();
	need_suspend(pm_test);
	sim_set("delay=300");
	start_waiters(pid);
	start_waiters(pid + WAYS);
	sleep_ms(300);
	err = write_line("/sys/power/pm_test", "%s\n", pm_test);
	CHECK(!err, "pm_test: %s", strerror(-err));
	t = now_ms();
	err = write_line("/sys/power/state", "freeze\n");
	ktap_note("down and up again in %llu ms", (unsigned long long)(now_ms() - t));
	write_line("/sys/power/pm_test", "none\n");
	CHECK(!err, "suspend with waiters: %s", strerror(-err));
	for (int i = 0; i < 2 * WAYS; i++)
		join_child(pid[i], 30000);
}

static void suspend_freezer(void)
{
	suspend("freezer");
}

static void suspend_devices(void)
{
	suspend("devices");
}

/* A counter of /sys/power/suspend_stats */
static long suspend_stat(const char *name)
{
	char path[96], line[32];

	snprintf(path, sizeof(path), "/sys/power/suspend_stats/%s", name);
	if (!read_line(path, line, sizeof(line)))
		ktap_skip("no %s", path);
	return strtol(line, NULL, 10);
}

/*
 * Without pm_test: an alarm that is due in less than 2 s makes the kernel turn
 * back when it suspends its devices, all processes and threads being frozen.
 */
static void suspend_turned_back(void)
{
	long freeze_failed, suspend_failed;
	pid_t pid[2 * WAYS];
	char line[128];
	int err, tfd;

	sim_need();
	need_root();
	if (!read_line("/sys/power/state", line, sizeof(line)) ||
	    !strstr(line, "freeze"))
		ktap_skip("no suspend to idle here");
	freeze_failed = suspend_stat("failed_freeze");
	suspend_failed = suspend_stat("failed_suspend");
	/* one every 0.7 s, whenever the kernel comes to look */
	for (int ms = 700; ms < 60000; ms += 700) {
		struct itimerspec it = {
			.it_value = { ms / 1000, ms % 1000 * 1000000L },
		};

		tfd = timerfd_create(CLOCK_BOOTTIME_ALARM, TFD_CLOEXEC);
		if (tfd < 0 || timerfd_settime(tfd, 0, &it, NULL))
			ktap_skip("no alarm timers: %s", strerror(errno));
	}
	if (access("/sys/class/rtc/rtc0/wakealarm", F_OK))
		ktap_skip("no clock behind the alarm timers");
	sim_set("delay=300");
	start_waiters(pid);
	start_waiters(pid + WAYS);
	sleep_ms(300);
	err = write_line("/sys/power/state", "freeze\n");
	CHECK(err == -EBUSY || err == -ETIME, "%s", strerror(-err));
	CHECK(suspend_stat("failed_freeze") == freeze_failed,
	      "our threads or waiters did not freeze");
	CHECK(suspend_stat("failed_suspend") == suspend_failed + 1,
	      "it turned back somewhere else: %s", strerror(-err));
	for (int i = 0; i < 2 * WAYS; i++)
		join_child(pid[i], 30000);
}

/* All the way, woken by the clock */
static void suspend_to_idle(void)
{
	const char *env = getenv("CVM_SUSPEND");
	pid_t pid[WAYS];
	char line[128];
	int err;

	sim_need();
	need_root();
	if (!env || strcmp(env, "1"))
		ktap_skip("it may not wake again (CVM_SUSPEND=1 if its clock wakes it; QEMU's does not)");
	if (!read_line("/sys/power/state", line, sizeof(line)) ||
	    !strstr(line, "freeze"))
		ktap_skip("no suspend to idle here");
	write_line("/sys/class/rtc/rtc0/wakealarm", "0\n");
	if (write_line("/sys/class/rtc/rtc0/wakealarm", "+4\n"))
		ktap_skip("the clock sets no alarm");
	sim_set("delay=300");
	start_waiters(pid);
	sleep_ms(300);
	err = write_line("/sys/power/state", "freeze\n");
	CHECK(!err, "suspend with waiters: %s", strerror(-err));
	for (int i = 0; i < WAYS; i++)
		join_child(pid[i], 30000);
}

static const struct ktap_case cases[] = {
	{ "thawed_in_time", thawed_in_time, 0 },
	{ "thawed_late", thawed_late, 0 },
	{ "deadline_while_frozen", deadline_while_frozen, 0 },
	{ "killed_while_frozen", killed_while_frozen, 0 },
	{ "suspend_freezer", suspend_freezer, 90 },
	{ "suspend_devices", suspend_devices, 90 },
	{ "suspend_turned_back", suspend_turned_back, 90 },
	{ "suspend_to_idle", suspend_to_idle, 90 },
};

CVM_TEST_MAIN(cases)
