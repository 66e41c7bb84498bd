// SPDX-License-Identifier: GPL-2.0-only
/*
 * enum cvm_evidence_status and enum cvm_evidence_reason: each is brought about,
 * and GET_INFO says it. The key is in provider_answers.c, memory that is short
 * in faults_load.c.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"
#include "nl.h"
#include "pv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static struct cvm_state st;

static const struct cvm_evidence_provider *look(int fd, uint32_t id)
{
	const struct cvm_evidence_provider *p;

	cvm_get_info(fd, &st);
	p = cvm_find(&st, id);
	CHECK(p, "GET_INFO does not list provider %u", id);
	return p;
}

/* Within 5 s; a probe is on its way, or a request that makes one */
static void becomes(int fd, uint32_t id, uint32_t status, uint32_t reason)
{
	const struct cvm_evidence_provider *p;
	uint64_t end = now_ms() + 5000;

	do {
		p = look(fd, id);
		if (p->status == status && p->reason == reason)
			return;
		sleep_ms(10);
	} while (now_ms() < end);
	CHECK(false, "%s: status %u, %s, not status %u, reason %u", p->name,
	      p->status, cvm_why(p), status, reason);
}

/* errno of a request for that provider, whose probe comes before it */
static int ask(uint32_t id)
{
	struct cvm_evidence_request req;
	int fd = cvm_open(O_RDWR), err;

	cvm_request_init(&req, "reason", 6);
	req.provider = id;
	err = -cvm_request(fd, &req);
	close(fd);
	return err;
}

static void is_not_built(uint32_t id)
{
	const struct cvm_evidence_provider *p;
	int fd = cvm_open(O_RDONLY);

	becomes(fd, id, CVM_EVIDENCE_ST_NOT_BUILT, CVM_EVIDENCE_REASON_NO_INTERFACE);
	CHECK(ask(id) == ENODEV, "not ENODEV");
	p = look(fd, id);
	CHECK(p->status == CVM_EVIDENCE_ST_NOT_BUILT &&
	      p->reason == CVM_EVIDENCE_REASON_NO_INTERFACE, "status %u, %s",
	      p->status, cvm_why(p));
	close(fd);
}

/*
 * "NOT_BUILT, NO_INTERFACE": TSM reports came with Linux 6.7, tdx_guest with 6.2,
 * and Debian's cloud flavour of 6.1 is built without sev-guest
 */
static void not_built(void)
{
	static const struct {
		uint32_t id;
		const char *driver;
	} others[] = {
		{ CVM_EVIDENCE_PROVIDER_SEV_GUEST, "sev_guest" },
		{ CVM_EVIDENCE_PROVIDER_TDX_GUEST, "tdx_guest" },
	};

	if (driver_built_with(CVM_EVIDENCE_PROVIDER_TSM))
		ktap_skip("this kernel may have TSM reports");
	/* an earlier test may have had a driver of that name, and unloaded it */
	module_unload("cvm_evidence", 5000);
	module_load("cvm_evidence");
	is_not_built(CVM_EVIDENCE_PROVIDER_TSM);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!driver_built_with(others[i].id) && !module_loaded(others[i].driver))
			is_not_built(others[i].id);
}

/* The provider that the simulated driver serves */
static uint32_t served(void)
{
	int fd;

	sim_need();
	driver_name();
	/* closed again: the module may be unloaded next */
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &st);
	close(fd);
	return driver_provider(&st)->id;
}

static void not_loaded(void)
{
	uint32_t id = served();
	int fd;

	module_unload(driver_name(), 2000);
	module_unload("cvm_evidence", 5000);
	module_load("cvm_evidence");
	fd = cvm_open(O_RDONLY);
	if (driver_built_with(id))
		becomes(fd, id, CVM_EVIDENCE_ST_NO_DRIVER,
			CVM_EVIDENCE_REASON_NO_DRIVER);
	else
		becomes(fd, id, CVM_EVIDENCE_ST_NOT_BUILT,
			CVM_EVIDENCE_REASON_NO_INTERFACE);
	CHECK(ask(id) == ENODEV, "not ENODEV");
}

