/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_CLI_SHOW_H
#define CVM_CLI_SHOW_H

#include "base/tree.h"

/* Recognises and decodes; *root is set when there is something to print, also
 * when a part of it is bad. @name is the input's name in messages.
 */
int show_bytes(struct span s, const char *name, struct node **root);

#endif
