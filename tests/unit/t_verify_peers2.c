// SPDX-License-Identifier: GPL-2.0-only
/*
 * More cases of other verifiers' own tests, on evidence of test keys: their names,
 * their verdicts, and the check of ours that says no. docs/peers.md has the table.
 *
 * Intel's quote verification library, confidential-computing.tee.dcap.qvl d12717e
 * (until 2024 SGX-TDX-DCAP-QuoteVerificationLibrary), Src/AttestationLibrary/test and
 * Src/AttestationParsers/test. Its chains are of mocks with Intel's names: here test keys
 * have these names, and the root is trusted as a built-in one.
 * go-tdx-guest 91f9a52, verify/verify_test.go, validate/validate_test.go, abi/abi_test.go.
 * trustee 78962cd, deps/verifier/src: snp, az_snp_vtpm, az_tdx_vtpm.
 */
#include "x509_ext.h"
#include "vtest.h"

/* A level's text: SGX components, PCESVN, TDX components (the second is 0), status */
#define ONE(svn) "{\"svn\":" svn "}"
#define TDX_OF(svn) ONE(svn) "," ONE("0") "," ONE(svn) "," ONE(svn) "," C4(svn) "," C4(svn) "," C4(svn)
#define L_OF(sgx, pce, tdx, rest) "{\"tcb\":{\"sgxtcbcomponents\":[" sgx "],\"pcesvn\":" pce \
	",\"tdxtcbcomponents\":[" tdx "]}" rest "}"
#define REST(status) ",\"tcbDate\":\"2025-06-01T00:00:00Z\",\"tcbStatus\":\"" status \
	"\",\"advisoryIDs\":[\"INTEL-SA-1\"]"
#define L(sgx, pce, tdx, status) L_OF(COMPS(sgx), pce, TDX_OF(tdx), REST(status))
#define GOOD L("5", "11", "5", "UpToDate")
/* one component, the ninth, is not as the others */
#define NINTH(svn, other) C4(svn) "," C4(svn) "," ONE(other) "," ONE(svn) "," ONE(svn) "," ONE(svn) "," C4(svn)
#define M(svn, status) "{\"tcb\":{\"isvsvn\":" svn "},\"tcbDate\":\"2025-06-02T00:00:00Z\",\"tcbStatus\":\"" \
	status "\",\"advisoryIDs\":[\"INTEL-SA-2\"]}"
#define SIGNED_AS "\"mrsigner\":\"" ZEROS48 "\",\"attributes\":\"0000000000000000\"," \
	"\"attributesMask\":\"FFFFFFFFFFFFFFFF\""
#define TDX_MODULE "\"tdxModule\":{" SIGNED_AS "},"
#define MODULES "\"tdxModuleIdentities\":[{\"id\":\"TDX_01\"," SIGNED_AS ",\"tcbLevels\":[" M("5", "UpToDate") "]}],"
#define INFO_OF(modules, levels) "{\"id\":\"TDX\",\"version\":3,\"tcbType\":0," TIMES(LATER) \
	",\"fmspc\":\"00806F050000\",\"pceId\":\"0000\",\"tcbEvaluationDataNumber\":17," TDX_MODULE modules \
	"\"tcbLevels\":[" levels "]}"
#define INFO(levels) INFO_OF(MODULES, levels)

#define Q(svn, status) "{\"tcb\":{\"isvsvn\":" svn "},\"tcbDate\":\"2025-06-03T00:00:00Z\",\"tcbStatus\":\"" status "\"}"
#define QE_OF(levels) "{\"id\":\"TD_QE\",\"version\":2," TIMES(LATER) ",\"tcbEvaluationDataNumber\":17," \
	"\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"11000000000000000000000000000000\"," \
	"\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\"" SIGNER "\"," \
	"\"isvprodid\":2,\"tcbLevels\":[" levels "]}"
#define SIGNER "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5"

enum {
	IN_QE = 1 << 0,		/* what is replaced is in the QE identity */
	IN_FILE = 1 << 1,	/* in its file, behind the signature */
	WHOLE = 1 << 2,		/* the file is that text and nothing else */
	CUT_SIGNATURE = 1 << 3,
	V0 = 1 << 4,		/* a TDX module without a version */
	V5 = 1 << 5,
	NO_QE = 1 << 6,
	NO_INFO = 1 << 7,
	ADD = 1 << 8,		/* to the byte, instead of setting it */
	CUT = 1 << 9,		/* the quote's last byte */
	STUMP = 1 << 10,	/* all but the first 100 */
	SHRINK = 1 << 11,	/* a body of 384 bytes */
	ZERO_KEY = 1 << 12,
	CANNOT = 1 << 13,	/* the check can not be made, which is no, too */
	UNREAD = 1 << 14,	/* it is not even taken for a quote */
	FUTURE = 1 << 15,
	CERTS = 1 << 16,	/* the PCK chain is given as files, too */
	DIFFERS = 1 << 17,	/* the two verdicts are not the same */
	NESTED = 1 << 18,
	NEED_LISTS = 1 << 19,
	TAIL = 1 << 20,		/* a byte behind the text of the certificates */
};

enum chain {
	AS_IS, ROOT_EXPIRED, CA_EXPIRED, PCK_EXPIRED, TCB_EXPIRED, ROOT_NAMED, CA_NAMED, PCK_NAMED,
	TCB_NAMED, PCK_BY_NAME, PCK_BY_KEY, TCB_BY_NAME, TCB_BY_KEY, OTHER_ROOT, OTHER_TCB_ROOT,
	CA_BY_KEY, ROOT_ALTERED, NO_ROOT, NO_CA, NO_PCK, NO_TCB, PCK_SHA1, PCK_V1, CA_P384, CA_RSA, NO_SGX,
};

enum lists {
	NONE, BOTH, PCK_REVOKED, CA_REVOKED, TCB_REVOKED, PCK_LIST_OVER, ROOT_LIST_OVER, PCK_LIST_FORGED,
	ROOT_LIST_FORGED, ROOT_LIST_ONLY, LIST_OF_OTHER_CA, LIST_WITH_CRITICAL, LIST_WITHOUT_NUMBER,
};

struct row {
	const char *name;
	const char *peer;		/* "OK", or what it says */
	const char *check;		/* ours that says no; NULL: all pass */
	unsigned int how;
	const char *from, *to;		/* in the TCB info */
	const char *info;		/* another one; NULL: that of one level, up to date */
	void (*bend)(struct vquote *q);
	int at, byte;			/* of a quote of version 4; 256: turned over */
	enum chain chain;
	enum lists lists;
	const char *opt[8];
};

/* @text, with the first @from in it made @to; to be freed */
static char *with(const char *text, const char *from, const char *to)
{
	const char *at = from ? strstr(text, from) : NULL;

	if (!at) {
		if (from)
			printf("# not found: %s\n", from);
		return xstrdup(text);
	}
	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static bool all_yes(void)
{
	return verify_outcome(&v, GENUINE, NULL) == PASSED && verify_outcome(&v, BOUND, NULL) == PASSED &&
	       verify_outcome(&v, APPRAISED, NULL) == PASSED;
}

/* A certificate as @like, of other names, to be freed */
static X509 *named(X509 *like, const char *cn, const char *issuer, EVP_PKEY *by, bool expired)
{
	X509_NAME *name = X509_NAME_new(), *is = X509_NAME_new();
	X509 *x = X509_dup(like);

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)cn, -1, -1, 0);
	X509_NAME_add_entry_by_txt(is, "CN", MBSTRING_ASC, (const u8 *)issuer, -1, -1, 0);
	X509_set_subject_name(x, name);
	X509_set_issuer_name(x, is);
	X509_NAME_free(name);
	X509_NAME_free(is);
	if (expired)
		ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "20251231000000Z");
	X509_sign(x, by, EVP_sha256());
	return x;
}

static EVP_PKEY *p384, *rsa;

/* Intel's names, except where @c says so; all four are to be freed */
static void chain_of(struct vsim *s, enum chain c)
{
	static const char root[] = "Intel SGX Root CA", ca[] = "Intel SGX PCK Platform CA",
		pck[] = "Intel SGX PCK Certificate", tcb[] = "Intel SGX TCB Signing";
	const char *top = c == ROOT_NAMED ? "Somebody's Root CA" : root;
	const char *middle = c == CA_NAMED ? "Somebody's CA" : ca;
	EVP_PKEY *by;

	*s = sim;
	s->root_crt = named(sim.root_crt, top, top, sim.root, c == ROOT_EXPIRED);
	s->ca_crt = named(sim.ca_crt, middle, top, c == CA_BY_KEY ? sim.tcb : sim.root, c == CA_EXPIRED);
	by = c == CA_P384 ? p384 : c == CA_RSA ? rsa : c == PCK_BY_KEY ? sim.tcb : sim.ca;
	if (c == CA_P384 || c == CA_RSA) {
		X509_set_pubkey(s->ca_crt, by);
		X509_sign(s->ca_crt, sim.root, EVP_sha256());
	}
	s->pck_crt = named(sim.pck_crt, c == PCK_NAMED ? top : pck, c == PCK_BY_NAME ? top : middle, by,
			   c == PCK_EXPIRED);
	if (c == PCK_SHA1)
		X509_sign(s->pck_crt, sim.ca, EVP_sha1());
	if (c == NO_SGX)
		X509_EXTENSION_free(X509_delete_ext(s->pck_crt, 0));
	if (c == PCK_V1)
		X509_set_version(s->pck_crt, X509_VERSION_1);
	if (c == NO_SGX || c == PCK_V1)
		X509_sign(s->pck_crt, sim.ca, EVP_sha256());
	s->tcb_crt = named(sim.tcb_crt, c == TCB_NAMED ? pck : tcb, c == TCB_BY_NAME ? middle : top,
			   c == TCB_BY_KEY || c == OTHER_TCB_ROOT ? sim.ca : sim.root, c == TCB_EXPIRED);
}

static void trust_built_in(X509 *x)
{
	struct buf b = { 0 };

	add_pem(&b, x);
	cert_pool_add(&v.roots, buf_span(&b), "root");
	buf_free(&b);
}

static void list_of(X509 *by, EVP_PKEY *key, const struct vcrl *c)
{
	struct buf b = { 0 };

	vsim_crl_of(&b, by, key, c);
	ok(!crl_load(&v, buf_span(&b), "crl"), "a list is loaded");
	v.policy.given[ASK_CRL] = true;
	buf_free(&b);
}

#define UNTIL "20300101000000Z"

static void lists_of(const struct vsim *s, enum lists l)
{
	struct vcrl root = { .serial = 99, .until = UNTIL, .number = 1 }, pck = root;
	X509 *other;

	if (l == PCK_REVOKED)
		pck.serial = 13;
	if (l == CA_REVOKED || l == TCB_REVOKED)
		root.serial = l == CA_REVOKED ? 12 : 14;
	if (l == PCK_LIST_OVER)
		pck.until = "20251231000000Z";
	if (l == ROOT_LIST_OVER)
		root.until = "20251231000000Z";
	if (l == LIST_WITH_CRITICAL) {
		pck.ext = "1.2.3.4";
		pck.critical = true;
	}
	if (l == LIST_WITHOUT_NUMBER)
		pck.number = 0;
	list_of(s->root_crt, l == ROOT_LIST_FORGED ? s->tcb : s->root, &root);
	if (l == LIST_OF_OTHER_CA) {
		other = named(s->ca_crt, "Intel SGX PCK Processor CA", "Intel SGX Root CA", s->root, false);
		list_of(other, s->ca, &pck);
		X509_free(other);
	} else if (l != ROOT_LIST_ONLY) {
		list_of(s->ca_crt, l == PCK_LIST_FORGED ? s->tcb : s->ca, &pck);
	}
}

static char *nested(const char *text)
{
	char brackets[2001];
	char *to, *out;

	memset(brackets, '[', 1000);
	memset(brackets + 1000, ']', 1000);
	brackets[2000] = '\0';
	to = xasprintf("{\"deeplyNested\":%s,", brackets);
	out = with(text, "{", to);
	free(to);
	return out;
}

/* One part of the collateral; @here: it is the one that is changed */
static void part(struct buf *b, const char *key, const char *text, const struct row *r, bool here,
		 const struct vsim *s)
{
	bool inside = here && !(r->how & (IN_FILE | WHOLE));
	char *t = inside && r->how & NESTED ? nested(text) : with(text, inside ? r->from : NULL, r->to);
	char *file;

	vsim_collateral(b, key, t, s->tcb);
	free(t);
	if (!here || !(r->how & (IN_FILE | WHOLE | CUT_SIGNATURE)))
		return;
	if (r->how & CUT_SIGNATURE) {
		b->len -= 3;
		buf_add_str(b, "\"}");
		return;
	}
	file = r->how & WHOLE ? xstrdup(r->to) : with((char *)b->p, r->from, r->to);
	buf_free(b);
	buf_add_str(b, file);
	free(file);
}

static void longer(struct buf *b, size_t at)
{
	u32 n = le32(b->p + at) + 1;

	memcpy(b->p + at, (u8[]){ (u8)n, (u8)(n >> 8), (u8)(n >> 16), (u8)(n >> 24) }, 4);
}

