// SPDX-License-Identifier: GPL-2.0
/*
 * TPM 2.0 commands (TCG TPM 2.0 Library, part 3) over tpm_transmit_cmd().
 * Authorisations are empty passwords, as on a vTPM without an owner's password.
 * Answers come from the host or the paravisor and are not trusted: a cursor
 * with bounds checks reads them.
 */
#include "cvm_evidence.h"

#include <crypto/sha2.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/tpm.h>

#include "compat.h"
#include "tpm.h"

#define CC_NV_UNDEFINE_SPACE	0x122
#define CC_NV_DEFINE_SPACE	0x12a
#define CC_NV_WRITE		0x137
#define CC_NV_READ		0x14e
#define CC_QUOTE		0x158
#define CC_NV_READ_PUBLIC	0x169
#define CC_READ_PUBLIC		0x173
#define CC_GET_CAPABILITY	0x17a
#define CC_PCR_READ		0x17e

#define RH_OWNER		0x40000001
#define ALG_SHA256		0x000b
#define ALG_NULL		0x0010
#define CAP_TPM_PROPERTIES	6
#define ST_ATTEST_QUOTE		0x8018
#define GENERATED_VALUE		0xff544347

#define RC_HANDLE		0x8b	/* format one: its low bits */
#define RC_FMT1			0x80
#define RC_NV_AUTHORIZATION	0x149
#define RC_OBJECT_MEMORY	0x902
#define RC_MEMORY		0x904
#define RC_LOCALITY		0x907
#define RC_YIELDED		0x908
#define RC_TESTING		0x90a
#define RC_NV_RATE		0x920
#define RC_RETRY		0x922

#define HEADER_LEN		10

/**
 * cvme_tpm_rc_text - what a response code means
 * @rc: the code
 *
 * Return: a constant text.
 */
const char *cvme_tpm_rc_text(u32 rc)
{
	switch (rc) {
	case CVME_TPM_RC_NV_UNINITIALIZED:
		return "the NV index is defined but was not written yet";
	case 0x148:
		return "the NV index is locked";
	case RC_NV_AUTHORIZATION:
		return "the NV index may not be used by the owner";
	case 0x14b:
		return "no room for another NV index";
	case RC_OBJECT_MEMORY:
	case RC_MEMORY:
		return "no memory for a key: other programs use all of it";
	case RC_LOCALITY:
		return "wrong locality";
	case RC_NV_RATE:
		return "NV is written too often, come back later";
	case 0x921:
		return "locked out after failed authorisations";
	case RC_RETRY:
	case RC_TESTING:
	case RC_YIELDED:
		return "busy, come back later";
	}
	switch (rc & 0xbf) {
	case RC_HANDLE:
		return "no such key or index";
	case 0x8e:
	case 0xa2:
		return "it needs a password: the TPM has an owner";
	case 0x95:
		return "data too long";
	}
	return "see TCG TPM 2.0 part 2, 6.6";
}

/* What is left of an answer; @bad after an attempt to read past its end */
struct cursor {
	const u8 *p;
	size_t left;
	bool bad;
};

static const u8 *take(struct cursor *c, size_t len)
{
	const u8 *p = c->p;

	if (c->bad || len > c->left) {
		c->bad = true;
		return NULL;
	}
	c->p += len;
	c->left -= len;
	return p;
}

static u16 take_u16(struct cursor *c)
{
	const u8 *p = take(c, 2);

	return p ? get_unaligned_be16(p) : 0;
}

static u32 take_u32(struct cursor *c)
{
	const u8 *p = take(c, 4);

	return p ? get_unaligned_be32(p) : 0;
}

/* A TPM2B: a length and as many bytes */
static const u8 *take_2b(struct cursor *c, size_t *len)
{
	*len = take_u16(c);
	return take(c, *len);
}

