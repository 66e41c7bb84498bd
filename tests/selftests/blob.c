// SPDX-License-Identifier: GPL-2.0-only
/* What the blob says: UAPI header "THE EVIDENCE BLOB". */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct cvm_item *item(const struct cvm_blob *b, uint32_t type)
{
	const struct cvm_item *it = cvm_blob_find(b, type);

	CHECK(it, "item %u is missing", type);
	return it;
}

static void take(struct cvm_blob *b)
{
	cvm_need_evidence();
	cvm_take(cvm_open(O_RDWR), "blob", 4, b);
}

static void header(void)
{
	const struct cvm_evidence_provider *p;
	struct cvm_state st;
	struct cvm_blob b;

	take(&b);
	cvm_get_info(cvm_open(O_RDONLY), &st);
	p = cvm_find(&st, st.info.auto_provider);
	CHECK(b.hdr.major == 1 && b.hdr.minor == CVM_EVIDENCE_BLOB_MINOR,
	      "version %u.%u", b.hdr.major, b.hdr.minor);
	CHECK(b.hdr.header_len == CVM_EVIDENCE_BLOB_HEADER_LEN, "%u",
	      b.hdr.header_len);
	CHECK(b.hdr.provider == p->id, "provider %u", b.hdr.provider);
	CHECK(b.hdr.tee == p->tee, "tee %u, GET_INFO says %u", b.hdr.tee, p->tee);
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_DIRECT, "%u", b.hdr.binding);
	CHECK(!(b.hdr.flags & ~(CVM_EVIDENCE_BLOB_F_TDREPORT |
				CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM |
				CVM_EVIDENCE_BLOB_F_UNCHECKED |
				CVM_EVIDENCE_BLOB_F_HCL_CACHED)), "flags 0x%x",
	      b.hdr.flags);
	/* "the kernel cannot read the report": it can read SNP's and TDX's */
	CHECK(!(b.hdr.flags & CVM_EVIDENCE_BLOB_F_UNCHECKED) ==
	      (b.hdr.tee == CVM_EVIDENCE_TEE_SEV_SNP ||
	       b.hdr.tee == CVM_EVIDENCE_TEE_TDX), "flags 0x%x of tee %u",
	      b.hdr.flags, b.hdr.tee);
	/* "flagged as such, never passed off as a quote" */
	CHECK(!(b.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT) ==
	      (b.hdr.provider != CVM_EVIDENCE_PROVIDER_TDX_GUEST), "flags 0x%x",
	      b.hdr.flags);
}

/* Every blob has these, and none has what is reserved */
static void items(void)
{
	static const uint32_t must[] = {
		CVM_EVIDENCE_ITEM_REPORT_DATA, CVM_EVIDENCE_ITEM_REPORT,
		CVM_EVIDENCE_ITEM_DRIVER, CVM_EVIDENCE_ITEM_SEQUENCE,
		CVM_EVIDENCE_ITEM_BOOT_ID, CVM_EVIDENCE_ITEM_VM_EPOCH,
		CVM_EVIDENCE_ITEM_TIME, CVM_EVIDENCE_ITEM_MODULE_VERSION,
	};
	struct cvm_blob b;

	take(&b);
	for (size_t i = 0; i < ARRAY_SIZE(must); i++)
		item(&b, must[i]);
	for (unsigned int i = 0; i < b.nr; i++) {
		ktap_note("item %u: flags 0x%x, %u bytes", b.item[i].type,
			  b.item[i].flags, b.item[i].len);
		CHECK(b.item[i].type >= CVM_EVIDENCE_ITEM_REPORT_DATA &&
		      b.item[i].type <= CVM_EVIDENCE_ITEM_ABSENT, "type %u",
		      b.item[i].type);
	}
	CHECK(!cvm_blob_find(&b, CVM_EVIDENCE_ITEM_STATEMENT) &&
	      !cvm_blob_find(&b, CVM_EVIDENCE_ITEM_MERKLE_PATH), "reserved items");
}

