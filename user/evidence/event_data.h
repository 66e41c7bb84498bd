/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the data of an event are what was measured, by the rule of its type */
#ifndef CVM_EVIDENCE_EVENT_DATA_H
#define CVM_EVIDENCE_EVENT_DATA_H

#include "base/util.h"

enum event_data {
	DATA_FREE,	/* no rule: the data name or describe what was measured */
	DATA_MEASURED,
	DATA_DIFFERS,
};

/* @sha384: the digest that the event has, 48 bytes */
enum event_data event_data_check(u32 type, struct span data, const u8 *sha384);

#endif
