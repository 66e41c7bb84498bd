// SPDX-License-Identifier: GPL-2.0-only
/*
 * The provider vtpm against the simulated paravisor (tests/sim/paravisor),
 * which makes a report at most once in its window and is silent about it.
 */
#define _GNU_SOURCE
#include "nl.h"
#include "pv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void info(void)
{
	const struct cvm_evidence_provider *p;
	struct cvm_state st;

	pv_need();
	cvm_get_info(pv_fd, &st);
	p = cvm_find(&st, CVM_EVIDENCE_PROVIDER_VTPM);
	CHECK(p && p->status == CVM_EVIDENCE_ST_AVAILABLE, "%s", p ? cvm_why(p) : "");
	CHECK(p->caps & CVM_EVIDENCE_CAP_TPM_QUOTE, "caps 0x%x", p->caps);
	/* TPM_PT_MAX_DIGEST and an algorithm's number */
	CHECK(p->quote_data_max == sim_counter("quote_max"), "%u",
	      p->quote_data_max);
	CHECK(st.info.auto_provider == CVM_EVIDENCE_PROVIDER_VTPM &&
	      st.info.tee == p->tee, "auto %u", st.info.auto_provider);
	CHECK(!strcmp(p->driver, "tpm"), "%s", p->driver);
}

/* The real window: one fresh report in a little over 2 s, the first at once */
static void window_of_two_seconds(void)
{
	struct cvm_blob b;
	uint64_t ms;

	pv_need();
	sleep_ms(PV_WINDOW_MS + 200);
	for (int i = 0; i < 5; i++) {
		int err = pv_ask_random(CVM_EVIDENCE_F_FRESH, &b, &ms);

		CHECK(!err, "%s", strerror(-err));
		CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL, "%u",
		      b.hdr.binding);
		ktap_note("request %d took %llu ms", i, (unsigned long long)ms);
		CHECK_TIME(ms < (i ? PV_WINDOW_MS : 0) + PV_SLACK_MS, "%llu ms",
			   (unsigned long long)ms);
	}
}

static void hundred(void)
{
	struct cvm_blob b;

	pv_need();
	pv_quick();
	for (int i = 0; i < 100; i++) {
		int err = pv_ask_random(0, &b, NULL);

		CHECK(!err, "request %d: %s", i, strerror(-err));
		CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL, "%u",
		      b.hdr.binding);
	}
}

static void take_some(void *arg)
{
	(void)arg;
	pv_fd = cvm_open(O_RDWR);
	for (int i = 0; i < 5; i++)
		pv_good(CVM_EVIDENCE_BINDING_HCL);
}

/* Each client its own, never another's */
static void clients(void)
{
	pid_t pid[4];

	pv_need();
	pv_quick();
	for (int i = 0; i < 4; i++)
		pid[i] = run_child(take_some, NULL);
	for (int i = 0; i < 4; i++)
		join_child(pid[i], 60000);
}

static void short_data(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;

	pv_need();
	pv_quick();
	for (unsigned int len = 1; len <= 64; len += 21) {
		uint8_t rd[64];
		int err;

		fill_random(rd, len);
		cvm_request_init(&req, rd, len);
		err = pv_ask(&req, &b);
		CHECK(!err, "%u bytes: %s", len, strerror(-err));
	}
}

static void flavours(void)
{
	static const char *const knobs[] = {
		"user_data=lower", "user_data=upper", "header=1", "header=2",
		"persisted=false", "persisted=absent",
	};

	pv_need();
	pv_quick();
	for (unsigned int i = 0; i < ARRAY_SIZE(knobs); i++) {
		sim_set("%s", knobs[i]);
		pv_good(CVM_EVIDENCE_BINDING_HCL);
	}
}

static void chunks(void)
{
	static const unsigned int sizes[] = { 1024, 512, 64 };

	pv_need();
	pv_quick();
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		sim_set("nv_buffer=%u", sizes[i]);
		/* the limit is learnt by a probe */
		sim_set("power=reset");
		sleep_ms(1500);
		pv_back();
	}
}

/* Remembered: the windows are waited for once, not by everybody */
static void boot_time_only(const char *knob)
{
	struct cvm_blob b;
	uint64_t first, second;
	int err;

	pv_need();
	sim_set("%s", knob);
	err = pv_ask_random(0, &b, &first);
	CHECK(!err, "%s", strerror(-err));
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_BOOT, "binding %u",
	      b.hdr.binding);
	CHECK(b.hdr.flags & CVM_EVIDENCE_BLOB_F_HCL_CACHED,
	      "nothing says that it is not of now");
	err = pv_ask_random(0, &b, &second);
	CHECK(!err, "%s", strerror(-err));
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_BOOT, "binding %u",
	      b.hdr.binding);
	ktap_note("%llu ms, then %llu ms", (unsigned long long)first,
		  (unsigned long long)second);
	CHECK_TIME(second < PV_SLACK_MS, "%llu ms", (unsigned long long)second);
	/* "refuse evidence of an earlier time" */
	err = pv_ask_random(CVM_EVIDENCE_F_FRESH, &b, NULL);
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	/* a fresh quote by the key that the old report names */
	err = pv_ask_random(CVM_EVIDENCE_F_TPM_QUOTE, &b, NULL);
	/* 64 bytes are more than this TPM quotes */
	CHECK(err == -EMSGSIZE, "%s", strerror(-err));
}

static void ignores_user_data(void)
{
	boot_time_only("user_data=zeros");
}

static void has_no_user_data(void)
{
	boot_time_only("user_data=absent");
}

