// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intel's collateral for one family of platforms, from its Provisioning
 * Certification Service (version 4) or from a PCCS, which has the same paths. What
 * comes is put into one JSON object with the names of sgx_ql_qve_collateral_t, is
 * kept as such, and is judged by whoever asked for it.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "net/answer.h"
#include "net/cache.h"
#include "net/endorse.h"

#define ANSWER_MAX	(512 * 1024)
#define BUNDLE_MAX	(1024 * 1024)
#define KIND		"pcs"
#define KEEP_MAX	(7 * 86400)	/* seconds; Intel gives out new collateral when TCBs change */
#define V4		"/sgx/certification/v4"
#define ROOT_CRL	"https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"

struct session {
	char *base;
	const char *ca;
	unsigned int timeout;
	char *quiet;
	bool own;		/* Intel's own service */
};

static void session_free(struct session *s)
{
	free_str(&s->base);
	free_str(&s->quiet);
}

/* The URL of a PCCS is often written with the path that this tool adds. */
static void open_session(struct session *s, const char *url)
{
	size_t len = strlen(url), n = strlen(V4);
	char *key CLEANUP(free_str) = NULL;

	while (len && url[len - 1] == '/')
		len--;
	if (len > n && !strncmp(url + len - n, V4, n))
		len -= n;
	s->base = xasprintf("%.*s", (int)len, url);
	s->own = !strcmp(s->base, PCS_URL);
	key = xasprintf("%s#quiet", s->base);
	s->quiet = cache_path(KIND, key);
}

static int get(const struct session *s, const char *path, struct http_answer *a)
{
	char *url CLEANUP(free_str) = *path == '/' ? xasprintf("%s%s", s->base, path) : xstrdup(path);
	static const char *const headers[] = { "Accept: */*" };
	struct http_request r = {
		.method = "GET", .url = url, .headers = headers, .n_headers = 1, .ca = s->ca,
		.timeout = s->timeout, .max = ANSWER_MAX,
	};
	int rc = http_exchange(&r, a);

	if (rc)
		return rc;
	if (a->status == 429)
		cache_keep_quiet(KIND, s->quiet, a->retry_after);
	rc = answer_check(a);
	return rc ? fail(rc, "--pcs: the request to %s failed", url) : RC_OK;
}

/* The answer as it is, and the chain of its signer in a header */
static int get_signed(const struct session *s, const char *path, const char *key,
		      struct json_object *to)
{
	struct http_answer a CLEANUP(http_answer_free) = { 0 };
	char *chain CLEANUP(free_str) = xasprintf("%s_issuer_chain", key);
	int rc = get(s, path, &a);

	if (rc)
		return rc;
	if (!a.issuer_chain || memchr(a.body.p ? a.body.p : (u8 *)"", 0, a.body.len))
		return fail(RC_REFUSED, "--pcs: %s answered without the certificate chain of the signer, or with something that is not text", s->base);
	json_object_object_add(to, key, json_object_new_string_len((char *)a.body.p, (int)a.body.len));
	json_add_text(to, chain, a.issuer_chain);
	return RC_OK;
}

/* In DER, or in hex as a PCCS gives it */
static int get_crl(const struct session *s, const char *path, const char *key, struct json_object *to)
{
	struct http_answer a CLEANUP(http_answer_free) = { 0 };
	int rc = get(s, path, &a);

	if (rc)
		return rc;
	if (!a.body.len)
		return fail(RC_EVIDENCE, "--pcs: %s%s gave no list of revoked certificates, but an empty answer",
			    *path == '/' ? s->base : "", path);
	if (a.body.p[0] == 0x30 && a.body.len > 2 && a.body.p[1] >= 0x80)
		json_add_hex(to, key, buf_span(&a.body));
	else
		json_object_object_add(to, key, json_object_new_string_len((char *)a.body.p, (int)a.body.len));
	if (a.issuer_chain)
		json_add_text(to, "pck_crl_issuer_chain", a.issuer_chain);
	return RC_OK;
}

/* "nextUpdate" of a signed text, which is not checked here: it only ends the cache */
static bool is_current(struct json_object *o, const char *key)
{
	const char *text = json_get_text(o, key), *at = text ? strstr(text, "\"nextUpdate\"") : NULL;
	char until[21] = "";
	time_t t;

	at = at ? strchr(at + 12, '"') : NULL;
	if (at)
		snprintf(until, sizeof(until), "%s", at + 1);
	return parse_time(until, false, &t) && t > time(NULL);
}

static bool is_fresh(struct span s)
{
	struct json_object *o = json_parse(s), *t;
	s64 fetched = 0, now = (s64)time(NULL);
	bool fresh;

	if (json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, "fetched", &t))
		fetched = json_object_get_int64(t);
	fresh = fetched <= now && now - fetched < KEEP_MAX && is_current(o, "tcb_info") &&
		is_current(o, "qe_identity");
	json_object_put(o);
	return fresh;
}

static int fetch(const struct session *s, const u8 fmspc[6], const char *pck_ca, struct json_object *o)
{
	char *hex CLEANUP(free_str) = hex_encode(fmspc, 6);
	char *tcb CLEANUP(free_str) = xasprintf("/tdx/certification/v4/tcb?fmspc=%s", hex);
	char *crl CLEANUP(free_str) = xasprintf(V4 "/pckcrl?ca=%s&encoding=der", pck_ca);
	int rc = get_signed(s, tcb, "tcb_info", o);

	if (!rc)
		rc = get_signed(s, "/tdx/certification/v4/qe/identity", "qe_identity", o);
	if (!rc)
		rc = get_crl(s, crl, "pck_crl", o);
	if (!rc)
		rc = get_crl(s, s->own ? ROOT_CRL : V4 "/rootcacrl", "root_ca_crl", o);
	if (!rc)
		json_add_uint(o, "fetched", (u64)time(NULL));
	return rc;
}

int pcs_collateral(const char *base, const char *ca, unsigned int timeout, const u8 fmspc[6],
		   const char *pck_ca, struct buf *out)
{
	struct session s CLEANUP(session_free) = { .ca = ca, .timeout = timeout };
	char *hex CLEANUP(free_str) = hex_encode(fmspc, 6);
	struct json_object *o CLEANUP(json_put) = NULL;
	char *key CLEANUP(free_str) = NULL, *path CLEANUP(free_str) = NULL;
	time_t until;
	int rc;

	open_session(&s, base);
	key = xasprintf("%s %s %s", s.base, hex, pck_ca);
	path = cache_path(KIND, key);
	if (cache_read(path, BUNDLE_MAX, out) && is_fresh(buf_span(out)))
		return RC_OK;
	buf_free(out);
	until = cache_quiet_until(s.quiet);
	if (until)
		return fail(RC_BUSY, "--pcs: %s is throttling for another %lld s; give collateral with --collateral FILE",
			    s.base, (long long)(until - time(NULL)));
	o = json_object_new_object();
	rc = fetch(&s, fmspc, pck_ca, o);
	if (rc)
		return rc;
	buf_add_str(out, json_text(o));
	cache_keep(KIND, path, out->p, out->len);
	return RC_OK;
}
