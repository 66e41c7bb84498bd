// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "net/cache.h"

#define QUIET_DEFAULT	60	/* seconds, when 429 comes without Retry-After */
#define QUIET_MAX	(30 * 86400)	/* longer is a mistake, of theirs or of our clock */

static char *cache_dir(const char *kind)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return xasprintf("%s/cvm-evidence/%s", xdg, kind);
	return home && *home == '/' ? xasprintf("%s/.cache/cvm-evidence/%s", home, kind) : NULL;
}

/* Make all directories of @path; errors are ignored, then nothing is cached. */
static void make_dirs(const char *path)
{
	char *copy CLEANUP(free_str) = xstrdup(path), *c;

	for (c = copy + 1; (c = strchr(c, '/')); c++) {
		*c = '\0';
		mkdir(copy, 0700);
		*c = '/';
	}
	mkdir(copy, 0700);
}

/* Named by the hash of the URL: no character of it can leave the directory. */
char *cache_path(const char *kind, const char *url)
{
	char *dir CLEANUP(free_str) = cache_dir(kind);
	u8 hash[DIGEST_MAX];
	char *hex, *path;

	if (!dir)
		return NULL;
	digest("SHA256", url, strlen(url), hash);
	hex = hex_encode(hash, 16);
	path = xasprintf("%s/%s", dir, hex);
	free_str(&hex);
	return path;
}

bool cache_read(const char *path, size_t max, struct buf *b)
{
	struct stat st;

	return path && !stat(path, &st) && S_ISREG(st.st_mode) && st.st_size > 0 &&
	       (size_t)st.st_size <= max && !file_read(path, max, b) && b->len;
}

void cache_keep(const char *kind, const char *path, const void *p, size_t len)
{
	char *dir CLEANUP(free_str) = cache_dir(kind);

	if (!path || !dir)
		return;
	make_dirs(dir);
	if (!access(dir, W_OK))
		file_write(path, p, len);
}

time_t cache_quiet_until(const char *path)
{
	struct buf b CLEANUP_BUF;
	time_t until, now = time(NULL);

	if (!cache_read(path, 64, &b))
		return 0;
	until = (time_t)strtoll((char *)b.p, NULL, 10);
	/* a clock that was set back must not lock us out */
	return until > now && until <= now + QUIET_MAX ? until : 0;
}

void cache_keep_quiet(const char *kind, const char *path, long seconds)
{
	long wait = seconds > 0 ? seconds : QUIET_DEFAULT;
	char *text CLEANUP(free_str) = NULL;

	if (wait > QUIET_MAX)
		wait = QUIET_MAX;
	text = xasprintf("%lld\n", (long long)time(NULL) + wait);
	cache_keep(kind, path, text, strlen(text));
}
