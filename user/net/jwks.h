/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys by which an attestation service signs its tokens */
#ifndef CVM_NET_JWKS_H
#define CVM_NET_JWKS_H

#include "base/util.h"

/* The JWK set at @url: https, or an address of this machine */
int jwks_fetch(const char *url, const char *ca, unsigned int timeout, struct buf *out);
/*
 * The same of @issuer, by OpenID Connect Discovery: the metadata must be of that
 * issuer, and say where its keys are.
 */
int jwks_discover(const char *issuer, const char *ca, unsigned int timeout, struct buf *out);

#endif
