// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/json.h"
#include "services/tee_key.h"

#define P256_LEN	32

static bool is_p256(EVP_PKEY *pkey)
{
	char group[32] = "";

	return EVP_PKEY_is_a(pkey, "EC") &&
	       EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1 &&
	       !strcmp(group, "prime256v1");
}

int tee_key_read(const char *path, struct tee_key *key)
{
	struct buf b CLEANUP_BUF;
	BIO *bio;
	int rc = file_read(path, 64 * 1024, &b);

	if (rc)
		return rc;
	bio = BIO_new_mem_buf(b.p ? b.p : (u8 *)"", (int)b.len);
	/* an empty passphrase, so that OpenSSL does not ask for one */
	key->pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
	key->can_decrypt = key->pkey;
	if (!key->pkey) {
		BIO_reset(bio);
		key->pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	}
	BIO_free(bio);
	OPENSSL_cleanse(b.p, b.len);
	ERR_clear_error();
	if (!key->pkey)
		return fail(RC_USAGE, "--tee-key: %s is not an unencrypted key in PEM (openssl ecparam -name prime256v1 -genkey -noout makes one)",
			    path);
	if (!is_p256(key->pkey))
		return fail(RC_USAGE, "--tee-key: %s is not a key of EC P-256", path);
	return RC_OK;
}

int tee_key_generate(struct tee_key *key)
{
	key->pkey = EVP_EC_gen("P-256");
	key->can_decrypt = true;
	return key->pkey ? RC_OK : fail(RC_FAILED, "OpenSSL cannot make a key of EC P-256");
}

int tee_key_save(const struct tee_key *key, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f;
	bool ok;

	if (fd < 0)
		return fail(errno == EACCES ? RC_DENIED : RC_FAILED, "--save-key: cannot make %s: %s",
			    path, strerror(errno));
	f = fdopen(fd, "w");
	ok = f && PEM_write_PrivateKey(f, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;
	if (f)
		ok &= !fclose(f);
	else
		close(fd);
	if (!ok) {
		unlink(path);
		return fail(RC_FAILED, "--save-key: cannot write %s", path);
	}
	return RC_OK;
}

void tee_key_free(struct tee_key *key)
{
	EVP_PKEY_free(key->pkey);
	*key = (struct tee_key){ 0 };
}

static void add_coordinate(struct json_object *o, const char *key, EVP_PKEY *pkey,
			   const char *param)
{
	u8 bytes[P256_LEN] = { 0 };
	BIGNUM *bn = NULL;

	if (EVP_PKEY_get_bn_param(pkey, param, &bn) == 1)
		BN_bn2binpad(bn, bytes, P256_LEN);
	BN_free(bn);
	json_add_bytes(o, key, (struct span){ bytes, P256_LEN }, BASE64_URL);
}

struct json_object *tee_key_jwk(const struct tee_key *key)
{
	struct json_object *o = json_object_new_object();

	json_add_text(o, "kty", "EC");
	json_add_text(o, "crv", "P-256");
	json_add_text(o, "alg", "ECDH-ES+A256KW");
	add_coordinate(o, "x", key->pkey, OSSL_PKEY_PARAM_EC_PUB_X);
	add_coordinate(o, "y", key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y);
	return o;
}
