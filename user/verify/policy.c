// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/jws.h"
#include "base/parse.h"
#include "verify/bits.h"
#include "verify/policy.h"

const char *const tcb_part_names[TCB_PARTS] = { "fmc", "bl", "tee", "snp", "ucode" };

struct opt {
	const char *name;
	enum ask ask;
	int (*set)(struct policy *p, const struct opt *o, const char *arg);
	size_t min, max;	/* length of a value in bytes, or its range */
	u8 flags;
};

enum { NO_ARG = 1, MANY = 2, NUMBER = 4 };

static void add_value(struct values *to, const void *p, size_t len)
{
	to->v = xgrow(to->v, to->n, sizeof(*to->v));
	buf_add(&to->v[to->n++], p, len);
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
		int rc = parse_data(name, arg, out);

		/* a file that cannot be read is no mistake in the command line */
		if (rc)
			return rc;
	} else if (hex_decode(text, strlen(text), out, &why)) {
		return fail(RC_USAGE, "%s: '%s': %s", name, arg, why);
	}
	if (out->len >= o->min && out->len <= o->max)
		return RC_OK;
	if (o->min < o->max)
		return fail(RC_USAGE, "%s: '%s': the length is %zu bytes, not %zu to %zu", name, arg,
			    out->len, o->min, o->max);
	return fail(RC_USAGE, "%s: '%s': the length is %zu bytes, not %zu", name, arg, out->len,
		    o->max);
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
	struct buf b CLEANUP_BUF;
	int rc = hex_value(o, arg, &b);

	if (rc)
		return rc;
	/* every guest that was launched without such a key has zeros */
	if ((o->ask == ASK_ID_KEY_DIGEST || o->ask == ASK_AUTHOR_KEY_DIGEST) && is_zero(b.p, b.len))
		return fail(RC_USAGE, "--%s: all zeros means that there was no key", o->name);
	add_value(&p->value[o->ask], b.p, b.len);
	return RC_OK;
}

/* Turin and later have 8 bytes, followed by zeros in the report */
static int set_chip_id(struct policy *p, const struct opt *o, const char *arg)
{
	struct buf b CLEANUP_BUF;
	u8 id[64] = { 0 };
	int rc = hex_value(o, arg, &b);

	if (rc)
		return rc;
	if (b.len != 8 && b.len != 64)
		return fail(RC_USAGE, "--chip-id: '%s' has %zu bytes, not 64 (or 8, of Turin and later)",
			    arg, b.len);
	memcpy(id, b.p, b.len);
	if (is_zero(id, sizeof(id)))
		return fail(RC_USAGE, "--chip-id: all zeros is a masked CHIP_ID");
	add_value(&p->value[o->ask], id, sizeof(id));
	return RC_OK;
}

/* "0" to "max", decimal and nothing else */
static int number(const struct opt *o, const char *arg, u64 max, u64 *out)
{
	*out = strtoull(arg, NULL, 10);
	if (*arg && !arg[strspn(arg, "0123456789")] && strlen(arg) <= 19 && *out <= max)
		return RC_OK;
	return fail(RC_USAGE, "--%s: '%s' is not a number from 0 to %llu", o->name, arg,
		    (unsigned long long)max);
}

/* MEASUREMENT[:SIGNER], each a hash; kept as text in lower case */
static int set_sw_component(struct policy *p, const struct opt *o, const char *arg)
{
	char *text CLEANUP(free_str) = NULL;
	const char *at = arg, *why;
	int parts;

	for (parts = 0; parts < 2; parts++) {
		size_t len = strcspn(at, ":");
		struct buf b CLEANUP_BUF;
		char *hex CLEANUP(free_str) = NULL, *before CLEANUP(free_str) = text;

		text = NULL;
		if (hex_decode(at, len, &b, &why) || (b.len != 32 && b.len != 48 && b.len != 64))
			return fail(RC_USAGE, "--sw-component: '%s' is not MEASUREMENT[:SIGNER] in hex, each of 32, 48 or 64 bytes", arg);
		hex = hex_encode(b.p, b.len);
		text = parts ? xasprintf("%s:%s", before, hex) : xstrdup(hex);
		at += len;
		if (!*at++)
			break;
	}
	if (parts == 2)
		return fail(RC_USAGE, "--sw-component: '%s' has more than MEASUREMENT:SIGNER", arg);
	add_value(&p->value[o->ask], text, strlen(text));
	return RC_OK;
}

