/* SPDX-License-Identifier: GPL-2.0-only */
/* Certificates: PEM or DER, and what AMD's and Intel's extensions say */
#ifndef CVM_EVIDENCE_X509_H
#define CVM_EVIDENCE_X509_H

#include <openssl/x509.h>

#include "base/tree.h"

/* Calls @fn for each PEM block or the one DER certificate in @s, with the
 * certificate's own text (NULL for DER). Returns how many there were; -1 when
 * something is there that is neither. @fn owns the X509.
 */
int x509_each(struct span s, void (*fn)(void *arg, X509 *x, struct span pem), void *arg);

char *x509_name(const X509_NAME *name);
char *x509_cn(const X509_NAME *name);
bool x509_is_pem(struct span s);
/* Text with PEM at the start of a line: of certificates, or CRLs with @crl */
bool x509_is_pem_text(struct span s, bool crl);

void x509_show(struct node *to, X509 *x);
struct node *x509_add_time(struct node *to, const char *key, const ASN1_TIME *t);
/* A list named @key of the certificates in @s, or why there are none */
void x509_show_pem(struct node *to, const char *key, struct span s);

/* The value of the extension @oid, as it is in its OCTET STRING */
bool x509_ext(X509 *x, const char *oid, struct span *out);
/* AMD: integer of extension 1.3.6.1.4.1.3704.1.<arc>, -1 when there is none */
int x509_amd_int(X509 *x, const char *arc);
/* AMD: text of such an extension: 2 the product, 5 the cloud provider of a VLEK */
bool x509_amd_text(X509 *x, const char *arc, struct span *out);
/* AMD: the chip's id, 8 or 64 bytes */
bool x509_amd_hwid(X509 *x, struct span *out);

#endif
