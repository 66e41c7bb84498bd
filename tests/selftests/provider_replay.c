// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real evidence, captured elsewhere and replayed by the simulated TEE. Asked for
 * other data than the sample's REPORT_DATA, the device answers EBADMSG.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE], sample[1 << 20], table[1 << 16];
static size_t sample_len;
static uint8_t rd[64];
static int fd;

static size_t load(const char *path, uint8_t *to, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	CHECK(file >= 0, "%s: %s", path, strerror(errno));
	while ((n = read(file, to + len, size - len)) > 0)
		len += n;
	CHECK(n == 0, "%s: %s", path, strerror(errno));
	close(file);
	return len;
}

/* The file after an option of the daemon, false when it was not given */
static bool daemon_file(const char *option, char *path, size_t size)
{
	char pid[16], cmdline[64], args[2048] = "";
	const char *p;
	ssize_t n;
	int file;

	if (!read_line("/run/cvm-sim/pid", pid, sizeof(pid)))
		return false;
	snprintf(cmdline, sizeof(cmdline), "/proc/%s/cmdline", pid);
	file = open(cmdline, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	n = read(file, args, sizeof(args) - 1);
	close(file);
	for (p = args; p < args + n; p += strlen(p) + 1) {
		if (strcmp(p, option))
			continue;
		snprintf(path, size, "%s", p + strlen(p) + 1);
		return true;
	}
	return false;
}

static void need_replay(void)
{
	struct cvm_state st;
	struct cvm_blob b = { .nr = 1 };
	const uint8_t *bound;
	char path[256];

	if (!sim_replays() || !daemon_file("--replay", path, sizeof(path)))
		ktap_skip("no replay (tests/vm/run -s replay:FILE)");
	sample_len = load(path, sample, sizeof(sample));
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
	CHECK(st.info.auto_provider, "no provider of evidence");

	/* the same offsets as in a blob with this report */
	b.hdr.tee = st.info.tee;
	if (st.info.auto_provider == CVM_EVIDENCE_PROVIDER_TDX_GUEST)
		b.hdr.flags = CVM_EVIDENCE_BLOB_F_TDREPORT;
	b.item[0].type = CVM_EVIDENCE_ITEM_REPORT;
	b.item[0].data = sample;
	b.item[0].len = sample_len;
	bound = cvm_blob_bound(&b);
	if (!bound)
		ktap_skip("tee %u: evidence that the kernel cannot read",
			  st.info.tee);
	memcpy(rd, bound, sizeof(rd));
}

static void its_own_data(void)
{
	const struct cvm_item *it;
	struct cvm_blob b;
	char path[256];
	size_t len;

	need_replay();
	for (int i = 0; i < 3; i++) {
		cvm_take(fd, rd, sizeof(rd), &b);
		it = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_REPORT);
		CHECK(it->len == sample_len && !memcmp(it->data, sample, it->len),
		      "%u bytes, the sample has %zu, or others", it->len,
		      sample_len);
	}
	it = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_CERTS);
	if (b.hdr.tee != CVM_EVIDENCE_TEE_SEV_SNP ||
	    !daemon_file("--certs", path, sizeof(path)))
		return;
	len = load(path, table, sizeof(table));
	CHECK(it && it->len <= len && !memcmp(it->data, table, it->len),
	      "%u bytes of certificates, the table has %zu, or others",
	      it ? it->len : 0, len);
}

static int attempt(const uint8_t *data, size_t len)
{
	cvm_write(fd, data, len);
	return read(fd, buf, sizeof(buf)) < 0 ? errno : 0;
}

/* One bit, any bit: whatever byte of it a check left out would show */
static void any_other_data(void)
{
	struct cvm_state was, is;
	uint8_t other[64];
	unsigned int n = 0;
	struct cvm_blob b;

	need_replay();
	cvm_get_info(fd, &was);
	for (unsigned int bit = 0; bit < 512; bit += 7, n++) {
		memcpy(other, rd, sizeof(other));
		other[bit / 8] ^= 1 << bit % 8;
		CHECK(attempt(other, 64) == EBADMSG, "bit %u: %s", bit,
		      strerror(errno));
	}
	cvm_get_info(fd, &is);
	CHECK(is.info.requests_mismatched - was.info.requests_mismatched == n,
	      "%llu of %u counted", (unsigned long long)
	      (is.info.requests_mismatched - was.info.requests_mismatched), n);
	/* nor a part of it, unless the rest is zero anyway */
	if (rd[63])
		CHECK(attempt(rd, 63) == EBADMSG, "63 bytes of it");
	cvm_take(fd, rd, sizeof(rd), &b);
}

/* `cat`: 64 random bytes are never a captured report's */
static void random_data(void)
{
	int fresh;

	need_replay();
	fresh = cvm_open(O_RDONLY);
	CHECK(read(fresh, buf, sizeof(buf)) < 0 && errno == EBADMSG, "%s",
	      strerror(errno));
	CHECK(read(fresh, buf, sizeof(buf)) == 0, "no EOF after the error");
	close(fresh);
}

static const struct ktap_case cases[] = {
	{ "its_own_data", its_own_data, 0 },
	{ "any_other_data", any_other_data, 0 },
	{ "random_data", random_data, 0 },
};

CVM_TEST_MAIN(cases)
