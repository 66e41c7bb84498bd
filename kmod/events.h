/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events: told once, kept in a log, sent to whoever listens. What they mean is
 * in <linux/cvm_evidence.h>. Nothing here waits: who tells an event goes on.
 */
#ifndef _CVME_EVENTS_H
#define _CVME_EVENTS_H

#include <linux/cvm_evidence.h>
#include <linux/sched.h>
#include <linux/types.h>

struct cvme_blob;
struct cvme_provider;
struct cvme_request;
struct cvme_state;

/**
 * struct cvme_subject - who did it, as the init namespaces see it
 *
 * Taken from current: by the time a request ends its process may be gone.
 */
struct cvme_subject {
	u64 start_time;
	u64 exe_dev;
	u64 exe_inode;
	u64 cgroup;
	u32 pid;
	u32 uid;
	u32 loginuid;
	u32 session;
	char comm[TASK_COMM_LEN];
};

#define CVME_FIELD_MAX		64

/**
 * struct cvme_event - one event
 * @type: enum cvm_evidence_event_type; says which of the rest means anything
 * @number: counts them
 * @who: of evidence, quota and parameter events
 * @evidence.blob: a reference, until @evidence.sha256 is made of its report;
 *	in the log only
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
			struct cvme_blob *blob;
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
			char driver[32];
			char reason[96];
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

/* events.c */
int cvme_events_init(void);
void cvme_events_exit(void);
void cvme_events_flush(void);
bool cvme_events_get(u64 number, struct cvme_event *ev);
u64 cvme_events_hashed(void);
void cvme_events_count(u64 *last, u64 *unsent);
void cvme_subject_fill(struct cvme_subject *who);

void cvme_event_request(const struct cvme_request *req, u32 tee, int err,
			struct cvme_blob *blob);
void cvme_event_state(const struct cvme_provider *p,
		      const struct cvme_state *old,
		      const struct cvme_state *new);
void cvme_event_throttle(const struct cvme_provider *p, bool throttled,
			 u64 firmware_ns);
void cvme_event_denied(const struct cvme_request *req, int err);
void cvme_event_parameter(const char *name, u64 old, u64 new);
void cvme_event_field(u32 provider, u32 tee, u32 field, const u8 *old,
		      u32 old_len, const u8 *new, u32 new_len);
void cvme_event_reattest(u32 cause);

/* netlink.c */
int cvme_netlink_init(void);
void cvme_netlink_exit(void);
bool cvme_netlink_listened(void);
int cvme_netlink_send(const struct cvme_event *ev);

#endif /* _CVME_EVENTS_H */
