// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to a machine meanwhile: drivers and TPMs go and come, so do
 * CPUs, parameters are written, clients are frozen, all is suspended.
 */
#define _GNU_SOURCE
#include "soak.h"
#include "../selftests/drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define UNDER_LOAD_MS	100
#define LET_GO_MS	30000
#define ALARMS		60

static bool paravisor, replays;
static char driver[32];

/* --- drivers --- */

static const char *random_params(char *text, size_t size, struct rng *r)
{
	unsigned int delay = rng_one_in(r, 2) ? 0 : rng_below(r, 200);
	int n = 0;

	*text = '\0';
	if (delay)
		n = snprintf(text, size, "init_delay_ms=%u ", delay);
	if (strcmp(driver, "sev_guest") || replays)
		return text;
	switch (rng_below(r, 4)) {
	case 0:
		snprintf(text + n, size - n, "vmpck_id=%u", rng_below(r, 4));
		break;
	case 1:
		/* an SVSM, with services */
		snprintf(text + n, size - n, "vmpl=%u", 1 + rng_below(r, 3));
		break;
	}
	return text;
}

/*
 * As ctl does it, with the parameters of its start and these; but a shell and
 * insmod take an emulated machine a second, in which clients have no driver.
 */
static void load_driver(const char *params)
{
	char path[64], args[128] = "", all[256];
	int fd;

	snprintf(path, sizeof(path), "/opt/sim/modules/%s.ko", driver);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	read_line("/run/cvm-sim/args", args, sizeof(args));
	snprintf(all, sizeof(all), "%s %s", args, params);
	/* one whose key is lost does not load */
	faults_heal();
	CHECK(!syscall(SYS_finit_module, fd, all, 0), "%s %s: %s", driver, all,
	      strerror(errno));
	close(fd);
}

/* Under load first, which is mostly refused; with the load paused it must do. */
static void unload_driver(void)
{
	uint64_t end = now_ms() + UNDER_LOAD_MS;
	int err;

	while ((err = module_unload_once(driver))) {
		CHECK(err == -EAGAIN || err == -EBUSY, "rmmod %s: %s", driver,
		      strerror(-err));
		soak->refused_unloads++;
		if (now_ms() > end) {
			soak->pause = 1;
			module_unload(driver, LET_GO_MS);
			break;
		}
		usleep(3000);
	}
	soak->pause = 0;
}

static void change_driver(struct rng *r)
{
	char params[64];

	unload_driver();
	usleep(rng_below(r, 150000));
	load_driver(random_params(params, sizeof(params), r));
	soak->reloads++;
}

static void change_tpm(struct rng *r)
{
	if (rng_one_in(r, 2)) {
		faults_turn("power", "off");
		usleep(rng_below(r, 500000));
		faults_turn("power", "on");
	} else {
		faults_turn("power", "reset");
	}
	soak->tpm_resets++;
}

static void change_provider(struct rng *r)
{
	if (!paravisor)
		change_driver(r);
	/* it takes the kernel seconds to know a TPM */
	else if (rng_one_in(r, 5))
		change_tpm(r);
}

/* --- CPUs --- */

static int cpu_online(int n, bool on)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", n);
	return write_line(path, "%d\n", on);
}

static void change_cpu(struct rng *r)
{
	int last = get_nprocs_conf() - 1, err;

	if (!last)
		return;
	err = cpu_online(last, false);
	/* one that cannot be taken away */
	if (err == -ENOENT)
		return;
	CHECK(!err || err == -EBUSY, "CPU %d off: %s", last, strerror(-err));
	usleep(rng_below(r, 200000));
	err = cpu_online(last, true);
	CHECK(!err, "CPU %d on: %s", last, strerror(-err));
	soak->hotplugs++;
}

/* --- parameters --- */

#define PARAM	"/sys/module/cvm_evidence/parameters/"

static const struct {
	const char *name;
	unsigned int usual, values[5];
} params[] = {
	{ "max_blob", 16777216, { 4096, 16384, 262144, 1 << 20, 1 << 26 } },
	{ "queue_max", 1024, { 1, 2, 8, 1024, 65536 } },
	{ "share_depth", 2, { 1, 2, 3, 8, 2 } },
	{ "default_timeout_ms", 120000, { 1, 50, 2000, 60000, 120000 } },
};

