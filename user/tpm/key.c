// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "tpm/key.h"

#define WHO	"AzureGuest"

/* The first PCR that is not what it was; -1: none */
static int changed_pcr(struct span was, struct span now)
{
	size_t len = now.len / TPM_KEY_PCRS_N;
	int i;

	for (i = 0; i < TPM_KEY_PCRS_N; i++)
		if (was.len != now.len || memcmp(was.p + (size_t)i * len, now.p + (size_t)i * len, len))
			return i;
	return -1;
}

/* The AK's signature would be worth nothing beside another AK's quote. */
static int check_ak(struct tpm *t, struct span ak_pub)
{
	struct buf b CLEANUP_BUF;
	struct tpm_rsa asked, here;
	int rc = tpm_rsa_parse(ak_pub, &asked);

	if (!rc)
		rc = tpm_read_public(t, TPM_HANDLE_AK, &b);
	if (rc)
		return rc;
	if (t->rc && tpm_rc_base(t->rc) == TPM_RC_HANDLE)
		return fail(RC_EVIDENCE, "%s has no key 0x%08x: it is not a vTPM of an Azure paravisor",
			    t->path, TPM_HANDLE_AK);
	if (t->rc)
		return tpm_refused(t, "TPM2_ReadPublic");
	rc = tpm_rsa_parse(buf_span(&b), &here);
	if (!rc && !tpm_same_key(&asked, &here))
		rc = fail(RC_EVIDENCE, "the evidence comes from another machine: its AK is not that of %s",
			  t->path);
	return rc;
}

static int check_quote(const struct tpm *t, const struct tpm_quote *q, struct span now)
{
	struct buf was CLEANUP_BUF;
	unsigned int i;
	int n;

	for (i = 0; i < TPM_KEY_PCRS_N; i++)
		if (tpm_quote_pcr(q, i))
			buf_add(&was, tpm_quote_pcr(q, i), q->pcr_len);
	n = changed_pcr(buf_span(&was), now);
	if (n < 0)
		return RC_OK;
	return fail(RC_EVIDENCE, "PCR %d of %s was extended since the quote; take new evidence",
		    n, t->path);
}

static int make(struct tpm *t, const struct tpm_policy *p, struct tpm_key *key)
{
	struct tpm_rsa k;
	u32 handle;
	int rc = tpm_create_rsa(t, p, &handle, &key->pub);

	if (rc)
		return rc;
	rc = tpm_certify(t, handle, TPM_HANDLE_AK, &key->info, &key->signature);
	tpm_flush(t, handle);
	if (!rc)
		rc = tpm_rsa_parse(buf_span(&key->pub), &k);
	if (!rc && (k.n.len != TPM_KEY_LEN || k.policy.len != sizeof(p->digest) ||
		    memcmp(k.policy.p, p->digest, sizeof(p->digest)) ||
		    !tpm_certifies(buf_span(&key->info), &k)))
		rc = fail(RC_EVIDENCE, "%s: what the TPM certified is not the key it was asked for",
			  t->path);
	return rc;
}

int tpm_key_make(const char *path, struct span ak_pub, const struct tpm_quote *q,
		 struct tpm_key *key)
{
	struct tpm t CLEANUP(tpm_close) = { .fd = -1 };
	struct tpm_policy policy;
	struct buf now CLEANUP_BUF;
	int rc = tpm_open(&t, path, WHO);

	if (!rc)
		rc = check_ak(&t, ak_pub);
	if (!rc)
		rc = tpm_pcr_read(&t, TPM_KEY_PCRS, &now);
	if (!rc)
		rc = check_quote(&t, q, buf_span(&now));
	if (rc)
		return rc;
	tpm_policy_pcr(TPM_KEY_PCRS, buf_span(&now), &policy);
	return make(&t, &policy, key);
}

#define NO_MORE	"so the TPM no longer allows the use of the key that the answer is sealed to; take new evidence and ask again"

static int check_pcrs(const struct tpm_key_was *was, const struct tpm_policy *p, struct span now)
{
	struct tpm_rsa k;
	int n = was->pcrs.len ? changed_pcr(was->pcrs, now) : -1;
	int rc;

	if (n >= 0)
		return fail(RC_EVIDENCE, "PCR %d was extended since the request, " NO_MORE, n);
	if (!was->pub.len)
		return RC_OK;
	rc = tpm_rsa_parse(was->pub, &k);
	if (!rc && (k.policy.len != sizeof(p->digest) ||
		    memcmp(k.policy.p, p->digest, sizeof(p->digest))))
		rc = fail(RC_EVIDENCE, "PCR 0 to 7 changed since the request, "
			  NO_MORE);
	return rc;
}

static int check_same(const struct tpm_key_was *was, const struct buf *pub)
{
	struct tpm_rsa then, now;
	int rc;

	if (!was->pub.len)
		return RC_OK;
	rc = tpm_rsa_parse(was->pub, &then);
	if (!rc)
		rc = tpm_rsa_parse(buf_span(pub), &now);
	if (!rc && !tpm_same_key(&then, &now))
		rc = fail(RC_EVIDENCE, "the key that the answer is sealed to is gone: it was made in another boot or by another TPM; take new evidence and ask again");
	return rc;
}

int tpm_key_mismatch(const struct tpm_key_was *was)
{
	if (was->pub.len)
		return fail(RC_REFUSED, "the answer was altered, or it is sealed to another key than the request named");
	return fail(RC_REFUSED, "the answer is not sealed to the key that this TPM has now: PCR 0 to 7 were extended or the VM was restarted since the request (--sent FILE shows which), or the answer was altered");
}

static int not_decrypted(const struct tpm *t, const struct tpm_key_was *was)
{
	switch (tpm_rc_base(t->rc)) {
	case TPM_RC_PCR_CHANGED:
	case TPM_RC_POLICY_FAIL:
		return fail(RC_EVIDENCE, "PCR 0 to 7 were extended meanwhile, " NO_MORE);
	case TPM_RC_VALUE:
	case TPM_RC_SIZE:
	case TPM_RC_FAILURE:	/* libtpms says so of bad padding */
		return tpm_key_mismatch(was);
	}
	return tpm_refused(t, "TPM2_RSA_Decrypt");
}

int tpm_key_decrypt(const char *path, const struct tpm_key_was *was, struct span in,
		    struct buf *out)
{
	struct tpm t CLEANUP(tpm_close) = { .fd = -1 };
	struct buf now CLEANUP_BUF, pub CLEANUP_BUF;
	struct tpm_policy policy;
	u32 handle;
	int rc = tpm_open(&t, path, WHO);

	if (!rc)
		rc = tpm_pcr_read(&t, TPM_KEY_PCRS, &now);
	if (rc)
		return rc;
	tpm_policy_pcr(TPM_KEY_PCRS, buf_span(&now), &policy);
	rc = check_pcrs(was, &policy, buf_span(&now));
	if (!rc)
		rc = tpm_create_rsa(&t, &policy, &handle, &pub);
	if (rc)
		return rc;
	rc = check_same(was, &pub);
	if (!rc) {
		rc = tpm_rsa_decrypt(&t, handle, &policy, in, out);
		if (!rc && t.rc)
			rc = not_decrypted(&t, was);
	}
	tpm_flush(&t, handle);
	return rc;
}
