// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "evidence/certs.h"

#define ENTRY_LEN	24

#define CRL_NAME	"CRL"
#define EXTRA_NAME	"extra platform information"

static const struct {
	const char *name;
	u8 guid[16];
} guids[] = {
	{ "ARK",  { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52,
		    0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae } },
	{ "ASK or ASVK", { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4,
		    0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 } },
	{ "VCEK", { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
		    0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd } },
	{ "VLEK", { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e,
		    0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1 } },
	{ CRL_NAME,  { 0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d,
		    0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67, 0xea } },
	{ EXTRA_NAME, { 0xec, 0xae, 0x0c, 0x0f, 0x95, 0x02, 0x43, 0xb1,
		    0xaf, 0xa2, 0x0a, 0xe2, 0xe0, 0xd5, 0x65, 0xb6 } },
};

struct entry {
	const char *name;	/* NULL when the GUID is not known */
	bool mixed;		/* GUID in mixed-endian order */
	u8 guid[16];		/* in the order of its text */
	u32 off;
	struct span body;
};

/* Hosts disagree on the order of a GUID's first three fields. */
static void swap_guid(const u8 *in, u8 out[16])
{
	static const u8 order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	int i;

	for (i = 0; i < 16; i++)
		out[i] = in[order[i]];
}

static void identify(const u8 *raw, struct entry *e)
{
	u8 swapped[16];
	size_t i;

	swap_guid(raw, swapped);
	e->name = NULL;
	e->mixed = false;
	memcpy(e->guid, raw, 16);
	for (i = 0; i < ARRAY_SIZE(guids); i++) {
		e->mixed = !memcmp(swapped, guids[i].guid, 16);
		if (e->mixed || !memcmp(raw, guids[i].guid, 16)) {
			e->name = guids[i].name;
			memcpy(e->guid, guids[i].guid, 16);
			return;
		}
	}
}

bool cert_table_looks_like(struct span s)
{
	struct entry e;

	if (s.len < 16)
		return false;
	identify(s.p, &e);
	return e.name;
}

bool cert_table_is_empty(struct span s)
{
	return !s.len || (s.len >= ENTRY_LEN && is_zero(s.p, ENTRY_LEN));
}

/* Entry @i; 1 at the end of the list, RC_EVIDENCE with a message when bad. */
static int entry(struct span s, size_t i, struct entry *e, bool *last)
{
	size_t at = i * ENTRY_LEN;
	u32 len;

	*last = false;
	if (s.len - at < ENTRY_LEN)
		return fail(RC_EVIDENCE,
			    "certificate table: no end of the list, the entry at offset %zu is cut short",
			    at);
	if (is_zero(s.p + at, ENTRY_LEN)) {
		*last = true;
		return RC_OK;
	}
	identify(s.p + at, e);
	e->off = le32(s.p + at + 16);
	len = le32(s.p + at + 20);
	if (e->off > s.len || len > s.len - e->off)
		return fail(RC_EVIDENCE,
			    "certificate table: the entry at offset %zu names %u bytes at %u, the table has %zu",
			    at, len, e->off, s.len);
	e->body = (struct span){ s.p + e->off, len };
	return RC_OK;
}

static bool is_certificate(const struct entry *e)
{
	return e->name && strcmp(e->name, CRL_NAME) && strcmp(e->name, EXTRA_NAME);
}

int cert_table_show(struct node *to, struct span s)
{
	struct node *list = add_list(to, "certificates", NULL);
	struct entry e;
	bool last;
	size_t i;
	int rc;

	if (cert_table_is_empty(s)) {
		note(list, "the host provides none");
		return RC_OK;
	}
	for (i = 0; !(rc = entry(s, i, &e, &last)) && !last; i++) {
		struct node *n = add_map(list, NULL, e.name ? e.name : "unknown entry");
		char text[37];

		guid_format(e.guid, text);
		add_text(n, "guid", "%s", text);
		add_text(n, "guid_order", "%s", e.mixed ? "mixed-endian" : "RFC 4122");
		if (e.name)
			add_text(n, "kind", "%s", e.name);
		add_uint(n, "offset", e.off);
		add_uint(n, "length", e.body.len);
		add_text(n, "encoding", "%s", x509_is_pem(e.body) ? "PEM" : "DER or other");
		if (is_certificate(&e))
			x509_show_pem(n, "x509", e.body);
		else
			add_bytes(n, "bytes", e.body.p, e.body.len);
	}
	return rc;
}

