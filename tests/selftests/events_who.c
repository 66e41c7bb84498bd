// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who took evidence: "pid with its start time, uid, loginuid and session, comm
 * and the executable's device and inode, cgroup id", "as the init namespaces
 * see them", against what /proc says.
 */
#define _GNU_SOURCE
#include "asker.h"
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALICE	70001

static void by_root(void)
{
	asker_setup();
	check_asker(run_child(take_and_stay, NULL));
}

static void user_takes(void *arg)
{
	(void)arg;
	become_user(ALICE, ALICE);
	/* whatever bytes it likes */
	prctl(PR_SET_NAME, "a b\x1b[1m\xff%s\"\\");
	take_and_stay(NULL);
}

static void by_user(void)
{
	asker_setup();
	asker_node = private_node(0666, 0);
	check_asker(run_child(user_takes, NULL));
}

static void half_root_takes(void *arg)
{
	(void)arg;
	CHECK(!setresuid(ALICE, 0, 0), "%s", strerror(errno));
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	take_and_stay(NULL);
}

/* The real uid: of who started a setuid program */
static void by_setuid(void)
{
	asker_setup();
	check_asker(run_child(half_root_takes, NULL));
}

static void *thread_takes(void *arg)
{
	take_and_stay(arg);
	return NULL;
}

static void threaded(void *arg)
{
	pthread_t t;

	CHECK(!pthread_create(&t, NULL, thread_takes, arg), "no thread");
	pthread_join(t, NULL);
}

/* The process, not the thread */
static void by_thread(void)
{
	asker_setup();
	check_asker(run_child(threaded, NULL));
}

static void login_and_take(void *arg)
{
	int err = write_line("/proc/self/loginuid", "%u", ALICE);

	(void)arg;
	if (err)
		ktap_skip("/proc/self/loginuid cannot be written here: %s",
			  strerror(-err));
	take_and_stay(NULL);
}

static void by_logged_in(void)
{
	struct nl_event ev;
	struct witness w;
	pid_t pid;

	asker_setup();
	if (access("/proc/self/loginuid", F_OK))
		ktap_skip("no audit in this kernel");
	pid = run_child(login_and_take, NULL);
	wait_asked();
	witness_read(pid, &w);
	CHECK(w.loginuid == ALICE && w.session != 0xffffffff, "no login");
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	witness_check(&ev, &w);
}

static void in_cgroup(void)
{
	struct stat st;
	char cg[160], below[200];
	struct nl_event ev;
	pid_t pid;
	int go[2];

	asker_setup();
	cgroup_make("events", cg, sizeof(cg));
	snprintf(below, sizeof(below), "%s/below", cg);
	CHECK(!mkdir(below, 0755) && !stat(below, &st), "%s: %s", below,
	      strerror(errno));
	CHECK(!pipe(go), "%s", strerror(errno));
	pid = fork();
	if (!pid) {
		char c;

		close(go[1]);
		CHECK(read(go[0], &c, 1) == 0, "");
		take_from(asker_open(), 64);
		_exit(0);
	}
	cgroup_enter(below, pid);
	close(go[1]);
	join_child(pid, 20000);
	rmdir(below);
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	CHECK(nl_num(&ev, EVA(CGROUP)) == st.st_ino, "cgroup %llu, not %llu",
	      (unsigned long long)nl_num(&ev, EVA(CGROUP)),
	      (unsigned long long)st.st_ino);
}