static void index_missing(void)
{
	const struct cvm_evidence_provider *p;
	struct cvm_state st;
	struct cvm_evidence_request req;

	pv_need();
	pv_quick();
	sim_set("index=missing");
	cvm_request_init(&req, "x", 1);
	CHECK(cvm_request(pv_fd, &req) == -ENODEV, "evidence without an index");
	/* "during a request the driver went away, or the report's place in the TPM" */
	cvm_get_info(pv_fd, &st);
	p = cvm_find(&st, CVM_EVIDENCE_PROVIDER_VTPM);
	CHECK(p && p->status == CVM_EVIDENCE_ST_NOT_READY &&
	      p->reason == CVM_EVIDENCE_REASON_DRIVER_LEFT, "status %u, %s",
	      p ? p->status : 0, p ? cvm_why(p) : "");
	sim_set("index=ok");
	pv_back();
}

static void index_unwritten(void)
{
	uint64_t rc;

	pv_need();
	pv_quick();
	sim_set("index=uninit");
	rc = pv_fw_status(EIO);
	CHECK(rc == 0x14a, "0x%llx", (unsigned long long)rc);
	sim_set("index=ok");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

/* TPM2_GetRandom in a loop, by the resource manager's node */
static void other_user(void *arg)
{
	static const uint8_t command[] = {
		0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 16,
	};
	int tpm = open("/dev/tpmrm0", O_RDWR);
	uint8_t answer[64];

	(void)arg;
	for (;;)
		if (write(tpm, command, sizeof(command)) != sizeof(command) ||
		    read(tpm, answer, sizeof(answer)) != 28 || answer[6] ||
		    answer[7] || answer[8] || answer[9])
			_exit(1);
}

static void beside_others(void)
{
	pid_t pid;

	pv_need();
	pv_quick();
	if (access("/dev/tpmrm0", R_OK | W_OK))
		ktap_skip("no /dev/tpmrm0");
	pid = run_child(other_user, NULL);
	for (int i = 0; i < 20; i++)
		pv_good(CVM_EVIDENCE_BINDING_HCL);
	CHECK(proc_state(pid) && proc_state(pid) != 'Z',
	      "the other user of the TPM met an error");
	kill(pid, SIGKILL);
	reap_child(pid, 5000);
}

/* While the window is waited out the TPM is everybody's */
static void not_held_while_waiting(void)
{
	static const uint8_t command[] = {
		0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 16,
	};
	struct cvm_evidence_request req;
	uint64_t t, worst = 0, end;
	uint8_t answer[64];
	int tpm, nonblock;

	pv_need();
	tpm = open("/dev/tpmrm0", O_RDWR);
	if (tpm < 0)
		ktap_skip("no /dev/tpmrm0");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	nonblock = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_request_init(&req, "waits", 5);
	CHECK(cvm_request(nonblock, &req) == -EAGAIN, "started");
	for (end = now_ms() + 1000; now_ms() < end;) {
		t = now_ms();
		CHECK(write(tpm, command, sizeof(command)) == sizeof(command) &&
		      read(tpm, answer, sizeof(answer)) == 28, "GetRandom: %s",
		      strerror(errno));
		if (now_ms() - t > worst)
			worst = now_ms() - t;
	}
	ktap_note("another user waited %llu ms at most",
		  (unsigned long long)worst);
	CHECK_TIME(worst < PV_SLACK_MS, "%llu ms", (unsigned long long)worst);
}

/* The claims' name of the VM, and what is in the hardware's report in them */
static void changes_are_told(void)
{
	static const struct {
		const char *knob;
		uint32_t field, type;
	} all[] = {
		{ "vm=2", CVM_EVIDENCE_FIELD_VM_UNIQUE_ID,
		  CVM_EVIDENCE_EV_IDENTITY_CHANGED },
		{ "tcb=3", CVM_EVIDENCE_FIELD_REPORTED_TCB,
		  CVM_EVIDENCE_EV_TCB_CHANGED },
	};
	static struct nl listener;
	struct nl_event ev;
	struct cvm_state st;

	pv_need();
	pv_quick();
	cvm_get_info(pv_fd, &st);
	nl_listen(&listener);
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i].field == CVM_EVIDENCE_FIELD_REPORTED_TCB &&
		    st.info.tee != CVM_EVIDENCE_TEE_SEV_SNP)
			continue;
		nl_drain(&listener);
		sim_set("%s", all[i].knob);
		pv_good(CVM_EVIDENCE_BINDING_HCL);
		nl_wait(&listener, all[i].type, &ev, 5000);
		nl_note(&ev);
		CHECK(nl_num(&ev, CVM_EVIDENCE_EVENT_A_FIELD) == all[i].field,
		      "another field");
	}
	nl_drain(&listener);
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	nl_none(&listener, CVM_EVIDENCE_EV_IDENTITY_CHANGED, 500);
	nl_close(&listener);
}

static const struct ktap_case cases[] = {
	{ "info", info, 120 },
	{ "window_of_two_seconds", window_of_two_seconds, 240 },
	{ "hundred", hundred, 300 },
	{ "clients", clients, 240 },
	{ "short_data", short_data, 120 },
	{ "flavours", flavours, 120 },
	{ "chunks", chunks, 120 },
	{ "ignores_user_data", ignores_user_data, 120 },
	{ "has_no_user_data", has_no_user_data, 120 },
	{ "index_missing", index_missing, 120 },
	{ "index_unwritten", index_unwritten, 120 },
	{ "beside_others", beside_others, 120 },
	{ "not_held_while_waiting", not_held_while_waiting, 120 },
	{ "changes_are_told", changes_are_told, 120 },
};

CVM_TEST_MAIN(cases)
