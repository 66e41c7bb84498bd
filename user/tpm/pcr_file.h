/* SPDX-License-Identifier: GPL-2.0-only */
/* The file of PCR values that tpm2_quote writes */
#ifndef CVM_TPM_PCR_FILE_H
#define CVM_TPM_PCR_FILE_H

#include "base/util.h"

/* The others need a file that does. */
bool pcr_file_looks_like(struct span s);
/* The values one behind the other, as they were quoted */
void pcr_file_values(struct span s, struct buf *out);
/* Calls @fn for each PCR that is selected and has a value; how many are selected */
size_t pcr_file_each(struct span s, void (*fn)(void *arg, u16 bank, unsigned int pcr, struct span value),
		     void *arg);
/* How many values there are */
size_t pcr_file_count(struct span s);

#endif
