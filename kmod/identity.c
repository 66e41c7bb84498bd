// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/string.h>

#include "events.h"
#include "evidence.h"
#include "identity.h"
#include "report.h"

/**
 * struct last_seen - a field of the reports that is fixed while a VM lives
 * @known: a report had it
 * @len: its length
 * @val: what it was in the last report
 *
 * One for the VM, not one for each provider: all of them reach the same
 * hardware. Worker only.
 */
static struct last_seen {
	bool known;
	u32 len;
	u8 val[CVME_FIELD_MAX];
} seen[CVM_EVIDENCE_FIELD_VM_UNIQUE_ID + 1];

static void event_of_change(u32 provider, u32 tee, u32 field,
			    const struct last_seen *old, const u8 *val, u32 len)
{
	bool tcb = field == CVM_EVIDENCE_FIELD_REPORTED_TCB ||
		   field == CVM_EVIDENCE_FIELD_TEE_TCB_SVN;
	struct cvme_event ev = {
		.type = tcb ? CVM_EVIDENCE_EV_TCB_CHANGED :
			      CVM_EVIDENCE_EV_IDENTITY_CHANGED,
		.provider = provider,
		.tee = tee,
		.field = {
			.id = field, .old_len = old->len, .new_len = len,
		},
	};

	memcpy(ev.field.old, old->val, old->len);
	memcpy(ev.field.new, val, len);
	cvme_event_add(&ev);
}

/**
 * cvme_identity_compare - (worker) log an event for each field that changed
 * @provider: enum cvm_evidence_provider_id
 * @res: the provider's answer, checked
 */
void cvme_identity_compare(u32 provider, const struct cvme_result *res)
{
	struct last_seen *last;
	const u8 *val;
	u32 field, len;

	for (field = 1; field < ARRAY_SIZE(seen); field++) {
		val = cvme_report_field(res, field, &len);
		if (!val || len > CVME_FIELD_MAX)
			continue;
		last = &seen[field];
		if (last->known && last->len == len &&
		    !memcmp(last->val, val, len))
			continue;
		if (last->known)
			event_of_change(provider, res->tee, field, last, val,
					len);
		memcpy(last->val, val, len);
		last->len = len;
		last->known = true;
	}
}
