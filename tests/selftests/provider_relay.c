// SPDX-License-Identifier: GPL-2.0-only
/*
 * The relay behind sev-guest and tdx-guest: its scratch mapping is in pid 1's
 * memory, for one request at a time, where no client can touch it; pid 1 may
 * execute another program at any time.
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
#include <unistd.h>

#define MAPS_MAX	(256 << 10)

static uint8_t buf[CVM_BUF_SIZE];
static uint8_t rd[64];

static void need_relay(void)
{
	struct cvm_state st;

	driver_state(&st);
	if (st.info.auto_provider != CVM_EVIDENCE_PROVIDER_SEV_GUEST &&
	    st.info.auto_provider != CVM_EVIDENCE_PROVIDER_TDX_GUEST)
		ktap_skip("requests go through TSM here");
}

/* Only of our own guest do we know that SIGTERM has pid 1 execute itself */
static void need_our_init(void)
{
	if (access("/etc/vm/session", F_OK))
		ktap_skip("pid 1 is not that of tests/vm");
}

static size_t maps(pid_t pid, char *text)
{
	char path[32];
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	while ((n = read(fd, text + len, MAPS_MAX - 1 - len)) > 0)
		len += n;
	CHECK(n == 0, "%s: %s", path, strerror(errno));
	close(fd);
	text[len] = '\0';
	return len;
}

/* It runs at other addresses afterwards: that is how we see that it did */
static void reexec_pid1(void)
{
	static char before[MAPS_MAX], after[MAPS_MAX];
	uint64_t end = now_ms() + 5000;

	maps(1, before);
	CHECK(!kill(1, SIGTERM), "kill: %s", strerror(errno));
	do {
		CHECK(now_ms() < end, "pid 1 did not execute itself anew");
		sleep_ms(2);
		maps(1, after);
	} while (!after[0] || !strcmp(before, after));
}

/* A request that the firmware holds; the file to poll for its end */
static int blocked(void)
{
	int fd = cvm_open(O_RDWR | O_NONBLOCK);

	sim_set("block=1");
	fill_random(rd, sizeof(rd));
	cvm_write(fd, rd, sizeof(rd));
	for (int i = 0; i < 1000 && !driver_counter("in_flight"); i++)
		sleep_ms(5);
	CHECK(driver_counter("in_flight") == 1, "%llu requests in the firmware",
	      driver_counter("in_flight"));
	return fd;
}

static void unblocked(int fd)
{
	struct cvm_blob b;
	ssize_t n;

	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) == POLLIN, "no evidence");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, rd, sizeof(rd), &b);
	close(fd);
}

static void take(int fd)
{
	struct cvm_blob b;

	fill_random(rd, sizeof(rd));
	cvm_take(fd, rd, sizeof(rd), &b);
}

static void pid1_executes_between_requests(void)
{
	int fd;

	need_relay();
	need_our_init();
	fd = cvm_open(O_RDWR);
	for (int i = 0; i < 10; i++) {
		take(fd);
		reexec_pid1();
		take(fd);
	}
}

static void pid1_executes_during_a_request(void)
{
	need_relay();
	need_our_init();
	for (int i = 0; i < 5; i++) {
		int fd = blocked();

		reexec_pid1();
		if (i & 1)
			reexec_pid1();
		unblocked(fd);
		fd = cvm_open(O_RDWR);
		take(fd);
		close(fd);
	}
}

static void executing(void *arg)
{
	(void)arg;
	for (;;) {
		reexec_pid1();
		sleep_ms(5);
	}
}

/* At any moment of a request, not only in the firmware */
static void pid1_executes_all_the_time(void)
{
	unsigned int n = 0;
	uint64_t end;
	pid_t pid;
	int fd;

	need_relay();
	need_our_init();
	sim_set("fast=1");
	fd = cvm_open(O_RDWR);
	pid = run_child(executing, NULL);
	for (end = now_ms() + 3000; now_ms() < end; n++)
		take(fd);
	CHECK(proc_state(pid) && proc_state(pid) != 'Z', "pid 1 got stuck");
	kill(pid, SIGKILL);
	reap_child(pid, 5000);
	ktap_note("%u requests meanwhile", n);
	CHECK(n > 50, "only %u requests", n);
}