/* "REPORT: the evidence, raw and whole": its own version and length */
static void report(void)
{
	const struct cvm_item *r;
	struct cvm_blob b;

	take(&b);
	r = item(&b, CVM_EVIDENCE_ITEM_REPORT);
	switch (b.hdr.tee) {
	case CVM_EVIDENCE_TEE_SEV_SNP:
		CHECK(r->len == 1184, "%u bytes", r->len);
		CHECK(cvm_get32(r->data) >= 2 && cvm_get32(r->data) < 16,
		      "report version %u", cvm_get32(r->data));
		break;
	case CVM_EVIDENCE_TEE_TDX:
		if (b.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT) {
			CHECK(r->len == 1024 && r->data[0] == 0x81,
			      "%u bytes, type 0x%x", r->len, r->data[0]);
		} else {
			uint32_t tee = cvm_get32(r->data + 4);

			CHECK(tee == 0x81, "TEE type 0x%x", tee);
			CHECK(r->len > 632, "%u bytes", r->len);
		}
		break;
	default:
		CHECK(r->len > 64, "%u bytes", r->len);
	}
	/* cvm_take() has compared REPORT_DATA inside it */
}

/* Two requests for the same data: two reports, the same REPORT_DATA */
static void same_data_twice(void)
{
	static uint8_t first[64];
	struct cvm_blob a, b;
	uint64_t seq;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	cvm_take(fd, "same", 4, &a);
	seq = cvm_get64(item(&a, CVM_EVIDENCE_ITEM_SEQUENCE)->data);
	if (cvm_blob_bound(&a))
		memcpy(first, cvm_blob_bound(&a), 64);
	cvm_take(fd, "same", 4, &b);
	CHECK(cvm_get64(item(&b, CVM_EVIDENCE_ITEM_SEQUENCE)->data) > seq,
	      "not a request of its own");
	if (cvm_blob_bound(&b))
		CHECK(!memcmp(first, cvm_blob_bound(&b), 64), "");
}

/* "BOOT_ID: as /proc/sys/kernel/random/boot_id, in the order of its text" */
static void boot_id(void)
{
	char text[64], hex[40] = "";
	const struct cvm_item *it;
	struct cvm_blob b;
	int n = 0;

	take(&b);
	CHECK(read_line("/proc/sys/kernel/random/boot_id", text, sizeof(text)),
	      "%s", strerror(errno));
	it = item(&b, CVM_EVIDENCE_ITEM_BOOT_ID);
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			hex[n++] = '-';
		n += snprintf(hex + n, sizeof(hex) - n, "%02x", it->data[i]);
	}
	CHECK(!strcmp(hex, text), "%s, not %s", hex, text);
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* "CLOCK_BOOTTIME and CLOCK_REALTIME when the evidence was there" */
static void times(void)
{
	uint64_t boot, real, boot_then, real_then;
	const struct cvm_item *it;
	struct cvm_blob b;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	boot = clock_ns(CLOCK_BOOTTIME);
	real = clock_ns(CLOCK_REALTIME);
	cvm_take(fd, "time", 4, &b);
	it = item(&b, CVM_EVIDENCE_ITEM_TIME);
	boot_then = cvm_get64(it->data);
	real_then = cvm_get64(it->data + 8);
	CHECK(boot_then >= boot && boot_then <= clock_ns(CLOCK_BOOTTIME),
	      "boottime %llu", (unsigned long long)boot_then);
	CHECK(real_then >= real && real_then <= clock_ns(CLOCK_REALTIME),
	      "realtime %llu", (unsigned long long)real_then);
}

