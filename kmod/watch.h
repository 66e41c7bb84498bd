/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CVME_WATCH_H
#define _CVME_WATCH_H

int cvme_watch_init(void);
void cvme_watch_exit(void);

#endif /* _CVME_WATCH_H */
