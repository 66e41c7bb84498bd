/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CVME_MEMORY_H
#define _CVME_MEMORY_H

#include <linux/gfp.h>
#include <linux/slab.h>

/*
 * For allocations in the requester's own context: they fail with ENOMEM instead
 * of calling the out-of-memory killer.
 */
#define CVME_GFP_REQUEST	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

static inline void cvme_cache_ctor(void *obj)
{
}

/*
 * A cache with a constructor is never merged with others, so that a leak is
 * seen as ours. kmem_cache_zalloc() does not work with it.
 */
static inline struct kmem_cache *cvme_own_cache(const char *name, size_t size,
						slab_flags_t flags)
{
	return kmem_cache_create(name, size, 0, flags, cvme_cache_ctor);
}

#endif /* _CVME_MEMORY_H */
