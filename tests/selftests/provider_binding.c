// SPDX-License-Identifier: GPL-2.0-only
/*
 * Evidence is bound to what was asked, and to nothing else: "two open files
 * never see each other", report_data have their raw length, and no other user of
 * TSM configfs, root or not, has our entry yield evidence of something else.
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
#include <sys/stat.h>
#include <unistd.h>

#define SNP_VMPL	0x30
#define SECONDS		2

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;
static struct cvm_blob blob;
static uint8_t rd[64];

/* 0 with the blob, checked, or -errno */
static int ask(int fd, size_t len, uint32_t flags)
{
	ssize_t n;
	int err;

	fill_random(rd, len);
	cvm_request_init(&req, rd, len);
	req.flags = flags;
	err = cvm_request(fd, &req);
	if (err)
		return err;
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, rd, len, &blob);
	return 0;
}

static void every_length(void)
{
	struct cvm_blob b;
	int fd;

	sim_need();
	fd = cvm_open(O_RDWR);
	for (size_t len = 1; len <= 64; len++) {
		CHECK(!ask(fd, len, 0), "%zu bytes", len);
		fill_random(rd, len);
		cvm_take(fd, rd, len, &b);
	}
}

/* Zeros are data like any others, trailing ones included */
static void zeros(void)
{
	static const uint8_t zero[64];
	struct cvm_blob b;
	int fd;

	sim_need();
	fd = cvm_open(O_RDWR);
	cvm_take(fd, "\1\0\0", 3, &b);
	cvm_take(fd, zero, 1, &b);
	cvm_take(fd, zero, 64, &b);
}

/* Answers are not mixed up between files that wait at the same time */
static void interleaved(void)
{
	static uint8_t data[16][64];
	int fds[16];
	ssize_t n;

	sim_need();
	for (int i = 0; i < 16; i++)
		fds[i] = cvm_open(O_RDWR | O_NONBLOCK);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 16; i++) {
			fill_random(data[i], sizeof(data[i]));
			cvm_write(fds[i], data[i], sizeof(data[i]));
		}
		for (int i = 15; i >= 0; i--) {
			CHECK(cvm_poll(fds[i], POLLIN, 10000) == POLLIN, "file %d",
			      i);
			n = cvm_slurp(fds[i], buf, sizeof(buf));
			CHECK(n > 0, "file %d: %s", i, strerror(-n));
			cvm_blob_check(buf, n, data[i], sizeof(data[i]), &blob);
		}
	}
}

/* What the kernel checked, and what it could not, is said */
static void says_what_it_is(void)
{
	const struct cvm_item *it;
	struct cvm_state st;
	uint32_t flags = 0;
	int fd;

	sim_need();
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
	if (st.info.tee == CVM_EVIDENCE_TEE_CCA)
		flags = CVM_EVIDENCE_BLOB_F_UNCHECKED;
	if (st.info.auto_provider == CVM_EVIDENCE_PROVIDER_TDX_GUEST)
		flags = CVM_EVIDENCE_BLOB_F_TDREPORT;
	CHECK(!ask(fd, 64, 0), "%s", strerror(errno));
	CHECK(blob.hdr.tee == st.info.tee && blob.hdr.provider ==
	      st.info.auto_provider, "tee %u of provider %u", blob.hdr.tee,
	      blob.hdr.provider);
	CHECK(blob.hdr.flags == flags, "flags 0x%x", blob.hdr.flags);
	CHECK(blob.hdr.binding == CVM_EVIDENCE_BINDING_DIRECT, "binding %u",
	      blob.hdr.binding);
	it = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_DRIVER);
	CHECK(it && it->len == strlen(driver_name()) &&
	      !memcmp(it->data, driver_name(), it->len), "item DRIVER");
}

/* The event log was wanted and is not there: an item says so, and why */
static void event_log_absent(void)
{
	bool table = false, log = false;
	int fd;

	sim_need();
	if (!access("/sys/firmware/acpi/tables/CCEL", F_OK))
		ktap_skip("this firmware has a CCEL table");
	fd = cvm_open(O_RDWR);
	CHECK(!ask(fd, 64, CVM_EVIDENCE_F_EVENT_LOG), "%s", strerror(errno));
	CHECK(!cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_CCEL_TABLE) &&
	      !cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_CCEL_DATA),
	      "an event log from nowhere");
	for (unsigned int i = 0; i < blob.nr; i++) {
		const struct cvm_item *it = &blob.item[i];
		uint32_t what;

		if (it->type != CVM_EVIDENCE_ITEM_ABSENT)
			continue;
		what = cvm_get32(it->data);
		if (what != CVM_EVIDENCE_ITEM_CCEL_TABLE &&
		    what != CVM_EVIDENCE_ITEM_CCEL_DATA)
			continue;
		/* only TDX has one, and this firmware has none */
		CHECK(cvm_get32(it->data + 4) ==
		      (blob.hdr.tee == CVM_EVIDENCE_TEE_TDX ? ENOENT :
							      EOPNOTSUPP),
		      "errno %u", cvm_get32(it->data + 4));
		ktap_note("item %u absent: %.*s", what, (int)it->len - 8,
			  it->data + 8);
		table |= what == CVM_EVIDENCE_ITEM_CCEL_TABLE;
		log |= what == CVM_EVIDENCE_ITEM_CCEL_DATA;
	}
	CHECK(table && log, "no item says that the log is absent");
	/* and unasked, nobody speaks of it */
	CHECK(!ask(fd, 64, 0), "%s", strerror(errno));
	for (unsigned int i = 0; i < blob.nr; i++)
		CHECK(blob.item[i].type != CVM_EVIDENCE_ITEM_ABSENT,
		      "an ABSENT item nobody asked for");
}

