// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include <openssl/bn.h>
#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "vsim.h"
#include "x509_ext.h"

#define AMD	"1.3.6.1.4.1.3704.1."
#define SGX	"1.2.840.113741.1.13.1"

static X509 *begin(const char *cn, EVP_PKEY *key, const char *issuer, long serial, bool ca)
{
	X509_NAME *name = X509_NAME_new(), *by = X509_NAME_new();
	X509 *x = X509_new();
	X509_EXTENSION *e;

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)cn, -1, -1, 0);
	X509_NAME_add_entry_by_txt(by, "CN", MBSTRING_ASC, (const u8 *)issuer, -1, -1, 0);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "20240101000000Z");
	ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "20491231235959Z");
	X509_set_issuer_name(x, by);
	X509_set_subject_name(x, name);
	X509_NAME_free(by);
	X509_NAME_free(name);
	X509_set_pubkey(x, key);
	if (ca) {
		e = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	return x;
}

X509 *vsim_authority(const char *cn, EVP_PKEY *key, const char *issuer, EVP_PKEY *by,
		     long serial)
{
	X509 *x = begin(cn, key, issuer, serial, true);
	X509_EXTENSION *e;

	/* as those of AMD and Intel have it: an ASK or ASVK signs no lists */
	e = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, strncmp(cn, "SEV-", 4) ?
				"critical,keyCertSign,cRLSign" : "critical,keyCertSign");
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	X509_sign(x, by, EVP_sha384());
	return x;
}

X509 *vsim_ak(EVP_PKEY *key, const char *issuer, EVP_PKEY *by, const char *eku)
{
	X509 *x = begin("0.TrustedVM.example", key, issuer, 77, false);
	X509_EXTENSION *e = eku ? X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, eku) : NULL;

	if (e)
		X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	X509_sign(x, by, EVP_sha256());
	return x;
}

X509 *vsim_amd(const struct vsim *s, const struct vamd *a)
{
	return vsim_amd_numbered(s, a, 0, NULL);
}

X509 *vsim_amd_numbered(const struct vsim *s, const struct vamd *a, long serial, const char *point)
{
	X509 *x = begin(a->cn, a->key ? a->key : s->vek, a->issuer, serial, false);
	u8 hwid[66] = { 0x04, 64 }, csp[64] = { 0x16 };

	memset(hwid + 2, 0x40, 64);
	add_ext(x, AMD "1", "\x02\x01\x00", 3);
	add_ext(x, AMD "2", a->csp ? "\x16\x05Milan" : "\x16\x08Milan-B0", a->csp ? 7 : 10);
	add_ext(x, AMD "3.1", "\x02\x01\x04", 3);
	add_ext(x, AMD "3.2", "\x02\x01\x00", 3);
	add_ext(x, AMD "3.3", "\x02\x01\x18", 3);
	add_ext(x, AMD "3.8", "\x02\x02\x00\xdb", 4);
	if (a->csp) {
		csp[1] = (u8)strlen(a->csp);
		memcpy(csp + 2, a->csp, csp[1]);
		add_ext(x, AMD "5", csp, 2u + csp[1]);
	} else {
		add_ext(x, AMD "4", a->wrapped ? hwid : hwid + 2, a->wrapped ? 66 : 64);
	}
	if (point) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_crl_distribution_points, point);

		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	X509_sign(x, a->by, EVP_sha384());
	return x;
}

