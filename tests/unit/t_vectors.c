// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every real sample of the manifest that show can read, against the facts that
 * the manifest has of it: argument 1 is the directory of MANIFEST.tsv.
 */
#include <ctype.h>

#include <json-c/json.h>

#include "cli/show.h"
#include "unit.h"

enum { FILE_COL, KIND_COL, FACTS_COL = 8, COLS };

/* A value deep in the output: path elements are separated by '/' */
static const char *get(struct json_object *o, const char *path, char text[256])
{
	char *copy = xstrdup(path), *save, *part;

	for (part = strtok_r(copy, "/", &save); o && part; part = strtok_r(NULL, "/", &save)) {
		if (isdigit((unsigned char)*part) && json_object_is_type(o, json_type_array))
			o = json_object_array_get_idx(o, (size_t)atoi(part));
		else if (!json_object_object_get_ex(o, part, &o))
			o = NULL;
	}
	free(copy);
	if (!o)
		return NULL;
	snprintf(text, 256, "%s", json_object_get_string(o));
	return text;
}

/* The value of "key=value" in the facts */
static bool fact(const char *facts, const char *key, char value[256])
{
	size_t len = strlen(key);
	const char *p = facts;

	for (; (p = strstr(p, key)); p += len) {
		if ((p == facts || strchr(" ;,", p[-1])) && p[len] == '=') {
			snprintf(value, 256, "%.*s", (int)strcspn(p + len + 1, " ;"), p + len + 1);
			return true;
		}
	}
	return false;
}

/* Complains once per value that is not as the manifest says. */
static bool same(struct json_object *o, const char *file, const char *facts, const char *key,
		 const char *path)
{
	char want[256], have[256];
	const char *got;
	char *dots;
	size_t n;

	if (!fact(facts, key, want))
		return true;
	got = get(o, path, have);
	dots = strstr(want, "..");
	n = dots ? (size_t)(dots - want) : strlen(want) + 1;
	/* "host_data=0": all zero */
	if (got && !strcmp(want, "0") && strspn(got, "0") == strlen(got))
		return true;
	if (got && !strncmp(got, want, n))
		return true;
	printf("# %s: %s: manifest has %s, show has %s\n", file, key, want, got ? got : "nothing");
	return false;
}

static bool is(struct json_object *o, const char *file, const char *path, const char *want)
{
	char have[256];
	const char *got = get(o, path, have);

	if (got && !strcmp(got, want))
		return true;
	printf("# %s: %s: wanted %s, show has %s\n", file, path, want, got ? got : "nothing");
	return false;
}

static bool check_snp(struct json_object *o, const char *file, const char *facts)
{
	char version[4] = { facts[1], 0 }, product[32] = "", have[256], want[256];
	const char *got = get(o, "product", have);
	bool good;

	sscanf(facts + 2, " %31s", product);
	good = is(o, file, "VERSION", version);
	good &= same(o, file, facts, "vmpl", "VMPL");
	good &= same(o, file, facts, "signkey", "KEY_INFO/SIGNING_KEY");
	good &= same(o, file, facts, "guest_svn", "GUEST_SVN");
	good &= same(o, file, facts, "reported_tcb", "REPORTED_TCB/TCB_VERSION");
	good &= same(o, file, facts, "chip_id", "CHIP_ID");
	good &= same(o, file, facts, "report_data", "REPORT_DATA");
	good &= same(o, file, facts, "measurement", "MEASUREMENT");
	good &= same(o, file, facts, "host_data", "HOST_DATA");
	if (fact(facts, "debug", want))
		good &= is(o, file, "POLICY/DEBUG", *want == '1' ? "true" : "false");
	/* versions 1 and 2 do not tell: there the manifest has it of the VCEK */
	if (facts[1] < '3')
		good &= got && !strcmp(got, "unknown");
	else
		good &= got && !strcmp(got, product);
	return good;
}

