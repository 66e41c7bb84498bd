// SPDX-License-Identifier: GPL-2.0-only
/* cvm-evidence: hardware evidence of a confidential VM */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"

static const struct cmd *const cmds[] = {
	&cmd_status, &cmd_doctor, &cmd_load, &cmd_get, &cmd_show, &cmd_request, &cmd_attest,
	&cmd_monitor, &cmd_verify,
};

static void usage(FILE *to)
{
	size_t i;

	fputs("Usage: cvm-evidence VERB [options]\n\n", to);
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		fprintf(to, "  %-8s  %s\n", cmds[i]->name, cmds[i]->summary);
	fputs("\nFor more, run cvm-evidence VERB --help, or cvm-evidence help VERB.\n"
	      "Exit status: 0 ok, 1 failed, 2 usage, 3 no provider or module, 4 permission,\n"
	      "5 bad or mismatching evidence, 6 throttled or timed out, 7 the service refused.\n", to);
}

static const struct cmd *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		if (!strcmp(name, cmds[i]->name))
			return cmds[i];
	return NULL;
}

static int no_verb(const char *name)
{
	complain("there is no verb '%s'", name);
	usage(stderr);
	return RC_USAGE;
}

/* "help", or "help VERB" */
static int help(int argc, char **argv)
{
	const struct cmd *cmd = argc > 2 ? find(argv[2]) : NULL;

	if (argc > 3) {
		complain("help takes one verb; '%s' is a second one", argv[3]);
		usage(stderr);
		return RC_USAGE;
	}
	if (argc > 2)
		return cmd ? cmd_help(cmd) : no_verb(argv[2]);
	usage(stdout);
	return fflush(stdout) ? fail(RC_FAILED, "cannot write standard output: %m") : RC_OK;
}

int main(int argc, char **argv)
{
	const struct cmd *cmd;
	char *name;
	int rc;

	/* make write() fail, do not die: files are written whole or not at all */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		usage(stderr);
		return RC_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help(argc, argv);
	if (!strcmp(argv[1], "--version")) {
		puts("cvm-evidence " TOOL_VERSION);
		return fflush(stdout) ? fail(RC_FAILED, "cannot write standard output: %m") : RC_OK;
	}
	cmd = find(argv[1]);
	if (!cmd)
		return no_verb(argv[1]);
	/* getopt puts argv[0] before its messages */
	name = xasprintf("cvm-evidence %s", argv[1]);
	argv[1] = name;
	rc = cmd->run(argc - 1, argv + 1);
	free(name);
	return rc;
}
