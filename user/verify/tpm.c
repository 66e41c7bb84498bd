// SPDX-License-Identifier: GPL-2.0-only
/*
 * A quote of the vTPM: worth something only when the hardware vouches for its
 * key, which is in the claims of an HCL report.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "tpm/pcr_file.h"
#include "tpm/quote.h"
#include "verify/verify.h"

#define RSA_BITS_MIN		2048

static EVP_PKEY *rsa_key(const struct buf *n, const struct buf *e)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *bn = BN_bin2bn(n->p, (int)n->len, NULL), *be = BN_bin2bn(e->p, (int)e->len, NULL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (bld && bn && be && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be))
		params = OSSL_PARAM_BLD_to_param(bld);
	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(bn);
	BN_free(be);
	ERR_clear_error();
	return key;
}

static bool rsa_verify(EVP_PKEY *key, const struct tpm_quote *q)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const char *hash = tpm_hash_name(q->sig_hash);
	EVP_PKEY_CTX *pctx;
	bool ok;

	ok = ctx && hash && q->sig.len && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
	     EVP_DigestVerifyInit(ctx, &pctx, EVP_get_digestbyname(hash), NULL, key) == 1 &&
	     (q->sig_alg != TPM_ALG_RSAPSS ||
	      EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1) &&
	     EVP_DigestVerify(ctx, q->sig.p, q->sig.len, q->attest.p, q->attest.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

/*
 * Why nothing that this key signed proves anything; NULL: it does. A short modulus can
 * be factored, and with the exponent 1 the padding alone is a signature. RFC 7518, 3.3;
 * TPM 2.0 part 2, TPMS_RSA_PARMS: the exponent is a prime greater than 2.
 */
static const char *weakness(EVP_PKEY *key)
{
	BIGNUM *e = NULL;
	const char *why = NULL;

	if (EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
		return "its modulus has fewer than 2048 bits";
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) != 1 || !BN_is_odd(e) || BN_is_one(e))
		why = "its public exponent is not an odd number above 1";
	BN_free(e);
	ERR_clear_error();
	return why;
}

/* The AK as a file: PEM of a public key, or a TPM2B_PUBLIC of an RSA key */
static EVP_PKEY *given_key(struct span s)
{
	BIO *bio = BIO_new_mem_buf(s.p, (int)s.len);
	EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	struct buf n CLEANUP_BUF, e CLEANUP_BUF, said CLEANUP_BUF;
	struct buf *before;
	struct tpm_rsa rsa;
	u8 be[4];
	int rc;

	BIO_free(bio);
	ERR_clear_error();
	if (key && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		EVP_PKEY_free(key);
		return NULL;
	}
	if (key)
		return key;
	before = complain_into(&said);
	rc = tpm_rsa_parse(s, &rsa);
	complain_into(before);
	if (rc)
		return NULL;
	be[0] = (u8)(rsa.exponent >> 24);
	be[1] = (u8)(rsa.exponent >> 16);
	be[2] = (u8)(rsa.exponent >> 8);
	be[3] = (u8)rsa.exponent;
	buf_add(&n, rsa.n.p, rsa.n.len);
	buf_add(&e, be, sizeof(be));
	return rsa_key(&n, &e);
}

/* A bare RSA signature, as KBS evidence carries it, becomes a TPMT_SIGNATURE. */
static struct span whole_signature(struct span s, struct buf *b)
{
	const u8 head[6] = { 0, TPM_ALG_RSASSA, 0, TPM_ALG_SHA256, (u8)(s.len >> 8), (u8)s.len };

	if (s.len != 256 && s.len != 384 && s.len != 512)
		return s;
	buf_add(b, head, sizeof(head));
	buf_add(b, s.p, s.len);
	return buf_span(b);
}

/* Values of the quoted PCRs, however many banks or PCRs the file has */
static struct span quoted_values(struct span s, u32 mask, struct buf *b)
{
	size_t i, n = (size_t)__builtin_popcount(mask);

	if (pcr_file_looks_like(s)) {
		pcr_file_values(s, b);
		return buf_span(b);
	}
	/* all of a SHA-256 bank, where some of it were quoted */
	if (s.len != TPM_PCRS * 32 || n == TPM_PCRS)
		return s;
	for (i = 0; i < TPM_PCRS; i++)
		if (mask >> i & 1)
			buf_add(b, s.p + i * 32, 32);
	return buf_span(b);
}

/* PCRs that were quoted, of a SHA-256 bank: enough of the structure to choose values */
static u32 quoted_mask(struct span a)
{
	size_t off = 6, i, n;
	u32 mask = 0;

	for (i = 0; i < 2; i++) {
		if (off + 2 > a.len)
			return 0;
		off += 2u + (size_t)(a.p[off] << 8 | a.p[off + 1]);
	}
	off += 17 + 8 + 4 + 2;
	if (off + 1 > a.len)
		return 0;
	n = a.p[off++];
	for (i = 0; i < n && i < 3 && off + i < a.len; i++)
		mask |= (u32)a.p[off + i] << 8 * i;
	return mask;
}

