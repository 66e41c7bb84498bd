/* SPDX-License-Identifier: GPL-2.0-only */
/* Event logs of TDs: what they replay to, and how they differ from a known one */
#ifndef CVM_VERIFY_EVENT_LOG_H
#define CVM_VERIFY_EVENT_LOG_H

#include "evidence/event_log.h"
#include "verify/verify.h"

/* What a log comes to. Only the events that were extended are compared with others. */
struct replay {
	size_t off;			/* where it ends, or makes no sense */
	u8 rtmr[4][48];
	size_t events[4];		/* of each register, which is that many of @e */
	struct tcg_event *e;
	size_t n;
};

/* replay.c: the reason when it makes no sense; @out is to be freed in both cases */
const char *event_log_replay(struct span s, struct replay *out);
void replay_free(struct replay *r);
/*
 * explain.c: the same log against the reference: what changed, in words. @open is the
 * register that was extended by what the log does not have, or -1.
 */
void verify_reference(struct verify *v, const struct replay *now, int open);

#endif
