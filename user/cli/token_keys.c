// SPDX-License-Identifier: GPL-2.0-only
#include "cli/token_keys.h"
#include "evidence/certs.h"
#include "verify/verify.h"

int token_keys_jwks(struct verify *v, const char *path)
{
	char *name CLEANUP(free_str) = xasprintf("--jwks: %s", path);
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, CERTS_MAX, &b);

	v->policy.given[ASK_JWKS] = true;
	return option_file(rc ? rc : jws_keys_add(&v->jwks, buf_span(&b), name));
}

int token_keys_root(struct verify *v, const char *path)
{
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, CERTS_MAX, &b);

	v->policy.given[ASK_TOKEN_ROOT] = true;
	return option_file(rc ? rc : verify_root_for(v, &v->token_roots, buf_span(&b),
						     ask_name(ASK_TOKEN_ROOT), path));
}
