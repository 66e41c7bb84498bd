/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of the family, taken apart strictly; NULL, or what is wrong. */
#ifndef NL_PARSE_H
#define NL_PARSE_H

#include <linux/netlink.h>

#include "nl.h"

/* The attributes of a message or nest by type, 1..max; others are errors. */
const char *nl_table(const void *p, size_t len, const struct nlattr **at,
		     unsigned int max);
const void *nl_payload(const struct nlattr *a);
size_t nl_payload_len(const struct nlattr *a);

const char *nl_event_parse(const struct nlmsghdr *h, uint8_t cmd,
			   struct nl_event *ev);
const char *nl_info_parse(const struct nlmsghdr *h, struct nl_info *info);

#endif
