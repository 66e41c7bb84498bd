// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/debugfs.h>

#include "live.h"

struct cvme_live cvme_live;
static struct dentry *dir;

/* debugfs may be missing: only the tests need it, to see leaks */
void cvme_live_init(void)
{
	dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_atomic_t("live_files", 0400, dir, &cvme_live.files);
	debugfs_create_atomic_t("live_requests", 0400, dir,
				&cvme_live.requests);
	debugfs_create_atomic_t("live_blobs", 0400, dir, &cvme_live.blobs);
	debugfs_create_atomic_t("live_entries", 0400, dir, &cvme_live.entries);
}

void cvme_live_exit(void)
{
	debugfs_remove_recursive(dir);
}
