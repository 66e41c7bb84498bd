// SPDX-License-Identifier: GPL-2.0-only
/* Keys that were given, of platforms or of those that sign CoRIMs */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "verify/cca.h"

#define KEYS_MAX	256

static const char begin_pem[] = "-----BEGIN PUBLIC KEY-----";

void cca_keys_drop(struct cca_keys *k, size_t from)
{
	while (k->n > from) {
		struct cca_key *one = &k->key[--k->n];

		EVP_PKEY_free(one->key);
		buf_free(&one->instance);
		buf_free(&one->implementation);
		free(one->name);
	}
}

const char *cca_purpose(const struct cca_keys *to)
{
	return to->of_platforms ? "of a CCA platform" : "that signs CoRIMs";
}

int cca_key_add(struct cca_keys *to, EVP_PKEY *key, const char *name, struct span instance,
		struct span implementation)
{
	struct cca_key *one;

	if (!EVP_PKEY_is_a(key, "EC") || to->n == KEYS_MAX) {
		bool full = to->n == KEYS_MAX;

		EVP_PKEY_free(key);
		return full ? fail(RC_USAGE, "--%s: %s: more than %d keys", to->option, name, KEYS_MAX) :
		       fail(RC_USAGE, "--%s: %s: a key is not an elliptic-curve key, as one %s is", to->option, name, cca_purpose(to));
	}
	to->key = xgrow(to->key, to->n, sizeof(*to->key));
	one = &to->key[to->n++];
	*one = (struct cca_key){ .key = key, .name = xstrdup(name) };
	buf_add(&one->instance, instance.len ? instance.p : (const u8 *)"", instance.len);
	buf_add(&one->implementation, implementation.len ? implementation.p : (const u8 *)"",
		implementation.len);
	return RC_OK;
}

EVP_PKEY *cca_next_pem(struct span *s)
{
	const u8 *at = memmem(s->p, s->len, begin_pem, sizeof(begin_pem) - 1);
	EVP_PKEY *key = NULL;
	size_t left;
	BIO *bio;

	if (!at)
		return NULL;
	left = s->len - (size_t)(at - s->p);
	bio = left < INT32_MAX ? BIO_new_mem_buf(at, (int)left) : NULL;
	if (bio)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	*s = (struct span){ at + sizeof(begin_pem) - 1, left - (sizeof(begin_pem) - 1) };
	return key;
}
