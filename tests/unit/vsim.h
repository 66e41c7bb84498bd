/* SPDX-License-Identifier: GPL-2.0-only */
/* Evidence with keys of its own, to be bent by tests of verify and signed again */
#ifndef VSIM_H
#define VSIM_H

#include <openssl/x509.h>

#include "base/util.h"

struct vsim {
	/* AMD's side */
	EVP_PKEY *ark, *ask, *asvk, *vek;
	X509 *ark_crt, *ask_crt, *asvk_crt, *vcek, *vlek, *vcek_wrapped;
	/* Intel's side */
	EVP_PKEY *root, *ca, *pck, *qe, *tcb;
	X509 *root_crt, *ca_crt, *pck_crt, *tcb_crt;
	EVP_PKEY *ak;
	const char *ak_e;		/* HCLAkPub's exponent in base64url; NULL: AQAB */
};

/* What a quote says, before it is signed */
struct vquote {
	u8 body[648];
	u8 qe[384];
	bool td15;
	bool wrong_key;		/* the enclave vouches for another one */
	bool wrong_pck;		/* its report is signed by another key */
	X509 *more;		/* a certificate behind the chain, or NULL */
};

/* A VCEK, or with @csp a VLEK, as its maker wants it */
struct vamd {
	const char *cn, *issuer;
	EVP_PKEY *by, *key;		/* @key: NULL for that of the reports */
	const char *csp;
	bool wrapped;			/* hwID in an OCTET STRING of its own */
};

/* A list of one revoked certificate */
struct vcrl {
	long serial;
	const char *from, *until;	/* @from: NULL for 2024-06-01; @until: NULL for none */
	u8 number;
	const char *ext, *ext_der;	/* an extension, of NULL by default */
	size_t ext_len;
	bool critical, pem;
	bool pss_sha1;		/* signed by RSA-PSS, whose parameters name no hash: SHA-1 */
	const char *entry_ext;		/* a critical one of its entry */
};

/* A quote of the TPM */
struct vtpm {
	const void *extra;
	size_t extra_len;
	bool pss, wrong_scheme, sha1;
};

void vsim_make(struct vsim *s);
void vsim_free(struct vsim *s);
void add_pem(struct buf *b, X509 *x);
/* Revokes serial number @serial */
void vsim_crl(struct buf *b, X509 *by, EVP_PKEY *key, long serial, const char *until);
void vsim_crl_of(struct buf *b, X509 *by, EVP_PKEY *key, const struct vcrl *c);
X509 *vsim_authority(const char *cn, EVP_PKEY *key, const char *issuer, EVP_PKEY *by,
		     long serial);
/* A certificate of the TPM's key @key, for the purpose @eku (NULL: none is said) */
X509 *vsim_ak(EVP_PKEY *key, const char *issuer, EVP_PKEY *by, const char *eku);
/* With serial number 0, as AMD's have it */
X509 *vsim_amd(const struct vsim *s, const struct vamd *a);
/* @point: a distribution point of lists, or NULL */
X509 *vsim_amd_numbered(const struct vsim *s, const struct vamd *a, long serial, const char *point);
void vsim_snp(u8 r[1184]);
void vsim_snp_sign(const struct vsim *s, u8 r[1184]);
void vsim_quote_init(struct vquote *q);
void vsim_quote(const struct vsim *s, const struct vquote *q, struct buf *out);
void vsim_tdreport(const struct vquote *q, u8 r[1024]);
/* The object @text under @key, with its signature by @key_of */
void vsim_collateral(struct buf *b, const char *key, const char *text, EVP_PKEY *key_of);
/* An HCL report over @report, 1184 or 1024 bytes, with REPORT_DATA at @at to be set */
void vsim_claims(const struct vsim *s, const char *user_data, struct buf *claims);
void vsim_hcl(const struct buf *claims, const u8 *report, size_t len, struct buf *out);
void vsim_tpm(const struct vsim *s, const char *nonce, struct buf *attest, struct buf *sig,
	      struct buf *pcrs);
void vsim_quote_tpm(const struct vsim *s, const struct vtpm *t, struct buf *attest, struct buf *sig,
		    struct buf *pcrs);

#endif
