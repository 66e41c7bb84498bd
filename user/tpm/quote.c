// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "base/digest.h"
#include "tpm/cursor.h"
#include "tpm/quote.h"

#define TPM_GENERATED	0xff544347
#define ST_ATTEST_CERTIFY 0x8017
#define ST_ATTEST_QUOTE	0x8018

static const struct {
	u16 alg;
	u16 len;
	const char *name;
} hashes[] = {
	{ TPM_ALG_SHA1, 20, "SHA1" },
	{ TPM_ALG_SHA256, 32, "SHA256" },
	{ TPM_ALG_SHA384, 48, "SHA384" },
	{ TPM_ALG_SHA512, 64, "SHA512" },
};

size_t tpm_hash_len(u16 alg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hashes); i++)
		if (hashes[i].alg == alg)
			return hashes[i].len;
	return 0;
}

const char *tpm_hash_name(u16 alg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hashes); i++)
		if (hashes[i].alg == alg)
			return hashes[i].name;
	return NULL;
}

u64 tpm_take(struct tpm_cursor *c, size_t bytes)
{
	u64 v = 0;
	size_t i;

	if (c->s.len < bytes) {
		c->short_of = true;
		c->s.len = 0;
		return 0;
	}
	for (i = 0; i < bytes; i++)
		v = v << 8 | c->s.p[i];
	c->s.p += bytes;
	c->s.len -= bytes;
	return v;
}

struct span tpm_take_bytes(struct tpm_cursor *c, size_t len)
{
	struct span s = { c->s.p, len };

	if (c->s.len < len) {
		c->short_of = true;
		c->s.len = 0;
		return (struct span){ 0 };
	}
	c->s.p += len;
	c->s.len -= len;
	return s;
}

struct span tpm_take_2b(struct tpm_cursor *c)
{
	return tpm_take_bytes(c, tpm_take(c, 2));
}

static int finish(const struct tpm_cursor *c)
{
	if (c->short_of)
		return fail(RC_EVIDENCE, "TPM quote: %s is cut short", c->what);
	if (c->s.len)
		return fail(RC_EVIDENCE, "TPM quote: %zu bytes after the end of %s", c->s.len, c->what);
	return RC_OK;
}

static int parse_attest(struct tpm_quote *q)
{
	struct tpm_cursor c = { q->attest, "TPMS_ATTEST", false };
	u64 magic = tpm_take(&c, 4), type = tpm_take(&c, 2), count;
	struct span select;
	size_t i;

	if (c.short_of || magic != TPM_GENERATED || type != ST_ATTEST_QUOTE)
		return fail(RC_EVIDENCE, "TPM quote: this is not a TPMS_ATTEST of a quote (0x%08llx 0x%04llx)",
			    (unsigned long long)magic, (unsigned long long)type);
	tpm_take_2b(&c);			/* name of the signing key */
	q->extra_data = tpm_take_2b(&c);
	tpm_take_bytes(&c, 17 + 8);		/* clock, firmware version */
	count = tpm_take(&c, 4);
	if (!c.short_of && count != 1)
		return fail(RC_EVIDENCE, "TPM quote: it covers %llu PCR banks; only one is supported",
			    (unsigned long long)count);
	q->bank = (u16)tpm_take(&c, 2);
	select = tpm_take_bytes(&c, tpm_take(&c, 1));
	for (i = 0; i < select.len; i++) {
		if (i >= TPM_PCRS / 8 && select.p[i])
			return fail(RC_EVIDENCE, "TPM quote: it covers PCRs above %d", TPM_PCRS - 1);
		if (i < TPM_PCRS / 8)
			q->mask |= (u32)select.p[i] << 8 * i;
	}
	q->pcr_digest = tpm_take_2b(&c);
	return finish(&c);
}

int tpm_attest_parse(struct span attest, struct tpm_quote *q)
{
	*q = (struct tpm_quote){ .attest = attest };
	return parse_attest(q);
}

static int parse_signature(struct tpm_quote *q)
{
	struct tpm_cursor c = { q->signature, "TPMT_SIGNATURE", false };

	q->sig_alg = (u16)tpm_take(&c, 2);
	q->sig_hash = (u16)tpm_take(&c, 2);
	if (q->sig_alg == TPM_ALG_ECDSA) {
		tpm_take_2b(&c);
		tpm_take_2b(&c);
		return finish(&c);
	}
	if (!c.short_of && q->sig_alg != TPM_ALG_RSASSA && q->sig_alg != TPM_ALG_RSAPSS)
		return fail(RC_EVIDENCE, "TPM quote: signature scheme 0x%04x is not known", q->sig_alg);
	q->sig = tpm_take_2b(&c);
	return finish(&c);
}

