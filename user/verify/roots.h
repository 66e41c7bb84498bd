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

struct verify;

/*
 * What is built in and has the name of the issuer of @of: roots into v->roots unless
 * the caller named others, what AMD's roots signed into v->own. Most evidence needs one
 * to three of the ten, and to decode one takes longer than to verify a signature.
 */
void roots_wanted(struct verify *v, X509 *of);
/* All of them, for a caller that copies @v */
void roots_all(struct verify *v);
bool roots_have_intel(const struct cert_pool *roots);

#endif
