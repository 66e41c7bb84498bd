// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients under a device cgroup, RLIMIT_AS, seccomp and a memory limit:
 * "Access to the node is the permission" (device cgroup), blobs "charged to
 * the requester's memory cgroup".
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts a child that waits until it is in its cgroup. */
static pid_t start_in_cgroup(const char *cgroup, void (*fn)(void *), void *arg)
{
	int go[2];
	pid_t pid;
	char c;

	CHECK(!pipe(go), "%s", strerror(errno));
	pid = fork();
	CHECK(pid >= 0, "%s", strerror(errno));
	if (!pid) {
		CHECK(read(go[0], &c, 1) == 1, "%s", strerror(errno));
		fn(arg);
		_exit(0);
	}
	cgroup_enter(cgroup, pid);
	CHECK(write(go[1], "x", 1) == 1, "%s", strerror(errno));
	close(go[0]);
	close(go[1]);
	return pid;
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* A device cgroup that lets this device pass and no other */
static void allow_only(const char *cgroup, dev_t dev)
{
	const struct bpf_insn prog[] = {
		{ BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
		  offsetof(struct bpf_cgroup_dev_ctx, major), 0 },
		{ BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_1,
		  offsetof(struct bpf_cgroup_dev_ctx, minor), 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0 },
		{ BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 2, major(dev) },
		{ BPF_JMP | BPF_JNE | BPF_K, BPF_REG_3, 0, 1, minor(dev) },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)prog,
		.insn_cnt = ARRAY_SIZE(prog),
		.license = (uintptr_t)"GPL",
	};
	int prog_fd, dir;

	prog_fd = bpf(BPF_PROG_LOAD, &attr);
	if (prog_fd < 0)
		ktap_skip("no BPF for device cgroups: %s", strerror(errno));
	dir = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = dir;
	attr.attach_bpf_fd = prog_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	if (bpf(BPF_PROG_ATTACH, &attr))
		ktap_skip("no device cgroups: %s", strerror(errno));
	close(dir);
	close(prog_fd);
}

static void device_allowed(void *arg)
{
	struct cvm_blob b;

	(void)arg;
	CHECK(open("/dev/null", O_RDWR) == -1 && errno == EPERM,
	      "the device cgroup does not hold: %s", strerror(errno));
	cvm_take(cvm_open(O_RDWR), "allowed", 7, &b);
}

static void device_denied(void *arg)
{
	(void)arg;
	for (int mode = O_RDONLY; mode <= O_RDWR; mode++)
		CHECK(open(cvm_node(), mode) == -1 && errno == EPERM,
		      "mode %d: %s", mode, strerror(errno));
}

static void device_cgroup(void)
{
	char yes[160], no[160];
	struct stat st;

	cvm_need_evidence();
	CHECK(!stat(cvm_node(), &st), "%s", strerror(errno));
	cgroup_make("yes", yes, sizeof(yes));
	cgroup_make("no", no, sizeof(no));
	allow_only(yes, st.st_rdev);
	allow_only(no, makedev(1, 3));
	join_child(start_in_cgroup(yes, device_allowed, NULL), 30000);
	join_child(start_in_cgroup(no, device_denied, NULL), 5000);
}

/* The scratch mapping of a provider is not in the client's address space */
static void rlimit_as(void)
{
	struct rlimit lim;
	unsigned long pages;
	struct cvm_blob b;
	char line[128];
	void *p;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	cvm_take(fd, "before", 6, &b);
	CHECK(read_line("/proc/self/statm", line, sizeof(line)) &&
	      sscanf(line, "%lu", &pages) == 1, "statm");
	lim.rlim_cur = lim.rlim_max = pages * sysconf(_SC_PAGESIZE);
	CHECK(!setrlimit(RLIMIT_AS, &lim), "%s", strerror(errno));
	p = mmap(NULL, 1 << 16, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p == MAP_FAILED, "the limit does not hold");
	for (int i = 0; i < 3; i++)
		cvm_take(fd, "limited", 7, &b);
}

#if defined(__x86_64__)
#define ARCH_NR	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_NR	AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH_NR
#define ALLOW(nr)							\
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),			\
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void under_seccomp(void *arg)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH_NR, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_read), ALLOW(SYS_write), ALLOW(SYS_ioctl),
		ALLOW(SYS_exit), ALLOW(SYS_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog prog = { ARRAY_SIZE(filter), filter };
	struct cvm_evidence_request req;
	struct cvm_state st;
	struct cvm_blob b;
	int fd = cvm_open(O_RDWR);

	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "%s", strerror(errno));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		ktap_skip("no seccomp filters: %s", strerror(errno));
	if (arg)
		syscall(SYS_getppid);	/* dies of it */
	cvm_get_info(fd, &st);
	cvm_request_init(&req, "seccomp", 7);
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	cvm_take(fd, "filtered", 8, &b);
}

/* A client that may read, write, ioctl and exit, and nothing else */
static void seccomp(void)
{
	int status;

	cvm_need_evidence();
	join_child(run_child(under_seccomp, NULL), 30000);
	status = reap_child(run_child(under_seccomp, "dies"), 5000);
	if (WIFEXITED(status) && WEXITSTATUS(status) == KTAP_SKIP)
		_exit(KTAP_SKIP);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
	      "the filter does not hold: wait status 0x%x", status);
}
#else
static void seccomp(void)
{
	ktap_skip("no filter for this architecture");
}
#endif

