// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD's key distribution service. Its answers are cached, because it throttles
 * hard (429) and the certificate of one chip and TCB never changes. The time
 * until which it must not be asked is cached, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "evidence/snp.h"
#include "net/answer.h"
#include "net/cache.h"
#include "net/endorse.h"
#include "net/http.h"

#define ANSWER_MAX	(64 * 1024)
#define KIND		"kds"

static int fetch(const char *base, const char *ca, unsigned int timeout, const char *path,
		 bool *missing, struct buf *out)
{
	char *url CLEANUP(free_str) = xasprintf("%s%s", base, path);
	char *cached CLEANUP(free_str) = cache_path(KIND, url);
	char *quiet_url CLEANUP(free_str) = xasprintf("%s#quiet", base);
	char *quiet CLEANUP(free_str) = cache_path(KIND, quiet_url);
	static const char *const headers[] = { "Accept: */*" };
	struct http_answer a CLEANUP(http_answer_free) = { 0 };
	struct http_request r = {
		.method = "GET", .url = url, .headers = headers, .n_headers = 1, .ca = ca,
		.timeout = timeout, .max = ANSWER_MAX,
	};
	time_t until;
	int rc;

	*missing = false;
	if (cache_read(cached, ANSWER_MAX, out))
		return RC_OK;
	until = cache_quiet_until(quiet);
	if (until)
		return fail(RC_BUSY, "--kds: %s is throttling for another %lld s; give certificates with --certs FILE",
			    base, (long long)(until - time(NULL)));
	rc = http_exchange(&r, &a);
	if (rc)
		return rc;
	if (a.status == 429)
		cache_keep_quiet(KIND, quiet, a.retry_after);
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
	char *cached CLEANUP(free_str) = cache_path(KIND, url);
	int rc = cert_pool_add(pool, buf_span(b), url);

	if (!rc && cached && access(cached, F_OK))
		cache_keep(KIND, cached, b->p, b->len);
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

	if (!vcek && is_zero(report + SNP_CHIP_ID_OFF, 64) && !(le32(report + 0x48) >> 2 & 7))
		return fail(RC_EVIDENCE, "--kds: CHIP_ID of this report is masked: AMD has no certificate to look up; if you know the chip, give its VCEK with --certs FILE (verify: --vcek-for-masked-chip FILE)");
	if (!vcek)
		return fail(RC_EVIDENCE, "--kds: this report is signed by a VLEK, or of an unknown product: AMD has no certificate to look up; give it with --certs FILE");
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
