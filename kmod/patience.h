/* SPDX-License-Identifier: GPL-2.0 */
/* Wait for a busy driver or TPM while the request is still wanted. */
#ifndef _CVME_PATIENCE_H
#define _CVME_PATIENCE_H

#include <linux/types.h>

struct cvme_result;

/**
 * struct cvme_patience - how long to retry something that is busy
 * @end: ktime in ns
 * @pause: ns until the next try; doubles
 *
 * On the caller's stack.
 */
struct cvme_patience {
	u64 end;
	u64 pause;
};

void cvme_patience_begin(struct cvme_patience *p, u64 ns);
bool cvme_patience_wait(struct cvme_patience *p, const struct cvme_result *res);
bool cvme_sleep_until(const struct cvme_result *res, u64 until);

#endif /* _CVME_PATIENCE_H */
