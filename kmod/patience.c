// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/freezer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>

#include "evidence.h"
#include "patience.h"

#define FIRST_NS		(20 * NSEC_PER_MSEC)
#define LAST_NS			(500 * NSEC_PER_MSEC)
/* How often to check whether the request has ended */
#define SLICE_NS		(100 * NSEC_PER_MSEC)

/**
 * cvme_sleep_until - (worker) sleep until a time, or until the request ends
 * @res: tells whether the request is still wanted; NULL: there is no request
 * @until: ktime in ns
 *
 * Return: false when the request has ended meanwhile.
 */
bool cvme_sleep_until(const struct cvme_result *res, u64 until)
{
	u64 now;

	while ((now = ktime_get_ns()) < until) {
		if (res && res->unwanted(res))
			return false;
		schedule_timeout_idle(nsecs_to_jiffies(min_t(u64, until - now,
							     SLICE_NS)) + 1);
		try_to_freeze();
	}
	return !res || !res->unwanted(res);
}

void cvme_patience_begin(struct cvme_patience *p, u64 ns)
{
	p->end = ktime_get_ns() + ns;
	p->pause = FIRST_NS;
}

/**
 * cvme_patience_wait - (worker) wait for the next try
 * @p: begun
 * @res: as in cvme_sleep_until()
 *
 * Return: false when the time is over or the request has ended.
 */
bool cvme_patience_wait(struct cvme_patience *p, const struct cvme_result *res)
{
	u64 now = ktime_get_ns(), pause = p->pause;

	if (now >= p->end)
		return false;
	p->pause = min_t(u64, 2 * pause, LAST_NS);
	return cvme_sleep_until(res, now + pause);
}
