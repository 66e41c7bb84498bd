// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every row of the manifest of real samples against what the row says of it:
 * argument 1 is the directory of MANIFEST.tsv. A row that is verified there must
 * be genuine here, any other must not, and for the reason that the row gives.
 */
#include <ctype.h>

#include "evidence/pck.h"
#include "evidence/snp.h"
#include "unit.h"
#include "verify/verify.h"

enum { FILE_COL, KIND_COL, SHA_COL = 3, FACTS_COL = 8, VERIFIED_COL, COLS };

struct row {
	char *col[COLS];
};

static const char *dir;
static struct row *rows;
static size_t n_rows;
static struct buf said;		/* messages of the tool, not wanted */

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static void load_manifest(void)
{
	char *path = xasprintf("%s/MANIFEST.tsv", dir), line[8192], *save, *p;
	FILE *f = fopen(path, "r");
	int i;

	rows = xalloc(4096 * sizeof(*rows));
	while (f && n_rows < 4096 && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (starts(line, "file\t"))
			continue;
		save = line;
		for (i = 0; i < COLS; i++) {
			p = strsep(&save, "\t");
			rows[n_rows].col[i] = xstrdup(p ? p : "");
		}
		n_rows++;
	}
	if (f)
		fclose(f);
	free(path);
}

static const struct row *row_of(const char *file)
{
	size_t i;

	for (i = 0; i < n_rows; i++)
		if (!strcmp(rows[i].col[FILE_COL], file))
			return &rows[i];
	return NULL;
}

static struct span slurp(struct verify *v, const char *file)
{
	char *path = xasprintf("%s/%s", dir, file);
	struct buf *b = verify_keep(v);

	if (file_read(path, EVIDENCE_MAX, b))
		printf("# cannot read %s\n", file);
	free(path);
	return buf_span(b);
}

static void begin(struct verify *v)
{
	*v = (struct verify){ 0 };
	if (verify_init(v))
		exit(1);
	v->policy.any_code = true;
}

/* All leaves that there are: nothing here may depend on the right one being alone. */
static void add_leaves(struct verify *v)
{
	size_t i;

	for (i = 0; i < n_rows; i++)
		if (starts(rows[i].col[KIND_COL], "cert-v"))
			cert_pool_add(&v->certs, slurp(v, rows[i].col[FILE_COL]), "leaf");
}

static int run(struct verify *v, struct span s)
{
	int rc;

	complain_into(&said);
	rc = verify_open(v, s, "sample");
	complain_into(NULL);
	if (!rc)
		verify_check(v);
	return rc;
}

static const struct check *find(const struct verify *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (!strcmp(v->checks[i].name, name))
			return &v->checks[i];
	return NULL;
}

static bool came_to(const struct verify *v, const char *name, enum outcome o)
{
	const struct check *c = find(v, name);

	if (c && c->outcome == o)
		return true;
	printf("# check '%s': %s (%s)\n", name, c ? "another outcome" : "was not made",
	       c ? c->reason : "-");
	return false;
}

static bool genuine(const struct verify *v, enum outcome o)
{
	const struct check *worst;

	if (verify_outcome(v, GENUINE, &worst) == o)
		return true;
	printf("# genuine: outcome %d, wanted %d (%s: %s)\n", verify_outcome(v, GENUINE, NULL), o,
	       worst ? worst->name : "-", worst ? worst->reason : "-");
	return false;
}

/* One bit of what is signed, changed: then it must not pass. */
static bool altered_fails(const struct verify *orig, size_t at, bool leaves)
{
	struct buf copy = { 0 };
	struct verify v;
	bool good;

	buf_add(&copy, orig->parts.report.p, orig->parts.report.len);
	copy.p[at] ^= 0x10;
	begin(&v);
	if (leaves)
		add_leaves(&v);
	good = !run(&v, buf_span(&copy)) && genuine(&v, FAILED) && came_to(&v, "signature", FAILED);
	verify_free(&v);
	buf_free(&copy);
	return good;
}

