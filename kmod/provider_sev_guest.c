// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of /dev/sev-guest, for kernels without TSM. Certificates come
 * with the extended report, in the largest buffer that the driver accepts:
 * every further message to the firmware is a call that the host may throttle,
 * and the key is lost when the host throttles for too long.
 */
#include "cvm_evidence.h"

#include <linux/bits.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "provider_node.h"
#include "relay.h"
#include "report.h"
#include "state.h"
#include "vfs.h"

#define SEV_NODE		"sev-guest"
#define SEV_DRIVER		"sev_guest"
#define SEV_BUILT		IS_ENABLED(CONFIG_SEV_GUEST)
#define SEV_BUILTIN		IS_BUILTIN(CONFIG_SEV_GUEST)
#define SEV_VMPCK_ID		"module/" SEV_DRIVER "/parameters/vmpck_id"
#define KERNEL_VMPL		"devices/system/cpu/sev/vmpl"

/*
 * As in <linux/sev-guest.h>; written out, because that header renamed members
 * between kernels.
 */
struct sev_report_req {
	u8 user_data[64];
	u32 vmpl;
	u8 rsvd[28];
};

struct sev_ext_report_req {
	struct sev_report_req data;
	u64 certs_address;
	u32 certs_len;
};

struct sev_call {
	u8 msg_version;
	u64 req_data;
	u64 resp_data;
	u64 exitinfo2;		/* low half firmware, high half VMM */
};

#define SEV_GET_REPORT		_IOWR('S', 0x0, struct sev_call)
#define SEV_GET_EXT_REPORT	_IOWR('S', 0x2, struct sev_call)
#define SEV_VMM_INVALID_LEN	BIT_ULL(32)
/* The driver sets this first; if it stays, the firmware was not called */
#define SEV_NOT_ASKED		0xff

/* The response: u32 status, u32 size, 24 reserved bytes, the report */
#define SEV_RESP_LEN		4000
#define SEV_RESP_HDR		32
#define SEV_CERTS_MAX		SZ_16K
#define NO_CERTS_NS		(60ULL * NSEC_PER_SEC)

/* Layout of the relay's memory; certificates must be page-aligned */
#define OFF_CALL		0
#define OFF_REQ			64
#define OFF_RESP		PAGE_SIZE
#define OFF_CERTS		(2 * PAGE_SIZE)
#define RELAY_LEN		(OFF_CERTS + SEV_CERTS_MAX)

/* ktime until which certificates that did not fit are not requested again */
static u64 no_certs_until;	/* worker only */

static bool sev_concerns(const char *module)
{
	return !strcmp(module, SEV_DRIVER);
}

/*
 * The key of one VMPL cannot be used to ask for the report of a lower VMPL: the
 * firmware refuses that as an invalid parameter. A parameter of the driver selects the key. Linux 7
 * leaves it at -1 by default and uses the key of the kernel's own VMPL.
 *
 * Return: the floor, or -ENOMEM.
 */
static int sev_floor(void)
{
	int id = cvme_sysfs_number(SEV_VMPCK_ID);

	if (id < 0 && id != -ENOMEM)
		id = cvme_sysfs_number(KERNEL_VMPL);
	return id == -ENOMEM ? id : clamp(id, 0, CVM_EVIDENCE_PRIVLEVEL_MAX);
}

static void sev_probe(struct cvme_state *st)
{
	int floor = sev_floor();

	cvme_node_probe(st, SEV_NODE, SEV_DRIVER, SEV_BUILT, SEV_BUILTIN);
	if (floor < 0) {
		cvme_state_set(st, CVM_EVIDENCE_ST_ERROR,
			       CVM_EVIDENCE_REASON_PROBE_FAILED, -floor);
		return;
	}
	st->throttle_ns = CVME_SNP_RETRY_NS;
	st->tee = CVM_EVIDENCE_TEE_SEV_SNP;
	st->privlevel_floor = floor;
	st->caps = CVM_EVIDENCE_CAP_PRIVLEVEL | CVM_EVIDENCE_CAP_CERTS |
		   CVM_EVIDENCE_CAP_FW_STATUS;
	no_certs_until = 0;
}

/*
 * One call of the driver.
 *
 * Return: what the driver returns; *@fw is the firmware's and host's status.
 */
static int call_driver(const struct cvme_relay *relay, struct file *node,
		       unsigned int cmd, const struct cvme_params *par,
		       u32 privlevel, u64 *fw)
{
	struct sev_ext_report_req req = {
		.data.vmpl = privlevel,
		.certs_address = (unsigned long)cvme_relay_ptr(relay, OFF_CERTS),
		.certs_len = SEV_CERTS_MAX,
	};
	/* the driver writes exitinfo2 only when it is not zero */
	struct sev_call call = {
		.msg_version = 1,
		.req_data = (unsigned long)cvme_relay_ptr(relay, OFF_REQ),
		.resp_data = (unsigned long)cvme_relay_ptr(relay, OFF_RESP),
	};
	int err;

	memcpy(req.data.user_data, par->report_data, sizeof(req.data.user_data));
	if (copy_to_user(cvme_relay_ptr(relay, OFF_REQ), &req, sizeof(req)) ||
	    copy_to_user(cvme_relay_ptr(relay, OFF_CALL), &call, sizeof(call)))
		return -EFAULT;
	err = cvme_relay_ioctl(relay, node, cmd, OFF_CALL);
	if (copy_from_user(&call, cvme_relay_ptr(relay, OFF_CALL), sizeof(call)))
		return -EFAULT;
	*fw = call.exitinfo2;
	return err;
}

