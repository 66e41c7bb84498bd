// SPDX-License-Identifier: GPL-2.0-only
/*
 * evidence-taken: DESIGN 6 and "EVENTS" of the header, each attribute against
 * what /proc, the blob and the ioctl say.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "nl.h"
#include "sha256.h"
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ALICE	70001

/* What the process that asks leaves for its parent */
static struct told {
	unsigned int asked;	/* it has its answer, and waits to be seen */
	pid_t pid;		/* as its parent sees it, of a grandchild */
	uint8_t report_data[64];
	size_t rd_len;
	struct cvm_evidence_request req;
	int err;
	ssize_t len;
	uint8_t blob[CVM_BUF_SIZE];
} *told;

static struct nl listener;
/* private_node(), for processes that are not root's */
static const char *node;

static void setup(void)
{
	cvm_need_evidence();
	need_root();
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(told != MAP_FAILED, "%s", strerror(errno));
	node = cvm_node();
	nl_listen(&listener);
	nl_drain(&listener);
}

static void hold_still(void)
{
	__atomic_store_n(&told->asked, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static void wait_asked(void)
{
	uint64_t end = now_ms() + 20000;

	while (!__atomic_load_n(&told->asked, __ATOMIC_ACQUIRE)) {
		CHECK(now_ms() < end, "nobody asked in 20 s");
		sleep_ms(2);
	}
}

static int open_node(void)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "%s: %s", node, strerror(errno));
	return fd;
}

/* Takes evidence from the file by write and read, for random data. */
static void take_from(int fd, size_t rd_len)
{
	told->rd_len = rd_len;
	fill_random(told->report_data, rd_len);
	cvm_write(fd, told->report_data, rd_len);
	told->len = cvm_slurp(fd, told->blob, sizeof(told->blob));
	CHECK(told->len > 0, "read: %s", strerror(-told->len));
}

static void take_and_stay(void *arg)
{
	(void)arg;
	take_from(open_node(), 20);
	hold_still();
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static uint64_t item_u64(const struct cvm_blob *b, uint32_t type, size_t at)
{
	const struct cvm_item *item = cvm_blob_find(b, type);

	CHECK(item, "a blob without item %u", type);
	return cvm_get64(item->data + at);
}

/* The event of the blob in told */
static void check_taken(const struct nl_event *ev, struct cvm_blob *b)
{
	const struct cvm_item *report;
	uint64_t now = clock_ns(CLOCK_BOOTTIME), real = clock_ns(CLOCK_REALTIME);
	uint64_t there, boottime = nl_num(ev, EVA(BOOTTIME));
	uint8_t digest[32];
	const char *wrong;

	wrong = cvm_blob_parse(told->blob, told->len, b);
	CHECK(!wrong, "blob: %s", wrong);
	CHECK(nl_num(ev, EVA(SEQUENCE)) ==
	      item_u64(b, CVM_EVIDENCE_ITEM_SEQUENCE, 0), "sequence %llu",
	      (unsigned long long)nl_num(ev, EVA(SEQUENCE)));
	CHECK(nl_num(ev, EVA(PROVIDER)) == b->hdr.provider, "provider");
	CHECK(nl_num(ev, EVA(TEE)) == b->hdr.tee, "tee");
	CHECK(nl_num(ev, EVA(VM_EPOCH)) ==
	      item_u64(b, CVM_EVIDENCE_ITEM_VM_EPOCH, 0), "epoch");
	CHECK(nl_num(ev, EVA(BATCH)) == 1, "batch");
	CHECK(nl_has(ev, EVA(KERNEL_RANDOM)) ==
	      !!(b->hdr.flags & CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM),
	      "kernel-random is not as the blob says");

	/* told when the evidence was there, which the blob says, and before now */
	there = item_u64(b, CVM_EVIDENCE_ITEM_TIME, 0);
	CHECK(boottime >= there && boottime <= now, "boottime %llu, of %llu..%llu",
	      (unsigned long long)boottime, (unsigned long long)there,
	      (unsigned long long)now);
	there = item_u64(b, CVM_EVIDENCE_ITEM_TIME, 8);
	CHECK(nl_num(ev, EVA(REALTIME)) >= there &&
	      nl_num(ev, EVA(REALTIME)) <= real, "realtime");

	report = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT);
	CHECK(report, "a blob without a report");
	sha256(report->data, report->len, digest);
	CHECK(!memcmp(nl_bytes(ev, EVA(REPORT_SHA256), 32), digest, 32),
	      "another SHA-256 than the report's");
}

