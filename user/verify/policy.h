/* SPDX-License-Identifier: GPL-2.0-only */
/* What is asked of evidence: by options, or by a JSON file of the same names */
#ifndef CVM_VERIFY_POLICY_H
#define CVM_VERIFY_POLICY_H

#include <getopt.h>
#include <time.h>

#include "base/util.h"

/*
 * Everything that a caller can ask for. asked.c says for each on which
 * evidence it can be checked. The fields that are compared with given values
 * come first: policy_field() numbers them.
 */
enum ask {
	ASK_MEASUREMENT, ASK_ID_KEY_DIGEST, ASK_AUTHOR_KEY_DIGEST, ASK_HOST_DATA, ASK_FAMILY_ID,
	ASK_IMAGE_ID, ASK_REPORT_ID, ASK_REPORT_ID_MA, ASK_CHIP_ID, ASK_RTMR0, ASK_RTMR1,
	ASK_RTMR2, ASK_RTMR3, ASK_MRCONFIGID, ASK_MROWNER, ASK_MROWNERCONFIG, ASK_MRSEAM,
	ASK_MRSERVICETD, ASK_XFAM, ASK_TDATTRIBUTES, ASK_QE_SIGNER, ASK_PPID,
	ASK_PLATFORM_INSTANCE, ASK_RIM, ASK_REM0, ASK_REM1, ASK_REM2, ASK_REM3, ASK_RPV,
	ASK_IMPLEMENTATION_ID, ASK_INSTANCE_ID, ASK_PLATFORM_CONFIG, ASK_SW_COMPONENT,
	ASK_ISSUER, ASK_AUDIENCE, ASK_TOKEN_ALG,
	ASK_EAR_STATUS, ASK_CLAIM, ASK_CSP, ASK_TCB_STATUS, ASK_VALUES,
	/* not lists of values */
	ASK_DATA = ASK_VALUES, ASK_NO_BINDING, ASK_ANY_CODE, ASK_PROFILE, ASK_PCR, ASK_VMPL, ASK_MANIFEST_VMPL,
	ASK_MIN_TCB, ASK_MIN_TEE_TCB, ASK_MIN_GUEST_SVN, ASK_MIN_FIRMWARE, ASK_MIN_QE_SVN,
	ASK_MIN_PCE_SVN, ASK_MIN_EVALUATION, ASK_MIN_TCB_DATE, ASK_MIT_VECTOR,
	ASK_LAUNCH_MIT_VECTOR, ASK_MIN_POLICY_ABI,
	ASK_REQUIRE_AUTHOR_KEY, ASK_REQUIRE_CRL, ASK_REQUIRE_PLATFORM, ASK_FORBID_PLATFORM,
	ASK_REQUIRE_POLICY, ASK_FORBID_POLICY, ASK_ALLOW_DEBUG, ASK_ALLOW_MIGRATION,
	ASK_ALLOW_SEPT_VE, ASK_REQUIRE_COMMITTED, ASK_MAX_AGE,
	/* files */
	ASK_QUOTE, ASK_MANIFEST, ASK_EVENT_LOG, ASK_REFERENCE, ASK_TPM_QUOTE, ASK_TPM_SIGNATURE, ASK_PCRS,
	ASK_AK, ASK_AK_CERT, ASK_AK_ROOT, ASK_COLLATERAL, ASK_CRL, ASK_CERTS, ASK_MASKED_VCEK, ASK_CCA_KEY, ASK_TOKEN, ASK_JWKS,
	ASK_TOKEN_ROOT, ASK_KDS, ASK_PCS, ASK_CA, ASK_ROOT,
	ASK_CORIM_KEY,
	ASKS,
};

struct values {
	struct buf *v;		/* any of these */
	size_t n;
};

enum tcb_part { TCB_FMC, TCB_BL, TCB_TEE, TCB_SNP, TCB_UCODE, TCB_PARTS };
extern const char *const tcb_part_names[TCB_PARTS];

struct min_tcb {
	char product[16];	/* "" for any */
	int part[TCB_PARTS];	/* -1: not asked for */
};

struct policy {
	bool given[ASKS];
	bool no_binding, any_code, allow_debug, allow_migration, allow_sept_ve;
	bool require_committed, require_crl, azure;
	bool have_data;		/* report data, padded */
	u8 data[64];
	size_t data_len;
	struct values value[ASK_VALUES];
	struct values pcr[24];
	struct min_tcb *min_tcb;
	size_t n_min_tcb;
	struct buf min_tee_tcb;
	u64 vmpl, manifest_vmpl, min_guest_svn, min_qe_svn, min_pce_svn, min_evaluation;
	u64 mit_vector, launch_mit_vector, max_age;
	u64 min_policy_abi;	/* MAJOR << 8 | MINOR */
	u64 min_firmware;	/* MAJOR << 16 | MINOR << 8 | BUILD */
	u64 platform_set, platform_clear, policy_set, policy_clear;	/* bits */
	time_t min_tcb_date;
};

/* The options of this file, from the number @first on, into @out, which has
 * room for POLICY_OPTIONS_MAX; how many there are.
 */
#define POLICY_OPTIONS_MAX	128
size_t policy_options(struct option *out, int first);
int policy_option(struct policy *p, int index, const char *arg);
void policy_free(struct policy *p);
/* The first option that asks for @a, without dashes; "?" when it is a file */
const char *policy_name(enum ask a);
bool values_have(const struct values *v, const void *p, size_t len);

/* How policy_json.c sees the options: one by name, or -1 */
int policy_index(const char *name);
bool policy_takes_value(int index);
bool policy_takes_list(int index);
bool policy_takes_number(int index);

/* policy_json.c */
int policy_file(struct policy *p, const char *path);

#endif
