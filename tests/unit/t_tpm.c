// SPDX-License-Identifier: GPL-2.0-only
/* TPM quotes: what is in one, and that no damaged one is taken for whole */
#include "base/digest.h"
#include "tpm/quote.h"
#include "unit.h"

static void be16(struct buf *b, unsigned int n)
{
	u8 be[2] = { (u8)(n >> 8), (u8)n };

	buf_add(b, be, 2);
}

/* Over PCR 0, 7 and 23 of SHA-256 */
static void make(struct buf *attest, struct buf *sig, struct buf *pcrs)
{
	u8 zeros[300] = { 0 }, hash[DIGEST_MAX];
	int i;

	for (i = 0; i < 3 * 32; i++) {
		u8 c = (u8)i;

		buf_add(pcrs, &c, 1);
	}
	digest("SHA256", pcrs->p, pcrs->len, hash);
	buf_add(attest, "\xffTCG\x80\x18", 6);
	be16(attest, 34);
	buf_add(attest, zeros, 34);
	be16(attest, 5);
	buf_add(attest, "nonce", 5);
	buf_add(attest, zeros, 17 + 8);
	buf_add(attest, "\0\0\0\1\0\x0b\3\x81\0\x80", 10);
	be16(attest, 32);
	buf_add(attest, hash, 32);
	be16(sig, TPM_ALG_RSASSA);
	be16(sig, TPM_ALG_SHA256);
	be16(sig, 256);
	buf_add(sig, zeros, 256);
}

/* A copy of exactly its length, so that the sanitizer sees every byte behind it */
static int parse(const struct buf *attest, const struct buf *sig, const struct buf *pcrs,
		 struct tpm_quote *q)
{
	const struct buf *in[3] = { attest, sig, pcrs };
	struct span s[3];
	int i, rc;

	for (i = 0; i < 3; i++) {
		u8 *copy = malloc(in[i]->len ? in[i]->len : 1);

		memcpy(copy, in[i]->p, in[i]->len);
		s[i] = (struct span){ copy, in[i]->len };
	}
	rc = tpm_quote_parse(s[0], s[1], s[2], q);
	for (i = 0; i < 3; i++)
		free((void *)s[i].p);
	return rc;
}

static void damaged(struct buf *part, const struct buf *attest, const struct buf *sig,
		    const struct buf *pcrs, const char *name)
{
	size_t whole = part->len, taken = 0;
	struct tpm_quote q;

	for (part->len = 0; part->len < whole; part->len++)
		taken += !parse(attest, sig, pcrs, &q);
	part->len = whole;
	ok(!taken, "%s cut short anywhere is refused", name);
	buf_add(part, "x", 1);
	ok(parse(attest, sig, pcrs, &q), "%s with a byte behind it is refused", name);
	part->len--;
}

int main(void)
{
	struct buf attest = { 0 }, sig = { 0 }, pcrs = { 0 };
	struct tpm_quote q;
	size_t i;
	int bit;

	make(&attest, &sig, &pcrs);
	ok(!tpm_quote_parse(buf_span(&attest), buf_span(&sig), buf_span(&pcrs), &q), "a quote");
	ok(q.extra_data.len == 5 && !memcmp(q.extra_data.p, "nonce", 5), "its qualifying data");
	ok(q.mask == 0x800081 && q.bank == TPM_ALG_SHA256 && q.pcr_len == 32, "its PCRs");
	ok(tpm_quote_pcr(&q, 0) == pcrs.p && tpm_quote_pcr(&q, 7) == pcrs.p + 32 &&
	   tpm_quote_pcr(&q, 23) == pcrs.p + 64, "a value of each");
	ok(!tpm_quote_pcr(&q, 1) && !tpm_quote_pcr(&q, 24) && !tpm_quote_pcr(&q, 40),
	   "and of no other");
	ok(q.sig.len == 256 && q.sig.p == sig.p + 6, "the signature without its header");

	unit_quiet();
	damaged(&attest, &attest, &sig, &pcrs, "TPMS_ATTEST");
	damaged(&sig, &attest, &sig, &pcrs, "TPMT_SIGNATURE");
	damaged(&pcrs, &attest, &sig, &pcrs, "the list of values");
	for (i = 0; i < pcrs.len; i++) {
		pcrs.p[i] ^= 1;
		if (!parse(&attest, &sig, &pcrs, &q))
			break;
		pcrs.p[i] ^= 1;
	}
	ok(i == pcrs.len, "another value is refused");
	/* survives; what it says may differ */
	for (i = 0; i < attest.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			attest.p[i] ^= (u8)(1 << bit);
			parse(&attest, &sig, &pcrs, &q);
			attest.p[i] ^= (u8)(1 << bit);
		}
	}
	for (i = 0; i < 6; i++) {
		for (bit = 0; bit < 8; bit++) {
			sig.p[i] ^= (u8)(1 << bit);
			parse(&attest, &sig, &pcrs, &q);
			sig.p[i] ^= (u8)(1 << bit);
		}
	}
	ok(!parse(&attest, &sig, &pcrs, &q), "every bit was tried");
	buf_free(&attest);
	buf_free(&sig);
	buf_free(&pcrs);
	return unit_failed;
}
