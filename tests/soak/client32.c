// SPDX-License-Identifier: GPL-2.0-only
/* A client as a program of its own, for the other ABI: client32 FD SLOT SEED */
#define _GNU_SOURCE
#include "soak.h"

#include <stdlib.h>
#include <sys/mman.h>

struct soak *soak;
int soak_fd = -1;

/* Those that need netlink are of the other ABI */
void reader_main(struct rng *r, struct slot *slot)
{
	ask_random(r, slot);
}

void stuck_main(struct rng *r, struct slot *slot)
{
	ask_random(r, slot);
}

bool check(enum check c, bool ok, const char *fmt, ...)
{
	(void)c;
	(void)fmt;
	return ok;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	soak = mmap(NULL, sizeof(*soak), PROT_READ | PROT_WRITE, MAP_SHARED,
		    atoi(argv[1]), 0);
	CHECK(soak != MAP_FAILED, "the figures cannot be mapped");
	client_main(atoi(argv[2]), strtoull(argv[3], NULL, 0));
	return 0;
}
