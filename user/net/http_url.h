/* SPDX-License-Identifier: GPL-2.0-only */
/* What a URL says of the host, by the same rules everywhere */
#ifndef CVM_NET_HTTP_URL_H
#define CVM_NET_HTTP_URL_H

#include "base/util.h"

/*
 * http:// or https:// and a host. A user or password before the host is refused,
 * with a message that shows nothing of the URL: RC_USAGE.
 */
int url_check(const char *what, const char *url);
/* An address of 127.0.0.0/8 or ::1. A name is none, whatever it resolves to. */
bool url_is_loopback(const char *url);
/* Host and port for messages: never a user, a password or a query */
char *url_host(const char *url);

#endif