static int set_pcr(struct policy *p, const struct opt *o, const char *arg)
{
	size_t digits = strspn(arg, "0123456789");
	unsigned long n = strtoul(arg, NULL, 10);

	if (!digits || digits > 2 || arg[digits] != ':' || n > 23)
		return fail(RC_USAGE, "--pcr: '%s' is not N:HEX with N from 0 to 23", arg);
	return set_values(&p->pcr[n], o, arg + digits + 1);
}

/* AMD's certificates carry the name with and without "CN=" */
static int set_csp(struct policy *p, const struct opt *o, const char *arg)
{
	if (!strncmp(arg, "CN=", 3))
		arg += 3;
	if (!*arg)
		return fail(RC_USAGE, "--csp: the name is empty");
	add_value(&p->value[o->ask], arg, strlen(arg));
	return RC_OK;
}

/* A text that is compared as it is */
static int set_text(struct policy *p, const struct opt *o, const char *arg)
{
	static const char *const tiers[] = { "affirming", "warning", "none" };
	size_t i;

	if (!*arg)
		return fail(RC_USAGE, "--%s: the value is empty", o->name);
	if (o->ask == ASK_TOKEN_ALG && !jws_alg_is_known(arg))
		return fail(RC_USAGE, "--%s: '%s' is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512",
			    o->name, arg);
	for (i = 0; o->ask == ASK_EAR_STATUS && i < ARRAY_SIZE(tiers) && strcmp(arg, tiers[i]); i++)
		;
	if (i == ARRAY_SIZE(tiers))
		return fail(RC_USAGE, "--%s: '%s' is not one of affirming, warning, none; contraindicated cannot be allowed",
			    o->name, arg);
	if (o->ask == ASK_CLAIM && (!strchr(arg, '=') || *arg == '='))
		return fail(RC_USAGE, "--%s: '%s' is not NAME=VALUE", o->name, arg);
	add_value(&p->value[o->ask], arg, strlen(arg));
	return RC_OK;
}

/* Intel's statuses, except the one that cannot be waived */
static int set_tcb_status(struct policy *p, const struct opt *o, const char *arg)
{
	static const char *const known[] = {
		"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
		"ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded",
		"TDRelaunchAdvised", "TDRelaunchAdvisedConfigurationNeeded",
	};
	struct buf names CLEANUP_BUF;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known) && strcmp(arg, known[i]); i++)
		;
	if (!strcmp(arg, "Revoked"))
		return fail(RC_USAGE, "--tcb-status: a TCB that is Revoked cannot be allowed");
	if (i == ARRAY_SIZE(known)) {
		for (i = 0; i < ARRAY_SIZE(known); i++)
			buf_printf(&names, "%s%s", i ? ", " : "", known[i]);
		return fail(RC_USAGE, "--tcb-status: '%s' is not an Intel TCB status: %s", arg, (char *)names.p);
	}
	add_value(&p->value[o->ask], arg, strlen(arg));
	return RC_OK;
}

static int set_data(struct policy *p, const struct opt *o, const char *arg)
{
	struct buf b CLEANUP_BUF;
	int rc = hex_value(o, arg, &b);

	if (rc)
		return rc;
	/* evidence without a request has zeros: a paravisor's report from boot */
	if (is_zero(b.p, b.len))
		return fail(RC_USAGE, "--%s: all zeros is the default of evidence without a nonce; it binds nothing",
			    o->name);
	memcpy(p->data, b.p, b.len);
	p->data_len = b.len;
	p->have_data = true;
	return RC_OK;
}

