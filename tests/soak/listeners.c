// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: one that listens to all of it and counts, readers of get-info and
 * get-log that leave when they like, and listeners that do not read.
 */
#define _GNU_SOURCE
#include "soak.h"
#include "../selftests/nl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct heard {
	counter ready, stop;
	_Atomic uint64_t first, last, seen, gaps, overruns;
	_Atomic uint64_t number;	/* of the last event, by get-info */
} *heard;
static pid_t listener;

/* --- clients --- */

/* A dump that nobody reads to its end */
static void leave_dump(struct nl *nl)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct timeval tv = { .tv_usec = 200000 };
	struct {
		struct nlmsghdr h;
		struct genlmsghdr g;
	} m = {
		.h = {
			.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
			.nlmsg_type = nl->family,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.g = { .cmd = CVM_EVIDENCE_CMD_GET_LOG, .version = 1 },
	};
	char buf[4096];

	setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (sendto(nl->fd, &m, m.h.nlmsg_len, 0, (void *)&to, sizeof(to)) > 0 &&
	    recv(nl->fd, buf, sizeof(buf), 0) > 0)
		soak->dumps_left++;
}

void reader_main(struct rng *r, struct slot *slot)
{
	struct nl_event *log;
	struct nl_info info;
	struct nl nl;
	int n;

	slot->since_ms = now_ms();
	slot->op = 1;
	nl_open(&nl);
	switch (rng_below(r, 3)) {
	case 0:
		n = nl_get_info(&nl, &info);
		CHECK(!n && info.nr, "get-info: %s, %u providers", strerror(-n),
		      info.nr);
		break;
	case 1:
		n = nl_get_log(&nl, 0, &log);
		CHECK(n >= 0 && n <= CVM_EVIDENCE_LOG_MAX, "get-log: %d", n);
		free(log);
		break;
	case 2:
		leave_dump(&nl);
		break;
	}
	soak->readers++;
	nl_close(&nl);
	slot->op = 0;
	usleep(rng_below(r, 200000));
}

/* The least room there is, and never a read */
void stuck_main(struct rng *r, struct slot *slot)
{
	int least = 1, err;
	struct nl nl;

	nl_open(&nl);
	setsockopt(nl.fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	err = nl_try_join(&nl);
	CHECK(!err, "joining the group: %s", strerror(-err));
	soak->stuck++;
	for (int i = 20 + rng_below(r, 300); i && !soak->stop; i--)
		usleep(10000);
	nl_close(&nl);
	slot->op = 0;
}

/* --- the one that listens --- */

static void note_event(const struct nl_event *ev)
{
	if (!heard->first)
		heard->first = ev->number;
	else if (ev->number > heard->last + 1)
		heard->gaps += ev->number - heard->last - 1;
	CHECK(ev->number > heard->last, "event %llu after %llu",
	      (unsigned long long)ev->number, (unsigned long long)heard->last);
	heard->last = ev->number;
	heard->seen++;
	if (ev->type == CVM_EVIDENCE_EV_EVIDENCE_TAKEN ||
	    ev->type == CVM_EVIDENCE_EV_EVIDENCE_FAILED)
		ends_event(nl_num(ev, EVA(SEQUENCE)),
			   ev->type == CVM_EVIDENCE_EV_EVIDENCE_TAKEN);
}

static void listen_to_all(void *arg)
{
	struct nl nl, ask;
	struct nl_info info;
	struct nl_event ev;
	int n, tries = 0;

	(void)arg;
	nl_listen(&nl);
	nl_open(&ask);
	heard->ready = 1;
	for (;;) {
		bool last = heard->stop;

		n = nl_next(&nl, &ev, last ? 0 : 100);
		if (n == -ENOBUFS)
			heard->overruns++;
		else
			CHECK(n >= 0, "listening: %s", strerror(-n));
		if (n > 0)
			note_event(&ev);
		if (n || !last)
			continue;
		/* all that happened is sent when get-log has answered */
		n = nl_get_info(&ask, &info);
		CHECK(!n, "get-info: %s", strerror(-n));
		heard->number = info.num[CVM_EVIDENCE_INFO_A_EVENTS];
		if (heard->number == heard->last || tries++ == 50)
			break;
		nl_drain(&ask);
		usleep(10000);
	}
	_exit(0);
}

void listener_start(void)
{
	if (!heard)
		heard = mmap(NULL, sizeof(*heard), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(heard != MAP_FAILED, "mmap: %s", strerror(errno));
	memset(heard, 0, sizeof(*heard));
	listener = run_child(listen_to_all, NULL);
	for (int i = 0; !heard->ready; i++) {
		CHECK(i < 1000, "the listener does not come up");
		usleep(10000);
	}
}

uint64_t listener_stop(void)
{
	uint64_t lost;
	int status;

	heard->stop = 1;
	status = reap_child(listener, 60000);
	check(C_EVENTS, !status, "the listener: wait status 0x%x", status);
	if (status || !heard->seen)
		return 1;
	lost = heard->gaps + (heard->number - heard->last);
	check(C_EVENTS, heard->seen + lost == heard->number - heard->first + 1,
	      "%llu events seen, %llu lost, of %llu to %llu",
	      (unsigned long long)heard->seen, (unsigned long long)lost,
	      (unsigned long long)heard->first,
	      (unsigned long long)heard->number);
	soak->events += heard->seen;
	soak->events_lost += lost;
	return lost;
}
