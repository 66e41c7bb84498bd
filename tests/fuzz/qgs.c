// SPDX-License-Identifier: GPL-2.0-only
/* The stream of Intel's quoting service */
#include "../../user/net/qgs.c"

#include "fuzz.h"

FUZZ(qgs)
{
	struct buf quote CLEANUP_BUF, direct CLEANUP_BUF;
	int fd[2], rc;

	if (!parse("fuzz", s, &direct))
		must(direct.len && direct.len <= s.len);
	/* what a socket takes without a reader */
	if (s.len > 64 * 1024)
		return;
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
	must(send(fd[0], s.p, s.len, MSG_NOSIGNAL) == (ssize_t)s.len);
	shutdown(fd[0], SHUT_WR);
	rc = receive("fuzz", fd[1], &quote);
	must(rc == RC_OK || rc == RC_REFUSED);
	must(!rc == !!quote.len);
	close(fd[0]);
	close(fd[1]);
}
