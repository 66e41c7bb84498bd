// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "evidence/cca.h"

#define TAG_COLLECTION		399
#define TAG_CMW_COLLECTION	907	/* each token in a record [type, token] */
#define KEY_PLATFORM		44234
#define KEY_REALM		44241

static const char *const token_names[CCA_TOKENS] = { "platform token", "realm token" };

bool cca_looks_like(struct span s)
{
	u16 tag = s.len >= 3 && s.p[0] == 0xd9 ? (u16)(s.p[1] << 8 | s.p[2]) : 0;

	return tag == TAG_COLLECTION || tag == TAG_CMW_COLLECTION;
}

/* The token itself, or in a byte string, or in a record of a type and it */
static bool raw_token(const cbor_item_t *item, struct buf *out)
{
	unsigned char *again = NULL;
	size_t size = 0, len;
	struct span s;

	if (item && cbor_isa_array(item) && cbor_array_size(item) == 2)
		item = cbor_array_handle(item)[1];
	if (cbor_bytes_of(item, &s)) {
		buf_add(out, s.p, s.len);
		return true;
	}
	if (!item || !cbor_isa_tag(item))
		return false;
	/* the signature is over its byte strings, which a new encoding does not change */
	len = cbor_serialize_alloc(item, &again, &size);
	buf_add(out, again, len);
	free(again);
	return len;
}

static int parse_token(struct cca_token *t, const cbor_item_t *item, const char *name)
{
	int rc;

	if (!raw_token(item, &t->raw))
		return fail(RC_EVIDENCE, "CCA token: it has no %s", name);
	rc = cose_parse(buf_span(&t->raw), name, &t->cose);
	if (!rc)
		rc = cbor_read(t->cose.payload, name, &t->claims);
	if (!rc && !cbor_isa_map(t->claims))
		rc = fail(RC_EVIDENCE, "CCA token: the claims of the %s are not a map", name);
	return rc;
}

int cca_parse(struct span s, struct cca *c)
{
	static const u64 keys[CCA_TOKENS] = { KEY_PLATFORM, KEY_REALM };
	cbor_item_t *root = NULL, *map = NULL;
	int rc, i;

	*c = (struct cca){ 0 };
	rc = cbor_read(s, "CCA token", &root);
	if (rc)
		return rc;
	if (cbor_isa_tag(root)) {
		c->tag = cbor_tag_value(root);
		map = cbor_tag_item(root);
	}
	if (!map || !cbor_isa_map(map) ||
	    (c->tag != TAG_COLLECTION && c->tag != TAG_CMW_COLLECTION))
		rc = fail(RC_EVIDENCE, "CCA token: it is not a collection of two tokens");
	for (i = 0; !rc && i < CCA_TOKENS; i++)
		rc = parse_token(&c->token[i], cbor_member(map, (s64)keys[i]), token_names[i]);
	cbor_put(&map);
	cbor_put(&root);
	return rc;
}

void cca_free(struct cca *c)
{
	int i;

	for (i = 0; i < CCA_TOKENS; i++) {
		cbor_put(&c->token[i].claims);
		cose_free(&c->token[i].cose);
		buf_free(&c->token[i].raw);
	}
	*c = (struct cca){ 0 };
}

const u8 *cca_challenge(const struct cca *c)
{
	struct span s;

	return cbor_bytes_of(cbor_member(c->token[CCA_REALM].claims, CCA_CHALLENGE), &s) &&
	       s.len == 64 ? s.p : NULL;
}

static const struct {
	u64 key;
	const char *name;
} claims[CCA_TOKENS][16] = {
	[CCA_PLATFORM] = {
		{ CCA_PROFILE, "profile" }, { CCA_CHALLENGE, "challenge" },
		{ CCA_IMPLEMENTATION_ID, "implementation_id" }, { CCA_INSTANCE_ID, "instance_id" },
		{ CCA_CONFIG, "config" }, { CCA_LIFECYCLE, "lifecycle" },
		{ CCA_SW_COMPONENTS, "sw_components" }, { CCA_HASH_ALGO, "hash_algo_id" },
		{ CCA_VERIFICATION_SERVICE, "verification_service" },
		{ CCA_CLIENT_ID, "client_id" },
		{ CCA_MANUFACTURING_CONFIG, "manufacturing_config" },
		{ CCA_EXTENSION, "extension" }, { CCA_TBB_ROTPK, "tbb_rotpk" },
		{ CCA_PEER_SIGNERS, "peer_signers" },
	},
	[CCA_REALM] = {
		{ CCA_PROFILE, "profile" }, { CCA_CHALLENGE, "challenge" }, { CCA_RPV, "RPV" },
		{ CCA_RIM, "RIM" }, { CCA_REMS, "REM" }, { CCA_REALM_HASH_ALGO, "hash_algo_id" },
		{ CCA_PUBLIC_KEY, "public_key" },
		{ CCA_PUBLIC_KEY_HASH_ALGO, "public_key_hash_algo_id" },
		{ CCA_MEC_POLICY, "MEC_policy" }, { CCA_INSTANCE_ID, "instance_id" },
	},
};

