// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink by hand: requests, dumps, and the group's messages. */
#define _GNU_SOURCE
#include "nl.h"
#include "cvm_client.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nl_parse.h"

#define MSG_MAX		65536
#define ANSWER_MS	10000

size_t nl_put(uint8_t *attrs, size_t at, uint16_t type, const void *data,
	      uint16_t len)
{
	struct nlattr a = { .nla_len = NLA_HDRLEN + len, .nla_type = type };

	memcpy(attrs + at, &a, sizeof(a));
	if (len)
		memcpy(attrs + at + NLA_HDRLEN, data, len);
	memset(attrs + at + a.nla_len, 0, NLA_ALIGN(a.nla_len) - a.nla_len);
	return at + NLA_ALIGN(a.nla_len);
}

static int send_request(struct nl *nl, uint16_t family, uint8_t cmd,
			uint16_t flags, const void *attrs, size_t len)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct {
		struct nlmsghdr h;
		struct genlmsghdr g;
		uint8_t attrs[512];
	} m = {};

	CHECK(len <= sizeof(m.attrs), "%zu bytes of attributes", len);
	m.h.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + len;
	m.h.nlmsg_type = family;
	m.h.nlmsg_flags = NLM_F_REQUEST | flags;
	m.h.nlmsg_seq = ++nl->seq;
	m.g.cmd = cmd;
	m.g.version = 1;
	if (len)
		memcpy(m.attrs, attrs, len);
	if (sendto(nl->fd, &m, m.h.nlmsg_len, 0, (struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return -errno;
	return 0;
}

/* One datagram: its length, 0 after that time, -errno */
static ssize_t receive(struct nl *nl, void *buf, size_t size,
		       unsigned int timeout_ms)
{
	struct sockaddr_nl from = {};
	struct iovec iov = { buf, size };
	struct msghdr m = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1,
	};
	struct pollfd p = { .fd = nl->fd, .events = POLLIN };
	ssize_t n;

	n = poll(&p, 1, timeout_ms);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	n = recvmsg(nl->fd, &m, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	CHECK(!(m.msg_flags & MSG_TRUNC), "a message of more than %zu bytes", size);
	CHECK(from.nl_pid == 0, "a message of port %u, not the kernel's",
	      from.nl_pid);
	return n;
}

/* What is told of each message of an answer; the last one has h == NULL. */
typedef void (*each_fn)(const struct nlmsghdr *h, void *arg);

/*
 * Reads the answer to the last request. Returns 0 or the kernel's error, which
 * ends a dump that it comes in, too.
 */
static int answer(struct nl *nl, each_fn each, void *arg)
{
	static uint8_t buf[MSG_MAX] __attribute__((aligned(8)));

	for (;;) {
		ssize_t n = receive(nl, buf, sizeof(buf), ANSWER_MS);
		struct nlmsghdr *h = (void *)buf;
		int left = n;

		if (n < 0)
			return n;
		CHECK(n, "no answer in %u ms", ANSWER_MS);
		for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			int err;

			/* an event may be in between */
			if (h->nlmsg_seq != nl->seq)
				continue;
			switch (h->nlmsg_type) {
			case NLMSG_ERROR:
			case NLMSG_DONE:
				memcpy(&err, NLMSG_DATA(h), sizeof(err));
				return err;
			}
			each(h, arg);
			if (!(h->nlmsg_flags & NLM_F_MULTI))
				return 0;
		}
		CHECK(!left, "%d bytes after the last message", left);
	}
}

static void ignore(const struct nlmsghdr *h, void *arg)
{
	(void)h;
	(void)arg;
}

int nl_request(struct nl *nl, uint8_t cmd, uint16_t flags, const void *attrs,
	       size_t len)
{
	int err = send_request(nl, nl->family, cmd, flags, attrs, len);

	return err ? err : answer(nl, ignore, NULL);
}

static void found_family(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *at[CTRL_ATTR_MAX + 1], *grp[CTRL_ATTR_MCAST_GRP_MAX + 1];
	const uint8_t *p = (const uint8_t *)NLMSG_DATA(h) + GENL_HDRLEN;
	struct nl *nl = arg;

	CHECK(!nl_table(p, h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), at,
			CTRL_ATTR_MAX), "the controller's answer");
	CHECK(at[CTRL_ATTR_FAMILY_ID], "a family without an id");
	memcpy(&nl->family, nl_payload(at[CTRL_ATTR_FAMILY_ID]), 2);
	nl->group = 0;
	if (!at[CTRL_ATTR_MCAST_GROUPS])
		return;
	/* a nest of nests; ours has one */
	p = nl_payload(at[CTRL_ATTR_MCAST_GROUPS]);
	CHECK(!nl_table(nl_payload((const void *)p),
			nl_payload_len((const void *)p), grp,
			CTRL_ATTR_MCAST_GRP_MAX), "the controller's group");
	CHECK(grp[CTRL_ATTR_MCAST_GRP_NAME] && grp[CTRL_ATTR_MCAST_GRP_ID] &&
	      !strcmp(nl_payload(grp[CTRL_ATTR_MCAST_GRP_NAME]),
		      CVM_EVIDENCE_GENL_GROUP), "the group's name");
	memcpy(&nl->group, nl_payload(grp[CTRL_ATTR_MCAST_GRP_ID]), 4);
}

