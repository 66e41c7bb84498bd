// SPDX-License-Identifier: GPL-2.0-only
/*
 * The provider vtpm against the simulated paravisor (tests/sim/paravisor),
 * which makes a report at most once in its window and is silent about it.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "nl.h"
#include "sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INNER		32
#define CLAIMS		1236
#define WINDOW_MS	2000
/* What a poll, the TPM and an emulated CPU add to the window */
#define SLACK_MS	2500

static uint8_t buf[CVM_BUF_SIZE];
static int fd;

static void need(void)
{
	if (!sim_paravisor())
		ktap_skip("needs the simulated paravisor (tests/vm/run -s azure-snp)");
	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
}

static void be_quick(void)
{
	sim_set("window=50");
}

/* REPORT_DATA of the hardware's report is the hash of the claims */
static void check_hcl(const struct cvm_blob *b)
{
	const struct cvm_item *r = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT);
	bool snp = b->hdr.tee == CVM_EVIDENCE_TEE_SEV_SNP;
	const uint8_t *rd = r->data + INNER + (snp ? 0x50 : 128);
	uint8_t want[64] = { 0 };

	CHECK(r->len > CLAIMS && !memcmp(r->data, "HCLA", 4), "no HCL report");
	sha256(r->data + CLAIMS, cvm_get32(r->data + CLAIMS - 4), want);
	CHECK(!memcmp(rd, want, sizeof(want)), "claims of another report");
	CHECK(!(b->hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT) == snp,
	      "flags 0x%x", b->hdr.flags);
	CHECK(b->hdr.provider == CVM_EVIDENCE_PROVIDER_VTPM, "provider %u",
	      b->hdr.provider);
}

/* 0 and the evidence, or -errno; what it is bound to is checked */
static int ask(struct cvm_evidence_request *req, struct cvm_blob *b)
{
	int err = cvm_request(fd, req);
	ssize_t n;

	if (err)
		return err;
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, req->report_data, req->report_data_len, b);
	check_hcl(b);
	return 0;
}

static int ask_random(uint32_t flags, struct cvm_blob *b, uint64_t *ms)
{
	struct cvm_evidence_request req;
	uint8_t rd[64];
	uint64_t t = now_ms();
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.flags = flags;
	err = ask(&req, b);
	if (ms)
		*ms = now_ms() - t;
	return err;
}

static void good(uint32_t binding)
{
	struct cvm_blob b;
	int err = ask_random(0, &b, NULL);

	CHECK(!err, "%s", strerror(-err));
	CHECK(b.hdr.binding == binding, "binding %u", b.hdr.binding);
}

static uint64_t fw_status_of_failure(int want)
{
	struct cvm_evidence_request req;
	uint8_t rd[64];
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	err = cvm_request(fd, &req);
	CHECK(err == -want, "%s", strerror(-err));
	return req.out_flags & CVM_EVIDENCE_OUT_F_FW_STATUS ? req.fw_status : 0;
}

static void info(void)
{
	const struct cvm_evidence_provider *p;
	struct cvm_state st;

	need();
	cvm_get_info(fd, &st);
	p = cvm_find(&st, CVM_EVIDENCE_PROVIDER_VTPM);
	CHECK(p && p->status == CVM_EVIDENCE_ST_AVAILABLE, "%s", p ? p->reason : "");
	CHECK(p->caps & CVM_EVIDENCE_CAP_TPM_QUOTE, "caps 0x%x", p->caps);
	CHECK(st.info.auto_provider == CVM_EVIDENCE_PROVIDER_VTPM &&
	      st.info.tee == p->tee, "auto %u", st.info.auto_provider);
	CHECK(!strcmp(p->driver, "tpm"), "%s", p->driver);
}

/* The real window: one fresh report in a little over 2 s, the first at once */
static void window_of_two_seconds(void)
{
	struct cvm_blob b;
	uint64_t ms;

	need();
	sleep_ms(WINDOW_MS + 200);
	for (int i = 0; i < 5; i++) {
		int err = ask_random(CVM_EVIDENCE_F_FRESH, &b, &ms);

		CHECK(!err, "%s", strerror(-err));
		CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL, "%u",
		      b.hdr.binding);
		ktap_note("request %d took %llu ms", i, (unsigned long long)ms);
		CHECK(ms < (i ? WINDOW_MS : 0) + SLACK_MS, "%llu ms",
		      (unsigned long long)ms);
	}
}