static void alter(struct buf *b, const struct row *r)
{
	size_t more = r->how & V5 ? 70 : 0, at = (size_t)r->at;
	u8 tail = (u8)r->byte;

	if (r->how & TAIL) {
		buf_add(b, &tail, 1);
		longer(b, 632);
		longer(b, 766);
		longer(b, 1254);
		return;
	}
	if (at >= 632)
		at += more;
	if (r->at || r->byte)
		b->p[at] = (u8)(r->byte == 256 ? ~b->p[at] : r->how & ADD ? b->p[at] + r->byte : r->byte);
	if (r->how & ZERO_KEY)
		memset(b->p + 700 + more, 0, 64);
	if (r->how & SHRINK) {
		memmove(b->p + 48 + 384, b->p + 48 + 584, b->len - 48 - 584);
		b->len -= 200;
	}
	if (r->how & CUT)
		b->len--;
	if (r->how & STUMP)
		b->len = 100;
}

static void same_or_not(const char *suite, const struct row *r)
{
	bool same = !strcmp(r->peer, "OK") == !r->check;

	ok(same == !(r->how & DIFFERS), "%s, %s: %s", suite, r->name, same ? "the same verdict" : "another verdict");
}

static void collateral_of(const struct row *r, const struct vsim *s)
{
	v.collateral = xalloc(2 * sizeof(*v.collateral));
	if (!(r->how & NO_INFO))
		part(&v.collateral[v.n_collateral++], "tcbInfo", r->info ? r->info : INFO(GOOD), r,
		     !(r->how & IN_QE), s);
	if (!(r->how & NO_QE))
		part(&v.collateral[v.n_collateral++], "enclaveIdentity",
		     QE_OF(Q("6", "UpToDate") "," Q("5", "OutOfDate") "," Q("4", "Revoked")), r, r->how & IN_QE, s);
}

static void setup(const struct row *r, const struct vsim *s)
{
	size_t i;

	begin();
	if (r->how & FUTURE)
		v.at = 2635030800;	/* 2053-07-01 */
	if (r->chain != OTHER_ROOT)
		trust_built_in(s->root_crt);
	opt("nonce", "da");
	opt("qe-signer", SIGNER);
	for (i = 0; i < ARRAY_SIZE(r->opt) && r->opt[i]; i += 2)
		opt(r->opt[i], r->opt[i + 1]);
	if (r->how & NEED_LISTS)
		opt("require-crl", NULL);
	if (r->chain != NO_TCB)
		give(s->tcb_crt);
	if (r->how & CERTS) {
		give(s->pck_crt);
		give(s->ca_crt);
	}
	if (r->lists)
		lists_of(s, r->lists);
	collateral_of(r, s);
}

static void judge(const char *suite, const struct row *r)
{
	struct buf b = { 0 };
	struct vsim s, in_quote;
	X509 *bad = NULL;
	struct vquote q;
	char what[200];

	chain_of(&s, r->chain);
	setup(r, &s);
	vsim_quote_init(&q);
	q.td15 = r->how & V5;
	if (r->how & V0)
		q.body[1] = q.body[585] = 0;
	if (r->bend)
		r->bend(&q);
	in_quote = s;
	if (r->chain == ROOT_ALTERED)
		in_quote.root_crt = bad = named(s.root_crt, "Intel SGX Root CA", "Intel SGX Root CA", s.tcb, false);
	if (r->chain == NO_ROOT)
		in_quote.root_crt = NULL;
	if (r->chain == NO_CA)
		in_quote.ca_crt = NULL;
	if (r->chain == NO_PCK)
		in_quote.pck_crt = NULL;
	vsim_quote(&in_quote, &q, &b);
	alter(&b, r);
	run(b.p, b.len);
	snprintf(what, sizeof(what), "%s, %s", suite, r->name);
	if (all_yes() == !!r->check)
		want(PASSED, r->check ? r->check : "-", what);
	ok(all_yes() == !r->check, "%s: %s", what, r->check ? "refused" : "accepted");
	if (r->check && !(r->how & UNREAD))
		want(r->how & CANNOT ? UNABLE : FAILED, r->check, what);
	same_or_not(suite, r);
	X509_free(bad);
	X509_free(s.root_crt);
	X509_free(s.ca_crt);
	X509_free(s.pck_crt);
	X509_free(s.tcb_crt);
	buf_free(&b);
}

static void judge_all(const char *suite, const struct row *r, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		judge(suite, &r[i]);
}

#define RUN(suite, rows) judge_all(suite, rows, ARRAY_SIZE(rows))

static void q_seam(struct vquote *q) { q->body[64] = 1; }
static void q_seam_attr(struct vquote *q) { q->body[112] = 1; }
static void q_debug(struct vquote *q) { q->body[120] |= 1; }
static void q_data(struct vquote *q) { q->body[520] = 0xdb; }
static void q_prodid(struct vquote *q) { q->qe[256] = 11; }
static void q_signer(struct vquote *q) { q->qe[128] = 8; }
static void q_misc(struct vquote *q) { q->qe[16] = 1; }
static void q_attr(struct vquote *q) { q->qe[49] = 9; }
static void q_svn2(struct vquote *q) { q->qe[258] = 2; }
static void q_svn4(struct vquote *q) { q->qe[258] = 4; }
static void q_svn5(struct vquote *q) { q->qe[258] = 5; }
static void q_earlier(struct vquote *q) { q->body[0] = 2; }

/* A row: its name, their verdict, our check that says no, and what is changed */
#define R(n, p, c, ...) { .name = n, .peer = p, .check = c, __VA_ARGS__ }
#define SWAP(a, b) .from = a, .to = b

#define BAD_INFO "TCB info"
#define BAD_QE "QE identity"
#define PLATFORM "TCB status of the platform"
#define MODULE "TCB status of the TDX module"
#define IDENTITY "TDX module identity"
#define ENCLAVE "TCB status of the quoting enclave"
#define DATE "2025-06-01T00:00:00Z"
#define LEVELS "\"tcbLevels\":[{\"tcb\":{\"sgx"

/* QuoteV4ParsingUT, QuoteV5ParsingUT, VerifyQuoteIT: a quote's layout */
#define PARSING(v) \
	R("shouldNotDeserializeIfQuoteTooShort", "refused", "-", .how = (v) | STUMP | UNREAD), \
	R("shouldParseAndNotValidateBecauseAttestationKeyTypeNotSupported", "refused", \
	  "signature", .how = (v) | CANNOT, .at = 2, .byte = 3), \
	R("shouldParseAndNotValidateBecauseQeVendorIdNotSupported", "refused", \
	  "QE vendor", .how = v, .at = 12, .byte = 256), \
	R("shouldParseButNotValidateBecauseVersionNotSupported", "refused", \
	  "-", .how = (v) | UNREAD, .byte = 2), \
	R("shouldNotParseBecauseTeeTypeNotSupported", "refused", \
	  "-", .how = (v) | UNREAD, .at = 4, .byte = 3), \
	R("shouldNotParseQuoteTDXHeaderWithEnclaveReport", "refused", \
	  "layout", .how = (v) | SHRINK), \
	R("shouldNotParseQuoteSGXHeaderWithTdReport", "refused", \
	  "layout", .how = v, .at = 4, .byte = 512), \
	R("shouldNotParseTooShortQuote", "refused", "layout", .how = (v) | CUT), \
	R("shouldNotParseIfAuthDataSizeBiggerThanRemaingData", "refused", \
	  "layout", .how = (v) | ADD, .at = 632, .byte = 1), \
	R("shouldNotParseIfAuthDataSizeSmallerThanRemainingData", "refused", \
	  "layout", .how = (v) | ADD, .at = 632, .byte = 255), \
	R("shouldNotParseWhenQuoteAuthDataSizeMatchButQeAuthDataSizeDoNotMatch", "refused", \
	  "layout", .how = (v) | ADD, .at = 1218, .byte = 255), \
	R("shouldNotParseWhenQuoteAuthDataSizeMatchButQeAuthDataSizeAreTooMuch", "refused", \
	  "layout", .how = (v) | ADD, .at = 1218, .byte = 1), \
	R("shouldNotParseWhenAuthDataSizeMatchButCertificationDataParsedSizeDoesNotMatch", "refused", \
	  "layout", .how = (v) | ADD, .at = 766, .byte = 255), \
	R("shouldNotParseWhenAuthDataSizeMatchButCertificationDataParsedSizeIsTooMuch", "refused", \
	  "layout", .how = (v) | ADD, .at = 766, .byte = 1), \
	R("shouldNotParseCertificationDataWithUnsupportedType", "refused", \
	  "layout", .how = v, .at = 764, .byte = 9), \
	R("shouldNotValidateQeAuthAndQeCertWithUnsupportedType", "refused", \
	  "certificate chain", .how = v, .at = 1252, .byte = 9)

static const struct row parsing4[] = {
	R("shouldParseAndValidateQuoteTDXHeader", "OK", NULL),
	PARSING(0),
	/* with its certificates given as files */
	R("shouldNotValidateQeAuthAndQeCertWithUnsupportedType (--certs)", "refused",
	  "certificate chain", .how = CERTS, .at = 1252, .byte = 9),
}, parsing5[] = {
	R("shouldParseAndValidateQuoteTDX15Header", "OK", NULL, .how = V5),
	PARSING(V5),
	R("shouldNotValdiateQuoteWithUnsupportedVersion", "refused",
	  "-", .how = V5 | UNREAD, .byte = 100),
	R("shouldNotParseQuoteWithUnsupportedBodyType", "refused",
	  "layout", .how = V5, .at = 48, .byte = 100),
	R("shouldNotParseSgxQuoteWithInvalidBodySize", "refused",
	  "layout", .how = V5, .at = 48, .byte = 1),
	R("shouldNotParseTdx10QuoteWithInvalidBodySize", "refused",
	  "layout", .how = V5, .at = 48, .byte = 2),
	R("shouldNotParseTdx15QuoteWithInvalidBodySize", "refused",
	  "layout", .how = V5, .at = 50, .byte = 512),
	R("shouldNotParseTdx15ExQuoteWithInvalidBodySize", "refused",
	  "layout", .how = V5, .at = 51, .byte = 3),
};

