// SPDX-License-Identifier: GPL-2.0-only
/* Whether genuine evidence also satisfies the policy */
#include <string.h>
#include <strings.h>

#include "evidence/snp.h"
#include "verify/bits.h"
#include "verify/verify.h"

static const struct place in_snp[ASK_VALUES] = {
	[ASK_MEASUREMENT] = { 0x90, 48 }, [ASK_ID_KEY_DIGEST] = { 0xe0, 48 },
	[ASK_AUTHOR_KEY_DIGEST] = { 0x110, 48 }, [ASK_HOST_DATA] = { SNP_HOST_DATA_OFF, 32 },
	[ASK_FAMILY_ID] = { 0x10, 16 }, [ASK_IMAGE_ID] = { 0x20, 16 },
	[ASK_REPORT_ID] = { 0x140, 32 }, [ASK_REPORT_ID_MA] = { 0x160, 32 },
	[ASK_CHIP_ID] = { SNP_CHIP_ID_OFF, 64 },
};

void appraise_fields(struct verify *v, struct span report, const struct place *at)
{
	size_t f;

	for (f = 0; f < ASK_VALUES; f++) {
		const struct values *want = &v->policy.value[f];
		char *hex CLEANUP(free_str) = NULL;

		/* a field that this kind does not have stays unanswered: "not possible" */
		if (!want->n || !at[f].len || at[f].off + at[f].len > report.len)
			continue;
		answered(v, (enum ask)f);
		hex = hex_encode(report.p + at[f].off, at[f].len);
		judged(v, APPRAISED, values_have(want, report.p + at[f].off, at[f].len),
		       policy_name((enum ask)f), "it is %s", hex);
	}
}

void appraise_code(struct verify *v, const char *how)
{
	char *missing CLEANUP(free_str) = xasprintf("nothing to compare it with: give %s, or --any-code", how);

	if (!v->policy.given[ASK_MEASUREMENT] && !v->policy.given[ASK_ID_KEY_DIGEST])
		appraise_any_code(v, "code", v->parts.kind == RAW_HCL ?
				  ": nothing shows that a paravisor made the claims" : "", missing);
}

void appraise_any_code(struct verify *v, const char *check, const char *more, const char *missing)
{
	answered(v, ASK_ANY_CODE);
	if (v->policy.any_code)
		passed(v, APPRAISED, check, "any, as --any-code says%s", more);
	else
		unable(v, APPRAISED, check, "%s", missing);
}

static void min_tcb(struct verify *v, const char *name, const u8 *tcb, const char *product,
		    enum snp_layout layout)
{
	char *check CLEANUP(free_str) = xasprintf("minimum %s TCB", name);
	struct buf low CLEANUP_BUF;
	bool applies = false;
	size_t i, k;

	answered(v, ASK_MIN_TCB);
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
		failed(v, APPRAISED, check, "no --min-tcb was given for the product %s", product);
	else if (applies)
		judged(v, APPRAISED, !low.len, check, "%s", low.len ? (char *)low.p : "not below it");
}

static void vmpl(struct verify *v, u32 have)
{
	bool hcl = v->parts.kind == RAW_HCL;

	answered(v, ASK_VMPL);
	if (hcl && v->policy.azure) {
		answered(v, ASK_PROFILE);
		judged(v, APPRAISED, !have, "profile", "azure: the paravisor requests reports at VMPL 0, this one is from %u",
		       have);
	}
	if (have == 0xffffffff)
		failed(v, APPRAISED, "vmpl", "the host asked for this report, not the guest");
	else if (v->policy.given[ASK_VMPL])
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
	if (may || bound)
		answered(v, ASK_ALLOW_MIGRATION);
	judged(v, APPRAISED, v->policy.allow_migration || (!may && !bound), "migration",
	       bound ? "a migration agent is bound to this guest" :
	       may ? "POLICY allows a migration agent for this guest" : "no migration agent");
}

