// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "evidence/snp.h"

#define SNP_VERSION_MAX		6
#define ETCB_VERSION		6	/* from this version on there are extended TCBs */
#define ETCB_LEN		32

static const char *const product_names[] = {
	[SNP_UNKNOWN]	= "unknown",
	[SNP_MILAN]	= "Milan",
	[SNP_GENOA]	= "Genoa",
	[SNP_TURIN]	= "Turin",
	[SNP_VENICE]	= "Venice",
};

static const char *const current_build[] = {
	"CURRENT_BUILD", "CURRENT_MINOR", "CURRENT_MAJOR",
};

static const char *const committed_build[] = {
	"COMMITTED_BUILD", "COMMITTED_MINOR", "COMMITTED_MAJOR",
};

struct bit {
	unsigned int nr;
	const char *name;
	const char *danger;	/* what it means when it is set */
};

static const struct bit policy_bits[] = {
	{ 16, "SMT", NULL },
	{ 18, "MIGRATE_MA", "a migration agent may be bound to this guest" },
	{ 19, "DEBUG", "debugging is allowed: the host can read and change this guest" },
	{ 20, "SINGLE_SOCKET", NULL },
	{ 21, "CXL_ALLOW", NULL },
	{ 22, "MEM_AES_256_XTS", NULL },
	{ 23, "RAPL_DIS", NULL },
	{ 24, "CIPHERTEXT_HIDING_DRAM", NULL },
	{ 25, "PAGE_SWAP_DISABLE", NULL },
};

static const struct bit platform_bits[] = {
	{ 0, "SMT_EN", NULL },
	{ 1, "TSME_EN", NULL },
	{ 2, "ECC_EN", NULL },
	{ 3, "RAPL_DIS", NULL },
	{ 4, "CIPHERTEXT_HIDING_DRAM_EN", NULL },
	{ 5, "ALIAS_CHECK_COMPLETE", NULL },
	{ 7, "TIO_EN", NULL },
};

/* Version 1 to 255 and the one signature algorithm there is: no TDX quote
 * (its second u16 is not zero), no text.
 */
bool snp_looks_like(struct span s)
{
	return s.len >= 4 && s.p[0] && is_zero(s.p + 1, 3) &&
	       (s.len < 0x38 || le32(s.p + 0x34) <= 0xffff);
}

int snp_check(struct span s)
{
	u32 version = s.len >= 4 ? le32(s.p) : 0;
	size_t i;

	if (s.len < SNP_REPORT_LEN)
		return fail(RC_EVIDENCE,
			    "SNP report: cut short at offset %zu, a report has %d bytes",
			    s.len, SNP_REPORT_LEN);
	if (!version || version > SNP_VERSION_MAX)
		return fail(RC_EVIDENCE,
			    "SNP report: version %u at offset 0 is not known, 1 to %d are",
			    version, SNP_VERSION_MAX);
	for (i = SNP_REPORT_LEN; i < s.len; i++)
		if (s.p[i])
			return fail(RC_EVIDENCE,
				    "SNP report: data at offset %zu, after the end of the report",
				    i);
	return RC_OK;
}

/* By CPUID, which reports have from version 3 on; version 2 does not tell. */
enum snp_product snp_product(const u8 *report)
{
	u8 family = report[0x188], model = report[0x189];

	if (le32(report) < 3)
		return SNP_UNKNOWN;
	if (family == 0x19 && model <= 0x0f)
		return SNP_MILAN;
	if (family == 0x19 && ((model >= 0x10 && model <= 0x1f) ||
			       (model >= 0xa0 && model <= 0xaf)))
		return SNP_GENOA;
	if (family == 0x1a && model <= 0x1f)
		return SNP_TURIN;
	if (family == 0x1a && ((model >= 0x50 && model <= 0x57) ||
			       (model >= 0x90 && model <= 0xaf) ||
			       (model >= 0xc0 && model <= 0xc7)))
		return SNP_VENICE;
	return SNP_UNKNOWN;
}

const char *snp_product_name(enum snp_product product)
{
	return product_names[product];
}

