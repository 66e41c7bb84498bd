// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bounds of the queue, "THE QUEUE" of the header: "A share with nothing
 * waiting is always admitted, while fewer than CVM_EVIDENCE_SHARES_MAX shares
 * wait. Its further requests take shared places, of which there are queue_max:
 * EBUSY when there are none left, EDQUOT when the share holds as many of them
 * as are left." queue_shares.c has whose request it is, queue_fair.c the order.
 */
#define _GNU_SOURCE
#include "fill.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct cvm_state info_now(void)
{
	struct cvm_state st;
	int fd = cvm_open(O_RDONLY);

	cvm_get_info(fd, &st);
	close(fd);
	return st;
}

/* GET_INFO tells the limit that the parameter sets, and how many wait */
static void limits_told(void)
{
	fill_setup(17);
	CHECK(info_now().info.queue_max == 17, "%u", info_now().info.queue_max);
	CHECK(!fill_waiting(), "%u wait", fill_waiting());
	fill_block();
	fill(ALICE, 3, &rep[0]);
	fill_check(&rep[0], 3, 0, "Alice");
	CHECK(fill_waiting() == 3, "%u wait", fill_waiting());
	sim_set("block=0");
	fill_wait_for(0);
}

/*
 * A room of 10: the first share has its reserved place and five of the room
 * (with five it holds as many as are left), the next three of the five left,
 * the next one of the two, the next the last one; then there are none.
 */
static void numbers(void)
{
	static const struct {
		int admitted, err;
	} want[] = {
		{ 1 + 5, EDQUOT }, { 1 + 3, EDQUOT }, { 1 + 1, EDQUOT },
		{ 1 + 1, EBUSY }, { 1, EBUSY }, { 1, EBUSY },
	};
	struct cvm_state before, after;
	unsigned int sum = 0;
	char who[32];

	fill_setup(10);
	before = info_now();
	fill_block();
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		fill(ALICE + i, MANY, &rep[i]);
		snprintf(who, sizeof(who), "user number %zu", i + 1);
		fill_check(&rep[i], want[i].admitted, want[i].err, who);
		sum += want[i].admitted;
	}
	/* whoever holds places: there are none left */
	fill(ALICE, 1, &rep[10]);
	fill_check(&rep[10], 0, EBUSY, "the first user again");
	after = info_now();
	CHECK(after.info.requests_waiting == sum, "%u wait, not %u",
	      after.info.requests_waiting, sum);
	CHECK(after.info.refused_quota == before.info.refused_quota + 3 &&
	      after.info.refused_busy == before.info.refused_busy + 4,
	      "refused: %llu for the share, %llu for the queue",
	      (unsigned long long)(after.info.refused_quota -
				   before.info.refused_quota),
	      (unsigned long long)(after.info.refused_busy -
				   before.info.refused_busy));
}

/* Of an odd room a lone share has the larger half, of one place that one */
static void odd_rooms(void)
{
	static const struct {
		unsigned int queue_max;
		int admitted, err;
	} want[] = { { 1, 2, EBUSY }, { 2, 2, EDQUOT }, { 3, 3, EDQUOT },
		     { 7, 5, EDQUOT } };
	char who[32];
	pid_t pid;

	fill_setup(1024);
	fill_block();
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		param_set("queue_max", want[i].queue_max);
		pid = fill(ALICE, MANY, &rep[i]);
		snprintf(who, sizeof(who), "a room of %u", want[i].queue_max);
		fill_check(&rep[i], want[i].admitted, want[i].err, who);
		kill(pid, SIGKILL);
		reap_child(pid, 5000);
		fill_wait_for(0);
	}
}

/* What is in the firmware does not wait: a lone share has one more. */
static void own_in_firmware(void)
{
	fill_setup(10);
	sim_set("block=1");
	fill(ALICE, 1, &rep[0]);
	fill_check(&rep[0], 1, 0, "the first");
	fill_wait_for(0);
	fill(ALICE, MANY, &rep[1]);
	fill_check(&rep[1], 6, EDQUOT, "behind its own request");
}

/* A room that shrinks under those who are in it: nobody is thrown out. */
static void room_shrinks(void)
{
	fill_setup(100);
	fill_block();
	fill(ALICE, MANY, &rep[0]);
	fill_check(&rep[0], 51, EDQUOT, "Alice");
	param_set("queue_max", 10);
	fill(ALICE, 1, &rep[1]);
	fill_check(&rep[1], 0, EBUSY, "Alice, of more than there are");
	fill(BOB, MANY, &rep[2]);
	fill_check(&rep[2], 1, EBUSY, "Bob's reserved place");
	CHECK(fill_waiting() == 52, "%u wait", fill_waiting());
	param_set("queue_max", 100);
	fill(BOB, MANY, &rep[3]);
	fill_check(&rep[3], 25, EDQUOT, "Bob in a room of 100 again");
}

/* A place is free again when a request ends, or when its file is closed. */
static void places_come_back(void)
{
	pid_t pid;

	fill_setup(10);
	fill_block();
	pid = fill(ALICE, MANY, &rep[0]);
	fill_check(&rep[0], 6, EDQUOT, "Alice");
	fill(BOB, MANY, &rep[1]);
	fill_check(&rep[1], 4, EDQUOT, "Bob");
	kill(pid, SIGKILL);
	reap_child(pid, 5000);
	fill_wait_for(4);
	/* Bob holds 3 of the room, 7 are left */
	fill(CAROL, MANY, &rep[2]);
	fill_check(&rep[2], 1 + 4, EDQUOT, "Carol, after Alice");
	sim_set("block=0");
	fill_wait_for(0);
	sleep_ms(200);
	fill_block();
	fill(ALICE, MANY, &rep[3]);
	fill_check(&rep[3], 6, EDQUOT, "Alice, after all were served");
}

