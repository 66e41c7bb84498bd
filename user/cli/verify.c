// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "base/unwrap.h"
#include "cli/cmd.h"
#include "cli/token_keys.h"
#include "evidence/cert_file.h"
#include "evidence/pck.h"
#include "evidence/snp.h"
#include "net/endorse.h"
#include "net/http_url.h"
#include "net/jwks.h"
#include "verify/bundle.h"
#include "verify/cca.h"
#include "verify/verify.h"

static const char help[] =
"Usage: cvm-evidence verify [options] [FILE]\n"
"\n"
"Checks evidence offline: a blob of /dev/cvm-evidence, or an SNP report, TDX\n"
"quote, TDREPORT, HCL report, token of Arm CCA, certificates or TPM quote of any\n"
"other tool, also as hex, base64, or in JSON; or the token of a service (JWT).\n"
"FILE is - (standard input) by default. Three verdicts:\n"
"  genuine    hardware signed it: signature, certificate chain, what belongs to it\n"
"  bound      it is bound to --report-data or --nonce\n"
"  appraised  its code and state are the ones that you require\n"
"Each check is named: passed, failed or not possible, with the reason; what was\n"
"not checked is listed. Exit status 0 only when all three are yes, or waived by\n"
"--no-binding and --any-code; else 5.\n"
"\n"
"What to check it with:\n"
"  --certs FILE|DIR         certificates: PEM, DER, URL-encoded or an SNP table;\n"
"                           repeatable\n"
"  --kds[=URL]              fetch missing ones from AMD; kept in the user's cache\n"
"  --pcs[=URL]              fetch Intel's collateral, from its PCS or a PCCS; kept, too\n"
"  --ca FILE                CA certificates for --kds, --pcs and --fetch-jwks\n"
"  --root FILE              trust this root instead of AMD's and Intel's\n"
"  --crl FILE               certificate revocation list, PEM or DER; repeatable\n"
"  --require-crl            each certificate of the chain must be covered by one\n"
"  --vcek-for-masked-chip FILE   the VCEK of a report whose CHIP_ID is masked\n"
"  --cca-key FILE           keys of Arm CCA platforms: PEM, JWK, JWK set or CoRIM\n"
"  --corim-key FILE         keys that may have signed a CoRIM, in PEM or as JWK\n"
"  --token                  FILE is a token of an attestation service (JWT)\n"
"  --jwks FILE              keys of its issuer, a JWK set; repeatable\n"
"  --fetch-jwks[=URL]       fetch them from the issuer that --issuer names\n"
"  --token-root FILE        roots of the certificates that a token brings along (x5c)\n"
"  --collateral FILE        TCB info or QE identity of Intel's PCS, or a bundle of all\n"
"                           (dcap-qvl, Trustee); repeatable\n"
"  --quote FILE             the quote made from a TDREPORT\n"
"  --manifest FILE          the manifest of SVSM services\n"
"  --event-log FILE         the CCEL event log of a TD, against its RTMRs\n"
"  --reference FILE [--explain]\n"
"                           a reference event log: every measured event must be in\n"
"                           it; --explain describes the events that differ\n"
"  --tpm-quote FILE --tpm-signature FILE --pcrs FILE [--ak FILE]\n"
"                           a quote of the vTPM by the key in HCL claims\n"
"  --ak-root FILE [--ak-cert FILE]\n"
"                           roots that may vouch for that key; its certificate, where\n"
"                           the evidence has none\n"
"  --at TIME                verify as of 2025-01-31, 2025-01-31T12:00:00Z or @SECONDS\n"
"\n"
"What it must be bound to (hex, or hex:.. base64:.. text:.. file:PATH):\n"
"  --report-data DATA, --nonce DATA       what was asked for, 1 to 64 bytes\n"
"  --no-binding                           nothing in particular\n"
"\n"
"What it must be (repeatable: any of the values):\n"
"  --measurement HEX        SNP MEASUREMENT, TDX MRTD\n"
"  --id-key-digest HEX --author-key-digest HEX --host-data HEX --family-id HEX\n"
"  --image-id HEX --report-id HEX --report-id-ma HEX --chip-id HEX --csp NAME\n"
"                           SNP\n"
"  --rtmr0 HEX .. --rtmr3 HEX --mrconfigid HEX --mrowner HEX --mrownerconfig HEX\n"
"  --mrseam HEX --mrservicetd HEX --xfam HEX --td-attributes HEX --qe-signer HEX\n"
"  --ppid HEX --platform-instance-id HEX                   TDX\n"
"  --rim HEX --rem0 HEX .. --rem3 HEX --rpv HEX --implementation-id HEX\n"
"  --instance-id HEX --platform-config HEX --sw-component HEX[:HEX]\n"
"                           Arm CCA\n"
"  --issuer NAME --audience NAME --token-alg ALG --claim NAME=VALUE\n"
"  --ear-status STATUS --max-age SECONDS                   tokens of services\n"
"  --pcr N:HEX              TPM; of a quote that carries the nonce\n"
"  --any-code               no measurement or ID key is asked for\n"
"  --profile azure          HCL reports and tokens: as Azure's paravisor makes them\n"
"How new and how strict (one value each, except those with names):\n"
"  --vmpl N                 SNP: the VMPL that asked for the report\n"
"  --manifest-vmpl N        SNP: the VMPL whose manifest is accepted; 0, the SVSM's, by default\n"
"  --min-tcb [PRODUCT:]PART=N,..   SNP: fmc, bl, tee, snp, ucode; compared with the\n"
"                           reported, the committed and the launch TCB; repeatable\n"
"  --min-guest-svn N --min-firmware MAJOR.MINOR[.BUILD] --min-policy-abi MAJOR.MINOR\n"
"  --mit-vector 0xN --launch-mit-vector 0xN                SNP\n"
"  --require-author-key --require-committed-firmware       SNP\n"
"  --require-platform NAME --forbid-platform NAME          SNP PLATFORM_INFO\n"
"  --require-policy NAME --forbid-policy NAME              SNP POLICY\n"
"  --min-tee-tcb HEX        TDX: TEE_TCB_SVN, each byte\n"
"  --min-qe-svn N --min-pce-svn N                          TDX\n"
"  --tcb-status STATUS      TDX with --collateral (default: UpToDate); repeatable\n"
"  --min-evaluation N --min-tcb-date DATE                  TDX with --collateral\n"
"  --allow-debug, --allow-migration, --allow-sept-ve       accept these (else refused)\n"
"  --policy FILE            JSON object of these options' names without dashes\n"
"What is asked for and cannot be checked on this evidence is \"not possible\", and\n"
"the exit status is 5.\n"
"\n"
"  --json                   the result for programs\n"
"  -h, --help               this text\n"
"\n"
"Examples:\n"
"  cvm-evidence verify --nonce hex:00ff42 --measurement \"$(cat good.hex)\" evidence.cvme\n"
"  cvm-evidence verify --no-binding --any-code --kds report.bin\n"
"  cvm-evidence verify --policy policy.json --nonce file:nonce --certs vcek.der report.bin\n";

