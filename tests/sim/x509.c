// SPDX-License-Identifier: GPL-2.0-only
/*
 * Certificates that verifiers made for AMD's, Intel's and Azure's take for such,
 * given our root: same names, extensions and signature algorithms. What gives them
 * away is a word in every subject, and the root.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "simtee.h"

#define AMD_OID		"1.3.6.1.4.1.3704.1."
#define SGX_OID		"1.2.840.113741.1.13.1"
#define NOT_BEFORE	"20240101000000Z"
#define NOT_AFTER	"20491231235959Z"
#define MARK		"TEST SIMULATED"

const char *const product_names[NR_PRODUCTS] = { "Milan", "Genoa", "Turin" };

struct name_part {
	const char *type, *value;
};

static X509_NAME *make_name(const struct name_part *parts, unsigned int n)
{
	X509_NAME *name = must(X509_NAME_new(), "X509_NAME_new");

	for (unsigned int i = 0; i < n; i++)
		if (!X509_NAME_add_entry_by_txt(name, parts[i].type, MBSTRING_ASC,
				(const unsigned char *)parts[i].value, -1, -1, 0))
			die("cannot add %s to a name", parts[i].type);
	return name;
}

/* The parts verifiers compare are AMD's; serialNumber is free. */
static X509_NAME *amd_name(const char *cn)
{
	const struct name_part parts[] = {
		{ "OU", "Engineering" }, { "C", "US" }, { "L", "Santa Clara" },
		{ "ST", "CA" }, { "O", "Advanced Micro Devices" }, { "CN", cn },
		{ "serialNumber", MARK },
	};

	return make_name(parts, sizeof(parts) / sizeof(*parts));
}

static X509_NAME *vtpm_name(const char *cn)
{
	const struct name_part parts[] = {
		{ "C", "US" }, { "ST", "Washington" }, { "L", "Redmond" },
		{ "O", "Microsoft Corporation" }, { "OU", MARK }, { "CN", cn },
	};

	return make_name(parts, sizeof(parts) / sizeof(*parts));
}

static X509_NAME *intel_name(const char *cn)
{
	const struct name_part parts[] = {
		{ "CN", cn }, { "O", "Intel Corporation" }, { "OU", MARK },
		{ "L", "Santa Clara" }, { "ST", "CA" }, { "C", "US" },
	};

	return make_name(parts, sizeof(parts) / sizeof(*parts));
}

static X509 *begin(X509_NAME *subject, X509_NAME *issuer, EVP_PKEY *key, long serial)
{
	X509 *c = must(X509_new(), "X509_new");

	if (!X509_set_version(c, X509_VERSION_3) ||
	    !ASN1_INTEGER_set(X509_get_serialNumber(c), serial) ||
	    !ASN1_TIME_set_string_X509(X509_getm_notBefore(c), NOT_BEFORE) ||
	    !ASN1_TIME_set_string_X509(X509_getm_notAfter(c), NOT_AFTER) ||
	    !X509_set_subject_name(c, subject) || !X509_set_issuer_name(c, issuer) ||
	    !X509_set_pubkey(c, key))
		die("cannot fill a certificate");
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	return c;
}

static void ext_text(X509 *c, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer ? issuer : c, c, NULL, NULL, 0);
	ext = must(X509V3_EXT_conf_nid(NULL, &ctx, nid, value), value);
	X509_add_ext(c, ext, -1);
	X509_EXTENSION_free(ext);
}

static void ext_raw(X509 *c, const char *oid, const void *p, size_t len)
{
	ASN1_OCTET_STRING *os = must(ASN1_OCTET_STRING_new(), "octet string");
	ASN1_OBJECT *obj = must(OBJ_txt2obj(oid, 1), oid);
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(os, p, len);
	ext = must(X509_EXTENSION_create_by_OBJ(NULL, obj, 0, os), oid);
	X509_add_ext(c, ext, -1);
	X509_EXTENSION_free(ext);
	ASN1_OBJECT_free(obj);
	ASN1_OCTET_STRING_free(os);
}

static X509 *sign_pss(X509 *c, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = must(EVP_MD_CTX_new(), "EVP_MD_CTX_new");
	EVP_PKEY_CTX *pctx;

	if (EVP_DigestSignInit(ctx, &pctx, EVP_sha384(), NULL, key) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) <= 0 ||
	    !X509_sign_ctx(c, ctx))
		die("cannot sign a certificate");
	EVP_MD_CTX_free(ctx);
	return c;
}