static void hundred(void)
{
	struct cvm_blob b;

	need();
	be_quick();
	for (int i = 0; i < 100; i++) {
		int err = ask_random(0, &b, NULL);

		CHECK(!err, "request %d: %s", i, strerror(-err));
		CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL, "%u",
		      b.hdr.binding);
	}
}

static void take_some(void *arg)
{
	(void)arg;
	fd = cvm_open(O_RDWR);
	for (int i = 0; i < 5; i++)
		good(CVM_EVIDENCE_BINDING_HCL);
}

/* Each client its own, never another's */
static void clients(void)
{
	pid_t pid[4];

	need();
	be_quick();
	for (int i = 0; i < 4; i++)
		pid[i] = run_child(take_some, NULL);
	for (int i = 0; i < 4; i++)
		join_child(pid[i], 60000);
}

static void short_data(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;

	need();
	be_quick();
	for (unsigned int len = 1; len <= 64; len += 21) {
		uint8_t rd[64];
		int err;

		fill_random(rd, len);
		cvm_request_init(&req, rd, len);
		err = ask(&req, &b);
		CHECK(!err, "%u bytes: %s", len, strerror(-err));
	}
}

static void flavours(void)
{
	static const char *const knobs[] = {
		"user_data=lower", "user_data=upper", "header=1", "header=2",
		"persisted=false", "persisted=absent",
	};

	need();
	be_quick();
	for (unsigned int i = 0; i < ARRAY_SIZE(knobs); i++) {
		sim_set("%s", knobs[i]);
		good(CVM_EVIDENCE_BINDING_HCL);
	}
}

static void chunks(void)
{
	static const unsigned int sizes[] = { 1024, 512, 64 };

	need();
	be_quick();
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		sim_set("nv_buffer=%u", sizes[i]);
		/* the limit is learnt at a look */
		sim_set("power=reset");
		sleep_ms(1500);
		good(CVM_EVIDENCE_BINDING_HCL);
	}
}

/* Remembered: the window is waited for once, not by everybody */
static void boot_time_only(const char *knob)
{
	struct cvm_blob b;
	uint64_t first, second;
	int err;

	need();
	sim_set("%s", knob);
	err = ask_random(0, &b, &first);
	CHECK(!err, "%s", strerror(-err));
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_BOOT, "binding %u",
	      b.hdr.binding);
	err = ask_random(0, &b, &second);
	CHECK(!err, "%s", strerror(-err));
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_BOOT, "binding %u",
	      b.hdr.binding);
	ktap_note("%llu ms, then %llu ms", (unsigned long long)first,
		  (unsigned long long)second);
	CHECK(second < SLACK_MS, "%llu ms", (unsigned long long)second);
	/* "refuse evidence not made for us" */
	err = ask_random(CVM_EVIDENCE_F_FRESH, &b, NULL);
	CHECK(err == -EOPNOTSUPP, "%s", strerror(-err));
	/* a fresh quote by the key that the old report names */
	err = ask_random(CVM_EVIDENCE_F_TPM_QUOTE, &b, NULL);
	/* 64 bytes are more than this TPM quotes */
	CHECK(err == -EMSGSIZE, "%s", strerror(-err));
}

static void quoted_instead(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	uint8_t rd[32];
	int err;

	need();
	sim_set("never_refresh=1");
	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = ask(&req, &b);
	CHECK(!err, "%s", strerror(-err));
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_QUOTE, "binding %u",
	      b.hdr.binding);
	/* and back: as soon as it refreshes again, evidence is fresh */
	sim_set("never_refresh=0");
	sim_set("window=0");
	good(CVM_EVIDENCE_BINDING_HCL);
}

static void never_refreshes(void)
{
	boot_time_only("never_refresh=1");
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
	struct cvm_evidence_request req;
	uint64_t end;
	int err = 0;

	need();
	be_quick();
	sim_set("index=missing");
	cvm_request_init(&req, "x", 1);
	CHECK(cvm_request(fd, &req) == -ENODEV, "evidence without an index");
	sim_set("index=ok");
	for (end = now_ms() + 3000; now_ms() < end; sleep_ms(100)) {
		struct cvm_blob b;

		err = ask_random(0, &b, NULL);
		if (!err)
			break;
	}
	CHECK(!err, "3 s later: %s", strerror(-err));
}

