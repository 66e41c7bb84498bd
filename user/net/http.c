// SPDX-License-Identifier: GPL-2.0-only
/*
 * libcurl is not linked but loaded when the first request goes out: show, get
 * and verify work in an initramfs or a minimal container that has no libcurl and
 * none of the fifteen libraries behind it, start without them, and never have
 * network code in their process.
 */
#define CURL_DISABLE_TYPECHECK
/* CURLOPT_PROTOCOLS: its successor is not in libcurl before 7.85 */
#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "net/http.h"
#include "net/http_url.h"

#define LIBCURL		"libcurl.so.4"
#define LIBCURL_GNUTLS	"libcurl-gnutls.so.4"	/* the same interface, on Debian */
#define ATTEMPTS	4
#define WAIT_MAX	60	/* seconds; a service that demands more is not asked again */

static struct {
	__typeof__(&curl_global_init) global_init;
	__typeof__(&curl_easy_init) easy_init;
	__typeof__(&curl_easy_setopt) easy_setopt;
	__typeof__(&curl_easy_perform) easy_perform;
	__typeof__(&curl_easy_getinfo) easy_getinfo;
	__typeof__(&curl_easy_cleanup) easy_cleanup;
	__typeof__(&curl_easy_strerror) easy_strerror;
	__typeof__(&curl_slist_append) slist_append;
	__typeof__(&curl_slist_free_all) slist_free_all;
} curl;

static const struct {
	const char *name;
	void *where;
} symbols[] = {
	{ "curl_global_init", &curl.global_init },
	{ "curl_easy_init", &curl.easy_init },
	{ "curl_easy_setopt", &curl.easy_setopt },
	{ "curl_easy_perform", &curl.easy_perform },
	{ "curl_easy_getinfo", &curl.easy_getinfo },
	{ "curl_easy_cleanup", &curl.easy_cleanup },
	{ "curl_easy_strerror", &curl.easy_strerror },
	{ "curl_slist_append", &curl.slist_append },
	{ "curl_slist_free_all", &curl.slist_free_all },
};

static int load(void)
{
	static bool loaded;
	void *lib;
	size_t i;

	if (loaded)
		return RC_OK;
	lib = dlopen(LIBCURL, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		lib = dlopen(LIBCURL_GNUTLS, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return fail(RC_FAILED, "neither " LIBCURL " nor " LIBCURL_GNUTLS " can be loaded (%s); requests over the network need one of them (Debian: apt-get install libcurl4)",
			    dlerror());
	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *f = dlsym(lib, symbols[i].name);

		if (!f)
			return fail(RC_FAILED, LIBCURL " lacks %s: it is too old", symbols[i].name);
		memcpy(symbols[i].where, &f, sizeof(f));
	}
	if (curl.global_init(CURL_GLOBAL_DEFAULT))
		return fail(RC_FAILED, LIBCURL " cannot start");
	loaded = true;
	return RC_OK;
}

struct transfer {
	const struct http_request *r;
	struct http_answer *a;
	bool too_long;
	char reason[CURL_ERROR_SIZE];
};

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	if (t->a->body.len + size * n > t->r->max) {
		t->too_long = true;
		return 0;
	}
	buf_add(&t->a->body, p, size * n);
	return size * n;
}

static char *header_value(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (len < n || strncasecmp(line, name, n))
		return NULL;
	line += n;
	len -= n;
	while (len && (*line == ' ' || *line == '\t'))
		line++, len--;
	while (len && strchr("\r\n \t", line[len - 1]))
		len--;
	return xasprintf("%.*s", (int)len, line);
}

