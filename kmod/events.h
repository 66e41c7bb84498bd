/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events: logged once, sent to the listeners. What they mean is in
 * <linux/cvm_evidence.h>. Adding one does not wait for a listener.
 */
#ifndef _CVME_EVENTS_H
#define _CVME_EVENTS_H

#include <linux/cvm_evidence.h>
#include <linux/types.h>

#include "subject.h"

#define CVME_FIELD_MAX		64

/**
 * struct cvme_event - one event
 * @type: enum cvm_evidence_event_type; selects the members that are valid
 * @number: counts events, from 1
 * @who: of evidence, quota and parameter events
 * @evidence.hashed: @evidence.sha256 is the report's hash
 */
struct cvme_event {
	u64 number;
	u64 boottime;
	u64 realtime;
	u64 epoch;
	u32 type;
	u32 provider;
	u32 tee;
	struct cvme_subject who;
	union {
		struct {
			u64 seq;
			u64 fw_status;
			u64 wait_ns;
			u64 firmware_ns;
			u32 privlevel;
			u32 flags;
			int err;
			bool fw_status_known;
			bool kernel_random;
			bool hashed;
			u8 sha256[32];
		} evidence;
		struct {
			u64 firmware_ns;
			u32 reason;
			u32 reason_param;
			char driver[32];
		} change;
		struct {
			u32 count;
			int err;
		} denied;
		struct {
			char name[32];
			u64 old;
			u64 new;
		} parameter;
		struct {
			u32 id;
			u32 old_len;
			u32 new_len;
			u8 old[CVME_FIELD_MAX];
			u8 new[CVME_FIELD_MAX];
		} field;
		u32 cause;
	};
};

/**
 * struct cvme_event_sink - where events are sent
 * @listened: does anybody listen
 * @send: send one; 0 or a negative errno. Called by the events' work.
 * @lost: one or more could not be sent, or were overrun before
 */
struct cvme_event_sink {
	bool (*listened)(void);
	int (*send)(const struct cvme_event *ev);
	void (*lost)(void);
};

int cvme_events_init(void);
void cvme_events_exit(void);
void cvme_events_sink(const struct cvme_event_sink *to);
void cvme_events_flush(void);
bool cvme_events_get(u64 number, struct cvme_event *ev);
void cvme_events_count(u64 *last, u64 *unsent);

void cvme_event_add(struct cvme_event *ev);
void cvme_event_denied(u32 provider, const struct cvme_subject *who, int err);

#endif /* _CVME_EVENTS_H */
