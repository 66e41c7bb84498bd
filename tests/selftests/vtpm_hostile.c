// SPDX-License-Identifier: GPL-2.0-only
/*
 * The provider vtpm and a TPM that refuses, tears, cuts, lies, goes away or is
 * slow: nothing breaks, and nothing of that is delivered as evidence.
 */
#define _GNU_SOURCE
#include "pv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As long as it is there, clients ask */
#define UNDER_LOAD	"/tmp/vtpm-under-load"
#define TPMFLAG		"cvm_tpmflag"
#define TPMFLAG_KO	"/opt/sim/modules/cvm_tpmflag.ko"

static uint8_t buf[CVM_BUF_SIZE];

static void torn(void)
{
	pv_need();
	pv_quick();
	sim_set("tear=1:3");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	sim_set("wrong_hash=1:2");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

static void refusals(void)
{
	static const struct {
		const char *knob;
		uint64_t rc;
	} codes[] = {
		{ "rc=lockout", 0x921 }, { "rc=failure", 0x101 },
	};

	pv_need();
	pv_quick();
	sim_set("cc=nv_read");
	for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++) {
		uint64_t rc;

		sim_set("%s", codes[i].knob);
		rc = pv_fw_status(EIO);
		CHECK(rc == codes[i].rc, "%s: 0x%llx", codes[i].knob,
		      (unsigned long long)rc);
	}
	sim_set("rc=0");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

static void busy_for_a_while(void)
{
	pv_need();
	pv_quick();
	sim_set("cc=nv_read");
	sim_set("rc=yielded:3");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	sim_set("rc=retry:3");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	sim_set("rc=testing:3");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	sim_set("rc=locality:3");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

/*
 * "TPM_RC_OBJECT_MEMORY: out of memory for object contexts" (TCG TPM 2.0 part 2,
 * 6.6.3, a warning): other programs' keys fill the TPM until they are flushed.
 */
static void full_of_keys(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	int err;

	pv_need();
	pv_quick();
	sim_set("cc=quote");
	sim_set("rc=object_memory:3");
	cvm_request_init(&req, "keys", 4);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = pv_ask(&req, &b);
	CHECK(!err, "%s", strerror(-err));
	CHECK(cvm_blob_find(&b, CVM_EVIDENCE_ITEM_TPM_ATTEST), "no quote");
}

/*
 * User data that cannot be written: no evidence is bound to the request but by a
 * quote, which then comes with the report that there is.
 */
static void data_refused(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	uint64_t rc;
	int err;

	pv_need();
	pv_quick();
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	sim_set("cc=nv_write");
	sim_set("rc=lockout");
	rc = pv_fw_status(EIO);
	CHECK(rc == 0x921, "0x%llx", (unsigned long long)rc);

	cvm_request_init(&req, "not written", 11);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = pv_ask(&req, &b);
	CHECK(!err, "%s", strerror(-err));
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_QUOTE, "binding %u",
	      b.hdr.binding);
	CHECK(cvm_blob_find(&b, CVM_EVIDENCE_ITEM_TPM_ATTEST), "no quote");

	cvm_request_init(&req, "not written", 11);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE | CVM_EVIDENCE_F_FRESH;
	err = cvm_request(pv_fd, &req);
	CHECK(err == -EIO, "fresh: %s", strerror(-err));
	sim_set("ak=missing");
	cvm_request_init(&req, "not written", 11);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = cvm_request(pv_fd, &req);
	CHECK(err == -EIO, "without a quote after all: %s", strerror(-err));
	sim_set("ak=ok");
	/* a report without anybody's data is not bound to the request either */
	sim_set("user_data=zeros");
	rc = pv_fw_status(EIO);
	CHECK(rc == 0x921, "zeros: 0x%llx", (unsigned long long)rc);
	sim_set("user_data=lower");
	sim_set("rc=0");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

static void tpm_flag(const char *flag)
{
	char params[32];
	int fd = open(TPMFLAG_KO, O_RDONLY | O_CLOEXEC), err;

	CHECK(fd >= 0, TPMFLAG_KO ": %s", strerror(errno));
	snprintf(params, sizeof(params), "flag=%s", flag);
	err = syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
	close(fd);
	if (err == EOPNOTSUPP)
		ktap_skip("this kernel never makes a TPM %s", flag);
	CHECK(!err, TPMFLAG ": %s", strerror(err));
}

static void tpm_flag_end(void)
{
	CHECK(!syscall(SYS_delete_module, TPMFLAG, O_NONBLOCK), TPMFLAG ": %s",
	      strerror(errno));
}

/* A suspended TPM is waited for: it is there, and it comes back */
static void suspended(void)
{
	struct cvm_blob b;
	bool ready;
	ssize_t n;
	int fd;

	pv_need();
	pv_quick();
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	tpm_flag("suspended");
	cvm_write(fd, "suspended", 9);
	ready = cvm_poll(fd, POLLIN, 500) & POLLIN;
	tpm_flag_end();
	CHECK(cvm_poll(fd, POLLIN, 20000) == POLLIN, "no POLLIN");
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n, "suspended", 9, &b);
	if (ready)
		ktap_skip("this kernel's TPM core serves a suspended TPM");
}

/* A disabled one is there too, and does not come back before the next boot */
static void disabled(void)
{
	const struct cvm_evidence_provider *p;
	struct cvm_state st;
	uint64_t begin;

	pv_need();
	pv_quick();
	tpm_flag("disabled");
	begin = now_ms();
	pv_fw_status(EIO);
	CHECK_TIME(now_ms() - begin < 4000, "it was waited for");
	cvm_get_info(cvm_open(O_RDONLY), &st);
	p = cvm_find(&st, CVM_EVIDENCE_PROVIDER_VTPM);
	CHECK(p && p->reason != CVM_EVIDENCE_REASON_NO_TPM,
	      "status %u, reason %u", p ? p->status : 0, p ? p->reason : 0);
	tpm_flag_end();
	pv_back();
}

/* A TPM that stays busy is no TPM that went away: asking again may help */
static void busy_for_long(void)
{
	static const struct {
		const char *knob;
		uint64_t rc;
	} codes[] = {
		{ "rc=locality", 0x907 }, { "rc=retry", 0x922 },
	};
	const struct cvm_evidence_provider *p;
	struct cvm_state st;

	pv_need();
	pv_quick();
	for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++) {
		uint64_t rc;

		sim_set("cc=nv_read");
		sim_set("%s", codes[i].knob);
		rc = pv_fw_status(ETIMEDOUT);
		CHECK(rc == codes[i].rc, "%s: 0x%llx", codes[i].knob,
		      (unsigned long long)rc);
		cvm_get_info(pv_fd, &st);
		p = cvm_find(&st, CVM_EVIDENCE_PROVIDER_VTPM);
		CHECK(p && p->status == CVM_EVIDENCE_ST_AVAILABLE,
		      "%s: status %u", codes[i].knob, p ? p->status : 0);
		sim_set("rc=0");
		pv_good(CVM_EVIDENCE_BINDING_HCL);
	}
}