/* Each SVN of @a at least that of @b; the layout does not matter, byte by byte */
static bool not_below(const u8 *a, const u8 *b)
{
	size_t i;

	for (i = 0; i < 8; i++)
		if (a[i] < b[i])
			return false;
	return true;
}

/*
 * The host can roll firmware back to the committed version, so --min-tcb applies
 * to the committed TCB, too. The reported TCB must not be above the current one.
 */
static void firmware(struct verify *v, const u8 *r)
{
	const u8 *current = r + 0x38, *committed = r + 0x1e0, *reported = r + SNP_REPORTED_TCB_OFF;
	bool same = !memcmp(current, committed, 8) && !memcmp(r + 0x1e8, r + 0x1ec, 3);
	bool ordered = not_below(current, reported) && not_below(current, committed);
	u64 have = (u64)r[0x1ee] << 16 | r[0x1ed] << 8 | r[0x1ec];
	u64 runs = (u64)r[0x1ea] << 16 | r[0x1e9] << 8 | r[0x1e8];

	judged(v, APPRAISED, ordered && runs >= have, "TCB order", !ordered ?
	       "CURRENT_TCB is below REPORTED_TCB or COMMITTED_TCB, which firmware does not do" :
	       runs < have ? "the current firmware version is below the committed one, which firmware does not do" :
	       "CURRENT_TCB is not below REPORTED_TCB and COMMITTED_TCB");
	answered(v, ASK_REQUIRE_COMMITTED);
	if (v->policy.require_committed || same)
		judged(v, APPRAISED, same, "committed firmware", same ? "the current firmware is committed" :
		       "the current firmware is not committed: the host can go back to older firmware");
	else
		left_out(v, APPRAISED, "committed firmware", "the current firmware is not committed: the host can go back to older firmware (--require-committed-firmware refuses that)");
	if (!v->policy.given[ASK_MIN_FIRMWARE])
		return;
	answered(v, ASK_MIN_FIRMWARE);
	judged(v, APPRAISED, have >= v->policy.min_firmware, "minimum firmware",
	       "the committed firmware is %u.%u.%u", r[0x1ee], r[0x1ed], r[0x1ec]);
}

static void bits(struct verify *v, enum ask a, const char *field, u64 have, u64 wanted, bool set)
{
	const struct named_bit *b = strcmp(field, "POLICY") ? platform_bit_names : policy_bit_names;
	struct buf bad CLEANUP_BUF;

	if (!v->policy.given[a])
		return;
	answered(v, a);
	for (; b->name; b++)
		if (wanted >> b->nr & 1 && (have >> b->nr & 1) != set)
			buf_printf(&bad, "%s%s", bad.len ? ", " : "", b->name);
	judged(v, APPRAISED, !bad.len, policy_name(a), "%s is 0x%llx%s%s", field,
	       (unsigned long long)have, !bad.len ? "" : set ? ", without " : ", with ",
	       bad.len ? (char *)bad.p : "");
}

static void mitigations(struct verify *v, enum ask a, const char *field, const char *check,
			u64 have, u64 wanted)
{
	if (!v->policy.given[a])
		return;
	answered(v, a);
	judged(v, APPRAISED, !(wanted & ~have), check, "%s is 0x%llx", field, (unsigned long long)have);
}

