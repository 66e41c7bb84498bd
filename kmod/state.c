// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/acpi.h>
#include <linux/cc_platform.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/uuid.h>

#include "state.h"
#include "vfs.h"

struct cvme_stats cvme_stats;

static u8 boot_id[16];
static bool has_boot_id;
static bool forks_noticed;
static atomic64_t vm_epoch = ATOMIC64_INIT(0);

/* A parameter with bounds, so that readers need not check its value */
struct bounded {
	const char *name;
	unsigned int *value;
	unsigned int min;
	unsigned int max;
};

static DEFINE_MUTEX(hook_lock);		/* guards hook, held while it runs */
static cvme_parameter_fn *hook;

/* @fn: NULL for none; the old function is not called once this returns */
void cvme_parameter_hook(cvme_parameter_fn *fn)
{
	mutex_lock(&hook_lock);
	hook = fn;
	mutex_unlock(&hook_lock);
}

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
	mutex_lock(&hook_lock);
	old = READ_ONCE(*b->value);
	WRITE_ONCE(*b->value, num);
	if (num != old && hook)
		hook(b->name, old, num);
	mutex_unlock(&hook_lock);
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

/* What TSM itself allows: post-quantum quotes will be megabytes */
unsigned int cvme_max_blob = SZ_16M;
static struct bounded max_blob = { "max_blob", &cvme_max_blob, SZ_4K, SZ_64M };
module_param_cb(max_blob, &bounded_ops, &max_blob, 0644);
MODULE_PARM_DESC(max_blob, "largest evidence blob in bytes, 4096 to 67108864 (default 16777216)");

unsigned int cvme_queue_max = 1024;
static struct bounded queue_max = { "queue_max", &cvme_queue_max, 1, 65536 };
module_param_cb(queue_max, &bounded_ops, &queue_max, 0644);
MODULE_PARM_DESC(queue_max, "places in the queue that all shares compete for, 1 to 65536 (default 1024)");

unsigned int cvme_share_depth = 2;
static struct bounded share_depth = {
	"share_depth", &cvme_share_depth, 0, 64
};
module_param_cb(share_depth, &bounded_ops, &share_depth, 0644);
MODULE_PARM_DESC(share_depth,
		 "cgroup depth at which root's processes form separate shares, 0 to 64; 0: root is one share (default 2)");

unsigned int cvme_default_timeout_ms = 120000;
static struct bounded default_timeout_ms = {
	"default_timeout_ms", &cvme_default_timeout_ms, 1, CVME_MAX_TIMEOUT_MS
};
module_param_cb(default_timeout_ms, &bounded_ops, &default_timeout_ms, 0644);
MODULE_PARM_DESC(default_timeout_ms,
		 "timeout of requests that set none, in ms, 1 to 3600000 (default 120000)");

unsigned int cvme_sev_certs = 1;
static struct bounded sev_certs = { "sev_certs", &cvme_sev_certs, 0, 1 };
module_param_cb(sev_certs, &bounded_ops, &sev_certs, 0644);
MODULE_PARM_DESC(sev_certs,
		 "1: the provider sev-guest asks the host for certificates; 0: it does not, for hosts where that wipes the guest's key (default 1)");

/* random.c exports no boot id; procfs has it as a file */
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

	/* cvme_read_file() is for kernel threads; this is modprobe */
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
		export_uuid(boot_id, &uuid);
out_unmount:
	kern_unmount(mnt);
	return err;
}

/*
 * Where memory is encrypted, vmgenid maps the id as private memory, like all of
 * ACPI NVS (arch/x86/mm/ioremap.c), and does not see what the host writes there.
 */
static bool has_generation_id(void)
{
	return IS_ENABLED(CONFIG_VMGENID) &&
	       !cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT) &&
	       (acpi_dev_present("VMGENCTR", NULL, -1) ||
		acpi_dev_present("VM_GEN_COUNTER", NULL, -1));
}

int cvme_state_init(void)
{
	int err = read_boot_id();

	forks_noticed = has_generation_id();
	if (err == -ENOMEM)
		return err;
	has_boot_id = !err;
	if (err)
		pr_warn("cannot read the boot id: error %d; evidence will not contain it\n",
			err);
	return 0;
}

/* 16 bytes, NULL where it could not be read */
const u8 *cvme_boot_id(void)
{
	return has_boot_id ? boot_id : NULL;
}

u64 cvme_vm_epoch(void)
{
	return atomic64_read(&vm_epoch);
}

/* Any context */
void cvme_vm_forked(void)
{
	atomic64_inc(&vm_epoch);
}

bool cvme_vm_fork_noticed(void)
{
	return forks_noticed;
}
