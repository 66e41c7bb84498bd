/* SPDX-License-Identifier: GPL-2.0-only */
/* Signed JSON (RFC 7515) in its compact form, by keys of a JWK set */
#ifndef CVM_BASE_JWS_H
#define CVM_BASE_JWS_H

#include <json-c/json.h>
#include <openssl/evp.h>

#include "base/util.h"

#define JWS_KEYS_MAX	64

struct jws_keys {
	struct jws_key {
		EVP_PKEY *key;
		char *kid, *alg;	/* NULL: it does not say */
	} key[JWS_KEYS_MAX];
	size_t n;
	size_t ignored;		/* of sets, that this version cannot use */
};

/*
 * Adds the keys of a JWK set, of one JWK or of Veraison's description of itself that
 * may sign; RC_USAGE with a message
 */
int jws_keys_add(struct jws_keys *keys, struct span s, const char *name);
void jws_keys_free(struct jws_keys *keys);

struct jws {
	struct json_object *header, *claims;
	struct span signed_over;	/* header and payload as text */
	struct buf signature;
	const char *alg, *kid;		/* of the header; kid may be NULL */
};

/* Three parts, the first two JSON objects; RC_EVIDENCE with a message */
int jws_parse(struct span s, struct jws *j);
void jws_free(struct jws *j);
bool jws_alg_is_known(const char *alg);
/*
 * Whether a key of @keys made the signature; @why says by which algorithm, or what
 * is wrong. A key counts for the algorithm of its own type alone, and of its "alg"
 * where it has one; a token that names a key is checked by that key, or by one
 * that has no name.
 */
bool jws_verify(const struct jws *j, const struct jws_keys *keys, const char **why);

#endif
