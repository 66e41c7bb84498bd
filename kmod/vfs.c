// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/file.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "compat.h"
#include "vfs.h"

/* All live from cvme_vfs_init() to cvme_vfs_exit(); NULL where absent */
static struct vfsmount *configfs_mnt;
static struct vfsmount *devtmpfs_mnt;
static struct vfsmount *sysfs_mnt;

/* NULL where it is unavailable; an error only when out of memory */
static struct vfsmount *mount_private(const char *name)
{
	struct file_system_type *fs = get_fs_type(name);
	struct vfsmount *mnt;

	if (!fs)
		return NULL;
	mnt = kern_mount(fs);
	/* put_filesystem() is not exported and does no more than this */
	module_put(fs->owner);
	if (IS_ERR(mnt) && PTR_ERR(mnt) != -ENOMEM) {
		pr_warn("cannot mount %s: error %ld; providers that need it are not available\n",
			name, PTR_ERR(mnt));
		return NULL;
	}
	return mnt;
}

static void unmount_private(struct vfsmount *mnt)
{
	if (!IS_ERR_OR_NULL(mnt))
		kern_unmount(mnt);
}

/*
 * get_fs_type() may load a module, so it is called here and nowhere later. Only
 * the providers that need it are lost when a filesystem is missing.
 */
int cvme_vfs_init(void)
{
	if (IS_ENABLED(CONFIG_TSM_REPORTS))
		configfs_mnt = mount_private("configfs");
	devtmpfs_mnt = mount_private("devtmpfs");
	sysfs_mnt = mount_private("sysfs");
	if (!IS_ERR(configfs_mnt) && !IS_ERR(devtmpfs_mnt) &&
	    !IS_ERR(sysfs_mnt))
		return 0;
	cvme_vfs_exit();
	return -ENOMEM;
}

void cvme_vfs_exit(void)
{
	unmount_private(sysfs_mnt);
	unmount_private(devtmpfs_mnt);
	unmount_private(configfs_mnt);
}

struct vfsmount *cvme_configfs(void)
{
	return configfs_mnt;
}

/* Without references: valid as long as the mount */
struct path cvme_root_of(struct vfsmount *mnt)
{
	return (struct path){ .mnt = mnt, .dentry = mnt->mnt_root };
}

/*
 * For worker threads. configfs commits a binary attribute when the file is
 * released, and fput() would defer that; __fput_sync() does it now. On 6.1
 * it insists on a kernel thread.
 */
void cvme_close(struct file *file)
{
	__fput_sync(file);
}

/*
 * configfs frees an attribute's inode and dentry with the last reference. A
 * caller that opens one repeatedly keeps its path, so that they are not made
 * anew. Once the item is removed, opening that path gives -ENOENT.
 */
static struct file *open_kept(const struct path *dir, const char *name,
			      struct path *kept, int flags)
{
	struct file *file;

	if (kept && kept->dentry)
		return dentry_open(kept, flags, current_cred());
	file = file_open_root(dir, name, flags, 0);
	if (kept && !IS_ERR(file)) {
		*kept = file->f_path;
		path_get(kept);
	}
	return file;
}

/**
 * cvme_read_file - read a small file of configfs, sysfs or procfs
 * @dir: directory that @name starts from
 * @name: path of the file
 * @kept: NULL, or where to keep its path: empty at first, for the caller to put
 * @buf: filled, not terminated
 * @size: bytes at @buf; what is beyond is not read
 *
 * One read is enough: these filesystems return all of such a file at once.
 *
 * Return: bytes read, or a negative errno.
 */
ssize_t cvme_read_file(const struct path *dir, const char *name,
		       struct path *kept, void *buf, size_t size)
{
	struct file *file = open_kept(dir, name, kept, O_RDONLY);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_read(file, buf, size, &pos);
	cvme_close(file);
	return n;
}

/**
 * cvme_read_blob - read all of a file of unknown length
 * @dir: directory that @name starts from
 * @name: path of the file
 * @kept: as in cvme_read_file()
 * @guess: bytes of the first buffer
 * @max: more than this is -EFBIG
 * @out: the bytes; data is NULL when there are none
 *
 * configfs keeps the content for as long as the file is open, so that a
 * second buffer continues the same answer.
 *
 * Return: 0; -EFBIG; -ENOMEM; an error of the filesystem.
 */
