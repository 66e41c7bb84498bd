// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's certificate table, right and wrong: "certificate table of the SNP
 * extended report", raw and whole. What a verifier makes of it is not the
 * kernel's affair, so a table of lies is delivered as it came, and nothing in
 * the kernel follows it.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sev-guest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM		16384	/* what the driver has for certificates */
#define ENTRY		24	/* GUID, u32 offset, u32 length */

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;
static struct cvm_blob blob;
static uint8_t rd[64];
static bool by_tsm;
static int fd;

static void need(void)
{
	struct cvm_state st;

	sim_need();
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
	if (strcmp(driver_name(), "sev_guest"))
		ktap_skip("only SNP has certificates");
	by_tsm = st.info.auto_provider == CVM_EVIDENCE_PROVIDER_TSM;
}

/* The item of evidence taken now, NULL when there is none */
static const struct cvm_item *certs_by(uint32_t provider)
{
	ssize_t n;
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.provider = provider;
	err = cvm_request(fd, &req);
	if (err == -ENODEV && provider == CVM_EVIDENCE_PROVIDER_SEV_GUEST)
		ktap_skip("no /dev/sev-guest here");
	CHECK(!err, "REQUEST: %s", strerror(-err));
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, rd, sizeof(rd), &blob);
	return cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_CERTS);
}

static const struct cvm_item *certs(void)
{
	return certs_by(CVM_EVIDENCE_PROVIDER_AUTO);
}

/* Why the evidence taken last has none: an errno, 0 when it does not say */
static uint32_t why_absent(void)
{
	for (unsigned int i = 0; i < blob.nr; i++)
		if (blob.item[i].type == CVM_EVIDENCE_ITEM_ABSENT &&
		    cvm_get32(blob.item[i].data) == CVM_EVIDENCE_ITEM_CERTS)
			return cvm_get32(blob.item[i].data + 4);
	return 0;
}

/* auxblob by an entry of our own; returns its length */
static size_t by_configfs(uint8_t *out)
{
	static const char entry[] = TSM_REPORT_DIR "/certs";
	static const char *const attrs[] = { "outblob", "auxblob" };
	char path[96];
	size_t len = 0;
	ssize_t n;
	int attr;

	CHECK(!mkdir(entry, 0700), "%s: %s", entry, strerror(errno));
	snprintf(path, sizeof(path), "%s/inblob", entry);
	attr = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(attr >= 0 && write(attr, rd, sizeof(rd)) == sizeof(rd), "%s: %s",
	      path, strerror(errno));
	close(attr);
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		snprintf(path, sizeof(path), "%s/%s", entry, attrs[i]);
		attr = open(path, O_RDONLY | O_CLOEXEC);
		for (len = 0; (n = read(attr, out + len, ROOM + 1 - len)) > 0;)
			len += n;
		CHECK(n == 0, "%s: %s", path, strerror(errno));
		close(attr);
	}
	CHECK(!rmdir(entry), "%s: %s", entry, strerror(errno));
	return len;
}

/* The whole 16 KiB by the driver's own ioctl */
static void by_node(uint8_t *out)
{
	static uint8_t room[ROOM] __attribute__((aligned(4096)));
	static struct snp_report_resp resp;
	struct snp_ext_report_req ext = {
		.certs_address = (uintptr_t)room, .certs_len = ROOM,
	};
	struct snp_guest_request_ioctl io = {
		.msg_version = 1, .req_data = (uintptr_t)&ext,
		.resp_data = (uintptr_t)&resp,
	};
	int node = open("/dev/sev-guest", O_RDWR | O_CLOEXEC);

	CHECK(node >= 0, "/dev/sev-guest: %s", strerror(errno));
	memset(room, 0, sizeof(room));
	memcpy(ext.data.user_data, rd, sizeof(rd));
	CHECK(!ioctl(node, SNP_GET_EXT_REPORT, &io), "SNP_GET_EXT_REPORT: %s",
	      strerror(errno));
	close(node);
	memcpy(out, room, sizeof(room));
}

/*
 * The ioctl does not tell the table's length: what is delivered must be its
 * beginning and miss no byte that an entry within the room names.
 */
static void check_prefix(const struct cvm_item *it, const uint8_t *table)
{
	CHECK(it->len <= ROOM, "%u bytes", it->len);
	CHECK(!memcmp(it->data, table, it->len), "not what the driver gave");
	for (size_t at = 0; at + ENTRY <= ROOM; at += ENTRY) {
		uint64_t end;

		for (size_t i = 0; i < ENTRY; i++)
			if (table[at + i])
				goto entry;
		CHECK(it->len >= at + ENTRY, "the end of the table is cut off");
		return;
entry:
		end = (uint64_t)cvm_get32(table + at + 16) +
		      cvm_get32(table + at + 20);
		if (end <= ROOM)
			CHECK(it->len >= end, "cut at %u, entry %zu ends at %llu",
			      it->len, at / ENTRY, (unsigned long long)end);
	}
}

static void check_table(const char *mode)
{
	static uint8_t table[ROOM + 1];
	const struct cvm_item *it;

	sim_set("certs=%s", mode);
	/* an entry that is kept has the certificates of before */
	CHECK(!by_tsm || tsm_entries_gone(2000), "an entry stays");
	it = certs();
	if (!strcmp(mode, "none")) {
		CHECK(!it, "certificates from a host that has none");
		return;
	}
	CHECK(it && it->len, "certs=%s: no certificates", mode);
	if (by_tsm) {
		size_t len = by_configfs(table);

		CHECK(it->len == len && !memcmp(it->data, table, len),
		      "certs=%s: %u bytes, TSM gives %zu, or others", mode,
		      it->len, len);
	} else {
		by_node(table);
		check_prefix(it, table);
	}
	ktap_note("certs=%s: %u bytes", mode, it->len);
}

