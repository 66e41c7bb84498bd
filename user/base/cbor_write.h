/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing CBOR (RFC 8949): definite lengths, shortest heads */
#ifndef CVM_BASE_CBOR_WRITE_H
#define CVM_BASE_CBOR_WRITE_H

#include "base/util.h"

void cbor_uint(struct buf *b, u64 v);
void cbor_bytes(struct buf *b, struct span s);
void cbor_text(struct buf *b, const char *text);
/* Heads: @n items, or @n pairs, have to follow */
void cbor_array(struct buf *b, u64 n);
void cbor_map(struct buf *b, u64 n);

#endif
