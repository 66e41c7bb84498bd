/* SPDX-License-Identifier: GPL-2.0-only */
/* The client of /dev/cvm-evidence */
#ifndef CVM_DEVICE_DEVICE_H
#define CVM_DEVICE_DEVICE_H

#include <linux/cvm_evidence.h>

#include "base/util.h"

#define DEVICE_PROVIDERS_MAX	32

struct device_info {
	struct cvm_evidence_info info;
	struct cvm_evidence_provider providers[DEVICE_PROVIDERS_MAX];
	u32 n;			/* providers that were filled */
};

/* Each fails with a message that says what to do, and the exit status. */
int device_open(const char *path, int *fd);
/* Also refuses a device whose module speaks another version of the interface */
int device_info(int fd, const char *path, struct device_info *out);
/* The message that @path could be opened, but is not the device */
int not_a_device(const char *path);
/* @api: of the loaded module, 0 when it rejects our GET_INFO */
int other_version(const char *path, u32 api);

/* What AUTO would use now; NULL when there is none */
const struct cvm_evidence_provider *device_auto(const struct device_info *di);
/* The first probe of some provider has not ended. */
bool device_unprobed(const struct device_info *di);

#endif
