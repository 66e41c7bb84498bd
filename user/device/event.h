/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of the module: netlink attributes, and what they look like in print */
#ifndef CVM_DEVICE_EVENT_H
#define CVM_DEVICE_EVENT_H

#include <linux/cvm_evidence.h>

#include "base/util.h"

struct nlattr;

/* Points into the message it came in. */
struct event {
	struct span attrs;
	u64 number;		/* 0 when it has none */
	u32 type;		/* 0 when it has none */
};

enum event_kind {
	EVENT_NUMBER = 1, EVENT_U32, EVENT_ERRNO, EVENT_NS, EVENT_TIME, EVENT_WORD,
	EVENT_ENUM, EVENT_BITS, EVENT_FLAG, EVENT_TEXT, EVENT_BYTES,
};

/* The last attribute that is known */
#define EVENT_ATTR_MAX	CVM_EVIDENCE_EVENT_A_CAUSE

struct event_attr {
	const char *name;
	enum event_kind kind;
	bool brief;		/* on the line for people too */
	const char *const *names;	/* of values (EVENT_ENUM) or bits */
	size_t n;
	const char *(*name_of)(u32 value);	/* instead of names */
};

/* Never fails: what cannot be understood is kept for printing. */
void event_parse(struct event *e, const void *attrs, size_t len);

/* NULL when it is not known */
const struct event_attr *event_attr(u32 id);
/* 0 when there is no such attribute */
u32 event_attr_by_name(const char *name);
/* NULL when it has none */
const char *event_value_name(const struct event_attr *a, u64 value);
/* The @i-th of the bits that are set: its name, or "bit-N"; false: no more */
bool event_bit_name(const struct event_attr *a, u64 value, u32 i, struct buf *out);

/* The attributes one by one, with nla_ok() and nla_next() */
const struct nlattr *event_first(const struct event *e, int *left);
/* Whether it has a length that its kind has: numbers 4 bytes or 8, u32 4, flags 0 */
bool event_attr_ok(const struct event_attr *a, const struct nlattr *nla);
u64 event_number(const struct nlattr *nla);
char *event_text_of(const struct nlattr *nla);

/* Values as text, for comparison. Of flags the @i-th one; false: no (more). */
bool event_value(const struct event *e, u32 id, u32 i, struct buf *out);
/* What a person gives for one, as event_value() has it; false when the
 * attribute cannot have such a value
 */
bool event_normalise(u32 id, const char *value, struct buf *out);

#endif
