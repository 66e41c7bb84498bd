// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs on the build machine: makes keys and certificates of the simulated TEE
 * and prints them as C. RSA under an emulator would take the guest seconds.
 */
#include <stdio.h>

#include <openssl/rsa.h>

#include "simtee.h"

static void print(const char *name, int number, const uint8_t *p, size_t len)
{
	printf("\t{ \"%s", name);
	if (number >= 0)
		printf("-%d", number);
	printf("\", %zu, (const unsigned char *)", len);
	for (size_t i = 0; i < len; i++) {
		if (i % 20 == 0)
			printf("%s\n\t\t\"", i ? "\"" : "");
		printf("\\x%02x", p[i]);
	}
	printf("\" },\n");
}

static EVP_PKEY *key(const char *name, EVP_PKEY *key)
{
	uint8_t *p = NULL;
	int len = i2d_PrivateKey(must(key, name), &p);

	if (len < 0)
		die("cannot encode the key %s", name);
	print(name, -1, p, len);
	OPENSSL_free(p);
	return key;
}

static X509 *cert(const char *name, int number, X509 *c)
{
	struct buf b = {};

	cert_der(c, &b);
	print(name, number, b.p, b.len);
	buf_free(&b);
	return c;
}

int main(void)
{
	EVP_PKEY *ark, *ask, *vcek, *vlek, *root, *ca, *pck, *vtpm_ca;
	X509 *root_cert, *ca_cert;

	printf("/* Made by mkkeys. TEST keys: they protect nothing. */\n");
	printf("static const struct embedded embedded[] = {\n");
	ark = key("key-ark", EVP_RSA_gen(4096));
	ask = key("key-ask", EVP_RSA_gen(4096));
	vcek = key("key-vcek", EVP_EC_gen("P-384"));
	vlek = key("key-vlek", EVP_EC_gen("P-384"));
	root = key("key-sgx-root", EVP_EC_gen("P-256"));
	ca = key("key-sgx-ca", EVP_EC_gen("P-256"));
	pck = key("key-pck", EVP_EC_gen("P-256"));
	key("key-qe", EVP_EC_gen("P-256"));
	key("key-cca-platform", EVP_EC_gen("P-384"));
	key("key-cca-realm", EVP_EC_gen("P-384"));
	key("key-svsm-ek", EVP_EC_gen("P-256"));
	vtpm_ca = key("key-vtpm-ca", EVP_RSA_gen(2048));
	for (int i = 0; i < NR_PRODUCTS; i++) {
		struct snp_tcb tcb = snp_tcb(i, 0);
		X509 *c = cert("ark", i, make_ark(i, ark));

		cert("ask", i, make_ask(i, false, ask, ark, c));
		cert("asvk", i, make_ask(i, true, ask, ark, c));
		cert("vcek", i, make_vek(i, false, tcb, vcek, ask));
		cert("vlek", i, make_vek(i, true, tcb, vlek, ask));
	}
	root_cert = cert("sgx-root", 0, make_sgx_root(root));
	ca_cert = cert("sgx-ca", 0, make_sgx_ca(ca, root, root_cert));
	cert("pck", 0, make_pck(pck, ca, ca_cert));
	cert("vtpm-ca", 0, make_vtpm_ca(vtpm_ca));
	printf("};\n");
	return 0;
}
