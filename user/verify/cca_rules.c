// SPDX-License-Identifier: GPL-2.0-only
/*
 * The claims that a profile of CCA's tokens asks for, each with its type and
 * length: RMM specification, A7.2.3, and draft-ffm-rats-cca-token, sections 4.6
 * and 4.7 of its versions 00 (2023) and 03 (2024).
 */
#include <string.h>

#include "verify/cca.h"
#include "verify/verify.h"

enum type { BYTES, UEID, TEXT, NUMBER, LIST, POLICY };

struct claim {
	s64 key;
	const char *name;
	enum type type;
	size_t lens[3];		/* that bytes may have, 0: none; of a list how many */
	bool since_2024;
};

#define HASH_LENS	{ 32, 48, 64 }

static const struct claim platform[] = {
	{ CCA_CHALLENGE, "challenge", BYTES, HASH_LENS, false },
	{ CCA_IMPLEMENTATION_ID, "implementation_id", BYTES, { 32 }, false },
	{ CCA_INSTANCE_ID, "instance_id", UEID, { 33 }, false },
	{ CCA_CONFIG, "config", BYTES, { 0 }, false },
	{ CCA_LIFECYCLE, "lifecycle", NUMBER, { 0 }, false },
	{ CCA_SW_COMPONENTS, "sw_components", LIST, { 0 }, false },
	{ CCA_HASH_ALGO, "hash_algo_id", TEXT, { 0 }, false },
	{ CCA_CLIENT_ID, "client_id", NUMBER, { 0 }, true },
	{ 0 }
};

static const struct claim realm[] = {
	{ CCA_CHALLENGE, "challenge", BYTES, { 64 }, false },
	{ CCA_RPV, "RPV", BYTES, { 64 }, false },
	{ CCA_RIM, "RIM", BYTES, HASH_LENS, false },
	{ CCA_REMS, "REM", LIST, { 4 }, false },
	{ CCA_REALM_HASH_ALGO, "hash_algo_id", TEXT, { 0 }, false },
	{ CCA_PUBLIC_KEY, "public_key", BYTES, { 0 }, false },
	{ CCA_PUBLIC_KEY_HASH_ALGO, "public_key_hash_algo_id", TEXT, { 0 }, false },
	{ CCA_MEC_POLICY, "MEC_policy", POLICY, { 0 }, true },
	{ CCA_INSTANCE_ID, "instance_id", UEID, { 33 }, true },
	{ 0 }
};

/* A realm token of the first drafts names no profile. */
static const struct profile {
	enum cca_which which;
	const char *name;
	const struct claim *claims;
	bool since_2024;
} profiles[] = {
	{ CCA_PLATFORM, "http://arm.com/CCA-SSD/1.0.0", platform, false },
	{ CCA_PLATFORM, "tag:arm.com,2023:cca_platform#1.0.0", platform, false },
	{ CCA_PLATFORM, "tag:arm.com,2024:cca_platform#2.0.0", platform, true },
	{ CCA_REALM, "", realm, false },
	{ CCA_REALM, "tag:arm.com,2023:realm#1.0.0", realm, false },
	{ CCA_REALM, "tag:arm.com,2024:realm#2.0.0", realm, true },
};

static bool len_is(const size_t lens[3], size_t len)
{
	return !lens[0] ? len > 0 : len == lens[0] || (lens[1] && len == lens[1]) ||
	       (lens[2] && len == lens[2]);
}

/* What is wrong with a claim; NULL: nothing */
static const char *wrong(const struct claim *c, const cbor_item_t *item)
{
	struct span s;

	if (!item)
		return "is missing";
	switch (c->type) {
	case BYTES:
	case UEID:
		if (!cbor_bytes_of(item, &s))
			return "is not a byte string";
		if (!len_is(c->lens, s.len))
			return "has the wrong length";
		return c->type == UEID && s.p[0] != 1 ? "is not a UEID of type RAND" : NULL;
	case TEXT:
		return !cbor_text_of(item, &s) || !s.len ? "is not a text string" : NULL;
	case POLICY:
		return cbor_isa_uint(item) || cbor_text_of(item, &s) ? NULL : "is neither a number nor a text string";
	case NUMBER:
		return cbor_isa_uint(item) ? NULL : "is not a number";
	default:
		if (!cbor_isa_array(item) || !cbor_array_is_definite(item))
			return "is not a list";
		return !len_is(c->lens, cbor_array_size(item)) ? "has the wrong length" : NULL;
	}
}

