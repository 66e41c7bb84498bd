// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/err.h>
#include <linux/namei.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "compat.h"
#include "live.h"
#include "tsm_entry.h"
#include "vfs.h"

#define TSM_DIR		"tsm/report"
/* How often to try when root keeps removing our entries */
#define MAKE_TRIES	3
/* How often to retry a removal that failed for want of memory, every 20 ms */
#define DROP_TRIES	50

/*
 * What TSM does not tell about a driver, by the driver's name: its own device
 * node, and that it shows attributes which it ignores.
 */
static const struct known_driver {
	const char *name;
	const char *node;
	bool builtin;
	bool only_inblob;
} known_drivers[] = {
	{ "sev_guest", "sev-guest", IS_BUILTIN(CONFIG_SEV_GUEST), false },
	{ "tdx_guest", "tdx_guest", IS_BUILTIN(CONFIG_TDX_GUEST_DRIVER), false },
	{ "arm_cca_guest", NULL, false, true },
};

/* The driver behind our live entry, or "" */
static DEFINE_SPINLOCK(held_lock);
static char held_driver[sizeof_field(struct cvme_tsm_entry, driver)];

static void set_held(const char *driver)
{
	spin_lock(&held_lock);
	strscpy(held_driver, driver, sizeof(held_driver));
	spin_unlock(&held_lock);
}

/* True if @driver is the driver of our live entry */
bool cvme_tsm_holds(const char *driver)
{
	bool ret;

	spin_lock(&held_lock);
	ret = !strcmp(held_driver, driver);
	spin_unlock(&held_lock);
	return ret;
}

static const struct known_driver *known_driver(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known_drivers); i++)
		if (!strcmp(known_drivers[i].name, name))
			return &known_drivers[i];
	return NULL;
}

static int tsm_dir(struct path *dir)
{
	struct vfsmount *mnt = cvme_configfs();

	return vfs_path_lookup(mnt->mnt_root, mnt, TSM_DIR,
			       LOOKUP_FOLLOW | LOOKUP_DIRECTORY, dir);
}

static struct path *kept_path(struct cvme_tsm_entry *entry, const char *attr)
{
	static const char *const attrs[CVME_TSM_KEPT] = {
		"inblob", "outblob", "auxblob", "generation",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		if (!strcmp(attrs[i], attr))
			return &entry->kept[i];
	return NULL;
}

static void put_kept(struct cvme_tsm_entry *entry)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(entry->kept); i++)
		if (entry->kept[i].dentry)
			path_put(&entry->kept[i]);
	memset(entry->kept, 0, sizeof(entry->kept));
}

static ssize_t read_text(struct cvme_tsm_entry *entry, const char *attr,
			 char *buf, size_t size)
{
	ssize_t n;

	n = cvme_read_file(&entry->dir, attr, kept_path(entry, attr), buf,
			   size - 1);
	if (n < 0)
		return n;
	buf[n] = 0;
	strim(buf);
	return n;
}

static int read_number(struct cvme_tsm_entry *entry, const char *attr, u64 *val)
{
	char text[24];
	ssize_t n;

	n = read_text(entry, attr, text, sizeof(text));
	if (n < 0)
		return n;
	return kstrtou64(text, 10, val);
}

/*
 * TSM decides by provider which attributes an entry has.
 *
 * Return: 1 or 0, or a negative errno if that is not known.
 */
static int has_attr(const struct cvme_tsm_entry *entry, const char *attr)
{
	struct path path;
	int err;

	err = vfs_path_lookup(entry->dir.dentry, entry->dir.mnt, attr, 0,
			      &path);
	if (err)
		return err == -ENOENT ? 0 : err;
	path_put(&path);
	return 1;
}

static int learn_attrs(struct cvme_tsm_entry *entry)
{
	static const struct {
		const char *attr;
		u32 cap;
	} attrs[] = {
		{ "privlevel", CVM_EVIDENCE_CAP_PRIVLEVEL },
		{ "service_provider", CVM_EVIDENCE_CAP_SERVICE },
		{ "auxblob", CVM_EVIDENCE_CAP_CERTS },
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		ret = has_attr(entry, attrs[i].attr);
		if (ret < 0)
			return ret;
		if (ret)
			entry->caps |= attrs[i].cap;
	}
	ret = has_attr(entry, "manifestblob");
	if (ret < 0)
		return ret;
	entry->has_manifest = ret;
	return 0;
}

static int hold_driver(struct cvme_tsm_entry *entry,
		       const struct known_driver *known)
{
	struct file *node;

	if (!known || !known->node)
		return cvme_module_live(entry->driver) ? 0 : -EAGAIN;
	node = cvme_node_open(known->node, known->name, known->builtin);
	if (IS_ERR(node))
		return PTR_ERR(node) == -ENOMEM ? -ENOMEM : -EAGAIN;
	entry->node = node;
	return 0;
}

static int learn(struct cvme_tsm_entry *entry)
{
	const struct known_driver *known;
	u64 floor = 0;
	int err;

	err = read_text(entry, "provider", entry->driver,
			sizeof(entry->driver));
	if (err < 0)
		return err;
	/* set this first: an unload of the driver waits, or is noticed below */
	set_held(entry->driver);
	known = known_driver(entry->driver);
	err = hold_driver(entry, known);
	if (err)
		return err;
	if (known && known->only_inblob)
		return 0;

	err = learn_attrs(entry);
	if (err)
		return err;
	if (entry->caps & CVM_EVIDENCE_CAP_PRIVLEVEL) {
		err = read_number(entry, "privlevel_floor", &floor);
		if (err)
			return err;
	}
	entry->floor = floor;
	return 0;
}

