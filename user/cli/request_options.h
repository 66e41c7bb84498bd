/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of request and attest, which have most of it in common */
#ifndef CVM_CLI_REQUEST_OPTIONS_H
#define CVM_CLI_REQUEST_OPTIONS_H

#include "cli/cmd.h"
#include "services/service.h"

/* RC_OK, or the exit status; @done after --help */
int request_parse(int argc, char **argv, const struct cmd *cmd, struct request_options *o,
		  struct request *q, bool *done);

#endif
