/* SPDX-License-Identifier: GPL-2.0-only */
/* What the ways to ask have in common */
#ifndef ASKS_H
#define ASKS_H

#include "soak.h"

#define LATE_MS		60000	/* beyond a deadline: this machine is no fast one */

extern uint8_t ask_buf[CVM_BUF_SIZE];
/* A fault was armed for this ask */
extern bool ask_armed;

/* report_data; a replayed report answers to its own, which is asked for as well */
size_t ask_data(struct rng *r, uint8_t rd[64]);
/* How much to read at once */
size_t ask_chunk(struct rng *r);
/* -1 when that failed because of a fault */
int ask_open(int flags);
/* To the end, in pieces; counts what comes of it */
void ask_take(int fd, const char *what, const uint8_t *rd, size_t len,
	      size_t chunk);
/* What is in ask_buf is evidence for these data, or this client ends */
void ask_good(ssize_t n, const uint8_t *rd, size_t len);
/* An error of the device that may be now, or this client ends */
void ask_refused(const char *what, int err);
void ask_count(int err);

/* asks_wait.c */
void ask_poll(struct rng *r);
void ask_alarm(struct rng *r);
void ask_shared(struct rng *r);
void ask_and_go(struct rng *r);

#endif
