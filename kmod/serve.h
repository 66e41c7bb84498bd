/* SPDX-License-Identifier: GPL-2.0 */
/* The one worker: it probes, picks the provider, and takes the evidence. */
#ifndef _CVME_SERVE_H
#define _CVME_SERVE_H

#include <linux/types.h>

int cvme_worker_init(void);
void cvme_worker_exit(void);
void cvme_worker_probe(void);
void cvme_worker_wait_first_probe(void);
void cvme_worker_release(const char *driver);

#endif /* _CVME_SERVE_H */
