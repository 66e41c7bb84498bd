// SPDX-License-Identifier: GPL-2.0-only
/* What the verbs have in common on the command line */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"

int cmd_help(const struct cmd *cmd)
{
	return file_write("-", cmd->help, strlen(cmd->help));
}

int cmd_usage(const struct cmd *cmd)
{
	fprintf(stderr, "Try 'cvm-evidence %s --help'.\n", cmd->name);
	return RC_USAGE;
}
