// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parameters that go through to the provider: privlevel, never below its floor;
 * service_*, which TSM cannot un-set, so that such a request gets an entry of
 * its own; EOPNOTSUPP where the provider lacks them.
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

#define SNP_VMPL	0x30	/* in the report */
#define DEFAULT		CVM_EVIDENCE_PRIVLEVEL_DEFAULT

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;
static struct cvm_state st;
static struct cvm_blob blob;
static uint8_t rd[64];
static int fd;

/* The vTPM service, in the order of its text form */
static const uint8_t vtpm[16] = {
	0xc4, 0x76, 0xf1, 0xeb, 0x01, 0x23, 0x45, 0xa5,
	0x96, 0x41, 0xb4, 0xe7, 0xdd, 0xe5, 0xbf, 0xe3
};

static void need(void)
{
	sim_need();
	driver_name();
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
}

static bool snp(void)
{
	return st.info.tee == CVM_EVIDENCE_TEE_SEV_SNP;
}

static void prepare(void)
{
	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
}

/* 0 with the blob, checked, or -errno */
static int ask(void)
{
	int err = cvm_request(fd, &req);
	ssize_t n;

	if (err)
		return err;
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, rd, req.report_data_len, &blob);
	return 0;
}

static int ask_at(uint32_t privlevel)
{
	prepare();
	req.privlevel = privlevel;
	return ask();
}

/* Signed and told: the level is in the report and in an item */
static void check_level(uint32_t want)
{
	const struct cvm_item *it, *report;

	it = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_PRIVLEVEL);
	CHECK(it, "no item PRIVLEVEL");
	CHECK(cvm_get32(it->data) == want, "item %u, not %u",
	      cvm_get32(it->data), want);
	report = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_REPORT);
	CHECK(cvm_get32(report->data + SNP_VMPL) == want, "report of VMPL %u, not %u",
	      cvm_get32(report->data + SNP_VMPL), want);
}

static void check_levels(uint32_t floor)
{
	int err;

	driver_ready(fd, &st);
	CHECK(driver_provider(&st)->privlevel_floor == floor, "floor %u",
	      driver_provider(&st)->privlevel_floor);
	CHECK(st.info.privlevel_floor == floor, "floor %u",
	      st.info.privlevel_floor);
	CHECK(!ask_at(DEFAULT), "the default level");
	check_level(floor);
	for (uint32_t level = 0; level <= CVM_EVIDENCE_PRIVLEVEL_MAX; level++) {
		err = ask_at(level);
		CHECK(err == (level < floor ? -EINVAL : 0),
		      "level %u over floor %u: %s", level, floor, strerror(-err));
		if (!err)
			check_level(level);
	}
	CHECK(ask_at(CVM_EVIDENCE_PRIVLEVEL_MAX + 1) == -EINVAL, "level 4");
	/* the level of one request is not that of the next */
	CHECK(!ask_at(DEFAULT), "the default level");
	check_level(floor);
}

static void privlevel(void)
{
	need();
	if (!snp())
		ktap_skip("only SNP has levels");
	check_levels(0);
}

static void privlevel_floor(void)
{
	char params[32];

	need();
	if (!snp())
		ktap_skip("only SNP has levels");
	for (uint32_t floor = 1; floor <= 3; floor++) {
		module_unload(driver_name(), 1000);
		snprintf(params, sizeof(params), "vmpck_id=%u", floor);
		CHECK(!driver_load(params), "%s", params);
		check_levels(floor);
	}
}

/* A TSM floor that is not the key's number: "privlevel never below the floor" */
/*
 * Under an SVSM at VMPL 2. Linux 7 leaves the parameter vmpck_id at -1; the
 * provider sev-guest finds the level in sysfs (sev/vmpl).
 */
static void privlevel_of_the_kernel(void)
{
	need();
	if (!snp())
		ktap_skip("only SNP has levels");
	module_unload(driver_name(), 1000);
	CHECK(!driver_load("vmpl=2"), "vmpl=2");
	driver_ready(fd, &st);
	check_levels(2);
	prepare();
	req.provider = CVM_EVIDENCE_PROVIDER_SEV_GUEST;
	CHECK(!ask(), "sev-guest: its default");
	check_level(2);
}