/* QuoteV4VerifierUT, QuoteV5VerifierUT */
#define LOWER(low) INFO(L_OF(NINTH("5", "6"), "11", TDX_OF("5"), REST("Revoked")) "," low)
#define VERIFIER(v) \
	R("shouldReturnStatusTcbInfoMismatchWhenFmspcDoesNotMatch", "TCB_INFO_MISMATCH", \
	  BAD_INFO, .how = v, SWAP("00806F05", "10806F05")), \
	R("shouldReturnStatusTcbInfoMismatchWhenPceIdDoesNotMatch", "TCB_INFO_MISMATCH", \
	  BAD_INFO, .how = v, SWAP("\"pceId\":\"0000\"", "\"pceId\":\"0001\"")), \
	R("shouldReturnStatusInvalidPckCrlWhenPeriodAndIssuerIsInvalid", "INVALID_PCK_CRL", \
	  "revocation of Intel SGX PCK Certificate", .how = (v) | CANNOT | NEED_LISTS, .lists = ROOT_LIST_ONLY), \
	R("shouldReturnStatusInvalidPckCrlWhenCrlIssuerIsDifferentThanPck", "INVALID_PCK_CRL", \
	  "revocation of Intel SGX PCK Certificate", .how = (v) | CANNOT | NEED_LISTS, .lists = LIST_OF_OTHER_CA), \
	R("shouldReturnStatusPckRevoked", "PCK_REVOKED", \
	  "revocation of Intel SGX PCK Certificate", .how = (v) | NEED_LISTS, .lists = PCK_REVOKED), \
	R("shouldReturnStatusInvalidQeFormat", "INVALID_QE_REPORT_DATA", \
	  "attestation key", .how = (v) | ZERO_KEY), \
	R("shouldReturnStatusQEIdentityMismatchWhenTdxQuoteAndEnclaveIdentityV2NotTD_QE", "QE_IDENTITY_MISMATCH", \
	  BAD_QE, .how = (v) | IN_QE, SWAP("TD_QE", "QE")), \
	R("shouldReturnStatusTdxModuleMismatchWhenTdReportMrsignerSeamDoesntMatchTdxModule", "TDX_MODULE_MISMATCH", \
	  IDENTITY, .how = (v) | V0, .bend = q_seam), \
	R("shouldReturnStatusTdxModuleMismatchWhenTdReportSeamAttributesDoesntMatchTdxModule", "TDX_MODULE_MISMATCH", \
	  IDENTITY, .how = (v) | V0, SWAP("\"attributes\":\"00", "\"attributes\":\"01")), \
	R("shouldReturnInvalidPCKCert", "INVALID_PCK_CERT", \
	  "certificate roles", .how = v, .chain = PCK_NAMED), \
	R("shouldReturnQuoteInvalidSignature", "INVALID_QUOTE_SIGNATURE", \
	  "signature", .how = v, .at = 636, .byte = 256), \
	R("shouldReturnInvalidQeReportSignature", "INVALID_QE_REPORT_SIGNATURE", \
	  "quoting enclave", .how = v, .at = 1154, .byte = 256), \
	R("shouldReturnTcbRevokedOnLatestRevokedEqualPckTCB", "TCB_REVOKED", \
	  PLATFORM, .how = v, .info = INFO(L("5", "11", "5", "Revoked"))), \
	R("shouldMatchToLowerTCBWhenBothSVNsAreLowerAndReturnConfigurationNeeded", "TCB_CONFIGURATION_NEEDED", \
	  PLATFORM, .how = v, .info = LOWER(L("5", "0", "5", "ConfigurationNeeded"))), \
	R("shouldMatchToLowerTCBWhenBothSVNsAreLowerAndReturnOutOfDateConfigurationNeeded", "TCB_OUT_OF_DATE_CONFIGURATION_NEEDED", \
	  PLATFORM, .how = v, .info = LOWER(L("5", "0", "5", "OutOfDateConfigurationNeeded"))), \
	R("shouldMatchToLowerTCBAndReturnConfigurationNeeded", "TCB_CONFIGURATION_NEEDED", \
	  PLATFORM, .how = v, .info = LOWER(L("5", "11", "5", "ConfigurationNeeded"))), \
	R("shouldMatchToLowerTCBAndReturnConfigurationAndSwHardeningNeeded", "TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED", \
	  PLATFORM, .how = v, .info = LOWER(L("5", "11", "5", "ConfigurationAndSWHardeningNeeded"))), \
	R("shouldReturnTcbNotSupportedWhenOnlyPceSvnIsHigher", "TCB_NOT_SUPPORTED", \
	  PLATFORM, .how = v, .info = INFO(L("5", "65535", "5", "Revoked"))), \
	R("shouldReturnTcbRevokedWhenOnlyCpuSvnIsLower", "TCB_REVOKED", \
	  PLATFORM, .how = v, .info = INFO(L_OF(NINTH("5", "4"), "11", TDX_OF("5"), REST("Revoked")))), \
	R("shouldReturnTcbRevokedWhenOnlyPcesvnIsLower", "TCB_REVOKED", \
	  PLATFORM, .how = v, .info = INFO(L("5", "10", "5", "Revoked"))), \
	R("shouldNOTReturnTcbRevokedWhenRevokedPcesvnAndCpusvnAreLower", "OK", \
	  NULL, .how = v, .info = INFO(GOOD "," L_OF(NINTH("5", "4"), "10", TDX_OF("5"), REST("Revoked")))), \
	R("shouldReturnSwHardeningNeeded", "TCB_SW_HARDENING_NEEDED", \
	  PLATFORM, .how = v, .info = INFO(L("5", "11", "5", "SWHardeningNeeded"))), \
	R("shouldBackoffToLowerLevelBecauseTdReportTeeSvnIsOutOfDate", "TCB_OUT_OF_DATE", \
	  PLATFORM, .how = (v) | V0, .info = INFO(L("5", "11", "240", "UpToDate") "," L("5", "11", "0", "OutOfDate"))), \
	R("shouldBackoffToLowerLevelBecauseNoAllSvnsAreHigher", "TCB_OUT_OF_DATE", \
	  PLATFORM, .how = (v) | V0, .info = INFO(L_OF(COMPS("5"), "11", ONE("5") "," ONE("0") "," ONE("0") "," ONE("0") "," C4("0") "," C4("0") "," ONE("0") "," ONE("0") "," ONE("0") "," ONE("6"), REST("UpToDate")) "," L("5", "11", "0", "OutOfDate"))), \
	R("shouldReturnTcbNotSupportedIfNotMatchingTcbLevelIsFoundBecauseOfTDXSvnComponents", "TCB_NOT_SUPPORTED", \
	  PLATFORM, .how = v, .info = INFO(L("5", "11", "240", "UpToDate") "," L("5", "11", "96", "OutOfDate"))), \
	R("testAllStatuses, MISCSELECT_MISMATCH", "QE_IDENTITY_MISMATCH", \
	  BAD_QE, .how = v, .bend = q_misc), \
	R("testAllStatuses, ATTRIBUTES_MISMATCH", "QE_IDENTITY_MISMATCH", \
	  BAD_QE, .how = v, .bend = q_attr), \
	R("testAllStatuses, MRSIGNER_MISMATCH", "QE_IDENTITY_MISMATCH", \
	  BAD_QE, .how = v, .bend = q_signer), \
	R("testAllStatuses, ISVPRODID_MISMATCH", "QE_IDENTITY_MISMATCH", \
	  BAD_QE, .how = v, .bend = q_prodid)

static const struct row verifier4[] = {
	R("shouldVerifyTdxCorrectly", "OK", NULL, .how = V0),
	R("shouldVerifyTdxCorrectlyWithTdxModuleIdentity", "OK", NULL),
	R("shouldReturnSatusTdxModuleMismatchWhenTdReportSeamAttributesNotZeroed", "TDX_MODULE_MISMATCH",
	  "TDX module", .bend = q_seam_attr),
	VERIFIER(0),
}, verifier5[] = {
	R("shouldVerifyTdx15Correctly", "OK", NULL, .how = V5),
	R("shouldVerifyTdx15CorrectlyWhenTdxModuleVersionIsZero", "OK", NULL, .how = V5 | V0),
	R("shouldReturnStatusTdxModuleMismatchWhenSeamAttricutesNoZeroed", "TDX_MODULE_MISMATCH",
	  "TDX module", .how = V5, .bend = q_seam_attr),
	R("shouldReturnStatusTcbTdRelaunchAdvisedWhenTdx15AndTdxModuleVersionIs0", "TCB_TD_RELAUNCH_ADVISED",
	  PLATFORM, .how = V5 | V0, .bend = q_earlier, .info = INFO(GOOD "," L("5", "11", "0", "OutOfDate"))),
	R("shouldReturnStatusTcbTdRelaunchAdvisedWhenTdx15AndTdxModuleVersionIs1", "TCB_TD_RELAUNCH_ADVISED",
	  MODULE, .how = V5, .bend = q_earlier, .from = "]}],\"tcbLevels\":[{\"tcb\":{\"sgx", .to = "," M("2", "OutOfDate") "]}],\"tcbLevels\":[{\"tcb\":{\"sgx"),
	R("shouldReturnStatusTcbTdRelaunchAdvisedConfigurationNeededWhenTdx15AndTdxModuleVersionIs0", "TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED",
	  PLATFORM, .how = V5 | V0, .bend = q_earlier, .info = INFO(GOOD "," L("5", "11", "0", "OutOfDateConfigurationNeeded"))),
	R("shouldReturnStatusTcbTdRelaunchAdvisedConfigurationNeededWhenTdx15AndTdxModuleVersionIs1", "TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED",
	  MODULE, .how = V5, .bend = q_earlier, .info = INFO_OF("\"tdxModuleIdentities\":[{\"id\":\"TDX_01\"," SIGNED_AS ",\"tcbLevels\":[" M("5", "UpToDate") "," M("2", "OutOfDate") "]}],", L("5", "11", "5", "ConfigurationNeeded"))),
	VERIFIER(V5),
};

/* VerifyQuoteIT, VerifyTCBInfoIT: what the suites above do not have */
static const struct row whole[] = {
	R("shouldReturnedUnsuportedQuoteFormatWhenQuoteParseFail", "UNSUPPORTED_QUOTE_FORMAT",
	  "-", .how = STUMP | UNREAD),
	R("shouldReturnedUnsuportedQuoteFormatWhenQuoteSizeIsIncorrect", "UNSUPPORTED_QUOTE_FORMAT",
	  "layout", .how = CUT),
	R("shouldReturnedUnsuportedQuoteFormatWhenQuoteHeaderVersionIsWrong", "UNSUPPORTED_QUOTE_FORMAT",
	  "-", .how = UNREAD, .byte = 9),
	R("shouldReturnedUnsuportedPckCertFormatWhenVerifyPckCertFail", "UNSUPPORTED_PCK_CERT_FORMAT",
	  "PCK certificate", .chain = NO_SGX),
	R("shouldReturnedUnsuportedTcbInfoFormatWhenVerifyTcbInfoFail", "UNSUPPORTED_TCB_INFO_FORMAT",
	  "collateral", .how = WHOLE, SWAP(NULL, "tcbInfo")),
	R("shouldReturnedUnsuportedQeIdentityFormatWhenVerifyQEidentityFail", "UNSUPPORTED_QE_IDENTITY_FORMAT",
	  "collateral", .how = WHOLE | IN_QE, SWAP(NULL, "qeIdentity")),
	R("shouldReturnedUnsuportedQeIdentityFormatWhenQEIdentityIsWrong", "UNSUPPORTED_QE_IDENTITY_FORMAT",
	  BAD_QE, .how = IN_QE, SWAP("\"version\":2", "\"version\":9")),
	R("shouldReturnedStatusOKAndCreateVerificationCollateralInfoWhenVerifyTdxQuoteV4Successfully", "OK", NULL),
	R("shouldReturnedStatusOKAndCreateVerificationCollateralInfoWhenVerifyTdxQuoteV4WithoutTdxModuleIdentitySuccessfully", "OK",
	  NULL, .how = V0, SWAP(MODULES, "")),
	R("shouldReturnedStatusTdxModuleMismatchWhenVerifyTdxQuoteV4WithDifferentMrsignerSeam", "TDX_MODULE_MISMATCH",
	  "TDX module", .bend = q_seam),
	R("shouldReturnedStatusTdxModuleMismatchWhenVerifyTdxQuoteV4WithDifferentSeamAttributes", "TDX_MODULE_MISMATCH",
	  "TDX module", .bend = q_seam_attr),
	R("shouldReturnedStatusOKAndCreateVerificationCollateralInfoWhenVerifyTdxQuoteV4WithoutQeIdentitySuccessfully", "OK",
	  NULL, .how = NO_QE),
	R("verifySgxTCBInfoV3ShouldReturnTcbInfoMismatchWhenTcbTypeUnsupported", "TCB_INFO_MISMATCH",
	  BAD_INFO, SWAP("\"tcbType\":0", "\"tcbType\":1")),
	R("verifyTdxTCBInfoV3ShouldReturnStatusOk", "OK", NULL, .how = NEED_LISTS, .lists = BOTH),
};

