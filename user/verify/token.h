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
/* token_status.c: what the service says of the evidence, and of debugging */
void verify_token_status(struct verify *v, struct json_object *claims);

#endif
