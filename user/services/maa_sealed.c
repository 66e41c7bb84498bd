// SPDX-License-Identifier: GPL-2.0-only
/*
 * The answer of AzureGuest: a token by AES-256-GCM under an inner key, and that
 * by RSA to the key of the TPM that the request brought along.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "base/gcm.h"
#include "base/json.h"
#include "net/answer.h"
#include "services/maa.h"
#include "tpm/key.h"

#define AAD	"Transport Key"
#define ANSWER	"the service's answer"

struct sealed {
	struct buf iv, tag, text, inner;
};

static void sealed_free(struct sealed *s)
{
	buf_free(&s->iv);
	buf_free(&s->tag);
	buf_free(&s->text);
	buf_free(&s->inner);
}

static int get(struct json_object *o, const char *key, size_t len, struct buf *out)
{
	if (json_get_bytes(o, key, ANSWER, out))
		return RC_REFUSED;
	if (len ? out->len != len : !out->len)
		return fail(RC_REFUSED, ANSWER ": its member %s has %zu bytes", key, out->len);
	return RC_OK;
}

/* Besides the IV the service may name its algorithm; only one is accepted. */
static int check_params(struct json_object *params)
{
	const char *mode = json_get_text(params, "BlockMode"), *cipher = json_get_text(params, "Cipher");
	struct json_object *bits = NULL;
	bool other;

	other = (mode && strcmp(mode, "ChainingModeGCM")) || (cipher && strcmp(cipher, "AES")) ||
		(json_object_object_get_ex(params, "KeySizeInBits", &bits) &&
		 json_object_get_int(bits) != GCM_KEY_LEN * 8);
	return other ? fail(RC_REFUSED, ANSWER ": it is not sealed with AES-256-GCM") : RC_OK;
}

static int parse(const char *token, struct sealed *s)
{
	struct json_object *o CLEANUP(json_put) = NULL, *params = NULL;
	struct buf b CLEANUP_BUF;
	const char *why;
	int rc;

	if (strchr(token, '.'))
		return fail(RC_REFUSED, ANSWER ": a token that is not sealed to the key, as AzureGuest's are");
	if (base64_decode(token, strlen(token), &b, &why))
		return fail(RC_REFUSED, ANSWER ": the sealed token is not base64url: %s", why);
	o = json_parse(buf_span(&b));
	if (!json_object_is_type(o, json_type_object))
		return fail(RC_REFUSED, ANSWER ": the sealed token is not a JSON object");
	if (!json_object_object_get_ex(o, "EncryptionParams", &params) ||
	    !json_object_is_type(params, json_type_object))
		return fail(RC_REFUSED, ANSWER ": its member EncryptionParams: missing, or not an object");
	rc = check_params(params);
	if (!rc)
		rc = get(params, "Iv", GCM_IV_LEN, &s->iv);
	if (!rc)
		rc = get(o, "AuthenticationData", GCM_TAG_LEN, &s->tag);
	if (!rc)
		rc = get(o, "Jwt", 0, &s->text);
	if (!rc)
		rc = get(o, "EncryptedInnerKey", TPM_KEY_LEN, &s->inner);
	return rc;
}

static int open_token(const char *tpm, const struct tpm_key_was *was, const char *token,
		      struct buf *out)
{
	struct sealed s CLEANUP(sealed_free) = { 0 };
	struct buf key CLEANUP_BUF, text CLEANUP_BUF;
	int rc = parse(token, &s);

	if (!rc)
		rc = tpm_key_decrypt(tpm, was, buf_span(&s.inner), &key);
	/* bad padding may look like a key, too */
	if (!rc && key.len != GCM_KEY_LEN)
		rc = tpm_key_mismatch(was);
	if (!rc && !gcm_open(key.p, buf_span(&s.iv), (struct span){ (const u8 *)AAD, strlen(AAD) },
			     buf_span(&s.text), buf_span(&s.tag), &text))
		rc = tpm_key_mismatch(was);
	if (key.p)
		OPENSSL_cleanse(key.p, key.len);
	return rc ? rc : answer_token(text.p ? (char *)text.p : "", text.len, out);
}

