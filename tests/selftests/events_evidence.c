// SPDX-License-Identifier: GPL-2.0-only
/*
 * evidence-taken: "EVENTS" of the header, what was taken, against
 * what the blob and the ioctl say. events_who.c has who did.
 */
#define _GNU_SOURCE
#include "asker.h"
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void by_write_and_read(void)
{
	struct nl_event ev;
	struct cvm_blob b;

	asker_setup();
	take_from(asker_open(), 20);
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	check_taken(&ev, &b);
	CHECK(nl_num(&ev, EVA(FLAGS)) == 0, "flags");
	CHECK(!nl_has(&ev, EVA(PRIVLEVEL)), "a privlevel nobody asked for");
	CHECK(!nl_has(&ev, EVA(KERNEL_RANDOM)), "kernel-random");
	CHECK(nl_num(&ev, EVA(PID)) == (uint64_t)getpid(), "pid");
}

/* cat, waiting for more on its standard input */
static void by_cat(void)
{
	struct nl_event ev;
	struct cvm_blob b;
	struct witness w;
	int in[2], out[2];
	pid_t pid;

	asker_setup();
	CHECK(!pipe(in) && !pipe(out), "%s", strerror(errno));
	fcntl(out[1], F_SETPIPE_SZ, CVM_BUF_SIZE);
	pid = fork();
	if (!pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		execlp("cat", "cat", asker_node, "-", NULL);
		_exit(127);
	}
	close(out[1]);
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	witness_read(pid, &w);
	close(in[1]);
	close(in[0]);
	while (told->len < (ssize_t)sizeof(told->blob)) {
		ssize_t n = read(out[0], told->blob + told->len,
				 sizeof(told->blob) - told->len);

		CHECK(n >= 0, "%s", strerror(errno));
		if (!n)
			break;
		told->len += n;
	}
	join_child(pid, 5000);
	nl_note(&ev);
	check_taken(&ev, &b);
	CHECK(!strcmp(w.comm, "cat"), "comm '%s'", w.comm);
	witness_check(&ev, &w);
	CHECK(nl_has(&ev, EVA(KERNEL_RANDOM)), "evidence of cat is not marked");
}

static void by_ioctl(void)
{
	struct cvm_evidence_request req;
	const struct cvm_evidence_provider *p;
	struct nl_event ev;
	struct cvm_state st;
	struct cvm_blob b;
	int fd, err;

	asker_setup();
	fd = asker_open();
	cvm_get_info(fd, &st);
	p = cvm_find(&st, st.info.auto_provider);
	cvm_request_init(&req, "by ioctl", 8);
	req.provider = p->id;
	req.flags = CVM_EVIDENCE_F_EVENT_LOG | CVM_EVIDENCE_F_FRESH;
	if (p->caps & CVM_EVIDENCE_CAP_PRIVLEVEL)
		req.privlevel = p->privlevel_floor + 1;
	err = cvm_request(fd, &req);
	CHECK(!err, "REQUEST: %s", strerror(-err));
	told->len = cvm_slurp(fd, told->blob, sizeof(told->blob));
	CHECK(told->len > 0, "read: %s", strerror(-told->len));
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	check_taken(&ev, &b);
	CHECK(nl_num(&ev, EVA(SEQUENCE)) == req.sequence, "sequence");
	CHECK(nl_num(&ev, EVA(FLAGS)) == req.flags, "flags");
	if (req.privlevel != CVM_EVIDENCE_PRIVLEVEL_DEFAULT)
		CHECK(nl_num(&ev, EVA(PRIVLEVEL)) == req.privlevel, "privlevel");
	CHECK(nl_num(&ev, EVA(WAIT_NS)) == req.wait_ns, "time waited");
	CHECK(nl_num(&ev, EVA(FIRMWARE_NS)) == req.firmware_ns, "firmware's time");
	CHECK(nl_has(&ev, EVA(FW_STATUS)) ==
	      !!(req.out_flags & CVM_EVIDENCE_OUT_F_FW_STATUS),
	      "firmware status known to one and not the other");
}

/* Two at once, each 300 ms in firmware: the second waits for the first. */
static void times(void)
{
	uint64_t wait[2], firmware[2];
	struct nl_event ev;
	int fd[2];

	asker_setup();
	sim_need();
	sim_set("delay=300");
	for (int i = 0; i < 2; i++) {
		fd[i] = asker_open();
		fcntl(fd[i], F_SETFL, O_NONBLOCK);
		cvm_write(fd[i], "times", 5);
	}
	for (int i = 0; i < 2; i++) {
		nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
		wait[i] = nl_num(&ev, EVA(WAIT_NS)) / 1000000;
		firmware[i] = nl_num(&ev, EVA(FIRMWARE_NS)) / 1000000;
		ktap_note("waited %llu ms, in firmware %llu ms",
			  (unsigned long long)wait[i],
			  (unsigned long long)firmware[i]);
		CHECK(firmware[i] >= 295 && firmware[i] < 2300, "");
	}
	CHECK(wait[1] >= 200 && wait[1] < wait[0] + firmware[0] + 1000, "");
	CHECK(wait[0] < 1500, "");
}

static const struct ktap_case cases[] = {
	{ "by_write_and_read", by_write_and_read, 0 },
	{ "by_cat", by_cat, 0 },
	{ "by_ioctl", by_ioctl, 0 },
	{ "times", times, 0 },
};

CVM_TEST_MAIN(cases)