/* The event of who is child number pid of ours, and of the blob in told */
static void check_asker(pid_t pid)
{
	struct nl_event ev;
	struct witness w;
	struct cvm_blob b;

	wait_asked();
	witness_read(pid, &w);
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	nl_note(&ev);
	check_taken(&ev, &b);
	witness_check(&ev, &w);
	nl_none(&listener, EV(EVIDENCE_TAKEN), 200);
}

static void by_write_and_read(void)
{
	struct nl_event ev;
	struct cvm_blob b;

	setup();
	take_from(open_node(), 20);
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	check_taken(&ev, &b);
	CHECK(nl_num(&ev, EVA(FLAGS)) == 0, "flags");
	CHECK(!nl_has(&ev, EVA(PRIVLEVEL)), "a privlevel nobody asked for");
	CHECK(!nl_has(&ev, EVA(KERNEL_RANDOM)), "kernel-random");
	CHECK(nl_num(&ev, EVA(PID)) == (uint64_t)getpid(), "pid");
}

/* "pid with its start time, uid, ..., comm, executable, cgroup id" */
static void by_root(void)
{
	setup();
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
	setup();
	node = private_node(0666, 0);
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
	setup();
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
	setup();
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

	setup();
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

	setup();
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
		take_from(open_node(), 64);
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
	setup();
	node = private_node(0666, 0);
	run_child(contained, NULL);
	wait_asked();
	while (!__atomic_load_n(&told->pid, __ATOMIC_ACQUIRE))
		sleep_ms(1);
	check_asker(told->pid);
}

/* cat, waiting for more on its standard input */
static void by_cat(void)
{
	struct nl_event ev;
	struct cvm_blob b;
	struct witness w;
	int in[2], out[2];
	pid_t pid;

	setup();
	CHECK(!pipe(in) && !pipe(out), "%s", strerror(errno));
	fcntl(out[1], F_SETPIPE_SZ, CVM_BUF_SIZE);
	pid = fork();
	if (!pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		execlp("cat", "cat", node, "-", NULL);
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

	setup();
	fd = open_node();
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

	setup();
	sim_need();
	sim_set("delay=300");
	for (int i = 0; i < 2; i++) {
		fd[i] = open_node();
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

	setup();
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "%s", strerror(errno));
	pid = run_child(asks_on_passed_file, &pair[1]);
	fd = open_node();
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	CHECK(sendmsg(pair[0], &m, 0) == 1, "%s", strerror(errno));
	close(fd);
	check_asker(pid);
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

	setup();
	sim_need();
	sim_set("delay=700:1");
	fd = open_node();
	fcntl(fd, F_SETFL, O_NONBLOCK);
	pid = run_child(asks_and_dies, &fd);
	wait_asked();
	witness_read(pid, &w);
	kill(pid, SIGKILL);
	reap_child(pid, 5000);
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

	setup();
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
	{ "by_write_and_read", by_write_and_read, 0 },
	{ "by_root", by_root, 0 },
	{ "by_user", by_user, 0 },
	{ "by_setuid", by_setuid, 0 },
	{ "by_thread", by_thread, 0 },
	{ "by_logged_in", by_logged_in, 0 },
	{ "by_cat", by_cat, 0 },
	{ "by_ioctl", by_ioctl, 0 },
	{ "in_cgroup", in_cgroup, 0 },
	{ "in_container", in_container, 0 },
	{ "on_passed_file", on_passed_file, 0 },
	{ "by_the_dead", by_the_dead, 0 },
	{ "times", times, 0 },
	{ "on_overlay", on_overlay, 0 },
};

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "taker"))
		return taker(argv[2]);
	return cvm_main(cases, ARRAY_SIZE(cases), argc, argv);
}