static int copy_out(struct cvme_tpm_part *out, const u8 *data, size_t len)
{
	if (len > sizeof(out->data))
		return -EBADMSG;
	memcpy(out->data, data, len);
	out->len = len;
	return 0;
}

int cvme_tpm_open(struct cvme_tpm *tpm)
{
	memset(tpm, 0, sizeof(*tpm));
	tpm->chip = tpm_default_chip();
	if (!tpm->chip)
		return -ENODEV;
	/* tpm_is_tpm2() fails for a TPM 2.0 that is suspended or disabled */
	if (!(READ_ONCE(tpm->chip->flags) & TPM_CHIP_FLAG_TPM2)) {
		put_device(&tpm->chip->dev);
		return -ENODEV;
	}
	tpm->buf = compat_tpm_buf_alloc();
	if (!tpm->buf) {
		put_device(&tpm->chip->dev);
		return -ENOMEM;
	}
	return 0;
}

void cvme_tpm_close(struct cvme_tpm *tpm)
{
	compat_tpm_buf_free(tpm->buf);
	put_device(&tpm->chip->dev);
}

/*
 * -ENODEV: the TPM is gone, its driver took the operations away; -EIO: the TPM
 * core has disabled it, until the next boot; -EAGAIN: it is suspended, or
 * somebody else has its locality.
 */
int cvme_tpm_begin(struct cvme_tpm *tpm)
{
	tpm->rc = 0;
	if (!tpm_try_get_ops(tpm->chip))
		return 0;
	if (!READ_ONCE(tpm->chip->ops))
		return -ENODEV;
	if (compat_tpm_is_disabled(tpm->chip)) {
		pr_warn_ratelimited("vtpm: the kernel has disabled the TPM; only a reboot of the guest can enable it again\n");
		return -EIO;
	}
	return -EAGAIN;
}

void cvme_tpm_end(struct cvme_tpm *tpm)
{
	tpm_put_ops(tpm->chip);
}

static void start(struct cvme_tpm *tpm, u32 command, bool authorised)
{
	tpm_buf_reset(tpm->buf, authorised ? TPM2_ST_SESSIONS :
					     TPM2_ST_NO_SESSIONS, command);
}

static void put_u16(struct cvme_tpm *tpm, u16 val)
{
	tpm_buf_append_u16(tpm->buf, val);
}

static void put_u32(struct cvme_tpm *tpm, u32 val)
{
	tpm_buf_append_u32(tpm->buf, val);
}

static void put_2b(struct cvme_tpm *tpm, const u8 *data, size_t len)
{
	put_u16(tpm, len);
	tpm_buf_append(tpm->buf, data, len);
}

/* One empty password */
static void put_auth(struct cvme_tpm *tpm)
{
	put_u32(tpm, 9);
	put_u32(tpm, TPM2_RS_PW);
	put_u16(tpm, 0);
	tpm_buf_append_u8(tpm->buf, 0);
	put_u16(tpm, 0);
}

/* Is this refusal temporary */
static bool passes(u32 rc)
{
	return rc == RC_RETRY || rc == RC_YIELDED || rc == RC_TESTING ||
	       rc == RC_NV_RATE || rc == RC_LOCALITY ||
	       rc == RC_OBJECT_MEMORY || rc == RC_MEMORY;
}

/*
 * Send a command that was started; the answer takes its place.
 *
 * Return: 0 and the answer's parameters; -ENXIO no such object; -EAGAIN come
 * back later; -EIO refused, tpm->rc says why; another errno of the TPM core.
 */
