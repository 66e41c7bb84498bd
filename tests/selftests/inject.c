// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's fault injection, for faults in and under our module. */
#define _GNU_SOURCE
#include "inject.h"
#include "cvm_client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEBUGFS		"/sys/kernel/debug"
#define MODULES_END	0xffffffffff000000ULL

static const struct {
	unsigned int kind;
	const char *dir;
	/* what keeps it from faults that we want, and the value that does not */
	struct {
		const char *file;
		const char *value;
	} open[3];
} attrs[] = {
	{ INJECT_SLAB, "failslab", { { "ignore-gfp-wait", "N" } } },
	{ INJECT_PAGE, "fail_page_alloc", {
		{ "ignore-gfp-wait", "N" },
		{ "ignore-gfp-highmem", "N" },
		{ "min-order", "0" },
	} },
	{ INJECT_USERCOPY, "fail_usercopy", { { NULL, NULL } } },
};

/* /proc/PID/task/TID/fail-nth of the task that is armed */
static int armed = -1;
/* Set by the case in its child, read by the parent that cleans up. */
static bool *touched;

__attribute__((constructor)) static void inject_init(void)
{
	touched = mmap(NULL, sizeof(*touched), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (touched == MAP_FAILED)
		abort();
}

static void set(unsigned int i, const char *file, const char *value)
{
	char path[96];
	int err;

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", attrs[i].dir, file);
	err = write_line(path, "%s\n", value);
	CHECK(!err, "%s: %s", path, strerror(-err));
}

static void set_range(unsigned int i, const char *what, unsigned long long from,
		      unsigned long long to)
{
	char file[32], value[32];

	snprintf(file, sizeof(file), "%s-start", what);
	snprintf(value, sizeof(value), "0x%llx", from);
	set(i, file, value);
	snprintf(file, sizeof(file), "%s-end", what);
	snprintf(value, sizeof(value), "0x%llx", to);
	set(i, file, value);
}

void inject_need(unsigned int kinds)
{
	char path[96];

	need_root();
	if (access("/proc/self/fail-nth", W_OK))
		ktap_skip("this kernel injects no faults (no /proc/self/fail-nth)");
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s/require-start",
			 attrs[i].dir);
		if ((kinds & attrs[i].kind) && access(path, W_OK))
			ktap_skip("this kernel injects no such faults (no %s)",
				  path);
	}
}

/* Where a module's code is: of cvm_evidence, or the lowest of all */
static unsigned long long module_text(bool ours, unsigned long long *end)
{
	unsigned long long lowest = ~0ULL;
	char line[256], name[64];
	FILE *f = fopen("/proc/modules", "re");

	CHECK(f, "/proc/modules: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		unsigned long long base, size;

		if (sscanf(line, "%63s %llu %*s %*s %*s %llx", name, &size,
			   &base) != 3)
			continue;
		if (ours && strcmp(name, "cvm_evidence"))
			continue;
		if (base < lowest) {
			lowest = base;
			*end = base + size;
		}
	}
	fclose(f);
	CHECK(lowest && lowest != ~0ULL, "no address in /proc/modules");
	return lowest;
}

static void set_kinds(unsigned int kinds, unsigned long long from,
		      unsigned long long to)
{
	*touched = true;
	for (unsigned int i = 0; i < ARRAY_SIZE(attrs); i++) {
		char path[96];

		snprintf(path, sizeof(path), DEBUGFS "/%s", attrs[i].dir);
		if (access(path, F_OK))
			continue;
		/* fail-nth counts every kind whose filter lets it pass */
		if (!(kinds & attrs[i].kind)) {
			set_range(i, "reject", 0, ~0ULL);
			continue;
		}
		set_range(i, "reject", 0, 0);
		set_range(i, "require", from, to);
		/* a line that tells the log's reader whose fault it was */
		set(i, "verbose", getenv("CVM_INJECT_STACKS") ? "2" : "1");
		for (unsigned int o = 0; o < ARRAY_SIZE(attrs[i].open); o++)
			if (attrs[i].open[o].file)
				set(i, attrs[i].open[o].file,
				    attrs[i].open[o].value);
	}
}

