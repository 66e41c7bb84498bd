/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CVME_CCEL_H
#define _CVME_CCEL_H

#include "evidence.h"

int cvme_ccel_read(struct cvme_buf *table, struct cvme_buf *log, size_t max,
		   const char **why);

#endif
