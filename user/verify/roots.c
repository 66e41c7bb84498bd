// SPDX-License-Identifier: GPL-2.0-only
/* The roots that are trusted unless --root names others */
#include <string.h>

#include "verify/roots.h"

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

int roots_add(struct cert_pool *roots, struct cert_pool *others)
{
	int rc = roots ? add(roots, &root_intel) : RC_OK;
	size_t i;

	for (i = 0; !rc && i < ROOTS_AMD; i++) {
		struct cert_pool *to = roots_amd[i].is_root ? roots : others;

		if (to)
			rc = add(to, &roots_amd[i]);
	}
	return rc;
}

bool roots_have_intel(const struct cert_pool *roots)
{
	struct cert_pool intel CLEANUP(cert_pool_free) = { 0 };

	return !add(&intel, &root_intel) && cert_pool_has(roots, intel.certs[0].x);
}