void inject_kinds(unsigned int kinds)
{
	unsigned long long from, to;

	inject_need(kinds);
	from = module_text(true, &to);
	set_kinds(kinds, from, to);
}

void inject_kinds_anywhere(unsigned int kinds)
{
	inject_need(kinds);
	set_kinds(kinds, 0, ~0ULL);
}

/* For a module that is not loaded yet, so nobody knows where it will be */
void inject_kinds_modules(unsigned int kinds)
{
	unsigned long long from, to;

	inject_need(kinds);
	/* the region starts at a multiple of 512 MiB */
	from = module_text(false, &to) & ~0x1fffffffULL;
	set_kinds(kinds, from, MODULES_END);
}

/* The pid of the module's thread, 0 without */
static pid_t worker(void)
{
	char path[300], comm[32];
	DIR *dir = opendir("/proc");
	struct dirent *e;
	pid_t pid = 0;

	CHECK(dir, "/proc: %s", strerror(errno));
	while (!pid && (e = readdir(dir))) {
		if (!atoi(e->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		if (!read_line(path, comm, sizeof(comm)) ||
		    strcmp(comm, "cvm_evidence"))
			continue;
		/* a program may have that name: only a kernel thread has no exe */
		snprintf(path, sizeof(path), "/proc/%s/exe", e->d_name);
		if (readlink(path, comm, sizeof(comm)) < 0 && errno == ENOENT)
			pid = atoi(e->d_name);
	}
	closedir(dir);
	return pid;
}

void inject_reset(void)
{
	char path[96];

	if (!*touched)
		return;
	/* there is no such file of pid 0, which is none */
	snprintf(path, sizeof(path), "/proc/%d/fail-nth", worker());
	write_line(path, "0");
	for (unsigned int i = 0; i < ARRAY_SIZE(attrs); i++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s", attrs[i].dir);
		if (access(path, F_OK))
			continue;
		set_range(i, "reject", 0, 0);
		set_range(i, "require", 0, ~0ULL);
		set(i, "verbose", "0");
	}
	*touched = false;
}

pid_t inject_worker(void)
{
	pid_t pid = worker();

	CHECK(pid, "no kernel thread cvm_evidence");
	return pid;
}

void inject_spare(const char *function)
{
	unsigned long long at = 0, next, from = 0;
	char line[512], name[256];
	FILE *f = fopen("/proc/kallsyms", "re");

	CHECK(f, "/proc/kallsyms: %s", strerror(errno));
	/* in the order of addresses: the next one is where it ends */
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %*c %255s", &next, name) != 2)
			continue;
		if (from && next > from) {
			at = next;
			break;
		}
		if (!from && !strcmp(name, function))
			from = next;
	}
	fclose(f);
	if (!at)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(attrs); i++)
		if (attrs[i].kind != INJECT_USERCOPY)
			set_range(i, "reject", from, at);
}

unsigned int inject_step(unsigned int usual)
{
	if (!usual || getenv("CVM_FAULTS_ALL"))
		return 1;
	return usual * 100 / ktap_stress(100) ?: 1;
}

void inject_arm(pid_t pid, pid_t tid, unsigned int n)
{
	char path[64], text[16];
	int len;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", pid, tid);
	armed = open(path, O_RDWR | O_CLOEXEC);
	CHECK(armed >= 0, "%s: %s", path, strerror(errno));
	*touched = true;
	len = snprintf(text, sizeof(text), "%u", n);
	CHECK(pwrite(armed, text, len, 0) == len, "fail-nth: %s",
	      strerror(errno));
}

bool inject_disarm(void)
{
	char text[16] = "";

	/* where copies fail anywhere, one of these may be the one */
	while (pread(armed, text, sizeof(text) - 1, 0) < 0)
		CHECK(errno == EFAULT, "fail-nth: %s", strerror(errno));
	while (pwrite(armed, "0", 1, 0) < 0)
		CHECK(errno == EFAULT, "fail-nth: %s", strerror(errno));
	close(armed);
	armed = -1;
	return !strtoul(text, NULL, 10);
}