/* Copy the report out, trusting no length but our own */
static int copy_report(const struct cvme_relay *relay, struct cvme_buf *out,
		       u64 *fw)
{
	u8 hdr[SEV_RESP_HDR];
	u32 status, size;
	int err;

	if (copy_from_user(hdr, cvme_relay_ptr(relay, OFF_RESP), sizeof(hdr)))
		return -EFAULT;
	status = get_unaligned_le32(hdr);
	size = get_unaligned_le32(hdr + 4);
	if (status) {
		*fw = status;
		return -EIO;
	}
	if (!size || size > SEV_RESP_LEN - SEV_RESP_HDR)
		return -EBADMSG;

	err = cvme_buf_alloc(out, size);
	if (err)
		return err;
	if (copy_from_user(out->data,
			   cvme_relay_ptr(relay, OFF_RESP + SEV_RESP_HDR), size))
		return -EFAULT;
	return 0;
}

/*
 * Length of the certificate table, up to the end of the last certificate. The
 * offsets are added up but never followed; a verifier judges the table.
 */
static size_t table_len(const u8 *table)
{
	const size_t entry = 24;	/* GUID, u32 offset, u32 length */
	size_t pos, end = 0;

	for (pos = 0; pos + entry <= SEV_CERTS_MAX; pos += entry) {
		u64 last;

		if (!memchr_inv(table + pos, 0, entry))
			return max(end, end ? pos + entry : 0);
		last = (u64)get_unaligned_le32(table + pos + 16) +
		       get_unaligned_le32(table + pos + 20);
		end = clamp_t(u64, last, end, SEV_CERTS_MAX);
	}
	return SEV_CERTS_MAX;
}

static int copy_certs(const struct cvme_relay *relay, struct cvme_buf *out)
{
	int err = cvme_buf_alloc(out, SEV_CERTS_MAX);

	if (err)
		return err;
	if (copy_from_user(out->data, cvme_relay_ptr(relay, OFF_CERTS),
			   SEV_CERTS_MAX))
		return -EFAULT;
	out->len = table_len(out->data);
	if (!out->len)
		cvme_buf_free(out);
	return 0;
}

static int call_for_report(const struct cvme_relay *relay, struct file *node,
			   const struct cvme_params *par,
			   struct cvme_result *res)
{
	bool wanted = READ_ONCE(cvme_sev_certs);
	bool ext = wanted && ktime_get_ns() >= no_certs_until;
	u64 fw = 0;
	int err;

	err = call_driver(relay, node, ext ? SEV_GET_EXT_REPORT :
					     SEV_GET_REPORT,
			  par, res->privlevel, &fw);
	if (ext && err == -EIO && fw == SEV_VMM_INVALID_LEN) {
		no_certs_until = ktime_get_ns() + NO_CERTS_NS;
		ext = false;
		fw = 0;
		err = call_driver(relay, node, SEV_GET_REPORT, par,
				  res->privlevel, &fw);
	}
	if (!err)
		err = copy_report(relay, &res->report, &fw);
	res->fw_status = fw;
	/* the driver reports a wiped key without calling the firmware */
	res->fw_status_known = !err || (fw && fw != SEV_NOT_ASKED);
	if (err)
		return err;

	if (ext)
		err = copy_certs(relay, &res->certs);
	else if (!wanted)
		cvme_result_absent(res, CVM_EVIDENCE_ITEM_CERTS, -EOPNOTSUPP,
				   "the module's parameter sev_certs is 0");
	else
		cvme_result_absent(res, CVM_EVIDENCE_ITEM_CERTS, -EFBIG,
				   "the host's certificates are larger than 16 KiB");
	return err;
}

/* The driver's errors, in the UAPI's words */
static int uapi_errno(int err)
{
	switch (err) {
	case 0:
	case -ENOMEM:
	case -ETIMEDOUT:	/* host said BUSY for 60 s; the key is gone */
	case -EBADMSG:
		return err;
	case -ENOTTY:		/* our commands are known: the key is wiped */
		return -EKEYREVOKED;
	default:
		return -EIO;
	}
}

static int sev_take(const struct cvme_params *par, struct cvme_result *res)
{
	struct cvme_relay relay;
	struct file *node;
	int err, floor;

	BUILD_BUG_ON(sizeof(struct sev_ext_report_req) != 112);
	BUILD_BUG_ON(sizeof(struct sev_call) != 32);
	BUILD_BUG_ON(OFF_RESP + SEV_RESP_LEN > OFF_CERTS);

	node = cvme_node_open(SEV_NODE, SEV_DRIVER, SEV_BUILTIN);
	if (IS_ERR(node))
		return PTR_ERR(node) == -ENOMEM ? -ENOMEM : -ENODEV;
	/* we hold the driver, so it is not reloaded and the floor stays valid */
	floor = sev_floor();
	err = floor;
	if (floor < 0)
		goto out_close;

	/* it may have been reloaded with another key since the probe */
	if (par->privlevel < floor) {
		cvme_close(node);
		return -EINVAL;
	}

	res->privlevel = par->privlevel == CVM_EVIDENCE_PRIVLEVEL_DEFAULT ?
			 floor : par->privlevel;
	res->privlevel_known = true;

	err = cvme_relay_begin(&relay, RELAY_LEN);
	if (err)
		goto out_close;
	err = call_for_report(&relay, node, par, res);
	cvme_relay_end(&relay);
out_close:
	cvme_close(node);
	err = uapi_errno(err);
	if (err)
		return err;

	res->tee = CVM_EVIDENCE_TEE_SEV_SNP;
	strscpy(res->driver, SEV_DRIVER, sizeof(res->driver));
	return 0;
}

const struct cvme_provider_ops cvme_sev_guest_ops = {
	.id = CVM_EVIDENCE_PROVIDER_SEV_GUEST,
	.name = "sev-guest",
	.concerns = sev_concerns,
	.probe = sev_probe,
	.take = sev_take,
	.check = cvme_report_check,
};