static void index_unwritten(void)
{
	uint64_t rc;

	need();
	be_quick();
	sim_set("index=uninit");
	rc = fw_status_of_failure(EIO);
	CHECK(rc == 0x14a, "0x%llx", (unsigned long long)rc);
	sim_set("index=ok");
	good(CVM_EVIDENCE_BINDING_HCL);
}

static void torn(void)
{
	need();
	be_quick();
	sim_set("tear=1:3");
	good(CVM_EVIDENCE_BINDING_HCL);
	sim_set("wrong_hash=1:2");
	good(CVM_EVIDENCE_BINDING_HCL);
}

static void refusals(void)
{
	static const struct {
		const char *knob;
		uint64_t rc;
	} codes[] = {
		{ "rc=lockout", 0x921 }, { "rc=locality", 0x907 },
		{ "rc=failure", 0x101 },
	};

	need();
	be_quick();
	sim_set("cc=nv_read");
	for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++) {
		uint64_t rc;

		sim_set("%s", codes[i].knob);
		rc = fw_status_of_failure(EIO);
		CHECK(rc == codes[i].rc, "%s: 0x%llx", codes[i].knob,
		      (unsigned long long)rc);
	}
	sim_set("rc=0");
	good(CVM_EVIDENCE_BINDING_HCL);
}

static void busy_for_a_while(void)
{
	need();
	be_quick();
	sim_set("cc=nv_read");
	sim_set("rc=yielded:3");
	good(CVM_EVIDENCE_BINDING_HCL);
	sim_set("rc=retry:3");
	good(CVM_EVIDENCE_BINDING_HCL);
}

/* Nothing of it is delivered, and nothing breaks */
static void lies(void)
{
	static const char *const knobs[] = {
		"wrong_hash=1", "garbage=1", "claims_size=1", "claims_size=0",
		"claims_size=4294967295", "claims_size=2000", "data_size=5",
		"header=3", "header=0",
	};

	need();
	be_quick();
	for (unsigned int i = 0; i < ARRAY_SIZE(knobs); i++) {
		struct cvm_evidence_request req;
		uint8_t rd[64];
		char name[32];
		int err;

		sim_set("%s", knobs[i]);
		fill_random(rd, sizeof(rd));
		cvm_request_init(&req, rd, sizeof(rd));
		err = cvm_request(fd, &req);
		CHECK(err == -EBADMSG, "%s: %s", knobs[i], strerror(-err));
		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(knobs[i], "="), knobs[i]);
		sim_set("%s=%s", name, !strcmp(name, "header") ? "2" :
			strstr(name, "size") ? "true" : "0");
	}
	good(CVM_EVIDENCE_BINDING_HCL);
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

	need();
	be_quick();
	for (unsigned int c = 0; c < ARRAY_SIZE(commands); c++) {
		sim_set("cc=%s", commands[c]);
		for (unsigned int i = 0; i < ARRAY_SIZE(knobs); i++) {
			struct cvm_blob b;
			int err;

			sim_set("%s:2", knobs[i]);
			err = ask_random(0, &b, NULL);
			CHECK(!err || err == -EIO || err == -EBADMSG ||
			      err == -ENODEV, "%s %s: %s", commands[c], knobs[i],
			      strerror(-err));
		}
	}
	sim_set("cut=0");
	sim_set("lie_total=true");
	sim_set("lie_size=true");
	sleep_ms(1500);
	good(CVM_EVIDENCE_BINDING_HCL);
}

/* What is quoted, and what that is over */
static const uint8_t *extra_data(const struct cvm_item *attest, size_t *len)
{
	const uint8_t *p = attest->data;
	size_t signer = p[6] << 8 | p[7];

	CHECK(attest->len > 10 + signer + 2 && cvm_get32(p) == 0x474354ff,
	      "no TPMS_ATTEST");
	p += 8 + signer;
	*len = p[0] << 8 | p[1];
	return p + 2;
}

