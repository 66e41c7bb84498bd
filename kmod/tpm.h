/* SPDX-License-Identifier: GPL-2.0 */
/* The TPM 2.0 commands that evidence needs, over the kernel's TPM core. */
#ifndef _CVME_TPM_H
#define _CVME_TPM_H

#include <linux/bits.h>
#include <linux/types.h>

struct tpm_buf;
struct tpm_chip;

#define CVME_TPM_PCRS		24
#define CVME_TPM_SHA256_LEN	32

/* Response codes that say more than "failed"; TCG TPM 2.0 part 2, 6.6 */
#define CVME_TPM_RC_NV_UNINITIALIZED	0x14a

/**
 * struct cvme_tpm - a TPM in use
 * @chip: the TPM's chip, with a reference
 * @buf: command, then response
 * @rc: response code of the last command the TPM refused, 0 for none
 *
 * Worker only. Between cvme_tpm_begin() and cvme_tpm_end() nobody else can use
 * the TPM, so the worker must not wait there.
 */
struct cvme_tpm {
	struct tpm_chip *chip;
	struct tpm_buf *buf;
	u32 rc;
};

/* TPMA_NV (TCG TPM 2.0 part 2, 13.4), as far as it matters here */
#define CVME_NV_OWNERWRITE		BIT(1)
#define CVME_NV_TYPE			GENMASK(7, 4)
#define CVME_NV_WRITELOCKED		BIT(11)
#define CVME_NV_OWNERREAD		BIT(17)
#define CVME_NV_AUTHREAD		BIT(18)
#define CVME_NV_NO_DA			BIT(25)
#define CVME_NV_READLOCKED		BIT(28)
#define CVME_NV_PLATFORMCREATE		BIT(30)

/**
 * struct cvme_tpm_nv - the public area of an NV index
 * @size: bytes of it
 * @attributes: TPMA_NV
 */
struct cvme_tpm_nv {
	u32 size;
	u32 attributes;
};

#define CVME_TPM_PART_MAX	1024	/* fits a quote by an RSA or ECC key */

/**
 * struct cvme_tpm_part - a part of an answer
 * @len: bytes of it
 * @data: them
 */
struct cvme_tpm_part {
	size_t len;
	u8 data[CVME_TPM_PART_MAX];
};

/**
 * struct cvme_tpm_quote - what TPM2_Quote gave, and what belongs to it
 * @pub: TPM2B_PUBLIC of the key
 * @attest: TPMS_ATTEST
 * @signature: TPMT_SIGNATURE, whole
 * @pcrs: values of the PCRs, in the order of their numbers
 *
 * The caller allocates all of it before it holds the TPM.
 */
struct cvme_tpm_quote {
	struct cvme_tpm_part pub;
	struct cvme_tpm_part attest;
	struct cvme_tpm_part signature;
	struct cvme_tpm_part pcrs;
};

int cvme_tpm_open(struct cvme_tpm *tpm);
void cvme_tpm_close(struct cvme_tpm *tpm);
int cvme_tpm_begin(struct cvme_tpm *tpm);
void cvme_tpm_end(struct cvme_tpm *tpm);

/*
 * Call all below between begin and end. None of them allocates memory. -ENXIO:
 * no such index or key; -EAGAIN: busy, try again later; -EIO: @rc says why
 */
int cvme_tpm_property(struct cvme_tpm *tpm, u32 property, u32 *val);
int cvme_tpm_nv_public(struct cvme_tpm *tpm, u32 index, struct cvme_tpm_nv *nv);
int cvme_tpm_nv_undefine(struct cvme_tpm *tpm, u32 index);
int cvme_tpm_nv_define(struct cvme_tpm *tpm, u32 index, u32 size);
int cvme_tpm_nv_write(struct cvme_tpm *tpm, u32 index, const u8 *data,
		      u32 len);
int cvme_tpm_nv_read(struct cvme_tpm *tpm, u32 index, u32 from, u32 size,
		     u32 chunk, u8 *data);
int cvme_tpm_read_public(struct cvme_tpm *tpm, u32 handle,
			 struct cvme_tpm_part *pub);
int cvme_tpm_quote(struct cvme_tpm *tpm, u32 key, const u8 *data, u32 len,
		   u32 pcr_mask, struct cvme_tpm_quote *quote);

const char *cvme_tpm_rc_text(u32 rc);

#endif /* _CVME_TPM_H */