static void privlevel_floor_alone(void)
{
	need();
	if (!snp() || !driver_tsm())
		ktap_skip("not SNP through TSM");
	module_unload(driver_name(), 1000);
	CHECK(!driver_load("privlevel_floor=2"), "privlevel_floor=2");
	check_levels(2);
}

static void privlevel_where_there_is_none(void)
{
	int err;

	need();
	if (snp())
		ktap_skip("SNP has levels");
	for (uint32_t level = 0; level <= CVM_EVIDENCE_PRIVLEVEL_MAX; level++) {
		err = ask_at(level);
		CHECK(err == -EOPNOTSUPP, "level %u: %s", level, strerror(-err));
	}
	CHECK(!ask_at(DEFAULT), "the default level");
	CHECK(!cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_PRIVLEVEL),
	      "an item PRIVLEVEL");
}

static void service(const char *name)
{
	prepare();
	req.service_provider = (uintptr_t)name;
	req.service_provider_len = strlen(name);
}

static void with_guid(const uint8_t *guid)
{
	req.flags |= CVM_EVIDENCE_F_SERVICE_GUID;
	memcpy(req.service_guid, guid, sizeof(req.service_guid));
}

static void with_version(uint32_t version)
{
	req.flags |= CVM_EVIDENCE_F_MANIFEST_VERSION;
	req.service_manifest_version = version;
}

static void need_service(void)
{
	const char *drv;

	need();
	drv = driver_name();
	if (strcmp(drv, "sev_guest") || !driver_tsm())
		ktap_skip("not SNP through TSM");
	module_unload(drv, 1000);
	CHECK(!driver_load("vmpl=2"), "vmpl=2");
	driver_ready(fd, &st);
	CHECK(driver_provider(&st)->caps & CVM_EVIDENCE_CAP_SERVICE, "caps 0x%x",
	      driver_provider(&st)->caps);
}

/* By a program of the machine's own: nothing here trusts our arithmetic */
static void sha512(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen,
		   uint8_t out[static 64])
{
	char path[] = "/tmp/cvm-sha512.XXXXXX", cmd[64], hex[129] = "";
	int tmp = mkstemp(path);
	FILE *f;

	CHECK(tmp >= 0, "%s: %s", path, strerror(errno));
	CHECK(write(tmp, a, alen) == (ssize_t)alen &&
	      write(tmp, b, blen) == (ssize_t)blen, "%s", strerror(errno));
	close(tmp);
	snprintf(cmd, sizeof(cmd), "sha512sum <%s", path);
	f = popen(cmd, "r");
	CHECK(f && fread(hex, 1, 128, f) == 128 && !pclose(f), "%s failed", cmd);
	unlink(path);
	for (int i = 0; i < 64; i++)
		CHECK(sscanf(hex + 2 * i, "%2hhx", &out[i]) == 1, "%s", hex);
}

/* "REPORT_DATA is SHA-512(report_data, padded, || manifest)" */
static void check_service(const char *name)
{
	const struct cvm_item *it, *manifest;
	uint8_t padded[64] = { 0 }, want[64];

	CHECK(blob.hdr.binding == CVM_EVIDENCE_BINDING_SVSM, "binding %u",
	      blob.hdr.binding);
	manifest = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_MANIFEST);
	CHECK(manifest && manifest->len, "no manifest");
	memcpy(padded, rd, req.report_data_len);
	sha512(padded, sizeof(padded), manifest->data, manifest->len, want);
	CHECK(!memcmp(cvm_blob_bound(&blob), want, sizeof(want)),
	      "REPORT_DATA is not the hash of nonce and manifest");

	it = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_SERVICE_PROVIDER);
	CHECK(it && it->len == strlen(name) && !memcmp(it->data, name, it->len),
	      "item SERVICE_PROVIDER");
	it = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_SERVICE_GUID);
	CHECK(!it == !(req.flags & CVM_EVIDENCE_F_SERVICE_GUID) &&
	      (!it || !memcmp(it->data, req.service_guid, 16)),
	      "item SERVICE_GUID");
	it = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_SERVICE_MANIFEST_VERSION);
	CHECK(!it == !(req.flags & CVM_EVIDENCE_F_MANIFEST_VERSION) &&
	      (!it || cvm_get32(it->data) == req.service_manifest_version),
	      "item SERVICE_MANIFEST_VERSION");
}