/* "a scratch mapping that no client can touch": none of its own, at no time */
static void no_mapping_in_the_client(void)
{
	static char before[MAPS_MAX], during[MAPS_MAX];
	int fd;

	need_relay();
	/* whatever the first use of libc and simulator maps is mapped by now */
	unblocked(blocked());
	maps(getpid(), before);
	fd = blocked();
	maps(getpid(), during);
	CHECK(!strcmp(before, during), "the client's mappings were\n%s\nand are\n%s",
	      before, during);
	unblocked(fd);
}

/* The client that asked by ioctl is asleep in the kernel: nor has that one */
static void asks(void *arg)
{
	struct cvm_evidence_request req;
	int fd = cvm_open(O_RDWR);

	(void)arg;
	cvm_request_init(&req, "asleep", 6);
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
}

static void no_mapping_in_a_sleeper(void)
{
	static char first[MAPS_MAX], second[MAPS_MAX];
	pid_t pids[2];

	need_relay();
	sim_set("block=1");
	for (int i = 0; i < 2; i++) {
		pids[i] = run_child(asks, NULL);
		CHECK(wait_proc_state(pids[i], 'S', 5000), "client %d does not wait",
		      i);
		/* the first is in the firmware before the second comes */
		for (int j = 0; !i && j < 1000 && !driver_counter("in_flight"); j++)
			sleep_ms(5);
	}
	CHECK(driver_counter("in_flight") == 1, "%llu requests in the firmware",
	      driver_counter("in_flight"));
	/* one is served, one waits in the queue: the same program, forked twice */
	maps(pids[0], first);
	maps(pids[1], second);
	CHECK(!strcmp(first, second), "the one that is served has\n%s\nthe other\n%s",
	      first, second);
	sim_set("block=0");
	join_child(pids[0], 10000);
	join_child(pids[1], 10000);
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* "nothing is kept": pid 1 looks as before, also after errors */
static void nothing_stays_in_pid1(void)
{
	static char before[MAPS_MAX], now[MAPS_MAX];
	int fd;

	need_relay();
	fd = cvm_open(O_RDWR);
	take(fd);
	maps(1, before);
	sim_set("fast=1");
	sim_set("keep_key=1");
	for (int i = 0; i < 200; i++) {
		if (i % 20 == 19) {
			sim_set("fw_error=0x16:1");
			cvm_write(fd, "x", 1);
			CHECK(read(fd, buf, 1) < 0 && errno == EIO, "%s",
			      strerror(errno));
		}
		take(fd);
	}
	maps(1, now);
	CHECK(!strcmp(before, now), "pid 1 had\n%s\nand has\n%s", before, now);
	ktap_note("pid 1 has %u mappings before and after", lines(now));
}

/* "A waiter dies at once on SIGKILL", whatever the worker does meanwhile */
static void client_dies(void)
{
	pid_t pid;
	int fd;

	need_relay();
	sim_set("block=1");
	pid = run_child(asks, NULL);
	for (int i = 0; i < 1000 && !driver_counter("in_flight"); i++)
		sleep_ms(5);
	CHECK(wait_proc_state(pid, 'S', 5000), "the client does not wait");
	kill(pid, SIGKILL);
	reap_child(pid, 1000);
	CHECK(driver_counter("in_flight") == 1, "the request went with its client");
	sim_set("block=0");
	fd = cvm_open(O_RDWR);
	take(fd);
	close(fd);
}

static const struct ktap_case cases[] = {
	{ "pid1_executes_between_requests", pid1_executes_between_requests, 0 },
	{ "pid1_executes_during_a_request", pid1_executes_during_a_request, 0 },
	{ "pid1_executes_all_the_time", pid1_executes_all_the_time, 0 },
	{ "no_mapping_in_the_client", no_mapping_in_the_client, 0 },
	{ "no_mapping_in_a_sleeper", no_mapping_in_a_sleeper, 0 },
	{ "nothing_stays_in_pid1", nothing_stays_in_pid1, 0 },
	{ "client_dies", client_dies, 0 },
};

DRIVERS_TEST_MAIN(cases)
