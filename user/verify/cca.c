// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tokens of Arm CCA. The platform token is signed by a key that the caller trusts.
 * Its challenge is the hash of the key that signs the realm token, and that one's
 * challenge is the report data.
 */
#include <string.h>

#include "base/digest.h"
#include "base/ecdsa.h"
#include "verify/cca.h"
#include "verify/verify.h"

/* Upper byte of the lifecycle */
enum { SECURED = 0x30, NON_CCA_DEBUG = 0x40 };

static bool claim_bytes(const struct cca *c, enum cca_which which, s64 key, struct span *out)
{
	return cbor_bytes_of(cbor_member(c->token[which].claims, key), out);
}

/* "sha-256" of the tokens as OpenSSL has it */
static const char *hash_name(const cbor_item_t *item)
{
	static const char *const names[][2] = {
		{ "sha-256", "SHA256" }, { "sha-384", "SHA384" }, { "sha-512", "SHA512" },
	};
	struct span s;
	size_t i;

	for (i = 0; cbor_text_of(item, &s) && i < ARRAY_SIZE(names); i++)
		if (s.len == strlen(names[i][0]) && !memcmp(s.p, names[i][0], s.len))
			return names[i][1];
	return NULL;
}

static bool is_for(const struct cca_key *k, const struct cca *c)
{
	struct span s;

	if (k->instance.len && (!claim_bytes(c, CCA_PLATFORM, CCA_INSTANCE_ID, &s) ||
				s.len != k->instance.len || memcmp(s.p, k->instance.p, s.len)))
		return false;
	return !k->implementation.len ||
	       (claim_bytes(c, CCA_PLATFORM, CCA_IMPLEMENTATION_ID, &s) &&
		s.len == k->implementation.len && !memcmp(s.p, k->implementation.p, s.len));
}

static void platform_signature(struct verify *v, const struct cca *c)
{
	static const char check[] = "platform signature";
	const char *why = NULL;
	size_t i, tried = 0;

	answered(v, ASK_CCA_KEY);
	if (!v->cca_keys.n) {
		unable(v, GENUINE, check, "no key of the platform was given (--cca-key FILE): its maker has it");
		return;
	}
	for (i = 0; i < v->cca_keys.n; i++) {
		if (!is_for(&v->cca_keys.key[i], c))
			continue;
		tried++;
		if (cose_verify(&c->token[CCA_PLATFORM].cose, v->cca_keys.key[i].key, &why)) {
			passed(v, GENUINE, check, "%s, by a key of %s", why, v->cca_keys.key[i].name);
			return;
		}
	}
	if (!tried)
		unable(v, GENUINE, check, "none of the given keys belongs to this platform instance");
	else if (tried == 1)
		failed(v, GENUINE, check, "%s", why);
	else
		failed(v, GENUINE, check, "none of the %zu keys given for this platform made it: it was altered, or comes from another", tried);
}

/* The realm's key: a COSE_Key, and in the first drafts a point of P-384 alone */
static EVP_PKEY *realm_key(const struct cca *c, struct span *raw)
{
	if (!claim_bytes(c, CCA_REALM, CCA_PUBLIC_KEY, raw))
		return NULL;
	if (cbor_member(c->token[CCA_REALM].claims, CCA_PROFILE))
		return cose_key_read(*raw);
	return raw->len == 97 && raw->p[0] == 4 ? ecdsa_key("secp384r1", *raw) : NULL;
}

