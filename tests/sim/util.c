// SPDX-License-Identifier: GPL-2.0-only
/* Buffers, little-endian numbers, files and digests. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simtee.h"

void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *must(void *p, const char *what)
{
	if (!p)
		die("%s failed", what);
	return p;
}

static uint8_t *buf_room(struct buf *b, size_t len)
{
	if (b->len + len > b->cap) {
		b->cap = (b->len + len) * 2;
		b->p = must(realloc(b->p, b->cap), "realloc");
	}
	b->len += len;
	return b->p + b->len - len;
}

void buf_add(struct buf *b, const void *p, size_t len)
{
	if (len)
		memcpy(buf_room(b, len), p, len);
}

void buf_zero(struct buf *b, size_t len)
{
	if (len)
		memset(buf_room(b, len), 0, len);
}

void buf_u8(struct buf *b, uint8_t v)
{
	buf_add(b, &v, 1);
}

void buf_le16(struct buf *b, uint16_t v)
{
	put_le16(buf_room(b, 2), v);
}

void buf_le32(struct buf *b, uint32_t v)
{
	put_le32(buf_room(b, 4), v);
}

void buf_free(struct buf *b)
{
	free(b->p);
	memset(b, 0, sizeof(*b));
}

void put_le16(uint8_t *p, uint16_t v)
{
	p[0] = v;
	p[1] = v >> 8;
}

void put_le32(uint8_t *p, uint32_t v)
{
	put_le16(p, v);
	put_le16(p + 2, v >> 16);
}

void put_le64(uint8_t *p, uint64_t v)
{
	put_le32(p, v);
	put_le32(p + 4, v >> 32);
}

uint16_t get_le16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

uint32_t get_le32(const uint8_t *p)
{
	return get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

void hash(const EVP_MD *md, const void *p, size_t len, uint8_t *out)
{
	if (!EVP_Digest(p, len, out, NULL, md, NULL))
		die("digest failed");
}

void text_hash(const EVP_MD *md, const char *text, uint8_t *out)
{
	hash(md, text, strlen(text), out);
}

void *read_file(const char *path, size_t *len)
{
	struct buf b = {};
	uint8_t chunk[4096];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	if (ferror(f)) {
		fclose(f);
		buf_free(&b);
		return NULL;
	}
	fclose(f);
	buf_zero(&b, 1);	/* an empty file is not an error */
	*len = b.len - 1;
	return b.p;
}

void write_file(const char *dir, const char *name, const void *p, size_t len)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f)
		die("%s: %s", path, strerror(errno));
	if (len && fwrite(p, 1, len, f) != len)
		die("%s: %s", path, strerror(errno));
	if (fclose(f))
		die("%s: %s", path, strerror(errno));
}

void settle(const char *pidfile)
{
	FILE *f;

	if (pidfile) {
		f = fopen(pidfile, "w");
		if (!f || fprintf(f, "%d\n", getpid()) < 0 || fclose(f))
			die("%s: %s", pidfile, strerror(errno));
	}
	f = fopen("/proc/self/oom_score_adj", "w");
	if (f) {
		fputs("-1000", f);
		fclose(f);
	}
}
