// SPDX-License-Identifier: GPL-2.0-only
/* The TPM as the paravisor's first boot leaves it: PCR banks, EK, AK, certificate. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "pv.h"

static void start_up(void)
{
	struct tpm_cmd c = { .cc = CC_STARTUP };

	buf_be16(&c.params, 0);
	tpm_must(&c, NULL, "Startup");
}

static void shut_down(void)
{
	struct tpm_cmd c = { .cc = CC_SHUTDOWN };

	buf_be16(&c.params, 0);
	tpm_must(&c, NULL, "Shutdown");
	tpm_stop();
}

/* SHA-1, SHA-256 and SHA-384, all 24 PCRs each. */
static void allocate_banks(void)
{
	static const uint16_t algs[] = { ALG_SHA1, ALG_SHA256, ALG_SHA384, ALG_SHA512 };
	struct tpm_cmd c = {
		.cc = CC_PCR_ALLOCATE, .handles = { RH_PLATFORM }, .nr_handles = 1,
		.auth = &no_auth,
	};

	buf_be32(&c.params, 4);
	for (int i = 0; i < 4; i++) {
		uint8_t all = algs[i] == ALG_SHA512 ? 0 : 0xff;

		buf_be16(&c.params, algs[i]);
		buf_u8(&c.params, 3);
		for (int k = 0; k < 3; k++)
			buf_u8(&c.params, all);
	}
	tpm_must(&c, NULL, "PCR_Allocate");
}

/* TPMT_PUBLIC of TCG's EK profile, low range, RSA-2048. */
static void ek_public(struct buf *b)
{
	static const uint8_t policy[32] = {
		0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,
		0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,
		0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa
	};

	buf_be16(b, 0x0001);			/* RSA */
	buf_be16(b, ALG_SHA256);
	buf_be32(b, 0x000300b2);		/* restricted, decrypt, by policy */
	buf_be16(b, sizeof(policy));
	buf_add(b, policy, sizeof(policy));
	buf_be16(b, 0x0006);			/* AES-128 in CFB mode */
	buf_be16(b, 128);
	buf_be16(b, 0x0043);
	buf_be16(b, 0x0010);
	buf_be16(b, 2048);
	buf_be32(b, 0);
	buf_be16(b, 256);
	buf_zero(b, 256);
}

static void ak_public(struct buf *b)
{
	buf_be16(b, 0x0001);
	buf_be16(b, ALG_SHA256);
	buf_be32(b, 0x00050472);		/* restricted, sign, no DA */
	buf_be16(b, 0);
	buf_be16(b, 0x0010);
	buf_be16(b, 0x0014);			/* RSASSA with SHA-256 */
	buf_be16(b, ALG_SHA256);
	buf_be16(b, 2048);
	buf_be32(b, 0);
	buf_be16(b, 0);
}

static void make_key(uint32_t hierarchy, void (*public)(struct buf *), uint32_t persistent)
{
	struct tpm_cmd make = {
		.cc = CC_CREATE_PRIMARY, .handles = { hierarchy }, .nr_handles = 1,
		.auth = &no_auth,
	};
	struct tpm_cmd keep = {
		.cc = CC_EVICT_CONTROL, .nr_handles = 2, .auth = &no_auth,
		.handles = { hierarchy == RH_PLATFORM ? RH_PLATFORM : RH_OWNER },
	};
	struct tpm_cmd flush = { .cc = CC_FLUSH_CONTEXT };
	struct buf area = {}, out = {};

	public(&area);
	buf_be16(&make.params, 4);		/* no authorization, no data */
	buf_be32(&make.params, 0);
	buf_be16(&make.params, area.len);
	buf_add(&make.params, area.p, area.len);
	buf_be16(&make.params, 0);
	buf_be32(&make.params, 0);
	tpm_must(&make, &out, "CreatePrimary");
	if (out.len < 4)
		die("CreatePrimary gives no handle");
	keep.handles[1] = get_be32(out.p);
	buf_be32(&flush.params, keep.handles[1]);
	buf_be32(&keep.params, persistent);
	tpm_must(&keep, NULL, "EvictControl");
	tpm_must(&flush, NULL, "FlushContext");
	buf_free(&area);
	buf_free(&out);
}

static EVP_PKEY *rsa_key(const uint8_t n[256])
{
	OSSL_PARAM_BLD *bld = must(OSSL_PARAM_BLD_new(), "OSSL_PARAM_BLD_new");
	BIGNUM *modulus = must(BN_bin2bn(n, 256, NULL), "BN_bin2bn");
	EVP_PKEY_CTX *ctx = must(EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL), "RSA");
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	if (!OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus) ||
	    !OSSL_PARAM_BLD_push_ulong(bld, OSSL_PKEY_PARAM_RSA_E, 65537))
		die("cannot describe the AK");
	params = must(OSSL_PARAM_BLD_to_param(bld), "OSSL_PARAM_BLD_to_param");
	if (EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		die("the AK is no RSA key");
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(modulus);
	return key;
}

static void certify_ak(const char *dir)
{
	struct buf der = {}, pem = {};
	uint8_t n[256];
	EVP_PKEY *ak;
	X509 *cert;

	tpm_modulus(HANDLE_AK, n);
	ak = rsa_key(n);
	cert = make_ak_cert(ak, sim_key("vtpm-ca"), sim_cert("vtpm-ca", 0));
	cert_der(cert, &der);
	write_file(dir, "ak.der", der.p, der.len);
	cert_pem(cert, &pem);
	write_file(dir, "ak.pem", pem.p, pem.len);
	buf_free(&der);
	buf_free(&pem);
	X509_free(cert);
	EVP_PKEY_free(ak);
}

void provision(const char *dir)
{
	if (mkdir(dir, 0700) && errno != EEXIST)
		die("%s: %s", dir, strerror(errno));
	tpm_start(dir);
	start_up();
	allocate_banks();
	shut_down();

	tpm_start(dir);
	start_up();
	make_key(RH_ENDORSEMENT, ek_public, HANDLE_EK);
	make_key(RH_ENDORSEMENT, ak_public, HANDLE_AK);
	make_key(RH_PLATFORM, ak_public, HANDLE_OTHER_AK);
	certify_ak(dir);
	shut_down();
}