static int set_number(struct policy *p, const struct opt *o, const char *arg)
{
	u64 *const to = o->ask == ASK_VMPL ? &p->vmpl :
			o->ask == ASK_MANIFEST_VMPL ? &p->manifest_vmpl :
			o->ask == ASK_MIN_GUEST_SVN ? &p->min_guest_svn :
			o->ask == ASK_MIN_QE_SVN ? &p->min_qe_svn :
			o->ask == ASK_MAX_AGE ? &p->max_age :
			o->ask == ASK_MIN_PCE_SVN ? &p->min_pce_svn : &p->min_evaluation;

	return number(o, arg, o->max, to);
}

static int set_mit_vector(struct policy *p, const struct opt *o, const char *arg)
{
	u64 *const to = o->ask == ASK_MIT_VECTOR ? &p->mit_vector : &p->launch_mit_vector;
	char *end;

	if (strncmp(arg, "0x", 2) || strlen(arg) < 3 || strlen(arg) > 18)
		return fail(RC_USAGE, "--%s: '%s' must be 0x and 1 to 16 hexadecimal digits, and not zero", o->name, arg);
	*to = strtoull(arg + 2, &end, 16);
	if (*end || strspn(arg + 2, "0123456789abcdefABCDEF") != strlen(arg + 2) || !*to)
		return fail(RC_USAGE, "--%s: '%s' must be 0x and 1 to 16 hexadecimal digits, and not zero", o->name, arg);
	return RC_OK;
}

static int set_min_tee_tcb(struct policy *p, const struct opt *o, const char *arg)
{
	return hex_value(o, arg, &p->min_tee_tcb);
}

static int set_min_tcb_date(struct policy *p, const struct opt *o, const char *arg)
{
	if (parse_time(arg, true, &p->min_tcb_date))
		return RC_OK;
	return fail(RC_USAGE, "--%s: '%s' is not a date: 2025-01-31 or 2025-01-31T12:00:00Z", o->name,
		    arg);
}

/* MAJOR.MINOR or MAJOR.MINOR.BUILD, each from 0 to 255 */
static int set_min_firmware(struct policy *p, const struct opt *o, const char *arg)
{
	char *copy CLEANUP(free_str) = xstrdup(arg), *at = copy, *part;
	u64 n, v = 0;
	int i;

	for (i = 0; (part = strsep(&at, ".")); i++) {
		if (i == 3 || number(o, part, 255, &n))
			return fail(RC_USAGE, "--%s: '%s' is not MAJOR.MINOR or MAJOR.MINOR.BUILD", o->name, arg);
		v = v << 8 | n;
	}
	if (i < 2)
		return fail(RC_USAGE, "--%s: '%s' is not MAJOR.MINOR or MAJOR.MINOR.BUILD", o->name, arg);
	p->min_firmware = i == 2 ? v << 8 : v;
	return RC_OK;
}

static int set_min_policy_abi(struct policy *p, const struct opt *o, const char *arg)
{
	char *major CLEANUP(free_str) = xstrdup(arg), *minor = strchr(major, '.');
	u64 a, b;

	if (!minor)
		return fail(RC_USAGE, "--%s: '%s' is not MAJOR.MINOR", o->name, arg);
	*minor++ = '\0';
	if (number(o, major, 255, &a) || number(o, minor, 255, &b))
		return RC_USAGE;
	p->min_policy_abi = a << 8 | b;
	return RC_OK;
}

static int set_bits(struct policy *p, const struct opt *o, const char *arg)
{
	bool platform = o->ask == ASK_REQUIRE_PLATFORM || o->ask == ASK_FORBID_PLATFORM;
	u64 *const to = o->ask == ASK_REQUIRE_PLATFORM ? &p->platform_set :
			o->ask == ASK_FORBID_PLATFORM ? &p->platform_clear :
			o->ask == ASK_REQUIRE_POLICY ? &p->policy_set : &p->policy_clear;
	const struct named_bit *b = platform ? platform_bit_names : policy_bit_names;
	struct buf names CLEANUP_BUF;

	for (; b->name; b++) {
		if (!strcmp(b->name, arg)) {
			*to |= 1ULL << b->nr;
			return RC_OK;
		}
		buf_printf(&names, "%s%s", names.len ? ", " : "", b->name);
	}
	return fail(RC_USAGE, "--%s: '%s' is not one of %s", o->name, arg, (char *)names.p);
}

