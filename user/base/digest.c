// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/digest.h"

size_t digest(const char *alg, const void *p, size_t len, u8 out[DIGEST_MAX])
{
	const EVP_MD *md = EVP_get_digestbyname(alg);
	unsigned int n = 0;

	if (!md || !EVP_Digest(p, len, out, &n, md, NULL))
		exit(fail(RC_FAILED, "OpenSSL cannot compute %s", alg));
	return n;
}

static int digest_stream(const char *alg, const char *path, FILE *f, u8 out[DIGEST_MAX],
			 size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned int n = 0;
	int rc = RC_OK;
	u8 chunk[65536];
	size_t got;

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_get_digestbyname(alg), NULL)) {
		EVP_MD_CTX_free(ctx);
		return fail(RC_FAILED, "OpenSSL cannot compute %s", alg);
	}
	while ((got = fread(chunk, 1, sizeof(chunk), f)) > 0)
		EVP_DigestUpdate(ctx, chunk, got);
	if (ferror(f))
		rc = fail(RC_FAILED, "cannot read %s: %m", path);
	EVP_DigestFinal_ex(ctx, out, &n);
	EVP_MD_CTX_free(ctx);
	*len = n;
	return rc;
}

/* Streams, because the file may be large: a kernel image, a disk. */
int digest_file(const char *alg, const char *path, u8 out[DIGEST_MAX], size_t *len)
{
	FILE *f;
	int rc;

	if (!strcmp(path, "-"))
		return digest_stream(alg, "standard input", stdin, out, len);
	f = fopen(path, "re");
	if (!f)
		return fail(errno == EACCES ? RC_DENIED : RC_FAILED, "cannot read %s: %m", path);
	rc = digest_stream(alg, path, f, out, len);
	fclose(f);
	return rc;
}