/* "nothing is changed by a failing write"; the ERRORS of the three calls */
static void refused_write_changes_nothing(void)
{
	static uint8_t buf[CVM_BUF_SIZE];
	struct cvm_evidence_request req;
	struct cvm_blob b;
	ssize_t n;
	int fd, err;

	fill_setup(2);
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "unread", 6);
	CHECK(read(fd, buf, 70) == 70, "%s", strerror(errno));
	fill_block();
	CHECK(!fill_one() && !fill_one(), "not admitted");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(write(fd, "refused", 7) == -1 && errno == EDQUOT, "%s",
	      strerror(errno));
	n = cvm_slurp(fd, buf + 70, sizeof(buf) - 70);
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n + 70, "unread", 6, &b);

	/* REQUEST: "0 when it was not admitted", and the file is at EOF */
	cvm_request_init(&req, "refused", 7);
	err = cvm_request(fd, &req);
	CHECK(err == -EDQUOT && !req.sequence, "%s, sequence %llu",
	      strerror(-err), (unsigned long long)req.sequence);
	CHECK(read(fd, buf, 1) == 0, "not at EOF");

	/* a blocking file is told by the read that would have started it, once */
	fcntl(fd, F_SETFL, 0);
	cvm_write(fd, "refused", 7);
	CHECK(read(fd, buf, 1) == -1 && errno == EDQUOT, "%s", strerror(errno));
	CHECK(read(fd, buf, 1) == 0, "the error came twice");

	/* a room without a place left */
	param_set("queue_max", 1);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(write(fd, "refused", 7) == -1 && errno == EBUSY, "%s",
	      strerror(errno));
}

/* Within one share the order is that of admission */
static void first_come(void)
{
	enum { N = 6 };
	struct pollfd p[N];
	int done = 0;

	fill_setup(100);
	sim_set("delay=150");
	for (int i = 0; i < N; i++) {
		p[i].fd = open(fill_node, O_RDWR | O_NONBLOCK);
		p[i].events = POLLIN;
		cvm_write(p[i].fd, "order", 5);
	}
	while (done < N) {
		CHECK(poll(p + done, 1, 10000) == 1, "%d done", done);
		for (int i = done + 1; i < N; i++)
			CHECK(!(cvm_poll(p[i].fd, POLLIN, 0) & POLLIN) ||
			      cvm_poll(p[done].fd, POLLIN, 0) & POLLIN,
			      "%d before %d", i, done);
		done++;
	}
}

/* Opens as this user, in a process that is root; its first write: 0 or -errno */
static int share_of(uid_t uid, int *fd)
{
	CHECK(!setresuid(uid, uid, 0), "uid %u: %s", uid, strerror(errno));
	*fd = open(fill_node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	CHECK(*fd >= 0, "%s: %s", fill_node, strerror(errno));
	CHECK(!setresuid(0, 0, 0), "%s", strerror(errno));
	return write(*fd, "many", 4) < 0 ? -errno : 0;
}

/* So many shares wait with a reserved place each; one more is refused. */
static void shares_max(void)
{
	static int fd[CVM_EVIDENCE_SHARES_MAX];
	int more, err;

	fill_setup(16);
	fill_block();
	for (int i = 0; i < CVM_EVIDENCE_SHARES_MAX; i++) {
		err = share_of(100000 + i, &fd[i]);
		CHECK(!err, "share number %d: %s", i + 1, strerror(-err));
	}
	CHECK(fill_waiting() == CVM_EVIDENCE_SHARES_MAX, "%u wait", fill_waiting());
	err = share_of(99999, &more);
	CHECK(err == -EBUSY, "share number %d: %s", CVM_EVIDENCE_SHARES_MAX + 1,
	      strerror(-err));
	/* one that waits already may have a place of the room besides */
	err = share_of(100000, &more);
	CHECK(!err, "the second request of a share: %s", strerror(-err));
	close(more);
	/* one leaves, another may come */
	close(fd[77]);
	fill_wait_for(CVM_EVIDENCE_SHARES_MAX - 1);
	err = share_of(99999, &more);
	CHECK(!err, "after one of them left: %s", strerror(-err));
	err = share_of(99998, &more);
	CHECK(err == -EBUSY, "and one more: %s", strerror(-err));
}

/* "A request that replaces a waiting one of its file is admitted beside it." */
static void replacing(void)
{
	int fd;

	fill_setup(1);
	fill_block();
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_write(fd, "one", 3);
	cvm_write(fd, "two", 3);
	CHECK(fill_waiting() == 1, "%u wait", fill_waiting());
	CHECK(!fill_one(), "the place of the one that was replaced is gone");
	CHECK(write(fd, "three", 5) == -1 && (errno == EBUSY || errno == EDQUOT),
	      "%s", strerror(errno));
	CHECK(fill_waiting() == 2, "%u wait", fill_waiting());
}

static const struct ktap_case cases[] = {
	{ "limits_told", limits_told, 0 },
	{ "numbers", numbers, 0 },
	{ "odd_rooms", odd_rooms, 0 },
	{ "own_in_firmware", own_in_firmware, 0 },
	{ "room_shrinks", room_shrinks, 0 },
	{ "places_come_back", places_come_back, 0 },
	{ "refused_write_changes_nothing", refused_write_changes_nothing, 0 },
	{ "replacing", replacing, 0 },
	{ "first_come", first_come, 0 },
	{ "shares_max", shares_max, 180 },
};

CVM_TEST_MAIN(cases)