/* Intel's extension, of the text that OpenSSL makes DER of */
static void sgx_ext(X509 *x)
{
	struct buf b = { 0 };
	ASN1_TYPE *t;
	u8 *der = NULL;
	CONF *conf;
	BIO *bio;
	int i, n;

	buf_add_str(&b, "[sgx]\nq=SEQUENCE:ppid\nt=SEQUENCE:tcb\np=SEQUENCE:pceid\nf=SEQUENCE:fmspc\n"
		    "i=SEQUENCE:instance\n"
		    "[ppid]\no=OID:" SGX ".1\nv=FORMAT:HEX,OCTETSTRING:01010101010101010101010101010101\n"
		    "[instance]\no=OID:" SGX ".6\nv=FORMAT:HEX,OCTETSTRING:06060606060606060606060606060606\n"
		    "[tcb]\no=OID:" SGX ".2\nv=SEQUENCE:comps\n"
		    "[pceid]\no=OID:" SGX ".3\nv=FORMAT:HEX,OCTETSTRING:0000\n"
		    "[fmspc]\no=OID:" SGX ".4\nv=FORMAT:HEX,OCTETSTRING:00806f050000\n[comps]\n");
	for (i = 1; i <= 17; i++)
		buf_printf(&b, "c%d=SEQUENCE:c%d\n", i, i);
	for (i = 1; i <= 17; i++)
		buf_printf(&b, "[c%d]\no=OID:" SGX ".2.%d\nv=INTEGER:%d\n", i, i, i == 17 ? 11 : 5);
	bio = BIO_new_mem_buf(b.p, (int)b.len);
	conf = NCONF_new(NULL);
	NCONF_load_bio(conf, bio, NULL);
	t = ASN1_generate_nconf("SEQUENCE:sgx", conf);
	n = i2d_ASN1_TYPE(t, &der);
	add_ext(x, SGX, der, (size_t)n);
	OPENSSL_free(der);
	ASN1_TYPE_free(t);
	NCONF_free(conf);
	BIO_free(bio);
	buf_free(&b);
}

void vsim_make(struct vsim *s)
{
	s->ark = EVP_RSA_gen(2048);
	s->ask = EVP_RSA_gen(2048);
	s->asvk = EVP_RSA_gen(2048);
	s->vek = EVP_EC_gen("P-384");
	s->ark_crt = vsim_authority("ARK-TEST", s->ark, "ARK-TEST", s->ark, 1);
	s->ask_crt = vsim_authority("SEV-TEST", s->ask, "ARK-TEST", s->ark, 2);
	s->asvk_crt = vsim_authority("SEV-VLEK-TEST", s->asvk, "ARK-TEST", s->ark, 3);
	s->vcek = vsim_amd(s, &(struct vamd){ "SEV-VCEK", "SEV-TEST", s->ask, NULL, NULL, false });
	s->vcek_wrapped = vsim_amd(s, &(struct vamd){ "SEV-VCEK", "SEV-TEST", s->ask, NULL, NULL, true });
	s->vlek = vsim_amd(s, &(struct vamd){ "SEV-VLEK", "SEV-VLEK-TEST", s->asvk, NULL, "TEST cloud",
					      false });
	s->root = EVP_EC_gen("P-256");
	s->ca = EVP_EC_gen("P-256");
	s->pck = EVP_EC_gen("P-256");
	s->qe = EVP_EC_gen("P-256");
	s->tcb = EVP_EC_gen("P-256");
	s->ak = EVP_RSA_gen(2048);
	s->root_crt = vsim_authority("TEST SGX Root CA", s->root, "TEST SGX Root CA", s->root, 11);
	s->ca_crt = vsim_authority("TEST PCK CA", s->ca, "TEST SGX Root CA", s->root, 12);
	s->pck_crt = begin("TEST SGX PCK Certificate", s->pck, "TEST PCK CA", 13, false);
	sgx_ext(s->pck_crt);
	X509_sign(s->pck_crt, s->ca, EVP_sha256());
	s->tcb_crt = begin("Intel SGX TCB Signing", s->tcb, "TEST SGX Root CA", 14, false);
	X509_sign(s->tcb_crt, s->root, EVP_sha256());
}

void vsim_free(struct vsim *s)
{
	EVP_PKEY *keys[] = { s->ark, s->ask, s->asvk, s->vek, s->root, s->ca, s->pck, s->qe, s->tcb, s->ak };
	X509 *certs[] = { s->ark_crt, s->ask_crt, s->asvk_crt, s->vcek, s->vlek, s->vcek_wrapped,
			  s->root_crt, s->ca_crt, s->pck_crt, s->tcb_crt };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		EVP_PKEY_free(keys[i]);
	for (i = 0; i < ARRAY_SIZE(certs); i++)
		X509_free(certs[i]);
}

void add_pem(struct buf *b, X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	/* NULL: left out */
	if (x && PEM_write_bio_X509(bio, x)) {
		len = BIO_get_mem_data(bio, &text);
		buf_add(b, text, (size_t)len);
	}
	BIO_free(bio);
}

