// SPDX-License-Identifier: GPL-2.0-only
/* What the verbs have in common on the command line */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

int cmd_help(const struct cmd *cmd)
{
	return file_write("-", cmd->help, strlen(cmd->help));
}

int cmd_usage(const struct cmd *cmd)
{
	fprintf(stderr, "Try 'cvm-evidence %s --help'.\n", cmd->name);
	return RC_USAGE;
}

int parse_number(const char *what, const char *text, u64 max, u64 *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	if (errno || end == text || *end || strchr(text, '-') || *out > max)
		return fail(RC_USAGE, "%s: '%s' is not a number from 0 to %llu", what, text,
			    (unsigned long long)max);
	return RC_OK;
}
