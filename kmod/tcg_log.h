/* SPDX-License-Identifier: GPL-2.0 */
/* Where a TCG crypto-agile event log ends. */
#ifndef _CVME_TCG_LOG_H
#define _CVME_TCG_LOG_H

#include <linux/types.h>

size_t cvme_tcg_log_len(const u8 *area, size_t len);

#endif /* _CVME_TCG_LOG_H */