static void crl_ext(X509_CRL *crl, X509_REVOKED *r, const char *oid, const void *der, size_t len,
		    bool critical)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	ASN1_OCTET_STRING_set(v, der, (int)len);
	e = X509_EXTENSION_create_by_OBJ(NULL, obj, critical, v);
	if (r)
		X509_REVOKED_add_ext(r, e, -1);
	else
		X509_CRL_add_ext(crl, e, -1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(obj);
}

static void sign_pss_sha1(X509_CRL *crl, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p;

	EVP_DigestSignInit(ctx, &p, EVP_sha1(), NULL, key);
	EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING);
	X509_CRL_sign_ctx(crl, ctx);
	EVP_MD_CTX_free(ctx);
}

void vsim_crl_of(struct buf *b, X509 *by, EVP_PKEY *key, const struct vcrl *c)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *t = ASN1_TIME_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(by));
	ASN1_TIME_set_string_X509(t, c->from ? c->from : "20240601000000Z");
	X509_CRL_set1_lastUpdate(crl, t);
	X509_REVOKED_set_revocationDate(r, t);
	ASN1_INTEGER_set(n, c->serial);
	X509_REVOKED_set_serialNumber(r, n);
	if (c->entry_ext)
		crl_ext(NULL, r, c->entry_ext, "\x05", 2, true);
	X509_CRL_add0_revoked(crl, r);
	if (c->until) {
		ASN1_TIME_set_string_X509(t, c->until);
		X509_CRL_set1_nextUpdate(crl, t);
	}
	if (c->number)
		crl_ext(crl, NULL, "2.5.29.20", (u8[]){ 2, 1, c->number }, 3, false);
	if (c->ext)
		crl_ext(crl, NULL, c->ext, c->ext_der ? c->ext_der : "\x05", c->ext_der ? c->ext_len : 2,
			c->critical);
	X509_CRL_sort(crl);
	if (c->pss_sha1)
		sign_pss_sha1(crl, key);
	else
		X509_CRL_sign(crl, key, EVP_sha256());
	if (c->pem)
		PEM_write_bio_X509_CRL(bio, crl);
	else
		i2d_X509_CRL_bio(bio, crl);
	len = BIO_get_mem_data(bio, &text);
	buf_add(b, text, (size_t)len);
	BIO_free(bio);
	ASN1_INTEGER_free(n);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
}

void vsim_crl(struct buf *b, X509 *by, EVP_PKEY *key, long serial, const char *until)
{
	vsim_crl_of(b, by, key, &(struct vcrl){ .serial = serial, .until = until });
}

static void ecdsa(EVP_PKEY *key, const EVP_MD *md, const u8 *p, size_t len, int n, bool le,
		  u8 *r, u8 *s)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t der_len = 256;
	const u8 *at;
	ECDSA_SIG *sig;
	u8 der[256];

	EVP_DigestSignInit(ctx, NULL, md, NULL, key);
	EVP_DigestSign(ctx, der, &der_len, p, len);
	EVP_MD_CTX_free(ctx);
	at = der;
	sig = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
	(le ? BN_bn2lebinpad : BN_bn2binpad)(ECDSA_SIG_get0_r(sig), r, n);
	(le ? BN_bn2lebinpad : BN_bn2binpad)(ECDSA_SIG_get0_s(sig), s, n);
	ECDSA_SIG_free(sig);
}

/* A Milan guest, version 3, by its VCEK */
void vsim_snp(u8 r[1184])
{
	static const u8 tcb[8] = { 4, 0, 0, 0, 0, 0, 24, 219 };

	memset(r, 0, 1184);
	r[0] = 3;
	r[8] = 0x1f;
	r[10] = 3;
	memcpy(r + 0x10, "SIMULATED", 9);
	r[0x34] = 1;
	memcpy(r + 0x38, tcb, 8);
	r[0x50] = 0xda;
	memset(r + 0x90, 0x90, 48);
	memset(r + 0xe0, 0xe0, 48);
	memset(r + 0x160, 0xff, 32);
	memcpy(r + 0x180, tcb, 8);
	r[0x188] = 0x19;
	r[0x189] = 1;
	memset(r + 0x1a0, 0x40, 64);
	memcpy(r + 0x1e0, tcb, 8);
	memcpy(r + 0x1f0, tcb, 8);
}

