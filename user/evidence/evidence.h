/* SPDX-License-Identifier: GPL-2.0-only */
/* The blob that /dev/cvm-evidence delivers; its format is in the UAPI header. */
#ifndef CVM_EVIDENCE_EVIDENCE_H
#define CVM_EVIDENCE_EVIDENCE_H

#include <linux/cvm_evidence.h>

#include "evidence/kind.h"

/* More than any module's cap: TSM's own limit is 16 MiB for each of its parts. */
#define EVIDENCE_MAX	(64u * 1024 * 1024)

struct evidence_item {
	u32 type;
	u32 flags;
	size_t off;		/* of the payload in the blob */
	struct span data;
};

struct evidence {
	u16 major, minor;
	u32 tee, provider, flags, binding;
	size_t n;
	struct evidence_item *items;
	struct span report;
	enum raw_kind kind;	/* of the report */
};

bool evidence_looks_like(struct span s);
int evidence_parse(struct span s, struct evidence *e);
void evidence_free(struct evidence *e);
const struct evidence_item *evidence_find(const struct evidence *e, u32 type);
struct span evidence_data(const struct evidence *e, u32 type);
/* Whether the report is bound to the report_data of the blob. Fails, with a
 * message, when it does not; @checked is false if it cannot be determined.
 */
int evidence_check_binding(const struct evidence *e, bool *checked);

const char *tee_name(u32 tee);
const char *provider_name(u32 provider);
int provider_by_name(const char *name, u32 *id);
const char *item_name(u32 type);

/* evidence_show.c */
int evidence_check_kind(const struct evidence *e);
int evidence_show(struct node *to, const struct evidence *e);

#endif
