/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checking evidence offline. Every check belongs to one of three verdicts and
 * has one of three outcomes; a verdict is "yes" only when each of its checks
 * passed, and what was left out is listed as such.
 */
#ifndef CVM_VERIFY_H
#define CVM_VERIFY_H

#include <time.h>

#include "certs.h"
#include "evidence.h"
#include "hcl.h"
#include "snp.h"
#include "tdx.h"
#include "verify_policy.h"

enum verdict { GENUINE, BOUND, APPRAISED, VERDICTS };
enum outcome { PASSED, FAILED, UNABLE, LEFT_OUT };

struct check {
	enum verdict verdict;
	enum outcome outcome;
	char *name, *reason;
};

/* Everything of the evidence that may come from a blob or from files */
struct parts {
	enum raw_kind kind;
	struct span report;
	struct span quote;		/* made of a TDREPORT */
	struct span manifest;		/* of SVSM services */
	struct span event_log;		/* CCEL */
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
	struct evidence e;		/* e.items is NULL when it is no blob */
	struct cert_pool roots;		/* trusted */
	struct cert_pool certs;		/* to build chains of */
	size_t own_certs;		/* of certs, the first ones, which are built in */
	bool own_roots;			/* --root was given */
	STACK_OF(X509_CRL) *crls;
	struct kept *kept;		/* what the parts point into */
	struct buf *collateral;
	size_t n_collateral;
	/* results */
	struct check *checks;
	size_t n;
	struct fact {
		char *key, *text;
	} *facts;
	size_t n_facts;
};

/* verify_open.c */
int verify_init(struct verify *v);
/* A buffer that lives as long as @v */
struct buf *verify_keep(struct verify *v);
/* The self-issued certificates of @s are trusted, and none but such */
int verify_root(struct verify *v, struct span s, const char *name);
/* What cannot be recognised fails; what is bad becomes a failed check. */
int verify_open(struct verify *v, struct span s, const char *name);
void verify_check(struct verify *v);
/* Certificates that came with the evidence; bad ones are left out, and said so */
void verify_certs_of(struct verify *v, struct span certs, const char *what);
/* verify_envelope.c: JSON with evidence in it; false when there is none in @s */
bool verify_envelope(struct verify *v, struct span s, int *rc);

/* verify_result.c */
void passed(struct verify *v, enum verdict d, const char *name, const char *fmt, ...) PRINTF(4, 5);
void failed(struct verify *v, enum verdict d, const char *name, const char *fmt, ...) PRINTF(4, 5);
void unable(struct verify *v, enum verdict d, const char *name, const char *fmt, ...) PRINTF(4, 5);
/* passed or failed, with what is shown in both cases */
void judged(struct verify *v, enum verdict d, bool good, const char *name,
	    const char *fmt, ...) PRINTF(5, 6);
/* Nobody asked for it or nothing was given to check it with: listed as such */
void left_out(struct verify *v, enum verdict d, const char *name,
	      const char *fmt, ...) PRINTF(4, 5);
/* What the evidence says, for whoever reads the result */
void fact(struct verify *v, const char *key, const char *fmt, ...) PRINTF(3, 4);
void fact_bytes(struct verify *v, const char *key, const u8 *p, size_t len);
bool any_failed(const struct verify *v);
/* The worst outcome of its checks, UNABLE where there is none; @worst may be NULL */
enum outcome verify_outcome(const struct verify *v, enum verdict d, const struct check **worst);
/* Prints; the exit status */
int verify_result(const struct verify *v, bool json);
/* The results alone, so that the same can be judged again by another policy */
void verify_forget(struct verify *v);
void verify_free(struct verify *v);

/* verify_chain.c: from @x to a trusted root; adds checks of GENUINE named
 * @check, of revocation too.
 */
bool verify_chain(struct verify *v, const char *check, X509 *x);
/* verify_crl.c */
int crl_load(struct verify *v, struct span s, const char *name);
void crl_check(struct verify *v, X509 *x, X509 *issuer);

/* One file for each kind of evidence */
void verify_snp(struct verify *v, struct span report);
void verify_tdx_quote(struct verify *v, struct span quote);
void verify_tdreport(struct verify *v, struct span report);
void verify_hcl(struct verify *v, struct span report);
void verify_certs(struct verify *v, struct span certs);
/* The TPM quote of @v->parts by the AK of @h, or without one by a given AK */
void verify_tpm(struct verify *v, const struct hcl *h);
/* A CCEL log against the four RTMRs at @rtmr */
void verify_event_log(struct verify *v, struct span log, const u8 *rtmr);
/* REPORT_DATA against what was asked for; @h for HCL reports */
void verify_binding(struct verify *v, const u8 *report_data, const struct hcl *h);
/* Intel's TCB info and QE identity, from files */
void verify_collateral(struct verify *v, const struct tdx_quote *q, X509 *pck);

/* verify_policy.c */
void appraise_snp(struct verify *v, const u8 *report, const char *product,
		  enum snp_layout layout);
void appraise_tdx(struct verify *v, const struct tdx_quote *q);

#endif
