/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checking evidence offline. Every check belongs to one of three verdicts and
 * has one of three outcomes; a verdict is "yes" only when each of its checks
 * passed, and what was left out is listed as such.
 */
#ifndef CVM_VERIFY_VERIFY_H
#define CVM_VERIFY_VERIFY_H

#include <time.h>

#include "base/jws.h"
#include "evidence/certs.h"
#include "evidence/evidence.h"
#include "evidence/hcl.h"
#include "evidence/snp.h"
#include "evidence/tdx.h"
#include "verify/cca.h"
#include "verify/policy.h"

/*
 * Limits, so that the sender of evidence cannot keep its verifier busy: the
 * work is linear in what is read, and ends here.
 */
#define VERIFY_ITEMS_MAX	256		/* items of a blob */
#define VERIFY_CHAIN_MAX	16		/* certificates in a quote */
#define VERIFY_ALONE_MAX	64		/* certificates without any evidence */
#define VERIFY_CERTS_MAX	512		/* certificates altogether */
#define VERIFY_NAMESAKES_MAX	8		/* certificates of one name, tried as an issuer */
#define VERIFY_CLAIMS_MAX	(1024u * 1024)	/* bytes of HCL claims */
#define VERIFY_LOG_MAX		(16u * 1024 * 1024)	/* bytes of an event log */
#define VERIFY_EVENTS_MAX	65536
#define VERIFY_JSON_MAX		(1024u * 1024)	/* values of an envelope */
#define VERIFY_TEXT_MAX		(16u * 1024 * 1024)	/* bytes of evidence as text */
#define VERIFY_CRLS_MAX		64

enum verdict { GENUINE, BOUND, APPRAISED, VERDICTS };
enum outcome { PASSED, FAILED, UNABLE, LEFT_OUT };

struct json_object;
struct node;

struct check {
	enum verdict verdict;
	enum outcome outcome;
	char *name, *reason;
};

/* What evidence is, as far as it decides what can be checked on it */
enum shape {
	SHAPE_NONE, SHAPE_SNP, SHAPE_TDX, SHAPE_TDX15, SHAPE_TDREPORT, SHAPE_HCL_SNP,
	SHAPE_HCL_TDX, SHAPE_CCA, SHAPE_CERTS, SHAPE_TPM, SHAPE_TOKEN, SHAPES,
};

/* A level of Intel's TCB lists, and what keeps the evidence from a better one */
struct tcb_level {
	char *of, *status, *date, *advisories;
	struct behind {
		char *component;
		u32 have, need;
	} *behind;
	size_t n_behind;
};

/* Everything of the evidence that may come from a blob or from files */
struct parts {
	enum raw_kind kind;
	struct span report;
	struct span quote;		/* made from a TDREPORT */
	struct span manifest;		/* of SVSM services */
	struct span event_log;		/* CCEL */
	struct span reference;		/* one that is known to be good */
	struct span tpm_attest, tpm_signature, pcrs;
	struct span ak_pub, ak_cert;
};

struct kept {
	struct kept *next;
	struct buf b;
};

struct verify {
	struct policy policy;
	time_t at;
	struct parts parts;
	struct evidence e;		/* e.items is NULL if it is not a blob */
	struct cert_pool roots;		/* trusted */
	struct cert_pool certs;		/* to build chains of */
	struct cert_pool own;		/* the same, of AMD, built in */
	u32 built_in;			/* bits: which of these are in roots or own */
	size_t given_certs;		/* of certs, up to here those of --certs */
	struct cert_pool masked_vcek;	/* of --vcek-for-masked-chip */
	bool own_roots;			/* --root was given */
	struct cert_pool ak_roots;	/* of --ak-root: who may vouch for the TPM's key */
	struct cert_pool token_roots;	/* of --token-root: who may vouch for a token's x5c */
	struct cca_keys cca_keys;	/* of --cca-key */
	struct cca_keys corim_keys;	/* of --corim-key */
	struct corim *corims;		/* of --cca-key */
	size_t n_corims;
	struct jws_keys jwks;		/* of the issuers of tokens */
	bool explain;			/* differences from the reference in words */
	struct span other_nonce;	/* what a token may repeat in place of the report data */
	STACK_OF(X509_CRL) *crls;
	u64 crls_used;			/* bits, by their place in the stack */
	struct kept *kept;		/* what the parts point into */
	struct buf *collateral;
	size_t n_collateral;
	/* results */
	bool answered[ASKS];
	struct tcb_level *levels;
	size_t n_levels;
	struct check *checks;
	size_t n, room;
	struct fact {
		char *key, **text;
		size_t n;
		bool list;	/* of a kind that there may be many of */
	} *facts;
	size_t n_facts;
};