static void param(unsigned int i, unsigned int value)
{
	char path[96];
	int err;

	snprintf(path, sizeof(path), PARAM "%s", params[i].name);
	err = write_line(path, "%u\n", value);
	CHECK(!err, "%s: %s", path, strerror(-err));
}

static void change_param(struct rng *r)
{
	unsigned int i = rng_below(r, ARRAY_SIZE(params));

	param(i, params[i].values[rng_below(r, 5)]);
	soak->params++;
	usleep(rng_below(r, 100000));
	param(i, params[i].usual);
}

/* --- frozen --- */

static void change_freeze(struct rng *r)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/cgroup.freeze", clients_cgroup());
	if (write_line(path, "1\n"))
		return;
	usleep(50000 + rng_below(r, 400000));
	/* frozen or about to be, they must die as well */
	if (rng_one_in(r, 2))
		clients_look(r, true);
	CHECK(!write_line(path, "0\n"), "%s: %s", path, strerror(errno));
	soak->freezes++;
}

/*
 * Down as far as the freezer; without pm_test, until the devices are asked: an
 * alarm that is due soon makes the kernel turn back there.
 */
static void change_suspend(struct rng *r)
{
	int fd[ALARMS], err = 0;
	char line[128];
	bool by_test;

	(void)r;
	/* a TPM that user space makes is frozen before its user */
	if (paravisor || !read_line("/sys/power/state", line, sizeof(line)) ||
	    !strstr(line, "freeze"))
		return;
	by_test = read_line("/sys/power/pm_test", line, sizeof(line)) &&
		  strstr(line, "freezer");
	if (!by_test && access("/sys/class/rtc/rtc0/wakealarm", F_OK))
		return;
	if (by_test) {
		write_line("/sys/module/suspend/parameters/pm_test_delay", "1\n");
		write_line("/sys/power/pm_test", "freezer\n");
		err = write_line("/sys/power/state", "freeze\n");
		write_line("/sys/power/pm_test", "none\n");
	} else {
		for (int i = 0; i < ALARMS; i++) {
			struct itimerspec it = {
				.it_value = { (i + 1) * 7 / 10,
					      (i + 1) * 7 % 10 * 100000000L },
			};

			fd[i] = timerfd_create(CLOCK_BOOTTIME_ALARM, TFD_CLOEXEC);
			if (fd[i] < 0 || timerfd_settime(fd[i], 0, &it, NULL))
				err = -errno;
		}
		if (!err)
			err = write_line("/sys/power/state", "freeze\n");
		for (int i = 0; i < ALARMS; i++)
			if (fd[i] >= 0)
				close(fd[i]);
	}
	/* turned back, or somebody could not be frozen in time */
	CHECK(!err || err == -EBUSY || err == -ETIME || err == -EINTR,
	      "suspend: %s", strerror(-err));
	soak->suspends++;
}

/* --- all of them --- */

static const struct {
	void (*fn)(struct rng *r);
	unsigned int weight;
} changes[] = {
	{ change_provider, 7 },
	{ change_cpu, 3 },
	{ change_param, 5 },
	{ change_freeze, 2 },
	{ change_suspend, 1 },
};

void changes_init(void)
{
	paravisor = sim_paravisor();
	replays = sim_replays();
	if (!paravisor)
		snprintf(driver, sizeof(driver), "%s", driver_name());
}

void changes_act(struct rng *r)
{
	uint32_t sum = 0, at;
	unsigned int i = 0;

	for (size_t k = 0; k < ARRAY_SIZE(changes); k++)
		sum += changes[k].weight;
	at = rng_below(r, sum);
	while (at >= changes[i].weight)
		at -= changes[i++].weight;
	changes[i].fn(r);
}

/* As it was, with the driver's own parameters; clients go on meanwhile */
void changes_end(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(params); i++)
		param(i, params[i].usual);
	if (paravisor)
		return;
	unload_driver();
	load_driver("");
}
