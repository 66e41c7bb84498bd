// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers come and go under cvm_evidence, which needs no reload for it: AUTO is
 * chosen anew for each request. Until our entry of TSM is dropped rmmod of its
 * driver fails "in use"; one without a node can go at any time.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static bool has_node(void)
{
	return strcmp(driver_name(), "arm_cca_guest");
}

static void take(int fd)
{
	struct cvm_blob b;
	uint8_t rd[64];

	fill_random(rd, sizeof(rd));
	cvm_take(fd, rd, sizeof(rd), &b);
}

/* errno of an attempt by write and read, 0 for evidence */
static int attempt(int fd)
{
	static uint8_t buf[CVM_BUF_SIZE];
	struct cvm_blob b;
	uint8_t rd[64];
	ssize_t n;

	fill_random(rd, sizeof(rd));
	cvm_write(fd, rd, sizeof(rd));
	n = cvm_slurp(fd, buf, sizeof(buf));
	if (n < 0)
		return -n;
	cvm_blob_check(buf, n, rd, sizeof(rd), &b);
	return 0;
}

static void check_nobody(int fd)
{
	const struct cvm_evidence_provider *p;
	struct cvm_evidence_request req;
	struct cvm_state st;
	int err;

	cvm_get_info(fd, &st);
	CHECK(st.info.auto_provider == CVM_EVIDENCE_PROVIDER_AUTO,
	      "auto would use provider %u", st.info.auto_provider);
	CHECK(st.info.tee == CVM_EVIDENCE_TEE_NONE, "tee %u", st.info.tee);
	p = driver_provider(&st);
	CHECK(p && (p->status == CVM_EVIDENCE_ST_NO_DRIVER ||
		    (p->status == CVM_EVIDENCE_ST_NOT_BUILT && !driver_built_with(p->id))),
	      "status %u", p ? p->status : 0);
	CHECK(p->reason == CVM_EVIDENCE_REASON_NO_DRIVER ||
	      p->reason == CVM_EVIDENCE_REASON_NO_INTERFACE ||
	      p->reason == CVM_EVIDENCE_REASON_DRIVER_UNLOADED,
	      "GET_INFO does not say why %s is not there: %s", p->name,
	      cvm_why(p));
	ktap_note("%s: %s", p->name, cvm_why(p));

	err = attempt(fd);
	CHECK(err == ENODEV, "read: %s", strerror(err));
	cvm_request_init(&req, "nobody", 6);
	err = cvm_request(fd, &req);
	CHECK(err == -ENODEV, "REQUEST: %s", strerror(-err));
	CHECK(!req.out_provider, "provider %u served it", req.out_provider);
}

static void need_driver(void)
{
	sim_need();
	driver_name();
}

/* "GET_INFO says why"; a driver that comes after us is used at once */
static void loaded_before_the_driver(void)
{
	struct cvm_state st;
	int fd;

	need_driver();
	module_unload(driver_name(), 2000);
	reload_ours();
	fd = cvm_open(O_RDWR);
	check_nobody(fd);

	CHECK(!driver_load(NULL), "the driver cannot be loaded");
	take(fd);
	cvm_get_info(fd, &st);
	CHECK(driver_provider(&st)->status == CVM_EVIDENCE_ST_AVAILABLE, "%s",
	      cvm_why(driver_provider(&st)));
}

/* An open file lives through it all: evidence, ENODEV, evidence */
static void unloaded_and_back(void)
{
	int fd;

	need_driver();
	fd = cvm_open(O_RDWR);
	for (int i = 0; i < 3; i++) {
		take(fd);
		module_unload(driver_name(), 1000);
		check_nobody(fd);
		CHECK(!driver_load(NULL), "the driver cannot be loaded again");
		take(fd);
	}
}

/*
 * "unloading fails 'in use' only while our entry lives, 100 ms past the last
 * request": so an attempt that fails finds the entry there. Without
 * certificates: an entry that had some is dropped at once (provider_tsm.c).
 */
static void in_use_while_an_entry_lives(void)
{
	unsigned int refused = 0;
	uint64_t begin;
	int fd, err;

	need_driver();
	driver_keeps_entry();
	fd = cvm_open(O_RDWR);
	for (int i = 0; i < 5; i++) {
		take(fd);
		begin = now_ms();
		while ((err = module_unload_once(driver_name()))) {
			CHECK(err == -EAGAIN || err == -EBUSY, "rmmod: %s",
			      strerror(-err));
			CHECK(driver_tsm(), "in use, and there is no entry");
			refused++;
			CHECK_TIME(now_ms() - begin < 1000,
				   "in use 1 s after the last request");
			sleep_ms(10);
		}
		CHECK(!driver_load(NULL), "the driver cannot be loaded again");
	}
	if (driver_tsm() && has_node())
		CHECK(refused, "it never was in use: is it held at all?");
	ktap_note("refused %u times in 5 unloads", refused);

	/* and not once without a reason */
	take(fd);
	if (tsm_entries() >= 0)
		CHECK(tsm_entries_gone(1000), "the entry stays");
	/* the node is let go of right after the entry */
	sleep_ms(20);
	err = module_unload_once(driver_name());
	CHECK(!err, "rmmod without an entry: %s", strerror(-err));
}

