// SPDX-License-Identifier: GPL-2.0-only
/* Microsoft Azure Attestation: /attest/SevSnpVm and /attest/TdxVm */
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "evidence/snp.h"
#include "net/answer.h"
#include "services/maa.h"

static const char help[] =
"Usage: cvm-evidence request|attest maa [options]\n"
"\n"
"Microsoft Azure Attestation: SevSnpVm, TdxVm, AzureGuest. Report data are\n"
"SHA-256 of the runtime data. In an HCL report (Azure's paravisor) the claims are\n"
"the runtime data that are sent; yours are in their user-data, as SHA-256.\n"
"\n"
"  --runtime-data FILE      sent byte for byte as it is hashed: a public key, a\n"
"                           nonce of the relying party\n"
"  --runtime-data-type json|binary\n"
"                           default: json when FILE is a JSON object\n"
"  --self-nonce             no runtime data: the token proves no freshness\n"
"  --nonce TEXT             echoed into the token, not bound to the hardware\n"
"  --init-data FILE         initTimeData; SNP: SHA-256 of it is in HOST_DATA\n"
"  --init-data-type json|binary\n"
"  --api-version VERSION    default: the one the service documents\n"
"  --form tee               SevSnpVm or TdxVm (default)\n"
"         azure-guest       AzureGuest: also the vTPM's quote, and a key of this\n"
"                           boot that the AK certified, made by the TPM while PCR 0\n"
"                           to 7 are what was quoted. The service seals its token to\n"
"                           that key; attest opens it. Needs access to the TPM\n"
"  --tpm PATH               default: /dev/tpmrm0; or a socket of swtpm\n"
"  --tcg-log FILE           default: /sys/kernel/security/tpm0/binary_bios_measurements\n"
"  --enc-key-pub, --enc-key-info, --enc-key-signature FILE\n"
"                           a key made before, of tpm2_createprimary, tpm2_certify;\n"
"                           the token comes sealed then\n"
"  --open FILE              request: no request, but the token of the service's sealed\n"
"                           answer, opened by the TPM: same boot, same PCR 0 to 7\n"
"  --sent FILE              with --open: the body that was sent, to tell what changed\n"
"                           when it cannot be opened\n"
"\n"
"Examples:\n"
"  cvm-evidence attest maa --form azure-guest --imds --endpoint https://sharedweu.weu.attest.azure.net\n"
"  cvm-evidence request maa --form azure-guest --imds -o body.json\n"
"  cvm-evidence request maa --open answer.json --sent body.json\n";

enum { FORM_TEE, FORM_GUEST };

static const char *const forms[] = { "tee", "azure-guest", NULL };

static int no_runtime_data(void)
{
	return fail(RC_USAGE, "--runtime-data FILE is missing: give the data that the evidence is bound to, or --self-nonce for a random nonce");
}

/* The service compares the first 32 bytes with the hash of runtimeData. */
static int bind(struct request *q)
{
	if (q->form == FORM_GUEST) {
		/* with empty qualifying data: a key of this boot makes it fresh */
		q->bind.wants_quote = true;
		q->bind.pcrs = MAA_BOOT_PCRS;
	}
	if (q->runtime.path)
		return bind_digest(q, "SHA256", q->runtime.b.p, q->runtime.b.len,
				   "the runtime data");
	/* HCL reports in files bring their runtime data; new evidence has none yet */
	if (q->form == FORM_TEE && !q->evidence.len && !q->self_nonce)
		return no_runtime_data();
	return RC_OK;
}

static void add_data_object(struct json_object *o, const char *key, struct span data,
			    bool is_json)
{
	struct json_object *d = json_object_new_object();

	json_add_bytes(d, "data", data, BASE64_URL);
	json_add_text(d, "dataType", is_json ? "JSON" : "Binary");
	json_object_object_add(o, key, d);
}

static void add_given(struct json_object *o, const char *key, const struct given *g)
{
	if (g->path)
		add_data_object(o, key, buf_span(&g->b), !strcmp(g->type, "json"));
}

static int add_evidence(const struct request *q, struct json_object *o)
{
	struct buf chain CLEANUP_BUF, field CLEANUP_BUF;
	int rc;

	if (q->kind == RAW_TDX_QUOTE) {
		json_add_bytes(o, "quote", q->report, BASE64_URL);
		return RC_OK;
	}
	rc = cert_pool_chain(&q->certs, q->report.p, &chain);
	if (rc)
		return rc;
	maa_snp_field(q->report, buf_span(&chain), &field);
	json_add_text(o, "report", (char *)field.p);
	return RC_OK;
}

/* The service demands SHA-256(initTimeData) in HOST_DATA. */
static int check_init_data(const struct request *q)
{
	u8 hash[DIGEST_MAX];

	if (!q->init.path || q->kind != RAW_SNP)
		return RC_OK;
	digest("SHA256", q->init.b.p, q->init.b.len, hash);
	if (memcmp(hash, q->report.p + SNP_HOST_DATA_OFF, 32))
		return fail(RC_EVIDENCE, "HOST_DATA of the report is not the SHA-256 of --init-data: this VM was not launched with these data");
	return RC_OK;
}

static int check_given(const struct request *q)
{
	if (!q->runtime.path && !q->azure && !q->self_nonce)
		return no_runtime_data();
	return check_init_data(q);
}

static int build(struct request *q, struct message *m)
{
	bool snp = q->kind == RAW_SNP;
	const char *version = q->api_version ? q->api_version :
			      snp ? "2022-08-01" : "2023-04-01-preview";
	struct json_object *o;
	int rc;

	if (q->form == FORM_GUEST)
		return maa_guest_build(q, m);
	rc = check_given(q);
	if (rc)
		return rc;
	o = json_object_new_object();
	rc = add_evidence(q, o);
	if (!rc) {
		if (q->azure)
			add_data_object(o, "runtimeData", q->hcl.claims, true);
		else
			add_given(o, "runtimeData", &q->runtime);
		add_given(o, "initTimeData", &q->init);
		if (q->nonce)
			json_add_text(o, "nonce", q->nonce);
		message_to(m, "POST", "/attest/%s?api-version=%s", snp ? "SevSnpVm" : "TdxVm",
			   version);
		m->type = "application/json";
		buf_add_str(&m->body, json_text(o));
	}
	json_object_put(o);
	return rc;
}

static int answer(struct request *q, const struct http_answer *a, struct message *next,
		  bool *again, struct buf *out)
{
	struct buf token CLEANUP_BUF;
	int rc;

	(void)next, (void)again;
	if (!q->enc_key_made)
		return answer_text(a, "token", out);
	rc = answer_text(a, "token", &token);
	/* without the end of the line */
	return rc ? rc : maa_guest_answer(q, strtok((char *)token.p, "\n"), out);
}

static int ready(struct request *q)
{
	return q->form == FORM_GUEST ? maa_guest_ready(q) : RC_OK;
}

/* Statuses that its own clients retry: throttling and server errors */
static const short retry[] = { 429, 500, 502, 503, 504, 0 };

const struct service service_maa = {
	.name = "maa",
	.about = "Microsoft Azure Attestation: SevSnpVm, TdxVm, AzureGuest",
	.help = help,
	.takes = TAKES_RUNTIME_DATA | TAKES_INIT_DATA | TAKES_NONCE | TAKES_SELF_NONCE |
		 TAKES_API_VERSION | TAKES_ENC_KEY,
	.forms = forms,
	.retry = retry,
	.claims_are_data = true,
	.bind = bind,
	.ready = ready,
	.build = build,
	.answer = answer,
	.open = maa_guest_open,
};
