// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/doctor.h"

#define FILE_MAX	(256u * 1024)
#define TAR_BLOCK	512

/* Below the root, wherever links of a bundle lead to */
static int open_in(const struct files *f, const char *path, int flags)
{
	struct open_how how = { .flags = (u64)flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int dir, fd;

	if (!f->root)
		return open(path, flags | O_CLOEXEC);
	dir = open(f->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	close(dir);
	return fd;
}

static struct seen *remember(struct files *f, enum seen_type type, const char *path)
{
	struct seen *s;

	for (s = f->seen; s; s = s->next) {
		if (strcmp(s->path, path))
			continue;
		buf_free(&s->data);
		s->data = (struct buf){ 0 };
		s->type = type;
		return s;
	}
	s = xalloc(sizeof(*s));
	*s = (struct seen){ .next = f->seen, .type = type, .path = xstrdup(path) };
	f->seen = s;
	return s;
}

bool files_read(struct files *f, const char *path, struct buf *out)
{
	int fd = open_in(f, path, O_RDONLY | O_NONBLOCK);
	u8 part[4096];
	ssize_t n = 0;
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return false;
	}
	while (out->len < FILE_MAX && (n = read(fd, part, sizeof(part))) > 0)
		buf_add(out, part, (size_t)n);
	close(fd);
	if (n < 0)
		return false;
	buf_add(&remember(f, SEEN_FILE, path)->data, out->p, out->len);
	/* as text, too */
	buf_add(out, "", 1);
	out->len--;
	return true;
}

char *files_line(struct files *f, const char *path)
{
	struct buf b CLEANUP_BUF;

	if (!files_read(f, path, &b))
		return NULL;
	return xasprintf("%.*s", (int)strcspn((char *)b.p, "\n"), (char *)b.p);
}

char *files_link(struct files *f, const char *path)
{
	char to[4096];
	int fd = open_in(f, path, O_PATH | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = readlinkat(fd, "", to, sizeof(to) - 1);
	close(fd);
	if (n <= 0)
		return NULL;
	buf_add(&remember(f, SEEN_LINK, path)->data, to, (size_t)n);
	return xasprintf("%.*s", (int)n, to);
}

bool files_exists(struct files *f, const char *path)
{
	int fd = open_in(f, path, O_PATH);
	struct seen *s;
	struct stat st;

	if (fd < 0)
		return false;
	for (s = f->seen; s && strcmp(s->path, path); s = s->next)
		;
	if (!s && !fstat(fd, &st))
		remember(f, S_ISDIR(st.st_mode) ? SEEN_DIR : SEEN_FILE, path);
	close(fd);
	return true;
}

bool files_each(struct files *f, const char *path, bool (*fn)(void *arg, const char *name),
		void *arg)
{
	int fd = open_in(f, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	bool found = false;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	remember(f, SEEN_DIR, path);
	while (!found && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			found = fn(arg, e->d_name);
	closedir(dir);
	return found;
}

void files_add(struct files *f, const char *path, const char *text)
{
	buf_add_str(&remember(f, SEEN_FILE, path)->data, text);
}

void files_free(struct files *f)
{
	struct seen *s, *next;

	for (s = f->seen; s; s = next) {
		next = s->next;
		free(s->path);
		buf_free(&s->data);
		free(s);
	}
	f->seen = NULL;
}

/* Lines that have what a check reads; names of time servers are the owner's business */
static void redact_chrony(const char *line, size_t len, struct buf *out)
{
	static const char *const named[] = { "server", "pool", "peer" };
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(named); i++) {
		n = strlen(named[i]);
		if (len > n && !strncmp(line, named[i], n) && (line[n] == ' ' || line[n] == '\t')) {
			buf_printf(out, "%s REDACTED\n", named[i]);
			return;
		}
	}
	if (len > 7 && !strncmp(line, "refclock", 8))
		buf_printf(out, "%.*s\n", (int)len, line);
}

/* The fifth word is where it is mounted */
static void redact_mounts(const char *line, size_t len, struct buf *out)
{
	static const char *const kept[] = { "/", "/tmp", "/var", "/var/tmp" };
	char where[64] = "";
	size_t i;

	if (sscanf(line, "%*s %*s %*s %*s %63s", where) != 1)
		return;
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		if (!strcmp(where, kept[i]))
			buf_printf(out, "%.*s\n", (int)len, line);
}

static void redact(const struct seen *s, struct buf *out)
{
	void (*line)(const char *line, size_t len, struct buf *out) = NULL;
	char *text CLEANUP(free_str) = NULL, *p;
	size_t len;

	if (!strncmp(s->path, "/etc/chrony", 11))
		line = redact_chrony;
	else if (!strcmp(s->path, "/proc/self/mountinfo"))
		line = redact_mounts;
	if (!line) {
		buf_add(out, s->data.p, s->data.len);
		return;
	}
	text = xasprintf("%.*s", (int)s->data.len, (char *)s->data.p);
	for (p = text; *p; p += len + (p[len] == '\n')) {
		len = strcspn(p, "\n");
		line(p, len, out);
	}
}

/* ustar, as POSIX has it */
static int tar_add(struct buf *tar, const struct seen *s)
{
	static const u8 zeros[TAR_BLOCK];
	struct buf data CLEANUP_BUF;
	char h[TAR_BLOCK] = { 0 };
	unsigned int sum = 0;
	size_t i;

	if (s->type == SEEN_FILE && s->data.len)
		redact(s, &data);
	if (strlen(s->path) > 100 || (s->type == SEEN_LINK && s->data.len > 99))
		return fail(RC_FAILED, "--bundle: the name %s is too long for the archive", s->path);
	snprintf(h, 100, "%s", s->path + 1);
	snprintf(h + 100, 8, "%07o", s->type == SEEN_DIR ? 0755 : 0644);
	snprintf(h + 108, 8, "%07o", 0);
	snprintf(h + 116, 8, "%07o", 0);
	snprintf(h + 124, 12, "%011zo", data.len);
	snprintf(h + 136, 12, "%011o", 0);
	memset(h + 148, ' ', 8);
	h[156] = (char)(s->type == SEEN_DIR ? '5' : s->type == SEEN_LINK ? '2' : '0');
	if (s->type == SEEN_LINK)
		memcpy(h + 157, s->data.p, s->data.len);
	memcpy(h + 257, "ustar", 6);
	h[263] = '0';
	h[264] = '0';
	for (i = 0; i < sizeof(h); i++)
		sum += (u8)h[i];
	snprintf(h + 148, 7, "%06o", sum);
	buf_add(tar, h, sizeof(h));
	buf_add(tar, data.p, data.len);
	if (data.len % TAR_BLOCK)
		buf_add(tar, zeros, TAR_BLOCK - data.len % TAR_BLOCK);
	return RC_OK;
}

int files_bundle(const struct files *f, const char *path)
{
	static const u8 end[2 * TAR_BLOCK];
	struct buf tar CLEANUP_BUF;
	const struct seen *s;
	int rc = RC_OK;

	for (s = f->seen; s && !rc; s = s->next)
		rc = tar_add(&tar, s);
	if (rc)
		return rc;
	buf_add(&tar, end, sizeof(end));
	return file_write_secret(path, tar.p, tar.len);
}
