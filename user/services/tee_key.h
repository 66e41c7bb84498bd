/* SPDX-License-Identifier: GPL-2.0-only */
/* The TEE's key of KBS: secrets are encrypted to it, evidence is bound to it */
#ifndef CVM_SERVICES_TEE_KEY_H
#define CVM_SERVICES_TEE_KEY_H

#include <json-c/json.h>
#include <openssl/evp.h>

#include "base/util.h"

struct tee_key {
	EVP_PKEY *pkey;		/* EC P-256 */
	bool can_decrypt;	/* the private part is there */
};

/* A PEM file, private or public */
int tee_key_read(const char *path, struct tee_key *key);
int tee_key_generate(struct tee_key *key);
/* Private key to a file that only its owner can read, and that is new */
int tee_key_save(const struct tee_key *key, const char *path);
void tee_key_free(struct tee_key *key);
/* {"kty":"EC","crv":"P-256","alg":"ECDH-ES+A256KW","x":..,"y":..} */
struct json_object *tee_key_jwk(const struct tee_key *key);

/* jwe.c: a JWE of ECDH-ES+A256KW and A256GCM to this key, flattened JSON */
int jwe_decrypt(struct span jwe, const struct tee_key *key, struct buf *out);

#endif
