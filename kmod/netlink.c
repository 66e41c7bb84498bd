// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: include/netlink/cvm_evidence.yaml describes it,
 * <linux/cvm_evidence.h> is its manual.
 */
#include "cvm_evidence.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "compat.h"
#include "events.h"
#include "info.h"
#include "netlink.h"
#include "provider.h"

#define EV(name)	CVM_EVIDENCE_EVENT_A_##name
#define INFO(name)	CVM_EVIDENCE_INFO_A_##name
#define PROV(name)	CVM_EVIDENCE_PROVIDER_A_##name

static struct genl_family family;

static int put_text(struct sk_buff *skb, int attr, const char *text)
{
	return text[0] ? nla_put_string(skb, attr, text) : 0;
}

static int put_who(struct sk_buff *skb, const struct cvme_subject *who)
{
	int err;

	err = nla_put_uint(skb, EV(PID), who->pid) ?:
	      nla_put_uint(skb, EV(START_TIME), who->start_time) ?:
	      nla_put_uint(skb, EV(UID), who->uid) ?:
	      nla_put_string(skb, EV(COMM), who->comm) ?:
	      nla_put_uint(skb, EV(CGROUP), who->cgroup);
	if (!err && who->loginuid != (u32)-1)
		err = nla_put_uint(skb, EV(LOGINUID), who->loginuid);
	if (!err && who->session != (u32)AUDIT_SID_UNSET)
		err = nla_put_uint(skb, EV(SESSION), who->session);
	if (!err && who->exe_inode)
		err = nla_put_u32(skb, EV(EXE_MAJOR), who->exe_major) ?:
		      nla_put_u32(skb, EV(EXE_MINOR), who->exe_minor) ?:
		      nla_put_uint(skb, EV(EXE_INODE), who->exe_inode);
	return err;
}

static int put_evidence(struct sk_buff *skb, const struct cvme_event *ev)
{
	const typeof(ev->evidence) *e = &ev->evidence;
	int err;

	err = put_who(skb, &ev->who) ?:
	      nla_put_uint(skb, EV(PROVIDER), ev->provider) ?:
	      nla_put_uint(skb, EV(SEQUENCE), e->seq) ?:
	      nla_put_uint(skb, EV(FLAGS), e->flags) ?:
	      nla_put_uint(skb, EV(BATCH), 1) ?:
	      nla_put_uint(skb, EV(WAIT_NS), e->wait_ns) ?:
	      nla_put_uint(skb, EV(FIRMWARE_NS), e->firmware_ns);
	if (!err && e->privlevel != CVM_EVIDENCE_PRIVLEVEL_DEFAULT)
		err = nla_put_uint(skb, EV(PRIVLEVEL), e->privlevel);
	if (!err && e->kernel_random)
		err = nla_put_flag(skb, EV(KERNEL_RANDOM));
	if (!err && e->err)
		err = nla_put_uint(skb, EV(ERRNO), -e->err);
	if (!err && e->fw_status_known)
		err = nla_put_uint(skb, EV(FW_STATUS), e->fw_status);
	if (!err && e->hashed)
		err = nla_put(skb, EV(REPORT_SHA256), sizeof(e->sha256),
			      e->sha256);
	return err;
}

static int put_change(struct sk_buff *skb, const struct cvme_event *ev)
{
	int err;

	err = nla_put_uint(skb, EV(PROVIDER), ev->provider) ?:
	      put_text(skb, EV(DRIVER), ev->change.driver);
	if (!err && ev->change.reason)
		err = nla_put_uint(skb, EV(REASON), ev->change.reason);
	if (!err && ev->change.reason_param)
		err = nla_put_uint(skb, EV(REASON_PARAM),
				   ev->change.reason_param);
	/* only THROTTLED and RECOVERED have it */
	if (!err && ev->change.firmware_ns)
		err = nla_put_uint(skb, EV(FIRMWARE_NS), ev->change.firmware_ns);
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
	case CVM_EVIDENCE_EV_KEY_RECOVERED:
	case CVM_EVIDENCE_EV_THROTTLED:
	case CVM_EVIDENCE_EV_RECOVERED:
		return put_change(skb, ev);
	case CVM_EVIDENCE_EV_QUOTA_DENIED:
		return put_who(skb, &ev->who) ?:
		       nla_put_uint(skb, EV(PROVIDER), ev->provider) ?:
		       nla_put_uint(skb, EV(COUNT), ev->denied.count) ?:
		       nla_put_uint(skb, EV(ERRNO), -ev->denied.err);
	case CVM_EVIDENCE_EV_PARAMETER_CHANGED:
		return put_who(skb, &ev->who) ?:
		       nla_put_string(skb, EV(PARAMETER), ev->parameter.name) ?:
		       nla_put_uint(skb, EV(OLD_VALUE), ev->parameter.old) ?:
		       nla_put_uint(skb, EV(NEW_VALUE), ev->parameter.new);
	case CVM_EVIDENCE_EV_TCB_CHANGED:
	case CVM_EVIDENCE_EV_IDENTITY_CHANGED:
		return nla_put_uint(skb, EV(PROVIDER), ev->provider) ?:
		       nla_put_uint(skb, EV(FIELD), ev->field.id) ?:
		       nla_put(skb, EV(OLD), ev->field.old_len,
			       ev->field.old) ?:
		       nla_put(skb, EV(NEW), ev->field.new_len,
			       ev->field.new);
	case CVM_EVIDENCE_EV_REATTEST:
		return nla_put_uint(skb, EV(CAUSE), ev->cause);
	default:
		return 0;
	}
}