/* The digest that was quoted is by the hash of the signature, over the values. */
static int check_pcrs(struct tpm_quote *q)
{
	size_t n = (size_t)__builtin_popcount(q->mask);
	const char *hash = tpm_hash_name(q->sig_hash);
	u8 got[DIGEST_MAX];

	q->pcr_len = tpm_hash_len(q->bank);
	if (!q->pcr_len || !hash)
		return fail(RC_EVIDENCE, "TPM quote: hash 0x%04x is not known",
			    hash ? q->bank : q->sig_hash);
	if (q->pcrs.len != n * q->pcr_len)
		return fail(RC_EVIDENCE, "TPM quote: it covers %zu PCRs of %zu bytes, but the values have %zu bytes",
			    n, q->pcr_len, q->pcrs.len);
	if (digest(hash, q->pcrs.p, q->pcrs.len, got) != q->pcr_digest.len ||
	    memcmp(got, q->pcr_digest.p, q->pcr_digest.len))
		return fail(RC_EVIDENCE, "TPM quote: the given PCR values are not the quoted ones");
	return RC_OK;
}

int tpm_quote_parse(struct span attest, struct span signature, struct span pcrs,
		    struct tpm_quote *q)
{
	int rc;

	*q = (struct tpm_quote){ .attest = attest, .signature = signature, .pcrs = pcrs };
	rc = parse_attest(q);
	if (!rc)
		rc = parse_signature(q);
	if (!rc)
		rc = check_pcrs(q);
	return rc;
}

const u8 *tpm_quote_pcr(const struct tpm_quote *q, unsigned int n)
{
	if (n >= TPM_PCRS || !(q->mask >> n & 1))
		return NULL;
	return q->pcrs.p + q->pcr_len * (size_t)__builtin_popcount(q->mask & ((1u << n) - 1));
}

int tpm_rsa_parse(struct span s, struct tpm_rsa *k)
{
	struct tpm_cursor c = { s, "TPM2B_PUBLIC", false };
	u64 type, name_alg, symmetric, scheme;

	*k = (struct tpm_rsa){ 0 };
	k->area = tpm_take_2b(&c);
	if (c.short_of || c.s.len)
		return fail(RC_EVIDENCE, "TPM key: this is not a TPM2B_PUBLIC");
	c.s = k->area;
	type = tpm_take(&c, 2);
	name_alg = tpm_take(&c, 2);
	k->attributes = (u32)tpm_take(&c, 4);
	k->policy = tpm_take_2b(&c);
	symmetric = tpm_take(&c, 2);
	if (symmetric != TPM_ALG_NULL)
		tpm_take_bytes(&c, 4);
	scheme = tpm_take(&c, 2);
	if (scheme != TPM_ALG_NULL && scheme != TPM_ALG_RSAES)
		tpm_take_bytes(&c, 2);
	tpm_take(&c, 2);		/* bits */
	k->exponent = (u32)tpm_take(&c, 4);
	if (!k->exponent)
		k->exponent = 65537;
	k->n = tpm_take_2b(&c);
	if (c.short_of || c.s.len || type != TPM_ALG_RSA || name_alg != TPM_ALG_SHA256 || !k->n.len)
		return fail(RC_EVIDENCE, "TPM key: it is not an RSA key with a SHA-256 name");
	return RC_OK;
}

bool tpm_same_key(const struct tpm_rsa *a, const struct tpm_rsa *b)
{
	return a->exponent == b->exponent && a->n.len == b->n.len &&
	       !memcmp(a->n.p, b->n.p, a->n.len);
}

bool tpm_certifies(struct span attest, const struct tpm_rsa *k)
{
	struct tpm_cursor c = { attest, "TPMS_ATTEST", false };
	u64 magic = tpm_take(&c, 4), type = tpm_take(&c, 2);
	u8 hash[DIGEST_MAX];
	struct span name;

	tpm_take_2b(&c);		/* name of the signing key */
	tpm_take_2b(&c);		/* qualifying data */
	tpm_take_bytes(&c, 17 + 8);
	name = tpm_take_2b(&c);
	tpm_take_2b(&c);		/* qualified name */
	digest("SHA256", k->area.p, k->area.len, hash);
	return !c.short_of && !c.s.len && magic == TPM_GENERATED && type == ST_ATTEST_CERTIFY &&
	       name.len == 2 + 32 && !name.p[0] && name.p[1] == TPM_ALG_SHA256 &&
	       !memcmp(name.p + 2, hash, 32);
}