int maa_guest_answer(struct request *q, const char *token, struct buf *out)
{
	struct buf pcrs CLEANUP_BUF;
	struct tpm_key_was was = { .pub = buf_span(&q->enc_key_pub.b) };
	unsigned int i;

	for (i = 0; i < TPM_KEY_PCRS_N; i++)
		if (tpm_quote_pcr(&q->tpm, i))
			buf_add(&pcrs, tpm_quote_pcr(&q->tpm, i), q->tpm.pcr_len);
	was.pcrs = buf_span(&pcrs);
	return open_token(q->tpm_device, &was, token, out);
}

/* PCR values of the body that was sent, when it has all of them; else none */
static void sent_pcrs(struct json_object *tpm, struct buf *out)
{
	struct json_object *list = NULL, *index = NULL;
	size_t i;

	if (!json_object_object_get_ex(tpm, "PCRs", &list) ||
	    !json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) < TPM_KEY_PCRS_N)
		return;
	for (i = 0; i < TPM_KEY_PCRS_N; i++) {
		struct json_object *pcr = json_object_array_get_idx(list, i);
		struct buf b CLEANUP_BUF;
		const char *text = json_get_text(pcr, "Digest"), *why;

		if (!text || base64_decode(text, strlen(text), &b, &why) || b.len != 32 ||
		    !json_object_object_get_ex(pcr, "Index", &index) ||
		    json_object_get_int(index) != (int)i)
			break;
		buf_add(out, b.p, b.len);
	}
	if (i < TPM_KEY_PCRS_N)
		out->len = 0;
}

static int read_sent(struct span body, struct buf *pub, struct buf *pcrs)
{
	struct json_object *o CLEANUP(json_put) = NULL, *info CLEANUP(json_put) = NULL, *tpm = NULL;
	struct buf b CLEANUP_BUF;
	int rc = json_parse_object(body, "--sent", &o);

	if (!rc)
		rc = json_get_bytes(o, "AttestationInfo", "--sent", &b);
	if (!rc)
		rc = json_parse_object(buf_span(&b), "--sent: AttestationInfo", &info);
	if (rc)
		return rc;
	if (!json_object_object_get_ex(info, "TpmInfo", &tpm))
		return fail(RC_EVIDENCE, "--sent: AttestationInfo: there is no TpmInfo");
	sent_pcrs(tpm, pcrs);
	return json_get_bytes(tpm, "EncKeyPub", "--sent: TpmInfo", pub);
}

/* The service's answer, {"token":".."}, or that member alone */
static int find_token(struct span s, char **token)
{
	struct json_object *o CLEANUP(json_put) = NULL;
	const char *text;

	while (s.len && strchr(" \t\r\n", s.p[s.len - 1]))
		s.len--;
	if (!s.len || s.p[0] != '{') {
		*token = xasprintf("%.*s", (int)s.len, s.len ? (const char *)s.p : "");
		return RC_OK;
	}
	o = json_parse(s);
	if (!o)
		return fail(RC_REFUSED, ANSWER ": it is not JSON");
	text = json_get_text(o, "token");
	if (!text)
		return fail(RC_REFUSED, ANSWER ": it has no member token");
	*token = xstrdup(text);
	return RC_OK;
}

int maa_guest_open(struct request *q, struct buf *out)
{
	char *token CLEANUP(free_str) = NULL;
	struct buf pub CLEANUP_BUF, pcrs CLEANUP_BUF;
	struct tpm_key_was was;
	int rc = RC_OK;

	if (q->sent.path)
		rc = read_sent(buf_span(&q->sent.b), &pub, &pcrs);
	was = (struct tpm_key_was){ .pub = buf_span(&pub), .pcrs = buf_span(&pcrs) };
	if (!rc)
		rc = find_token(buf_span(&q->sealed.b), &token);
	return rc ? rc : open_token(q->tpm_device, &was, token, out);
}
