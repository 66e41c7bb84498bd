// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users, cgroups, nodes and module parameters. A case changes them from its
 * child, the parent undoes it, so the notes about it are in shared memory.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PARAM_DIR	"/sys/module/cvm_evidence/parameters"

static struct undo {
	unsigned int nr_params;
	struct {
		char path[96];
		char old[32];
	} param[8];
	unsigned int nr_cgroups;
	char cgroup[16][160];
	char mounted[64];
} *undo;

__attribute__((constructor)) static void undo_init(void)
{
	undo = mmap(NULL, sizeof(*undo), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (undo == MAP_FAILED)
		abort();
}

void need_root(void)
{
	if (geteuid())
		ktap_skip("needs root");
}

void param_set(const char *name, unsigned int value)
{
	char path[96], old[32];
	int err;

	snprintf(path, sizeof(path), PARAM_DIR "/%s", name);
	CHECK(read_line(path, old, sizeof(old)), "%s: %s", path, strerror(errno));
	CHECK(undo->nr_params < ARRAY_SIZE(undo->param), "too many parameters");
	strcpy(undo->param[undo->nr_params].path, path);
	strcpy(undo->param[undo->nr_params].old, old);
	undo->nr_params++;
	err = write_line(path, "%u\n", value);
	CHECK(!err, "%s: %s", path, strerror(-err));
}

void params_restore(void)
{
	while (undo->nr_params) {
		unsigned int i = --undo->nr_params;
		int err = write_line(undo->param[i].path, "%s\n",
				     undo->param[i].old);

		if (err)
			ktap_note("%s: not set back to %s: %s",
				  undo->param[i].path, undo->param[i].old,
				  strerror(-err));
	}
}

const char *private_node(unsigned int mode, gid_t gid)
{
	static char path[64];
	static const char *const dirs[] = { "/mnt", "/tmp" };
	const char *dir = NULL;
	struct stat st;

	need_root();
	CHECK(!stat(cvm_node(), &st), "%s: %s", cvm_node(), strerror(errno));
	CHECK(!unshare(CLONE_NEWNS), "unshare: %s", strerror(errno));
	CHECK(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "%s",
	      strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !dir; i++)
		if (!mount("none", dirs[i], "tmpfs", MS_NOSUID | MS_NOEXEC,
			   "mode=755"))
			dir = dirs[i];
	CHECK(dir, "tmpfs on /mnt or /tmp: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s/cvm-evidence", dir);
	CHECK(!mknod(path, S_IFCHR | 0600, st.st_rdev), "mknod: %s",
	      strerror(errno));
	CHECK(!chown(path, 0, gid) && !chmod(path, mode), "%s: %s", path,
	      strerror(errno));
	return path;
}

void become_user(uid_t uid, gid_t gid)
{
	CHECK(!setgroups(0, NULL) && !setresgid(gid, gid, gid) &&
	      !setresuid(uid, uid, uid), "uid %u: %s", uid, strerror(errno));
	/* or /proc/self stays root's, and with it the maps of namespaces */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

void drop_capabilities(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2] = { 0 };

	for (int cap = 0; !prctl(PR_CAPBSET_READ, cap, 0, 0, 0) ||
	     prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "%s", strerror(errno));
	CHECK(!syscall(SYS_capset, &h, d), "capset: %s", strerror(errno));
}

/* The mount point of the v2 hierarchy, mounting it where nobody did. */
const char *cgroup_root(void)
{
	static char root[128];
	char line[512], fs[64];
	FILE *f = fopen("/proc/self/mounts", "re");

	CHECK(f, "/proc/self/mounts: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %127s %63s", root, fs) == 2 &&
		    !strcmp(fs, "cgroup2")) {
			fclose(f);
			return root;
		}
	fclose(f);
	strcpy(root, "/tmp/cvm-selftest-cgroup");
	if (mkdir(root, 0700) && errno != EEXIST)
		ktap_skip("%s: %s", root, strerror(errno));
	if (mount("none", root, "cgroup2", 0, NULL)) {
		rmdir(root);
		ktap_skip("no cgroup v2: %s", strerror(errno));
	}
	strcpy(undo->mounted, root);
	return root;
}

void cgroup_make(const char *name, char *path, size_t size)
{
	need_root();
	snprintf(path, size, "%s/cvm-selftest.%d.%s", cgroup_root(), getpid(),
		 name);
	CHECK(undo->nr_cgroups < ARRAY_SIZE(undo->cgroup), "too many cgroups");
	CHECK(!mkdir(path, 0755), "%s: %s", path, strerror(errno));
	strncpy(undo->cgroup[undo->nr_cgroups++], path,
		sizeof(undo->cgroup[0]) - 1);
}

void cgroup_enter(const char *path, pid_t pid)
{
	char procs[192];
	int err;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	err = write_line(procs, "%d\n", pid);
	CHECK(!err, "%s: %s", procs, strerror(-err));
}

static void cgroup_remove(const char *path)
{
	char file[192], line[32];

	snprintf(file, sizeof(file), "%s/cgroup.freeze", path);
	write_line(file, "0\n");
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	/* the dead are gone when somebody reaped them */
	for (int i = 0; i < 300 && rmdir(path); i++) {
		if (errno != EBUSY) {
			ktap_note("%s: %s", path, strerror(errno));
			return;
		}
		if (i == 100 && read_line(file, line, sizeof(line)) && atoi(line) > 0)
			kill(atoi(line), SIGKILL);
		sleep_ms(10);
	}
}

void cgroups_remove(void)
{
	while (undo->nr_cgroups)
		cgroup_remove(undo->cgroup[--undo->nr_cgroups]);
	if (undo->mounted[0]) {
		umount2(undo->mounted, MNT_DETACH);
		rmdir(undo->mounted);
		undo->mounted[0] = '\0';
	}
}
