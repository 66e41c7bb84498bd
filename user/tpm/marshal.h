/* SPDX-License-Identifier: GPL-2.0-only */
/* One TPM command: put together, sent, its answer taken apart */
#ifndef CVM_TPM_MARSHAL_H
#define CVM_TPM_MARSHAL_H

#include "tpm/cursor.h"
#include "tpm/dev.h"

/* Zero-initialise */
struct tpm_command {
	struct buf b;
	bool authorised;
	struct buf answer;
};

void tpm_command_free(struct tpm_command *c);
#define CLEANUP_TPM_COMMAND	CLEANUP(tpm_command_free) = { 0 }

void tpm_start(struct tpm_command *c, u32 code, bool authorised);
void tpm_put(struct tpm_command *c, u64 v, unsigned int bytes);
void tpm_put_2b(struct tpm_command *c, const void *p, size_t len);
/* Empty nonces and no HMACs: of passwords, which are empty, and of policies */
void tpm_put_sessions(struct tpm_command *c, u32 handle, unsigned int n);
/*
 * Sends it, again while the TPM says "come back later". RC_OK, and t->rc when
 * it was refused; else the answer's parameters in @out, which are in @c, and
 * before them @handle, where there is one.
 */
int tpm_finish(struct tpm *t, struct tpm_command *c, const char *name, u32 *handle,
	       struct tpm_cursor *out);
/* Whether the answer was long enough for all that was taken from it */
int tpm_whole(const struct tpm *t, const struct tpm_cursor *c);

#endif
