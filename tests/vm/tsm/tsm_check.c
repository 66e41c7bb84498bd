// SPDX-License-Identifier: GPL-2.0
/*
 * A user of tsm_report_generate() for tests: lets a script in the guest take
 * reports by it. In debugfs, under tsm_check/:
 *
 * take: write(2) of the report data takes a report on that open file. read(2)
 *	gives a line of text about it and then its three blobs.
 * info: what tsm_provider_info() tells, as such a line.
 * privlevel, svsm, guid, manifest_version, inblob_len: the options of the
 *	next report. inblob_len overrides the length that was written if it is
 *	not 0.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tsm.h>
#include <linux/uaccess.h>
#include <linux/uuid.h>

#define LINE_MAX 256

static u32 opt_privlevel;
static u32 opt_manifest_version;
static u32 opt_inblob_len;
static bool opt_svsm;
static bool opt_guid;

/**
 * struct taken - what one open file has
 * @info: the provider that made @report
 * @report: NULL before the first write
 * @outblob: taken out of @report, as a caller may do
 * @outblob_len: its length
 */
struct taken {
	struct tsm_provider_info info;
	struct tsm_report *report;
	u8 *outblob;
	size_t outblob_len;
};

static int print_info(char *line, const struct tsm_provider_info *info)
{
	return scnprintf(line, LINE_MAX, "provider=%s floor=%u attrs=%lx bin_attrs=%lx",
			 info->name, info->privlevel_floor, info->attrs,
			 info->bin_attrs);
}

static void forget(struct taken *taken)
{
	tsm_report_free(taken->report);
	kvfree(taken->outblob);
	memset(taken, 0, sizeof(*taken));
}

static int take_open(struct inode *inode, struct file *file)
{
	struct taken *taken = kzalloc(sizeof(*taken), GFP_KERNEL);

	file->private_data = taken;
	return taken ? 0 : -ENOMEM;
}

static int take_release(struct inode *inode, struct file *file)
{
	forget(file->private_data);
	kfree(file->private_data);
	return 0;
}

static ssize_t take_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *ppos)
{
	struct taken *taken = file->private_data;
	char svsm[] = "svsm";
	/* On the stack on purpose: the call must not depend on where it is. */
	struct tsm_desc desc = {
		.privlevel = opt_privlevel,
		.service_provider = opt_svsm ? svsm : NULL,
		.service_manifest_version = opt_manifest_version,
	};
	struct tsm_report *report;

	if (len > sizeof(desc.inblob))
		return -EMSGSIZE;
	if (copy_from_user(desc.inblob, buf, len))
		return -EFAULT;
	desc.inblob_len = opt_inblob_len ?: len;
	if (opt_guid)
		desc.service_guid = GUID_INIT(0xc476f1eb, 0x0123, 0x45a5, 0x96, 0x41,
					      0xb4, 0xe7, 0xdd, 0xe5, 0xbf, 0xe3);

	forget(taken);
	report = tsm_report_generate(&desc, &taken->info);
	if (IS_ERR(report))
		return PTR_ERR(report);
	taken->report = report;
	taken->outblob = report->outblob;
	taken->outblob_len = report->outblob_len;
	report->outblob = NULL;
	report->outblob_len = 0;
	return len;
}

static ssize_t take_read(struct file *file, char __user *buf, size_t len,
			 loff_t *ppos)
{
	struct taken *taken = file->private_data;
	const struct tsm_report *report = taken->report;
	struct part {
		const void *data;
		size_t len;
	} parts[4];
	char line[LINE_MAX];
	loff_t pos = *ppos;
	ssize_t n;
	size_t i;

	if (!report)
		return -ENODATA;
	n = print_info(line, &taken->info);
	n += scnprintf(line + n, sizeof(line) - n,
		       " outblob=%zu auxblob=%zu manifestblob=%zu\n",
		       taken->outblob_len, report->auxblob_len,
		       report->manifestblob_len);
	parts[0] = (struct part){ line, n };
	parts[1] = (struct part){ taken->outblob, taken->outblob_len };
	parts[2] = (struct part){ report->auxblob, report->auxblob_len };
	parts[3] = (struct part){ report->manifestblob, report->manifestblob_len };

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (pos < parts[i].len) {
			n = simple_read_from_buffer(buf, len, &pos, parts[i].data,
						    parts[i].len);
			if (n > 0)
				*ppos += n;
			return n;
		}
		pos -= parts[i].len;
	}
	return 0;
}

static const struct file_operations take_fops = {
	.owner = THIS_MODULE,
	.open = take_open,
	.release = take_release,
	.read = take_read,
	.write = take_write,
};

static ssize_t info_read(struct file *file, char __user *buf, size_t len,
			 loff_t *ppos)
{
	struct tsm_provider_info info;
	char line[LINE_MAX];
	int n;

	n = tsm_provider_info(&info);
	if (n)
		return n;
	n = print_info(line, &info);
	n += scnprintf(line + n, sizeof(line) - n, "\n");
	return simple_read_from_buffer(buf, len, ppos, line, n);
}

static const struct file_operations info_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = info_read,
};

static struct dentry *dir;

static int __init tsm_check_init(void)
{
	dir = debugfs_create_dir("tsm_check", NULL);
	debugfs_create_file("take", 0600, dir, NULL, &take_fops);
	debugfs_create_file("info", 0400, dir, NULL, &info_fops);
	debugfs_create_u32("privlevel", 0600, dir, &opt_privlevel);
	debugfs_create_u32("manifest_version", 0600, dir, &opt_manifest_version);
	debugfs_create_u32("inblob_len", 0600, dir, &opt_inblob_len);
	debugfs_create_bool("svsm", 0600, dir, &opt_svsm);
	debugfs_create_bool("guid", 0600, dir, &opt_guid);
	return 0;
}

static void __exit tsm_check_exit(void)
{
	debugfs_remove(dir);
}

module_init(tsm_check_init);
module_exit(tsm_check_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Takes TSM reports by the in-kernel call, for tests");
