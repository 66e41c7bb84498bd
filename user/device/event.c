// SPDX-License-Identifier: GPL-2.0-only
/* Names are those of include/netlink/cvm_evidence.yaml; tests compare them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>

#include "base/tree.h"
#include "device/event.h"
#include "device/reason.h"
#include "evidence/evidence.h"

#define A(name)		CVM_EVIDENCE_EVENT_A_##name

static const char *const types[] = {
	[CVM_EVIDENCE_EV_EVIDENCE_TAKEN]	= "evidence-taken",
	[CVM_EVIDENCE_EV_EVIDENCE_FAILED]	= "evidence-failed",
	[CVM_EVIDENCE_EV_PROVIDER_ADDED]	= "provider-added",
	[CVM_EVIDENCE_EV_PROVIDER_REMOVED]	= "provider-removed",
	[CVM_EVIDENCE_EV_THROTTLED]		= "throttled",
	[CVM_EVIDENCE_EV_RECOVERED]		= "recovered",
	[CVM_EVIDENCE_EV_KEY_LOST]		= "key-lost",
	[CVM_EVIDENCE_EV_QUOTA_DENIED]		= "quota-denied",
	[CVM_EVIDENCE_EV_PARAMETER_CHANGED]	= "parameter-changed",
	[CVM_EVIDENCE_EV_TCB_CHANGED]		= "tcb-changed",
	[CVM_EVIDENCE_EV_IDENTITY_CHANGED]	= "identity-changed",
	[CVM_EVIDENCE_EV_REATTEST]		= "reattest",
	[CVM_EVIDENCE_EV_KEY_RECOVERED]		= "key-recovered",
};

static const char *const fields[] = {
	[CVM_EVIDENCE_FIELD_CHIP_ID]		= "chip-id",
	[CVM_EVIDENCE_FIELD_MEASUREMENT]	= "measurement",
	[CVM_EVIDENCE_FIELD_REPORT_ID]		= "report-id",
	[CVM_EVIDENCE_FIELD_REPORTED_TCB]	= "reported-tcb",
	[CVM_EVIDENCE_FIELD_MRTD]		= "mrtd",
	[CVM_EVIDENCE_FIELD_TEE_TCB_SVN]	= "tee-tcb-svn",
	[CVM_EVIDENCE_FIELD_VM_UNIQUE_ID]	= "vm-unique-id",
};

static const char *const causes[] = {
	[CVM_EVIDENCE_CAUSE_VM_FORK]		= "vm-fork",
	[CVM_EVIDENCE_CAUSE_RESUME]		= "resume",
};

/* By the bit */
static const char *const request_flags[] = {
	"event-log", "tpm-quote", "quote-data", "fresh", "shared", "context",
	"service-guid", "manifest-version", "tdreport",
};

#define NAMES(t)	.names = (t), .n = ARRAY_SIZE(t)

