// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile host or firmware behind the provider: "EBADMSG the provider's answer
 * failed our checks and was not delivered", "EFBIG the evidence is larger than
 * max_blob", "EIO everything else that firmware or host did wrong; see
 * fw_status". After each the next request works.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;
static struct cvm_state st;
static struct cvm_blob blob;
static uint8_t rd[64];
static uint32_t tee_kind;
static bool by_tsm;
static int fd;

static void need(void)
{
	sim_need();
	driver_name();
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
	tee_kind = st.info.tee;
	by_tsm = st.info.auto_provider == CVM_EVIDENCE_PROVIDER_TSM;
}

/* 0 with the checked blob, or -errno */
static int ask(uint32_t privlevel)
{
	ssize_t n;
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.privlevel = privlevel;
	err = cvm_request(fd, &req);
	if (err)
		return err;
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	CHECK(!cvm_blob_parse(buf, n, &blob), "%s", cvm_blob_parse(buf, n, &blob));
	return 0;
}

static int ask_default(void)
{
	return ask(CVM_EVIDENCE_PRIVLEVEL_DEFAULT);
}

static void works(const char *after)
{
	int err = ask_default();

	CHECK(!err, "the request after %s: %s", after, strerror(-err));
	cvm_blob_check(buf, blob.len, rd, sizeof(rd), &blob);
}

/* One request under this knob must end so; the next one must work */
static void spoilt(const char *knob, int want)
{
	int err;

	sim_set("%s", knob);
	err = ask_default();
	CHECK(err == -want, "%s: %s, not %s", knob, strerror(-err),
	      strerror(want));
	CHECK(!err || !req.blob_len, "%s: a blob of %llu bytes", knob,
	      (unsigned long long)req.blob_len);
	works(knob);
}

/* The kernel reads SNP and TDX evidence; of any other it says that it did not */
static void spoilt_content(const char *knob)
{
	int err;

	if (tee_kind == CVM_EVIDENCE_TEE_SEV_SNP || tee_kind == CVM_EVIDENCE_TEE_TDX) {
		uint64_t was = (cvm_get_info(fd, &st), st.info.requests_mismatched);

		spoilt(knob, EBADMSG);
		cvm_get_info(fd, &st);
		CHECK(st.info.requests_mismatched == was + 1, "%s: not counted",
		      knob);
		return;
	}
	sim_set("%s", knob);
	err = ask_default();
	CHECK(!err, "%s: %s", knob, strerror(-err));
	CHECK(blob.hdr.flags & CVM_EVIDENCE_BLOB_F_UNCHECKED,
	      "%s: delivered as if it had been checked", knob);
	works(knob);
}

static void wrong_report_data(void)
{
	need();
	spoilt_content("wrong_data=1:1");
}

/* Any of the 64 bytes, the padding of a short report_data as well */
static void wrong_in_one_byte(void)
{
	static const unsigned int lengths[] = { 1, 32, 63, 64 };

	need();
	if (tee_kind == CVM_EVIDENCE_TEE_CCA)
		ktap_skip("the kernel cannot read a CCA token");
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		const unsigned int places[] = {
			1, lengths[i], lengths[i] % 64 + 1, 33, 63, 64,
		};

		for (size_t k = 0; k < ARRAY_SIZE(places); k++) {
			int err;

			sim_set("wrong_data=%u:1", places[k]);
			fill_random(rd, sizeof(rd));
			cvm_request_init(&req, rd, lengths[i]);
			err = cvm_request(fd, &req);
			CHECK(err == -EBADMSG, "%u bytes, byte %u differs: %s",
			      lengths[i], places[k], strerror(-err));
		}
	}
	works("wrong_data");
}

static void garbage(void)
{
	need();
	spoilt_content("garbage=1:1");
}

/*
 * "the kernel cannot read the report": of later firmware, or of another format
 * as DICE quotes are (their first bytes are CBOR: 0xd2 0x84).
 */
static void unknown_version(void)
{
	static const char *const knobs[] = {
		"other_version=6:1", "other_version=255:1",
		"other_version=0x84d2:1",
	};
	const struct cvm_item *report;
	int err;

	need();
	if (tee_kind == CVM_EVIDENCE_TEE_CCA ||
	    (tee_kind == CVM_EVIDENCE_TEE_TDX && !by_tsm))
		ktap_skip("no version that the kernel reads");
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
		sim_set("%s", knobs[i]);
		err = ask_default();
		CHECK(!err, "%s: %s", knobs[i], strerror(-err));
		CHECK(blob.hdr.flags & CVM_EVIDENCE_BLOB_F_UNCHECKED,
		      "%s: delivered as if it had been checked", knobs[i]);
		cvm_blob_check(buf, blob.len, rd, sizeof(rd), &blob);
		report = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_REPORT);
		CHECK(report && report->len > 600, "%s: no report", knobs[i]);
	}
	/* known, and not what a VM of that TEE can have */
	spoilt(tee_kind == CVM_EVIDENCE_TEE_TDX ? "other_version=3:1" :
						  "wrong_data=7:1", EBADMSG);
	works("other_version");
}

