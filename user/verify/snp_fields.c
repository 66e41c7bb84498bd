// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the firmware's ABI (AMD 56860, ATTESTATION_REPORT) reserves. Firmware
 * leaves such fields zero; one that is not means a report of a kind that is not
 * known here, whose other fields may mean something else.
 */
#include "evidence/snp.h"
#include "verify/verify.h"

#define POLICY_RESERVED_ONE	(1ULL << 17)
#define POLICY_KNOWN		((1ULL << 26) - 1)
#define PLATFORM_KNOWN		0xffULL
#define KEY_INFO_KNOWN		0x1fU

/* Zero in reports of these versions */
static const struct {
	const char *name;
	size_t off, len;
	u32 first, last;
} reserved[] = {
	{ "0x4c", 0x4c, 4, 2, 6 },
	/* before the CPUID fields */
	{ "0x188", 0x188, 3, 2, 2 },
	{ "0x18b", 0x18b, 21, 2, 6 },
	{ "0x1eb", 0x1eb, 1, 2, 6 },
	{ "0x1ef", 0x1ef, 1, 2, 6 },
	/* before the mitigation vectors */
	{ "0x1f8", 0x1f8, 16, 2, 4 },
	/* before the extended TCBs, and around them */
	{ "0x208", 0x208, 152, 2, 5 },
	{ "0x208", 0x208, 24, 6, 6 },
	{ "0x280", 0x280, 32, 6, 6 },
};

/*
 * The parts of a TCB are some of its eight bytes (tables 3 to 5); firmware leaves the
 * others zero. Which bytes they are nobody knows in reports before version 3 that have
 * no chip id, and of a Venice only what is provisional.
 */
static void tcb_bytes(const u8 *r, struct buf *bad)
{
	static const struct {
		const char *name;
		size_t off;
	} tcbs[] = {
		{ "CURRENT_TCB", 0x38 }, { "REPORTED_TCB", SNP_REPORTED_TCB_OFF },
		{ "COMMITTED_TCB", 0x1e0 }, { "LAUNCH_TCB", 0x1f0 },
	};
	enum snp_layout layout = snp_layout(r);
	u8 used = 0;
	size_t i;
	int k;

	if (layout == SNP_LAYOUT_VENICE || (le32(r) < 3 && is_zero(r + SNP_CHIP_ID_OFF, 64)))
		return;
	for (k = 0; k < SNP_PARTS; k++)
		if (snp_part_at(layout, (enum snp_part)k) >= 0)
			used |= (u8)(1U << snp_part_at(layout, (enum snp_part)k));
	for (i = 0; i < ARRAY_SIZE(tcbs); i++)
		for (k = 0; k < 8; k++)
			if (!(used >> k & 1) && r[tcbs[i].off + (size_t)k])
				buf_printf(bad, "; byte %d of %s is reserved and not zero", k, tcbs[i].name);
}

void verify_snp_fields(struct verify *v, const u8 *r)
{
	u64 policy = le64(r + 8), platform = le64(r + 0x40);
	u32 version = le32(r), vmpl = le32(r + 0x30), key_info = le32(r + 0x48);
	struct buf bad CLEANUP_BUF;
	size_t i;

	if (!(policy & POLICY_RESERVED_ONE))
		buf_printf(&bad, "; bit 17 of POLICY is not one");
	if (policy & ~POLICY_KNOWN)
		buf_printf(&bad, "; POLICY has reserved bits, 0x%016llx", (unsigned long long)policy);
	if (platform & ~PLATFORM_KNOWN)
		buf_printf(&bad, "; PLATFORM_INFO has reserved bits, 0x%016llx",
			   (unsigned long long)platform);
	if (key_info & ~KEY_INFO_KNOWN)
		buf_printf(&bad, "; KEY_INFO has reserved bits, 0x%08x", key_info);
	if (vmpl > 3 && vmpl != 0xffffffff)
		buf_printf(&bad, "; VMPL is %u, and 0 to 3 are", vmpl);
	for (i = 0; i < ARRAY_SIZE(reserved); i++)
		if (version >= reserved[i].first && version <= reserved[i].last &&
		    !is_zero(r + reserved[i].off, reserved[i].len))
			buf_printf(&bad, "; the reserved bytes at %s are not zero", reserved[i].name);
	tcb_bytes(r, &bad);
	judged(v, GENUINE, !bad.len, "reserved fields", "%s", bad.len ? (char *)bad.p + 2 :
	       "as its version leaves them");
}
