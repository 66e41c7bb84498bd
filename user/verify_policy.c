// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "cmd.h"
#include "verify_policy.h"

const char *const tcb_part_names[TCB_PARTS] = { "fmc", "bl", "tee", "snp", "ucode" };

struct opt {
	const char *name;
	bool arg;
	int (*set)(struct policy *p, const struct opt *o, const char *arg);
	int which;		/* for @set */
	size_t min, max;	/* length of a value, bytes */
};

static void add_value(struct values *to, const void *p, size_t len)
{
	struct buf *more = xalloc((to->n + 1) * sizeof(*more));

	if (to->n)
		memcpy(more, to->v, to->n * sizeof(*more));
	free(to->v);
	to->v = more;
	buf_add(&more[to->n++], p, len);
}

bool values_have(const struct values *v, const void *p, size_t len)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->v[i].len == len && !memcmp(v->v[i].p, p, len))
			return true;
	return false;
}

static int hex_value(const struct opt *o, const char *arg, struct buf *out)
{
	const char *text = strncmp(arg, "0x", 2) ? arg : arg + 2, *why;
	char *name CLEANUP(free_str) = xasprintf("--%s", o->name);

	if (strchr(arg, ':')) {
		if (parse_data(name, arg, out))
			return RC_USAGE;
	} else if (hex_decode(text, strlen(text), out, &why)) {
		return fail(RC_USAGE, "%s: '%s': %s", name, arg, why);
	}
	if (out->len < o->min || out->len > o->max)
		return fail(RC_USAGE, "%s: '%s' has %zu bytes, not %zu%s", name, arg, out->len,
			    o->max, o->min < o->max ? " or less" : "");
	return RC_OK;
}

static int set_values(struct values *to, const struct opt *o, const char *arg)
{
	struct buf b CLEANUP_BUF;
	int rc = hex_value(o, arg, &b);

	if (!rc)
		add_value(to, b.p, b.len);
	return rc;
}

static int set_field(struct policy *p, const struct opt *o, const char *arg)
{
	return set_values(&p->field[o->which], o, arg);
}

static int set_qe_signer(struct policy *p, const struct opt *o, const char *arg)
{
	return set_values(&p->qe_signer, o, arg);
}

static int set_pcr(struct policy *p, const struct opt *o, const char *arg)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (end == arg || *end != ':' || n > 23)
		return fail(RC_USAGE, "--pcr: '%s' is not N:HEX with N from 0 to 23", arg);
	return set_values(&p->pcr[n], o, end + 1);
}

static int set_text(struct policy *p, const struct opt *o, const char *arg)
{
	add_value(o->which ? &p->tcb_status : &p->csp, arg, strlen(arg));
	return RC_OK;
}

static int set_data(struct policy *p, const struct opt *o, const char *arg)
{
	struct buf b CLEANUP_BUF;
	int rc = hex_value(o, arg, &b);

	if (rc)
		return rc;
	if (p->have_data)
		return fail(RC_USAGE, "--report-data or --nonce was given twice");
	memcpy(p->data, b.p, b.len);
	p->data_len = b.len;
	p->have_data = true;
	return RC_OK;
}

static int set_vmpl(struct policy *p, const struct opt *o, const char *arg)
{
	(void)o;
	p->have_vmpl = true;
	return parse_number("--vmpl", arg, 3, &p->vmpl);
}

static int set_min_tee_tcb(struct policy *p, const struct opt *o, const char *arg)
{
	buf_free(&p->min_tee_tcb);
	return hex_value(o, arg, &p->min_tee_tcb);
}

static int set_flag(struct policy *p, const struct opt *o, const char *arg)
{
	bool *const flags[] = { &p->no_binding, &p->any_code, &p->allow_debug,
				&p->allow_migration, &p->allow_sept_ve };

	(void)arg;
	*flags[o->which] = true;
	return RC_OK;
}

