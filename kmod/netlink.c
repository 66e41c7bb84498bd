// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: include/netlink/cvm_evidence.yaml describes it,
 * <linux/cvm_evidence.h> is its manual.
 */
#include "cvm_evidence.h"

#include <linux/audit.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "events.h"
#include "request.h"

#define EV(name)	CVM_EVIDENCE_EVENT_A_##name
#define INFO(name)	CVM_EVIDENCE_INFO_A_##name
#define PROV(name)	CVM_EVIDENCE_PROVIDER_A_##name

static struct genl_family family;

static int put_u64(struct sk_buff *skb, int attr, u64 val)
{
	return nla_put_u64_64bit(skb, attr, val, EV(PAD));
}

static int put_text(struct sk_buff *skb, int attr, const char *text)
{
	return text[0] ? nla_put_string(skb, attr, text) : 0;
}

static int put_who(struct sk_buff *skb, const struct cvme_subject *who)
{
	int err;

	err = nla_put_u32(skb, EV(PID), who->pid) ?:
	      put_u64(skb, EV(START_TIME), who->start_time) ?:
	      nla_put_u32(skb, EV(UID), who->uid) ?:
	      nla_put_string(skb, EV(COMM), who->comm) ?:
	      put_u64(skb, EV(CGROUP), who->cgroup);
	if (!err && who->loginuid != (u32)-1)
		err = nla_put_u32(skb, EV(LOGINUID), who->loginuid);
	if (!err && who->session != (u32)AUDIT_SID_UNSET)
		err = nla_put_u32(skb, EV(SESSION), who->session);
	if (!err && who->exe_inode)
		err = put_u64(skb, EV(EXE_DEV), who->exe_dev) ?:
		      put_u64(skb, EV(EXE_INODE), who->exe_inode);
	return err;
}

static int put_evidence(struct sk_buff *skb, const struct cvme_event *ev)
{
	const typeof(ev->evidence) *e = &ev->evidence;
	int err;

	err = put_who(skb, &ev->who) ?:
	      put_u64(skb, EV(SEQUENCE), e->seq) ?:
	      nla_put_u32(skb, EV(FLAGS), e->flags) ?:
	      nla_put_u32(skb, EV(BATCH), 1) ?:
	      put_u64(skb, EV(WAIT_NS), e->wait_ns) ?:
	      put_u64(skb, EV(FIRMWARE_NS), e->firmware_ns);
	if (!err && e->privlevel != CVM_EVIDENCE_PRIVLEVEL_DEFAULT)
		err = nla_put_u32(skb, EV(PRIVLEVEL), e->privlevel);
	if (!err && e->kernel_random)
		err = nla_put_flag(skb, EV(KERNEL_RANDOM));
	if (!err && e->err)
		err = nla_put_u32(skb, EV(ERRNO), -e->err);
	if (!err && e->fw_status_known)
		err = put_u64(skb, EV(FW_STATUS), e->fw_status);
	if (!err && e->hashed)
		err = nla_put(skb, EV(REPORT_SHA256), sizeof(e->sha256),
			      e->sha256);
	return err;
}

static int put_change(struct sk_buff *skb, const struct cvme_event *ev)
{
	int err;

	err = put_text(skb, EV(DRIVER), ev->change.driver) ?:
	      put_text(skb, EV(REASON), ev->change.reason);
	/* a key that was lost or is back has no time */
	if (!err && ev->change.firmware_ns)
		err = put_u64(skb, EV(FIRMWARE_NS), ev->change.firmware_ns);
	return err;
}

static int put_details(struct sk_buff *skb, const struct cvme_event *ev)
{
	switch (ev->type) {
	case CVM_EVIDENCE_EV_EVIDENCE_TAKEN:
	case CVM_EVIDENCE_EV_EVIDENCE_FAILED:
		return put_evidence(skb, ev);
	case CVM_EVIDENCE_EV_PROVIDER_ADDED:
	case CVM_EVIDENCE_EV_PROVIDER_REMOVED:
	case CVM_EVIDENCE_EV_KEY_LOST:
	case CVM_EVIDENCE_EV_THROTTLED:
	case CVM_EVIDENCE_EV_RECOVERED:
		return put_change(skb, ev);
	case CVM_EVIDENCE_EV_QUOTA_DENIED:
		return put_who(skb, &ev->who) ?:
		       nla_put_u32(skb, EV(COUNT), ev->denied.count) ?:
		       nla_put_u32(skb, EV(ERRNO), -ev->denied.err);
	case CVM_EVIDENCE_EV_PARAMETER_CHANGED:
		return put_who(skb, &ev->who) ?:
		       nla_put_string(skb, EV(PARAMETER), ev->parameter.name) ?:
		       put_u64(skb, EV(OLD_VALUE), ev->parameter.old) ?:
		       put_u64(skb, EV(NEW_VALUE), ev->parameter.new);
	case CVM_EVIDENCE_EV_TCB_CHANGED:
	case CVM_EVIDENCE_EV_IDENTITY_CHANGED:
		return nla_put_u32(skb, EV(FIELD), ev->field.id) ?:
		       nla_put(skb, EV(OLD), ev->field.old_len,
			       ev->field.old) ?:
		       nla_put(skb, EV(NEW), ev->field.new_len,
			       ev->field.new);
	case CVM_EVIDENCE_EV_REATTEST:
		return nla_put_u32(skb, EV(CAUSE), ev->cause);
	default:
		return 0;
	}
}