enum {
	CERTS = OPT_LONG, KDS, CA, ROOT, CRL, COLLATERAL, QUOTE, MANIFEST, EVENT_LOG, REFERENCE, EXPLAIN,
	TPM_QUOTE, TPM_SIGNATURE, PCRS, AK, AK_CERT, AK_ROOT, AT, POLICY, MASKED_VCEK, CCA_KEY, JSON,
	CORIM_KEY, TOKEN, JWKS, FETCH_JWKS, TOKEN_ROOT, PCS, FIRST_POLICY = 512,
};

static const struct option own_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, JSON },
	{ "certs", required_argument, NULL, CERTS },
	{ "kds", optional_argument, NULL, KDS },
	{ "ca", required_argument, NULL, CA },
	{ "pcs", optional_argument, NULL, PCS },
	{ "root", required_argument, NULL, ROOT },
	{ "crl", required_argument, NULL, CRL },
	{ "vcek-for-masked-chip", required_argument, NULL, MASKED_VCEK },
	{ "cca-key", required_argument, NULL, CCA_KEY },
	{ "corim-key", required_argument, NULL, CORIM_KEY },
	{ "token", no_argument, NULL, TOKEN },
	{ "jwks", required_argument, NULL, JWKS },
	{ "fetch-jwks", optional_argument, NULL, FETCH_JWKS },
	{ "token-root", required_argument, NULL, TOKEN_ROOT },
	{ "collateral", required_argument, NULL, COLLATERAL },
	{ "quote", required_argument, NULL, QUOTE },
	{ "manifest", required_argument, NULL, MANIFEST },
	{ "event-log", required_argument, NULL, EVENT_LOG },
	{ "reference", required_argument, NULL, REFERENCE },
	{ "explain", no_argument, NULL, EXPLAIN },
	{ "tpm-quote", required_argument, NULL, TPM_QUOTE },
	{ "tpm-signature", required_argument, NULL, TPM_SIGNATURE },
	{ "pcrs", required_argument, NULL, PCRS },
	{ "ak", required_argument, NULL, AK },
	{ "ak-cert", required_argument, NULL, AK_CERT },
	{ "ak-root", required_argument, NULL, AK_ROOT },
	{ "at", required_argument, NULL, AT },
	{ "policy", required_argument, NULL, POLICY },
};

