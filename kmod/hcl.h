/* SPDX-License-Identifier: GPL-2.0 */
/* The HCL report: what Azure's paravisor puts into the vTPM. */
#ifndef _CVME_HCL_H
#define _CVME_HCL_H

#include <linux/types.h>

#include "evidence.h"

/**
 * struct cvme_hcl - an HCL report, taken apart
 * @inner: the hardware's report: SNP 1184 bytes, TDREPORT 1024
 * @claims: the runtime claims, JSON
 * @claims_len: bytes of it
 * @tee: enum cvm_evidence_tee
 *
 * Points into the bytes it was made of.
 */
struct cvme_hcl {
	const u8 *inner;
	const u8 *claims;
	u32 claims_len;
	u32 tee;
};

/**
 * enum cvme_hcl_data - how the user-data of the claims compare with given data
 * @CVME_HCL_NOBODYS: there are none, or they are all zero
 * @CVME_HCL_OURS: they are the given data
 * @CVME_HCL_OTHERS: they are other data
 */
enum cvme_hcl_data {
	CVME_HCL_NOBODYS,
	CVME_HCL_OURS,
	CVME_HCL_OTHERS,
};

int cvme_hcl_parse(const struct cvme_buf *raw, struct cvme_hcl *hcl);
bool cvme_hcl_bound(const struct cvme_hcl *hcl);
enum cvme_hcl_data cvme_hcl_user_data(const struct cvme_hcl *hcl, const u8 *want);
const u8 *cvme_hcl_vm_id(const struct cvme_hcl *hcl, u32 *len);
bool cvme_hcl_names_key(const struct cvme_hcl *hcl, const u8 *pub, size_t len);

#endif /* _CVME_HCL_H */