static void pool_one(void *arg, X509 *x, struct span pem)
{
	struct cert_pool *pool = arg;
	struct cert *more = xalloc((pool->n + 1) * sizeof(*more));

	if (pool->n)
		memcpy(more, pool->certs, pool->n * sizeof(*more));
	free(pool->certs);
	pool->certs = more;
	more[pool->n++] = (struct cert){
		x, pem.p ? xasprintf("%.*s", (int)pem.len, (const char *)pem.p) : NULL
	};
}

void cert_pool_share(struct cert_pool *to, const struct cert_pool *from)
{
	size_t i;

	for (i = 0; i < from->n; i++) {
		const char *pem = from->certs[i].pem;

		X509_up_ref(from->certs[i].x);
		pool_one(to, from->certs[i].x,
			 (struct span){ (const u8 *)pem, pem ? strlen(pem) : 0 });
	}
}

int cert_pool_add(struct cert_pool *pool, struct span s, const char *what)
{
	struct entry e;
	bool last;
	size_t i;
	int rc;

	if (cert_table_is_empty(s))
		return RC_OK;
	if (!cert_table_looks_like(s)) {
		if (x509_each(s, pool_one, pool) <= 0)
			return fail(RC_EVIDENCE,
				    "%s: neither certificates in PEM, nor one in DER, nor a certificate table",
				    what);
		return RC_OK;
	}
	for (i = 0; !(rc = entry(s, i, &e, &last)) && !last; i++) {
		/* revocation lists and what hosts add are not certificates */
		if (!is_certificate(&e))
			continue;
		if (x509_each(e.body, pool_one, pool) < 0)
			return fail(RC_EVIDENCE,
				    "%s: the %s at offset %u is not a certificate in PEM or DER",
				    what, e.name, e.off);
	}
	return rc;
}

static void add_le32(struct buf *b, size_t v)
{
	u8 le[4] = { (u8)v, (u8)(v >> 8), (u8)(v >> 16), (u8)(v >> 24) };

	buf_add(b, le, 4);
}

int cert_table_make(struct span chain, struct buf *table)
{
	struct cert_pool pool CLEANUP(cert_pool_free) = { 0 };
	static const u8 end[ENTRY_LEN];
	size_t i, off;

	if (x509_each(chain, pool_one, &pool) != 3)
		return fail(RC_EVIDENCE, "a certificate table has a leaf, its issuer and a root; here are %zu certificates",
			    pool.n);
	off = (pool.n + 1) * ENTRY_LEN;
	for (i = pool.n; i-- > 0; ) {
		char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(pool.certs[i].x));
		/* the leaf is first in the chain, the root first in the table */
		size_t guid = i ? pool.n - 1 - i : strstr(cn, "VLEK") ? 3 : 2;

		buf_add(table, guids[guid].guid, 16);
		add_le32(table, off);
		add_le32(table, strlen(pool.certs[i].pem));
		off += strlen(pool.certs[i].pem);
	}
	buf_add(table, end, sizeof(end));
	for (i = pool.n; i-- > 0; )
		buf_add_str(table, pool.certs[i].pem);
	return RC_OK;
}

void cert_pool_free(struct cert_pool *pool)
{
	size_t i;

	for (i = 0; i < pool->n; i++) {
		X509_free(pool->certs[i].x);
		free(pool->certs[i].pem);
	}
	free(pool->certs);
	*pool = (struct cert_pool){ 0 };
}
