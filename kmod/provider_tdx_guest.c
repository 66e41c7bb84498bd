// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctl of /dev/tdx_guest. It gives a TDREPORT, whose MAC only a quoting
 * service on the same machine can check: flagged as such, never passed off as
 * a quote.
 */
#include "cvm_evidence.h"

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "patience.h"
#include "provider_node.h"
#include "relay.h"
#include "report.h"
#include "vfs.h"

#define TDX_NODE		"tdx_guest"
#define TDX_DRIVER		"tdx_guest"
#define TDX_BUILT		IS_ENABLED(CONFIG_TDX_GUEST_DRIVER)
#define TDX_BUILTIN		IS_BUILTIN(CONFIG_TDX_GUEST_DRIVER)

#define TDREPORT_LEN		1024
/* How long to retry a busy TDX module */
#define BUSY_NS			NSEC_PER_SEC

/* struct tdx_report_req of <linux/tdx-guest.h>, which 6.1 does not have */
struct tdx_call {
	u8 report_data[CVM_EVIDENCE_REPORT_DATA_MAX];
	u8 tdreport[TDREPORT_LEN];
};

#define TDX_GET_REPORT0		_IOWR('T', 1, struct tdx_call)

static bool tdx_concerns(const char *module)
{
	return !strcmp(module, TDX_DRIVER);
}

static void tdx_probe(struct cvme_state *st)
{
	cvme_node_probe(st, TDX_NODE, TDX_DRIVER, TDX_BUILT, TDX_BUILTIN);
	st->tee = CVM_EVIDENCE_TEE_TDX;
}

static int get_tdreport(struct file *node, const struct cvme_params *par,
			u8 *tdreport)
{
	struct cvme_relay relay;
	int err;

	err = cvme_relay_begin(&relay, sizeof(struct tdx_call));
	if (err)
		return err == -ENOMEM ? err : -EIO;
	err = -EIO;
	if (copy_to_user(cvme_relay_ptr(&relay, 0), par->report_data,
			 sizeof(par->report_data)))
		goto out;
	err = cvme_relay_ioctl(&relay, node, TDX_GET_REPORT0, 0);
	if (err) {
		/* 7.x: the TDX module serves another CPU, or a signal came */
		err = err == -EBUSY || err == -EINTR ? -EBUSY : -EIO;
		goto out;
	}
	err = -EIO;
	if (copy_from_user(tdreport,
			   cvme_relay_ptr(&relay, offsetof(struct tdx_call,
							   tdreport)),
			   TDREPORT_LEN))
		goto out;
	err = 0;
out:
	cvme_relay_end(&relay);
	return err;
}

static int tdx_take(const struct cvme_params *par, struct cvme_result *res)
{
	struct cvme_patience patience;
	struct file *node;
	int err;

	err = cvme_buf_alloc(&res->report, TDREPORT_LEN);
	if (err)
		return err;

	node = cvme_node_open(TDX_NODE, TDX_DRIVER, TDX_BUILTIN);
	if (IS_ERR(node))
		return PTR_ERR(node) == -ENOMEM ? -ENOMEM : -ENODEV;
	cvme_patience_begin(&patience, BUSY_NS);
	do {
		err = get_tdreport(node, par, res->report.data);
	} while (err == -EBUSY && cvme_patience_wait(&patience, res));
	cvme_close(node);
	if (err)
		return err == -EBUSY ? -ETIMEDOUT : err;

	res->tee = CVM_EVIDENCE_TEE_TDX;
	res->blob_flags = CVM_EVIDENCE_BLOB_F_TDREPORT;
	strscpy(res->driver, TDX_DRIVER, sizeof(res->driver));
	return 0;
}

const struct cvme_provider_ops cvme_tdx_guest_ops = {
	.id = CVM_EVIDENCE_PROVIDER_TDX_GUEST,
	.name = "tdx-guest",
	.tdreport = true,
	.concerns = tdx_concerns,
	.probe = tdx_probe,
	.take = tdx_take,
	.check = cvme_report_check,
};
