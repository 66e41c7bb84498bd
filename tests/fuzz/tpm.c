// SPDX-License-Identifier: GPL-2.0-only
/* TPMS_ATTEST, TPMT_SIGNATURE and PCR values; an answer sealed to a TPM's key */
#include "base/digest.h"
#include "fuzz.h"
#include "services/maa.h"
#include "tpm/quote.h"

/* No fuzzer finds a hash: it is put where the quote says it is. */
static void repair(struct tpm_quote *q)
{
	u8 hash[DIGEST_MAX];

	if (!tpm_hash_name(q->sig_hash) || q->pcr_digest.len != tpm_hash_len(q->sig_hash))
		return;
	digest(tpm_hash_name(q->sig_hash), q->pcrs.p, q->pcrs.len, hash);
	memcpy((u8 *)q->pcr_digest.p, hash, q->pcr_digest.len);
}

FUZZ(tpm)
{
	struct span rest = s;
	struct part attest CLEANUP_PART = fuzz_part(&rest);
	struct part signature CLEANUP_PART = fuzz_part(&rest);
	struct part pcrs CLEANUP_PART = fuzz_part(&rest);
	struct tpm_quote q;
	unsigned int i;
	int rc = tpm_quote_parse(attest.s, signature.s, pcrs.s, &q);

	must_judge(rc);
	if (rc) {
		repair(&q);
		rc = tpm_quote_parse(attest.s, signature.s, pcrs.s, &q);
	}
	if (rc)
		return;
	fuzz_inside(q.extra_data, attest.s);
	fuzz_inside(q.pcr_digest, attest.s);
	fuzz_inside(q.sig, signature.s);
	for (i = 0; i < TPM_PCRS + 2; i++) {
		const u8 *p = tpm_quote_pcr(&q, i);

		must(!p == !(i < TPM_PCRS && q.mask >> i & 1));
		if (p)
			fuzz_inside((struct span){ p, q.pcr_len }, pcrs.s);
	}
}

/*
 * An answer of AzureGuest, the body it is for (may be empty), and what the TPM says
 * to each command by which it is opened.
 */
FUZZ(sealed)
{
	struct span rest = s;
	struct part answer CLEANUP_PART = fuzz_part(&rest);
	struct part sent CLEANUP_PART = fuzz_part(&rest);
	struct request q CLEANUP(request_free) = { .tpm_device = "tpm" };
	struct buf out CLEANUP_BUF;
	int rc;

	buf_add(&q.sealed.b, answer.s.p, answer.s.len);
	buf_add(&q.sent.b, sent.s.p, sent.s.len);
	q.sent.path = sent.s.len ? "sent" : NULL;
	fuzz_tpm_answers(&rest);
	rc = maa_guest_open(&q, &out);
	fuzz_tpm_answers(NULL);
	must(rc != RC_USAGE && rc != RC_NO_PROVIDER);
	must(!rc == !!out.len);
}
