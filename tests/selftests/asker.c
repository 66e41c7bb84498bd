// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "asker.h"
#include "sha256.h"
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct told *told;
struct nl listener;
const char *asker_node;

void asker_setup(void)
{
	cvm_need_evidence();
	need_root();
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(told != MAP_FAILED, "%s", strerror(errno));
	asker_node = cvm_node();
	nl_listen(&listener);
	nl_drain(&listener);
}

void hold_still(void)
{
	__atomic_store_n(&told->asked, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

void wait_asked(void)
{
	uint64_t end = now_ms() + 20000;

	while (!__atomic_load_n(&told->asked, __ATOMIC_ACQUIRE)) {
		CHECK(now_ms() < end, "nobody asked in 20 s");
		sleep_ms(2);
	}
}

int asker_open(void)
{
	int fd = open(asker_node, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "%s: %s", asker_node, strerror(errno));
	return fd;
}

/* Takes evidence from the file by write and read, for random data. */
void take_from(int fd, size_t rd_len)
{
	told->rd_len = rd_len;
	fill_random(told->report_data, rd_len);
	cvm_write(fd, told->report_data, rd_len);
	told->len = cvm_slurp(fd, told->blob, sizeof(told->blob));
	CHECK(told->len > 0, "read: %s", strerror(-told->len));
}

void take_and_stay(void *arg)
{
	(void)arg;
	take_from(asker_open(), 20);
	hold_still();
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static uint64_t item_u64(const struct cvm_blob *b, uint32_t type, size_t at)
{
	const struct cvm_item *item = cvm_blob_find(b, type);

	CHECK(item, "a blob without item %u", type);
	return cvm_get64(item->data + at);
}

/* The event of the blob in told */
void check_taken(const struct nl_event *ev, struct cvm_blob *b)
{
	const struct cvm_item *report;
	uint64_t now = clock_ns(CLOCK_BOOTTIME), real = clock_ns(CLOCK_REALTIME);
	uint64_t there, boottime = nl_num(ev, EVA(BOOTTIME));
	uint8_t digest[32];
	const char *wrong;

	wrong = cvm_blob_parse(told->blob, told->len, b);
	CHECK(!wrong, "blob: %s", wrong);
	CHECK(nl_num(ev, EVA(SEQUENCE)) ==
	      item_u64(b, CVM_EVIDENCE_ITEM_SEQUENCE, 0), "sequence %llu",
	      (unsigned long long)nl_num(ev, EVA(SEQUENCE)));
	CHECK(nl_num(ev, EVA(PROVIDER)) == b->hdr.provider, "provider");
	CHECK(nl_num(ev, EVA(TEE)) == b->hdr.tee, "tee");
	CHECK(nl_num(ev, EVA(VM_EPOCH)) ==
	      item_u64(b, CVM_EVIDENCE_ITEM_VM_EPOCH, 0), "epoch");
	CHECK(nl_num(ev, EVA(BATCH)) == 1, "batch");
	CHECK(nl_has(ev, EVA(KERNEL_RANDOM)) ==
	      !!(b->hdr.flags & CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM),
	      "kernel-random is not as the blob says");

	/* told when the evidence was there, which the blob says, and before now */
	there = item_u64(b, CVM_EVIDENCE_ITEM_TIME, 0);
	CHECK(boottime >= there && boottime <= now, "boottime %llu, of %llu..%llu",
	      (unsigned long long)boottime, (unsigned long long)there,
	      (unsigned long long)now);
	there = item_u64(b, CVM_EVIDENCE_ITEM_TIME, 8);
	CHECK(nl_num(ev, EVA(REALTIME)) >= there &&
	      nl_num(ev, EVA(REALTIME)) <= real, "realtime");

	/* whose hash would show a good guess of report_data */
	if (b->hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT) {
		CHECK(!nl_has(ev, EVA(REPORT_SHA256)), "the SHA-256 of a TDREPORT");
		return;
	}
	report = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT);
	CHECK(report, "a blob without a report");
	sha256(report->data, report->len, digest);
	CHECK(!memcmp(nl_bytes(ev, EVA(REPORT_SHA256), 32), digest, 32),
	      "another SHA-256 than the report's");
}

/* The event of who is child number pid of ours, and of the blob in told */
void check_asker(pid_t pid)
{
	struct nl_event ev;
	struct witness w;
	struct cvm_blob b;

	wait_asked();
	witness_read(pid, &w);
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	nl_note(&ev);
	check_taken(&ev, &b);
	witness_check(&ev, &w);
	nl_none(&listener, EV(EVIDENCE_TAKEN), 200);
}
