// SPDX-License-Identifier: GPL-2.0-only
/* What is left when it is over: nothing, and evidence is had as ever. */
#define _GNU_SOURCE
#include "soak.h"
#include "../selftests/drivers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IDLE_MS		30000
#define SETTLE_MS	10000
#define AGAIN_MS	90000
#define REPLUG_MS	15000
#define GROWTH_KB	(32 << 10)
#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_state was;
/* What clients saw in this life of our module */
static uint32_t seen_before[ERRNO_MAX];

static void state_of(struct cvm_state *st)
{
	int fd = cvm_open(O_RDONLY);

	cvm_get_info(fd, st);
	close(fd);
}

static uint64_t seen(int err)
{
	return soak->outcome[err] - seen_before[err];
}

/* 0 or -errno, and the evidence is what it has to be */
static int ask(void)
{
	struct cvm_evidence_request req;
	int fd = cvm_open(O_RDWR), err;
	struct cvm_blob b;
	uint8_t rd[64];
	ssize_t n;

	fill_random(rd, sizeof(rd));
	if (soak->replays)
		memcpy(rd, soak->replay_rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.timeout_ms = 60000;
	err = cvm_request(fd, &req);
	if (!err) {
		n = cvm_slurp(fd, buf, sizeof(buf));
		CHECK(n > 0, "read: %s", strerror(-n));
		cvm_blob_check(buf, n, rd, sizeof(rd), &b);
	}
	close(fd);
	return err;
}

/* A TPM that was too slow for the kernel at power on is plugged in again. */
static int ask_until_good(void)
{
	uint64_t begin = now_ms(), plugged = begin;
	int err;

	while ((err = ask()) && now_ms() - begin < AGAIN_MS) {
		if (sim_paravisor() && now_ms() - plugged > REPLUG_MS) {
			plugged = now_ms();
			faults_turn("power", "off");
			faults_turn("power", "on");
		}
		usleep(100000);
	}
	return err;
}

/* The driver that clients meet first, and the counters they start from */
void rest_before(void)
{
	int err = ask_until_good();

	CHECK(!err, "no evidence to begin with: %s", strerror(-err));
	state_of(&was);
	for (int i = 0; i < ERRNO_MAX; i++)
		seen_before[i] = soak->outcome[i];
}

/* --- after a phase --- */

static void look_at_objects(struct cvm_state *st)
{
	uint64_t end = now_ms() + SETTLE_MS;
	struct cvm_live live;

	for (;;) {
		cvm_get_live(&live);
		if (!live.requests && !live.blobs && !live.entries && !live.files)
			break;
		if (now_ms() > end)
			break;
		usleep(10000);
	}
	state_of(st);
	check(C_OBJECTS,
	      !live.requests && !live.blobs && !live.entries && !live.files,
	      "%u requests, %u blobs, %u entries, %u files", live.requests,
	      live.blobs, live.entries, live.files);
}

static void look_at_counters(const struct cvm_state *is)
{
	const struct cvm_evidence_info *a = &was.info, *b = &is->info;
	uint64_t started = b->requests_started - a->requests_started;
	uint64_t ok = b->requests_ok - a->requests_ok;
	uint64_t failed = b->requests_failed - a->requests_failed;
	uint64_t prov_started = 0, prov_failed = 0;

	for (unsigned int i = 0; i < is->nr; i++) {
		prov_started += is->prov[i].started - was.prov[i].started;
		prov_failed += is->prov[i].failed - was.prov[i].failed;
		check(C_COUNTERS, !is->prov[i].queued, "%s: %u are queued",
		      is->prov[i].name, is->prov[i].queued);
	}
	check(C_COUNTERS, started == ok + failed,
	      "%llu started, %llu ok, %llu failed", (unsigned long long)started,
	      (unsigned long long)ok, (unsigned long long)failed);
	check(C_COUNTERS, !b->requests_waiting, "%u are waiting",
	      b->requests_waiting);
	/* a request may end before a provider began to serve it */
	check(C_COUNTERS, prov_started - prov_failed == ok &&
	      prov_started <= started,
	      "%llu started and %llu failed, the providers have %llu and %llu",
	      (unsigned long long)started, (unsigned long long)failed,
	      (unsigned long long)prov_started, (unsigned long long)prov_failed);
	/* who was killed saw nothing, so clients saw no more than there were */
	check(C_COUNTERS, ok >= seen(0), "%llu ok, clients saw %llu",
	      (unsigned long long)ok, (unsigned long long)seen(0));
	check(C_COUNTERS, b->requests_timed_out - a->requests_timed_out >=
	      seen(ETIMEDOUT) && b->requests_mismatched -
	      a->requests_mismatched >= seen(EBADMSG),
	      "clients saw more ETIMEDOUT or EBADMSG than there were");
	check(C_COUNTERS, b->refused_busy - a->refused_busy + b->refused_quota -
	      a->refused_quota >= seen(EBUSY) + seen(EDQUOT),
	      "clients were refused more often than anybody");
	soak->started += started;
	soak->ok += ok;
	soak->failed += failed;
}

static void look_at_caches(void)
{
	for (size_t i = 0; i < CVM_CACHES; i++) {
		uint64_t end = now_ms() + SETTLE_MS;
		long n;

		while ((n = cvm_slab_objects(cvm_caches[i])) > 0 && now_ms() < end)
			usleep(50000);
		check(C_CACHES, !n, "%s: %ld objects", cvm_caches[i], n);
	}
}

void rest_after(void)
{
	uint64_t lost, first = was.info.requests_started + 1, ok;
	struct cvm_live live;
	struct cvm_state is;
	int fd = cvm_open(O_RDONLY), err;

	check(C_IDLE, cvm_wait_idle(fd, IDLE_MS), "requests stay alive");
	close(fd);
	err = ask_until_good();
	check(C_AGAIN, !err, "%s", strerror(-err));
	look_at_objects(&is);
	lost = listener_stop();
	ends_stop();
	ok = is.info.requests_ok - was.info.requests_ok;
	ends_check(first, is.info.requests_started, ok, lost);
	look_at_counters(&is);
	look_at_caches();
	if (tsm_entries() >= 0)
		check(C_ENTRIES, tsm_entries_gone(SETTLE_MS),
		      "%d of our entries are left in " TSM_REPORT_DIR,
		      tsm_entries());
	else
		check(C_ENTRIES, cvm_live_read(&live) && !live.entries,
		      "%u entries", live.entries);
}

static unsigned int threads_of_ours(void)
{
	char path[300], comm[32];
	DIR *dir = opendir("/proc");
	struct dirent *e;
	unsigned int n = 0;

	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		n += isdigit(e->d_name[0]) &&
		     read_line(path, comm, sizeof(comm)) &&
		     !strcmp(comm, "cvm_evidence");
	}
	closedir(dir);
	return n;
}

