// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/cvm_evidence.h>
#include <linux/hashtable.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/time64.h>

#include "memory.h"
#include "queue.h"
#include "state.h"

DEFINE_SPINLOCK(cvme_queue_lock);

static struct kmem_cache *share_cache;
static DEFINE_HASHTABLE(shares, 8);
/* Shares with waiting requests, the next to be served first */
static struct rb_root_cached waiting_shares = RB_ROOT_CACHED;
/* Shares that are kept for what they used, the least indebted first */
static struct rb_root_cached indebted_shares = RB_ROOT_CACHED;
static unsigned int nr_waiting_shares;
static unsigned int nr_indebted_shares;
static unsigned int nr_waiting;
/*
 * The queue's virtual time: what a share would have used that had always waited
 * and got its part of the time; at least @used of the share chosen last. It
 * never goes back, and a share that becomes active starts at it. If it were only
 * @used of the share chosen last, an endless row of new shares would hold it
 * back, and all of them would be served before the others.
 */
static u64 virtual_time;
/*
 * As much of one service counts in the virtual time: a call that a host held up
 * for a minute must not put whoever comes next half a minute behind the others.
 * It is more than slow providers take, or new shares would be served before a
 * share that has used such a provider.
 */
#define VIRTUAL_STEP_NS		(4 * NSEC_PER_SEC)
/* The largest @used of any share; the virtual time of an empty queue */
static u64 most_used;

static struct cvme_share *share_of(const struct rb_node *node)
{
	return rb_entry(node, struct cvme_share, node);
}

/* Equals are served in the order they came; newcomers before the others */
static bool served_before(struct rb_node *na, const struct rb_node *nb)
{
	const struct cvme_share *a = share_of(na), *b = share_of(nb);

	if (a->used != b->used)
		return a->used < b->used;
	return a->newcomer && !b->newcomer;
}

static void share_free(struct cvme_share *share)
{
	hash_del(&share->hash);
	kmem_cache_free(share_cache, share);
}

static void forget_debt(struct cvme_share *share)
{
	rb_erase_cached(&share->node, &indebted_shares);
	nr_indebted_shares--;
	share->indebted = false;
}

static struct cvme_share *least_indebted(void)
{
	struct rb_node *node = rb_first_cached(&indebted_shares);

	return node ? share_of(node) : NULL;
}

/* A share without users has no requests either: keep it only for its debt */
static void settle(struct cvme_share *share)
{
	if (share->used <= virtual_time) {
		share_free(share);
		return;
	}
	if (nr_indebted_shares == CVM_EVIDENCE_SHARES_MAX) {
		struct cvme_share *least = least_indebted();

		forget_debt(least);
		share_free(least);
	}
	share->indebted = true;
	rb_add_cached(&share->node, &indebted_shares, served_before);
	nr_indebted_shares++;
}

static struct cvme_share *find_share(const struct cvme_share_key *key)
{
	struct cvme_share *share;

	hash_for_each_possible(shares, share, hash, key->id)
		if (share->key.id == key->id && share->key.kind == key->kind)
			return share;
	return NULL;
}

/**
 * cvme_share_get - get the share of a key, for a requester
 * @key: key of the share
 *
 * Return: the share, for the caller to put by cvme_share_put(); NULL when out
 * of memory.
 */
struct cvme_share *cvme_share_get(const struct cvme_share_key *key)
{
	struct cvme_share *share, *fresh;

	fresh = kmem_cache_alloc(share_cache, CVME_GFP_REQUEST);
	if (!fresh)
		return NULL;

	spin_lock(&cvme_queue_lock);
	share = find_share(key);
	if (share) {
		if (share->indebted)
			forget_debt(share);
	} else {
		share = fresh;
		fresh = NULL;
		memset(share, 0, sizeof(*share));
		share->key = *key;
		INIT_LIST_HEAD(&share->queue);
		hash_add(shares, &share->hash, key->id);
	}
	share->users++;
	spin_unlock(&cvme_queue_lock);

	if (fresh)
		kmem_cache_free(share_cache, fresh);
	return share;
}

void cvme_share_put(struct cvme_share *share)
{
	spin_lock(&cvme_queue_lock);
	if (!--share->users)
		settle(share);
	spin_unlock(&cvme_queue_lock);
}

