/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * doctor: files (doctor_files.c) and facts that no file has (doctor_facts.c) are
 * read through one place, so that what was read can be kept in a bundle and the
 * checks (doctor_checks.c, doctor_disk.c) run on a bundle as on a machine.
 */
#ifndef CVM_CLI_DOCTOR_H
#define CVM_CLI_DOCTOR_H

#include "base/json.h"
#include "base/tree.h"

/* Where a bundle has the facts, below its root */
#define DOCTOR_STATUS	"/.doctor/status.json"
#define DOCTOR_FACTS	"/.doctor/facts.json"

enum seen_type { SEEN_FILE, SEEN_LINK, SEEN_DIR };

struct seen {
	struct seen *next;
	enum seen_type type;
	char *path;
	struct buf data;	/* of a file; where a link leads to */
};

struct files {
	const char *root;	/* NULL: this machine */
	struct seen *seen;	/* newest first */
};

/* False when it is not there or not readable. What was read is remembered. */
bool files_read(struct files *f, const char *path, struct buf *out);
/* The first line, without its end; NULL when there is none. The caller frees it. */
char *files_line(struct files *f, const char *path);
char *files_link(struct files *f, const char *path);
bool files_exists(struct files *f, const char *path);
/* Calls @fn for each name in a directory until it returns true, which is returned */
bool files_each(struct files *f, const char *path, bool (*fn)(void *arg, const char *name),
		void *arg);
/* Remembers what did not come from a file */
void files_add(struct files *f, const char *path, const char *text);
/* A tar archive of all that was read, without what identifies the machine */
int files_bundle(const struct files *f, const char *path);
void files_free(struct files *f);

/* JSON objects that the caller puts */
struct json_object *facts_status(const char *device, const char *tpm);
struct json_object *facts_rest(const char *device, const char *tpm, bool evidence);

enum verdict_of_doctor { DOC_OK, DOC_WARN, DOC_FAIL, DOC_NA, DOC_VERDICTS };

struct doctor {
	struct files files;
	struct json_object *status, *facts;	/* NULL: unknown */
	const char *min_tcb;			/* PART=N,... */
	struct span min_tee_tcb;
	bool fix;
	bool quiet;				/* JSON at the end */
	struct node *list;
	unsigned int count[DOC_VERDICTS];
};

/* @remedy may be NULL */
void doctor_say(struct doctor *d, const char *check, enum verdict_of_doctor v, const char *remedy,
		const char *fmt, ...) PRINTF(5, 6);
/* The member at a path of keys joined by dots; NULL */
struct json_object *doctor_get(struct json_object *o, const char *path);
const char *doctor_text(struct json_object *o, const char *path);
/* 1, 0, or -1 if it is not a boolean */
int doctor_bool(struct json_object *o, const char *path);

void doctor_checks(struct doctor *d);
void doctor_evidence(struct doctor *d);
void doctor_disk(struct doctor *d);

#endif
