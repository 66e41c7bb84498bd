/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Certificates of an SNP report: the table of the extended guest request
 * (GHCB specification 4.1.8.1), PEM files, and the chain made of them.
 */
#ifndef CVM_EVIDENCE_CERTS_H
#define CVM_EVIDENCE_CERTS_H

#include "evidence/x509.h"

struct cert {
	X509 *x;
	char *pem;		/* as it came, when it came as PEM */
};

struct cert_pool {
	struct cert *certs;
	size_t n;
};

#define CERTS_MAX	(1024 * 1024)

void cert_pool_free(struct cert_pool *pool);

/* An own GUID of the table in the first entry, in either byte order */
bool cert_table_looks_like(struct span s);
/* No entry at all, which is how a host says it has none */
bool cert_table_is_empty(struct span s);
int cert_table_show(struct node *to, struct span s);
/*
 * A table of the chain that cert_pool_chain() made: ARK, ASK or ASVK, VCEK or
 * VLEK, as PEM under GUIDs in RFC 4122 order, which every reader understands.
 */
int cert_table_make(struct span chain, struct buf *table);

/* Certificates of a table, a PEM or a DER; @what names it in messages. */
int cert_pool_add(struct cert_pool *pool, struct span s, const char *what);

/* The same certificates in @to, too, without decoding them again */
void cert_pool_share(struct cert_pool *to, const struct cert_pool *from);

bool cert_has_ec_key(X509 *x);
bool cert_is_self_issued(X509 *x);
/* Whether the key of @x signed the SNP report */
bool cert_signed_report(X509 *x, const u8 *report);
/* The very same certificate */
bool cert_pool_has(const struct cert_pool *pool, X509 *x);
/* One of @pool that has the issuer's name of @of and whose key signed it */
const struct cert *cert_pool_issuer(const struct cert_pool *pool, X509 *of);

/* The VCEK or VLEK in the pool whose key signed @report; NULL: there is none */
X509 *cert_pool_leaf(const struct cert_pool *pool, const u8 *report);

/*
 * PEM text of the chain VCEK or VLEK, ASK or ASVK, ARK for @report; of the
 * leaves in the pool the one whose key signed the report is taken.
 */
int cert_pool_chain(const struct cert_pool *pool, const u8 *report, struct buf *pem);
/* The same without a report: the leaf is what no other one is issued by. */
int cert_pool_order(const struct cert_pool *pool, struct buf *pem);

#endif
