// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "base/json.h"
#include "net/answer.h"
#include "net/http.h"
#include "net/http_url.h"
#include "net/jwks.h"

#define ANSWER_MAX	(256 * 1024)
#define DISCOVERY	"/.well-known/openid-configuration"

static int get(const char *url, const char *ca, unsigned int timeout, struct buf *out)
{
	static const char *const headers[] = { "Accept: application/json" };
	struct http_answer a CLEANUP(http_answer_free) = { 0 };
	struct http_request r = {
		.method = "GET", .url = url, .headers = headers, .n_headers = 1, .ca = ca,
		.timeout = timeout, .max = ANSWER_MAX,
	};
	int rc = url_check("--fetch-jwks", url);

	if (rc)
		return rc;
	/* these keys decide what is believed: who sends them must be known */
	if (strncmp(url, "https://", 8) && !url_is_loopback(url))
		return fail(RC_USAGE, "--fetch-jwks: keys are fetched only over https:// or from this machine");
	rc = http_exchange(&r, &a);
	if (!rc)
		rc = answer_check(&a);
	if (!rc)
		buf_add(out, a.body.p, a.body.len);
	return rc;
}

int jwks_fetch(const char *url, const char *ca, unsigned int timeout, struct buf *out)
{
	return get(url, ca, timeout, out);
}

int jwks_discover(const char *issuer, const char *ca, unsigned int timeout, struct buf *out)
{
	size_t len = strlen(issuer);
	char *url CLEANUP(free_str) = xasprintf("%.*s" DISCOVERY, (int)(len && issuer[len - 1] == '/' ? len - 1 : len), issuer);
	struct json_object *o CLEANUP(json_put) = NULL;
	struct buf metadata CLEANUP_BUF;
	char *why CLEANUP(free_str) = NULL;
	const char *iss, *uri;
	int rc;

	if (strncmp(issuer, "https://", 8) && strncmp(issuer, "http://", 7))
		return fail(RC_USAGE, "--fetch-jwks: the issuer %s is not a URL, so its keys cannot be found: give their URL (--fetch-jwks=URL)",
			    issuer);
	rc = get(url, ca, timeout, &metadata);
	if (rc)
		return rc;
	o = json_parse(buf_span(&metadata));
	why = o ? json_bad_names(buf_span(&metadata), o) : xstrdup("not JSON");
	if (why)
		return fail(RC_REFUSED, "--fetch-jwks: the metadata of %s are of no use: %s", issuer, why);
	iss = json_get_text(o, "issuer");
	uri = json_get_text(o, "jwks_uri");
	if (!iss || strcmp(iss, issuer))
		return fail(RC_REFUSED, "--fetch-jwks: the metadata of %s are those of another issuer", issuer);
	if (!uri)
		return fail(RC_REFUSED, "--fetch-jwks: the metadata of %s name no keys (jwks_uri)", issuer);
	return get(uri, ca, timeout, out);
}
