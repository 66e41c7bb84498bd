// SPDX-License-Identifier: GPL-2.0-only
/*
 * What else root and its programs do with configfs: evidence is had where nobody
 * mounted it, and our entry is there only while requests flow, and 100 ms more.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIGFS	"/sys/kernel/config"

static int fd;

static void need(void)
{
	sim_need();
	driver_name();
	if (!driver_tsm())
		ktap_skip("not through TSM configfs");
	driver_keeps_entry();
	fd = cvm_open(O_RDWR);
}

static void take(void)
{
	struct cvm_blob b;
	uint8_t rd[64];

	fill_random(rd, sizeof(rd));
	cvm_take(fd, rd, sizeof(rd), &b);
}

static void entry_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, TSM_REPORT_DIR "/%s", name);
}

static void make_entry(const char *name)
{
	char path[128];

	entry_path(path, sizeof(path), name);
	CHECK(!mkdir(path, 0700), "%s: %s", path, strerror(errno));
}

static void remove_entry(const char *name)
{
	char path[128];

	entry_path(path, sizeof(path), name);
	CHECK(!rmdir(path), "%s: %s", path, strerror(errno));
}

/* "kept only while requests flow, dropped 100 ms after the last" */
static void entry_of_ours(void)
{
	char first[64], name[64];
	struct cvm_live live;
	struct cvm_state st;
	uint64_t last;

	need();
	CHECK(tsm_entries_gone(1000), "an entry at rest");
	take();
	CHECK(tsm_entry(first, sizeof(first)), "no entry right after a request");
	cvm_get_live(&live);
	CHECK(live.entries == 1, "live_entries %u", live.entries);
	for (int i = 0; i < 20; i++) {
		take();
		last = now_ms();
		CHECK(tsm_entries() == 1, "%d entries", tsm_entries());
		if (tsm_entry(name, sizeof(name)) && strcmp(first, name))
			ktap_note("another entry after %llu ms",
				  (unsigned long long)(now_ms() - last));
	}
	last = now_ms();
	CHECK_TIME(tsm_entries_gone(1000), "it stays for a second");
	ktap_note("gone %llu ms after the last request",
		  (unsigned long long)(now_ms() - last));
	CHECK_TIME(now_ms() - last >= 50, "it did not last between requests");
	/* GET_INFO does not make one: that would hold the driver */
	cvm_get_info(fd, &st);
	sleep_ms(20);
	CHECK(tsm_entries() == 0, "%d entries after GET_INFO", tsm_entries());
}

static void read_by_nobody(void *arg)
{
	const char *const attrs[] = { "outblob", "inblob", "provider" };
	char path[160];

	become_user(65534, 65534);
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		snprintf(path, sizeof(path), "%s/%s", (const char *)arg,
			 attrs[i]);
		CHECK(open(path, O_RDONLY) == -1 && errno == EACCES, "%s: %s",
		      path, strerror(errno));
	}
}

/* configfs makes directories 0755: what is in ours is the requester's */
static void private_entry(void)
{
	char name[64], path[128];
	struct stat sb;

	need();
	/* it stays for as long as the request */
	sim_set("delay=2000:1");
	cvm_write(cvm_open(O_RDWR | O_NONBLOCK), "private", 7);
	CHECK(tsm_entry_wait(name, sizeof(name), 2000), "no entry");
	entry_path(path, sizeof(path), name);
	/* it may have been seen between its mkdir and the change of its mode */
	for (int i = 0; i < 100; i++) {
		CHECK(!stat(path, &sb), "%s: %s", path, strerror(errno));
		if ((sb.st_mode & 07777) == 0700)
			break;
		sleep_ms(5);
	}
	CHECK((sb.st_mode & 07777) == 0700 && !sb.st_uid && !sb.st_gid,
	      "mode 0%o", sb.st_mode & 07777);
	join_child(run_child(read_by_nobody, path), 5000);
	sim_set("delay=0");
}

/* Who got into the directory in time has an attribute by O_PATH: what then? */
static void reopens(void *arg)
{
	char self[32];
	int fd;

	become_user(70001, 70001);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", *(int *)arg);
	fd = open(self, O_RDONLY | O_CLOEXEC);
	CHECK(fd < 0 && errno == EACCES, "%s", fd < 0 ? strerror(errno) : "it can be read");
}

static void never_reopened(void)
{
	static const char *const blobs[] = { "outblob", "auxblob", "manifestblob" };
	char name[64], path[128], blob[160];
	int fd;

	need();
	sim_set("delay=2000:1");
	cvm_write(cvm_open(O_RDWR | O_NONBLOCK), "private", 7);
	CHECK(tsm_entry_wait(name, sizeof(name), 2000), "no entry");
	entry_path(path, sizeof(path), name);
	/* until it is made private: the request is in the firmware by then */
	sleep_ms(500);
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		snprintf(blob, sizeof(blob), "%s/%s", path, blobs[i]);
		fd = open(blob, O_PATH | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && i)
			continue;
		CHECK(fd >= 0, "%s: %s", blob, strerror(errno));
		join_child(run_child(reopens, &fd), 5000);
		close(fd);
	}
	sim_set("delay=0");
}

static void unmounted(void)
{
	need();
	take();
	/* the mount of tests/vm, and whatever else is there */
	drivers_touched();
	while (!umount(CONFIGFS))
		;
	CHECK(access(TSM_REPORT_DIR, F_OK), "configfs is still mounted");
	for (int i = 0; i < 5; i++)
		take();
	/* the entry of before is dropped all the same */
	sleep_ms(300);
	CHECK(!module_unload_once(driver_name()), "rmmod");
	CHECK(!driver_load(NULL), "the driver cannot be loaded again");
	take();
	CHECK(!mount("configfs", CONFIGFS, "configfs", 0, NULL), "%s",
	      strerror(errno));
	take();
}

