/* SPDX-License-Identifier: GPL-2.0-only */
/* Intel's collateral as files have it: single answers, or all of it in one */
#ifndef CVM_VERIFY_BUNDLE_H
#define CVM_VERIFY_BUNDLE_H

#include "base/util.h"

struct verify;

/*
 * TCB info or QE identity as the service sent it, or a bundle with the names of
 * sgx_ql_qve_collateral_t (dcap-qvl, Trustee): its parts, their chains and their
 * revocation lists. RC_EVIDENCE with a message: a part of a bundle is none.
 */
int collateral_add(struct verify *v, struct span s, const char *name);

#endif
