/* SPDX-License-Identifier: GPL-2.0-only */
/* Tokens of Arm CCA: which platform keys are trusted, and the checks of a token */
#ifndef CVM_VERIFY_CCA_H
#define CVM_VERIFY_CCA_H

#include <openssl/evp.h>

#include "evidence/cca.h"

struct verify;

#define INSTANCE_ID_LEN		33	/* a UEID of type RAND */
#define IMPLEMENTATION_ID_LEN	32

/* A platform's attestation key (CPAK); of one platform when its ids were given */
struct cca_key {
	EVP_PKEY *key;
	struct buf instance, implementation;
	char *name;
};

struct cca_keys {
	struct cca_key *key;
	size_t n;
	const char *option;	/* for messages */
	bool of_platforms;	/* else of those that sign CoRIMs */
};

/* Its signature and its time are judged when all options are known. */
struct corim {
	struct buf b;
	char *name;
	bool is_signed;
};

/*
 * cca_key.c: trusts the keys of @s, which the caller vouches for: public keys in
 * PEM, a JWK, a JWK set, a list of platforms as Veraison keeps it, or a CoRIM. The
 * keys of a CoRIM that is signed count once cca_corims_open() found its signature to
 * be of a key of --corim-key. RC_USAGE with a message: it has none, or one that is bad.
 */
int cca_keys_add(struct verify *v, struct span s, const char *name);
/* Keys that may sign CoRIMs, and no evidence */
int corim_keys_add(struct verify *v, struct span s, const char *name);
/* cca_keyring.c: takes @key over, whatever it returns */
int cca_key_add(struct cca_keys *to, EVP_PKEY *key, const char *name, struct span instance,
		struct span implementation);
/* Those from number @from on */
void cca_keys_drop(struct cca_keys *k, size_t from);
/* What a key of --cca-key, or of --corim-key, is for: "of a CCA platform" */
const char *cca_purpose(const struct cca_keys *to);
/* The one public key of a PEM text, or the first of many: @s is moved behind it */
EVP_PKEY *cca_next_pem(struct span *s);
void cca_keys_free(struct verify *v);
/* Whether @s is a list of keys and not of certificates */
bool cca_keys_look_like(struct span s);

/* cca_corim.c: by its first bytes */
bool cca_is_corim(struct span s);
/*
 * Keeps it, and takes the keys of one that nobody signed, which is trusted because the
 * caller named the file; RC_USAGE with a message
 */
int cca_corim_add(struct verify *v, struct span s, const char *name);
/* Adds a check of GENUINE for each CoRIM, and the keys of those that are signed */
void cca_corims_open(struct verify *v);
void cca_corims_free(struct verify *v);

/*
 * cca_rules.c: what each profile asks of the claims; adds checks of GENUINE. Whether
 * those of the platform are as they have to be.
 */
bool verify_cca_claims(struct verify *v, const struct cca *c);

/* cca.c */
void verify_cca(struct verify *v, struct span token);

#endif
