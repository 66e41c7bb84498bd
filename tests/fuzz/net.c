// SPDX-License-Identifier: GPL-2.0-only
/* What comes back from elsewhere: AMD's KDS, Azure's IMDS, errors of services */
#include "base/json.h"
#include "evidence/snp.h"
#include "evidence/tdx.h"
#include "fuzz.h"
#include "net/answer.h"
#include "net/endorse.h"
#include "services/service.h"

static struct http_answer answer_of(struct span s)
{
	static const short statuses[] = { 200, 201, 204, 400, 401, 404, 429, 500, 503, 0 };
	struct http_answer a = { .status = 200, .retry_after = -1 };

	if (!s.len)
		return a;
	a.status = statuses[s.p[0] % ARRAY_SIZE(statuses)];
	a.retry_after = s.p[0] & 0x80 ? 7 : -1;
	buf_add(&a.body, s.p + 1, s.len - 1);
	return a;
}

FUZZ(answer)
{
	struct http_answer a CLEANUP(http_answer_free) = answer_of(s);
	struct json_object *o CLEANUP(json_put) = NULL;
	struct buf token CLEANUP_BUF;
	char *text = http_error_text(&a);

	/* one line for a terminal */
	fuzz_is_text(text, strlen(text));
	must(!strchr(text, '\n'));
	free(text);
	if (!answer_json(&a, &o))
		must(a.status >= 200 && a.status < 300 && json_object_is_type(o, json_type_object));
	if (!answer_text(&a, "token", &token))
		must(token.len > 1);
}

/* One part for each answer, behind the report they are for */
FUZZ(endorse)
{
	struct span rest = s;
	struct part report CLEANUP_PART = fuzz_part(&rest);
	struct cert_pool amd CLEANUP(cert_pool_free) = { 0 }, host CLEANUP(cert_pool_free) = { 0 };
	struct buf quote CLEANUP_BUF;
	struct span again = rest;

	/* no cache, in the home directory of whoever runs this */
	unsetenv("HOME");
	unsetenv("XDG_CACHE_HOME");
	fuzz_answers(&again);
	if (report.s.len == TDREPORT_LEN)
		imds_quote(FUZZ_ENDPOINT, 1, report.s.p, &quote);
	if (report.s.len == SNP_REPORT_LEN) {
		kds_certs(FUZZ_ENDPOINT, NULL, 1, report.s.p, &amd);
		again = rest;
		imds_certs(FUZZ_ENDPOINT, 1, report.s.p, &host);
	}
	fuzz_answers(NULL);
}

/* A resource of KBS, encrypted to the key that seeds were made for */
FUZZ(jwe)
{
	struct tee_key key CLEANUP(tee_key_free) = { .pkey = fuzz_key(), .can_decrypt = true };
	struct buf out CLEANUP_BUF;
	int rc = jwe_decrypt(s, &key, &out);

	must(rc == RC_OK || rc == RC_REFUSED);
	must(!rc || !out.len);
}
