// SPDX-License-Identifier: GPL-2.0
/* What the providers over a driver's own device node have in common. */
#include "cvm_evidence.h"

#include <linux/err.h>
#include <linux/string.h>

#include "provider_node.h"
#include "vfs.h"

/**
 * cvme_node_probe - (worker) can a driver's node be used
 * @st: status, reason and driver are set; tee and caps only by the caller
 * @node: name in devtmpfs
 * @driver: module behind it
 * @built: the kernel was built with the driver
 * @builtin: the driver may be built in
 *
 * A driver that the kernel was built without may still come from elsewhere.
 */
void cvme_node_probe(struct cvme_state *st, const char *node,
		     const char *driver, bool built, bool builtin)
{
	struct file *file = cvme_node_open(node, driver, builtin);
	int err = PTR_ERR_OR_ZERO(file);

	switch (err) {
	case 0:
		cvme_close(file);
		cvme_state_set(st, CVM_EVIDENCE_ST_AVAILABLE,
			       CVM_EVIDENCE_REASON_NONE, 0);
		strscpy(st->driver, driver, sizeof(st->driver));
		break;
	case -ENOENT:
	case -ENXIO:
		if (built)
			cvme_state_set(st, CVM_EVIDENCE_ST_NO_DRIVER,
				       CVM_EVIDENCE_REASON_NO_DRIVER, 0);
		else
			cvme_state_set(st, CVM_EVIDENCE_ST_NOT_BUILT,
				       CVM_EVIDENCE_REASON_NO_INTERFACE, 0);
		break;
	case -EAGAIN:
		cvme_state_set(st, CVM_EVIDENCE_ST_NOT_READY,
			       CVM_EVIDENCE_REASON_DRIVER_NOT_LIVE, 0);
		strscpy(st->driver, driver, sizeof(st->driver));
		break;
	case -EPERM:
		cvme_state_set(st, CVM_EVIDENCE_ST_NO_DRIVER,
			       CVM_EVIDENCE_REASON_FOREIGN_NODE, 0);
		break;
	default:
		cvme_state_set(st, CVM_EVIDENCE_ST_ERROR,
			       CVM_EVIDENCE_REASON_PROBE_FAILED, -err);
	}
}
