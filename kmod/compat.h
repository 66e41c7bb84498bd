/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between the supported kernels, each under the name of the
 * upstream API that it replaces. Kbuild defines the HAVE_ macros by searching
 * the headers.
 */
#ifndef _CVME_COMPAT_H
#define _CVME_COMPAT_H

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kcov.h>
#include <linux/kthread.h>
#include <linux/mm_types.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/tpm.h>
#include <net/genetlink.h>

/* Moved there in 6.12 */
#ifdef HAVE_LINUX_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* Out of <linux/kernel.h> in 6.4; gone from there since */
#ifdef HAVE_LINUX_HEX_H
#include <linux/hex.h>
#else
#include <linux/kernel.h>
#endif

/* 6.14 split creating a worker from starting it */
#ifndef kthread_run_worker
#define kthread_run_worker(flags, ...) kthread_create_worker(flags, __VA_ARGS__)
#endif

/* 7.3 gave the handle a type; an integer before */
#ifndef HAVE_KCOV_COMMON_HANDLE_ID
struct kcov_common_handle_id {
	u64 val;
};

static inline struct kcov_common_handle_id compat_kcov_common_handle(void)
{
	return (struct kcov_common_handle_id){ .val = kcov_common_handle() };
}

static inline void
compat_kcov_remote_start_common(struct kcov_common_handle_id id)
{
	kcov_remote_start_common(id.val);
}

#define kcov_common_handle		compat_kcov_common_handle
#define kcov_remote_start_common	compat_kcov_remote_start_common
#endif

/* 6.7: files are SLAB_TYPESAFE_BY_RCU, this takes the pointer's address */
#ifdef HAVE_GET_FILE_RCU_PTR
#define compat_get_file_rcu(pfile)	get_file_rcu(pfile)
#else
static inline struct file *compat_get_file_rcu(struct file __rcu **pfile)
{
	struct file *file = rcu_dereference(*pfile);

	return file && get_file_rcu(file) ? file : NULL;
}
#endif

/* No longer exported */
static inline struct file *compat_get_mm_exe_file(struct mm_struct *mm)
{
	struct file *file;

	rcu_read_lock();
	file = compat_get_file_rcu(&mm->exe_file);
	rcu_read_unlock();
	return file;
}

#define get_mm_exe_file			compat_get_mm_exe_file

/* Attributes of a dump request; 6.7 added genl_info_dump() for them */
#ifdef HAVE_GENL_INFO_DUMP
#define genl_dump_attrs(cb)		(genl_info_dump(cb)->attrs)
#else
#define genl_dump_attrs(cb)		(genl_dumpit_info(cb)->attrs)
#endif

/* 6.7 added NLA_UINT: numbers of 4 bytes, or of 8 where the value needs them */
#ifdef HAVE_NLA_UINT
#define NLA_POLICY_UINT			{ .type = NLA_UINT }
#else
static inline int compat_nla_put_uint(struct sk_buff *skb, int attr, u64 val)
{
	u32 small = val;

	if (small == val)
		return nla_put(skb, attr, sizeof(small), &small);
	return nla_put(skb, attr, sizeof(val), &val);
}

static inline int compat_nla_uint_valid(const struct nlattr *nla,
					struct netlink_ext_ack *extack)
{
	if (nla_len(nla) == sizeof(u32) || nla_len(nla) == sizeof(u64))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, nla, "a uint has 4 or 8 bytes");
	return -EINVAL;
}

static inline u64 compat_nla_get_uint(const struct nlattr *nla)
{
	return nla_len(nla) == sizeof(u32) ? nla_get_u32(nla) :
					     nla_get_u64(nla);
}

#define nla_put_uint			compat_nla_put_uint
#define nla_get_uint			compat_nla_get_uint
#define NLA_POLICY_UINT \
	NLA_POLICY_VALIDATE_FN(NLA_BINARY, compat_nla_uint_valid)
#endif

/* Until 6.2 an id-mapped mount was named by its user namespace */
#ifndef HAVE_MNT_IDMAP
#define mnt_idmap user_namespace
static inline struct user_namespace *mnt_idmap_of(const struct vfsmount *mnt)
{
	return mnt_user_ns(mnt);
}
#else
static inline struct mnt_idmap *mnt_idmap_of(const struct vfsmount *mnt)
{
	return mnt_idmap(mnt);
}
#endif

/* Always exported, declared in namei.h since 6.4 */
#ifndef HAVE_VFS_PATH_LOOKUP
int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt,
		    const char *name, unsigned int flags, struct path *path);