int cvme_read_blob(const struct path *dir, const char *name, struct path *kept,
		   size_t guess, size_t max, struct cvme_buf *out)
{
	struct cvme_buf buf = {}, bigger = {};
	size_t size = min(guess, max), len = 0;
	struct file *file;
	loff_t pos = 0;
	ssize_t n;
	int err;

	file = open_kept(dir, name, kept, O_RDONLY);
	if (IS_ERR(file))
		return PTR_ERR(file);

	/* one byte more than fits tells the end from a full buffer */
	err = cvme_buf_alloc(&buf, size + 1);
	while (!err) {
		n = kernel_read(file, buf.data + len, size + 1 - len, &pos);
		if (n < 0) {
			err = n;
			break;
		}
		len += n;
		if (len <= size)
			break;
		if (size == max) {
			err = -EFBIG;
			break;
		}
		size = min(4 * size, max);
		err = cvme_buf_alloc(&bigger, size + 1);
		if (err)
			break;
		memcpy(bigger.data, buf.data, len);
		cvme_buf_free(&buf);
		buf = bigger;
	}
	cvme_close(file);
	if (err || !len)
		cvme_buf_free(&buf);
	buf.len = len;
	if (!err)
		*out = buf;
	return err;
}

/**
 * cvme_write_file - write a configfs attribute and commit it
 * @dir: directory that @name starts from
 * @name: path of the attribute
 * @kept: as in cvme_read_file()
 * @buf: the value
 * @len: bytes at @buf
 *
 * Return: 0 or a negative errno. A binary attribute reports no error of its
 * commit: only the item's generation shows it.
 */
int cvme_write_file(const struct path *dir, const char *name,
		    struct path *kept, const void *buf, size_t len)
{
	struct file *file = open_kept(dir, name, kept, O_WRONLY);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, buf, len, &pos);
	cvme_close(file);
	if (n < 0)
		return n;
	return n == len ? 0 : -EIO;
}

static int change_mode(struct vfsmount *mnt, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = d_inode(dentry);
	struct iattr attr = {
		.ia_valid = ATTR_MODE,
		.ia_mode = (inode->i_mode & S_IFMT) | mode,
	};
	int err;

	inode_lock_nested(inode, I_MUTEX_CHILD);
	err = notify_change(mnt_idmap_of(mnt), dentry, &attr, NULL);
	inode_unlock(inode);
	return err;
}

/**
 * cvme_make_private - make a file readable for root only
 * @dir: directory that @name starts from
 * @name: path of the file
 *
 * Return: 0, -ENOENT, or another error of the filesystem.
 */
int cvme_make_private(const struct path *dir, const char *name)
{
	struct path path;
	int err;

	err = vfs_path_lookup(dir->dentry, dir->mnt, name, 0, &path);
	if (err)
		return err;
	err = change_mode(path.mnt, path.dentry, 0400);
	path_put(&path);
	return err;
}

/**
 * cvme_mkdir - make a directory that only root may enter
 * @dir: parent directory
 * @name: its name
 * @made: whether there is a directory for the caller to remove, also on error
 *
 * configfs makes every directory 0755, whatever mode mkdir asks for. @dir stays
 * locked until the mode is changed, so nobody can list it before.
 *
 * Return: 0, -EEXIST, or another error of the filesystem.
 */
int cvme_mkdir(const struct path *dir, const char *name, bool *made)
{
	struct mnt_idmap *idmap = mnt_idmap_of(dir->mnt);
	struct qstr qname = QSTR_INIT(name, strlen(name));
	struct dentry *child;
	int err;

	*made = false;
	err = mnt_want_write(dir->mnt);
	if (err)
		return err;
	child = start_creating(idmap, dir->dentry, &qname);
	err = PTR_ERR_OR_ZERO(child);
	if (err)
		goto out;
	if (d_really_is_positive(child)) {
		end_creating(child);
		err = -EEXIST;
		goto out;
	}
	/* on error the child is put and the parent unlocked already */
	child = compat_vfs_mkdir(idmap, d_inode(dir->dentry), child, 0700);
	err = PTR_ERR_OR_ZERO(child);
	*made = !err;
	if (!err) {
		err = change_mode(dir->mnt, child, 0700);
		end_creating(child);
	}
out:
	mnt_drop_write(dir->mnt);
	return err;
}