/*
 * "EIO everything else that firmware or host did wrong": tdx_guest of 6.12 gives
 * its own TDREPORT as a quote when the host refuses and writes a length, EIO
 * from 7.0 on.
 */
static void tdreport_as_quote(void)
{
	need();
	if (tee_kind != CVM_EVIDENCE_TEE_TDX || !by_tsm)
		ktap_skip("not TDX through TSM");
	spoilt("echo=1024:1", EIO);
	spoilt("echo=5006:1", EIO);
	spoilt("echo=8168:1", EIO);
}

static void truncated(void)
{
	static const char *const knobs[] = {
		"truncate=1:1", "truncate=79:1", "truncate=143:1",
		"truncate=600:1",
	};

	need();
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
		/* a TDREPORT has its length from the driver: zeros follow */
		if (tee_kind == CVM_EVIDENCE_TEE_TDX && !by_tsm && i == 3)
			continue;
		spoilt_content(knobs[i]);
	}
	if (tee_kind == CVM_EVIDENCE_TEE_SEV_SNP)
		spoilt_content("truncate=1183:1");
}

static void empty(void)
{
	need();
	if (by_tsm)
		spoilt("empty=1:1", EIO);
	else
		spoilt("empty=1:1", EBADMSG);
}

/* No length is believed: "trusting no length but our own" */
static void changing_lengths(void)
{
	unsigned int seen = 0;
	size_t last = 0;

	need();
	sim_set("varlen=1");
	for (int i = 0; i < 50; i++) {
		const struct cvm_item *report;
		int err = ask_default();

		if (tee_kind == CVM_EVIDENCE_TEE_SEV_SNP) {
			CHECK(!err || err == -EBADMSG, "%s", strerror(-err));
			seen += err == -EBADMSG;
			continue;
		}
		CHECK(!err, "%s", strerror(-err));
		cvm_blob_check(buf, blob.len, rd, sizeof(rd), &blob);
		report = cvm_blob_find(&blob, CVM_EVIDENCE_ITEM_REPORT);
		seen += report->len != last;
		last = report->len;
	}
	if (by_tsm || tee_kind == CVM_EVIDENCE_TEE_SEV_SNP)
		CHECK(seen > 10, "only %u of 50 differed", seen);
	sim_set("varlen=0");
	works("varlen");
}

static void over_max_blob(void)
{
	need();
	if (!by_tsm)
		ktap_skip("the ioctls' answers have a fixed room");
	param_set("max_blob", 16384);
	spoilt("oversize=20000:1", EFBIG);
}

/* The whole blob counts, not only what came from the driver */
static void blob_over_max_blob(void)
{
	uint64_t len;

	need();
	works("nothing");
	len = req.blob_len;
	if (len <= 4096)
		ktap_skip("this evidence is no larger than the least max_blob");
	param_set("max_blob", len - 1);
	CHECK(ask_default() == -EFBIG, "%llu bytes of %llu",
	      (unsigned long long)req.blob_len, (unsigned long long)len - 1);
	param_set("max_blob", len);
	works("EFBIG");
	CHECK(req.blob_len == len, "%llu bytes", (unsigned long long)req.blob_len);
}

static void over_the_cap_of_tsm(void)
{
	need();
	if (!by_tsm)
		ktap_skip("not through TSM");
	param_set("max_blob", 64 << 20);
	spoilt("oversize=20971520:1", EFBIG);
}

/* "EIO the rest, with the firmware's own status where it is known" */
static void firmware_error(void)
{
	static const uint64_t status[] = { 0x16, 0x300000000ULL };
	bool known;

	need();
	known = cvm_find(&st, st.info.auto_provider)->caps &
		CVM_EVIDENCE_CAP_FW_STATUS;
	for (size_t i = 0; i < ARRAY_SIZE(status); i++) {
		char knob[64];

		snprintf(knob, sizeof(knob), "fw_error=0x%llx:1",
			 (unsigned long long)status[i]);
		sim_set("keep_key=1");
		sim_set("%s", knob);
		CHECK(ask_default() == -EIO, "%s", knob);
		CHECK(!(req.out_flags & CVM_EVIDENCE_OUT_F_FW_STATUS) == !known,
		      "out_flags 0x%x", req.out_flags);
		CHECK(req.fw_status == (known ? status[i] : 0), "fw_status 0x%llx",
		      (unsigned long long)req.fw_status);
		sim_set("keep_key=0");
		works(knob);
	}
}

