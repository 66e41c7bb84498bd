// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/string.h>

#include "info.h"
#include "provider.h"
#include "request.h"
#include "state.h"

static bool has_events;

/* Whether the netlink family is registered */
void cvme_info_events(bool there)
{
	WRITE_ONCE(has_events, there);
}

bool cvme_info_has_events(void)
{
	return READ_ONCE(has_events);
}

static void fill_auto(struct cvm_evidence_info *info)
{
	struct cvm_evidence_provider prov;
	unsigned int n;

	info->tee = CVM_EVIDENCE_TEE_NONE;
	info->privlevel_floor = 0;
	info->auto_provider = cvme_provider_auto();
	for (n = 0; cvme_provider_info(n, &prov); n++) {
		if (prov.id != info->auto_provider)
			continue;
		info->tee = prov.tee;
		info->privlevel_floor = prov.privlevel_floor;
	}
	info->nr_providers = n;
}

/* Fill all output members; the input members stay as they are */
void cvme_info_fill(struct cvm_evidence_info *info)
{
	fill_auto(info);
	info->flags = 0;
	if (cvme_vm_fork_noticed())
		info->flags |= CVM_EVIDENCE_INFO_F_VMFORK;
	if (cvme_info_has_events())
		info->flags |= CVM_EVIDENCE_INFO_F_EVENTS;
	info->api_version = CVM_EVIDENCE_API_VERSION;
	info->report_data_max = CVM_EVIDENCE_REPORT_DATA_MAX;
	info->max_blob = READ_ONCE(cvme_max_blob);
	info->queue_max = READ_ONCE(cvme_queue_max);
	info->requests_waiting = cvme_requests_waiting();
	info->default_timeout_ms = READ_ONCE(cvme_default_timeout_ms);
	info->max_timeout_ms = CVME_MAX_TIMEOUT_MS;
	info->request_flags = CVME_REQUEST_FLAGS_SERVED;
	info->reserved = 0;
	info->vm_epoch = cvme_vm_epoch();
	info->requests_started = atomic64_read(&cvme_stats.started);
	info->requests_ok = atomic64_read(&cvme_stats.ok);
	info->requests_failed = atomic64_read(&cvme_stats.failed);
	info->requests_timed_out = atomic64_read(&cvme_stats.timed_out);
	info->requests_canceled = atomic64_read(&cvme_stats.canceled);
	info->requests_mismatched = atomic64_read(&cvme_stats.mismatched);
	info->refused_busy = atomic64_read(&cvme_stats.refused_busy);
	info->refused_quota = atomic64_read(&cvme_stats.refused_quota);
	strscpy(info->version, CVME_VERSION, sizeof(info->version));
}
