/* SPDX-License-Identifier: GPL-2.0-only */
/* What Intel says of a platform in its PCK certificate */
#ifndef CVM_EVIDENCE_PCK_H
#define CVM_EVIDENCE_PCK_H

#include "evidence/x509.h"

struct pck {
	u8 fmspc[6], pceid[2];
	u8 comp[16];		/* SVNs of the SGX TCB components */
	u32 pcesvn;
	bool have_ppid, have_instance;
	u8 ppid[16];		/* of the processor package */
	u8 instance[16];	/* PLATFORM_INSTANCE_ID, of a multi-package platform */
};

/* False when the certificate has no such extension, or not all of it */
bool pck_read(X509 *x, struct pck *p);

#endif