bool snp_product_is_known(const char *name)
{
	int i;

	for (i = SNP_MILAN; i <= SNP_VENICE; i++)
		if (!strcmp(name, product_names[i]))
			return true;
	return false;
}

/*
 * SEV-SNP firmware ABI (56860) 1.59, tables 3 to 5. No report of a Venice has
 * been seen: what is said of one is provisional.
 */
static const struct {
	const char *name;
	s8 at[SNP_PARTS];
} layouts[SNP_LAYOUTS] = {
	[SNP_LAYOUT_MILAN]  = { "Milan's and Genoa's", { -1, 0, 1, 6, 7 } },
	[SNP_LAYOUT_TURIN]  = { "Turin's", { 0, 1, 2, 3, 7 } },
	[SNP_LAYOUT_VENICE] = { "Venice's", { 0, -1, 1, 2, -1 } },
};

/* The family tells; in reports before version 3 only the chip id can. */
enum snp_layout snp_layout(const u8 *r)
{
	const u8 *id = r + SNP_CHIP_ID_OFF;
	bool short_id = !is_zero(id, 8) && is_zero(id + 8, 56);

	if (snp_product(r) == SNP_VENICE)
		return SNP_LAYOUT_VENICE;
	if (le32(r) >= 3 ? r[0x188] >= 0x1a : short_id)
		return SNP_LAYOUT_TURIN;
	return SNP_LAYOUT_MILAN;
}

int snp_part_at(enum snp_layout layout, enum snp_part part)
{
	return layouts[layout].at[part];
}

size_t snp_chip_id_len(enum snp_layout layout)
{
	return layout == SNP_LAYOUT_MILAN ? 64 : 8;
}

static void show_bits(struct node *to, u64 value, const struct bit *bits, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		bool set = value >> bits[i].nr & 1;
		struct node *b = add_bool(to, bits[i].name, set);

		if (set && bits[i].danger)
			danger(b, "%s", bits[i].danger);
	}
}

/* Bits that have no name: firmware of real machines sets some */
static void show_other_bits(struct node *to, u64 value, const struct bit *bits, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		value &= ~(1ULL << bits[i].nr);
	if (value)
		add_text(to, "reserved", "0x%llx", (unsigned long long)value);
}

static void show_policy(struct node *to, u64 policy)
{
	struct node *n = add_word(to, "POLICY", policy, 16);

	add_uint(n, "ABI_MINOR", policy & 0xff);
	add_uint(n, "ABI_MAJOR", policy >> 8 & 0xff);
	show_bits(n, policy, policy_bits, ARRAY_SIZE(policy_bits));
	if (policy >> 26)
		add_text(n, "reserved", "0x%llx", (unsigned long long)(policy >> 26 << 26));
}

static void show_tcb(struct node *to, const char *key, const u8 *tcb, enum snp_layout layout)
{
	static const char *const names[SNP_PARTS] = {
		"FMC", "BOOT_LOADER", "TEE", "SNP", "MICROCODE",
	};
	struct node *n = add_map(to, key, NULL);
	int i;

	add_bytes(n, "TCB_VERSION", tcb, 8);
	for (i = 0; i < SNP_PARTS; i++)
		if (snp_part_at(layout, i) >= 0)
			add_uint(n, names[i], tcb[snp_part_at(layout, i)]);
}

/* Table 6 of the same document: one byte each, in this order */
static void show_extended_tcb(struct node *to, const char *key, const u8 *tcb)
{
	static const char *const names[] = {
		"IP_KEY_MANAGER", "MP1", "ART_FMC", "ART_RT", "HAD", "BOOT_DRIVER", "PRE_ESID",
		"TMPM", "MICROCODE", "SOC_DRIVER", "ASP_OS_DRIVER", "FHP_DRIVER", "DPE_DRIVER", "ARG",
	};
	struct node *n = add_map(to, key, NULL);
	size_t i;

	add_bytes(n, "ETCB_VERSION", tcb, ETCB_LEN);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		add_uint(n, names[i], tcb[i]);
	if (!is_zero(tcb + i, ETCB_LEN - i))
		add_bytes(n, "reserved", tcb + i, ETCB_LEN - i);
}

