/* SPDX-License-Identifier: GPL-2.0 */
/* Who makes a request: for events, and for the shares of the queue. */
#ifndef _CVME_SUBJECT_H
#define _CVME_SUBJECT_H

#include <linux/sched.h>
#include <linux/types.h>

struct cred;

/**
 * struct cvme_subject - who did it, as the init namespaces see it
 *
 * Taken from current: by the time a request ends its process may be gone.
 */
struct cvme_subject {
	u64 start_time;
	u64 exe_inode;
	u64 cgroup;
	u32 exe_major;
	u32 exe_minor;
	u32 pid;
	u32 uid;
	u32 loginuid;
	u32 session;
	char comm[TASK_COMM_LEN];
};

enum { CVME_SHARE_UID, CVME_SHARE_USERNS, CVME_SHARE_CGROUP };

/**
 * struct cvme_share_key - whose share of the queue a request comes from
 * @kind: CVME_SHARE_*
 * @id: uid in the init user namespace, inode number of a user namespace, or
 *	cgroup id
 */
struct cvme_share_key {
	u32 kind;
	u64 id;
};

void cvme_subject_fill(struct cvme_subject *who);
void cvme_share_key_of(const struct cred *cred, struct cvme_share_key *key);

#endif /* _CVME_SUBJECT_H */
