// SPDX-License-Identifier: GPL-2.0-only
/* Commands to a TPM and their answers: /dev/tpmrm0, or a socket of swtpm */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tpm/cursor.h"
#include "tpm/dev.h"

#define HEADER_LEN	10
#define ANSWER_MAX	4096
/* A software TPM may take this long to find primes for a key */
#define SOCKET_SECONDS	120

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct timeval tv = { .tv_sec = SOCKET_SECONDS };
	int fd, err;

	if (strlen(path) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(a.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

int tpm_open(struct tpm *t, const char *path, const char *who)
{
	struct stat st;

	*t = (struct tpm){ .path = path, .fd = -1 };
	t->is_socket = !stat(path, &st) && S_ISSOCK(st.st_mode);
	t->fd = t->is_socket ? connect_to(path) : open(path, O_RDWR | O_CLOEXEC);
	if (t->fd >= 0)
		return RC_OK;
	switch (errno) {
	case EACCES:
	case EPERM:
		return fail(RC_DENIED, "%s needs the TPM, but cannot open %s: %s; run as root, or join the group that owns it",
			    who, path, strerror(errno));
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return fail(RC_DENIED, "%s needs the TPM, but there is no %s: %s; in a container, pass it in",
			    who, path, strerror(errno));
	case EBUSY:
		return fail(RC_BUSY, "%s needs the TPM, but another program has %s open; use %s, which can be shared",
			    who, path, TPM_DEVICE);
	}
	return fail(RC_FAILED, "%s needs the TPM, but cannot open %s: %s", who, path,
		    strerror(errno));
}

/* The resource manager forgets keys and sessions of who closes it. */
void tpm_close(struct tpm *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

static int send_all(const struct tpm *t, struct span s)
{
	ssize_t n;

	/* a device takes a command in one piece */
	do {
		n = t->is_socket ? send(t->fd, s.p, s.len, MSG_NOSIGNAL) :
				   write(t->fd, s.p, s.len);
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)s.len)
		return RC_OK;
	return fail(RC_FAILED, "%s: cannot send a command: %s", t->path,
		    n < 0 ? strerror(errno) : "only a part was accepted");
}

/* The answer says how long it is, and is no longer. */
static int receive(const struct tpm *t, u8 p[static ANSWER_MAX], size_t *len)
{
	struct tpm_cursor c = { 0 };
	size_t want = HEADER_LEN;
	ssize_t n;

	for (*len = 0; *len < want; *len += (size_t)n) {
		do {
			/* read a device's whole answer at once: the rest would be lost */
			n = read(t->fd, p + *len, t->is_socket ? want - *len : ANSWER_MAX - *len);
		} while (n < 0 && errno == EINTR);
		if (n <= 0)
			return fail(RC_FAILED, "%s: no answer: %s", t->path,
				    n < 0 ? strerror(errno) : *len ? "it is cut short" : "the TPM went away");
		if (*len + (size_t)n < HEADER_LEN)
			continue;
		c.s = (struct span){ p + 2, 4 };
		want = tpm_take(&c, 4);
		if (want < HEADER_LEN || want > ANSWER_MAX)
			return fail(RC_FAILED, "%s: the answer claims a length of %zu bytes", t->path,
				    want);
	}
	if (*len != want)
		return fail(RC_FAILED, "%s: the answer has %zu bytes, but claims %zu", t->path, *len,
			    want);
	return RC_OK;
}

int tpm_exchange(struct tpm *t, struct span command, struct buf *answer)
{
	u8 p[ANSWER_MAX];
	size_t len = 0;
	int rc = send_all(t, command);

	if (!rc)
		rc = receive(t, p, &len);
	if (!rc)
		buf_add(answer, p, len);
	explicit_bzero(p, sizeof(p));
	return rc;
}
