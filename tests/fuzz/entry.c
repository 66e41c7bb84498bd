// SPDX-License-Identifier: GPL-2.0-only
/* What libFuzzer calls; TARGET is the function's name. */
#include "fuzz.h"

void TARGET(struct span s);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *p, size_t len);

/* Before the first run, whose time is limited as that of all others is */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_prepare();
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *p, size_t len)
{
	fuzz_one(TARGET, p, len);
	return 0;
}
