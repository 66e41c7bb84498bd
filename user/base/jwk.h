/* SPDX-License-Identifier: GPL-2.0-only */
/* Public keys in JSON (RFC 7517, RFC 7518) */
#ifndef CVM_BASE_JWK_H
#define CVM_BASE_JWK_H

#include <json-c/json.h>
#include <openssl/evp.h>

#include "base/util.h"

/*
 * The public key of an EC or RSA key, or of the first certificate of "x5c"; where
 * there are both they must be the same. NULL, and @why: it is not such a key.
 */
EVP_PKEY *jwk_key(struct json_object *o, const char **why);
/*
 * Whether the key may verify signatures: its "use" and "key_ops" say so or are not there
 * (RFC 7517, 4.2 and 4.3), and what else names it is text. False, and @why
 */
bool jwk_verifies(struct json_object *o, const char **why);
/* Its "alg" (RFC 7517, 4.4) is not there, or the one of ECDSA on the curve of @key */
bool jwk_alg_fits(struct json_object *o, EVP_PKEY *key);

#endif