static bool snp_row(const struct row *r)
{
	const char *says = r->col[VERIFIED_COL];
	struct verify v;
	bool good;

	begin(&v);
	add_leaves(&v);
	good = !run(&v, slurp(&v, r->col[FILE_COL]));
	if (starts(says, "yes: ECDSA")) {
		good = good && genuine(&v, PASSED) && altered_fails(&v, 0x95, true);
		/* that debugging is allowed makes it no less genuine, but refused */
		good = good && came_to(&v, "debug", strstr(r->col[FACTS_COL], "debug=1") ? FAILED : PASSED);
	} else if (starts(says, "FAKE")) {
		good = good && genuine(&v, FAILED) && came_to(&v, "version", FAILED);
	} else if (strstr(says, "chip_id zeroed")) {
		good = good && genuine(&v, UNABLE) && came_to(&v, "signature", UNABLE) &&
		       strstr(find(&v, "signature")->reason, "CHIP_ID is zero");
	} else {
		/* no key in the set: it cannot be told, or it shows that it was edited */
		const struct check *c = find(&v, "signature");

		good = good && c && c->outcome != PASSED && verify_outcome(&v, GENUINE, NULL) != PASSED;
	}
	verify_free(&v);
	return good;
}

static bool hex_row(const struct row *r)
{
	struct verify v;
	bool good;

	begin(&v);
	add_leaves(&v);
	good = !run(&v, slurp(&v, r->col[FILE_COL])) && genuine(&v, PASSED);
	verify_free(&v);
	return good;
}

/* The quote's own root, given as --root */
static bool with_own_root(const struct row *r)
{
	struct verify v;
	struct tdx_quote q;
	struct span s;
	bool good;

	begin(&v);
	s = slurp(&v, r->col[FILE_COL]);
	good = !tdx_quote_parse(s, &q) && !verify_root(&v, q.certs, "own") && !run(&v, s) &&
	       genuine(&v, PASSED);
	verify_free(&v);
	return good;
}

static bool quote_row(const struct row *r)
{
	bool yes = starts(r->col[VERIFIED_COL], "yes");
	const char *a = strstr(r->col[FACTS_COL], "td_attributes=");
	struct verify v;
	bool good;

	begin(&v);
	good = !run(&v, slurp(&v, r->col[FILE_COL]));
	if (!yes) {
		/* another root than Intel's, and nothing else wrong with it */
		good = good && genuine(&v, FAILED) && came_to(&v, "certificate chain", FAILED) &&
		       came_to(&v, "signature", PASSED) && came_to(&v, "quoting enclave", PASSED) &&
		       with_own_root(r);
	} else {
		good = good && genuine(&v, PASSED) && altered_fails(&v, 200, false) && a;
		good = good && came_to(&v, "debug", starts(a, "td_attributes=00") ? PASSED : FAILED);
		good = good && came_to(&v, "SEPT_VE_DISABLE", strchr("13579bdf", a[20]) ? PASSED : FAILED);
	}
	verify_free(&v);
	return good;
}

/* A quote somewhere in the set that was made of this TDREPORT */
static const char *quote_of(const u8 *tdreport)
{
	static struct verify v;
	const char *found = NULL;
	size_t i;

	verify_free(&v);
	complain_into(&said);
	for (i = 0; i < n_rows && !found; i++) {
		struct tdx_quote q;

		if (starts(rows[i].col[KIND_COL], "tdx-quote") &&
		    !tdx_quote_parse(slurp(&v, rows[i].col[FILE_COL]), &q) &&
		    !tdx_quote_is_of(&q, tdreport))
			found = rows[i].col[FILE_COL];
	}
	complain_into(NULL);
	return found;
}

static size_t with_quote;

static bool tdreport_row(const struct row *r, bool hcl)
{
	const char *quote;
	struct verify v;
	bool good;

	begin(&v);
	good = !run(&v, slurp(&v, r->col[FILE_COL])) && genuine(&v, UNABLE) &&
	       came_to(&v, "TDREPORT", PASSED) && came_to(&v, "signature", UNABLE);
	if (hcl)
		good = good && came_to(&v, "claims", PASSED);
	quote = good ? quote_of(v.parts.report.p + (hcl ? 32 : 0)) : NULL;
	verify_free(&v);
	if (!quote)
		return good;
	with_quote++;
	begin(&v);
	v.parts.quote = slurp(&v, quote);
	good = !run(&v, slurp(&v, r->col[FILE_COL])) && genuine(&v, PASSED) && came_to(&v, "quote", PASSED);
	verify_free(&v);
	return good;
}

