/* SPDX-License-Identifier: GPL-2.0-only */
/* For the test certificates: an extension with this value in its OCTET STRING */
#ifndef X509_EXT_H
#define X509_EXT_H

#include <openssl/x509v3.h>

static inline void add_ext(X509 *x, const char *oid, const void *p, size_t len)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	ASN1_OCTET_STRING_set(v, p, (int)len);
	e = X509_EXTENSION_create_by_OBJ(NULL, obj, 0, v);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(obj);
}

#endif
