// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every copy fails once, one at a time, in the caller and
 * in the module's thread: the nth for n = 1, 2, ... until a call has fewer.
 * Each call then ends with ENOMEM (EFAULT for copies), as it would without, or
 * with an error that is listed here beside its reason. Nothing leaks, what is
 * delivered is whole and bound to its data, and the next request is served.
 */
#define _GNU_SOURCE
#include "drivers.h"
#include "nl.h"
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* --- what is called, each by its own way --- */

static int do_open(void)
{
	int file = open(cvm_node(), O_RDWR | O_CLOEXEC);

	if (file < 0)
		return -errno;
	close(file);
	return 0;
}

static int do_read(void)
{
	uint8_t byte;
	int err;

	if (write(sweep_fd, sweep_rd, sizeof(sweep_rd)) != sizeof(sweep_rd))
		return -errno;
	err = sweep_read();
	/* told once, then EOF */
	if (err && err != -EFAULT && read(sweep_fd, &byte, 1))
		sweep_wrong("an error that read tells twice");
	return err;
}

static int do_write(void)
{
	int flags = fcntl(sweep_fd, F_GETFL), err = 0;

	fcntl(sweep_fd, F_SETFL, flags | O_NONBLOCK);
	if (write(sweep_fd, sweep_rd, sizeof(sweep_rd)) != sizeof(sweep_rd))
		err = -errno;
	fcntl(sweep_fd, F_SETFL, flags);
	return err ?: sweep_read();
}

static int do_info(void)
{
	struct cvm_evidence_info info = { .size = sizeof(info) };
	struct cvm_evidence_provider prov[CVM_PROVIDERS];

	info.nr_providers = CVM_PROVIDERS;
	info.provider_size = sizeof(prov[0]);
	info.providers = (uintptr_t)prov;
	if (ioctl(sweep_fd, CVM_EVIDENCE_GET_INFO, &info))
		return -errno;
	if (info.auto_provider == CVM_EVIDENCE_PROVIDER_AUTO)
		sweep_wrong("no provider any more");
	return 0;
}

static struct nl nl;

static int do_netlink_info(void)
{
	return nl_request(&nl, CVM_EVIDENCE_CMD_GET_INFO, 0, NULL, 0);
}

static int do_netlink_log(void)
{
	return nl_request(&nl, CVM_EVIDENCE_CMD_GET_LOG, NLM_F_DUMP, NULL, 0);
}

/* --- allocations --- */

static void need(unsigned int kinds)
{
	sweep_need(kinds);
	sim_need();
}

static bool cap(uint32_t which)
{
	struct cvm_state st;

	cvm_get_info(sweep_fd, &st);
	return cvm_find(&st, st.info.auto_provider)->caps & which;
}

static void caller(int (*call)(void))
{
	need(SWEEP_ALLOCS);
	sweep(&(struct sweep){ .call = call, .fault = -ENOMEM }, SWEEP_ALLOCS);
}

static void caller_open(void) { caller(do_open); }
static void caller_read(void) { caller(do_read); }
static void caller_write(void) { caller(do_write); }
static void caller_request(void) { caller(sweep_request); }

/* It allocates nothing; whatever is allocated under it fails it nothing */
static void caller_info(void)
{
	need(SWEEP_ALLOCS);
	sweep(&(struct sweep){ .call = do_info, .may_be_none = true },
	      SWEEP_ALLOCS);
}

static void caller_netlink(void)
{
	need(SWEEP_ALLOCS);
	nl_open(&nl);
	sweep(&(struct sweep){ .call = do_netlink_info, .fault = -ENOMEM },
	      SWEEP_ALLOCS);
}

/*
 * Here it is netlink that allocates, for us. ENOBUFS is what it says itself
 * when there is no memory for a message.
 */