static void guest(struct verify *v, const u8 *r)
{
	u64 policy = le64(r + 8), platform = le64(r + 0x40);
	bool author = le32(r + 0x48) & 1;

	bits(v, ASK_REQUIRE_POLICY, "POLICY", policy, v->policy.policy_set, true);
	bits(v, ASK_FORBID_POLICY, "POLICY", policy, v->policy.policy_clear, false);
	bits(v, ASK_REQUIRE_PLATFORM, "PLATFORM_INFO", platform, v->policy.platform_set, true);
	bits(v, ASK_FORBID_PLATFORM, "PLATFORM_INFO", platform, v->policy.platform_clear, false);
	if (v->policy.given[ASK_REQUIRE_AUTHOR_KEY]) {
		answered(v, ASK_REQUIRE_AUTHOR_KEY);
		judged(v, APPRAISED, author, "require-author-key", author ?
		       "an author key signed the ID key" : "no author key signed the ID key");
	}
	/* the digest is of no key where none was used */
	if (v->policy.given[ASK_AUTHOR_KEY_DIGEST])
		judged(v, APPRAISED, author, "author key", author ? "AUTHOR_KEY_EN is set" :
		       "AUTHOR_KEY_EN is not set: there is no author key");
	if (v->policy.given[ASK_MIN_GUEST_SVN]) {
		answered(v, ASK_MIN_GUEST_SVN);
		judged(v, APPRAISED, le32(r + 4) >= v->policy.min_guest_svn, "minimum GUEST_SVN",
		       "GUEST_SVN is %u", le32(r + 4));
	}
	if (v->policy.given[ASK_MIN_POLICY_ABI]) {
		answered(v, ASK_MIN_POLICY_ABI);
		judged(v, APPRAISED, (policy & 0xffff) >= v->policy.min_policy_abi, "minimum policy ABI",
		       "POLICY requires ABI %llu.%llu", (unsigned long long)(policy >> 8 & 0xff),
		       (unsigned long long)(policy & 0xff));
	}
	if (le32(r) >= 5) {
		mitigations(v, ASK_MIT_VECTOR, "CURRENT_MIT_VECTOR", "mitigations", le64(r + 0x200),
			    v->policy.mit_vector);
		mitigations(v, ASK_LAUNCH_MIT_VECTOR, "LAUNCH_MIT_VECTOR", "mitigations at launch",
			    le64(r + 0x1f8), v->policy.launch_mit_vector);
	}
}

/* Attacks by the owner of the machine that memory encryption does not prevent */
static void physical(struct verify *v, const u8 *r, const char *product)
{
	const char *bus = "memory", *attack = "of DDR4 by Battering RAM, of DDR5 by TEE.fail: the report does not say which it is";

	if (snp_product_is_known(product)) {
		bool ddr4 = !strcmp(product, "Milan");

		bus = ddr4 ? "DDR4" : "DDR5";
		attack = ddr4 ? "Battering RAM" : "TEE.fail";
	}

	if (!(le64(r + 0x40) >> 5 & 1))
		left_out(v, APPRAISED, "memory aliases", "ALIAS_CHECK_COMPLETE is not set: the owner of the machine may have aliased its memory (BadRAM); --require-platform alias-check refuses that");
	if (!v->policy.given[ASK_CHIP_ID])
		left_out(v, APPRAISED, "physical access", "somebody with physical access to the %s bus may read and change memory (%s); --chip-id lists trusted machines",
			 bus, attack);
}

void appraise_snp(struct verify *v, const u8 *r, const char *product,
		  enum snp_layout layout)
{
	bool debug = le64(r + 8) >> 19 & 1;

	appraise_code(v, "--measurement or --id-key-digest");
	appraise_fields(v, (struct span){ r, SNP_REPORT_LEN }, in_snp);
	if (debug)
		answered(v, ASK_ALLOW_DEBUG);
	judged(v, APPRAISED, !debug || v->policy.allow_debug, "debug",
	       debug ? "POLICY allows the host to read and change this guest" : "off");
	migration(v, r);
	vmpl(v, le32(r + 0x30));
	firmware(v, r);
	guest(v, r);
	min_tcb(v, "reported", r + SNP_REPORTED_TCB_OFF, product, layout);
	min_tcb(v, "committed", r + 0x1e0, product, layout);
	min_tcb(v, "launch", r + 0x1f0, product, layout);
	if (!v->policy.n_min_tcb)
		left_out(v, APPRAISED, "minimum TCB", "not asked for (--min-tcb)");
	physical(v, r, product);
}