/* The firmware took the message and refuses what it says */
static void response_status(void)
{
	bool known;

	need();
	if (tee_kind != CVM_EVIDENCE_TEE_SEV_SNP)
		ktap_skip("SNP's responses have a status");
	known = !by_tsm;
	sim_set("rsp_status=0x1:1");
	CHECK(ask_default() == -EIO, "status 1");
	CHECK(req.fw_status == (known ? 1 : 0), "fw_status 0x%llx",
	      (unsigned long long)req.fw_status);
	works("status 1");

	/* invalid parameter: the caller's fault where he chose one */
	sim_set("rsp_status=0x16:1");
	CHECK(ask_default() == -EIO, "status 0x16");
	works("status 0x16");
	if (by_tsm) {
		sim_set("rsp_status=0x16:1");
		CHECK(ask(1) == -EINVAL, "status 0x16 for a privlevel of choice");
		works("status 0x16");
	}
	sim_set("rsp_status=0x27:1");
	CHECK(ask_default() == -EIO, "status 0x27");
	works("status 0x27");
}

/* A reply that does not decrypt */
static void bad_message(void)
{
	need();
	if (tee_kind != CVM_EVIDENCE_TEE_SEV_SNP)
		ktap_skip("no encrypted messages");
	sim_set("keep_key=1");
	spoilt("badmsg=1:1", EBADMSG);
}

/*
 * "A key is suspect after EIO ... and lost on ENOTTY"; EKEYREVOKED "until the
 * driver reloads with another vmpck_id"
 */
/* Any module that comes has the providers that are not available probed again */
static void probe_again(void)
{
	int fd = open("/opt/sim/modules/cvm_letgo.ko", O_RDONLY | O_CLOEXEC), err;

	CHECK(fd >= 0, "cvm_letgo.ko: %s", strerror(errno));
	err = syscall(SYS_finit_module, fd, "delay_ms=0", 0) ? errno : 0;
	close(fd);
	if (err == EOPNOTSUPP)
		return;
	CHECK(!err, "cvm_letgo: %s", strerror(err));
	sleep_ms(1500);
	CHECK(!syscall(SYS_delete_module, "cvm_letgo", O_NONBLOCK), "cvm_letgo: %s",
	      strerror(errno));
}

static void key_lost(void)
{
	const struct cvm_evidence_provider *p;
	int err;

	need();
	if (tee_kind != CVM_EVIDENCE_TEE_SEV_SNP)
		ktap_skip("only SNP has a key to lose");
	works("nothing");
	sim_set("fw_error=0x16:1");
	CHECK(ask_default() == -EIO, "the request that wipes");
	for (int i = 0; i < 3; i++) {
		err = ask_default();
		CHECK(err == -EKEYREVOKED, "%s", strerror(-err));
		cvm_get_info(fd, &st);
		p = driver_provider(&st);
		CHECK(p->status == CVM_EVIDENCE_ST_KEY_LOST &&
		      p->reason == CVM_EVIDENCE_REASON_KEY_WIPED,
		      "status %u, %s", p->status, cvm_why(p));
	}
	/* a probe makes an entry as before, and does not see the key */
	probe_again();
	cvm_get_info(fd, &st);
	p = driver_provider(&st);
	CHECK(p->status == CVM_EVIDENCE_ST_KEY_LOST, "probed again: status %u, %s",
	      p->status, cvm_why(p));
	/* the one who reads is told the same */
	cvm_write(fd, "key", 3);
	CHECK(read(fd, buf, 1) < 0 && errno == EKEYREVOKED, "%s", strerror(errno));

	module_unload(driver_name(), 1000);
	CHECK(driver_load(NULL), "the driver loads with a wiped key");
	CHECK(!driver_load("vmpck_id=1"), "it cannot be loaded with another");
	works("a reload with another vmpck_id");
	cvm_get_info(fd, &st);
	CHECK(driver_provider(&st)->status == CVM_EVIDENCE_ST_AVAILABLE, "%s",
	      cvm_why(driver_provider(&st)));
}

/* Throttling "shows through TSM only as time": in firmware_ns */
static void throttled(void)
{
	need();
	if (tee_kind == CVM_EVIDENCE_TEE_CCA || (tee_kind == CVM_EVIDENCE_TEE_TDX && !by_tsm))
		ktap_skip("no host that could throttle");
	works("nothing");
	sim_driver_times(100, 60000);
	sim_set("throttle=1:5");
	CHECK(!ask_default(), "throttled five times");
	/* half of what was set: clocks of an emulated guest drift apart */
	CHECK(req.firmware_ns >= 250000000 && req.firmware_ns < 20000000000ULL,
	      "firmware_ns %llu", (unsigned long long)req.firmware_ns);
	cvm_blob_check(buf, blob.len, rd, sizeof(rd), &blob);
	works("throttling");
	CHECK(req.firmware_ns < 2000000000, "firmware_ns %llu when it is over",
	      (unsigned long long)req.firmware_ns);
}