/* Requests keep it, and let it go: "within a second of the load stopping" */
static void in_use_during_a_request(void)
{
	struct cvm_evidence_request req;
	int fd, err;

	need_driver();
	if (!has_node())
		ktap_skip("%s has no node that we could hold", driver_name());
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	sim_set("block=1");
	cvm_request_init(&req, "blocked", 7);
	err = cvm_request(fd, &req);
	CHECK(err == -EAGAIN, "%s", strerror(-err));
	for (int i = 0; i < 500 && !driver_counter("in_flight"); i++)
		sleep_ms(10);
	CHECK(driver_counter("in_flight"), "the request never got there");
	for (int i = 0; i < 30; i++) {
		err = module_unload_once(driver_name());
		CHECK(err == -EAGAIN || err == -EBUSY,
		      "rmmod under a request: %s", strerror(-err));
		sleep_ms(10);
	}
	sim_set("block=0");
	CHECK(cvm_poll(fd, POLLIN, 5000) == POLLIN, "no evidence");
	module_unload(driver_name(), 1000);
}

static void rmmod_child(void *arg)
{
	int err = module_unload_once(arg);

	CHECK(!err, "rmmod: %s", strerror(-err));
}

/*
 * A driver without a node goes although our entry lives; its unload "waits
 * only if an entry lives, killably, 5 s at most", so that it can be loaded
 * again at once: TSM refuses a provider while there are entries.
 */
static void no_node_goes_and_comes(void)
{
	uint64_t begin, took = 0;
	int fd, err;

	need_driver();
	if (has_node())
		ktap_skip("%s has a node", driver_name());
	fd = cvm_open(O_RDWR);
	for (int i = 0; i < 10; i++) {
		take(fd);
		CHECK(tsm_entries() == 1, "%d entries", tsm_entries());
		begin = now_ms();
		err = module_unload_once(driver_name());
		CHECK(!err, "rmmod: %s", strerror(-err));
		if (now_ms() - begin > took)
			took = now_ms() - begin;
		CHECK(!tsm_entries(), "rmmod came back before the entry went");
		CHECK(!driver_load(NULL), "it cannot be loaded at once");
		take(fd);
	}
	ktap_note("rmmod took at most %llu ms", (unsigned long long)took);
	CHECK_TIME(took < 5000, "rmmod waited for %llu ms", (unsigned long long)took);
}

/* The same with a request in the driver: it ends, then the driver goes */
static void no_node_goes_under_a_request(void)
{
	struct cvm_evidence_request req;
	short events;
	pid_t pid;
	int fd, err;

	need_driver();
	if (has_node())
		ktap_skip("%s has a node", driver_name());
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	sim_set("block=1");
	cvm_request_init(&req, "going", 5);
	err = cvm_request(fd, &req);
	CHECK(err == -EAGAIN, "%s", strerror(-err));
	for (int i = 0; i < 500 && !driver_counter("in_flight"); i++)
		sleep_ms(10);
	pid = run_child(rmmod_child, (void *)driver_name());
	sleep_ms(300);
	sim_set("block=0");
	events = cvm_poll(fd, POLLIN, 5000);
	CHECK(events & POLLIN, "the request has no end");
	join_child(pid, 8000);
	CHECK(!module_loaded(driver_name()), "it is still there");
	CHECK(!driver_load(NULL), "it cannot be loaded at once");
	fcntl(fd, F_SETFL, 0);
	take(fd);
}

static void load_slowly(void *arg)
{
	(void)arg;
	CHECK(!driver_load("init_delay_ms=1500"), "it cannot be loaded");
}

/*
 * "held open ... only once its module is LIVE": a driver that has registered
 * and is not ready must not be asked. The simulator counts it and WARNs, which
 * fails the run.
 */
static void never_before_it_is_ready(void)
{
	const struct cvm_evidence_provider *p;
	unsigned int refused = 0, not_ready = 0;
	unsigned long long early;
	struct cvm_state st;
	uint64_t begin;
	pid_t pid;
	int fd, err;

	need_driver();
	if (sim_real_driver())
		ktap_skip("the real driver has no parameters (init_delay_ms)");
	fd = cvm_open(O_RDWR);
	take(fd);
	early = driver_counter("not_ready");
	module_unload(driver_name(), 1000);
	pid = run_child(load_slowly, NULL);
	begin = now_ms();
	while (!module_loaded(driver_name())) {
		CHECK_TIME(now_ms() - begin < 40000, "the driver is not loaded");
		cvm_get_info(fd, &st);
		p = driver_provider(&st);
		not_ready += p->status == CVM_EVIDENCE_ST_NOT_READY;
		err = attempt(fd);
		if (!err)
			break;
		CHECK(err == ENODEV, "read: %s", strerror(err));
		refused++;
	}
	join_child(pid, 40000);
	take(fd);
	CHECK(driver_counter("not_ready") == early, "it was asked too early");
	CHECK(refused, "evidence from a driver that was not ready");
	ktap_note("%u requests refused, NOT_READY seen %u times", refused,
		  not_ready);
	CHECK(not_ready, "GET_INFO never said NOT_READY");
}

