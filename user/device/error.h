/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_DEVICE_ERROR_H
#define CVM_DEVICE_ERROR_H

#include "device/device.h"

/* The exit status for @err of REQUEST or read(2), with a message */
int request_failed(int fd, const char *path, const struct cvm_evidence_request *r, int err);

#endif
