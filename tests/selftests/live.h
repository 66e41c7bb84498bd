/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module still holds, by its leak counters in debugfs. */
#ifndef LIVE_H
#define LIVE_H

#include <stdbool.h>

struct live {
	long files, requests, blobs, entries;
};

/* SKIPs the case where debugfs cannot be mounted, and fails without a counter. */
void live_read(struct live *l);
/*
 * Waits until no request, blob or entry is left and as many files as at first;
 * NULL, or the name of the counter that did not come to its end in that time.
 */
const char *live_wait(const struct live *first, unsigned int timeout_ms);

#endif
