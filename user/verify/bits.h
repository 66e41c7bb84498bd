/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of single bits of an SNP report, as options and policies give them */
#ifndef CVM_VERIFY_BITS_H
#define CVM_VERIFY_BITS_H

#include "base/util.h"

struct named_bit {
	const char *name;
	unsigned int nr;
};

/* Of PLATFORM_INFO and of POLICY; a name of NULL ends each list */
extern const struct named_bit platform_bit_names[], policy_bit_names[];

#endif
