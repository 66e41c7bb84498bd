/* SPDX-License-Identifier: GPL-2.0-only */
/* The netlink family of the module, by libnl */
#ifndef CVM_DEVICE_NL_H
#define CVM_DEVICE_NL_H

#include "device/device.h"

struct netlink;

/* One event, of the group or of the log */
typedef void netlink_event_fn(void *arg, const void *attrs, size_t len);

struct netlink_ops {
	netlink_event_fn *event;
	/* The module was loaded, or unloaded */
	void (*family)(void *arg, bool there);
};

struct netlink_counters {
	u64 events;		/* number of the last one */
	u64 unsent;
};

/*
 * Functions that can fail return 0 or a negative errno, and set no message.
 * ENOENT: no family; EPERM: no CAP_NET_ADMIN; EOPNOTSUPP: no group of events;
 * EPROTO: the module speaks another version of the interface; EBADMSG: the
 * answer is malformed.
 */

/* Without @ops it does not listen. */
int netlink_open(struct netlink **nl, const struct netlink_ops *ops, void *arg);
void netlink_close(struct netlink **nl);
/* Readable when there is something to receive */
int netlink_fd(const struct netlink *nl);
/* Looks the family up, again after a reload, and asks for its version; with
 * @listen joins its group
 */
int netlink_attach(struct netlink *nl, bool listen);
/* Whether the family that was looked up is still the one there is */
bool netlink_attached(struct netlink *nl);
/* What waits, or a part of it: 1 if there may be more, 0 if there was no more,
 * -ENOBUFS when messages were lost before the next ones.
 */
int netlink_receive(struct netlink *nl);
/* The kernel's log from event number @from on (0: all) */
int netlink_log(struct netlink *nl, u64 from, netlink_event_fn *event, void *arg);
/* Both may be NULL. Of @di everything but the limits */
int netlink_info(struct netlink *nl, struct device_info *di, struct netlink_counters *counters);

#endif
