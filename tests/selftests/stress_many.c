// SPDX-License-Identifier: GPL-2.0-only
/*
 * 10,000 requests and nothing left of them: "two open files never see each
 * other", blobs are freed with their readers, an entry of TSM is dropped 100 ms
 * after the last request, and "at rest requests_started = requests_ok +
 * requests_failed".
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A debug kernel takes minutes for as many: there it is a quarter */
static unsigned int requests = 10000;
static uint8_t buf[CVM_BUF_SIZE];
static unsigned int taken, failed, dropped;

static void by_read(int fd)
{
	struct cvm_blob b;
	ssize_t n = cvm_slurp(fd, buf, sizeof(buf));

	CHECK(n > 0, "read: %s", strerror(-n));
	CHECK(!cvm_blob_parse(buf, n, &b), "%s", cvm_blob_parse(buf, n, &b));
	taken++;
}

static void by_write(int fd)
{
	uint8_t rd[64];
	struct cvm_blob b;

	fill_random(rd, sizeof(rd));
	cvm_take(fd, rd, 1 + rd[0] % 64, &b);
	taken++;
}

static void by_ioctl(int fd)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	uint8_t rd[64];
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	err = cvm_request(fd, &req);
	CHECK(!err, "REQUEST: %s", strerror(-err));
	CHECK(cvm_slurp(fd, buf, sizeof(buf)) == (ssize_t)req.blob_len,
	      "blob_len %llu", (unsigned long long)req.blob_len);
	cvm_blob_check(buf, req.blob_len, rd, sizeof(rd), &b);
	taken++;
}

/* Evidence that nobody reads, wholly or in part */
static void unread(int fd, unsigned int i)
{
	cvm_write(fd, "unread", 6);
	CHECK(read(fd, buf, 1 + i % 100) > 0, "read: %s", strerror(errno));
	taken++;
}

/* A request whose file is closed at once: served or canceled, never kept */
static void closed(void)
{
	struct cvm_evidence_request req;
	int fd = cvm_open(O_RDWR | O_NONBLOCK), err;

	cvm_request_init(&req, "closed", 6);
	err = cvm_request(fd, &req);
	CHECK(!err || err == -EAGAIN, "REQUEST: %s", strerror(-err));
	close(fd);
	dropped++;
}

static void failing(int fd)
{
	sim_fail_next();
	cvm_write(fd, "fail", 4);
	CHECK(read(fd, buf, 1) < 0 && errno == EIO, "%s", strerror(errno));
	failed++;
}

static void one(int kept, unsigned int i)
{
	int fd;

	/* every program that the simulator's ctl runs costs milliseconds */
	if (i % 500 == 499) {
		failing(kept);
		return;
	}
	switch (i % 8) {
	case 0:
	case 1:
	case 2:
		by_write(kept);
		break;
	case 3:
		by_ioctl(kept);
		break;
	case 4:
		unread(kept, i);
		break;
	case 5:
		fd = cvm_open(O_RDONLY);
		by_read(fd);
		close(fd);
		break;
	case 6:
		fd = cvm_open(O_RDWR);
		by_write(fd);
		close(fd);
		break;
	case 7:
		closed();
		break;
	}
}

static void check_caches(void)
{
	for (size_t i = 0; i < CVM_CACHES; i++) {
		long n = cvm_slab_objects(cvm_caches[i]);

		if (n < 0)
			ktap_note("no /sys/kernel/slab/%s here", cvm_caches[i]);
		CHECK(n <= 0, "%ld objects are left in %s", n, cvm_caches[i]);
	}
}

static void check_counters(const struct cvm_state *was, const struct cvm_state *is)
{
	const struct cvm_evidence_info *a = &was->info, *b = &is->info;
	uint64_t started = b->requests_started - a->requests_started;
	uint64_t ok = b->requests_ok - a->requests_ok;
	uint64_t bad = b->requests_failed - a->requests_failed;
	uint64_t gone = b->requests_canceled - a->requests_canceled;
	uint64_t prov_started = 0, prov_failed = 0;

	ktap_note("%llu started, %llu ok, %llu failed (%llu canceled)",
		  (unsigned long long)started, (unsigned long long)ok,
		  (unsigned long long)bad, (unsigned long long)gone);
	CHECK(started == requests, "%llu started",
	      (unsigned long long)started);
	CHECK(started == ok + bad, "started is not ok + failed");
	CHECK(bad == failed + gone, "%llu failed, %u of them by the firmware",
	      (unsigned long long)bad, failed);
	CHECK(gone <= dropped, "%llu canceled, %u files were closed",
	      (unsigned long long)gone, dropped);
	for (unsigned int i = 0; i < is->nr; i++) {
		prov_started += is->prov[i].started - was->prov[i].started;
		prov_failed += is->prov[i].failed - was->prov[i].failed;
		CHECK(!is->prov[i].queued, "%s has %u queued", is->prov[i].name,
		      is->prov[i].queued);
	}
	/* a canceled one may never have come to a provider */
	CHECK(prov_started <= started && started - prov_started <= gone,
	      "the providers began %llu", (unsigned long long)prov_started);
	CHECK(bad - prov_failed == started - prov_started,
	      "the providers count %llu failures",
	      (unsigned long long)prov_failed);
	CHECK(!b->requests_waiting, "%u wait", b->requests_waiting);
}

static void ten_thousand(void)
{
	static struct cvm_state was, is;
	struct cvm_live live;
	const char *left;
	uint64_t begin;
	int info, kept;

	sim_need();
	info = cvm_open(O_RDONLY);
	CHECK(cvm_wait_idle(info, 5000), "requests of others");
	cvm_get_info(info, &was);
	cvm_get_live(&live);
	sim_set("fast=1");
	if (ktap_debug_kernel())
		requests /= 4;
	requests = ktap_stress(requests);

	begin = now_ms();
	kept = cvm_open(O_RDWR);
	for (unsigned int i = 0; i < requests; i++)
		one(kept, i);
	close(kept);
	ktap_note("%u requests in %llu ms", requests,
		  (unsigned long long)(now_ms() - begin));

	CHECK(cvm_wait_idle(info, 5000), "requests are still alive");
	if (tsm_entries() >= 0)
		CHECK_TIME(tsm_entries_gone(200),
			   "a configfs entry is left after 200 ms");
	left = live_wait(&live, 5000);
	CHECK(!left, "%s does not come back to what it was", left);
	cvm_get_info(info, &is);
	check_counters(&was, &is);
	/* the last open file of its share */
	close(info);
	check_caches();
}

static const struct ktap_case cases[] = {
	{ "ten_thousand", ten_thousand, 600 },
};

CVM_TEST_MAIN(cases)