/* The first waiting request of each share has a place of its own */
static int check_room(const struct cvme_share *share)
{
	unsigned int max = READ_ONCE(cvme_queue_max), taken, left;

	if (!share->waiting)
		return nr_waiting_shares < CVM_EVIDENCE_SHARES_MAX ? 0 : -EBUSY;
	/* all other waiting requests take shared places */
	taken = nr_waiting - nr_waiting_shares;
	left = taken < max ? max - taken : 0;
	if (!left)
		return -EBUSY;
	return share->waiting - 1 < left ? 0 : -EDQUOT;
}

/**
 * cvme_queue_add - admit a request
 * @share: share of the requester
 * @item: the request's entry in the share's queue
 *
 * Return: 0; -EBUSY when the queue is full, -EDQUOT when the share is.
 */
int cvme_queue_add(struct cvme_share *share, struct list_head *item)
{
	int err;

	lockdep_assert_held(&cvme_queue_lock);

	err = check_room(share);
	if (err)
		return err;
	nr_waiting++;
	list_add_tail(item, &share->queue);
	if (share->waiting++)
		return 0;
	if (!share->running) {
		/* idle time earns no credit */
		share->used = max(share->used, virtual_time);
		share->newcomer = true;
	}
	nr_waiting_shares++;
	rb_add_cached(&share->node, &waiting_shares, served_before);
	return 0;
}

/**
 * cvme_queue_remove - remove a waiting request
 * @share: share of the requester, which the caller keeps alive
 * @item: the request's entry in the share's queue
 */
void cvme_queue_remove(struct cvme_share *share, struct list_head *item)
{
	lockdep_assert_held(&cvme_queue_lock);

	list_del_init(item);
	nr_waiting--;
	if (--share->waiting)
		return;
	rb_erase_cached(&share->node, &waiting_shares);
	nr_waiting_shares--;
}

/* Forget the debts that the virtual time has caught up with */
static void forget_old_debts(void)
{
	struct cvme_share *share;

	while ((share = least_indebted()) && share->used <= virtual_time) {
		forget_debt(share);
		share_free(share);
	}
}

/**
 * cvme_queue_next - choose the share that is served next
 *
 * Return: the share whose oldest request is to be served now, and then
 * accounted by cvme_queue_served(); NULL when nobody waits.
 */
struct cvme_share *cvme_queue_next(void)
{
	struct rb_node *node = rb_first_cached(&waiting_shares);
	struct cvme_share *share;

	lockdep_assert_held(&cvme_queue_lock);

	if (!node)
		return NULL;
	share = share_of(node);
	share->running = true;
	virtual_time = max(virtual_time, share->used);
	forget_old_debts();
	return share;
}

/**
 * cvme_queue_served - account for a request of a share
 * @share: from cvme_queue_next()
 * @ns: how long it took to serve
 */
void cvme_queue_served(struct cvme_share *share, u64 ns)
{
	lockdep_assert_held(&cvme_queue_lock);

	share->running = false;
	/* divide the time among this share and all that wait */
	virtual_time += div_u64(min(ns, VIRTUAL_STEP_NS),
				nr_waiting_shares + !share->waiting);
	/* take the share out of the tree to set the keys, newcomer and used */
	if (share->waiting)
		rb_erase_cached(&share->node, &waiting_shares);
	share->newcomer = false;
	share->used += ns;
	most_used = max(most_used, share->used);
	if (share->waiting)
		rb_add_cached(&share->node, &waiting_shares, served_before);
	if (nr_waiting)
		return;
	/* the queue is empty: forget all debts */
	virtual_time = max(virtual_time, most_used);
	forget_old_debts();
}

unsigned int cvme_queue_waiting(void)
{
	lockdep_assert_held(&cvme_queue_lock);
	return nr_waiting;
}

int cvme_queue_init(void)
{
	/* not charged, which may sleep: misc_open() holds a mutex meanwhile */
	share_cache = cvme_own_cache("cvm_evidence_share",
				     sizeof(struct cvme_share), 0);
	return share_cache ? 0 : -ENOMEM;
}

/* No requester is left, so all shares that are left are indebted ones */
void cvme_queue_exit(void)
{
	struct cvme_share *share;

	spin_lock(&cvme_queue_lock);
	while ((share = least_indebted())) {
		forget_debt(share);
		share_free(share);
	}
	spin_unlock(&cvme_queue_lock);
	kmem_cache_destroy(share_cache);
}
