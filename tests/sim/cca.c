// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CCA attestation token: a CMW collection of a platform token and a realm
 * token, each a COSE_Sign1, the former bound to the realm's key by its
 * challenge (draft-ffm-rats-cca-token).
 */
#include <string.h>

#include "simtee.h"

#define CBOR_UINT	0
#define CBOR_NINT	1
#define CBOR_BYTES	2
#define CBOR_TEXT	3
#define CBOR_ARRAY	4
#define CBOR_MAP	5
#define CBOR_TAG	6

#define TAG_CCA		399
#define TAG_SIGN1	18
#define KEY_PLATFORM	44234
#define KEY_REALM	44241

static void head(struct buf *b, unsigned int major, uint32_t n)
{
	major <<= 5;
	if (n < 24) {
		buf_u8(b, major | n);
	} else if (n < 0x100) {
		buf_u8(b, major | 24);
		buf_u8(b, n);
	} else if (n < 0x10000) {
		buf_u8(b, major | 25);
		buf_u8(b, n >> 8);
		buf_u8(b, n);
	} else {
		buf_u8(b, major | 26);
		buf_u8(b, n >> 24);
		buf_u8(b, n >> 16);
		buf_u8(b, n >> 8);
		buf_u8(b, n);
	}
}

static void bytes(struct buf *b, const void *p, size_t len)
{
	head(b, CBOR_BYTES, len);
	buf_add(b, p, len);
}

static void text(struct buf *b, const char *s)
{
	head(b, CBOR_TEXT, strlen(s));
	buf_add(b, s, strlen(s));
}

static void key_bytes(struct buf *b, uint32_t key, const void *p, size_t len)
{
	head(b, CBOR_UINT, key);
	bytes(b, p, len);
}

static void key_text(struct buf *b, uint32_t key, const char *s)
{
	head(b, CBOR_UINT, key);
	text(b, s);
}

static void key_digest(struct buf *b, uint32_t key, const char *of)
{
	uint8_t d[32];

	text_hash(EVP_sha256(), of, d);
	key_bytes(b, key, d, sizeof(d));
}

/* COSE_Sign1 with ES384 */
static void sign1(struct buf *out, const struct buf *payload, EVP_PKEY *key)
{
	static const uint8_t protected[] = { 0xa1, 0x01, 0x38, 0x22 }; /* alg: -35 */
	struct buf tbs = {};
	uint8_t rs[96];

	head(&tbs, CBOR_ARRAY, 4);
	text(&tbs, "Signature1");
	bytes(&tbs, protected, sizeof(protected));
	bytes(&tbs, NULL, 0);
	bytes(&tbs, payload->p, payload->len);
	ecdsa_raw(key, EVP_sha384(), tbs.p, tbs.len, 48, rs);
	buf_free(&tbs);

	head(out, CBOR_TAG, TAG_SIGN1);
	head(out, CBOR_ARRAY, 4);
	bytes(out, protected, sizeof(protected));
	head(out, CBOR_MAP, 0);
	bytes(out, payload->p, payload->len);
	bytes(out, rs, sizeof(rs));
}

/* COSE_Key of a P-384 key */
static void cose_key(struct buf *b, EVP_PKEY *key)
{
	uint8_t xy[96];

	ec_point(key, 48, xy);
	head(b, CBOR_MAP, 4);
	head(b, CBOR_UINT, 1);		/* kty: EC2 */
	head(b, CBOR_UINT, 2);
	head(b, CBOR_NINT, 0);		/* crv: P-384 */
	head(b, CBOR_UINT, 2);
	head(b, CBOR_NINT, 1);
	bytes(b, xy, 48);
	head(b, CBOR_NINT, 2);
	bytes(b, xy + 48, 48);
}

static void realm_claims(struct buf *b, const uint8_t *challenge, const struct buf *key)
{
	uint8_t personal[64] = "SIMULATED TEE: proves nothing";

	head(b, CBOR_MAP, 8);
	key_bytes(b, 10, challenge, 64);
	key_text(b, 265, "tag:arm.com,2023:realm#1.0.0");
	key_bytes(b, 44235, personal, sizeof(personal));
	key_text(b, 44236, "sha-256");
	key_bytes(b, 44237, key->p, key->len);
	key_digest(b, 44238, "cvm-evidence SIMULATED RIM");
	head(b, CBOR_UINT, 44239);
	head(b, CBOR_ARRAY, 4);
	for (int i = 0; i < 4; i++) {
		uint8_t rem[32] = {};

		bytes(b, rem, sizeof(rem));
	}
	key_text(b, 44240, "sha-256");
}

static void sw_component(struct buf *b, const char *type, unsigned int newer)
{
	uint8_t d[32];
	char version[16];

	head(b, CBOR_MAP, 5);
	head(b, CBOR_UINT, 1);
	text(b, type);
	text_hash(EVP_sha256(), type, d);
	key_bytes(b, 2, d, sizeof(d));
	snprintf(version, sizeof(version), "1.%u", newer);
	key_text(b, 4, version);
	text_hash(EVP_sha256(), "cvm-evidence TEST signer", d);
	key_bytes(b, 5, d, sizeof(d));
	key_text(b, 6, "sha-256");
}

static void platform_claims(struct buf *b, const uint8_t *binder, unsigned int newer)
{
	uint8_t id[33] = { 0x01 };

	head(b, CBOR_MAP, 9);
	key_bytes(b, 10, binder, 32);
	key_text(b, 265, "tag:arm.com,2023:cca_platform#1.0.0");
	text_hash(EVP_sha256(), "cvm-evidence SIMULATED instance", id + 1);
	key_bytes(b, 256, id, sizeof(id));
	head(b, CBOR_UINT, 2395);	/* lifecycle: secured */
	head(b, CBOR_UINT, 0x3000);
	key_digest(b, 2396, "cvm-evidence SIMULATED implementation");
	head(b, CBOR_UINT, 2399);
	head(b, CBOR_ARRAY, 2);
	sw_component(b, "BL", newer);
	sw_component(b, "RMM", newer);
	key_text(b, 2400, "https://verifier.invalid/TEST-SIMULATED");
	key_digest(b, 2401, "cvm-evidence SIMULATED configuration");
	key_text(b, 2402, "sha-256");
}

int cca_answer(const struct cvm_sim_request *rq, struct answer *a)
{
	EVP_PKEY *realm_key = sim_key("cca-realm");
	struct buf key = {}, claims = {}, token = {};
	uint8_t binder[32];

	cose_key(&key, realm_key);
	hash(EVP_sha256(), key.p, key.len, binder);

	head(&a->out, CBOR_TAG, TAG_CCA);
	head(&a->out, CBOR_MAP, 2);

	platform_claims(&claims, binder, rq->tcb);
	sign1(&token, &claims, sim_key("cca-platform"));
	head(&a->out, CBOR_UINT, KEY_PLATFORM);
	bytes(&a->out, token.p, token.len);

	claims.len = 0;
	token.len = 0;
	realm_claims(&claims, rq->report_data, &key);
	sign1(&token, &claims, realm_key);
	head(&a->out, CBOR_UINT, KEY_REALM);
	bytes(&a->out, token.p, token.len);

	buf_free(&key);
	buf_free(&claims);
	buf_free(&token);
	return 0;
}
