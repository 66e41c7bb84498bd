// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose share a request counts in, "THE QUEUE" of the header: "A share is the
 * uid that opened the file. Inside user namespaces it is the owner of the
 * outermost one below the initial one; where that owner is uid 0, that
 * namespace. For uid 0 of the initial user namespace it is the ancestor of the
 * opener's cgroup (v2) at the depth that the module parameter share_depth
 * names."
 *
 * One fills a room of 100 until it has its share, 51 requests. Who is of the
 * same share gets EDQUOT then, anybody else is admitted.
 */
#define _GNU_SOURCE
#include "fill.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ROOM	100
#define FULL	51	/* its reserved place, and half of the room */

static void is_full(const struct report *r, const char *who)
{
	fill_check(r, FULL, EDQUOT, who);
}

static void is_same(const struct report *r, const char *who)
{
	fill_check(r, 0, EDQUOT, who);
}

static void is_another(const struct report *r, const char *who)
{
	fill_check(r, 1, 0, who);
}

/* --- users, and the namespaces that they make --- */

struct inside {
	struct report *rep;
	uid_t uid;	/* in the namespace, whose 0 is ALICE, 1.. her SUBIDS */
	bool nested;	/* and in another one that this uid makes in it */
};

/* Maps the caller's new user namespace, as newuidmap(1) does: by root. */
static void map_by_root(const char *uids, const char *gids, void (*in_between)(void))
{
	int ready[2], mapped[2];
	pid_t pid, me = getpid();
	char path[64], c;

	CHECK(!pipe(ready) && !pipe(mapped), "%s", strerror(errno));
	pid = fork();
	CHECK(pid >= 0, "%s", strerror(errno));
	if (!pid) {
		CHECK(read(ready[0], &c, 1) == 1, "");
		snprintf(path, sizeof(path), "/proc/%d/gid_map", me);
		CHECK(!write_line(path, "%s", gids), "gid_map");
		snprintf(path, sizeof(path), "/proc/%d/uid_map", me);
		CHECK(!write_line(path, "%s", uids), "uid_map");
		CHECK(write(mapped[1], "x", 1) == 1, "");
		_exit(0);
	}
	in_between();
	if (unshare(CLONE_NEWUSER))
		ktap_skip("no user namespaces here: %s", strerror(errno));
	CHECK(write(ready[1], "x", 1) == 1 && read(mapped[0], &c, 1) == 1, "");
	join_child(pid, 5000);
}

static void become(uid_t uid)
{
	CHECK(!setresgid(uid, uid, uid) && !setresuid(uid, uid, uid), "uid %u: %s",
	      uid, strerror(errno));
	/* or /proc/self stays root's, and with it the maps of namespaces */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* A namespace of the caller's own in the one it is in, where it is root */
static void nest(uid_t uid)
{
	CHECK(!unshare(CLONE_NEWUSER), "nested: %s", strerror(errno));
	CHECK(!write_line("/proc/self/uid_map", "0 %u 1\n", uid), "nested uid_map");
	CHECK(geteuid() == 0, "uid %u", geteuid());
}

static void nothing(void)
{
}

static void as_alice(void)
{
	become_user(ALICE, ALICE);
}

static void fills_inside(void *arg)
{
	struct inside *in = arg;
	char map[64];

	snprintf(map, sizeof(map), "0 %u 1\n1 %u 100\n", ALICE, SUBIDS);
	map_by_root(map, map, as_alice);
	become(in->uid);
	if (in->nested)
		nest(in->uid);
	fill_and_stay(MANY, in->rep);
}

/* In her namespaces, as her or as subordinate uids, she has the share she has. */
static void user_namespaces(void)
{
	struct inside in[] = {
		{ NULL, 5, false }, { NULL, 0, false }, { NULL, 7, true },
	};

	fill_setup(ROOM);
	fill_block();
	fill(ALICE, MANY, &rep[0]);
	is_full(&rep[0], "Alice");
	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		in[i].rep = &rep[1 + i];
		fill_by(fills_inside, &in[i], NULL, in[i].rep);
		is_same(in[i].rep, in[i].nested ? "a nested namespace of hers" :
			in[i].uid ? "a subordinate uid of hers" :
			"root of a namespace of hers");
	}
	fill(ALICE, MANY, &rep[5]);
	is_same(&rep[5], "Alice again");
	/* outside, the subordinate uid is a user like others */
	fill(SUBIDS + 4, 1, &rep[6]);
	is_another(&rep[6], "the subordinate uid outside of her namespace");
	fill(BOB, 1, &rep[7]);
	is_another(&rep[7], "Bob");
}