/* Known differences of a platform's evidence from that of plain guests */
static int set_profile(struct policy *p, const struct opt *o, const char *arg)
{
	if (strcmp(arg, "azure"))
		return fail(RC_USAGE, "--%s: '%s' is not a profile; the only one is azure", o->name, arg);
	p->azure = true;
	return RC_OK;
}

static int set_flag(struct policy *p, const struct opt *o, const char *arg)
{
	(void)arg;
	p->no_binding |= o->ask == ASK_NO_BINDING;
	p->any_code |= o->ask == ASK_ANY_CODE;
	p->allow_debug |= o->ask == ASK_ALLOW_DEBUG;
	p->allow_migration |= o->ask == ASK_ALLOW_MIGRATION;
	p->allow_sept_ve |= o->ask == ASK_ALLOW_SEPT_VE;
	p->require_committed |= o->ask == ASK_REQUIRE_COMMITTED;
	p->require_crl |= o->ask == ASK_REQUIRE_CRL;
	return RC_OK;
}

static int min_tcb_part(const struct opt *o, struct min_tcb *m, const char *part, const char *arg)
{
	const char *eq = strchr(part, '=');
	size_t i;
	u64 n;

	for (i = 0; eq && i < TCB_PARTS; i++)
		if ((size_t)(eq - part) == strlen(tcb_part_names[i]) &&
		    !strncmp(part, tcb_part_names[i], (size_t)(eq - part)))
			break;
	if (!eq || i == TCB_PARTS)
		return fail(RC_USAGE, "--min-tcb: '%s' is not [PRODUCT:]PART=N,... with the parts fmc, bl, tee, snp, ucode",
			    arg);
	if (m->part[i] >= 0)
		return fail(RC_USAGE, "--min-tcb: '%s' has %s twice", arg, tcb_part_names[i]);
	if (number(o, eq + 1, 255, &n))
		return RC_USAGE;
	m->part[i] = (int)n;
	return RC_OK;
}

/* [PRODUCT:]PART=N[,PART=N]... */
static int set_min_tcb(struct policy *p, const struct opt *o, const char *arg)
{
	struct min_tcb *m;
	char *copy CLEANUP(free_str) = xstrdup(arg), *text = copy, *part, *colon;
	int rc = RC_OK;

	p->min_tcb = xgrow(p->min_tcb, p->n_min_tcb, sizeof(*p->min_tcb));
	m = &p->min_tcb[p->n_min_tcb++];
	memset(m->part, 0xff, sizeof(m->part));
	colon = strchr(text, ':');
	if (colon) {
		*colon = '\0';
		if (strcasecmp(text, "Milan") && strcasecmp(text, "Genoa") &&
		    strcasecmp(text, "Turin") && strcasecmp(text, "Venice"))
			return fail(RC_USAGE, "--min-tcb: '%s' is not one of Milan, Genoa, Turin, Venice", text);
		snprintf(m->product, sizeof(m->product), "%s", text);
		text = colon + 1;
	}
	/* an empty part is an error, as an empty string is */
	while (!rc && (part = strsep(&text, ",")))
		rc = min_tcb_part(o, m, part, arg);
	return rc;
}

