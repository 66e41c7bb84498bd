// SPDX-License-Identifier: GPL-2.0-only
/* Writes the roots and certificates, for verifiers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "simtee.h"

void make_dir(const char *dir)
{
	if (mkdir(dir, 0755) && errno != EEXIST)
		die("%s: %s", dir, strerror(errno));
}

static void write_cert(const char *dir, const char *name, X509 *cert)
{
	struct buf b = {};

	cert_pem(cert, &b);
	write_file(dir, name, b.p, b.len);
	buf_free(&b);
}

static void write_public(const char *dir, const char *name, EVP_PKEY *key)
{
	BIO *bio = must(BIO_new(BIO_s_mem()), "BIO_new");
	char *p;
	long len;

	if (!PEM_write_bio_PUBKEY(bio, key))
		die("cannot write a public key");
	len = BIO_get_mem_data(bio, &p);
	write_file(dir, name, p, len);
	BIO_free(bio);
}

void write_roots(const char *dir)
{
	static const char *const kinds[] = { "ark", "ask", "asvk", "vcek", "vlek" };
	static const char *const lower[NR_PRODUCTS] = { "milan", "genoa", "turin" };
	char name[64];

	make_dir(dir);
	for (unsigned int p = 0; p < NR_PRODUCTS; p++) {
		for (unsigned int k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
			snprintf(name, sizeof(name), "%s-%s.pem", kinds[k], lower[p]);
			write_cert(dir, name, sim_cert(kinds[k], p));
		}
	}
	/* What is served unless the knobs say otherwise. */
	write_cert(dir, "ark.pem", sim_cert("ark", CVM_SIM_MILAN));
	write_cert(dir, "ask.pem", sim_cert("ask", CVM_SIM_MILAN));
	write_cert(dir, "vcek.pem", sim_cert("vcek", CVM_SIM_MILAN));
	write_cert(dir, "sgx-root.pem", sim_cert("sgx-root", 0));
	write_cert(dir, "sgx-ca.pem", sim_cert("sgx-ca", 0));
	write_cert(dir, "pck.pem", sim_cert("pck", 0));
	write_cert(dir, "vtpm-ca.pem", sim_cert("vtpm-ca", 0));
	write_public(dir, "cca-platform.pub.pem", sim_key("cca-platform"));
	write_public(dir, "cca-realm.pub.pem", sim_key("cca-realm"));
}
