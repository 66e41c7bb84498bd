// SPDX-License-Identifier: GPL-2.0-only
/* Names of single bits of an SNP report */
#include <stddef.h>

#include "verify/bits.h"

const struct named_bit platform_bit_names[] = {
	{ "smt", 0 }, { "tsme", 1 }, { "ecc", 2 }, { "rapl-disabled", 3 },
	{ "ciphertext-hiding", 4 }, { "alias-check", 5 }, { "tio", 7 }, { NULL, 0 },
};

const struct named_bit policy_bit_names[] = {
	{ "smt", 16 }, { "migrate", 18 }, { "debug", 19 }, { "single-socket", 20 },
	{ "cxl", 21 }, { "mem-aes-256-xts", 22 }, { "rapl-disabled", 23 },
	{ "ciphertext-hiding", 24 }, { "page-swap-disabled", 25 }, { NULL, 0 },
};