static void quote_of(const void *data, size_t len, uint32_t pcrs,
		     struct cvm_blob *b)
{
	struct cvm_evidence_request req;
	const struct cvm_item *attest, *values;
	const uint8_t *extra;
	uint8_t rd[32];
	size_t n;
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	req.pcr_mask = pcrs;
	if (data) {
		req.flags |= CVM_EVIDENCE_F_QUOTE_DATA;
		req.quote_data = len ? (uintptr_t)data : 0;
		req.quote_data_len = len;
	} else {
		data = rd;
		len = sizeof(rd);
	}
	err = ask(&req, b);
	CHECK(!err, "%s", strerror(-err));
	CHECK(b->hdr.binding == CVM_EVIDENCE_BINDING_HCL, "%u", b->hdr.binding);
	attest = cvm_blob_find(b, CVM_EVIDENCE_ITEM_TPM_ATTEST);
	values = cvm_blob_find(b, CVM_EVIDENCE_ITEM_PCRS);
	CHECK(attest && values &&
	      cvm_blob_find(b, CVM_EVIDENCE_ITEM_TPM_SIGNATURE) &&
	      cvm_blob_find(b, CVM_EVIDENCE_ITEM_AK_PUB), "parts are missing");
	extra = extra_data(attest, &n);
	CHECK(n == len && !memcmp(extra, data, len), "%zu bytes quoted", n);
	CHECK(values->len == 32 * (size_t)__builtin_popcount(pcrs ?: 0xffffff),
	      "%u bytes of PCRs", values->len);
}

static void quote(void)
{
	const struct cvm_item *cert;
	struct cvm_blob b;

	need();
	be_quick();
	quote_of(NULL, 0, 0, &b);
	cert = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_AK_CERT);
	CHECK(cert && cert->data[0] == 0x30 &&
	      cert->len == 4u + (cert->data[2] << 8 | cert->data[3]),
	      "no certificate, or with the zeroes behind it");
	quote_of("data of its own", 15, 0x8ff, &b);
	quote_of("", 0, 1, &b);
}

static void quote_data_too_long(void)
{
	struct cvm_evidence_request req;
	static const uint8_t data[64];
	uint64_t before;

	need();
	cvm_request_init(&req, "x", 1);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE | CVM_EVIDENCE_F_QUOTE_DATA;
	req.quote_data = (uintptr_t)data;
	req.quote_data_len = 51;
	before = sim_counter("commands");
	CHECK(cvm_request(fd, &req) == -EMSGSIZE, "51 bytes");
	CHECK(sim_counter("commands") == before, "something was sent");
	be_quick();
	req.quote_data_len = 50;
	CHECK(!cvm_request(fd, &req), "50 bytes: %s", strerror(errno));
}

static const struct cvm_item *absent(const struct cvm_blob *b, uint32_t type)
{
	for (unsigned int i = 0; i < b->nr; i++)
		if (b->item[i].type == CVM_EVIDENCE_ITEM_ABSENT &&
		    cvm_get32(b->item[i].data) == type)
			return &b->item[i];
	return NULL;
}

static void without(const char *knob, uint32_t missing)
{
	struct cvm_evidence_request req;
	const struct cvm_item *why;
	struct cvm_blob b;
	int err;

	sim_set("%s", knob);
	cvm_request_init(&req, knob, strlen(knob));
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = ask(&req, &b);
	CHECK(!err, "%s: %s", knob, strerror(-err));
	why = absent(&b, missing);
	CHECK(why && !cvm_blob_find(&b, missing), "%s: item %u", knob, missing);
	ktap_note("%s: %.*s", knob, (int)why->len - 8, why->data + 8);
}

/* "A failing optional part is reported as absent" */
static void parts_absent(void)
{
	need();
	be_quick();
	without("ak=missing", CVM_EVIDENCE_ITEM_TPM_ATTEST);
	without("ak=other", CVM_EVIDENCE_ITEM_TPM_ATTEST);
	sim_set("ak=ok");
	without("ak_cert=missing", CVM_EVIDENCE_ITEM_AK_CERT);
	without("ak_cert=uninit", CVM_EVIDENCE_ITEM_AK_CERT);
	sim_set("ak_cert=ok");
	sim_set("pcr_drift=1:1");
	{
		struct cvm_blob b;

		quote_of(NULL, 0, 0, &b);
	}
	without("pcr_drift=1", CVM_EVIDENCE_ITEM_TPM_ATTEST);
}

