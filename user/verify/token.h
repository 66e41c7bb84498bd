/* SPDX-License-Identifier: GPL-2.0-only */
/* Tokens that attestation services sign (JWT) */
#ifndef CVM_VERIFY_TOKEN_H
#define CVM_VERIFY_TOKEN_H

#include "base/jws.h"

struct verify;

/* token.c */
void verify_token(struct verify *v, struct span token);
/* token_nonce.c: the report data or nonce asked for, where services repeat it */
void verify_token_nonce(struct verify *v, struct json_object *claims);
/*
 * token_claims.c: what a token may say of the evidence, or of a part of it, and what
 * is bad wherever it says so
 */
enum token_says {
	SAYS_DEBUG, SAYS_MIGRATION, SAYS_SEPT_VE, SAYS_TDATTRIBUTES, SAYS_XFAM, SAYS_MODULE,
	SAYS_SERVICE_TD, SAYS_VMPL, SAYS_TCB, SAYS_COLLATERAL, SAYS_QE, SAYS_TEE, SAYS_COMPLIANCE,
	SAYS_POLICIES, SAYS_BOOT, SAYS_IMAGE, SAYS_GPU, SAYS,
};
void verify_token_claims(struct verify *v, struct json_object *claims);
/* Whether @o has such a claim itself, or it or anything in it */
bool token_says(struct json_object *o, enum token_says says);
bool token_says_within(struct json_object *o, enum token_says says);
/* A member that a service only passes on */
bool token_is_of_guest(const char *name);
/* token_status.c: what the service says of the evidence, and of debugging */
void verify_token_status(struct verify *v, struct json_object *claims);

#endif