/* open.c */
int verify_init(struct verify *v);
/* Clears only the results, so that the same evidence can be checked by another policy */
void verify_forget(struct verify *v);
void verify_free(struct verify *v);
/* Trusts the self-issued certificates of @s; the others are for chains */
int verify_root(struct verify *v, struct span s, const char *name);
/* The same for one purpose: @roots is ak_roots or token_roots; @option for messages */
int verify_root_for(struct verify *v, struct cert_pool *roots, struct span s, const char *option,
		    const char *name);
/* What cannot be recognised fails; what is bad becomes a failed check. */
int verify_open(struct verify *v, struct span s, const char *name);
void verify_check(struct verify *v);
/*
 * envelope.c: JSON with evidence in it; false when there is none in @s. A blob of the
 * device is left to the caller, in @blob.
 */
bool verify_envelope(struct verify *v, struct span s, struct span *blob, int *rc);

/* asked.c */
enum shape verify_shape(const struct verify *v);
/* A check was made because of @a, whatever came of it */
void answered(struct verify *v, enum ask a);
/* What was asked for and not answered becomes "not possible" */
void verify_asked(struct verify *v);
bool ask_possible(enum ask a, enum shape s);
/* It asks for no check: it allows something, or it is a supply of certificates */
bool ask_permits(enum ask a);
const char *ask_name(enum ask a);

/* result.c */
void passed(struct verify *v, enum verdict d, const char *name, const char *fmt, ...) PRINTF(4, 5);
void failed(struct verify *v, enum verdict d, const char *name, const char *fmt, ...) PRINTF(4, 5);
void unable(struct verify *v, enum verdict d, const char *name, const char *fmt, ...) PRINTF(4, 5);
/* passed or failed, with what is shown in both cases */
void judged(struct verify *v, enum verdict d, bool good, const char *name,
	    const char *fmt, ...) PRINTF(5, 6);
/* Left out when --no-binding waives it, else not possible */
void unbound(struct verify *v, const char *name, const char *fmt, ...) PRINTF(3, 4);
/* Nobody asked for it or nothing was given to check it with: listed as such */
void left_out(struct verify *v, enum verdict d, const char *name,
	      const char *fmt, ...) PRINTF(4, 5);
/* What the evidence says, for the reader of the result */
void fact(struct verify *v, const char *key, const char *fmt, ...) PRINTF(3, 4);
void fact_bytes(struct verify *v, const char *key, const u8 *p, size_t len);
/* One of a list, however many there are: the work for all is linear in their number */
void fact_more(struct verify *v, const char *key, const char *fmt, ...) PRINTF(3, 4);
bool any_failed(const struct verify *v);
/* The worst outcome of its checks, UNABLE where there is none; @worst may be NULL */
enum outcome verify_outcome(const struct verify *v, enum verdict d, const struct check **worst);
/* A buffer that lives as long as @v */
struct buf *verify_keep(struct verify *v);
/* What is in @b lives as long as @v, and @b is empty then */
void verify_take(struct verify *v, struct buf *b);
/* As cert_pool_add(); fails when @pool would have more than @max */
int certs_add(struct cert_pool *pool, struct span s, size_t max, const char *what);
/* Certificates that came with the evidence; bad ones are left out, and said so */
void verify_certs_of(struct verify *v, struct span certs, const char *what);

