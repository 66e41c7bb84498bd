// SPDX-License-Identifier: GPL-2.0-only
/* What an event log comes to: its events, extended one after the other */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "verify/event_log.h"

static void extend(u8 reg[48], const u8 by[48])
{
	u8 both[96], out[DIGEST_MAX];

	memcpy(both, reg, 48);
	memcpy(both + 48, by, 48);
	digest("SHA384", both, sizeof(both), out);
	memcpy(reg, out, 48);
}

static void keep(struct replay *r, const struct tcg_event *e)
{
	r->e = xgrow(r->e, r->n, sizeof(*r->e));
	r->e[r->n++] = *e;
}

const char *event_log_replay(struct span s, struct replay *r)
{
	struct tcg_event e;
	const char *why;
	size_t count;

	*r = (struct replay){ 0 };
	if (s.len > VERIFY_LOG_MAX)
		return "it is larger than the limit for event logs";
	why = event_log_begin(s, &r->off);
	for (count = 0; !why && event_log_next(s, &r->off, &e, &why); count++) {
		if (count == VERIFY_EVENTS_MAX)
			return "it has more events than the limit";
		/* it extends nothing, whatever register it names: 0xffffffff, often */
		if (e.type == EV_NO_ACTION || !e.reg)
			continue;
		if (e.reg > 4)
			return "an event is of a register that a TD does not have";
		if (!e.sha384)
			return "an event has no SHA-384 digest";
		extend(r->rtmr[e.reg - 1], e.sha384);
		r->events[e.reg - 1]++;
		keep(r, &e);
	}
	return why;
}

void replay_free(struct replay *r)
{
	free(r->e);
	*r = (struct replay){ 0 };
}
