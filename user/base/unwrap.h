/* SPDX-License-Identifier: GPL-2.0-only */
/* Binary data that a tool printed as text: hex, a dump, base64, URL encoding */
#ifndef CVM_BASE_UNWRAP_H
#define CVM_BASE_UNWRAP_H

#include "base/util.h"

/* Printable ASCII and white space, and nothing else */
bool is_text(struct span s);
/*
 * The bytes that the text @s stands for: hex with or without 0x, dumps of xxd
 * and "hexdump -C", base64 and base64url, URL-encoded PEM; line ends anywhere.
 * False when @s is none of these, with nothing in @out. A star in a dump stands for any
 * number of rows: for more than @max bytes altogether it is none of these.
 */
bool unwrap_text(struct span s, size_t max, struct buf *out);

#endif
