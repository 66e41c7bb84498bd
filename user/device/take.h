/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking fresh evidence: what get and request have in common */
#ifndef CVM_DEVICE_TAKE_H
#define CVM_DEVICE_TAKE_H

#include "device/device.h"
#include "evidence/evidence.h"

struct take {
	const char *device;
	const char *service_provider;
	struct cvm_evidence_request r;
	u8 quote_data[CVM_EVIDENCE_QUOTE_DATA_MAX];
	bool kernel_random;	/* no report data were given */
};

#define TAKE_INIT { \
	.device = CVM_EVIDENCE_DEVICE, \
	.r.privlevel = CVM_EVIDENCE_PRIVLEVEL_DEFAULT, \
	.kernel_random = true, \
}

int take_report_data(struct take *t, const u8 *p, size_t len);
/* The TEE and the provider that the device would use */
int take_provider(const struct take *t, u32 *tee, u32 *provider);
/* The evidence, parsed and found to be bound to the request */
int take_evidence(struct take *t, struct buf *blob, struct evidence *e);

#endif
