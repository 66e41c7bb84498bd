// SPDX-License-Identifier: GPL-2.0-only
/* COSE_Sign1 (RFC 9052, 4.2): protected header, header, payload, signature */
#include <string.h>

#include "base/cbor_read.h"

#define TAG_SIGN1	18
#define TAG_CWT		61
#define HEADER_ALG	1
#define HEADER_CRIT	2

/* The header is a map of its own in a byte string; an empty one has no algorithm. */
static int read_protected(struct cose *c, const char *what)
{
	cbor_item_t *map = NULL, *alg;
	int rc;

	if (!c->protected.len)
		return RC_OK;
	rc = cbor_read(c->protected, what, &map);
	if (rc)
		return rc;
	alg = cbor_member(map, HEADER_ALG);
	c->has_alg = alg && cbor_int_of(alg, &c->alg);
	c->has_crit = cbor_member(map, HEADER_CRIT);
	cbor_put(&map);
	return RC_OK;
}

int cose_parse(struct span s, const char *what, struct cose *c)
{
	cbor_item_t *item, *inner, **part;
	int rc;

	*c = (struct cose){ 0 };
	rc = cbor_read(s, what, &item);
	if (rc)
		return rc;
	while (cbor_isa_tag(item) && (cbor_tag_value(item) == TAG_SIGN1 ||
				      cbor_tag_value(item) == TAG_CWT)) {
		inner = cbor_tag_item(item);
		cbor_decref(&item);
		item = inner;
	}
	c->root = item;
	if (!cbor_isa_array(item) || cbor_array_size(item) != 4)
		return fail(RC_EVIDENCE, "%s: it is not a COSE_Sign1, an array of four", what);
	part = cbor_array_handle(item);
	if (!cbor_bytes_of(part[0], &c->protected) || !cbor_isa_map(part[1]) ||
	    !cbor_bytes_of(part[2], &c->payload) || !cbor_bytes_of(part[3], &c->signature))
		return fail(RC_EVIDENCE, "%s: a part of its COSE_Sign1 is of another type", what);
	return read_protected(c, what);
}

void cose_free(struct cose *c)
{
	cbor_put(&c->root);
}

void cose_show_header(struct node *to, const struct cose *c)
{
	const char *name = cose_alg_name(c->alg);
	struct node *n;

	if (c->has_alg) {
		n = add_int(to, "alg", c->alg);
		note(n, "%s", name ? name : "not known");
	} else {
		danger(add_text(to, "alg", "none"), "the token does not name its signature algorithm");
	}
	n = add_bytes(to, "signature", c->signature.p, c->signature.len);
	note(n, "not checked by show");
}

int cwt_show(struct node *to, struct span s)
{
	struct cose c CLEANUP(cose_free) = { 0 };
	struct buf said CLEANUP_BUF, *outer;
	cbor_item_t *claims = NULL;
	int rc = cose_parse(s, "token", &c);

	if (rc)
		return rc;
	note(to, "only the outer token is decoded");
	cose_show_header(to, &c);
	/* the payload may be anything, claims in CBOR are the usual */
	outer = complain_into(&said);
	rc = cbor_read(c.payload, "claims", &claims);
	complain_into(outer);
	if (!rc)
		cbor_show(to, "claims", claims);
	else
		add_bytes(to, "payload", c.payload.p, c.payload.len);
	cbor_put(&claims);
	return RC_OK;
}
