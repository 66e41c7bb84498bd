// SPDX-License-Identifier: GPL-2.0-only
/*
 * The requester's memory cgroup: blobs are "charged to the requester's memory
 * cgroup", and nothing else of a request is; at the limit the requester has
 * ENOMEM, the OOM killer is not called; afterwards nothing holds the cgroup.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT	(6 << 20)
#define TRIES	100

static struct counts {
	int ok, nomem, other;
	int go, full;
	long current;
} *counts;

static void setup(void)
{
	sim_need();
	need_root();
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(counts != MAP_FAILED, "%s", strerror(errno));
	sim_set("fast=1");
}

static void memory_cgroup(const char *name, char *path, size_t size)
{
	char file[192];

	cgroup_make(name, path, size);
	snprintf(file, sizeof(file), "%s/../cgroup.subtree_control", path);
	write_line(file, "+memory\n");
	snprintf(file, sizeof(file), "%s/memory.max", path);
	if (access(file, W_OK))
		ktap_skip("no memory controller");
}

/* "KEY VALUE" of a flat file of the cgroup; fails the case without it */
static long flat(const char *cgroup, const char *name, const char *key)
{
	char path[192], line[128];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", cgroup, name);
	f = fopen(path, "re");
	CHECK(f, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ' ')
			value = atol(line + strlen(key) + 1);
	fclose(f);
	CHECK(value >= 0, "%s has no %s", path, key);
	return value;
}

static long number(const char *cgroup, const char *name)
{
	char path[192], line[32];

	snprintf(path, sizeof(path), "%s/%s", cgroup, name);
	CHECK(read_line(path, line, sizeof(line)), "%s: %s", path, strerror(errno));
	return atol(line);
}

/* --- at the limit --- */

static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	CHECK(fd >= 0, "/dev/kmsg: %s", strerror(errno));
	lseek(fd, 0, SEEK_END);
	return fd;
}

/* What the kernel's log says since then has none of it */
static void log_without(int fd, const char *what)
{
	char line[8192];
	ssize_t n;

	for (;;) {
		n = read(fd, line, sizeof(line) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		line[n] = '\0';
		CHECK(!strstr(line, what), "the kernel's log: %s", line);
	}
}

static void count(int err)
{
	if (!err)
		counts->ok++;
	else if (err == ENOMEM)
		counts->nomem++;
	else
		counts->other = err;
}

/* All that the limit has room for, up to so many pages, is taken first. */
static void at_the_limit(void *arg)
{
	static uint8_t buf[1 << 16];
	const char *cgroup = arg;
	int fd, tries = ktap_stress(TRIES);
	size_t size = 2 * LIMIT, k = 0;
	struct cvm_evidence_request req;
	static int own[TRIES];
	uint8_t *m;

	while (!__atomic_load_n(&counts->go, __ATOMIC_ACQUIRE))
		sleep_ms(2);
	fd = cvm_open(O_RDWR);
	/* what is charged once is charged now */
	for (int i = 0; i < 3; i++) {
		cvm_write(fd, "warm", 4);
		while (read(fd, buf, sizeof(buf)) > 0)
			;
	}
	/* opening a file at the limit is the kernel's own affair */
	for (int i = 0; i < TRIES; i++)
		own[i] = cvm_open(O_RDWR);
	m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	CHECK(m != MAP_FAILED, "%s", strerror(errno));
	for (; number(cgroup, "memory.current") < LIMIT - 3 * 4096 && k < size;
	     k += 4096)
		m[k] = 1;
	counts->current = number(cgroup, "memory.current");
	/* evidence that nobody reads adds up, until there is no room */
	for (int i = 0; i < tries; i++) {
		cvm_request_init(&req, &i, sizeof(i));
		count(-cvm_request(own[i], &req));
	}
	/* the other ways to ask */
	for (int i = 0; i < tries; i++) {
		cvm_write(fd, &i, sizeof(i));
		count(read(fd, buf, 1) < 0 ? errno : 0);
	}
	_exit(0);
}

static void limit(unsigned int bytes)
{
	char cg[160], file[192];
	long hits;
	pid_t pid;
	int log;

	setup();
	if (bytes)
		sim_set("oversize=%u", bytes);
	memory_cgroup("limit", cg, sizeof(cg));
	snprintf(file, sizeof(file), "%s/memory.max", cg);
	CHECK(!write_line(file, "%d\n", LIMIT), "%s", file);
	snprintf(file, sizeof(file), "%s/memory.swap.max", cg);
	write_line(file, "0\n");
	log = log_open();
	pid = run_child(at_the_limit, cg);
	cgroup_enter(cg, pid);
	__atomic_store_n(&counts->go, 1, __ATOMIC_RELEASE);
	join_child(pid, 90000);
	hits = flat(cg, "memory.events", "max");
	ktap_note("at %ld of %d bytes: %d ok, %d ENOMEM; the limit was met %ld times",
		  counts->current, LIMIT, counts->ok, counts->nomem, hits);
	CHECK(!counts->other, "%s", strerror(counts->other));
	CHECK(counts->ok + counts->nomem == 2 * (int)ktap_stress(TRIES), "");
	CHECK(!flat(cg, "memory.events", "oom_kill"), "somebody was killed");
	log_without(log, "invoked oom-killer");
	CHECK(hits, "nobody met the limit: this showed nothing");
	/* and nobody else is the worse for it */
	sim_set("oversize=0");
	{
		struct cvm_blob b;

		cvm_take(cvm_open(O_RDWR), "unharmed", 8, &b);
	}
}

static void blobs_as_they_are(void)
{
	limit(0);
}

/* Larger than what is left of the limit: none can be had */
static void large_blobs(void)
{
	struct cvm_state st;
	int fd;

	sim_need();
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &st);
	close(fd);
	if (st.info.tee != CVM_EVIDENCE_TEE_TDX)
		ktap_skip("evidence of this TEE has one size");
	limit(30000);
	CHECK(counts->nomem, "more was charged than the limit has");
}