/* "the driver was unloaded": known at once */
static void unloaded(void)
{
	const struct cvm_evidence_provider *p;
	uint32_t id = served();
	int fd = cvm_open(O_RDONLY);

	module_unload(driver_name(), 2000);
	p = look(fd, id);
	CHECK(p->status == CVM_EVIDENCE_ST_NO_DRIVER &&
	      p->reason == CVM_EVIDENCE_REASON_DRIVER_UNLOADED, "status %u, %s",
	      p->status, cvm_why(p));
	CHECK(p->tee == CVM_EVIDENCE_TEE_NONE && !p->driver[0],
	      "tee %u, driver %s", p->tee, p->driver);
	CHECK(ask(id) == ENODEV, "not ENODEV");
}

static void load_slowly(void *arg)
{
	(void)arg;
	CHECK(!driver_load("init_delay_ms=1500"), "it cannot be loaded");
}

/* "the driver is initialising": a request finds it so */
static void not_live(void)
{
	const struct cvm_evidence_provider *p;
	uint64_t end = now_ms() + 10000;
	uint32_t id = served();
	int fd = cvm_open(O_RDONLY);
	bool seen = false;
	pid_t pid;

	module_unload(driver_name(), 2000);
	pid = run_child(load_slowly, NULL);
	while (!seen && !module_loaded(driver_name()) && now_ms() < end) {
		ask(id);
		p = look(fd, id);
		seen = p->status == CVM_EVIDENCE_ST_NOT_READY;
		if (seen)
			CHECK(p->reason == CVM_EVIDENCE_REASON_DRIVER_NOT_LIVE,
			      "%s", cvm_why(p));
	}
	join_child(pid, 8000);
	CHECK(seen, "GET_INFO never said NOT_READY");
	becomes(fd, id, CVM_EVIDENCE_ST_AVAILABLE, CVM_EVIDENCE_REASON_NONE);
}

/* Something else than the driver's has the name of its node */
static void foreign_node(void)
{
	const struct cvm_evidence_provider *p;
	uint32_t id = served();
	char path[64];
	int fd, err;

	if (driver_tsm())
		ktap_skip("not through a node");
	p = driver_provider(&st);
	snprintf(path, sizeof(path), "/dev/%s",
		 id == CVM_EVIDENCE_PROVIDER_TDX_GUEST ? "tdx_guest" : p->name);
	module_unload("cvm_evidence", 5000);
	CHECK(!unlink(path) && !mknod(path, S_IFCHR | 0600, makedev(1, 3)),
	      "%s: %s", path, strerror(errno));
	module_load("cvm_evidence");
	err = ask(id);
	fd = cvm_open(O_RDONLY);
	p = look(fd, id);
	close(fd);
	/* as it was, or no case after this one has evidence */
	module_unload("cvm_evidence", 5000);
	CHECK(!unlink(path), "%s: %s", path, strerror(errno));
	/* devtmpfs removes only nodes that it made: the driver makes its own anew */
	module_unload(driver_name(), 2000);
	CHECK(!driver_load(NULL), "%s does not load", driver_name());
	module_load("cvm_evidence");
	CHECK(err == ENODEV, "%s", strerror(err));
	CHECK(p->status != CVM_EVIDENCE_ST_AVAILABLE &&
	      p->reason == CVM_EVIDENCE_REASON_FOREIGN_NODE, "status %u, %s",
	      p->status, cvm_why(p));
	CHECK(!ask(id), "the driver's own node does not serve");
}

static void no_tpm(void)
{
	const struct cvm_evidence_provider *p;

	if (!access("/dev/tpm0", F_OK))
		ktap_skip("there is a TPM");
	ask(CVM_EVIDENCE_PROVIDER_VTPM);
	p = look(cvm_open(O_RDONLY), CVM_EVIDENCE_PROVIDER_VTPM);
	if (p->status == CVM_EVIDENCE_ST_NOT_BUILT)
		ktap_skip("this kernel has no TPM core");
	CHECK(p->status == CVM_EVIDENCE_ST_NO_DRIVER &&
	      p->reason == CVM_EVIDENCE_REASON_NO_TPM, "status %u, %s",
	      p->status, cvm_why(p));
	CHECK(ask(CVM_EVIDENCE_PROVIDER_VTPM) == ENODEV, "not ENODEV");
}