static bool hcl_snp_row(const struct row *r)
{
	const char *says = r->col[VERIFIED_COL];
	struct verify v;
	bool good;

	begin(&v);
	add_leaves(&v);
	good = !run(&v, slurp(&v, r->col[FILE_COL])) && came_to(&v, "claims", PASSED);
	if (strstr(says, "signature OK"))
		good = good && genuine(&v, PASSED) && altered_fails(&v, 32 + 0x95, true);
	else
		good = good && genuine(&v, UNABLE) && came_to(&v, "signature", UNABLE);
	if (strstr(says, "chip_id zeroed"))
		good = good && strstr(find(&v, "signature")->reason, "CHIP_ID is zero");
	/* whoever does not say whose code it is gets no appraisal */
	v.policy.any_code = false;
	verify_forget(&v);
	verify_check(&v);
	good = good && came_to(&v, "code", UNABLE);
	verify_free(&v);
	return good;
}

/* A certificate whose time is over is judged at its last day. */
static bool cert_row(const struct row *r)
{
	struct cert_pool pool = { 0 };
	struct verify v;
	struct tm tm;
	bool good;

	begin(&v);
	good = !cert_pool_add(&pool, slurp(&v, r->col[FILE_COL]), "row") && pool.n;
	if (good && ASN1_TIME_to_tm(X509_get0_notAfter(pool.certs[0].x), &tm) && timegm(&tm) < v.at)
		v.at = timegm(&tm) - 86400;
	good = good && !run(&v, slurp(&v, r->col[FILE_COL])) && genuine(&v, PASSED);
	/* never taken for evidence */
	good = good && verify_outcome(&v, APPRAISED, NULL) == UNABLE;
	cert_pool_free(&pool);
	verify_free(&v);
	return good;
}

static bool ak_cert_row(const struct row *r)
{
	struct verify v;
	bool good;

	begin(&v);
	good = !run(&v, slurp(&v, r->col[FILE_COL])) && genuine(&v, UNABLE);
	verify_free(&v);
	return good;
}

/* The file beside @file whose name ends in @to where this ends in @from */
static char *beside(const char *file, const char *from, const char *to)
{
	char *name = xasprintf("%.*s%s", (int)(strlen(file) - strlen(from)), file, to);

	if (row_of(name))
		return name;
	free(name);
	return NULL;
}

/* By the HCL report that the row names by the start of its SHA-256 */
static const struct row *hcl_of(const char *says)
{
	const char *p = strstr(says, " HCL ");
	size_t i;

	for (i = 0; p && i < n_rows; i++)
		if (starts(rows[i].col[KIND_COL], "azure-hcl") && !strncmp(rows[i].col[SHA_COL], p + 5, 8))
			return &rows[i];
	return NULL;
}

static bool tpm_try(const struct row *hcl, const char *msg, const char *sig, const char *pcrs,
		    bool alter)
{
	struct buf copy = { 0 };
	struct verify v;
	struct span s;
	bool good;

	begin(&v);
	add_leaves(&v);
	s = slurp(&v, msg);
	buf_add(&copy, s.p, s.len);
	/* the clock: signed, and nothing else looks at it */
	copy.p[copy.len - 60] ^= alter;
	v.parts.tpm_attest = buf_span(&copy);
	v.parts.tpm_signature = slurp(&v, sig);
	v.parts.pcrs = slurp(&v, pcrs);
	good = !run(&v, slurp(&v, hcl->col[FILE_COL])) && find(&v, "TPM quote") &&
	       find(&v, "TPM quote")->outcome == PASSED;
	verify_free(&v);
	buf_free(&copy);
	return good;
}

static bool tpm_msg_row(const struct row *r)
{
	const char *file = r->col[FILE_COL];
	const struct row *hcl = hcl_of(r->col[VERIFIED_COL]);
	char *sig = beside(file, ".msg.bin", ".sig.bin");
	bool good = false, altered = false;
	size_t i;

	/* quotes of the same PCRs share the file of their values */
	for (i = 0; hcl && sig && !good && i < n_rows; i++) {
		if (strcmp(rows[i].col[KIND_COL], "tpm-pcrs"))
			continue;
		good = tpm_try(hcl, file, sig, rows[i].col[FILE_COL], false);
		altered = good && tpm_try(hcl, file, sig, rows[i].col[FILE_COL], true);
	}
	free(sig);
	return good && !altered;
}