static int refcount(const char *module)
{
	char path[96], line[16];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	return read_line(path, line, sizeof(line)) ? atoi(line) : -1;
}

/* Nobody holds us, we hold nobody, and what is loaded anew gives evidence. */
void rest_unload(void)
{
	int err, refs = refcount("cvm_evidence");

	check(C_UNLOAD, !refs, "cvm_evidence is used by %d", refs);
	module_unload("cvm_evidence", SETTLE_MS);
	check(C_UNLOAD, !threads_of_ours(), "a thread of ours is left");
	check(C_UNLOAD, access("/sys/kernel/slab/cvm_evidence_request", F_OK),
	      "the cache is left");
	if (!sim_paravisor()) {
		err = module_unload_once(driver_name());
		check(C_DRIVER, !err, "rmmod %s: %s", driver_name(), strerror(-err));
		if (!err)
			CHECK(!driver_load(NULL), "%s", driver_name());
	}
	module_load("cvm_evidence");
	err = ask_until_good();
	check(C_AGAIN, !err, "loaded anew: %s", strerror(-err));
	soak->our_reloads++;
}

static long meminfo(const char *what)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long kb = -1;
	size_t len = strlen(what);

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, what, len) && line[len] == ':')
			kb = atol(line + len + 1);
	if (f)
		fclose(f);
	return kb;
}

