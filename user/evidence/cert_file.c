// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/unwrap.h"
#include "evidence/cert_file.h"
#include "evidence/certs.h"
#include "evidence/kind.h"

#define FILES_MAX	256	/* in a directory */

static bool are_certs(struct span s)
{
	enum raw_kind kind = raw_recognise(s);

	return kind == RAW_CERTS || kind == RAW_CERT_TABLE;
}

/* Of Azure's metadata service (THIM): the VCEK and its chain as two texts of a JSON object */
static bool of_thim(struct span s, struct buf *out)
{
	struct json_object *o = raw_recognise(s) == RAW_JSON ? json_parse(s) : NULL;
	const char *leaf = json_get_text(o, "vcekCert"), *chain = json_get_text(o, "certificateChain");
	bool found = leaf;

	if (found)
		buf_printf(out, "%s\n%s", leaf, chain ? chain : "");
	json_object_put(o);
	return found;
}

/* @s itself, or the certificates that its text stands for */
static struct span decoded(struct span s, struct buf *hold)
{
	if (of_thim(s, hold))
		return buf_span(hold);
	if (!are_certs(s) && !x509_is_pem(s) && unwrap_text(s, CERTS_MAX, hold))
		return buf_span(hold);
	return s;
}

static int of_file(const char *option, const char *path, cert_file_fn *add, void *arg)
{
	struct buf b CLEANUP_BUF, hold CLEANUP_BUF;
	int rc = file_read(path, CERTS_MAX, &b);

	if (!rc && !b.len)
		rc = fail(RC_EVIDENCE, "%s: %s is empty", option, path);
	if (!rc)
		rc = add(arg, decoded(buf_span(&b), &hold), path);
	return option_file(rc);
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int of_directory(const char *option, const char *path, cert_file_fn *add,
			cert_file_fn *other, void *arg)
{
	struct dirent **list;
	int n = scandir(path, &list, visible, alphasort), i, rc = RC_OK, found = 0;

	if (n < 0)
		return fail(RC_FAILED, "%s: cannot read the directory %s", option, path);
	if (n > FILES_MAX)
		rc = fail(RC_USAGE, "%s: %s has %d files; a directory of certificates has at most %d",
			  option, path, n, FILES_MAX);
	for (i = 0; i < n; i++) {
		char *name CLEANUP(free_str) = xasprintf("%s/%s", path, list[i]->d_name);
		struct buf b CLEANUP_BUF, hold CLEANUP_BUF;
		struct stat st;
		struct span s;

		free(list[i]);
		if (rc || stat(name, &st) || !S_ISREG(st.st_mode) || !st.st_size ||
		    st.st_size > CERTS_MAX)
			continue;
		rc = file_read(name, CERTS_MAX, &b);
		if (rc)
			continue;
		s = decoded(buf_span(&b), &hold);
		if (are_certs(s))
			rc = add(arg, s, name);
		else if (!other || other(arg, buf_span(&b), name))
			continue;
		found++;
	}
	free(list);
	if (!rc && !found)
		rc = fail(RC_EVIDENCE, "%s: no file in the directory %s is a certificate", option, path);
	return rc;
}

int cert_file_each(const char *option, const char *path, cert_file_fn *add, cert_file_fn *other,
		   void *arg)
{
	struct stat st;

	if (strcmp(path, "-") && !stat(path, &st) && S_ISDIR(st.st_mode))
		return option_file(of_directory(option, path, add, other, arg));
	return of_file(option, path, add, arg);
}
