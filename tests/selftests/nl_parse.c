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

enum kind { NONE, U32, UINT, TEXT, BYTES, FLAG };

static const struct {
	const char *name;
	enum kind kind;
} attrs[NL_ATTRS] = {
	[EVA(NUMBER)] = { "number", UINT },
	[EVA(TYPE)] = { "type", UINT },
	[EVA(BOOTTIME)] = { "boottime", UINT },
	[EVA(REALTIME)] = { "realtime", UINT },
	[EVA(VM_EPOCH)] = { "vm-epoch", UINT },
	[EVA(PID)] = { "pid", UINT },
	[EVA(START_TIME)] = { "start-time", UINT },
	[EVA(UID)] = { "uid", UINT },
	[EVA(LOGINUID)] = { "loginuid", UINT },
	[EVA(SESSION)] = { "session", UINT },
	[EVA(COMM)] = { "comm", TEXT },
	[EVA(EXE_MAJOR)] = { "exe-major", U32 },
	[EVA(EXE_MINOR)] = { "exe-minor", U32 },
	[EVA(EXE_INODE)] = { "exe-inode", UINT },
	[EVA(CGROUP)] = { "cgroup", UINT },
	[EVA(SEQUENCE)] = { "sequence", UINT },
	[EVA(PROVIDER)] = { "provider", UINT },
	[EVA(TEE)] = { "tee", UINT },
	[EVA(PRIVLEVEL)] = { "privlevel", UINT },
	[EVA(FLAGS)] = { "flags", UINT },
	[EVA(BATCH)] = { "batch", UINT },
	[EVA(ERRNO)] = { "errno", UINT },
	[EVA(FW_STATUS)] = { "fw-status", UINT },
	[EVA(WAIT_NS)] = { "wait-ns", UINT },
	[EVA(FIRMWARE_NS)] = { "firmware-ns", UINT },
	[EVA(REPORT_SHA256)] = { "report-sha256", BYTES },
	[EVA(KERNEL_RANDOM)] = { "kernel-random", FLAG },
	[EVA(DRIVER)] = { "driver", TEXT },
	[EVA(REASON)] = { "reason", UINT },
	[EVA(REASON_PARAM)] = { "reason-param", UINT },
	[EVA(COUNT)] = { "count", UINT },
	[EVA(PARAMETER)] = { "parameter", TEXT },
	[EVA(OLD_VALUE)] = { "old-value", UINT },
	[EVA(NEW_VALUE)] = { "new-value", UINT },
	[EVA(FIELD)] = { "field", UINT },
	[EVA(OLD)] = { "old", BYTES },
	[EVA(NEW)] = { "new", BYTES },
	[EVA(CAUSE)] = { "cause", UINT },
};

#define BIT(name)	(1ULL << EVA(name))
#define ALWAYS		(BIT(NUMBER) | BIT(TYPE) | BIT(BOOTTIME) | \
			 BIT(REALTIME) | BIT(VM_EPOCH))
#define WHO		(BIT(PID) | BIT(START_TIME) | BIT(UID) | BIT(COMM) | \
			 BIT(CGROUP))
#define WHO_MAY		(BIT(LOGINUID) | BIT(SESSION) | BIT(EXE_MAJOR) | \
			 BIT(EXE_MINOR) | BIT(EXE_INODE))
#define EVIDENCE	(WHO | BIT(SEQUENCE) | BIT(PROVIDER) | BIT(FLAGS) | \
			 BIT(BATCH) | BIT(WAIT_NS) | BIT(FIRMWARE_NS))
#define EVIDENCE_MAY	(WHO_MAY | BIT(TEE) | BIT(PRIVLEVEL) | \
			 BIT(KERNEL_RANDOM) | BIT(FW_STATUS))
#define DRIVEN		(BIT(PROVIDER) | BIT(TEE))