/* [PRODUCT:]PART=N[,PART=N]... */
static int set_min_tcb(struct policy *p, const struct opt *o, const char *arg)
{
	struct min_tcb *more = xalloc((p->n_min_tcb + 1) * sizeof(*more)), *m;
	char *copy CLEANUP(free_str) = xstrdup(arg), *text = copy, *save, *part, *colon;
	size_t i;
	u64 n;

	(void)o;
	if (p->n_min_tcb)
		memcpy(more, p->min_tcb, p->n_min_tcb * sizeof(*more));
	free(p->min_tcb);
	p->min_tcb = more;
	m = &more[p->n_min_tcb++];
	memset(m->part, 0xff, sizeof(m->part));
	colon = strchr(text, ':');
	if (colon) {
		*colon = '\0';
		if (strcasecmp(text, "Milan") && strcasecmp(text, "Genoa") &&
		    strcasecmp(text, "Turin") && strcasecmp(text, "Venice"))
			return fail(RC_USAGE, "--min-tcb: '%s' is none of Milan, Genoa, Turin, Venice", text);
		snprintf(m->product, sizeof(m->product), "%s", text);
		text = colon + 1;
	}
	for (part = strtok_r(text, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(part, '=');

		for (i = 0; eq && i < TCB_PARTS; i++)
			if ((size_t)(eq - part) == strlen(tcb_part_names[i]) &&
			    !strncmp(part, tcb_part_names[i], (size_t)(eq - part)))
				break;
		if (!eq || i == TCB_PARTS)
			return fail(RC_USAGE, "--min-tcb: '%s' is not [PRODUCT:]PART=N,... with the parts fmc, bl, tee, snp, ucode",
				    arg);
		if (parse_number("--min-tcb", eq + 1, 255, &n))
			return RC_USAGE;
		m->part[i] = (int)n;
	}
	return RC_OK;
}

static const struct opt opts[] = {
	{ "report-data", true, set_data, 0, 1, 64 },
	{ "nonce", true, set_data, 0, 1, 64 },
	{ "no-binding", false, set_flag, 0, 0, 0 },
	{ "any-code", false, set_flag, 1, 0, 0 },
	{ "allow-debug", false, set_flag, 2, 0, 0 },
	{ "allow-migration", false, set_flag, 3, 0, 0 },
	{ "allow-sept-ve", false, set_flag, 4, 0, 0 },
	{ "measurement", true, set_field, F_MEASUREMENT, 48, 48 },
	{ "id-key-digest", true, set_field, F_ID_KEY_DIGEST, 48, 48 },
	{ "author-key-digest", true, set_field, F_AUTHOR_KEY_DIGEST, 48, 48 },
	{ "host-data", true, set_field, F_HOST_DATA, 32, 32 },
	{ "family-id", true, set_field, F_FAMILY_ID, 16, 16 },
	{ "image-id", true, set_field, F_IMAGE_ID, 16, 16 },
	{ "chip-id", true, set_field, F_CHIP_ID, 64, 64 },
	{ "rtmr0", true, set_field, F_RTMR0, 48, 48 },
	{ "rtmr1", true, set_field, F_RTMR1, 48, 48 },
	{ "rtmr2", true, set_field, F_RTMR2, 48, 48 },
	{ "rtmr3", true, set_field, F_RTMR3, 48, 48 },
	{ "mrconfigid", true, set_field, F_MRCONFIGID, 48, 48 },
	{ "mrowner", true, set_field, F_MROWNER, 48, 48 },
	{ "mrownerconfig", true, set_field, F_MROWNERCONFIG, 48, 48 },
	{ "mrseam", true, set_field, F_MRSEAM, 48, 48 },
	{ "mrservicetd", true, set_field, F_MRSERVICETD, 48, 48 },
	{ "pcr", true, set_pcr, 0, 32, 32 },
	{ "qe-signer", true, set_qe_signer, 0, 32, 32 },
	{ "csp", true, set_text, 0, 0, 0 },
	{ "tcb-status", true, set_text, 1, 0, 0 },
	{ "vmpl", true, set_vmpl, 0, 0, 0 },
	{ "min-tcb", true, set_min_tcb, 0, 0, 0 },
	{ "min-tee-tcb", true, set_min_tee_tcb, 0, 1, 16 },
};

_Static_assert(ARRAY_SIZE(opts) < POLICY_OPTIONS_MAX, "POLICY_OPTIONS_MAX is too small");

const char *policy_field_name(enum policy_field f)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opts); i++)
		if (opts[i].set == set_field && opts[i].which == (int)f)
			return opts[i].name;
	return "?";
}

size_t policy_options(struct option *out, int first)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opts); i++)
		out[i] = (struct option){ opts[i].name, opts[i].arg, NULL, first + (int)i };
	return i;
}

int policy_option(struct policy *p, int index, const char *arg)
{
	return opts[index].set(p, &opts[index], arg);
}

static int from_json(struct policy *p, const struct opt *o, struct json_object *val)
{
	size_t i, n;
	int rc = RC_OK;

	if (!o->arg) {
		if (!json_object_is_type(val, json_type_boolean))
			return fail(RC_USAGE, "policy: \"%s\" is true or false", o->name);
		return json_object_get_boolean(val) ? o->set(p, o, NULL) : RC_OK;
	}
	if (json_object_is_type(val, json_type_array)) {
		n = json_object_array_length(val);
		for (i = 0; !rc && i < n; i++)
			rc = from_json(p, o, json_object_array_get_idx(val, i));
		return rc;
	}
	if (!json_object_is_type(val, json_type_string) && !json_object_is_type(val, json_type_int))
		return fail(RC_USAGE, "policy: \"%s\" is a text or a number, or a list of them", o->name);
	return o->set(p, o, json_object_get_string(val));
}

int policy_file(struct policy *p, const char *path)
{
	struct json_tokener *tok = json_tokener_new_ex(8);
	struct json_object *o = NULL;
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, 1024 * 1024, &b);
	size_t i;

	if (!rc && tok) {
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
		o = json_tokener_parse_ex(tok, (const char *)b.p, (int)b.len);
	}
	json_tokener_free(tok);
	if (!rc && !json_object_is_type(o, json_type_object))
		rc = fail(RC_USAGE, "--policy: %s is no JSON object", path);
	if (!rc) {
		json_object_object_foreach(o, key, val) {
			for (i = 0; i < ARRAY_SIZE(opts) && strcmp(opts[i].name, key); i++)
				;
			if (i == ARRAY_SIZE(opts))
				rc = fail(RC_USAGE, "--policy: %s: there is no option \"%s\"", path, key);
			else
				rc = from_json(p, &opts[i], val);
			if (rc)
				break;
		}
	}
	json_object_put(o);
	return rc;
}

static void values_free(struct values *v)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		buf_free(&v->v[i]);
	free(v->v);
}

void policy_free(struct policy *p)
{
	size_t i;

	for (i = 0; i < POLICY_FIELDS; i++)
		values_free(&p->field[i]);
	for (i = 0; i < ARRAY_SIZE(p->pcr); i++)
		values_free(&p->pcr[i]);
	values_free(&p->qe_signer);
	values_free(&p->tcb_status);
	values_free(&p->csp);
	buf_free(&p->min_tee_tcb);
	free(p->min_tcb);
	*p = (struct policy){ 0 };
}
