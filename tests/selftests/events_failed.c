// SPDX-License-Identifier: GPL-2.0-only
/*
 * evidence-failed: "EVENTS" of the header, against what the ioctl
 * tells of the same request.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "nl.h"
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct nl listener;

static void setup(void)
{
	sim_need();
	need_root();
	nl_listen(&listener);
	nl_drain(&listener);
}

/* One request that fails, and its event; what both say must agree. */
static void fail_with(int want, unsigned int timeout_ms, struct nl_event *ev)
{
	struct cvm_evidence_request req;
	struct witness w;
	int fd = cvm_open(O_RDWR), err;

	cvm_request_init(&req, "fails", 5);
	req.timeout_ms = timeout_ms;
	err = cvm_request(fd, &req);
	CHECK(err == -want, "%s, not %s", strerror(-err), strerror(want));
	nl_wait(&listener, EV(EVIDENCE_FAILED), ev, 10000);
	nl_note(ev);
	CHECK(nl_num(ev, EVA(ERRNO)) == (uint64_t)want, "errno %llu",
	      (unsigned long long)nl_num(ev, EVA(ERRNO)));
	CHECK(nl_num(ev, EVA(SEQUENCE)) == req.sequence, "sequence");
	CHECK(nl_num(ev, EVA(PROVIDER)) == req.out_provider, "provider");
	CHECK(nl_has(ev, EVA(FW_STATUS)) ==
	      !!(req.out_flags & CVM_EVIDENCE_OUT_F_FW_STATUS),
	      "firmware status known to one and not the other");
	if (nl_has(ev, EVA(FW_STATUS)))
		CHECK(nl_num(ev, EVA(FW_STATUS)) == req.fw_status, "status 0x%llx",
		      (unsigned long long)nl_num(ev, EVA(FW_STATUS)));
	witness_read(getpid(), &w);
	witness_check(ev, &w);
	nl_none(&listener, EV(EVIDENCE_TAKEN), 50);
}

static void by_firmware(void)
{
	const struct cvm_evidence_provider *p;
	struct nl_event ev;
	struct cvm_state st;
	int fd;

	setup();
	sim_fail_next();
	fail_with(EIO, 0, &ev);
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
	p = cvm_find(&st, st.info.auto_provider);
	CHECK(nl_has(&ev, EVA(FW_STATUS)) ==
	      !!(p->caps & CVM_EVIDENCE_CAP_FW_STATUS),
	      "the status of %s", p->name);
	if (nl_has(&ev, EVA(FW_STATUS)))
		CHECK(nl_num(&ev, EVA(FW_STATUS)) == 0x16, "status");
}

static void mismatch(void)
{
	struct cvm_state st;
	struct nl_event ev;
	int fd;

	setup();
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
	if (st.info.tee == CVM_EVIDENCE_TEE_CCA)
		ktap_skip("the kernel does not read CCA tokens");
	sim_set("wrong_data=1:1");
	fail_with(EBADMSG, 0, &ev);
}

static void timeout(void)
{
	struct nl_event ev;

	setup();
	sim_set("delay=1500:1");
	fail_with(ETIMEDOUT, 300, &ev);
	/* it was being worked on, and still is */
	CHECK(nl_num(&ev, EVA(WAIT_NS)) < 300000000, "");
	CHECK(nl_num(&ev, EVA(FIRMWARE_NS)) < 1500000000, "");
}

/* Nobody waits for it any more: the last file on it was closed. */
static void canceled(void)
{
	struct nl_event ev;
	int fd;

	setup();
	sim_set("block=1");
	fd = cvm_open(O_RDWR);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	cvm_write(fd, "canceled", 8);
	close(fd);
	sim_set("block=0");
	nl_wait(&listener, EV(EVIDENCE_FAILED), &ev, 10000);
	CHECK(nl_num(&ev, EVA(ERRNO)) == ECANCELED, "errno %llu",
	      (unsigned long long)nl_num(&ev, EVA(ERRNO)));
	CHECK(nl_num(&ev, EVA(PID)) == (uint64_t)getpid(), "pid");
	nl_none(&listener, EV(EVIDENCE_TAKEN), 800);
}

/* "of requests that were canceled before they were served, a few events per second" */
static void canceled_often(void)
{
	struct cvm_state a, b;
	struct nl_event ev;
	unsigned int n = 0;
	uint64_t begin;
	int fd, first;

	setup();
	sim_set("block=1");
	first = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_write(first, "in firmware", 11);
	do {
		sleep_ms(10);
		cvm_get_info(first, &a);
	} while (a.info.requests_waiting);
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	nl_drain(&listener);
	begin = now_ms();
	/* each write cancels the one before, which waits in the queue */
	for (int i = 0; i < 1000; i++)
		cvm_write(fd, "waits", 5);
	begin = now_ms() - begin;
	cvm_get_info(first, &b);
	CHECK(b.info.requests_canceled == a.info.requests_canceled + 999, "%llu canceled",
	      (unsigned long long)(b.info.requests_canceled - a.info.requests_canceled));
	while (nl_next(&listener, &ev, 1000) > 0)
		n += ev.type == EV(EVIDENCE_FAILED) && nl_num(&ev, EVA(ERRNO)) == ECANCELED;
	ktap_note("%u events of 999 in %llu ms", n, (unsigned long long)begin);
	/* "a few": eight */
	CHECK(n >= 1 && n <= 8 * (begin / 1000 + 2), "%u events", n);
	sim_set("block=0");
}

