// SPDX-License-Identifier: GPL-2.0-only
/* read(2) and write(2) of the device: UAPI header "THE FILE". */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE], buf2[CVM_BUF_SIZE];

/* Takes what the file gives; the case fails unless it is evidence. */
static size_t slurp(int fd, uint8_t *to)
{
	ssize_t n = cvm_slurp(fd, to, CVM_BUF_SIZE);

	CHECK(n >= 0, "read: %s", strerror(-n));
	CHECK(n > 0, "EOF instead of evidence");
	return n;
}

/* "read(2) takes evidence, then streams the blob, then returns 0 (EOF)" */
static void cat(void)
{
	struct cvm_blob b;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDONLY);
	cvm_blob_check(buf, slurp(fd, buf), NULL, 0, &b);
	for (int i = 0; i < 3; i++)
		CHECK(read(fd, buf, sizeof(buf)) == 0, "no EOF at read %d", i);
}

/* "the report_data are 64 random bytes of the kernel", KERNEL_RANDOM */
static void cat_is_random(void)
{
	const struct cvm_item *one, *two;
	struct cvm_blob a, b;
	int seen[256] = { 0 }, kinds = 0;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDONLY);
	cvm_blob_check(buf, slurp(fd, buf), NULL, 0, &a);
	close(fd);
	fd = cvm_open(O_RDONLY);
	cvm_blob_check(buf2, slurp(fd, buf2), NULL, 0, &b);
	one = cvm_blob_find(&a, CVM_EVIDENCE_ITEM_REPORT_DATA);
	two = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_REPORT_DATA);
	CHECK(one->len == 64 && two->len == 64, "%u, %u", one->len, two->len);
	CHECK(memcmp(one->data, two->data, 64), "two cats got the same data");
	/* 64 random bytes have about 57 different values, and 30 at the least */
	for (int i = 0; i < 64; i++)
		kinds += !seen[one->data[i]]++;
	CHECK(kinds >= 30, "%d different bytes of 64", kinds);
	CHECK(a.hdr.flags & CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM, "flags 0x%x",
	      a.hdr.flags);
}

/* "KERNEL_RANDOM: nobody chose the nonce": not where somebody did */
static void chosen_is_not_random(void)
{
	struct cvm_blob b;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	cvm_take(fd, "chosen", 6, &b);
	CHECK(!(b.hdr.flags & CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM), "flags 0x%x",
	      b.hdr.flags);
}

/* "streams the blob in any buffer size" */
static void any_buffer_size(void)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 8, 63, 64, 65, 100, 1000,
					4095, 4096, 4097, 65536 };
	uint8_t rd[64];
	struct cvm_blob b;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ssize_t n;

		fill_random(rd, sizeof(rd));
		cvm_write(fd, rd, sizeof(rd));
		n = cvm_slurp_chunks(fd, buf, sizeof(buf), sizes[i]);
		CHECK(n > 0, "by %zu: %zd", sizes[i], n);
		cvm_blob_check(buf, n, rd, sizeof(rd), &b);
	}
}

/* A read asks for more than there is: all of it comes at once */
static void one_read_takes_all(void)
{
	struct cvm_blob b;
	ssize_t n;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "all", 3);
	n = read(fd, buf, sizeof(buf));
	CHECK(n > 0, "%zd %s", n, strerror(errno));
	cvm_blob_check(buf, n, "all", 3, &b);
	CHECK(read(fd, buf, sizeof(buf)) == 0, "more after the blob");
}

/* "A read of 0 bytes returns 0 and does nothing": in each state of a file */
static void read_nothing(void)
{
	struct cvm_state a, b;
	struct cvm_blob blob;
	int fd;

	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &a);
	CHECK(read(fd, buf, 0) == 0, "fresh: %s", strerror(errno));
	cvm_write(fd, "nothing", 7);
	CHECK(read(fd, buf, 0) == 0, "written: %s", strerror(errno));
	CHECK(read(fd, NULL, 0) == 0, "no buffer: %s", strerror(errno));
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_started == a.info.requests_started, "it asked");
	cvm_need_evidence();
	CHECK(read(fd, buf, 50) == 50, "%s", strerror(errno));
	CHECK(read(fd, buf + 50, 0) == 0, "midway: %s", strerror(errno));
	cvm_blob_check(buf, 50 + slurp(fd, buf + 50), "nothing", 7, &blob);
	CHECK(read(fd, buf, 0) == 0, "at EOF: %s", strerror(errno));
}