/* Controllers are switched on from the root down. */
static void memory_cgroup(const char *name, char *path, size_t size)
{
	char file[192];

	cgroup_make(name, path, size);
	snprintf(file, sizeof(file), "%s/../cgroup.subtree_control", path);
	write_line(file, "+memory\n");
	snprintf(file, sizeof(file), "%s/memory.max", path);
	if (access(file, W_OK))
		ktap_skip("no memory controller");
}

static uint64_t memory_of(const char *cgroup)
{
	char file[192], line[32];

	snprintf(file, sizeof(file), "%s/memory.current", cgroup);
	CHECK(read_line(file, line, sizeof(line)), "%s: %s", file,
	      strerror(errno));
	return strtoull(line, NULL, 10);
}

/* Much more than the pages that the kernel keeps charged in reserve */
#define UNREAD_BYTES	(1 << 20)

static struct shared {
	uint64_t blob_len;
	int held;
	int err;
	int done;
} *sh;

/* Holds as many unread blobs as it is let. */
static void hold_blobs(void *arg)
{
	struct cvm_evidence_request req;
	int wanted = *(int *)arg;

	while (sh->held < wanted) {
		int fd = open(cvm_node(), O_RDWR);

		cvm_request_init(&req, "held", 4);
		sh->err = fd < 0 ? -errno : cvm_request(fd, &req);
		if (sh->err)
			break;
		sh->blob_len = req.blob_len;
		sh->held++;
	}
	__atomic_store_n(&sh->done, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static void share_memory(void)
{
	struct rlimit lim = { 65536, 65536 };

	setrlimit(RLIMIT_NOFILE, &lim);
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(sh != MAP_FAILED, "%s", strerror(errno));
}

/* "charged to the requester's memory cgroup" though a kernel thread made it */
static void charged(void)
{
	uint64_t before, after, expect, end;
	struct cvm_blob b;
	char cg[160];
	int wanted;
	pid_t pid;

	cvm_need_evidence();
	if (sim_present())
		sim_set("fast=1");
	cvm_take(cvm_open(O_RDWR), "size", 4, &b);
	wanted = UNREAD_BYTES / b.len;
	share_memory();
	memory_cgroup("charged", cg, sizeof(cg));
	before = memory_of(cg);
	pid = start_in_cgroup(cg, hold_blobs, &wanted);
	for (int i = 0; i < 12000 && !__atomic_load_n(&sh->done, __ATOMIC_ACQUIRE); i++)
		sleep_ms(10);
	CHECK(sh->held == wanted, "%d held, then %s", sh->held,
	      strerror(-sh->err));
	after = memory_of(cg);
	expect = sh->blob_len * wanted;
	ktap_note("%d blobs of %llu bytes: the cgroup went from %llu to %llu KiB",
		  wanted, (unsigned long long)sh->blob_len,
		  (unsigned long long)before >> 10,
		  (unsigned long long)after >> 10);
	CHECK(after - before >= expect, "%llu bytes of blobs, %llu charged",
	      (unsigned long long)expect,
	      (unsigned long long)(after - before));
	kill(pid, SIGKILL);
	reap_child(pid, 10000);
	end = now_ms() + 5000;
	do {
		sleep_ms(20);
		after = memory_of(cg);
	} while (after >= before + expect / 2 && now_ms() < end);
	CHECK(after < before + expect / 2, "%llu KiB left after its death",
	      (unsigned long long)after >> 10);
}

/* One that wants more than its cgroup has: it fails or dies, alone */
static void limited(void)
{
	char cg[160], file[192];
	struct cvm_blob b;
	int wanted = 20000, status, ended = 0;
	pid_t pid;
	int fd;

	cvm_need_evidence();
	if (sim_present())
		sim_set("fast=1");
	share_memory();
	memory_cgroup("limited", cg, sizeof(cg));
	snprintf(file, sizeof(file), "%s/memory.max", cg);
	CHECK(!write_line(file, "%u\n", 4 << 20), "%s", file);
	snprintf(file, sizeof(file), "%s/memory.swap.max", cg);
	write_line(file, "0\n");
	fd = cvm_open(O_RDWR);
	pid = start_in_cgroup(cg, hold_blobs, &wanted);
	for (int i = 0; i < 24000 && !ended; i++) {
		ended = waitpid(pid, &status, WNOHANG) == pid;
		if (__atomic_load_n(&sh->done, __ATOMIC_ACQUIRE))
			break;
		sleep_ms(5);
	}
	ktap_note("in 4 MiB: %d blobs, then %s", sh->held,
		  ended ? "killed" : strerror(-sh->err));
	if (ended)
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		      "wait status 0x%x", status);
	else
		CHECK(sh->err == -ENOMEM, "%s", strerror(-sh->err));
	/* nobody else is the worse for it */
	cvm_take(fd, "unharmed", 8, &b);
	if (!ended) {
		kill(pid, SIGKILL);
		reap_child(pid, 10000);
	}
	CHECK(cvm_wait_idle(fd, 10000), "requests of the dead are alive");
}

static const struct ktap_case cases[] = {
	{ "device_cgroup", device_cgroup, 0 },
	{ "rlimit_as", rlimit_as, 0 },
	{ "seccomp", seccomp, 0 },
	{ "charged", charged, 120 },
	{ "limited", limited, 120 },
};

CVM_TEST_MAIN(cases)