/* VerifyPckCertUT, VerifyPckCrlUT, PckCertificateUT, PckCertChainParserTests */
#define OF_PCK "revocation of Intel SGX PCK Certificate"
static const struct row pck_chain[] = {
	R("VerifyPckCertUT, shouldReturnedStatusOkWhenVerifyPassPositive", "OK",
	  NULL, .how = NEED_LISTS, .lists = BOTH),
	R("sholuldReturnPckRevokedWhenCrlIsRevoked", "SGX_PCK_REVOKED",
	  OF_PCK, .how = NEED_LISTS, .lists = PCK_REVOKED),
	R("sholuldReturnIntermiediateCaRevokedWhenCrlIsRevoked", "SGX_INTERMEDIATE_CA_REVOKED",
	  "revocation of Intel SGX PCK Platform CA", .how = NEED_LISTS, .lists = CA_REVOKED),
	R("sholuldReturnCrlInvalidWhenCrlIntermediateVerifierFail", "SGX_CRL_INVALID",
	  OF_PCK, .how = NEED_LISTS, .lists = PCK_LIST_FORGED),
	R("sholuldReturnCrlInvalidWhenCrlRootVerifierFail", "SGX_CRL_INVALID",
	  "revocation of Intel SGX PCK Platform CA", .how = NEED_LISTS, .lists = ROOT_LIST_FORGED),
	R("sholuldReturnPckCertUnTrustedWhenSigantureIsWrong", "SGX_PCK_CERT_CHAIN_UNTRUSTED",
	  "certificate chain", .chain = OTHER_ROOT),
	R("sholuldReturnTrustedRootCaInvalidWhenSubjectIsWrong", "TRUSTED_ROOT_CA_INVALID",
	  "certificate roles", .chain = ROOT_NAMED),
	R("sholuldReturnPckCertChainExpiredWhenRootCertExpired", "SGX_PCK_CERT_CHAIN_EXPIRED",
	  "certificate chain", .chain = ROOT_EXPIRED),
	R("sholuldReturnPckCertChainExpiredWhenIntermediateCertExpired", "SGX_PCK_CERT_CHAIN_EXPIRED",
	  "certificate chain", .chain = CA_EXPIRED),
	R("sholuldReturnPckCertChainExpiredWhenPckCertExpired", "SGX_PCK_CERT_CHAIN_EXPIRED",
	  "certificate chain", .chain = PCK_EXPIRED),
	R("shouldReturnedStatusExpiredCrlWhenRootCrlExpired", "SGX_CRL_EXPIRED",
	  "revocation of Intel SGX PCK Platform CA", .how = NEED_LISTS, .lists = ROOT_LIST_OVER),
	R("shouldReturnedStatusExpiredCrlWhenIntermediateCrlExpired", "SGX_CRL_EXPIRED",
	  OF_PCK, .how = NEED_LISTS, .lists = PCK_LIST_OVER),
	R("sholuldReturnPckMissingWhenSubjectIsWrong", "SGX_PCK_MISSING",
	  "certificate roles", .chain = PCK_NAMED),
	R("sholuldReturnInvalidIssuerWhenIssuerIsWrong", "SGX_PCK_INVALID_ISSUER",
	  "certificate chain", .chain = PCK_BY_NAME),
	R("sholuldReturnInvalidIssuerWhenSignatureIsWrong", "SGX_PCK_INVALID_ISSUER",
	  "certificate chain", .chain = PCK_BY_KEY),
	R("sholuldReturnIntermediateMissingWhenVerifyIntermediateFail", "SGX_INTERMEDIATE_CA_MISSING",
	  "certificate roles", .chain = CA_NAMED),
	R("sholuldReturnRootCaMissingWhenVerifyRootCaFail", "SGX_ROOT_CA_MISSING",
	  "certificate roles", .chain = ROOT_NAMED),
	R("sholuldReturnPckMissingWhenPckCertIsNotPresent", "SGX_PCK_MISSING",
	  "quoting enclave", .chain = NO_PCK),
	R("sholuldReturnIntermediateMissingWhenIntermediateCertIsNotPresent", "SGX_INTERMEDIATE_CA_MISSING",
	  "certificate chain", .how = CANNOT, .chain = NO_CA),
	/* the root is the verifier's own, whoever sends it along */
	R("sholuldReturnRootCaMissingWhenRootCaCertIsNotPresent", "SGX_ROOT_CA_MISSING",
	  NULL, .how = DIFFERS, .chain = NO_ROOT),
	R("VerifyPckCrlUT, shouldReturnedCrlInvalidSignatureWhenSignatureIsInvalid", "SGX_CRL_INVALID_SIGNATURE",
	  OF_PCK, .how = NEED_LISTS, .lists = PCK_LIST_FORGED),
	R("shouldReturnedCrlInvalidExtensionWhenExtensionIsInvalid (a critical one)", "SGX_CRL_INVALID_EXTENSIONS",
	  OF_PCK, .how = NEED_LISTS, .lists = LIST_WITH_CRITICAL),
	/* a list with neither cRLNumber nor authorityKeyIdentifier */
	R("shouldReturnedCrlInvalidExtensionWhenExtensionIsInvalid (none)", "SGX_CRL_INVALID_EXTENSIONS",
	  NULL, .how = NEED_LISTS | DIFFERS, .lists = LIST_WITHOUT_NUMBER),
	R("shouldReturnedCrlUnkownIssuerWhenIssuerIsWrong", "SGX_CRL_UNKNOWN_ISSUER",
	  OF_PCK, .how = CANNOT | NEED_LISTS, .lists = ROOT_LIST_ONLY),
	R("shouldReturnedCrlUnknownIssuerWhenIssuerIsUnknown", "SGX_CRL_UNKNOWN_ISSUER",
	  OF_PCK, .how = CANNOT | NEED_LISTS, .lists = LIST_OF_OTHER_CA),
	R("PckCertificateUT, pckCertificateParseWithWrongAmountOfExtensions", "refused",
	  "PCK certificate", .chain = NO_SGX),
	R("begCertHasMissngDashShouldReturnNothing", "UNSUPPORTED_CERT_FORMAT",
	  "certificate chain", .at = 1258, .byte = 'X'),
};

/* VerifyTcbSigningChainUT, TCBInfoVerifierUT, EnclaveIdentityVerifierUT */
#define SIGNER_OF(of) "signer of the " of
#define SIGNING(q, of) \
	R("shouldReturnStatusOkWhenVerifyPassPositive", "OK", \
	  NULL, .how = (q) | NEED_LISTS, .lists = BOTH), \
	R("shouldReturnRootCaMissingWhenTcbSigningChainVerifyFail", "SGX_ROOT_CA_MISSING", \
	  SIGNER_OF(of), .how = q, .chain = TCB_BY_NAME), \
	R("shouldReturnStatusSigningCertChainExpiredWhenRootCaExpired", "SGX_SIGNING_CERT_CHAIN_EXPIRED", \
	  SIGNER_OF(of), .how = q, .chain = ROOT_EXPIRED), \
	R("shouldReturnStatusSigningCertChainExpiredWhenSigningCertExpired", "SGX_SIGNING_CERT_CHAIN_EXPIRED", \
	  SIGNER_OF(of), .how = q, .chain = TCB_EXPIRED), \
	R("shouldReturnStatusCrlExpiredWhenRootCaCrlExpired", "SGX_CRL_EXPIRED", \
	  "revocation of Intel SGX TCB Signing", .how = (q) | NEED_LISTS, .lists = ROOT_LIST_OVER)

static const struct row signing[] = {
	SIGNING(0, "TCB info"),
	R("shouldReturnInfoInvalidSignatureWhenCheckSha256EcdsaSignatureFail", "TCB_INFO_INVALID_SIGNATURE",
	  BAD_INFO, .how = IN_FILE, SWAP("\"id\":", "\"id\": ")),
	R("shouldReturnStatusTcbInfoExpiredWhenTcbInfoExpired", "SGX_TCB_INFO_EXPIRED",
	  BAD_INFO, SWAP(LATER, "2025-12-31T00:00:00Z")),
	SIGNING(IN_QE, "QE identity"),
	R("shouldReturnQeidentityInvalidSignatureWhenCheckSha256EcdsaSignatureFail", "SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE",
	  BAD_QE, .how = IN_QE | IN_FILE, SWAP("\"id\":", "\"id\": ")),
	R("shouldReturnStatusEnclaveIdentityExpiredWhenNextUpdateExpired", "SGX_ENCLAVE_IDENTITY_EXPIRED",
	  BAD_QE, .how = IN_QE, SWAP(LATER, "2025-12-31T00:00:00Z")),
	R("shouldReturnedTcbSigningCertChainUntrustedWhenSignatureIsWrong", "SGX_TCB_SIGNING_CERT_CHAIN_UNTRUSTED",
	  SIGNER_OF("TCB info"), .chain = OTHER_ROOT),
	R("shouldReturnedTrustedRootCaInvalidWhenTrustedRootIsNotSelfSigned", "TRUSTED_ROOT_CA_INVALID",
	  "roles of the signer of the TCB info", .chain = ROOT_NAMED),
	R("shouldReturnedTcbSigningCertRevokedWhenRootCertIsRevoked", "SGX_TCB_SIGNING_CERT_REVOKED",
	  "revocation of Intel SGX TCB Signing", .how = NEED_LISTS, .lists = TCB_REVOKED),
	R("shouldReturnedTcbSigningCertMissingWhenCrlVerifyFail", "SGX_TCB_SIGNING_CERT_MISSING",
	  "revocation of Intel SGX TCB Signing", .how = NEED_LISTS, .lists = ROOT_LIST_FORGED),
	R("shouldReturnedTcbSigningCertInvalidIssuerWhenIssuerIsWrong", "SGX_TCB_SIGNING_CERT_INVALID_ISSUER",
	  SIGNER_OF("TCB info"), .chain = TCB_BY_NAME),
	R("shouldReturnedTcbSigningCertInvalidIssuerWhenSignatureIsWrong", "SGX_TCB_SIGNING_CERT_INVALID_ISSUER",
	  SIGNER_OF("TCB info"), .chain = TCB_BY_KEY),
	R("shouldReturnedTcbSigningCertMissingWhenTcbCertIsNotPresent", "SGX_TCB_SIGNING_CERT_MISSING",
	  BAD_INFO, .chain = NO_TCB),
	R("shouldReturnedTcbSigningCertMissing... (its subject is another)", "SGX_TCB_SIGNING_CERT_MISSING",
	  BAD_INFO, .chain = TCB_NAMED),
};

/* EnclaveReportVerifierUT */
static const struct row enclave[] = {
	R("shouldReturnStatusOkWhenJsonIsOk", "OK", NULL),
	R("shouldReturnEnclaveReportMiscselectMismatchWhenMiscselectIsDifferent", "MISCSELECT_MISMATCH",
	  BAD_QE, .how = IN_QE, SWAP("\"miscselect\":\"00", "\"miscselect\":\"01")),
	R("shouldReturnEnclaveReportAttributestMismatchWhenAttributesIsDifferent", "ATTRIBUTES_MISMATCH",
	  BAD_QE, .how = IN_QE, SWAP("\"attributes\":\"1100", "\"attributes\":\"0909")),
	R("shouldReturnEnclaveReportAttributestMismatchWhenIdentityAttributesHasIncorrectSize", "refused",
	  BAD_QE, .how = IN_QE, SWAP("\"attributesMask\":\"FB", "\"attributesMask\":\"")),
	R("shouldReturnStausStausSgxEnclaveIndentityWhenMrsignerIsNotPresent", "refused",
	  BAD_QE, .how = IN_QE, SWAP("mrsigner", "")),
	R("shouldReturnStausStausSgxEnclaveIndentityWhenIsvprodidIsNotPresent", "refused",
	  BAD_QE, .how = IN_QE, SWAP("isvprodid", "")),
	R("shouldReturnEnclaveReportMrsignerMismatchWhenMrsignerIsDifferent", "MRSIGNER_MISMATCH",
	  BAD_QE, .how = IN_QE, SWAP(SIGNER, "0808080808080808080800000000000000000000000000000000000000000000")),
	R("shouldReturnEnclaveReportIsvprodidMismatchWhenIsvprodidIsDifferent", "ISVPRODID_MISMATCH",
	  BAD_QE, .how = IN_QE, SWAP("\"isvprodid\":2", "\"isvprodid\":11")),
	R("shouldReturnEnclaveReportNotSupportedWhenIsvsvnIsBelowAllLevels", "ISVSVN_NOT_SUPPORTED",
	  ENCLAVE, .bend = q_svn2),
	R("shouldReturnEnclaveReportRevokedWhenIsvsvnIsOnRevokedLevel", "ISVSVN_REVOKED",
	  ENCLAVE, .bend = q_svn4),
	R("shouldReturnEnclaveReportOutOfDateWhenIsvsvnIsOnOutOfDateLevel", "ISVSVN_OUT_OF_DATE",
	  ENCLAVE, .bend = q_svn5),
	/* the level of 6 is passed over, that of 5 reached */
	R("shouldReturnStausStausSgxEnclaveIndentityWhenIsvsvnIsNotPresent", "refused",
	  "QE identity", .how = IN_QE, SWAP("isvsvn", "")),
};

