// SPDX-License-Identifier: GPL-2.0-only
/* What verify reads besides evidence, and the whole of its judgement */
#include <time.h>
#include <unistd.h>

#include "evidence/pck.h"
#include "fuzz.h"
#include "../unit/gen.h"
#include "verify/roots.h"
#include "verify/verify.h"

#define AT	1750000000	/* so that a run does not depend on its day */

/* Each check has a name and a reason; the results can be printed. */
static void result(struct verify *v, bool json)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		must(v->checks[i].name && v->checks[i].reason);
	/* nothing asked for a binding, so nothing can be all right */
	must(verify_result(v, json) == RC_EVIDENCE);
}

static void copy_pool(struct cert_pool *to, const struct cert_pool *from)
{
	size_t i;

	to->certs = xalloc(from->n * sizeof(*to->certs));
	for (i = 0; i < from->n; i++) {
		must(X509_up_ref(from->certs[i].x));
		to->certs[to->n++].x = from->certs[i].x;
	}
}

/* The roots are the same in all runs, and take longer than the rest of one. */
static void init(struct verify *v)
{
	static struct verify fresh;

	if (!fresh.roots.n) {
		must(!verify_init(&fresh));
		roots_all(&fresh);
	}
	copy_pool(&v->roots, &fresh.roots);
	copy_pool(&v->own, &fresh.own);
	v->built_in = fresh.built_in;
	v->at = AT;
}

FUZZ(verify)
{
	struct verify v CLEANUP(verify_free) = { 0 };
	struct span rest = s;
	struct part evidence CLEANUP_PART = fuzz_part(&rest);
	struct part certs CLEANUP_PART = fuzz_part(&rest);
	struct part log CLEANUP_PART = fuzz_part(&rest);
	struct part quote CLEANUP_PART = fuzz_part(&rest);
	struct part attest CLEANUP_PART = fuzz_part(&rest);
	struct part signature CLEANUP_PART = fuzz_part(&rest);
	struct part pcrs CLEANUP_PART = fuzz_part(&rest);
	struct part ak CLEANUP_PART = fuzz_part(&rest);
	int rc;

	init(&v);
	v.policy.any_code = true;
	if (certs.s.len)
		cert_pool_add(&v.certs, certs.s, "fuzz");
	v.parts.event_log = log.s;
	v.parts.quote = quote.s;
	v.parts.tpm_attest = attest.s;
	v.parts.tpm_signature = signature.s;
	v.parts.pcrs = pcrs.s;
	v.parts.ak_pub = ak.s;
	rc = verify_open(&v, evidence.s, "fuzz");
	must_judge(rc);
	if (rc)
		return;
	verify_check(&v);
	result(&v, true);
	result(&v, false);
}

/* Registers are 4 times 48 bytes, then the log. */
FUZZ(event_log)
{
	struct verify v CLEANUP(verify_free) = { 0 };
	u8 rtmr[4 * 48] = { 0 };
	size_t n = s.len < sizeof(rtmr) ? s.len : sizeof(rtmr);
	struct span log = { s.p + n, s.len - n };

	memcpy(rtmr, s.p, n);
	verify_event_log(&v, log, rtmr);
}

/* A certificate by which Intel could sign, had it a root of Intel's above it */
static X509 *signer(void)
{
	X509 *x = X509_new();
	EVP_PKEY *key = fuzz_key();
	X509_NAME *name = X509_get_subject_name(x);

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const u8 *)"Intel SGX TCB Signing", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 1 << 30);
	must(X509_sign(x, key, EVP_sha256()) > 0);
	EVP_PKEY_free(key);
	return x;
}