/* The other way round: what is used inside is gone outside. */
static void namespace_first(void)
{
	struct inside in = { NULL, 7, true };

	fill_setup(ROOM);
	in.rep = &rep[0];
	fill_block();
	fill_by(fills_inside, &in, NULL, &rep[0]);
	is_full(&rep[0], "a nested namespace of Alice's");
	fill(ALICE, MANY, &rep[1]);
	is_same(&rep[1], "Alice");
	fill(BOB, 1, &rep[2]);
	is_another(&rep[2], "Bob");
}

/*
 * bubblewrap, firejail and others can be set-uid root: the namespace that one makes
 * for Alice is root's, and has no uid of a user's in it but hers; with --dev bubblewrap
 * (bubblewrap.c, write_uid_gid_map()) maps the overflow uid beside it.
 */
static void fills_in_sandbox(void *arg)
{
	struct inside *in = arg;
	char map[64];

	snprintf(map, sizeof(map), "%s%u %u 1\n", in->nested ? "0 65534 1\n" : "",
		 in->uid, ALICE);
	map_by_root(map, map, nothing);
	become(in->uid);
	fill_and_stay(MANY, in->rep);
}

static void set_uid_sandbox(void)
{
	struct inside in[] = {
		{ NULL, 1000, false }, { NULL, 7, false }, { NULL, 1000, true },
		{ NULL, 1000, true },
	};

	fill_setup(ROOM);
	fill_block();
	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		in[i].rep = &rep[i];
		fill_by(fills_in_sandbox, &in[i], NULL, &rep[i]);
		if (i == 0)
			is_full(&rep[0], "a sandbox of Alice's");
		else
			is_same(&rep[i], "another sandbox of hers");
	}
	fill(ALICE, MANY, &rep[4]);
	is_same(&rep[4], "Alice");
	fill(BOB, 1, &rep[5]);
	is_another(&rep[5], "Bob");
}

/*
 * Root without any capability makes a namespace of its own: root's, and no uid is
 * mapped there, or its own. Each would be a new share.
 */
static void fills_as_bare_root(void *arg)
{
	struct inside *in = arg;

	if (in->nested) {
		/* as systemd's PrivateUsers= does: its own uid, and no other */
		map_by_root("0 0 1\n", "0 0 1\n", nothing);
	} else {
		drop_capabilities();
		CHECK(!unshare(CLONE_NEWUSER), "%s", strerror(errno));
	}
	fill_and_stay(MANY, in->rep);
}

static void bare_root(void)
{
	struct inside in[] = { { NULL, 0, false }, { NULL, 0, false }, { NULL, 0, true } };

	fill_setup(ROOM);
	fill_block();
	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		in[i].rep = &rep[i];
		fill_by(fills_as_bare_root, &in[i], NULL, &rep[i]);
		if (i == 0)
			is_full(&rep[0], "a namespace of root's");
		else
			is_same(&rep[i], "another namespace of root's");
	}
	fill(0, MANY, &rep[3]);
	is_same(&rep[3], "root in the same cgroup");
	fill(BOB, 1, &rep[4]);
	is_another(&rep[4], "Bob");
}

/* --- containers: namespaces that root made --- */

#define MEMBERS	5

struct container {
	struct report *rep;	/* MEMBERS of them */
	uid_t base;
	int wanted[MEMBERS];
};