static const struct event_attr attrs[] = {
	[A(NUMBER)]	= { "number", EVENT_NUMBER },
	[A(TYPE)]	= { "type", EVENT_ENUM, NAMES(types) },
	[A(BOOTTIME)]	= { "boottime", EVENT_TIME },
	[A(REALTIME)]	= { "realtime", EVENT_NUMBER },
	[A(VM_EPOCH)]	= { "vm-epoch", EVENT_NUMBER, true },
	[A(PID)]	= { "pid", EVENT_NUMBER, true },
	[A(START_TIME)]	= { "start-time", EVENT_TIME },
	[A(UID)]	= { "uid", EVENT_NUMBER, true },
	[A(LOGINUID)]	= { "loginuid", EVENT_NUMBER, true },
	[A(SESSION)]	= { "session", EVENT_NUMBER, true },
	[A(COMM)]	= { "comm", EVENT_TEXT, true },
	[A(EXE_MAJOR)]	= { "exe-major", EVENT_U32, true },
	[A(EXE_MINOR)]	= { "exe-minor", EVENT_U32, true },
	[A(EXE_INODE)]	= { "exe-inode", EVENT_NUMBER, true },
	[A(CGROUP)]	= { "cgroup", EVENT_NUMBER, true },
	[A(SEQUENCE)]	= { "sequence", EVENT_NUMBER, true },
	[A(PROVIDER)]	= { "provider", EVENT_ENUM, true, .name_of = provider_name },
	[A(TEE)]	= { "tee", EVENT_ENUM, true, .name_of = tee_name },
	[A(PRIVLEVEL)]	= { "privlevel", EVENT_NUMBER, true },
	[A(FLAGS)]	= { "flags", EVENT_BITS, true, NAMES(request_flags) },
	[A(BATCH)]	= { "batch", EVENT_NUMBER, true },
	[A(ERRNO)]	= { "errno", EVENT_ERRNO, true },
	[A(FW_STATUS)]	= { "fw-status", EVENT_WORD, true },
	[A(WAIT_NS)]	= { "wait-ns", EVENT_NS, true },
	[A(FIRMWARE_NS)] = { "firmware-ns", EVENT_NS, true },
	[A(REPORT_SHA256)] = { "report-sha256", EVENT_BYTES, true },
	[A(KERNEL_RANDOM)] = { "kernel-random", EVENT_FLAG, true },
	[A(DRIVER)]	= { "driver", EVENT_TEXT, true },
	[A(REASON)]	= { "reason", EVENT_ENUM, true, .name_of = reason_name },
	[A(REASON_PARAM)] = { "reason-param", EVENT_NUMBER, true },
	[A(COUNT)]	= { "count", EVENT_NUMBER, true },
	[A(PARAMETER)]	= { "parameter", EVENT_TEXT, true },
	[A(OLD_VALUE)]	= { "old-value", EVENT_NUMBER, true },
	[A(NEW_VALUE)]	= { "new-value", EVENT_NUMBER, true },
	[A(FIELD)]	= { "field", EVENT_ENUM, true, NAMES(fields) },
	[A(OLD)]	= { "old", EVENT_BYTES, true },
	[A(NEW)]	= { "new", EVENT_BYTES, true },
	[A(CAUSE)]	= { "cause", EVENT_ENUM, true, NAMES(causes) },
};

const struct event_attr *event_attr(u32 id)
{
	return id < ARRAY_SIZE(attrs) && attrs[id].name ? &attrs[id] : NULL;
}

u32 event_attr_by_name(const char *name)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		if (attrs[i].name && !strcmp(attrs[i].name, name))
			return i;
	return 0;
}

const char *event_value_name(const struct event_attr *a, u64 value)
{
	const char *name;

	if (!a->name_of)
		return value < a->n ? a->names[value] : NULL;
	name = value <= UINT32_MAX ? a->name_of((u32)value) : "unknown";
	return strcmp(name, "unknown") ? name : NULL;
}

static bool is_number(enum event_kind kind)
{
	return kind != EVENT_FLAG && kind != EVENT_TEXT && kind != EVENT_BYTES;
}

/* A value whose length does not fit its kind is shown as unknown bytes. */
bool event_attr_ok(const struct event_attr *a, const struct nlattr *nla)
{
	int len = nla_len(nla);

	if (a->kind == EVENT_U32)
		return len == 4;
	if (is_number(a->kind))
		return len == 4 || len == 8;
	return a->kind != EVENT_FLAG || !len;
}

u64 event_number(const struct nlattr *nla)
{
	return nla_len(nla) == 4 ? le32(nla_data(nla)) : le64(nla_data(nla));
}

const struct nlattr *event_first(const struct event *e, int *left)
{
	*left = (int)e->attrs.len;
	return (const struct nlattr *)e->attrs.p;
}

static const struct nlattr *find(const struct event *e, u32 id)
{
	const struct event_attr *a = event_attr(id);
	const struct nlattr *nla;
	int left;

	for (nla = event_first(e, &left); nla_ok(nla, left); nla = nla_next(nla, &left))
		if (a && (u32)nla_type(nla) == id && event_attr_ok(a, nla))
			return nla;
	return NULL;
}

