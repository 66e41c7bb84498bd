// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/unwrap.h"
#include "evidence/x509.h"

#define AMD_OID		"1.3.6.1.4.1.3704.1."
#define SGX_OID		"1.2.840.113741.1.13.1"

static const char begin[] = "-----BEGIN CERTIFICATE-----";
static const char begin_crl[] = "-----BEGIN X509 CRL-----";
static const char end[] = "-----END CERTIFICATE-----";

/* Certificates of attestation have 1 to 4 KiB: far larger ones are refused. */
#define X509_TEXT_MAX	(64 * 1024)
#define X509_DER_MAX	(48 * 1024)

bool x509_is_pem(struct span s)
{
	return s.len && memmem(s.p, s.len, begin, sizeof(begin) - 1);
}

bool x509_is_pem_text(struct span s, bool crl)
{
	const char *mark = crl ? begin_crl : begin;
	const u8 *p, *stop = s.p + s.len;

	while (s.len && strchr(" \t\r\n", *s.p) && *s.p)
		s = (struct span){ s.p + 1, s.len - 1 };
	for (p = s.p; s.len; p++) {
		p = memmem(p, (size_t)(stop - p), mark, strlen(mark));
		if (!p)
			break;
		if (p == s.p || p[-1] == '\n')
			return is_text(s);
	}
	return false;
}

static X509 *read_pem(struct span block)
{
	BIO *bio = BIO_new_mem_buf(block.p, (int)block.len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	ERR_clear_error();
	return x;
}

static int each_pem(struct span s, void (*fn)(void *arg, X509 *x, struct span pem), void *arg)
{
	const u8 *p = s.p, *stop = s.p + s.len, *b, *e;
	int n = 0;

	while ((b = memmem(p, (size_t)(stop - p), begin, sizeof(begin) - 1))) {
		X509 *x;

		e = memmem(b, (size_t)(stop - b), end, sizeof(end) - 1);
		if (!e)
			return -1;
		e += sizeof(end) - 1;
		if (e < stop && *e == '\r')
			e++;
		if (e < stop && *e == '\n')
			e++;
		x = e - b <= X509_TEXT_MAX ? read_pem((struct span){ b, (size_t)(e - b) }) : NULL;
		if (!x)
			return -1;
		fn(arg, x, (struct span){ b, (size_t)(e - b) });
		n++;
		p = e;
	}
	return n;
}

int x509_each(struct span s, void (*fn)(void *arg, X509 *x, struct span pem), void *arg)
{
	const u8 *p = s.p;
	X509 *x;

	if (!s.len)
		return 0;
	if (x509_is_pem(s))
		return each_pem(s, fn, arg);
	/* zeros may follow, and more of them than a certificate is long */
	x = d2i_X509(NULL, &p, s.len < X509_DER_MAX ? (long)s.len : X509_DER_MAX);
	ERR_clear_error();
	/* host tables and NV indices have zeros behind a DER body */
	if (!x || !is_zero(p, s.len - (size_t)(p - s.p))) {
		X509_free(x);
		return -1;
	}
	fn(arg, x, (struct span){ 0 });
	return 1;
}

char *x509_name(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *s;
	long len;

	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data(bio, &text);
	s = xasprintf("%.*s", (int)len, text);
	BIO_free(bio);
	return s;
}

char *x509_cn(const X509_NAME *name)
{
	int i = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	const ASN1_STRING *v = i < 0 ? NULL :
		X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));

	/* a NUL would end the name for who compares it: the whole name has it escaped */
	if (!v || memchr(ASN1_STRING_get0_data(v), '\0', (size_t)ASN1_STRING_length(v)))
		return x509_name(name);
	return xasprintf("%.*s", ASN1_STRING_length(v), (const char *)ASN1_STRING_get0_data(v));
}

bool x509_ext(X509 *x, const char *oid, struct span *out)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	int i = obj ? X509_get_ext_by_OBJ(x, obj, -1) : -1;
	const ASN1_OCTET_STRING *v;

	ASN1_OBJECT_free(obj);
	if (i < 0)
		return false;
	v = X509_EXTENSION_get_data(X509_get_ext(x, i));
	*out = (struct span){ ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v) };
	return true;
}

/* The TLV at the start of @s when its tag and one-byte length fit */
static bool tlv(struct span s, u8 tag, struct span *value)
{
	if (s.len < 2 || s.p[0] != tag || s.p[1] > 127 || s.len - 2 < s.p[1])
		return false;
	*value = (struct span){ s.p + 2, s.p[1] };
	return true;
}

int x509_amd_int(X509 *x, const char *arc)
{
	char oid[64];
	struct span e, v;
	int n = 0;

	snprintf(oid, sizeof(oid), AMD_OID "%s", arc);
	/* nothing behind it, and not negative */
	if (!x509_ext(x, oid, &e) || !tlv(e, 0x02, &v) || v.len + 2 != e.len || !v.len || v.len > 3 ||
	    v.p[0] & 0x80)
		return -1;
	for (size_t i = 0; i < v.len; i++)
		n = n << 8 | v.p[i];
	return n;
}

bool x509_amd_hwid(X509 *x, struct span *out)
{
	struct span e, v;

	if (!x509_ext(x, AMD_OID "4", &e))
		return false;
	/* raw, or wrapped once more in an OCTET STRING */
	if (e.len != 64 && e.len != 8 && tlv(e, 0x04, &v))
		e = v;
	if (e.len != 64 && e.len != 8)
		return false;
	*out = e;
	return true;
}

