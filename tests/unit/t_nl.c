// SPDX-License-Identifier: GPL-2.0-only
/*
 * GET_INFO's answer by netlink, composed as the kernel composes it, as a module of
 * version 1 does, and as none should. The file under test is included, because
 * what it parses comes from a socket otherwise.
 */
#include "../../user/device/nl.c"

#include "unit.h"

#define I(name)		CVM_EVIDENCE_INFO_A_##name
#define V(name)		CVM_EVIDENCE_PROVIDER_A_##name

/* 8: numbers have 8 bytes; 0: 4, or 8 where the value needs them */
static int width;

static void num(struct nl_msg *m, int id, u64 v)
{
	if (width == 8 || v > UINT32_MAX)
		nla_put_u64(m, id, v);
	else
		nla_put_u32(m, id, (u32)v);
}

static struct nl_msg *start(u32 api)
{
	struct nl_msg *m = nlmsg_alloc();

	genlmsg_put(m, 1, 1, 30, 0, 0, CVM_EVIDENCE_CMD_GET_INFO, CVM_EVIDENCE_GENL_VERSION);
	nla_put_string(m, I(VERSION), "9.9");
	num(m, I(API_VERSION), api);
	return m;
}

static void provider(struct nl_msg *m, u32 id)
{
	struct nlattr *nest = nla_nest_start(m, I(PROVIDER));

	num(m, V(ID), id);
	nla_put_string(m, V(NAME), "vtpm");
	num(m, V(STATUS), CVM_EVIDENCE_ST_ERROR);
	num(m, V(REASON), CVM_EVIDENCE_REASON_TPM_REFUSED);
	num(m, V(REASON_PARAM), 0x14a);
	num(m, V(TEE), CVM_EVIDENCE_TEE_TDX);
	num(m, V(PRIVLEVEL_FLOOR), 2);
	num(m, V(CAPS), CVM_EVIDENCE_CAP_TPM_QUOTE);
	num(m, V(QUOTE_DATA_MAX), 50);
	num(m, V(QUEUED), 1);
	num(m, V(LAST_ERROR), 110);
	num(m, V(STARTED), 1ull << 33);
	num(m, V(FAILED), 7);
	nla_put_string(m, V(DRIVER), "tpm");
	nla_nest_end(m, nest);
}

static void counters(struct nl_msg *m)
{
	num(m, I(FLAGS), CVM_EVIDENCE_INFO_F_EVENTS);
	num(m, I(REQUEST_FLAGS), 0x1cf);
	num(m, I(VM_EPOCH), 1);
	num(m, I(REQUESTS_WAITING), 2);
	num(m, I(REQUESTS_STARTED), 3);
	num(m, I(REQUESTS_OK), 4);
	num(m, I(REQUESTS_FAILED), 5);
	num(m, I(REQUESTS_TIMED_OUT), 6);
	num(m, I(REQUESTS_CANCELED), 7);
	num(m, I(REQUESTS_MISMATCHED), 8);
	num(m, I(REFUSED_BUSY), 9);
	num(m, I(REFUSED_QUOTA), 10);
	num(m, I(EVENTS), 11);
	num(m, I(EVENTS_UNSENT), 12);
}

static struct device_info di;
static struct netlink_counters c;

static int parse(struct nl_msg *m)
{
	struct info_reader r = { &di, &c, -EIO };

	on_info(m, &r);
	nlmsg_free(m);
	return r.err;
}