/* "replaced": the file's next write or REQUEST takes its place. */
static void replaced(void)
{
	static uint8_t buf[CVM_BUF_SIZE];
	struct nl_event ev;
	int fd;

	setup();
	sim_set("block=1");
	fd = cvm_open(O_RDWR);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	cvm_write(fd, "replaced", 8);
	fcntl(fd, F_SETFL, 0);
	cvm_write(fd, "the next", 8);
	sim_set("block=0");
	nl_wait(&listener, EV(EVIDENCE_FAILED), &ev, 10000);
	CHECK(nl_num(&ev, EVA(ERRNO)) == ECANCELED, "errno %llu",
	      (unsigned long long)nl_num(&ev, EVA(ERRNO)));
	CHECK(cvm_slurp(fd, buf, sizeof(buf)) > 0, "no evidence for the next");
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	nl_none(&listener, EV(EVIDENCE_TAKEN), 300);
}

/* Nobody is there that could serve it: the provider is the one asked for. */
static void not_served(void)
{
	const struct cvm_evidence_provider *p = NULL;
	struct cvm_evidence_request req;
	struct nl_event ev;
	struct cvm_state st;
	int fd, err;

	setup();
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &st);
	for (unsigned int i = 0; i < st.nr; i++)
		if (st.prov[i].status == CVM_EVIDENCE_ST_NO_DRIVER ||
		    st.prov[i].status == CVM_EVIDENCE_ST_NOT_BUILT)
			p = &st.prov[i];
	if (!p)
		ktap_skip("every provider has its driver here");
	cvm_request_init(&req, "nobody", 6);
	req.provider = p->id;
	err = cvm_request(fd, &req);
	CHECK(err == -ENODEV, "%s of provider %s", strerror(-err), p->name);
	CHECK(req.out_provider == CVM_EVIDENCE_PROVIDER_AUTO, "served by %u",
	      req.out_provider);
	nl_wait(&listener, EV(EVIDENCE_FAILED), &ev, 10000);
	CHECK(nl_num(&ev, EVA(ERRNO)) == ENODEV, "errno %llu",
	      (unsigned long long)nl_num(&ev, EVA(ERRNO)));
	CHECK(nl_num(&ev, EVA(SEQUENCE)) == req.sequence, "sequence");
	CHECK(nl_num(&ev, EVA(PROVIDER)) == p->id, "provider %llu, not %u",
	      (unsigned long long)nl_num(&ev, EVA(PROVIDER)), p->id);
}

/* It never came to be worked on. */
static void timeout_in_queue(void)
{
	struct cvm_evidence_request req;
	struct nl_event ev;
	int fd[2], err;

	setup();
	sim_set("delay=1500:1");
	for (int i = 0; i < 2; i++)
		fd[i] = cvm_open(O_RDWR);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	cvm_write(fd[0], "first", 5);
	cvm_request_init(&req, "second", 6);
	req.timeout_ms = 300;
	err = cvm_request(fd[1], &req);
	CHECK(err == -ETIMEDOUT, "%s", strerror(-err));
	nl_wait(&listener, EV(EVIDENCE_FAILED), &ev, 10000);
	nl_note(&ev);
	CHECK(nl_num(&ev, EVA(SEQUENCE)) == req.sequence, "sequence");
	CHECK(nl_num(&ev, EVA(PROVIDER)) == CVM_EVIDENCE_PROVIDER_AUTO,
	      "provider %llu of a request for any",
	      (unsigned long long)nl_num(&ev, EVA(PROVIDER)));
	CHECK(nl_num(&ev, EVA(FIRMWARE_NS)) == 0, "time in firmware");
	/* it ended, and was told of, before the ioctl returned */
	CHECK(nl_num(&ev, EVA(WAIT_NS)) / 1000000 >= 250 &&
	      nl_num(&ev, EVA(WAIT_NS)) <= req.wait_ns &&
	      req.wait_ns - nl_num(&ev, EVA(WAIT_NS)) < 2000000000,
	      "waited %llu ns, by the ioctl's word %llu",
	      (unsigned long long)nl_num(&ev, EVA(WAIT_NS)),
	      (unsigned long long)req.wait_ns);
}

static const struct ktap_case cases[] = {
	{ "by_firmware", by_firmware, 0 },
	{ "mismatch", mismatch, 0 },
	{ "timeout", timeout, 0 },
	{ "timeout_in_queue", timeout_in_queue, 0 },
	{ "canceled", canceled, 0 },
	{ "canceled_often", canceled_often, 0 },
	{ "replaced", replaced, 0 },
	{ "not_served", not_served, 0 },
};

CVM_TEST_MAIN(cases)