/*
 * The quote is fresh when its qualifying data are the nonce, byte for byte. A
 * quote over a prefix of the nonce, or over no data, may have been made before.
 */
static bool carries_nonce(struct verify *v, const struct tpm_quote *q, const struct hcl *h)
{
	const struct policy *p = &v->policy;
	char *hex CLEANUP(free_str) = hex_encode(q->extra_data.p, q->extra_data.len);
	u8 user_data[64];
	bool same;

	if (!p->have_data) {
		left_out(v, BOUND, "TPM quote", "its qualifying data are %s; no nonce was given to compare them with",
			 *hex ? hex : "empty");
		return false;
	}
	same = q->extra_data.len == p->data_len && !memcmp(q->extra_data.p, p->data, p->data_len);
	/* if the claims carry the nonce, the quote need not carry it */
	if (h && !q->extra_data.len && hcl_user_data(h, user_data) &&
	    !memcmp(user_data, p->data, 64)) {
		left_out(v, BOUND, "TPM quote", "its qualifying data are empty: it may be of any age, and its PCR values prove nothing");
		return false;
	}
	judged(v, BOUND, same, "TPM quote", "its qualifying data are %s%s", *hex ? hex : "empty",
	       same ? "" : ", not the nonce");
	return same;
}

static void show_pcrs(struct verify *v, const struct tpm_quote *q)
{
	unsigned int i;
	char name[16];

	for (i = 0; i < TPM_PCRS; i++) {
		const u8 *have = tpm_quote_pcr(q, i);
		char *hex CLEANUP(free_str) = have ? hex_encode(have, q->pcr_len) : NULL;

		snprintf(name, sizeof(name), "PCR %u", i);
		if (have)
			fact(v, name, "%s", hex);
	}
}

static void check_pcrs(struct verify *v, const struct tpm_quote *q)
{
	unsigned int i;
	char name[16];

	for (i = 0; i < TPM_PCRS; i++) {
		const u8 *have = tpm_quote_pcr(q, i);
		char *hex CLEANUP(free_str) = have ? hex_encode(have, q->pcr_len) : NULL;

		if (!v->policy.pcr[i].n)
			continue;
		answered(v, ASK_PCR);
		snprintf(name, sizeof(name), "PCR %u", i);
		judged(v, APPRAISED, have && values_have(&v->policy.pcr[i], have, q->pcr_len), name,
		       "%s", have ? hex : "it was not quoted");
	}
}

static bool same_key(EVP_PKEY *a, EVP_PKEY *b)
{
	return a && b && EVP_PKEY_eq(a, b) == 1;
}

static EVP_PKEY *attested_key(struct verify *v, const struct hcl *h)
{
	struct buf n CLEANUP_BUF, e CLEANUP_BUF;
	EVP_PKEY *key = NULL, *given;
	const char *weak;

	if (hcl_ak(h, &n, &e))
		key = rsa_key(&n, &e);
	if (!key) {
		failed(v, GENUINE, "attestation key of the TPM", "the claims have no single RSA key HCLAkPub");
		return NULL;
	}
	weak = weakness(key);
	if (weak) {
		failed(v, GENUINE, "attestation key of the TPM", "anybody may have signed with HCLAkPub of the claims: %s", weak);
		EVP_PKEY_free(key);
		return NULL;
	}
	given = v->parts.ak_pub.len ? given_key(v->parts.ak_pub) : NULL;
	answered(v, ASK_AK);
	if (v->parts.ak_pub.len && !given)
		failed(v, GENUINE, "attestation key of the TPM", "the key beside the quote can be read neither as a public RSA key in PEM nor as a TPM2B_PUBLIC of one");
	else if (v->parts.ak_pub.len && !same_key(given, key))
		failed(v, GENUINE, "attestation key of the TPM", "the one beside the quote is not HCLAkPub of the claims");
	else
		passed(v, GENUINE, "attestation key of the TPM", "HCLAkPub of the claims");
	EVP_PKEY_free(given);
	return key;
}

/* Without claims it is not known whose TPM it is. */
static EVP_PKEY *loose_key(struct verify *v)
{
	EVP_PKEY *key = v->parts.ak_pub.len ? given_key(v->parts.ak_pub) : NULL;
	const char *weak = key ? weakness(key) : NULL;

	answered(v, ASK_AK);
	if (v->parts.ak_pub.len && !key)
		failed(v, GENUINE, "attestation key of the TPM", "it can be read neither as a public RSA key in PEM nor as a TPM2B_PUBLIC of one; quotes by other keys are not known");
	else if (weak)
		failed(v, GENUINE, "attestation key of the TPM", "anybody may have signed with it: %s", weak);
	else if (!key)
		unable(v, GENUINE, "attestation key of the TPM", "no key: give it with --ak FILE, or the HCL report whose claims have it");
	else
		unable(v, GENUINE, "attestation key of the TPM", "no hardware report vouches for it: give the HCL report of this VM instead");
	return key;
}

