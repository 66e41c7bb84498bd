// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a certificate up to a root that is trusted. The way up is found by
 * signatures, so that certificates of the same name do no harm; OpenSSL then
 * verifies exactly that chain, at the time asked for.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "verify/roots.h"
#include "verify/verify.h"

static bool same_name_in(const struct cert_pool *pool, X509 *of)
{
	size_t i;

	for (i = 0; i < pool->n; i++)
		if (!X509_NAME_cmp(X509_get_subject_name(pool->certs[i].x),
				   X509_get_issuer_name(of)))
			return true;
	return false;
}

static void no_issuer(struct verify *v, const struct anchors *a, const char *check, X509 *x)
{
	char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(x));
	char *by CLEANUP(free_str) = x509_cn(X509_get_issuer_name(x));

	if (cert_is_self_issued(x))
		failed(v, GENUINE, check, "it ends in \"%s\", which is not a trusted root%s",
		       cn, a->hint);
	else if (same_name_in(&v->certs, x) || same_name_in(&v->own, x) || same_name_in(a->roots, x))
		failed(v, GENUINE, check, "the key of \"%2$s\" did not sign \"%1$s\"", cn, by);
	else
		unable(v, GENUINE, check, "there is no certificate of \"%s\", which issued \"%s\": give it with --certs FILE",
		       by, cn);
}

/*
 * As cert_pool_issuer(), but with a limit on the certificates of one name: an
 * attacker could send many to keep the verifier busy.
 */
static const struct cert *issuer_in(const struct cert_pool *pool, X509 *of, bool *too_many)
{
	size_t i, tried = 0;

	for (i = 0; i < pool->n; i++) {
		X509 *x = pool->certs[i].x;
		bool ok;

		if (X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(of)) ||
		    !X509_get0_pubkey(x))
			continue;
		if (tried++ == VERIFY_NAMESAKES_MAX) {
			*too_many = true;
			return NULL;
		}
		ok = X509_verify(of, X509_get0_pubkey(x)) == 1;
		ERR_clear_error();
		if (ok)
			return &pool->certs[i];
	}
	return NULL;
}

static bool climb(struct verify *v, const struct anchors *a, const char *check, X509 *leaf,
		  struct path *p)
{
	const struct cert *up;

	p->n = 0;
	roots_wanted(v, leaf);
	for (p->x[p->n++] = leaf; !cert_pool_has(a->roots, p->x[p->n - 1]); p->x[p->n++] = up->x) {
		X509 *x = p->x[p->n - 1];
		bool too_many = false;

		roots_wanted(v, x);
		up = issuer_in(a->roots, x, &too_many);
		if (!up && !cert_is_self_issued(x))
			up = issuer_in(&v->own, x, &too_many);
		if (!up && !cert_is_self_issued(x) && !too_many)
			up = issuer_in(&v->certs, x, &too_many);
		if (!up) {
			if (too_many)
				failed(v, GENUINE, check, "more than %d certificates have the name of its issuer",
				       VERIFY_NAMESAKES_MAX);
			else
				no_issuer(v, a, check, x);
			return false;
		}
		if (p->n == PATH_MAX_CERTS) {
			failed(v, GENUINE, check, "more than %d certificates, none is a root", PATH_MAX_CERTS);
			return false;
		}
	}
	return true;
}

static void say_why(struct verify *v, const char *check, X509_STORE_CTX *ctx)
{
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);
	char *cn CLEANUP(free_str) = x ? x509_cn(X509_get_subject_name(x)) : xstrdup("?");
	int err = X509_STORE_CTX_get_error(ctx);
	const char *hint = "";

	if (err == X509_V_ERR_CERT_HAS_EXPIRED || err == X509_V_ERR_CERT_NOT_YET_VALID)
		hint = "; for old evidence, --at TIME sets the time of verification";
	failed(v, GENUINE, check, "\"%s\": %s%s", cn, X509_verify_cert_error_string(err), hint);
}

static bool openssl_agrees(struct verify *v, const char *check, const struct path *p)
{
	STACK_OF(X509) *between = sk_X509_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	bool ok;
	int i;

	for (i = 1; i < p->n - 1; i++)
		sk_X509_push(between, p->x[i]);
	X509_STORE_add_cert(store, p->x[p->n - 1]);
	X509_STORE_CTX_init(ctx, store, p->x[0], between);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), v->at);
	/* 112 bits at least: no SHA-1, no short RSA keys */
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(ctx), 2);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_CHECK_SS_SIGNATURE);
	ok = X509_verify_cert(ctx) == 1;
	if (!ok)
		say_why(v, check, ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(between);
	ERR_clear_error();
	return ok;
}

