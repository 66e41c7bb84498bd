// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/user_namespace.h>

#include "compat.h"
#include "state.h"
#include "subject.h"

/* The unified cgroup of current, or its ancestor at @depth if it is deeper */
static u64 cgroup_id_of_current(unsigned int depth)
{
	u64 id = 0;

#ifdef CONFIG_CGROUPS
	struct cgroup *cgrp, *ancestor;

	rcu_read_lock();
	cgrp = task_dfl_cgroup(current);
	ancestor = cgroup_ancestor(cgrp, min_t(unsigned int, depth, INT_MAX));
	id = cgroup_id(ancestor ?: cgrp);
	rcu_read_unlock();
#endif
	return id;
}

/*
 * A container maps a range of uids. A program that is set-uid root, as
 * bubblewrap or firejail can be, makes a namespace for the user who runs it, and
 * maps single uids only: the user's, and with bubblewrap's --dev that of nobody.
 */
static bool has_range(const struct user_namespace *ns)
{
	const struct uid_gid_map *map = &ns->uid_map;
	u32 extents = READ_ONCE(map->nr_extents), i;

	/* pairs with map_write()'s smp_wmb(); it writes a map once */
	smp_rmb();
	if (extents > UID_GID_MAP_MAX_BASE_EXTENTS)
		return true;
	for (i = 0; i < extents; i++)
		if (map->extent[i].count > 1)
			return true;
	return false;
}

/**
 * cvme_share_key_of - find the share that an open file's requests belong to
 * @cred: credentials of the opener
 * @key: filled
 *
 * Users can make nested user namespaces and delegated cgroups at will, so
 * neither may give them more shares. Inside user namespaces the owner of the
 * outermost one counts. If that is root, it is that namespace itself, but only
 * if a range is mapped there, which takes CAP_SETUID: root without capabilities
 * can make any number of others. Processes of root count by their cgroup at the
 * depth where root delegates; cgroups below do not count.
 *
 * The number of a namespace may come again when it is gone, and then its debt
 * is the next one's.
 */
void cvme_share_key_of(const struct cred *cred, struct cvme_share_key *key)
{
	struct user_namespace *ns = cred->user_ns, *outermost = NULL;
	kuid_t uid = cred->uid;
	bool by_root;

	for (; ns != &init_user_ns; ns = ns->parent)
		outermost = ns;
	by_root = outermost && uid_eq(outermost->owner, GLOBAL_ROOT_UID);
	if (outermost && !by_root)
		uid = outermost->owner;

	if (by_root && has_range(outermost)) {
		key->kind = CVME_SHARE_USERNS;
		key->id = outermost->ns.inum;
	} else if (!uid_eq(uid, GLOBAL_ROOT_UID)) {
		key->kind = CVME_SHARE_UID;
		key->id = from_kuid(&init_user_ns, uid);
	} else {
		key->kind = CVME_SHARE_CGROUP;
		key->id = cgroup_id_of_current(READ_ONCE(cvme_share_depth));
	}
}

/**
 * cvme_subject_fill - record who current is
 * @who: filled
 *
 * Context: a process, or a kernel thread, which has no executable.
 */
void cvme_subject_fill(struct cvme_subject *who)
{
	struct file *exe = current->mm ? get_mm_exe_file(current->mm) : NULL;

	memset(who, 0, sizeof(*who));
	who->pid = task_tgid_nr(current);
	who->start_time = current->group_leader->start_boottime;
	who->uid = from_kuid(&init_user_ns, current_uid());
	who->loginuid = from_kuid(&init_user_ns, audit_get_loginuid(current));
	who->session = audit_get_sessionid(current);
	get_task_comm(who->comm, current);
	who->cgroup = cgroup_id_of_current(UINT_MAX);
	if (exe) {
		const struct inode *inode = file_inode(exe);

		who->exe_major = MAJOR(inode->i_sb->s_dev);
		who->exe_minor = MINOR(inode->i_sb->s_dev);
		who->exe_inode = inode->i_ino;
		fput(exe);
	}
}
