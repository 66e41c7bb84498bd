// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second set of real samples, argument 1: each is shown, and verify says of
 * it what independent code said (the column "verified" of MANIFEST.tsv). Nothing
 * that code did not verify may be genuine; nothing that is cut short is shown.
 */
#include <json-c/json.h>

#include "cli/show.h"
#include "unit.h"
#include "verify/verify.h"

enum { FILE_COL, KIND_COL, VERIFIED_COL = 9, COLS };

static struct buf said;		/* messages of the tool, not wanted */

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static char *shown(struct span s, int *rc)
{
	struct node *root = NULL;
	char *text = NULL;

	complain_into(&said);
	*rc = show_bytes(s, "sample", &root);
	complain_into(NULL);
	if (root)
		text = report_render(root, true);
	report_free(&root);
	return text ? text : xstrdup("");
}

struct verdict_of {
	int rc;
	enum outcome genuine;
	enum outcome signature;		/* UNABLE when it was not made */
	bool altered;			/* a message says that it was altered */
};

static struct verdict_of verdict(struct span s)
{
	struct verdict_of r = { .signature = UNABLE };
	struct verify v = { 0 };
	size_t i;

	if (verify_init(&v))
		exit(1);
	v.policy.any_code = true;
	complain_into(&said);
	r.rc = verify_open(&v, s, "sample");
	complain_into(NULL);
	if (!r.rc)
		verify_check(&v);
	r.genuine = verify_outcome(&v, GENUINE, NULL);
	for (i = 0; i < v.n; i++) {
		if (!strcmp(v.checks[i].name, "signature"))
			r.signature = v.checks[i].outcome;
		r.altered |= strstr(v.checks[i].reason, "altered") != NULL;
	}
	verify_free(&v);
	return r;
}

/* The type that show names it, by the kind in the manifest */
static const struct {
	const char *kind, *type, *has;
} kinds[] = {
	{ "snp-report-v", "snp-report", "\"MEASUREMENT\"" },
	{ "tdx-quote-v", "tdx-quote", "\"MRTD\"" },
	{ "tdreport", "tdreport", "\"TDINFO\"" },
	{ "azure-hcl-", "hcl-report", "\"runtime_claims\"" },
	{ "cca-token", "cca-token", "\"RIM\"" },
	{ "tpm-quote", "tpm-quote", "\"pcrDigest\"" },
	{ "ccel-eventlog", "event-log", "\"events\"" },
	{ "cert-vcek", "certificates", "\"amd\"" },
	{ "token-jwt", "jwt", "\"claims\"" },
	{ "evidence-envelope", "json", "" },
};

static bool is_type(const char *text, const char *kind)
{
	struct json_object *o = json_tokener_parse(text), *type = NULL;
	const char *have = o && json_object_object_get_ex(o, "type", &type) ?
			   json_object_get_string(type) : "-";
	bool good = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (starts(kind, kinds[i].kind))
			good = !strcmp(have, kinds[i].type) && strstr(text, kinds[i].has);
	if (!good)
		printf("# shown as %s\n", have);
	json_object_put(o);
	return good;
}

/*
 * Where the item of CBOR at @off ends, 0 when it is cut short: some samples were.
 * On purpose nothing of the tool, nor of the library that it uses.
 */
static size_t cbor_end(struct span s, size_t off)
{
	u8 major = off < s.len ? s.p[off] >> 5 : 7, info = off < s.len ? s.p[off] & 31 : 31;
	size_t n = info < 24 ? 0 : 1u << (info - 24), value = info, i;

	off++;
	if (info > 27 || off + n > s.len)
		return 0;
	for (i = 0; i < n; i++)
		value = (i ? value << 8 : 0) | s.p[off + i];
	off += n;
	if (major == 2 || major == 3)
		return value <= s.len - off ? off + value : 0;
	value = major == 4 ? value : major == 5 ? 2 * value : major == 6;
	while (off && value--)
		off = cbor_end(s, off);
	return off;
}

/* Not a whole token; quotes of a TPM that were taken out of bincode with what follows */
static bool is_cut(const struct buf *b, const char *kind)
{
	if (!strcmp(kind, "tpm-quote"))
		return b->len == 200;
	return !strcmp(kind, "cca-token") && cbor_end(buf_span(b), 0) != b->len;
}