/* Nothing of it is delivered, and nothing breaks */
static void lies(void)
{
	static const char *const knobs[] = {
		"wrong_hash=1", "garbage=1", "claims_size=1", "claims_size=0",
		"claims_size=4294967295", "claims_size=2000", "data_size=5",
		"header=3", "header=0",
	};

	pv_need();
	pv_quick();
	for (unsigned int i = 0; i < ARRAY_SIZE(knobs); i++) {
		struct cvm_evidence_request req;
		uint8_t rd[64];
		char name[32];
		int err;

		sim_set("%s", knobs[i]);
		fill_random(rd, sizeof(rd));
		cvm_request_init(&req, rd, sizeof(rd));
		err = cvm_request(pv_fd, &req);
		CHECK(err == -EBADMSG, "%s: %s", knobs[i], strerror(-err));
		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(knobs[i], "="), knobs[i]);
		sim_set("%s=%s", name, !strcmp(name, "header") ? "2" :
			strstr(name, "size") ? "true" : "0");
	}
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

/*
 * Claims that are not JSON, of which the report in the index has the hash: they
 * are ours only if user-data is found, and of an earlier time else.
 */
static void mangled_claims(void)
{
	unsigned int good = 0, late = 0;

	pv_need();
	sim_set("window=0");
	for (unsigned int seed = 1; seed <= 30; seed++) {
		struct cvm_evidence_request req;
		struct cvm_blob b;
		uint8_t rd[64];
		int err;

		sim_set("mangle=%u", seed);
		fill_random(rd, sizeof(rd));
		cvm_request_init(&req, rd, sizeof(rd));
		req.flags = CVM_EVIDENCE_F_FRESH;
		/* not long enough for the provider to give up the paravisor */
		req.timeout_ms = 700;
		err = pv_ask(&req, &b);
		CHECK(!err || err == -ETIMEDOUT, "mangle=%u: %s", seed,
		      strerror(-err));
		CHECK(err || b.hdr.binding == CVM_EVIDENCE_BINDING_HCL,
		      "mangle=%u: binding %u", seed, b.hdr.binding);
		good += !err;
		late += !!err;
	}
	ktap_note("%u with our data, %u without", good, late);
	CHECK(good && late, "all alike");
	sim_set("mangle=0");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

/* What is left in the index does not keep the provider away for good */
static void garbage_left_behind(void)
{
	struct cvm_evidence_request req;
	int err;

	pv_need();
	pv_quick();
	sim_set("garbage=1");
	cvm_request_init(&req, "garbage", 7);
	err = cvm_request(pv_fd, &req);
	CHECK(err == -EBADMSG, "garbage: %s", strerror(-err));
	sim_set("garbage=0");
	/* have it looked for again */
	sim_set("index=missing");
	err = cvm_request(pv_fd, &req);
	CHECK(err == -ENODEV, "no index: %s", strerror(-err));
	sim_set("index=ok");
	pv_back();
}

static void cut_answers(void)
{
	static const char *const knobs[] = {
		"cut=9", "cut=10", "cut=12", "cut=15", "lie_total=11",
		"lie_total=4000", "lie_size=65535", "lie_size=0",
	};
	static const char *const commands[] = {
		"nv_read", "nv_read_public", "nv_write",
	};

	pv_need();
	pv_quick();
	for (unsigned int c = 0; c < ARRAY_SIZE(commands); c++) {
		sim_set("cc=%s", commands[c]);
		for (unsigned int i = 0; i < ARRAY_SIZE(knobs); i++) {
			struct cvm_blob b;
			int err;

			sim_set("%s:2", knobs[i]);
			err = pv_ask_random(0, &b, NULL);
			CHECK(!err || err == -EIO || err == -EBADMSG ||
			      err == -ENODEV, "%s %s: %s", commands[c], knobs[i],
			      strerror(-err));
		}
	}
	sim_set("cut=0");
	sim_set("lie_total=true");
	sim_set("lie_size=true");
	sleep_ms(1500);
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

/*
 * The kernel gives up a TPM that is too slow for its own start-up, as on a busy
 * machine: then there is none, and it is plugged in again.
 */
static void back_again(void)
{
	uint64_t begin = now_ms();
	int err = 0;

	for (int i = 1; i < 500 && now_ms() < begin + 20000; i++) {
		struct cvm_blob b;

		err = pv_ask_random(0, &b, NULL);
		if (!err)
			break;
		sleep_ms(100);
		if (i % 50 || !access("/dev/tpm0", F_OK))
			continue;
		ktap_note("the kernel has no TPM: plugged in again");
		sim_set("power=off");
		sim_set("power=on");
		begin = now_ms();
	}
	CHECK(!err, "20 s after it came back: %s", strerror(-err));
}

static void tpm_goes_and_comes(void)
{
	uint64_t end;
	int err = 0;

	pv_need();
	pv_quick();
	sim_set("power=off");
	for (end = now_ms() + 3000; now_ms() < end; sleep_ms(50)) {
		struct cvm_evidence_request req;

		cvm_request_init(&req, "off", 3);
		err = cvm_request(pv_fd, &req);
		if (err == -ENODEV)
			break;
	}
	CHECK_TIME(err == -ENODEV, "without a TPM: %s", strerror(-err));
	sim_set("power=on");
	back_again();
}

static void take_whatever_comes(void *arg)
{
	int good = 0, none = 0;

	(void)arg;
	pv_fd = cvm_open(O_RDWR);
	while (access(UNDER_LOAD, F_OK) == 0) {
		struct cvm_blob b;
		/* pv_ask() judges what comes */
		int err = pv_ask_random(0, &b, NULL);

		good += !err;
		none += err == -ENODEV;
		if (err)
			sleep_ms(10);
		/* the middle of a command; or the whole of the deadline */
		CHECK(!err || err == -ENODEV || err == -EIO || err == -EBADMSG ||
		      err == -ETIMEDOUT, "%s", strerror(-err));
	}
	ktap_note("%d with evidence, %d without a TPM", good, none);
	CHECK(good, "never any evidence");
}

/* ... while clients ask, and power is not all that it loses */
static void goes_under_load(void)
{
	static const char *const how[] = {
		"power=off", "power=reset", "power=off", "power=reset",
	};
	struct cvm_live live;
	pid_t pid[4];
	int file;

	pv_need();
	pv_quick();
	file = open(UNDER_LOAD, O_CREAT | O_WRONLY, 0600);
	CHECK(file >= 0, UNDER_LOAD ": %s", strerror(errno));
	close(file);
	for (unsigned int i = 0; i < ARRAY_SIZE(pid); i++)
		pid[i] = run_child(take_whatever_comes, NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(how); i++) {
		sleep_ms(1500);
		sim_set("%s", how[i]);
		sleep_ms(300);
		sim_set("power=on");
	}
	back_again();
	unlink(UNDER_LOAD);
	for (unsigned int i = 0; i < ARRAY_SIZE(pid); i++)
		join_child(pid[i], 60000);
	CHECK(cvm_wait_idle(pv_fd, 10000), "the worker is still busy");
	cvm_get_live(&live);
	CHECK(live.requests == 0, "%u requests are left", live.requests);
}

/* A slow TPM: the deadline is the client's, and killing it frees it */
static void slow_tpm(void)
{
	struct cvm_evidence_request req;
	uint64_t t;

	pv_need();
	pv_quick();
	sim_set("delay=1500");
	cvm_request_init(&req, "slow", 4);
	req.timeout_ms = 300;
	t = now_ms();
	CHECK(cvm_request(pv_fd, &req) == -ETIMEDOUT, "not timed out");
	t = now_ms() - t;
	CHECK_TIME(t < 300 + PV_SLACK_MS, "%llu ms", (unsigned long long)t);
	sim_set("delay=0");
	CHECK(cvm_wait_idle(pv_fd, 10000), "the worker is still busy");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

static const struct ktap_case cases[] = {
	{ "torn", torn, 120 },
	{ "refusals", refusals, 180 },
	{ "busy_for_a_while", busy_for_a_while, 120 },
	{ "full_of_keys", full_of_keys, 120 },
	{ "data_refused", data_refused, 120 },
	{ "suspended", suspended, 60 },
	{ "disabled", disabled, 60 },
	{ "busy_for_long", busy_for_long, 120 },
	{ "lies", lies, 240 },
	{ "mangled_claims", mangled_claims, 180 },
	{ "garbage_left_behind", garbage_left_behind, 120 },
	{ "cut_answers", cut_answers, 480 },
	{ "tpm_goes_and_comes", tpm_goes_and_comes, 120 },
	{ "goes_under_load", goes_under_load, 120 },
	{ "slow_tpm", slow_tpm, 60 },
};

CVM_TEST_MAIN(cases)
