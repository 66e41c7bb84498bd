// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "device/nl.h"

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
	case NLE_PARSE_ERR:
	case NLE_MSG_TOOSHORT:
		return -EBADMSG;
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
	/* FORCE needs the capability that events need; without it rmem_max applies */
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

static int join(struct netlink *nl)
{
	int group = genl_ctrl_resolve_grp(nl->req, CVM_EVIDENCE_GENL_NAME,
					  CVM_EVIDENCE_GENL_GROUP);
	int family;

	if (group == -NLE_OBJ_NOTFOUND) {
		/* did the family disappear meanwhile, or has it no group? */
		family = genl_ctrl_resolve(nl->req, CVM_EVIDENCE_GENL_NAME);
		return family < 0 ? to_errno(family) : -EOPNOTSUPP;
	}
	return to_errno(group < 0 ? group : nl_socket_add_membership(nl->ev, group));
}

int netlink_attach(struct netlink *nl, bool listen)
{
	struct device_info di;
	int err;

	nl->family = genl_ctrl_resolve(nl->req, CVM_EVIDENCE_GENL_NAME);
	if (nl->family < 0) {
		err = to_errno(nl->family);
		nl->family = 0;
		return err;
	}
	/* attributes of version 1 have the same numbers, and mean something else */
	err = netlink_info(nl, &di, NULL);
	if (!err && listen)
		err = join(nl);
	if (err)
		nl->family = 0;
	return err;
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

/* The netlink type uint */
static int put_number(struct nl_msg *msg, int id, u64 value)
{
	return value <= UINT32_MAX ? nla_put_u32(msg, id, (u32)value) : nla_put_u64(msg, id, value);
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
	    (from && put_number(msg, CVM_EVIDENCE_EVENT_A_NUMBER, from)))
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

/* The attributes of one message or nest, and whether they are what they should be */
struct reader {
	struct nlattr *tb[CVM_EVIDENCE_INFO_A_PROVIDER + 1];
	bool bad;
};

static u64 number(struct reader *r, int id)
{
	const struct nlattr *a = r->tb[id];

	if (a && nla_len(a) == 4)
		return le32(nla_data(a));
	if (a && nla_len(a) == 8)
		return le64(nla_data(a));
	r->bad |= a != NULL;
	return 0;
}

static u32 number32(struct reader *r, int id)
{
	u64 n = number(r, id);

	r->bad |= n > UINT32_MAX;
	return (u32)n;
}

static void text(const struct reader *r, int id, char *to, size_t size)
{
	if (r->tb[id])
		nla_strlcpy(to, r->tb[id], size);
}

#define PROVIDER(name)	CVM_EVIDENCE_PROVIDER_A_##name
#define INFO(name)	CVM_EVIDENCE_INFO_A_##name

_Static_assert((int)PROVIDER(DRIVER) <= (int)INFO(PROVIDER), "struct reader is too small");

/* False when it is malformed */
static bool provider_answer(struct cvm_evidence_provider *p, struct nlattr *nest)
{
	struct reader r = { 0 };

	if (nla_parse_nested(r.tb, PROVIDER(DRIVER), nest, NULL))
		return false;
	p->id = number32(&r, PROVIDER(ID));
	p->status = number32(&r, PROVIDER(STATUS));
	p->reason = number32(&r, PROVIDER(REASON));
	p->reason_param = number32(&r, PROVIDER(REASON_PARAM));
	p->tee = number32(&r, PROVIDER(TEE));
	p->privlevel_floor = number32(&r, PROVIDER(PRIVLEVEL_FLOOR));
	p->caps = number32(&r, PROVIDER(CAPS));
	p->quote_data_max = number32(&r, PROVIDER(QUOTE_DATA_MAX));
	p->queued = number32(&r, PROVIDER(QUEUED));
	p->last_error = number32(&r, PROVIDER(LAST_ERROR));
	p->started = number(&r, PROVIDER(STARTED));
	p->failed = number(&r, PROVIDER(FAILED));
	text(&r, PROVIDER(NAME), p->name, sizeof(p->name));
	text(&r, PROVIDER(DRIVER), p->driver, sizeof(p->driver));
	return !r.bad;
}

struct info_reader {
	struct device_info *di;
	struct netlink_counters *counters;
	int err;
};

static void info_answer(struct reader *r, struct cvm_evidence_info *i)
{
	text(r, INFO(VERSION), i->version, sizeof(i->version));
	i->flags = number32(r, INFO(FLAGS));
	i->request_flags = number32(r, INFO(REQUEST_FLAGS));
	i->vm_epoch = number(r, INFO(VM_EPOCH));
	i->requests_waiting = number32(r, INFO(REQUESTS_WAITING));
	i->requests_started = number(r, INFO(REQUESTS_STARTED));
	i->requests_ok = number(r, INFO(REQUESTS_OK));
	i->requests_failed = number(r, INFO(REQUESTS_FAILED));
	i->requests_timed_out = number(r, INFO(REQUESTS_TIMED_OUT));
	i->requests_canceled = number(r, INFO(REQUESTS_CANCELED));
	i->requests_mismatched = number(r, INFO(REQUESTS_MISMATCHED));
	i->refused_busy = number(r, INFO(REFUSED_BUSY));
	i->refused_quota = number(r, INFO(REFUSED_QUOTA));
}

static int parse_info(struct info_reader *ir, struct genlmsghdr *gh)
{
	struct device_info *di = ir->di;
	struct reader r = { 0 };
	struct nlattr *a;
	int left;

	if (nla_parse(r.tb, INFO(PROVIDER), genlmsg_attrdata(gh, 0), genlmsg_attrlen(gh, 0), NULL))
		return -EBADMSG;
	memset(di, 0, sizeof(*di));
	/* the version first: the other attributes are known for our version only */
	di->info.api_version = number32(&r, INFO(API_VERSION));
	if (di->info.api_version < CVM_EVIDENCE_API_VERSION)
		return -EPROTO;
	if (ir->counters) {
		ir->counters->events = number(&r, INFO(EVENTS));
		ir->counters->unsent = number(&r, INFO(EVENTS_UNSENT));
	}
	info_answer(&r, &di->info);
	nla_for_each_attr(a, genlmsg_attrdata(gh, 0), genlmsg_attrlen(gh, 0), left)
		if (nla_type(a) == INFO(PROVIDER) && di->n < DEVICE_PROVIDERS_MAX)
			r.bad |= !provider_answer(&di->providers[di->n++], a);
	return r.bad ? -EBADMSG : 0;
}

static int on_info(struct nl_msg *msg, void *arg)
{
	struct info_reader *r = arg;

	if (genlmsg_valid_hdr(nlmsg_hdr(msg), 0))
		r->err = parse_info(r, genlmsg_hdr(nlmsg_hdr(msg)));
	return NL_OK;
}

int netlink_info(struct netlink *nl, struct device_info *di, struct netlink_counters *counters)
{
	struct device_info unwanted;
	struct info_reader r = { di ? di : &unwanted, counters, -EIO };
	int err = ask(nl, CVM_EVIDENCE_CMD_GET_INFO, 0, 0, on_info, &r);

	return err ? err : r.err;
}
