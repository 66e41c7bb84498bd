// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "live.h"

const char *live_wait(const struct cvm_live *first, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;
	struct cvm_live l;

	for (;;) {
		cvm_get_live(&l);
		if (!l.requests && !l.blobs && !l.entries && l.files == first->files)
			return NULL;
		if (now_ms() > end)
			break;
		sleep_ms(10);
	}
	ktap_note("%u files (%u at first), %u requests, %u blobs, %u entries",
		  l.files, first->files, l.requests, l.blobs, l.entries);
	return l.requests ? "live_requests" : l.blobs ? "live_blobs" :
	       l.entries ? "live_entries" : "live_files";
}
