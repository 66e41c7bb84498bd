/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one queue: which request is served next, and who may wait. The rules are
 * in <linux/cvm_evidence.h>, THE QUEUE.
 */
#ifndef _CVME_QUEUE_H
#define _CVME_QUEUE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "subject.h"

/**
 * struct cvme_share - the requesters that count as one in the queue
 * @hash: in the table of all shares
 * @node: in the tree of waiting shares while @waiting, or in that of indebted
 *	ones while it has no users
 * @queue: waiting requests, oldest first
 * @users: requesters that have it
 * @waiting: length of @queue
 * @running: a request of it is being served
 * @newcomer: it became active and was not served since
 * @indebted: it is kept for its @used alone
 * @finishing: its answers that wait for their requester's memory (serve.c)
 * @used: virtual time, ns: where it joined, plus the time its requests took
 * @key: whose share
 *
 * All but @finishing under cvme_queue_lock. Lives while it has users (the
 * requester of each request is one), and then while @used is ahead of the
 * queue's virtual time: otherwise leaving and coming back would erase the debt.
 */
struct cvme_share {
	struct hlist_node hash;
	struct rb_node node;
	struct list_head queue;
	unsigned int users;
	unsigned int waiting;
	bool running;
	bool newcomer;
	bool indebted;
	atomic_t finishing;
	u64 used;
	struct cvme_share_key key;
};

/* Guards the queue and every request's state; taken in process context only */
extern spinlock_t cvme_queue_lock;

int cvme_queue_init(void);
void cvme_queue_exit(void);

struct cvme_share *cvme_share_get(const struct cvme_share_key *key);
void cvme_share_put(struct cvme_share *share);

/* All below under cvme_queue_lock */
int cvme_queue_add(struct cvme_share *share, struct list_head *item);
void cvme_queue_remove(struct cvme_share *share, struct list_head *item);
struct cvme_share *cvme_queue_next(void);
void cvme_queue_served(struct cvme_share *share, u64 ns);
unsigned int cvme_queue_waiting(void);

#endif /* _CVME_QUEUE_H */
