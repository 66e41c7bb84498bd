// SPDX-License-Identifier: GPL-2.0
/*
 * The TCG crypto-agile event log (TCG PC Client Platform Firmware Profile, 10):
 * a TCG_PCR_EVENT whose event is a Spec ID Event03, which lists the digest
 * algorithms, then TCG_PCR_EVENT2 records. All of it is little-endian. Only the
 * lengths are read here; what the events say is the verifier's to judge.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "tcg_log.h"

#define EV_NO_ACTION		3
#define SPEC_ID			"Spec ID Event03"	/* with its NUL */
#define SPEC_ID_FIXED		28	/* bytes before the algorithms */
#define EVENT_SHA1_LEN		20
#define ALGS_MAX		8
#define DIGEST_MAX		64	/* SHA-512 */
#define EVENT_MAX		0x100000

/* The digest algorithms of a log */
struct algs {
	u32 nr;
	u16 id[ALGS_MAX];
	u16 size[ALGS_MAX];
};

/* What is left of the area */
struct cursor {
	const u8 *p;
	size_t left;
};

static const u8 *take(struct cursor *c, size_t len)
{
	const u8 *p = c->p;

	if (len > c->left)
		return NULL;
	c->p += len;
	c->left -= len;
	return p;
}

static bool take_u32(struct cursor *c, u32 *val)
{
	const u8 *p = take(c, 4);

	if (p)
		*val = get_unaligned_le32(p);
	return p;
}

static bool take_u16(struct cursor *c, u16 *val)
{
	const u8 *p = take(c, 2);

	if (p)
		*val = get_unaligned_le16(p);
	return p;
}

/* The size that the TCG Algorithm Registry gives a digest; 0: not a digest */
static u16 digest_size(u16 alg)
{
	switch (alg) {
	case 0x0004:			/* SHA-1 */
		return 20;
	case 0x000b:			/* SHA-256 */
	case 0x0012:			/* SM3 */
	case 0x0027:			/* SHA3-256 */
		return 32;
	case 0x000c:			/* SHA-384 */
	case 0x0028:			/* SHA3-384 */
		return 48;
	case 0x000d:			/* SHA-512 */
	case 0x0029:			/* SHA3-512 */
		return DIGEST_MAX;
	default:
		return 0;
	}
}

static bool take_algs(struct cursor *c, struct algs *algs)
{
	u32 i;

	if (!take_u32(c, &algs->nr) || !algs->nr || algs->nr > ALGS_MAX)
		return false;
	for (i = 0; i < algs->nr; i++)
		if (!take_u16(c, &algs->id[i]) || !take_u16(c, &algs->size[i]) ||
		    !algs->size[i] || algs->size[i] != digest_size(algs->id[i]))
			return false;
	return true;
}

/* TCG_EfiSpecIDEvent, which fills its record */
static bool take_spec_id(struct cursor *c, struct algs *algs)
{
	const u8 *p = take(c, SPEC_ID_FIXED - 4);
	const u8 *vendor;

	if (!p || memcmp(p, SPEC_ID, sizeof(SPEC_ID)) || !take_algs(c, algs))
		return false;
	vendor = take(c, 1);
	return vendor && c->left == *vendor;
}

/* TCG_PCR_EVENT: register, type, a SHA-1 digest, the event */
static bool take_first(struct cursor *c, struct algs *algs)
{
	struct cursor event;
	u32 type, len;
	const u8 *p;

	if (!take(c, 4) || !take_u32(c, &type) || type != EV_NO_ACTION)
		return false;
	p = take(c, EVENT_SHA1_LEN);
	if (!p || memchr_inv(p, 0, EVENT_SHA1_LEN) || !take_u32(c, &len))
		return false;
	event.p = take(c, len);
	event.left = len;
	return event.p && take_spec_id(&event, algs);
}

static bool take_digest(struct cursor *c, const struct algs *algs)
{
	u16 id;
	u32 i;

	if (!take_u16(c, &id))
		return false;
	for (i = 0; i < algs->nr; i++)
		if (id == algs->id[i])
			return take(c, algs->size[i]);
	return false;
}

/* TCG_PCR_EVENT2: register, type, digests, the event */
static bool take_next(struct cursor *c, const struct algs *algs)
{
	u32 count, len;

	if (!take(c, 8) || !take_u32(c, &count) || !count || count > algs->nr)
		return false;
	while (count--)
		if (!take_digest(c, algs))
			return false;
	return take_u32(c, &len) && len <= EVENT_MAX && take(c, len);
}

/**
 * cvme_tcg_log_len - where the log ends
 * @area: memory that begins with it
 * @len: bytes of the memory
 *
 * If the memory changes meanwhile, the result means nothing, but nothing behind
 * @len is read.
 *
 * Return: bytes of the records that parse, 0 when the first one does not.
 */
size_t cvme_tcg_log_len(const u8 *area, size_t len)
{
	struct cursor c = { area, len }, next;
	struct algs algs;

	if (!take_first(&c, &algs))
		return 0;
	for (next = c; take_next(&next, &algs); c = next)
		;
	return len - c.left;
}
