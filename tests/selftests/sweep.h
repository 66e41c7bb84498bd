/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One call again and again, while the nth allocation or copy in it fails: for
 * n = 1, 2, ... until it has fewer. The tests of it say what is called, as whom,
 * and which errors it may end with.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include "cvm_client.h"
#include "inject.h"

#define SWEEP_ALLOCS	(INJECT_SLAB | INJECT_PAGE)

/* What one request asks for, and what evidence of it has to be */
struct sweep_shape {
	uint32_t flags;
	uint32_t privlevel;
	const char *service;
	const char *quote_data;
	/* items that may be missing, ABSENT (itself one of them) says why; as bits */
	uint64_t optional;
	/* NULL, or what is wrong with it beside what any evidence has to be */
	const char *(*wrong)(const struct cvm_blob *b);
};

extern struct sweep_shape sweep_shape;
/* Of the device; report_data of the call that is under way */
extern int sweep_fd;
extern uint8_t sweep_rd[64];

/* SKIPs where the kernel injects no such faults; opens the device */
void sweep_need(unsigned int kinds);

/* To be called; 0 or -errno */
int sweep_request(void);
/* Reads and judges what there is for sweep_rd, in pieces when copies fail */
int sweep_read(void);
/* From a call: what it did that it must not, whatever it returns */
void sweep_wrong(const char *why);

struct sweep {
	int (*call)(void);
	/* before each call, without faults, or NULL; not with copies */
	void (*prepare)(void);
	bool worker;		/* the module's thread is armed, not ourselves */
	int fault;		/* -errno of the faults themselves, or 0 */
	int others[4];		/* -errno of callees, see where it is filled */
	bool anywhere;		/* not under our code alone */
	bool may_be_none;	/* there may be nothing to fail */
	unsigned int step;	/* a call like others: every so many faults; or 0 */
	/*
	 * How long ENODEV is an answer to the next request: a look that failed
	 * is made again, but not at once
	 */
	unsigned int again_ms;
};

/* Fails the case unless each call and what follows it are as they have to be */
void sweep(const struct sweep *s, unsigned int kinds);

#endif
