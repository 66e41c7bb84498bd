// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every copy fails once, one at a time, in the caller and
 * in the provider's thread: the nth for n = 1, 2, ... until a call has fewer.
 * Each call then ends with ENOMEM (EFAULT for copies), as it would without, or
 * with an error that is listed here beside its reason. Nothing leaks, what is
 * delivered is whole and bound to its data, and the next request is served.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"
#include "inject.h"
#include "nl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define N_MAX		4000	/* no call has as many chances */
#define TOLD_MAX	12
#define SETTLE_MS	3000
#define ALLOCS		(INJECT_SLAB | INJECT_PAGE)

/* What one request asks for */
static struct shape {
	uint32_t flags;
	uint32_t privlevel;
	const char *service;
} shape;

static uint8_t buf[CVM_BUF_SIZE];
static uint8_t rd[64];
static int fd;
/* Types of the items that a request without faults brings, as bits */
static uint64_t whole;
/* Why the last answer is not what it has to be; NULL when it is */
static const char *wrong;

static uint64_t types_of(const struct cvm_blob *b)
{
	uint64_t types = 0;

	for (unsigned int i = 0; i < b->nr; i++)
		types |= 1ULL << (b->item[i].type % 64);
	return types;
}

/* NULL, or what is wrong with the evidence in buf */
static const char *judge(ssize_t n, const uint8_t *data, size_t len)
{
	const uint64_t log = 1ULL << CVM_EVIDENCE_ITEM_CCEL_TABLE |
			     1ULL << CVM_EVIDENCE_ITEM_CCEL_DATA |
			     1ULL << CVM_EVIDENCE_ITEM_ABSENT;
	const struct cvm_item *it;
	const uint8_t *bound;
	struct cvm_blob b;
	const char *why;
	uint64_t types;

	why = cvm_blob_parse(buf, n, &b);
	if (why)
		return why;
	it = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_REPORT_DATA);
	if (!it || it->len != len || memcmp(it->data, data, len))
		return "another request's report_data";
	bound = shape.service ? NULL : cvm_blob_bound(&b);
	if (bound && memcmp(bound, data, len))
		return "a report that is bound to something else";
	types = types_of(&b);
	/* an event log is optional, and ABSENT tells why there is none */
	if (shape.flags & CVM_EVIDENCE_F_EVENT_LOG)
		types = (types & ~log) | (whole & log);
	if (whole && types != whole)
		return types & ~whole ? "an item that does not belong there" :
					"an item is missing";
	whole = types;
	return NULL;
}

/* Reads what there is, in pieces when copies fail; 0 or -errno */
static int slurp(const uint8_t *data, size_t len)
{
	ssize_t got = 0, n;

	for (int faults = 0; ; ) {
		n = read(fd, buf + got, sizeof(buf) - got);
		if (n < 0 && errno == EFAULT && got + ++faults < 3)
			continue;
		if (n <= 0)
			break;
		got += n;
	}
	if (n < 0)
		return -errno;
	wrong = got ? judge(got, data, len) : "an EOF without evidence";
	return 0;
}

/* Requests admitted before the call */
static uint64_t before_it;

static uint64_t started(void)
{
	struct cvm_state st;

	cvm_get_info(fd, &st);
	return st.info.requests_started;
}

static int request(void)
{
	struct cvm_evidence_request req;
	int err, told;

	cvm_request_init(&req, rd, sizeof(rd));
	req.flags = shape.flags;
	req.privlevel = shape.privlevel;
	if (shape.service) {
		req.service_provider = (uintptr_t)shape.service;
		req.service_provider_len = strlen(shape.service);
	}
	err = cvm_request(fd, &req);
	/* out fields that could not be written cost no evidence: it is there */
	if (err && (err != -EFAULT || started() == before_it))
		return err;
	told = slurp(rd, sizeof(rd));
	return err ?: told;
}

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
	int err;

	if (write(fd, rd, sizeof(rd)) != sizeof(rd))
		return -errno;
	err = slurp(rd, sizeof(rd));
	/* told once, then EOF */
	if (err && err != -EFAULT && read(fd, buf, 1))
		wrong = "an error that read tells twice";
	return err;
}

