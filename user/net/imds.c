// SPDX-License-Identifier: GPL-2.0-only
/* Azure's instance metadata: THIM's certificates, and quotes of TDREPORTs */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "evidence/snp.h"
#include "evidence/tdx.h"
#include "net/answer.h"
#include "net/endorse.h"
#include "net/http.h"

#define ANSWER_MAX	(256 * 1024)

static const short retry[] = { 429, 500, 502, 503, 504, 0 };

/* Link-local: no proxy may see it, and no other host may answer. */
static int ask(const char *base, const char *path, unsigned int timeout, const char *method,
	       struct span body, struct json_object **o)
{
	static const char *const headers[] = { "Metadata: true", "Accept: application/json",
					       "Content-Type: application/json" };
	struct http_answer a CLEANUP(http_answer_free) = { 0 };
	char *url CLEANUP(free_str) = xasprintf("%s%s", base, path);
	struct http_request r = {
		.method = method, .url = url, .headers = headers, .n_headers = body.len ? 3 : 2,
		.body = body, .timeout = timeout, .no_proxy = true, .max = ANSWER_MAX,
		.retry = retry,
	};
	int rc = http_exchange(&r, &a);

	*o = NULL;
	if (rc)
		return fail(rc, "--imds: is this a VM on Azure?");
	rc = answer_json(&a, o);
	return rc ? fail(rc, "--imds: the request to %s failed", url) : RC_OK;
}

/* "tcbm": the TCB the certificate is for, as one big-endian number */
static int check_tcb(struct json_object *o, const u8 *report)
{
	const char *tcbm = json_get_text(o, "tcbm");
	const u8 *tcb = report + SNP_REPORTED_TCB_OFF;
	u8 reversed[8];
	char *hex;
	int i, rc = RC_OK;

	if (!tcbm)
		return RC_OK;
	for (i = 0; i < 8; i++)
		reversed[i] = tcb[7 - i];
	hex = hex_encode(reversed, 8);
	if (strcasecmp(hex, tcbm))
		rc = fail(RC_EVIDENCE, "--imds: the host's certificate is for TCB %s, the report has %s; take evidence again, or use --kds",
			  tcbm, hex);
	free_str(&hex);
	return rc;
}

int imds_certs(const char *base, unsigned int timeout, const u8 *report, struct cert_pool *pool)
{
	static const char *const members[] = { "vcekCert", "certificateChain" };
	struct json_object *o CLEANUP(json_put) = NULL;
	size_t i;
	int rc = ask(base, "/metadata/THIM/amd/certification", timeout, "GET",
		     (struct span){ 0 }, &o);

	if (!rc)
		rc = check_tcb(o, report);
	for (i = 0; !rc && i < ARRAY_SIZE(members); i++) {
		const char *pem = json_get_text(o, members[i]);

		if (!pem)
			return fail(RC_REFUSED, "--imds: the answer has no %s", members[i]);
		rc = cert_pool_add(pool, (struct span){ (const u8 *)pem, strlen(pem) }, "--imds");
	}
	return rc;
}

int imds_quote(const char *base, unsigned int timeout, const u8 *tdreport, struct buf *quote)
{
	struct json_object *o CLEANUP(json_put) = NULL;
	char *b64 CLEANUP(free_str) = base64_encode(tdreport, TDREPORT_LEN, BASE64_URL);
	char *body CLEANUP(free_str) = xasprintf("{\"report\":\"%s\"}", b64);
	int rc = ask(base, "/acc/tdquote", timeout, "POST",
		     (struct span){ (u8 *)body, strlen(body) }, &o);

	return rc ? rc : json_get_bytes(o, "quote", "the answer of --imds", quote);
}