static int finish(struct cvme_tpm *tpm, bool authorised, struct cursor *c)
{
	ssize_t ret;
	u32 len;

	tpm->rc = 0;
	ret = tpm_transmit_cmd(tpm->chip, tpm->buf, 0, NULL);
	/* the TPM core returns these when it cannot reach the device now */
	if (ret == -EBUSY || ret == -EAGAIN || ret == -EINTR)
		return -EAGAIN;
	if (ret < 0)
		return ret == -ENOMEM ? -ENOMEM : -EIO;
	if (ret > 0) {
		tpm->rc = ret;
		if (passes(ret))
			return -EAGAIN;
		if (ret & RC_FMT1 && (ret & 0xbf) == RC_HANDLE)
			return -ENXIO;
		return -EIO;
	}
	/* the core compared the length with what the device gave */
	len = get_unaligned_be32(tpm->buf->data + 2);
	if (len < HEADER_LEN || len > TPM_BUFSIZE)
		return -EBADMSG;
	*c = (struct cursor){ tpm->buf->data + HEADER_LEN, len - HEADER_LEN };
	if (authorised) {
		u32 params = take_u32(c);

		if (c->bad || params > c->left)
			return -EBADMSG;
		c->left = params;
	}
	return 0;
}

/* @val: of TPM_PT_*; -ENXIO when the TPM does not know it */
int cvme_tpm_property(struct cvme_tpm *tpm, u32 property, u32 *val)
{
	struct cursor c;
	u32 count, found;
	int err;

	start(tpm, CC_GET_CAPABILITY, false);
	put_u32(tpm, CAP_TPM_PROPERTIES);
	put_u32(tpm, property);
	put_u32(tpm, 1);
	err = finish(tpm, false, &c);
	if (err)
		return err;
	take(&c, 1);
	take_u32(&c);
	count = take_u32(&c);
	if (!c.bad && !count)
		return -ENXIO;
	found = take_u32(&c);
	*val = take_u32(&c);
	if (c.bad)
		return -EBADMSG;
	/* for an unknown property a TPM returns the next one it knows */
	return found == property ? 0 : -ENXIO;
}

int cvme_tpm_nv_public(struct cvme_tpm *tpm, u32 index, struct cvme_tpm_nv *nv)
{
	struct cursor c;
	size_t len;
	u32 found;
	int err;

	start(tpm, CC_NV_READ_PUBLIC, false);
	put_u32(tpm, index);
	err = finish(tpm, false, &c);
	if (err)
		return err;
	take_u16(&c);
	found = take_u32(&c);
	take_u16(&c);		/* nameAlg */
	nv->attributes = take_u32(&c);
	take_2b(&c, &len);	/* authPolicy */
	nv->size = take_u16(&c);
	return c.bad || found != index ? -EBADMSG : 0;
}

/* By the owner, who made it */
int cvme_tpm_nv_undefine(struct cvme_tpm *tpm, u32 index)
{
	struct cursor c;

	start(tpm, CC_NV_UNDEFINE_SPACE, true);
	put_u32(tpm, RH_OWNER);
	put_u32(tpm, index);
	put_auth(tpm);
	return finish(tpm, true, &c);
}

int cvme_tpm_nv_define(struct cvme_tpm *tpm, u32 index, u32 size)
{
	struct cursor c;

	start(tpm, CC_NV_DEFINE_SPACE, true);
	put_u32(tpm, RH_OWNER);
	put_auth(tpm);
	put_u16(tpm, 0);	/* the index's own authorisation: empty */
	put_u16(tpm, 14);
	put_u32(tpm, index);
	put_u16(tpm, ALG_SHA256);
	put_u32(tpm, CVME_NV_OWNERWRITE | CVME_NV_OWNERREAD);
	put_u16(tpm, 0);
	put_u16(tpm, size);
	return finish(tpm, true, &c);
}

int cvme_tpm_nv_write(struct cvme_tpm *tpm, u32 index, const u8 *data, u32 len)
{
	struct cursor c;

	start(tpm, CC_NV_WRITE, true);
	put_u32(tpm, RH_OWNER);
	put_u32(tpm, index);
	put_auth(tpm);
	put_2b(tpm, data, len);
	put_u16(tpm, 0);
	return finish(tpm, true, &c);
}