struct settings {
	const char *kds, *pcs, *ca, *policy, *jwks;
	bool json, help, fetch_jwks, at;
};

/* Of two values one would be dropped in silence. */
static int once(bool given, const char *name)
{
	return given ? fail(RC_USAGE, "--%s was given twice", name) : RC_OK;
}

static int at_option(const char *arg, time_t *at)
{
	u64 n;

	if (*arg == '@') {
		if (parse_number("--at", arg + 1, INT64_MAX, &n))
			return RC_USAGE;
		*at = (time_t)n;
		return RC_OK;
	}
	if (parse_time(arg, true, at))
		return RC_OK;
	return fail(RC_USAGE, "--at: '%s' is not a time: 2025-01-31, 2025-01-31T12:00:00Z or @SECONDS", arg);
}

static int add_certs(void *arg, struct span s, const char *name)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	struct verify *v = arg;
	int rc;

	/* platform keys of Arm CCA; a file in PEM may have certificates, too */
	if (cca_keys_look_like(s)) {
		v->policy.given[ASK_CCA_KEY] = true;
		rc = cca_keys_add(v, s, name);
		if (rc || !memmem(s.p, s.len, begin, sizeof(begin) - 1))
			return rc;
	}
	v->policy.given[ASK_CERTS] = true;
	return certs_add(&v->certs, s, VERIFY_CERTS_MAX, name);
}

/*
 * What else a directory has: platform keys, which count for tokens of Arm CCA. The
 * directory may serve evidence of many kinds, so nothing is asked for by that.
 */
static int add_other(void *arg, struct span s, const char *name)
{
	struct buf said CLEANUP_BUF, *outer = complain_into(&said);
	int rc = cca_keys_look_like(s) ? cca_keys_add(arg, s, name) : RC_USAGE;

	complain_into(outer);
	return rc;
}

static int add_masked_vcek(struct verify *v, const char *path)
{
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, CERTS_MAX, &b);

	v->policy.given[ASK_MASKED_VCEK] = true;
	if (!rc && !b.len)
		rc = fail(RC_EVIDENCE, "--vcek-for-masked-chip: %s is empty", path);
	return option_file(rc ? rc : certs_add(&v->masked_vcek, buf_span(&b), VERIFY_CHAIN_MAX, path));
}

