/* SPDX-License-Identifier: GPL-2.0-only */
/* Event logs of firmware and boot loader (TCG PC Client Platform Firmware
 * Profile, crypto agile), of a TPM or of a CCEL
 */
#ifndef CVM_EVIDENCE_EVENT_LOG_H
#define CVM_EVIDENCE_EVENT_LOG_H

#include "base/tree.h"

#define EV_NO_ACTION	3

/* An event where it stands in the log */
struct tcg_event {
	size_t at;
	u32 reg, type, count;
	struct span digests;	/* @count of them, each behind its algorithm */
	const u8 *sha384;	/* among these, or NULL */
	struct span data;
};

bool event_log_looks_like(struct span s);
/*
 * The one reader of logs: two of them, and an event that only one of them sees, would
 * be a way past a comparison. From here on the events follow; else the reason.
 */
const char *event_log_begin(struct span s, size_t *off);
/*
 * The event at *@off, which is then behind it. False at the end, where *@off is where the
 * free part of the area begins, and for what is no event: then *@why has the reason.
 */
bool event_log_next(struct span s, size_t *off, struct tcg_event *e, const char **why);
/* As TCG calls it */
const char *event_type_name(u32 type);
int event_log_show(struct node *to, struct span s);

#endif
