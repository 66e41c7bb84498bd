// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is refused before anything is decrypted: RFC 7515, 4.1.11 (crit), RFC
 * 7516, 4.1.3 (zip), and a tag that is not of 128 bits (RFC 7518, 5.3).
 */
#include "base/json.h"
#include "services/tee_key.h"
#include "unit.h"

static char *b64(const char *text)
{
	return base64_encode((const u8 *)text, strlen(text), BASE64_URL);
}

/* A JWE whose parts have the right lengths, @header between its braces */
static char *jwe(const struct tee_key *k, const char *more, const char *beside, const char *tag)
{
	struct json_object *jwk = tee_key_jwk(k);
	char *header = xasprintf("{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":%s%s}",
				 json_text(jwk), more);
	char *protected = b64(header), *text;

	text = xasprintf("{\"protected\":\"%s\",\"encrypted_key\":\"%s\",\"iv\":\"%s\",\"ciphertext\":\"%s\",\"tag\":\"%s\"%s}",
			 protected, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAA",
			 "AAAA", tag, beside);
	json_object_put(jwk);
	free(header);
	free(protected);
	return text;
}

static bool refused(const struct tee_key *k, const char *more, const char *beside,
		    const char *tag, const char *why)
{
	char *text = jwe(k, more, beside, tag);
	struct buf said = { 0 }, out = { 0 };
	bool good;
	int rc;

	complain_into(&said);
	rc = jwe_decrypt((struct span){ (const u8 *)text, strlen(text) }, k, &out);
	complain_into(NULL);
	good = rc == RC_REFUSED && !out.len && said.p && strstr((char *)said.p, why);
	if (!good)
		printf("# %d: %s\n", rc, said.p ? (char *)said.p : "-");
	buf_free(&said);
	buf_free(&out);
	free(text);
	return good;
}

int main(void)
{
	static const char tag[] = "AAAAAAAAAAAAAAAAAAAAAA";
	struct tee_key k = { 0 };

	if (tee_key_generate(&k))
		return 1;
	ok(refused(&k, "", "", tag, "encrypted to another key, or altered"),
	   "JWE: one that was made for nobody");
	ok(refused(&k, ",\"crit\":[\"b64\"],\"b64\":false", "", tag, "extension"), "JWE: crit");
	ok(refused(&k, ",\"crit\":[]", "", tag, "extension"), "JWE: an empty crit");
	ok(refused(&k, ",\"zip\":\"DEF\"", "", tag, "extension"), "JWE: zip");
	ok(refused(&k, "", ",\"unprotected\":{\"crit\":[\"x\"]}", tag, "unprotected"),
	   "JWE: an unprotected header");
	ok(refused(&k, "", ",\"header\":{\"alg\":\"dir\"}", tag, "unprotected"),
	   "JWE: a header of the recipient");
	ok(refused(&k, "", "", "AAAAAA", "its tag has 4 bytes, not 16"), "JWE: a tag of 4 bytes");
	ok(refused(&k, "", "", "", "its tag has 0 bytes, not 16"), "JWE: no tag");
	tee_key_free(&k);
	return unit_failed;
}
