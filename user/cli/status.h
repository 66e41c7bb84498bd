/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_CLI_STATUS_H
#define CVM_CLI_STATUS_H

#include "base/tree.h"

/* Adds what status shows to @root. Returns the exit status that get would meet. */
int status_gather(struct node *root, const char *path, const char *tpm);

#endif
