// SPDX-License-Identifier: GPL-2.0-only
/*
 * "Access to the node is the permission: a non-root user, or a container that
 * has only this node (no configfs, no /dev/tpm*, no capability), gets
 * evidence". What confines a process otherwise is in confined.c.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GROUP	70990
#define USER	70001

static const char *node;

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* This process, as it is, gets evidence from a node it opens itself. */
static void evidence_from(const char *path)
{
	struct cvm_blob b;
	uint8_t rd[64];
	int fd = try_open(path, O_RDWR);

	CHECK(fd >= 0, "%s: %s", path, strerror(-fd));
	fill_random(rd, sizeof(rd));
	cvm_take(fd, rd, sizeof(rd), &b);
	close(fd);
}

static bool has_capabilities(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2] = { 0 };

	CHECK(!syscall(SYS_capget, &h, d), "capget: %s", strerror(errno));
	return d[0].effective || d[1].effective || d[0].permitted ||
	       d[1].permitted;
}

static void member(void *arg)
{
	(void)arg;
	become_user(USER, GROUP);
	CHECK(!has_capabilities(), "");
	evidence_from(node);
}

/* A user of the group that the node belongs to */
static void in_group(void)
{
	cvm_need_evidence();
	node = private_node(0660, GROUP);
	join_child(run_child(member, NULL), 30000);
}

static void stranger(void *arg)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };

	(void)arg;
	become_user(USER + 1, USER + 1);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		int fd = try_open(node, modes[i]);

		CHECK(fd == -EACCES, "mode %d: %s", modes[i],
		      fd < 0 ? strerror(-fd) : "opened");
		fd = try_open(cvm_node(), modes[i]);
		CHECK(fd == -EACCES, "%s, mode %d: %s", cvm_node(), modes[i],
		      fd < 0 ? strerror(-fd) : "opened");
	}
}

/* "mode, group ... are the permission": a user out of it gets EACCES */
static void not_in_group(void)
{
	struct stat st;

	need_root();
	CHECK(!stat(cvm_node(), &st), "%s", strerror(errno));
	if (st.st_mode & 0006)
		ktap_skip("%s is open to all here, mode 0%o", cvm_node(),
			  st.st_mode & 0777);
	node = private_node(0660, GROUP);
	join_child(run_child(stranger, NULL), 5000);
}

static void without_capabilities(void *arg)
{
	(void)arg;
	drop_capabilities();
	CHECK(!has_capabilities(), "");
	evidence_from(node);
}

/* Root without a single capability: its uid opens the node, nothing else */
static void no_capability(void)
{
	cvm_need_evidence();
	node = private_node(0600, 0);
	join_child(run_child(without_capabilities, NULL), 30000);
}

static unsigned int entries(const char *dir)
{
	struct dirent *e;
	unsigned int n = 0;
	DIR *d = opendir(dir);

	CHECK(d, "%s: %s", dir, strerror(errno));
	while ((e = readdir(d)))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n;
}

/* Where the processes below find themselves: a root with one node in it */
static void only_the_node(void)
{
	CHECK(entries("/") == 1, "%u things in the root", entries("/"));
	CHECK(access("/sys", F_OK) && access("/proc", F_OK) &&
	      access("/dev", F_OK), "not as bare as meant");
	drop_capabilities();
	evidence_from("/evidence");
}

static void in_chroot(void *arg)
{
	(void)arg;
	CHECK(!chroot(node) && !chdir("/"), "chroot: %s", strerror(errno));
	become_user(USER, USER);
	only_the_node();
}

/* "chroot without configfs" */
static void chroot_only_node(void)
{
	char dir[128], path[160];
	struct stat st;
	const char *copy;

	cvm_need_evidence();
	copy = private_node(0666, 0);
	CHECK(!stat(copy, &st), "%s", strerror(errno));
	snprintf(dir, sizeof(dir), "%s.root", copy);
	snprintf(path, sizeof(path), "%s/evidence", dir);
	CHECK(!mkdir(dir, 0755) && !mknod(path, S_IFCHR | 0666, st.st_rdev) &&
	      !chmod(path, 0666), "%s: %s", path, strerror(errno));
	node = dir;
	join_child(run_child(in_chroot, NULL), 30000);
}

/* What `unshare -Urm` does, a new root in a tmpfs, and pivot_root into it */
static void in_namespaces(void *arg)
{
	uid_t uid = USER;

	(void)arg;
	become_user(uid, uid);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC))
		ktap_skip("no user namespaces for users: %s", strerror(errno));
	write_line("/proc/self/setgroups", "deny");
	CHECK(!write_line("/proc/self/uid_map", "0 %u 1\n", uid) &&
	      !write_line("/proc/self/gid_map", "0 %u 1\n", uid), "map");
	CHECK(!mount("none", "/tmp", "tmpfs", 0, NULL), "tmpfs: %s",
	      strerror(errno));
	CHECK(!chdir("/tmp") && !mkdir("old", 0755), "%s", strerror(errno));
	close(open("evidence", O_CREAT | O_WRONLY, 0600));
	CHECK(!mount(node, "evidence", NULL, MS_BIND, NULL), "bind: %s",
	      strerror(errno));
	if (syscall(SYS_pivot_root, ".", "old"))
		ktap_skip("this root cannot be pivoted away: %s",
			  strerror(errno));
	CHECK(!chdir("/") && !umount2("/old", MNT_DETACH) && !rmdir("/old"),
	      "leaving the old root: %s", strerror(errno));
	only_the_node();
}

/* "user+mount namespace that has only that device node" */
static void namespace_only_node(void)
{
	cvm_need_evidence();
	node = private_node(0666, 0);
	if (!strncmp(node, "/tmp/", 5))
		ktap_skip("no directory /mnt");
	join_child(run_child(in_namespaces, NULL), 30000);
}

/* A namespace of its own does not make its root one that may open the node */
static void namespace_root(void *arg)
{
	uid_t uid = USER;
	int fd;

	(void)arg;
	become_user(uid, uid);
	if (unshare(CLONE_NEWUSER))
		ktap_skip("no user namespaces for users: %s", strerror(errno));
	CHECK(!write_line("/proc/self/uid_map", "0 %u 1\n", uid), "map");
	CHECK(geteuid() == 0 && has_capabilities(), "not root in it");
	fd = try_open(node, O_RDWR);
	CHECK(fd == -EACCES, "%s", fd < 0 ? strerror(-fd) : "opened");
}

static void namespace_root_is_nobody(void)
{
	node = private_node(0600, 0);
	join_child(run_child(namespace_root, NULL), 5000);
}

static void holder(void *arg)
{
	struct cvm_blob b;

	become_user(USER, USER);
	drop_capabilities();
	cvm_take(*(int *)arg, "handed over", 11, &b);
}

/* Whoever was handed the open file needs no right to the node */
static void inherited_file(void)
{
	int fd;

	cvm_need_evidence();
	need_root();
	fd = cvm_open(O_RDWR);
	join_child(run_child(holder, &fd), 30000);
}

static const struct ktap_case cases[] = {
	{ "in_group", in_group, 0 },
	{ "not_in_group", not_in_group, 0 },
	{ "no_capability", no_capability, 0 },
	{ "chroot_only_node", chroot_only_node, 0 },
	{ "namespace_only_node", namespace_only_node, 0 },
	{ "namespace_root_is_nobody", namespace_root_is_nobody, 0 },
	{ "inherited_file", inherited_file, 0 },
};

CVM_TEST_MAIN(cases)