bool x509_amd_text(X509 *x, const char *arc, struct span *out)
{
	char oid[64];
	struct span e;

	snprintf(oid, sizeof(oid), AMD_OID "%s", arc);
	return x509_ext(x, oid, &e) && tlv(e, 0x16, out) && out->len + 2 == e.len &&
	       !memchr(out->p, 0, out->len);
}

static void show_amd(struct node *to, X509 *x)
{
	static const struct {
		const char *arc, *name;
	} ints[] = {
		{ "3.9", "FMC" }, { "3.1", "BOOT_LOADER" }, { "3.2", "TEE" },
		{ "3.3", "SNP" }, { "3.8", "MICROCODE" },
	};
	struct span e, v;
	struct node *n;
	size_t i;

	if (!x509_ext(x, AMD_OID "2", &e) && !x509_ext(x, AMD_OID "1", &e))
		return;
	n = add_map(to, "amd", NULL);
	if (x509_amd_text(x, "2", &v))
		add_string(n, "productName", v.p, v.len);
	if (x509_amd_text(x, "5", &v))
		add_string(n, "CSP_ID", v.p, v.len);
	for (i = 0; i < ARRAY_SIZE(ints); i++) {
		int value = x509_amd_int(x, ints[i].arc);

		if (value >= 0)
			add_uint(n, ints[i].name, (u64)value);
	}
	if (x509_amd_hwid(x, &v))
		add_bytes(n, "hwID", v.p, v.len);
}

/* Intel's extension is a SEQUENCE of { OID, value }; some values are such
 * sequences again (the TCB).
 */
static void show_sgx_seq(struct node *to, const u8 *p, long len, int depth)
{
	static const struct {
		const char *oid, *name;
	} names[] = {
		{ SGX_OID ".2.17", "PCESVN" }, { SGX_OID ".2.18", "CPUSVN" },
		{ SGX_OID ".3", "PCEID" }, { SGX_OID ".4", "FMSPC" },
	};
	ASN1_SEQUENCE_ANY *seq = d2i_ASN1_SEQUENCE_ANY(NULL, &p, len);
	int i, count = seq ? sk_ASN1_TYPE_num(seq) : 0;

	for (i = 0; i < count; i++) {
		const ASN1_TYPE *t = sk_ASN1_TYPE_value(seq, i);
		ASN1_SEQUENCE_ANY *pair = NULL;
		const ASN1_TYPE *id, *v;
		char oid[64] = "";
		const u8 *q;

		if (t->type != V_ASN1_SEQUENCE)
			continue;
		q = t->value.sequence->data;
		pair = d2i_ASN1_SEQUENCE_ANY(NULL, &q, t->value.sequence->length);
		if (pair && sk_ASN1_TYPE_num(pair) == 2) {
			id = sk_ASN1_TYPE_value(pair, 0);
			v = sk_ASN1_TYPE_value(pair, 1);
			if (id->type == V_ASN1_OBJECT)
				OBJ_obj2txt(oid, sizeof(oid), id->value.object, 1);
			if (v->type == V_ASN1_SEQUENCE && !depth)
				show_sgx_seq(to, v->value.sequence->data,
					     v->value.sequence->length, 1);
			for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
				if (strcmp(oid, names[k].oid))
					continue;
				if (v->type == V_ASN1_OCTET_STRING)
					add_bytes(to, names[k].name, v->value.octet_string->data,
						  (size_t)v->value.octet_string->length);
				else if (v->type == V_ASN1_INTEGER)
					add_uint(to, names[k].name,
						 (u64)ASN1_INTEGER_get(v->value.integer));
			}
		}
		sk_ASN1_TYPE_pop_free(pair, ASN1_TYPE_free);
	}
	sk_ASN1_TYPE_pop_free(seq, ASN1_TYPE_free);
	ERR_clear_error();
}

struct node *x509_add_time(struct node *to, const char *key, const ASN1_TIME *t)
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(t, &tm))
		return add_text(to, key, "unreadable");
	return add_text(to, key, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
			tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void x509_show(struct node *to, X509 *x)
{
	char *subject CLEANUP(free_str) = x509_name(X509_get_subject_name(x));
	char *issuer CLEANUP(free_str) = x509_name(X509_get_issuer_name(x));
	struct node *n;
	struct span e;

	add_text(to, "subject", "%s", subject);
	add_text(to, "issuer", "%s", issuer);
	n = x509_add_time(to, "notBefore", X509_get0_notBefore(x));
	if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
		danger(n, "it is not valid yet");
	n = x509_add_time(to, "notAfter", X509_get0_notAfter(x));
	if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
		danger(n, "it is out of date");
	show_amd(to, x);
	if (x509_ext(x, SGX_OID, &e))
		show_sgx_seq(add_map(to, "sgx", NULL), e.p, (long)e.len, 0);
}

struct show_arg {
	struct node *list;
};

static void show_one(void *arg, X509 *x, struct span pem)
{
	struct show_arg *a = arg;
	char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(x));

	(void)pem;
	x509_show(add_map(a->list, NULL, cn), x);
	X509_free(x);
}

void x509_show_pem(struct node *to, const char *key, struct span s)
{
	struct show_arg a = { add_list(to, key, NULL) };
	int n = x509_each(s, show_one, &a);

	if (n < 0)
		danger(a.list, "it contains something that is not a certificate");
}