/**
 * cvme_rmdir - remove a directory
 * @dir: parent directory
 * @name: its name
 *
 * Return: 0, -ENOENT, or another error of the filesystem.
 */
int cvme_rmdir(const struct path *dir, const char *name)
{
	struct mnt_idmap *idmap = mnt_idmap_of(dir->mnt);
	struct qstr qname = QSTR_INIT(name, strlen(name));
	struct dentry *child;
	int err;

	err = mnt_want_write(dir->mnt);
	if (err)
		return err;
	child = start_removing(idmap, dir->dentry, &qname);
	err = PTR_ERR_OR_ZERO(child);
	if (!err) {
		err = compat_vfs_rmdir(idmap, d_inode(dir->dentry), child);
		end_removing(child);
	}
	mnt_drop_write(dir->mnt);
	return err;
}

static ssize_t read_sysfs(const char *path, char *buf, size_t size)
{
	struct path root;

	if (!sysfs_mnt)
		return -ENOENT;
	root = cvme_root_of(sysfs_mnt);
	return cvme_read_file(&root, path, NULL, buf, size);
}

/**
 * cvme_module_live - check that a driver's module is past its initialisation
 * @name: the module
 *
 * A driver that is built in has no such state and is always live.
 *
 * Return: whether it is; true if that cannot be determined, false when out of
 * memory.
 */
bool cvme_module_live(const char *name)
{
	char path[128], state[8];
	ssize_t n;

	if (strchr(name, '/'))
		return true;
	snprintf(path, sizeof(path), "module/%s/initstate", name);
	n = read_sysfs(path, state, sizeof(state));
	if (n == -ENOMEM)
		return false;
	return n < 0 || (n >= 4 && !memcmp(state, "live", 4));
}

/**
 * cvme_sysfs_number - read a number from sysfs
 * @path: the file, below the mount
 *
 * Return: its value if that is not negative; a negative errno.
 */
int cvme_sysfs_number(const char *path)
{
	char text[16];
	ssize_t n;
	int val;

	n = read_sysfs(path, text, sizeof(text) - 1);
	if (n < 0)
		return n;
	text[n] = 0;
	return kstrtoint(strim(text), 0, &val) ?: val;
}

/**
 * cvme_node_open - open a driver's own misc device
 * @node: its name in devtmpfs
 * @driver: name of the module that must stand behind it
 * @builtin: the driver may be built in, then no module stands behind it
 *
 * Root can put any node of that name into devtmpfs, so the owner of the file
 * operations is what counts. The open file keeps the driver's module from
 * being unloaded. A minor that vanishes between look-up and open makes
 * misc_open() ask for a module: a waste of milliseconds, no more.
 *
 * Return: the file; -ENOENT no such node, -EPERM not that driver's, -EAGAIN
 * the driver's module is not live.
 */
struct file *cvme_node_open(const char *node, const char *driver, bool builtin)
{
	const struct module *owner;
	struct path root;
	struct file *file;
	struct inode *inode;
	int err;

	if (!devtmpfs_mnt)
		return ERR_PTR(-ENOENT);
	root = cvme_root_of(devtmpfs_mnt);
	/* whatever root put there must not make us wait */
	file = file_open_root(&root, node, O_RDWR | O_NONBLOCK | O_NOCTTY, 0);
	/* misc_open() returns this for a driver in its exit function */
	if (file == ERR_PTR(-ENODEV))
		return ERR_PTR(-EAGAIN);
	if (IS_ERR(file))
		return file;

	inode = file_inode(file);
	owner = file->f_op->owner;
	err = -EPERM;
	if (!S_ISCHR(inode->i_mode) || imajor(inode) != MISC_MAJOR ||
	    !file->f_op->unlocked_ioctl)
		goto err_close;
	if (owner ? strcmp(owner->name, driver) : !builtin)
		goto err_close;
	err = -EAGAIN;
	if (owner && READ_ONCE(owner->state) != MODULE_STATE_LIVE)
		goto err_close;
	return file;

err_close:
	cvme_close(file);
	return ERR_PTR(err);
}
