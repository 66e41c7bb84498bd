/* SPDX-License-Identifier: GPL-2.0-only */
/* TDATTRIBUTES of a TD: what raw quotes and the claims of services are judged by */
#ifndef CVM_VERIFY_TD_ATTRIBUTES_H
#define CVM_VERIFY_TD_ATTRIBUTES_H

#include "base/util.h"

#define TD_DEBUG		1ULL
#define TD_HGS_PLUS_PROF	(1ULL << 4)
#define TD_PERF_PROF		(1ULL << 5)
#define TD_PMT_PROF		(1ULL << 6)
#define TD_TUD			0xffULL		/* under debug: any of these */
#define TD_SEPT_VE_DISABLE	(1ULL << 28)
#define TD_MIGRATABLE		(1ULL << 29)
#define TD_PKS			(1ULL << 30)
#define TD_KL			(1ULL << 31)
#define TD_PERFMON		(1ULL << 63)
/* the others must be zero */
#define TD_KNOWN		(TD_TUD | 3ULL << 16 | 0x1fULL << 27 | 3ULL << 62)

/* x87 and SSE are always on; what the TDX module lets a TD have at most */
static inline bool td_xfam_is_allowed(u64 x)
{
	const u64 fixed1 = 0x3ULL, fixed0 = 0x6dbe7ULL;

	return (x & fixed1) == fixed1 && !(x & ~fixed0);
}

#endif