static X509 *sign_sha256(X509 *c, EVP_PKEY *key)
{
	if (!X509_sign(c, key, EVP_sha256()))
		die("cannot sign a certificate");
	return c;
}

/* --- AMD --- */

struct snp_tcb snp_tcb(unsigned int product, unsigned int newer)
{
	static const struct snp_tcb base[NR_PRODUCTS] = {
		{ 0, 4, 0, 24, 219 }, { 0, 10, 0, 23, 84 }, { 1, 1, 1, 4, 81 },
	};
	struct snp_tcb tcb = base[product];

	tcb.snp += newer;
	return tcb;
}

/* Turin's chip id has eight bytes, the others' 64. */
void snp_chip_id(unsigned int product, uint8_t id[64])
{
	char text[64];

	snprintf(text, sizeof(text), "cvm-evidence " MARK " chip %s",
		 product_names[product]);
	text_hash(EVP_sha512(), text, id);
	if (product == CVM_SIM_TURIN)
		memset(id + 8, 0, 56);
}

static void crl_link(X509 *c, const char *kind, unsigned int product)
{
	char uri[96];

	snprintf(uri, sizeof(uri), "URI:https://kdsintf.amd.com/%s/v1/%s/crl", kind,
		 product_names[product]);
	ext_text(c, NULL, NID_crl_distribution_points, uri);
}

X509 *make_ark(unsigned int product, EVP_PKEY *ark)
{
	char cn[32];
	X509 *c;

	snprintf(cn, sizeof(cn), "ARK-%s", product_names[product]);
	c = begin(amd_name(cn), amd_name(cn), ark, 0x10000 + product);
	ext_text(c, NULL, NID_key_usage, "critical,keyCertSign,cRLSign");
	ext_text(c, NULL, NID_subject_key_identifier, "hash");
	ext_text(c, NULL, NID_basic_constraints, "critical,CA:TRUE");
	crl_link(c, "vcek", product);
	return sign_pss(c, ark);
}

static void ask_name(char *cn, size_t len, unsigned int product, bool vlek)
{
	snprintf(cn, len, "SEV-%s%s", vlek ? "VLEK-" : "", product_names[product]);
}