/* RFC 5280, 4.2: no extension twice. Which of the two would count? */
static bool repeats_an_extension(X509 *x)
{
	int i, n = X509_get_ext_count(x);

	for (i = 0; i < n; i++)
		if (X509_get_ext_by_OBJ(x, X509_EXTENSION_get_object(X509_get_ext(x, i)), i) >= 0)
			return true;
	return false;
}

/* A program that reads a name as a C string would see another one. */
static bool has_nul(const X509_NAME *name)
{
	int i;

	for (i = 0; i < X509_NAME_entry_count(name); i++) {
		const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
		u8 *text;
		int len = ASN1_STRING_to_UTF8(&text, s);
		bool nul = len > 0 && memchr(text, 0, (size_t)len);

		if (len >= 0)
			OPENSSL_free(text);
		if (len < 0 || nul)
			return true;
	}
	return false;
}

static const char *malformation(X509 *x)
{
	/* RFC 5280, 4.1.2.1 */
	if (X509_get_ext_count(x) && X509_get_version(x) != X509_VERSION_3)
		return "it has extensions, and is not of version 3";
	if (repeats_an_extension(x))
		return "it has an extension twice";
	if (has_nul(X509_get_subject_name(x)))
		return "its name has a NUL in it, or cannot be read";
	return NULL;
}

/* What OpenSSL does not ask of them, being no judge of what the leaf may sign */
static bool well_formed(struct verify *v, const char *check, const struct path *p, bool hardware)
{
	X509 *leaf = p->x[0];
	int i;

	for (i = 0; i < p->n; i++) {
		char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(p->x[i]));
		const char *why = malformation(p->x[i]);

		/* an authority in the leaf's place is refused for that, by what knows the roles */
		if (!why && !i && X509_check_ca(leaf) != 1 &&
		    X509_get_extension_flags(leaf) & EXFLAG_KUSAGE &&
		    !(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE))
			why = "its keyUsage does not allow signatures";
		/* 4.2.1.12: only for what is named; AMD's and Intel's profiles have none */
		if (!why && !i && hardware && X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE &&
		    !(X509_get_extended_key_usage(leaf) & XKU_ANYEKU))
			why = "its extendedKeyUsage is another one than to sign evidence";
		if (why) {
			failed(v, GENUINE, check, "\"%s\": %s", cn, why);
			return false;
		}
	}
	return true;
}

/* A certificate that was given was of use when it is in the chain. */
static void note_use(struct verify *v, const struct path *p)
{
	size_t k;
	int i;

	for (i = 0; i < p->n; i++)
		for (k = 0; k < v->given_certs && k < v->certs.n; k++)
			if (v->certs.certs[k].x == p->x[i] || !X509_cmp(v->certs.certs[k].x, p->x[i]))
				answered(v, ASK_CERTS);
}

bool verify_chain(struct verify *v, const char *check, X509 *x, struct path *path)
{
	const struct anchors a = {
		&v->roots, v->own_roots ? "" : " (--root FILE names others)",
		v->own_roots ? " (of --root)" : "",
	};

	answered(v, ASK_ROOT);
	return verify_chain_to(v, &a, check, x, path);
}

bool verify_chain_to(struct verify *v, const struct anchors *a, const char *check, X509 *x,
		     struct path *path)
{
	struct buf names CLEANUP_BUF;
	bool whole, hardware = a->roots == &v->roots;
	struct path p;
	int i;

	whole = climb(v, a, check, x, &p);
	note_use(v, &p);
	if (!whole || !openssl_agrees(v, check, &p) || !well_formed(v, check, &p, hardware))
		return false;
	if (path)
		*path = p;
	for (i = 0; i < p.n; i++) {
		char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(p.x[i]));

		buf_printf(&names, "%s%s", i ? ", " : "", cn);
	}
	passed(v, GENUINE, check, "%s%s", (char *)names.p, a->of);
	crl_check_path(v, &p, hardware);
	return true;
}
