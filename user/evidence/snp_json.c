// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inverse of services/coco_evidence.c: Rust's library sev (6 and 7) writes the fields
 * of a report as numbers and lists of numbers.
 */
#include <string.h>

#include "evidence/snp.h"
#include "evidence/snp_json.h"

#define VERSION_ETCB	6	/* from here on a report has more than such JSON */

struct reading {
	u8 *r;
	const char *why;	/* the field that is wrong */
};

bool snp_json_looks_like(struct json_object *o)
{
	struct json_object *r = json_get_object(o, SNP_JSON_MEMBER), *m;

	return json_object_is_type(r, json_type_object) && json_get_object(r, "signature") &&
	       json_object_object_get_ex(r, "measurement", &m) && json_object_is_type(m, json_type_array);
}

static bool number(struct json_object *o, const char *key, u64 max, u64 *out)
{
	struct json_object *v;

	*out = 0;
	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_int) ||
	    (json_object_get_int64(v) < 0))
		return false;
	*out = json_object_get_uint64(v);
	return *out <= max;
}

/* Little-endian, @len bytes */
static void take_number(struct reading *d, struct json_object *o, const char *key, size_t at, size_t len)
{
	u64 v;
	size_t i;

	if (!number(o, key, len == 8 ? UINT64_MAX : (1ULL << 8 * len) - 1, &v))
		d->why = d->why ? d->why : key;
	for (i = 0; i < len; i++)
		d->r[at + i] = (u8)(v >> 8 * i);
}

static void take_bytes(struct reading *d, struct json_object *o, const char *key, size_t at, size_t len)
{
	struct json_object *list;
	size_t i;

	if (!json_object_object_get_ex(o, key, &list) || !json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) != len) {
		d->why = d->why ? d->why : key;
		return;
	}
	for (i = 0; i < len; i++) {
		struct json_object *e = json_object_array_get_idx(list, i);
		int v = json_object_is_type(e, json_type_int) ? json_object_get_int(e) : -1;

		if (v < 0 || v > 255)
			d->why = d->why ? d->why : key;
		d->r[at + i] = (u8)v;
	}
}

/* Only a Turin's has an FMC; that is how the two layouts are told apart. */
static void take_tcb(struct reading *d, struct json_object *o, const char *key, size_t at)
{
	static const char *const names[SNP_PARTS] = {
		"fmc", "bootloader", "tee", "snp", "microcode",
	};
	struct json_object *tcb = json_get_object(o, key), *fmc = NULL;
	enum snp_layout layout;
	u64 v;
	int i;

	json_object_object_get_ex(tcb, "fmc", &fmc);
	layout = fmc ? SNP_LAYOUT_TURIN : SNP_LAYOUT_MILAN;
	for (i = 0; i < SNP_PARTS; i++) {
		int part = snp_part_at(layout, i);

		if (part < 0)
			continue;
		if (!number(tcb, names[i], 255, &v))
			d->why = d->why ? d->why : key;
		d->r[at + (size_t)part] = (u8)v;
	}
}

static void take_version(struct reading *d, struct json_object *o, const char *key, size_t at)
{
	struct json_object *v = json_get_object(o, key);

	take_number(d, v, "build", at, 1);
	take_number(d, v, "minor", at + 1, 1);
	take_number(d, v, "major", at + 2, 1);
}

static void take_fields(struct reading *d, struct json_object *o, u64 version)
{
	static const struct {
		const char *name;
		size_t at, len;
	} numbers[] = {
		{ "version", 0, 4 }, { "guest_svn", 4, 4 }, { "policy", 8, 8 }, { "vmpl", 0x30, 4 },
		{ "sig_algo", 0x34, 4 }, { "plat_info", 0x40, 8 }, { "key_info", 0x48, 4 },
	}, bytes[] = {
		{ "family_id", 0x10, 16 }, { "image_id", 0x20, 16 },
		{ "report_data", SNP_REPORT_DATA_OFF, 64 }, { "measurement", 0x90, 48 },
		{ "host_data", SNP_HOST_DATA_OFF, 32 }, { "id_key_digest", 0xe0, 48 },
		{ "author_key_digest", 0x110, 48 }, { "report_id", 0x140, 32 },
		{ "report_id_ma", 0x160, 32 }, { "chip_id", SNP_CHIP_ID_OFF, 64 },
	};
	static const char *const cpuid[] = { "cpuid_fam_id", "cpuid_mod_id", "cpuid_step" };
	struct json_object *signature = json_get_object(o, "signature");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		take_number(d, o, numbers[i].name, numbers[i].at, numbers[i].len);
	for (i = 0; i < ARRAY_SIZE(bytes); i++)
		take_bytes(d, o, bytes[i].name, bytes[i].at, bytes[i].len);
	for (i = 0; version >= 3 && i < ARRAY_SIZE(cpuid); i++)
		take_number(d, o, cpuid[i], 0x188 + i, 1);
	take_tcb(d, o, "current_tcb", 0x38);
	take_tcb(d, o, "reported_tcb", SNP_REPORTED_TCB_OFF);
	take_tcb(d, o, "committed_tcb", 0x1e0);
	take_tcb(d, o, "launch_tcb", 0x1f0);
	take_version(d, o, "current", 0x1e8);
	take_version(d, o, "committed", 0x1ec);
	if (version >= 5) {
		take_number(d, o, "launch_mit_vector", 0x1f8, 8);
		take_number(d, o, "current_mit_vector", 0x200, 8);
	}
	take_bytes(d, signature, "r", SNP_SIG_R_OFF, SNP_SIG_INT_LEN);
	take_bytes(d, signature, "s", SNP_SIG_S_OFF, SNP_SIG_INT_LEN);
}

int snp_json_report(struct json_object *o, struct buf *out)
{
	static const u8 zeros[SNP_REPORT_LEN];
	struct json_object *r = json_get_object(o, SNP_JSON_MEMBER);
	struct reading d = { 0 };
	u64 version;

	if (!number(r, "version", UINT32_MAX, &version))
		return fail(RC_EVIDENCE, SNP_JSON_MEMBER ": its version is missing, or no number");
	if (version >= VERSION_ETCB)
		return fail(RC_EVIDENCE, SNP_JSON_MEMBER ": a report of version %llu has fields that this JSON does not carry: give the report itself",
			    (unsigned long long)version);
	buf_add(out, zeros, sizeof(zeros));
	d.r = out->p;
	take_fields(&d, r, version);
	if (d.why)
		return fail(RC_EVIDENCE, SNP_JSON_MEMBER ": its field %s is missing, or not as Rust's library sev writes it: the report cannot be made again",
			    d.why);
	return RC_OK;
}
