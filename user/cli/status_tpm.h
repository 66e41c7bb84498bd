/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_CLI_STATUS_TPM_H
#define CVM_CLI_STATUS_TPM_H

#include "base/tree.h"

/* What the TPM at @path says of itself; changes nothing in it */
void status_tpm(struct node *to, const char *path);

#endif
