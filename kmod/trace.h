/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of a request's life: how often, how long, by whom. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM cvm_evidence

#if !defined(_CVME_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _CVME_TRACE_H

#include <linux/tracepoint.h>

#include "request.h"

#define cvme_show_provider(id)						\
	__print_symbolic(id,						\
			 { CVM_EVIDENCE_PROVIDER_AUTO, "auto" },	\
			 { CVM_EVIDENCE_PROVIDER_TSM, "tsm" },		\
			 { CVM_EVIDENCE_PROVIDER_SEV_GUEST, "sev-guest" }, \
			 { CVM_EVIDENCE_PROVIDER_TDX_GUEST, "tdx-guest" }, \
			 { CVM_EVIDENCE_PROVIDER_VTPM, "vtpm" })

TRACE_EVENT(cvm_evidence_queued,
	TP_PROTO(const struct cvme_request *req),
	TP_ARGS(req),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u32, provider)
		__field(u32, flags)
		__field(u32, share_kind)
		__field(u64, share)
	),
	TP_fast_assign(
		__entry->seq = req->seq;
		__entry->provider = req->params.provider;
		__entry->flags = req->params.flags;
		__entry->share_kind = req->asker->share->key.kind;
		__entry->share = req->asker->share->key.id;
	),
	TP_printk("seq=%llu provider=%s flags=%#x share=%s:%llu",
		  __entry->seq, cvme_show_provider(__entry->provider),
		  __entry->flags,
		  __print_symbolic(__entry->share_kind,
				   { CVME_SHARE_UID, "uid" },
				   { CVME_SHARE_USERNS, "userns" },
				   { CVME_SHARE_CGROUP, "cgroup" }),
		  __entry->share)
);

TRACE_EVENT(cvm_evidence_started,
	TP_PROTO(const struct cvme_request *req),
	TP_ARGS(req),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u64, wait_ns)
	),
	TP_fast_assign(
		__entry->seq = req->seq;
		__entry->wait_ns = req->started - req->admitted;
	),
	TP_printk("seq=%llu wait_ns=%llu", __entry->seq, __entry->wait_ns)
);

TRACE_EVENT(cvm_evidence_firmware_done,
	TP_PROTO(const struct cvme_request *req, int err),
	TP_ARGS(req, err),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u32, provider)
		__field(u64, firmware_ns)
		__field(int, err)
		__field(bool, fw_status_known)
		__field(u64, fw_status)
	),
	TP_fast_assign(
		__entry->seq = req->seq;
		__entry->provider = READ_ONCE(req->provider);
		__entry->firmware_ns = req->firmware_ns;
		__entry->err = err;
		__entry->fw_status_known = req->fw_status_known;
		__entry->fw_status = req->fw_status;
	),
	TP_printk("seq=%llu provider=%s firmware_ns=%llu err=%d fw_status=%s%#llx",
		  __entry->seq, cvme_show_provider(__entry->provider),
		  __entry->firmware_ns, __entry->err,
		  __entry->fw_status_known ? "" : "unknown:",
		  __entry->fw_status)
);

TRACE_EVENT(cvm_evidence_delivered,
	TP_PROTO(const struct cvme_request *req, size_t len),
	TP_ARGS(req, len),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(size_t, len)
	),
	TP_fast_assign(
		__entry->seq = req->seq;
		__entry->len = len;
	),
	TP_printk("seq=%llu len=%zu", __entry->seq, __entry->len)
);

TRACE_EVENT(cvm_evidence_failed,
	TP_PROTO(const struct cvme_request *req, int err),
	TP_ARGS(req, err),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u32, provider)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->seq = req->seq;
		__entry->provider = READ_ONCE(req->provider);
		__entry->err = err;
	),
	TP_printk("seq=%llu provider=%s err=%d", __entry->seq,
		  cvme_show_provider(__entry->provider), __entry->err)
);

#endif /* _CVME_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