static void realm_signature(struct verify *v, const struct cca *c)
{
	const char *why = "its public_key is not an elliptic-curve key, or not for signatures";
	const char *alg = hash_name(cbor_member(c->token[CCA_REALM].claims, CCA_PUBLIC_KEY_HASH_ALGO));
	struct span raw, challenge;
	EVP_PKEY *key = realm_key(c, &raw);
	bool good = key && cose_verify(&c->token[CCA_REALM].cose, key, &why);
	u8 hash[DIGEST_MAX];
	size_t len;

	judged(v, GENUINE, good, "realm signature", "%s", why);
	if (!key)
		return;
	EVP_PKEY_free(key);
	if (!alg || !claim_bytes(c, CCA_PLATFORM, CCA_CHALLENGE, &challenge)) {
		failed(v, GENUINE, "realm key", "the hash algorithm of the realm's key is not known");
		return;
	}
	len = digest(alg, raw.p, raw.len, hash);
	judged(v, GENUINE, len == challenge.len && !memcmp(hash, challenge.p, len), "realm key",
	       "the platform's challenge is %sthe hash of the realm's key",
	       len == challenge.len && !memcmp(hash, challenge.p, len) ? "" : "not ");
}

static void field(struct verify *v, enum ask a, const cbor_item_t *item)
{
	char *hex CLEANUP(free_str) = NULL;
	struct span s;

	if (!cbor_bytes_of(item, &s))
		return;
	answered(v, a);
	hex = hex_encode(s.p, s.len);
	judged(v, APPRAISED, values_have(&v->policy.value[a], s.p, s.len), policy_name(a), "it is %s", hex);
}

