// SPDX-License-Identifier: GPL-2.0-only
/* SNP reports with a chain of their own: ARK and ASK RSA, VCEK P-384 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "gen.h"
#include "x509_ext.h"

struct keys {
	EVP_PKEY *ark, *ask, *vcek;
	X509 *ark_crt, *ask_crt, *vcek_crt;
};

static X509 *certificate(const char *cn, EVP_PKEY *key, const char *issuer, EVP_PKEY *by)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_NAME_new();

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "20240101000000Z");
	ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "20991231235959Z");
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)issuer, -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_NAME_free(name);
	name = X509_NAME_new();
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)cn, -1, -1, 0);
	X509_set_subject_name(x, name);
	X509_NAME_free(name);
	X509_set_pubkey(x, key);
	if (!strcmp(cn, "SEV-VCEK TEST")) {
		u8 hwid[64];
		size_t i;

		for (i = 0; i < 64; i++)
			hwid[i] = (u8)(0x40 + i);
		add_ext(x, "1.3.6.1.4.1.3704.1.1", (const u8 *)"\x02\x01\x00", 3);
		add_ext(x, "1.3.6.1.4.1.3704.1.2", (const u8 *)"\x16\x08Milan-B0", 10);
		add_ext(x, "1.3.6.1.4.1.3704.1.3.1", (const u8 *)"\x02\x01\x04", 3);
		add_ext(x, "1.3.6.1.4.1.3704.1.3.2", (const u8 *)"\x02\x01\x00", 3);
		add_ext(x, "1.3.6.1.4.1.3704.1.3.3", (const u8 *)"\x02\x01\x18", 3);
		add_ext(x, "1.3.6.1.4.1.3704.1.3.8", (const u8 *)"\x02\x02\x00\xdb", 4);
		add_ext(x, "1.3.6.1.4.1.3704.1.4", hwid, 64);
	}
	X509_sign(x, by, EVP_sha384());
	return x;
}

struct keys *keys_make(void)
{
	struct keys *k = xalloc(sizeof(*k));

	k->ark = EVP_RSA_gen(2048);
	k->ask = EVP_RSA_gen(2048);
	k->vcek = EVP_EC_gen("P-384");
	k->ark_crt = certificate("ARK-TEST", k->ark, "ARK-TEST", k->ark);
	k->ask_crt = certificate("SEV-TEST", k->ask, "ARK-TEST", k->ark);
	k->vcek_crt = certificate("SEV-VCEK TEST", k->vcek, "SEV-TEST", k->ask);
	return k;
}

void keys_free(struct keys *k)
{
	X509_free(k->ark_crt);
	X509_free(k->ask_crt);
	X509_free(k->vcek_crt);
	EVP_PKEY_free(k->ark);
	EVP_PKEY_free(k->ask);
	EVP_PKEY_free(k->vcek);
	free(k);
}

static void sign(struct buf *b, const struct keys *k)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	u8 der[256];
	const u8 *p = der;
	size_t len = sizeof(der);
	ECDSA_SIG *sig;

	EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, k->vcek);
	EVP_DigestSign(ctx, der, &len, b->p, 0x2a0);
	sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
	BN_bn2lebinpad(ECDSA_SIG_get0_r(sig), b->p + 0x2a0, 72);
	BN_bn2lebinpad(ECDSA_SIG_get0_s(sig), b->p + 0x2e8, 72);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
}

void snp_report(struct buf *b, const struct keys *k, u32 version, enum product product,
		const u8 report_data[64])
{
	static const u8 tcb[4][8] = {
		[MILAN] = { 4, 0, 0, 0, 0, 0, 24, 219 }, [GENOA] = { 4, 0, 0, 0, 0, 0, 24, 219 },
		[TURIN] = { 1, 3, 2, 5, 0, 0, 0, 97 }, [VENICE] = { 1, 2, 5, 0, 0, 0, 0, 0 },
	};
	static const u8 cpuid[4][3] = {
		[MILAN] = { 0x19, 0x01, 1 }, [GENOA] = { 0x19, 0x11, 1 }, [TURIN] = { 0x1a, 0x02, 1 },
		[VENICE] = { 0x1a, 0x50, 1 },
	};
	const u8 *t = tcb[product];

	zeros(b, 1184);
	put32(b, 0, version);
	put32(b, 4, 2);
	put64(b, 8, 0x3001f);
	put(b, 0x10, "SIMULATED", 9);
	fill(b, 0x20, 16, 0x20);
	put32(b, 0x34, 1);
	put(b, 0x38, t, 8);
	put64(b, 0x40, 0x25);
	put(b, 0x50, report_data, 64);
	fill(b, 0x90, 48, 0x90);
	fill(b, 0xc0, 32, 0xc0);
	fill(b, 0x140, 32, 0x14);
	memset(b->p + 0x160, 0xff, 32);
	put(b, 0x180, t, 8);
	if (version >= 3)
		put(b, 0x188, cpuid[product], 3);
	fill(b, 0x1a0, product >= TURIN ? 8 : 64, 0x40);
	put(b, 0x1e0, t, 8);
	put(b, 0x1e8, "\x2a\x37\x01", 3);
	put(b, 0x1ec, "\x29\x37\x01", 3);
	put(b, 0x1f0, t, 8);
	if (version >= 5) {
		put64(b, 0x1f8, 0x3f);
		put64(b, 0x200, 0x3f);
	}
	if (version >= 6) {
		fill(b, 0x220, 14, 0x21);
		fill(b, 0x240, 14, 0x41);
		fill(b, 0x260, 14, 0x61);
	}
	sign(b, k);
}

static void pem_of(struct buf *b, X509 *x, bool der)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (der)
		i2d_X509_bio(bio, x);
	else
		PEM_write_bio_X509(bio, x);
	len = BIO_get_mem_data(bio, &text);
	buf_add(b, text, (size_t)len);
	BIO_free(bio);
}

void cert_table(struct buf *b, const struct keys *k, bool mixed, bool der)
{
	static const u8 guids[3][16] = {
		{ 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52,
		  0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae },
		{ 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4,
		  0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 },
		{ 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
		  0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd },
	};
	X509 *certs[] = { k->ark_crt, k->ask_crt, k->vcek_crt };
	int i;

	zeros(b, 4 * 24);
	for (i = 0; i < 3; i++) {
		size_t at = b->len;
		u8 g[16];

		memcpy(g, guids[i], 16);
		if (mixed) {
			u8 m[8] = { g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6] };

			memcpy(g, m, 8);
		}
		pem_of(b, certs[i], der);
		put(b, (size_t)i * 24, g, 16);
		put32(b, (size_t)i * 24 + 16, (u32)at);
		put32(b, (size_t)i * 24 + 20, (u32)(b->len - at));
	}
}

static void save_report(const struct keys *k, const char *name, u32 version, enum product product)
{
	struct buf b = { 0 };
	u8 data[64];

	memset(data, (int)version, sizeof(data));
	snp_report(&b, k, version, product, data);
	save(name, &b);
	buf_free(&b);
}

/* A guest that may be debugged and migrated, on a VLEK, asked for by the host */
static void save_dangerous(const struct keys *k)
{
	struct buf b = { 0 };
	u8 data[64] = { 0 };

	snp_report(&b, k, 3, GENOA, data);
	put64(&b, 8, 0xf001f);
	put32(&b, 0x30, 0xffffffff);
	put32(&b, 0x48, 1 << 2 | 2);
	memset(b.p + 0x1a0, 0, 64);
	sign(&b, k);
	save("snp-dangerous.bin", &b);
	buf_free(&b);
}

void gen_snp(const struct keys *k)
{
	struct buf b = { 0 };

	save_report(k, "snp-v4-milan.bin", 4, MILAN);
	save_report(k, "snp-v6-venice.bin", 6, VENICE);

	save_report(k, "snp-v1.bin", 1, MILAN);
	save_report(k, "snp-v2.bin", 2, MILAN);
	save_report(k, "snp-v2-turin.bin", 2, TURIN);
	save_report(k, "snp-v3-genoa.bin", 3, GENOA);
	save_report(k, "snp-v4-turin.bin", 4, TURIN);
	save_report(k, "snp-v5-milan.bin", 5, MILAN);
	save_report(k, "snp-v5-turin.bin", 5, TURIN);
	save_dangerous(k);
	cert_table(&b, k, false, false);
	save("certs-rfc4122-pem.bin", &b);
	buf_free(&b);
	cert_table(&b, k, true, true);
	save("certs-mixed-der.bin", &b);
	buf_free(&b);
	/* in the wrong order on purpose: the tool has to sort it out */
	pem_of(&b, k->ark_crt, false);
	pem_of(&b, k->vcek_crt, false);
	pem_of(&b, k->ask_crt, false);
	save("certs.pem", &b);
	buf_free(&b);
}
