/* SPDX-License-Identifier: GPL-2.0-only */
/* Which events to print: ATTRIBUTE=VALUE[,VALUE]... */
#ifndef CVM_CLI_EVENT_FILTER_H
#define CVM_CLI_EVENT_FILTER_H

#include "device/event.h"

struct event_filter;

/* Adds one more condition; RC_USAGE with a message that names what there is */
int event_filter_add(struct event_filter **filters, const char *text);
/* Every condition holds: the event has the attribute, with one of the values. */
bool event_filter_match(const struct event_filter *filters, const struct event *e);
void event_filter_free(struct event_filter **filters);

#endif