/* An AK that nobody vouches for: its signature is good, and worth nothing. */
static bool tpm_loose_row(const struct row *r)
{
	const char *file = r->col[FILE_COL];
	char *sig = beside(file, ".quote.msg", ".quote.sig"), *ak = beside(file, ".quote.msg", ".ak.pub");
	char *pcrs = beside(file, ".quote.msg", ".pcrs.bin");
	struct verify v;
	bool good;

	begin(&v);
	good = sig && ak && pcrs;
	if (good) {
		v.parts.tpm_signature = slurp(&v, sig);
		v.parts.ak_pub = slurp(&v, ak);
		v.parts.pcrs = slurp(&v, pcrs);
		good = !run(&v, slurp(&v, file)) && came_to(&v, "TPM quote", PASSED) &&
		       came_to(&v, "attestation key of the TPM", UNABLE) && genuine(&v, UNABLE);
	}
	verify_free(&v);
	free(sig);
	free(ak);
	free(pcrs);
	return good;
}

static bool event_log_row(const struct row *r)
{
	const char *p = strstr(r->col[VERIFIED_COL], "RTMR["), *of = strstr(r->col[VERIFIED_COL], "] of ");
	const struct row *quote = of ? row_of(of + 5) : NULL;
	struct verify v;
	bool good = true;
	size_t i;

	for (i = 0; !quote && i < n_rows; i++)
		if (starts(rows[i].col[KIND_COL], "tdx-quote"))
			quote = &rows[i];
	begin(&v);
	v.parts.event_log = slurp(&v, r->col[FILE_COL]);
	good = quote && !run(&v, slurp(&v, quote->col[FILE_COL])) && !find(&v, "event log");
	/* of some the quote is not in the set */
	for (of = row_of(of ? of + 5 : "") ? of : NULL; good && p && of && p < of; p++) {
		char name[] = "event log, RTMR0";

		if (!isdigit((unsigned char)*p))
			continue;
		name[strlen(name) - 1] = *p;
		good = came_to(&v, name, PASSED);
	}
	verify_free(&v);
	return good;
}

/* Certificates in YAML are indented. */
static void add_indented(struct verify *v, struct span s)
{
	struct buf b = { 0 };
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] != ' ' || (i && s.p[i - 1] != '\n' && s.p[i - 1] != ' '))
			buf_add(&b, s.p + i, 1);
	cert_pool_add(&v->certs, buf_span(&b), "issuers");
	buf_free(&b);
}

/* TCB info and QE identity, with each quote of their platform; the time is theirs */
static bool collateral_row(const struct row *r)
{
	size_t i, used = 0;
	bool good = true;

	for (i = 0; good && i < n_rows && used < 3; i++) {
		const struct check *info, *qe;
		struct verify v;
		size_t k;

		if (strcmp(rows[i].col[KIND_COL], "tdx-quote-v4") && strcmp(rows[i].col[KIND_COL], "tdx-quote-v5"))
			continue;
		begin(&v);
		v.at = 1772000000;	/* within the validity of all of them, or said not to be */
		v.collateral = xalloc(sizeof(*v.collateral));
		v.n_collateral = 1;
		for (k = 0; k < n_rows; k++)
			if (!strcmp(rows[k].col[KIND_COL], "pcs-collateral") && strstr(rows[k].col[FILE_COL], ".yaml"))
				add_indented(&v, slurp(&v, rows[k].col[FILE_COL]));
		{
			struct span s = slurp(&v, r->col[FILE_COL]);
			const char *at = memmem(s.p, s.len, "\"issueDate\":\"", 13);
			struct tm tm = { 0 };

			buf_add(&v.collateral[0], s.p, s.len);
			if (at && strptime(at + 13, "%Y-%m-%dT%H:%M:%SZ", &tm))
				v.at = timegm(&tm) + 3600;
		}
		run(&v, slurp(&v, rows[i].col[FILE_COL]));
		info = find(&v, "TCB info");
		qe = find(&v, "QE identity");
		if (info)
			good = info->outcome == PASSED;
		if (qe)
			good = qe->outcome == PASSED;
		if (!info && !qe)
			good = false;
		if (!good)
			printf("# %s\n", info ? info->reason : qe ? qe->reason : "neither kind");
		/* signed for another family of platforms is not for this one */
		if (info && find(&v, "TCB status of the platform"))
			used++;
		if (qe && find(&v, "TCB status of the quoting enclave"))
			used++;
		verify_free(&v);
	}
	return good && used;
}

