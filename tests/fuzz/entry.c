// SPDX-License-Identifier: GPL-2.0-only
/* What libFuzzer calls; TARGET is the function's name. */
#include "fuzz.h"

void TARGET(struct span s);
int LLVMFuzzerTestOneInput(const u8 *p, size_t len);

int LLVMFuzzerTestOneInput(const u8 *p, size_t len)
{
	fuzz_one(TARGET, p, len);
	return 0;
}