int nl_try_open(struct nl *nl)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	uint8_t attrs[64];
	size_t len;
	int err;

	memset(nl, 0, sizeof(*nl));
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	CHECK(nl->fd >= 0, "netlink socket: %s", strerror(errno));
	CHECK(!bind(nl->fd, (struct sockaddr *)&self, sizeof(self)), "bind: %s",
	      strerror(errno));
	len = nl_put(attrs, 0, CTRL_ATTR_FAMILY_NAME, CVM_EVIDENCE_GENL_NAME,
		     sizeof(CVM_EVIDENCE_GENL_NAME));
	err = send_request(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, attrs, len);
	if (!err)
		err = answer(nl, found_family, nl);
	if (err)
		close(nl->fd);
	return err;
}

void nl_open(struct nl *nl)
{
	int err = nl_try_open(nl);

	CHECK(!err, "family %s: %s", CVM_EVIDENCE_GENL_NAME, strerror(-err));
}

void nl_close(struct nl *nl)
{
	free(nl->read);
	close(nl->fd);
}

int nl_try_join(struct nl *nl)
{
	if (!nl->group)
		ktap_skip("this kernel cannot guard a group, so there is none");
	if (setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &nl->group,
		       sizeof(nl->group)))
		return -errno;
	return 0;
}

void nl_listen(struct nl *nl)
{
	int err, size = 8 << 20;

	nl_open(nl);
	if (!nl->group) {
		nl->by_log = true;
		nl->next = 1;
		nl_drain(nl);
		return;
	}
	/* a busy machine does not make a slow listener */
	setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	err = nl_try_join(nl);
	CHECK(!err, "joining the group: %s", strerror(-err));
}

/* --- events --- */

/* What the log has from @nl->next on; -ENOBUFS when some of that is gone. */
static int read_log(struct nl *nl)
{
	free(nl->read);
	nl->at = 0;
	nl->n = nl_get_log(nl, nl->next, &nl->read);
	if (nl->n > 0 && nl->read[0].number != nl->next) {
		nl->next = nl->read[0].number;
		nl->n = -ENOBUFS;
		free(nl->read);
	}
	if (nl->n <= 0)
		nl->read = NULL;
	return nl->n;
}

static int next_of_log(struct nl *nl, struct nl_event *ev, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;
	int n;

	while (nl->at >= nl->n) {
		n = read_log(nl);
		if (n < 0)
			nl->n = 0;
		if (n < 0 || (!n && now_ms() >= end))
			return n;
		if (!n)
			sleep_ms(10);
	}
	*ev = nl->read[nl->at++];
	nl->next = ev->number + 1;
	return 1;
}

static int next_of_group(struct nl *nl, struct nl_event *ev,
			 unsigned int timeout_ms)
{
	static uint8_t buf[MSG_MAX] __attribute__((aligned(8)));
	ssize_t n = receive(nl, buf, sizeof(buf), timeout_ms);
	struct nlmsghdr *h = (void *)buf;
	const char *wrong;

	if (n <= 0)
		return n;
	CHECK(NLMSG_OK(h, n) && NLMSG_ALIGN(h->nlmsg_len) == (size_t)n,
	      "a datagram of %zd bytes, a message of %u", n, h->nlmsg_len);
	CHECK(h->nlmsg_type == nl->family, "message type %u", h->nlmsg_type);
	wrong = nl_event_parse(h, CVM_EVIDENCE_CMD_EVENT, ev);
	if (wrong)
		nl_note(ev);
	CHECK(!wrong, "event %llu: %s", (unsigned long long)ev->number, wrong);
	return 1;
}

