/* SPDX-License-Identifier: GPL-2.0 */
/* How many objects of ours exist: leaks show here (debugfs, for tests). */
#ifndef _CVME_LIVE_H
#define _CVME_LIVE_H

#include <linux/atomic.h>

struct cvme_live {
	atomic_t files;		/* open files */
	atomic_t requests;	/* request objects */
	atomic_t blobs;		/* blob objects */
	atomic_t entries;	/* TSM configfs entries of ours */
};

extern struct cvme_live cvme_live;

void cvme_live_init(void);
void cvme_live_exit(void);

#endif /* _CVME_LIVE_H */
