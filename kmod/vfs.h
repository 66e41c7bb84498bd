/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private mounts of configfs, devtmpfs and sysfs, and what we do in them. A
 * mount of our own works whether or not anybody mounted the filesystem, and
 * nobody can mount over it. The module uses files only here, because future
 * kernels are most likely to restrict this.
 */
#ifndef _CVME_VFS_H
#define _CVME_VFS_H

#include <linux/fs.h>
#include <linux/path.h>

#include "evidence.h"

int cvme_vfs_init(void);
void cvme_vfs_exit(void);

struct vfsmount *cvme_configfs(void);
struct path cvme_root_of(struct vfsmount *mnt);
void cvme_close(struct file *file);
ssize_t cvme_read_file(const struct path *dir, const char *name,
		       struct path *kept, void *buf, size_t size);
int cvme_read_blob(const struct path *dir, const char *name, struct path *kept,
		   size_t guess, size_t max, struct cvme_buf *out);
int cvme_write_file(const struct path *dir, const char *name,
		    struct path *kept, const void *buf, size_t len);
int cvme_make_private(const struct path *dir, const char *name);
int cvme_mkdir(const struct path *dir, const char *name, bool *made);
int cvme_rmdir(const struct path *dir, const char *name);
bool cvme_module_live(const char *name);
int cvme_sysfs_number(const char *path);
struct file *cvme_node_open(const char *node, const char *driver, bool builtin);

#endif /* _CVME_VFS_H */
