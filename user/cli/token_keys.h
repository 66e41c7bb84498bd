/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may have signed a token, as files that options name: verify, attest --verify */
#ifndef CVM_CLI_TOKEN_KEYS_H
#define CVM_CLI_TOKEN_KEYS_H

struct verify;

/* --jwks FILE; a status, with a message */
int token_keys_jwks(struct verify *v, const char *path);
/* --token-root FILE */
int token_keys_root(struct verify *v, const char *path);

#endif
