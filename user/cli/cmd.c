// SPDX-License-Identifier: GPL-2.0-only
/* What the verbs have in common on the command line */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"

int cmd_getopt(int argc, char **argv, const char *letters, const struct option *options)
{
	int index = -1, c = getopt_long(argc, argv, letters, options, &index);
	const char *arg;
	size_t len;

	if (index < 0 || c == '?' || c < 0)
		return c;
	/* what it was found by: the last one that was read, or before its value */
	arg = argv[optind - 1];
	if (options[index].has_arg == required_argument && optarg == arg)
		arg = argv[optind - 2];
	len = strcspn(arg, "=");
	if (len == strlen(options[index].name) + 2)
		return c;
	if (opterr)
		complain("unrecognized option '%.*s': options are not abbreviated; is it '--%s'?", (int)len,
			 arg, options[index].name);
	return '?';
}

int cmd_help(const struct cmd *cmd)
{
	return file_write("-", cmd->help, strlen(cmd->help));
}

int cmd_usage(const struct cmd *cmd)
{
	fprintf(stderr, "Try 'cvm-evidence %s --help'.\n", cmd->name);
	return RC_USAGE;
}
