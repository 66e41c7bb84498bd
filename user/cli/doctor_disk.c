// SPDX-License-Identifier: GPL-2.0-only
/* Where what is in encrypted memory may end up outside of it */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"

#define DEPTH_MAX	8	/* of block devices above each other */

enum storage { STORE_UNKNOWN, STORE_PLAIN, STORE_ENCRYPTED, STORE_VERITY, STORE_MEMORY };

struct slaves {
	struct doctor *d;
	int depth;
	unsigned int n;
	enum storage worst;
};

static enum storage of_block(struct doctor *d, const char *name, int depth);

/* A device is as good as the worst of what it lies on. */
static bool slave(void *arg, const char *name)
{
	struct slaves *s = arg;
	enum storage one = of_block(s->d, name, s->depth);

	s->n++;
	if (s->n == 1 || one < s->worst)
		s->worst = one;
	return false;
}

static enum storage of_block(struct doctor *d, const char *name, int depth)
{
	char *path CLEANUP(free_str) = xasprintf("/sys/class/block/%s/dm/uuid", name);
	char *below CLEANUP(free_str) = xasprintf("/sys/class/block/%s/slaves", name);
	char *uuid CLEANUP(free_str) = files_line(&d->files, path);
	struct slaves s = { .d = d, .depth = depth + 1 };

	if (uuid && !strncmp(uuid, "CRYPT-VERITY", 12))
		return STORE_VERITY;
	if (uuid && !strncmp(uuid, "CRYPT-", 6))
		return STORE_ENCRYPTED;
	if (!strncmp(name, "zram", 4) || !strncmp(name, "ram", 3))
		return STORE_MEMORY;
	if (depth >= DEPTH_MAX)
		return STORE_UNKNOWN;
	files_each(&d->files, below, slave, &s);
	return s.n ? s.worst : STORE_PLAIN;
}

/* "/dev/sda1", or "/dev/mapper/root", which is a link */
static enum storage of_device(struct doctor *d, const char *device)
{
	const char *name = strrchr(device, '/');
	char *to CLEANUP(free_str) = NULL;

	if (strncmp(device, "/dev/", 5))
		return STORE_UNKNOWN;
	if (!strncmp(device, "/dev/mapper/", 12) || !strncmp(device, "/dev/disk/", 10)) {
		to = files_link(&d->files, device);
		if (!to)
			return STORE_UNKNOWN;
		name = strrchr(to, '/') ? strrchr(to, '/') : to - 1;
	}
	return of_block(d, name + 1, 0);
}

/* What a directory is on, by the mount that is nearest above it */
static enum storage of_directory(struct doctor *d, const char *dir)
{
	char *text CLEANUP(free_str) = NULL, *line, *save = NULL, *dash;
	char where[256], dev[32], type[32], source[256], best[256] = "", found[256] = "";
	enum storage s = STORE_UNKNOWN;
	struct buf b CLEANUP_BUF;
	unsigned int major, minor;
	char *path, *to;
	size_t len;

	if (!files_read(&d->files, "/proc/self/mountinfo", &b))
		return STORE_UNKNOWN;
	text = xstrdup((char *)b.p);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		dash = strstr(line, " - ");
		if (!dash || sscanf(line, "%*s %*s %31s %*s %255s", dev, where) != 2 ||
		    sscanf(dash, " - %31s %255s", type, source) != 2)
			continue;
		len = strcmp(where, "/") ? strlen(where) : 0;
		if (strncmp(dir, where, len) || (dir[len] && dir[len] != '/') || len < strlen(best))
			continue;
		snprintf(best, sizeof(best), "%s", len ? where : "");
		snprintf(found, sizeof(found), "%s", source);
		if (!strcmp(type, "tmpfs") || !strcmp(type, "ramfs") || !strcmp(type, "rootfs"))
			s = STORE_MEMORY;
		else if (!strncmp(source, "/dev/root", 9) && sscanf(dev, "%u:%u", &major, &minor) == 2)
			s = STORE_PLAIN;
		else
			s = STORE_UNKNOWN;
		if (s == STORE_PLAIN) {
			path = xasprintf("/sys/dev/block/%u:%u", major, minor);
			to = files_link(&d->files, path);
			if (to && strrchr(to, '/'))
				snprintf(found, sizeof(found), "/dev/%s", strrchr(to, '/') + 1);
			free_str(&path);
			free_str(&to);
		}
	}
	if (s == STORE_MEMORY || !*found)
		return s;
	return of_device(d, found);
}

