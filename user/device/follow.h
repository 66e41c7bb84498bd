/* SPDX-License-Identifier: GPL-2.0-only */
/* The stream of events, complete and in order: losses are reported, duplicates
 * dropped, and the module may be unloaded and loaded meanwhile.
 */
#ifndef CVM_DEVICE_FOLLOW_H
#define CVM_DEVICE_FOLLOW_H

#include "device/event.h"
#include "device/nl.h"

struct follow_ops {
	void (*event)(void *arg, const struct event *e);
	/* Numbers that neither came nor are in the kernel's log any more */
	void (*lost)(void *arg, u64 first, u64 last);
	/* The module went, or came (back): numbers start again at 1 */
	void (*loaded)(void *arg, bool there);
};

struct follow {
	const struct follow_ops *ops;
	void *arg;
	struct netlink *nl;
	u64 next;		/* number that should come next; 0: any up to */
	u64 most;		/* this one, after which some are missing */
	bool listen;
	bool attached;
	bool overrun;
	bool asks;		/* no group: new events come from the log */
};

/* Negative errnos, no messages; as in nl.h */

/* @listen: to new events, not only the log */
int follow_open(struct follow *f, bool listen);
void follow_close(struct follow *f);
/* Fails when the module is not loaded. With @log: its log from number @from on
 * (0: all of it), then new events; else only new events.
 */
int follow_start(struct follow *f, bool log, u64 from);
/* The module was not there: is it now? */
int follow_retry(struct follow *f);
/* Call when netlink_fd() is readable: 1 means call again. */
int follow_receive(struct follow *f);
/* With @asks, call every now and then. */
int follow_ask(struct follow *f);

#endif