/* EnclaveIdentityUT */
#define QE_LEVELS "\"tcbLevels\":[{"
#define QE_FIRST "{\"tcb\":{\"isvsvn\":6},\"tcbDate\":\"2025-06-03T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}"
#define NO_FIELD(name, key) R(name, "refused", BAD_QE, .how = IN_QE, SWAP("\"" key "\"", "\"missing\""))
#define Q_ROW(name, a, b) R(name, "refused", BAD_QE, .how = IN_QE, SWAP(a, b))
static const struct row identity[] = {
	R("positiveTD_QE", "OK", NULL),
	R("positiveWithExtraField", "OK", NULL, .how = IN_QE, SWAP("{", "{\"extra\":\"field\",")),
	R("shouldFailWhenInitializedWithEmptyString", "refused",
	  "collateral", .how = IN_QE | WHOLE, SWAP(NULL, "")),
	R("shouldFailWHenInitializedWithInvalidJSON", "refused",
	  "collateral", .how = IN_QE | WHOLE, SWAP(NULL, "Plain string.")),
	R("shouldFailWhenQEIdentityFieldIsMissing", "refused",
	  "collateral", .how = IN_QE | IN_FILE, SWAP("enclaveIdentity", "missing")),
	R("shouldFailWhenQeIdentityIsArray", "refused",
	  "collateral", .how = IN_QE | WHOLE, SWAP(NULL, "{\"enclaveIdentity\":[],\"signature\":\"00\"}")),
	R("shouldFailWhenSignatureFieldIsMissing", "refused",
	  BAD_QE, .how = IN_QE | IN_FILE, SWAP("\"signature\"", "\"missing\"")),
	NO_FIELD("shouldFailWhenIdFieldIsMissing", "id"),
	NO_FIELD("shouldFailWhenVersionFieldIsMissing", "version"),
	NO_FIELD("shouldFailWhenIssueDateFieldIsMissing", "issueDate"),
	NO_FIELD("shouldFailWhenNextUpdateFieldIsMissing", "nextUpdate"),
	NO_FIELD("shouldFailWhenTcbEvaluationDataNumberFieldIsMissing", "tcbEvaluationDataNumber"),
	NO_FIELD("shouldFailWhenMiscselectFieldIsMissing", "miscselect"),
	NO_FIELD("shouldFailWhenMiscselectMaskFieldIsMissing", "miscselectMask"),
	NO_FIELD("shouldFailWhenAttributesFieldIsMissing", "attributes"),
	NO_FIELD("shouldFailWhenAttributesMaskFieldIsMissing", "attributesMask"),
	NO_FIELD("shouldFailWhenMrsignerFieldIsMissing", "mrsigner"),
	NO_FIELD("shouldFailWhenIsvprodidFieldIsMissing", "isvprodid"),
	R("shouldFailWhenTcbLevelsFieldIsMissing", "refused",
	  ENCLAVE, .how = IN_QE, SWAP("\"tcbLevels\"", "\"missing\"")),
	R("shouldFailWhenTcbLevelsMaskFieldIsAnEmptyArray", "refused",
	  ENCLAVE, .how = IN_QE, SWAP("\"tcbLevels\":[", "\"tcbLevels\":[],\"old\":[")),
	R("shouldFailWhenTcbLevelsTcbFieldIsMissing", "refused",
	  "QE identity", .how = IN_QE, SWAP("\"tcb\"", "\"missing\"")),
	R("shouldFailWhenTcbLevelsTcbIsvSvnFieldIsMissing", "refused",
	  "QE identity", .how = IN_QE, SWAP("\"isvsvn\"", "\"missing\"")),
	R("shouldFailWhenIsvsvnIsNotANumber", "refused",
	  "QE identity", .how = IN_QE, SWAP("\"isvsvn\":6", "\"isvsvn\":\"6\"")),
	R("shouldFailWhenTcbLevelsTcbStatusFieldIsMissing", "refused",
	  ENCLAVE, .how = IN_QE, SWAP("\"tcbStatus\"", "\"missing\"")),
	R("shouldFailWhenTcbLevelsTcbStatusFieldInvalidValue", "refused",
	  ENCLAVE, .how = IN_QE, SWAP("\"UpToDate\"", "\"NotUpToDate\"")),
	R("shouldFailWhenTcbLevelIsInvalidType", "refused",
	  "QE identity", .how = IN_QE, SWAP(QE_FIRST, "\"tcb\"")),
	R("shouldFailWhenTcbLevelsTcbDateFieldIsMissing", "refused",
	  NULL, .how = IN_QE | DIFFERS, SWAP("\"tcbDate\"", "\"missing\"")),
	R("shouldFailWhenTcbLevelsTcbDateFieldInvalidValue", "refused",
	  NULL, .how = IN_QE | DIFFERS, SWAP("06-03T00:00:00Z", "06-03T00:00:000Z")),
	R("shouldFailWhenTcbLevelsTcbDateFieldInvalidValue (--min-tcb-date)", "refused",
	  "TCB date of the quoting enclave", .how = IN_QE, SWAP("06-03T00:00:00Z", "06-03T00:00:000Z"), .opt = { "min-tcb-date", "2025-01-01" }),
	Q_ROW("shouldThrowInvalidVersionExceptionWhenVersionIsWrong", "\"version\":2", "\"version\":5"),
	Q_ROW("shouldFailWhenVersionFieldIsNotEqual2", "\"version\":2", "\"version\":3"),
	Q_ROW("shouldFailWhenVersionFieldIsNotANumber", "\"version\":2", "\"version\":\"2\""),
	Q_ROW("shouldFailWhenIdFieldHasInvalidType", "\"TD_QE\"", "0"),
	Q_ROW("shouldFailWhenIdFieldHasInvalidValue", "TD_QE", "SGX_QE"),
	Q_ROW("shouldReturnEnclaveIdentityInvalidWhenIssuedateIsWrong", "2025-12-01T00:00:00Z", "2025-12-01T00:00:"),
	Q_ROW("shouldFailWhenIssueDateIsMalformed", "2025-12-01T00:00:00Z", "2025-12-01T00:00:00:00"),
	Q_ROW("shouldFailWhenIssueDateIsNotAString", "\"2025-12-01T00:00:00Z\"", "true"),
	Q_ROW("shouldReturnEnclaveIdentityInvalidWhenNextUpdateIsWrong", LATER, "2026-12-31T00:00:"),
	Q_ROW("shouldFailWhenNextUpdateIsMalformed", LATER, "2026-12-31T00:00:00:00"),
	Q_ROW("shouldFailWhenNextUpdateIsNotAString", "\"" LATER "\"", "true"),
	Q_ROW("shouldFailWhenMiscselectIsMalformed", "\"miscselect\":\"00", "\"miscselect\":\"xy"),
	Q_ROW("shouldFailWhenMiscselectIsNotAString", "\"miscselect\":\"00000000\"", "\"miscselect\":0"),
	Q_ROW("shouldFailWhenMiscselectIsTooShort", "\"miscselect\":\"00", "\"miscselect\":\""),
	Q_ROW("shouldFailWhenMiscselectIsTooLong", "\"miscselect\":\"00", "\"miscselect\":\"0000"),
	Q_ROW("shouldFailWhenMiscselectMaskIsMalformed", "\"miscselectMask\":\"FF", "\"miscselectMask\":\"xy"),
	Q_ROW("shouldFailWhenMiscselectMaskIsNotAString", "\"miscselectMask\":\"FFFFFFFF\"", "\"miscselectMask\":0"),
	Q_ROW("shouldFailWhenMiscselectMaskIsTooShort", "\"miscselectMask\":\"FF", "\"miscselectMask\":\""),
	Q_ROW("shouldFailWhenMiscselectMaskIsTooLong", "\"miscselectMask\":\"FF", "\"miscselectMask\":\"FFFF"),
	Q_ROW("shouldFailWhenAttributesAreMalformed", "\"attributes\":\"11", "\"attributes\":\"xy"),
	Q_ROW("shouldFailWhenAttributesAreNotAString", "\"attributes\":\"11000000000000000000000000000000\"", "\"attributes\":11"),
	Q_ROW("shouldFailWhenAttributesAreTooShort", "\"attributes\":\"1100", "\"attributes\":\"11"),
	Q_ROW("shouldFailWhenAttributesAreTooLong", "\"attributes\":\"1100", "\"attributes\":\"110000"),
	Q_ROW("shouldFailWhenAttributesMaskIsMalformed", "\"attributesMask\":\"FB", "\"attributesMask\":\"xy"),
	Q_ROW("shouldFailWhenAttributesMaskIsNotAString", "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\"", "\"attributesMask\":0"),
	Q_ROW("shouldFailWhenAttributesMaskIsTooShort", "\"attributesMask\":\"FB", "\"attributesMask\":\""),
	Q_ROW("shouldFailWhenAttributesMaskIsTooLong", "\"attributesMask\":\"FB", "\"attributesMask\":\"FBFF"),
	Q_ROW("shouldFailWhenMrsignerIsMalformed", "\"mrsigner\":\"dc", "\"mrsigner\":\"xy"),
	Q_ROW("shouldFailWhenMrsignerIsNotAString", "\"mrsigner\":\"" SIGNER "\"", "\"mrsigner\":28"),
	Q_ROW("shouldFailWhenMrsignerIsTooShort", "\"mrsigner\":\"dc", "\"mrsigner\":\""),
	Q_ROW("shouldFailWhenMrSignerIsTooLong", "\"mrsigner\":\"dc", "\"mrsigner\":\"dcdc"),
	Q_ROW("shouldFailWhenIsvprodidIsNotANumber", "\"isvprodid\":2", "\"isvprodid\":\"2\""),
	R("shouldFailWhenEnclaveIdentityIsNestedTooDeeply", "refused",
	  BAD_QE, .how = IN_QE | NESTED),
};