static const char *claim_name(enum cca_which which, const cbor_item_t *key)
{
	size_t i;

	for (i = 0; cbor_isa_uint(key) && i < ARRAY_SIZE(claims[which]); i++)
		if (claims[which][i].name && claims[which][i].key == cbor_get_int(key))
			return claims[which][i].name;
	return NULL;
}

/* PSA lifecycle: the upper byte is the state */
static void show_lifecycle(struct node *to, u64 value)
{
	static const char *const states[] = {
		"unknown", "assembly and test", "platform root of trust provisioning", "secured",
		"debug, not of the platform's root of trust",
		"debug of the platform's root of trust, recoverable", "decommissioned",
	};
	struct node *n = add_word(to, "lifecycle", value, 4);
	bool known = !(value >> 8 & 0xf) && value >> 12 < ARRAY_SIZE(states);

	add_text(n, "state", "%s", known ? states[value >> 12] : "not known");
	if (!known || value >> 12 != 3)
		danger(n, "the platform is not in the secured state");
}

/* RFC 9783, 4.4.1, whose names they are; in Arm CCA 6 is the hash algorithm */
static void show_component(struct node *to, const cbor_item_t *map)
{
	static const struct {
		u64 key;
		const char *name;
	} names[] = {
		{ 1, "measurement_type" }, { 2, "measurement_value" }, { 4, "version" },
		{ 5, "signer_id" }, { 6, "hash_algo_id" },
	};
	struct node *n = add_map(to, NULL, "component"), *unknown = NULL;
	size_t i, k;

	for (i = 0; i < cbor_map_size(map); i++) {
		const struct cbor_pair *p = &cbor_map_handle(map)[i];
		char *number CLEANUP(free_str) = cbor_key_text(p->key);

		for (k = 0; k < ARRAY_SIZE(names); k++)
			if (cbor_isa_uint(p->key) && cbor_get_int(p->key) == names[k].key)
				break;
		if (k < ARRAY_SIZE(names)) {
			cbor_show(n, names[k].name, p->value);
			continue;
		}
		if (!unknown)
			unknown = add_map(n, "unknown_claims", NULL);
		cbor_show(unknown, number, p->value);
	}
}

static void show_components(struct node *to, const cbor_item_t *list)
{
	struct node *n = add_list(to, "sw_components", NULL);
	size_t i;

	for (i = 0; i < cbor_array_size(list); i++) {
		const cbor_item_t *one = cbor_array_handle(list)[i];

		if (cbor_isa_map(one))
			show_component(n, one);
		else
			cbor_show(n, NULL, one);
	}
}

static void show_claims(struct node *to, enum cca_which which, const cbor_item_t *map)
{
	struct node *unknown = NULL;
	size_t i;

	for (i = 0; i < cbor_map_size(map); i++) {
		const struct cbor_pair *p = &cbor_map_handle(map)[i];
		const char *name = claim_name(which, p->key);
		char *number;

		if (name && !strcmp(name, "lifecycle") && cbor_isa_uint(p->value)) {
			show_lifecycle(to, cbor_get_int(p->value));
		} else if (name && !strcmp(name, "sw_components") && cbor_isa_array(p->value)) {
			show_components(to, p->value);
		} else if (name) {
			cbor_show(to, name, p->value);
		} else {
			if (!unknown)
				unknown = add_map(to, "unknown_claims", NULL);
			number = cbor_key_text(p->key);
			cbor_show(unknown, number, p->value);
			free_str(&number);
		}
	}
}

int cca_show(struct node *to, struct span s)
{
	static const char *const keys[CCA_TOKENS] = { "platform", "realm" };
	struct cca c CLEANUP(cca_free) = { 0 };
	int rc = cca_parse(s, &c), i;

	if (rc)
		return rc;
	add_uint(to, "collection_tag", c.tag);
	for (i = 0; i < CCA_TOKENS; i++) {
		struct node *n = add_map(to, keys[i], token_names[i]);

		cose_show_header(n, &c.token[i].cose);
		show_claims(n, i, c.token[i].claims);
	}
	return RC_OK;
}
