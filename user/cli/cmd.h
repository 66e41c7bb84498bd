/* SPDX-License-Identifier: GPL-2.0-only */
/* Verbs: each has one file, and one line in the table of main.c. */
#ifndef CVM_CLI_CMD_H
#define CVM_CLI_CMD_H

#include <getopt.h>

#include "base/util.h"

struct cmd {
	const char *name;
	const char *summary;
	const char *help;
	bool sends;		/* sends to a service: attest, which shares its options with request */
	int (*run)(int argc, char **argv);
};

extern const struct cmd cmd_attest, cmd_doctor, cmd_get, cmd_load, cmd_monitor, cmd_request,
			cmd_show, cmd_status, cmd_verify;

/* Numbers of options that have no letter */
enum { OPT_LONG = 256 };

int cmd_help(const struct cmd *cmd);
/*
 * As getopt_long(), of which it makes its choice, but takes a long option only by its whole
 * name: what an abbreviation means changes when an option is added. Then it is '?', after
 * a message as getopt's.
 */
int cmd_getopt(int argc, char **argv, const char *letters, const struct option *options);
/* Call it after getopt's message: points to --help, returns RC_USAGE. */
int cmd_usage(const struct cmd *cmd);

#endif
