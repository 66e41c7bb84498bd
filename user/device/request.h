/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_DEVICE_REQUEST_H
#define CVM_DEVICE_REQUEST_H

#include "device/device.h"

/* The blob of one request; @r is filled except for size. With @kernel_random and
 * no parameter at all it is what cat gives: the nonce is the kernel's.
 */
int device_evidence(const char *path, struct cvm_evidence_request *r, bool kernel_random,
		    struct buf *blob);

#endif
