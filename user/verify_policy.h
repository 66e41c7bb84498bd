/* SPDX-License-Identifier: GPL-2.0-only */
/* What is asked of evidence: by options, or by a JSON file of the same names */
#ifndef CVM_VERIFY_POLICY_H
#define CVM_VERIFY_POLICY_H

#include <getopt.h>

#include "util.h"

/* Fields of the report that can be compared with given values */
enum policy_field {
	F_MEASUREMENT, F_ID_KEY_DIGEST, F_AUTHOR_KEY_DIGEST, F_HOST_DATA, F_FAMILY_ID,
	F_IMAGE_ID, F_CHIP_ID, F_RTMR0, F_RTMR1, F_RTMR2, F_RTMR3, F_MRCONFIGID, F_MROWNER,
	F_MROWNERCONFIG, F_MRSEAM, F_MRSERVICETD, POLICY_FIELDS,
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
	bool no_binding, any_code, allow_debug, allow_migration, allow_sept_ve;
	bool have_data;		/* report data, padded */
	u8 data[64];
	size_t data_len;
	struct values field[POLICY_FIELDS];
	struct values pcr[24];
	struct values qe_signer;
	struct values tcb_status;	/* texts */
	struct values csp;		/* texts */
	struct min_tcb *min_tcb;
	size_t n_min_tcb;
	struct buf min_tee_tcb;
	bool have_vmpl;
	u64 vmpl;
};

/* The options of this file, from the number @first on, into @out, which has
 * room for POLICY_OPTIONS_MAX; how many there are.
 */
#define POLICY_OPTIONS_MAX	48
size_t policy_options(struct option *out, int first);
int policy_option(struct policy *p, int index, const char *arg);
int policy_file(struct policy *p, const char *path);
void policy_free(struct policy *p);
/* The option's name of a field, without dashes */
const char *policy_field_name(enum policy_field f);
bool values_have(const struct values *v, const void *p, size_t len);

#endif