static void need_tsm(void)
{
	sim_need();
	driver_name();
	if (!driver_tsm())
		ktap_skip("not through TSM configfs");
}

static void write_attr(const char *entry, const char *attr, const void *data,
		       size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TSM_REPORT_DIR "/%s/%s", entry, attr);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, data, len) < 0 && errno != ENXIO && errno != EINVAL &&
	    errno != ENOENT)
		ktap_note("%s: %s", path, strerror(errno));
	close(fd);
}

/* Whatever attribute it is, whenever it is written */
static void meddle(void *attr)
{
	char entry[64];
	uint8_t data[64];
	unsigned int n;

	for (n = 0;; n++) {
		if (!tsm_entry(entry, sizeof(entry)))
			continue;
		fill_random(data, sizeof(data));
		if (!strcmp(attr, "inblob"))
			write_attr(entry, attr, data, 64);
		else
			write_attr(entry, attr, n & 1 ? "1" : "3", 1);
	}
}

/*
 * "generation checked": evidence under a foreign writer is what was asked for,
 * or there is none: EBADMSG once the tries are used up
 */
static void under_a_meddler(char *attr)
{
	unsigned int good = 0, refused = 0;
	uint64_t end = now_ms() + SECONDS * 1000;
	const struct cvm_item *it, *report;
	pid_t pid;
	int fd, err;

	need_tsm();
	fd = cvm_open(O_RDWR);
	sim_set("fast=1");
	CHECK(!ask(fd, 64, 0), "%s", strerror(errno));
	pid = run_child(meddle, attr);
	/* a slow machine needs more time for as many */
	while (now_ms() < end ||
	       (good + refused <= 20 && now_ms() < end + 60000)) {
		err = ask(fd, 64, 0);
		if (err) {
			CHECK(err == -EBADMSG, "%s", strerror(-err));
			refused++;
			continue;
		}
		good++;
		it = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_PRIVLEVEL);
		if (blob.hdr.tee != CVM_EVIDENCE_TEE_SEV_SNP || !it)
			continue;
		report = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_REPORT);
		CHECK(cvm_get32(it->data) == cvm_get32(report->data + SNP_VMPL),
		      "asked for level %u, signed at %u", cvm_get32(it->data),
		      cvm_get32(report->data + SNP_VMPL));
	}
	kill(pid, SIGKILL);
	reap_child(pid, 5000);
	ktap_note("%u good, %u refused", good, refused);
	CHECK(good + refused > 20, "only %u requests", good + refused);
	CHECK(!ask(fd, 64, 0), "the meddler is gone, and still: %s",
	      strerror(errno));
	CHECK(tsm_entries_gone(500), "%d entries are left", tsm_entries());
}

static void foreign_inblob(void)
{
	under_a_meddler("inblob");
}

static void foreign_privlevel(void)
{
	need_tsm();
	if (strcmp(driver_name(), "sev_guest"))
		ktap_skip("only SNP has levels");
	under_a_meddler("privlevel");
}

/* Other programs with entries of their own disturb nobody */
static void beside_other_users(void *arg)
{
	char entry[64], path[128];
	uint8_t data[64], out[65536];
	ssize_t n, len;
	int fd;

	(void)arg;
	snprintf(entry, sizeof(entry), "other.%d", getpid());
	snprintf(path, sizeof(path), TSM_REPORT_DIR "/%s", entry);
	CHECK(!mkdir(path, 0700), "%s: %s", path, strerror(errno));
	for (int i = 0; i < 200; i++) {
		fill_random(data, sizeof(data));
		write_attr(entry, "inblob", data, sizeof(data));
		snprintf(path, sizeof(path), TSM_REPORT_DIR "/%s/outblob", entry);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		CHECK(fd >= 0, "%s: %s", path, strerror(errno));
		for (len = 0; (n = read(fd, out + len, sizeof(out) - len)) > 0;)
			len += n;
		CHECK(n == 0, "%s: %s", path, strerror(errno));
		close(fd);
		CHECK(memmem(out, len, data, sizeof(data)), "theirs was mixed up");
	}
	snprintf(path, sizeof(path), TSM_REPORT_DIR "/%s", entry);
	CHECK(!rmdir(path), "%s: %s", path, strerror(errno));
}

static void other_users_of_tsm(void)
{
	pid_t pids[3];
	int fd;

	need_tsm();
	sim_set("fast=1");
	fd = cvm_open(O_RDWR);
	for (int i = 0; i < 3; i++)
		pids[i] = run_child(beside_other_users, NULL);
	for (int i = 0; i < 200; i++)
		CHECK(!ask(fd, 64, 0), "%s", strerror(errno));
	for (int i = 0; i < 3; i++)
		join_child(pids[i], 30000);
}

static const struct ktap_case cases[] = {
	{ "every_length", every_length, 0 },
	{ "zeros", zeros, 0 },
	{ "interleaved", interleaved, 0 },
	{ "says_what_it_is", says_what_it_is, 0 },
	{ "event_log_absent", event_log_absent, 0 },
	{ "foreign_inblob", foreign_inblob, 0 },
	{ "foreign_privlevel", foreign_privlevel, 0 },
	{ "other_users_of_tsm", other_users_of_tsm, 0 },
};

DRIVERS_TEST_MAIN(cases)