/* A stream has no position: pread and lseek are refused */
static void no_position(void)
{
	int fd = cvm_open(O_RDWR);

	CHECK(pread(fd, buf, 10, 0) == -1 && errno == ESPIPE, "pread: %s",
	      strerror(errno));
	CHECK(pwrite(fd, "x", 1, 0) == -1 && errno == ESPIPE, "pwrite: %s",
	      strerror(errno));
	CHECK(lseek(fd, 0, SEEK_SET) == -1 && errno == ESPIPE, "lseek: %s",
	      strerror(errno));
	CHECK(lseek(fd, 0, SEEK_END) == -1 && errno == ESPIPE, "lseek: %s",
	      strerror(errno));
}

/* "write(2) 1..64 bytes: report_data of the next read, zero-padded" */
static void every_length(void)
{
	uint8_t rd[64];
	struct cvm_blob b;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	for (size_t len = 1; len <= 64; len += len < 4 || len > 60 ? 1 : 7) {
		fill_random(rd, sizeof(rd));
		cvm_take(fd, rd, len, &b);
	}
}

/* "EINVAL for 0 bytes, EMSGSIZE for more than 64; nothing is changed" */
static void bad_lengths(void)
{
	uint8_t rd[4096];
	struct cvm_blob b;
	int fd;

	fill_random(rd, sizeof(rd));
	fd = cvm_open(O_RDWR);
	CHECK(write(fd, rd, 0) == -1 && errno == EINVAL, "0: %s", strerror(errno));
	CHECK(write(fd, rd, 65) == -1 && errno == EMSGSIZE, "65: %s",
	      strerror(errno));
	CHECK(write(fd, rd, sizeof(rd)) == -1 && errno == EMSGSIZE, "4096: %s",
	      strerror(errno));

	cvm_need_evidence();
	cvm_write(fd, "kept", 4);
	CHECK(write(fd, rd, 0) == -1 && errno == EINVAL, "0: %s", strerror(errno));
	CHECK(write(fd, rd, 65) == -1 && errno == EMSGSIZE, "65: %s",
	      strerror(errno));
	cvm_blob_check(buf, slurp(fd, buf), "kept", 4, &b);
}

/* The same in the middle of a blob: what is left of it is still there */
static void bad_write_midway(void)
{
	uint8_t rd[65] = { 1 };
	struct cvm_blob b;
	ssize_t n;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "midway", 6);
	CHECK(read(fd, buf, 100) == 100, "%s", strerror(errno));
	CHECK(write(fd, rd, 65) == -1 && errno == EMSGSIZE, "%s", strerror(errno));
	CHECK(write(fd, rd, 0) == -1 && errno == EINVAL, "%s", strerror(errno));
	n = cvm_slurp(fd, buf + 100, sizeof(buf) - 100);
	CHECK(n > 0, "%zd", n);
	cvm_blob_check(buf, n + 100, "midway", 6, &b);
}

/* "an unread blob is discarded" */
static void write_discards(void)
{
	struct cvm_blob b;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "first", 5);
	cvm_write(fd, "second", 6);
	cvm_blob_check(buf, slurp(fd, buf), "second", 6, &b);

	cvm_write(fd, "third", 5);
	CHECK(read(fd, buf, 70) == 70, "%s", strerror(errno));
	cvm_take(fd, "fourth", 6, &b);

	/* and after EOF the next write starts anew */
	CHECK(read(fd, buf, 1) == 0, "no EOF");
	cvm_take(fd, "fifth", 5, &b);
}

/* "two open files never see each other" */
static void two_files(void)
{
	struct cvm_blob b;
	size_t n1, n2;
	int f1, f2;

	cvm_need_evidence();
	f1 = cvm_open(O_RDWR);
	f2 = cvm_open(O_RDWR);
	cvm_write(f1, "one", 3);
	cvm_write(f2, "two", 3);
	CHECK(read(f2, buf2, 90) == 90, "%s", strerror(errno));
	CHECK(read(f1, buf, 33) == 33, "%s", strerror(errno));
	n2 = 90 + slurp(f2, buf2 + 90);
	n1 = 33 + slurp(f1, buf + 33);
	cvm_blob_check(buf, n1, "one", 3, &b);
	cvm_blob_check(buf2, n2, "two", 3, &b);
}