/* --- afterwards --- */

enum way { NOTHING, BY_READ, BY_REQUEST, CLOSED, TIMES_OUT, FAILS, REFUSED, WAYS };

static void requests_of(enum way way)
{
	static uint8_t buf[CVM_BUF_SIZE];
	struct cvm_evidence_request req;
	int fd, err;

	if (way == NOTHING)
		return;
	fd = cvm_open(O_RDWR);
	cvm_request_init(&req, "dying", 5);
	switch (way) {
	case BY_READ:
		CHECK(cvm_slurp(fd, buf, sizeof(buf)) > 0, "no evidence");
		break;
	case BY_REQUEST:
		err = cvm_request(fd, &req);
		CHECK(!err, "%s", strerror(-err));
		break;		/* its blob stays unread */
	case CLOSED:
		fcntl(fd, F_SETFL, O_NONBLOCK);
		cvm_write(fd, "closed", 6);
		break;
	case TIMES_OUT:
		req.timeout_ms = 20;
		err = cvm_request(fd, &req);
		CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
		break;
	case FAILS:
		err = cvm_request(fd, &req);
		CHECK(err == -EIO, "%s", strerror(-err));
		break;
	case REFUSED:
		fcntl(fd, F_SETFL, O_NONBLOCK);
		for (err = 0; !err;) {
			int more = cvm_open(O_RDWR | O_NONBLOCK);

			err = write(more, "refused", 7) < 0 ? errno : 0;
		}
		CHECK(err == EBUSY || err == EDQUOT, "%s", strerror(err));
		break;
	default:
		break;
	}
	close(fd);
}

static void lives_in_cgroup(void *arg)
{
	while (!__atomic_load_n(&counts->go, __ATOMIC_ACQUIRE))
		sleep_ms(2);
	for (int i = 0; i < 5; i++)
		requests_of(*(enum way *)arg);
}

/* Is the number of dying cgroups of the machine what it was, in that time */
static bool none_dies(long was, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;

	while (flat(cgroup_root(), "cgroup.stat", "nr_dying_descendants") > was) {
		if (now_ms() > end)
			return false;
		/* pages of files that it read first are charged to it, too */
		write_line("/proc/sys/vm/drop_caches", "3\n");
		sleep_ms(100);
	}
	return true;
}

static const char *const way_names[WAYS] = {
	[NOTHING] = "nothing", [BY_READ] = "read", [BY_REQUEST] = "REQUEST",
	[CLOSED] = "closed", [TIMES_OUT] = "times out", [FAILS] = "fails",
	[REFUSED] = "refused",
};

static void cgroup_is_let_go(void)
{
	char cg[160];
	long was;
	pid_t pid;

	setup();
	param_set("queue_max", 4);
	for (enum way way = 0; way < WAYS; way++) {
		was = flat(cgroup_root(), "cgroup.stat", "nr_dying_descendants");
		counts->go = 0;
		if (way == FAILS) {
			sim_set("keep_key=1");
			sim_set("fw_error=0x16");
		}
		if (way == TIMES_OUT || way == REFUSED || way == CLOSED)
			sim_set("delay=300");
		memory_cgroup(way_names[way], cg, sizeof(cg));
		pid = run_child(lives_in_cgroup, &way);
		cgroup_enter(cg, pid);
		__atomic_store_n(&counts->go, 1, __ATOMIC_RELEASE);
		join_child(pid, 30000);
		sim_set("fw_error=0");
		sim_set("delay=0");
		CHECK(cvm_wait_idle(cvm_open(O_RDONLY), 20000), "%s: not idle",
		      way_names[way]);
		CHECK(!rmdir(cg), "%s: %s", cg, strerror(errno));
		if (none_dies(was, 15000))
			continue;
		if (way == NOTHING)
			ktap_skip("a cgroup that did nothing stays here, too");
		CHECK(false, "%s: the cgroup is still held", way_names[way]);
	}
}

static const struct ktap_case cases[] = {
	{ "blobs_as_they_are", blobs_as_they_are, 120 },
	{ "large_blobs", large_blobs, 120 },
	{ "cgroup_is_let_go", cgroup_is_let_go, 240 },
};

CVM_TEST_MAIN(cases)
