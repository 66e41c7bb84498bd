/* SPDX-License-Identifier: GPL-2.0 */
/* Included first by every source of the module. */
#ifndef _CVME_H
#define _CVME_H

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <asm/byteorder.h>

#ifndef __LITTLE_ENDIAN
#error "the blob and the structs of the interface are little-endian"
#endif

#define CVME_VERSION		"0.1.0"

#endif /* _CVME_H */
