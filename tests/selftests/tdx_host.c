// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a TDX module or a TDX host may answer tdx_guest, in their own words: the
 * completion status of a TDCALL, R10 of GetQuote, the status in its buffer, and
 * when that changes. With the real driver (-s real-tdx) what is expected here is
 * the driver's own doing, with the simulated one (-s tsm-tdx) what is known of it.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Completion status of TDG.MR.REPORT (Intel TDX module ABI specification) */
#define TDX_OPERAND_BUSY	"0x8000020000000000"
#define TDX_OPERAND_INVALID	"0xc000010000000001"
#define TDX_OTHER		"0xc000020000000000"
/* R10 of TDG.VP.VMCALL<GetQuote> (Intel GHCI) */
#define VMCALL_RETRY		"0x1"
#define VMCALL_INVALID_OPERAND	"0x8000000000000000"
/* Status in the buffer of GetQuote (Intel GHCI; QEMU's tdx.h) */
#define QUOTE_ERROR		"0x8000000000000000"
#define QUOTE_UNAVAILABLE	"0x8000000000000001"

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;
static struct cvm_state st;
static struct cvm_blob blob;
static uint8_t rd[64];
static int fd;

static void need(void)
{
	sim_need();
	if (strcmp(driver_name(), "tdx_guest") || !driver_tsm())
		ktap_skip("not tdx_guest through TSM");
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
	CHECK(st.info.auto_provider == CVM_EVIDENCE_PROVIDER_TSM, "provider %u",
	      st.info.auto_provider);
}

/* Since 6.16 tdx.c knows a busy TDX module, and the driver looks at the host's status */
static bool newer_driver(void)
{
	return !access("/sys/module/tsm_report", F_OK);
}

static int ask(uint32_t provider)
{
	ssize_t n;
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.provider = provider;
	err = cvm_request(fd, &req);
	if (err)
		return err;
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, rd, sizeof(rd), &blob);
	return 0;
}

static int ask_quote(void)
{
	return ask(CVM_EVIDENCE_PROVIDER_TSM);
}

static void fails_once(const char *knob, int want)
{
	int err;

	sim_set("%s:1", knob);
	err = ask_quote();
	CHECK(err == -want, "%s: %s, not %s", knob, strerror(-err), strerror(want));
	err = ask_quote();
	CHECK(!err, "the request after %s: %s", knob, strerror(-err));
}

/* The host took the request and tells an error, with a length or without */
static void quote_status(void)
{
	need();
	fails_once("quote_status=" QUOTE_ERROR, EIO);
	fails_once("quote_status=" QUOTE_UNAVAILABLE, EIO);
	sim_set("echo=5006:1");
	fails_once("quote_status=" QUOTE_ERROR, EIO);
}

/* The hypercall itself is refused; the driver does not repeat it */
static void hypercall_refused(void)
{
	uint64_t calls;

	need();
	calls = sim_counter("calls");
	fails_once("vmcall=" VMCALL_RETRY, EIO);
	fails_once("vmcall=" VMCALL_INVALID_OPERAND, EIO);
	CHECK(sim_counter("calls") == calls + 4, "%llu calls of 4 requests",
	      (unsigned long long)(sim_counter("calls") - calls));
}

static void tdcall_fails(void)
{
	need();
	fails_once("tdcall=" TDX_OPERAND_INVALID, EIO);
	fails_once("tdcall=" TDX_OTHER, EIO);
}

/* 6.12 makes the same EIO of it as of any other failure */
static void tdcall_busy(void)
{
	int err;

	need();
	if (!newer_driver()) {
		fails_once("tdcall=" TDX_OPERAND_BUSY, EIO);
		return;
	}
	sim_set("tdcall=" TDX_OPERAND_BUSY ":3");
	err = ask_quote();
	CHECK(!err, "busy three times: %s", strerror(-err));
}

/* The same TDCALL by the node, with no quote to follow */
static void tdcall_of_the_node(void)
{
	int err;

	need();
	if (cvm_find(&st, CVM_EVIDENCE_PROVIDER_TDX_GUEST)->status !=
	    CVM_EVIDENCE_ST_AVAILABLE)
		ktap_skip("no /dev/tdx_guest");
	err = ask(CVM_EVIDENCE_PROVIDER_TDX_GUEST);
	CHECK(!err, "%s", strerror(-err));
	CHECK(blob.hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT, "flags 0x%x",
	      blob.hdr.flags);
	sim_set("tdcall=" TDX_OTHER ":1");
	err = ask(CVM_EVIDENCE_PROVIDER_TDX_GUEST);
	CHECK(err == -EIO, "%s", strerror(-err));
	err = ask(CVM_EVIDENCE_PROVIDER_TDX_GUEST);
	CHECK(!err, "the next: %s", strerror(-err));
	/* and the next quote is none the worse */
	err = ask_quote();
	CHECK(!err, "%s", strerror(-err));
}

/*
 * The host has the quote after 300 ms, and the driver sees it when it has slept for a
 * second; a client whose deadline passes meanwhile does not spoil the next one.
 */
static void late_quote(void)
{
	int err;

	need();
	sim_set("async=300:1");
	err = ask_quote();
	CHECK(!err, "%s", strerror(-err));
	CHECK(req.firmware_ns >= 900000000, "firmware_ns %llu",
	      (unsigned long long)req.firmware_ns);

	sim_set("async=300:1");
	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.timeout_ms = 200;
	err = cvm_request(fd, &req);
	CHECK(err == -ETIMEDOUT, "a deadline of 200 ms: %s", strerror(-err));
	err = ask_quote();
	CHECK(!err, "after it: %s", strerror(-err));
}

/* The driver looks 30 times: the quote that is there at the last look is ETIMEDOUT */
static void quote_at_the_last_look(void)
{
	int err;

	need();
	sim_driver_times(50, 1500);
	sim_set("throttle=1:30");
	err = ask_quote();
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	err = ask_quote();
	CHECK(!err, "the next: %s", strerror(-err));
}

/*
 * A driver that has given up is unloaded while the host still has its buffer: the late
 * quote goes nowhere, least of all into what is somebody else's memory by then.
 */
static void unloaded_in_flight(void)
{
	int err;

	need();
	sim_driver_times(50, 200);
	sim_set("throttle=1");
	err = ask_quote();
	CHECK(err == -EIO, "%s", strerror(-err));
	module_unload("tdx_guest", 10000);
	sim_set("throttle=0");
	sleep_ms(300);
	CHECK(!driver_load(NULL), "the driver cannot be loaded again");
	driver_ready(fd, &st);
	err = ask_quote();
	CHECK(!err, "%s", strerror(-err));
}

static const struct ktap_case cases[] = {
	{ "quote_status", quote_status, 0 },
	{ "hypercall_refused", hypercall_refused, 0 },
	{ "tdcall_fails", tdcall_fails, 0 },
	{ "tdcall_busy", tdcall_busy, 0 },
	{ "tdcall_of_the_node", tdcall_of_the_node, 0 },
	{ "late_quote", late_quote, 0 },
	{ "quote_at_the_last_look", quote_at_the_last_look, 120 },
	{ "unloaded_in_flight", unloaded_in_flight, 120 },
};

DRIVERS_TEST_MAIN(cases)
