// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event log of a TD (TCG crypto agile log, in the CCEL's area), replayed:
 * its measurement registers are numbered from 1, RTMR0 being 1.
 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "verify/verify.h"

#define EV_NO_ACTION	3
#define ALG_SHA1	0x4
#define ALG_SHA256	0xb
#define ALG_SHA384	0xc
#define ALG_SHA512	0xd
#define HEAD_LEN	32	/* of the first event: no list of digests, SHA-1 */

struct log {
	struct span s;
	size_t off;
	u8 rtmr[4][48];
	size_t events[4];
};

static bool have(const struct log *l, size_t n)
{
	return l->s.len - l->off >= n;
}

static size_t digest_len(u16 alg)
{
	switch (alg) {
	case ALG_SHA1:
		return 20;
	case ALG_SHA256:
		return 32;
	case ALG_SHA384:
		return 48;
	case ALG_SHA512:
		return 64;
	default:
		return 0;
	}
}

static void extend(u8 reg[48], const u8 by[48])
{
	u8 both[96], out[DIGEST_MAX];

	memcpy(both, reg, 48);
	memcpy(both + 48, by, 48);
	digest("SHA384", both, sizeof(both), out);
	memcpy(reg, out, 48);
}

/* One event; the reason when it makes no sense */
static const char *event(struct log *l)
{
	const u8 *p = l->s.p + l->off, *sha384 = NULL;
	u32 reg, type, count, i, size;

	if (!have(l, 12))
		return "an event is cut short";
	reg = le32(p);
	type = le32(p + 4);
	count = le32(p + 8);
	l->off += 12;
	for (i = 0; i < count; i++) {
		size_t len;
		u16 alg;

		if (!have(l, 2))
			return "a digest is cut short";
		alg = le16(l->s.p + l->off);
		len = digest_len(alg);
		if (!len)
			return "a digest's algorithm is not known";
		if (!have(l, 2 + len))
			return "a digest is cut short";
		/* of two each reader could mean another */
		if (alg == ALG_SHA384 && sha384)
			return "an event has two SHA-384 digests";
		if (alg == ALG_SHA384)
			sha384 = l->s.p + l->off + 2;
		l->off += 2 + len;
	}
	if (!have(l, 4))
		return "an event is cut short";
	size = le32(l->s.p + l->off);
	l->off += 4;
	if (!have(l, size))
		return "the data of an event are cut short";
	l->off += size;
	/* it extends nothing, whatever register it names: 0xffffffff, often */
	if (type == EV_NO_ACTION || !reg)
		return NULL;
	if (reg > 4)
		return "an event is of a register that a TD does not have";
	if (!sha384)
		return "an event has no SHA-384 digest";
	extend(l->rtmr[reg - 1], sha384);
	l->events[reg - 1]++;
	return NULL;
}

/* Where the last run of bytes @c begins */
static size_t tail_of(struct span s, u8 c)
{
	size_t n = s.len;

	while (n && s.p[n - 1] == c)
		n--;
	return n;
}

static const char *replay(struct log *l)
{
	size_t zeros = tail_of(l->s, 0), ones = tail_of(l->s, 0xff), count;
	const char *why = NULL;
	u32 size;

	if (l->s.len > VERIFY_LOG_MAX)
		return "it is larger than the limit for event logs";
	if (!have(l, HEAD_LEN) || le32(l->s.p + 4) != EV_NO_ACTION)
		return "its first event is not a specification event";
	size = le32(l->s.p + 28);
	l->off = HEAD_LEN;
	if (!have(l, size) || size < 16 || memcmp(l->s.p + HEAD_LEN, "Spec ID Event03", 16))
		return "its first event is not a specification event";
	l->off += size;
	/* the area's free part is all ones, or zeros */
	for (count = 0; !why && l->off < zeros && l->off < ones; count++) {
		if (count == VERIFY_EVENTS_MAX)
			return "it has more events than the limit";
		why = event(l);
	}
	return why;
}

/*
 * Firmware and boot loader log what they extend; what runs later may extend
 * RTMR3 beyond the log. Its events can then not be checked, unless the value of
 * the register is asked for itself.
 */
static void beyond(struct verify *v, const char *name, size_t events)
{
	static const char text[] = "RTMR3 was extended beyond the log: its %zu events do not replay to the register%s";

	if (v->policy.given[ASK_RTMR3])
		left_out(v, BOUND, name, text, events, "; --rtmr3 checks its value");
	else if (!v->policy.given[ASK_EVENT_LOG])
		left_out(v, BOUND, name, text, events, "");
	else
		unable(v, BOUND, name, text, events, " and cannot be checked; --rtmr3 HEX checks its value instead");
}

void verify_event_log(struct verify *v, struct span s, const u8 *rtmr)
{
	struct log l = { .s = s };
	const char *why = replay(&l);
	char name[32];
	int i;

	answered(v, ASK_EVENT_LOG);
	if (why) {
		failed(v, BOUND, "event log", "at offset %zu: %s", l.off, why);
		return;
	}
	for (i = 0; i < 4; i++) {
		const u8 *have_reg = rtmr + 48 * i;
		bool same = !memcmp(l.rtmr[i], have_reg, 48);

		snprintf(name, sizeof(name), "event log, RTMR%d", i);
		if (i == 3 && !same)
			beyond(v, name, l.events[i]);
		else if (l.events[i])
			judged(v, BOUND, same, name, same ? "its %zu events replay to the register" :
			       "its %zu events do not replay to the register", l.events[i]);
		else if (same)
			passed(v, BOUND, name, "it has no events, and the register is zero");
		else if (v->policy.given[ASK_EVENT_LOG])
			failed(v, BOUND, name, "it has no events of this register, which was extended: events were removed");
		else
			left_out(v, BOUND, name, "the evidence's own log has no events of this register, which was extended");
	}
}
