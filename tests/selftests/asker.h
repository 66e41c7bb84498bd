/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that take evidence and stay to be looked at, and their event. */
#ifndef ASKER_H
#define ASKER_H

#include "cvm_client.h"
#include "nl.h"

/* What the process that asks leaves for its parent */
struct told {
	unsigned int asked;	/* it has its answer, and waits to be seen */
	pid_t pid;		/* as its parent sees it, of a grandchild */
	uint8_t report_data[64];
	size_t rd_len;
	ssize_t len;
	uint8_t blob[CVM_BUF_SIZE];
};

extern struct told *told;
extern struct nl listener;
/* Where it asks: cvm_node(), or what the case sets */
extern const char *asker_node;

/* In every case, first: told is there, listener listens. */
void asker_setup(void);
int asker_open(void);

/* In the process that asks: evidence of this file, for random data, into told */
void take_from(int fd, size_t rd_len);
void hold_still(void) __attribute__((noreturn));
/* Both, of a file of its own; arg is nothing */
void take_and_stay(void *arg);

/* In its parent: until it holds still */
void wait_asked(void);
/* The event of the blob in told, which is taken apart into b */
void check_taken(const struct nl_event *ev, struct cvm_blob *b);
/* The same, that it is told of once, and who asked: this process, still there */
void check_asker(pid_t pid);

#endif
