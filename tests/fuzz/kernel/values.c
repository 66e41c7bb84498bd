// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, bytes and addresses, from a seed. */
#define _GNU_SOURCE
#include "fuzz.h"
#include "../../selftests/cvm_client.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

long page;
uint8_t *shaky;

uint64_t rng_next(struct rng *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * 2685821657736338717ULL;
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (rng_next(r) >> 32) % n;
}

/* Mostly small, at times a border or anything */
uint32_t number(struct rng *r, uint32_t usual)
{
	static const uint32_t odd[] = {
		0, 1, 2, 3, 4, 7, 8, 31, 32, 33, 63, 64, 65, 255, 4095, 4096, 4097,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	};

	if (!rng_one_in(r, 4))
		return rng_below(r, usual + 1);
	if (!rng_one_in(r, 4))
		return odd[rng_below(r, ARRAY_SIZE(odd))];
	return rng_next(r);
}

void bytes(struct rng *r, void *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = rng_next(r) >> 40;
}

/* Somewhere for len bytes: good, at the edge of what is there, or nowhere */
void *place(struct rng *r, void *good, size_t len)
{
	switch (rng_below(r, 12)) {
	case 0:
		return shaky + page - rng_below(r, len < 64 ? len + 1 : 64);
	case 1:
		return len <= (size_t)page ? shaky + 2 * page - len : shaky;
	case 2:
		return shaky + 2 * page - rng_below(r, 32);
	case 3:
		return rng_one_in(r, 2) ? NULL : (void *)(uintptr_t)rng_next(r);
	default:
		return good;
	}
}

void values_init(void)
{
	page = sysconf(_SC_PAGESIZE);
	shaky = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(shaky != MAP_FAILED && !mprotect(shaky + 2 * page, page, PROT_NONE),
	      "%s", strerror(errno));
}