/* One chunk, authorised by the owner or by the index itself */
static int nv_read_chunk(struct cvme_tpm *tpm, u32 auth, u32 index, u32 pos,
			 u32 len, u8 *data)
{
	struct cursor c;
	const u8 *p;
	size_t n;
	int err;

	start(tpm, CC_NV_READ, true);
	put_u32(tpm, auth);
	put_u32(tpm, index);
	put_auth(tpm);
	put_u16(tpm, len);
	put_u16(tpm, pos);
	err = finish(tpm, true, &c);
	if (err)
		return err;
	p = take_2b(&c, &n);
	if (!p || n != len)
		return -EBADMSG;
	memcpy(data, p, len);
	return 0;
}

/*
 * Check that the empty password opens this index, and that a wrong password does
 * not count towards the TPM's lockout.
 *
 * Return: 0, -EACCES, or an error of reading the public area.
 */
static int may_use_own_auth(struct cvme_tpm *tpm, u32 index)
{
	const u32 needed = CVME_NV_AUTHREAD | CVME_NV_NO_DA;
	struct cvme_tpm_nv nv;
	int err = cvme_tpm_nv_public(tpm, index, &nv);

	if (err)
		return err;
	return (nv.attributes & needed) == needed ? 0 : -EACCES;
}

/**
 * cvme_tpm_nv_read - read a part of an NV index
 * @tpm: between cvme_tpm_begin() and cvme_tpm_end()
 * @index: handle of the index
 * @from: offset of the part
 * @size: length of the part
 * @chunk: most bytes that one command returns
 * @data: set to the bytes
 *
 * Return: 0; -ENXIO, -EIO, -EAGAIN, -EBADMSG, -ENOMEM.
 */
int cvme_tpm_nv_read(struct cvme_tpm *tpm, u32 index, u32 from, u32 size,
		     u32 chunk, u8 *data)
{
	u32 auth = RH_OWNER, rc, pos, n;
	int err;

	for (pos = 0; pos < size; pos += n) {
		n = min(size - pos, chunk);
		err = nv_read_chunk(tpm, auth, index, from + pos, n,
				    data + pos);
		/* the owner has a password, or may not read the index */
		if (err == -EIO && !pos &&
		    tpm->rc != CVME_TPM_RC_NV_UNINITIALIZED) {
			rc = tpm->rc;
			auth = index;
			err = may_use_own_auth(tpm, index) ?:
			      nv_read_chunk(tpm, auth, index, from, n, data);
			if (err == -EACCES)
				err = -EIO;
			if (err == -EIO)
				tpm->rc = rc;
		}
		if (err)
			return err;
	}
	return 0;
}

/* @pub: TPM2B_PUBLIC */
int cvme_tpm_read_public(struct cvme_tpm *tpm, u32 handle,
			 struct cvme_tpm_part *pub)
{
	struct cursor c, whole;
	size_t len;
	int err;

	start(tpm, CC_READ_PUBLIC, false);
	put_u32(tpm, handle);
	err = finish(tpm, false, &c);
	if (err)
		return err;
	whole = c;
	take_2b(&c, &len);
	if (c.bad)
		return -EBADMSG;
	return copy_out(pub, whole.p, len + 2);
}

static void put_selection(struct cvme_tpm *tpm, u32 mask)
{
	unsigned int i;

	put_u32(tpm, 1);
	put_u16(tpm, ALG_SHA256);
	tpm_buf_append_u8(tpm->buf, CVME_TPM_PCRS / 8);
	for (i = 0; i < CVME_TPM_PCRS; i += 8)
		tpm_buf_append_u8(tpm->buf, mask >> i);
}

/* The one bank of a selection; 0 for anything else */
static u32 take_selection(struct cursor *c)
{
	u32 count = take_u32(c), mask = 0;
	u16 alg = take_u16(c);
	const u8 *size = take(c, 1);
	const u8 *bits = size ? take(c, *size) : NULL;
	unsigned int i;

	if (!bits || count != 1 || alg != ALG_SHA256 ||
	    *size != CVME_TPM_PCRS / 8)
		return 0;
	for (i = 0; i < *size; i++)
		mask |= (u32)bits[i] << (8 * i);
	return mask;
}

