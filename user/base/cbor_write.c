// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "base/cbor_write.h"

enum kind { UINT = 0, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5 };

static void head(struct buf *b, enum kind kind, u64 n)
{
	u8 h[9];
	unsigned int bytes = n < 24 ? 0 : n <= UINT8_MAX ? 1 : n <= UINT16_MAX ? 2 :
			     n <= UINT32_MAX ? 4 : 8, i;
	static const u8 code[9] = { [1] = 24, [2] = 25, [4] = 26, [8] = 27 };

	h[0] = (u8)((unsigned int)kind << 5 | (bytes ? code[bytes] : (u8)n));
	for (i = 0; i < bytes; i++)
		h[1 + i] = (u8)(n >> 8 * (bytes - 1 - i));
	buf_add(b, h, 1 + bytes);
}

void cbor_uint(struct buf *b, u64 v)
{
	head(b, UINT, v);
}

void cbor_bytes(struct buf *b, struct span s)
{
	head(b, BYTES, s.len);
	buf_add(b, s.p, s.len);
}

void cbor_text(struct buf *b, const char *text)
{
	head(b, TEXT, strlen(text));
	buf_add_str(b, text);
}

void cbor_array(struct buf *b, u64 n)
{
	head(b, ARRAY, n);
}

void cbor_map(struct buf *b, u64 n)
{
	head(b, MAP, n);
}
