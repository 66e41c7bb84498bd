/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_EVIDENCE_TPM_SHOW_H
#define CVM_EVIDENCE_TPM_SHOW_H

#include "base/tree.h"
#include "evidence/evidence.h"
#include "tpm/quote.h"

/* Decodes an item that is of a TPM; false when it is not, then nothing is said */
bool tpm_item_show(struct node *to, const struct evidence *e, const struct evidence_item *it,
		   int *rc);

/* A TPMS_ATTEST of a quote, by itself */
int tpm_attest_show(struct node *to, struct span s);

/* The file of PCR values that tpm2_quote writes */
int pcr_file_show(struct node *to, struct span s);

#endif
