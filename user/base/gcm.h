/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_BASE_GCM_H
#define CVM_BASE_GCM_H

#include "base/util.h"

#define GCM_KEY_LEN	32
#define GCM_IV_LEN	12
#define GCM_TAG_LEN	16

/* Decrypts @text (AES-256-GCM) into @out; false, with nothing added, when it was altered */
bool gcm_open(const u8 key[GCM_KEY_LEN], struct span iv, struct span aad, struct span text,
	      struct span tag, struct buf *out);

#endif
