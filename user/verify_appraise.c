// SPDX-License-Identifier: GPL-2.0-only
/* Whether what is genuine is also what one wants to talk to */
#include <string.h>
#include <strings.h>

#include "snp.h"
#include "verify.h"

#define CURR_SERVER_TD_HASH	829	/* in an extended body of TD 1.5 */

/* Where a field is; a length of 0: this kind has none */
struct place {
	size_t off, len;
};

static const struct place in_snp[POLICY_FIELDS] = {
	[F_MEASUREMENT] = { 0x90, 48 }, [F_ID_KEY_DIGEST] = { 0xe0, 48 },
	[F_AUTHOR_KEY_DIGEST] = { 0x110, 48 }, [F_HOST_DATA] = { SNP_HOST_DATA_OFF, 32 },
	[F_FAMILY_ID] = { 0x10, 16 }, [F_IMAGE_ID] = { 0x20, 16 },
	[F_CHIP_ID] = { SNP_CHIP_ID_OFF, 64 },
};

static const struct place in_tdx[POLICY_FIELDS] = {
	[F_MEASUREMENT] = { 136, 48 }, [F_RTMR0] = { 328, 48 }, [F_RTMR1] = { 376, 48 },
	[F_RTMR2] = { 424, 48 }, [F_RTMR3] = { 472, 48 }, [F_MRCONFIGID] = { 184, 48 },
	[F_MROWNER] = { 232, 48 }, [F_MROWNERCONFIG] = { 280, 48 }, [F_MRSEAM] = { 16, 48 },
	[F_MRSERVICETD] = { 600, 48 },
};

static void fields(struct verify *v, struct span report, const struct place *at)
{
	size_t f;

	for (f = 0; f < POLICY_FIELDS; f++) {
		const char *name = policy_field_name((enum policy_field)f);
		const struct values *want = &v->policy.field[f];
		char *hex CLEANUP(free_str) = NULL;

		if (!want->n)
			continue;
		if (!at[f].len || at[f].off + at[f].len > report.len) {
			failed(v, APPRAISED, name, "this evidence has no such field");
			continue;
		}
		hex = hex_encode(report.p + at[f].off, at[f].len);
		judged(v, APPRAISED, values_have(want, report.p + at[f].off, at[f].len), name,
		       "it is %s", hex);
	}
}

static void code(struct verify *v, const char *how)
{
	const struct values *f = v->policy.field;

	if (f[F_MEASUREMENT].n || f[F_ID_KEY_DIGEST].n)
		return;
	if (v->policy.any_code)
		passed(v, APPRAISED, "code", "any, as --any-code says%s", v->parts.kind == RAW_HCL ?
		       ": nothing shows that a paravisor made the claims" : "");
	else
		unable(v, APPRAISED, "code", "nothing to compare it with: give %s, or --any-code", how);
}

static void min_tcb(struct verify *v, const char *name, const u8 *tcb, const char *product,
		    enum snp_layout layout)
{
	char *check CLEANUP(free_str) = xasprintf("minimum %s TCB", name);
	struct buf low CLEANUP_BUF;
	bool applies = false;
	size_t i, k;

	for (i = 0; i < v->policy.n_min_tcb; i++) {
		const struct min_tcb *m = &v->policy.min_tcb[i];

		if (*m->product && strcasecmp(m->product, product))
			continue;
		applies = true;
		for (k = 0; k < TCB_PARTS; k++) {
			int at = snp_part_at(layout, (enum snp_part)k);

			if (at < 0 && m->part[k] >= 0)
				buf_printf(&low, "%sthis product's TCB has no %s", low.len ? ", " : "",
					   tcb_part_names[k]);
			else if (at >= 0 && m->part[k] > tcb[at])
				buf_printf(&low, "%s%s is %u, less than %d", low.len ? ", " : "",
					   tcb_part_names[k], tcb[at], m->part[k]);
		}
	}
	if (v->policy.n_min_tcb && !applies)
		failed(v, APPRAISED, check, "no --min-tcb is for the product %s", product);
	else if (applies)
		judged(v, APPRAISED, !low.len, check, "%s", low.len ? (char *)low.p : "not below it");
}