/* show.c: prints; the exit status */
int verify_result(const struct verify *v, bool json);
/* Only the exit status, with a message if it is not RC_OK */
int verify_status(const struct verify *v);

/* chain.c: the way from a certificate up to a root that is trusted */
#define PATH_MAX_CERTS	6
struct path {
	X509 *x[PATH_MAX_CERTS];	/* borrowed; leaf first, root last */
	int n;
};
/* From @x to a trusted root; adds checks of GENUINE named @check, of revocation
 * too. @path may be NULL.
 */
bool verify_chain(struct verify *v, const char *check, X509 *x, struct path *path);
/* The same to roots for another purpose: none of these vouches for evidence of hardware. */
struct anchors {
	const struct cert_pool *roots;
	const char *hint, *of;	/* behind a message: which option names roots; where they are from */
};
bool verify_chain_to(struct verify *v, const struct anchors *a, const char *check, X509 *x,
		     struct path *path);
/* crl.c */
int crl_load(struct verify *v, struct span s, const char *name);
void crl_check(struct verify *v, X509 *x, X509 *issuer);
/* Each certificate of a chain, and a root that is in its own list */
void crl_check_path(struct verify *v, const struct path *p, bool hardware);
/* Lists of which no issuer here is the issuer: "not possible" */
void crl_unused(struct verify *v);

/* One file for each kind of evidence */
void verify_snp(struct verify *v, struct span report);
void verify_tdx_quote(struct verify *v, struct span quote);
void verify_tdreport(struct verify *v, struct span report);
void verify_hcl(struct verify *v, struct span report);
void verify_certs(struct verify *v, struct span certs);
/* The TPM quote of @v->parts by the AK of @h, or without one by a given AK */
void verify_tpm(struct verify *v, const struct hcl *h);
/* A CCEL log against the four RTMRs at @rtmr, and against the reference */
void verify_event_log(struct verify *v, struct span log, const u8 *rtmr);
/* REPORT_DATA against what was asked for; @h for HCL reports */
void verify_binding(struct verify *v, const u8 *report_data, const struct hcl *h);
/* Intel's TCB info and QE identity, from files */
struct pck;
void verify_collateral(struct verify *v, const struct tdx_quote *q, const struct pck *pck);

/* tcb_level.c: judges the status of a level that was found, or NULL. @relaunch
 * is the status instead of one that is out of date, or NULL.
 */
struct tcb_level *tcb_level_new(struct verify *v, const char *of);
void tcb_behind(struct tcb_level *l, const char *component, u32 have, u32 need);
/* By --tcb-status, or UpToDate */
bool tcb_status_is_allowed(const struct verify *v, const char *status);
void tcb_level_judge(struct verify *v, struct tcb_level *l, struct json_object *level,
		     const char *relaunch);
void tcb_levels_free(struct verify *v);

/* snp_fields.c: what each version reserves, and what must be zero */
void verify_snp_fields(struct verify *v, const u8 *report);
/* roles.c: that each certificate is what AMD's or Intel's documents call it */
void verify_amd_roles(struct verify *v, const struct path *p, bool vlek, const char *product);
void verify_intel_roles(struct verify *v, const struct path *p, const char *check,
			const char *leaf_name);
/* An EC key of that curve, by OpenSSL's name */
bool key_is_on(X509 *x, const char *curve);

/* appraise.c */
void appraise_code(struct verify *v, const char *how);
/* Nothing says which code it must be: any, if --any-code says so; else @missing is said */
void appraise_any_code(struct verify *v, const char *check, const char *more, const char *missing);
/* Where a field is; a length of 0: this kind has none */
struct place {
	size_t off, len;
};
void appraise_fields(struct verify *v, struct span report, const struct place *at);
void appraise_snp(struct verify *v, const u8 *report, const char *product,
		  enum snp_layout layout);
/* appraise_tdx.c */
void appraise_tdx(struct verify *v, const struct tdx_quote *q, const struct pck *pck);

#endif