/* TcbInfoUT, TcbInfoV3UT, TdxTcbInfoV3UT: as TCB info of TDX, version 3 */
#define I_ROW(name, a, b) R(name, "refused", BAD_INFO, SWAP(a, b))
#define P_ROW(name, text) R(name, "refused", "TCB info", .info = INFO(text))
#define WITH_REST(rest) L_OF(COMPS("5"), "11", TDX_OF("5"), rest)
#define FIFTEEN(svn) C4(svn) "," C4(svn) "," C4(svn) "," ONE(svn) "," ONE(svn) "," ONE(svn)
static const struct row tcb_infos[] = {
	R("shouldSuccessfullyParseTcbWhenAllRequiredDataProvided", "OK", NULL),
	R("shouldFailWhenInitializedWithEmptyString", "refused",
	  "collateral", .how = WHOLE, SWAP(NULL, "")),
	R("shouldFailWHenInitializedWithInvalidJSON", "refused",
	  "collateral", .how = WHOLE, SWAP(NULL, "Plain string.")),
	R("shouldFailWhenJSONRootIsNotAnObject", "refused",
	  "collateral", .how = WHOLE, SWAP(NULL, "[]")),
	R("shouldFailWhenTCBInfoIsNotAnObject", "refused",
	  "collateral", .how = WHOLE, SWAP(NULL, "{\"tcbInfo\":\"text\",\"signature\":\"00\"}")),
	R("shouldFailWhenTcbInfoFieldIsMissing", "refused",
	  "collateral", .how = IN_FILE, SWAP("tcbInfo", "missing")),
	R("shouldFailWhenSignatureIsMissing", "refused",
	  BAD_INFO, .how = IN_FILE, SWAP("\"signature\"", "\"missing\"")),
	R("shouldFailWhenSignatureIsNotAString", "refused",
	  BAD_INFO, .how = IN_FILE, SWAP("\"signature\":", "\"signature\":555,\"old\":")),
	R("shouldFailWhenSignatureIsTooLong", "refused",
	  BAD_INFO, .how = IN_FILE, SWAP("\"signature\":\"", "\"signature\":\"0")),
	R("shouldFailWhenSignatureIsTooShort", "refused", BAD_INFO, .how = CUT_SIGNATURE),
	I_ROW("shouldFailWhenVersionIsMissing", "\"version\":3,", ""),
	I_ROW("shouldFailWhenVersionIsNotAnInteger", "\"version\":3", "\"version\":\"asd\""),
	I_ROW("shouldFailWhenVersionIsNotSupported", "\"version\":3", "\"version\":4"),
	I_ROW("shouldFailWhenIssueDateIsMissing", "\"issueDate\"", "\"missing\""),
	I_ROW("shouldFailWhenIssueDateIsNotAString", "\"2025-12-01T00:00:00Z\"", "true"),
	I_ROW("shouldFailWhenIssueDateIsNotInValidFormat", "2025-12-01T00:00:00Z", "20251201T000000Z"),
	I_ROW("shouldFailWhenIssueDateIsNotInUTC", "2025-12-01T00:00:00Z", "2025-12-01T00:00:00+01"),
	I_ROW("shouldFailWhenNextUpdateIsMissing", "\"nextUpdate\"", "\"missing\""),
	I_ROW("shouldFailWhenNextUpdateIsNotAString", "\"" LATER "\"", "true"),
	I_ROW("shouldFailWhenNextUpdateIsNotInValidFormat", LATER, "20261231T000000Z"),
	I_ROW("shouldFailWhenNextUpdateIsNotInUTC", LATER, "2026-12-31T00:00:00+01"),
	I_ROW("shouldFailWhenFmspcIsMissing", "\"fmspc\"", "\"missing\""),
	I_ROW("shouldFailWhenFmspcIsNotAString", "\"00806F050000\"", "23"),
	I_ROW("shouldFailWhenFmspcIsTooLong", "00806F050000", "00806F05000000"),
	I_ROW("shouldFailWhenFmspcIsTooShort", "00806F050000", "00806F0500"),
	I_ROW("shouldFailWhenFmspcIsNotAValidHexstring", "00806F050000", "00806F05000X"),
	I_ROW("shouldFailWhenPceIdIsMissing", "\"pceId\"", "\"missing\""),
	I_ROW("shouldFailWhenPceIdIsNotAString", "\"pceId\":\"0000\"", "\"pceId\":0"),
	I_ROW("shouldFailWhenPceIdIsTooLong", "\"pceId\":\"0000\"", "\"pceId\":\"000000\""),
	I_ROW("shouldFailWhenPceIdIsTooShort", "\"pceId\":\"0000\"", "\"pceId\":\"00\""),
	I_ROW("shouldFailWhenPceIdIsNotAValidHexstring", "\"pceId\":\"0000\"", "\"pceId\":\"000X\""),
	I_ROW("shouldFailWhenTcbTypeNotExist", "\"tcbType\":0,", ""),
	I_ROW("shouldFailWhenTcbTypeInvalid", "\"tcbType\":0", "\"tcbType\":\"0\""),
	I_ROW("shouldFailWhenTcbEvaluationDataNumberNotExist", "\"tcbEvaluationDataNumber\":17,", ""),
	I_ROW("shouldFailWhenTcbEvaluationDataNumberInvalid", "\"tcbEvaluationDataNumber\":17", "\"tcbEvaluationDataNumber\":\"17\""),
	I_ROW("shouldFailWhenTcbInfoDoesntHaveId", "\"id\":\"TDX\",", ""),
	I_ROW("shouldFailWhenTcbInfoHasInvalidId", "\"id\":\"TDX\"", "\"id\":\"YYY\""),
	I_ROW("shouldFailWhenIdIsNotString", "\"id\":\"TDX\"", "\"id\":5"),
	R("shouldFailWhenTcbInfoIsNestedTooDeeply", "refused", BAD_INFO, .how = NESTED),
	R("shouldFailWhenTcbLevelsArrayIsMissing", "refused",
	  PLATFORM, SWAP(LEVELS, "\"missing\":[{\"tcb\":{\"sgx")),
	R("shouldFailWhenTcbLevelsIsNotAnArray", "refused",
	  PLATFORM, SWAP(LEVELS, "\"tcbLevels\":0,\"old\":[{\"tcb\":{\"sgx")),
	R("shouldFailWhenTcbLevelsContainsNoTcbs", "refused", PLATFORM, .info = INFO("")),
	P_ROW("shouldFailWhenTcbLevelsArrayElementIsNotAnObject", "\"asd\""),
	P_ROW("shouldFailWhenTcbLevelsArrayElementIsEmpty", "{}"),
	P_ROW("shouldFailWhenTcbLevelsArrayElementIsMissingTcbField", "{\"missing\":0" REST("UpToDate") "}"),
	P_ROW("shouldFailWhenTcbLevelsArrayElementTcbIsNotAnObject", "{\"tcb\":\"text\"" REST("UpToDate") "}"),
	P_ROW("shouldFailWhenTcbLevelsArrayElementStatusIsNotAString", WITH_REST(",\"tcbDate\":\"" DATE "\",\"tcbStatus\":0")),
	R("shouldFailWhenTcbLevelsArrayElementStatusIsNotAValidValue", "refused", PLATFORM, .info = INFO(L("5", "11", "5", "unknown"))),
	P_ROW("shouldFailWhenTcbLevelsArrayElementIsMissingStatusField", WITH_REST(",\"tcbDate\":\"" DATE "\"")),
	P_ROW("shouldFailWhenTcbLevelsArrayElementTcbComponentsAreMissing", "{\"tcb\":{\"pcesvn\":11}" REST("UpToDate") "}"),
	P_ROW("shouldFailWhenTcbLevelsArrayElementTcbComponentIsNotAnInteger", L_OF(NINTH("5", "\"5\""), "11", TDX_OF("5"), REST("UpToDate"))),
	P_ROW("shouldFailWhenTcbLevelsArrayElementTcbComponentIsNegative", L_OF(NINTH("5", "-23"), "11", TDX_OF("5"), REST("UpToDate"))),
	P_ROW("shouldFailWhenTcbLevelsArrayElementTcbComponentPcesvnIsNegative", L("5", "-11", "5", "UpToDate")),
	P_ROW("shouldFailWhenTcbLevelsArrayElementTcbComponentPcesvnIsNotANumber", L("5", "\"11\"", "5", "UpToDate")),
	R("shouldFailWhenTcbLevelsArrayElementTcbComponentPcesvnIsMissing", "refused",
	  "TCB info", SWAP("\"pcesvn\":11,", "")),
	R("shouldSuccessWhenTcbLevelsAdvisoryIDsFieldIsPresent", "OK", NULL),
	R("shouldSuccessfullyParseMultipleRevokedTcbLevels", "OK",
	  NULL, .info = INFO(GOOD "," L("4", "11", "5", "Revoked") "," L("4", "10", "5", "Revoked"))),
	/* the library sorts them; ours refuses a list that Intel did not sort */
	R("shouldSuccessfullyParseMultipleTcbLevels", "OK",
	  "TCB info", .how = DIFFERS, .info = INFO(L("4", "11", "5", "OutOfDate") "," GOOD "," L("3", "10", "5", "Revoked"))),
	/* a signed list that is not well-formed where nothing of it decides */
	R("shouldFailWhenTcbLevelsArrayElementHasIncorrectNumberOfFields", "refused",
	  "TCB info", .info = INFO(GOOD ",{\"tcbStatus\":\"UpToDate\"}")),
	R("shouldFailWhenTcbLevelsArrayHasTwoIdenticalElements", "refused",
	  "TCB info", .info = INFO(GOOD "," GOOD)),
	R("shouldFailWhenTcbLevelsArrayHasTwoElementsWithSameSvnsAndDifferentStatus", "refused",
	  "TCB info", .info = INFO(GOOD "," L("5", "11", "5", "Revoked"))),
	R("shouldFailWhenTcbLevelsArrayHasTwoElementsWithSameSvnsAndDifferentStatus (one between them)", "refused",
	  "TCB info", .info = INFO(GOOD "," L("6", "9", "5", "OutOfDate") "," L("5", "11", "5", "Revoked"))),
	R("shouldFailWhenTcbLevelsArrayElementIsMissingTcbDateField", "refused",
	  NULL, .how = DIFFERS, .info = INFO(WITH_REST(",\"tcbStatus\":\"UpToDate\""))),
	R("shouldFailWhenTcbDateHasWrongFormat", "refused",
	  NULL, .how = DIFFERS, SWAP(DATE, "2025-06-01T10:3")),
	R("shouldFailWhenTcbDateHasWrongFormat (--min-tcb-date)", "refused",
	  "TCB date of the platform", SWAP(DATE, "2025-06-01T10:3"), .opt = { "min-tcb-date", "2025-01-01" }),
	R("shouldFailWhenTcbDateIsNotString", "refused",
	  NULL, .how = DIFFERS, SWAP("\"" DATE "\"", "true")),
	R("shouldFailWhenAdvisoryIDsIsNotArray", "refused",
	  NULL, .how = DIFFERS, SWAP("[\"INTEL-SA-1\"]", "\"advisoryIDs\"")),
	R("shouldFailWhenAdvisoryIdIsNotString", "refused",
	  NULL, .how = DIFFERS, SWAP("[\"INTEL-SA-1\"]", "[5]")),
	/* TcbInfoV3UT */
	P_ROW("shouldFailWhenSgxTcbComponentsIsNotArray", "{\"tcb\":{\"sgxtcbcomponents\":\"test\",\"pcesvn\":11,\"tdxtcbcomponents\":[" TDX_OF("5") "]}" REST("UpToDate") "}"),
	P_ROW("shouldFailWhenTdxTcbInfoHaveEmptySgxTcbComponents", L_OF("", "11", TDX_OF("5"), REST("UpToDate"))),
	P_ROW("shouldFailWhenTcbHasInvalidFormat", "{\"tcb\":[]" REST("UpToDate") "}"),
	R("shouldFailWhenTdxTcbInfoDoesntHaveTdxModule", "refused",
	  IDENTITY, .how = V0, SWAP(TDX_MODULE, "")),
	R("shouldFailWhenTdxModuleMrSignerIsNotHexstring", "refused",
	  IDENTITY, .how = V0, SWAP("\"mrsigner\":\"00", "\"mrsigner\":\"XY")),
	R("shouldFailWhenTdxModuleMrSignerHasIncorrectLength", "refused",
	  IDENTITY, .how = V0, SWAP("\"mrsigner\":\"00", "\"mrsigner\":\"")),
	R("shouldFailWhenTdxModuleAttributesIsNotHexstring", "refused",
	  IDENTITY, .how = V0, SWAP("\"attributes\":\"00", "\"attributes\":\"XY")),
	R("shouldFailWhenTdxModuleAttributesHasIncorrectLength", "refused",
	  IDENTITY, .how = V0, SWAP("\"attributes\":\"00", "\"attributes\":\"")),
	R("shouldFailWhenTdxModuleAttributesMaskIsNotHexstring", "refused",
	  IDENTITY, .how = V0, SWAP("\"attributesMask\":\"FF", "\"attributesMask\":\"XY")),
	R("shouldFailWhenTdxModuleAttributesMaskHasIncorrectLength", "refused",
	  IDENTITY, .how = V0, SWAP("\"attributesMask\":\"FF", "\"attributesMask\":\"")),
	R("shouldFailWhenTdxModuleIsNotObject", "refused",
	  IDENTITY, .how = V0, SWAP(TDX_MODULE, "\"tdxModule\":\"text\",")),
	/* where the quote's module has a version, tdxModule says nothing of it */
	R("shouldFailWhenTdxTcbInfoDoesntHaveTdxModule (module of version 1)", "refused",
	  NULL, .how = DIFFERS, SWAP(TDX_MODULE, "")),
	R("shouldFailWhenTdxModuleIsNotObject (module of version 1)", "refused",
	  NULL, .how = DIFFERS, SWAP(TDX_MODULE, "\"tdxModule\":\"text\",")),
	R("shouldFailWhenTdxModuleMrSignerIsNotHexstring (module of version 1)", "refused",
	  NULL, .how = DIFFERS, SWAP("\"mrsigner\":\"00", "\"mrsigner\":\"XY")),
	/* TdxTcbInfoV3UT */
	R("shouldSuccessfullyParseTdxTcbInfoWhenAllDataIsProvided", "OK", NULL),
	R("shouldSuccessfullyParseTdxTcbInfoWhenOptionalDataIsMissing", "OK",
	  NULL, .how = V0, SWAP(MODULES, "")),
	P_ROW("shouldFailWhenTdxTcbComponentsIsNotArray", "{\"tcb\":{\"sgxtcbcomponents\":[" COMPS("5") "],\"pcesvn\":11,\"tdxtcbcomponents\":\"test\"}" REST("UpToDate") "}"),
	P_ROW("shouldFailWhenTcbComponentSvnIsNotInteger", L("\"test\"", "11", "5", "UpToDate")),
	P_ROW("shouldFailWhenTcbComponentDoesntHaveSvnField", L_OF(C4("5") "," C4("5") "," C4("5") ",{\"svn\":5},{\"svn\":5},{\"svn\":5},{\"category\":\"cat1\"}", "11", TDX_OF("5"), REST("UpToDate"))),
	P_ROW("shouldFailWhenTdxTcbInfoDoesntHaveTdxTcbComponents", "{\"tcb\":{\"sgxtcbcomponents\":[" COMPS("5") "],\"pcesvn\":11}" REST("UpToDate") "}"),
	P_ROW("shouldFailWhenTdxTcbInfoDoesntHaveSgxTcbComponents", "{\"tcb\":{\"pcesvn\":11,\"tdxtcbcomponents\":[" TDX_OF("5") "]}" REST("UpToDate") "}"),
	P_ROW("shouldFailWhenTdxTcbInfoHaveWrongNumberOfSgxTcbComponents", L_OF(FIFTEEN("5"), "11", TDX_OF("5"), REST("UpToDate"))),
	P_ROW("shouldFailWhenTdxTcbInfoHaveWrongNumberOfTdxTcbComponents", L_OF(COMPS("5"), "11", FIFTEEN("0"), REST("UpToDate"))),
	P_ROW("shouldFailWhenTdxTcbInfoHaveEmptyTdxTcbComponents", L_OF(COMPS("5"), "11", "", REST("UpToDate"))),
	R("shouldFailWhenTcbComponentCategoryIsNotString", "refused",
	  NULL, .how = DIFFERS, SWAP("{\"svn\":5}", "{\"svn\":5,\"category\":5}")),
	R("shouldFailWhenTcbComponentTypeIsNotString", "refused",
	  NULL, .how = DIFFERS, SWAP("{\"svn\":5}", "{\"svn\":5,\"type\":4}")),
	R("shouldFailWhenTdxTcbInfoHasInvalidTdxModuleTcb", "refused",
	  MODULE, SWAP("\"isvsvn\":5", "\"isvsvn\":\"5\"")),
	R("shouldFailWhenTdxTcbInfoHasTooLowTdxModuleTcb", "refused",
	  MODULE, SWAP("\"isvsvn\":5", "\"isvsvn\":-1")),
	R("shouldFailWhenTdxTcbInfoHasInvalidTdxModuleTcbLevelDate", "refused",
	  NULL, .how = DIFFERS, SWAP("2025-06-02T00:00:00Z", "Monday")),
	R("shouldFailWhenTdxTcbInfoHasInvalidTdxModuleTcbLevelStatus", "refused",
	  MODULE, SWAP("02T00:00:00Z\",\"tcbStatus\":\"UpToDate\"", "02T00:00:00Z\",\"tcbStatus\":0")),
	R("shouldFailWhenTdxTcbInfoHasInvalidTdxModuleAdvisoryIDsFieldIsMissing", "refused",
	  MODULE, SWAP("\"tcb\":{\"isvsvn\":5},", "")),
	R("shouldFailWhenTdxTcbInfoHasInvalidTdxModuleAdvisoryIDsFieldIsNotArray", "refused",
	  NULL, .how = DIFFERS, SWAP("[\"INTEL-SA-2\"]", "\"\"")),
	R("shouldFailWhenTdxTcbInfoHasInvalidId", "refused", IDENTITY, SWAP("\"TDX_01\"", "1")),
	R("shouldFailWhenTdxTcbInfoHasInvalidMrsigner", "refused",
	  IDENTITY, SWAP("\"TDX_01\",\"mrsigner\":\"00", "\"TDX_01\",\"mrsigner\":\"in")),
	R("shouldFailWhenTdxTcbInfoHasInvalidAttributes", "refused",
	  IDENTITY, SWAP(ZEROS48 "\",\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\",\"tcb", ZEROS48 "\",\"attributes\":\"invalid\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\",\"tcb")),
	R("shouldFailWhenTdxTcbInfoHasInvalidAttributesMask", "refused",
	  IDENTITY, SWAP("FFFF\",\"tcbLevels\"", "FFXX\",\"tcbLevels\"")),
	R("shouldFailWhenTdxTcbInfoHasInvalidTdxModuleIdentitiesTcbLevels", "refused",
	  MODULE, SWAP("\"tcbLevels\":[{\"tcb\":{\"isv", "\"tcbLevels\":\"invalid\",\"old\":[{\"tcb\":{\"isv")),
	R("shouldFailWhenTdxTcbInfoHasEmptyTdxModuleIdentitiesTcbLevels", "refused",
	  MODULE, SWAP("\"tcbLevels\":[{\"tcb\":{\"isv", "\"tcbLevels\":[],\"old\":[{\"tcb\":{\"isv")),
	R("shouldFailWhenTdxTcbInfoTdxModuleIdentitiesTcbLevelsFieldIsNotPresent", "refused",
	  MODULE, SWAP("\"tcbLevels\":[{\"tcb\":{\"isv", "\"missing\":[{\"tcb\":{\"isv")),
	R("shouldFailWhenTdxModuleTcbLevelIsNotAnObject", "refused",
	  MODULE, SWAP(M("5", "UpToDate"), "42")),
};

