// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "nl.h"

/* Some 15,000 events: the kernel doubles it, and charges each with about 1 KiB */
#define RECEIVE_BUFFER	(8 * 1024 * 1024)
/* Messages in one netlink_receive(), so that its caller sees signals too */
#define RECEIVE_MAX	64

struct netlink {
	struct nl_sock *req;	/* questions and their answers */
	struct nl_sock *ev;	/* what comes unasked, of us and of the controller */
	int family, group;
	const struct netlink_ops *ops;
	void *arg;
};

static int to_errno(int err)
{
	switch (-err) {
	case NLE_SUCCESS:
		return 0;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_INTR:
	case NLE_DUMP_INTR:
		return -EINTR;
	case NLE_NOMEM:
		return -ENOBUFS;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	case NLE_INVAL:
	case NLE_RANGE:
		return -EINVAL;
	case NLE_AF_NOSUPPORT:
		return -EAFNOSUPPORT;
	default:
		return -EIO;
	}
}

static void controller_message(struct netlink *nl, struct nlmsghdr *nlh)
{
	struct genlmsghdr *gh = genlmsg_hdr(nlh);
	struct nlattr *name = genlmsg_attrlen(gh, 0) > 0 ?
		nla_find(genlmsg_attrdata(gh, 0), genlmsg_attrlen(gh, 0), CTRL_ATTR_FAMILY_NAME) :
		NULL;

	if (!name || nla_strcmp(name, CVM_EVIDENCE_GENL_NAME))
		return;
	if (gh->cmd == CTRL_CMD_DELFAMILY)
		nl->family = 0;
	if (gh->cmd == CTRL_CMD_NEWFAMILY || gh->cmd == CTRL_CMD_DELFAMILY)
		nl->ops->family(nl->arg, gh->cmd == CTRL_CMD_NEWFAMILY);
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct netlink *nl = arg;
	struct genlmsghdr *gh;

	if (!genlmsg_valid_hdr(nlh, 0))
		return NL_OK;
	gh = genlmsg_hdr(nlh);
	if (nlh->nlmsg_type == GENL_ID_CTRL)
		controller_message(nl, nlh);
	else if (nlh->nlmsg_type == nl->family && gh->cmd == CVM_EVIDENCE_CMD_EVENT)
		nl->ops->event(nl->arg, genlmsg_attrdata(gh, 0), (size_t)genlmsg_attrlen(gh, 0));
	return NL_OK;
}

static int open_socket(struct nl_sock **sk)
{
	*sk = nl_socket_alloc();
	if (!*sk)
		return -ENOMEM;
	return to_errno(genl_connect(*sk));
}

