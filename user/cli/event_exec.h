/* SPDX-License-Identifier: GPL-2.0-only */
/* A command for each event: one at a time, in order, with a queue before it */
#ifndef CVM_CLI_EVENT_EXEC_H
#define CVM_CLI_EVENT_EXEC_H

#include <signal.h>

#include "base/util.h"

/* Events that wait for a slow command; what comes on top is dropped, counted. */
#define EVENT_EXEC_QUEUE	4096

struct event_exec;

/* The shell is given @command, with @mask for its blocked signals. */
struct event_exec *event_exec_new(const char *command, const sigset_t *mask);
void event_exec_free(struct event_exec **x);
/* Takes the text of one event. False when the queue is full: dropped. */
bool event_exec_add(struct event_exec *x, const char *json);
/* After SIGCHLD: starts the next one */
void event_exec_reap(struct event_exec *x);
/* Dropped since this was last asked */
u64 event_exec_dropped(struct event_exec *x);
/* Forgets the events that wait, and says how many they were */
u64 event_exec_cancel(struct event_exec *x);
bool event_exec_running(const struct event_exec *x);

#endif
