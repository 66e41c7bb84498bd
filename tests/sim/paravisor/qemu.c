// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's side of the TPM: -tpmdev emulator, with the paravisor in swtpm's place, so
 * that a guest has the TPM behind its own tpm_crb. Every number is big-endian, as
 * swtpm_ioctls(3) and QEMU's backends/tpm/tpm_ioctl.h have it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pv.h"

enum {
	CMD_GET_CAPABILITY = 1, CMD_INIT = 2, CMD_SHUTDOWN = 3, CMD_GET_TPMESTABLISHED = 4,
	CMD_SET_LOCALITY = 5, CMD_RESET_TPMESTABLISHED = 11, CMD_STOP = 14,
	CMD_SET_DATAFD = 16, CMD_SET_BUFFERSIZE = 17,
};

/* INIT, SHUTDOWN, GET_TPMESTABLISHED, SET_LOCALITY, RESET_TPMESTABLISHED, STOP, SET_DATAFD,
 * SET_BUFFERSIZE: what QEMU needs of a TPM 2.0 at least
 */
#define CAPABILITIES	(1U << 0 | 1U << 1 | 1U << 2 | 1U << 3 | 1U << 7 | 1U << 10 | \
			 1U << 12 | 1U << 13)
#define RC_FAIL		9		/* TPM_FAIL, of a command that is not served */

static int control = -1;

/* The data socket that came with the bytes is put in @fd. False: QEMU is gone. */
static bool receive(void *p, size_t len, int *fd)
{
	char room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = p, .iov_len = len };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	ssize_t n = recvmsg(control, &m, MSG_WAITALL | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c;

	if (n != (ssize_t)len)
		return false;
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return true;
}

static size_t body_len(uint32_t cmd)
{
	switch (cmd) {
	case CMD_INIT:
	case CMD_SET_LOCALITY:
	case CMD_RESET_TPMESTABLISHED:
	case CMD_SET_BUFFERSIZE:
		return 4;
	}
	return 0;
}

static int listener = -1;

/* QEMU may come to the socket @path from now on. */
void qemu_listen(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(a.sun_path))
		die("%s: longer than a socket's name may be", path);
	strcpy(a.sun_path, path);
	unlink(path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(listener, 1))
		die("%s: %s", path, strerror(errno));
}

void qemu_wait(void)
{
	do
		control = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (control < 0 && errno == EINTR);
	if (control < 0)
		die("QEMU: %s", strerror(errno));
	close(listener);
}

int qemu_fd(void)
{
	return control;
}

/* One command of QEMU. False: it has ended. */
bool qemu_serve(int *data)
{
	uint8_t cmd[4], body[4], rsp[16] = {};
	size_t len = 4;
	int fd = -1;

	if (!receive(cmd, sizeof(cmd), &fd) ||
	    (body_len(get_be32(cmd)) && !receive(body, sizeof(body), &fd)))
		return false;
	switch (get_be32(cmd)) {
	case CMD_GET_CAPABILITY:
		put_be32(rsp + 4, CAPABILITIES);
		len = 8;
		break;
	case CMD_GET_TPMESTABLISHED:
		len = 8;
		break;
	case CMD_SET_BUFFERSIZE:
		for (int i = 1; i < 4; i++)
			put_be32(rsp + 4 * i, TPM_MAX);
		len = 16;
		break;
	case CMD_SET_DATAFD:
		if (fd < 0)
			die("QEMU sent no socket for the TPM's commands");
		if (*data >= 0)
			close(*data);
		*data = fd;
		break;
	case CMD_INIT:
	case CMD_SHUTDOWN:
	case CMD_SET_LOCALITY:
	case CMD_RESET_TPMESTABLISHED:
	case CMD_STOP:
		break;
	default:
		put_be32(rsp, RC_FAIL);
	}
	return send(control, rsp, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* A command as a stream has it. 0: QEMU has ended. */
size_t qemu_command(int data, uint8_t cmd[TPM_MAX])
{
	size_t len;

	if (recv(data, cmd, HEADER_LEN, MSG_WAITALL) != HEADER_LEN)
		return 0;
	len = get_be32(cmd + 2);
	if (len < HEADER_LEN || len > TPM_MAX)
		die("a TPM command of %zu bytes", len);
	if (len > HEADER_LEN && recv(data, cmd + HEADER_LEN, len - HEADER_LEN, MSG_WAITALL) !=
				(ssize_t)(len - HEADER_LEN))
		return 0;
	return len;
}