static void vmpl(struct verify *v, u32 have)
{
	bool hcl = v->parts.kind == RAW_HCL;

	if (have == 0xffffffff)
		failed(v, APPRAISED, "vmpl", "the host asked for this report, not the guest");
	else if (v->policy.have_vmpl)
		judged(v, APPRAISED, have == v->policy.vmpl, "vmpl", "it is %u", have);
	else if (hcl)
		judged(v, APPRAISED, !have, "vmpl", "it is %u; the paravisor runs at 0", have);
	else
		fact(v, "vmpl", "%u", have);
}

static void migration(struct verify *v, const u8 *r)
{
	bool may = le64(r + 8) >> 18 & 1, bound = false;
	size_t i;

	for (i = 0; i < 32; i++)
		bound |= r[0x160 + i] != 0xff;
	/* version 1 and early firmware leave the field zero */
	bound &= !is_zero(r + 0x160, 32);
	judged(v, APPRAISED, v->policy.allow_migration || (!may && !bound), "migration",
	       bound ? "a migration agent is bound to this guest" :
	       may ? "the policy lets a migration agent be bound to it" : "no migration agent");
}

void appraise_snp(struct verify *v, const u8 *r, const char *product,
		  enum snp_layout layout)
{
	bool debug = le64(r + 8) >> 19 & 1;

	code(v, "--measurement or --id-key-digest");
	fields(v, (struct span){ r, SNP_REPORT_LEN }, in_snp);
	judged(v, APPRAISED, !debug || v->policy.allow_debug, "debug",
	       debug ? "the policy lets the host read and change this guest" : "off");
	migration(v, r);
	vmpl(v, le32(r + 0x30));
	min_tcb(v, "reported", r + SNP_REPORTED_TCB_OFF, product, layout);
	min_tcb(v, "committed", r + 0x1e0, product, layout);
	min_tcb(v, "launch", r + 0x1f0, product, layout);
	if (!v->policy.n_min_tcb)
		left_out(v, APPRAISED, "minimum TCB", "not asked for (--min-tcb)");
}

/* TDATTRIBUTES: what Intel's own verifier insists on */
static void td_attributes(struct verify *v, u64 a)
{
	const u64 known = 0xffULL | 3ULL << 16 | 0x1fULL << 27 | 3ULL << 62;

	judged(v, APPRAISED, !(a & 0xff) || v->policy.allow_debug, "debug",
	       a & 1 ? "the host may read and change this TD" :
	       a & 0xff ? "the TD is under profiling (TUD bits)" : "off");
	judged(v, APPRAISED, !(a & ~known), "TDATTRIBUTES",
	       a & ~known ? "bits that must be zero are set: 0x%016llx" : "0x%016llx",
	       (unsigned long long)a);
	judged(v, APPRAISED, a >> 28 & 1 || v->policy.allow_sept_ve, "SEPT_VE_DISABLE",
	       a >> 28 & 1 ? "set" : "not set: the host can inject #VE at any access of memory");
	judged(v, APPRAISED, !(a >> 29 & 1) || v->policy.allow_migration, "migration",
	       a >> 29 & 1 ? "a migration TD may move it" : "not migratable");
}

static void min_tee_tcb(struct verify *v, const u8 *svn)
{
	const struct buf *min = &v->policy.min_tee_tcb;
	bool good = true;
	size_t i;

	for (i = 0; i < min->len; i++)
		good &= svn[i] >= min->p[i];
	if (min->len)
		judged(v, APPRAISED, good, "minimum TEE TCB", good ? "not below it" :
		       "TEE_TCB_SVN is below it");
}

void appraise_tdx(struct verify *v, const struct tdx_quote *q)
{
	const u8 *b = q->body.p;
	bool none;

	code(v, "--measurement (MRTD)");
	fields(v, q->body, in_tdx);
	td_attributes(v, le64(b + 120));
	if (q->body.len >= TDX_BODY15_LEN && !v->policy.field[F_MRSERVICETD].n) {
		none = is_zero(b + 600, 48) &&
		       (q->body.len < TDX_BODY15_EX_LEN || is_zero(b + CURR_SERVER_TD_HASH, 48));
		judged(v, APPRAISED, none || v->policy.allow_migration, "service TD",
		       none ? "none" : "one is bound to this TD: --mrservicetd HEX names it");
	}
	min_tee_tcb(v, b);
}
