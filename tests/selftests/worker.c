// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one kernel thread: "its priority and CPU mask are the administrator's",
 * its pid is the same as long as the module is loaded.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"
#include "inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define ALICE	70001

/* What an administrator sets, as the kernel tells it */
struct place {
	cpu_set_t cpus;
	int nice, policy;
	struct sched_param param;
};

static pid_t worker;
static struct place first;

static void place_read(struct place *p)
{
	memset(p, 0, sizeof(*p));
	CHECK(!sched_getaffinity(worker, sizeof(p->cpus), &p->cpus), "pid %d: %s",
	      worker, strerror(errno));
	errno = 0;
	p->nice = getpriority(PRIO_PROCESS, worker);
	CHECK(!errno, "pid %d: %s", worker, strerror(errno));
	p->policy = sched_getscheduler(worker);
	CHECK(p->policy >= 0 && !sched_getparam(worker, &p->param), "pid %d: %s",
	      worker, strerror(errno));
}

static void check_place(const struct place *want, const char *after)
{
	struct place is;

	CHECK(inject_worker() == worker, "%s: pid %d, not %d", after,
	      inject_worker(), worker);
	place_read(&is);
	CHECK(CPU_EQUAL(&is.cpus, &want->cpus), "%s: %d CPUs, or others", after,
	      CPU_COUNT(&is.cpus));
	CHECK(is.nice == want->nice, "%s: nice %d, not %d", after, is.nice,
	      want->nice);
	CHECK(is.policy == want->policy &&
	      is.param.sched_priority == want->param.sched_priority,
	      "%s: policy %d, priority %d", after, is.policy,
	      is.param.sched_priority);
}

static void setup(void)
{
	need_root();
	sim_need();
	driver_name();
	worker = inject_worker();
	place_read(&first);
}

/* As it was, for the cases that come */
static void give_back(void)
{
	sched_setscheduler(worker, first.policy, &first.param);
	setpriority(PRIO_PROCESS, worker, first.nice);
	sched_setaffinity(worker, sizeof(first.cpus), &first.cpus);
}

static int a_cpu(int n)
{
	cpu_set_t all;

	CHECK(!sched_getaffinity(0, sizeof(all), &all), "%s", strerror(errno));
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all) && !n--)
			return i;
	ktap_skip("needs two CPUs");
}

static void take_as(uid_t uid, int cpu, int nice)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	cpu_set_t set;
	int fd, err;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK(!sched_setaffinity(0, sizeof(set), &set), "%s", strerror(errno));
	CHECK(!setpriority(PRIO_PROCESS, 0, nice), "%s", strerror(errno));
	fd = cvm_open(O_RDWR);
	if (uid)
		become_user(uid, uid);
	for (int i = 0; i < 3; i++) {
		cvm_take(fd, "place", 5, &b);
		cvm_request_init(&req, "place", 5);
		err = cvm_request(fd, &req);
		CHECK(!err, "%s", strerror(-err));
	}
}

static void root_takes(void *arg)
{
	take_as(0, *(int *)arg, -10);
}

static void alice_takes(void *arg)
{
	take_as(ALICE, *(int *)arg, 10);
}

static void dies_waiting(void *arg)
{
	int fd = cvm_open(O_RDWR);

	(void)arg;
	cvm_write(fd, "dies", 4);
	cvm_slurp(fd, (uint8_t [CVM_BUF_SIZE]){ 0 }, CVM_BUF_SIZE);
}

/* Requests of all kinds, from the other CPU, and what else the worker does */
static void work(const struct place *want, int cpu)
{
	uint8_t byte;
	pid_t pid;
	int fd;

	join_child(run_child(alice_takes, &cpu), 30000);
	check_place(want, "requests of a user on another CPU");
	join_child(run_child(root_takes, &cpu), 30000);
	check_place(want, "requests of root");
	sim_fail_next();
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "fails", 5);
	CHECK(read(fd, &byte, 1) < 0 && errno == EIO, "not the error asked for");
	close(fd);
	sim_set("delay=300");
	pid = run_child(dies_waiting, NULL);
	sleep_ms(100);
	kill(pid, SIGKILL);
	reap_child(pid, 10000);
	sim_set("delay=0");
	CHECK(cvm_wait_idle(cvm_open(O_RDONLY), 10000), "not idle");
	check_place(want, "a failure, and a waiter that died");
	sleep_ms(300);
	check_place(want, "the end of the entry that was kept");
}

static void mask_and_nice_stay(void)
{
	struct place set;
	int here, there;

	setup();
	here = a_cpu(0);
	there = a_cpu(1);
	for (int i = 0; i < 2; i++) {
		memset(&set, 0, sizeof(set));
		CPU_SET(i ? there : here, &set.cpus);
		set.nice = i ? -7 : 11;
		set.policy = SCHED_OTHER;
		CHECK(!sched_setaffinity(worker, sizeof(set.cpus), &set.cpus),
		      "the mask cannot be set: %s", strerror(errno));
		CHECK(!setpriority(PRIO_PROCESS, worker, set.nice),
		      "nice cannot be set: %s", strerror(errno));
		check_place(&set, "what was set");
		work(&set, i ? here : there);
	}
	give_back();
	check_place(&first, "what it was at first");
}

static void policy_stays(void)
{
	struct place set;

	setup();
	set = first;
	set.policy = SCHED_FIFO;
	set.param.sched_priority = 3;
	set.nice = first.nice;
	if (sched_setscheduler(worker, set.policy, &set.param))
		ktap_skip("no real-time policy here: %s", strerror(errno));
	work(&set, a_cpu(0));
	give_back();
}

static void driver_comes_back(void)
{
	struct place set;

	setup();
	set = first;
	set.nice = 5;
	CHECK(!setpriority(PRIO_PROCESS, worker, set.nice), "%s", strerror(errno));
	module_unload(driver_name(), 10000);
	CHECK(!driver_load(NULL), "%s does not load", driver_name());
	driver_ready(cvm_open(O_RDONLY), &(struct cvm_state){});
	check_place(&set, "a probe");
	give_back();
}

/* One thread, and no work of ours in another by that name */
static void one_thread(void)
{
	struct dirent *e;
	char path[300], line[64];
	int n = 0;
	DIR *d;

	setup();
	d = opendir("/proc");
	CHECK(d, "/proc: %s", strerror(errno));
	while ((e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		if (atoi(e->d_name) && read_line(path, line, sizeof(line)))
			n += !strcmp(line, "cvm_evidence");
	}
	closedir(d);
	CHECK(n == 1, "%d threads cvm_evidence", n);
}

static const struct ktap_case cases[] = {
	{ "one_thread", one_thread, 0 },
	{ "mask_and_nice_stay", mask_and_nice_stay, 0 },
	{ "policy_stays", policy_stays, 0 },
	{ "driver_comes_back", driver_comes_back, 0 },
};

DRIVERS_TEST_MAIN(cases)