static void member(struct container *c, int i)
{
	static const uid_t uids[MEMBERS] = { 0, 0, 1, 2, 1000 };
	struct report *r = &c->rep[i];

	while (!__atomic_load_n(&r->go, __ATOMIC_ACQUIRE))
		sleep_ms(2);
	become(uids[i]);
	if (i == MEMBERS - 1)
		nest(uids[i]);
	fill_and_stay(c->wanted[i], r);
}

static void container(void *arg)
{
	struct container *c = arg;
	char map[64];

	snprintf(map, sizeof(map), "0 %u 65536\n", c->base);
	map_by_root(map, map, nothing);
	become(0);
	for (int i = 0; i < MEMBERS; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0, "%s", strerror(errno));
		if (!pid)
			member(c, i);
		__atomic_store_n(&c->rep[i].pid, pid, __ATOMIC_RELEASE);
	}
	for (;;)
		pause();
}

/* The member fills, in that cgroup */
static void let_go(struct container *c, int i, const char *cgroup)
{
	for (int n = 0; n < 1000 && !__atomic_load_n(&c->rep[i].pid, __ATOMIC_ACQUIRE); n++)
		sleep_ms(10);
	CHECK(c->rep[i].pid, "the container does not start");
	if (cgroup)
		cgroup_enter(cgroup, c->rep[i].pid);
	__atomic_store_n(&c->rep[i].go, 1, __ATOMIC_RELEASE);
	fill_wait(&c->rep[i]);
}

/* One namespace, one share: its users, cgroups and namespaces are of no account */
static void containers(void)
{
	struct container one, two;
	char path[3][160];

	fill_setup(ROOM);
	one = (struct container){ &rep[0], 100000, { MANY, MANY, MANY, MANY, MANY } };
	two = (struct container){ &rep[10], 200000, { 1, 1, 1, 1, 1 } };
	cgroup_make("box", path[0], sizeof(path[0]));
	cgroup_make("box/x", path[1], sizeof(path[1]));
	cgroup_make("box/y", path[2], sizeof(path[2]));
	fill_block();
	run_child(container, &one);
	run_child(container, &two);
	let_go(&one, 0, path[0]);
	is_full(&rep[0], "root of a container");
	let_go(&one, 1, path[1]);
	is_same(&rep[1], "its root in a cgroup below");
	let_go(&one, 2, path[2]);
	is_same(&rep[2], "its user 1 in another cgroup below");
	let_go(&one, 3, NULL);
	is_same(&rep[3], "its user 2");
	let_go(&one, 4, NULL);
	is_same(&rep[4], "a namespace that its user 1000 made in it");
	let_go(&two, 0, path[0]);
	is_another(&rep[10], "another container in the same cgroup");
	fill(100000, 1, &rep[20]);
	is_another(&rep[20], "the uid that its root has outside");
	fill(0, 1, &rep[21]);
	is_another(&rep[21], "root of the machine");
}

/* --- root of the initial namespace, by its cgroup --- */

struct of_root {
	struct report *rep;
	int wanted;
	uid_t uid;
};

static void fills_as(void *arg)
{
	struct of_root *r = arg;

	if (r->uid)
		become_user(r->uid, r->uid);
	fill_and_stay(r->wanted, r->rep);
}

enum { A, B1, B2, C1, C2, PATHS };
static char cg[PATHS][160];

static void make_cgroups(void)
{
	static const char *const names[PATHS] = {
		[A] = "a", [B1] = "a/b1", [B2] = "a/b2",
		[C1] = "a/b1/c1", [C2] = "a/b1/c2",
	};

	for (int i = 0; i < PATHS; i++)
		cgroup_make(names[i], cg[i], sizeof(cg[i]));
}

static pid_t root_in(int where, int wanted, struct report *r)
{
	struct of_root arg = { r, wanted, 0 };

	memset(r, 0, sizeof(*r));
	return fill_by(fills_as, &arg, cg[where], r);
}

