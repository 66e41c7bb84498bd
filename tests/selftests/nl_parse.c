// SPDX-License-Identifier: GPL-2.0-only
/*
 * A strict reader of the family's messages, written from the header alone:
 * which attributes an event of each type must, may and must not have, and how
 * long they are.
 */
#define _GNU_SOURCE
#include "nl_parse.h"
#include "cvm_client.h"

#include <linux/genetlink.h>
#include <string.h>

#define INFOA(name)	CVM_EVIDENCE_INFO_A_##name
#define PROVA(name)	CVM_EVIDENCE_PROVIDER_A_##name

enum kind { NONE, U32, U64, TEXT, BYTES, FLAG, PAD };

static const struct {
	const char *name;
	enum kind kind;
} attrs[NL_ATTRS] = {
	[EVA(NUMBER)] = { "number", U64 },
	[EVA(TYPE)] = { "type", U32 },
	[EVA(BOOTTIME)] = { "boottime", U64 },
	[EVA(REALTIME)] = { "realtime", U64 },
	[EVA(VM_EPOCH)] = { "vm-epoch", U64 },
	[EVA(PID)] = { "pid", U32 },
	[EVA(START_TIME)] = { "start-time", U64 },
	[EVA(UID)] = { "uid", U32 },
	[EVA(LOGINUID)] = { "loginuid", U32 },
	[EVA(SESSION)] = { "session", U32 },
	[EVA(COMM)] = { "comm", TEXT },
	[EVA(EXE_DEV)] = { "exe-dev", U64 },
	[EVA(EXE_INODE)] = { "exe-inode", U64 },
	[EVA(CGROUP)] = { "cgroup", U64 },
	[EVA(SEQUENCE)] = { "sequence", U64 },
	[EVA(PROVIDER)] = { "provider", U32 },
	[EVA(TEE)] = { "tee", U32 },
	[EVA(PRIVLEVEL)] = { "privlevel", U32 },
	[EVA(FLAGS)] = { "flags", U32 },
	[EVA(BATCH)] = { "batch", U32 },
	[EVA(ERRNO)] = { "errno", U32 },
	[EVA(FW_STATUS)] = { "fw-status", U64 },
	[EVA(WAIT_NS)] = { "wait-ns", U64 },
	[EVA(FIRMWARE_NS)] = { "firmware-ns", U64 },
	[EVA(REPORT_SHA256)] = { "report-sha256", BYTES },
	[EVA(KERNEL_RANDOM)] = { "kernel-random", FLAG },
	[EVA(DRIVER)] = { "driver", TEXT },
	[EVA(REASON)] = { "reason", TEXT },
	[EVA(COUNT)] = { "count", U32 },
	[EVA(PARAMETER)] = { "parameter", TEXT },
	[EVA(OLD_VALUE)] = { "old-value", U64 },
	[EVA(NEW_VALUE)] = { "new-value", U64 },
	[EVA(FIELD)] = { "field", U32 },
	[EVA(OLD)] = { "old", BYTES },
	[EVA(NEW)] = { "new", BYTES },
	[EVA(CAUSE)] = { "cause", U32 },
	[EVA(PAD)] = { "pad", PAD },
};

#define BIT(name)	(1ULL << EVA(name))
#define ALWAYS		(BIT(NUMBER) | BIT(TYPE) | BIT(BOOTTIME) | \
			 BIT(REALTIME) | BIT(VM_EPOCH))
#define WHO		(BIT(PID) | BIT(START_TIME) | BIT(UID) | BIT(COMM) | \
			 BIT(CGROUP))
#define WHO_MAY		(BIT(LOGINUID) | BIT(SESSION) | BIT(EXE_DEV) | \
			 BIT(EXE_INODE))
#define EVIDENCE	(WHO | BIT(SEQUENCE) | BIT(PROVIDER) | BIT(FLAGS) | \
			 BIT(BATCH) | BIT(WAIT_NS) | BIT(FIRMWARE_NS))
#define EVIDENCE_MAY	(WHO_MAY | BIT(TEE) | BIT(PRIVLEVEL) | \
			 BIT(KERNEL_RANDOM) | BIT(FW_STATUS))
#define DRIVEN		(BIT(PROVIDER) | BIT(TEE))

