// SPDX-License-Identifier: GPL-2.0
/*
 * cvm_evidence: one door to the hardware evidence of a confidential VM.
 *
 * Evidence flows one way: device -> request -> provider -> blob -> device.
 */
#include "cvm_evidence.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/uuid.h>

#include "compat.h"
#include "events.h"
#include "provider.h"
#include "request.h"
#include "vfs.h"

struct cvme_stats cvme_stats;
u8 cvme_boot_id[16];
bool cvme_has_boot_id;

/* A parameter with bounds, so that no reader need doubt its value */
struct bounded {
	const char *name;
	unsigned int *value;
	unsigned int min;
	unsigned int max;
};

static int bounded_set(const char *val, const struct kernel_param *kp)
{
	const struct bounded *b = kp->arg;
	unsigned int num, old;
	int err;

	err = kstrtouint(val, 0, &num);
	if (err)
		return err;
	if (num < b->min || num > b->max)
		return -EINVAL;
	old = READ_ONCE(*b->value);
	WRITE_ONCE(*b->value, num);
	if (num != old)
		cvme_event_parameter(b->name, old, num);
	return 0;
}

static int bounded_get(char *buf, const struct kernel_param *kp)
{
	const struct bounded *b = kp->arg;

	return sysfs_emit(buf, "%u\n", READ_ONCE(*b->value));
}

static const struct kernel_param_ops bounded_ops = {
	.set = bounded_set,
	.get = bounded_get,
};

unsigned int cvme_max_blob = SZ_256K;
static struct bounded max_blob = { "max_blob", &cvme_max_blob, SZ_4K, SZ_64M };
module_param_cb(max_blob, &bounded_ops, &max_blob, 0644);
MODULE_PARM_DESC(max_blob, "largest blob that is delivered, bytes (256 KiB)");

unsigned int cvme_queue_max = 1024;
static struct bounded queue_max = { "queue_max", &cvme_queue_max, 1, 65536 };
module_param_cb(queue_max, &bounded_ops, &queue_max, 0644);
MODULE_PARM_DESC(queue_max, "requests one provider's queue takes (1024)");

unsigned int cvme_share_max = 384;
static struct bounded share_max = { "share_max", &cvme_share_max, 1, 65536 };
module_param_cb(share_max, &bounded_ops, &share_max, 0644);
MODULE_PARM_DESC(share_max, "of these, for one user or container (384)");

unsigned int cvme_default_timeout_ms = 120000;
static struct bounded default_timeout_ms = {
	"default_timeout_ms", &cvme_default_timeout_ms, 1, CVME_MAX_TIMEOUT_MS
};
module_param_cb(default_timeout_ms, &bounded_ops, &default_timeout_ms, 0644);
MODULE_PARM_DESC(default_timeout_ms,
		 "deadline of requests that name none, ms (120000)");

/* random.c keeps the boot id to itself; procfs is where it can be had */
static int read_boot_id(void)
{
	struct file_system_type *fs;
	struct vfsmount *mnt;
	struct path root;
	struct file *file;
	char text[UUID_STRING_LEN + 1] = {};
	ssize_t len;
	uuid_t uuid;
	int err;

	fs = get_fs_type("proc");
	if (!fs)
		return -ENODEV;
	mnt = kern_mount(fs);
	module_put(fs->owner);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);

	/* not cvme_read_file(): this is no kernel thread */
	root = cvme_root_of(mnt);
	file = file_open_root(&root, "sys/kernel/random/boot_id", O_RDONLY, 0);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto out_unmount;
	}
	len = kernel_read(file, text, UUID_STRING_LEN, &(loff_t){ 0 });
	fput(file);
	err = len == UUID_STRING_LEN ? uuid_parse(text, &uuid) : -EIO;
	if (!err)
		export_uuid(cvme_boot_id, &uuid);
out_unmount:
	kern_unmount(mnt);
	return err;
}

static int __init cvme_init(void)
{
	int err;

	err = read_boot_id();
	if (err == -ENOMEM)
		return err;
	cvme_has_boot_id = !err;
	if (err)
		pr_warn("boot id unknown (error %d), evidence will not carry it\n",
			err);

	err = cvme_events_init();
	if (err)
		return err;
	err = cvme_requests_init();
	if (err)
		goto err_events;
	err = cvme_vfs_init();
	if (err)
		goto err_requests;
	err = cvme_providers_init();
	if (err)
		goto err_vfs;
	err = cvme_watch_init();
	if (err)
		goto err_providers;
	err = cvme_device_init();
	if (err)
		goto err_watch;
	cvme_providers_look();
	return 0;

err_watch:
	cvme_watch_exit();
err_providers:
	cvme_providers_exit();
err_vfs:
	cvme_vfs_exit();
err_requests:
	cvme_requests_exit();
err_events:
	cvme_events_exit();
	return err;
}
module_init(cvme_init);

static void __exit cvme_exit(void)
{
	cvme_device_exit();
	cvme_watch_exit();
	cvme_providers_exit();
	cvme_vfs_exit();
	cvme_requests_exit();
	cvme_events_exit();
}
module_exit(cvme_exit);

MODULE_DESCRIPTION("One door to the hardware evidence of a confidential VM");
MODULE_AUTHOR("The cvm-evidence developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(CVME_VERSION);
/* get_fs_type() asks for it while we load; nicer to have it there */
MODULE_SOFTDEP("pre: configfs");