static void tpm_goes_and_comes(void)
{
	uint64_t end;
	int err = 0;

	need();
	be_quick();
	sim_set("power=off");
	for (end = now_ms() + 3000; now_ms() < end; sleep_ms(50)) {
		struct cvm_evidence_request req;

		cvm_request_init(&req, "off", 3);
		err = cvm_request(fd, &req);
		if (err == -ENODEV)
			break;
	}
	CHECK(err == -ENODEV, "without a TPM: %s", strerror(-err));
	sim_set("power=on");
	for (end = now_ms() + 5000; now_ms() < end; sleep_ms(100)) {
		struct cvm_blob b;

		err = ask_random(0, &b, NULL);
		if (!err)
			break;
	}
	CHECK(!err, "5 s after it came back: %s", strerror(-err));
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

	need();
	be_quick();
	if (access("/dev/tpmrm0", R_OK | W_OK))
		ktap_skip("no /dev/tpmrm0");
	pid = run_child(other_user, NULL);
	for (int i = 0; i < 20; i++)
		good(CVM_EVIDENCE_BINDING_HCL);
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

	need();
	tpm = open("/dev/tpmrm0", O_RDWR);
	if (tpm < 0)
		ktap_skip("no /dev/tpmrm0");
	good(CVM_EVIDENCE_BINDING_HCL);
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
	CHECK(worst < SLACK_MS, "%llu ms", (unsigned long long)worst);
}

/* A slow TPM: the deadline is the client's, and killing it frees it */
static void slow_tpm(void)
{
	struct cvm_evidence_request req;
	uint64_t t;

	need();
	be_quick();
	sim_set("delay=1500");
	cvm_request_init(&req, "slow", 4);
	req.timeout_ms = 300;
	t = now_ms();
	CHECK(cvm_request(fd, &req) == -ETIMEDOUT, "not timed out");
	t = now_ms() - t;
	CHECK(t < 300 + SLACK_MS, "%llu ms", (unsigned long long)t);
	sim_set("delay=0");
	CHECK(cvm_wait_idle(fd, 10000), "the worker is still busy");
	good(CVM_EVIDENCE_BINDING_HCL);
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

	need();
	be_quick();
	cvm_get_info(fd, &st);
	nl_listen(&listener);
	good(CVM_EVIDENCE_BINDING_HCL);
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i].field == CVM_EVIDENCE_FIELD_REPORTED_TCB &&
		    st.info.tee != CVM_EVIDENCE_TEE_SEV_SNP)
			continue;
		nl_drain(&listener);
		sim_set("%s", all[i].knob);
		good(CVM_EVIDENCE_BINDING_HCL);
		nl_wait(&listener, all[i].type, &ev, 5000);
		nl_note(&ev);
		CHECK(nl_num(&ev, CVM_EVIDENCE_EVENT_A_FIELD) == all[i].field,
		      "another field");
	}
	nl_drain(&listener);
	good(CVM_EVIDENCE_BINDING_HCL);
	nl_none(&listener, CVM_EVIDENCE_EV_IDENTITY_CHANGED, 500);
	nl_close(&listener);
}

static const struct ktap_case cases[] = {
	{ "info", info, 0 },
	{ "window_of_two_seconds", window_of_two_seconds, 60 },
	{ "hundred", hundred, 120 },
	{ "clients", clients, 90 },
	{ "short_data", short_data, 0 },
	{ "flavours", flavours, 0 },
	{ "chunks", chunks, 60 },
	{ "never_refreshes", never_refreshes, 0 },
	{ "ignores_user_data", ignores_user_data, 0 },
	{ "has_no_user_data", has_no_user_data, 0 },
	{ "quoted_instead", quoted_instead, 0 },
	{ "index_missing", index_missing, 0 },
	{ "index_unwritten", index_unwritten, 0 },
	{ "torn", torn, 0 },
	{ "refusals", refusals, 60 },
	{ "busy_for_a_while", busy_for_a_while, 0 },
	{ "lies", lies, 90 },
	{ "cut_answers", cut_answers, 240 },
	{ "quote", quote, 0 },
	{ "quote_data_too_long", quote_data_too_long, 0 },
	{ "parts_absent", parts_absent, 60 },
	{ "tpm_goes_and_comes", tpm_goes_and_comes, 0 },
	{ "beside_others", beside_others, 60 },
	{ "not_held_while_waiting", not_held_while_waiting, 0 },
	{ "slow_tpm", slow_tpm, 60 },
	{ "changes_are_told", changes_are_told, 60 },
};

CVM_TEST_MAIN(cases)