static void set(char **to, char *value)
{
	if (!value)
		return;
	free(*to);
	*to = value;
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	/* Intel's services sign with a chain that a header of the answer has */
	static const char *const chains[] = {
		"TCB-Info-Issuer-Chain:", "SGX-TCB-Info-Issuer-Chain:",
		"SGX-Enclave-Identity-Issuer-Chain:", "SGX-PCK-CRL-Issuer-Chain:",
	};
	struct transfer *t = arg;
	char *cookie;
	size_t i;

	n *= size;
	set(&t->a->location, header_value(line, n, "Location:"));
	set(&t->a->type, header_value(line, n, "Content-Type:"));
	for (i = 0; i < ARRAY_SIZE(chains); i++)
		set(&t->a->issuer_chain, header_value(line, n, chains[i]));
	cookie = header_value(line, n, "Set-Cookie:");
	if (cookie && !t->a->cookie) {
		cookie[strcspn(cookie, ";")] = '\0';
		t->a->cookie = cookie;
	} else {
		free(cookie);
	}
	return n;
}

void http_answer_free(struct http_answer *a)
{
	buf_free(&a->body);
	free(a->type);
	free(a->location);
	free(a->issuer_chain);
	free(a->cookie);
	*a = (struct http_answer){ .retry_after = -1 };
}

