/* SPDX-License-Identifier: GPL-2.0-only */
/* What single claims of tokens must be */
#ifndef CVM_VERIFY_TOKEN_RULES_H
#define CVM_VERIFY_TOKEN_RULES_H

#include "verify/token.h"

enum want {
	OFF, ON, ONE, DISABLED, EMPTY, STATUS, LEVEL, TEXT, SUPPORTED, RESULT, ZERO, NEVER,
	NAMED,			/* a bit of TDATTRIBUTES that may be either */
	TD, XFAM, SGX,		/* 8 bytes in hex, as the hardware has them */
};

struct claim {
	enum token_says says;
	enum want want;
	const char *name;	/* RESULT: its beginning */
	const char *in;		/* the object that it is in, or NULL: any */
	const char *text;	/* TEXT: what it must be */
	u64 bit;		/* of TDATTRIBUTES, which it is the name of, or 0 */
};

/* What @name in the object @parent is; NULL: nothing that is judged */
const struct claim *token_claim(const char *name, const char *parent, struct json_object *o);
/* Not for TD, which is more than one claim */
bool token_claim_is_good(const struct verify *v, const struct claim *c, struct json_object *o);
/* The hardware's 8 bytes, lowest first, in hex */
bool token_bits(struct json_object *o, u64 *bits);

#endif
