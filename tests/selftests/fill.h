/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that fill the queue: as which user, from which cgroup and user
 * namespace, and how many of their requests were admitted. The firmware is held
 * by a request of yet another user meanwhile, so that the numbers are exact.
 */
#ifndef FILL_H
#define FILL_H

#include "cvm_client.h"

#define ALICE	70001
#define BOB	70002
#define CAROL	70003
#define HOLDER	70009
#define SUBIDS	700000		/* uids that ALICE's namespaces may map */
#define MANY	100000		/* more than any queue in these tests admits */

/* What a child tells its parent */
struct report {
	int admitted;
	int err;	/* of the request that was refused */
	int done;
	int go;		/* the parent tells the child */
	pid_t pid;	/* of one that its parent did not start itself */
};

extern struct report *rep;	/* 32 of them, shared */
extern const char *fill_node;	/* a copy of the node that all may open */

/* In every case, first: SKIPs without the simulator and root. */
void fill_setup(unsigned int queue_max);
/* HOLDER's request is in the firmware, which is stuck until block=0. */
void fill_block(void);
/* One more waiting request of whoever calls, its file stays open: 0 or -errno */
int fill_one(void);
/* Until refused or so many; tells, and stays with its requests. */
void fill_and_stay(int wanted, struct report *r) __attribute__((noreturn));
void fill_wait(const struct report *r);
/* As that user, in a child; returns when the report is there. */
pid_t fill(uid_t uid, int wanted, struct report *r);
/* By this function in a child, put into that cgroup (NULL: as it is) first */
pid_t fill_by(void (*fn)(void *), void *arg, const char *cgroup, struct report *r);
/* How many wait now, by GET_INFO */
unsigned int fill_waiting(void);
void fill_wait_for(unsigned int waiting);
/* So many were admitted, then this error (0: none was refused) */
void fill_check(const struct report *r, int admitted, int err, const char *who);

#endif