/* Whether what was verified is a sample that independent code verified */
static bool carved(const struct verify *v)
{
	struct verify files = { 0 };
	bool good = false;
	size_t i;

	for (i = 0; !good && i < n_rows; i++) {
		struct span s, r = v->parts.report;
		size_t n;

		if (!starts(rows[i].col[VERIFIED_COL], "yes"))
			continue;
		s = slurp(&files, rows[i].col[FILE_COL]);
		n = s.len < r.len ? s.len : r.len;
		/* but for the zeros behind a quote, which not all kept */
		good = n > 600 && !memcmp(s.p, r.p, n) && is_zero(s.p + n, s.len - n) &&
		       is_zero(r.p + n, r.len - n);
	}
	verify_free(&files);
	return good;
}

/* Evidence of Azure in the JSON of KBS: the row's text is about its TPM quote */
static bool envelope_row(const struct row *r)
{
	struct verify v;
	bool good;
	int rc;

	begin(&v);
	add_leaves(&v);
	rc = run(&v, slurp(&v, r->col[FILE_COL]));
	if (!starts(r->col[VERIFIED_COL], "yes") || strstr(r->col[FILE_COL], ".yaml"))
		good = rc == RC_EVIDENCE || verify_outcome(&v, GENUINE, NULL) != PASSED || carved(&v);
	else
		good = !rc && came_to(&v, "TPM quote", PASSED) && genuine(&v, PASSED);
	verify_free(&v);
	return good;
}

static bool table_row(const struct row *r)
{
	struct verify v;
	bool good;

	begin(&v);
	good = !run(&v, slurp(&v, r->col[FILE_COL])) && genuine(&v, PASSED);
	verify_free(&v);
	return good;
}

/* No evidence that is verified by the row: genuine only where its content is */
static bool other_row(const struct row *r)
{
	bool yes = starts(r->col[VERIFIED_COL], "yes: embedded");
	enum outcome o;
	struct verify v;
	bool good;
	int rc;

	begin(&v);
	rc = run(&v, slurp(&v, r->col[FILE_COL]));
	o = verify_outcome(&v, GENUINE, NULL);
	good = rc == RC_EVIDENCE ? !yes : yes ? o == PASSED : o != PASSED || carved(&v);
	verify_free(&v);
	return good;
}

static bool judge(const struct row *r)
{
	const char *kind = r->col[KIND_COL];

	if (starts(kind, "snp-report-v"))
		return snp_row(r);
	if (starts(kind, "tdx-quote-v"))
		return quote_row(r);
	if (!strcmp(kind, "snp-report-hex"))
		return hex_row(r);
	if (!strcmp(kind, "tdreport"))
		return tdreport_row(r, false);
	if (!strcmp(kind, "azure-hcl-tdx"))
		return tdreport_row(r, true);
	if (!strcmp(kind, "azure-hcl-snp"))
		return hcl_snp_row(r);
	if (!strcmp(kind, "azure-ak-cert"))
		return ak_cert_row(r);
	if (starts(kind, "cert-") || !strcmp(kind, "maa-vcek-chain"))
		return cert_row(r);
	if (!strcmp(kind, "tpm-quote-msg"))
		return strstr(r->col[VERIFIED_COL], " HCL ") ? tpm_msg_row(r) : tpm_loose_row(r);
	if (!strcmp(kind, "ccel-eventlog"))
		return event_log_row(r);
	if (!strcmp(kind, "pcs-collateral") && !strstr(r->col[FILE_COL], ".yaml"))
		return collateral_row(r);
	if (!strcmp(kind, "evidence-envelope"))
		return envelope_row(r);
	if (!strcmp(kind, "snp-cert-table") || !strcmp(kind, "veraison-tsm-report"))
		return table_row(r);
	return other_row(r);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return 2;
	dir = argv[1];
	load_manifest();
	if (!n_rows) {
		puts("skip the verdicts on real samples: VECTORS is not here");
		return 0;
	}
	for (i = 0; i < n_rows; i++)
		ok(judge(&rows[i]), "verify: %s: %s", rows[i].col[FILE_COL], rows[i].col[VERIFIED_COL]);
	ok(with_quote >= 3, "TDREPORTs with the quote made of them: %zu", with_quote);
	return unit_failed;
}
