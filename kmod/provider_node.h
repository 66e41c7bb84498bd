/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CVME_PROVIDER_NODE_H
#define _CVME_PROVIDER_NODE_H

#include <linux/types.h>

#include "provider_ops.h"

void cvme_node_probe(struct cvme_state *st, const char *node,
		     const char *driver, bool built, bool builtin);

#endif /* _CVME_PROVIDER_NODE_H */
