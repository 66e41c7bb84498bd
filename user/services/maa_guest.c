// SPDX-License-Identifier: GPL-2.0-only
/*
 * Microsoft Azure Attestation: /attest/AzureGuest. The TPM's quote, the TCG log
 * and the HCL report in one; what makes it fresh is a key of this boot that the
 * AK certified, and to which the answer is sealed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "services/maa.h"

#define TCG_LOG		"/sys/kernel/security/tpm0/binary_bios_measurements"
#define TCG_LOG_MAX	(4u * 1024 * 1024)

void maa_snp_field(struct span report, struct span chain, struct buf *out)
{
	struct json_object *o = json_object_new_object();
	const char *text;
	char *field;

	json_add_bytes(o, "SnpReport", report, BASE64_URL);
	json_add_bytes(o, "VcekCertChain", chain, BASE64_URL);
	text = json_text(o);
	field = base64_encode((const u8 *)text, strlen(text), BASE64_URL);
	buf_add_str(out, field);
	free_str(&field);
	json_object_put(o);
}

static void add_b64_text(struct json_object *o, const char *key, const char *text)
{
	json_add_bytes(o, key, (struct span){ (const u8 *)text, strlen(text) }, BASE64_STD);
}

/* A value of os-release, without its quotes; empty when it is not there */
static char *os_release(const struct buf *b, const char *key)
{
	const char *line = (const char *)b->p, *end;
	size_t len = strlen(key);

	for (; line && *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		if (strncmp(line, key, len) || line[len] != '=')
			continue;
		line += len + 1;
		if (end - line >= 2 && (*line == '"' || *line == '\'') && end[-1] == *line) {
			line++;
			end--;
		}
		return xasprintf("%.*s", (int)(end - line), line);
	}
	return xstrdup("");
}

static int add_os(struct json_object *o)
{
	struct buf b CLEANUP_BUF;
	char *name CLEANUP(free_str) = NULL, *version CLEANUP(free_str) = NULL;
	const char *dot;
	int rc = file_read("/etc/os-release", 64 * 1024, &b);

	if (rc)
		return rc;
	name = os_release(&b, "NAME");
	version = os_release(&b, "VERSION_ID");
	dot = strchr(version, '.');
	add_b64_text(o, "OSType", "Linux");
	add_b64_text(o, "OSDistro", name);
	add_b64_text(o, "OSBuild", "NotApplication");
	json_object_object_add(o, "OSVersionMajor", json_object_new_int(atoi(version)));
	json_object_object_add(o, "OSVersionMinor", json_object_new_int(dot ? atoi(dot + 1) : 0));
	return RC_OK;
}

/* Of its parts all are given, or none: @given. */
static int check_key(const struct request *q, bool *given)
{
	int n = !!q->enc_key_pub.path + !!q->enc_key_info.path + !!q->enc_key_sig.path;

	*given = n;
	if (n && n < 3)
		return fail(RC_USAGE, "a key that the AK certified needs three files, --enc-key-pub, --enc-key-info and --enc-key-signature; without any of them the TPM makes a key");
	return RC_OK;
}

static int read_log(struct request *q)
{
	int rc;

	if (q->tcg_log.path)
		return RC_OK;
	rc = file_read(TCG_LOG, TCG_LOG_MAX, &q->tcg_log.b);
	if (rc)
		return fail(RC_DENIED, "AzureGuest needs the firmware's event log, which only root can read; run as root, or give a copy of it with --tcg-log FILE");
	q->tcg_log.path = TCG_LOG;
	return RC_OK;
}

int maa_guest_ready(struct request *q)
{
	struct tpm t CLEANUP(tpm_close) = { .fd = -1 };
	bool given;
	int rc = check_key(q, &given);

	if (!rc && !given)
		rc = tpm_open(&t, q->tpm_device, "AzureGuest");
	return rc ? rc : read_log(q);
}

static void add_pcrs(struct json_object *o, const struct tpm_quote *t)
{
	struct json_object *set = json_object_new_array(), *list = json_object_new_array();
	unsigned int i;

	for (i = 0; i < TPM_PCRS; i++) {
		const u8 *value = tpm_quote_pcr(t, i);
		struct json_object *pcr;

		if (!value)
			continue;
		json_object_array_add(set, json_object_new_int((int)i));
		pcr = json_object_new_object();
		json_object_object_add(pcr, "Index", json_object_new_int((int)i));
		json_add_bytes(pcr, "Digest", (struct span){ value, t->pcr_len }, BASE64_STD);
		json_object_array_add(list, pcr);
	}
	json_object_object_add(o, "PcrSet", set);
	json_object_object_add(o, "PCRs", list);
}

/* A TPMT_SIGNATURE of tpm2-tools, or the RSA bytes alone */
static struct span rsa_bytes(struct span s)
{
	if (s.len > 6 && s.p[0] == 0 && (s.p[1] == TPM_ALG_RSASSA || s.p[1] == TPM_ALG_RSAPSS) &&
	    ((size_t)s.p[4] << 8 | s.p[5]) == s.len - 6)
		return (struct span){ s.p + 6, s.len - 6 };
	return s;
}

