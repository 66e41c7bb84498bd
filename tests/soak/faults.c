// SPDX-License-Identifier: GPL-2.0-only
/*
 * A firmware, a host, a TPM that fail in every way the simulator knows; memory
 * and copies that fail (debug kernel). None of it lasts.
 */
#define _GNU_SOURCE
#include "soak.h"
#include "../selftests/drivers.h"
#include "../selftests/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SIM	"/sys/kernel/cvm_sim/"
#define PARAVISOR	"/run/cvm-sim/paravisor"
#define ALL_KINDS	(INJECT_SLAB | INJECT_PAGE | INJECT_USERCOPY)

/* Where a fault is possible */
#define SEV	1
#define TDX	2
#define CCA	4
#define DRIVERS	(SEV | TDX | CCA)

struct fault {
	const char *knob;
	uint32_t min, max;	/* or names */
	const char *const *names;
	unsigned int where;	/* 0: the paravisor */
};

static const char *const certs[] = {
	"pem", "der", "none", "outside", "overlap", "wrap", "large", "vlek", NULL
};
static const char *const rcs[] = {
	"lockout", "retry", "yielded", "testing", "failure", NULL
};
static const char *const user_data[] = { "lower", "upper", "zeros", "absent", NULL };
static const char *const indices[] = { "missing", "uninit", NULL };
static const char *const ak_states[] = { "missing", "other", NULL };
static const char *const commands[] = {
	"any", "nv_read", "nv_write", "nv_read_public", "quote", "pcr_read",
	"read_public", "get_capability", NULL
};
static const char *const persisted[] = { "true", "false", "absent", NULL };

/*
 * A CCA token is not read by the kernel, which says so in the blob: that one
 * with other data in it is delivered is no failure, and is not asked for.
 */
static const struct fault driver_faults[] = {
	{ "delay", 1, 300, NULL, DRIVERS },
	{ "delay", 1, 30, NULL, DRIVERS },
	{ "throttle", 1, 3, NULL, SEV | TDX },
	{ "fw_error", 1, 255, NULL, DRIVERS },
	{ "rsp_status", 1, 255, NULL, SEV },
	{ "badmsg", 1, 1, NULL, SEV },
	{ "oversize", 1, 400000, NULL, SEV | TDX },
	{ "truncate", 1, 1183, NULL, SEV | TDX },
	{ "empty", 1, 1, NULL, DRIVERS },
	{ "varlen", 1, 1, NULL, SEV | TDX },
	{ "garbage", 1, 1, NULL, SEV | TDX },
	{ "wrong_data", 1, 1, NULL, SEV | TDX },
	{ "tcb", 0, 200, NULL, SEV | TDX },
	{ "identity", 0, 200, NULL, SEV | TDX },
	{ "certs", 0, 0, certs, SEV },
};

static const struct fault tpm_faults[] = {
	{ "delay", 1, 400, NULL, 0 },
	{ "rc", 0, 0, rcs, 0 },
	{ "rc", 1, 0xfff, NULL, 0 },
	{ "cut", 1, 64, NULL, 0 },
	{ "lie_total", 0, 5000, NULL, 0 },
	{ "lie_size", 0, 0xffff, NULL, 0 },
	{ "garbage", 1, 1, NULL, 0 },
	{ "wrong_hash", 1, 1, NULL, 0 },
	{ "report_size", 0, 5000, NULL, 0 },
	{ "data_size", 0, 5000, NULL, 0 },
	{ "claims_size", 0, 5000, NULL, 0 },
	{ "tear", 1, 2, NULL, 0 },
	{ "user_data", 0, 0, user_data, 0 },
	{ "persisted", 0, 0, persisted, 0 },
	{ "header", 0, 3, NULL, 0 },
	{ "vm", 0, 99, NULL, 0 },
	{ "tcb", 0, 200, NULL, 0 },
	{ "pcr_drift", 1, 1, NULL, 0 },
};

static bool paravisor, injects;
static unsigned int where;
static char driver[32];
static uint64_t failed_before;

/*
 * What ctl tells the paravisor, by its socket: a shell takes an emulated machine
 * a second.
 */
static void tell_paravisor(const char *text)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = PARAVISOR };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char answer[4096];
	ssize_t n;

	CHECK(fd >= 0 && !connect(fd, (void *)&a, sizeof(a)), PARAVISOR ": %s",
	      strerror(errno));
	CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) > 0, PARAVISOR ": %s",
	      strerror(errno));
	n = recv(fd, answer, sizeof(answer) - 1, 0);
	CHECK(n > 0, "the paravisor does not answer to %s", text);
	answer[n] = '\0';
	CHECK(*answer == '+', "the paravisor: %s", answer + 1);
	close(fd);
}

void faults_turn(const char *knob, const char *fmt, ...)
{
	char value[64], text[128];
	va_list ap;
	int err;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (paravisor) {
		snprintf(text, sizeof(text), "%s=%s", knob, value);
		tell_paravisor(text);
		return;
	}
	snprintf(text, sizeof(text), SIM "%s/%s", driver, knob);
	err = write_line(text, "%s\n", value);
	CHECK(!err, "%s=%s: %s", text, value, strerror(-err));
}

static void reset(void)
{
	if (paravisor)
		tell_paravisor("reset");
	else
		faults_turn("reset", "1");
}

static void turn_random(const struct fault *f, struct rng *r, unsigned int count)
{
	unsigned int nr = 0;

	soak->knobs++;
	if (!f->names) {
		faults_turn(f->knob, "%u:%u", f->min + rng_below(r, f->max - f->min + 1),
		     count);
		return;
	}
	while (f->names[nr])
		nr++;
	faults_turn(f->knob, "%s:%u", f->names[rng_below(r, nr)], count);
}

