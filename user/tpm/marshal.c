// SPDX-License-Identifier: GPL-2.0-only
#include <time.h>

#include <openssl/crypto.h>

#include "tpm/marshal.h"

#define ST_NO_SESSIONS	0x8001
#define ST_SESSIONS	0x8002

/* How often to try when the TPM says "come back later" */
#define TRIES		50
#define PAUSE_MS	100

void tpm_command_free(struct tpm_command *c)
{
	if (c->answer.p)
		OPENSSL_cleanse(c->answer.p, c->answer.len);
	buf_free(&c->b);
	buf_free(&c->answer);
}

void tpm_put(struct tpm_command *c, u64 v, unsigned int bytes)
{
	while (bytes--) {
		u8 byte = (u8)(v >> 8 * bytes);

		buf_add(&c->b, &byte, 1);
	}
}

void tpm_put_2b(struct tpm_command *c, const void *p, size_t len)
{
	tpm_put(c, len, 2);
	buf_add(&c->b, p, len);
}

void tpm_start(struct tpm_command *c, u32 code, bool authorised)
{
	c->authorised = authorised;
	tpm_put(c, authorised ? ST_SESSIONS : ST_NO_SESSIONS, 2);
	tpm_put(c, 0, 4);			/* the length, in the end */
	tpm_put(c, code, 4);
}

static void put_session(struct tpm_command *c, u32 handle)
{
	tpm_put(c, handle, 4);
	tpm_put(c, 0, 2);
	tpm_put(c, 0, 1);
	tpm_put(c, 0, 2);
}

void tpm_put_sessions(struct tpm_command *c, u32 first, unsigned int n)
{
	tpm_put(c, 9 * n, 4);
	while (n--)
		put_session(c, first);
}

int tpm_finish(struct tpm *t, struct tpm_command *c, const char *name, u32 *handle,
	       struct tpm_cursor *out)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	u32 size = (u32)c->b.len;
	int rc, i;

	c->b.p[2] = (u8)(size >> 24);
	c->b.p[3] = (u8)(size >> 16);
	c->b.p[4] = (u8)(size >> 8);
	c->b.p[5] = (u8)size;
	for (i = 0; ; i++) {
		buf_free(&c->answer);
		rc = tpm_exchange(t, buf_span(&c->b), &c->answer);
		if (rc)
			return rc;
		*out = (struct tpm_cursor){ buf_span(&c->answer), name, false };
		tpm_take_bytes(out, 6);
		t->rc = (u32)tpm_take(out, 4);
		if (!tpm_rc_is_passing(t->rc) || i == TRIES)
			break;
		nanosleep(&pause, NULL);
	}
	if (t->rc)
		return RC_OK;
	if (handle)
		*handle = (u32)tpm_take(out, 4);
	if (c->authorised) {
		u64 len = tpm_take(out, 4);

		if (len > out->s.len)
			out->short_of = true;
		else
			out->s.len = len;
	}
	return RC_OK;
}

int tpm_whole(const struct tpm *t, const struct tpm_cursor *c)
{
	return c->short_of ? fail(RC_FAILED, "%s: the answer to %s is cut short", t->path, c->what) :
	       RC_OK;
}
