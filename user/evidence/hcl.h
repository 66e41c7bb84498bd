/* SPDX-License-Identifier: GPL-2.0-only */
/* The HCL report of an Azure paravisor: a hardware report and the claims it
 * is bound to (openvmm, openhcl_attestation_protocol).
 */
#ifndef CVM_EVIDENCE_HCL_H
#define CVM_EVIDENCE_HCL_H

#include "base/tree.h"

struct hcl {
	struct span report;	/* SNP report or TDREPORT, raw */
	struct span claims;	/* JSON text, as it was hashed */
	u32 report_type;
	u32 hash_type;
};

#define HCL_SNP		2
#define HCL_TDX		4

bool hcl_looks_like(struct span s);
int hcl_parse(struct span s, struct hcl *h);
/* REPORT_DATA is the hash of the claims, padded with zeros */
bool hcl_is_bound(const struct hcl *h);
/* The 64 bytes of the claim user-data; false when there is none */
bool hcl_user_data(const struct hcl *h, u8 out[64]);
/* Modulus and exponent of the claims' one HCLAkPub, an RSA key */
bool hcl_ak(const struct hcl *h, struct buf *n, struct buf *e);
int hcl_show(struct node *to, struct span s);

#endif