static void no_hcl_report(void)
{
	pv_need();
	sim_set("index=missing");
	/* the first finds it gone, the second has it looked for */
	CHECK(ask(CVM_EVIDENCE_PROVIDER_VTPM) == ENODEV, "not ENODEV");
	CHECK(ask(CVM_EVIDENCE_PROVIDER_VTPM) == ENODEV, "not ENODEV again");
	becomes(pv_fd, CVM_EVIDENCE_PROVIDER_VTPM, CVM_EVIDENCE_ST_NO_DRIVER,
		CVM_EVIDENCE_REASON_NO_HCL_REPORT);
	sim_set("index=ok");
	sim_set("window=0");
	pv_back();
}

/* "the parameter is its response code" */
static void tpm_refused(void)
{
	pv_need();
	sim_set("index=missing");
	CHECK(ask(CVM_EVIDENCE_PROVIDER_VTPM) == ENODEV, "not ENODEV");
	sim_set("index=ok");
	sim_set("cc=nv_read_public");
	sim_set("rc=lockout");
	CHECK(ask(CVM_EVIDENCE_PROVIDER_VTPM) == ENODEV, "not ENODEV");
	becomes(pv_fd, CVM_EVIDENCE_PROVIDER_VTPM, CVM_EVIDENCE_ST_ERROR,
		CVM_EVIDENCE_REASON_TPM_REFUSED);
	CHECK(cvm_find(&st, CVM_EVIDENCE_PROVIDER_VTPM)->reason_param == 0x921,
	      "0x%x",
	      cvm_find(&st, CVM_EVIDENCE_PROVIDER_VTPM)->reason_param);
	sim_set("rc=0");
	sim_set("window=0");
	pv_back();
}

/* Trouble that passes is not "no provider": "TPM held the request off" */
static void tpm_busy(void)
{
	int err;

	pv_need();
	sim_set("index=missing");
	CHECK(ask(CVM_EVIDENCE_PROVIDER_VTPM) == ENODEV, "not ENODEV");
	sim_set("index=ok");
	sim_set("cc=nv_read_public");
	sim_set("rc=retry");
	err = ask(CVM_EVIDENCE_PROVIDER_VTPM);
	CHECK(err == ETIMEDOUT, "by name: %s", strerror(err));
	becomes(pv_fd, CVM_EVIDENCE_PROVIDER_VTPM, CVM_EVIDENCE_ST_ERROR,
		CVM_EVIDENCE_REASON_PROBE_FAILED);
	CHECK(cvm_find(&st, CVM_EVIDENCE_PROVIDER_VTPM)->reason_param == ETIMEDOUT,
	      "%u", cvm_find(&st, CVM_EVIDENCE_PROVIDER_VTPM)->reason_param);
	CHECK(ask(CVM_EVIDENCE_PROVIDER_AUTO) == ETIMEDOUT, "AUTO: not ETIMEDOUT");
	sim_set("rc=0");
	sim_set("window=0");
	pv_back();
}

/* CVM_EVIDENCE_INFO_F_EVENTS: "the netlink family is there" */
static void events_flag(void)
{
	struct nl nl;
	int err;

	cvm_get_info(cvm_open(O_RDONLY), &st);
	err = nl_try_open(&nl);
	CHECK(!err == !!(st.info.flags & CVM_EVIDENCE_INFO_F_EVENTS),
	      "the family: %s; flags 0x%x", strerror(-err), st.info.flags);
	if (!err)
		nl_close(&nl);
}

static const struct ktap_case cases[] = {
	{ "not_built", not_built, 0 },
	{ "not_loaded", not_loaded, 0 },
	{ "unloaded", unloaded, 0 },
	{ "not_live", not_live, 0 },
	{ "foreign_node", foreign_node, 0 },
	{ "no_tpm", no_tpm, 0 },
	{ "no_hcl_report", no_hcl_report, 0 },
	{ "tpm_refused", tpm_refused, 0 },
	{ "tpm_busy", tpm_busy, 0 },
	{ "events_flag", events_flag, 0 },
};

DRIVERS_TEST_MAIN(cases)
