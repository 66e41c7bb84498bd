// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD's key distribution service. Its answers are cached, because it throttles
 * hard (429) and the certificate of one chip and TCB never changes. The time
 * until which it must not be asked is cached, too.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "evidence/snp.h"
#include "net/answer.h"
#include "net/endorse.h"
#include "net/http.h"

#define ANSWER_MAX	(64 * 1024)
#define QUIET_DEFAULT	60	/* seconds, when 429 comes without Retry-After */
#define QUIET_MAX	(30 * 86400)	/* longer is a mistake, of theirs or of our clock */

static char *cache_dir(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return xasprintf("%s/cvm-evidence/kds", xdg);
	return home && *home == '/' ? xasprintf("%s/.cache/cvm-evidence/kds", home) : NULL;
}

/* All directories of @path; a cache that cannot be made is no cache. */
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
static char *cache_path(const char *url)
{
	char *dir CLEANUP(free_str) = cache_dir();
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

static bool read_quietly(const char *path, struct buf *b)
{
	struct stat st;

	return path && !stat(path, &st) && S_ISREG(st.st_mode) && st.st_size > 0 &&
	       st.st_size <= ANSWER_MAX && !file_read(path, ANSWER_MAX, b) && b->len;
}

static void keep(const char *path, const void *p, size_t len)
{
	char *dir CLEANUP(free_str) = cache_dir();

	if (!path || !dir)
		return;
	make_dirs(dir);
	if (!access(dir, W_OK))
		file_write(path, p, len);
}

/* Until when the KDS must not be asked; 0 when it may be asked now */
static time_t quiet_until(const char *path)
{
	struct buf b CLEANUP_BUF;
	time_t until, now = time(NULL);

	if (!read_quietly(path, &b))
		return 0;
	until = (time_t)strtoll((char *)b.p, NULL, 10);
	/* a clock that was set back must not lock us out */
	return until > now && until <= now + QUIET_MAX ? until : 0;
}

static int fetch(const char *base, const char *ca, unsigned int timeout, const char *path,
		 bool *missing, struct buf *out)
{
	char *url CLEANUP(free_str) = xasprintf("%s%s", base, path);
	char *cached CLEANUP(free_str) = cache_path(url);
	char *quiet_url CLEANUP(free_str) = xasprintf("%s#quiet", base);
	char *quiet CLEANUP(free_str) = cache_path(quiet_url);
	static const char *const headers[] = { "Accept: */*" };
	struct http_answer a CLEANUP(http_answer_free) = { 0 };
	struct http_request r = {
		.method = "GET", .url = url, .headers = headers, .n_headers = 1, .ca = ca,
		.timeout = timeout, .max = ANSWER_MAX,
	};
	time_t until;
	int rc;

	*missing = false;
	if (read_quietly(cached, out))
		return RC_OK;
	until = quiet_until(quiet);
	if (until)
		return fail(RC_BUSY, "--kds: %s asked not to be asked for another %lld s; give certificates with --certs FILE",
			    base, (long long)(until - time(NULL)));
	rc = http_exchange(&r, &a);
	if (rc)
		return rc;
	if (a.status == 429) {
		long wait = a.retry_after > 0 ? a.retry_after : QUIET_DEFAULT;
		char *text CLEANUP(free_str) = NULL;

		if (wait > QUIET_MAX)
			wait = QUIET_MAX;
		text = xasprintf("%lld\n", (long long)time(NULL) + wait);
		keep(quiet, text, strlen(text));
	}
	if (a.status == 404 || a.status == 400) {
		*missing = true;
		return RC_OK;
	}
	rc = answer_check(&a);
	if (rc)
		return fail(rc, "--kds: the request to %s failed", url);
	buf_add(out, a.body.p, a.body.len);
	return RC_OK;
}

/* Kept only once it is known to be a certificate */
static int add(const char *base, const char *path, struct buf *b, struct cert_pool *pool)
{
	char *url CLEANUP(free_str) = xasprintf("%s%s", base, path);
	char *cached CLEANUP(free_str) = cache_path(url);
	int rc = cert_pool_add(pool, buf_span(b), url);

	if (!rc && cached && access(cached, F_OK))
		keep(cached, b->p, b->len);
	if (rc && cached)
		unlink(cached);
	return rc;
}

static int of_product(const char *base, const char *ca, unsigned int timeout, const u8 *report,
		      enum snp_product product, bool *missing, struct cert_pool *pool)
{
	char *vcek CLEANUP(free_str) = snp_vcek_path(report, product);
	char *chain CLEANUP(free_str) = xasprintf("/vcek/v1/%s/cert_chain",
						  snp_product_name(product));
	struct buf leaf CLEANUP_BUF, issuers CLEANUP_BUF;
	bool none;
	int rc;

	if (!vcek)
		return fail(RC_EVIDENCE, "--kds: this report is signed by a VLEK, or has its chip id masked: AMD has no certificate to look up; give it with --certs FILE");
	rc = fetch(base, ca, timeout, vcek, missing, &leaf);
	if (rc || *missing)
		return rc;
	rc = add(base, vcek, &leaf, pool);
	if (!rc)
		rc = fetch(base, ca, timeout, chain, &none, &issuers);
	if (!rc && none)
		rc = fail(RC_REFUSED, "--kds: %s has no %s", base, chain);
	return rc ? rc : add(base, chain, &issuers, pool);
}

int kds_certs(const char *base, const char *ca, unsigned int timeout, const u8 *report,
	      struct cert_pool *pool)
{
	/* a report of version 2 names no product; chip ids are unique over all */
	static const enum snp_product guesses[] = { SNP_MILAN, SNP_GENOA };
	enum snp_product product = snp_product(report);
	bool missing = true;
	int rc = RC_OK;
	size_t i;

	if (product == SNP_UNKNOWN && le32(report) < 3 && snp_layout(report) == SNP_LAYOUT_TURIN)
		product = SNP_TURIN;
	if (product != SNP_UNKNOWN || le32(report) >= 3)
		rc = of_product(base, ca, timeout, report, product, &missing, pool);
	else
		for (i = 0; !rc && missing && i < ARRAY_SIZE(guesses); i++)
			rc = of_product(base, ca, timeout, report, guesses[i], &missing, pool);
	if (!rc && missing)
		rc = fail(RC_REFUSED, "--kds: %s has no VCEK for this chip and TCB", base);
	return rc;
}
