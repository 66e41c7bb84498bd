/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading CBOR by libcbor, and COSE_Sign1 (RFC 9052) in it */
#ifndef CVM_BASE_CBOR_READ_H
#define CVM_BASE_CBOR_READ_H

#include <cbor.h>
#include <openssl/evp.h>

#include "base/tree.h"

/* Tokens have some kilobytes; nothing larger is read. */
#define CBOR_READ_MAX	(1024u * 1024)

/* One item and nothing after it; RC_EVIDENCE with a message that names @what */
int cbor_read(struct span s, const char *what, cbor_item_t **out);
void cbor_put(cbor_item_t **item);
/* The value of an integer key in a map, borrowed; NULL: there is none */
cbor_item_t *cbor_member(const cbor_item_t *map, s64 key);
/* A byte string of one piece; false for everything else */
bool cbor_bytes_of(const cbor_item_t *item, struct span *out);
bool cbor_text_of(const cbor_item_t *item, struct span *out);
/* An integer of either sign; false: it is none, or does not fit */
bool cbor_int_of(const cbor_item_t *item, int64_t *out);
/* Keys are integers in tokens, and texts in what others make. */
char *cbor_key_text(const cbor_item_t *key);
/* The item as named values: every kind, however deep */
void cbor_show(struct node *to, const char *key, const cbor_item_t *item);

/* The JSON that means the same, bytes as base64url; NULL for null and what JSON has no
 * number for. A reference of the caller's.
 */
struct json_object *cbor_to_json(const cbor_item_t *item);

struct cose {
	cbor_item_t *root;
	struct span protected, payload, signature;
	bool has_alg, has_crit;
	int64_t alg;
};

/* With or without the tags 18 (COSE_Sign1) and 61 (CWT) */
int cose_parse(struct span s, const char *what, struct cose *c);
void cose_free(struct cose *c);
/* cose_key.c: "ES384" and the like; NULL: not known */
const char *cose_alg_name(int64_t alg);
/* The signature by @key; @why says what was wrong. The header must name an
 * algorithm of ECDSA that belongs to the curve of the key, and nothing critical.
 */
bool cose_verify(const struct cose *c, EVP_PKEY *key, const char **why);
/* The public key of a COSE_Key of type EC2, not compressed; NULL: it is none */
EVP_PKEY *cose_key_read(struct span s);
void cose_show_header(struct node *to, const struct cose *c);
/* A token whose claims are not known: the outer structure, claims as they are */
int cwt_show(struct node *to, struct span s);

#endif
