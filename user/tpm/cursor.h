/* SPDX-License-Identifier: GPL-2.0-only */
/* TPM structures are big-endian; a reader of them that never leaves them */
#ifndef CVM_TPM_CURSOR_H
#define CVM_TPM_CURSOR_H

#include "base/util.h"

struct tpm_cursor {
	struct span s;		/* what is left */
	const char *what;	/* for messages */
	bool short_of;		/* more was read than there was */
};

/* An integer of so many bytes; 0 when it is cut short */
u64 tpm_take(struct tpm_cursor *c, size_t bytes);
struct span tpm_take_bytes(struct tpm_cursor *c, size_t len);
/* A TPM2B: a length in two bytes, and as many */
struct span tpm_take_2b(struct tpm_cursor *c);

#endif