static void show_extended_tcbs(struct node *to, const u8 *r)
{
	static const struct {
		const char *name;
		size_t off;
	} fields[] = {
		{ "CURRENT_ETCB", 0x220 }, { "LAUNCH_ETCB", 0x240 }, { "COMMITTED_ETCB", 0x260 },
	};
	size_t i;

	/* of other products they are zero */
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (snp_product(r) == SNP_VENICE || !is_zero(r + fields[i].off, ETCB_LEN))
			show_extended_tcb(to, fields[i].name, r + fields[i].off);
}

static void show_key_info(struct node *to, u32 info)
{
	struct node *n = add_word(to, "KEY_INFO", info, 8);
	u32 key = info >> 2 & 7;
	struct node *k;

	add_bool(n, "AUTHOR_KEY_EN", info & 1);
	add_bool(n, "MASK_CHIP_KEY", info >> 1 & 1);
	k = add_text(n, "SIGNING_KEY", "%s", key == 0 ? "VCEK" : key == 1 ? "VLEK" :
		     key == 7 ? "NONE" : "reserved");
	if (key == 7)
		danger(k, "this report is not signed");
	else if (key > 1)
		danger(k, "value %u is not known", key);
	if (info >> 5)
		add_text(n, "reserved", "0x%x", info >> 5 << 5);
}

static void show_build(struct node *to, const char *const names[3], const u8 *p)
{
	int i;

	for (i = 0; i < 3; i++)
		add_uint(to, names[i], p[i]);
}

static void show_identity(struct node *to, const u8 *r, enum snp_layout layout)
{
	u32 version = le32(r);
	struct node *id;

	if (version >= 3) {
		add_uint(to, "CPUID_FAM_ID", r[0x188]);
		add_uint(to, "CPUID_MOD_ID", r[0x189]);
		add_uint(to, "CPUID_STEP", r[0x18a]);
	}
	id = add_bytes(to, "CHIP_ID", r + SNP_CHIP_ID_OFF, 64);
	if (is_zero(r + SNP_CHIP_ID_OFF, 64))
		note(id, "masked, or signed by a VLEK: no VCEK can be looked up with it");
	else if (snp_chip_id_len(layout) < 64)
		note(id, "the first %zu bytes identify the chip", snp_chip_id_len(layout));
	add_bool(to, "CHIP_ID_masked", is_zero(r + SNP_CHIP_ID_OFF, 64));
}

char *snp_vcek_path(const u8 *r, enum snp_product product)
{
	static const char *const names[SNP_PARTS] = {
		"fmcSPL", "blSPL", "teeSPL", "snpSPL", "ucodeSPL",
	};
	const u8 *id = r + SNP_CHIP_ID_OFF, *tcb = r + SNP_REPORTED_TCB_OFF;
	enum snp_layout layout = snp_layout(r);
	struct buf b CLEANUP_BUF;
	char *hwid, mark = '?';
	int i, at;

	/* a VLEK is the cloud's own; a masked id finds nothing */
	if (product == SNP_UNKNOWN || is_zero(id, 64) || (le32(r + 0x48) >> 2 & 7))
		return NULL;
	hwid = hex_encode(id, snp_chip_id_len(layout));
	buf_printf(&b, "/vcek/v1/%s/%s", product_names[product], hwid);
	free_str(&hwid);
	for (i = 0; i < SNP_PARTS; i++) {
		at = snp_part_at(layout, i);
		if (at < 0)
			continue;
		buf_printf(&b, "%c%s=%02u", mark, names[i], tcb[at]);
		mark = '&';
	}
	return xstrdup((char *)b.p);
}

char *snp_vcek_url(const u8 *r)
{
	char *path CLEANUP(free_str) = snp_vcek_path(r, snp_product(r));

	return path ? xasprintf("https://kdsintf.amd.com%s", path) : NULL;
}

