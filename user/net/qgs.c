// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intel's quote generation service (QGS): a TDREPORT goes in, a quote comes out.
 * Each message is preceded by its length, 32 bits big-endian; the message itself
 * is little-endian: a header of 16 bytes (major, minor, type, size, error), then
 * for GET_QUOTE sizes of report and id list, and for its answer sizes of the
 * selected id and the quote.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "evidence/tdx.h"
#include "net/endorse.h"

#define PREFIX_LEN	4
#define HEADER_LEN	16
#define HEAD_LEN	(HEADER_LEN + 8)
#define GET_QUOTE	0
#define GET_QUOTE_ANSWER 1
#define ANSWER_MAX	(128 * 1024)

static int open_unix(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(a.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static int open_vsock(unsigned int cid, unsigned int port, const struct timeval *tv)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, tv, sizeof(*tv));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static int open_address(const char *address, unsigned int timeout, int *fd)
{
	struct timeval tv = { .tv_sec = timeout };
	unsigned int cid, port;
	char end;

	if (!strncmp(address, "unix:", 5))
		*fd = open_unix(address + 5);
	else if (sscanf(address, "vsock:%u:%u%c", &cid, &port, &end) == 2)
		*fd = open_vsock(cid, port, &tv);
	else
		return fail(RC_USAGE, "--qgs: '%s' is neither vsock:CID:PORT nor unix:PATH", address);
	if (*fd < 0)
		return fail(errno == ETIMEDOUT ? RC_BUSY : RC_FAILED,
			    "--qgs: no connection to the quoting service at %s: %s", address,
			    strerror(errno));
	setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	return RC_OK;
}

static int move(const char *address, int fd, u8 *p, size_t len, bool out)
{
	while (len) {
		ssize_t n = out ? send(fd, p, len, MSG_NOSIGNAL) : recv(fd, p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return fail(RC_BUSY, "--qgs: the quoting service at %s does not answer in time (--http-timeout)",
				    address);
		if (n <= 0)
			return fail(RC_REFUSED, "--qgs: the quoting service at %s ended the exchange%s%s",
				    address, n ? ": " : "", n ? strerror(errno) : "");
		p += n;
		len -= (size_t)n;
	}
	return RC_OK;
}

static void store_le32(u8 *p, size_t v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
	p[2] = (u8)(v >> 16);
	p[3] = (u8)(v >> 24);
}

static int ask(const char *address, int fd, const u8 *tdreport)
{
	u8 m[PREFIX_LEN + HEAD_LEN + TDREPORT_LEN] = { 0 };
	const size_t size = sizeof(m) - PREFIX_LEN;
	u8 *h = m + PREFIX_LEN;

	m[2] = (u8)(size >> 8);
	m[3] = (u8)size;
	h[0] = 1;			/* version 1.0 of the messages */
	store_le32(h + 4, GET_QUOTE);
	store_le32(h + 8, size);
	store_le32(h + HEADER_LEN, TDREPORT_LEN);
	memcpy(h + HEAD_LEN, tdreport, TDREPORT_LEN);
	return move(address, fd, m, sizeof(m), true);
}

static int parse(const char *address, struct span s, struct buf *quote)
{
	u32 error, id_len, quote_len;

	if (s.len < HEADER_LEN || le16(s.p) != 1 || le32(s.p + 4) != GET_QUOTE_ANSWER ||
	    le32(s.p + 8) != s.len)
		return fail(RC_REFUSED, "--qgs: %s does not speak the protocol of Intel's quoting service, version 1",
			    address);
	error = le32(s.p + 12);
	if (error)
		return fail(RC_REFUSED, "--qgs: the quoting service at %s made no quote, error 0x%x",
			    address, error);
	id_len = s.len >= HEAD_LEN ? le32(s.p + HEADER_LEN) : 0;
	quote_len = s.len >= HEAD_LEN ? le32(s.p + HEADER_LEN + 4) : 0;
	if (!quote_len || (u64)HEAD_LEN + id_len + quote_len != s.len)
		return fail(RC_REFUSED, "--qgs: the answer of %s is malformed: %zu bytes, but an id of %u and a quote of %u bytes",
			    address, s.len, id_len, quote_len);
	buf_add(quote, s.p + HEAD_LEN + id_len, quote_len);
	return RC_OK;
}

static int receive(const char *address, int fd, struct buf *quote)
{
	u8 prefix[PREFIX_LEN], *m;
	size_t size;
	int rc = move(address, fd, prefix, sizeof(prefix), false);

	if (rc)
		return rc;
	size = (size_t)prefix[0] << 24 | (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 | prefix[3];
	if (size > ANSWER_MAX)
		return fail(RC_REFUSED, "--qgs: %s announces %zu bytes, no quote is that long", address,
			    size);
	m = xalloc(size);
	rc = move(address, fd, m, size, false);
	if (!rc)
		rc = parse(address, (struct span){ m, size }, quote);
	free(m);
	return rc;
}

int qgs_quote(const char *address, unsigned int timeout, const u8 *tdreport, struct buf *quote)
{
	int fd, rc = open_address(address, timeout, &fd);

	if (rc)
		return rc;
	rc = ask(address, fd, tdreport);
	if (!rc)
		rc = receive(address, fd, quote);
	close(fd);
	return rc;
}