static void caller_netlink_log(void)
{
	need(SWEEP_ALLOCS);
	nl_open(&nl);
	sweep(&(struct sweep){ .call = do_netlink_log, .fault = -ENOMEM,
			       .others = { -ENOBUFS }, .anywhere = true },
	      SWEEP_ALLOCS);
}

/*
 * EIO: what a driver says when its firmware cannot be reached; the simulated
 * one needs memory for that. By the relay, a page of pid 1 that cannot be had
 * is a bad pointer to the driver, which is a failure of the driver's as well.
 */
static void worker(unsigned int step)
{
	sweep(&(struct sweep){
		.call = sweep_request, .worker = true, .fault = -ENOMEM,
		.others = { -EIO }, .step = step,
	}, SWEEP_ALLOCS);
}

static void worker_plain(void)
{
	need(SWEEP_ALLOCS);
	worker(0);
}

/* Without certificates an entry is kept, and dropped when it idles */
static void worker_kept_entry(void)
{
	need(SWEEP_ALLOCS);
	driver_keeps_entry();
	worker(0);
}

static void worker_event_log(void)
{
	need(SWEEP_ALLOCS);
	if (access("/sys/firmware/acpi/tables/CCEL", F_OK))
		ktap_skip("no event log here (ACPI table CCEL)");
	sweep_shape.flags = CVM_EVIDENCE_F_EVENT_LOG;
	sweep_shape.optional = 1ULL << CVM_EVIDENCE_ITEM_CCEL_TABLE |
			       1ULL << CVM_EVIDENCE_ITEM_CCEL_DATA |
			       1ULL << CVM_EVIDENCE_ITEM_ABSENT;
	worker(5);
}

static void worker_privlevel(void)
{
	need(SWEEP_ALLOCS);
	if (!cap(CVM_EVIDENCE_CAP_PRIVLEVEL))
		ktap_skip("no privilege levels here");
	sweep_shape.privlevel = 2;
	worker(5);
}

static void worker_service(void)
{
	need(SWEEP_ALLOCS);
	if (strcmp(driver_name(), "sev_guest") || !driver_tsm())
		ktap_skip("only SNP by TSM has services");
	module_unload(driver_name(), 1000);
	CHECK(!driver_load("vmpl=1"), "vmpl=1");
	sweep_shape.service = "svsm";
	worker(5);
}

/* --- copies --- */

static void copies(int (*call)(void))
{
	need(INJECT_USERCOPY);
	sweep(&(struct sweep){ .call = call, .fault = -EFAULT },
	      INJECT_USERCOPY);
}

static void copies_read(void) { copies(do_read); }
static void copies_request(void) { copies(sweep_request); }
static void copies_info(void) { copies(do_info); }

/* The relay's copies: EIO, as above */
static void copies_worker(void)
{
	need(INJECT_USERCOPY);
	if (driver_tsm())
		ktap_skip("by TSM the module's thread copies nothing");
	sweep(&(struct sweep){ .call = sweep_request, .worker = true,
			       .fault = -EIO }, INJECT_USERCOPY);
}

static const struct ktap_case cases[] = {
	{ "caller_open", caller_open, 0 },
	{ "caller_read", caller_read, 0 },
	{ "caller_write", caller_write, 0 },
	{ "caller_request", caller_request, 0 },
	{ "caller_info", caller_info, 0 },
	{ "caller_netlink", caller_netlink, 0 },
	{ "caller_netlink_log", caller_netlink_log, 0 },
	{ "copies_read", copies_read, 0 },
	{ "copies_request", copies_request, 0 },
	{ "copies_info", copies_info, 0 },
	{ "copies_worker", copies_worker, 0 },
	{ "worker_plain", worker_plain, 300 },
	{ "worker_kept_entry", worker_kept_entry, 300 },
	{ "worker_event_log", worker_event_log, 300 },
	{ "worker_privlevel", worker_privlevel, 300 },
	{ "worker_service", worker_service, 300 },
};

DRIVERS_TEST_MAIN(cases)
