/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a provider cannot be used, in words, and what a person can do about it */
#ifndef CVM_DEVICE_REASON_H
#define CVM_DEVICE_REASON_H

#include <linux/cvm_evidence.h>

#include "base/util.h"

/* The name of a code, as in the YNL spec; "unknown" for one that has none */
const char *reason_name(u32 reason);

/* A sentence; empty for a provider that is available. The caller frees it. */
char *reason_text(const struct cvm_evidence_provider *p);
/* What to do about it; may be empty. The caller frees it. */
char *reason_remedy(const struct cvm_evidence_provider *p);

/* "available", "no-driver", ...; "unrecognised" for a number to come */
const char *provider_status_name(u32 status);

#endif
