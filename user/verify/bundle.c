// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/unwrap.h"
#include "verify/bundle.h"
#include "verify/verify.h"

#define FILES_MAX	64

static struct buf *append(struct verify *v)
{
	struct buf *more = xalloc((v->n_collateral + 1) * sizeof(*more));

	if (v->n_collateral)
		memcpy(more, v->collateral, v->n_collateral * sizeof(*more));
	free(v->collateral);
	v->collateral = more;
	return &more[v->n_collateral++];
}

/* A member as bytes: a text, or a list of numbers as Rust writes them */
static bool bytes_of(struct json_object *o, const char *key, struct buf *out)
{
	struct json_object *m;
	size_t i;

	if (!json_object_object_get_ex(o, key, &m) || !m)
		return false;	/* null is no member */
	if (json_object_is_type(m, json_type_string)) {
		buf_add(out, json_object_get_string(m), (size_t)json_object_get_string_len(m));
	} else if (json_object_is_type(m, json_type_object)) {
		buf_add_str(out, json_text(m));
	} else if (json_object_is_type(m, json_type_array)) {
		for (i = 0; i < json_object_array_length(m); i++) {
			struct json_object *e = json_object_array_get_idx(m, i);
			int n = json_object_is_type(e, json_type_int) ? json_object_get_int(e) : -1;
			u8 byte = (u8)n;

			if (n < 0 || n > 255)
				return false;
			buf_add(out, &byte, 1);
		}
	}
	/* texts of C end in a NUL */
	while (out->len && !out->p[out->len - 1])
		out->len--;
	return out->len;
}

static bool is_there(struct json_object *o, const char *key)
{
	struct json_object *m;

	return json_object_object_get_ex(o, key, &m) && m;
}

static int bad(const char *name, const char *part)
{
	return fail(RC_EVIDENCE, "%s: %s of this bundle of collateral is missing, or not what it should be",
		    name, part);
}

/* The signed text must stay as it is: it is put beside its signature unparsed. */
static int signed_part(struct verify *v, struct json_object *o, const char *name, const char *key,
		       const char *as)
{
	char *sig_key CLEANUP(free_str) = xasprintf("%s_signature", key);
	char *quoted CLEANUP(free_str) = xasprintf("\"%s\"", as);
	struct buf text CLEANUP_BUF, sig CLEANUP_BUF;
	char *hex CLEANUP(free_str) = NULL;
	struct json_object *check;
	struct buf *to;
	const char *why;

	if (!bytes_of(o, key, &text))
		return bad(name, key);
	check = json_parse(buf_span(&text));
	if (!json_object_is_type(check, json_type_object)) {
		json_object_put(check);
		return bad(name, key);
	}
	json_object_put(check);
	if (memmem(text.p, text.len, quoted, strlen(quoted))) {
		/* the service's whole answer, with the signature in it */
		to = append(v);
		buf_add(to, text.p, text.len);
		return RC_OK;
	}
	if (!bytes_of(o, sig_key, &sig))
		return bad(name, sig_key);
	/* in hex, or as bytes */
	if (sig.len == 64) {
		hex = hex_encode(sig.p, sig.len);
	} else {
		struct buf raw CLEANUP_BUF;

		if (hex_decode((const char *)sig.p, sig.len, &raw, &why) || raw.len != 64)
			return bad(name, sig_key);
		hex = hex_encode(raw.p, raw.len);
	}
	to = append(v);
	buf_printf(to, "{%s:", quoted);
	buf_add(to, text.p, text.len);
	buf_printf(to, ",\"signature\":\"%s\"}", hex);
	return RC_OK;
}

static int chain_part(struct verify *v, struct json_object *o, const char *name, const char *key)
{
	struct buf text CLEANUP_BUF, pem CLEANUP_BUF;
	struct span s;

	if (!is_there(o, key))
		return RC_OK;
	if (!bytes_of(o, key, &text))
		return bad(name, key);
	s = buf_span(&text);
	if (!memmem(s.p, s.len, "-----BEGIN ", 11) && unwrap_text(s, s.len, &pem))
		s = buf_span(&pem);
	return certs_add(&v->certs, s, VERIFY_CERTS_MAX, name);
}

static int crl_part(struct verify *v, struct json_object *o, const char *name, const char *key)
{
	struct buf text CLEANUP_BUF, der CLEANUP_BUF;
	struct span s;

	if (!is_there(o, key))
		return RC_OK;
	/* one that is empty or cannot be read would be none, and revoke nobody */
	if (!bytes_of(o, key, &text))
		return bad(name, key);
	s = buf_span(&text);
	if (raw_recognise(s) != RAW_CRL && unwrap_text(s, s.len, &der))
		s = buf_span(&der);
	return crl_load(v, s, name);
}

static int bundle(struct verify *v, struct json_object *o, const char *name)
{
	static const char *const chains[] = {
		"pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain",
	};
	static const char *const crls[] = { "root_ca_crl", "pck_crl" };
	size_t i;
	int rc = signed_part(v, o, name, "tcb_info", "tcbInfo");

	if (!rc)
		rc = signed_part(v, o, name, "qe_identity", "enclaveIdentity");
	for (i = 0; !rc && i < ARRAY_SIZE(chains); i++)
		rc = chain_part(v, o, name, chains[i]);
	for (i = 0; !rc && i < ARRAY_SIZE(crls); i++)
		rc = crl_part(v, o, name, crls[i]);
	return rc;
}

int collateral_add(struct verify *v, struct span s, const char *name)
{
	struct json_object *o = NULL;
	struct buf *to;
	int rc;

	if (v->n_collateral >= FILES_MAX)
		return fail(RC_USAGE, "%s: more than %d parts of collateral", name, FILES_MAX);
	if (memmem(s.p ? s.p : (const u8 *)"", s.len, "\"tcb_info\"", 10))
		o = json_parse(s);
	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		to = append(v);
		buf_add(to, s.p, s.len);
		return RC_OK;
	}
	rc = bundle(v, o, name);
	json_object_put(o);
	/* a list in it is no file that an option named */
	return rc == RC_USAGE ? RC_EVIDENCE : rc;
}
