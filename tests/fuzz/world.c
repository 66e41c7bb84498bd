// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network, the device and signatures, as a target wants them. The linker puts
 * these functions in the place of the tool's own (--wrap).
 */
#include <fcntl.h>
#include <openssl/pem.h>
#include <time.h>

#include "base/digest.h"
#include "device/device.h"
#include "fuzz.h"
#include "net/http.h"
#include "tpm/dev.h"
#include "verify/verify.h"
/* the synthetic evidence of the unit tests, made here for what is asked */
#include "../unit/gen.h"

static struct span *answers;

void fuzz_answers(struct span *rest)
{
	answers = rest;
}

static char *line(struct span *s)
{
	const u8 *end = s->len ? memchr(s->p, '\n', s->len) : NULL;
	size_t len = end ? (size_t)(end - s->p) : s->len;
	char *text = xasprintf("%.*s", (int)len, (const char *)s->p);

	if (end)
		len++;
	s->p += len;
	s->len -= len;
	if (*text)
		return text;
	free(text);
	return NULL;
}

int __wrap_http_exchange(const struct http_request *r, struct http_answer *a);
int __wrap_http_exchange(const struct http_request *r, struct http_answer *a)
{
	struct part part CLEANUP_PART = { 0 };
	char *status CLEANUP(free_str) = NULL;
	struct span s;

	/* whatever an answer said, the next question goes to the same place */
	must(!strncmp(r->url, FUZZ_ENDPOINT "/", strlen(FUZZ_ENDPOINT "/")));
	http_answer_free(a);
	if (!answers || !answers->len)
		return fail(RC_FAILED, "no more answers");
	part = fuzz_part(answers);
	s = part.s;
	status = line(&s);
	a->status = status ? strtol(status, NULL, 10) : 200;
	a->type = line(&s);
	a->location = line(&s);
	a->cookie = line(&s);
	if (s.len > r->max)
		return fail(RC_REFUSED, "too long");
	buf_add(&a->body, s.p, s.len);
	return RC_OK;
}

static struct span *tpm_answers;

void fuzz_tpm_answers(struct span *rest)
{
	tpm_answers = rest;
}

/* The TPM of whoever runs this is left alone. */
int __wrap_tpm_open(struct tpm *t, const char *path, const char *who);
int __wrap_tpm_open(struct tpm *t, const char *path, const char *who)
{
	*t = (struct tpm){ .path = path, .fd = -1 };
	return tpm_answers ? RC_OK : fail(RC_DENIED, "%s: no TPM", who);
}

int __wrap_tpm_exchange(struct tpm *t, struct span command, struct buf *answer);
int __wrap_tpm_exchange(struct tpm *t, struct span command, struct buf *answer)
{
	struct part part CLEANUP_PART = { 0 };

	must(command.len >= 10 && command.len < 4096);
	must(((size_t)command.p[4] << 8 | command.p[5]) == command.len);
	if (!tpm_answers->len)
		return fail(RC_FAILED, "%s: the TPM went away", t->path);
	part = fuzz_part(tpm_answers);
	if (part.s.len < 10)
		return fail(RC_FAILED, "%s: cut short", t->path);
	buf_add(answer, part.s.p, part.s.len);
	return RC_OK;
}

static bool trust;

void fuzz_trust(bool on)
{
	trust = on;
}

bool __real_ecdsa_verify(EVP_PKEY *key, const char *md, struct span msg, const u8 *r, const u8 *sig,
			 size_t len, bool little_endian);
bool __wrap_ecdsa_verify(EVP_PKEY *key, const char *md, struct span msg, const u8 *r, const u8 *sig,
			 size_t len, bool little_endian);
bool __wrap_ecdsa_verify(EVP_PKEY *key, const char *md, struct span msg, const u8 *r, const u8 *sig,
			 size_t len, bool little_endian)
{
	return trust || __real_ecdsa_verify(key, md, msg, r, sig, len, little_endian);
}

bool __real_verify_chain(struct verify *v, const char *check, X509 *x, struct path *path);
bool __wrap_verify_chain(struct verify *v, const char *check, X509 *x, struct path *path);
bool __wrap_verify_chain(struct verify *v, const char *check, X509 *x, struct path *path)
{
	if (!trust)
		return __real_verify_chain(v, check, x, path);
	if (path)
		*path = (struct path){ { x }, 1 };
	return true;
}

int __wrap_report_print(const struct node *root, bool json);
int __wrap_report_print(const struct node *root, bool json)
{
	fuzz_rendered(root, json);
	return RC_OK;
}

int __wrap_nanosleep(const struct timespec *t, struct timespec *rest);
int __wrap_nanosleep(const struct timespec *t, struct timespec *rest)
{
	(void)t, (void)rest;
	return 0;
}

unsigned int __wrap_sleep(unsigned int seconds);
unsigned int __wrap_sleep(unsigned int seconds)
{
	(void)seconds;
	return 0;
}

static enum fuzz_evidence device;
static struct keys *signers;

void fuzz_device(enum fuzz_evidence kind)
{
	device = kind;
	if (!signers)
		signers = keys_make();
}

int __wrap_device_open(const char *path, int *fd);
int __wrap_device_open(const char *path, int *fd)
{
	(void)path;
	*fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return *fd < 0 ? RC_FAILED : RC_OK;
}

static bool is_snp(void)
{
	return device == FUZZ_SNP || device == FUZZ_HCL_SNP;
}

static bool is_hcl(void)
{
	return device == FUZZ_HCL_SNP || device == FUZZ_HCL_TDX;
}

