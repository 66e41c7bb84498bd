// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory is short while the module is loaded, or while it probes a driver that
 * was: every allocation fails once, one at a time. A load ends with ENOMEM or
 * with a module that lacks nothing; a probe that failed is made again.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define N_MAX		1500
#define TOLD_MAX	12
#define ALLOCS		(INJECT_SLAB | INJECT_PAGE)

static uint8_t buf[CVM_BUF_SIZE];
static unsigned int told;

static void tell(unsigned int n, const char *what, int err)
{
	if (told++ < TOLD_MAX)
		ktap_note("fault %u: %s%s%s", n, what, err ? ": " : "",
			  err ? strerror(-err) : "");
}

/* Evidence by a new file; types gets its items as bits. 0 or -errno */
static int evidence(uint64_t *types)
{
	struct cvm_evidence_request req;
	int fd = cvm_open(O_RDWR), err;
	struct cvm_blob b;
	uint8_t rd[64];
	ssize_t n;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	err = cvm_request(fd, &req);
	if (err)
		goto out;
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, rd, sizeof(rd), &b);
	*types = 0;
	for (unsigned int i = 0; i < b.nr; i++)
		*types |= 1ULL << (b.item[i].type % 64);
out:
	close(fd);
	return err;
}

/* --- loading --- */

static int module_file(void)
{
	char path[512] = "";
	FILE *f = popen("modinfo -n cvm_evidence", "re");
	int fd;

	CHECK(f && fgets(path, sizeof(path), f), "modinfo -n cvm_evidence");
	pclose(f);
	path[strcspn(path, "\n")] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

static int load(int file)
{
	return syscall(SYS_finit_module, file, "", 0) ? -errno : 0;
}

static void load_one(int file, unsigned int n, uint64_t whole, bool *hit)
{
	uint64_t types;
	int err;

	module_unload("cvm_evidence", 5000);
	inject_arm(getpid(), getpid(), n);
	err = load(file);
	*hit = inject_disarm();
	if (err) {
		if (!*hit || err != -ENOMEM)
			tell(n, "the load", err);
		/* and the next one is as if nothing had been */
		err = load(file);
		CHECK(!err, "after fault %u: %s", n, strerror(-err));
	}
	err = evidence(&types);
	if (err)
		tell(n, "loaded, but", err);
	else if (types != whole)
		tell(n, "loaded, but an item of evidence is missing", 0);
}

static void module_load_faults(void)
{
	uint64_t whole = 0;
	bool hit = true;
	unsigned int n, step;
	int err, file;

	inject_need(ALLOCS);
	sim_need();
	driver_name();
	drivers_touched();
	file = module_file();
	err = evidence(&whole);
	CHECK(!err, "%s", strerror(-err));
	inject_kinds_modules(ALLOCS);
	/* on an error it leaks the name of the cache (mm/slub.c, 6.12) */
	inject_spare("sysfs_slab_add");
	step = inject_step(9);
	for (n = 1; hit && n < N_MAX; n += step)
		load_one(file, n, whole, &hit);
	ktap_note("%u faults, step %u", (n - 1) / step - 1, step);
	CHECK(!hit, "no end after %u faults", n);
	CHECK(!told, "%u of %u", told, (n - 1) / step - 1);
	CHECK(n > 20, "hardly anything to fail");
}

/* --- probing --- */

static void probe_one(unsigned int n, pid_t worker, uint64_t whole,
		     const struct cvm_evidence_provider *want, bool *hit)
{
	struct cvm_evidence_provider p;
	uint64_t types;
	int err;

	module_unload(driver_name(), 2000);
	inject_arm(worker, worker, n);
	CHECK(!driver_load(NULL), "%s", driver_name());
	driver_probed(&p);
	*hit = inject_disarm();
	if (p.status != CVM_EVIDENCE_ST_AVAILABLE &&
	    p.status != CVM_EVIDENCE_ST_ERROR)
		tell(n, cvm_why(&p), 0);
	if (p.status == CVM_EVIDENCE_ST_AVAILABLE &&
	    (p.caps != want->caps || p.tee != want->tee ||
	     p.privlevel_floor != want->privlevel_floor))
		tell(n, "the provider looks like another one", 0);
	if (tsm_entries() > 0 && !tsm_entries_gone(2000))
		tell(n, "its TSM entry stays behind", 0);
	err = evidence(&types);
	if (err)
		tell(n, "the next request", err);
	else if (types != whole)
		tell(n, "the next request lacks an item", 0);
}

static void probe_faults(void)
{
	struct cvm_evidence_provider want;
	uint64_t whole = 0;
	bool hit = true;
	unsigned int n, step;
	pid_t worker;
	int err;

	inject_need(ALLOCS);
	sim_need();
	driver_name();
	drivers_touched();
	err = evidence(&whole);
	CHECK(!err, "%s", strerror(-err));
	driver_probed(&want);
	worker = inject_worker();
	inject_kinds(ALLOCS);
	step = inject_step(5);
	for (n = 1; hit && n < N_MAX; n += step)
		probe_one(n, worker, whole, &want, &hit);
	ktap_note("%u faults, step %u", (n - 1) / step - 1, step);
	CHECK(!hit, "no end after %u faults", n);
	CHECK(!told, "%u of %u", told, (n - 1) / step - 1);
	CHECK(n > 1 + step, "there was nothing to fail");
}

static const struct ktap_case cases[] = {
	{ "module_load", module_load_faults, 900 },
	{ "probe", probe_faults, 900 },
};

DRIVERS_TEST_MAIN(cases)