static void check_quote(struct verify *v, EVP_PKEY *key, const struct hcl *h)
{
	struct buf sig CLEANUP_BUF, values CLEANUP_BUF, said CLEANUP_BUF;
	struct tpm_quote q;
	bool ok;
	u32 mask;
	int rc;

	answered(v, ASK_TPM_QUOTE);
	answered(v, ASK_TPM_SIGNATURE);
	answered(v, ASK_PCRS);
	complain_into(&said);
	mask = quoted_mask(v->parts.tpm_attest);
	rc = tpm_quote_parse(v->parts.tpm_attest, whole_signature(v->parts.tpm_signature, &sig),
			     quoted_values(v->parts.pcrs, mask, &values), &q);
	complain_into(NULL);
	if (rc) {
		failed(v, GENUINE, "TPM quote", "%s", (char *)said.p);
		return;
	}
	if (q.sig_hash == TPM_ALG_SHA1) {
		failed(v, GENUINE, "TPM quote", "its signature is over a SHA-1 hash, which proves nothing any more");
		return;
	}
	ok = key && rsa_verify(key, &q);
	judged(v, GENUINE, ok, "TPM quote", ok ? "signed by that key, over these PCR values" :
	       "not signed by that key");
	if (!ok)
		return;
	show_pcrs(v, &q);
	if (carries_nonce(v, &q, h))
		check_pcrs(v, &q);
}

/* TCG EK Credential Profile, 3.2.16: what a certificate of an AK is for */
#define EKU_AIK	"2.23.133.8.3"

static bool has_eku(X509 *x, const char *oid)
{
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	ASN1_OBJECT *want = OBJ_txt2obj(oid, 1);
	bool found = false;
	int i;

	for (i = 0; want && i < sk_ASN1_OBJECT_num(list); i++)
		found |= !OBJ_cmp(sk_ASN1_OBJECT_value(list, i), want);
	ASN1_OBJECT_free(want);
	EXTENDED_KEY_USAGE_free(list);
	ERR_clear_error();
	return found;
}

static void ak_chain(struct verify *v, X509 *x, EVP_PKEY *key)
{
	static const char name[] = "certificate of the attestation key";
	const struct anchors a = { &v->ak_roots, " (--ak-root FILE names others)", " (of --ak-root)" };

	if (!same_key(X509_get0_pubkey(x), key))
		failed(v, GENUINE, name, "it is of another key");
	else if (X509_check_ca(x))
		failed(v, GENUINE, name, "it is of a certificate authority, not of a key of a TPM");
	else if (!has_eku(x, EKU_AIK))
		failed(v, GENUINE, name, "its extendedKeyUsage lacks that of an attestation key (tcg-kp-AIKCertificate)");
	else
		verify_chain_to(v, &a, name, x, NULL);
}

/*
 * What the quote is worth. With the certificate its issuer, whom the caller trusts,
 * says that a TPM holds the key; without, it is the word of whoever made the claims.
 */
static void ak_certificate(struct verify *v, EVP_PKEY *key, const struct hcl *h)
{
	static const char name[] = "certificate of the attestation key";
	struct cert_pool pool CLEANUP(cert_pool_free) = { 0 };
	struct span s = v->parts.ak_cert;
	struct buf said CLEANUP_BUF, *outer = complain_into(&said);
	int rc = s.len ? certs_add(&pool, s, 1, name) : RC_OK;

	complain_into(outer);
	if (v->ak_roots.n) {
		answered(v, ASK_AK_ROOT);
		answered(v, ASK_AK_CERT);
	}
	if (rc)
		failed(v, GENUINE, name, "%s", (char *)said.p);
	else if (s.len && !pool.n)
		failed(v, GENUINE, name, "it is not one certificate");
	else if (v->ak_roots.n && !s.len)
		unable(v, GENUINE, name, "there is none, and --ak-root asks for it: give it with --ak-cert FILE");
	else if (v->ak_roots.n)
		ak_chain(v, pool.certs[0].x, key);
	else if (s.len && !same_key(X509_get0_pubkey(pool.certs[0].x), key))
		failed(v, GENUINE, name, "it is of another key");
	else if (h)
		left_out(v, GENUINE, name, "%s: that the key is held by a TPM is the word of the paravisor that made the claims",
			 s.len ? "nobody was named who may vouch for it (--ak-root FILE)" : "there is none");
}

void verify_tpm(struct verify *v, const struct hcl *h)
{
	const struct parts *p = &v->parts;
	bool any = p->tpm_attest.len || p->tpm_signature.len || p->pcrs.len;
	EVP_PKEY *key;

	if (!any && !p->ak_pub.len && !v->policy.given[ASK_AK_CERT] && !v->ak_roots.n)
		return;
	key = h ? attested_key(v, h) : loose_key(v);
	if (key)
		ak_certificate(v, key, h);
	if (p->tpm_attest.len && p->tpm_signature.len && p->pcrs.len) {
		if (key)
			check_quote(v, key, h);
	} else if (any) {
		unable(v, GENUINE, "TPM quote", "needs the quote, its signature and the PCR values (--tpm-quote, --tpm-signature, --pcrs); one is missing");
	}
	EVP_PKEY_free(key);
}
