// SPDX-License-Identifier: GPL-2.0-only
/*
 * The numbers of <linux/cvm_evidence.h>, as 64-bit and 32-bit programs see them:
 * where every member of a struct is, and what every constant is. A number that
 * changes breaks programs that were built before; this test is only ever added to.
 * tests/selftests/check-sentences compares it with the header, name by name.
 */
#define _GNU_SOURCE
#include "ktap.h"

#include <linux/cvm_evidence.h>
#include <string.h>

#define STRUCT(type, bytes)						\
	{ #type, sizeof(struct cvm_evidence_##type), bytes }
#define MEMBER(type, member, at, bytes)					\
	{ #type, #member, offsetof(struct cvm_evidence_##type, member), at,	\
	  sizeof(((struct cvm_evidence_##type *)0)->member), bytes }
#define VALUE(what, number)	{ #what, CVM_EVIDENCE_##what, number }

static const struct {
	const char *name;
	size_t size, want;
} structs[] = {
	STRUCT(provider, 104),
	STRUCT(info, 176),
	STRUCT(request, 192),
	STRUCT(lease, 24),
	STRUCT(blob, 64),
	STRUCT(item, 16),
};

static const struct {
	const char *type, *name;
	size_t offset, want_offset;
	size_t size, want_size;
} members[] = {
	/* struct cvm_evidence_provider, 104 bytes */
	MEMBER(provider, id, 0, 4),
	MEMBER(provider, status, 4, 4),
	MEMBER(provider, reason, 8, 4),
	MEMBER(provider, reason_param, 12, 4),
	MEMBER(provider, tee, 16, 4),
	MEMBER(provider, privlevel_floor, 20, 4),
	MEMBER(provider, caps, 24, 4),
	MEMBER(provider, quote_data_max, 28, 4),
	MEMBER(provider, queued, 32, 4),
	MEMBER(provider, last_error, 36, 4),
	MEMBER(provider, started, 40, 8),
	MEMBER(provider, failed, 48, 8),
	MEMBER(provider, name, 56, 16),
	MEMBER(provider, driver, 72, 32),

	/* struct cvm_evidence_info, 176 bytes */
	MEMBER(info, size, 0, 4),
	MEMBER(info, flags, 4, 4),
	MEMBER(info, api_version, 8, 4),
	MEMBER(info, tee, 12, 4),
	MEMBER(info, auto_provider, 16, 4),
	MEMBER(info, nr_providers, 20, 4),
	MEMBER(info, provider_size, 24, 4),
	MEMBER(info, privlevel_floor, 28, 4),
	MEMBER(info, providers, 32, 8),
	MEMBER(info, report_data_max, 40, 4),
	MEMBER(info, max_blob, 44, 4),
	MEMBER(info, queue_max, 48, 4),
	MEMBER(info, requests_waiting, 52, 4),
	MEMBER(info, default_timeout_ms, 56, 4),
	MEMBER(info, max_timeout_ms, 60, 4),
	MEMBER(info, request_flags, 64, 4),
	MEMBER(info, reserved, 68, 4),
	MEMBER(info, vm_epoch, 72, 8),
	MEMBER(info, requests_started, 80, 8),
	MEMBER(info, requests_ok, 88, 8),
	MEMBER(info, requests_failed, 96, 8),
	MEMBER(info, requests_timed_out, 104, 8),
	MEMBER(info, requests_canceled, 112, 8),
	MEMBER(info, requests_mismatched, 120, 8),
	MEMBER(info, refused_busy, 128, 8),
	MEMBER(info, refused_quota, 136, 8),
	MEMBER(info, version, 144, 32),

	/* struct cvm_evidence_request, 192 bytes */
	MEMBER(request, size, 0, 4),
	MEMBER(request, flags, 4, 4),
	MEMBER(request, provider, 8, 4),
	MEMBER(request, privlevel, 12, 4),
	MEMBER(request, timeout_ms, 16, 4),
	MEMBER(request, report_data_len, 20, 4),
	MEMBER(request, report_data, 24, 64),
	MEMBER(request, service_provider, 88, 8),
	MEMBER(request, service_provider_len, 96, 4),
	MEMBER(request, service_manifest_version, 100, 4),
	MEMBER(request, service_guid, 104, 16),
	MEMBER(request, quote_data, 120, 8),
	MEMBER(request, quote_data_len, 128, 4),
	MEMBER(request, pcr_mask, 132, 4),
	MEMBER(request, pcr_banks, 136, 4),
	MEMBER(request, reserved, 140, 4),
	MEMBER(request, sequence, 144, 8),
	MEMBER(request, out_provider, 152, 4),
	MEMBER(request, out_flags, 156, 4),
	MEMBER(request, blob_len, 160, 8),
	MEMBER(request, fw_status, 168, 8),
	MEMBER(request, wait_ns, 176, 8),
	MEMBER(request, firmware_ns, 184, 8),

	/* struct cvm_evidence_lease, 24 bytes */
	MEMBER(lease, size, 0, 4),
	MEMBER(lease, reasons, 4, 4),
	MEMBER(lease, noticed, 8, 4),
	MEMBER(lease, reserved, 12, 4),
	MEMBER(lease, sequence, 16, 8),

	/* struct cvm_evidence_blob, 64 bytes */
	MEMBER(blob, magic, 0, 4),
	MEMBER(blob, major, 4, 2),
	MEMBER(blob, minor, 6, 2),
	MEMBER(blob, header_len, 8, 4),
	MEMBER(blob, item_count, 12, 4),
	MEMBER(blob, total_len, 16, 8),
	MEMBER(blob, tee, 24, 4),
	MEMBER(blob, provider, 28, 4),
	MEMBER(blob, flags, 32, 4),
	MEMBER(blob, binding, 36, 4),
	MEMBER(blob, reserved, 40, 24),

	/* struct cvm_evidence_item, 16 bytes */
	MEMBER(item, type, 0, 4),
	MEMBER(item, flags, 4, 4),
	MEMBER(item, length, 8, 4),
	MEMBER(item, reserved, 12, 4),
};

static const struct {
	const char *name;
	unsigned long long value, want;
} values[] = {
	VALUE(API_VERSION, 2),
	VALUE(REPORT_DATA_MAX, 64),
	VALUE(SERVICE_MAX, 32),
	VALUE(QUOTE_DATA_MAX, 64),
	VALUE(PRIVLEVEL_MAX, 3),
	VALUE(SHARES_MAX, 4096),

	/* enum cvm_evidence_tee */
	VALUE(TEE_NONE, 0),
	VALUE(TEE_SEV_SNP, 1),
	VALUE(TEE_TDX, 2),
	VALUE(TEE_CCA, 3),

	/* enum cvm_evidence_provider_id */
	VALUE(PROVIDER_AUTO, 0),
	VALUE(PROVIDER_TSM, 1),
	VALUE(PROVIDER_SEV_GUEST, 2),
	VALUE(PROVIDER_TDX_GUEST, 3),
	VALUE(PROVIDER_VTPM, 4),
	VALUE(IOC_MAGIC, 0xc7),
	VALUE(GET_INFO, 0xc790),
	VALUE(REQUEST, 0xc791),
	VALUE(GET_LEASE, 0xc792),

	/* enum cvm_evidence_status */
	VALUE(ST_UNKNOWN, 0),
	VALUE(ST_AVAILABLE, 1),
	VALUE(ST_NOT_BUILT, 2),
	VALUE(ST_NO_DRIVER, 3),
	VALUE(ST_NOT_READY, 4),
	VALUE(ST_KEY_LOST, 5),
	VALUE(ST_ERROR, 6),

	/* enum cvm_evidence_reason */
	VALUE(REASON_NONE, 0),
	VALUE(REASON_NOT_PROBED, 1),
	VALUE(REASON_NO_INTERFACE, 2),
	VALUE(REASON_NO_CONFIGFS, 3),
	VALUE(REASON_SETUP_FAILED, 4),
	VALUE(REASON_NO_DRIVER, 5),
	VALUE(REASON_FOREIGN_NODE, 6),
	VALUE(REASON_DRIVER_NOT_LIVE, 7),
	VALUE(REASON_DRIVER_UNLOADED, 8),
	VALUE(REASON_DRIVER_LEFT, 9),
	VALUE(REASON_KEY_WIPED, 10),
	VALUE(REASON_NO_TPM, 11),
	VALUE(REASON_NO_HCL_REPORT, 12),
	VALUE(REASON_TPM_REFUSED, 13),
	VALUE(REASON_PROBE_FAILED, 14),
	VALUE(CAP_PRIVLEVEL, 0x1),
	VALUE(CAP_SERVICE, 0x2),
	VALUE(CAP_CERTS, 0x4),
	VALUE(CAP_FW_STATUS, 0x8),
	VALUE(CAP_TPM_QUOTE, 0x10),
	VALUE(INFO_F_VMFORK, 0x1),
	VALUE(INFO_F_EVENTS, 0x2),
	VALUE(INFO_SIZE_MIN, 40),
	VALUE(F_EVENT_LOG, 0x1),
	VALUE(F_TPM_QUOTE, 0x2),
	VALUE(F_QUOTE_DATA, 0x4),
	VALUE(F_FRESH, 0x8),
	VALUE(F_SHARED, 0x10),
	VALUE(F_CONTEXT, 0x20),
	VALUE(F_SERVICE_GUID, 0x40),
	VALUE(F_MANIFEST_VERSION, 0x80),
	VALUE(F_TDREPORT, 0x100),
	VALUE(PRIVLEVEL_DEFAULT, 0xffffffff),
	VALUE(OUT_F_FW_STATUS, 0x1),
	VALUE(REQUEST_SIZE_MIN, 192),
	VALUE(LEASE_FORKED, 0x1),
	VALUE(LEASE_RESUMED, 0x2),
	VALUE(LEASE_KEY_LOST, 0x4),
	VALUE(LEASE_TCB, 0x8),
	VALUE(LEASE_IDENTITY, 0x10),
	VALUE(LEASE_DRIVER, 0x20),
	VALUE(BLOB_MAJOR, 1),
	VALUE(BLOB_MINOR, 0),
	VALUE(BLOB_HEADER_LEN, 64),
	VALUE(ITEM_HEADER_LEN, 16),
	VALUE(BLOB_F_CRITICAL, 0xffff0000),
	VALUE(BLOB_F_TDREPORT, 0x1),
	VALUE(BLOB_F_KERNEL_RANDOM, 0x2),
	VALUE(BLOB_F_UNCHECKED, 0x4),
	VALUE(BLOB_F_HCL_CACHED, 0x8),

	/* enum cvm_evidence_binding */
	VALUE(BINDING_DIRECT, 1),
	VALUE(BINDING_HCL, 2),
	VALUE(BINDING_HCL_BOOT, 3),
	VALUE(BINDING_HCL_QUOTE, 4),
	VALUE(BINDING_SVSM, 5),
	VALUE(BINDING_STATEMENT, 6),
	VALUE(ITEM_F_CRITICAL, 0x1),

	/* enum cvm_evidence_item_type */
	VALUE(ITEM_REPORT_DATA, 1),
	VALUE(ITEM_REPORT, 2),
	VALUE(ITEM_CERTS, 3),
	VALUE(ITEM_MANIFEST, 4),
	VALUE(ITEM_STATEMENT, 5),
	VALUE(ITEM_MERKLE_PATH, 6),
	VALUE(ITEM_CCEL_TABLE, 7),
	VALUE(ITEM_CCEL_DATA, 8),
	VALUE(ITEM_TPM_ATTEST, 9),
	VALUE(ITEM_TPM_SIGNATURE, 10),
	VALUE(ITEM_PCRS, 11),
	VALUE(ITEM_AK_PUB, 12),
	VALUE(ITEM_AK_CERT, 13),
	VALUE(ITEM_DRIVER, 14),
	VALUE(ITEM_PRIVLEVEL, 15),
	VALUE(ITEM_SEQUENCE, 16),
	VALUE(ITEM_BOOT_ID, 17),
	VALUE(ITEM_VM_EPOCH, 18),
	VALUE(ITEM_TIME, 19),
	VALUE(ITEM_MODULE_VERSION, 20),
	VALUE(ITEM_SERVICE_PROVIDER, 21),
	VALUE(ITEM_SERVICE_GUID, 22),
	VALUE(ITEM_SERVICE_MANIFEST_VERSION, 23),
	VALUE(ITEM_ABSENT, 24),
	VALUE(GENL_VERSION, 1),
	VALUE(LOG_MAX, 1024),

	/* enum cvm_evidence_cmd */
	VALUE(CMD_UNSPEC, 0),
	VALUE(CMD_GET_INFO, 1),
	VALUE(CMD_GET_LOG, 2),
	VALUE(CMD_EVENT, 3),

	/* enum cvm_evidence_event_type */
	VALUE(EV_EVIDENCE_TAKEN, 1),
	VALUE(EV_EVIDENCE_FAILED, 2),
	VALUE(EV_PROVIDER_ADDED, 3),
	VALUE(EV_PROVIDER_REMOVED, 4),
	VALUE(EV_THROTTLED, 5),
	VALUE(EV_RECOVERED, 6),
	VALUE(EV_KEY_LOST, 7),
	VALUE(EV_QUOTA_DENIED, 8),
	VALUE(EV_PARAMETER_CHANGED, 9),
	VALUE(EV_TCB_CHANGED, 10),
	VALUE(EV_IDENTITY_CHANGED, 11),
	VALUE(EV_REATTEST, 12),
	VALUE(EV_KEY_RECOVERED, 13),

	/* enum cvm_evidence_field */
	VALUE(FIELD_CHIP_ID, 1),
	VALUE(FIELD_MEASUREMENT, 2),
	VALUE(FIELD_REPORT_ID, 3),
	VALUE(FIELD_REPORTED_TCB, 4),
	VALUE(FIELD_MRTD, 5),
	VALUE(FIELD_TEE_TCB_SVN, 6),
	VALUE(FIELD_VM_UNIQUE_ID, 7),

	/* enum cvm_evidence_cause */
	VALUE(CAUSE_VM_FORK, 1),
	VALUE(CAUSE_RESUME, 2),

	/* enum cvm_evidence_event_attr */
	VALUE(EVENT_A_NUMBER, 1),
	VALUE(EVENT_A_TYPE, 2),
	VALUE(EVENT_A_BOOTTIME, 3),
	VALUE(EVENT_A_REALTIME, 4),
	VALUE(EVENT_A_VM_EPOCH, 5),
	VALUE(EVENT_A_PID, 6),
	VALUE(EVENT_A_START_TIME, 7),
	VALUE(EVENT_A_UID, 8),
	VALUE(EVENT_A_LOGINUID, 9),
	VALUE(EVENT_A_SESSION, 10),
	VALUE(EVENT_A_COMM, 11),
	VALUE(EVENT_A_EXE_MAJOR, 12),
	VALUE(EVENT_A_EXE_MINOR, 13),
	VALUE(EVENT_A_EXE_INODE, 14),
	VALUE(EVENT_A_CGROUP, 15),
	VALUE(EVENT_A_SEQUENCE, 16),
	VALUE(EVENT_A_PROVIDER, 17),
	VALUE(EVENT_A_TEE, 18),
	VALUE(EVENT_A_PRIVLEVEL, 19),
	VALUE(EVENT_A_FLAGS, 20),
	VALUE(EVENT_A_BATCH, 21),
	VALUE(EVENT_A_ERRNO, 22),
	VALUE(EVENT_A_FW_STATUS, 23),
	VALUE(EVENT_A_WAIT_NS, 24),
	VALUE(EVENT_A_FIRMWARE_NS, 25),
	VALUE(EVENT_A_REPORT_SHA256, 26),
	VALUE(EVENT_A_KERNEL_RANDOM, 27),
	VALUE(EVENT_A_DRIVER, 28),
	VALUE(EVENT_A_REASON, 29),
	VALUE(EVENT_A_REASON_PARAM, 30),
	VALUE(EVENT_A_COUNT, 31),
	VALUE(EVENT_A_PARAMETER, 32),
	VALUE(EVENT_A_OLD_VALUE, 33),
	VALUE(EVENT_A_NEW_VALUE, 34),
	VALUE(EVENT_A_FIELD, 35),
	VALUE(EVENT_A_OLD, 36),
	VALUE(EVENT_A_NEW, 37),
	VALUE(EVENT_A_CAUSE, 38),

	/* enum cvm_evidence_info_attr */
	VALUE(INFO_A_VERSION, 1),
	VALUE(INFO_A_API_VERSION, 2),
	VALUE(INFO_A_FLAGS, 3),
	VALUE(INFO_A_REQUEST_FLAGS, 4),
	VALUE(INFO_A_VM_EPOCH, 5),
	VALUE(INFO_A_REQUESTS_WAITING, 6),
	VALUE(INFO_A_REQUESTS_STARTED, 7),
	VALUE(INFO_A_REQUESTS_OK, 8),
	VALUE(INFO_A_REQUESTS_FAILED, 9),
	VALUE(INFO_A_REQUESTS_TIMED_OUT, 10),
	VALUE(INFO_A_REQUESTS_CANCELED, 11),
	VALUE(INFO_A_REQUESTS_MISMATCHED, 12),
	VALUE(INFO_A_REFUSED_BUSY, 13),
	VALUE(INFO_A_REFUSED_QUOTA, 14),
	VALUE(INFO_A_EVENTS, 15),
	VALUE(INFO_A_EVENTS_UNSENT, 16),
	VALUE(INFO_A_PROVIDER, 17),

	/* enum cvm_evidence_provider_attr */
	VALUE(PROVIDER_A_ID, 1),
	VALUE(PROVIDER_A_NAME, 2),
	VALUE(PROVIDER_A_STATUS, 3),
	VALUE(PROVIDER_A_REASON, 4),
	VALUE(PROVIDER_A_REASON_PARAM, 5),
	VALUE(PROVIDER_A_TEE, 6),
	VALUE(PROVIDER_A_PRIVLEVEL_FLOOR, 7),
	VALUE(PROVIDER_A_CAPS, 8),
	VALUE(PROVIDER_A_QUOTE_DATA_MAX, 9),
	VALUE(PROVIDER_A_QUEUED, 10),
	VALUE(PROVIDER_A_LAST_ERROR, 11),
	VALUE(PROVIDER_A_STARTED, 12),
	VALUE(PROVIDER_A_FAILED, 13),
	VALUE(PROVIDER_A_DRIVER, 14),
};

static const struct {
	const char *name, *text, *want;
} texts[] = {
#define TEXT(what, words)	{ #what, CVM_EVIDENCE_##what, words }
	TEXT(DEVICE, "/dev/cvm-evidence"),
	TEXT(SCOPED_DEVICE, "/dev/cvm-evidence-scoped"),
	TEXT(BLOB_MAGIC, "CVME"),
	TEXT(GENL_NAME, "cvm_evidence"),
	TEXT(GENL_GROUP, "events"),
};

static void struct_sizes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(structs); i++)
		CHECK(structs[i].size == structs[i].want, "%s: %zu bytes, not %zu",
		      structs[i].name, structs[i].size, structs[i].want);
}

static void struct_members(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		CHECK(members[i].offset == members[i].want_offset,
		      "%s.%s: at %zu, not at %zu", members[i].type,
		      members[i].name, members[i].offset, members[i].want_offset);
		CHECK(members[i].size == members[i].want_size,
		      "%s.%s: %zu bytes, not %zu", members[i].type,
		      members[i].name, members[i].size, members[i].want_size);
	}
}

/* The padding has names too: no byte is left to the compiler. */
static void no_holes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(structs); i++) {
		size_t end = 0;

		for (size_t k = 0; k < ARRAY_SIZE(members); k++) {
			if (strcmp(members[k].type, structs[i].name))
				continue;
			CHECK(members[k].offset == end, "%s: a hole before %s",
			      structs[i].name, members[k].name);
			end += members[k].size;
		}
		CHECK(end == structs[i].size, "%s: a hole at its end",
		      structs[i].name);
	}
}

static void numbers(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		CHECK(values[i].value == values[i].want, "%s: 0x%llx, not 0x%llx",
		      values[i].name, values[i].value, values[i].want);
}

static void strings(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		CHECK(!strcmp(texts[i].text, texts[i].want), "%s: %s, not %s",
		      texts[i].name, texts[i].text, texts[i].want);
}

static const struct ktap_case cases[] = {
	{ "struct_sizes", struct_sizes, 0 },
	{ "struct_members", struct_members, 0 },
	{ "no_holes", no_holes, 0 },
	{ "numbers", numbers, 0 },
	{ "strings", strings, 0 },
};

int main(int argc, char **argv)
{
	struct ktap_program prog = { .cases = cases, .nr = ARRAY_SIZE(cases) };

	return ktap_run(&prog, argc, argv);
}