static int put_event(struct sk_buff *skb, const struct cvme_event *ev)
{
	int err;

	err = nla_put_uint(skb, EV(NUMBER), ev->number) ?:
	      nla_put_uint(skb, EV(TYPE), ev->type) ?:
	      nla_put_uint(skb, EV(BOOTTIME), ev->boottime) ?:
	      nla_put_uint(skb, EV(REALTIME), ev->realtime) ?:
	      nla_put_uint(skb, EV(VM_EPOCH), ev->epoch);
	if (!err && ev->tee)
		err = nla_put_uint(skb, EV(TEE), ev->tee);
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

/*
 * Only processes that may administer this machine's network may listen.
 * Membership in the group does not prove that: until the family is registered,
 * anybody may join the group's number. So the opener of each socket must have
 * the capability, too, and a kernel that cannot check that has no group.
 */
#if defined(GENL_MCAST_CAP_NET_ADMIN) && defined(HAVE_NETLINK_BROADCAST_FILTERED)
#define HAS_GROUP

static const struct genl_multicast_group groups[] = {
	{ .name = CVM_EVIDENCE_GENL_GROUP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

static bool listened(void)
{
	return genl_has_listeners(&family, &init_net, 0);
}

static int may_not_listen(struct sock *sk, struct sk_buff *skb, void *unused)
{
	const struct file *file;
	bool may;

	/* sock_orphan() takes this lock before socket and file go away */
	read_lock_bh(&sk->sk_callback_lock);
	file = sk->sk_socket ? sk->sk_socket->file : NULL;
	may = file && file_ns_capable(file, &init_user_ns, CAP_NET_ADMIN);
	read_unlock_bh(&sk->sk_callback_lock);
	return !may;
}

static void multicast(struct sk_buff *skb)
{
	u32 group = family.mcgrp_offset;

	NETLINK_CB(skb).dst_group = group;
	/* ignore errors: the sockets of the listeners return them */
	netlink_broadcast_filtered(init_net.genl_sock, skb, 0, group,
				   GFP_KERNEL, may_not_listen, NULL);
}
#else
static bool listened(void)
{
	return false;
}

static void multicast(struct sk_buff *skb)
{
	nlmsg_free(skb);
}
#endif

/*
 * A listener whose buffer is full misses the event, and its socket returns
 * ENOBUFS.
 */
static int send(const struct cvme_event *ev)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		return -ENOMEM;
	if (WARN_ON_ONCE(put_event_msg(skb, 0, 0, 0, CVM_EVIDENCE_CMD_EVENT,
				       ev))) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	multicast(skb);
	return 0;
}

/* The listeners' sockets return ENOBUFS */
static void lost(void)
{
#ifdef HAS_GROUP
	genl_set_err(&family, &init_net, 0, 0, -ENOBUFS);
#endif
}

static const struct cvme_event_sink sink = {
	.listened = listened,
	.send = send,
	.lost = lost,
};

static int put_counters(struct sk_buff *skb, const struct cvm_evidence_info *i)
{
	u64 last, unsent;

	cvme_events_count(&last, &unsent);
	return nla_put_string(skb, INFO(VERSION), i->version) ?:
	       nla_put_uint(skb, INFO(API_VERSION), i->api_version) ?:
	       nla_put_uint(skb, INFO(FLAGS), i->flags) ?:
	       nla_put_uint(skb, INFO(REQUEST_FLAGS), i->request_flags) ?:
	       nla_put_uint(skb, INFO(VM_EPOCH), i->vm_epoch) ?:
	       nla_put_uint(skb, INFO(REQUESTS_WAITING),
			    i->requests_waiting) ?:
	       nla_put_uint(skb, INFO(REQUESTS_STARTED),
			    i->requests_started) ?:
	       nla_put_uint(skb, INFO(REQUESTS_OK), i->requests_ok) ?:
	       nla_put_uint(skb, INFO(REQUESTS_FAILED), i->requests_failed) ?:
	       nla_put_uint(skb, INFO(REQUESTS_TIMED_OUT),
			    i->requests_timed_out) ?:
	       nla_put_uint(skb, INFO(REQUESTS_CANCELED),
			    i->requests_canceled) ?:
	       nla_put_uint(skb, INFO(REQUESTS_MISMATCHED),
			    i->requests_mismatched) ?:
	       nla_put_uint(skb, INFO(REFUSED_BUSY), i->refused_busy) ?:
	       nla_put_uint(skb, INFO(REFUSED_QUOTA), i->refused_quota) ?:
	       nla_put_uint(skb, INFO(EVENTS), last) ?:
	       nla_put_uint(skb, INFO(EVENTS_UNSENT), unsent);
}

static int put_provider(struct sk_buff *skb,
			const struct cvm_evidence_provider *i)
{
	struct nlattr *nest;
	int err;

	nest = nla_nest_start(skb, INFO(PROVIDER));
	if (!nest)
		return -EMSGSIZE;
	err = nla_put_uint(skb, PROV(ID), i->id) ?:
	      nla_put_string(skb, PROV(NAME), i->name) ?:
	      nla_put_uint(skb, PROV(STATUS), i->status) ?:
	      nla_put_uint(skb, PROV(REASON), i->reason) ?:
	      nla_put_uint(skb, PROV(REASON_PARAM), i->reason_param) ?:
	      nla_put_uint(skb, PROV(TEE), i->tee) ?:
	      nla_put_uint(skb, PROV(PRIVLEVEL_FLOOR), i->privlevel_floor) ?:
	      nla_put_uint(skb, PROV(CAPS), i->caps) ?:
	      nla_put_uint(skb, PROV(QUOTE_DATA_MAX), i->quote_data_max) ?:
	      nla_put_uint(skb, PROV(QUEUED), i->queued) ?:
	      nla_put_uint(skb, PROV(LAST_ERROR), i->last_error) ?:
	      nla_put_uint(skb, PROV(STARTED), i->started) ?:
	      nla_put_uint(skb, PROV(FAILED), i->failed) ?:
	      put_text(skb, PROV(DRIVER), i->driver);
	if (!err)
		nla_nest_end(skb, nest);
	return err;
}

static int get_info(struct sk_buff *request, struct genl_info *info)
{
	struct cvm_evidence_provider prov;
	struct cvm_evidence_info all = {};
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
	cvme_info_fill(&all);
	err = put_counters(skb, &all);
	for (n = 0; !err && cvme_provider_info(n, &prov); n++)
		err = put_provider(skb, &prov);
	if (err)
		goto err_free;
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);

err_free:
	nlmsg_free(skb);
	return err;
}

/* Position of a dump of the log; kept in netlink_callback.ctx */
struct log_dump {
	u64 next;
	u64 last;
};

static int get_log_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_dump_attrs(cb);
	struct log_dump *dump = (void *)cb->ctx;
	u64 unsent;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	cvme_events_flush();
	if (attrs && attrs[EV(NUMBER)])
		dump->next = nla_get_uint(attrs[EV(NUMBER)]);
	/* events that are added meanwhile are for the next dump */
	cvme_events_count(&dump->last, &unsent);
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
	[EV(NUMBER)] = NLA_POLICY_UINT,
};

static const struct genl_ops ops[] = {
	{
		.cmd = CVM_EVIDENCE_CMD_GET_INFO,
		.flags = GENL_ADMIN_PERM,
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
#ifdef HAS_GROUP
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
#endif
};

/*
 * The last step of loading the module. Files may be open by then, so a failure
 * must not fail the load. Evidence does not need events.
 */
void cvme_netlink_init(void)
{
	int err = genl_register_family(&family);

	if (err) {
		pr_err("cannot register the netlink family: error %d; evidence is served without events\n",
		       err);
		return;
	}
	cvme_events_sink(&sink);
	cvme_info_events(true);
}

void cvme_netlink_exit(void)
{
	if (!cvme_info_has_events())
		return;
	cvme_info_events(false);
	/* send the events that came before the unload */
	cvme_events_flush();
	cvme_events_sink(NULL);
	genl_unregister_family(&family);
}