static int do_write(void)
{
	int flags = fcntl(fd, F_GETFL), err = 0;

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	if (write(fd, rd, sizeof(rd)) != sizeof(rd))
		err = -errno;
	fcntl(fd, F_SETFL, flags);
	return err ?: slurp(rd, sizeof(rd));
}

static int do_info(void)
{
	struct cvm_evidence_info info = { .size = sizeof(info) };
	struct cvm_evidence_provider prov[CVM_PROVIDERS];

	info.nr_providers = CVM_PROVIDERS;
	info.provider_size = sizeof(prov[0]);
	info.providers = (uintptr_t)prov;
	if (ioctl(fd, CVM_EVIDENCE_GET_INFO, &info))
		return -errno;
	if (info.auto_provider == CVM_EVIDENCE_PROVIDER_AUTO)
		wrong = "no provider any more";
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

/* --- the sweep --- */

struct sweep {
	int (*call)(void);
	const char *worker;	/* armed is this one's thread, or ourselves */
	int fault;		/* -errno of the faults themselves */
	int others[4];		/* -errno of callees, see where it is filled */
	bool anywhere;		/* not under our code alone */
	unsigned int step;	/* a call like others: every so many faults; or 0 */
};

static unsigned int told;

static void tell(unsigned int n, int err, const char *what)
{
	if (told++ < TOLD_MAX)
		ktap_note("fault %u (%s): %s", n, err ? strerror(-err) : "success",
			  what);
}

static bool expected(const struct sweep *s, int err)
{
	if (!err || err == s->fault)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(s->others); i++)
		if (err == s->others[i])
			return true;
	return false;
}

/* Nothing is left of the request; what is, is told */
static const char *at_rest(unsigned int files)
{
	uint64_t end = now_ms() + SETTLE_MS;
	struct cvm_state st;

	for (;;) {
		cvm_get_info(fd, &st);
		if (!st.info.live_requests && !st.info.live_blobs &&
		    st.info.live_files == files)
			return NULL;
		if (now_ms() > end)
			break;
		sleep_ms(5);
	}
	return st.info.live_requests ? "a request leaks" :
	       st.info.live_blobs ? "a blob leaks" : "a file leaks";
}

static void sweep_one(const struct sweep *s, unsigned int n, pid_t pid,
		      pid_t tid, unsigned int files, bool *hit)
{
	char entry[64];
	const char *left;
	int err;

	fill_random(rd, sizeof(rd));
	wrong = NULL;
	before_it = started();
	inject_arm(pid, tid, n);
	err = s->call();
	/* an entry that idles is let go while faults go on */
	left = tsm_entries_gone(SETTLE_MS) ? NULL : "its TSM entry stays behind";
	*hit = inject_disarm();
	if (*hit ? !expected(s, err) : err)
		tell(n, err, "an error that is not expected");
	if (wrong)
		tell(n, err, wrong);
	if (left) {
		tell(n, err, left);
		while (tsm_entry(entry, sizeof(entry))) {
			char path[128];

			snprintf(path, sizeof(path), TSM_REPORT_DIR "/%s", entry);
			CHECK(!rmdir(path), "%s: %s", path, strerror(errno));
		}
	}
	left = at_rest(files);
	if (left)
		tell(n, err, left);

	fill_random(rd, sizeof(rd));
	wrong = NULL;
	err = request();
	if (err || wrong)
		tell(n, err, wrong ?: "the next request");
}

static void sweep(const struct sweep *s, unsigned int kinds)
{
	pid_t pid = getpid(), tid = syscall(SYS_gettid);
	struct cvm_state st;
	unsigned int n, step;
	bool hit = true;

	/* what it is like without: also warms caches, so that chances repeat */
	for (n = 0; n < 2; n++) {
		int err;

		fill_random(rd, sizeof(rd));
		wrong = NULL;
		err = s->call();
		CHECK(!wrong, "%s", wrong);
		CHECK(!err, "%s", strerror(-err));
	}
	cvm_get_info(fd, &st);
	if (s->worker) {
		pid = inject_worker(s->worker);
		tid = pid;
	}
	if (s->anywhere)
		inject_kinds_anywhere(kinds);
	else
		inject_kinds(kinds);
	step = inject_step(s->step);
	for (n = 1; hit && n < N_MAX; n += step)
		sweep_one(s, n, pid, tid, st.info.live_files, &hit);
	inject_reset();
	ktap_note("%u faults, step %u", (n - 1) / step - 1, step);
	CHECK(!hit, "no end after %u faults", n);
	CHECK(!told, "%u of %u", told, (n - 1) / step - 1);
	CHECK(n > 1 + step, "there was nothing to fail");
}