/* A file open in one direction does what that direction allows */
static void open_modes(void)
{
	int fd;

	fd = cvm_open(O_WRONLY);
	CHECK(read(fd, buf, 1) == -1 && errno == EBADF, "%s", strerror(errno));
	CHECK(write(fd, buf, 65) == -1 && errno == EMSGSIZE, "%s",
	      strerror(errno));
	cvm_write(fd, "w", 1);
	close(fd);
	fd = cvm_open(O_RDONLY);
	CHECK(write(fd, buf, 1) == -1 && errno == EBADF, "%s", strerror(errno));
	close(fd);
}

/* ENODEV: "no provider of evidence"; once, then EOF */
static void no_provider(void)
{
	struct cvm_state st;
	ssize_t n;
	int fd;

	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
	if (st.info.auto_provider != CVM_EVIDENCE_PROVIDER_AUTO)
		ktap_skip("there is a provider");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n == -ENODEV, "%zd", n);
	CHECK(read(fd, buf, 1) == 0, "the error came twice");
	cvm_write(fd, "again", 5);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n == -ENODEV, "%zd", n);
}

/* "The error of a failed request is returned by one read, after it EOFs" */
static void error_once(void)
{
	struct cvm_blob b;
	ssize_t n;
	int fd;

	sim_need();
	fd = cvm_open(O_RDWR);
	sim_fail_next();
	cvm_write(fd, "fails", 5);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n == -EIO, "%zd", n);
	for (int i = 0; i < 3; i++)
		CHECK(read(fd, buf, sizeof(buf)) == 0, "read %d after the error", i);
	cvm_take(fd, "works again", 11, &b);
}

/* EBADMSG: "the provider's answer failed our checks and was not delivered" */
static void wrong_answer(void)
{
	struct cvm_state st;
	uint64_t before;
	ssize_t n;
	int fd;

	sim_need();
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
	if (st.info.tee == CVM_EVIDENCE_TEE_CCA)
		ktap_skip("the kernel cannot read a CCA token");
	before = st.info.requests_mismatched;
	sim_set("wrong_data=1:1");
	cvm_write(fd, "mine", 4);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n == -EBADMSG, "%zd", n);
	cvm_get_info(fd, &st);
	CHECK(st.info.requests_mismatched == before + 1, "%llu, before %llu",
	      (unsigned long long)st.info.requests_mismatched,
	      (unsigned long long)before);
}

/* EFBIG: "the evidence is larger than the module's max_blob parameter" */
static void too_big(void)
{
	struct cvm_blob b;
	size_t whole;
	ssize_t n;
	int fd;

	cvm_need_evidence();
	need_root();
	fd = cvm_open(O_RDWR);
	cvm_take(fd, "whole", 5, &b);
	whole = b.len;
	param_set("max_blob", 4096);
	if (b.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT)
		ktap_skip("a TDREPORT is never larger than the smallest max_blob");
	if (whole <= 4096) {
		sim_need();
		sim_set("oversize=8192:1");
	}
	cvm_write(fd, "whole", 5);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n == -EFBIG, "%zd, a blob of %zu", n, whole);
	params_restore();
	cvm_take(fd, "whole", 5, &b);
}

static const struct ktap_case cases[] = {
	{ "cat", cat, 0 },
	{ "cat_is_random", cat_is_random, 0 },
	{ "chosen_is_not_random", chosen_is_not_random, 0 },
	{ "any_buffer_size", any_buffer_size, 120 },
	{ "one_read_takes_all", one_read_takes_all, 0 },
	{ "read_nothing", read_nothing, 0 },
	{ "no_position", no_position, 0 },
	{ "every_length", every_length, 120 },
	{ "bad_lengths", bad_lengths, 0 },
	{ "bad_write_midway", bad_write_midway, 0 },
	{ "write_discards", write_discards, 0 },
	{ "two_files", two_files, 0 },
	{ "open_modes", open_modes, 0 },
	{ "no_provider", no_provider, 0 },
	{ "error_once", error_once, 0 },
	{ "wrong_answer", wrong_answer, 0 },
	{ "too_big", too_big, 0 },
};

CVM_TEST_MAIN(cases)
