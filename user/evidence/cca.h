/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tokens of Arm CCA (RMM specification, A7.2.3; draft-ffm-rats-cca-token): a
 * platform token and a realm token, COSE_Sign1 both, in one collection.
 */
#ifndef CVM_EVIDENCE_CCA_H
#define CVM_EVIDENCE_CCA_H

#include "base/cbor_read.h"

enum cca_which { CCA_PLATFORM, CCA_REALM, CCA_TOKENS };

struct cca {
	u64 tag;		/* of the collection: 399, or 907 of the later drafts */
	struct cca_token {
		struct buf raw;
		struct cose cose;
		cbor_item_t *claims;
	} token[CCA_TOKENS];
};

/* Keys of the claims, as the specification numbers them */
enum {
	CCA_CHALLENGE = 10, CCA_INSTANCE_ID = 256, CCA_PROFILE = 265, CCA_CLIENT_ID = 2394,
	CCA_LIFECYCLE = 2395, CCA_IMPLEMENTATION_ID = 2396, CCA_SW_COMPONENTS = 2399,
	CCA_VERIFICATION_SERVICE = 2400, CCA_CONFIG = 2401, CCA_HASH_ALGO = 2402,
	CCA_MANUFACTURING_CONFIG = 2403, CCA_EXTENSION = 2404, CCA_TBB_ROTPK = 2405,
	CCA_PEER_SIGNERS = 2406,
	CCA_RPV = 44235, CCA_REALM_HASH_ALGO = 44236, CCA_PUBLIC_KEY = 44237, CCA_RIM = 44238,
	CCA_REMS = 44239, CCA_PUBLIC_KEY_HASH_ALGO = 44240,
	CCA_MEC_POLICY = 44243,
};

bool cca_looks_like(struct span s);
int cca_parse(struct span s, struct cca *c);
void cca_free(struct cca *c);
/* The realm's challenge, 64 bytes; NULL without a message: it has none */
const u8 *cca_challenge(const struct cca *c);
int cca_show(struct node *to, struct span s);

#endif
