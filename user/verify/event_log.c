// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event log of a TD (TCG crypto agile log, in the CCEL's area), replayed:
 * its measurement registers are numbered from 1, RTMR0 being 1.
 */
#include <stdio.h>
#include <string.h>

#include "evidence/event_data.h"
#include "verify/event_log.h"

/* Whether each register must come to its events: the log was given, or is compared */
static bool is_strict(const struct verify *v)
{
	return v->policy.given[ASK_EVENT_LOG] || v->parts.reference.len;
}

static bool is_pinned(const struct verify *v, int i)
{
	return v->policy.given[ASK_RTMR0 + i];
}

/*
 * Firmware and boot loader log what they extend; what runs later may extend
 * RTMR3 beyond the log. Its events can then not be checked, unless the value of
 * the register is asked for itself.
 */
static void beyond(struct verify *v, const char *name, size_t events)
{
	static const char text[] = "RTMR3 was extended beyond the log: its %zu events do not replay to the register%s";

	if (is_pinned(v, 3))
		left_out(v, BOUND, name, text, events, "; --rtmr3 checks its value");
	else if (!is_strict(v))
		left_out(v, BOUND, name, text, events, "");
	else
		unable(v, BOUND, name, text, events, " and cannot be checked; --rtmr3 HEX checks its value instead");
}

/* A register that was extended, and that the log has no events of */
static void no_events(struct verify *v, const char *name, int i)
{
	if (is_pinned(v, i))
		left_out(v, BOUND, name, "it has no events of this register, which was extended; --rtmr%d judges its value", i);
	else if (is_strict(v))
		failed(v, BOUND, name, "it has no events of this register, which was extended: events were removed");
	else
		left_out(v, BOUND, name, "the evidence's own log has no events of this register, which was extended");
}

/*
 * Data that are not measured may say anything: no reader of the log can know. Nor is the
 * type of an event measured, by which the rule is chosen.
 */
static void data_of_events(struct verify *v, const struct replay *r)
{
	size_t i, measured = 0, partly = 0, described = 0, differ = 0;
	static const char name[] = "event log, data";
	const struct tcg_event *first = NULL;

	for (i = 0; i < r->n; i++) {
		switch (event_data_check(r->e[i].type, r->e[i].data, r->e[i].sha384, NULL)) {
		case DATA_MEASURED:
			measured++;
			break;
		case DATA_PARTLY:
			partly++;
			break;
		case DATA_FREE:
			described++;
			break;
		case DATA_DIFFERS:
			first = first ? first : &r->e[i];
			differ++;
			break;
		}
	}
	if (differ)
		failed(v, BOUND, name,
		       "the data of %zu events do not come to their digest, the first at offset %zu (%s): they were changed",
		       differ, first->at, event_type_name(first->type));
	else if (measured || partly)
		passed(v, BOUND, name,
		       "of %zu events the data come to the digest, of %zu a part of them (a variable's value, the text behind GRUB's word), of %zu they only describe it; the types of events are in no digest",
		       measured, partly, described);
	else
		left_out(v, BOUND, name, "of no event do the data determine the digest");
}

/* The registers; the last one that neither the log nor its pinned value accounts for, or -1 */
static int judge_registers(struct verify *v, const struct replay *r, const u8 *rtmr)
{
	int i, open = -1;
	char name[32];

	for (i = 0; i < 4; i++) {
		bool same = !memcmp(r->rtmr[i], rtmr + 48 * i, 48);

		snprintf(name, sizeof(name), "event log, RTMR%d", i);
		if (i == 3 && !same)
			beyond(v, name, r->events[i]);
		else if (r->events[i])
			judged(v, BOUND, same, name, same ? "its %zu events replay to the register" :
			       "its %zu events do not replay to the register", r->events[i]);
		else if (same)
			passed(v, BOUND, name, "it has no events, and the register is zero");
		else
			no_events(v, name, i);
		if (!same && !is_pinned(v, i))
			open = i;
	}
	return open;
}

void verify_event_log(struct verify *v, struct span s, const u8 *rtmr)
{
	struct replay r;
	const char *why = event_log_replay(s, &r);

	answered(v, ASK_EVENT_LOG);
	if (why) {
		failed(v, BOUND, "event log", "at offset %zu: %s", r.off, why);
	} else {
		int open;

		data_of_events(v, &r);
		open = judge_registers(v, &r, rtmr);
		verify_reference(v, &r, open);
	}
	if (why && v->parts.reference.len) {
		answered(v, ASK_REFERENCE);
		failed(v, APPRAISED, "reference", "the evidence's event log cannot be compared");
	}
	replay_free(&r);
}
