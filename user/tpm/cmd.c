// SPDX-License-Identifier: GPL-2.0-only
/* TPM 2.0 commands (TCG TPM 2.0 Library, part 3) */
#include <string.h>

#include <openssl/rand.h>

#include "base/digest.h"
#include "tpm/marshal.h"

#define CC_CREATE_PRIMARY 0x131
#define CC_CERTIFY	0x148
#define CC_NV_READ	0x14e
#define CC_RSA_DECRYPT	0x159
#define CC_FLUSH_CONTEXT 0x165
#define CC_READ_PUBLIC	0x173
#define CC_START_AUTH_SESSION 0x176
#define CC_GET_CAPABILITY 0x17a
#define CC_PCR_READ	0x17e
#define CC_POLICY_PCR	0x17f

#define RH_OWNER	0x40000001u
#define RH_NULL		0x40000007u
#define RS_PW		0x40000009u
#define CAP_TPM_PROPERTIES 6
#define PT_NV_BUFFER_MAX 0x12c
#define NV_CHUNK_MIN	64
#define NV_CHUNK_MAX	2048
#define SE_POLICY	1
#define SHA256_LEN	32

/* fixedTPM, fixedParent, sensitiveDataOrigin, noDA, decrypt: its policy alone
 * lets it be used, and nobody is locked out by trying
 */
#define KEY_ATTRIBUTES	0x00020432u

static void put_selection(struct buf *b, u32 mask)
{
	const u8 s[] = { 0, 0, 0, 1, 0, TPM_ALG_SHA256, TPM_PCRS / 8, (u8)mask, (u8)(mask >> 8),
			 (u8)(mask >> 16) };

	buf_add(b, s, sizeof(s));
}

int tpm_properties(struct tpm *t, u32 first, u32 *val, size_t n, u32 *known)
{
	struct tpm_command c CLEANUP_TPM_COMMAND;
	struct tpm_cursor a;
	u32 count, property, value;
	int rc;

	*known = 0;
	tpm_start(&c, CC_GET_CAPABILITY, false);
	tpm_put(&c, CAP_TPM_PROPERTIES, 4);
	tpm_put(&c, first, 4);
	tpm_put(&c, n, 4);
	rc = tpm_finish(t, &c, "TPM2_GetCapability", NULL, &a);
	if (rc)
		return rc;
	if (t->rc)
		return tpm_refused(t, a.what);
	tpm_take(&a, 1 + 4);		/* whether there are more; the capability */
	for (count = (u32)tpm_take(&a, 4); count && !a.short_of; count--) {
		property = (u32)tpm_take(&a, 4);
		value = (u32)tpm_take(&a, 4);
		if (a.short_of || property < first || property - first >= n)
			continue;
		val[property - first] = value;
		*known |= 1u << (property - first);
	}
	return tpm_whole(t, &a);
}

/* A TPM gives eight at a time, and says which: the lowest of those it was asked */
int tpm_pcr_read(struct tpm *t, u32 mask, struct buf *values)
{
	u32 got, i;
	int rc;

	for (; mask; mask &= ~got) {
		struct tpm_command c CLEANUP_TPM_COMMAND;
		struct tpm_cursor a;
		u64 count, banks, alg, size;

		tpm_start(&c, CC_PCR_READ, false);
		put_selection(&c.b, mask);
		rc = tpm_finish(t, &c, "TPM2_PCR_Read", NULL, &a);
		if (rc)
			return rc;
		if (t->rc)
			return tpm_refused(t, a.what);
		tpm_take(&a, 4);	/* update counter */
		banks = tpm_take(&a, 4);
		alg = tpm_take(&a, 2);
		size = tpm_take(&a, 1);
		for (got = 0, i = 0; i < size; i++)
			got |= (u32)tpm_take(&a, 1) << (i < 3 ? 8 * i : 24);
		count = tpm_take(&a, 4);
		if (!a.short_of && (banks != 1 || alg != TPM_ALG_SHA256 || !got || got & ~mask ||
				    count != (u64)__builtin_popcount(got) ||
				    (mask & ~got && mask & ~got & ((1u << (31 - __builtin_clz(got))) - 1))))
			return fail(RC_FAILED, "%s: %s returned other PCRs than requested; does it have a SHA-256 bank?",
				    t->path, a.what);
		while (count-- && !a.short_of) {
			struct span value = tpm_take_2b(&a);

			if (!a.short_of && value.len != SHA256_LEN)
				a.short_of = true;
			else
				buf_add(values, value.p, value.len);
		}
		rc = tpm_whole(t, &a);
		if (rc)
			return rc;
	}
	return RC_OK;
}

