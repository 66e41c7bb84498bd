// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing of process 1's address space is kept by a request: process 1 runs a
 * program of a tmpfs, requests go through its memory, it executes itself anew
 * from elsewhere, and then the tmpfs must unmount.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIR_NAME	"/mnt/cvm-init"
#define COPY		DIR_NAME "/init"
#define INIT		"/init"
#define ASIDE		"/mnt/cvm-init.aside"

/* In the parent the case's mounts are undone, however it ended. */
static struct undo {
	bool bound, aside, mounted;
} *undo;

__attribute__((constructor)) static void undo_init(void)
{
	undo = mmap(NULL, sizeof(*undo), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (undo == MAP_FAILED)
		abort();
}

static void exe_of_init(struct stat *st)
{
	CHECK(!stat("/proc/1/exe", st), "/proc/1/exe: %s", strerror(errno));
}

/* It executes INIT, whatever is mounted there now */
static void execute_init(void)
{
	struct stat want, is;
	uint64_t end = now_ms() + 5000;

	CHECK(!stat(INIT, &want), INIT ": %s", strerror(errno));
	CHECK(!kill(1, SIGTERM), "kill: %s", strerror(errno));
	for (;;) {
		exe_of_init(&is);
		if (is.st_dev == want.st_dev && is.st_ino == want.st_ino)
			return;
		CHECK(now_ms() < end, "process 1 did not execute itself anew");
		sleep_ms(5);
	}
}

static void copy_init(void)
{
	static char buf[1 << 16];
	int from = open(INIT, O_RDONLY | O_CLOEXEC), to;
	ssize_t n;

	to = open(COPY, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	CHECK(from >= 0 && to >= 0, "copying " INIT ": %s", strerror(errno));
	while ((n = read(from, buf, sizeof(buf))) > 0)
		CHECK(write(to, buf, n) == n, COPY ": %s", strerror(errno));
	CHECK(!n && !close(to) && !close(from), COPY ": %s", strerror(errno));
}

/*
 * The copy is mounted over INIT while process 1 executes it, and then moved
 * aside: that mount is in use by the program and by nothing else.
 */
static void init_from_tmpfs(void)
{
	mkdir(DIR_NAME, 0755);
	CHECK(!mount("none", DIR_NAME, "tmpfs", 0, "mode=755"), DIR_NAME ": %s",
	      strerror(errno));
	undo->mounted = true;
	copy_init();
	close(open(ASIDE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	CHECK(!mount(COPY, INIT, NULL, MS_BIND, NULL), INIT ": %s",
	      strerror(errno));
	undo->bound = true;
	execute_init();
	CHECK(!mount(INIT, ASIDE, NULL, MS_MOVE, NULL), ASIDE ": %s",
	      strerror(errno));
	undo->bound = false;
	undo->aside = true;
}

static bool unmounts(unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;

	while (umount(ASIDE)) {
		CHECK(errno == EBUSY, ASIDE ": %s", strerror(errno));
		if (now_ms() > end)
			return false;
		sleep_ms(20);
	}
	undo->aside = false;
	CHECK(!umount(DIR_NAME), DIR_NAME ": %s", strerror(errno));
	undo->mounted = false;
	rmdir(DIR_NAME);
	unlink(ASIDE);
	return true;
}

static void setup(void)
{
	sim_need();
	need_root();
	/* only of our own guest do we know what SIGTERM has process 1 do */
	if (access("/etc/vm/session", F_OK) || access("/mnt", F_OK))
		ktap_skip("process 1 is not that of tests/vm");
}

/* By itself it unmounts: else the case below shows nothing. */
static void without_requests(void)
{
	setup();
	init_from_tmpfs();
	CHECK(!unmounts(0), "the tmpfs unmounts under the program it has");
	execute_init();
	CHECK(unmounts(5000), "the tmpfs does not unmount without us, either");
}

/* Every way that a request can end in */
static void after_requests(void)
{
	static uint8_t buf[CVM_BUF_SIZE];
	struct cvm_evidence_request req;
	struct cvm_blob b;
	int fd;

	setup();
	init_from_tmpfs();
	fd = cvm_open(O_RDWR);
	for (int i = 0; i < 5; i++)
		cvm_take(fd, "memory", 6, &b);
	sim_fail_next();
	cvm_write(fd, "fails", 5);
	CHECK(cvm_slurp(fd, buf, sizeof(buf)) == -EIO, "not the error asked for");
	sim_set("delay=300");
	cvm_request_init(&req, "late", 4);
	req.timeout_ms = 50;
	CHECK(cvm_request(fd, &req) == -ETIMEDOUT, "not late");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	cvm_write(fd, "closed", 6);
	close(fd);
	CHECK(cvm_wait_idle(cvm_open(O_RDONLY), 10000), "not idle");
	sim_set("delay=0");
	/* another way through its memory, where there is one */
	fd = cvm_open(O_RDWR);
	for (uint32_t p = CVM_EVIDENCE_PROVIDER_SEV_GUEST;
	     p <= CVM_EVIDENCE_PROVIDER_TDX_GUEST; p++) {
		cvm_request_init(&req, "by name", 7);
		req.provider = p;
		cvm_request(fd, &req);
	}
	close(fd);
	execute_init();
	CHECK(unmounts(5000), "an address space that process 1 left is still held");
}

/* Under a request: it is left while the firmware works. */
static void under_a_request(void)
{
	int fd;

	setup();
	init_from_tmpfs();
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	sim_set("block=1");
	cvm_write(fd, "memory", 6);
	for (int i = 0; i < 1000 && !driver_counter("in_flight"); i++)
		sleep_ms(5);
	CHECK(driver_counter("in_flight"), "no request in the firmware");
	execute_init();
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 20000) & POLLIN, "no answer");
	close(fd);
	CHECK(unmounts(5000), "an address space that process 1 left is still held");
}

static const struct ktap_case cases[] = {
	{ "without_requests", without_requests, 0 },
	{ "after_requests", after_requests, 0 },
	{ "under_a_request", under_a_request, 0 },
};

static void teardown(void)
{
	sim_reset();
	if (undo->bound)
		umount2(INIT, MNT_DETACH);
	undo->bound = false;
	if (!undo->mounted)
		return;
	undo->mounted = false;
	kill(1, SIGTERM);
	sleep_ms(500);
	if (undo->aside)
		umount2(ASIDE, MNT_DETACH);
	undo->aside = false;
	unlink(ASIDE);
	if (umount2(DIR_NAME, MNT_DETACH))
		ktap_note(DIR_NAME ": %s", strerror(errno));
	rmdir(DIR_NAME);
}

int main(int argc, char **argv)
{
	struct ktap_program prog = {
		.cases = cases, .nr = ARRAY_SIZE(cases), .teardown = teardown,
	};

	if (access(cvm_node(), F_OK))
		return ktap_skip_all("no device: load cvm_evidence first");
	return ktap_run(&prog, argc, argv);
}
