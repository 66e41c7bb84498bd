// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "digest.h"

size_t digest(const char *alg, const void *p, size_t len, u8 out[DIGEST_MAX])
{
	const EVP_MD *md = EVP_get_digestbyname(alg);
	unsigned int n = 0;

	if (!md || !EVP_Digest(p, len, out, &n, md, NULL))
		exit(fail(RC_FAILED, "OpenSSL cannot compute %s", alg));
	return n;
}

/* Streams, because the file may be large: a kernel image, a disk. */
int digest_file(const char *alg, const char *path, u8 out[DIGEST_MAX], size_t *len)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned int n = 0;
	int rc = RC_OK;
	u8 chunk[65536];
	size_t got;

	if (!f) {
		rc = fail(RC_FAILED, "cannot read %s: %m", path);
		goto out;
	}
	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_get_digestbyname(alg), NULL)) {
		rc = fail(RC_FAILED, "OpenSSL cannot compute %s", alg);
		goto out;
	}
	while ((got = fread(chunk, 1, sizeof(chunk), f)) > 0)
		EVP_DigestUpdate(ctx, chunk, got);
	if (ferror(f))
		rc = fail(RC_FAILED, "cannot read %s: %m", path);
	EVP_DigestFinal_ex(ctx, out, &n);
	*len = n;
out:
	EVP_MD_CTX_free(ctx);
	if (f && f != stdin)
		fclose(f);
	return rc;
}
