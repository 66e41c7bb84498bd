// SPDX-License-Identifier: GPL-2.0-only
/* Those that do not just wait: polled, interrupted, shared, left alone */
#define _GNU_SOURCE
#include "asks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* By write or by REQUEST, as an event loop does */
void ask_poll(struct rng *r)
{
	int fd = ask_open(O_RDWR | O_NONBLOCK), err = 0;
	bool by_request = rng_one_in(r, 2), again = rng_one_in(r, 2);
	struct cvm_evidence_request req;
	uint64_t begin = now_ms();
	uint8_t rd[64];
	size_t len = ask_data(r, rd);
	short got = 0;

	if (fd < 0)
		return;
	cvm_request_init(&req, rd, len);
	if (by_request)
		err = -cvm_request(fd, &req);
	else if (write(fd, rd, len) < 0)
		err = errno;
	if (err && err != EAGAIN) {
		ask_refused("REQUEST or write that does not wait", err);
		goto out;
	}
	/* one that has its outcome already would be another request */
	again = again && err == EAGAIN;
	while (!(got & POLLIN)) {
		CHECK(now_ms() - begin < 2 * LATE_MS, "no POLLIN in %llu ms",
		      (unsigned long long)(now_ms() - begin));
		got = cvm_poll(fd, POLLIN, 1 + rng_below(r, 500));
		if (soak->stop && rng_one_in(r, 8)) {
			soak->abandoned++;
			goto out;
		}
	}
	if (by_request && again) {
		/* its sequence rejoins it, and has its outcome */
		err = -cvm_rejoin(fd, &req);
		soak->rejoined++;
		CHECK(err != EAGAIN, "POLLIN, then EAGAIN");
		if (err) {
			ask_refused("REQUEST after POLLIN", err);
			goto out;
		}
	}
	ask_take(fd, "read after poll", rd, len, ask_chunk(r));
out:
	close(fd);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void alarm_in(unsigned int us)
{
	struct itimerval it = { .it_value = { 0, us }, .it_interval = { 0, us } };

	CHECK(!setitimer(ITIMER_REAL, &it, NULL), "%s", strerror(errno));
}

/* Interrupted, and the same call again: its request goes on */
void ask_alarm(struct rng *r)
{
	struct sigaction act = { .sa_handler = on_alarm };
	int fd = ask_open(O_RDWR), err, tries = 0;
	struct cvm_evidence_request req;
	uint8_t rd[64];
	size_t len = ask_data(r, rd);

	if (fd < 0)
		return;
	act.sa_flags = rng_one_in(r, 3) ? SA_RESTART : 0;
	sigaction(SIGALRM, &act, NULL);
	cvm_request_init(&req, rd, len);
	alarm_in(500 + rng_below(r, 40000));
	do {
		/* with sequence 0 at first, then with that of the request */
		err = -cvm_rejoin(fd, &req);
		if (err == EINTR)
			soak->interrupted++;
		/* nobody gets anywhere who is interrupted all the time */
		if (tries++ == 20)
			alarm_in(0);
	} while (err == EINTR && tries < 60 && !soak->stop);
	if (rng_one_in(r, 2))
		alarm_in(0);
	if (err == EINTR)
		soak->abandoned++;
	else if (err)
		ask_refused("interrupted REQUEST", err);
	else
		/* the evidence is there: nothing to wait for */
		ask_take(fd, "read after REQUEST", rd, len, sizeof(ask_buf));
	alarm_in(0);
	close(fd);
}

/* Of two that share the open file, one's request is the one */
void ask_shared(struct rng *r)
{
	int fd = ask_open(O_RDWR), err, status;
	struct cvm_evidence_request req;
	uint8_t mine[64], theirs[64];
	struct cvm_blob b;
	ssize_t n;
	pid_t pid;

	if (fd < 0)
		return;
	bytes(r, mine, sizeof(mine));
	bytes(r, theirs, sizeof(theirs));
	pid = fork();
	CHECK(pid >= 0, "fork: %s", strerror(errno));
	soak->forks++;
	/* a child is not ask_armed */
	ask_armed = ask_armed && pid;
	cvm_request_init(&req, pid ? mine : theirs, 64);
	err = -cvm_request(fd, &req);
	if (err == ECANCELED)
		ask_count(err);
	else if (err)
		ask_refused("REQUEST of two", err);
	if (!pid)
		_exit(0);
	/* in one read, so that the other cannot come in between */
	n = err ? 0 : read(fd, ask_buf, sizeof(ask_buf));
	if (n < 0)
		ask_refused("read of two", errno);
	if (n > 0) {
		const struct cvm_item *it;
		const char *why = cvm_blob_parse(ask_buf, n, &b);

		/* a fault may cut what is copied */
		CHECK(!why || ask_armed, "%s", why);
		it = why ? NULL : cvm_blob_find(&b, CVM_EVIDENCE_ITEM_REPORT_DATA);
		if (it && it->len == 64 && !memcmp(it->data, theirs, 64))
			ask_good(n, theirs, 64);
		else if (!why)
			ask_good(n, mine, 64);
	}
	while (waitpid(pid, &status, 0) < 0)
		CHECK(errno == EINTR, "%s", strerror(errno));
	CHECK(!status, "the other of two: wait status 0x%x", status);
	close(fd);
}

/* Gone before the answer is there */
void ask_and_go(struct rng *r)
{
	int fd = ask_open(O_RDWR | O_NONBLOCK);
	uint8_t rd[64];

	if (fd < 0)
		return;
	if (write(fd, rd, ask_data(r, rd)) < 0) {
		ask_refused("write", errno);
	} else {
		soak->abandoned++;
		if (rng_one_in(r, 2))
			usleep(rng_below(r, 8000));
	}
	close(fd);
}