/* Beside ALWAYS */
static const struct {
	uint64_t must, may;
} of_type[] = {
	[EV(EVIDENCE_TAKEN)] = { EVIDENCE | BIT(REPORT_SHA256), EVIDENCE_MAY },
	[EV(EVIDENCE_FAILED)] = { EVIDENCE | BIT(ERRNO), EVIDENCE_MAY },
	[EV(PROVIDER_ADDED)] = { DRIVEN | BIT(DRIVER), 0 },
	[EV(PROVIDER_REMOVED)] = { DRIVEN | BIT(DRIVER) | BIT(REASON), 0 },
	[EV(THROTTLED)] = { DRIVEN | BIT(FIRMWARE_NS), 0 },
	/* of throttling by the time it took, of a key by the driver */
	[EV(RECOVERED)] = { DRIVEN, BIT(FIRMWARE_NS) | BIT(DRIVER) },
	[EV(KEY_LOST)] = { DRIVEN | BIT(DRIVER) | BIT(REASON), 0 },
	[EV(QUOTA_DENIED)] = { WHO | BIT(PROVIDER) | BIT(COUNT) | BIT(ERRNO),
			       WHO_MAY | BIT(TEE) },
	[EV(PARAMETER_CHANGED)] = { WHO | BIT(PARAMETER) | BIT(OLD_VALUE) |
				    BIT(NEW_VALUE), WHO_MAY },
	[EV(TCB_CHANGED)] = { DRIVEN | BIT(FIELD) | BIT(OLD) | BIT(NEW), 0 },
	[EV(IDENTITY_CHANGED)] = { DRIVEN | BIT(FIELD) | BIT(OLD) | BIT(NEW), 0 },
	[EV(REATTEST)] = { BIT(CAUSE), 0 },
};

const char *nl_attr_name(unsigned int attr)
{
	return attr < NL_ATTRS && attrs[attr].name ? attrs[attr].name : "?";
}

const void *nl_payload(const struct nlattr *a)
{
	return (const uint8_t *)a + NLA_HDRLEN;
}

size_t nl_payload_len(const struct nlattr *a)
{
	return a->nla_len - NLA_HDRLEN;
}

/* Calls for each attribute of p..p+len until one is wrong. */
static const char *walk(const uint8_t *p, size_t len,
			const char *(*fn)(const struct nlattr *a, void *arg),
			void *arg)
{
	while (len) {
		const struct nlattr *a = (const void *)p;
		const char *wrong;
		size_t whole;

		if (len < NLA_HDRLEN || a->nla_len < NLA_HDRLEN || a->nla_len > len)
			return "an attribute beyond the message's end";
		wrong = fn(a, arg);
		if (wrong)
			return wrong;
		whole = NLA_ALIGN(a->nla_len);
		if (whole > len)
			whole = len;
		p += whole;
		len -= whole;
	}
	return NULL;
}

struct table_arg {
	const struct nlattr **at;
	unsigned int max;
};

static const char *to_table(const struct nlattr *a, void *arg)
{
	unsigned int type = a->nla_type & NLA_TYPE_MASK;
	struct table_arg *t = arg;

	/* the controller of a newer kernel tells more */
	if (type && type <= t->max)
		t->at[type] = a;
	return NULL;
}

const char *nl_table(const void *p, size_t len, const struct nlattr **at,
		     unsigned int max)
{
	struct table_arg arg = { at, max };

	memset(at, 0, (max + 1) * sizeof(*at));
	return walk(p, len, to_table, &arg);
}

static const char *number(const struct nlattr *a, enum kind kind, uint64_t *num)
{
	const uint8_t *p = nl_payload(a);

	if (nl_payload_len(a) != (kind == U32 ? 4 : 8))
		return "a number of a wrong length";
	*num = kind == U32 ? cvm_get32(p) : cvm_get64(p);
	return NULL;
}

/* A text is NUL-terminated, and the NUL is its last byte. */
static const char *text(const struct nlattr *a)
{
	const char *p = nl_payload(a);
	size_t len = nl_payload_len(a);

	return len && strnlen(p, len) == len - 1 ? NULL : "a text without its end";
}

