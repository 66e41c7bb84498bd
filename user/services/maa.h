/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_SERVICES_MAA_H
#define CVM_SERVICES_MAA_H

#include "services/service.h"
#include "tpm/key.h"

/* PCRs that AzureGuest requires in the quote, on Linux */
#define MAA_BOOT_PCRS	TPM_KEY_PCRS

/* maa_guest.c: the body of AzureGuest */
int maa_guest_ready(struct request *q);
int maa_guest_build(struct request *q, struct message *m);
/* The value of the member "report": base64url of {SnpReport, VcekCertChain} */
void maa_snp_field(struct span report, struct span chain, struct buf *out);

/* maa_sealed.c: the token of its answer, sealed to the key of the body */
int maa_guest_answer(struct request *q, const char *token, struct buf *out);
int maa_guest_open(struct request *q, struct buf *out);

#endif