#endif

/*
 * Since 7.3 the caller allocates the memory of a TPM command; before,
 * tpm_buf_init() and tpm_buf_destroy() did, exported or inline.
 */
#if IS_ENABLED(CONFIG_TCG_TPM)
#ifdef HAVE_TPM_BUF_CAPACITY
static inline struct tpm_buf *compat_tpm_buf_alloc(void)
{
	struct tpm_buf *buf = kzalloc(TPM_BUFSIZE, GFP_KERNEL);

	if (buf)
		tpm_buf_init(buf, TPM_BUFSIZE);
	return buf;
}

static inline void compat_tpm_buf_free(struct tpm_buf *buf)
{
	kfree(buf);
}
#else
#define TPM_BUFSIZE			4096

static inline struct tpm_buf *compat_tpm_buf_alloc(void)
{
	struct tpm_buf *buf = kzalloc(sizeof(*buf), GFP_KERNEL);

	if (buf && tpm_buf_init(buf, TPM2_ST_NO_SESSIONS, 0)) {
		kfree(buf);
		buf = NULL;
	}
	return buf;
}

static inline void compat_tpm_buf_free(struct tpm_buf *buf)
{
	tpm_buf_destroy(buf);
	kfree(buf);
}
#endif

/* Linux 6.12: the TPM core disables a TPM that was reset behind its back */
static inline bool compat_tpm_is_disabled(const struct tpm_chip *chip)
{
#ifdef HAVE_TPM_CHIP_FLAG_DISABLE
	return READ_ONCE(chip->flags) & TPM_CHIP_FLAG_DISABLE;
#else
	return false;
#endif
}
#endif

/* start_creating() and its kin lock the parent and look the child up */
#ifndef HAVE_START_CREATING
static inline struct dentry *compat_lookup_locked(struct mnt_idmap *idmap,
						  struct dentry *parent,
						  struct qstr *name)
{
	struct dentry *child;

	inode_lock_nested(d_inode(parent), I_MUTEX_PARENT);
#ifdef HAVE_LOOKUP_ONE_QSTR
	child = lookup_one(idmap, name, parent);
#else
	child = lookup_one(idmap, name->name, parent, name->len);
#endif
	if (IS_ERR(child))
		inode_unlock(d_inode(parent));
	return child;
}

static inline void end_creating(struct dentry *child)
{
	struct inode *dir = d_inode(child->d_parent);

	dput(child);
	inode_unlock(dir);
}

static inline void end_removing(struct dentry *child)
{
	end_creating(child);
}

static inline struct dentry *start_creating(struct mnt_idmap *idmap,
					    struct dentry *parent,
					    struct qstr *name)
{
	return compat_lookup_locked(idmap, parent, name);
}

static inline struct dentry *start_removing(struct mnt_idmap *idmap,
					    struct dentry *parent,
					    struct qstr *name)
{
	struct dentry *child = compat_lookup_locked(idmap, parent, name);

	if (!IS_ERR(child) && d_really_is_negative(child)) {
		end_removing(child);
		return ERR_PTR(-ENOENT);
	}
	return child;
}
#endif

/*
 * vfs_mkdir() of today: returns the child, or an error after end_creating().
 * Earlier ones left both to the caller.
 */
static inline struct dentry *compat_vfs_mkdir(struct mnt_idmap *idmap,
					      struct inode *dir,
					      struct dentry *child, umode_t mode)
{
#if defined(HAVE_VFS_MKDIR_DENTRY) && defined(HAVE_VFS_MKDIR_DELEGATED)
	return vfs_mkdir(idmap, dir, child, mode, NULL);
#elif defined(HAVE_VFS_MKDIR_DENTRY)
	/* it puts the child on error, and leaves the parent locked */
	child = vfs_mkdir(idmap, dir, child, mode);
	if (IS_ERR(child))
		inode_unlock(dir);
	return child;
#else
	int err = vfs_mkdir(idmap, dir, child, mode);

	if (err) {
		end_creating(child);
		return ERR_PTR(err);
	}
	return child;
#endif
}

static inline int compat_vfs_rmdir(struct mnt_idmap *idmap, struct inode *dir,
				   struct dentry *child)
{
#ifdef HAVE_VFS_RMDIR_DELEGATED
	return vfs_rmdir(idmap, dir, child, NULL);
#else
	return vfs_rmdir(idmap, dir, child);
#endif
}

#endif /* _CVME_COMPAT_H */
