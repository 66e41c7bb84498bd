/* SPDX-License-Identifier: GPL-2.0-only */
/* What the machine and its kernel say about themselves */
#ifndef CVM_CLI_PLATFORM_H
#define CVM_CLI_PLATFORM_H

#include "base/util.h"

/* The TEE this is a guest of and how that was seen; NULL when nothing says so */
const char *platform_tee(const char **seen);
/* "none", "integrity", "confidentiality"; NULL when the kernel does not say */
const char *platform_lockdown(void);
/* 1 on, 0 off, -1 no EFI or not readable */
int platform_secure_boot(void);
/* 'y', 'm' or 'n'; 0 when there is no readable configuration */
char platform_config(const char *option);

/* modules.c */
enum module_state { MODULE_MISSING, MODULE_THERE, MODULE_LOADED };

/* Whether @name is loaded or built in, or could be loaded */
enum module_state module_state(const char *name);
/* Loads it with all it depends on; 0 or a negative errno */
int module_load(const char *name);
/* What such an error means and what to do about it */
const char *module_load_hint(const char *name, int err);

#endif
