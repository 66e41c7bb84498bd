/* SPDX-License-Identifier: GPL-2.0-only */
/* An SNP report as CoCo's attesters send it: a JSON object with a member for each field */
#ifndef CVM_EVIDENCE_SNP_JSON_H
#define CVM_EVIDENCE_SNP_JSON_H

#include "base/json.h"

#define SNP_JSON_MEMBER	"attestation_report"

/* Whether the object has such a report as its member attestation_report */
bool snp_json_looks_like(struct json_object *o);
/*
 * The report of that member as the bytes that were signed. What has no field in JSON is
 * reserved, and taken for zero: firmware that sets it makes the signature fail. RC_EVIDENCE,
 * with a message that names the field, when one is missing or of another kind.
 */
int snp_json_report(struct json_object *o, struct buf *out);

#endif