/* Files of Intel's PCS for a quote, as if their signatures held */
FUZZ(collateral)
{
	struct verify v CLEANUP(verify_free) = { .at = AT };
	struct span rest = s;
	struct part pck CLEANUP_PART = fuzz_part(&rest);
	struct part quote CLEANUP_PART = fuzz_part(&rest);
	static u8 *der;
	static int len;
	const u8 *p = pck.s.p;
	struct tdx_quote q;
	struct pck read;
	X509 *x;
	u32 i;

	if (!der) {
		x = signer();
		len = i2d_X509(x, &der);
		X509_free(x);
	}
	must(!cert_pool_add(&v.certs, (struct span){ der, (size_t)len }, "signer"));
	x = pck.s.len ? d2i_X509(NULL, &p, (long)pck.s.len) : NULL;
	if (!x)
		return;
	v.collateral = xalloc(4 * sizeof(*v.collateral));
	for (i = 0; i < 4 && rest.len; i++) {
		struct part file CLEANUP_PART = fuzz_part(&rest);

		buf_add(&v.collateral[v.n_collateral++], file.s.p, file.s.len);
	}
	if (!tdx_quote_parse(quote.s, &q) && q.parsed && pck_read(x, &read)) {
		fuzz_trust(true);
		verify_collateral(&v, &q, &read);
		fuzz_trust(false);
		for (i = 0; i < v.n; i++)
			must(v.checks[i].name && v.checks[i].reason);
	}
	X509_free(x);
}

FUZZ(crl)
{
	struct verify v CLEANUP(verify_free) = { .at = AT };
	static X509 *x;

	if (!x)
		x = signer();
	if (!crl_load(&v, s, "fuzz"))
		crl_check(&v, x, x);
}

FUZZ(policy)
{
	struct policy p = { 0 };
	int fd;
	char *path = fuzz_file(s, &fd);
	int rc = policy_file(&p, path);

	/* a value may name a file, which may not be there */
	must(rc == RC_OK || rc == RC_USAGE || rc == RC_FAILED);
	policy_free(&p);
	close(fd);
	free(path);
}

/* The processor's time that @s, @n units, takes in its role, in milliseconds */
static double work(u8 role, struct span s, size_t n)
{
	struct verify v CLEANUP(verify_free) = { 0 };
	struct buf token CLEANUP_BUF;
	static const u8 rtmr[4 * 48];
	struct timespec a, b;

	init(&v);
	v.policy.any_code = true;
	if (role == 'k') {
		cca_token_of(&token, rtmr, s, n);
		s = buf_span(&token);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	if (role == 'l')
		verify_event_log(&v, s, rtmr);
	else if (role == 'r')
		crl_load(&v, s, "fuzz");
	else if (role == 'c')
		certs_add(&v.certs, s, VERIFY_CERTS_MAX, "fuzz");
	else if (!verify_open(&v, s, "fuzz"))
		verify_check(&v);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	return (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
}

/* How often @unit is in it */
static size_t repeat(struct buf *b, struct span head, struct span unit, size_t size)
{
	size_t n;

	buf_add(b, head.p, head.len);
	for (n = 0; b->len < size; n++)
		buf_add(b, unit.p, unit.len);
	return n;
}

/*
 * Twice the input, twice the work and not four times: the parts are the role (l: event
 * log, r: revocation lists, c: certificates, k: components of an Arm CCA platform, else
 * evidence), what comes first, and what
 * is repeated behind it. Of each the quickest of five tries counts, as the machine does
 * other things too; three times is allowed, as the larger one fits a cache less well.
 */
FUZZ(work)
{
	struct span rest = s;
	struct part role CLEANUP_PART = fuzz_part(&rest);
	struct part head CLEANUP_PART = fuzz_part(&rest);
	struct part unit CLEANUP_PART = fuzz_part(&rest);
	struct buf once CLEANUP_BUF, twice CLEANUP_BUF;
	double a, b, least_once = 1e9, least_twice = 1e9;
	u8 r = role.s.len ? role.s.p[0] : 0;
	size_t n, n_twice;
	int i;

	if (!unit.s.len)
		return;
	n = repeat(&once, head.s, unit.s, 64 * 1024);
	n_twice = repeat(&twice, head.s, unit.s, 128 * 1024);
	for (i = 0; i < 5; i++) {
		b = work(r, buf_span(&twice), n_twice);
		a = work(r, buf_span(&once), n);
		least_twice = b < least_twice ? b : least_twice;
		least_once = a < least_once ? a : least_once;
		/* what a run costs at least is allowed for */
		if (least_twice <= 3 * least_once + 50)
			return;
	}
	must(!"twice the input takes more than three times the work");
}
