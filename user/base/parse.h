/* SPDX-License-Identifier: GPL-2.0-only */
/* Values as people write them; @option is what a message calls them */
#ifndef CVM_BASE_PARSE_H
#define CVM_BASE_PARSE_H

#include <time.h>

#include "base/util.h"

/* hex:.., base64:.., text:.. or file:PATH */
int parse_data(const char *option, const char *arg, struct buf *out);
/* Decimal digits and nothing else */
int parse_number(const char *what, const char *text, u64 max, u64 *out);
/* 2025-01-31T12:00:00Z, and where @days is set 2025-01-31: as it is written, and no other day */
bool parse_time(const char *text, bool days, time_t *t);

#endif
