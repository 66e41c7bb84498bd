/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The netlink family of cvm_evidence as these tests read it: raw sockets, no
 * library, and every message held against the attribute tables of
 * <linux/cvm_evidence.h>.
 */
#ifndef NL_H
#define NL_H

#include <linux/cvm_evidence.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NL_ATTRS	(CVM_EVIDENCE_EVENT_A_CAUSE + 1)
#define NL_RAW_MAX	1024

struct nl_event;

#define EV(name)	CVM_EVIDENCE_EV_##name
#define EVA(name)	CVM_EVIDENCE_EVENT_A_##name

/* a socket; where there is no group, the events from the log instead */
struct nl {
	int fd;
	uint32_t seq;
	uint32_t group;
	uint16_t family;
	bool by_log;
	uint64_t next;
	struct nl_event *read;
	int at, n;
};

/**
 * struct nl_event - one event
 * @type: enum cvm_evidence_event_type
 * @number: its number
 * @have: bit n: attribute n is there
 * @num: values of uint and u32 attributes
 * @off: of texts and bytes, where they are in @raw, and their length (texts:
 *	without the NUL)
 * @raw: the attributes as they came
 */
struct nl_event {
	uint32_t type;
	uint64_t number;
	uint64_t have;
	uint64_t num[NL_ATTRS];
	uint16_t off[NL_ATTRS], len[NL_ATTRS];
	uint8_t raw[NL_RAW_MAX];
	size_t raw_len;
};

/* GET_INFO's answer: attribute n of the counters in num[n] */
struct nl_info {
	uint64_t have;
	uint64_t num[CVM_EVIDENCE_INFO_A_PROVIDER + 1];
	char version[32];
	struct cvm_evidence_provider prov[16];
	unsigned int nr;
};

/* A socket that knows the family; 0 or -errno (-ENOENT: no such family) */
int nl_try_open(struct nl *nl);
/* The same, or the case fails. */
void nl_open(struct nl *nl);
void nl_close(struct nl *nl);
/* 0 or -errno; a kernel that offers no group is a SKIP */
int nl_try_join(struct nl *nl);
/*
 * Both, or the case fails. A kernel without a group has the log asked for what
 * is new, as the header advises.
 */
void nl_listen(struct nl *nl);

/* The next event: 1, 0 after that time, -errno (-ENOBUFS: lost) */
int nl_next(struct nl *nl, struct nl_event *ev, unsigned int timeout_ms);
/* The next of this type, others passed over; the case fails without one. */
void nl_wait(struct nl *nl, uint32_t type, struct nl_event *ev,
	     unsigned int timeout_ms);
/* No event of this type for that long, or the case fails. */
void nl_none(struct nl *nl, uint32_t type, unsigned int timeout_ms);
/* Whatever came so far is forgotten. */
void nl_drain(struct nl *nl);

/*
 * On a socket that listens, a request's answer is waited for, and events that
 * come before it are thrown away.
 *
 * A request with these attributes: 0, or what the kernel answered, -errno. What
 * it answers else is thrown away.
 */
int nl_request(struct nl *nl, uint8_t cmd, uint16_t flags, const void *attrs,
	       size_t len);
/* As one more attribute; returns the end. */
size_t nl_put(uint8_t *attrs, size_t at, uint16_t type, const void *data,
	      uint16_t len);

/* 0 or -errno */
int nl_get_info(struct nl *nl, struct nl_info *info);
/*
 * The log from a number on (0: all): events, newly allocated, oldest first.
 * Returns how many, or -errno.
 */
int nl_get_log(struct nl *nl, uint64_t from, struct nl_event **log);
/* All of it, with something done when the first event was read. */
int nl_get_log_while(struct nl *nl, struct nl_event **log, void (*between)(void));

static inline bool nl_has(const struct nl_event *ev, unsigned int attr)
{
	return ev->have >> attr & 1;
}

/* Of an attribute that must be there, or the case fails */
uint64_t nl_num(const struct nl_event *ev, unsigned int attr);
const char *nl_text(const struct nl_event *ev, unsigned int attr);
const uint8_t *nl_bytes(const struct nl_event *ev, unsigned int attr, size_t len);

const char *nl_attr_name(unsigned int attr);
/* A line for people */
void nl_note(const struct nl_event *ev);

#endif
