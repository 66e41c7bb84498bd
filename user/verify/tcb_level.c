// SPDX-License-Identifier: GPL-2.0-only
/*
 * The level of Intel's lists that a platform, its TDX module or its quoting
 * enclave reaches: the verdict on it, and the diagnosis: what is behind, by how
 * much, since when, and which advisories that leaves open.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "verify/verify.h"

struct tcb_level *tcb_level_new(struct verify *v, const char *of)
{
	struct tcb_level *more = xalloc((v->n_levels + 1) * sizeof(*more));

	if (v->n_levels)
		memcpy(more, v->levels, v->n_levels * sizeof(*more));
	free(v->levels);
	v->levels = more;
	more[v->n_levels].of = xstrdup(of);
	return &more[v->n_levels++];
}

void tcb_behind(struct tcb_level *l, const char *component, u32 have, u32 need)
{
	struct behind *more = xalloc((l->n_behind + 1) * sizeof(*more));

	if (l->n_behind)
		memcpy(more, l->behind, l->n_behind * sizeof(*more));
	free(l->behind);
	l->behind = more;
	more[l->n_behind++] = (struct behind){ xstrdup(component), have, need };
}

static char *advisories_of(struct json_object *level)
{
	struct json_object *list;
	struct buf b CLEANUP_BUF;
	size_t i, n = 0;

	if (json_object_object_get_ex(level, "advisoryIDs", &list) &&
	    json_object_is_type(list, json_type_array))
		n = json_object_array_length(list);
	for (i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (json_object_is_type(one, json_type_string))
			buf_printf(&b, "%s%s", b.len ? " " : "", json_object_get_string(one));
	}
	return b.len ? xstrdup((char *)b.p) : NULL;
}

/* "OutOfDate of 2024-03-13, INTEL-SA-1; PCESVN is 10, the newest level has 11" */
static void say(const struct tcb_level *l, struct buf *b)
{
	size_t i;

	buf_add_str(b, l->status ? l->status : "it is below every level that Intel lists");
	if (l->date)
		buf_printf(b, ", of %.10s", l->date);
	if (l->advisories)
		buf_printf(b, ", open: %s", l->advisories);
	for (i = 0; i < l->n_behind; i++)
		buf_printf(b, "; %s is %u, %u below the newest level's %u", l->behind[i].component,
			   l->behind[i].have, l->behind[i].need - l->behind[i].have,
			   l->behind[i].need);
}

static void judge_date(struct verify *v, const struct tcb_level *l)
{
	char *check CLEANUP(free_str) = xasprintf("TCB date of the %s", l->of);
	char wanted[32];
	struct tm tm;
	time_t t;

	if (!v->policy.given[ASK_MIN_TCB_DATE])
		return;
	strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&v->policy.min_tcb_date, &tm));
	/* the dates of the module and the enclave say nothing of the platform's */
	if (!strcmp(l->of, "platform"))
		answered(v, ASK_MIN_TCB_DATE);
	if (!l->date || !parse_time(l->date, true, &t))
		failed(v, APPRAISED, check, "its level has no date that can be read; %s is asked for", wanted);
	else
		judged(v, APPRAISED, t >= v->policy.min_tcb_date, check,
		       "its level dates from %s, %s is asked for", l->date, wanted);
}

bool tcb_status_is_allowed(const struct verify *v, const char *status)
{
	const struct values *wanted = &v->policy.value[ASK_TCB_STATUS];

	return wanted->n ? values_have(wanted, status, strlen(status)) : !strcmp(status, "UpToDate");
}

void tcb_level_judge(struct verify *v, struct tcb_level *l, struct json_object *level,
		     const char *relaunch)
{
	char *check CLEANUP(free_str) = xasprintf("TCB status of the %s", l->of);
	const char *status = level ? json_get_text(level, "tcbStatus") : NULL;
	struct buf text CLEANUP_BUF;
	bool good = false;

	if (status) {
		const char *date = json_get_text(level, "tcbDate");

		if (relaunch && !strncmp(status, "OutOfDate", 9))
			status = relaunch;
		l->status = xstrdup(status);
		l->date = date ? xstrdup(date) : NULL;
		l->advisories = advisories_of(level);
		good = tcb_status_is_allowed(v, status);
	}
	say(l, &text);
	if (status && status == relaunch)
		buf_add_str(&text, "; the platform was updated since: launch the TD again");
	/* whatever is allowed */
	if (status && !strcmp(status, "Revoked"))
		failed(v, GENUINE, check, "Intel revoked it: %s", (char *)text.p);
	else
		judged(v, APPRAISED, good, check, "%s", (char *)text.p);
	judge_date(v, l);
}

void tcb_levels_free(struct verify *v)
{
	size_t i, k;

	for (i = 0; i < v->n_levels; i++) {
		struct tcb_level *l = &v->levels[i];

		for (k = 0; k < l->n_behind; k++)
			free(l->behind[k].component);
		free(l->behind);
		free(l->of);
		free(l->status);
		free(l->date);
		free(l->advisories);
	}
	free(v->levels);
	v->levels = NULL;
	v->n_levels = 0;
}

/* For programs; a person reads the same in the checks */
