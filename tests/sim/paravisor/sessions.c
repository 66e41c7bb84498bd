// SPDX-License-Identifier: GPL-2.0-only
/*
 * HMAC sessions, which tpm2_nvread uses: an HMAC covers the index's name, and
 * with it the size. Where the guest sees another size than swtpm has, the HMAC
 * is checked as the guest meant it and made anew for swtpm, and the answer's for
 * the guest. That needs no secret for a session without salt and binding and an
 * owner without a password; of all others swtpm says that they are not allowed.
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "pv.h"

#define MAX_SESSIONS	64
#define RH_NULL		0x40000007U
#define ENCRYPTING	0x60	/* attributes decrypt and encrypt */

struct session {
	uint32_t handle;
	const EVP_MD *md;	/* NULL: free, or there is a secret in it */
	uint8_t nonce[64];	/* the TPM's, of the last answer */
	size_t nonce_len;
};

static struct session sessions[MAX_SESSIONS];

static struct session *find(uint32_t handle)
{
	for (int i = 0; i < MAX_SESSIONS; i++)
		if (sessions[i].md && sessions[i].handle == handle)
			return &sessions[i];
	return NULL;
}

static const EVP_MD *digest_of(uint16_t alg)
{
	switch (alg) {
	case ALG_SHA1:		return EVP_sha1();
	case ALG_SHA256:	return EVP_sha256();
	case ALG_SHA384:	return EVP_sha384();
	case ALG_SHA512:	return EVP_sha512();
	}
	return NULL;
}

static void started(const uint8_t *cmd, size_t len, const uint8_t *rsp, size_t n)
{
	uint32_t handle = get_be32(rsp + HEADER_LEN);
	struct session *s = find(handle);
	uint16_t nonce_len = get_be16(rsp + HEADER_LEN + 4);

	for (int i = 0; !s && i < MAX_SESSIONS; i++)
		if (!sessions[i].md)
			s = &sessions[i];
	if (!s || nonce_len > sizeof(s->nonce) || n < HEADER_LEN + 6U + nonce_len)
		return;
	s->handle = handle;
	s->md = NULL;
	if (get_be32(cmd + HEADER_LEN) == RH_NULL && get_be32(cmd + HEADER_LEN + 4) == RH_NULL)
		s->md = digest_of(get_be16(cmd + len - 2));
	memcpy(s->nonce, rsp + HEADER_LEN + 6, nonce_len);
	s->nonce_len = nonce_len;
}

/* TPMA_CC of each: how many handles it takes, whether it gives one. */
static uint32_t attributes_of(uint32_t cc)
{
	static uint32_t known[512];

	if (!known[CC_GET_CAPABILITY]) {
		struct tpm_cmd c = { .cc = CC_GET_CAPABILITY };
		struct buf out = {};

		buf_be32(&c.params, 2);		/* TPM_CAP_COMMANDS */
		buf_be32(&c.params, 0x11f);
		buf_be32(&c.params, 254);
		tpm_must(&c, &out, "GetCapability");
		for (size_t i = 9; i + 4 <= out.len; i += 4)
			known[get_be32(out.p + i) % 512] = get_be32(out.p + i);
		buf_free(&out);
	}
	return known[cc % 512];
}

/* One TPM2B from *at on; NULL when it goes beyond the end. */
static const uint8_t *sized(const uint8_t *p, size_t len, size_t *at, size_t *size)
{
	if (*at + 2 > len)
		return NULL;
	*size = get_be16(p + *at);
	if (*at + 2 + *size > len)
		return NULL;
	*at += 2 + *size;
	return p + *at - *size;
}

/* After every command: the nonces that the TPM has given. */
void session_track(const uint8_t *cmd, size_t len, const uint8_t *rsp, size_t n)
{
	uint32_t cc = get_be32(cmd + 6), attributes = attributes_of(cc);
	size_t at = HEADER_LEN + 4 * (attributes >> 25 & 7), end, to, size;

	if (get_be32(rsp + 6))
		return;
	if (cc == CC_START_AUTH_SESSION && len >= HEADER_LEN + 10 && n >= HEADER_LEN + 6) {
		started(cmd, len, rsp, n);
		return;
	}
	if (get_be16(cmd) != TAG_SESSIONS || get_be16(rsp) != TAG_SESSIONS || len < at + 4)
		return;
	to = HEADER_LEN + (attributes >> 28 & 1 ? 4 : 0);
	if (n < to + 4)
		return;
	to += 4 + get_be32(rsp + to);
	end = at + 4 + get_be32(cmd + at);
	for (at += 4; at + 4 <= end && end <= len && to < n; ) {
		struct session *s = find(get_be32(cmd + at));
		const uint8_t *nonce;

		at += 4;
		if (!sized(cmd, end, &at, &size) || at++ >= end || !sized(cmd, end, &at, &size))
			return;
		nonce = sized(rsp, n, &to, &size);
		if (!nonce)
			return;
		if (s && size <= sizeof(s->nonce)) {
			memcpy(s->nonce, nonce, size);
			s->nonce_len = size;
		}
		if (to++ >= n || !sized(rsp, n, &to, &size))
			return;
	}
}

