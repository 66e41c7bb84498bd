/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few TPM 2.0 commands that the tool needs in addition to evidence, to the kernel's
 * resource manager or to a socket of swtpm.
 *
 * Marshalled here rather than by libtss2-esys: nine commands with an empty
 * password or a policy that a hash makes are less than the loading of a library
 * and the copying to and from its structures would be, and the tool stays one
 * binary without another dependency.
 */
#ifndef CVM_TPM_DEV_H
#define CVM_TPM_DEV_H

#include "tpm/quote.h"

#define TPM_DEVICE	"/dev/tpmrm0"

/* Where Azure's paravisor puts things */
#define TPM_HANDLE_AK	0x81000003u
#define TPM_NV_HCL	0x01400001u

/* Response codes (part 2, 6.6), without the number of what they are about */
#define TPM_RC_HANDLE	0x08b
#define TPM_RC_VALUE	0x084
#define TPM_RC_SIZE	0x095
#define TPM_RC_AUTH_FAIL 0x08e
#define TPM_RC_POLICY_FAIL 0x09d
#define TPM_RC_BAD_AUTH	0x0a2
#define TPM_RC_FAILURE	0x101
#define TPM_RC_PCR_CHANGED 0x128
#define TPM_RC_NV_RANGE	0x146
#define TPM_RC_YIELDED	0x908
#define TPM_RC_TESTING	0x90a
#define TPM_RC_NV_RATE	0x920
#define TPM_RC_LOCKOUT	0x921
#define TPM_RC_RETRY	0x922

struct tpm {
	const char *path;
	int fd;
	bool is_socket;
	u32 rc;			/* of the last command, when the TPM refused it; else 0 */
};

/* The policy of a key that can be used only while PCRs have these values */
struct tpm_policy {
	u32 mask;		/* of the SHA-256 bank */
	u8 pcr_digest[32];	/* of the values */
	u8 digest[32];		/* of the policy */
};

/* RC_DENIED with a message that @who needs it */
int tpm_open(struct tpm *t, const char *path, const char *who);
void tpm_close(struct tpm *t);
/* One command, one answer, whole; RC_OK whatever the response code */
int tpm_exchange(struct tpm *t, struct span command, struct buf *answer);

/*
 * Commands return RC_OK, or RC_FAILED, RC_DENIED or RC_BUSY with a message.
 * Response codes that a caller handles itself come without a message, as RC_OK
 * and t->rc.
 */
/* TPM_PT_* from @first on; @known has bit i if the TPM returned val[i] */
int tpm_properties(struct tpm *t, u32 first, u32 *val, size_t n, u32 *known);
int tpm_pcr_read(struct tpm *t, u32 mask, struct buf *values);
int tpm_read_public(struct tpm *t, u32 handle, struct buf *pub);	/* t->rc */
int tpm_nv_read(struct tpm *t, u32 index, u32 from, u32 len, struct buf *out);	/* t->rc */
/* An RSA-2048 key for decryption, of the hierarchy whose seed ends with this boot */
int tpm_create_rsa(struct tpm *t, const struct tpm_policy *p, u32 *handle, struct buf *pub);
int tpm_certify(struct tpm *t, u32 handle, u32 key, struct buf *attest, struct buf *signature);
int tpm_rsa_decrypt(struct tpm *t, u32 handle, const struct tpm_policy *p, struct span in,
		    struct buf *out);	/* t->rc */
void tpm_flush(struct tpm *t, u32 handle);

/* The policy of PCRs in @mask with @values, in the order of their numbers */
void tpm_policy_pcr(u32 mask, struct span values, struct tpm_policy *p);

/* rc.c */
/* @rc without what it is about: which handle, session or parameter */
u32 tpm_rc_base(u32 rc);
/* Whether the same command may be answered a little later */
bool tpm_rc_is_passing(u32 rc);
/* What it means, for a message; the caller's to free */
char *tpm_rc_text(u32 rc);
/* Says what the TPM refused; RC_DENIED, RC_BUSY or RC_FAILED */
int tpm_refused(const struct tpm *t, const char *command);

#endif