static int add_cca_key(struct verify *v, const char *path)
{
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, CERTS_MAX, &b);

	v->policy.given[ASK_CCA_KEY] = true;
	return option_file(rc ? rc : cca_keys_add(v, buf_span(&b), path));
}

static int add_corim_key(struct verify *v, const char *path)
{
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, CERTS_MAX, &b);

	v->policy.given[ASK_CORIM_KEY] = true;
	return option_file(rc ? rc : corim_keys_add(v, buf_span(&b), path));
}

static int add_root(struct verify *v, const char *path)
{
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, CERTS_MAX, &b);

	return option_file(rc ? rc : verify_root(v, buf_span(&b), path));
}

static int add_ak_root(struct verify *v, const char *path)
{
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, CERTS_MAX, &b);

	v->policy.given[ASK_AK_ROOT] = true;
	return option_file(rc ? rc : verify_root_for(v, &v->ak_roots, buf_span(&b), ask_name(ASK_AK_ROOT), path));
}

static int add_crl(struct verify *v, const char *path)
{
	struct buf b CLEANUP_BUF, text CLEANUP_BUF;
	int rc = file_read(path, EVIDENCE_MAX, &b);
	struct span s = buf_span(&b);

	v->policy.given[ASK_CRL] = true;
	/* a PCCS gives lists in hex */
	if (!rc && raw_recognise(s) != RAW_CRL && unwrap_text(s, EVIDENCE_MAX, &text))
		s = buf_span(&text);
	return option_file(rc ? rc : crl_load(v, s, path));
}

static int add_collateral(struct verify *v, const char *path)
{
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, EVIDENCE_MAX, &b);

	v->policy.given[ASK_COLLATERAL] = true;
	return rc ? rc : collateral_add(v, buf_span(&b), path);
}

static int read_part(struct verify *v, enum ask a, const char *path, struct span *to)
{
	struct buf *b = verify_keep(v);
	int rc;

	if (v->policy.given[a])
		return fail(RC_USAGE, "--%s was given twice", ask_name(a));
	v->policy.given[a] = true;
	rc = file_read(path, EVIDENCE_MAX, b);
	if (!rc && !b->len)
		rc = fail(RC_EVIDENCE, "--%s: %s is empty", ask_name(a), path);
	*to = buf_span(b);
	return rc;
}

static int read_policy(struct verify *v, struct settings *f, const char *path)
{
	if (f->policy)
		return fail(RC_USAGE, "--policy was given twice: put both into one file");
	f->policy = path;
	return policy_file(&v->policy, path);
}