/* Beside ALWAYS */
static const struct {
	uint64_t must, may;
} of_type[] = {
	[EV(EVIDENCE_TAKEN)] = { EVIDENCE, EVIDENCE_MAY | BIT(REPORT_SHA256) },
	[EV(EVIDENCE_FAILED)] = { EVIDENCE | BIT(ERRNO), EVIDENCE_MAY },
	[EV(PROVIDER_ADDED)] = { DRIVEN | BIT(DRIVER), 0 },
	[EV(PROVIDER_REMOVED)] = { DRIVEN | BIT(DRIVER) | BIT(REASON),
				   BIT(REASON_PARAM) },
	[EV(THROTTLED)] = { DRIVEN | BIT(FIRMWARE_NS), BIT(DRIVER) },
	[EV(RECOVERED)] = { DRIVEN | BIT(FIRMWARE_NS), BIT(DRIVER) },
	[EV(KEY_LOST)] = { DRIVEN | BIT(DRIVER) | BIT(REASON), BIT(REASON_PARAM) },
	[EV(KEY_RECOVERED)] = { DRIVEN | BIT(DRIVER), 0 },
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

/* A uint has 4 bytes, or 8 "where the value needs them". */
static const char *number(const struct nlattr *a, enum kind kind, uint64_t *num)
{
	const uint8_t *p = nl_payload(a);

	if (nl_payload_len(a) == 4) {
		*num = cvm_get32(p);
		return NULL;
	}
	if (kind == U32 || nl_payload_len(a) != 8)
		return "a number of a wrong length";
	*num = cvm_get64(p);
	return *num > UINT32_MAX ? NULL : "a small number in 8 bytes";
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
	if (nl_has(ev, type))
		return "an attribute twice";
	ev->have |= 1ULL << type;
	ev->off[type] = (const uint8_t *)nl_payload(a) - ev->raw;
	ev->len[type] = nl_payload_len(a);
	switch (attrs[type].kind) {
	case U32:
	case UINT:
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
	if (nl_has(ev, EVA(EXE_MAJOR)) != nl_has(ev, EVA(EXE_INODE)) ||
	    nl_has(ev, EVA(EXE_MINOR)) != nl_has(ev, EVA(EXE_INODE)))
		return "a part of an executable";
	if (nl_has(ev, EVA(REASON_PARAM)) && !ev->num[EVA(REASON_PARAM)])
		return "a parameter 0, which is absent when 0";
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
		if (attrs[i].kind == U32 || attrs[i].kind == UINT)
			n += snprintf(line + n, sizeof(line) - n, "=%llu",
				      (unsigned long long)ev->num[i]);
		else if (attrs[i].kind == TEXT)
			n += snprintf(line + n, sizeof(line) - n, "=%.*s",
				      ev->len[i], ev->raw + ev->off[i]);
	}
	ktap_note("%s", line);
}

/* --- GET_INFO --- */

/* Where the number of an attribute goes, and how many bytes of it */
#define PLACE(member)	{ offsetof(struct cvm_evidence_provider, member),	\
			  sizeof(((struct cvm_evidence_provider *)0)->member) }
static const struct {
	size_t at, size;
} places[] = {
	[PROVA(ID)] = PLACE(id),
	[PROVA(STATUS)] = PLACE(status),
	[PROVA(REASON)] = PLACE(reason),
	[PROVA(REASON_PARAM)] = PLACE(reason_param),
	[PROVA(TEE)] = PLACE(tee),
	[PROVA(PRIVLEVEL_FLOOR)] = PLACE(privlevel_floor),
	[PROVA(CAPS)] = PLACE(caps),
	[PROVA(QUOTE_DATA_MAX)] = PLACE(quote_data_max),
	[PROVA(QUEUED)] = PLACE(queued),
	[PROVA(LAST_ERROR)] = PLACE(last_error),
	[PROVA(STARTED)] = PLACE(started),
	[PROVA(FAILED)] = PLACE(failed),
};

static const char *copy_text(const struct nlattr *a, char *to, size_t size)
{
	if (nl_payload_len(a) > size)
		return "a text that is too long";
	memcpy(to, nl_payload(a), nl_payload_len(a));
	return text(a);
}

struct provider_arg {
	struct cvm_evidence_provider *p;
	uint64_t have;
};

static const char *provider_attr(const struct nlattr *a, void *arg)
{
	struct provider_arg *to = arg;
	const char *wrong;
	uint64_t num = 0;
	size_t size;

	if (!a->nla_type || a->nla_type > PROVA(DRIVER))
		return "an attribute that is not of providers";
	if (to->have >> a->nla_type & 1)
		return "an attribute of a provider twice";
	to->have |= 1ULL << a->nla_type;
	if (a->nla_type == PROVA(NAME))
		return copy_text(a, to->p->name, sizeof(to->p->name));
	if (a->nla_type == PROVA(DRIVER))
		return copy_text(a, to->p->driver, sizeof(to->p->driver));
	size = places[a->nla_type].size;
	wrong = number(a, UINT, &num);
	if (!wrong && size == 4 && num > UINT32_MAX)
		return "a number of a provider that is too large";
	memcpy((uint8_t *)to->p + places[a->nla_type].at, &num, size);
	return wrong;
}

/* All of them but DRIVER, which is "absent when empty" */
static const char *info_provider(const struct nlattr *a, struct nl_info *info)
{
	const uint64_t all = (1ULL << (PROVA(DRIVER) + 1)) - 2;
	struct provider_arg arg = {};
	const char *wrong;

	if (!(a->nla_type & NLA_F_NESTED))
		return "a nest that is not marked as one";
	if (info->nr == ARRAY_SIZE(info->prov))
		return "too many providers";
	arg.p = &info->prov[info->nr++];
	wrong = walk(nl_payload(a), nl_payload_len(a), provider_attr, &arg);
	if (wrong)
		return wrong;
	if ((arg.have | 1ULL << PROVA(DRIVER)) != all)
		return "an attribute of a provider is missing";
	if (arg.have >> PROVA(DRIVER) & 1 && !arg.p->driver[0])
		return "an empty driver, which is absent when empty";
	return NULL;
}

static const char *info_attr(const struct nlattr *a, void *arg)
{
	unsigned int type = a->nla_type & NLA_TYPE_MASK;
	struct nl_info *info = arg;

	if (type == INFOA(PROVIDER))
		return info_provider(a, info);
	if (!type || type > INFOA(PROVIDER) || a->nla_type != type)
		return "an attribute that is not of get-info";
	if (info->have >> type & 1)
		return "an attribute twice";
	info->have |= 1ULL << type;
	if (type == INFOA(VERSION))
		return copy_text(a, info->version, sizeof(info->version));
	return number(a, UINT, &info->num[type]);
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
