/* SPDX-License-Identifier: GPL-2.0-only */
/* What was fetched before, in the cache of this user: of public documents only */
#ifndef CVM_NET_CACHE_H
#define CVM_NET_CACHE_H

#include <time.h>

#include "base/util.h"

/* Where the answer to @url is kept among those of @kind ("kds"); NULL: no cache */
char *cache_path(const char *kind, const char *url);
/* A file of at most @max bytes that has something in it; no message */
bool cache_read(const char *path, size_t max, struct buf *b);
/* Errors are ignored: then nothing is cached. */
void cache_keep(const char *kind, const char *path, const void *p, size_t len);
/* Until when a service must not be asked; 0 when it may be asked now */
time_t cache_quiet_until(const char *path);
/* Keeps that it must not be asked for @seconds, or for a minute where it did not say */
void cache_keep_quiet(const char *kind, const char *path, long seconds);

#endif
