// SPDX-License-Identifier: GPL-2.0-only
/* Files: read with a limit, written whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

int file_read(const char *path, size_t max, struct buf *out)
{
	bool is_stdin = !strcmp(path, "-");
	const char *name = is_stdin ? "standard input" : path;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	u8 chunk[16384];
	int rc = RC_OK;
	ssize_t n;

	if (fd < 0) {
		int denied = errno == EACCES || errno == EPERM;

		return fail(denied ? RC_DENIED : RC_FAILED, "cannot read %s: %s",
			    name, strerror(errno));
	}
	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = fail(RC_FAILED, "cannot read %s: %s", name, strerror(errno));
		if (n <= 0)
			break;
		if (out->len + (size_t)n > max) {
			rc = fail(RC_EVIDENCE, "%s is larger than %zu bytes; no evidence is that large",
				  name, max);
			break;
		}
		buf_add(out, chunk, (size_t)n);
	}
	if (!is_stdin)
		close(fd);
	return rc;
}

static int write_all(int fd, const void *data, size_t len)
{
	const u8 *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Whether there is a partial file is known only of what is written beside its target. */
static int write_failed(const char *name, int err, bool whole)
{
	const char *hint = "";

	if (err == ENOSPC || err == EDQUOT)
		hint = whole ? "; free some space and try again, no partial file is left" :
		       "; what was written so far is not complete";
	return fail(err == EACCES || err == EPERM || err == EROFS ? RC_DENIED : RC_FAILED,
		    "cannot write %s: %s%s", name, strerror(err), hint);
}

/* A device, a pipe or a terminal: there is nothing to rename over. */
static int write_in_place(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	int err;

	if (fd < 0)
		return write_failed(path, errno, false);
	err = write_all(fd, data, len);
	if (close(fd) && !err)
		err = -errno;
	return err ? write_failed(path, -err, false) : RC_OK;
}

/* Beside the target, so that rename() stays on one file system. */
static int write_beside(const char *target, mode_t mode, const void *data, size_t len)
{
	char *dir CLEANUP(free_str) = xstrdup(target);
	char *temp CLEANUP(free_str) = xasprintf("%s/.cvm-evidence.XXXXXX", dirname(dir));
	int fd = mkostemp(temp, O_CLOEXEC);
	int err;

	if (fd < 0)
		return write_failed(target, errno, true);
	err = write_all(fd, data, len);
	if (!err && (fchmod(fd, mode) || fsync(fd)))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(temp, target))
		err = -errno;
	if (err) {
		unlink(temp);
		return write_failed(target, -err, true);
	}
	return RC_OK;
}

static int write_file(const char *path, const void *data, size_t len, mode_t may)
{
	char *target CLEANUP(free_str) = NULL;
	mode_t mask, mode;
	struct stat st;
	int err;

	if (!strcmp(path, "-")) {
		err = write_all(STDOUT_FILENO, data, len);
		/* the reader closed the pipe ("| head"): not an error */
		if (err == -EPIPE)
			return RC_FAILED;
		return err ? write_failed("standard output", -err, false) : RC_OK;
	}
	mask = umask(0);
	umask(mask);
	mode = 0666 & may & ~mask;
	if (!stat(path, &st)) {
		if (S_ISDIR(st.st_mode))
			return write_failed(path, EISDIR, true);
		if (!S_ISREG(st.st_mode))
			return write_in_place(path, data, len);
		mode = st.st_mode & 07777 & (may | 07000);
		/* through a symbolic link, not over it */
		target = realpath(path, NULL);
	}
	if (!target)
		target = xstrdup(path);
	return write_beside(target, mode, data, len);
}

int file_write(const char *path, const void *data, size_t len)
{
	return write_file(path, data, len, 0777);
}

int file_write_secret(const char *path, const void *data, size_t len)
{
	return write_file(path, data, len, 0600);
}

/* True, with a message, when binary output would go to a terminal. */
bool refuses_binary(const char *path, bool force)
{
	if (force || strcmp(path, "-") || !isatty(STDOUT_FILENO))
		return false;
	complain("this output is binary and standard output is a terminal; use -o FILE, a pipe, or --force");
	return true;
}
