/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An entry of ours under tsm/report in configfs: what a program would make
 * with mkdir, and use by writing inblob and reading outblob.
 */
#ifndef _CVME_TSM_ENTRY_H
#define _CVME_TSM_ENTRY_H

#include <linux/path.h>
#include <linux/types.h>

#include "evidence.h"

struct file;

/* Attributes that every request opens: inblob, outblob, auxblob, generation */
#define CVME_TSM_KEPT	4

/**
 * struct cvme_tsm_entry - one directory under tsm/report
 * @live: it exists
 * @name: its name
 * @parent: tsm/report, with references: removing an entry must not need memory
 *	for finding it
 * @dir: the directory, with references; attributes are looked up from here
 * @kept: paths of the attributes that every request opens, with references;
 *	empty before the first request
 * @driver: the TSM provider that stood behind it when it was made
 * @node: the driver's own device node, held open where it has one: the drivers
 *	free their state before TSM forgets them, so an unload during a
 *	request would be a use after free
 * @floor: lowest privlevel
 * @caps: CVM_EVIDENCE_CAP_*, by the attributes that are visible
 * @has_manifest: there is a manifestblob
 * @stores: attributes written, which is what generation must say
 * @privlevel: the one last written, CVM_EVIDENCE_PRIVLEVEL_DEFAULT for none
 *
 * An entry left behind keeps the driver from being loaded again, so an entry
 * lives only while requests flow. Its strings stay valid after its removal.
 * Worker only.
 */
struct cvme_tsm_entry {
	bool live;
	char name[40];
	struct path parent;
	struct path dir;
	struct path kept[CVME_TSM_KEPT];
	char driver[32];
	struct file *node;
	u32 floor;
	u32 caps;
	bool has_manifest;
	u64 stores;
	u32 privlevel;
};

int cvme_tsm_make(struct cvme_tsm_entry *entry);
void cvme_tsm_drop(struct cvme_tsm_entry *entry);
bool cvme_tsm_holds(const char *driver);
bool cvme_tsm_provider_gone(struct cvme_tsm_entry *entry);
int cvme_tsm_store(struct cvme_tsm_entry *entry, const char *attr,
		   const void *buf, size_t len);
int cvme_tsm_read(struct cvme_tsm_entry *entry, const char *attr, size_t guess,
		  size_t max, struct cvme_buf *out);
int cvme_tsm_check_generation(struct cvme_tsm_entry *entry);

#endif
