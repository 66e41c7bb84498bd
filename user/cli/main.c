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
	fputs("\nFor more, run cvm-evidence VERB --help.\n"
	      "Exit status: 0 ok, 1 failed, 2 usage, 3 no provider or module, 4 permission,\n"
	      "5 bad or mismatching evidence, 6 throttled or timed out, 7 the service refused.\n", to);
}

int main(int argc, char **argv)
{
	size_t i;

	/* make write() fail, do not die: files are written whole or not at all */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		usage(stderr);
		return RC_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return fflush(stdout) ? fail(RC_FAILED, "cannot write standard output: %m") : RC_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("cvm-evidence " TOOL_VERSION);
		return fflush(stdout) ? fail(RC_FAILED, "cannot write standard output: %m") : RC_OK;
	}
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		if (!strcmp(argv[1], cmds[i]->name)) {
			char *name = xasprintf("cvm-evidence %s", argv[1]);
			int rc;

			/* getopt puts argv[0] before its messages */
			argv[1] = name;
			rc = cmds[i]->run(argc - 1, argv + 1);
			free(name);
			return rc;
		}
	}
	complain("there is no verb '%s'", argv[1]);
	usage(stderr);
	return RC_USAGE;
}
