// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each certificate of a chain is. Anybody may have certificates of AMD's or
 * Intel's keys for other purposes: only those of the right name in the right
 * place sign reports.
 *
 * AMD, "VCEK Certificate and KDS Interface Specification" (57230): VCEKs are
 * issued by the ASK (SEV-Milan), VLEKs by the ASVK (SEV-VLEK-Milan), both of
 * these by the ARK (ARK-Milan). Intel, "PCK Certificate and CRL profile".
 */
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "verify/roots.h"
#include "verify/verify.h"

bool key_is_on(X509 *x, const char *curve)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	char name[32] = "";
	size_t n;
	bool ok;

	ok = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	     EVP_PKEY_get_group_name(key, name, sizeof(name), &n) == 1 && !strcmp(name, curve);
	ERR_clear_error();
	return ok;
}

/* Each issuer must be marked as a certificate authority, and the leaf must not. */
static char *ca_flags(const struct path *p)
{
	int i;

	for (i = 0; i < p->n; i++) {
		bool ca = X509_check_ca(p->x[i]) == 1;

		if (ca == !i) {
			char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(p->x[i]));

			return xasprintf("\"%s\" is %s certificate authority by its basicConstraints", cn,
					 i ? "not a" : "a");
		}
	}
	return NULL;
}

void verify_amd_roles(struct verify *v, const struct path *p, bool vlek, const char *product)
{
	const char *leaf = vlek ? "SEV-VLEK" : "SEV-VCEK", *prefix = vlek ? "SEV-VLEK-" : "SEV-";
	char *cn[PATH_MAX_CERTS] = { NULL }, *why = ca_flags(p);
	int i;

	for (i = 0; i < PATH_MAX_CERTS; i++)
		cn[i] = i < p->n ? x509_cn(X509_get_subject_name(p->x[i])) : xstrdup("");
	if (!why && p->n != 3)
		why = xasprintf("it has %d certificates, and %s, %s and ARK are three", p->n, leaf,
				vlek ? "ASVK" : "ASK");
	if (!why && strcmp(cn[0], leaf))
		why = xasprintf("the signer's name is \"%s\", not \"%s\"", cn[0], leaf);
	if (!why && (strncmp(cn[1], prefix, strlen(prefix)) ||
		     (!vlek && !strncmp(cn[1], "SEV-VLEK-", 9))))
		why = xasprintf("a %s is issued by the %s, \"%s...\", not by \"%s\"", vlek ? "VLEK" : "VCEK",
				vlek ? "ASVK" : "ASK", prefix, cn[1]);
	if (!why && strncmp(cn[2], "ARK-", 4))
		why = xasprintf("the root is \"%s\", not an ARK", cn[2]);
	/* roots of others may call their products as they like, if not as AMD does */
	if (!why && *product && (!v->own_roots || snp_product_is_known(cn[2] + 4)) &&
	    (strcmp(cn[1] + strlen(prefix), product) || strcmp(cn[2] + 4, product)))
		why = xasprintf("\"%s\" and \"%s\" are not of the product %s", cn[1], cn[2], product);
	judged(v, GENUINE, !why, "certificate roles", why ? "%s" : "%s, %s, ARK", why ? why : leaf,
	       vlek ? "ASVK" : "ASK");
	free_str(&why);
	for (i = 0; i < PATH_MAX_CERTS; i++)
		free_str(&cn[i]);
}

void verify_intel_roles(struct verify *v, const struct path *p, const char *check,
			const char *leaf_name)
{
	static const char *const cas[] = {
		"Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA",
	};
	bool intel = !v->own_roots || roots_have_intel(&v->roots);
	bool pck = !strcmp(leaf_name, "Intel SGX PCK Certificate");
	char *cn[PATH_MAX_CERTS] = { NULL }, *why = ca_flags(p);
	int i, n = pck ? 3 : 2;

	for (i = 0; i < PATH_MAX_CERTS; i++)
		cn[i] = i < p->n ? x509_cn(X509_get_subject_name(p->x[i])) : xstrdup("");
	for (i = 0; i < p->n; i++) {
		if (!why && !key_is_on(p->x[i], "prime256v1"))
			why = xasprintf("the key of \"%s\" is not on P-256", cn[i]);
	}
	/*
	 * Intel's quote verification library asks the same of any root: three certificates to
	 * a PCK, whose name has "SGX PCK Certificate" in it, and a signer of TCB information
	 * that the root itself issued (PckCertVerifier.cpp, TCBSigningChain.cpp).
	 */
	if (!why && p->n != n)
		why = xasprintf("it has %d certificates, not %d", p->n, n);
	if (!why && pck && !strstr(cn[0], "SGX PCK Certificate"))
		why = xasprintf("the signer's name is \"%s\", not that of an SGX PCK Certificate", cn[0]);
	/* whole names are Intel's to give; other roots have their own */
	if (!why && intel && strcmp(cn[0], leaf_name))
		why = xasprintf("the signer's name is \"%s\", not \"%s\"", cn[0], leaf_name);
	if (!why && intel && pck && strcmp(cn[1], cas[0]) && strcmp(cn[1], cas[1]))
		why = xasprintf("\"%s\" issued it, not a PCK CA", cn[1]);
	if (!why && intel && strcmp(cn[n - 1], "Intel SGX Root CA"))
		why = xasprintf("the root is \"%s\"", cn[n - 1]);
	judged(v, GENUINE, !why, check, "%s", why ? why : intel ? "as Intel's profile has them" :
	       "its length, keys on P-256, issuers are certificate authorities");
	free_str(&why);
	for (i = 0; i < PATH_MAX_CERTS; i++)
		free_str(&cn[i]);
}
