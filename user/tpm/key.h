/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The key to which AzureGuest seals its answer. It is a primary key of the TPM's
 * null hierarchy: the same template gives the same key until the TPM is reset,
 * and never again after that. So nothing is kept between the request and its
 * answer, the key is of this boot, and no owner's password is in the way. Its
 * template has the policy that the boot's PCRs are what they were: another
 * policy is another key.
 */
#ifndef CVM_TPM_KEY_H
#define CVM_TPM_KEY_H

#include "tpm/dev.h"

/* PCRs of the boot, as Microsoft's clients choose them on Linux */
#define TPM_KEY_PCRS	0xffu
#define TPM_KEY_PCRS_N	8
#define TPM_KEY_LEN	256

struct tpm_key {
	struct buf pub;		/* TPM2B_PUBLIC */
	struct buf info;	/* TPMS_ATTEST of TPM2_Certify by the AK */
	struct buf signature;	/* TPMT_SIGNATURE */
};

/* What is known of a key that was made before; unknown members have length 0 */
struct tpm_key_was {
	struct span pub;
	struct span pcrs;	/* values of TPM_KEY_PCRS */
};

/* Only for evidence of this TPM, with a quote over the present values of its PCRs */
int tpm_key_make(const char *path, struct span ak_pub, const struct tpm_quote *q,
		 struct tpm_key *key);
/*
 * Decrypts @in, which was encrypted to the key (RSAES). RC_EVIDENCE when the
 * TPM cannot use the key any more, RC_REFUSED when @in is for another key, or
 * was altered.
 */
int tpm_key_decrypt(const char *path, const struct tpm_key_was *was, struct span in,
		    struct buf *out);
/* Reports why the result of a decryption is unusable; RC_REFUSED */
int tpm_key_mismatch(const struct tpm_key_was *was);

#endif
