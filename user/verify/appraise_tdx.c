// SPDX-License-Identifier: GPL-2.0-only
/* Whether a genuine TD also satisfies the policy */
#include <string.h>

#include "evidence/pck.h"
#include "verify/td_attributes.h"
#include "verify/verify.h"

static const struct place in_tdx[ASK_VALUES] = {
	[ASK_MEASUREMENT] = { 136, 48 }, [ASK_RTMR0] = { 328, 48 }, [ASK_RTMR1] = { 376, 48 },
	[ASK_RTMR2] = { 424, 48 }, [ASK_RTMR3] = { 472, 48 }, [ASK_MRCONFIGID] = { 184, 48 },
	[ASK_MROWNER] = { 232, 48 }, [ASK_MROWNERCONFIG] = { 280, 48 }, [ASK_MRSEAM] = { 16, 48 },
	[ASK_MRSERVICETD] = { 600, 48 }, [ASK_XFAM] = { 128, 8 }, [ASK_TDATTRIBUTES] = { 120, 8 },
};

#define CURR_SERVER_TD_HASH	829	/* in an extended body of TD 1.5 */

/* TDATTRIBUTES: what Intel's own verifier insists on */
static void td_attributes(struct verify *v, u64 a)
{
	/* the claims that only a paravisor's image makes; --measurement says which */
	bool paravisor = v->policy.azure && v->parts.kind == RAW_HCL;

	if (a & 0xff)
		answered(v, ASK_ALLOW_DEBUG);
	if (a >> 29 & 1)
		answered(v, ASK_ALLOW_MIGRATION);
	if (!(a >> 28 & 1) && !paravisor)
		answered(v, ASK_ALLOW_SEPT_VE);
	if (paravisor) {
		answered(v, ASK_PROFILE);
		passed(v, APPRAISED, "profile", "azure: SEPT_VE_DISABLE may be clear");
	}
	judged(v, APPRAISED, !(a & TD_TUD) || v->policy.allow_debug, "debug",
	       a & TD_DEBUG ? "the host may read and change this TD" :
	       a & TD_TUD ? "the TD is under profiling (TUD bits)" : "off");
	judged(v, APPRAISED, !(a & ~TD_KNOWN), "TDATTRIBUTES",
	       a & ~TD_KNOWN ? "bits that must be zero are set: 0x%016llx" : "0x%016llx",
	       (unsigned long long)a);
	judged(v, APPRAISED, a & TD_SEPT_VE_DISABLE || v->policy.allow_sept_ve || paravisor, "SEPT_VE_DISABLE",
	       a & TD_SEPT_VE_DISABLE ? "set" : paravisor ? "not set; Azure's paravisor takes the #VE (--profile azure)" :
	       "not set: the host can inject #VE at any access of memory");
	judged(v, APPRAISED, !(a & TD_MIGRATABLE) || v->policy.allow_migration, "migration",
	       a & TD_MIGRATABLE ? "a migration TD may move it" : "not migratable");
}

static void xfam(struct verify *v, u64 x)
{
	bool good = td_xfam_is_allowed(x);

	judged(v, APPRAISED, good, "XFAM", good ? "0x%016llx" :
	       "0x%016llx, which no TDX module allows", (unsigned long long)x);
}

static void min_tee_tcb(struct verify *v, const u8 *svn)
{
	const struct buf *min = &v->policy.min_tee_tcb;
	struct buf low CLEANUP_BUF;
	size_t i;

	answered(v, ASK_MIN_TEE_TCB);
	for (i = 0; i < min->len; i++)
		if (svn[i] < min->p[i])
			buf_printf(&low, "%sbyte %zu is %u, less than the required %u", low.len ? ", " : "", i, svn[i],
				   min->p[i]);
	if (min->len)
		judged(v, APPRAISED, !low.len, "minimum TEE TCB", "%s", low.len ? (char *)low.p :
		       "not below it");
}

/* Attacks by the owner of the machine that memory encryption does not prevent */
static void physical(struct verify *v)
{
	if (!v->policy.given[ASK_PPID] && !v->policy.given[ASK_PLATFORM_INSTANCE])
		left_out(v, APPRAISED, "physical access", "somebody with physical access to the DDR5 bus may forge quotes (TEE.fail); --ppid or --platform-instance-id lists trusted machines");
}

static void pin(struct verify *v, enum ask a, const u8 *p, bool have)
{
	char *hex CLEANUP(free_str) = NULL;

	if (!v->policy.value[a].n || !have)
		return;
	answered(v, a);
	hex = hex_encode(p, 16);
	judged(v, APPRAISED, values_have(&v->policy.value[a], p, 16), policy_name(a), "it is %s", hex);
}

static void platform(struct verify *v, const struct pck *p)
{
	pin(v, ASK_PPID, p->ppid, p->have_ppid);
	pin(v, ASK_PLATFORM_INSTANCE, p->instance, p->have_instance);
	if (!v->policy.given[ASK_MIN_PCE_SVN])
		return;
	answered(v, ASK_MIN_PCE_SVN);
	judged(v, APPRAISED, p->pcesvn >= v->policy.min_pce_svn, "minimum PCE SVN",
	       "PCESVN is %u, %llu is required", p->pcesvn, (unsigned long long)v->policy.min_pce_svn);
}

void appraise_tdx(struct verify *v, const struct tdx_quote *q, const struct pck *pck)
{
	const u8 *b = q->body.p;
	bool none;

	appraise_code(v, "--measurement (MRTD)");
	appraise_fields(v, q->body, in_tdx);
	td_attributes(v, le64(b + 120));
	xfam(v, le64(b + 128));
	if (q->body.len >= TDX_BODY15_LEN && !v->policy.given[ASK_MRSERVICETD]) {
		none = is_zero(b + 600, 48) &&
		       (q->body.len < TDX_BODY15_EX_LEN || is_zero(b + CURR_SERVER_TD_HASH, 48));
		if (!none)
			answered(v, ASK_ALLOW_MIGRATION);
		judged(v, APPRAISED, none || v->policy.allow_migration, "service TD",
		       none ? "none" : "one is bound to this TD: --mrservicetd HEX names it");
	}
	min_tee_tcb(v, b);
	if (pck)
		platform(v, pck);
	physical(v);
}
