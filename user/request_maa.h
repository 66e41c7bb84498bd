/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_REQUEST_MAA_H
#define CVM_REQUEST_MAA_H

#include "request.h"

/* PCRs that AzureGuest wants quoted, on Linux */
#define MAA_BOOT_PCRS	0xffu

/* The value of the member "report": base64url of {SnpReport, VcekCertChain} */
void maa_snp_field(struct span report, struct span chain, struct buf *out);

/* request_maa_guest.c: the body of AzureGuest */
int maa_guest_build(struct request *q, struct message *m);

#endif
