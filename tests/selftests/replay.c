// SPDX-License-Identifier: GPL-2.0-only
/*
 * A report that real hardware made, replayed by the simulator: it comes through
 * "raw and whole" when asked with its own REPORT_DATA; asked with any other it
 * is EBADMSG, "the provider's answer failed our checks and was not delivered".
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HCL_HEADER	32	/* Azure's HCL report: the hardware's is behind it */

static uint8_t file[1 << 20], buf[CVM_BUF_SIZE];
static const uint8_t *sample;
static size_t sample_len;
static uint8_t own_data[64];

/* The word after --replay on the daemon's command line */
static void load_sample(void)
{
	char pid[16], path[64], args[4096], *p;
	size_t len = 0;
	ssize_t n;
	int fd;

	if (!sim_replays())
		ktap_skip("needs a simulator that replays (-s replay:FILE)");
	CHECK(read_line("/run/cvm-sim/pid", pid, sizeof(pid)), "no pid");
	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && (n = read(fd, args, sizeof(args) - 1)) > 0, "%s", path);
	args[n] = '\0';
	p = memmem(args, n, "\0--replay", 10);
	CHECK(p, "no --replay");
	close(fd);
	fd = open(p + 10, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %s", p + 10, strerror(errno));
	while ((n = read(fd, file + len, sizeof(file) - len)) > 0)
		len += n;
	close(fd);
	sample = file;
	sample_len = len;
	if (len > HCL_HEADER && !memcmp(file, "HCLA", 4))
		sample += HCL_HEADER;
}

/* REPORT_DATA of the sample, by the format that the TEE says it has */
static void find_own_data(void)
{
	struct cvm_blob b = { 0 };
	struct cvm_state st;
	const uint8_t *own;

	cvm_get_info(cvm_open(O_RDONLY), &st);
	b.hdr.tee = st.info.tee;
	if (st.info.auto_provider == CVM_EVIDENCE_PROVIDER_TDX_GUEST)
		b.hdr.flags = CVM_EVIDENCE_BLOB_F_TDREPORT;
	if (st.info.tee == CVM_EVIDENCE_TEE_SEV_SNP)
		sample_len = 1184;
	if (b.hdr.flags)
		sample_len = 1024;
	b.nr = 1;
	b.item[0].type = CVM_EVIDENCE_ITEM_REPORT;
	b.item[0].data = sample;
	b.item[0].len = sample_len;
	own = cvm_blob_bound(&b);
	if (!own)
		ktap_skip("a sample of another format");
	memcpy(own_data, own, sizeof(own_data));
}

static void own_report_data(void)
{
	const struct cvm_item *it;
	struct cvm_blob b;

	load_sample();
	find_own_data();
	cvm_take(cvm_open(O_RDWR), own_data, 64, &b);
	it = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_REPORT);
	/* a quote's file may end in the zeros of its buffer */
	CHECK(it->len <= sample_len || b.hdr.tee == CVM_EVIDENCE_TEE_TDX, "%u",
	      it->len);
	CHECK(!memcmp(it->data, sample,
		      it->len < sample_len ? it->len : sample_len),
	      "not the bytes of the sample");
	ktap_note("tee %u, %u bytes of %zu", b.hdr.tee, it->len, sample_len);
}

static void other_report_data(void)
{
	uint8_t rd[64];
	ssize_t n;
	int fd;

	load_sample();
	find_own_data();
	fd = cvm_open(O_RDWR);
	memcpy(rd, own_data, 64);
	for (int i = 0; i < 64; i += 9) {
		rd[i] ^= 1;
		cvm_write(fd, rd, 64);
		n = cvm_slurp(fd, buf, sizeof(buf));
		CHECK(n == -EBADMSG, "bit of byte %d: %zd", i, n);
		rd[i] ^= 1;
	}
	/* cat: the kernel's own bytes are other ones, too */
	fd = cvm_open(O_RDONLY);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n == -EBADMSG, "cat: %zd", n);
}

static const struct ktap_case cases[] = {
	{ "own_report_data", own_report_data, 0 },
	{ "other_report_data", other_report_data, 0 },
};

CVM_TEST_MAIN(cases)