void event_parse(struct event *e, const void *data, size_t len)
{
	const struct nlattr *nla;
	u64 number;

	*e = (struct event){ .attrs = { data, len } };
	nla = find(e, A(NUMBER));
	e->number = nla ? event_number(nla) : 0;
	nla = find(e, A(TYPE));
	number = nla ? event_number(nla) : 0;
	e->type = number <= UINT32_MAX ? (u32)number : 0;
}

static void add_hex(struct buf *out, const void *p, size_t len)
{
	char *hex CLEANUP(free_str) = hex_encode(p, len);

	buf_add_str(out, hex);
}

char *event_text_of(const struct nlattr *nla)
{
	size_t len = (size_t)nla_len(nla);
	const char *s = nla_data(nla);

	return printable(s, len && !s[len - 1] ? len - 1 : len);
}

/* Bits without a name are "bit-N". */
bool event_bit_name(const struct event_attr *a, u64 value, u32 i, struct buf *out)
{
	u32 bit;

	for (bit = 0; bit < 64; bit++) {
		if (!(value >> bit & 1) || i--)
			continue;
		if (event_value_name(a, bit))
			buf_add_str(out, event_value_name(a, bit));
		else
			buf_printf(out, "bit-%u", bit);
		return true;
	}
	return false;
}

static bool value_of(const struct event_attr *a, const struct nlattr *nla, u32 i, struct buf *out)
{
	char *text CLEANUP(free_str) = NULL;

	if (a->kind == EVENT_BITS)
		return event_bit_name(a, event_number(nla), i, out);
	if (i)
		return false;
	switch (a->kind) {
	case EVENT_FLAG:
		buf_add_str(out, "true");
		break;
	case EVENT_TEXT:
		text = event_text_of(nla);
		buf_add_str(out, text);
		break;
	case EVENT_BYTES:
		add_hex(out, nla_data(nla), (size_t)nla_len(nla));
		break;
	default:
		if (a->kind == EVENT_ENUM && event_value_name(a, event_number(nla)))
			buf_add_str(out, event_value_name(a, event_number(nla)));
		else
			buf_printf(out, "%" PRIu64, event_number(nla));
	}
	return true;
}

bool event_value(const struct event *e, u32 id, u32 i, struct buf *out)
{
	const struct event_attr *a = event_attr(id);
	const struct nlattr *nla = a ? find(e, id) : NULL;

	return nla && value_of(a, nla, i, out);
}

static bool normalise_number(const struct event_attr *a, const char *value, struct buf *out)
{
	u64 max = a->kind == EVENT_U32 ? UINT32_MAX : UINT64_MAX, n;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 0);
	if (errno || end == value || *end || strchr(value, '-') || n > max)
		return false;
	if (a->kind == EVENT_ENUM && event_value_name(a, n))
		buf_add_str(out, event_value_name(a, n));
	else
		buf_printf(out, "%" PRIu64, n);
	return true;
}

bool event_normalise(u32 id, const char *value, struct buf *out)
{
	const struct event_attr *a = event_attr(id);
	struct buf bytes CLEANUP_BUF;
	const char *why, *name;
	u32 i;

	if (!a)
		return false;
	switch (a->kind) {
	case EVENT_TEXT:
		buf_add_str(out, value);
		return true;
	case EVENT_FLAG:
		buf_add_str(out, "true");
		return !strcmp(value, "true");
	case EVENT_BYTES:
		if (hex_decode(value, strlen(value), &bytes, &why))
			return false;
		add_hex(out, bytes.p, bytes.len);
		return true;
	case EVENT_ENUM:
	case EVENT_BITS:
		for (i = 0; i < 64; i++) {
			name = event_value_name(a, i);
			if (name && !strcmp(name, value)) {
				buf_add_str(out, value);
				return true;
			}
		}
		return a->kind == EVENT_ENUM && normalise_number(a, value, out);
	default:
		return normalise_number(a, value, out);
	}
}