int __wrap_device_info(int fd, const char *path, struct device_info *out);
int __wrap_device_info(int fd, const char *path, struct device_info *out)
{
	(void)fd, (void)path;
	memset(out, 0, sizeof(*out));
	out->info.auto_provider = is_hcl() ? CVM_EVIDENCE_PROVIDER_VTPM :
				  CVM_EVIDENCE_PROVIDER_TSM;
	out->providers[0].id = out->info.auto_provider;
	out->providers[0].tee = is_snp() ? CVM_EVIDENCE_TEE_SEV_SNP : CVM_EVIDENCE_TEE_TDX;
	out->n = 1;
	return RC_OK;
}

static void be16(struct buf *b, size_t v)
{
	u8 be[2] = { (u8)(v >> 8), (u8)v };

	buf_add(b, be, 2);
}

/* A quote of PCRs that are all zero, signed by nobody */
static void add_quote(struct blob *o, const u8 *data, size_t len)
{
	struct buf attest CLEANUP_BUF, sig CLEANUP_BUF, pcrs CLEANUP_BUF;
	u8 hash[DIGEST_MAX];

	zeros(&pcrs, TPM_PCRS * 32);
	digest("SHA256", pcrs.p, pcrs.len, hash);
	buf_add(&attest, "\xffTCG\x80\x18\0\0", 8);
	be16(&attest, len);
	buf_add(&attest, data, len);
	zeros(&attest, 17 + 8);
	buf_add(&attest, "\0\0\0\1\0\x0b\3\xff\xff\xff\0\x20", 12);
	buf_add(&attest, hash, 32);
	be16(&sig, TPM_ALG_RSASSA);
	be16(&sig, TPM_ALG_SHA256);
	be16(&sig, 256);
	zeros(&sig, 256);
	blob_item(o, CVM_EVIDENCE_ITEM_TPM_ATTEST, 0, attest.p, attest.len);
	blob_item(o, CVM_EVIDENCE_ITEM_TPM_SIGNATURE, 0, sig.p, sig.len);
	blob_item(o, CVM_EVIDENCE_ITEM_PCRS, 0, pcrs.p, pcrs.len);
	blob_item(o, CVM_EVIDENCE_ITEM_AK_PUB, 0, "a key", 5);
	blob_item(o, CVM_EVIDENCE_ITEM_AK_CERT, 0, "its certificate", 15);
}

int __wrap_device_evidence(const char *path, struct cvm_evidence_request *r, bool kernel_random,
			   struct buf *blob);
int __wrap_device_evidence(const char *path, struct cvm_evidence_request *r, bool kernel_random,
			   struct buf *blob)
{
	size_t len = kernel_random ? 64 : r->report_data_len;
	struct buf report CLEANUP_BUF, table CLEANUP_BUF;
	char *hex CLEANUP(free_str) = hex_encode(r->report_data, 64);
	char *claims CLEANUP(free_str) = xasprintf("{\"user-data\":\"%s\"}", hex);
	struct blob o;

	(void)path;
	switch (device) {
	case FUZZ_SNP:
		snp_report(&report, signers, 3, MILAN, r->report_data);
		break;
	case FUZZ_TDX:
		tdx_quote(&report, 4, 2, r->report_data, 0);
		break;
	default:
		hcl(&report, device == FUZZ_HCL_SNP ? 2 : 4, signers, claims);
	}
	blob_start(&o, is_snp() ? CVM_EVIDENCE_TEE_SEV_SNP : CVM_EVIDENCE_TEE_TDX,
		   is_hcl() ? CVM_EVIDENCE_PROVIDER_VTPM : CVM_EVIDENCE_PROVIDER_TSM, 0,
		   is_hcl() ? CVM_EVIDENCE_BINDING_HCL : CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, r->report_data, len);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	if (is_snp()) {
		cert_table(&table, signers, false, false);
		blob_item(&o, CVM_EVIDENCE_ITEM_CERTS, 0, table.p, table.len);
	}
	if (r->flags & CVM_EVIDENCE_F_EVENT_LOG) {
		blob_item(&o, CVM_EVIDENCE_ITEM_CCEL_TABLE, 0, "CCEL", 4);
		blob_text(&o, CVM_EVIDENCE_ITEM_CCEL_DATA, "an event log");
	}
	if (r->flags & CVM_EVIDENCE_F_TPM_QUOTE)
		add_quote(&o, (const u8 *)(uintptr_t)r->quote_data, r->quote_data_len);
	blob_common(&o, is_snp() ? "sev_guest" : "tdx_guest");
	blob_end(&o);
	*blob = o.b;
	return RC_OK;
}

/* Made for these tests, and known to everybody */
static const char key[] =
	"-----BEGIN EC PRIVATE KEY-----\n"
	"MHcCAQEEIOSKasKHEaWozl9aqEEiyn5mjf+XXYy3KLdFjR965sdToAoGCCqGSM49\n"
	"AwEHoUQDQgAEoA+IlEOatgyXiK7Om7V6VXtelk1iR47Us/7h1rxiasUvnzgebGuy\n"
	"U19Ic759HciSklWfUqrZvmnMfxWlpBR1zA==\n"
	"-----END EC PRIVATE KEY-----\n";

EVP_PKEY *fuzz_key(void)
{
	static EVP_PKEY *pkey;

	/* reading it takes longer than all the rest of a run */
	if (!pkey) {
		BIO *bio = BIO_new_mem_buf(key, -1);

		pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
		BIO_free(bio);
		must(pkey);
	}
	must(EVP_PKEY_up_ref(pkey));
	return pkey;
}

const char *fuzz_key_pem(void)
{
	return key;
}