/*
 * The driver is back, and is being probed: who asks meanwhile waits for the
 * answer, and is not told what the probe before it found.
 */
static void asked_while_it_is_probed(void)
{
	struct cvm_evidence_request req;
	struct cvm_state st;
	uint64_t begin;
	int fd, err;

	need_driver();
	if (!driver_tsm())
		ktap_skip("%s makes no entry here", driver_name());
	fd = cvm_open(O_RDWR);
	for (int i = 0; i < 3; i++) {
		module_unload(driver_name(), 1000);
		cvm_get_info(fd, &st);
		CHECK(driver_provider(&st)->status == CVM_EVIDENCE_ST_NO_DRIVER,
		      "status %u", driver_provider(&st)->status);
		CHECK(!driver_load("mkdir_delay_ms=300"), "it cannot be loaded");
		/* by name: another that serves the same driver has no entry to make */
		cvm_request_init(&req, "asked", 5);
		req.provider = CVM_EVIDENCE_PROVIDER_TSM;
		begin = now_ms();
		err = cvm_request(fd, &req);
		ktap_note("answered after %llu ms",
			  (unsigned long long)(now_ms() - begin));
		CHECK(!err, "REQUEST: %s", strerror(-err));
	}
}

/* "auto picks the first available": another TEE's driver may be the next */
/* Evidence of that TEE, from whatever provider of its driver there is */
static void take_of(int fd, uint32_t tee)
{
	const struct cvm_evidence_provider *p;
	struct cvm_evidence_request req;
	static uint8_t buf[CVM_BUF_SIZE];
	struct cvm_state st;
	struct cvm_blob b;
	uint8_t rd[64];
	ssize_t n;
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	/* without TSM there is a TDREPORT, which AUTO gives when it is allowed */
	if (tee == CVM_EVIDENCE_TEE_TDX && !driver_tsm())
		req.flags = CVM_EVIDENCE_F_TDREPORT;
	err = cvm_request(fd, &req);
	CHECK(!err, "%s", strerror(-err));
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", n ? strerror(-n) : "EOF");
	cvm_blob_check(buf, n, rd, sizeof(rd), &b);
	CHECK(b.hdr.tee == tee, "evidence of TEE %u", b.hdr.tee);
	cvm_get_info(fd, &st);
	p = cvm_find(&st, b.hdr.provider);
	CHECK(p && p->status == CVM_EVIDENCE_ST_AVAILABLE && p->tee == tee,
	      "provider %u is not said to be available", b.hdr.provider);
}

static void another_tee(void)
{
	const char *other, *params = driver_tsm() ? NULL : "tsm=N";
	uint32_t tee;
	int fd;

	need_driver();
	other = strcmp(driver_name(), "tdx_guest") ? "tdx_guest" : "sev_guest";
	tee = strcmp(driver_name(), "tdx_guest") ? CVM_EVIDENCE_TEE_TDX :
						   CVM_EVIDENCE_TEE_SEV_SNP;
	if (!driver_tsm() && access(TSM_REPORT_DIR, F_OK))
		params = NULL;	/* no such kernel, no such parameter to set */
	fd = cvm_open(O_RDWR);
	take(fd);
	module_unload(driver_name(), 1000);
	CHECK(!other_driver_load(other, params), "%s cannot be loaded", other);
	take_of(fd, tee);
	module_unload(other, 1000);
	check_nobody(fd);
	CHECK(!driver_load(NULL), "%s cannot be loaded again", driver_name());
	take(fd);
}

static const struct ktap_case cases[] = {
	{ "loaded_before_the_driver", loaded_before_the_driver, 0 },
	{ "unloaded_and_back", unloaded_and_back, 0 },
	{ "in_use_while_an_entry_lives", in_use_while_an_entry_lives, 0 },
	{ "in_use_during_a_request", in_use_during_a_request, 0 },
	{ "no_node_goes_and_comes", no_node_goes_and_comes, 0 },
	{ "no_node_goes_under_a_request", no_node_goes_under_a_request, 0 },
	{ "never_before_it_is_ready", never_before_it_is_ready, 120 },
	{ "asked_while_it_is_probed", asked_while_it_is_probed, 0 },
	{ "another_tee", another_tee, 0 },
};

DRIVERS_TEST_MAIN(cases)
