/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CVME_IOCTL_H
#define _CVME_IOCTL_H

struct file;

long cvme_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* _CVME_IOCTL_H */
