/* SPDX-License-Identifier: GPL-2.0-only */
/* Errors, memory, files and text encodings, shared by all of the tool. */
#ifndef CVM_BASE_UTIL_H
#define CVM_BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int8_t s8;
typedef int64_t s64;
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

/* Exit statuses of the tool; functions that can fail return one of them. */
enum rc {
	RC_OK		= 0,
	RC_FAILED	= 1,
	RC_USAGE	= 2,
	RC_NO_PROVIDER	= 3,
	RC_DENIED	= 4,
	RC_EVIDENCE	= 5,
	RC_BUSY		= 6,
	RC_REFUSED	= 7,
};

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define PRINTF(f, a)		__attribute__((format(printf, f, a)))
#define CLEANUP(fn)		__attribute__((cleanup(fn)))

/* error.c */
void complain(const char *fmt, ...) PRINTF(1, 2);
/* One message where the cause is known; the status travels up from there. */
#define fail(rc, ...)		(complain(__VA_ARGS__), (rc))
void warning(const char *fmt, ...) PRINTF(1, 2);
void *xalloc(size_t size);
/* Space for one more after the @n of a list that only this makes larger */
void *xgrow(void *list, size_t n, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);
void free_str(char **s);

/* Bytes that the holder does not own */
struct span {
	const u8 *p;
	size_t len;
};

/* Bytes that the holder owns; zero-initialise, free with buf_free() */
struct buf {
	u8 *p;
	size_t len;
	size_t cap;
};

/* Until it is called with NULL, messages go there, not to stderr. Returns where
 * they went before.
 */
struct buf *complain_into(struct buf *b);

#define CLEANUP_BUF		CLEANUP(buf_free) = { 0 }

void buf_add(struct buf *b, const void *p, size_t len);
void buf_add_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_free(struct buf *b);

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){ b->p, b->len };
}

/* Little-endian loads from any address */
static inline u16 le16(const u8 *p)
{
	return (u16)(p[0] | p[1] << 8);
}

static inline u32 le32(const u8 *p)
{
	return le16(p) | (u32)le16(p + 2) << 16;
}

static inline u64 le64(const u8 *p)
{
	return le32(p) | (u64)le32(p + 4) << 32;
}

bool is_zero(const u8 *p, size_t len);

/*
 * A file that was named by an option and whose content cannot be used: the caller's mistake,
 * RC_USAGE. RC_EVIDENCE is for what is to be checked, so that the two can be told apart.
 */
static inline int option_file(int rc)
{
	return rc == RC_EVIDENCE ? RC_USAGE : rc;
}

/* file.c: "-" is stdin or stdout */
int file_read(const char *path, size_t max, struct buf *out);
int file_write(const char *path, const void *data, size_t len);
/* The same, readable by its owner only, whatever the umask and an older file allow */
int file_write_secret(const char *path, const void *data, size_t len);
bool refuses_binary(const char *path, bool force);

/* codec.c */
char *hex_encode(const u8 *p, size_t len);
int hex_decode(const char *text, size_t len, struct buf *out, const char **why);
enum base64 { BASE64_STD, BASE64_URL, BASE64_URL_PAD };
char *base64_encode(const u8 *p, size_t len, enum base64 alphabet);
int base64_decode(const char *text, size_t len, struct buf *out, const char **why);
int guid_parse(const char *text, u8 guid[16]);
void guid_format(const u8 guid[16], char text[37]);

#endif
