// SPDX-License-Identifier: GPL-2.0-only
/*
 * Evidence for given data, by new keys each time, and blobs of items in files:
 * what tests of requests start from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/digest.h"
#include "gen.h"
#include "tpm/quote.h"

#define PCR_LEN	32

static int save_to(const char *path, struct blob *o)
{
	int rc;

	blob_end(o);
	rc = file_write(path, o->b.p, o->b.len);
	buf_free(&o->b);
	return rc;
}

static int data_of(const char *hex, struct buf *out)
{
	const char *why;

	if (!hex_decode(hex, strlen(hex), out, &why))
		return 0;
	fprintf(stderr, "gen: '%s': %s\n", hex, why);
	return 2;
}

static void add_ccel(struct blob *o)
{
	struct buf b = { 0 };

	zeros(&b, 56);
	put(&b, 0, "CCEL", 4);
	put32(&b, 4, 56);
	b.p[36] = 2;
	blob_item(o, CVM_EVIDENCE_ITEM_CCEL_TABLE, 0, b.p, b.len);
	blob_text(o, CVM_EVIDENCE_ITEM_CCEL_DATA, "an event log");
	buf_free(&b);
}

/* A quote that says what the TDREPORT says */
static void quote_of(struct buf *quote, const u8 *tdreport)
{
	static const struct {
		size_t to, from, len;
	} same[] = {
		{ 0, 264, 16 }, { 16, 280, 48 }, { 64, 328, 48 }, { 112, 376, 8 },
		{ 520, 128, 64 }, { 120, 512, 8 }, { 128, 520, 8 }, { 136, 528, 48 },
		{ 184, 576, 48 }, { 232, 624, 48 }, { 280, 672, 48 }, { 328, 720, 192 },
	};
	size_t i;

	tdx_quote(quote, 4, 2, tdreport + 128, 70);
	for (i = 0; i < ARRAY_SIZE(same); i++)
		put(quote, 48 + same[i].to, tdreport + same[i].from, same[i].len);
}

static int beside(const char *blob, const char *suffix, const struct buf *b)
{
	char *path = xasprintf("%s%s", blob, suffix);
	int rc = file_write(path, b->p, b->len);

	free(path);
	return rc;
}

static void add_be16(struct buf *b, size_t n)
{
	u8 be[2] = { (u8)(n >> 8), (u8)n };

	buf_add(b, be, 2);
}

/* TPMS_ATTEST of a quote over all PCRs of SHA-256 */
static void attest_of(struct buf *b, struct span extra, const struct buf *pcrs)
{
	u8 hash[DIGEST_MAX];

	buf_add(b, "\xffTCG\x80\x18", 6);
	add_be16(b, 34);
	add_be16(b, TPM_ALG_SHA256);
	zeros(b, 32);
	add_be16(b, extra.len);
	buf_add(b, extra.p, extra.len);
	zeros(b, 17 + 8);
	buf_add(b, "\0\0\0\1", 4);
	add_be16(b, TPM_ALG_SHA256);
	buf_add(b, "\3\xff\xff\xff", 4);
	digest("SHA256", pcrs->p, pcrs->len, hash);
	add_be16(b, 32);
	buf_add(b, hash, 32);
}

static void sign_attest(struct buf *b, const struct buf *attest, EVP_PKEY *ak)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	u8 sig[512];
	size_t len = sizeof(sig);

	EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, ak);
	EVP_DigestSign(ctx, sig, &len, attest->p, attest->len);
	add_be16(b, TPM_ALG_RSASSA);
	add_be16(b, TPM_ALG_SHA256);
	add_be16(b, len);
	buf_add(b, sig, len);
	EVP_MD_CTX_free(ctx);
}

static char *claims_of(EVP_PKEY *ak, const struct buf *data)
{
	u8 user_data[64] = { 0 }, n[256];
	BIGNUM *bn = NULL;
	char *hex, *b64, *claims;

	memcpy(user_data, data->p, data->len);
	EVP_PKEY_get_bn_param(ak, OSSL_PKEY_PARAM_RSA_N, &bn);
	BN_bn2binpad(bn, n, sizeof(n));
	BN_free(bn);
	hex = hex_encode(user_data, 64);
	b64 = base64_encode(n, sizeof(n), BASE64_URL);
	claims = xasprintf("{\"keys\":[{\"kid\":\"HCLAkPub\",\"key_ops\":[\"sign\"],\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}],\"vm-configuration\":{\"secure-boot\":true,\"vmUniqueId\":\"TEST\"},\"user-data\":\"%s\"}",
			   b64, hex);
	free(hex);
	free(b64);
	return claims;
}