void vsim_snp_sign(const struct vsim *s, u8 r[1184])
{
	ecdsa(s->vek, EVP_sha384(), r, 0x2a0, 72, true, r + 0x2a0, r + 0x2e8);
}

/* In every genuine QE identity, and in all quotes of vectors */
static const u8 intel_qe_signer[32] = {
	0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
	0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5,
};

void vsim_quote_init(struct vquote *q)
{
	memset(q, 0, sizeof(*q));
	memset(q->body, 5, 16);
	q->body[1] = 1;
	q->body[123] = 0x10;	/* SEPT_VE_DISABLE */
	q->body[128] = 0xe7;	/* XFAM: AVX-512 */
	/* of TD 1.5: the module that runs now, too */
	memcpy(q->body + 584, q->body, 16);
	memset(q->body + 136, 0x36, 48);
	q->body[520] = 0xda;
	q->qe[48] = 0x15;
	memcpy(q->qe + 128, intel_qe_signer, 32);
	q->qe[256] = 2;
	q->qe[258] = 6;
}

static void add_le(struct buf *b, u64 v, size_t n)
{
	u8 byte;

	while (n--) {
		byte = (u8)v;
		buf_add(b, &byte, 1);
		v >>= 8;
	}
}

void vsim_quote(const struct vsim *s, const struct vquote *q, struct buf *out)
{
	static const u8 vendor[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
				       0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
	struct buf pem = { 0 }, bound = { 0 };
	u8 sig[64], point[65], auth[32] = { 9 }, qe[384], hash[DIGEST_MAX];
	size_t n;

	add_le(out, q->td15 ? 5 : 4, 2);
	add_le(out, 2, 2);
	add_le(out, 0x81, 8);
	buf_add(out, vendor, 16);
	add_le(out, 0, 8);
	add_le(out, 0, 12);
	if (q->td15) {
		add_le(out, 3, 2);
		add_le(out, 648, 4);
	}
	buf_add(out, q->body, q->td15 ? 648 : 584);
	ecdsa(s->qe, EVP_sha256(), out->p, out->len, 32, false, sig, sig + 32);
	EVP_PKEY_get_octet_string_param(s->qe, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n);
	buf_add(&bound, point + 1, 64);
	buf_add(&bound, auth, 32);
	memcpy(qe, q->qe, 384);
	digest("SHA256", bound.p, bound.len, hash);
	memcpy(qe + 320, hash, 32);
	qe[320] ^= q->wrong_key;
	add_pem(&pem, s->pck_crt);
	add_pem(&pem, s->ca_crt);
	add_pem(&pem, s->root_crt);
	if (q->more)
		add_pem(&pem, q->more);
	n = 384 + 64 + 2 + 32 + 6 + pem.len;
	add_le(out, 128 + 6 + n, 4);
	buf_add(out, sig, 64);
	buf_add(out, point + 1, 64);
	add_le(out, 6, 2);
	add_le(out, n, 4);
	buf_add(out, qe, 384);
	ecdsa(q->wrong_pck ? s->qe : s->pck, EVP_sha256(), qe, 384, 32, false, sig, sig + 32);
	buf_add(out, sig, 64);
	add_le(out, 32, 2);
	buf_add(out, auth, 32);
	add_le(out, 5, 2);
	add_le(out, pem.len, 4);
	buf_add(out, pem.p, pem.len);
	buf_free(&pem);
	buf_free(&bound);
}

/* The TDREPORT that such a quote is made of */
void vsim_tdreport(const struct vquote *q, u8 r[1024])
{
	u8 hash[DIGEST_MAX];

	memset(r, 0, 1024);
	r[0] = 0x81;
	memcpy(r + 128, q->body + 520, 64);
	memcpy(r + 264, q->body, 120);
	if (q->td15) {
		r[2] = 1;
		memcpy(r + 384, q->body + 584, 16);
		memcpy(r + 912, q->body + 600, 48);
	}
	memcpy(r + 512, q->body + 120, 400);
	digest("SHA384", r + 256, 239, hash);
	memcpy(r + 32, hash, 48);
	digest("SHA384", r + 512, 512, hash);
	memcpy(r + 80, hash, 48);
}

void vsim_collateral(struct buf *b, const char *key, const char *text, EVP_PKEY *key_of)
{
	u8 sig[64];
	char *hex;

	ecdsa(key_of, EVP_sha256(), (const u8 *)text, strlen(text), 32, false, sig, sig + 32);
	hex = hex_encode(sig, 64);
	buf_printf(b, "{\"%s\":%s,\"signature\":\"%s\"}", key, text, hex);
	free_str(&hex);
}

static size_t modulus(const struct vsim *s, u8 n[256])
{
	BIGNUM *bn = NULL;

	EVP_PKEY_get_bn_param(s->ak, OSSL_PKEY_PARAM_RSA_N, &bn);
	BN_bn2binpad(bn, n, 256);
	BN_free(bn);
	return 256;
}

void vsim_claims(const struct vsim *s, const char *user_data, struct buf *claims)
{
	u8 n[256];
	char *b64 = base64_encode(n, modulus(s, n), BASE64_URL);

	buf_printf(claims, "{\"keys\":[{\"kid\":\"HCLAkPub\",\"key_ops\":[\"sign\"],\"kty\":\"RSA\",\"e\":\"%s\",\"n\":\"%s\"}],\"vm-configuration\":{},\"user-data\":\"%s\"}",
		   s->ak_e ? s->ak_e : "AQAB", b64, user_data);
	free_str(&b64);
}

void vsim_hcl(const struct buf *claims, const u8 *report, size_t len, struct buf *out)
{
	static const u8 zeros[1184];
	bool snp = len == 1184;

	buf_add_str(out, "HCLA");
	add_le(out, snp ? 1 : 2, 4);
	add_le(out, 1236 + claims->len, 4);
	add_le(out, 2, 4);
	buf_add(out, zeros, 16);
	buf_add(out, report, len);
	buf_add(out, zeros, 1184 - len);
	add_le(out, 20 + claims->len, 4);
	add_le(out, 1, 4);
	add_le(out, snp ? 2 : 4, 4);
	add_le(out, 1, 4);
	add_le(out, claims->len, 4);
	buf_add(out, claims->p, claims->len);
	buf_add(out, zeros, 64);
}

void vsim_quote_tpm(const struct vsim *s, const struct vtpm *t, struct buf *attest, struct buf *sig,
		    struct buf *pcrs)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	u8 raw[256], zeros[64] = { 0 }, hash[DIGEST_MAX];
	size_t len = sizeof(raw), n;
	EVP_PKEY_CTX *pctx;

	memset(raw, 0x77, 32);
	buf_add(pcrs, raw, 32);
	n = digest(t->sha1 ? "SHA1" : "SHA256", pcrs->p, pcrs->len, hash);
	buf_add(attest, "\xff" "TCG\x80\x18\0", 8);
	buf_add(attest, (u8[]){ (u8)(t->extra_len >> 8), (u8)t->extra_len }, 2);
	buf_add(attest, t->extra, t->extra_len);
	buf_add(attest, zeros, 17 + 8);
	buf_add(attest, "\0\0\0\x01\0\x0b\x03\x01\0\0\0", 11);
	buf_add(attest, (u8[]){ (u8)n }, 1);
	buf_add(attest, hash, n);
	EVP_DigestSignInit(ctx, &pctx, t->sha1 ? EVP_sha1() : EVP_sha256(), NULL, s->ak);
	if (t->pss)
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
	EVP_DigestSign(ctx, raw, &len, attest->p, attest->len);
	EVP_MD_CTX_free(ctx);
	buf_add(sig, (u8[]){ 0, t->pss != t->wrong_scheme ? 0x16 : 0x14, 0, t->sha1 ? 4 : 0xb, 1, 0 }, 6);
	buf_add(sig, raw, len);
}

void vsim_tpm(const struct vsim *s, const char *nonce, struct buf *attest, struct buf *sig,
	      struct buf *pcrs)
{
	vsim_quote_tpm(s, &(struct vtpm){ .extra = nonce, .extra_len = strlen(nonce) }, attest, sig, pcrs);
}