/* C1 is full: which others are of the same share, and which are not */
static void compare_with_c1(unsigned int depth, const int *same, const int *others)
{
	pid_t pid[8];
	int n = 0;

	ktap_note("share_depth %u", depth);
	param_set("share_depth", depth);
	pid[n++] = root_in(C1, MANY, &rep[0]);
	is_full(&rep[0], cg[C1]);
	for (; *same >= 0; same++) {
		pid[n] = root_in(*same, 1, &rep[n]);
		is_same(&rep[n], cg[*same]);
		n++;
	}
	for (; *others >= 0; others++) {
		pid[n] = root_in(*others, 1, &rep[n]);
		is_another(&rep[n], cg[*others]);
		n++;
	}
	while (n--) {
		kill(pid[n], SIGKILL);
		reap_child(pid[n], 5000);
	}
	fill_wait_for(0);
}

static void root_by_cgroup(void)
{
	fill_setup(ROOM);
	make_cgroups();
	fill_block();
	/* as it is by default */
	compare_with_c1(2, (int[]){ C1, C2, B1, -1 }, (int[]){ B2, -1 });
	compare_with_c1(1, (int[]){ C2, B1, B2, A, -1 }, (int[]){ -1 });
	compare_with_c1(3, (int[]){ C1, -1 }, (int[]){ C2, B2, -1 });
}

static void share_depth_is_2(void)
{
	char line[32];

	CHECK(read_line("/sys/module/cvm_evidence/parameters/share_depth", line,
			sizeof(line)) && !strcmp(line, "2"), "'%s'", line);
}

/* A user's own uid is the share, in whichever cgroup. */
static void user_in_cgroups(void)
{
	struct of_root first = { NULL, MANY, ALICE }, then = { NULL, MANY, ALICE };

	fill_setup(ROOM);
	first.rep = &rep[0];
	then.rep = &rep[1];
	make_cgroups();
	fill_block();
	fill_by(fills_as, &first, cg[C1], &rep[0]);
	is_full(&rep[0], "Alice");
	fill_by(fills_as, &then, cg[B2], &rep[1]);
	is_same(&rep[1], "Alice in another cgroup");
}

/* --- the opener's share, whoever uses the file afterwards --- */

static void opens_as_alice_used_by_bob(void *arg)
{
	struct report *r = arg;
	int fd;

	CHECK(!setresuid(ALICE, ALICE, 0), "%s", strerror(errno));
	fd = open(fill_node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	CHECK(fd >= 0, "%s", strerror(errno));
	CHECK(!setresuid(0, 0, 0) && !setresuid(BOB, BOB, BOB), "%s",
	      strerror(errno));
	r->err = write(fd, "whose", 5) < 0 ? -errno : 0;
	r->admitted = fill_one();
	r->done = 1;
	for (;;)
		pause();
}

static void opener_pays(void)
{
	fill_setup(ROOM);
	fill_block();
	fill(ALICE, MANY, &rep[0]);
	is_full(&rep[0], "Alice");
	run_child(opens_as_alice_used_by_bob, &rep[1]);
	fill_wait(&rep[1]);
	CHECK(rep[1].err == -EDQUOT, "Alice's file in Bob's hands: %s",
	      strerror(-rep[1].err));
	CHECK(!rep[1].admitted, "Bob's own file: %s", strerror(-rep[1].admitted));
}

static const struct ktap_case cases[] = {
	{ "user_namespaces", user_namespaces, 0 },
	{ "namespace_first", namespace_first, 0 },
	{ "set_uid_sandbox", set_uid_sandbox, 0 },
	{ "bare_root", bare_root, 0 },
	{ "containers", containers, 0 },
	{ "root_by_cgroup", root_by_cgroup, 0 },
	{ "share_depth_is_2", share_depth_is_2, 0 },
	{ "user_in_cgroups", user_in_cgroups, 0 },
	{ "opener_pays", opener_pays, 0 },
};

CVM_TEST_MAIN(cases)
