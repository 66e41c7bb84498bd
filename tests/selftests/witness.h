/* SPDX-License-Identifier: GPL-2.0-only */
/* Who a process is by the word of /proc, and what an event says of it. */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdint.h>
#include <sys/types.h>

#include "nl.h"

struct witness {
	pid_t pid;
	uint64_t start_ticks;
	uint32_t uid;
	uint32_t loginuid, session;
	uint32_t exe_major, exe_minor;
	uint64_t exe_inode;
	uint64_t cgroup;
	char comm[16];
};

/* Of a process that lives; as this process's namespaces see it */
void witness_read(pid_t pid, struct witness *w);
/* Each attribute of "who did it", or the case fails. */
void witness_check(const struct nl_event *ev, const struct witness *w);

#endif