/* @s has passed snp_check(). */
void snp_show(struct node *to, struct span s)
{
	const u8 *r = s.p;
	u32 version = le32(r), vmpl = le32(r + 0x30), algo = le32(r + 0x34);
	enum snp_product product = snp_product(r);
	char *url CLEANUP(free_str) = NULL;
	enum snp_layout layout = snp_layout(r);
	struct node *n;
	int i;

	n = add_uint(to, "VERSION", version);
	if (version >= ETCB_VERSION)
		note(n, "provisional: no report of this version has been seen");
	n = add_text(to, "product", "%s", product_names[product]);
	if (version < 3)
		note(n, "reports before version 3 do not name it; TCB read as %s",
		     layouts[layout].name);
	else if (product == SNP_UNKNOWN)
		note(n, "CPUID family 0x%x model 0x%x; TCB read as %s", r[0x188], r[0x189],
		     layouts[layout].name);
	else if (product == SNP_VENICE)
		note(n, "provisional: no report of this product has been seen");
	add_uint(to, "GUEST_SVN", le32(r + 4));
	show_policy(to, le64(r + 8));
	add_bytes(to, "FAMILY_ID", r + 0x10, 16);
	add_bytes(to, "IMAGE_ID", r + 0x20, 16);
	n = add_uint(to, "VMPL", vmpl);
	if (vmpl == 0xffffffff)
		danger(n, "asked for by the host, not by the guest");
	n = add_uint(to, "SIGNATURE_ALGO", algo);
	if (algo == 1)
		note(n, "ECDSA P-384 with SHA-384");
	else
		danger(n, "not known; 1 is ECDSA P-384 with SHA-384");
	show_tcb(to, "CURRENT_TCB", r + 0x38, layout);
	n = add_word(to, "PLATFORM_INFO", le64(r + 0x40), 16);
	show_bits(n, le64(r + 0x40), platform_bits, ARRAY_SIZE(platform_bits));
	show_other_bits(n, le64(r + 0x40), platform_bits, ARRAY_SIZE(platform_bits));
	show_key_info(to, le32(r + 0x48));
	add_bytes(to, "REPORT_DATA", r + SNP_REPORT_DATA_OFF, 64);
	add_bytes(to, "MEASUREMENT", r + 0x90, 48);
	add_bytes(to, "HOST_DATA", r + SNP_HOST_DATA_OFF, 32);
	add_bytes(to, "ID_KEY_DIGEST", r + 0xe0, 48);
	add_bytes(to, "AUTHOR_KEY_DIGEST", r + 0x110, 48);
	add_bytes(to, "REPORT_ID", r + 0x140, 32);
	n = add_bytes(to, "REPORT_ID_MA", r + 0x160, 32);
	for (i = 0; i < 32 && r[0x160 + i] == 0xff; i++)
		;
	if (i == 32)
		note(n, "no migration agent");
	show_tcb(to, "REPORTED_TCB", r + SNP_REPORTED_TCB_OFF, layout);
	show_identity(to, r, layout);
	show_tcb(to, "COMMITTED_TCB", r + 0x1e0, layout);
	show_build(to, current_build, r + 0x1e8);
	show_build(to, committed_build, r + 0x1ec);
	show_tcb(to, "LAUNCH_TCB", r + 0x1f0, layout);
	if (version >= 5) {
		add_word(to, "LAUNCH_MIT_VECTOR", le64(r + 0x1f8), 16);
		add_word(to, "CURRENT_MIT_VECTOR", le64(r + 0x200), 16);
	}
	if (version >= ETCB_VERSION)
		show_extended_tcbs(to, r);
	url = snp_vcek_url(r);
	if (url)
		add_text(to, "VCEK_url", "%s", url);
	n = add_map(to, "SIGNATURE", NULL);
	note(n, "R and S are little-endian; not checked by show");
	add_bytes(n, "R", r + SNP_SIG_R_OFF, SNP_SIG_INT_LEN);
	add_bytes(n, "S", r + SNP_SIG_S_OFF, SNP_SIG_INT_LEN);
	if (s.len > SNP_REPORT_LEN)
		add_uint(to, "trailing_zeros", s.len - SNP_REPORT_LEN);
}
