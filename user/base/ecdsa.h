/* SPDX-License-Identifier: GPL-2.0-only */
/* ECDSA signatures as hardware writes them: two plain numbers */
#ifndef CVM_BASE_ECDSA_H
#define CVM_BASE_ECDSA_H

#include <openssl/evp.h>

#include "base/util.h"

/* @r and @s have @len bytes each; false for a key that is not an EC key */
bool ecdsa_verify(EVP_PKEY *key, const char *md, struct span msg, const u8 *r, const u8 *s,
		  size_t len, bool little_endian);
/* The public key of an uncompressed point; NULL when it is not on the curve */
EVP_PKEY *ecdsa_key(const char *curve, struct span point);
/* The public key of the P-256 point @xy; NULL when it is not on the curve */
EVP_PKEY *ecdsa_p256_key(const u8 xy[64]);

#endif
