// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host changes its certificates and not the TCB, while evidence is taken all
 * the time: the new ones come within a minute.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#define AGE_MS		60000

static uint8_t buf[CVM_BUF_SIZE], was[1 << 16];

static size_t certs(int fd, uint8_t *out, size_t size)
{
	const struct cvm_item *it;
	struct cvm_blob b;
	uint8_t rd[64];
	ssize_t n;

	fill_random(rd, sizeof(rd));
	cvm_write(fd, rd, sizeof(rd));
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, rd, sizeof(rd), &b);
	it = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_CERTS);
	CHECK(it && it->len <= size, "no certificates");
	memcpy(out, it->data, it->len);
	return it->len;
}

/* So that the entry is never dropped for want of requests */
static void asks_all_the_time(void *arg)
{
	static uint8_t out[1 << 16];
	int fd = cvm_open(O_RDWR);

	(void)arg;
	for (;;) {
		certs(fd, out, sizeof(out));
		sleep_ms(10);
	}
}

static void changed_by_the_host(void)
{
	static uint8_t now[1 << 16];
	uint64_t begin;
	size_t len, n;
	pid_t pid;
	int fd;

	sim_need();
	if (strcmp(driver_name(), "sev_guest") || !driver_tsm())
		ktap_skip("no certificates through TSM here");
	fd = cvm_open(O_RDWR);
	sim_set("fast=1");
	sim_set("certs=pem");
	pid = run_child(asks_all_the_time, NULL);
	len = certs(fd, was, sizeof(was));
	begin = now_ms();
	sim_set("certs=der");
	do {
		n = certs(fd, now, sizeof(now));
		if (n != len || memcmp(was, now, n))
			break;
		sleep_ms(200);
	} while (now_ms() - begin < AGE_MS + 30000);
	kill(pid, SIGKILL);
	reap_child(pid, 20000);
	ktap_note("new certificates after %llu ms",
		  (unsigned long long)(now_ms() - begin));
	CHECK_TIME(now_ms() - begin < AGE_MS + 5000, "the old ones stay");
	CHECK_TIME(now_ms() - begin > AGE_MS / 2, "no entry was kept");
}

/* By the driver's ioctl: what did not fit once is asked for again a minute later */
static void too_large_once(void)
{
	struct cvm_evidence_request req;
	const struct cvm_item *it = NULL;
	static uint8_t buf[CVM_BUF_SIZE];
	uint64_t begin = 0;
	uint8_t rd[64];
	struct cvm_blob b;
	int fd, err;
	ssize_t n;

	sim_need();
	if (strcmp(driver_name(), "sev_guest"))
		ktap_skip("only SNP has certificates");
	fd = cvm_open(O_RDWR);
	sim_set("certs=large:1");
	for (;;) {
		fill_random(rd, sizeof(rd));
		cvm_request_init(&req, rd, sizeof(rd));
		req.provider = CVM_EVIDENCE_PROVIDER_SEV_GUEST;
		err = cvm_request(fd, &req);
		CHECK(!err, "REQUEST: %s", strerror(-err));
		n = cvm_slurp(fd, buf, sizeof(buf));
		CHECK(n > 0, "read: %s", strerror(-n));
		cvm_blob_check(buf, n, rd, sizeof(rd), &b);
		it = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_CERTS);
		if (!begin) {
			CHECK(!it, "certificates of more than 16 KiB");
			begin = now_ms();
		}
		if (it || now_ms() - begin >= AGE_MS + 30000)
			break;
		sleep_ms(200);
	}
	ktap_note("certificates after %llu ms",
		  (unsigned long long)(now_ms() - begin));
	CHECK_TIME(it && now_ms() - begin < AGE_MS + 5000, "none");
	CHECK_TIME(now_ms() - begin > AGE_MS / 2, "asked for again at once");
}

static const struct ktap_case cases[] = {
	{ "changed_by_the_host", changed_by_the_host, 180 },
	{ "too_large_once", too_large_once, 180 },
};

DRIVERS_TEST_MAIN(cases)