/* TCB fields as the product lays them out, against the reported TCB's bytes */
static bool check_tcb(struct json_object *o, const char *file)
{
	char have[256], hex[256], want[8];
	const char *product = get(o, "product", have);
	bool turin = product && !strcmp(product, "Turin"), good;
	unsigned int b[8], i;

	if (!get(o, "REPORTED_TCB/TCB_VERSION", hex))
		return false;
	for (i = 0; i < 8; i++)
		sscanf(hex + 2 * i, "%2x", &b[i]);
	snprintf(want, sizeof(want), "%u", b[turin ? 1 : 0]);
	good = is(o, file, "REPORTED_TCB/BOOT_LOADER", want);
	snprintf(want, sizeof(want), "%u", b[turin ? 3 : 6]);
	good &= is(o, file, "REPORTED_TCB/SNP", want);
	snprintf(want, sizeof(want), "%u", b[7]);
	return good & is(o, file, "REPORTED_TCB/MICROCODE", want);
}

static bool check_quote(struct json_object *o, const char *file, const char *facts)
{
	char version[4] = { facts[1], 0 }, tail[256];
	bool good = is(o, file, "header/VERSION", version);

	good &= is(o, file, "body_type", strstr(facts, "(TD1.5)") ? "TD 1.5" : "TD 1.0");
	good &= same(o, file, facts, "quote_len", "quote_length");
	good &= same(o, file, facts, "mrtd", "body/MRTD");
	good &= same(o, file, facts, "td_attributes", "body/TDATTRIBUTES");
	good &= same(o, file, facts, "report_data", "body/REPORTDATA");
	good &= same(o, file, facts, "tee_tcb_svn", "body/TEE_TCB_SVN");
	good &= same(o, file, facts, "tee_tcb_svn2", "body/TEE_TCB_SVN_2");
	good &= same(o, file, facts, "fmspc", "signature_data/PCK_CHAIN/0/sgx/FMSPC");
	/* the manifest has the first 8 bytes of it */
	if (fact(facts, "mrservicetd", tail)) {
		char have[256];
		const char *got = get(o, "body/MRSERVICETD", have);

		good &= got && !strncmp(got, tail, 16);
	}
	if (fact(facts, "pck_notAfter", tail)) {
		char have[256];
		const char *got = get(o, "signature_data/PCK_CHAIN/0/notAfter", have);

		good &= got && !strncmp(got, tail, 10);
	}
	if (fact(facts, "file_tail", tail) && atoi(tail)) {
		tail[strcspn(tail, "B")] = '\0';
		good &= is(o, file, "trailing_zeros", tail);
	}
	return good & is(o, file, "signature_data/QE_REPORT/REPORTDATA_ok", "true");
}

static bool check_tdreport(struct json_object *o, const char *file, const char *facts)
{
	bool good = same(o, file, facts, "cpusvn", "CPUSVN");

	good &= same(o, file, facts, "report_data", "REPORTDATA");
	good &= same(o, file, facts, "attributes", "TDINFO/TDATTRIBUTES");
	good &= same(o, file, facts, "mrtd", "TDINFO/MRTD");
	good &= is(o, file, "TEE_TCB_INFO_HASH_ok", "true");
	return good & is(o, file, "TEE_INFO_HASH_ok", "true");
}

static bool check_hcl(struct json_object *o, const char *file, const char *facts)
{
	char user[256], have[256];
	const char *got;
	bool good = is(o, file, "claims_bound", "true");

	good &= same(o, file, facts, "hdr.version", "header/version");
	good &= same(o, file, facts, "report_size", "header/report_size");
	good &= same(o, file, facts, "claims_size", "runtime_claims/length");
	good &= is(o, file, "header/report_type", strstr(facts, "SEV-SNP") ? "SNP" : "TDX");
	if (fact(facts, "user-data", user) && strcmp(user, "ABSENT")) {
		got = get(o, "runtime_claims/user-data", have);
		good &= got && !strncmp(got, user, strlen(user));
	}
	return good;
}