static int azure(const char *path, bool snp, const struct buf *data, const struct buf *extra)
{
	struct buf report = { 0 }, table = { 0 }, attest = { 0 }, sig = { 0 }, pcrs = { 0 }, q = { 0 };
	EVP_PKEY *ak = EVP_RSA_gen(2048);
	struct keys *k = keys_make();
	char *claims = claims_of(ak, data);
	struct blob o;
	int rc = 0;

	hcl(&report, snp ? 2 : 4, k, claims);
	zeros(&pcrs, TPM_PCRS * PCR_LEN);
	fill(&pcrs, 0, 8 * PCR_LEN, 0x11);
	attest_of(&attest, buf_span(extra), &pcrs);
	sign_attest(&sig, &attest, ak);
	blob_start(&o, snp ? 1 : 2, CVM_EVIDENCE_PROVIDER_VTPM,
		   snp ? 0 : CVM_EVIDENCE_BLOB_F_TDREPORT, CVM_EVIDENCE_BINDING_HCL);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, data->p, data->len);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	if (snp) {
		cert_table(&table, k, false, false);
		blob_item(&o, CVM_EVIDENCE_ITEM_CERTS, 0, table.p, table.len);
	} else {
		quote_of(&q, report.p + 32);
		rc = beside(path, ".quote", &q);
	}
	blob_item(&o, CVM_EVIDENCE_ITEM_TPM_ATTEST, 0, attest.p, attest.len);
	blob_item(&o, CVM_EVIDENCE_ITEM_TPM_SIGNATURE, 0, sig.p, sig.len);
	blob_item(&o, CVM_EVIDENCE_ITEM_PCRS, 0, pcrs.p, pcrs.len);
	blob_text(&o, CVM_EVIDENCE_ITEM_AK_PUB, "a TPM2B_PUBLIC");
	blob_text(&o, CVM_EVIDENCE_ITEM_AK_CERT, "a certificate");
	blob_common(&o, "vtpm");
	rc |= save_to(path, &o);
	buf_free(&report);
	buf_free(&table);
	buf_free(&attest);
	buf_free(&sig);
	buf_free(&pcrs);
	buf_free(&q);
	free(claims);
	keys_free(k);
	EVP_PKEY_free(ak);
	return rc;
}

static int plain(const char *path, const char *kind, const struct buf *data)
{
	struct buf report = { 0 }, table = { 0 }, q = { 0 };
	bool snp = !strcmp(kind, "snp"), tdreport_wanted = !strcmp(kind, "tdreport");
	u8 padded[64] = { 0 };
	struct keys *k = NULL;
	struct blob o;
	int rc = 0;

	memcpy(padded, data->p, data->len);
	blob_start(&o, snp ? 1 : 2, tdreport_wanted ? 3 : 1,
		   tdreport_wanted ? CVM_EVIDENCE_BLOB_F_TDREPORT : 0, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, data->p, data->len);
	if (snp) {
		k = keys_make();
		snp_report(&report, k, 5, TURIN, padded);
		cert_table(&table, k, true, true);
		blob_item(&o, CVM_EVIDENCE_ITEM_CERTS, 0, table.p, table.len);
		keys_free(k);
	} else if (tdreport_wanted) {
		tdreport(&report, 1, padded);
		quote_of(&q, report.p);
		rc = beside(path, ".quote", &q);
	} else {
		tdx_quote(&report, 5, 3, padded, 70);
		add_ccel(&o);
	}
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	blob_common(&o, snp ? "sev_guest" : "tdx_guest");
	buf_free(&report);
	buf_free(&table);
	buf_free(&q);
	return rc | save_to(path, &o);
}

int gen_bound(int argc, char **argv)
{
	struct buf data = { 0 }, extra = { 0 };
	int rc;

	if (argc < 3 || data_of(argv[2], &data) || (argc > 3 && data_of(argv[3], &extra)) ||
	    !data.len || data.len > 64)
		return 2;
	if (!strncmp(argv[1], "azure-", 6))
		rc = azure(argv[0], !strcmp(argv[1], "azure-snp"), &data, &extra);
	else
		rc = plain(argv[0], argv[1], &data);
	buf_free(&data);
	buf_free(&extra);
	return rc;
}

int gen_items(int argc, char **argv)
{
	struct buf b = { 0 };
	struct blob o;
	int i;

	if (argc < 6)
		return 2;
	blob_start(&o, (u32)atoi(argv[1]), (u32)atoi(argv[2]), (u32)atoi(argv[3]),
		   (u32)atoi(argv[4]));
	for (i = 5; i < argc; i++) {
		char *file = strchr(argv[i], '=');

		if (!file || file_read(file + 1, 1 << 24, &b))
			return 2;
		blob_item(&o, (u32)atoi(argv[i]), 0, b.p, b.len);
		buf_free(&b);
	}
	return save_to(argv[0], &o);
}