/* "when the evidence was there": the end of the wait, not its beginning */
static void time_is_of_the_end(void)
{
	uint64_t boot;
	struct cvm_blob b;
	int fd;

	sim_need();
	sim_set("delay=500:1");
	fd = cvm_open(O_RDWR);
	boot = clock_ns(CLOCK_BOOTTIME);
	cvm_take(fd, "time", 4, &b);
	CHECK(cvm_get64(item(&b, CVM_EVIDENCE_ITEM_TIME)->data) >=
	      boot + 350000000, "taken before the firmware was done");
}

/* Texts without NUL; version and epoch as GET_INFO tells them */
static void texts_and_epoch(void)
{
	const struct cvm_item *it;
	struct cvm_state st;
	struct cvm_blob b;

	take(&b);
	cvm_get_info(cvm_open(O_RDONLY), &st);
	it = item(&b, CVM_EVIDENCE_ITEM_MODULE_VERSION);
	CHECK(it->len == strlen(st.info.version) &&
	      !memcmp(it->data, st.info.version, it->len), "version %.*s",
	      (int)it->len, (const char *)it->data);
	it = item(&b, CVM_EVIDENCE_ITEM_DRIVER);
	CHECK(it->len && it->len < 32, "%u", it->len);
	for (uint32_t i = 0; i < it->len; i++)
		CHECK(isprint(it->data[i]), "driver has byte 0x%x", it->data[i]);
	ktap_note("driver %.*s", (int)it->len, (const char *)it->data);
	it = item(&b, CVM_EVIDENCE_ITEM_VM_EPOCH);
	CHECK(cvm_get64(it->data) == st.info.vm_epoch, "epoch");
}

/* "PRIVLEVEL: the privlevel that was asked of the driver": not below the floor */
static void privlevel(void)
{
	const struct cvm_evidence_provider *p;
	const struct cvm_item *it;
	struct cvm_state st;
	struct cvm_blob b;

	take(&b);
	cvm_get_info(cvm_open(O_RDONLY), &st);
	p = cvm_find(&st, b.hdr.provider);
	it = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_PRIVLEVEL);
	if (!(p->caps & CVM_EVIDENCE_CAP_PRIVLEVEL)) {
		CHECK(!it || cvm_get32(it->data) <= CVM_EVIDENCE_PRIVLEVEL_MAX, "");
		ktap_skip("this provider has no privlevels");
	}
	CHECK(it, "no item");
	CHECK(cvm_get32(it->data) >= p->privlevel_floor, "%u, floor %u",
	      cvm_get32(it->data), p->privlevel_floor);
}

/* SNP: a table of GUID, offset, length, ended by zeros, inside the item */
static void certs(void)
{
	const struct cvm_item *it;
	struct cvm_blob b;
	uint32_t at;

	take(&b);
	it = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_CERTS);
	if (!it)
		ktap_skip("no certificates with this evidence");
	CHECK(b.hdr.tee == CVM_EVIDENCE_TEE_SEV_SNP, "tee %u", b.hdr.tee);
	for (at = 0; ; at += 24) {
		static const uint8_t zero[24];
		uint32_t off, len;

		CHECK(at + 24 <= it->len, "the table has no end");
		if (!memcmp(it->data + at, zero, 24))
			break;
		off = cvm_get32(it->data + at + 16);
		len = cvm_get32(it->data + at + 20);
		CHECK(off <= it->len && len <= it->len - off,
		      "entry %u: %u bytes at %u of %u", at / 24, len, off, it->len);
	}
	CHECK(at, "an empty table is not an item");
}

static const struct ktap_case cases[] = {
	{ "header", header, 0 },
	{ "items", items, 0 },
	{ "report", report, 0 },
	{ "same_data_twice", same_data_twice, 0 },
	{ "boot_id", boot_id, 0 },
	{ "times", times, 0 },
	{ "time_is_of_the_end", time_is_of_the_end, 0 },
	{ "texts_and_epoch", texts_and_epoch, 0 },
	{ "privlevel", privlevel, 0 },
	{ "certs", certs, 0 },
};

CVM_TEST_MAIN(cases)
