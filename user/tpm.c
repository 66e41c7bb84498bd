// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "digest.h"
#include "tpm.h"

#define TPM_GENERATED	0xff544347
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

/* TPM structures are big-endian. */
struct cursor {
	struct span s;
	const char *what;
	bool short_of;
};

static u64 take(struct cursor *c, size_t bytes)
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

static struct span take_bytes(struct cursor *c, size_t len)
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

static struct span take_2b(struct cursor *c)
{
	return take_bytes(c, take(c, 2));
}

static int finish(const struct cursor *c)
{
	if (c->short_of)
		return fail(RC_EVIDENCE, "TPM quote: %s is cut short", c->what);
	if (c->s.len)
		return fail(RC_EVIDENCE, "TPM quote: %zu bytes behind the end of %s", c->s.len, c->what);
	return RC_OK;
}

static int parse_attest(struct tpm_quote *q)
{
	struct cursor c = { q->attest, "TPMS_ATTEST", false };
	u64 magic = take(&c, 4), type = take(&c, 2), count;
	struct span select;
	size_t i;

	if (c.short_of || magic != TPM_GENERATED || type != ST_ATTEST_QUOTE)
		return fail(RC_EVIDENCE, "TPM quote: this is no TPMS_ATTEST of a quote (0x%08llx 0x%04llx)",
			    (unsigned long long)magic, (unsigned long long)type);
	take_2b(&c);			/* name of the signing key */
	q->extra_data = take_2b(&c);
	take_bytes(&c, 17 + 8);		/* clock, firmware version */
	count = take(&c, 4);
	if (!c.short_of && count != 1)
		return fail(RC_EVIDENCE, "TPM quote: over %llu banks of PCRs, one is understood",
			    (unsigned long long)count);
	q->bank = (u16)take(&c, 2);
	select = take_bytes(&c, take(&c, 1));
	for (i = 0; i < select.len; i++) {
		if (i >= TPM_PCRS / 8 && select.p[i])
			return fail(RC_EVIDENCE, "TPM quote: over PCRs behind %d", TPM_PCRS - 1);
		if (i < TPM_PCRS / 8)
			q->mask |= (u32)select.p[i] << 8 * i;
	}
	q->pcr_digest = take_2b(&c);
	return finish(&c);
}

static int parse_signature(struct tpm_quote *q)
{
	struct cursor c = { q->signature, "TPMT_SIGNATURE", false };

	q->sig_alg = (u16)take(&c, 2);
	q->sig_hash = (u16)take(&c, 2);
	if (q->sig_alg == TPM_ALG_ECDSA) {
		take_2b(&c);
		take_2b(&c);
		return finish(&c);
	}
	if (!c.short_of && q->sig_alg != TPM_ALG_RSASSA && q->sig_alg != TPM_ALG_RSAPSS)
		return fail(RC_EVIDENCE, "TPM quote: signature scheme 0x%04x is not known", q->sig_alg);
	q->sig = take_2b(&c);
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
		return fail(RC_EVIDENCE, "TPM quote: it is over %zu PCRs of %zu bytes, the values have %zu bytes",
			    n, q->pcr_len, q->pcrs.len);
	if (digest(hash, q->pcrs.p, q->pcrs.len, got) != q->pcr_digest.len ||
	    memcmp(got, q->pcr_digest.p, q->pcr_digest.len))
		return fail(RC_EVIDENCE, "TPM quote: the PCR values beside it are not the ones that were quoted");
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
