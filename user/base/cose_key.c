// SPDX-License-Identifier: GPL-2.0-only
/* Signatures of COSE_Sign1 (RFC 9052, 4.4; RFC 9053, 2.1) and keys as COSE_Key */
#include <string.h>

#include "base/cbor_read.h"
#include "base/cbor_write.h"
#include "base/ecdsa.h"

#define KEY_TYPE	1
#define KEY_TYPE_EC2	2
#define KEY_ALG		3
#define KEY_OPS		4
#define OP_VERIFY	2
#define KEY_CURVE	(-1)
#define KEY_X		(-2)
#define KEY_Y		(-3)

/*
 * ECDSA alone is checked: tokens of hardware use nothing else. Each algorithm
 * belongs to one curve here, as RFC 9864 has it, so that a header cannot choose
 * a weaker digest for a strong key.
 */
static const struct alg {
	int64_t alg;
	const char *name, *digest, *curve;
	u64 cose_curve;
	size_t len;		/* of a coordinate, and of half a signature */
} algs[] = {
	{ -7, "ES256", "SHA256", "prime256v1", 1, 32 },
	{ -35, "ES384", "SHA384", "secp384r1", 2, 48 },
	{ -36, "ES512", "SHA512", "secp521r1", 3, 66 },
	{ -9, "ESP256", "SHA256", "prime256v1", 1, 32 },
	{ -51, "ESP384", "SHA384", "secp384r1", 2, 48 },
	{ -52, "ESP512", "SHA512", "secp521r1", 3, 66 },
	{ -8, "EdDSA", NULL, NULL, 0, 0 },
	{ -37, "PS256", NULL, NULL, 0, 0 },
	{ -38, "PS384", NULL, NULL, 0, 0 },
	{ -39, "PS512", NULL, NULL, 0, 0 },
};

static const struct alg *find(int64_t alg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(algs); i++)
		if (algs[i].alg == alg)
			return &algs[i];
	return NULL;
}

const char *cose_alg_name(int64_t alg)
{
	const struct alg *a = find(alg);

	return a ? a->name : NULL;
}

bool cose_verify(const struct cose *c, EVP_PKEY *key, const char **why)
{
	const struct alg *a = c->has_alg ? find(c->alg) : NULL;
	struct buf signed_over CLEANUP_BUF;
	char group[32] = "";

	*why = "its protected header does not name an algorithm";
	if (!c->has_alg)
		return false;
	*why = "its algorithm is not one of ECDSA with SHA-256, SHA-384 or SHA-512";
	if (!a || !a->digest)
		return false;
	*why = "its header has critical parameters, which this version does not know";
	if (c->has_crit)
		return false;
	*why = "its algorithm does not belong to the curve of the key";
	if (!key || EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1 ||
	    strcmp(group, a->curve))
		return false;
	*why = "its length is not that of a signature of this algorithm";
	if (c->signature.len != 2 * a->len)
		return false;
	cbor_array(&signed_over, 4);
	cbor_text(&signed_over, "Signature1");
	cbor_bytes(&signed_over, c->protected);
	cbor_bytes(&signed_over, (struct span){ (const u8 *)"", 0 });
	cbor_bytes(&signed_over, c->payload);
	*why = "this key did not make it, or the token was altered";
	if (!ecdsa_verify(key, a->digest, buf_span(&signed_over), c->signature.p,
			  c->signature.p + a->len, a->len, false))
		return false;
	*why = a->name;
	return true;
}

/* RFC 9052, 7.1: where they are there, the key is for nothing else */
static bool may_verify(const cbor_item_t *map)
{
	const cbor_item_t *alg = cbor_member(map, KEY_ALG), *ops = cbor_member(map, KEY_OPS);
	const cbor_item_t *curve = cbor_member(map, KEY_CURVE);
	int64_t nr = 0;
	const struct alg *a = alg && cbor_int_of(alg, &nr) ? find(nr) : NULL;
	size_t i, n = ops && cbor_isa_array(ops) ? cbor_array_size(ops) : 0;

	if (alg && (!a || !curve || !cbor_isa_uint(curve) || a->cose_curve != cbor_get_int(curve)))
		return false;
	for (i = 0; i < n; i++) {
		const cbor_item_t *op = cbor_array_handle(ops)[i];

		if (cbor_isa_uint(op) && cbor_get_int(op) == OP_VERIFY)
			return true;
	}
	return !ops;
}

EVP_PKEY *cose_key_read(struct span s)
{
	struct buf said CLEANUP_BUF, *outer = complain_into(&said);
	cbor_item_t *map = NULL, *type, *curve;
	struct buf point CLEANUP_BUF;
	EVP_PKEY *key = NULL;
	struct span x, y;
	size_t i;
	int rc = cbor_read(s, "COSE_Key", &map);

	complain_into(outer);
	if (rc)
		return NULL;
	type = may_verify(map) ? cbor_member(map, KEY_TYPE) : NULL;
	curve = cbor_member(map, KEY_CURVE);
	for (i = 0; type && cbor_isa_uint(type) && cbor_get_int(type) == KEY_TYPE_EC2 && curve &&
	     cbor_isa_uint(curve) && i < ARRAY_SIZE(algs); i++) {
		if (algs[i].cose_curve != cbor_get_int(curve) || !algs[i].len ||
		    !cbor_bytes_of(cbor_member(map, KEY_X), &x) || x.len != algs[i].len ||
		    !cbor_bytes_of(cbor_member(map, KEY_Y), &y) || y.len != algs[i].len)
			continue;
		buf_add(&point, "\x04", 1);
		buf_add(&point, x.p, x.len);
		buf_add(&point, y.p, y.len);
		key = ecdsa_key(algs[i].curve, buf_span(&point));
		break;
	}
	cbor_put(&map);
	return key;
}
