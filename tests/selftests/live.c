// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "live.h"
#include "cvm_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define DEBUGFS	"/sys/kernel/debug"

static long counter(const char *name)
{
	char path[96], line[32], *end;
	long value;

	snprintf(path, sizeof(path), DEBUGFS "/cvm_evidence/%s", name);
	CHECK(read_line(path, line, sizeof(line)), "%s: %s", path,
	      strerror(errno));
	value = strtol(line, &end, 10);
	CHECK(end != line && !*end && value >= 0, "%s: '%s'", path, line);
	return value;
}

void live_read(struct live *l)
{
	need_root();
	if (access(DEBUGFS "/cvm_evidence", F_OK) &&
	    mount("none", DEBUGFS, "debugfs", 0, NULL) && errno != EBUSY)
		ktap_skip("no debugfs here: %s", strerror(errno));
	l->files = counter("live_files");
	l->requests = counter("live_requests");
	l->blobs = counter("live_blobs");
	l->entries = counter("live_entries");
}

const char *live_wait(const struct live *first, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;
	struct live l;

	for (;;) {
		live_read(&l);
		if (!l.requests && !l.blobs && !l.entries && l.files == first->files)
			return NULL;
		if (now_ms() > end)
			break;
		sleep_ms(10);
	}
	ktap_note("%ld files (%ld at first), %ld requests, %ld blobs, %ld entries",
		  l.files, first->files, l.requests, l.blobs, l.entries);
	return l.requests ? "live_requests" : l.blobs ? "live_blobs" :
	       l.entries ? "live_entries" : "live_files";
}