/* A TPM2B with its length */
static int copy_2b(const struct tpm *t, struct tpm_cursor *a, struct buf *out)
{
	const u8 *p = a->s.p;
	struct span s = tpm_take_2b(a);
	int rc = tpm_whole(t, a);

	if (!rc)
		buf_add(out, p, s.len + 2);
	return rc;
}

int tpm_read_public(struct tpm *t, u32 handle, struct buf *pub)
{
	struct tpm_command c CLEANUP_TPM_COMMAND;
	struct tpm_cursor a;
	int rc;

	tpm_start(&c, CC_READ_PUBLIC, false);
	tpm_put(&c, handle, 4);
	rc = tpm_finish(t, &c, "TPM2_ReadPublic", NULL, &a);
	return rc || t->rc ? rc : copy_2b(t, &a, pub);
}

/* Authorised by the owner: a wrong password for the index may count as an attack */
static int nv_chunk(struct tpm *t, u32 index, u32 from, u32 len, struct buf *out)
{
	struct tpm_command c CLEANUP_TPM_COMMAND;
	struct tpm_cursor a;
	struct span s;
	int rc;

	tpm_start(&c, CC_NV_READ, true);
	tpm_put(&c, RH_OWNER, 4);
	tpm_put(&c, index, 4);
	tpm_put_sessions(&c, RS_PW, 1);
	tpm_put(&c, len, 2);
	tpm_put(&c, from, 2);
	rc = tpm_finish(t, &c, "TPM2_NV_Read", NULL, &a);
	if (rc || t->rc)
		return rc;
	s = tpm_take_2b(&a);
	if (s.len != len)
		a.short_of = true;
	rc = tpm_whole(t, &a);
	if (!rc)
		buf_add(out, s.p, s.len);
	return rc;
}

int tpm_nv_read(struct tpm *t, u32 index, u32 from, u32 len, struct buf *out)
{
	u32 chunk = NV_CHUNK_MIN, known, n;
	int rc = tpm_properties(t, PT_NV_BUFFER_MAX, &chunk, 1, &known);

	/* limit the TPM's value: not too many chunks, and none larger than our buffer */
	if (chunk < NV_CHUNK_MIN || chunk > NV_CHUNK_MAX)
		chunk = NV_CHUNK_MIN;
	for (; !rc && len; from += n, len -= n) {
		n = len < chunk ? len : chunk;
		rc = nv_chunk(t, index, from, n, out);
		if (t->rc)
			break;
	}
	return rc;
}

void tpm_policy_pcr(u32 mask, struct span values, struct tpm_policy *p)
{
	struct buf b CLEANUP_BUF;
	static const u8 zero[SHA256_LEN], code[] = { 0, 0, CC_POLICY_PCR >> 8, CC_POLICY_PCR & 0xff };
	u8 hash[DIGEST_MAX];

	p->mask = mask;
	digest("SHA256", values.p, values.len, hash);
	memcpy(p->pcr_digest, hash, SHA256_LEN);
	buf_add(&b, zero, sizeof(zero));
	buf_add(&b, code, sizeof(code));
	put_selection(&b, mask);
	buf_add(&b, p->pcr_digest, SHA256_LEN);
	digest("SHA256", b.p, b.len, hash);
	memcpy(p->digest, hash, SHA256_LEN);
}

int tpm_create_rsa(struct tpm *t, const struct tpm_policy *p, u32 *handle, struct buf *pub)
{
	static const u8 unique[256];
	struct tpm_command c CLEANUP_TPM_COMMAND;
	size_t at;
	struct tpm_cursor a;
	int rc;

	tpm_start(&c, CC_CREATE_PRIMARY, true);
	tpm_put(&c, RH_NULL, 4);
	tpm_put_sessions(&c, RS_PW, 1);
	tpm_put(&c, 4, 2);			/* no password, no further data */
	tpm_put(&c, 0, 4);
	at = c.b.len;
	tpm_put(&c, 0, 2);
	tpm_put(&c, TPM_ALG_RSA, 2);
	tpm_put(&c, TPM_ALG_SHA256, 2);
	tpm_put(&c, KEY_ATTRIBUTES, 4);
	tpm_put_2b(&c, p->digest, SHA256_LEN);
	tpm_put(&c, TPM_ALG_NULL, 2);	/* no children */
	tpm_put(&c, TPM_ALG_NULL, 2);	/* whoever uses it says the scheme */
	tpm_put(&c, 2048, 2);
	tpm_put(&c, 0, 4);			/* exponent 65537 */
	tpm_put_2b(&c, unique, sizeof(unique));
	c.b.p[at] = (u8)((c.b.len - at - 2) >> 8);
	c.b.p[at + 1] = (u8)(c.b.len - at - 2);
	tpm_put(&c, 0, 2);			/* outsideInfo */
	tpm_put(&c, 0, 4);			/* creationPCR */
	rc = tpm_finish(t, &c, "TPM2_CreatePrimary", handle, &a);
	if (rc)
		return rc;
	return t->rc ? tpm_refused(t, a.what) : copy_2b(t, &a, pub);
}