static void whole(int bytes, const char *what)
{
	const struct cvm_evidence_provider *p = &di.providers[1];
	const struct cvm_evidence_info *i = &di.info;
	struct nl_msg *m;

	width = bytes;
	m = start(CVM_EVIDENCE_API_VERSION);
	counters(m);
	provider(m, CVM_EVIDENCE_PROVIDER_TSM);
	provider(m, CVM_EVIDENCE_PROVIDER_VTPM);
	ok(!parse(m), "%s: it is read", what);
	ok(!strcmp(i->version, "9.9") && i->api_version == 2 &&
	   i->flags == CVM_EVIDENCE_INFO_F_EVENTS && i->request_flags == 0x1cf &&
	   i->vm_epoch == 1 && i->requests_waiting == 2 && i->requests_started == 3 &&
	   i->requests_ok == 4 && i->requests_failed == 5 && i->requests_timed_out == 6 &&
	   i->requests_canceled == 7 && i->requests_mismatched == 8 && i->refused_busy == 9 &&
	   i->refused_quota == 10 && c.events == 11 && c.unsent == 12, "%s: the counters", what);
	ok(di.n == 2 && p->id == CVM_EVIDENCE_PROVIDER_VTPM && !strcmp(p->name, "vtpm") &&
	   p->status == CVM_EVIDENCE_ST_ERROR && p->reason == CVM_EVIDENCE_REASON_TPM_REFUSED &&
	   p->reason_param == 0x14a && p->tee == CVM_EVIDENCE_TEE_TDX && p->privlevel_floor == 2 &&
	   p->caps == CVM_EVIDENCE_CAP_TPM_QUOTE && p->quote_data_max == 50 && p->queued == 1 &&
	   p->last_error == 110 && p->started == 1ull << 33 && p->failed == 7 &&
	   !strcmp(p->driver, "tpm"), "%s: a provider", what);
}

/* Of version 1: other attributes have the numbers of ours */
static void old_module(void)
{
	struct nl_msg *m;

	width = 0;
	m = start(1);
	nla_put_u32(m, 3, 1);		/* flags */
	nla_put_u64(m, 4, 0);		/* vm-epoch, now request-flags */
	nla_put_u64(m, 10, 77);		/* requests-mismatched, now requests-timed-out */
	ok(parse(m) == -EPROTO, "a module of version 1 is another version");
	ok(!di.info.requests_timed_out, "nothing of it is misread");
	m = nlmsg_alloc();
	genlmsg_put(m, 1, 1, 30, 0, 0, CVM_EVIDENCE_CMD_GET_INFO, 1);
	ok(parse(m) == -EPROTO, "so is one that names none");
	m = start(CVM_EVIDENCE_API_VERSION + 1);
	counters(m);
	nla_put_u16(m, 40, 1);
	ok(!parse(m) && di.info.requests_canceled == 7, "a newer one only adds");
}

static void malformed(int id, const void *p, int len, const char *what)
{
	struct nl_msg *m = start(CVM_EVIDENCE_API_VERSION);

	nla_put(m, id, len, p);
	ok(parse(m) == -EBADMSG, "%s is malformed", what);
}

static void lengths(void)
{
	static const u8 bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const struct { struct nlattr a; u8 v[8]; } inner = {
		{ .nla_len = 4 + 2, .nla_type = CVM_EVIDENCE_PROVIDER_A_STATUS }, { 1 },
	};

	width = 0;
	malformed(I(EVENTS), bytes, 0, "a number of 0 bytes");
	malformed(I(REQUESTS_OK), bytes, 2, "a number of 2 bytes");
	malformed(I(REQUESTS_OK), bytes, 5, "a number of 5 bytes");
	malformed(I(REQUESTS_OK), bytes, 12, "a number of 12 bytes");
	malformed(I(REQUEST_FLAGS), bytes, 8, "a number too large for its member");
	malformed(I(API_VERSION), bytes, 8, "a version too large");
	malformed(I(PROVIDER), &inner, 8, "a provider's number of 2 bytes");
}

static void many_providers(void)
{
	struct nl_msg *m = start(CVM_EVIDENCE_API_VERSION);
	u32 i;

	for (i = 0; i < DEVICE_PROVIDERS_MAX + 8; i++) {
		struct nlattr *nest = nla_nest_start(m, I(PROVIDER));

		num(m, V(ID), i);
		nla_nest_end(m, nest);
	}
	ok(!parse(m) && di.n == DEVICE_PROVIDERS_MAX, "more providers than there is room for");
}

int main(void)
{
	whole(0, "numbers as the kernel has them");
	whole(8, "numbers of 8 bytes");
	old_module();
	lengths();
	many_providers();
	return unit_failed;
}