/* go-tdx-guest */
#define ZEROS8 "0000000000000000"
#define ONES48 "010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101"
#define MRTD "363636363636363636363636363636363636363636363636363636363636363636363636363636363636363636363636"
static const struct row go_tdx[] = {
	R("deep check", "OK",
	  NULL, .opt = { "measurement", MRTD, "xfam", "e700000000000000", "td-attributes", "0000001000000000", "rtmr0", ZEROS48 }),
	R("min QE security-version check", "refused",
	  "minimum QE SVN", .opt = { "min-qe-svn", "7" }),
	R("min Pce security-version check", "refused",
	  "minimum PCE SVN", .opt = { "min-pce-svn", "12" }),
	R("min TEE TCB security-version check", "refused",
	  "minimum TEE TCB", .opt = { "min-tee-tcb", "06010505" }),
	R("Test incorrect MR_SEAM", "refused", "mrseam", .opt = { "mrseam", ONES48 }),
	R("Test incorrect TD_ATTRIBUTES", "refused",
	  "td-attributes", .opt = { "td-attributes", ZEROS8 }),
	R("Test incorrect XFAM", "refused", "xfam", .opt = { "xfam", ZEROS8 }),
	R("Test incorrect MR_TD", "refused", "measurement", .opt = { "measurement", ZEROS48 }),
	R("Test incorrect MR_TD of all incorrect", "refused",
	  "measurement", .opt = { "measurement", ZEROS48, "measurement", ONES48 }),
	R("Test correct MR_TD of many incorrect", "OK",
	  NULL, .opt = { "measurement", ZEROS48, "measurement", ONES48, "measurement", MRTD }),
	R("Test incorrect MR_CONFIG_ID", "refused", "mrconfigid", .opt = { "mrconfigid", ONES48 }),
	R("Test incorrect MR_OWNER", "refused", "mrowner", .opt = { "mrowner", ONES48 }),
	R("Test incorrect MR_OWNER_CONFIG", "refused",
	  "mrownerconfig", .opt = { "mrownerconfig", ONES48 }),
	R("Test incorrect RTMRS", "refused", "rtmr3", .opt = { "rtmr3", ONES48 }),
	R("Test incorrect REPORT_DATA", "refused", "report data", .bend = q_data),
	R("Test incorrect QE_VENDOR_ID", "refused", "QE vendor", .at = 12, .byte = 512),
	R("Test disallowed TD_ATTRIBUTES DEBUG bit set", "refused", "debug", .bend = q_debug),
	R("TestRawQuoteVerifyWithoutCollateral", "OK", NULL, .how = NO_INFO | NO_QE),
	R("TestRawQuoteV5VerifyWithoutCollateral", "OK", NULL, .how = NO_INFO | NO_QE | V5),
	R("TestVerifyPckChainWithoutRevocation", "OK", NULL, .how = NO_INFO | NO_QE),
	R("TestNegativeVerifyPckChainWithoutRevocation", "refused",
	  "certificate chain", .how = NO_INFO | NO_QE | FUTURE),
	R("TestNegativeValidateX509Certificate, Version Invalid", "refused",
	  "certificate chain", .chain = PCK_V1),
	R("TestNegativeValidateX509Certificate, Signature Algorithm Invalid", "refused",
	  "certificate chain", .chain = PCK_SHA1),
	R("TestNegativeValidateX509Certificate, Public Key Algorithm Invalid", "refused",
	  "certificate roles", .chain = CA_RSA),
	R("TestNegativeValidateX509Certificate, Public Key Curve Invalid", "refused",
	  "certificate roles", .chain = CA_P384),
	R("TestNegativeVerification, Version byte Changed", "refused", "layout", .byte = 3),
	R("TestNegativeVerification, Signed data size byte Changed", "refused",
	  "layout", .at = 632, .byte = 16),
	R("TestNegativeVerification, Certificate chain byte Changed", "refused",
	  "quoting enclave", .at = 1300, .byte = 256),
	R("TestNegativeVerification, Root Certificate byte Changed", "refused",
	  "certificate chain", .chain = ROOT_ALTERED),
	R("TestNegativeVerification, Intermediate Certificate byte Changed", "refused",
	  "certificate chain", .chain = CA_BY_KEY),
	R("TestNegativeVerification, PCK Certificate byte Changed", "refused",
	  "certificate chain", .chain = PCK_BY_KEY),
	R("TestNegativeVerification, Header Byte Changed", "refused",
	  "signature", .at = 30, .byte = 0x32),
	R("TestNegativeVerification, TD Quote Body Changed", "refused",
	  "signature", .at = 60, .byte = 0x32),
	R("TestNegativeObtainAndVerifyCollateral", "refused",
	  BAD_INFO, SWAP(LATER, "2025-12-31T00:00:00Z")),
	R("TestVerifyUsingTcbInfoV4, uppercase", "OK", NULL),
	R("TestVerifyUsingTcbInfoV4, lowercase", "OK", NULL, SWAP("00806F050000", "00806f050000")),
	R("TestVerifyUsingTcbInfoV5, lowercase", "OK",
	  NULL, .how = V5, SWAP("00806F050000", "00806f050000")),
	R("TestNegativeVerifyUsingTcbInfoV4, FMSPC", "refused",
	  BAD_INFO, SWAP("00806F050000", "11111f000000")),
	R("TestNegativeVerifyUsingTcbInfoV4, PCEID", "refused",
	  BAD_INFO, SWAP("\"pceId\":\"0000\"", "\"pceId\":\"1111\"")),
	R("TestNegativeVerifyUsingTcbInfoV4, Mrsigner", "refused",
	  IDENTITY, .how = V0, SWAP(ZEROS48, "0102030405060708090a")),
	R("TestNegativeVerifyUsingTcbInfoV4, Attributes", "refused",
	  IDENTITY, .how = V0, SWAP("\"attributes\":\"0000000000000000\"", "\"attributes\":\"0102030405060708090a\"")),
	/* that peer compares tdxModule always, ours where the module has no version */
	R("TestNegativeVerifyUsingTcbInfoV4, Mrsigner (module of version 1)", "refused",
	  NULL, .how = DIFFERS, SWAP(ZEROS48, "0102030405060708090a")),
	R("TestVerifyUsingQeIdentityV4", "OK", NULL),
	R("TestVerifyUsingQeIdentityV5", "OK", NULL, .how = V5),
	R("TestNegativeVerifyUsingQeIdentityV4, Miscselect", "refused",
	  BAD_QE, .how = IN_QE, SWAP("\"miscselect\":\"00000000\"", "\"miscselect\":\"01020304\"")),
	R("TestNegativeVerifyUsingQeIdentityV4, Attributes", "refused",
	  BAD_QE, .how = IN_QE, SWAP("11000000000000000000000000000000", "0102030405060708090a")),
	R("TestNegativeVerifyUsingQeIdentityV4, Mrsigner", "refused",
	  BAD_QE, .how = IN_QE, SWAP(SIGNER, "0102030405060708090a")),
	R("TestNegativeVerifyUsingQeIdentityV4, IsvProdID", "refused",
	  BAD_QE, .how = IN_QE, SWAP("\"isvprodid\":2", "\"isvprodid\":5")),
	R("TestNegativeTcbInfoTcbStatusV4, SgxTcbComponents", "refused",
	  PLATFORM, .info = INFO(L("10", "11", "0", "UpToDate"))),
	R("TestNegativeTcbInfoTcbStatusV4, TdxTcbComponents", "refused",
	  PLATFORM, .info = INFO(L("0", "11", "10", "UpToDate"))),
	R("TestNegativeTcbInfoTcbStatusV4, PCESvn", "refused",
	  PLATFORM, .info = INFO(L("0", "20", "0", "UpToDate"))),
	R("TestNegativeTcbInfoTcbStatusV4, OutOfDate", "refused",
	  PLATFORM, .info = INFO(L("0", "0", "0", "OutOfDate"))),
	R("TestNegativeCheckQeStatusV4, no level", "refused", ENCLAVE, .bend = q_svn2),
	R("TestNegativeCheckQeStatusV4, OutOfDate", "refused", ENCLAVE, .bend = q_svn5),
	R("TestValidateCRL", "OK", NULL, .how = NEED_LISTS, .lists = BOTH),
	R("TestNegativeRawQuoteVerifyWithCollateral", "refused",
	  PLATFORM, .how = NEED_LISTS, .lists = BOTH, .info = INFO(L("6", "11", "6", "UpToDate"))),
	R("TestNegativeCheckRevocation", "refused", OF_PCK, .how = NEED_LISTS | CANNOT),
	R("TestSupportedTcbLevelsFromCollateral, regression test no TCB level", "refused",
	  ENCLAVE, .how = IN_QE, SWAP("\"tcbLevels\":", "\"missing\":")),
	R("TestParsePckChain, zero behind it", "OK", NULL, .how = TAIL),
	R("TestParsePckChain, one behind it", "refused", "certificate chain", .how = TAIL, .byte = 1),
	R("TestQuoteToProto, v5 quote too small", "refused", "-", .how = V5 | STUMP | UNREAD),
	R("TestQuoteToProto, v5 quote unsupported body type", "refused",
	  "layout", .how = V5, .at = 48, .byte = 1),
	R("TestQuoteToProto, v5 quote body size too large", "refused",
	  "layout", .how = V5, .at = 51, .byte = 3),
	R("TestQuoteToProto, incorrect TDX version", "refused",
	  "layout", .how = V5, .at = 48, .byte = 2),
	R("TestInvalidConversionsToAbiBytes, CertificationDataType7", "refused",
	  "layout", .at = 764, .byte = 7),
	R("TestInvalidConversionsToAbiBytes, PCKCertificateChainDataType7", "refused",
	  "certificate chain", .at = 1252, .byte = 7),
};

static void peers_rows(void)
{
	RUN("QVL, QuoteV4ParsingUT", parsing4);
	RUN("QVL, QuoteV5ParsingUT", parsing5);
	RUN("QVL, QuoteV4VerifierUT", verifier4);
	RUN("QVL, QuoteV5VerifierUT", verifier5);
	RUN("QVL, VerifyQuoteIT", whole);
	RUN("QVL, PCK chain", pck_chain);
	RUN("QVL, signing chain", signing);
	RUN("QVL, EnclaveReportVerifierUT", enclave);
	RUN("QVL, EnclaveIdentityUT", identity);
	RUN("QVL, TCB info", tcb_infos);
	RUN("go-tdx-guest", go_tdx);
}

/* QuoteVerifierTcbStatusUT: a platform and a module of two levels, and what was measured */

struct status_row {
	const char *latest, *earliest, *module, *old_module;
	bool old_cert;
	u8 svn, svn2;			/* 5: the latest, 0 the earliest */
	u8 qe;				/* ISVSVN; 0: no QE identity */
	const char *is;
};

static void status(const struct status_row *c)
{
	char *info = xasprintf(INFO_OF("\"tdxModuleIdentities\":[{\"id\":\"TDX_05\"," SIGNED_AS ",\"tcbLevels\":[" M("0", "%s")
				       "]},{\"id\":\"TDX_00\"," SIGNED_AS ",\"tcbLevels\":[" M("0", "%s") "]}],",
				       L_OF("%s", "%s", COMPS("5"), REST("%s")) "," L("0", "5", "0", "%s")),
			       c->module, c->old_module, c->old_cert ? COMPS("6") : COMPS("5"),
			       c->old_cert ? "12" : "11", c->latest, c->earliest);
	struct buf b = { 0 };
	struct vquote q;
	char what[200];
	bool found = false;
	struct vsim s;
	size_t i;

	chain_of(&s, AS_IS);
	setup(&(struct row){ .how = NO_INFO | NO_QE }, &s);
	vsim_collateral(&v.collateral[v.n_collateral++], "tcbInfo", info, s.tcb);
	if (c->qe)
		vsim_collateral(&v.collateral[v.n_collateral++], "enclaveIdentity",
				QE_OF(Q("5", "UpToDate") "," Q("4", "ConfigurationNeeded") ","
				      Q("3", "OutOfDateConfigurationNeeded") "," Q("2", "Revoked") ","
				      Q("1", "OutOfDate")), s.tcb);
	vsim_quote_init(&q);
	q.td15 = true;
	memset(q.body, c->svn, 16);
	memset(q.body + 584, c->svn2, 16);
	q.qe[258] = c->qe;
	vsim_quote(&s, &q, &b);
	run(b.p, b.len);
	snprintf(what, sizeof(what), "QVL, TcbInfo%s%s_Module%s%s_Cert%s_QuoteSvn1%sSvn2%s_Qe%u", c->latest, c->earliest,
		 c->module, c->old_module, c->old_cert ? "Earliest" : "Latest", c->svn ? "Latest" : "Earliest",
		 c->svn2 ? "Latest" : "Earliest", c->qe);
	for (i = 0; i < v.n_levels; i++)
		found |= v.levels[i].status && !strcmp(v.levels[i].status, c->is);
	ok(found, "%s: %s", what, c->is);
	ok(all_yes() == !strcmp(c->is, "UpToDate"), "%s: %s", what, all_yes() ? "accepted" : "refused");
	X509_free(s.root_crt);
	X509_free(s.ca_crt);
	X509_free(s.pck_crt);
	X509_free(s.tcb_crt);
	buf_free(&b);
	free(info);
}