/* Between the end of the first phase and the end of this one */
void rest_memory(unsigned int phase)
{
	long a, s;

	write_line("/proc/sys/vm/drop_caches", "3\n");
	usleep(200000);
	a = meminfo("MemAvailable");
	s = meminfo("Slab");
	printf("# memory: %ld KiB available, slabs %ld KiB\n", a, s);
	if (!phase) {
		soak->available_kb = a;
		soak->slab_kb = s;
		return;
	}
	check(C_MEMORY, (long)soak->available_kb - a < GROWTH_KB &&
	      s - (long)soak->slab_kb < GROWTH_KB,
	      "since the first phase %ld KiB are gone, slabs grew by %ld KiB",
	      (long)soak->available_kb - a, s - (long)soak->slab_kb);
}

/* --- after all of them --- */

/* What a scan found, told; older than its five seconds */
static void look_for_leaks(void)
{
	char line[256];
	unsigned int n = 0;
	FILE *f;

	if (access(KMEMLEAK, W_OK))
		return;
	write_line(KMEMLEAK, "scan\n");
	usleep(5500000);
	write_line(KMEMLEAK, "scan\n");
	f = fopen(KMEMLEAK, "re");
	while (f && fgets(line, sizeof(line), f)) {
		n += strstr(line, "unreferenced object") != NULL;
		if (n && n < 4)
			ktap_note("%s", line);
	}
	if (f)
		fclose(f);
	check(C_LEAKS, !n, "kmemleak: %u objects", n);
}

/* Tasks that wait where no signal comes: their pids, 0 at the end */
static unsigned int stuck_tasks(pid_t *pid, unsigned int room)
{
	DIR *dir = opendir("/proc");
	unsigned int n = 0;
	struct dirent *e;

	while (dir && (e = readdir(dir)) && n < room)
		if (isdigit(e->d_name[0]) && proc_state(atoi(e->d_name)) == 'D')
			pid[n++] = atoi(e->d_name);
	closedir(dir);
	return n;
}

static void look_at_tasks(void)
{
	pid_t a[32], b[32];
	unsigned int n = stuck_tasks(a, 32), m, stuck = 0;
	char path[64], comm[32];

	usleep(2000000);
	m = stuck_tasks(b, 32);
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int k = 0; k < m; k++) {
			if (a[i] != b[k])
				continue;
			snprintf(path, sizeof(path), "/proc/%d/comm", a[i]);
			comm[0] = '\0';
			read_line(path, comm, sizeof(comm));
			ktap_note("pid %d (%s) waits in state D", a[i], comm);
			stuck++;
		}
	check(C_TASKS, !stuck, "%u tasks hang", stuck);
}

/* The harness looks for the rest; this is what an operator would grep for */
static void look_at_log(void)
{
	static const char *const bad[] = {
		"blocked for more than", "BUG:", "WARNING:", "Oops", "refcount_t:",
		"KASAN", "UBSAN", "ODEBUG", "lockup", "detected stall",
		"possible circular", "is still in use: the driver cannot be loaded",
	};
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned int n = 0;
	char line[2048];
	ssize_t len;

	CHECK(fd >= 0, "/dev/kmsg: %s", strerror(errno));
	while ((len = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (len < 0)
			continue;
		line[len] = '\0';
		line[strcspn(line, "\n")] = '\0';
		/* what the boot said is the kernel's own */
		if (strstr(line, "vm: begin"))
			n = 0;
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			if (strstr(line, bad[i])) {
				if (n++ < 4)
					ktap_note("%s", line);
				break;
			}
	}
	close(fd);
	check(C_LOG, !n, "%u lines in the kernel's log", n);
}

void rest_turn(void)
{
	look_for_leaks();
	look_at_tasks();
	look_at_log();
}
