/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CVME_IDENTITY_H
#define _CVME_IDENTITY_H

#include <linux/types.h>

struct cvme_result;

void cvme_identity_compare(u32 provider, const struct cvme_result *res);

#endif /* _CVME_IDENTITY_H */
