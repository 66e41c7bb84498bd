/* SPDX-License-Identifier: GPL-2.0-only */
/* Conceptual message wrappers in CBOR, RFC 9999; tsm_report.h has those that we write. */
#ifndef CVM_EVIDENCE_CMW_H
#define CVM_EVIDENCE_CMW_H

#include "base/util.h"

/* A record, or a collection that begins with one */
bool cmw_looks_like(struct span s);
/* The same wrapper in JSON; a TSM report in CBOR becomes one in JSON, too */
int cmw_to_json(struct span s, struct buf *out);

#endif