/* "After a call that an SNP host held off the next begins 2 s later" */
static void pause_after_throttling(void)
{
	need();
	if (tee_kind != CVM_EVIDENCE_TEE_SEV_SNP)
		ktap_skip("only SNP's hosts throttle");
	works("nothing");
	sim_set("throttle=1:2");
	works("two times BUSY");
	CHECK(req.firmware_ns >= 2000000000, "firmware_ns %llu",
	      (unsigned long long)req.firmware_ns);
	/* a deadline in the pause */
	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.timeout_ms = 500;
	CHECK(cvm_request(fd, &req) == -ETIMEDOUT, "a deadline in the pause");
	CHECK(req.wait_ns >= 400000000 && !req.firmware_ns,
	      "wait_ns %llu, firmware_ns %llu", (unsigned long long)req.wait_ns,
	      (unsigned long long)req.firmware_ns);
	works("the pause");
	CHECK(req.wait_ns >= 500000000 && req.firmware_ns < 1000000000,
	      "wait_ns %llu, firmware_ns %llu", (unsigned long long)req.wait_ns,
	      (unsigned long long)req.firmware_ns);
}

/* "ETIMEDOUT ... the host held the request off so long that the driver gave up" */
static void driver_gives_up(void)
{
	int err;

	need();
	if (tee_kind == CVM_EVIDENCE_TEE_CCA || (tee_kind == CVM_EVIDENCE_TEE_TDX && !by_tsm))
		ktap_skip("no host that could throttle");
	sim_set("keep_key=1");
	sim_driver_times(50, 200);
	sim_set("throttle=1");
	err = ask_default();
	/* the TDX driver tells this as an empty quote, or as EIO */
	CHECK(err == (tee_kind == CVM_EVIDENCE_TEE_SEV_SNP ? -ETIMEDOUT : -EIO), "%s",
	      strerror(-err));
	CHECK(req.firmware_ns >= 100000000, "firmware_ns %llu",
	      (unsigned long long)req.firmware_ns);
	sim_set("throttle=0");
	works("giving up");
}

/*
 * "EBUSY for all until the host finishes" (tdx_guest: the quote buffer is still
 * the host's): the request waits for it, and for a while only.
 */
static void driver_busy(void)
{
	uint64_t begin;
	int err;

	need();
	if (tee_kind != CVM_EVIDENCE_TEE_TDX || !by_tsm)
		ktap_skip("no quoting service");
	sim_driver_times(50, 200);
	sim_set("throttle=1");
	CHECK(ask_default() == -EIO, "not EIO");
	begin = now_ms();
	err = ask_default();
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	CHECK_TIME(now_ms() - begin >= 4000 && now_ms() - begin < 15000,
		   "given up after %llu ms",
		   (unsigned long long)(now_ms() - begin));

	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK), "%s", strerror(errno));
	CHECK(ask_default() == -EAGAIN, "%s", strerror(errno));
	sleep_ms(1000);
	CHECK(!cvm_poll(fd, POLLIN, 0), "it did not wait");
	sim_set("throttle=0");
	CHECK(cvm_poll(fd, POLLIN, 10000) == POLLIN, "no evidence");
	CHECK(cvm_slurp(fd, buf, sizeof(buf)) > 0, "no evidence");
	CHECK(!fcntl(fd, F_SETFL, 0), "%s", strerror(errno));
	works("a busy driver");
}

static const struct ktap_case cases[] = {
	{ "wrong_report_data", wrong_report_data, 0 },
	{ "wrong_in_one_byte", wrong_in_one_byte, 120 },
	{ "garbage", garbage, 0 },
	{ "unknown_version", unknown_version, 0 },
	{ "tdreport_as_quote", tdreport_as_quote, 0 },
	{ "truncated", truncated, 0 },
	{ "empty", empty, 0 },
	{ "changing_lengths", changing_lengths, 0 },
	{ "over_max_blob", over_max_blob, 0 },
	{ "blob_over_max_blob", blob_over_max_blob, 0 },
	{ "over_the_cap_of_tsm", over_the_cap_of_tsm, 0 },
	{ "firmware_error", firmware_error, 0 },
	{ "response_status", response_status, 0 },
	{ "bad_message", bad_message, 0 },
	{ "key_lost", key_lost, 0 },
	{ "throttled", throttled, 0 },
	{ "pause_after_throttling", pause_after_throttling, 0 },
	{ "driver_gives_up", driver_gives_up, 0 },
	{ "driver_busy", driver_busy, 60 },
};

DRIVERS_TEST_MAIN(cases)