static bool is_safe(enum storage s)
{
	return s == STORE_ENCRYPTED || s == STORE_MEMORY;
}

/* Swap that goes to a disk in the clear; the first such device, NULL */
static char *plain_swap(struct doctor *d, bool *known, bool *any)
{
	char *text CLEANUP(free_str) = NULL, *line, *save = NULL;
	char name[256], type[32];
	struct buf b CLEANUP_BUF;
	enum storage s;

	*any = false;
	*known = files_read(&d->files, "/proc/swaps", &b);
	if (!*known)
		return NULL;
	text = xstrdup((char *)b.p);
	line = strtok_r(text, "\n", &save);
	while (line && (line = strtok_r(NULL, "\n", &save))) {
		if (sscanf(line, "%255s %31s", name, type) != 2)
			continue;
		*any = true;
		s = strcmp(type, "partition") ? of_directory(d, name) : of_device(d, name);
		if (!is_safe(s))
			return xstrdup(name);
	}
	return NULL;
}

void doctor_disk(struct doctor *d)
{
	static const char where[] = "put it on dm-crypt with a key of this boot, or use zram";
	enum storage root = of_directory(d, "/"), tmp = of_directory(d, "/tmp");
	enum storage dumps = of_directory(d, "/var/lib/systemd/coredump");
	char *core CLEANUP(free_str) = files_line(&d->files, "/proc/sys/kernel/core_pattern");
	bool known, any;
	char *swap CLEANUP(free_str) = plain_swap(d, &known, &any);

	if (root == STORE_UNKNOWN)
		doctor_say(d, "root_disk", DOC_NA, NULL, "cannot determine the device of the root file system");
	else if (root == STORE_VERITY)
		doctor_say(d, "root_disk", DOC_OK, NULL, "dm-verity: not secret, and the host cannot change it");
	else if (is_safe(root))
		doctor_say(d, "root_disk", DOC_OK, NULL, root == STORE_MEMORY ? "in memory" : "encrypted");
	else
		doctor_say(d, "root_disk", DOC_WARN,
			   "encrypt it with a key that is released for evidence, or measure it (dm-verity)",
			   "not encrypted by this VM: the host can read and change it");

	if (!known)
		doctor_say(d, "swap", DOC_NA, NULL, "not known");
	else if (swap)
		doctor_say(d, "swap", DOC_FAIL, where, "%s is not encrypted: memory goes to the host's disk in the clear",
			   swap);
	else
		doctor_say(d, "swap", DOC_OK, NULL, any ? "encrypted or in memory" : "there is none");

	if (tmp == STORE_UNKNOWN)
		doctor_say(d, "tmp", DOC_NA, NULL, "cannot determine the device of /tmp");
	else if (is_safe(tmp))
		doctor_say(d, "tmp", DOC_OK, NULL, tmp == STORE_MEMORY ? "in memory" : "encrypted");
	else
		doctor_say(d, "tmp", DOC_WARN, "systemctl enable tmp.mount, or encrypt the disk",
			   "/tmp is on a disk that is not encrypted");

	if (!core)
		doctor_say(d, "core_dumps", DOC_NA, NULL, "not known");
	else if (!*core || !strcmp(core, "|/bin/false"))
		doctor_say(d, "core_dumps", DOC_OK, NULL, "switched off");
	else if (is_safe(*core == '|' ? dumps : root))
		doctor_say(d, "core_dumps", DOC_OK, NULL, "they go to encrypted storage");
	else
		doctor_say(d, "core_dumps", DOC_WARN,
			   "sysctl kernel.core_pattern='|/bin/false', or Storage=none in coredump.conf",
			   "the memory of a program that crashes is written to a disk that is not encrypted");
}