/* A TPM returns about eight values at a time, and says which */
static int pcr_read(struct cvme_tpm *tpm, u32 mask, struct cvme_tpm_part *out)
{
	struct cursor c;
	u32 got, count;
	const u8 *p;
	size_t len;
	int err;

	out->len = hweight32(mask) * CVME_TPM_SHA256_LEN;
	for (len = 0; mask; mask &= ~got) {
		start(tpm, CC_PCR_READ, false);
		put_selection(tpm, mask);
		err = finish(tpm, false, &c);
		if (err)
			return err;
		take_u32(&c);	/* update counter */
		got = take_selection(&c);
		count = take_u32(&c);
		/* must be the lowest of those asked for, to be in order */
		if (c.bad || !got || got & ~mask || count != hweight32(got) ||
		    (mask & ~got && __ffs(mask & ~got) < __fls(got)))
			return -EBADMSG;
		while (count--) {
			size_t n;

			p = take_2b(&c, &n);
			if (!p || n != CVME_TPM_SHA256_LEN)
				return -EBADMSG;
			memcpy(out->data + len, p, n);
			len += n;
		}
	}
	return 0;
}

/* Check that the quote covers these qualifying data and PCR values */
static int check_attest(const struct cvme_tpm_quote *quote, const u8 *data,
			u32 len, u32 mask)
{
	struct cursor c = { quote->attest.data, quote->attest.len };
	u8 digest[CVME_TPM_SHA256_LEN];
	const u8 *p;
	size_t n;

	if (take_u32(&c) != GENERATED_VALUE || take_u16(&c) != ST_ATTEST_QUOTE)
		return -EBADMSG;
	take_2b(&c, &n);	/* qualifiedSigner */
	p = take_2b(&c, &n);
	if (!p || n != len || memcmp(p, data, len))
		return -EBADMSG;
	take(&c, 17 + 8);	/* clockInfo, firmwareVersion */
	if (take_selection(&c) != mask)
		return -EBADMSG;
	p = take_2b(&c, &n);
	if (!p || n != sizeof(digest))
		return -EBADMSG;
	sha256(quote->pcrs.data, quote->pcrs.len, digest);
	return memcmp(p, digest, n) ? -ESTALE : 0;
}

/**
 * cvme_tpm_quote - have PCRs quoted
 * @tpm: between cvme_tpm_begin() and cvme_tpm_end()
 * @key: persistent handle of the attestation key
 * @data: qualifying data
 * @len: bytes of it
 * @pcr_mask: PCRs of the SHA-256 bank, not 0
 * @quote: filled, but for the key
 *
 * Return: 0; -ENXIO no such key, -ESTALE a PCR changed between the quote and
 * its values, -EIO, -EAGAIN, -EBADMSG.
 */
int cvme_tpm_quote(struct cvme_tpm *tpm, u32 key, const u8 *data, u32 len,
		   u32 pcr_mask, struct cvme_tpm_quote *quote)
{
	struct cursor c;
	const u8 *p;
	size_t n;
	int err;

	start(tpm, CC_QUOTE, true);
	put_u32(tpm, key);
	put_auth(tpm);
	put_2b(tpm, data, len);
	put_u16(tpm, ALG_NULL);	/* the key's own scheme */
	put_selection(tpm, pcr_mask);
	err = finish(tpm, true, &c);
	if (err)
		return err;
	p = take_2b(&c, &n);
	if (!p || !n || !c.left)
		return -EBADMSG;
	err = copy_out(&quote->attest, p, n) ?:
	      copy_out(&quote->signature, c.p, c.left);
	if (err)
		return err;
	return pcr_read(tpm, pcr_mask, &quote->pcrs) ?:
	       check_attest(quote, data, len, pcr_mask);
}