/* What is signed, changed in one bit */
static bool altered_fails(const struct buf *b)
{
	struct buf copy = { 0 };
	bool fails;

	buf_add(&copy, b->p, b->len);
	copy.p[200] ^= 0x10;
	fails = verdict(buf_span(&copy)).signature == FAILED;
	buf_free(&copy);
	return fails;
}

/*
 * The platform token of TF-RMM on Arm's model is a fixed one: its challenge counts
 * from 07 06 05 ..., where that of a platform is the hash of the realm's key.
 */
static bool is_of_the_model(const struct buf *b)
{
	static const u8 challenge[] = {
		0x0a, 0x58, 0x20, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, 0x00,
	};

	return memmem(b->p, b->len, challenge, sizeof(challenge));
}

static bool judge(const struct buf *b, const char *kind, const char *says)
{
	struct verdict_of r = verdict(buf_span(b));

	if (r.rc && r.rc != RC_EVIDENCE)
		return false;
	if (is_cut(b, kind))
		return r.genuine != PASSED;
	if (starts(says, "yes: sig=True"))
		return !r.rc && r.genuine == PASSED && altered_fails(b);
	if (!strcmp(kind, "cca-token") && is_of_the_model(b))
		return !r.rc && r.genuine == FAILED;
	/* there is no key here to check it by, and nothing wrong with it */
	if (starts(says, "no endorsement") || starts(says, "partly: claims_bound=True") ||
	    starts(says, "MAC only") || !strcmp(kind, "cca-token"))
		return !r.rc && r.genuine == UNABLE && !r.altered;
	return r.genuine != PASSED || !strcmp(kind, "cert-vcek") || !strcmp(kind, "evidence-envelope");
}

/* A part of it is never taken for it; a tail of zeros may be missing. */
static bool cut_fails(const struct buf *b, const char *kind)
{
	size_t len = b->len, step = b->len / 40 + 1, n;
	bool good = true;
	int rc;

	if (is_cut(b, kind))
		return true;
	if (!starts(kind, "snp-report") && !starts(kind, "tdx-") && strcmp(kind, "tdreport") &&
	    strcmp(kind, "cca-token") && strcmp(kind, "tpm-quote"))
		return true;
	while (len && !b->p[len - 1])
		len--;
	for (n = 8; good && n < len; n += step) {
		free(shown((struct span){ b->p, n }, &rc));
		good = rc == RC_EVIDENCE;
		if (!good)
			printf("# %zu of %zu bytes are shown\n", n, b->len);
	}
	return good;
}

static void check_row(const char *dir, char *const col[COLS + 1])
{
	char *path = xasprintf("%s/%s", dir, col[FILE_COL]);
	struct buf b = { 0 };
	int rc = RC_FAILED;
	char *text;

	if (file_read(path, EVIDENCE_MAX, &b) || !b.len) {
		ok(false, "%s can be read", col[FILE_COL]);
		goto out;
	}
	text = shown(buf_span(&b), &rc);
	ok(is_cut(&b, col[KIND_COL]) ? rc == RC_EVIDENCE : !rc && is_type(text, col[KIND_COL]), "show: %s (%s)", col[FILE_COL], col[KIND_COL]);
	free(text);
	ok(judge(&b, col[KIND_COL], col[VERIFIED_COL]), "verify: %s: %s", col[FILE_COL], col[VERIFIED_COL]);
	ok(cut_fails(&b, col[KIND_COL]), "cut short: %s", col[FILE_COL]);
out:
	buf_free(&b);
	free(path);
}

int main(int argc, char **argv)
{
	char *path = argc == 2 ? xasprintf("%s/MANIFEST.tsv", argv[1]) : NULL, *line = NULL, *save;
	FILE *f = path ? fopen(path, "r") : NULL;
	size_t size = 0;

	free(path);
	if (!f) {
		puts("skip the second set of real samples: VECTORS2 is not here");
		return 0;
	}
	while (getline(&line, &size, f) > 0) {
		char *col[COLS + 1], *rest = line;
		int i;

		line[strcspn(line, "\n")] = '\0';
		for (i = 0; i <= COLS && (save = strsep(&rest, "\t")); i++)
			col[i] = save;
		if (i >= COLS && strcmp(col[KIND_COL], "kind"))
			check_row(argv[1], col);
	}
	free(line);
	fclose(f);
	return unit_failed;
}
