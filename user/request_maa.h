/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_REQUEST_MAA_H
#define CVM_REQUEST_MAA_H

#include "request.h"

/* The member "report" of a SevSnpVm body, from a report and its PEM chain */
void maa_snp_field(struct span report, struct span chain, struct buf *out);

#endif
