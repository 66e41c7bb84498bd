// SPDX-License-Identifier: GPL-2.0
/*
 * cvm_evidence: one device for the hardware evidence of a confidential VM.
 *
 * A request goes device -> request -> provider; its blob goes to the device.
 */
#include "cvm_evidence.h"

#include <linux/module.h>

#include "device.h"
#include "events.h"
#include "live.h"
#include "netlink.h"
#include "provider.h"
#include "request.h"
#include "serve.h"
#include "state.h"
#include "vfs.h"
#include "watch.h"

static int __init cvme_init(void)
{
	int err;

	err = cvme_state_init();
	if (err)
		return err;
	cvme_live_init();
	err = cvme_events_init();
	if (err)
		goto err_live;
	err = cvme_vfs_init();
	if (err)
		goto err_events;
	err = cvme_providers_init();
	if (err)
		goto err_vfs;
	err = cvme_requests_init();
	if (err)
		goto err_providers;
	err = cvme_worker_init();
	if (err)
		goto err_requests;
	err = cvme_watch_init();
	if (err)
		goto err_worker;
	cvme_worker_probe();
	cvme_worker_wait_first_probe();
	err = cvme_device_init();
	if (err)
		goto err_watch;
	cvme_netlink_init();
	return 0;

err_watch:
	cvme_watch_exit();
err_worker:
	cvme_worker_exit();
err_requests:
	cvme_requests_exit();
err_providers:
	cvme_providers_exit();
err_vfs:
	cvme_vfs_exit();
err_events:
	cvme_events_exit();
err_live:
	cvme_live_exit();
	return err;
}
module_init(cvme_init);

static void __exit cvme_exit(void)
{
	cvme_netlink_exit();
	cvme_device_exit();
	cvme_watch_exit();
	cvme_worker_exit();
	cvme_requests_exit();
	cvme_providers_exit();
	cvme_vfs_exit();
	cvme_events_exit();
	cvme_live_exit();
}
module_exit(cvme_exit);

MODULE_DESCRIPTION("Attestation evidence of a confidential VM (SEV-SNP, TDX, CCA)");
MODULE_AUTHOR("The cvm-evidence developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(CVME_VERSION);
/* get_fs_type() would load it during our init; better to load it before */
MODULE_SOFTDEP("pre: configfs");
