/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CVM_BASE_DIGEST_H
#define CVM_BASE_DIGEST_H

#include "base/util.h"

#define DIGEST_MAX	64

/* @alg as OpenSSL names it; returns the length */
size_t digest(const char *alg, const void *p, size_t len, u8 out[DIGEST_MAX]);
int digest_file(const char *alg, const char *path, u8 out[DIGEST_MAX], size_t *len);

#endif
