/* SPDX-License-Identifier: GPL-2.0-only */
/* An event as a line, for people or as JSON */
#ifndef CVM_CLI_EVENT_PRINT_H
#define CVM_CLI_EVENT_PRINT_H

#include "device/event.h"

/* Without a newline at the end */
void event_text(const struct event *e, struct buf *out);
void event_json(const struct event *e, struct buf *out);
/* CLOCK_REALTIME, ns, as local time */
void event_time(struct buf *out, u64 ns);

#endif