/* libcurl must accept every option: an ignored one could be the verification. */
static bool set_options(CURL *h, struct transfer *t, struct curl_slist *headers)
{
	const struct http_request *r = t->r;
	bool post = !strcmp(r->method, "POST"), ok = true;
	CURLcode code;

#define OPT(option, value) (ok &= curl.easy_setopt(h, option, value) == CURLE_OK)
	OPT(CURLOPT_URL, r->url);
	/* follow no redirect: it would take the secret and the evidence along */
	OPT(CURLOPT_FOLLOWLOCATION, 0L);
	OPT(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
	OPT(CURLOPT_SSL_VERIFYPEER, 1L);
	OPT(CURLOPT_SSL_VERIFYHOST, 2L);
	OPT(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (r->ca) {
		/* only the file's roots: by default the system's directory counts, too */
		OPT(CURLOPT_CAINFO, r->ca);
		code = curl.easy_setopt(h, CURLOPT_CAPATH, NULL);
		ok &= code == CURLE_OK || code == CURLE_NOT_BUILT_IN;
	}
	if (r->no_proxy || url_is_loopback(r->url))
		OPT(CURLOPT_PROXY, "");
	/* what a proxy says of its tunnel is not what the service says */
	OPT(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	OPT(CURLOPT_ERRORBUFFER, t->reason);
	OPT(CURLOPT_NOSIGNAL, 1L);
	OPT(CURLOPT_CONNECTTIMEOUT, (long)(r->timeout < 10 ? r->timeout : 10));
	OPT(CURLOPT_TIMEOUT, (long)r->timeout);
	OPT(CURLOPT_USERAGENT, "cvm-evidence/" TOOL_VERSION);
	OPT(CURLOPT_HTTPHEADER, headers);
	OPT(CURLOPT_WRITEFUNCTION, on_body);
	OPT(CURLOPT_WRITEDATA, t);
	OPT(CURLOPT_HEADERFUNCTION, on_header);
	OPT(CURLOPT_HEADERDATA, t);
	if (post) {
		OPT(CURLOPT_POST, 1L);
		OPT(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
		OPT(CURLOPT_POSTFIELDS, r->body.len ? (const char *)r->body.p : "");
	} else if (strcmp(r->method, "GET")) {
		OPT(CURLOPT_CUSTOMREQUEST, r->method);
	}
#undef OPT
	return ok;
}

/* The proxy that the environment names for this URL; NULL: none */
static const char *proxy_of(const char *url)
{
	static const char *const of_https[] = { "https_proxy", "HTTPS_PROXY" };
	static const char *const of_all[] = { "all_proxy", "ALL_PROXY" };
	const char *p = NULL;
	size_t i;

	/* ignore HTTP_PROXY in capitals: the caller of a CGI program can set it */
	if (!strncmp(url, "http://", 7))
		p = getenv("http_proxy");
	for (i = 0; strncmp(url, "http://", 7) && !p && i < ARRAY_SIZE(of_https); i++)
		p = getenv(of_https[i]);
	for (i = 0; !p && i < ARRAY_SIZE(of_all); i++)
		p = getenv(of_all[i]);
	return p && *p ? p : NULL;
}

/* Names the proxy where it had a part in the failure, without its password */
static char *proxy_text(CURL *h, CURLcode code, const struct transfer *t)
{
	const char *proxy = t->r->no_proxy || url_is_loopback(t->r->url) ? NULL : proxy_of(t->r->url);
	char *url CLEANUP(free_str) = NULL, *host CLEANUP(free_str) = NULL, *name;
	long connect = 0;
	bool part;

	if (!proxy)
		return xstrdup("");
	url = xasprintf("%s%s", strstr(proxy, "://") ? "" : "http://", proxy);
	host = url_host(url);
	name = xasprintf("%.*s", (int)strcspn(host, ":"), host);
	curl.easy_getinfo(h, CURLINFO_HTTP_CONNECTCODE, &connect);
	part = code == CURLE_COULDNT_RESOLVE_PROXY || connect || strstr(t->reason, name);
	free_str(&name);
	return part ? xasprintf(" (by the proxy %s, which the environment names)", host) : xstrdup("");
}

static int explain(CURL *h, CURLcode code, const struct transfer *t)
{
	char *host CLEANUP(free_str) = url_host(t->r->url);
	char *proxy CLEANUP(free_str) = proxy_text(h, code, t);
	const char *why = *t->reason ? t->reason : curl.easy_strerror(code);

	if (t->too_long)
		return fail(RC_REFUSED, "%s: the answer is longer than %zu bytes", host, t->r->max);
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return fail(RC_BUSY, "%s: no answer within %u s (--http-timeout)%s: %s", host,
			    t->r->timeout, proxy, why);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return fail(RC_FAILED, "%s: its certificate is not valid, nothing was sent%s: %s (--ca FILE names other roots)",
			    host, proxy, why);
	default:
		return fail(RC_FAILED, "%s: the exchange failed%s: %s", host, proxy, why);
	}
}

static int once(const struct http_request *r, struct http_answer *a)
{
	struct transfer t = { r, a, false, "" };
	struct curl_slist *headers = NULL;
	curl_off_t after = 0;
	CURLcode code;
	CURL *h;
	size_t i;
	int rc = RC_OK;

	http_answer_free(a);
	h = curl.easy_init();
	if (!h)
		return fail(RC_FAILED, LIBCURL " cannot make a handle");
	for (i = 0; i < r->n_headers; i++)
		headers = curl.slist_append(headers, r->headers[i]);
	/* no "100 Continue" round for bodies of some kilobytes */
	headers = curl.slist_append(headers, "Expect:");
	if (!headers || !set_options(h, &t, headers)) {
		rc = fail(RC_FAILED, LIBCURL " does not take our options");
	} else {
		code = curl.easy_perform(h);
		if (code)
			rc = explain(h, code, &t);
		curl.easy_getinfo(h, CURLINFO_RESPONSE_CODE, &a->status);
		if (!curl.easy_getinfo(h, CURLINFO_RETRY_AFTER, &after) && after > 0)
			a->retry_after = (long)after;
	}
	curl.slist_free_all(headers);
	curl.easy_cleanup(h);
	return rc;
}

static bool may_repeat(const struct http_request *r, long status)
{
	const short *s;

	for (s = r->retry; s && *s; s++)
		if (*s == status)
			return true;
	return false;
}

int http_exchange(const struct http_request *r, struct http_answer *a)
{
	int rc = url_check("the URL", r->url), i;
	long wait;

	if (!rc)
		rc = load();
	for (i = 1; !rc; i++) {
		rc = once(r, a);
		if (rc || i == ATTEMPTS || !may_repeat(r, a->status))
			break;
		/* after 429 ask again only if the service says when */
		if (a->status == 429 && a->retry_after < 0)
			break;
		wait = a->retry_after >= 0 ? a->retry_after : 1L << (i - 1);
		if (wait > WAIT_MAX)
			break;
		warning("the service answered %ld, asking again in %ld s", a->status, wait);
		sleep((unsigned int)wait);
	}
	return rc;
}