static int open_listener(struct netlink *nl)
{
	int size = RECEIVE_BUFFER, notify, err;

	err = open_socket(&nl->ev);
	if (err)
		return err;
	nl_socket_disable_seq_check(nl->ev);
	nl_socket_modify_cb(nl->ev, NL_CB_VALID, NL_CB_CUSTOM, on_message, nl);
	/* FORCE needs the capability that events need; without it the limit holds */
	if (setsockopt(nl_socket_get_fd(nl->ev), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(nl_socket_get_fd(nl->ev), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	err = to_errno(nl_socket_set_nonblocking(nl->ev));
	if (err)
		return err;
	notify = genl_ctrl_resolve_grp(nl->req, "nlctrl", "notify");
	if (notify < 0)
		return to_errno(notify);
	return to_errno(nl_socket_add_membership(nl->ev, notify));
}

int netlink_open(struct netlink **out, const struct netlink_ops *ops, void *arg)
{
	struct netlink *nl = xalloc(sizeof(*nl));
	int err;

	nl->ops = ops;
	nl->arg = arg;
	err = open_socket(&nl->req);
	if (!err) {
		nl_socket_disable_auto_ack(nl->req);
		if (ops)
			err = open_listener(nl);
	}
	if (err)
		netlink_close(&nl);
	*out = nl;
	return err;
}

void netlink_close(struct netlink **nl)
{
	if (!*nl)
		return;
	nl_socket_free((*nl)->req);
	nl_socket_free((*nl)->ev);
	free(*nl);
	*nl = NULL;
}

int netlink_fd(const struct netlink *nl)
{
	return nl_socket_get_fd(nl->ev);
}

int netlink_attach(struct netlink *nl, bool listen)
{
	int family, group;

	nl->family = 0;
	family = genl_ctrl_resolve(nl->req, CVM_EVIDENCE_GENL_NAME);
	if (family < 0)
		return to_errno(family);
	if (listen) {
		group = genl_ctrl_resolve_grp(nl->req, CVM_EVIDENCE_GENL_NAME,
					      CVM_EVIDENCE_GENL_GROUP);
		if (group == -NLE_OBJ_NOTFOUND) {
			/* gone in between, or there without a group? */
			family = genl_ctrl_resolve(nl->req, CVM_EVIDENCE_GENL_NAME);
			return family < 0 ? to_errno(family) : -EOPNOTSUPP;
		}
		if (group < 0)
			return to_errno(group);
		group = nl_socket_add_membership(nl->ev, group);
		if (group < 0)
			return to_errno(group);
	}
	nl->family = family;
	return 0;
}

bool netlink_attached(struct netlink *nl)
{
	return nl->family && genl_ctrl_resolve(nl->req, CVM_EVIDENCE_GENL_NAME) == nl->family;
}

int netlink_receive(struct netlink *nl)
{
	int i, err;

	for (i = 0; i < RECEIVE_MAX; i++) {
		err = to_errno(nl_recvmsgs_default(nl->ev));
		if (err == -EAGAIN)
			return 0;
		if (err && err != -EINTR)
			return err;
	}
	return 1;
}

struct log_reader {
	netlink_event_fn *event;
	void *arg;
};

static int on_log_entry(struct nl_msg *msg, void *arg)
{
	const struct log_reader *r = arg;
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	if (genlmsg_valid_hdr(nlh, 0))
		r->event(r->arg, genlmsg_attrdata(genlmsg_hdr(nlh), 0),
			 (size_t)genlmsg_attrlen(genlmsg_hdr(nlh), 0));
	return NL_OK;
}

/* Sends a request and hands each answer to @fn. */
static int ask(struct netlink *nl, u8 cmd, int flags, u64 from,
	       int (*fn)(struct nl_msg *msg, void *arg), void *arg)
{
	struct nl_msg *msg;
	int err = -ENOMEM;

	if (!nl->family)
		return -ENOENT;
	msg = nlmsg_alloc();
	if (!msg)
		return err;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags, cmd,
			 CVM_EVIDENCE_GENL_VERSION) ||
	    (from && nla_put_u64(msg, CVM_EVIDENCE_EVENT_A_NUMBER, from)))
		goto out;
	err = nl_send_auto(nl->req, msg);
	if (err >= 0) {
		nl_socket_modify_cb(nl->req, NL_CB_VALID, NL_CB_CUSTOM, fn, arg);
		err = nl_recvmsgs_default(nl->req);
	}
	err = err < 0 ? to_errno(err) : 0;
out:
	nlmsg_free(msg);
	return err;
}

int netlink_log(struct netlink *nl, u64 from, netlink_event_fn *event, void *arg)
{
	struct log_reader r = { event, arg };

	return ask(nl, CVM_EVIDENCE_CMD_GET_LOG, NLM_F_DUMP, from, on_log_entry, &r);
}

static u64 number(struct nlattr *const *tb, int id)
{
	const struct nlattr *a = tb[id];

	if (a && nla_len(a) == 4)
		return le32(nla_data(a));
	return a && nla_len(a) == 8 ? le64(nla_data(a)) : 0;
}

static void text(struct nlattr *const *tb, int id, char *to, size_t size)
{
	if (tb[id])
		nla_strlcpy(to, tb[id], size);
}

#define PROVIDER(name)	number(tb, CVM_EVIDENCE_PROVIDER_A_##name)
#define INFO(name)	number(tb, CVM_EVIDENCE_INFO_A_##name)

static void provider_answer(struct cvm_evidence_provider *p, struct nlattr *nest)
{
	struct nlattr *tb[CVM_EVIDENCE_PROVIDER_A_PAD + 1];

	if (nla_parse_nested(tb, CVM_EVIDENCE_PROVIDER_A_PAD, nest, NULL))
		return;
	p->id = (u32)PROVIDER(ID);
	p->status = (u32)PROVIDER(STATUS);
	p->tee = (u32)PROVIDER(TEE);
	p->privlevel_floor = (u32)PROVIDER(PRIVLEVEL_FLOOR);
	p->caps = (u32)PROVIDER(CAPS);
	p->queued = (u32)PROVIDER(QUEUED);
	p->started = PROVIDER(STARTED);
	p->failed = PROVIDER(FAILED);
	text(tb, CVM_EVIDENCE_PROVIDER_A_NAME, p->name, sizeof(p->name));
	text(tb, CVM_EVIDENCE_PROVIDER_A_DRIVER, p->driver, sizeof(p->driver));
	text(tb, CVM_EVIDENCE_PROVIDER_A_REASON, p->reason, sizeof(p->reason));
}

struct info_reader {
	struct device_info *di;
	struct netlink_counters *counters;
	bool came;
};

static int on_info(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[CVM_EVIDENCE_INFO_A_PAD + 1], *a;
	struct genlmsghdr *gh = genlmsg_hdr(nlmsg_hdr(msg));
	struct info_reader *r = arg;
	struct cvm_evidence_info *i;
	int left;

	if (!genlmsg_valid_hdr(nlmsg_hdr(msg), 0) ||
	    nla_parse(tb, CVM_EVIDENCE_INFO_A_PAD, genlmsg_attrdata(gh, 0),
		      genlmsg_attrlen(gh, 0), NULL))
		return NL_OK;
	r->came = true;
	if (r->counters) {
		r->counters->events = INFO(EVENTS);
		r->counters->unsent = INFO(EVENTS_UNSENT);
	}
	if (!r->di)
		return NL_OK;
	memset(r->di, 0, sizeof(*r->di));
	i = &r->di->info;
	text(tb, CVM_EVIDENCE_INFO_A_VERSION, i->version, sizeof(i->version));
	i->api_version = (u32)INFO(API_VERSION);
	i->flags = (u32)INFO(FLAGS);
	i->vm_epoch = INFO(VM_EPOCH);
	i->requests_started = INFO(REQUESTS_STARTED);
	i->requests_ok = INFO(REQUESTS_OK);
	i->requests_failed = INFO(REQUESTS_FAILED);
	i->requests_timed_out = INFO(REQUESTS_TIMED_OUT);
	i->requests_abandoned = INFO(REQUESTS_ABANDONED);
	i->requests_mismatched = INFO(REQUESTS_MISMATCHED);
	i->refused_busy = INFO(REFUSED_BUSY);
	i->refused_quota = INFO(REFUSED_QUOTA);
	i->live_files = (u32)INFO(LIVE_FILES);
	i->live_requests = (u32)INFO(LIVE_REQUESTS);
	i->live_blobs = (u32)INFO(LIVE_BLOBS);
	i->live_entries = (u32)INFO(LIVE_ENTRIES);
	nla_for_each_attr(a, genlmsg_attrdata(gh, 0), genlmsg_attrlen(gh, 0), left)
		if (nla_type(a) == CVM_EVIDENCE_INFO_A_PROVIDER && r->di->n < DEVICE_PROVIDERS_MAX)
			provider_answer(&r->di->providers[r->di->n++], a);
	return NL_OK;
}

int netlink_info(struct netlink *nl, struct device_info *di, struct netlink_counters *counters)
{
	struct info_reader r = { di, counters, false };
	int err = ask(nl, CVM_EVIDENCE_CMD_GET_INFO, 0, 0, on_info, &r);

	return err || r.came ? err : -EIO;
}