/* HMAC without a key, over a digest and what every such HMAC ends with. */
static void session_hmac(const struct session *s, const struct buf *hashed,
			 const uint8_t *newer, size_t newer_len, const uint8_t *older,
			 size_t older_len, uint8_t attributes, uint8_t *out)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct buf b = {};
	unsigned int n;

	hash(s->md, hashed->p, hashed->len, digest);
	buf_add(&b, digest, EVP_MD_get_size(s->md));
	buf_add(&b, newer, newer_len);
	buf_add(&b, older, older_len);
	buf_u8(&b, attributes);
	if (!HMAC(s->md, "", 0, b.p, b.len, out, &n))
		die("HMAC failed");
	buf_free(&b);
}

/* The command's parameters: an HMAC over them and the index's name of that size. */
static void command_hmac(const struct session_use *u, const uint8_t *cmd,
			 const struct nv_index *nv, uint16_t size, const uint8_t *params,
			 uint8_t *out)
{
	const struct session *s = find(u->handle);
	uint8_t name[NV_NAME_LEN];
	struct buf b = {};

	nv_name(nv, size, name);
	buf_add(&b, cmd + 6, 4);
	buf_add(&b, cmd + HEADER_LEN, 4);	/* a hierarchy's name is its handle */
	buf_add(&b, name, sizeof(name));
	buf_add(&b, params, 4);
	session_hmac(s, &b, u->nonce, u->nonce_len, s->nonce, s->nonce_len, u->attributes, out);
	buf_free(&b);
}

bool session_begin(struct session_use *u, uint8_t *cmd, size_t len, const struct nv_index *nv)
{
	size_t at = HEADER_LEN + 8, end, size;
	const uint8_t *nonce, *hmac;
	uint8_t want[EVP_MAX_MD_SIZE];
	struct session *s;

	memset(u, 0, sizeof(*u));
	if (get_be16(cmd) != TAG_SESSIONS || len < at + 8)
		return false;
	end = at + 4 + get_be32(cmd + at);
	u->handle = get_be32(cmd + at + 4);
	s = find(u->handle);
	at += 8;
	if (!s || end + 4 != len)
		return false;
	nonce = sized(cmd, end, &at, &size);
	if (!nonce || size > sizeof(u->nonce) || at >= end)
		return false;
	memcpy(u->nonce, nonce, size);
	u->nonce_len = size;
	u->attributes = cmd[at++];
	hmac = sized(cmd, end, &at, &size);
	if (!hmac || at != end || size != (size_t)EVP_MD_get_size(s->md) ||
	    (u->attributes & ENCRYPTING))
		return false;
	command_hmac(u, cmd, nv, nv->size, cmd + end, want);
	if (CRYPTO_memcmp(hmac, want, size))
		return false;
	u->hmac = cmd + (hmac - cmd);
	return true;
}

void session_command(const struct session_use *u, uint8_t *cmd, size_t len,
		     const struct nv_index *nv)
{
	command_hmac(u, cmd, nv, nv_shadow(nv), cmd + len - 4, u->hmac);
}

/* An NV_Read's answer, whose data may be other than swtpm's by now. */
void session_answer(const struct session_use *u, uint8_t *rsp, size_t n)
{
	struct session *s = find(u->handle);
	size_t at = HEADER_LEN + 4 + get_be32(rsp + HEADER_LEN), size;
	const uint8_t *nonce, *hmac;
	struct buf b = {};
	uint8_t attributes;

	nonce = sized(rsp, n, &at, &size);
	if (!s || !nonce || at >= n)
		return;
	attributes = rsp[at++];
	buf_add(&b, rsp + 6, 4);
	buf_be32(&b, CC_NV_READ);
	buf_add(&b, rsp + HEADER_LEN + 4, get_be32(rsp + HEADER_LEN));
	hmac = sized(rsp, n, &at, &size);
	if (hmac && size == (size_t)EVP_MD_get_size(s->md))
		session_hmac(s, &b, s->nonce, s->nonce_len, u->nonce, u->nonce_len, attributes,
			     rsp + (hmac - rsp));
	buf_free(&b);
}
