/* SPDX-License-Identifier: GPL-2.0-only */
/* Event logs of firmware and boot loader (TCG PC Client Platform Firmware
 * Profile, crypto agile), of a TPM or of a CCEL
 */
#ifndef CVM_EVIDENCE_EVENT_LOG_H
#define CVM_EVIDENCE_EVENT_LOG_H

#include "base/tree.h"

bool event_log_looks_like(struct span s);
/*
 * Whether the free part of the area begins at @off: all ones, or zeros. The
 * register of an event may be -1, but no event has a type of -1 too.
 */
bool event_log_is_free(struct span s, size_t off);
/* Whether nothing else is behind that */
bool event_log_rest_is_free(struct span s, size_t off);
/* As TCG calls it */
const char *event_type_name(u32 type);
int event_log_show(struct node *to, struct span s);

#endif