int nl_next(struct nl *nl, struct nl_event *ev, unsigned int timeout_ms)
{
	return nl->by_log ? next_of_log(nl, ev, timeout_ms) :
			    next_of_group(nl, ev, timeout_ms);
}

void nl_wait(struct nl *nl, uint32_t type, struct nl_event *ev,
	     unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms, now;
	int n;

	while ((now = now_ms()) < end) {
		n = nl_next(nl, ev, end - now);
		CHECK(n >= 0, "listening: %s", strerror(-n));
		if (n && ev->type == type)
			return;
	}
	CHECK(false, "no event of type %u in %u ms", type, timeout_ms);
}

void nl_none(struct nl *nl, uint32_t type, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms, now;
	struct nl_event ev;

	while ((now = now_ms()) < end) {
		int n = nl_next(nl, &ev, end - now);

		CHECK(n >= 0, "listening: %s", strerror(-n));
		if (n && ev.type == type)
			nl_note(&ev);
		CHECK(!n || ev.type != type, "an event of type %u", type);
	}
}

void nl_drain(struct nl *nl)
{
	struct nl_event *log, ev;
	int n = nl_get_log(nl, UINT64_MAX, &log);

	/* flushed by that, so all that happened so far is there to be read */
	CHECK(n >= 0, "get-log: %s", strerror(-n));
	free(log);
	do {
		n = nl_next(nl, &ev, 0);
	} while (n > 0 || n == -ENOBUFS);
}

/* --- requests --- */

struct info_arg {
	struct nl_info *info;
	unsigned int n;
};

static void got_info(const struct nlmsghdr *h, void *arg)
{
	struct info_arg *a = arg;
	const char *wrong = nl_info_parse(h, a->info);

	CHECK(!wrong, "get-info: %s", wrong);
	a->n++;
}

int nl_get_info(struct nl *nl, struct nl_info *info)
{
	struct info_arg arg = { info, 0 };
	int err = send_request(nl, nl->family, CVM_EVIDENCE_CMD_GET_INFO, 0,
			       NULL, 0);

	if (!err)
		err = answer(nl, got_info, &arg);
	CHECK(err || arg.n == 1, "get-info: %u answers", arg.n);
	return err;
}

struct log_arg {
	struct nl_event *log;
	int n, room;
	void (*between)(void);
};

static void got_log(const struct nlmsghdr *h, void *arg)
{
	struct log_arg *a = arg;
	const char *wrong;

	if (a->n == a->room) {
		a->room = a->room ? 2 * a->room : 64;
		a->log = realloc(a->log, a->room * sizeof(*a->log));
		CHECK(a->log, "out of memory");
	}
	CHECK(h->nlmsg_flags & NLM_F_MULTI, "an event of the log, not multi-part");
	wrong = nl_event_parse(h, CVM_EVIDENCE_CMD_GET_LOG, &a->log[a->n]);
	if (wrong)
		nl_note(&a->log[a->n]);
	CHECK(!wrong, "get-log: %s", wrong);
	a->n++;
	if (a->between)
		a->between();
	a->between = NULL;
}

static int get_log(struct nl *nl, uint64_t from, struct log_arg *arg)
{
	static unsigned int turn;
	uint8_t attrs[16] = {};
	uint32_t small = from;
	size_t len = 0;
	int err;

	/* a uint has 4 or 8 bytes, and what fits in 4 may come in 8: both in turns */
	if (from && small == from && turn++ & 1)
		len = nl_put(attrs, 0, EVA(NUMBER), &small, sizeof(small));
	else if (from)
		len = nl_put(attrs, 0, EVA(NUMBER), &from, sizeof(from));
	err = send_request(nl, nl->family, CVM_EVIDENCE_CMD_GET_LOG, NLM_F_DUMP,
			   attrs, len);
	if (!err)
		err = answer(nl, got_log, arg);
	if (err)
		free(arg->log);
	return err ? err : arg->n;
}

int nl_get_log(struct nl *nl, uint64_t from, struct nl_event **log)
{
	struct log_arg arg = {};
	int n = get_log(nl, from, &arg);

	*log = arg.log;
	return n;
}

int nl_get_log_while(struct nl *nl, struct nl_event **log, void (*between)(void))
{
	struct log_arg arg = { .between = between };
	int n = get_log(nl, 0, &arg);

	*log = arg.log;
	return n;
}