/* Root mounts something else where configfs is: ours is a mount of its own */
static void mounted_over(void)
{
	need();
	CHECK(!mount("none", CONFIGFS, "tmpfs", 0, NULL), "%s", strerror(errno));
	CHECK(!mkdir(CONFIGFS "/tsm", 0700) && !mkdir(TSM_REPORT_DIR, 0700), "%s",
	      strerror(errno));
	for (int i = 0; i < 5; i++)
		take();
	CHECK(tsm_entries() == 0, "it fell for a tmpfs");
	CHECK(!umount(CONFIGFS), "%s", strerror(errno));
}

/* The first request after it has a new entry; no request fails for it */
static void entry_removed_by_root(void)
{
	unsigned int removed = 0;
	char name[64], path[128];

	need();
	for (int i = 0; i < 50; i++) {
		take();
		if (!tsm_entry(name, sizeof(name)))
			continue;
		entry_path(path, sizeof(path), name);
		if (!rmdir(path))
			removed++;
		take();
	}
	ktap_note("removed %u entries", removed);
	CHECK(removed > 10, "only %u removed", removed);
	CHECK(tsm_entries_gone(1000), "%d entries are left", tsm_entries());
}

static void remove_all(void *arg)
{
	char name[64], path[128];

	(void)arg;
	for (;;) {
		if (!tsm_entry(name, sizeof(name)))
			continue;
		entry_path(path, sizeof(path), name);
		rmdir(path);
	}
}

/*
 * At any moment, also in the midst of one: evidence, or one of the errors that
 * say that there was none; never anything else's
 */
static void entry_removed_all_the_time(void)
{
	static uint8_t buf[CVM_BUF_SIZE];
	unsigned int good = 0, refused = 0;
	struct cvm_live live;
	struct cvm_blob b;
	uint8_t rd[64];
	uint64_t end;
	ssize_t n = 0;
	pid_t pid;

	need();
	sim_set("fast=1");
	pid = run_child(remove_all, NULL);
	/* two seconds, and on a slow machine as long as so many answers take */
	for (end = now_ms() + 2000; now_ms() < end || (good + refused <= 20 && now_ms() < end + 30000);) {
		fill_random(rd, sizeof(rd));
		cvm_write(fd, rd, sizeof(rd));
		n = cvm_slurp(fd, buf, sizeof(buf));
		if (n > 0) {
			cvm_blob_check(buf, n, rd, sizeof(rd), &b);
			good++;
			continue;
		}
		CHECK(n == -EBADMSG || n == -ENODEV || n == -EIO, "read: %s",
		      strerror(-n));
		refused++;
	}
	kill(pid, SIGKILL);
	reap_child(pid, 5000);
	ktap_note("%u good, %u refused", good, refused);
	/* who wins is a matter of the kernel's speed; that it goes on is ours */
	CHECK(good + refused > 20, "only %u answers", good + refused);
	/* a look at the drivers that met it is repeated after a second */
	for (end = now_ms() + 1500; now_ms() < end; sleep_ms(50)) {
		cvm_write(fd, "after", 5);
		n = cvm_slurp(fd, buf, sizeof(buf));
		if (n > 0)
			break;
	}
	CHECK(n > 0, "still 1.5 s later: %s", strerror(-n));
	CHECK(tsm_entries_gone(1000), "%d entries are left", tsm_entries());
	/* the module's count goes down after the entry is away, and its user may sleep in between */
	for (end = now_ms() + 1000; cvm_get_live(&live), live.entries && now_ms() < end;)
		sleep_ms(10);
	CHECK(!live.entries, "live_entries %u", live.entries);
}

/* What another program left behind is its own affair */
static void leftover_of_another(void)
{
	need();
	make_entry("leftover");
	take();
	CHECK(tsm_entries_gone(1000), "our entry stays");
	take();
	/* the driver can go: a leftover holds only its return */
	module_unload(driver_name(), 1000);
	remove_entry("leftover");
	CHECK(!driver_load(NULL), "the driver cannot be loaded again");
	take();
}

/* Who waits for an entry does not know what it will be called. */
static void names_not_foreseen(void)
{
	unsigned long long nr[4];
	char name[64], hex[20];

	need();
	for (size_t i = 0; i < ARRAY_SIZE(nr); i++) {
		take();
		CHECK(tsm_entry(name, sizeof(name)), "no entry");
		CHECK(sscanf(name, "cvm_evidence.%16[0-9a-f]", hex) == 1 &&
		      strlen(name) == strlen("cvm_evidence.") + 16, "%s", name);
		nr[i] = strtoull(hex, NULL, 16);
		CHECK(tsm_entries_gone(1000), "our entry stays");
		/* 64 random bits: all are far from each other */
		for (size_t k = 0; k < i; k++)
			CHECK(nr[i] - nr[k] > 1ULL << 32 && nr[k] - nr[i] > 1ULL << 32,
			      "%llx after %llx", nr[i], nr[k]);
	}
}

static const struct ktap_case cases[] = {
	{ "entry_of_ours", entry_of_ours, 0 },
	{ "private_entry", private_entry, 0 },
	{ "never_reopened", never_reopened, 0 },
	{ "unmounted", unmounted, 0 },
	{ "mounted_over", mounted_over, 0 },
	{ "entry_removed_by_root", entry_removed_by_root, 0 },
	{ "entry_removed_all_the_time", entry_removed_all_the_time, 0 },
	{ "leftover_of_another", leftover_of_another, 0 },
	{ "names_not_foreseen", names_not_foreseen, 0 },
};

DRIVERS_TEST_MAIN(cases)
