/* SPDX-License-Identifier: GPL-2.0-only */
/* TPM 2.0 structures of quotes and keys (TCG TPM 2.0 Library, part 2) */
#ifndef CVM_TPM_QUOTE_H
#define CVM_TPM_QUOTE_H

#include "base/util.h"

#define TPM_PCRS	24

#define TPM_ALG_RSA	0x0001
#define TPM_ALG_NULL	0x0010
#define TPM_ALG_RSASSA	0x0014
#define TPM_ALG_RSAES	0x0015
#define TPM_ALG_RSAPSS	0x0016
#define TPM_ALG_ECDSA	0x0018
#define TPM_ALG_SHA1	0x0004
#define TPM_ALG_SHA256	0x000b
#define TPM_ALG_SHA384	0x000c
#define TPM_ALG_SHA512	0x000d

/* All within what was parsed */
struct tpm_quote {
	struct span attest;		/* TPMS_ATTEST, whole */
	struct span extra_data;		/* the qualifying data */
	struct span pcr_digest;
	u16 bank;			/* hash of the one bank that was quoted */
	u32 mask;			/* bit n: PCR n was quoted */
	struct span signature;		/* TPMT_SIGNATURE, whole */
	u16 sig_alg, sig_hash;
	struct span sig;		/* RSA: the signature without the header */
	struct span pcrs;		/* values, in the order of their numbers */
	size_t pcr_len;			/* bytes of each */
};

/* Length of a hash, 0 when it is not known; its name for OpenSSL */
size_t tpm_hash_len(u16 alg);
const char *tpm_hash_name(u16 alg);

/*
 * A quote over PCRs of one bank: TPMS_ATTEST, TPMT_SIGNATURE and the values.
 * The values must have the digest that was quoted; the signature is not
 * checked here.
 */
int tpm_quote_parse(struct span attest, struct span signature, struct span pcrs,
		    struct tpm_quote *q);
/* Only the TPMS_ATTEST: what was quoted, without a signature or the values */
int tpm_attest_parse(struct span attest, struct tpm_quote *q);
/* Value of PCR @n; NULL when it was not quoted */
const u8 *tpm_quote_pcr(const struct tpm_quote *q, unsigned int n);

/* An RSA key's TPM2B_PUBLIC; all within what was parsed */
struct tpm_rsa {
	struct span area;	/* TPMT_PUBLIC */
	u32 attributes;
	struct span policy;
	u32 exponent;
	struct span n;
};

int tpm_rsa_parse(struct span s, struct tpm_rsa *k);
bool tpm_same_key(const struct tpm_rsa *a, const struct tpm_rsa *b);
/* A TPMS_ATTEST of TPM2_Certify, about this key; its signature is not checked */
bool tpm_certifies(struct span attest, const struct tpm_rsa *k);

#endif
