// SPDX-License-Identifier: GPL-2.0-only
/* Shows whatever was recognised: evidence, or JSON, tokens and CMWs that have it inside */
#include "evidence/kind.h"
#include "evidence/show_more.h"

int input_show(struct node *to, enum raw_kind kind, struct span s)
{
	switch (kind) {
	case RAW_CMW:
		return cmw_show(to, s, input_show);
	case RAW_JWT:
		return jwt_show(to, s, input_show);
	case RAW_COLLATERAL:
	case RAW_JSON:
		return json_show(to, s, input_show);
	default:
		return raw_show(to, kind, s);
	}
}
