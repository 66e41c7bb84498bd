// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/gcm.h"

bool gcm_open(const u8 key[GCM_KEY_LEN], struct span iv, struct span aad, struct span text,
	      struct span tag, struct buf *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	u8 *plain = xalloc(text.len + 16);
	int n = 0, last = 0;
	bool ok;

	ok = ctx && iv.len == GCM_IV_LEN && tag.len == GCM_TAG_LEN && text.len < INT32_MAX &&
	     EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv.p) == 1 &&
	     EVP_DecryptUpdate(ctx, NULL, &n, aad.p, (int)aad.len) == 1 &&
	     EVP_DecryptUpdate(ctx, plain, &n, text.p, (int)text.len) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, GCM_TAG_LEN, (void *)tag.p) == 1 &&
	     EVP_DecryptFinal_ex(ctx, plain + n, &last) == 1;
	if (ok)
		buf_add(out, plain, (size_t)n + (size_t)last);
	OPENSSL_cleanse(plain, text.len);
	free(plain);
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}
