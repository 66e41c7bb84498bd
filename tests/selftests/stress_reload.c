// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers reloaded under load, and our own module: nothing breaks, rmmod of a
 * driver succeeds within a second of the load's end, and ours is refused while
 * it is open.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "live.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CLIENTS		16
#define RELOADS		20

/* What the clients did, shared with them */
static struct shared {
	atomic_bool stop, pause;
	atomic_uint good, nodev, late, other;
} *shared;

static void share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED, "mmap: %s", strerror(errno));
}

/*
 * Evidence bound to its data, or one of the errors that a driver that goes
 * away may cause; not EBADMSG, not EINVAL
 */
static void one(int fd)
{
	static uint8_t buf[CVM_BUF_SIZE];
	struct cvm_evidence_request req;
	struct cvm_blob b;
	uint8_t rd[64];
	ssize_t n;
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.timeout_ms = 5000;
	err = -cvm_request(fd, &req);
	switch (err) {
	case 0:
		n = cvm_slurp(fd, buf, sizeof(buf));
		CHECK(n > 0, "read: %s", strerror(-n));
		cvm_blob_check(buf, n, rd, sizeof(rd), &b);
		shared->good++;
		return;
	case ENODEV:
		shared->nodev++;
		/* whoever is told so leaves the CPU to those who mend it */
		sleep_ms(10);
		return;
	case ETIMEDOUT:
		shared->late++;
		return;
	case EIO:
		shared->other++;
		return;
	}
	CHECK(false, "REQUEST: %s", strerror(err));
}

static void client(void *arg)
{
	int fd = cvm_open(O_RDWR);

	(void)arg;
	while (!shared->stop) {
		if (shared->pause) {
			sleep_ms(5);
			continue;
		}
		one(fd);
	}
	close(fd);
}

/*
 * Under load the entry lives on and rmmod must fail; once the load pauses it
 * succeeds within a second
 */
static void unload_under_load(unsigned int *refused)
{
	uint64_t end = now_ms() + 100;
	int err;

	while ((err = module_unload_once(driver_name()))) {
		CHECK(err == -EAGAIN || err == -EBUSY, "rmmod: %s",
		      strerror(-err));
		++*refused;
		if (now_ms() > end) {
			shared->pause = true;
			module_unload(driver_name(), 1000);
			shared->pause = false;
			return;
		}
		sleep_ms(3);
	}
}

static void drivers_under_load(void)
{
	unsigned int refused = 0, before, reloads = ktap_stress(RELOADS);
	pid_t pids[CLIENTS];
	const char *why;
	struct cvm_state st;
	int fd;

	sim_need();
	driver_name();
	share();
	sim_set("fast=1");
	for (int i = 0; i < CLIENTS; i++)
		pids[i] = run_child(client, NULL);
	for (unsigned int i = 0; i < reloads; i++) {
		uint64_t end = now_ms() + 10000;

		/* whoever comes back is used: no client stays with ENODEV */
		before = shared->good;
		while (shared->good < before + CLIENTS) {
			CHECK(now_ms() < end, "no evidence after reload %u", i);
			sleep_ms(5);
		}
		unload_under_load(&refused);
		sleep_ms(20);
		CHECK(!driver_load(NULL), "reload %u", i);
	}
	shared->stop = true;
	for (int i = 0; i < CLIENTS; i++)
		join_child(pids[i], 10000);
	ktap_note("%u good, %u ENODEV, %u ETIMEDOUT, %u EIO; rmmod refused %u times",
		  shared->good, shared->nodev, shared->late, shared->other,
		  refused);

	fd = cvm_open(O_RDONLY);
	CHECK(cvm_wait_idle(fd, 5000), "requests are still alive");
	cvm_get_info(fd, &st);
	CHECK(st.info.requests_started == st.info.requests_ok +
	      st.info.requests_failed, "%llu started",
	      (unsigned long long)st.info.requests_started);
	why = live_wait(&(struct cvm_live){ .files = 1 }, 5000);
	CHECK(!why, "%s", why);
	CHECK(!driver_counter("after_remove") && !driver_counter("not_ready"),
	      "the driver was asked while it was not there");
}

/* Our own: refused while a file is open, or a request without one is served */
static void ours_while_open(void)
{
	int fd, err;

	sim_need();
	driver_name();
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	err = module_unload_once("cvm_evidence");
	CHECK(err == -EAGAIN || err == -EBUSY, "rmmod with an open file: %s",
	      strerror(-err));
	sim_set("block=1");
	cvm_write(fd, "orphan", 6);
	for (int i = 0; i < 500 && !driver_counter("in_flight"); i++)
		sleep_ms(10);
	CHECK(driver_counter("in_flight"), "the request never got there");
	close(fd);
	for (int i = 0; i < 20; i++) {
		err = module_unload_once("cvm_evidence");
		CHECK(err == -EAGAIN || err == -EBUSY,
		      "rmmod with a request in the firmware: %s", strerror(-err));
		sleep_ms(10);
	}
	sim_set("block=0");
	module_unload("cvm_evidence", 2000);
	module_load("cvm_evidence");
}

/* Over and over, right after evidence: entry, timers and threads are gone */
static void ours_again_and_again(void)
{
	struct cvm_blob b;
	int fd;

	sim_need();
	driver_name();
	for (int i = 0; i < 8; i++) {
		fd = cvm_open(O_RDWR);
		cvm_take(fd, "reload", 6, &b);
		close(fd);
		reload_ours();
		if (tsm_entries() >= 0)
			CHECK(!tsm_entries(), "an entry outlived its module");
	}
	/* and no driver is held by a module that is not there */
	module_unload("cvm_evidence", 1000);
	CHECK(!module_unload_once(driver_name()), "the driver is still held");
}

static const struct ktap_case cases[] = {
	{ "drivers_under_load", drivers_under_load, 180 },
	{ "ours_while_open", ours_while_open, 0 },
	{ "ours_again_and_again", ours_again_and_again, 0 },
};

DRIVERS_TEST_MAIN(cases)
