/* SPDX-License-Identifier: GPL-2.0 */
/* Counts of live objects, in debugfs, so that tests can find leaks. */
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