static void appraise_fields_of(struct verify *v, const struct cca *c)
{
	const cbor_item_t *platform = c->token[CCA_PLATFORM].claims;
	const cbor_item_t *realm = c->token[CCA_REALM].claims;
	const cbor_item_t *rems = cbor_member(realm, CCA_REMS);
	const struct {
		enum ask ask;
		const cbor_item_t *item;
	} fields[] = {
		{ ASK_RIM, cbor_member(realm, CCA_RIM) },
		{ ASK_RPV, cbor_member(realm, CCA_RPV) },
		{ ASK_IMPLEMENTATION_ID, cbor_member(platform, CCA_IMPLEMENTATION_ID) },
		{ ASK_INSTANCE_ID, cbor_member(platform, CCA_INSTANCE_ID) },
		{ ASK_PLATFORM_CONFIG, cbor_member(platform, CCA_CONFIG) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (v->policy.value[fields[i].ask].n)
			field(v, fields[i].ask, fields[i].item);
	for (i = 0; i < 4; i++)
		if (v->policy.value[ASK_REM0 + i].n && rems && cbor_isa_array(rems) &&
		    i < cbor_array_size(rems))
			field(v, (enum ask)(ASK_REM0 + i), cbor_array_handle(rems)[i]);
}

/* RMM specification, A7.2.3.2.7 */
enum { COMPONENT_TYPE = 1, COMPONENT_MEASUREMENT, COMPONENT_VERSION = 4, COMPONENT_SIGNER };

static char *component_text(const cbor_item_t *one, s64 key)
{
	struct span s;

	if (cbor_text_of(cbor_member(one, key), &s))
		return printable((const char *)s.p, s.len);
	return cbor_bytes_of(cbor_member(one, key), &s) ? hex_encode(s.p, s.len) : xstrdup("-");
}

/* The platform's firmware: each component must be one of those named. */
static void firmware(struct verify *v, const struct cca *c, bool well_formed)
{
	const cbor_item_t *list = cbor_member(c->token[CCA_PLATFORM].claims, CCA_SW_COMPONENTS);
	const struct values *want = &v->policy.value[ASK_SW_COMPONENT];
	size_t i, n = list && cbor_isa_array(list) ? cbor_array_size(list) : 0;
	bool good = true;

	/* what is no list of components is not shown as one either: it may have any length */
	if (!well_formed) {
		answered(v, ASK_SW_COMPONENT);
		if (want->n)
			unable(v, APPRAISED, "sw-component", "the platform claims are not as they have to be");
		return;
	}
	for (i = 0; i < n; i++) {
		const cbor_item_t *one = cbor_array_handle(list)[i];
		char *type CLEANUP(free_str) = component_text(one, COMPONENT_TYPE);
		char *measurement CLEANUP(free_str) = component_text(one, COMPONENT_MEASUREMENT);
		char *version CLEANUP(free_str) = component_text(one, COMPONENT_VERSION);
		char *signer CLEANUP(free_str) = component_text(one, COMPONENT_SIGNER);
		char *both CLEANUP(free_str) = xasprintf("%s:%s", measurement, signer);

		fact_more(v, "firmware", "%s %s, %s", type, version, both);
		if (!want->n || values_have(want, measurement, strlen(measurement)) ||
		    values_have(want, both, strlen(both)))
			continue;
		failed(v, APPRAISED, "sw-component", "%s is %s", type, both);
		good = false;
	}
	if (!want->n) {
		left_out(v, APPRAISED, "firmware", "the measurements of the platform's %zu components were not compared: --sw-component names those that are trusted", n);
		return;
	}
	if (!n)
		return;
	answered(v, ASK_SW_COMPONENT);
	if (good)
		passed(v, APPRAISED, "sw-component", "each of the %zu is one of those named", n);
}

/*
 * draft-ffm-rats-cca-token: a verifier can trust reports of a platform that is
 * secured, or under debug of what is not part of CCA; the latter by --allow-debug.
 */
static void lifecycle(struct verify *v, const struct cca *c)
{
	const cbor_item_t *item = cbor_member(c->token[CCA_PLATFORM].claims, CCA_LIFECYCLE);
	u64 value = item && cbor_isa_uint(item) ? cbor_get_int(item) : UINT64_MAX;
	bool debug = value >> 8 == NON_CCA_DEBUG;

	if (debug)
		answered(v, ASK_ALLOW_DEBUG);
	if (value >> 8 == SECURED)
		passed(v, APPRAISED, "lifecycle", "the platform is secured");
	else
		judged(v, APPRAISED, debug && v->policy.allow_debug, "lifecycle",
		       debug ? "a part of the platform outside CCA is under debug (--allow-debug)" :
		       "the platform is not in the secured state");
}

static void appraise(struct verify *v, const struct cca *c, bool well_formed)
{
	appraise_fields_of(v, c);
	if (!v->policy.given[ASK_RIM])
		appraise_any_code(v, "code", "", "nothing to compare it with: give --rim, or --any-code");
	lifecycle(v, c);
	firmware(v, c, well_formed);
}

static void facts(struct verify *v, const struct cca *c)
{
	static const struct {
		enum cca_which which;
		s64 key;
		const char *name;
	} shown[] = {
		{ CCA_PLATFORM, CCA_IMPLEMENTATION_ID, "implementation_id" },
		{ CCA_PLATFORM, CCA_INSTANCE_ID, "instance_id" },
		{ CCA_REALM, CCA_RIM, "RIM" }, { CCA_REALM, CCA_RPV, "RPV" },
		{ CCA_REALM, CCA_CHALLENGE, "challenge" },
	};
	const cbor_item_t *rems = cbor_member(c->token[CCA_REALM].claims, CCA_REMS);
	struct span s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shown); i++)
		if (claim_bytes(c, shown[i].which, shown[i].key, &s))
			fact_bytes(v, shown[i].name, s.p, s.len);
	for (i = 0; rems && cbor_isa_array(rems) && i < cbor_array_size(rems) && i < 4; i++) {
		char *name CLEANUP(free_str) = xasprintf("REM%zu", i);

		if (cbor_bytes_of(cbor_array_handle(rems)[i], &s))
			fact_bytes(v, name, s.p, s.len);
	}
}

void verify_cca(struct verify *v, struct span token)
{
	struct cca c CLEANUP(cca_free) = { 0 };
	struct buf said CLEANUP_BUF, *outer = complain_into(&said);
	const u8 *challenge;
	bool well_formed;
	int rc = cca_parse(token, &c);

	complain_into(outer);
	if (rc) {
		failed(v, GENUINE, "layout", "%s", (char *)said.p);
		return;
	}
	facts(v, &c);
	well_formed = verify_cca_claims(v, &c);
	cca_corims_open(v);
	platform_signature(v, &c);
	realm_signature(v, &c);
	challenge = cca_challenge(&c);
	if (challenge)
		verify_binding(v, challenge, NULL);
	appraise(v, &c, well_formed);
}
