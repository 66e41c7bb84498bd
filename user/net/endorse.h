/* SPDX-License-Identifier: GPL-2.0-only */
/* What completes evidence and comes from elsewhere; each only when asked for */
#ifndef CVM_NET_ENDORSE_H
#define CVM_NET_ENDORSE_H

#include "evidence/certs.h"

/*
 * kds.c: VCEK and chain of an SNP report from AMD's KDS at @base, or from the
 * cache of this user. RC_BUSY when the KDS asks to be left alone for a while.
 */
#define KDS_URL	"https://kdsintf.amd.com"
int kds_certs(const char *base, const char *ca, unsigned int timeout, const u8 *report,
	      struct cert_pool *pool);

/*
 * pcs.c: Intel's collateral for platforms of @fmspc whose PCK certificates are of
 * the CA @pck_ca ("platform", "processor"), as one JSON object, from its PCS or a
 * PCCS at @base, or from the cache. RC_BUSY when it asks to be left alone.
 */
#define PCS_URL	"https://api.trustedservices.intel.com"
int pcs_collateral(const char *base, const char *ca, unsigned int timeout, const u8 fmspc[6],
		   const char *pck_ca, struct buf *out);

/* imds.c: the same from Azure's THIM endpoint, and the quote of a TDREPORT */
#define IMDS_URL "http://169.254.169.254"
int imds_certs(const char *base, unsigned int timeout, const u8 *report, struct cert_pool *pool);
int imds_quote(const char *base, unsigned int timeout, const u8 *tdreport, struct buf *quote);

/* qgs.c: the quote of a TDREPORT from Intel's quote generation service */
#define QGS_ADDRESS "vsock:2:4050"
int qgs_quote(const char *address, unsigned int timeout, const u8 *tdreport, struct buf *quote);

#endif