static bool is_hash(const cbor_item_t *item)
{
	static const size_t lens[3] = HASH_LENS;
	struct span s;

	return cbor_bytes_of(item, &s) && len_is(lens, s.len);
}

/* RMM specification, A7.2.3.1.8: shared = 0, private = 1; in the draft the words */
static const char *wrong_policy(const cbor_item_t *item)
{
	struct span s;

	if (cbor_isa_uint(item))
		return cbor_get_int(item) > 1 ? "is neither 0 (shared) nor 1 (private)" : NULL;
	return cbor_text_of(item, &s) && ((s.len == 7 && !memcmp(s.p, "private", 7)) ||
					  (s.len == 6 && !memcmp(s.p, "shared", 6))) ? NULL :
	       "is neither private nor shared";
}

/* Each component needs its measurement and who signed it. */
static const char *wrong_within(const struct claim *c, const cbor_item_t *item)
{
	size_t i;

	for (i = 0; c->type == LIST && i < cbor_array_size(item); i++) {
		const cbor_item_t *one = cbor_array_handle(item)[i];

		if (c->key == CCA_REMS ? !is_hash(one) :
		    !is_hash(cbor_member(one, 2)) || !is_hash(cbor_member(one, 5)))
			return "has a malformed member";
	}
	if (c->key == CCA_CLIENT_ID && cbor_get_int(item) != 1)
		return "is not 1";
	return c->key == CCA_MEC_POLICY ? wrong_policy(item) : NULL;
}

/*
 * The profile realm#2.0.0 was published in two forms. The RMM specification has a number
 * for the MEC policy, and asks for the instance id of the realm; the draft (03), and the
 * tools that follow it, has a text, and no such id.
 */
static bool may_lack(const struct claim *c, const cbor_item_t *map, enum cca_which which)
{
	struct span s;

	return which == CCA_REALM && c->key == CCA_INSTANCE_ID &&
	       cbor_text_of(cbor_member(map, CCA_MEC_POLICY), &s);
}

static bool judge(struct verify *v, const struct cca *c, enum cca_which which)
{
	static const char *const names[CCA_TOKENS] = { "platform claims", "realm claims" };
	const cbor_item_t *map = c->token[which].claims, *item;
	cbor_item_t *profile = cbor_member(map, CCA_PROFILE);
	struct span name = { (const u8 *)"", 0 };
	const struct profile *p = NULL;
	const struct claim *claim;
	const char *why;
	size_t i;

	if (profile && (!cbor_text_of(profile, &name) || !name.len)) {
		failed(v, GENUINE, names[which], "its profile is not a text string");
		return false;
	}
	for (i = 0; i < ARRAY_SIZE(profiles); i++)
		if (profiles[i].which == which && strlen(profiles[i].name) == name.len &&
		    !memcmp(profiles[i].name, name.p, name.len))
			p = &profiles[i];
	if (!p) {
		char *text CLEANUP(free_str) = printable((const char *)name.p, name.len);

		failed(v, GENUINE, names[which], "the profile \"%s\" is not known: use a newer cvm-evidence", text);
		return false;
	}
	for (claim = p->claims; claim->name; claim++) {
		if (claim->since_2024 && !p->since_2024)
			continue;
		item = cbor_member(map, claim->key);
		if (!item && may_lack(claim, map, which))
			continue;
		why = wrong(claim, item);
		if (!why)
			why = wrong_within(claim, item);
		if (why) {
			failed(v, GENUINE, names[which], "the claim %s %s", claim->name, why);
			return false;
		}
	}
	passed(v, GENUINE, names[which], "as the profile %s asks for", *p->name ? p->name : "of 2022, which has no name,");
	return true;
}

bool verify_cca_claims(struct verify *v, const struct cca *c)
{
	bool good = judge(v, c, CCA_PLATFORM);

	judge(v, c, CCA_REALM);
	return good;
}