static const char *worker_name(void)
{
	const struct cvm_evidence_provider *p;
	static char name[sizeof(p->name)];
	struct cvm_state st;

	cvm_get_info(fd, &st);
	p = cvm_find(&st, st.info.auto_provider);
	CHECK(p, "no provider");
	strcpy(name, p->name);
	return name;
}

static void need(unsigned int kinds)
{
	inject_need(kinds);
	sim_need();
	fd = cvm_open(O_RDWR);
	shape.privlevel = CVM_EVIDENCE_PRIVLEVEL_DEFAULT;
}

static bool cap(uint32_t which)
{
	struct cvm_state st;

	cvm_get_info(fd, &st);
	return cvm_find(&st, st.info.auto_provider)->caps & which;
}

static void caller(int (*call)(void))
{
	need(ALLOCS);
	sweep(&(struct sweep){ .call = call, .fault = -ENOMEM }, ALLOCS);
}

static void caller_open(void) { caller(do_open); }
static void caller_read(void) { caller(do_read); }
static void caller_write(void) { caller(do_write); }
static void caller_request(void) { caller(request); }

static void caller_netlink(void)
{
	need(ALLOCS);
	nl_open(&nl);
	sweep(&(struct sweep){ .call = do_netlink_info, .fault = -ENOMEM },
	      ALLOCS);
}

/*
 * Here it is netlink that allocates, for us. ENOBUFS is what it says itself
 * when there is no memory for a message.
 */
static void caller_netlink_log(void)
{
	need(ALLOCS);
	nl_open(&nl);
	sweep(&(struct sweep){ .call = do_netlink_log, .fault = -ENOMEM,
			       .others = { -ENOBUFS }, .anywhere = true },
	      ALLOCS);
}

/*
 * EIO: what a driver says when its firmware cannot be reached; the simulated
 * one needs memory for that. By the relay, a page of pid 1 that cannot be had
 * is a bad pointer to the driver, which is a failure of the driver's as well.
 */
static void worker(unsigned int step)
{
	sweep(&(struct sweep){
		.call = request, .worker = worker_name(), .fault = -ENOMEM,
		.others = { -EIO }, .step = step,
	}, ALLOCS);
}

static void worker_plain(void)
{
	need(ALLOCS);
	worker(0);
}

/* Without certificates an entry is kept, and dropped when it idles */
static void worker_kept_entry(void)
{
	need(ALLOCS);
	driver_keeps_entry();
	worker(0);
}

static void worker_event_log(void)
{
	need(ALLOCS);
	if (access("/sys/firmware/acpi/tables/CCEL", F_OK))
		ktap_skip("no event log here (ACPI table CCEL)");
	shape.flags = CVM_EVIDENCE_F_EVENT_LOG;
	worker(5);
}

static void worker_privlevel(void)
{
	need(ALLOCS);
	if (!cap(CVM_EVIDENCE_CAP_PRIVLEVEL))
		ktap_skip("no privilege levels here");
	shape.privlevel = 2;
	worker(5);
}

static void worker_service(void)
{
	need(ALLOCS);
	if (strcmp(driver_name(), "sev_guest") || !driver_tsm())
		ktap_skip("only SNP by TSM has services");
	module_unload(driver_name(), 1000);
	CHECK(!driver_load("vmpl=1"), "vmpl=1");
	shape.service = "svsm";
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
static void copies_request(void) { copies(request); }
static void copies_info(void) { copies(do_info); }

/* The relay's copies: EIO, as above */
static void copies_worker(void)
{
	need(INJECT_USERCOPY);
	if (driver_tsm())
		ktap_skip("by TSM the provider's thread copies nothing");
	sweep(&(struct sweep){ .call = request, .worker = worker_name(),
			       .fault = -EIO }, INJECT_USERCOPY);
}

static const struct ktap_case cases[] = {
	{ "caller_open", caller_open, 0 },
	{ "caller_read", caller_read, 0 },
	{ "caller_write", caller_write, 0 },
	{ "caller_request", caller_request, 0 },
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