/*
 * The entry has the requester's evidence, and a read may call the firmware. A
 * process that entered the directory before its mode was changed may hold an
 * attribute by O_PATH, and could open it again and again.
 */
static int make_private(const struct cvme_tsm_entry *entry)
{
	static const char *const blobs[] = {
		"outblob", "auxblob", "manifestblob",
	};
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(blobs); i++) {
		err = cvme_make_private(&entry->dir, blobs[i]);
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

static int make_once(struct cvme_tsm_entry *entry, const struct path *dir)
{
	int err;

	memset(entry, 0, sizeof(*entry));
	entry->privlevel = CVM_EVIDENCE_PRIVLEVEL_DEFAULT;

	/* the name shows root whose entry it is; nobody can guess it */
	snprintf(entry->name, sizeof(entry->name), "cvm_evidence.%016llx",
		 get_random_u64());
	err = cvme_mkdir(dir, entry->name, &entry->live);
	if (!entry->live)
		return err;
	entry->parent = *dir;
	path_get(&entry->parent);
	atomic_inc(&cvme_live.entries);

	if (!err)
		err = vfs_path_lookup(dir->dentry, dir->mnt, entry->name,
				      LOOKUP_DIRECTORY, &entry->dir);
	if (!err)
		err = make_private(entry);
	if (!err)
		err = learn(entry);
	if (err)
		cvme_tsm_drop(entry);
	/* we made the entry, so somebody removed it in between */
	return err == -ENOENT ? -ESTALE : err;
}

/**
 * cvme_tsm_make - make an entry and hold its driver
 * @entry: filled
 *
 * Only one entry may exist at a time.
 *
 * Return: 0; -ENOENT no TSM, -ENXIO no provider, -EAGAIN the provider's driver
 * is not ready or going, -ESTALE somebody keeps removing it, or an error of
 * configfs.
 */
int cvme_tsm_make(struct cvme_tsm_entry *entry)
{
	struct path dir;
	int err, tries = 0;

	memset(entry, 0, sizeof(*entry));
	err = tsm_dir(&dir);
	if (err)
		return err;
	do {
		err = make_once(entry, &dir);
	} while (err == -ESTALE && ++tries < MAKE_TRIES);
	path_put(&dir);
	return err;
}

/**
 * cvme_tsm_drop - remove an entry, then release its driver
 * @entry: may be one that is not live
 */
void cvme_tsm_drop(struct cvme_tsm_entry *entry)
{
	int err, tries = 0;

	if (!entry->live)
		return;
	put_kept(entry);
	path_put(&entry->dir);
	/* nothing else would ever remove it */
	do {
		err = cvme_rmdir(&entry->parent, entry->name);
	} while (err == -ENOMEM && ++tries < DROP_TRIES &&
		 !schedule_timeout_idle(HZ / 50));
	path_put(&entry->parent);
	/* root may have removed it before us */
	if (err && err != -ENOENT)
		pr_warn("cannot remove configfs entry %s/%s: error %d\n",
			TSM_DIR, entry->name, err);
	if (entry->node)
		cvme_close(entry->node);
	entry->node = NULL;
	entry->live = false;
	set_held("");
	atomic_dec(&cvme_live.entries);
}

bool cvme_tsm_provider_gone(struct cvme_tsm_entry *entry)
{
	char name[sizeof(entry->driver)];

	return read_text(entry, "provider", name, sizeof(name)) < 0 ||
	       strcmp(name, entry->driver);
}

/**
 * cvme_tsm_store - write an attribute
 * @entry: live
 * @attr: its name
 * @buf: the value
 * @len: bytes at @buf
 *
 * Return: 0 or a negative errno, after which the entry must be removed: some
 * failing writes count in its generation, some do not.
 */
int cvme_tsm_store(struct cvme_tsm_entry *entry, const char *attr,
		   const void *buf, size_t len)
{
	int err;

	err = cvme_write_file(&entry->dir, attr, kept_path(entry, attr), buf,
			      len);
	if (!err)
		entry->stores++;
	return err;
}

int cvme_tsm_read(struct cvme_tsm_entry *entry, const char *attr, size_t guess,
		  size_t max, struct cvme_buf *out)
{
	return cvme_read_blob(&entry->dir, attr, kept_path(entry, attr), guess,
			      max, out);
}

/**
 * cvme_tsm_check_generation - detect concurrent writers
 * @entry: live
 *
 * Call this after the blobs were read: TSM makes a new report when an attribute
 * has changed, and reports no conflict. Only the generation shows another
 * writer or an inblob whose commit failed.
 *
 * Return: 0, -EAGAIN when somebody else wrote, or an error of configfs.
 */
int cvme_tsm_check_generation(struct cvme_tsm_entry *entry)
{
	u64 generation;
	int err;

	err = read_number(entry, "generation", &generation);
	if (err)
		return err;
	return generation == entry->stores ? 0 : -EAGAIN;
}