static int put_event(struct sk_buff *skb, const struct cvme_event *ev)
{
	int err;

	err = put_u64(skb, EV(NUMBER), ev->number) ?:
	      nla_put_u32(skb, EV(TYPE), ev->type) ?:
	      put_u64(skb, EV(BOOTTIME), ev->boottime) ?:
	      put_u64(skb, EV(REALTIME), ev->realtime) ?:
	      put_u64(skb, EV(VM_EPOCH), ev->epoch);
	if (!err && ev->provider)
		err = nla_put_u32(skb, EV(PROVIDER), ev->provider);
	if (!err && ev->tee)
		err = nla_put_u32(skb, EV(TEE), ev->tee);
	return err ?: put_details(skb, ev);
}

static int put_event_msg(struct sk_buff *skb, u32 portid, u32 seq, int flags,
			 u8 cmd, const struct cvme_event *ev)
{
	void *hdr = genlmsg_put(skb, portid, seq, &family, flags, cmd);
	int err;

	if (!hdr)
		return -EMSGSIZE;
	err = put_event(skb, ev);
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/* Events are told to those who may administer this machine's network, no others */
#ifdef GENL_MCAST_CAP_NET_ADMIN
static const struct genl_multicast_group groups[] = {
	{ .name = CVM_EVIDENCE_GENL_GROUP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

bool cvme_netlink_listened(void)
{
	return genl_has_listeners(&family, &init_net, 0);
}
#else
bool cvme_netlink_listened(void)
{
	return false;
}
#endif

/**
 * cvme_netlink_send - tell the listeners
 * @ev: the event
 *
 * A listener whose buffer is full misses it and is told ENOBUFS.
 *
 * Return: 0 or -ENOMEM.
 */
int cvme_netlink_send(const struct cvme_event *ev)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		return -ENOMEM;
	if (WARN_ON_ONCE(put_event_msg(skb, 0, 0, 0, CVM_EVIDENCE_CMD_EVENT,
				       ev))) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	/* its errors are those of listeners, who know */
	genlmsg_multicast_netns(&family, &init_net, skb, 0, 0, GFP_KERNEL);
	return 0;
}

static int put_counters(struct sk_buff *skb, const struct cvm_evidence_info *i)
{
	u64 last, unsent;

	cvme_events_count(&last, &unsent);
	return nla_put_string(skb, INFO(VERSION), i->version) ?:
	       nla_put_u32(skb, INFO(API_VERSION), i->api_version) ?:
	       nla_put_u32(skb, INFO(FLAGS), i->flags) ?:
	       put_u64(skb, INFO(VM_EPOCH), i->vm_epoch) ?:
	       put_u64(skb, INFO(REQUESTS_STARTED), i->requests_started) ?:
	       put_u64(skb, INFO(REQUESTS_OK), i->requests_ok) ?:
	       put_u64(skb, INFO(REQUESTS_FAILED), i->requests_failed) ?:
	       put_u64(skb, INFO(REQUESTS_TIMED_OUT), i->requests_timed_out) ?:
	       put_u64(skb, INFO(REQUESTS_ABANDONED), i->requests_abandoned) ?:
	       put_u64(skb, INFO(REQUESTS_MISMATCHED),
		       i->requests_mismatched) ?:
	       put_u64(skb, INFO(REFUSED_BUSY), i->refused_busy) ?:
	       put_u64(skb, INFO(REFUSED_QUOTA), i->refused_quota) ?:
	       nla_put_u32(skb, INFO(LIVE_FILES), i->live_files) ?:
	       nla_put_u32(skb, INFO(LIVE_REQUESTS), i->live_requests) ?:
	       nla_put_u32(skb, INFO(LIVE_BLOBS), i->live_blobs) ?:
	       nla_put_u32(skb, INFO(LIVE_ENTRIES), i->live_entries) ?:
	       put_u64(skb, INFO(EVENTS), last) ?:
	       put_u64(skb, INFO(EVENTS_UNSENT), unsent);
}

static int put_provider(struct sk_buff *skb, struct cvme_provider *p)
{
	struct cvm_evidence_provider i;
	struct nlattr *nest;
	int err;

	cvme_info_fill_provider(p, &i);
	nest = nla_nest_start(skb, INFO(PROVIDER));
	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(skb, PROV(ID), i.id) ?:
	      nla_put_string(skb, PROV(NAME), i.name) ?:
	      nla_put_u32(skb, PROV(STATUS), i.status) ?:
	      nla_put_u32(skb, PROV(TEE), i.tee) ?:
	      nla_put_u32(skb, PROV(PRIVLEVEL_FLOOR), i.privlevel_floor) ?:
	      nla_put_u32(skb, PROV(CAPS), i.caps) ?:
	      nla_put_u32(skb, PROV(QUEUED), i.queued) ?:
	      put_u64(skb, PROV(STARTED), i.started) ?:
	      put_u64(skb, PROV(FAILED), i.failed) ?:
	      put_text(skb, PROV(DRIVER), i.driver) ?:
	      put_text(skb, PROV(REASON), i.reason);
	if (!err)
		nla_nest_end(skb, nest);
	return err;
}

/*
 * No family can come or go meanwhile, so providers are not looked for: that may
 * take seconds.
 */
static int get_info(struct sk_buff *request, struct genl_info *info)
{
	struct cvm_evidence_info counters = {};
	struct cvme_provider *p;
	struct sk_buff *skb;
	unsigned int n;
	void *hdr;
	int err;

	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put_reply(skb, info, &family, 0,
				CVM_EVIDENCE_CMD_GET_INFO);
	if (!hdr) {
		err = -EMSGSIZE;
		goto err_free;
	}
	cvme_info_fill(&counters);
	err = put_counters(skb, &counters);
	for (n = 0; !err && (p = cvme_provider_at(n)); n++)
		err = put_provider(skb, p);
	if (err)
		goto err_free;
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);

err_free:
	nlmsg_free(skb);
	return err;
}

/* Where a dump of the log is; in the callback's scratch */
struct log_dump {
	u64 next;
	u64 last;
};

static int get_log_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_dump_attrs(cb);
	struct log_dump *dump = (void *)cb->ctx;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	cvme_events_flush();
	if (attrs && attrs[EV(NUMBER)])
		dump->next = nla_get_u64(attrs[EV(NUMBER)]);
	/* those that come meanwhile are for the next dump */
	dump->last = cvme_events_hashed();
	return 0;
}

