/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CVME_DEVICE_H
#define _CVME_DEVICE_H

int cvme_device_init(void);
void cvme_device_exit(void);

#endif /* _CVME_DEVICE_H */