int tpm_certify(struct tpm *t, u32 handle, u32 key, struct buf *attest, struct buf *signature)
{
	struct tpm_command c CLEANUP_TPM_COMMAND;
	struct tpm_cursor a;
	struct span s;
	int rc;

	tpm_start(&c, CC_CERTIFY, true);
	tpm_put(&c, handle, 4);
	tpm_put(&c, key, 4);
	tpm_put_sessions(&c, RS_PW, 2);
	tpm_put(&c, 0, 2);			/* qualifying data: none, as the service requires */
	tpm_put(&c, TPM_ALG_NULL, 2);	/* the key's own scheme */
	rc = tpm_finish(t, &c, "TPM2_Certify", NULL, &a);
	if (rc)
		return rc;
	if (t->rc)
		return tpm_refused(t, a.what);
	s = tpm_take_2b(&a);
	rc = tpm_whole(t, &a);
	if (rc)
		return rc;
	buf_add(attest, s.p, s.len);
	buf_add(signature, a.s.p, a.s.len);
	return RC_OK;
}

static int start_policy(struct tpm *t, u32 *session)
{
	struct tpm_command c CLEANUP_TPM_COMMAND;
	struct tpm_cursor a;
	u8 nonce[SHA256_LEN];
	int rc;

	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return fail(RC_FAILED, "OpenSSL has no random bytes");
	tpm_start(&c, CC_START_AUTH_SESSION, false);
	tpm_put(&c, RH_NULL, 4);		/* no salt */
	tpm_put(&c, RH_NULL, 4);		/* bound to nothing */
	tpm_put_2b(&c, nonce, sizeof(nonce));
	tpm_put(&c, 0, 2);
	tpm_put(&c, SE_POLICY, 1);
	tpm_put(&c, TPM_ALG_NULL, 2);
	tpm_put(&c, TPM_ALG_SHA256, 2);
	rc = tpm_finish(t, &c, "TPM2_StartAuthSession", session, &a);
	if (rc)
		return rc;
	return t->rc ? tpm_refused(t, a.what) : tpm_whole(t, &a);
}

/* t->rc for values that are not those of the policy */
static int policy_pcr(struct tpm *t, u32 session, const struct tpm_policy *p)
{
	struct tpm_command c CLEANUP_TPM_COMMAND;
	struct tpm_cursor a;

	tpm_start(&c, CC_POLICY_PCR, false);
	tpm_put(&c, session, 4);
	tpm_put_2b(&c, p->pcr_digest, SHA256_LEN);
	put_selection(&c.b, p->mask);
	return tpm_finish(t, &c, "TPM2_PolicyPCR", NULL, &a);
}

int tpm_rsa_decrypt(struct tpm *t, u32 handle, const struct tpm_policy *p, struct span in,
		    struct buf *out)
{
	struct tpm_command c CLEANUP_TPM_COMMAND;
	struct tpm_cursor a;
	u32 session = 0, refused;
	struct span s;
	int rc;

	rc = start_policy(t, &session);
	if (rc)
		return rc;
	rc = policy_pcr(t, session, p);
	if (!rc && !t->rc) {
		tpm_start(&c, CC_RSA_DECRYPT, true);
		tpm_put(&c, handle, 4);
		tpm_put_sessions(&c, session, 1);
		tpm_put_2b(&c, in.p, in.len);
		tpm_put(&c, TPM_ALG_RSAES, 2);
		tpm_put(&c, 0, 2);			/* no label */
		rc = tpm_finish(t, &c, "TPM2_RSA_Decrypt", NULL, &a);
		if (!rc && !t->rc) {
			s = tpm_take_2b(&a);
			rc = tpm_whole(t, &a);
			if (!rc)
				buf_add(out, s.p, s.len);
			return rc;		/* the session ended with it */
		}
	} else if (!rc && tpm_rc_base(t->rc) == TPM_RC_VALUE) {
		t->rc = TPM_RC_PCR_CHANGED;
	}
	refused = t->rc;
	tpm_flush(t, session);
	t->rc = refused;
	return rc;
}

void tpm_flush(struct tpm *t, u32 handle)
{
	struct tpm_command c CLEANUP_TPM_COMMAND;
	struct tpm_cursor a;

	tpm_start(&c, CC_FLUSH_CONTEXT, false);
	tpm_put(&c, handle, 4);
	tpm_finish(t, &c, "TPM2_FlushContext", NULL, &a);
}
