// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fair queue: DESIGN 4 ("round-robin over shares, bounded per share and in
 * total"; whose share a request counts in), and EBUSY, EDQUOT of the header.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALICE	70001
#define BOB	70002
#define SUBIDS	700000

static const char *node;

/* What children tell their parent */
static struct report {
	int admitted;
	int err;
	unsigned int go;
	uint64_t wait_ns, firmware_ns;
	int before;
	int done;
} *rep;

static void setup(unsigned int queue_max, unsigned int share_max)
{
	sim_need();
	need_root();
	node = private_node(0666, 0);
	rep = mmap(NULL, 16 * sizeof(*rep), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(rep != MAP_FAILED, "%s", strerror(errno));
	param_set("queue_max", queue_max);
	param_set("share_max", share_max);
}

/* One more waiting request of whoever calls: 0 or -errno. */
static int one_more(void)
{
	int fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	CHECK(fd >= 0, "%s: %s", node, strerror(errno));
	return write(fd, "queued", 6) < 0 ? -errno : 0;
}

struct filler {
	uid_t uid;
	int wanted;
	struct report *rep;
};

/* Queues until refused, tells, and stays with its requests. */
static void fill_and_stay(struct filler *f)
{
	while (f->rep->admitted < f->wanted) {
		f->rep->err = one_more();
		if (f->rep->err)
			break;
		f->rep->admitted++;
	}
	__atomic_store_n(&f->rep->done, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static void user_fills(void *arg)
{
	struct filler *f = arg;

	become_user(f->uid, f->uid);
	fill_and_stay(f);
}

static void wait_done(const struct report *r)
{
	for (int i = 0; i < 1000; i++) {
		if (__atomic_load_n(&r->done, __ATOMIC_ACQUIRE))
			return;
		sleep_ms(10);
	}
	CHECK(0, "a child did not come to its end");
}

/* As that user, as many as wanted; then the report is there. */
static pid_t fill(uid_t uid, int wanted, struct report *r)
{
	struct filler f = { uid, wanted, r };
	pid_t pid = run_child(user_fills, &f);

	wait_done(r);
	return pid;
}

/* GET_INFO tells the limits that the parameters set */
static void limits_told(void)
{
	struct cvm_state st;

	setup(17, 5);
	cvm_get_info(cvm_open(O_RDONLY), &st);
	CHECK(st.info.queue_max == 17 && st.info.share_max == 5, "%u, %u",
	      st.info.queue_max, st.info.share_max);
}

/* EDQUOT "this user's share of the queue is full"; others are still admitted */
static void share_full(void)
{
	struct cvm_state a, b;

	setup(10, 4);
	cvm_get_info(cvm_open(O_RDONLY), &a);
	sim_set("block=1");
	fill(ALICE, 100, &rep[0]);
	CHECK(rep[0].admitted == 4 && rep[0].err == -EDQUOT, "%d, then %s",
	      rep[0].admitted, strerror(-rep[0].err));
	fill(BOB, 3, &rep[1]);
	CHECK(rep[1].admitted == 3 && !rep[1].err, "%d, then %s",
	      rep[1].admitted, strerror(-rep[1].err));
	cvm_get_info(cvm_open(O_RDONLY), &b);
	CHECK(b.info.refused_quota == a.info.refused_quota + 1 &&
	      b.info.refused_busy == a.info.refused_busy, "quota %llu, busy %llu",
	      (unsigned long long)b.info.refused_quota,
	      (unsigned long long)b.info.refused_busy);
	CHECK(cvm_find(&b, b.info.auto_provider)->queued == 7, "%u",
	      cvm_find(&b, b.info.auto_provider)->queued);
}

/* EBUSY "the provider's queue is full" */
static void queue_full(void)
{
	setup(6, 4);
	sim_set("block=1");
	fill(ALICE, 100, &rep[0]);
	CHECK(rep[0].admitted == 4 && rep[0].err == -EDQUOT, "%d, then %s",
	      rep[0].admitted, strerror(-rep[0].err));
	fill(BOB, 100, &rep[1]);
	CHECK(rep[1].admitted == 2 && rep[1].err == -EBUSY, "%d, then %s",
	      rep[1].admitted, strerror(-rep[1].err));
}

/* A place is free again when a request ends or its file is closed */
static void places_come_back(void)
{
	pid_t pid;

	setup(10, 4);
	sim_set("block=1");
	pid = fill(ALICE, 100, &rep[0]);
	CHECK(rep[0].admitted == 4, "%d", rep[0].admitted);
	kill(pid, SIGKILL);
	reap_child(pid, 5000);
	/* the one in the firmware still counts */
	fill(ALICE, 100, &rep[1]);
	CHECK(rep[1].admitted == 3 && rep[1].err == -EDQUOT, "%d, then %s",
	      rep[1].admitted, strerror(-rep[1].err));
	sim_set("block=0");
	sleep_ms(1500);
	sim_set("block=1");
	fill(ALICE, 100, &rep[2]);
	CHECK(rep[2].admitted == 4, "%d after all were served", rep[2].admitted);
}

/* "A write under O_NONBLOCK that finds the queue full changes nothing" */
static void refused_write_changes_nothing(void)
{
	static uint8_t buf[CVM_BUF_SIZE];
	struct cvm_evidence_request req;
	struct cvm_blob b;
	ssize_t n;
	int fd, err;

	setup(10, 1);
	fd = cvm_open(O_RDWR);
	cvm_write(fd, "unread", 6);
	CHECK(read(fd, buf, 70) == 70, "%s", strerror(errno));
	sim_set("block=1");
	CHECK(!one_more(), "");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(write(fd, "refused", 7) == -1 && errno == EDQUOT, "%s",
	      strerror(errno));
	cvm_request_init(&req, "refused", 7);
	err = cvm_request(fd, &req);
	CHECK(err == -EDQUOT && !req.sequence, "%s", strerror(-err));
	n = cvm_slurp(fd, buf + 70, sizeof(buf) - 70);
	CHECK(n > 0, "%s", strerror(-n));
	cvm_blob_check(buf, n + 70, "unread", 6, &b);
	/* a blocking file is told by the read that would have started it */
	fcntl(fd, F_SETFL, 0);
	cvm_write(fd, "refused", 7);
	CHECK(read(fd, buf, 1) == -1 && errno == EDQUOT, "%s", strerror(errno));
	CHECK(read(fd, buf, 1) == 0, "the error came twice");
}

static void one_request(void *arg)
{
	struct cvm_evidence_request req;
	struct report *r = arg;
	int fd;

	become_user(BOB, BOB);
	fd = open(node, O_RDWR);
	cvm_request_init(&req, "single", 6);
	r->err = cvm_request(fd, &req);
	r->wait_ns = req.wait_ns;
	r->firmware_ns = req.firmware_ns;
}

/*
 * "round-robin over shares": 50 requests of one user in the queue do not delay
 * the single one of another by more than about two services.
 */
static void fairness(void)
{
	struct cvm_state a, b;
	uint64_t before;
	pid_t pid;

	setup(200, 100);
	sim_set("delay=200");
	fill(ALICE, 50, &rep[0]);
	CHECK(rep[0].admitted == 50, "%d", rep[0].admitted);
	cvm_get_info(cvm_open(O_RDONLY), &a);
	pid = run_child(one_request, &rep[1]);
	join_child(pid, 30000);
	cvm_get_info(cvm_open(O_RDONLY), &b);
	CHECK(!rep[1].err, "%s", strerror(-rep[1].err));
	before = b.info.requests_ok - a.info.requests_ok - 1;
	ktap_note("served after %llu of the 50, wait %llu ms, its firmware %llu ms",
		  (unsigned long long)before,
		  (unsigned long long)rep[1].wait_ns / 1000000,
		  (unsigned long long)rep[1].firmware_ns / 1000000);
	CHECK(before <= 4, "%llu others were served first",
	      (unsigned long long)before);
	CHECK(rep[1].wait_ns <= 2 * rep[1].firmware_ns + 200000000, "wait %llu ms",
	      (unsigned long long)rep[1].wait_ns / 1000000);
}

/* Within one share the order is that of admission */
static void first_come(void)
{
	enum { N = 6 };
	struct pollfd p[N];
	int done = 0;

	setup(100, 50);
	sim_set("delay=150");
	for (int i = 0; i < N; i++) {
		p[i].fd = open(node, O_RDWR | O_NONBLOCK);
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

/* A user namespace of that user's; then in it, as a subordinate uid. */
static void user_fills_from_namespace(void *arg)
{
	struct filler *f = arg;
	char map[64];
	int ready[2], mapped[2];
	pid_t pid, me = getpid();
	char c;

	CHECK(!pipe(ready) && !pipe(mapped), "%s", strerror(errno));
	pid = fork();
	if (!pid) {
		/* still root: writes the map, as newuidmap would */
		CHECK(read(ready[0], &c, 1) == 1, "");
		snprintf(map, sizeof(map), "/proc/%d/gid_map", me);
		CHECK(!write_line(map, "0 %u 1\n1 %u 100\n", f->uid, SUBIDS),
		      "gid_map");
		snprintf(map, sizeof(map), "/proc/%d/uid_map", me);
		CHECK(!write_line(map, "0 %u 1\n1 %u 100\n", f->uid, SUBIDS),
		      "uid_map");
		CHECK(write(mapped[1], "x", 1) == 1, "");
		_exit(0);
	}
	become_user(f->uid, f->uid);
	if (unshare(CLONE_NEWUSER)) {
		f->rep->err = -errno;
		f->rep->admitted = -1;
		f->rep->done = 1;
		_exit(0);
	}
	CHECK(write(ready[1], "x", 1) == 1 && read(mapped[0], &c, 1) == 1, "");
	join_child(pid, 5000);
	CHECK(!setresgid(5, 5, 5) && !setresuid(5, 5, 5), "%s", strerror(errno));
	fill_and_stay(f);
}

/* "neither may multiply a share": sub-uids in a namespace count for its owner */
static void user_namespace(void)
{
	struct filler f;

	setup(20, 4);
	sim_set("block=1");
	fill(ALICE, 2, &rep[0]);
	CHECK(rep[0].admitted == 2, "%d", rep[0].admitted);
	f = (struct filler){ ALICE, 100, &rep[1] };
	run_child(user_fills_from_namespace, &f);
	wait_done(&rep[1]);
	if (rep[1].admitted < 0)
		ktap_skip("no user namespaces for users: %s",
			  strerror(-rep[1].err));
	CHECK(rep[1].admitted == 2 && rep[1].err == -EDQUOT,
	      "%d more in the namespace, then %s", rep[1].admitted,
	      strerror(-rep[1].err));
	fill(ALICE, 100, &rep[2]);
	CHECK(rep[2].admitted == 0 && rep[2].err == -EDQUOT, "%d, then %s",
	      rep[2].admitted, strerror(-rep[2].err));
	fill(BOB, 1, &rep[3]);
	CHECK(rep[3].admitted == 1, "%s", strerror(-rep[3].err));
}

static void fill_in_cgroup(void *arg)
{
	struct filler *f = arg;

	while (!__atomic_load_n(&f->rep->go, __ATOMIC_ACQUIRE))
		sleep_ms(2);
	fill_and_stay(f);
}

/* "where that is uid 0, the opener's cgroup": each container its own */
static void root_by_cgroup(void)
{
	static const char *const names[] = { "one", "two", "one-more" };
	static const int want[] = { 3, 3, 0 };
	char path[3][160];

	setup(20, 3);
	sim_set("block=1");
	cgroup_make(names[0], path[0], sizeof(path[0]));
	cgroup_make(names[1], path[1], sizeof(path[1]));
	strcpy(path[2], path[0]);
	for (int i = 0; i < 3; i++) {
		struct filler f = { 0, 100, &rep[i] };
		pid_t pid = run_child(fill_in_cgroup, &f);

		cgroup_enter(path[i], pid);
		__atomic_store_n(&rep[i].go, 1, __ATOMIC_RELEASE);
		wait_done(&rep[i]);
		CHECK(rep[i].admitted == want[i] && rep[i].err == -EDQUOT,
		      "cgroup %s: %d, then %s", names[i], rep[i].admitted,
		      strerror(-rep[i].err));
	}
	/* a user's own uid is the share, in whichever cgroup */
	fill(ALICE, 3, &rep[4]);
	CHECK(rep[4].admitted == 3, "%s", strerror(-rep[4].err));
}

/* The opener's share, whoever uses the file afterwards */
static void opens_as_alice_used_by_bob(void *arg)
{
	struct report *r = arg;
	int fd;

	CHECK(!setresuid(ALICE, ALICE, 0), "%s", strerror(errno));
	fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	CHECK(fd >= 0, "%s", strerror(errno));
	CHECK(!setresuid(0, 0, 0) && !setresuid(BOB, BOB, BOB), "%s",
	      strerror(errno));
	r->err = write(fd, "whose", 5) < 0 ? -errno : 0;
	r->admitted = one_more();
	r->done = 1;
	for (;;)
		pause();
}

static void opener_pays(void)
{
	setup(20, 2);
	sim_set("block=1");
	fill(ALICE, 2, &rep[0]);
	CHECK(rep[0].admitted == 2, "%d", rep[0].admitted);
	run_child(opens_as_alice_used_by_bob, &rep[1]);
	wait_done(&rep[1]);
	CHECK(rep[1].err == -EDQUOT, "Alice's file in Bob's hands: %s",
	      strerror(-rep[1].err));
	CHECK(!rep[1].admitted, "Bob's own file: %s", strerror(-rep[1].admitted));
}

static const struct ktap_case cases[] = {
	{ "limits_told", limits_told, 0 },
	{ "share_full", share_full, 0 },
	{ "queue_full", queue_full, 0 },
	{ "places_come_back", places_come_back, 0 },
	{ "refused_write_changes_nothing", refused_write_changes_nothing, 0 },
	{ "fairness", fairness, 0 },
	{ "first_come", first_come, 0 },
	{ "user_namespace", user_namespace, 0 },
	{ "root_by_cgroup", root_by_cgroup, 0 },
	{ "opener_pays", opener_pays, 0 },
};

CVM_TEST_MAIN(cases)
