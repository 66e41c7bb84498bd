// SPDX-License-Identifier: GPL-2.0-only
/*
 * Genuine evidence, damaged: cut anywhere or with any byte changed it must lose
 * that verdict, and nothing may crash. Arguments: [--root FILE] [--certs FILE]...
 * [--quote FILE] [--every N] EVIDENCE...; --certs and --quote hold for all.
 */
#include "unit.h"
#include "verify/verify.h"

static const char *root, *certs[64], *quote;
static size_t n_certs, every = 1;
static struct buf said;

static void add_file(struct cert_pool *pool, const char *path)
{
	struct buf b = { 0 };

	if (file_read(path, CERTS_MAX, &b) || cert_pool_add(pool, buf_span(&b), path))
		exit(1);
	buf_free(&b);
}

static bool is_genuine(const u8 *p, size_t len)
{
	/* an exact copy: ASan sees a read one byte behind it */
	u8 *copy = malloc(len ? len : 1);
	struct verify v = { 0 };
	bool good = false;
	struct buf b = { 0 };
	size_t i;

	memcpy(copy, p, len);
	if (verify_init(&v))
		exit(1);
	if (root && (file_read(root, CERTS_MAX, &b) || verify_root(&v, buf_span(&b), root)))
		exit(1);
	buf_free(&b);
	for (i = 0; i < n_certs; i++)
		add_file(&v.certs, certs[i]);
	if (quote && file_read(quote, EVIDENCE_MAX, verify_keep(&v)))
		exit(1);
	if (quote)
		v.parts.quote = buf_span(&v.kept->b);
	v.policy.any_code = true;
	v.policy.no_binding = true;
	buf_free(&said);
	complain_into(&said);
	if (!verify_open(&v, (struct span){ copy, len }, "damaged")) {
		complain_into(NULL);
		verify_check(&v);
		good = verify_outcome(&v, GENUINE, NULL) == PASSED;
	}
	complain_into(NULL);
	verify_free(&v);
	free(copy);
	return good;
}

static void judge(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t i, whole, bad = SIZE_MAX;
	struct buf b = { 0 };

	if (file_read(path, EVIDENCE_MAX, &b)) {
		ok(false, "%s can be read", path);
		return;
	}
	ok(is_genuine(b.p, b.len), "%s is genuine as it is", name);
	/* zeros at the end belong to nothing */
	for (whole = b.len; whole && !b.p[whole - 1]; whole--)
		;
	for (i = 0; i < whole; i += i < 64 ? 1 : every)
		if (is_genuine(b.p, i))
			bad = i;
	if (bad != SIZE_MAX)
		printf("# genuine when cut at %zu of %zu\n", bad, b.len);
	ok(bad == SIZE_MAX, "%s cut short is not", name);
	bad = SIZE_MAX;
	for (i = 0; i < b.len; i += i < 64 ? 1 : every) {
		u8 mask = (u8)(1 << i % 8);

		b.p[i] ^= mask;
		if (is_genuine(b.p, b.len)) {
			printf("# genuine with bit %zu of byte %zu changed\n", i % 8, i);
			bad = i;
		}
		b.p[i] ^= mask;
	}
	ok(bad == SIZE_MAX, "%s with one bit changed is not, every %zu bytes", name, every);
	buf_free(&b);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--root"))
			root = argv[++i];
		else if (!strcmp(argv[i], "--certs") && n_certs < ARRAY_SIZE(certs))
			certs[n_certs++] = argv[++i];
		else if (!strcmp(argv[i], "--quote"))
			quote = argv[++i];
		else if (!strcmp(argv[i], "--every"))
			every = (size_t)atoi(argv[++i]);
		else
			judge(argv[i]);
	}
	buf_free(&said);
	return unit_failed;
}