static bool check_vcek(struct json_object *o, const char *file, const char *facts)
{
	bool good = same(o, file, facts, "bl", "x509/0/amd/BOOT_LOADER");

	good &= same(o, file, facts, "tee", "x509/0/amd/TEE");
	good &= same(o, file, facts, "snp", "x509/0/amd/SNP");
	good &= same(o, file, facts, "ucode", "x509/0/amd/MICROCODE");
	good &= same(o, file, facts, "fmc", "x509/0/amd/FMC");
	good &= same(o, file, facts, "hwid", "x509/0/amd/hwID");
	return good;
}

static bool check_table(struct json_object *o, const char *file, const char *facts)
{
	bool good = is(o, file, "certificates/0/guid", "c0b406a4-a803-4952-9743-3fb6014cd0ae");

	(void)facts;
	good &= is(o, file, "certificates/0/guid_order", "RFC 4122");
	good &= is(o, file, "certificates/2/kind", "VCEK");
	good &= is(o, file, "certificates/2/offset", "4698");
	good &= is(o, file, "certificates/2/length", "1879");
	good &= is(o, file, "certificates/2/encoding", "PEM");
	return good & is(o, file, "certificates/2/x509/0/amd/productName", "Genoa");
}

static const struct {
	const char *kind, *type;
	bool (*check)(struct json_object *o, const char *file, const char *facts);
} kinds[] = {
	{ "snp-report-", "snp-report", check_snp },
	{ "tdx-quote-", "tdx-quote", check_quote },
	{ "tdreport", "tdreport", check_tdreport },
	{ "azure-hcl-", "hcl-report", check_hcl },
	{ "snp-cert-table", "cert-table", check_table },
	{ "cert-vcek", "certificates", check_vcek },
	{ "cert-vlek", "certificates", check_vcek },
	{ "cert-", "certificates", NULL },
	{ "maa-vcek-chain", "certificates", NULL },
};

static void check_row(const char *dir, char *const col[COLS])
{
	char *path = xasprintf("%s/%s", dir, col[FILE_COL]);
	const char *file = col[FILE_COL], *kind = col[KIND_COL];
	bool hex = !strcmp(kind, "snp-report-hex");
	struct node *root = NULL;
	struct json_object *o;
	struct buf b = { 0 };
	char *text = NULL;
	size_t k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		if (!strncmp(kind, kinds[k].kind, strlen(kinds[k].kind)))
			break;
	if (k == ARRAY_SIZE(kinds))
		goto out;
	if (file_read(path, 1 << 20, &b) || show_bytes(buf_span(&b), file, &root)) {
		ok(false, "%s (%s) is shown", file, kind);
		goto out;
	}
	text = report_render(root, true);
	o = json_tokener_parse(text);
	ok(is(o, file, "type", kinds[k].type) &&
	   (!kinds[k].check || hex || kinds[k].check(o, file, col[FACTS_COL])) &&
	   (kinds[k].check != check_snp || check_tcb(o, file)), "%s (%s)", file, kind);
	json_object_put(o);
	free(text);
	/* and for people: it must come out as well */
	text = report_render(root, false);
	if (strlen(text) < 100)
		ok(false, "%s as text", file);
out:
	free(text);
	report_free(&root);
	buf_free(&b);
	free(path);
}

int main(int argc, char **argv)
{
	char *line = NULL, *path, *save;
	size_t size = 0;
	FILE *f;

	path = argc == 2 ? xasprintf("%s/MANIFEST.tsv", argv[1]) : NULL;
	f = path ? fopen(path, "r") : NULL;
	free(path);
	if (!f) {
		puts("skip real samples: VECTORS is not here");
		return 0;
	}
	while (getline(&line, &size, f) > 0) {
		char *col[COLS], *rest = line;
		int i;

		line[strcspn(line, "\n")] = '\0';
		for (i = 0; i < COLS && (save = strsep(&rest, "\t")); i++)
			col[i] = save;
		if (i == COLS)
			check_row(argv[1], col);
	}
	free(line);
	fclose(f);
	return unit_failed;
}
