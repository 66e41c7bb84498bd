// SPDX-License-Identifier: GPL-2.0-only
/* The SGX extension of PCK certificates (Intel, "PCK Certificate and CRL profile") */
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>

#include "evidence/pck.h"

#define SGX_OID		"1.2.840.113741.1.13.1"

enum { GOT_FMSPC = 1, GOT_PCEID = 2, GOT_PCESVN = 4, GOT_COMP = 8 };
#define GOT_ALL		((GOT_COMP << 16) - 1)

static void take_bytes(const ASN1_TYPE *t, u8 *out, size_t len, u32 bit, u32 *got)
{
	if (t->type == V_ASN1_OCTET_STRING && (size_t)t->value.octet_string->length == len) {
		memcpy(out, t->value.octet_string->data, len);
		*got |= bit;
	}
}

static void take_int(const ASN1_TYPE *t, long max, u32 *out, u32 bit, u32 *got)
{
	long n = t->type == V_ASN1_INTEGER ? ASN1_INTEGER_get(t->value.integer) : -1;

	if (n >= 0 && n <= max) {
		*out = (u32)n;
		*got |= bit;
	}
}

static void read_seq(const u8 *p, long len, struct pck *out, u32 *got, int depth);

static void read_value(const char *sub, const ASN1_TYPE *t, struct pck *out, u32 *got, int depth)
{
	/* SVNs of components are 2.1 to 2.16 */
	char *end = NULL;
	unsigned long i = strncmp(sub, "2.", 2) ? 0 : strtoul(sub + 2, &end, 10);
	u32 n = 0, had = 0;

	if (!strcmp(sub, "1")) {
		take_bytes(t, out->ppid, 16, 1, &had);
		out->have_ppid = had;
	} else if (!strcmp(sub, "6")) {
		take_bytes(t, out->instance, 16, 1, &had);
		out->have_instance = had;
	} else if (!strcmp(sub, "4")) {
		take_bytes(t, out->fmspc, 6, GOT_FMSPC, got);
	} else if (!strcmp(sub, "3")) {
		take_bytes(t, out->pceid, 2, GOT_PCEID, got);
	} else if (!strcmp(sub, "2.17")) {
		take_int(t, 0xffff, &out->pcesvn, GOT_PCESVN, got);
	} else if (i >= 1 && i <= 16 && !*end) {
		take_int(t, 255, &n, (u32)GOT_COMP << (i - 1), got);
		if (*got & (u32)GOT_COMP << (i - 1))
			out->comp[i - 1] = (u8)n;
	} else if (!strcmp(sub, "2") && t->type == V_ASN1_SEQUENCE && !depth) {
		read_seq(t->value.sequence->data, t->value.sequence->length, out, got, 1);
	}
}

/* A SEQUENCE of { OID, value }; the TCB is such a sequence again */
static void read_seq(const u8 *p, long len, struct pck *out, u32 *got, int depth)
{
	ASN1_SEQUENCE_ANY *seq = d2i_ASN1_SEQUENCE_ANY(NULL, &p, len), *pair;
	int i, count = seq ? sk_ASN1_TYPE_num(seq) : 0;

	for (i = 0; i < count; i++) {
		const ASN1_TYPE *t = sk_ASN1_TYPE_value(seq, i), *id;
		const u8 *at;
		char oid[64];

		if (t->type != V_ASN1_SEQUENCE)
			continue;
		at = t->value.sequence->data;
		pair = d2i_ASN1_SEQUENCE_ANY(NULL, &at, t->value.sequence->length);
		id = pair && sk_ASN1_TYPE_num(pair) == 2 ? sk_ASN1_TYPE_value(pair, 0) : NULL;
		if (id && id->type == V_ASN1_OBJECT &&
		    OBJ_obj2txt(oid, sizeof(oid), id->value.object, 1) > 0 &&
		    !strncmp(oid, SGX_OID ".", strlen(SGX_OID ".")))
			read_value(oid + strlen(SGX_OID "."), sk_ASN1_TYPE_value(pair, 1), out,
				   got, depth);
		sk_ASN1_TYPE_pop_free(pair, ASN1_TYPE_free);
	}
	sk_ASN1_TYPE_pop_free(seq, ASN1_TYPE_free);
}

bool pck_read(X509 *x, struct pck *p)
{
	struct span e;
	u32 got = 0;

	*p = (struct pck){ 0 };
	if (x509_ext(x, SGX_OID, &e))
		read_seq(e.p, (long)e.len, p, &got, 0);
	ERR_clear_error();
	return got == GOT_ALL;
}