static void add_tpm(struct json_object *to, const struct request *q)
{
	struct json_object *o = json_object_new_object();
	struct span cert = evidence_data(&q->e, CVM_EVIDENCE_ITEM_AK_CERT);

	json_add_bytes(o, "AikCert", cert, BASE64_STD);
	json_add_bytes(o, "AikPub", evidence_data(&q->e, CVM_EVIDENCE_ITEM_AK_PUB), BASE64_STD);
	json_add_bytes(o, "PcrQuote", q->tpm.attest, BASE64_STD);
	json_add_bytes(o, "PcrSignature", q->tpm.sig, BASE64_STD);
	add_pcrs(o, &q->tpm);
	json_add_bytes(o, "EncKeyPub", buf_span(&q->enc_key_pub.b), BASE64_STD);
	json_add_bytes(o, "EncKeyCertifyInfo", buf_span(&q->enc_key_info.b), BASE64_STD);
	json_add_bytes(o, "EncKeyCertifyInfoSignature", rsa_bytes(buf_span(&q->enc_key_sig.b)),
		       BASE64_STD);
	json_object_object_add(to, "TpmInfo", o);
}

/* Its members are base64url for SNP and base64 for TDX, as the clients send them. */
static int add_isolation(struct json_object *to, const struct request *q)
{
	struct json_object *o = json_object_new_object(), *e = json_object_new_object();
	struct buf chain CLEANUP_BUF, proof CLEANUP_BUF;
	int rc = RC_OK;

	json_add_text(o, "Type", q->kind == RAW_SNP ? "SevSnp" : "Tdx");
	json_object_object_add(o, "Evidence", e);
	json_object_object_add(to, "IsolationInfo", o);
	if (q->kind == RAW_SNP) {
		rc = cert_pool_chain(&q->certs, q->report.p, &chain);
		if (!rc) {
			maa_snp_field(q->report, buf_span(&chain), &proof);
			json_add_text(e, "Proof", (char *)proof.p);
			json_add_bytes(e, "RunTimeData", q->hcl.claims, BASE64_URL);
		}
	} else {
		json_add_bytes(e, "Proof", q->report, BASE64_STD);
		json_add_bytes(e, "RunTimeData", q->hcl.claims, BASE64_STD);
	}
	return rc;
}

static int check(const struct request *q)
{
	if (!q->azure)
		return fail(RC_EVIDENCE, "AzureGuest takes HCL reports of Azure's paravisor; this evidence is: %s",
			    raw_kind_title(q->kind));
	if (!q->tpm.attest.len)
		return fail(RC_EVIDENCE, "AzureGuest needs a quote of the vTPM, which this evidence does not have");
	if ((q->tpm.mask & MAA_BOOT_PCRS) != MAA_BOOT_PCRS || q->tpm.bank != TPM_ALG_SHA256)
		return fail(RC_EVIDENCE, "AzureGuest needs a quote over PCR 0 to 7 of SHA-256; this one is over other PCRs");
	if (!q->tpm.sig.len)
		return fail(RC_EVIDENCE, "AzureGuest needs a quote signed by RSA");
	if (!evidence_data(&q->e, CVM_EVIDENCE_ITEM_AK_PUB).len ||
	    !evidence_data(&q->e, CVM_EVIDENCE_ITEM_AK_CERT).len)
		return fail(RC_EVIDENCE, "AzureGuest needs the AK and its certificate, which this evidence does not have");
	return RC_OK;
}

/* The key goes with the PCRs of this moment, and with the AK of the evidence. */
static int make_key(struct request *q)
{
	struct tpm_key key = { 0 };
	bool given;
	int rc = check_key(q, &given);

	if (rc || given)
		return rc;
	rc = tpm_key_make(q->tpm_device, evidence_data(&q->e, CVM_EVIDENCE_ITEM_AK_PUB), &q->tpm,
			  &key);
	q->enc_key_pub.b = key.pub;
	q->enc_key_info.b = key.info;
	q->enc_key_sig.b = key.signature;
	q->enc_key_made = !rc;
	return rc;
}

int maa_guest_build(struct request *q, struct message *m)
{
	struct json_object *info, *payload, *o;
	const char *text;
	int rc = check(q);

	if (!rc)
		rc = make_key(q);
	if (!rc)
		rc = read_log(q);
	if (rc)
		return rc;
	info = json_object_new_object();
	json_add_text(info, "AttestationProtocolVersion", "2.0");
	rc = add_os(info);
	json_add_bytes(info, "TcgLogs", buf_span(&q->tcg_log.b), BASE64_STD);
	payload = json_object_new_object();
	if (q->nonce)
		add_b64_text(payload, "nonce", q->nonce);
	json_object_object_add(info, "ClientPayload", payload);
	add_tpm(info, q);
	if (!rc)
		rc = add_isolation(info, q);
	if (!rc) {
		o = json_object_new_object();
		text = json_text(info);
		json_add_bytes(o, "AttestationInfo", (struct span){ (const u8 *)text, strlen(text) },
			       BASE64_URL);
		message_to(m, "POST", "/attest/AzureGuest?api-version=%s",
			   q->api_version ? q->api_version : "2020-10-01");
		m->type = "application/json";
		buf_add_str(&m->body, json_text(o));
		json_object_put(o);
	}
	json_object_put(info);
	return rc;
}
