// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event log: the CCEL table and the records it points to; the header: "an
 * optional item that was wanted and could not be had" is ABSENT with an errno.
 * On a machine with a CCEL table the kernel's own files say what is right;
 * host_ccel.sh makes such machines.
 *
 *	CVM_CCEL_LOG		file with the log that must come
 *	CVM_CCEL_ERRNO		instead: the errno that the log's absence must have
 *	CVM_CCEL_TABLE		the kernel's name of the table that must come
 *	CVM_CCEL_TABLE_ERRNO	instead: the errno of its absence
 *	CVM_CCEL_MAX_BLOB	the module's max_blob for the log
 *	CVM_CCEL_PUT		"ADDRESS=FILE,...": tables that take the place of
 *				firmware's; with iomem=relaxed, and never on a
 *				machine that is still needed
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TABLES	"/sys/firmware/acpi/tables"

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;
static struct cvm_blob blob;

static size_t load(const char *path, uint8_t *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	while ((n = read(fd, to + len, size - len)) > 0)
		len += n;
	CHECK(n == 0, "%s: %s", path, strerror(errno));
	close(fd);
	return len;
}

/* write(2) is for memory below the kernel's highest only, and tables are above */
static void put_one(uint64_t addr, const char *path)
{
	uint8_t table[4096];
	size_t len = load(path, table, sizeof(table)), in = addr & 4095;
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	uint8_t *p;

	CHECK(fd >= 0, "/dev/mem: %s", strerror(errno));
	p = mmap(NULL, in + len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, addr - in);
	CHECK(p != MAP_FAILED, "/dev/mem at %#llx: %s", (unsigned long long)addr,
	      strerror(errno));
	CHECK(!memcmp(p + in, "CCEL", 4), "no CCEL table at %#llx",
	      (unsigned long long)addr);
	memcpy(p + in, table, len);
	munmap(p, in + len);
	close(fd);
}

static void put(void)
{
	const char *env = getenv("CVM_CCEL_PUT");
	char *list, *one, *path, *save;

	if (!env)
		return;
	list = strdup(env);
	for (one = strtok_r(list, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
		uint64_t addr = strtoull(one, &path, 16);

		CHECK(*path == '=', "CVM_CCEL_PUT: %s", one);
		put_one(addr, path + 1);
	}
	free(list);
}

static void ask(void)
{
	int fd, err;
	ssize_t n;

	put();
	fd = cvm_open(O_RDWR);
	cvm_need_evidence();
	if (access(TABLES "/CCEL", R_OK) && access(TABLES "/CCEL1", R_OK))
		ktap_skip("no CCEL table that we may read (in " TABLES ")");
	cvm_request_init(&req, "event log", 9);
	req.flags = CVM_EVIDENCE_F_EVENT_LOG;
	err = cvm_request(fd, &req);
	CHECK(!err, "REQUEST: %s", strerror(-err));
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, "event log", 9, &blob);
	close(fd);
}

static const struct cvm_item *absent(uint32_t type)
{
	for (unsigned int i = 0; i < blob.nr; i++)
		if (blob.item[i].type == CVM_EVIDENCE_ITEM_ABSENT &&
		    cvm_get32(blob.item[i].data) == type)
			return &blob.item[i];
	return NULL;
}

static void is_absent(uint32_t type, int want)
{
	const struct cvm_item *it = absent(type);

	CHECK(!cvm_blob_find(&blob, type), "item %u is there", type);
	CHECK(it, "no item says that item %u is not there", type);
	ktap_note("absent: %.*s", (int)it->len - 8, it->data + 8);
	CHECK(cvm_get32(it->data + 4) == (uint32_t)want, "errno %u, not %d",
	      cvm_get32(it->data + 4), want);
}

static void table(void)
{
	const char *err = getenv("CVM_CCEL_TABLE_ERRNO");
	const char *name = getenv("CVM_CCEL_TABLE");
	static uint8_t want[65536];
	const struct cvm_item *it;
	char path[128];
	size_t len;

	ask();
	if (err) {
		is_absent(CVM_EVIDENCE_ITEM_CCEL_TABLE, atoi(err));
		return;
	}
	snprintf(path, sizeof(path), TABLES "/%s", name ? name : "CCEL");
	len = load(path, want, sizeof(want));
	it = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_CCEL_TABLE);
	CHECK(it && !absent(CVM_EVIDENCE_ITEM_CCEL_TABLE), "no table");
	CHECK(it->len == len && !memcmp(it->data, want, len),
	      "%u bytes, the kernel's file has %zu, or others", it->len, len);
}

static void log_as_it_is(void)
{
	const char *file = getenv("CVM_CCEL_LOG"), *err = getenv("CVM_CCEL_ERRNO");
	const char *max = getenv("CVM_CCEL_MAX_BLOB");
	static uint8_t want[17 << 20];
	const struct cvm_item *it;
	size_t len;

	if (max)
		param_set("max_blob", atoi(max));
	ask();
	if (err) {
		is_absent(CVM_EVIDENCE_ITEM_CCEL_DATA, atoi(err));
		return;
	}
	if (!file)
		ktap_skip("nobody says what log this machine has");
	len = load(file, want, sizeof(want));
	it = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_CCEL_DATA);
	CHECK(it && !absent(CVM_EVIDENCE_ITEM_CCEL_DATA), "no log");
	ktap_note("a log of %u bytes", it->len);
	CHECK(it->len == len && !memcmp(it->data, want, len),
	      "%u bytes, not %zu, or others", it->len, len);
}

/* Nobody asked: it is not there, and nothing says that it is missing */
static void not_unasked(void)
{
	struct cvm_blob b;
	int fd;

	ask();
	fd = cvm_open(O_RDWR);
	cvm_take(fd, "plain", 5, &b);
	for (unsigned int i = 0; i < b.nr; i++)
		CHECK(b.item[i].type != CVM_EVIDENCE_ITEM_CCEL_TABLE &&
		      b.item[i].type != CVM_EVIDENCE_ITEM_CCEL_DATA &&
		      b.item[i].type != CVM_EVIDENCE_ITEM_ABSENT, "item %u",
		      b.item[i].type);
}

static const struct ktap_case cases[] = {
	{ "table", table, 0 },
	{ "log_as_it_is", log_as_it_is, 0 },
	{ "not_unasked", not_unasked, 0 },
};

CVM_TEST_MAIN(cases)
