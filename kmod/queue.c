// SPDX-License-Identifier: GPL-2.0
/*
 * The fair queue of a provider. The firmware is one, so requests go one at a
 * time: round-robin over shares, bounded per share and in total. Everything
 * here runs under the provider's lock and allocates nothing.
 */
#include "cvm_evidence.h"

#include <linux/hash.h>
#include <linux/lockdep.h>

#include "request.h"

static struct cvme_share *find_share(struct cvme_provider *p,
				     const struct cvme_share_key *key)
{
	struct cvme_share *share;

	hash_for_each_possible(p->shares, share, hash, key->id)
		if (share->key.id == key->id && share->key.kind == key->kind)
			return share;
	return NULL;
}

/**
 * cvme_queue_add - admit a request
 * @req: with provider and client set
 * @spare: a zeroed share, taken (and set to NULL) when the request is the
 *	first of its share
 *
 * Return: 0; -EBUSY when the queue is full, -EDQUOT when the share is.
 */
int cvme_queue_add(struct cvme_request *req, struct cvme_share **spare)
{
	struct cvme_provider *p = req->provider;
	const struct cvme_share_key *key = &req->client->share;
	struct cvme_share *share = find_share(p, key);

	lockdep_assert_held(&p->lock);

	if (share && share->count >= READ_ONCE(cvme_share_max))
		return -EDQUOT;
	if (p->queued >= READ_ONCE(cvme_queue_max))
		return -EBUSY;

	if (!share) {
		share = *spare;
		*spare = NULL;
		share->key = *key;
		INIT_LIST_HEAD(&share->queue);
		INIT_LIST_HEAD(&share->rr);
		hash_add(p->shares, &share->hash, key->id);
	}
	share->count++;
	p->queued++;
	req->share = share;
	req->state = CVME_QUEUED;
	list_add_tail(&req->node, &share->queue);
	if (list_empty(&share->rr))
		list_add_tail(&share->rr, &p->rr);
	return 0;
}

/* Take a waiting request off; it stays counted */
void cvme_queue_remove(struct cvme_request *req)
{
	struct cvme_share *share = req->share;

	lockdep_assert_held(&req->provider->lock);

	list_del_init(&req->node);
	if (list_empty(&share->queue))
		list_del_init(&share->rr);
}

/**
 * cvme_queue_next - the request whose turn it is
 * @p: the provider
 *
 * Return: the request, taken off and now CVME_RUNNING, with the reference the
 * queue had; NULL when nobody waits.
 */
struct cvme_request *cvme_queue_next(struct cvme_provider *p)
{
	struct cvme_share *share;
	struct cvme_request *req;

	lockdep_assert_held(&p->lock);

	share = list_first_entry_or_null(&p->rr, struct cvme_share, rr);
	if (!share)
		return NULL;
	req = list_first_entry(&share->queue, struct cvme_request, node);
	cvme_queue_remove(req);
	if (!list_empty(&share->queue))
		list_move_tail(&share->rr, &p->rr);
	req->state = CVME_RUNNING;
	return req;
}

/**
 * cvme_queue_uncount - a request no longer waits nor runs
 * @req: off the queue
 *
 * Return: its share if that was the last of it, for the caller to free.
 */
struct cvme_share *cvme_queue_uncount(struct cvme_request *req)
{
	struct cvme_provider *p = req->provider;
	struct cvme_share *share = req->share;

	lockdep_assert_held(&p->lock);

	req->share = NULL;
	p->queued--;
	if (--share->count)
		return NULL;
	hash_del(&share->hash);
	return share;
}
