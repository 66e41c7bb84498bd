/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CVME_NETLINK_H
#define _CVME_NETLINK_H

void cvme_netlink_init(void);
void cvme_netlink_exit(void);

#endif /* _CVME_NETLINK_H */
