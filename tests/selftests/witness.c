// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "witness.h"
#include "cvm_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define UNSET	0xffffffffU

static void whole(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	CHECK(f, "%s: %s", path, strerror(errno));
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	fclose(f);
}

static void proc_text(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	whole(path, text, size);
}

static uint32_t proc_u32(pid_t pid, const char *name)
{
	char path[64], line[32];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	/* without audit nobody has one */
	return read_line(path, line, sizeof(line)) ? strtoul(line, NULL, 10) : UNSET;
}

/* Field 22 of /proc/PID/stat: ticks since boot */
static uint64_t start_ticks(pid_t pid)
{
	char text[1024], *p;
	int field = 3;

	proc_text(pid, "stat", text, sizeof(text));
	p = strrchr(text, ')');
	CHECK(p && p[1] == ' ', "stat of %d", pid);
	for (p += 2; field < 22; field++) {
		p = strchr(p, ' ');
		CHECK(p, "stat of %d ends at field %d", pid, field);
		p++;
	}
	return strtoull(p, NULL, 10);
}

static uint64_t cgroup_inode(pid_t pid)
{
	char text[4096], path[4352], *p = text;
	struct stat st;

	proc_text(pid, "cgroup", text, sizeof(text));
	while (p && strncmp(p, "0::", 3)) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		ktap_skip("no cgroup v2");
	p[strcspn(p, "\n")] = '\0';
	snprintf(path, sizeof(path), "%s%s", cgroup_root(), p + 3);
	CHECK(!stat(path, &st), "%s: %s", path, strerror(errno));
	return st.st_ino;
}

void witness_read(pid_t pid, struct witness *w)
{
	char path[64], text[4096], *p;
	struct stat st;

	memset(w, 0, sizeof(*w));
	w->pid = pid;
	w->start_ticks = start_ticks(pid);
	proc_text(pid, "status", text, sizeof(text));
	p = strstr(text, "\nUid:");
	CHECK(p, "status of %d", pid);
	w->uid = strtoul(p + 5, NULL, 10);
	/* all but the last byte, a newline that is not the name's */
	proc_text(pid, "comm", text, sizeof(text));
	CHECK(strlen(text) && strlen(text) <= sizeof(w->comm), "comm of %d", pid);
	memcpy(w->comm, text, strlen(text) - 1);
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	CHECK(!stat(path, &st), "%s: %s", path, strerror(errno));
	w->exe_major = major(st.st_dev);
	w->exe_minor = minor(st.st_dev);
	w->exe_inode = st.st_ino;
	w->loginuid = proc_u32(pid, "loginuid");
	w->session = proc_u32(pid, "sessionid");
	w->cgroup = cgroup_inode(pid);
}

static void check_num(const struct nl_event *ev, unsigned int attr, uint64_t want)
{
	uint64_t num = nl_num(ev, attr);

	CHECK(num == want, "%s %llu, not %llu", nl_attr_name(attr),
	      (unsigned long long)num, (unsigned long long)want);
}

static void check_unset(const struct nl_event *ev, unsigned int attr, uint32_t want)
{
	if (want == UNSET)
		CHECK(!nl_has(ev, attr), "%s of who has none", nl_attr_name(attr));
	else
		check_num(ev, attr, want);
}

void witness_check(const struct nl_event *ev, const struct witness *w)
{
	uint64_t ticks;

	check_num(ev, EVA(PID), w->pid);
	ticks = nl_num(ev, EVA(START_TIME)) / (1000000000 / sysconf(_SC_CLK_TCK));
	CHECK(ticks == w->start_ticks, "started at tick %llu, not %llu",
	      (unsigned long long)ticks, (unsigned long long)w->start_ticks);
	check_num(ev, EVA(UID), w->uid);
	CHECK(!strcmp(nl_text(ev, EVA(COMM)), w->comm), "comm '%s', not '%s'",
	      nl_text(ev, EVA(COMM)), w->comm);
	check_num(ev, EVA(EXE_MAJOR), w->exe_major);
	check_num(ev, EVA(EXE_MINOR), w->exe_minor);
	check_num(ev, EVA(EXE_INODE), w->exe_inode);
	check_num(ev, EVA(CGROUP), w->cgroup);
	check_unset(ev, EVA(LOGINUID), w->loginuid);
	check_unset(ev, EVA(SESSION), w->session);
}
