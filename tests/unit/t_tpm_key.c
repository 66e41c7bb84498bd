// SPDX-License-Identifier: GPL-2.0-only
/* Keys of a TPM, what TPM2_Certify says of them, policies, response codes in words */
#include "base/digest.h"
#include "tpm/dev.h"
#include "unit.h"

static void be(struct buf *b, u64 v, unsigned int bytes)
{
	while (bytes--) {
		u8 c = (u8)(v >> 8 * bytes);

		buf_add(b, &c, 1);
	}
}

static void sized(struct buf *b, const void *p, size_t len)
{
	be(b, len, 2);
	buf_add(b, p, len);
}

/* A TPM2B_PUBLIC; @signs: with RSASSA, else a key for decryption */
static void make_key(struct buf *b, bool signs)
{
	struct buf area = { 0 };
	u8 n[256];

	memset(n, 0xc5, sizeof(n));
	be(&area, TPM_ALG_RSA, 2);
	be(&area, TPM_ALG_SHA256, 2);
	be(&area, 0x20432, 4);
	sized(&area, "policy", 6);
	be(&area, TPM_ALG_NULL, 2);
	be(&area, signs ? TPM_ALG_RSASSA : TPM_ALG_NULL, 2);
	if (signs)
		be(&area, TPM_ALG_SHA256, 2);
	be(&area, 2048, 2);
	be(&area, 0, 4);
	sized(&area, n, sizeof(n));
	sized(b, area.p, area.len);
	buf_free(&area);
}

static void make_attest(struct buf *b, const struct tpm_rsa *k)
{
	u8 hash[DIGEST_MAX], name[34] = { 0, TPM_ALG_SHA256 }, zeros[25] = { 0 };

	digest("SHA256", k->area.p, k->area.len, hash);
	memcpy(name + 2, hash, 32);
	be(b, 0xff544347, 4);
	be(b, 0x8017, 2);
	sized(b, name, sizeof(name));	/* of who signs: any */
	sized(b, "", 0);
	buf_add(b, zeros, sizeof(zeros));
	sized(b, name, sizeof(name));
	sized(b, name, sizeof(name));
}

/* A copy of exactly its length, so that the sanitizer sees every byte behind it */
static u8 *exact(const struct buf *b, size_t len)
{
	u8 *p = malloc(len ? len : 1);

	memcpy(p, b->p, len);
	return p;
}

static void keys(void)
{
	struct buf b = { 0 }, other = { 0 }, attest = { 0 };
	struct tpm_rsa k, sign;
	size_t i, taken = 0;
	u8 *p;

	make_key(&b, false);
	ok(!tpm_rsa_parse(buf_span(&b), &k), "a key");
	ok(k.attributes == 0x20432 && k.exponent == 65537 && k.n.len == 256 && k.n.p[0] == 0xc5 &&
	   k.policy.len == 6 && !memcmp(k.policy.p, "policy", 6) && k.area.len == b.len - 2,
	   "what is in it");
	make_key(&other, true);
	ok(!tpm_rsa_parse(buf_span(&other), &sign) && tpm_same_key(&k, &sign),
	   "the same in another scheme");
	other.p[other.len - 1] ^= 1;
	ok(!tpm_same_key(&k, &sign), "another modulus");
	make_attest(&attest, &k);
	ok(tpm_certifies(buf_span(&attest), &k), "certified");
	ok(!tpm_certifies(buf_span(&attest), &sign), "another one is not");

	unit_quiet();
	for (i = 0; i < b.len; i++) {
		p = exact(&b, i);
		taken += !tpm_rsa_parse((struct span){ p, i }, &sign);
		free(p);
	}
	ok(!taken, "cut short anywhere it is refused");
	buf_add(&b, "x", 1);
	ok(tpm_rsa_parse(buf_span(&b), &sign), "and with a byte behind it");
	b.len--;
	for (i = 0; i < attest.len; i++) {
		p = exact(&attest, i);
		taken += tpm_certifies((struct span){ p, i }, &k);
		free(p);
	}
	/* of these bytes it depends whether and what it certifies */
	for (i = 0; i < 6; i++) {
		attest.p[i] ^= 1;
		taken += tpm_certifies(buf_span(&attest), &k);
		attest.p[i] ^= 1;
	}
	for (i = 6 + 36 + 2 + 25; i < 6 + 36 + 2 + 25 + 36; i++) {
		attest.p[i] ^= 1;
		taken += tpm_certifies(buf_span(&attest), &k);
		attest.p[i] ^= 1;
	}
	ok(!taken, "no damaged certification is taken");
	ok(tpm_certifies(buf_span(&attest), &k), "whole again it is");
	buf_free(&b);
	buf_free(&other);
	buf_free(&attest);
}

/* What tpm2_policypcr of tpm2-tools has of a swtpm just started, PCR 0 to 7 */
#define POLICY_OF_ZEROS	"9a72c2e06a93c453a86efb47532e9c7a91dcab018e675919910c58d6a1a5aa78"

static void policies(void)
{
	u8 zeros[8 * 32] = { 0 };
	struct tpm_policy p, q;
	char *text;

	tpm_policy_pcr(0xff, (struct span){ zeros, sizeof(zeros) }, &p);
	text = hex_encode(p.digest, 32);
	ok(!strcmp(text, POLICY_OF_ZEROS), "the policy of PCRs that are zero: %s", text);
	free(text);
	zeros[7 * 32] = 1;
	tpm_policy_pcr(0xff, (struct span){ zeros, sizeof(zeros) }, &q);
	ok(memcmp(p.digest, q.digest, 32), "another PCR, another policy");
}

static void says(u32 rc, const char *want)
{
	char *text = tpm_rc_text(rc);

	ok(!strcmp(text, want), "%s", text);
	free(text);
}

static void codes(void)
{
	says(0x14a, "0x14a, TPM_RC_NV_UNINITIALIZED: the NV index is defined but was not written yet");
	says(0x1c4, "0x1c4, TPM_RC_VALUE: parameter 1: a value that is not valid here");
	says(0x28b, "0x28b, TPM_RC_HANDLE: handle 2: no such key, index or session");
	says(0x99d, "0x99d, TPM_RC_POLICY_FAIL: session 1: the policy of the object is not satisfied");
	says(0x9a2, "0x9a2, TPM_RC_BAD_AUTH: session 1: it needs a password: the TPM has an owner");
	says(0x921, "0x921, TPM_RC_LOCKOUT: locked out after failed authorisations");
	says(0xb0143, "0xb0143, TPM_RC_COMMAND_CODE: from software in front of the TPM, not from the TPM: it does not know this command");
	says(0x7ff, "0x7ff: parameter 7: see TCG TPM 2.0 part 2, 6.6");
	says(0x1, "0x001: see TCG TPM 2.0 part 2, 6.6");
	ok(tpm_rc_base(0xfcb) == 0x08b && tpm_rc_base(0x14a) == 0x14a && tpm_rc_base(0xb0921) == 0x921,
	   "codes without what they are about");
}

int main(void)
{
	policies();
	codes();
	keys();
	return unit_failed;
}