static void raw_and_whole(void)
{
	static const char *const modes[] = {
		"pem", "der", "pem-le", "der-le", "vlek", "none",
	};

	need();
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		check_table(modes[i]);
}

static void tables_of_lies(void)
{
	static const char *const modes[] = { "outside", "overlap", "wrap" };

	need();
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		check_table(modes[i]);
	check_table("pem");
}

/*
 * More than the driver takes. Its TSM side has no way but EIO; by ioctl the
 * report is to be had without them, and the blob says what is missing. The
 * key survives it, and fitting certificates are taken again.
 */
static void too_large(void)
{
	int err;

	need();
	CHECK(certs(), "no certificates at first");
	for (int round = 0; round < 3; round++) {
		sim_set("certs=large");
		if (by_tsm) {
			cvm_request_init(&req, rd, sizeof(rd));
			err = cvm_request(fd, &req);
			CHECK(err == -EIO, "%s", strerror(-err));
			continue;
		}
		CHECK(!certs(), "certificates of more than 16 KiB");
		CHECK(why_absent() == EFBIG, "errno %u", why_absent());
	}
	CHECK(!driver_counter("key_lost"), "the key was lost over it");
	sim_set("certs=pem");
	module_unload(driver_name(), 1000);
	CHECK(!driver_load(NULL), "the driver cannot be loaded again");
	CHECK(certs(), "no certificates any more");
}

/* sev_certs=0: for hosts that wipe the key over them, which is asked for a report only */
static void not_asked_for(void)
{
	need();
	sim_set("certs=pem");
	param_set("sev_certs", 0);
	CHECK(!certs_by(CVM_EVIDENCE_PROVIDER_SEV_GUEST), "certificates");
	CHECK(why_absent() == EOPNOTSUPP, "errno %u", why_absent());
	param_set("sev_certs", 1);
	CHECK(certs_by(CVM_EVIDENCE_PROVIDER_SEV_GUEST), "no certificates");
}

/* A copy of the certificates of a request made now; 0 bytes for none */
static size_t copy_certs(uint8_t *out)
{
	const struct cvm_item *it = certs();

	if (!it)
		return 0;
	CHECK(it->len <= ROOM, "%u bytes", it->len);
	memcpy(out, it->data, it->len);
	return it->len;
}

/*
 * One entry serves while its certificates are good: those of another TCB come
 * with the first report of that TCB, however fast they are asked for.
 */
static void of_the_reports_tcb(void)
{
	static uint8_t was[ROOM], now[ROOM];
	struct cvm_state a, b;
	size_t len;

	need();
	sim_set("certs=pem");
	sim_set("fast=1");
	len = copy_certs(was);
	CHECK(len, "no certificates");
	cvm_get_info(fd, &a);
	for (int i = 0; i < 10; i++)
		CHECK(copy_certs(now) == len && !memcmp(was, now, len),
		      "others after %d requests", i + 1);
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_failed == a.info.requests_failed, "some failed");
	for (int tcb = 1; tcb <= 3; tcb++) {
		size_t n;

		sim_set("tcb=%d", tcb);
		n = copy_certs(now);
		CHECK(n && (n != len || memcmp(was, now, n)),
		      "TCB %d has the certificates of the one before", tcb);
		memcpy(was, now, n);
		len = n;
	}
	/* and those of another key */
	sim_set("certs=vlek");
	len = copy_certs(now);
	CHECK(len && memcmp(was, now, len), "a VLEK has those of a VCEK");
}

/* An entry is kept for a moment only after the last request */
static void keeps_asking(void *arg)
{
	(void)arg;
	fd = cvm_open(O_RDWR);
	for (;;)
		certs();
}

/*
 * Each machine has a VCEK of its own. Where CHIP_ID is masked a report does not
 * tell which machine made it, so certificates of an earlier report are not used.
 */
static void masked_chip(void)
{
	static uint8_t was[ROOM], now[ROOM];
	size_t len;

	need();
	sim_set("fast=1");
	sim_set("mask_chip=1");
	sim_set("certs=pem");
	run_child(keeps_asking, NULL);
	len = copy_certs(was);
	CHECK(len, "no certificates");
	sim_set("certs=der");
	CHECK(copy_certs(now) != len || memcmp(was, now, len),
	      "certificates of an earlier report");
}

/* Continuous requests through one entry make no entry for each */
static void one_entry(void)
{
	char first[64], name[64];
	unsigned int same = 0;

	need();
	if (!by_tsm)
		ktap_skip("not through TSM configfs");
	sim_set("certs=pem");
	sim_set("fast=1");
	CHECK(certs(), "no certificates");
	CHECK(tsm_entry(first, sizeof(first)), "no entry is kept");
	for (int i = 0; i < 20; i++) {
		CHECK(certs(), "no certificates");
		same += tsm_entry(name, sizeof(name)) && !strcmp(first, name);
	}
	ktap_note("the same entry after %u of 20 requests", same);
	CHECK_TIME(same >= 15, "an entry for each request");
}

static const struct ktap_case cases[] = {
	{ "raw_and_whole", raw_and_whole, 0 },
	{ "tables_of_lies", tables_of_lies, 0 },
	{ "not_asked_for", not_asked_for, 0 },
	{ "too_large", too_large, 0 },
	{ "of_the_reports_tcb", of_the_reports_tcb, 0 },
	{ "masked_chip", masked_chip, 0 },
	{ "one_entry", one_entry, 0 },
};

DRIVERS_TEST_MAIN(cases)