/* In its namespaces it is root, and process 1. */
static void contained(void *arg)
{
	pid_t pid;
	int err;

	(void)arg;
	become_user(ALICE, ALICE);
	CHECK(!unshare(CLONE_NEWUSER | CLONE_NEWPID), "%s", strerror(errno));
	err = write_line("/proc/self/setgroups", "deny");
	err = err ? err : write_line("/proc/self/uid_map", "0 %u 1", ALICE);
	err = err ? err : write_line("/proc/self/gid_map", "0 %u 1", ALICE);
	CHECK(!err, "maps of the namespace: %s", strerror(-err));
	pid = fork();
	if (!pid) {
		CHECK(getpid() == 1 && getuid() == 0, "pid %d, uid %u", getpid(),
		      getuid());
		take_and_stay(NULL);
	}
	__atomic_store_n(&told->pid, pid, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

/* "pid and uid are as the init namespaces see them" */
static void in_container(void)
{
	asker_setup();
	asker_node = private_node(0666, 0);
	run_child(contained, NULL);
	wait_asked();
	while (!__atomic_load_n(&told->pid, __ATOMIC_ACQUIRE))
		sleep_ms(1);
	check_asker(told->pid);
}

static void asks_on_passed_file(void *arg)
{
	char data[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = data,
		.msg_controllen = sizeof(data),
	};
	struct cmsghdr *c;
	int fd;

	become_user(ALICE, ALICE);
	prctl(PR_SET_NAME, "receiver");
	CHECK(recvmsg(*(int *)arg, &m, 0) == 1, "%s", strerror(errno));
	c = CMSG_FIRSTHDR(&m);
	CHECK(c && c->cmsg_type == SCM_RIGHTS, "no file came");
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	take_from(fd, 33);
	hold_still();
}

/* Root opened it, and another process, which root gave it to, asks. */
static void on_passed_file(void)
{
	char data[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = data,
		.msg_controllen = sizeof(data),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int pair[2], fd;
	pid_t pid;

	asker_setup();
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "%s", strerror(errno));
	pid = run_child(asks_on_passed_file, &pair[1]);
	fd = asker_open();
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	CHECK(sendmsg(pair[0], &m, 0) == 1, "%s", strerror(errno));
	close(fd);
	check_asker(pid);
}

static void reads_what_it_got(void *arg)
{
	become_user(ALICE, ALICE);
	prctl(PR_SET_NAME, "reader");
	told->len = cvm_slurp(*(int *)arg, told->blob, sizeof(told->blob));
	CHECK(told->len > 0, "read: %s", strerror(-told->len));
	_exit(0);
}

/*
 * "A request that a read starts is of who wrote last into the file, or of its
 * opener, whoever reads": else su, given the file as its input, would be told.
 */
static void read_by_another(bool written)
{
	struct nl_event ev;
	struct witness w;
	struct cvm_blob b;
	int fd;

	asker_setup();
	fd = asker_open();
	if (written)
		cvm_write(fd, "whose", 5);
	witness_read(getpid(), &w);
	join_child(run_child(reads_what_it_got, &fd), 20000);
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	check_taken(&ev, &b);
	witness_check(&ev, &w);
}

static void opener_not_reader(void)
{
	read_by_another(false);
}

static void writer_not_reader(void)
{
	read_by_another(true);
}

static void asks_and_dies(void *arg)
{
	prctl(PR_SET_NAME, "gone");
	cvm_write(*(int *)arg, "asked for", 9);
	hold_still();
}

/* It asked and died before there was an answer, which its parent reads. */
static void by_the_dead(void)
{
	struct nl_event ev;
	struct witness w;
	struct cvm_blob b;
	pid_t pid;
	int fd;

	asker_setup();
	sim_need();
	sim_set("block=1");
	fd = asker_open();
	fcntl(fd, F_SETFL, O_NONBLOCK);
	pid = run_child(asks_and_dies, &fd);
	wait_asked();
	witness_read(pid, &w);
	kill(pid, SIGKILL);
	reap_child(pid, 5000);
	sim_set("block=0");
	fcntl(fd, F_SETFL, 0);
	told->len = cvm_slurp(fd, told->blob, sizeof(told->blob));
	CHECK(told->len > 0, "read: %s", strerror(-told->len));
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	check_taken(&ev, &b);
	witness_check(&ev, &w);
}

/* In a container's file system, whose layers are of one file system */
static void execs_and_takes(void *arg)
{
	char self[128];

	snprintf(self, sizeof(self), "%s/merged/taker", (const char *)arg);
	execl(self, self, "taker", cvm_node(), NULL);
	ktap_fail(__FILE__, __LINE__, "%s: %s", self, strerror(errno));
}

static void on_overlay(void)
{
	char dir[] = "/tmp/cvm-selftest.XXXXXX", text[512], path[96];
	static const char *const dirs[] = { "lower", "upper", "work", "merged" };
	struct nl_event ev;
	struct witness w;
	pid_t pid;

	asker_setup();
	CHECK(mkdtemp(dir), "%s", strerror(errno));
	CHECK(!unshare(CLONE_NEWNS) &&
	      !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	      !mount("none", dir, "tmpfs", 0, NULL), "%s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, dirs[i]);
		CHECK(!mkdir(path, 0755), "%s: %s", path, strerror(errno));
	}
	snprintf(text, sizeof(text), "cp /proc/%d/exe %s/lower/taker; modprobe -q overlay",
		 getpid(), dir);
	system(text);
	snprintf(text, sizeof(text), "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
		 dir, dir, dir);
	if (mount("overlay", path, "overlay", 0, text))
		ktap_skip("no overlay file system: %s", strerror(errno));
	pid = run_child(execs_and_takes, dir);
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	nl_note(&ev);
	witness_read(pid, &w);
	witness_check(&ev, &w);
	CHECK(!strcmp(w.comm, "taker"), "comm %s", w.comm);
}

/* What that program does: takes evidence, and stays to be looked at. */
static int taker(const char *path)
{
	static uint8_t buf[CVM_BUF_SIZE];
	int fd = open(path, O_RDWR | O_CLOEXEC);

	while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
		;
	return pause();
}

static const struct ktap_case cases[] = {
	{ "by_root", by_root, 0 },
	{ "by_user", by_user, 0 },
	{ "by_setuid", by_setuid, 0 },
	{ "by_thread", by_thread, 0 },
	{ "by_logged_in", by_logged_in, 0 },
	{ "in_cgroup", in_cgroup, 0 },
	{ "in_container", in_container, 0 },
	{ "on_passed_file", on_passed_file, 0 },
	{ "opener_not_reader", opener_not_reader, 0 },
	{ "writer_not_reader", writer_not_reader, 0 },
	{ "by_the_dead", by_the_dead, 0 },
	{ "on_overlay", on_overlay, 0 },
};

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "taker"))
		return taker(argv[2]);
	return cvm_main(cases, ARRAY_SIZE(cases), argc, argv);
}