static const struct opt opts[] = {
	{ "report-data", ASK_DATA, set_data, 1, 64, 0 },
	{ "nonce", ASK_DATA, set_data, 1, 64, 0 },
	{ "no-binding", ASK_NO_BINDING, set_flag, 0, 0, NO_ARG },
	{ "any-code", ASK_ANY_CODE, set_flag, 0, 0, NO_ARG },
	{ "profile", ASK_PROFILE, set_profile, 0, 0, 0 },
	{ "allow-debug", ASK_ALLOW_DEBUG, set_flag, 0, 0, NO_ARG },
	{ "allow-migration", ASK_ALLOW_MIGRATION, set_flag, 0, 0, NO_ARG },
	{ "allow-sept-ve", ASK_ALLOW_SEPT_VE, set_flag, 0, 0, NO_ARG },
	{ "measurement", ASK_MEASUREMENT, set_field, 48, 48, MANY },
	{ "id-key-digest", ASK_ID_KEY_DIGEST, set_field, 48, 48, MANY },
	{ "author-key-digest", ASK_AUTHOR_KEY_DIGEST, set_field, 48, 48, MANY },
	{ "host-data", ASK_HOST_DATA, set_field, 32, 32, MANY },
	{ "family-id", ASK_FAMILY_ID, set_field, 16, 16, MANY },
	{ "image-id", ASK_IMAGE_ID, set_field, 16, 16, MANY },
	{ "report-id", ASK_REPORT_ID, set_field, 32, 32, MANY },
	{ "report-id-ma", ASK_REPORT_ID_MA, set_field, 32, 32, MANY },
	{ "chip-id", ASK_CHIP_ID, set_chip_id, 8, 64, MANY },
	{ "rtmr0", ASK_RTMR0, set_field, 48, 48, MANY },
	{ "rtmr1", ASK_RTMR1, set_field, 48, 48, MANY },
	{ "rtmr2", ASK_RTMR2, set_field, 48, 48, MANY },
	{ "rtmr3", ASK_RTMR3, set_field, 48, 48, MANY },
	{ "mrconfigid", ASK_MRCONFIGID, set_field, 48, 48, MANY },
	{ "mrowner", ASK_MROWNER, set_field, 48, 48, MANY },
	{ "mrownerconfig", ASK_MROWNERCONFIG, set_field, 48, 48, MANY },
	{ "mrseam", ASK_MRSEAM, set_field, 48, 48, MANY },
	{ "mrservicetd", ASK_MRSERVICETD, set_field, 48, 48, MANY },
	{ "xfam", ASK_XFAM, set_field, 8, 8, MANY },
	{ "td-attributes", ASK_TDATTRIBUTES, set_field, 8, 8, MANY },
	{ "ppid", ASK_PPID, set_field, 16, 16, MANY },
	{ "platform-instance-id", ASK_PLATFORM_INSTANCE, set_field, 16, 16, MANY },
	{ "rim", ASK_RIM, set_field, 32, 64, MANY },
	{ "rem0", ASK_REM0, set_field, 32, 64, MANY },
	{ "rem1", ASK_REM1, set_field, 32, 64, MANY },
	{ "rem2", ASK_REM2, set_field, 32, 64, MANY },
	{ "rem3", ASK_REM3, set_field, 32, 64, MANY },
	{ "rpv", ASK_RPV, set_field, 64, 64, MANY },
	{ "implementation-id", ASK_IMPLEMENTATION_ID, set_field, 32, 32, MANY },
	{ "instance-id", ASK_INSTANCE_ID, set_field, 33, 33, MANY },
	{ "platform-config", ASK_PLATFORM_CONFIG, set_field, 1, 4096, MANY },
	{ "sw-component", ASK_SW_COMPONENT, set_sw_component, 0, 0, MANY },
	{ "qe-signer", ASK_QE_SIGNER, set_field, 32, 32, MANY },
	{ "pcr", ASK_PCR, set_pcr, 32, 32, MANY },
	{ "issuer", ASK_ISSUER, set_text, 0, 0, MANY },
	{ "audience", ASK_AUDIENCE, set_text, 0, 0, MANY },
	{ "token-alg", ASK_TOKEN_ALG, set_text, 0, 0, MANY },
	{ "ear-status", ASK_EAR_STATUS, set_text, 0, 0, MANY },
	{ "claim", ASK_CLAIM, set_text, 0, 0, MANY },
	{ "max-age", ASK_MAX_AGE, set_number, 0, INT32_MAX, NUMBER },
	{ "csp", ASK_CSP, set_csp, 0, 0, MANY },
	{ "tcb-status", ASK_TCB_STATUS, set_tcb_status, 0, 0, MANY },
	{ "vmpl", ASK_VMPL, set_number, 0, 3, NUMBER },
	{ "manifest-vmpl", ASK_MANIFEST_VMPL, set_number, 0, 3, NUMBER },
	{ "min-tcb", ASK_MIN_TCB, set_min_tcb, 0, 0, MANY },
	{ "min-tee-tcb", ASK_MIN_TEE_TCB, set_min_tee_tcb, 1, 16, 0 },
	{ "min-guest-svn", ASK_MIN_GUEST_SVN, set_number, 0, UINT32_MAX, NUMBER },
	{ "min-firmware", ASK_MIN_FIRMWARE, set_min_firmware, 0, 0, 0 },
	{ "min-qe-svn", ASK_MIN_QE_SVN, set_number, 0, UINT16_MAX, NUMBER },
	{ "min-pce-svn", ASK_MIN_PCE_SVN, set_number, 0, UINT16_MAX, NUMBER },
	{ "min-evaluation", ASK_MIN_EVALUATION, set_number, 0, INT32_MAX, NUMBER },
	{ "min-tcb-date", ASK_MIN_TCB_DATE, set_min_tcb_date, 0, 0, 0 },
	{ "mit-vector", ASK_MIT_VECTOR, set_mit_vector, 0, 0, 0 },
	{ "launch-mit-vector", ASK_LAUNCH_MIT_VECTOR, set_mit_vector, 0, 0, 0 },
	{ "min-policy-abi", ASK_MIN_POLICY_ABI, set_min_policy_abi, 0, 0, 0 },
	{ "require-author-key", ASK_REQUIRE_AUTHOR_KEY, set_flag, 0, 0, NO_ARG },
	{ "require-committed-firmware", ASK_REQUIRE_COMMITTED, set_flag, 0, 0, NO_ARG },
	{ "require-crl", ASK_REQUIRE_CRL, set_flag, 0, 0, NO_ARG },
	{ "require-platform", ASK_REQUIRE_PLATFORM, set_bits, 0, 0, MANY },
	{ "forbid-platform", ASK_FORBID_PLATFORM, set_bits, 0, 0, MANY },
	{ "require-policy", ASK_REQUIRE_POLICY, set_bits, 0, 0, MANY },
	{ "forbid-policy", ASK_FORBID_POLICY, set_bits, 0, 0, MANY },
};

