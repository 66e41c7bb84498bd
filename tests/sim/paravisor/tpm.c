// SPDX-License-Identifier: GPL-2.0-only
/* swtpm behind a pair of sockets, and the commands the paravisor itself gives it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "pv.h"

const struct tpm_auth no_auth;
struct tpm_auth platform_auth;

static int sock = -1;
static pid_t child;

void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

uint16_t get_be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

void buf_be16(struct buf *b, uint16_t v)
{
	uint8_t p[2];

	put_be16(p, v);
	buf_add(b, p, 2);
}

void buf_be32(struct buf *b, uint32_t v)
{
	uint8_t p[4];

	put_be32(p, v);
	buf_add(b, p, 4);
}

int tpm_fd(void)
{
	return sock;
}

/* Its state is in @dir; it is powered on, and not started up. */
void tpm_start(const char *dir)
{
	char state[4096], log[4096], fd[16];
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		die("socketpair: %s", strerror(errno));
	snprintf(state, sizeof(state), "dir=%s", dir);
	snprintf(log, sizeof(log), "file=%s/log", dir);
	child = fork();
	if (child < 0)
		die("fork: %s", strerror(errno));
	if (!child) {
		int end = dup(pair[1]);		/* without close-on-exec */

		snprintf(fd, sizeof(fd), "%d", end);
		execlp("swtpm", "swtpm", "socket", "--tpm2", "--fd", fd, "--tpmstate", state,
		       "--flags", "not-need-init", "--seccomp", "action=none", "--log", log,
		       NULL);
		die("cannot execute swtpm: %s", strerror(errno));
	}
	close(pair[1]);
	sock = pair[0];
}

void tpm_stop(void)
{
	if (sock < 0)
		return;
	close(sock);
	sock = -1;
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
}

static void receive(uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = read(sock, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("swtpm is gone (see its log, in its state directory)");
		p += n;
		len -= n;
	}
}

size_t tpm_exchange(const uint8_t *cmd, size_t len, uint8_t *rsp)
{
	size_t size;

	if (send(sock, cmd, len, MSG_NOSIGNAL) != (ssize_t)len)
		die("swtpm is gone: %s", strerror(errno));
	receive(rsp, HEADER_LEN);
	size = get_be32(rsp + 2);
	if (size < HEADER_LEN || size > TPM_MAX)
		die("swtpm answers %zu bytes", size);
	receive(rsp + HEADER_LEN, size - HEADER_LEN);
	return size;
}

uint32_t tpm_run(struct tpm_cmd *c, struct buf *out)
{
	uint8_t rsp[TPM_MAX];
	struct buf b = {};
	size_t len, skip = HEADER_LEN;

	buf_be16(&b, c->auth ? TAG_SESSIONS : TAG_PLAIN);
	buf_be32(&b, 0);
	buf_be32(&b, c->cc);
	for (unsigned int i = 0; i < c->nr_handles; i++)
		buf_be32(&b, c->handles[i]);
	if (c->auth) {
		buf_be32(&b, 9 + c->auth->len);
		buf_be32(&b, RS_PASSWORD);
		buf_be16(&b, 0);
		buf_u8(&b, 0);
		buf_be16(&b, c->auth->len);
		buf_add(&b, c->auth->p, c->auth->len);
	}
	buf_add(&b, c->params.p, c->params.len);
	put_be32(b.p + 2, b.len);
	len = tpm_exchange(b.p, b.len, rsp);
	buf_free(&b);
	buf_free(&c->params);

	/* CreatePrimary alone has a handle before paramSize; it keeps both. */
	if (c->auth && c->cc != CC_CREATE_PRIMARY && len > HEADER_LEN)
		skip += 4;
	if (out && len > skip)
		buf_add(out, rsp + skip, len - skip);
	return get_be32(rsp + 6);
}

void tpm_must(struct tpm_cmd *c, struct buf *out, const char *what)
{
	uint32_t rc = tpm_run(c, out);

	if (rc)
		die("the TPM refuses %s: 0x%x", what, rc);
}

/* After a start-up: the platform hierarchy is the paravisor's alone. */
void tpm_lock_platform(void)
{
	struct tpm_cmd c = {
		.cc = CC_CHANGE_AUTH, .handles = { RH_PLATFORM }, .nr_handles = 1,
		.auth = &no_auth,
	};

	platform_auth.len = sizeof(platform_auth.p);
	if (RAND_bytes(platform_auth.p, platform_auth.len) != 1)
		die("no random bytes");
	buf_be16(&c.params, platform_auth.len);
	buf_add(&c.params, platform_auth.p, platform_auth.len);
	tpm_must(&c, NULL, "a new platform authorization");
}

void tpm_extend(unsigned int pcr, const char *text)
{
	static const struct { uint16_t alg; const EVP_MD *(*md)(void); } banks[] = {
		{ ALG_SHA1, EVP_sha1 }, { ALG_SHA256, EVP_sha256 }, { ALG_SHA384, EVP_sha384 },
	};
	struct tpm_cmd c = {
		.cc = CC_PCR_EXTEND, .handles = { pcr }, .nr_handles = 1, .auth = &no_auth,
	};
	uint8_t digest[EVP_MAX_MD_SIZE];

	buf_be32(&c.params, 3);
	for (int i = 0; i < 3; i++) {
		text_hash(banks[i].md(), text, digest);
		buf_be16(&c.params, banks[i].alg);
		buf_add(&c.params, digest, EVP_MD_get_size(banks[i].md()));
	}
	tpm_must(&c, NULL, "PCR_Extend");
}

void tpm_modulus(uint32_t handle, uint8_t n[256])
{
	struct tpm_cmd c = { .cc = CC_READ_PUBLIC, .handles = { handle }, .nr_handles = 1 };
	struct buf out = {};
	size_t size;

	tpm_must(&c, &out, "ReadPublic");
	/* The modulus ends the public area. */
	size = out.len > 2 ? get_be16(out.p) : 0;
	if (size < 258 || out.len < 2 + size || get_be16(out.p + 2 + size - 258) != 256)
		die("key 0x%08x is not RSA-2048", handle);
	memcpy(n, out.p + 2 + size - 256, 256);
	buf_free(&out);
}