static const char *event_attr(const struct nlattr *a, void *arg)
{
	unsigned int type = a->nla_type;
	struct nl_event *ev = arg;

	if (type >= NL_ATTRS || !attrs[type].name)
		return "an attribute that is not of events";
	if (attrs[type].kind == PAD)
		return nl_payload_len(a) ? "a pad with something in it" : NULL;
	if (nl_has(ev, type))
		return "an attribute twice";
	ev->have |= 1ULL << type;
	ev->off[type] = (const uint8_t *)nl_payload(a) - ev->raw;
	ev->len[type] = nl_payload_len(a);
	switch (attrs[type].kind) {
	case U32:
	case U64:
		return number(a, attrs[type].kind, &ev->num[type]);
	case TEXT:
		ev->len[type]--;
		return text(a);
	case FLAG:
		return nl_payload_len(a) ? "a flag with a value" : NULL;
	default:
		return NULL;
	}
}

static const char *check_event(const struct nl_event *ev)
{
	static char why[96];
	uint64_t must, may;

	if (!ev->type || ev->type >= ARRAY_SIZE(of_type))
		return "no such type";
	must = ALWAYS | of_type[ev->type].must;
	may = must | of_type[ev->type].may;
	for (unsigned int i = 1; i < NL_ATTRS; i++) {
		if (must >> i & ~ev->have >> i & 1)
			snprintf(why, sizeof(why), "type %u without %s",
				 ev->type, nl_attr_name(i));
		else if (ev->have >> i & ~may >> i & 1)
			snprintf(why, sizeof(why), "type %u with %s", ev->type,
				 nl_attr_name(i));
		else
			continue;
		return why;
	}
	if (!ev->number)
		return "number 0";
	if (nl_has(ev, EVA(EXE_DEV)) != nl_has(ev, EVA(EXE_INODE)))
		return "half an executable";
	if (nl_has(ev, EVA(REPORT_SHA256)) && ev->len[EVA(REPORT_SHA256)] != 32)
		return "a SHA-256 that is none";
	if (ev->len[EVA(OLD)] != ev->len[EVA(NEW)])
		return "old and new of different lengths";
	return NULL;
}

