/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_VERIFY_ROOTS_H
#define CVM_VERIFY_ROOTS_H

#include "evidence/certs.h"

#define ROOTS_AMD	9

struct root_cert {
	const char *name, *sha256, *pem;
	bool is_root;
};

extern const struct root_cert roots_amd[ROOTS_AMD];
extern const struct root_cert root_intel;

/* The roots into @roots, what AMD's roots signed into @others; NULL: not needed */
int roots_add(struct cert_pool *roots, struct cert_pool *others);
bool roots_have_intel(const struct cert_pool *roots);

#endif