#define UTD "UpToDate"
#define OOD "OutOfDate"
#define RKD "Revoked"
#define CN "ConfigurationNeeded"
#define SHN "SWHardeningNeeded"
#define CN_SHN "ConfigurationAndSWHardeningNeeded"
#define OOD_CN "OutOfDateConfigurationNeeded"

static void statuses(void)
{
	static const struct status_row c[] = {
		{ UTD, OOD, UTD, OOD, false, 5, 5, 0, UTD },
		{ UTD, OOD, UTD, OOD, false, 5, 5, 5, UTD },
		{ UTD, RKD, UTD, OOD, false, 5, 5, 0, UTD },
		{ UTD, RKD, UTD, OOD, false, 5, 5, 5, UTD },
		{ RKD, OOD, UTD, OOD, false, 5, 5, 0, RKD },
		{ UTD, OOD, RKD, OOD, false, 5, 5, 0, RKD },
		{ RKD, OOD, UTD, OOD, false, 5, 5, 5, RKD },
		{ UTD, OOD, RKD, OOD, false, 5, 5, 5, RKD },
		{ UTD, OOD, UTD, OOD, false, 5, 5, 2, RKD },
		{ UTD, OOD, UTD, OOD, true, 0, 0, 0, OOD },
		{ UTD, OOD, UTD, OOD, true, 5, 5, 0, OOD },
		{ RKD, OOD, OOD, OOD, false, 0, 5, 0, OOD },
		{ OOD, OOD, UTD, OOD, false, 5, 5, 0, OOD },
		{ UTD, OOD, UTD, OOD, false, 5, 5, 1, OOD },
		{ UTD, OOD, OOD, OOD, false, 0, 5, 0, OOD },
		{ UTD, OOD, OOD, OOD, false, 0, 5, 5, OOD },
		{ SHN, OOD, UTD, OOD, false, 5, 5, 0, SHN },
		{ UTD, SHN, UTD, OOD, true, 5, 5, 5, SHN },
		{ CN_SHN, OOD, UTD, OOD, false, 5, 5, 0, CN_SHN },
		{ UTD, CN_SHN, UTD, OOD, true, 5, 5, 5, CN_SHN },
		{ UTD, OOD, UTD, OOD, false, 0, 5, 0, "TDRelaunchAdvised" },
		{ UTD, OOD, UTD, OOD, false, 0, 5, 5, "TDRelaunchAdvised" },
		{ UTD, OOD_CN, UTD, OOD, false, 0, 5, 0, "TDRelaunchAdvisedConfigurationNeeded" },
		{ CN, OOD, UTD, OOD, false, 0, 5, 5, "TDRelaunchAdvisedConfigurationNeeded" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++)
		status(&c[i]);
}

/* Files of lists that cannot be read: VerifyPCKCertificateIT, VerifyPCKRevocationListIT */
static void unreadable_lists(void)
{
	static const char *const bad[] = {
		"crl", "-----BEGIN X509 CRL-----\nMIIBIDCBxwIB\n-----END X509 CRL-----\n",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		begin();
		complain_into(&said);
		ok(crl_load(&v, (struct span){ (const u8 *)bad[i], strlen(bad[i]) }, "crl") == RC_USAGE,
		   "QVL, shouldReturnedCrlUnsuportedFormatWhenRootCaCrlIsWrong, %zu", i);
		complain_into(NULL);
	}
}

/* trustee */

enum { OF_TDX = 1, OTHER_CLAIMS = 2, OTHER_AK = 4, OTHER_SIGNATURE = 8, OTHER_PCR = 16, NO_QUOTE = 32,
       OTHER_TCB = 64 };

static void azure(unsigned int how, const char *user_data, const char *nonce, struct buf *keep[3])
{
	struct buf claims = { 0 }, hcl = { 0 }, quote = { 0 };
	u8 r[1184], hash[64] = { 0 };
	struct vquote q;

	vsim_claims(&sim, user_data, &claims);
	if (how & OTHER_AK)
		claims.p[12] = 0;
	EVP_Digest(claims.p, claims.len, hash, NULL, EVP_sha256(), NULL);
	if (how & OTHER_CLAIMS)
		claims.p[claims.len - 4]++;
	if (how & OF_TDX) {
		vsim_quote_init(&q);
		memcpy(q.body + 520, hash, 64);
		vsim_tdreport(&q, r);
		vsim_quote(&sim, &q, &quote);
		buf_add(verify_keep(&v), quote.p, quote.len);
		v.parts.quote = buf_span(&v.kept->b);
	} else {
		vsim_snp(r);
		memcpy(r + 0x50, hash, 64);
		if (how & OTHER_TCB)
			r[0x186] = 0;
		vsim_snp_sign(&sim, r);
	}
	vsim_hcl(&claims, r, how & OF_TDX ? 1024 : 1184, &hcl);
	if (!(how & NO_QUOTE)) {
		vsim_tpm(&sim, nonce, keep[0], keep[1], keep[2]);
		keep[1]->p[6] ^= how & OTHER_SIGNATURE ? 1 : 0;
		keep[2]->p[0] ^= how & OTHER_PCR ? 1 : 0;
		v.parts.tpm_attest = buf_span(keep[0]);
		v.parts.tpm_signature = buf_span(keep[1]);
		v.parts.pcrs = buf_span(keep[2]);
	}
	run(hcl.p, hcl.len);
	buf_free(&claims);
	buf_free(&hcl);
	buf_free(&quote);
}

#define CHALLENGE "6368616c6c656e6765"
#define PCR_OF(last) "0:77777777777777777777777777777777777777777777777777777777777777" last

static void vtpm(void)
{
	static const struct {
		const char *name, *check;	/* NULL: both accept */
		unsigned int how;
		const char *user_data, *quoted, *pcr;
	} c[] = {
		{ "az_snp_vtpm, test_evaluate", NULL, 0, "00", "challenge", NULL },
		{ "az_snp_vtpm, test_evaluate_v2", NULL, 0, CHALLENGE, "challenge", PCR_OF("77") },
		{ "az_snp_vtpm, test_verify_user_data (right)", NULL, NO_QUOTE, CHALLENGE, NULL, NULL },
		{ "az_snp_vtpm, test_verify_user_data (wrong)", "report data", NO_QUOTE, "123abc", NULL, NULL },
		{ "az_snp_vtpm, test_verify_snp_report_failure", "TCB", OTHER_TCB, "00", "challenge", NULL },
		{ "az_snp_vtpm, test_verify_report_data_failure", "claims", OTHER_CLAIMS, "00", "challenge", NULL },
		{ "az_snp_vtpm, test_verify_quote_signature_failure", "TPM quote", OTHER_SIGNATURE, "00", "challenge", NULL },
		{ "az_snp_vtpm, test_verify_akpub_failure", "attestation key of the TPM", OTHER_AK, "00", "challenge", NULL },
		{ "az_snp_vtpm, test_verify_quote_nonce_failure", "TPM quote", 0, "00", "egnellahc", NULL },
		{ "az_snp_vtpm, test_verify_pcrs_failure", "TPM quote", OTHER_PCR, "00", "challenge", NULL },
		{ "az_snp_vtpm, test_verify_init_data", NULL, 0, "00", "challenge", PCR_OF("77") },
		{ "az_snp_vtpm, test_verify_init_data_failure", "PCR 0", 0, "00", "challenge", PCR_OF("76") },
		{ "az_tdx_vtpm, test_evaluate", NULL, OF_TDX, "00", "challenge", NULL },
		{ "az_tdx_vtpm, test_verify_hcl_var_data_failure", "claims", OF_TDX | OTHER_CLAIMS, "00", "challenge", NULL },
		{ "az_tdx_vtpm, test_verify_tpm_signature_failure", "TPM quote", OF_TDX | OTHER_SIGNATURE, "00", "challenge", NULL },
		{ "az_tdx_vtpm, test_verify_tpm_nonce_failure", "TPM quote", OF_TDX, "00", "egnellahc", NULL },
		{ "az_tdx_vtpm, test_verify_pcrs_failure", "TPM quote", OF_TDX | OTHER_PCR, "00", "challenge", NULL },
	};
	struct buf *keep[3];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		begin();
		for (k = 0; k < 3; k++)
			keep[k] = verify_keep(&v);
		trust(&sim, !(c[i].how & OF_TDX));
		give(sim.vcek);
		give(sim.ask_crt);
		opt("nonce", "text:challenge");
		if (c[i].pcr)
			opt("pcr", c[i].pcr);
		azure(c[i].how, c[i].user_data, c[i].quoted, keep);
		ok(all_yes() == !c[i].check, "trustee, %s: %s", c[i].name, c[i].check ? "refused" : "accepted");
		if (c[i].check)
			want(FAILED, c[i].check, c[i].name);
	}
}

/* A bit of what is signed in a certificate is turned, as its encoding stays */
static X509 *altered(X509 *x)
{
	X509 *bad = X509_dup(x);
	unsigned char *der = NULL;
	const unsigned char *p;
	X509 *out;
	int len;

	ASN1_INTEGER_set(X509_get_serialNumber(bad), 77);
	len = i2d_re_X509_tbs(bad, &der);
	OPENSSL_free(der);
	der = NULL;
	len = i2d_X509(bad, &der);
	p = der;
	out = d2i_X509(NULL, &p, len);
	OPENSSL_free(der);
	X509_free(bad);
	return out;
}

static void snp(void)
{
	X509 *vcek = altered(sim.vcek), *vlek = altered(sim.vlek);
	const struct {
		const char *name, *check;
		X509 *leaf, *ca;
		bool vlek;
		size_t at, at_signed;	/* a byte, changed behind the signature, or before it */
		enum outcome o;
	} c[] = {
		{ "check_vcek_signature_verification", NULL, sim.vcek, sim.ask_crt, false, 0, 0, FAILED },
		{ "check_vcek_parsing_legacy", NULL, sim.vcek_wrapped, sim.ask_crt, false, 0, 0, FAILED },
		{ "check_vcek_signature_failure", "certificate chain", vcek, sim.ask_crt, false, 0, 0, FAILED },
		{ "check_vlek_signature_verification", NULL, sim.vlek, sim.asvk_crt, true, 0, 0, FAILED },
		{ "check_vlek_signature_failure", "certificate chain", vlek, sim.asvk_crt, true, 0, 0, FAILED },
		{ "check_milan_chain_signature_failure", "certificate chain", sim.vcek, sim.asvk_crt, false, 0, 0, UNABLE },
		{ "check_report_signature_failure", "signature", sim.vcek, sim.ask_crt, false, 42, 0, FAILED },
		{ "check_report_tcb_failure", "TCB", sim.vcek, sim.ask_crt, false, 0, 384, FAILED },
		{ "check_report_tcb_failure (with its signature)", "signature", sim.vcek, sim.ask_crt, false, 384, 0, UNABLE },
		/* another region's VLEK would look the same */
		{ "check_vlek_report_signature_failure", "signature", sim.vlek, sim.asvk_crt, true, 42, 0, UNABLE },
		{ "check_vlek_report_tcb_failure", "TCB", sim.vlek, sim.asvk_crt, true, 0, 384, FAILED },
	};
	u8 r[1184];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		begin();
		trust(&sim, true);
		give(c[i].leaf);
		give(c[i].ca);
		opt("nonce", "da");
		vsim_snp(r);
		if (c[i].vlek) {
			r[0x48] = 1 << 2;
			memset(r + 0x1a0, 0, 64);
		}
		if (c[i].at_signed)
			r[c[i].at_signed]++;
		vsim_snp_sign(&sim, r);
		if (c[i].at)
			r[c[i].at]++;
		run(r, sizeof(r));
		ok(all_yes() == !c[i].check, "trustee, snp, %s: %s", c[i].name, c[i].check ? "refused" : "accepted");
		if (c[i].check)
			want(c[i].o, c[i].check, c[i].name);
	}
	X509_free(vcek);
	X509_free(vlek);
}

int main(void)
{
	vsim_make(&sim);
	p384 = EVP_EC_gen("P-384");
	rsa = EVP_RSA_gen(2048);
	peers_rows();
	statuses();
	unreadable_lists();
	vtpm();
	snp();
	EVP_PKEY_free(p384);
	EVP_PKEY_free(rsa);
	verify_free(&v);
	vsim_free(&sim);
	buf_free(&said);
	return unit_failed;
}
