// SPDX-License-Identifier: GPL-2.0-only
/* The knobs of the simulated TEE (tests/sim), where there is one. */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Set by the case in its child, read by the parent that cleans up. */
static bool *touched;

__attribute__((constructor)) static void sim_init(void)
{
	touched = mmap(NULL, sizeof(*touched), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (touched == MAP_FAILED)
		abort();
}

static const char *ctl_path(void)
{
	const char *path = getenv("CVM_SIM_CTL");

	return path && *path ? path : "/opt/sim/ctl";
}

/* 0, or what went wrong as a wait status */
static int ctl(const char *arg)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -1;
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		execl(ctl_path(), ctl_path(), arg, NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* The simulator's kernel side, for the driver that it was started with */
static bool sim_dir(char *dir, size_t size)
{
	char driver[32];

	if (!read_line("/run/cvm-sim/driver", driver, sizeof(driver)))
		return false;
	snprintf(dir, size, "/sys/kernel/cvm_sim/%s", driver);
	return !access(dir, F_OK);
}

/* The simulated paravisor behind the vTPM: other knobs than the drivers' */
bool sim_paravisor(void)
{
	char driver[32];

	return read_line("/run/cvm-sim/driver", driver, sizeof(driver)) &&
	       !strcmp(driver, "paravisor");
}

bool sim_present(void)
{
	char dir[96];

	return !access(ctl_path(), X_OK) && sim_dir(dir, sizeof(dir));
}

/* The kernel's own driver, over a simulated host */
bool sim_real_driver(void)
{
	return !access("/run/cvm-sim/host", F_OK);
}

/* How often a driver asks a host again and for how long: a real one has its own times */
void sim_driver_times(unsigned int retry_ms, unsigned int retry_max_ms)
{
	if (sim_real_driver())
		return;
	sim_set("retry_ms=%u", retry_ms);
	sim_set("retry_max_ms=%u", retry_max_ms);
}

/* A replayed report answers to its own report_data alone. */
bool sim_replays(void)
{
	char pid[16], path[64], args[1024];
	ssize_t n;
	int fd;

	if (!read_line("/run/cvm-sim/pid", pid, sizeof(pid)))
		return false;
	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, args, sizeof(args));
	close(fd);
	return n > 0 && memmem(args, n, "\0--replay", 10);
}

void sim_need(void)
{
	cvm_need_evidence();
	if (!sim_present())
		ktap_skip("needs the simulated TEE's knobs (%s)", ctl_path());
}

void sim_set(const char *fmt, ...)
{
	char arg[128];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(arg, sizeof(arg), fmt, ap);
	va_end(ap);
	*touched = true;
	status = ctl(arg);
	CHECK(status == 0, "%s %s: wait status 0x%x", ctl_path(), arg, status);
}

/* The next request fails with EIO, and nothing is lost by it. */
void sim_fail_next(void)
{
	sim_set("keep_key=1");
	sim_set("fw_error=0x16:1");
}

uint64_t sim_counter(const char *name)
{
	char dir[96], path[128], line[32];

	if (sim_paravisor()) {
		FILE *f;

		snprintf(path, sizeof(path), "%s get %s", ctl_path(), name);
		f = popen(path, "r");
		CHECK(f && fgets(line, sizeof(line), f), "%s", path);
		pclose(f);
		return strtoull(line, NULL, 0);
	}
	CHECK(sim_dir(dir, sizeof(dir)), "no %s", dir);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	CHECK(read_line(path, line, sizeof(line)), "%s: %s", path,
	      strerror(errno));
	return strtoull(line, NULL, 0);
}

void sim_reset(void)
{
	if (!*touched)
		return;
	if (ctl("reset"))
		ktap_note("%s reset failed", ctl_path());
	*touched = false;
}