X509 *make_ask(unsigned int product, bool vlek, EVP_PKEY *ask, EVP_PKEY *ark,
	       X509 *ark_cert)
{
	char cn[32], issuer[32];
	X509 *c;

	ask_name(cn, sizeof(cn), product, vlek);
	snprintf(issuer, sizeof(issuer), "ARK-%s", product_names[product]);
	c = begin(amd_name(cn), amd_name(issuer), ask, 0x10010 + product + 8 * vlek);
	ext_text(c, NULL, NID_subject_key_identifier, "hash");
	ext_text(c, ark_cert, NID_authority_key_identifier, "keyid:always");
	ext_text(c, NULL, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
	ext_text(c, NULL, NID_key_usage, "critical,keyCertSign");
	crl_link(c, vlek ? "vlek" : "vcek", product);
	return sign_pss(c, ark);
}

static void ext_u8(X509 *c, const char *sub, uint8_t v)
{
	uint8_t der[4] = { 0x02, 0x01, v };
	char oid[64];

	/* An INTEGER is signed: from 0x80 on it takes a zero before it. */
	if (v & 0x80) {
		der[1] = 2;
		der[2] = 0;
		der[3] = v;
	}
	snprintf(oid, sizeof(oid), AMD_OID "%s", sub);
	ext_raw(c, oid, der, v & 0x80 ? 4 : 3);
}

static void ext_ia5(X509 *c, const char *oid, const char *text)
{
	uint8_t der[64] = { 0x16, strlen(text) };

	memcpy(der + 2, text, der[1]);
	ext_raw(c, oid, der, 2 + der[1]);
}

X509 *make_vek(unsigned int product, bool vlek, struct snp_tcb tcb, EVP_PKEY *vek,
	       EVP_PKEY *ask)
{
	static const char *const stepping[NR_PRODUCTS] = { "-B0", "-B0", "" };
	bool turin = product == CVM_SIM_TURIN;
	char issuer[32], name[32];
	uint8_t chip[64];
	X509 *c;

	ask_name(issuer, sizeof(issuer), product, vlek);
	c = begin(amd_name(vlek ? "SEV-VLEK" : "SEV-VCEK"), amd_name(issuer), vek, 0);

	ext_u8(c, "1", turin);
	snprintf(name, sizeof(name), "%s%s", product_names[product],
		 vlek ? "" : stepping[product]);
	ext_ia5(c, AMD_OID "2", name);
	if (turin)
		ext_u8(c, "3.9", tcb.fmc);
	ext_u8(c, "3.1", tcb.bl);
	ext_u8(c, "3.2", tcb.tee);
	if (turin)
		ext_u8(c, "3.3", tcb.snp);
	else
		ext_u8(c, "3.4", 0);
	ext_u8(c, "3.5", 0);
	ext_u8(c, "3.6", 0);
	ext_u8(c, "3.7", 0);
	if (!turin)
		ext_u8(c, "3.3", tcb.snp);
	ext_u8(c, "3.8", tcb.ucode);
	if (vlek) {
		ext_ia5(c, AMD_OID "5", "TEST cloud");
	} else {
		snp_chip_id(product, chip);
		ext_raw(c, AMD_OID "4", chip, turin ? 8 : 64);
	}
	return sign_pss(c, ask);
}

/* --- Intel --- */

/* The extensions all three have, in Intel's order; verifiers count them. */
static void sgx_extensions(X509 *c, X509 *issuer, const char *crl, const char *usage,
			   const char *basic)
{
	/* The root's own identifier must be there to be referred to. */
	ext_text(c, NULL, NID_subject_key_identifier, "hash");
	ext_text(c, issuer, NID_authority_key_identifier, "keyid:always");
	ext_text(c, NULL, NID_crl_distribution_points, crl);
	ext_text(c, NULL, NID_key_usage, usage);
	ext_text(c, NULL, NID_basic_constraints, basic);
}

static X509 *sgx_ca(const char *cn, const char *issuer_cn, EVP_PKEY *key, X509 *issuer,
		    long serial, const char *basic)
{
	X509 *c = begin(intel_name(cn), intel_name(issuer_cn), key, serial);

	sgx_extensions(c, issuer,
		"URI:https://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
		"critical,keyCertSign,cRLSign", basic);
	return c;
}

X509 *make_sgx_root(EVP_PKEY *root)
{
	return sign_sha256(sgx_ca("Intel SGX Root CA", "Intel SGX Root CA", root, NULL,
				0x20001, "critical,CA:TRUE,pathlen:1"), root);
}

X509 *make_sgx_ca(EVP_PKEY *ca, EVP_PKEY *root, X509 *root_cert)
{
	return sign_sha256(sgx_ca("Intel SGX PCK Platform CA", "Intel SGX Root CA", ca,
				root_cert, 0x20002, "critical,CA:TRUE,pathlen:0"), root);
}

static void der(struct buf *out, uint8_t tag, const struct buf *content)
{
	buf_u8(out, tag);
	if (content->len > 0xff) {
		buf_u8(out, 0x82);
		buf_u8(out, content->len >> 8);
	} else if (content->len > 0x7f) {
		buf_u8(out, 0x81);
	}
	buf_u8(out, content->len);
	buf_add(out, content->p, content->len);
}

/* SEQUENCE { OID SGX_OID.sub, value } */
static void sgx_item(struct buf *out, const char *sub, uint8_t tag, const struct buf *v)
{
	struct buf seq = {};
	ASN1_OBJECT *obj;
	char oid[64];
	uint8_t raw[64], *p = raw;
	int len;

	snprintf(oid, sizeof(oid), SGX_OID ".%s", sub);
	obj = must(OBJ_txt2obj(oid, 1), oid);
	len = i2d_ASN1_OBJECT(obj, &p);
	ASN1_OBJECT_free(obj);
	buf_add(&seq, raw, len);
	der(&seq, tag, v);
	der(out, 0x30, &seq);
	buf_free(&seq);
}

static void sgx_bytes(struct buf *out, const char *sub, uint8_t tag, const void *p,
		      size_t len)
{
	struct buf v = {};

	buf_add(&v, p, len);
	sgx_item(out, sub, tag, &v);
	buf_free(&v);
}

X509 *make_pck(EVP_PKEY *pck, EVP_PKEY *ca, X509 *ca_cert)
{
	static const uint8_t svn[16] = { 8, 8, 2, 2, 4, 1, 0, 6 };
	static const uint8_t fmspc[6] = { 0x00, 0x80, 0x6f, 0x05, 0, 0 };
	static const uint8_t pceid[2], yes[1] = { 0xff }, no[1], type[1] = { 1 };
	struct buf list = {}, tcb = {}, conf = {}, all = {};
	uint8_t id[32], v;
	char sub[16];
	X509 *c;

	c = begin(intel_name("Intel SGX PCK Certificate"),
		  intel_name("Intel SGX PCK Platform CA"), pck, 0x20003);
	sgx_extensions(c, ca_cert,
		"URI:https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?"
		"ca=platform&encoding=der",
		"critical,digitalSignature,nonRepudiation", "critical,CA:FALSE");

	text_hash(EVP_sha256(), "cvm-evidence " MARK " PPID", id);
	sgx_bytes(&list, "1", 0x04, id, 16);
	for (int i = 0; i < 16; i++) {
		snprintf(sub, sizeof(sub), "2.%d", i + 1);
		sgx_bytes(&tcb, sub, 0x02, &svn[i], 1);
	}
	v = 11;
	sgx_bytes(&tcb, "2.17", 0x02, &v, 1);
	sgx_bytes(&tcb, "2.18", 0x04, svn, sizeof(svn));
	sgx_item(&list, "2", 0x30, &tcb);
	sgx_bytes(&list, "3", 0x04, pceid, sizeof(pceid));
	sgx_bytes(&list, "4", 0x04, fmspc, sizeof(fmspc));
	sgx_bytes(&list, "5", 0x0a, type, sizeof(type));
	sgx_bytes(&list, "6", 0x04, id + 16, 16);
	sgx_bytes(&conf, "7.1", 0x01, yes, 1);
	sgx_bytes(&conf, "7.2", 0x01, no, 1);
	sgx_bytes(&conf, "7.3", 0x01, yes, 1);
	sgx_item(&list, "7", 0x30, &conf);
	der(&all, 0x30, &list);
	ext_raw(c, SGX_OID, all.p, all.len);
	buf_free(&list);
	buf_free(&tcb);
	buf_free(&conf);
	buf_free(&all);
	return sign_sha256(c, ca);
}

/* --- forms --- */

/* --- Azure's vTPM --- */

X509 *make_vtpm_ca(EVP_PKEY *ca)
{
	X509 *c = begin(vtpm_name("TEST Virtual TPM CA"), vtpm_name("TEST Virtual TPM CA"), ca, 1);

	ext_text(c, NULL, NID_subject_key_identifier, "hash");
	ext_text(c, NULL, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
	ext_text(c, NULL, NID_key_usage, "critical,keyCertSign,cRLSign");
	return sign_sha256(c, ca);
}

X509 *make_ak_cert(EVP_PKEY *ak, EVP_PKEY *ca, X509 *ca_cert)
{
	X509 *c = begin(vtpm_name("TEST vTPM AK"), vtpm_name("TEST Virtual TPM CA"), ak, 2);

	ext_text(c, NULL, NID_basic_constraints, "critical,CA:FALSE");
	ext_text(c, NULL, NID_key_usage, "critical,digitalSignature");
	ext_text(c, NULL, NID_ext_key_usage, "2.23.133.8.3");	/* tcg-kp-AIKCertificate */
	ext_text(c, NULL, NID_subject_key_identifier, "hash");
	ext_text(c, ca_cert, NID_authority_key_identifier, "keyid:always");
	return sign_sha256(c, ca);
}

void cert_pem(X509 *cert, struct buf *out)
{
	BIO *bio = must(BIO_new(BIO_s_mem()), "BIO_new");
	char *p;
	long len;

	if (!PEM_write_bio_X509(bio, cert))
		die("cannot write a certificate");
	len = BIO_get_mem_data(bio, &p);
	buf_add(out, p, len);
	BIO_free(bio);
}

void cert_der(X509 *cert, struct buf *out)
{
	uint8_t *p = NULL;
	int len = i2d_X509(cert, &p);

	if (len < 0)
		die("cannot encode a certificate");
	buf_add(out, p, len);
	OPENSSL_free(p);
}
