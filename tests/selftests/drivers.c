// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading what cvm_evidence depends on. */
#define _GNU_SOURCE
#include "drivers.h"
#include "cvm_client.h"
#include "inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRIVER_FILE	"/run/cvm-sim/driver"

/* Set by the case in its child, read by the parent that cleans up. */
static bool *touched;
/* As the program found it */
static struct stat node;

__attribute__((constructor)) static void drivers_init(void)
{
	touched = mmap(NULL, sizeof(*touched), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (touched == MAP_FAILED)
		abort();
	if (stat(cvm_node(), &node))
		node.st_mode = 0;
}

/* The node's mode and group are the udev rule's; here nobody sets them again */
static void give_node_back(void)
{
	if (node.st_mode && (chown(cvm_node(), node.st_uid, node.st_gid) ||
			     chmod(cvm_node(), node.st_mode & 07777)))
		ktap_note("%s: %s", cvm_node(), strerror(errno));
}

static const char *ctl_path(void)
{
	const char *path = getenv("CVM_SIM_CTL");

	return path && *path ? path : "/opt/sim/ctl";
}

/* Runs it without its output; its wait status, or -1 */
static int run(char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -1;
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

const char *driver_name(void)
{
	static char name[32];

	need_root();
	if (access(ctl_path(), X_OK) ||
	    !read_line(DRIVER_FILE, name, sizeof(name)))
		ktap_skip("needs the simulated TEE (%s)", ctl_path());
	return name;
}

bool driver_tsm(void)
{
	char args[128];

	if (access(TSM_REPORT_DIR, F_OK))
		return false;
	return !read_line("/run/cvm-sim/args", args, sizeof(args)) ||
	       !strstr(args, "tsm=N");
}

void drivers_touched(void)
{
	*touched = true;
}

int driver_load(const char *params)
{
	char text[128], *argv[12] = { (char *)ctl_path(), "load" };
	int n = 2;

	driver_name();
	*touched = true;
	if (params && *params && sim_real_driver())
		ktap_skip("the real driver has no parameters (%s)", params);
	snprintf(text, sizeof(text), "%s", params ? params : "");
	for (char *p = strtok(text, " "); p && n < 11; p = strtok(NULL, " "))
		argv[n++] = p;
	return run(argv);
}

int module_unload_once(const char *name)
{
	*touched = true;
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

unsigned int module_unload(const char *name, unsigned int timeout_ms)
{
	uint64_t begin = now_ms();
	int err;

	while ((err = module_unload_once(name))) {
		CHECK(err == -EAGAIN || err == -EBUSY, "rmmod %s: %s", name,
		      strerror(-err));
		CHECK_TIME(now_ms() - begin < timeout_ms,
			   "%s is still in use after %u ms", name, timeout_ms);
		sleep_ms(10);
	}
	return now_ms() - begin;
}

bool module_loaded(const char *name)
{
	char path[96], state[16];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return read_line(path, state, sizeof(state)) && !strcmp(state, "live");
}

void module_load(const char *name)
{
	char *argv[] = { "modprobe", (char *)name, NULL };
	int status = run(argv);

	CHECK(status == 0, "modprobe %s: wait status 0x%x", name, status);
	give_node_back();
}

void reload_ours(void)
{
	module_unload("cvm_evidence", 5000);
	module_load("cvm_evidence");
}

int other_driver_load(const char *name, const char *params)
{
	char path[256], *argv[] = { "insmod", path, (char *)params, NULL };
	const char *ctl = ctl_path(), *end = strrchr(ctl, '/');

	snprintf(path, sizeof(path), "%.*s/modules/%s.ko",
		 end ? (int)(end - ctl) : 0, ctl, name);
	if (access(path, R_OK))
		ktap_skip("no %s", path);
	*touched = true;
	return run(argv);
}

bool driver_built_with(uint32_t id)
{
	unsigned int major, minor;
	struct utsname u;

	CHECK(!uname(&u) && sscanf(u.release, "%u.%u", &major, &minor) == 2, "uname");
	if (major > 6 || minor >= 7)
		return true;
	if (id == CVM_EVIDENCE_PROVIDER_TSM)
		return false;
	if (id == CVM_EVIDENCE_PROVIDER_TDX_GUEST)
		return minor >= 2;
	return id != CVM_EVIDENCE_PROVIDER_SEV_GUEST || !strstr(u.release, "cloud");
}

const struct cvm_evidence_provider *driver_provider(const struct cvm_state *st)
{
	uint32_t id = CVM_EVIDENCE_PROVIDER_TSM;

	if (!driver_tsm())
		id = strcmp(driver_name(), "sev_guest") ?
		     CVM_EVIDENCE_PROVIDER_TDX_GUEST :
		     CVM_EVIDENCE_PROVIDER_SEV_GUEST;
	return cvm_find(st, id);
}

static void probed(int fd, struct cvm_state *st)
{
	uint64_t end = now_ms() + 5000;

	for (;;) {
		const struct cvm_evidence_provider *p;

		cvm_get_info(fd, st);
		p = driver_provider(st);
		CHECK(p, "GET_INFO does not list the driver's provider");
		if (p->status == CVM_EVIDENCE_ST_AVAILABLE ||
		    p->status == CVM_EVIDENCE_ST_KEY_LOST ||
		    p->status == CVM_EVIDENCE_ST_ERROR)
			return;
		CHECK(now_ms() < end, "%s is not probed 5 s after its load: %s",
		      p->name, cvm_why(p));
		sleep_ms(5);
	}
}

void driver_probed(struct cvm_evidence_provider *p)
{
	int fd = cvm_open(O_RDONLY);
	struct cvm_state st;

	probed(fd, &st);
	close(fd);
	*p = *driver_provider(&st);
}

void driver_ready(int fd, struct cvm_state *st)
{
	probed(fd, st);
	CHECK(driver_provider(st)->status == CVM_EVIDENCE_ST_AVAILABLE, "%s: %s",
	      driver_provider(st)->name, cvm_why(driver_provider(st)));
}

unsigned long long driver_counter(const char *name)
{
	char path[128], line[32];

	snprintf(path, sizeof(path), "/sys/kernel/cvm_sim/%s/%s", driver_name(),
		 name);
	CHECK(read_line(path, line, sizeof(line)), "%s: %s", path,
	      strerror(errno));
	return strtoull(line, NULL, 0);
}

static int entries(char *name, size_t size)
{
	DIR *dir = opendir(TSM_REPORT_DIR);
	struct dirent *e;
	int n = 0;

	if (!dir)
		return -1;
	while ((e = readdir(dir))) {
		if (strncmp(e->d_name, "cvm_evidence.", 13))
			continue;
		if (name)
			snprintf(name, size, "%s", e->d_name);
		n++;
	}
	closedir(dir);
	return n;
}

int tsm_entries(void)
{
	return entries(NULL, 0);
}

bool tsm_entry(char *name, size_t size)
{
	return entries(name, size) > 0;
}

bool tsm_entry_wait(char *name, size_t size, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;

	while (!tsm_entry(name, size)) {
		if (now_ms() > end)
			return false;
		sleep_ms(1);
	}
	return true;
}

bool tsm_entries_gone(unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;

	while (tsm_entries() > 0) {
		if (now_ms() > end)
			return false;
		sleep_ms(5);
	}
	return true;
}

/* A simulated driver that a case loaded and failed before it unloaded it */
static void unload_others(const char *ours)
{
	static const char *const drivers[] = {
		"sev_guest", "tdx_guest", "arm_cca_guest",
	};
	uint64_t end = now_ms() + 2000;

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (!strcmp(drivers[i], ours) || !module_loaded(drivers[i]))
			continue;
		while (module_unload_once(drivers[i]) == -EAGAIN &&
		       now_ms() < end)
			sleep_ms(20);
		if (module_loaded(drivers[i]))
			ktap_note("%s stays loaded", drivers[i]);
	}
}

/* As the case met them: configfs mounted, driver loaded with its first parameters, then us */
static void restore(void)
{
	char name[32], *load[] = { (char *)ctl_path(), "load", NULL };
	char *ours[] = { "modprobe", "cvm_evidence", NULL };
	char *reload[] = { (char *)ctl_path(), "reload", NULL };
	char *reboot[] = { (char *)ctl_path(), "key_lost=0", NULL };
	char wiped[16];
	int status = 0;

	inject_reset();
	sim_reset();
	params_restore();
	if (read_line("/sys/kernel/cvm_sim/sev_guest/keys_wiped", wiped,
		      sizeof(wiped)) && strcmp(wiped, "0x0")) {
		run(reboot);
		*touched = true;
	}
	if (!*touched)
		return;
	*touched = false;
	if (!access("/sys/kernel/config", F_OK) && access(TSM_REPORT_DIR, F_OK))
		mount("configfs", "/sys/kernel/config", "configfs", 0, NULL);
	if (read_line(DRIVER_FILE, name, sizeof(name))) {
		/* whatever parameters the case gave it are not ours */
		tsm_entries_gone(2000);
		unload_others(name);
		status = run(module_loaded(name) ? reload : load);
	}
	if (status)
		ktap_note("%s could not be loaded again: wait status 0x%x", name,
			  status);
	if (!module_loaded("cvm_evidence") && run(ours))
		ktap_note("cvm_evidence could not be loaded again");
	give_node_back();
}

int drivers_main(const struct ktap_case *cases, size_t nr, int argc, char **argv)
{
	struct ktap_program prog = {
		.cases = cases, .nr = nr, .teardown = restore,
	};

	if (access(cvm_node(), F_OK))
		return ktap_skip_all("no device: load cvm_evidence first");
	return ktap_run(&prog, argc, argv);
}

void driver_keeps_entry(void)
{
	if (sim_present() && !strcmp(driver_name(), "sev_guest"))
		sim_set("certs=none");
}

void driver_state(struct cvm_state *st)
{
	int fd;

	sim_need();
	driver_name();
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, st);
	close(fd);
}