static int option(struct verify *v, struct settings *f, int c, const char *arg)
{
	int rc;

	switch (c) {
	case 'h':
		f->help = true;
		return RC_OK;
	case JSON:
		f->json = true;
		return RC_OK;
	case CERTS:
		return cert_file_each("--certs", arg, add_certs, add_other, v);
	case KDS:
		rc = once(f->kds, "kds");
		f->kds = arg ? arg : KDS_URL;
		v->policy.given[ASK_KDS] = true;
		return rc;
	case PCS:
		rc = once(f->pcs, "pcs");
		f->pcs = arg ? arg : PCS_URL;
		v->policy.given[ASK_PCS] = true;
		return rc;
	case CA:
		rc = once(f->ca, "ca");
		f->ca = arg;
		v->policy.given[ASK_CA] = true;
		return rc;
	case ROOT:
		return add_root(v, arg);
	case CRL:
		return add_crl(v, arg);
	case COLLATERAL:
		return add_collateral(v, arg);
	case QUOTE:
		return read_part(v, ASK_QUOTE, arg, &v->parts.quote);
	case MANIFEST:
		return read_part(v, ASK_MANIFEST, arg, &v->parts.manifest);
	case EVENT_LOG:
		return read_part(v, ASK_EVENT_LOG, arg, &v->parts.event_log);
	case REFERENCE:
		return read_part(v, ASK_REFERENCE, arg, &v->parts.reference);
	case EXPLAIN:
		v->explain = true;
		return RC_OK;
	case TPM_QUOTE:
		return read_part(v, ASK_TPM_QUOTE, arg, &v->parts.tpm_attest);
	case TPM_SIGNATURE:
		return read_part(v, ASK_TPM_SIGNATURE, arg, &v->parts.tpm_signature);
	case PCRS:
		return read_part(v, ASK_PCRS, arg, &v->parts.pcrs);
	case AK:
		return read_part(v, ASK_AK, arg, &v->parts.ak_pub);
	case AK_CERT:
		return read_part(v, ASK_AK_CERT, arg, &v->parts.ak_cert);
	case AK_ROOT:
		return add_ak_root(v, arg);
	case TOKEN_ROOT:
		return token_keys_root(v, arg);
	case AT:
		rc = once(f->at, "at");
		f->at = true;
		return rc ? rc : at_option(arg, &v->at);
	case POLICY:
		return read_policy(v, f, arg);
	case MASKED_VCEK:
		return add_masked_vcek(v, arg);
	case TOKEN:
		v->policy.given[ASK_TOKEN] = true;
		return RC_OK;
	case JWKS:
		return token_keys_jwks(v, arg);
	case FETCH_JWKS:
		rc = once(f->fetch_jwks, "fetch-jwks");
		f->fetch_jwks = true;
		f->jwks = arg;
		v->policy.given[ASK_JWKS] = true;
		return rc;
	case CORIM_KEY:
		return add_corim_key(v, arg);
	case CCA_KEY:
		return add_cca_key(v, arg);
	default:
		return policy_option(&v->policy, c - FIRST_POLICY, arg);
	}
}

static int fetch_certs(struct verify *v, const char *kds, const char *ca)
{
	struct buf said CLEANUP_BUF;
	struct span r = v->parts.report;
	struct hcl h;

	complain_into(&said);
	if (v->parts.kind == RAW_HCL && !hcl_parse(r, &h) && h.report_type == HCL_SNP)
		r = h.report;
	else if (v->parts.kind != RAW_SNP || snp_check(r))
		r.len = 0;
	complain_into(NULL);
	if (!r.len)
		return RC_OK;
	if (cert_pool_leaf(&v->certs, r.p))
		return RC_OK;
	answered(v, ASK_KDS);
	answered(v, ASK_CA);
	return kds_certs(kds, ca, 30, r.p, &v->certs);
}

/* The PCK certificate that a quote brings along, and which of Intel's CAs issued it */
static const char *pck_of(struct span quote, struct pck *p)
{
	struct cert_pool pool CLEANUP(cert_pool_free) = { 0 };
	struct buf said CLEANUP_BUF, *outer = complain_into(&said);
	const char *ca = NULL;
	struct tdx_quote q;
	size_t i;

	if (!tdx_quote_parse(quote, &q) && q.parsed && q.cert_type == 5 &&
	    !certs_add(&pool, q.certs, VERIFY_CHAIN_MAX, "quote"))
		for (i = 0; i < pool.n && !ca; i++) {
			char *issuer CLEANUP(free_str) = x509_cn(X509_get_issuer_name(pool.certs[i].x));

			if (pck_read(pool.certs[i].x, p))
				ca = strstr(issuer, "Processor") ? "processor" : "platform";
		}
	complain_into(outer);
	return ca;
}

/*
 * What cannot be fetched is a check that is not possible: the others are still made,
 * and whoever reads the result sees both.
 */