static int get_log(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct log_dump *dump = (void *)cb->ctx;
	struct cvme_event ev;

	while (cvme_events_get(dump->next, &ev) && ev.number <= dump->last) {
		if (put_event_msg(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, NLM_F_MULTI,
				  CVM_EVIDENCE_CMD_GET_LOG, &ev))
			break;
		dump->next = ev.number + 1;
	}
	return skb->len;
}

/* An empty policy would let anything pass */
static const struct nla_policy no_attributes[] = {
	[1] = { .type = NLA_REJECT },
};

static const struct nla_policy log_policy[] = {
	[EV(NUMBER)] = { .type = NLA_U64 },
};

static const struct genl_ops ops[] = {
	{
		.cmd = CVM_EVIDENCE_CMD_GET_INFO,
		.doit = get_info,
		.policy = no_attributes,
		.maxattr = ARRAY_SIZE(no_attributes) - 1,
	}, {
		.cmd = CVM_EVIDENCE_CMD_GET_LOG,
		.flags = GENL_ADMIN_PERM,
		.start = get_log_start,
		.dumpit = get_log,
		.policy = log_policy,
		.maxattr = ARRAY_SIZE(log_policy) - 1,
	},
};

static struct genl_family family = {
	.name = CVM_EVIDENCE_GENL_NAME,
	.version = CVM_EVIDENCE_GENL_VERSION,
	.module = THIS_MODULE,
	/* no op needs the lock that all families share */
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = CVM_EVIDENCE_CMD_GET_INFO,
#ifdef GENL_MCAST_CAP_NET_ADMIN
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
#endif
};

int cvme_netlink_init(void)
{
	return genl_register_family(&family);
}

void cvme_netlink_exit(void)
{
	genl_unregister_family(&family);
}