/* A request without services right after: its entry is not poisoned */
static void check_plain(void)
{
	CHECK(!ask_at(DEFAULT), "a plain request after one for a service");
	CHECK(blob.hdr.binding == CVM_EVIDENCE_BINDING_DIRECT, "binding %u",
	      blob.hdr.binding);
	CHECK(!cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_MANIFEST) &&
	      !cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_SERVICE_PROVIDER),
	      "a manifest nobody asked for");
	check_level(2);
}

static void service_svsm(void)
{
	size_t all;
	int err;

	need_service();
	check_plain();
	service("svsm");
	err = ask();
	CHECK(!err, "svsm: %s", strerror(-err));
	check_service("svsm");
	all = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_MANIFEST)->len;
	check_plain();

	service("svsm");
	req.report_data_len = 5;
	memset(req.report_data + 5, 0, sizeof(req.report_data) - 5);
	err = ask();
	CHECK(!err, "svsm, 5 bytes: %s", strerror(-err));
	check_service("svsm");
	check_plain();

	service("svsm");
	with_guid(vtpm);
	with_version(0);
	err = ask();
	CHECK(!err, "svsm, vTPM: %s", strerror(-err));
	check_service("svsm");
	/* the guid reached the SVSM: one service is less than all of them */
	CHECK(cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_MANIFEST)->len < all,
	      "the manifest of one service has %zu bytes or more", all);
	check_plain();
}

/* What the SVSM refuses is the caller's choice: EINVAL, and it is over */
static void service_refused(void)
{
	uint8_t unknown[16];
	int err;

	need_service();
	service("svsm");
	with_guid(vtpm);
	with_version(7);
	err = ask();
	CHECK(err == -EINVAL, "manifest version 7: %s", strerror(-err));
	check_plain();

	memset(unknown, 0x11, sizeof(unknown));
	service("svsm");
	with_guid(unknown);
	err = ask();
	CHECK(err == -EINVAL, "unknown guid: %s", strerror(-err));
	check_plain();

	service("nobody");
	err = ask();
	CHECK(err == -EINVAL, "unknown provider: %s", strerror(-err));
	check_plain();
}

/* The manifest is not what REPORT_DATA says: EBADMSG */
static void service_wrong_data(void)
{
	int err;

	need_service();
	sim_set("wrong_data=1:1");
	service("svsm");
	err = ask();
	CHECK(err == -EBADMSG, "%s", strerror(-err));
	service("svsm");
	CHECK(!ask(), "svsm after EBADMSG");
	check_service("svsm");
}

/* "an entry of their own": none of it is left, and none grows */
static void service_entries(void)
{
	need_service();
	for (int i = 0; i < 20; i++) {
		service("svsm");
		CHECK(!ask(), "svsm");
		CHECK(tsm_entries() == 0, "%d entries after a service request",
		      tsm_entries());
	}
	driver_keeps_entry();
	check_plain();
	CHECK(tsm_entries() == 1, "%d entries after a plain request",
	      tsm_entries());
	CHECK(tsm_entries_gone(500), "the entry stays");
}

static void service_where_there_is_none(void)
{
	int err;

	need();
	service("svsm");
	err = ask();
	CHECK(err == -EOPNOTSUPP, "service: %s", strerror(-err));
	service("svsm");
	with_guid(vtpm);
	with_version(1);
	err = ask();
	CHECK(err == -EOPNOTSUPP, "service, guid, version: %s", strerror(-err));
	prepare();
	with_guid(vtpm);
	err = ask();
	CHECK(err == -EINVAL, "guid alone: %s", strerror(-err));
	prepare();
	with_version(1);
	err = ask();
	CHECK(err == -EINVAL, "manifest version alone: %s", strerror(-err));
	CHECK(!ask_at(DEFAULT), "a plain request");
}

static const struct ktap_case cases[] = {
	{ "privlevel", privlevel, 0 },
	{ "privlevel_floor", privlevel_floor, 0 },
	{ "privlevel_of_the_kernel", privlevel_of_the_kernel, 0 },
	{ "privlevel_floor_alone", privlevel_floor_alone, 0 },
	{ "privlevel_where_there_is_none", privlevel_where_there_is_none, 0 },
	{ "service_svsm", service_svsm, 0 },
	{ "service_refused", service_refused, 0 },
	{ "service_wrong_data", service_wrong_data, 0 },
	{ "service_entries", service_entries, 0 },
	{ "service_where_there_is_none", service_where_there_is_none, 0 },
};

DRIVERS_TEST_MAIN(cases)