static int fetch_collateral(struct verify *v, const struct settings *f)
{
	struct span quote = v->parts.kind == RAW_TDX_QUOTE ? v->parts.report : v->parts.quote;
	struct buf bundle CLEANUP_BUF, said CLEANUP_BUF, *outer;
	struct pck p = { 0 };
	const char *ca;
	int rc = url_check("--pcs", f->pcs);

	ca = quote.len ? pck_of(quote, &p) : NULL;
	/* left as it is, --pcs was of no use */
	if (rc || !ca)
		return rc;
	answered(v, ASK_PCS);
	answered(v, ASK_CA);
	outer = complain_into(&said);
	rc = pcs_collateral(f->pcs, f->ca, 30, p.fmspc, ca, &bundle);
	if (!rc)
		rc = collateral_add(v, buf_span(&bundle), "--pcs");
	complain_into(outer);
	if (rc)
		unable(v, GENUINE, "collateral", "%s", (char *)said.p);
	return RC_OK;
}

/* The keys of the issuer that the caller named; never where the token says. */
static int fetch_jwks(struct verify *v, const struct settings *f)
{
	const struct values *iss = &v->policy.value[ASK_ISSUER];
	char *issuer CLEANUP(free_str) = NULL;
	struct buf b CLEANUP_BUF;
	int rc;

	if (iss->n != 1)
		return fail(RC_USAGE, "--fetch-jwks: name one issuer whose keys these are (--issuer)");
	answered(v, ASK_CA);
	issuer = xasprintf("%.*s", (int)iss->v->len, (const char *)iss->v->p);
	rc = f->jwks ? jwks_fetch(f->jwks, f->ca, 30, &b) : jwks_discover(issuer, f->ca, 30, &b);
	if (rc)
		return rc;
	/* the caller named no such file: it is the service's answer that is of no use */
	rc = jws_keys_add(&v->jwks, buf_span(&b), "--fetch-jwks");
	return rc == RC_USAGE ? RC_REFUSED : rc;
}

static int read_options(struct verify *v, struct settings *f, int argc, char **argv)
{
	struct option options[ARRAY_SIZE(own_options) + POLICY_OPTIONS_MAX] = { 0 };
	int c, rc;

	memcpy(options, own_options, sizeof(own_options));
	policy_options(options + ARRAY_SIZE(own_options), FIRST_POLICY);
	while ((c = cmd_getopt(argc, argv, "h", options)) != -1) {
		rc = c == '?' ? cmd_usage(&cmd_verify) : option(v, f, c, optarg);
		if (rc || f->help)
			return rc;
	}
	if (argc - optind > 1) {
		complain("verify takes one file; '%s' is a second one", argv[optind + 1]);
		return cmd_usage(&cmd_verify);
	}
	v->given_certs = v->certs.n;
	if (v->explain && !v->parts.reference.len)
		return fail(RC_USAGE, "--explain describes what differs from a reference log: give it with --reference FILE");
	if (f->ca && !f->kds && !f->pcs && !f->fetch_jwks)
		return fail(RC_USAGE, "--ca is for --kds, --pcs or --fetch-jwks, which were not given");
	return RC_OK;
}

static int run(int argc, char **argv)
{
	struct verify v CLEANUP(verify_free) = { 0 };
	struct settings f = { 0 };
	struct buf *in;
	const char *path;
	int rc;

	rc = verify_init(&v);
	if (!rc)
		rc = read_options(&v, &f, argc, argv);
	if (!rc && f.help)
		return cmd_help(&cmd_verify);
	if (rc)
		return rc;
	path = optind < argc ? argv[optind] : "-";
	in = verify_keep(&v);
	rc = file_read(path, EVIDENCE_MAX, in);
	if (!rc)
		rc = verify_open(&v, buf_span(in), strcmp(path, "-") ? path : "standard input");
	if (!rc && f.fetch_jwks && v.parts.kind == RAW_JWT)
		rc = fetch_jwks(&v, &f);
	if (!rc && f.pcs)
		rc = fetch_collateral(&v, &f);
	if (!rc && f.kds)
		rc = fetch_certs(&v, f.kds, f.ca);
	if (rc)
		return rc;
	verify_check(&v);
	return verify_result(&v, f.json);
}

const struct cmd cmd_verify = {
	.name = "verify",
	.summary = "checks evidence offline: signature, binding, policy",
	.help = help,
	.run = run,
};
