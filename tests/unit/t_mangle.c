// SPDX-License-Identifier: GPL-2.0-only
/*
 * Damaged evidence: cut at every length, every byte changed, data behind the
 * end. Under ASan and UBSan, so that a read out of bounds ends the test.
 * Arguments: files; after "--sparse", only some of the lengths.
 */
#include "cli/show.h"
#include "evidence/certs.h"
#include "unit.h"

static int show_copy(const u8 *p, size_t len)
{
	/* an exact copy: ASan sees a read one byte behind it */
	u8 *copy = malloc(len ? len : 1);
	struct node *root = NULL;
	char *text;
	int rc;

	memcpy(copy, p, len);
	rc = show_bytes((struct span){ copy, len }, "mangled", &root);
	if (root) {
		text = report_render(root, true);
		free(text);
		text = report_render(root, false);
		free(text);
	}
	report_free(&root);
	/* the way request reads certificates */
	if (rc != RC_OK || cert_table_looks_like((struct span){ copy, len })) {
		struct cert_pool pool = { 0 };
		int pooled = cert_pool_add(&pool, (struct span){ copy, len }, "mangled");

		if (pooled != RC_OK && pooled != RC_EVIDENCE)
			rc = pooled;
		cert_pool_free(&pool);
	}
	free(copy);
	return rc;
}

static void cut(const char *name, const struct buf *b, size_t step)
{
	size_t whole = b->len, len;
	size_t bad = SIZE_MAX;

	/* zeros at the end may be a tail that belongs to nothing */
	while (whole && !b->p[whole - 1])
		whole--;
	for (len = 0; len < whole; len += step)
		if (show_copy(b->p, len) != RC_EVIDENCE)
			bad = len;
	if (bad != SIZE_MAX)
		printf("# cut at %zu of %zu was taken\n", bad, b->len);
	ok(bad == SIZE_MAX, "%s cut short, every %zu: status 5", name, step);
}

static void flip(const char *name, const struct buf *b, size_t step)
{
	static const u8 masks[] = { 0xff, 0x01, 0x80 };
	bool good = true;
	size_t i, m;

	/* headers with every mask, the rest with one, and ever less of it */
	for (i = 0; i < b->len; i += i < 1400 ? step : 61 * step) {
		for (m = i < 160 ? 0 : i % 3; m < sizeof(masks); m += i < 160 ? 1 : 3) {
			int rc;

			b->p[i] ^= masks[m];
			rc = show_copy(b->p, b->len);
			b->p[i] ^= masks[m];
			good &= rc == RC_OK || rc == RC_EVIDENCE;
		}
	}
	ok(good, "%s with bytes changed: status 0 or 5, no crash", name);
}

static void append(const char *name, const struct buf *b)
{
	struct buf more = { 0 };
	int rc;

	buf_add(&more, b->p, b->len);
	buf_add(&more, "junk", 4);
	rc = show_copy(more.p, more.len);
	ok(rc == RC_EVIDENCE, "%s with junk behind it: status 5, got %d", name, rc);
	buf_free(&more);
}

int main(int argc, char **argv)
{
	bool sparse = false;
	int i;

	unit_quiet();
	for (i = 1; i < argc; i++) {
		struct buf b = { 0 };
		const char *name = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];

		if (!strcmp(argv[i], "--sparse")) {
			sparse = true;
			continue;
		}
		if (file_read(argv[i], 1 << 20, &b)) {
			ok(false, "%s can be read", argv[i]);
			continue;
		}
		cut(name, &b, sparse ? 29 : 1);
		flip(name, &b, sparse ? 7 : 1);
		/* a table says where its bodies are, what is between is nobody's */
		if (strncmp(name, "certs", 5) && !strstr(name, "auxblob"))
			append(name, &b);
		buf_free(&b);
	}
	return unit_failed;
}
