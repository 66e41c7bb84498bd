/* SPDX-License-Identifier: GPL-2.0-only */
/* Does the module come back to what it held before, by its leak counters. */
#ifndef LIVE_H
#define LIVE_H

#include "cvm_client.h"

/*
 * Waits until no request, blob or entry is left and as many files as at first;
 * NULL, or the name of the counter that did not come to its end in that time.
 */
const char *live_wait(const struct cvm_live *first, unsigned int timeout_ms);

#endif
