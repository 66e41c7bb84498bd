// SPDX-License-Identifier: GPL-2.0-only
/* The roots that are trusted unless --root names others */
#include <string.h>

#include "verify/roots.h"
#include "verify/verify.h"

_Static_assert(ROOTS_AMD < 32, "built_in has a bit for each");

/*
 * https://certificates.trustedservices.intel.com/IntelSGXRootCA.der; taken from
 * Debian's source package golang-github-google-go-tdx-guest 0.3.1
 * (verify/trusted_root.pem).
 */
const struct root_cert root_intel = {
	.name = "Intel SGX Root CA",
	.is_root = true,
	.sha256 = "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3",
	.pem =
	"-----BEGIN CERTIFICATE-----\n"
	"MIICjzCCAjSgAwIBAgIUImUM1lqdNInzg7SVUr9QGzknBqwwCgYIKoZIzj0EAwIw\n"
	"aDEaMBgGA1UEAwwRSW50ZWwgU0dYIFJvb3QgQ0ExGjAYBgNVBAoMEUludGVsIENv\n"
	"cnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0ExCzAJ\n"
	"BgNVBAYTAlVTMB4XDTE4MDUyMTEwNDUxMFoXDTQ5MTIzMTIzNTk1OVowaDEaMBgG\n"
	"A1UEAwwRSW50ZWwgU0dYIFJvb3QgQ0ExGjAYBgNVBAoMEUludGVsIENvcnBvcmF0\n"
	"aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0ExCzAJBgNVBAYT\n"
	"AlVTMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEC6nEwMDIYZOj/iPWsCzaEKi7\n"
	"1OiOSLRFhWGjbnBVJfVnkY4u3IjkDYYL0MxO4mqsyYjlBalTVYxFP2sJBK5zlKOB\n"
	"uzCBuDAfBgNVHSMEGDAWgBQiZQzWWp00ifODtJVSv1AbOScGrDBSBgNVHR8ESzBJ\n"
	"MEegRaBDhkFodHRwczovL2NlcnRpZmljYXRlcy50cnVzdGVkc2VydmljZXMuaW50\n"
	"ZWwuY29tL0ludGVsU0dYUm9vdENBLmRlcjAdBgNVHQ4EFgQUImUM1lqdNInzg7SV\n"
	"Ur9QGzknBqwwDgYDVR0PAQH/BAQDAgEGMBIGA1UdEwEB/wQIMAYBAf8CAQEwCgYI\n"
	"KoZIzj0EAwIDSQAwRgIhAOW/5QkR+S9CiSDcNoowLuPRLsWGf/Yi7GSX94BgwTwg\n"
	"AiEA4J0lrHoMs+Xo5o/sX6O9QWxHRAvZUGOdRQ7cvqRXaqI=\n"
	"-----END CERTIFICATE-----\n",
};

static int add(struct cert_pool *pool, const struct root_cert *c)
{
	return cert_pool_add(pool, (struct span){ (const u8 *)c->pem, strlen(c->pem) }, c->name);
}

/* Their names are those of their subjects; @name is NULL for all. */
static void load(struct verify *v, const char *name)
{
	size_t i;

	for (i = 0; i <= ROOTS_AMD; i++) {
		const struct root_cert *c = i ? &roots_amd[i - 1] : &root_intel;

		if (v->built_in >> i & 1 || (c->is_root && v->own_roots) || (name && strcmp(name, c->name)))
			continue;
		v->built_in |= 1U << i;
		add(c->is_root ? &v->roots : &v->own, c);
	}
}

void roots_wanted(struct verify *v, X509 *of)
{
	char *name CLEANUP(free_str) = x509_cn(X509_get_issuer_name(of));

	load(v, name);
}

void roots_all(struct verify *v)
{
	load(v, NULL);
}

bool roots_have_intel(const struct cert_pool *roots)
{
	struct cert_pool intel CLEANUP(cert_pool_free) = { 0 };

	return !add(&intel, &root_intel) && cert_pool_has(roots, intel.certs[0].x);
}