static const char *genl_body(const struct nlmsghdr *h, uint8_t cmd,
			     const uint8_t **p, size_t *len)
{
	const struct genlmsghdr *g = NLMSG_DATA(h);

	if (h->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return "shorter than its header";
	if (g->cmd != cmd || g->version != CVM_EVIDENCE_GENL_VERSION || g->reserved)
		return "command or version of the header";
	*p = (const uint8_t *)g + GENL_HDRLEN;
	*len = h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	return NULL;
}

const char *nl_event_parse(const struct nlmsghdr *h, uint8_t cmd,
			   struct nl_event *ev)
{
	const char *wrong;
	const uint8_t *p;
	size_t len;

	memset(ev, 0, sizeof(*ev));
	wrong = genl_body(h, cmd, &p, &len);
	if (wrong)
		return wrong;
	if (len > sizeof(ev->raw))
		return "longer than any event";
	memcpy(ev->raw, p, len);
	ev->raw_len = len;
	wrong = walk(ev->raw, len, event_attr, ev);
	ev->type = ev->num[EVA(TYPE)];
	ev->number = ev->num[EVA(NUMBER)];
	return wrong ? wrong : check_event(ev);
}

uint64_t nl_num(const struct nl_event *ev, unsigned int attr)
{
	CHECK(nl_has(ev, attr), "event %llu has no %s",
	      (unsigned long long)ev->number, nl_attr_name(attr));
	return ev->num[attr];
}

const char *nl_text(const struct nl_event *ev, unsigned int attr)
{
	CHECK(nl_has(ev, attr), "event %llu has no %s",
	      (unsigned long long)ev->number, nl_attr_name(attr));
	return (const char *)ev->raw + ev->off[attr];
}

const uint8_t *nl_bytes(const struct nl_event *ev, unsigned int attr, size_t len)
{
	CHECK(nl_has(ev, attr) && ev->len[attr] == len, "%s: %u bytes, not %zu",
	      nl_attr_name(attr), ev->len[attr], len);
	return ev->raw + ev->off[attr];
}

void nl_note(const struct nl_event *ev)
{
	char line[900];
	int n = snprintf(line, sizeof(line), "event");

	for (unsigned int i = 1; i < NL_ATTRS && n < (int)sizeof(line); i++) {
		if (!nl_has(ev, i))
			continue;
		n += snprintf(line + n, sizeof(line) - n, " %s", nl_attr_name(i));
		if (n >= (int)sizeof(line))
			break;
		if (attrs[i].kind == U32 || attrs[i].kind == U64)
			n += snprintf(line + n, sizeof(line) - n, "=%llu",
				      (unsigned long long)ev->num[i]);
		else if (attrs[i].kind == TEXT)
			n += snprintf(line + n, sizeof(line) - n, "=%.*s",
				      ev->len[i], ev->raw + ev->off[i]);
	}
	ktap_note("%s", line);
}

/* --- GET_INFO --- */

static const char *provider_attr(const struct nlattr *a, void *arg)
{
	struct cvm_evidence_provider *p = arg;
	struct { unsigned int type; uint32_t *to; } u32s[] = {
		{ PROVA(ID), &p->id }, { PROVA(STATUS), &p->status },
		{ PROVA(TEE), &p->tee }, { PROVA(CAPS), &p->caps },
		{ PROVA(PRIVLEVEL_FLOOR), &p->privlevel_floor },
		{ PROVA(QUEUED), &p->queued },
	};
	struct { unsigned int type; char *to; size_t size; } texts[] = {
		{ PROVA(NAME), p->name, sizeof(p->name) },
		{ PROVA(DRIVER), p->driver, sizeof(p->driver) },
		{ PROVA(REASON), p->reason, sizeof(p->reason) },
	};
	uint64_t num = 0;
	const char *wrong;

	for (size_t i = 0; i < ARRAY_SIZE(u32s); i++)
		if (a->nla_type == u32s[i].type) {
			wrong = number(a, U32, &num);
			*u32s[i].to = num;
			return wrong;
		}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (a->nla_type == texts[i].type) {
			if (nl_payload_len(a) > texts[i].size)
				return "a text that is too long";
			memcpy(texts[i].to, nl_payload(a), nl_payload_len(a));
			return text(a);
		}
	switch (a->nla_type) {
	case PROVA(STARTED):
	case PROVA(FAILED):
		wrong = number(a, U64, &num);
		if (a->nla_type == PROVA(STARTED))
			p->started = num;
		else
			p->failed = num;
		return wrong;
	case PROVA(PAD):
		return NULL;
	}
	return "an attribute that is not of providers";
}

static const char *info_attr(const struct nlattr *a, void *arg)
{
	unsigned int type = a->nla_type & NLA_TYPE_MASK;
	struct nl_info *info = arg;

	if (type == INFOA(PROVIDER)) {
		if (!(a->nla_type & NLA_F_NESTED))
			return "a nest that is not marked as one";
		if (info->nr == ARRAY_SIZE(info->prov))
			return "too many providers";
		return walk(nl_payload(a), nl_payload_len(a), provider_attr,
			    &info->prov[info->nr++]);
	}
	if (!type || type > INFOA(PAD) || a->nla_type != type)
		return "an attribute that is not of get-info";
	if (type == INFOA(PAD))
		return NULL;
	if (info->have >> type & 1)
		return "an attribute twice";
	info->have |= 1ULL << type;
	switch (type) {
	case INFOA(VERSION):
		if (nl_payload_len(a) > sizeof(info->version))
			return "a version that is too long";
		memcpy(info->version, nl_payload(a), nl_payload_len(a));
		return text(a);
	case INFOA(API_VERSION):
	case INFOA(FLAGS):
	case INFOA(LIVE_FILES):
	case INFOA(LIVE_REQUESTS):
	case INFOA(LIVE_BLOBS):
	case INFOA(LIVE_ENTRIES):
		return number(a, U32, &info->num[type]);
	default:
		return number(a, U64, &info->num[type]);
	}
}

const char *nl_info_parse(const struct nlmsghdr *h, struct nl_info *info)
{
	const char *wrong;
	const uint8_t *p;
	size_t len;

	memset(info, 0, sizeof(*info));
	wrong = genl_body(h, CVM_EVIDENCE_CMD_GET_INFO, &p, &len);
	if (!wrong)
		wrong = walk(p, len, info_attr, info);
	if (wrong)
		return wrong;
	/* 1 to PROVIDER - 1, all of them */
	if (info->have != (1ULL << INFOA(PROVIDER)) - 2)
		return "a counter is missing";
	return NULL;
}