static uint64_t firmware_failures(void)
{
	if (paravisor)
		return sim_counter("faults");
	return driver_counter("failed");
}

/* --- the simulated TEE --- */

/* Its driver's keys are back, be it for the next to be lost */
void faults_heal(void)
{
	char line[32];

	if (where != SEV)
		return;
	snprintf(line, sizeof(line), "0x0");
	read_line(SIM "sev_guest/keys_wiped", line, sizeof(line));
	if (strcmp(line, "0x0"))
		faults_turn("key_lost", "0");
}

static void usual(bool fast)
{
	reset();
	/* signing is not what is tested; what waits for the host waits less long */
	faults_turn("fast", "%d", fast);
	faults_turn("retry_ms", "10");
	faults_turn("retry_max_ms", "40");
	faults_turn("keep_key", "1");
}

static void act_driver(struct rng *r)
{
	const struct fault *f;

	faults_heal();
	switch (rng_below(r, 12)) {
	case 0:
		faults_turn("block", "1:%u", 1 + rng_below(r, 2));
		soak->knobs++;
		usleep(rng_below(r, 1200000));
		faults_turn("block", "0");
		return;
	case 1:
		if (where != SEV)
			break;
		soak->knobs++;
		if (rng_one_in(r, 2)) {
			faults_turn("key_lost", "1");
		} else {
			faults_turn("keep_key", "0");
			faults_turn("fw_error", "0x%x:1", 1 + rng_below(r, 255));
		}
		usleep(rng_below(r, 300000));
		faults_turn("keep_key", "1");
		faults_heal();
		return;
	}
	do
		f = &driver_faults[rng_below(r, ARRAY_SIZE(driver_faults))];
	while (!(f->where & where));
	turn_random(f, r, 1 + rng_below(r, 4));
	/* tdx: the host owns the buffer until it is over */
	if (!strcmp(f->knob, "throttle")) {
		usleep(rng_below(r, 200000));
		faults_turn("throttle", "0");
	}
}

static void act_paravisor(struct rng *r)
{
	/* a TPM has not as many answers as there could be faults */
	if (rng_one_in(r, 2))
		return;
	switch (rng_below(r, 16)) {
	case 0:
		faults_turn("index", "%s", indices[rng_below(r, 2)]);
		usleep(rng_below(r, 100000));
		faults_turn("index", "ok");
		break;
	case 1:
		faults_turn("ak", "%s", ak_states[rng_below(r, 2)]);
		usleep(rng_below(r, 200000));
		faults_turn("ak", "ok");
		break;
	case 2:
		faults_turn("never_refresh", "1");
		usleep(rng_below(r, 300000));
		faults_turn("never_refresh", "0");
		break;
	case 3:
		faults_turn("window", "%u", 20 + rng_below(r, 600));
		break;
	case 4:
		faults_turn("nv_buffer", "%u", 64 + rng_below(r, 961));
		break;
	default:
		faults_turn("cc", "%s", commands[rng_below(r, ARRAY_SIZE(commands) - 1)]);
		turn_random(&tpm_faults[rng_below(r, ARRAY_SIZE(tpm_faults))], r,
			    1 + rng_below(r, 3));
		return;
	}
	soak->knobs++;
}

static void be_quick(void)
{
	reset();
	faults_turn("window", "40");
}

/* --- memory of the module's thread; clients see to their own --- */

static void act_worker(struct rng *r)
{
	static bool armed;
	static char path[64];
	char line[16];

	if (armed && read_line(path, line, sizeof(line)) && !strcmp(line, "0"))
		soak->worker_faults++;
	armed = false;
	snprintf(path, sizeof(path), "/proc/%d/fail-nth", inject_worker());
	armed = !write_line(path, "%u", 1 + rng_below(r, 60));
}

void faults_init(void)
{
	paravisor = sim_paravisor();
	if (!paravisor) {
		snprintf(driver, sizeof(driver), "%s", driver_name());
		where = !strcmp(driver, "sev_guest") ? SEV :
			!strcmp(driver, "tdx_guest") ? TDX : CCA;
	}
	injects = !access("/proc/self/fail-nth", W_OK) &&
		  !access("/sys/kernel/debug/failslab/require-start", W_OK) &&
		  !access("/sys/kernel/debug/fail_usercopy/require-start", W_OK);
}

bool faults_memory(void)
{
	return injects;
}

void faults_phase(struct rng *r)
{
	if (paravisor)
		be_quick();
	else
		usual(!rng_one_in(r, 4));
	failed_before = firmware_failures();
	if (!injects)
		return;
	/* where our code is depends on this load of it */
	inject_kinds(ALL_KINDS);
	soak->injecting = 1;
	soak->scarce = 1;
}

void faults_act(struct rng *r)
{
	if (injects && rng_one_in(r, 3))
		act_worker(r);
	else if (paravisor)
		act_paravisor(r);
	else
		act_driver(r);
}

void faults_end(void)
{
	uint64_t failed = firmware_failures();

	soak->injecting = 0;
	inject_reset();
	if (paravisor) {
		be_quick();
	} else {
		faults_heal();
		usual(true);
	}
	/* a TPM that was given up counts anew */
	soak->firmware_failed += failed >= failed_before ? failed - failed_before :
							   failed;
}

/* As root found it */
void faults_over(void)
{
	soak->scarce = 0;
	reset();
}
