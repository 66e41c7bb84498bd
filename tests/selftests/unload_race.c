// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unloading as fast as it goes, while our code is held up wherever it lets go
 * of something (tests/sim/kmod/letgo.c): "A request in flight holds a module
 * reference", and nothing of the module runs once that is dropped. What does
 * run then runs in freed memory, which the kernel's log tells.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OURS		"cvm_evidence"
#define LETGO		"cvm_letgo"
#define LETGO_KO	"/opt/sim/modules/cvm_letgo.ko"
#define HITS		"/sys/module/cvm_letgo/parameters/hits"

static unsigned int slow_ms;

/* --- what is slow --- */

static long hits(void)
{
	char line[32];

	CHECK(read_line(HITS, line, sizeof(line)), HITS ": %s", strerror(errno));
	return atol(line);
}

/* false: this symbol cannot be probed on this kernel */
static bool letgo(const char *symbol, unsigned int ms)
{
	char params[96];
	int fd = open(LETGO_KO, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		ktap_skip(LETGO_KO ": %s", strerror(errno));
	snprintf(params, sizeof(params), "symbols=%s delay_ms=%u", symbol, ms);
	err = syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
	close(fd);
	if (err == EOPNOTSUPP)
		ktap_skip("this kernel has no return probes");
	CHECK(!err || err == ENOENT || err == EINVAL, LETGO " %s: %s", params,
	      strerror(err));
	slow_ms = ms;
	return !err;
}

static void letgo_end(void)
{
	CHECK(!syscall(SYS_delete_module, LETGO, O_NONBLOCK), LETGO ": %s",
	      strerror(errno));
}

/* --- unloading --- */

static void unload_at_once(const char *after)
{
	uint64_t end = now_ms() + 30000;
	int err;

	while (syscall(SYS_delete_module, OURS, O_NONBLOCK)) {
		err = errno;
		CHECK(err == EAGAIN || err == EBUSY, "rmmod after %s: %s", after,
		      strerror(err));
		CHECK(now_ms() < end, "%s: still in use after 30 s", after);
	}
	/* what still runs comes to its end, and to the end of what it ran in */
	sleep_ms(slow_ms + 100);
	CHECK(!module_loaded(OURS), "it is still there");
	module_load(OURS);
}

static int asked(int flags)
{
	int fd = cvm_open(O_RDWR | flags);

	cvm_write(fd, "unload", 6);
	return fd;
}

static void closed(void)
{
	close(asked(O_NONBLOCK));
	unload_at_once("a request whose file was closed");
}

static void served(void)
{
	static uint8_t buf[CVM_BUF_SIZE];
	int fd = asked(0);

	CHECK(cvm_slurp(fd, buf, sizeof(buf)) > 0, "no evidence");
	close(fd);
	unload_at_once("a request that was served");
}

/* One in the firmware and two behind it, one of which goes first */
static void queued(void)
{
	int fd[3];

	sim_set("delay=100");
	for (int i = 0; i < 3; i++)
		fd[i] = asked(O_NONBLOCK);
	close(fd[1]);
	close(fd[0]);
	close(fd[2]);
	unload_at_once("requests that waited");
	sim_set("delay=0");
}

static void late(void)
{
	struct cvm_evidence_request req;
	int fd = cvm_open(O_RDWR), err;

	sim_set("delay=100");
	cvm_request_init(&req, "unload", 6);
	req.timeout_ms = 30;
	err = cvm_request(fd, &req);
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	close(fd);
	unload_at_once("a deadline that fired");
	sim_set("delay=0");
}

/* The deadline fires when nobody waits, and at the time of the unloading */
static void late_unwatched(void)
{
	struct cvm_evidence_request req;
	int fd[2], err;

	sim_set("delay=150");
	for (int i = 0; i < 2; i++) {
		fd[i] = cvm_open(O_RDWR | O_NONBLOCK);
		cvm_request_init(&req, "unload", 6);
		req.timeout_ms = 40;
		err = cvm_request(fd[i], &req);
		CHECK(err == -EAGAIN, "%s", strerror(-err));
	}
	close(fd[1]);
	sleep_ms(30);
	close(fd[0]);
	unload_at_once("a deadline near its end");
	sim_set("delay=0");
}

static void waits(void *arg)
{
	static uint8_t buf[CVM_BUF_SIZE];

	(void)arg;
	cvm_slurp(asked(0), buf, sizeof(buf));
}

static void killed(void)
{
	pid_t pid;

	sim_set("delay=100");
	pid = run_child(waits, NULL);
	sleep_ms(40);
	kill(pid, SIGKILL);
	reap_child(pid, 20000);
	unload_at_once("a waiter that was killed");
	sim_set("delay=0");
}

/* The driver comes: the worker looks at it */
static void probed(void)
{
	module_unload(driver_name(), 10000);
	CHECK(!driver_load(NULL), "%s does not load", driver_name());
	unload_at_once("a probe that was asked for");
}

static void driver_leaves(void)
{
	module_unload(driver_name(), 10000);
	unload_at_once("the driver's leaving");
	CHECK(!driver_load(NULL), "%s does not load", driver_name());
}

static void just_loaded(void)
{
	unload_at_once("its own load");
}

static const struct {
	const char *name;
	void (*fn)(void);
} ways[] = {
	{ "closed", closed }, { "served", served }, { "queued", queued },
	{ "late", late }, { "late_unwatched", late_unwatched },
	{ "killed", killed }, { "probed", probed },
	{ "driver_leaves", driver_leaves }, { "just_loaded", just_loaded },
};

static void setup(void)
{
	sim_need();
	need_root();
	driver_name();
	drivers_touched();
	if (sim_paravisor())
		ktap_skip("a paravisor cannot be unloaded like a driver");
	sim_set("fast=1");
	if (!module_loaded(LETGO))
		return;
	/* of a case that was killed */
	letgo_end();
}

static void still_works(void)
{
	struct cvm_state st;
	struct cvm_blob b;
	int fd = cvm_open(O_RDWR);

	driver_ready(fd, &st);
	cvm_take(fd, "afterwards", 10, &b);
	close(fd);
}

/* All ways, with this symbol slow */
static void with_slow(const char *symbol, unsigned int ms, unsigned int rounds)
{
	long n;

	if (!letgo(symbol, ms)) {
		CHECK(strcmp(symbol, "module_put"), "module_put cannot be probed");
		ktap_note("%s cannot be probed here", symbol);
		return;
	}
	for (unsigned int r = 0; r < rounds; r++)
		for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
			ways[i].fn();
	n = hits();
	ktap_note("%s: %ld times slow, %zu unloads", symbol, n,
		  rounds * ARRAY_SIZE(ways));
	letgo_end();
	still_works();
	CHECK(n || strcmp(symbol, "module_put"), "nothing was slow");
}

/* Two of them, all where CVM_STRESS asks for more: each takes half a minute */
static void with_each(const char *const *symbols, size_t n, unsigned int ms)
{
	if (ktap_stress(100) <= 100)
		n = 2;
	for (size_t i = 0; i < n; i++)
		with_slow(symbols[i], ms, 1);
}

/* Where the module reference is dropped */
static void after_module_put(void)
{
	setup();
	with_slow("module_put", 300, ktap_stress(1));
}

/* Where the one who waits is woken: it closes its file, and unloads */
static void after_wake_up(void)
{
	static const char *const symbols[] = {
		"__wake_up", "complete", "complete_all", "wake_up_process",
	};

	setup();
	with_each(symbols, ARRAY_SIZE(symbols), 60);
}

/* Where memory, files and mounts are given back */
static void after_free(void)
{
	static const char *const symbols[] = {
		"kmem_cache_free", "fput", "kfree", "kvfree", "mntput", "dput",
		"mutex_unlock",
	};

	setup();
	with_each(symbols, ARRAY_SIZE(symbols), 10);
}

/* --- an answer that another thread finishes --- */

#define LIMIT		(6 << 20)
#define EVIDENCE	64

static int *go;

static long used_of(const char *cgroup)
{
	char path[192], line[32];

	snprintf(path, sizeof(path), "%s/memory.current", cgroup);
	CHECK(read_line(path, line, sizeof(line)), "%s: %s", path,
	      strerror(errno));
	return atol(line);
}

/* Takes what its cgroup has, and then evidence that it does not read */
static void hungry(void *arg)
{
	struct cvm_evidence_request req;
	size_t size = 2 * LIMIT;
	int fd[EVIDENCE];
	uint8_t *m;

	while (!__atomic_load_n(go, __ATOMIC_ACQUIRE))
		sleep_ms(2);
	for (int i = 0; i < EVIDENCE; i++)
		fd[i] = cvm_open(O_RDWR);
	m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	CHECK(m != MAP_FAILED, "%s", strerror(errno));
	for (size_t k = 0; used_of(arg) < LIMIT - 3 * 4096 && k < size; k += 4096)
		m[k] = 1;
	for (int i = 0; i < EVIDENCE; i++) {
		cvm_request_init(&req, &i, sizeof(i));
		cvm_request(fd[i], &req);
	}
	_exit(0);
}

/*
 * The memory of a requester at its limit is waited for elsewhere than in the
 * worker: which hands the request over, and must be done with it then.
 */
static void handed_over(void)
{
	char cg[160], file[192];
	pid_t pid;
	long n;

	setup();
	go = mmap(NULL, sizeof(*go), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(go != MAP_FAILED, "%s", strerror(errno));
	cgroup_make("hungry", cg, sizeof(cg));
	snprintf(file, sizeof(file), "%s/../cgroup.subtree_control", cg);
	write_line(file, "+memory\n");
	snprintf(file, sizeof(file), "%s/memory.swap.max", cg);
	write_line(file, "0\n");
	snprintf(file, sizeof(file), "%s/memory.max", cg);
	if (write_line(file, "%d\n", LIMIT))
		ktap_skip("no memory controller");
	if (!letgo("queue_work_on", 200))
		ktap_skip("queue_work_on cannot be probed here");
	pid = run_child(hungry, cg);
	cgroup_enter(cg, pid);
	__atomic_store_n(go, 1, __ATOMIC_RELEASE);
	join_child(pid, 60000);
	unload_at_once("an answer that was handed over");
	n = hits();
	ktap_note("%ld answers were handed over", n);
	letgo_end();
	still_works();
	CHECK(n, "none was");
}

/* As fast as it goes, and nothing slow: many rounds */
static void many_rounds(void)
{
	unsigned int rounds = ktap_stress(2);

	setup();
	slow_ms = 0;
	for (unsigned int r = 0; r < rounds; r++)
		for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
			ways[i].fn();
	still_works();
}

/* --- while something is stuck: refused at once, and nothing hangs --- */

/* One attempt by rmmod(8)'s call: 0 or errno, and it takes no second */
static int refused_soon(const char *under, int flags)
{
	uint64_t begin = now_ms();
	int err = syscall(SYS_delete_module, OURS, flags) ? errno : 0;

	CHECK(now_ms() - begin < 1000, "rmmod took %llu ms under %s",
	      (unsigned long long)(now_ms() - begin), under);
	return err;
}

static void in_firmware(void)
{
	uint64_t end = now_ms() + 10000;

	while (!driver_counter("in_flight")) {
		CHECK(now_ms() < end, "nothing came to the firmware");
		sleep_ms(5);
	}
}

static void stuck_request(void)
{
	int fd;

	setup();
	sim_set("block=1");
	fd = asked(O_NONBLOCK);
	in_firmware();
	close(fd);
	for (int i = 0; i < 20; i++) {
		int err = refused_soon("a request", i % 2 ? O_NONBLOCK : 0);

		CHECK(err == EAGAIN || err == EBUSY, "%s", strerror(err));
	}
	CHECK(module_loaded(OURS), "it is gone");
	sim_set("block=0");
	module_unload(OURS, 10000);
	module_load(OURS);
	still_works();
}

/* Another agent's report keeps TSM busy */
static void agent(void *arg)
{
	static uint8_t data[64] = { 7 }, buf[1 << 16];
	char path[128];
	int fd;

	(void)arg;
	snprintf(path, sizeof(path), TSM_REPORT_DIR "/selftest.%d/inblob", getppid());
	fd = open(path, O_WRONLY);
	CHECK(fd >= 0 && write(fd, data, 64) == 64, "%s: %s", path,
	      strerror(errno));
	close(fd);
	snprintf(path, sizeof(path), TSM_REPORT_DIR "/selftest.%d/outblob", getppid());
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0 && read(fd, buf, sizeof(buf)) > 0, "%s: %s", path,
	      strerror(errno));
}

static void stuck_probe(void)
{
	char entry[96];
	pid_t pid;
	int err = 0;

	setup();
	if (!driver_tsm())
		ktap_skip("no TSM here");
	snprintf(entry, sizeof(entry), TSM_REPORT_DIR "/selftest.%d", getpid());
	module_unload(OURS, 10000);
	CHECK(!mkdir(entry, 0755), "%s: %s", entry, strerror(errno));
	sim_set("block=1");
	pid = run_child(agent, NULL);
	in_firmware();
	module_load(OURS);
	for (int i = 0; i < 20 && !err; i++) {
		err = refused_soon("a probe", i % 2 ? O_NONBLOCK : 0);
		CHECK(!err || err == EAGAIN || err == EBUSY, "%s", strerror(err));
		/* where no probe is stuck it goes, and comes again */
		if (!err)
			module_load(OURS);
	}
	ktap_note("a probe beside another's report: rmmod %s",
		  err ? strerror(err) : "unloads it");
	sim_set("block=0");
	join_child(pid, 20000);
	CHECK(!rmdir(entry), "%s: %s", entry, strerror(errno));
	still_works();
	module_unload(OURS, 10000);
	module_load(OURS);
	still_works();
}

static const struct ktap_case cases[] = {
	{ "stuck_request", stuck_request, 0 },
	{ "stuck_probe", stuck_probe, 0 },
	{ "handed_over", handed_over, 120 },
	{ "many_rounds", many_rounds, 400 },
	{ "after_module_put", after_module_put, 400 },
	{ "after_wake_up", after_wake_up, 400 },
	{ "after_free", after_free, 600 },
};

DRIVERS_TEST_MAIN(cases)
