/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the data of an event are what was measured, by the rule of its type */
#ifndef CVM_EVIDENCE_EVENT_DATA_H
#define CVM_EVIDENCE_EVENT_DATA_H

#include "base/util.h"

#define EV_EFI_VARIABLE_BOOT	0x80000002

enum event_data {
	DATA_FREE,	/* no rule: the data name or describe what was measured */
	DATA_MEASURED,
	DATA_PARTLY,	/* a part of the data; what stands before it is the log's word */
	DATA_DIFFERS,
};

/*
 * @sha384: the digest that the event has, 48 bytes. @measured, which may be NULL, is the
 * part of @data that comes to it; empty when none does. The type of an event is in no
 * digest: a log can call an event by another.
 */
enum event_data event_data_check(u32 type, struct span data, const u8 *sha384, struct span *measured);

#endif