_Static_assert(ARRAY_SIZE(opts) < POLICY_OPTIONS_MAX, "POLICY_OPTIONS_MAX is too small");

const char *policy_name(enum ask a)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opts); i++)
		if (opts[i].ask == a)
			return opts[i].name;
	return "?";
}

size_t policy_options(struct option *out, int first)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opts); i++)
		out[i] = (struct option){
			opts[i].name, !(opts[i].flags & NO_ARG), NULL, first + (int)i
		};
	return i;
}

int policy_option(struct policy *p, int index, const char *arg)
{
	const struct opt *o = &opts[index];
	int rc;

	if (!(o->flags & (MANY | NO_ARG)) && p->given[o->ask])
		return fail(RC_USAGE, "%s was given twice", o->ask == ASK_DATA ?
			    "--report-data or --nonce" : o->name);
	rc = o->set(p, o, arg);
	if (!rc)
		p->given[o->ask] = true;
	return rc;
}

int policy_index(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opts); i++)
		if (!strcmp(opts[i].name, name))
			return (int)i;
	return -1;
}

bool policy_takes_value(int index)
{
	return !(opts[index].flags & NO_ARG);
}

bool policy_takes_list(int index)
{
	return opts[index].flags & MANY;
}

bool policy_takes_number(int index)
{
	return opts[index].flags & NUMBER;
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

	for (i = 0; i < ASK_VALUES; i++)
		values_free(&p->value[i]);
	for (i = 0; i < ARRAY_SIZE(p->pcr); i++)
		values_free(&p->pcr[i]);
	buf_free(&p->min_tee_tcb);
	free(p->min_tcb);
	*p = (struct policy){ 0 };
}
