// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "pv.h"
#include "sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define INNER		32
#define CLAIMS		1236
#define MODULUS		256

int pv_fd;

static uint8_t buf[CVM_BUF_SIZE];

void pv_need(void)
{
	if (!sim_paravisor())
		ktap_skip("needs the simulated paravisor (tests/vm/run -s azure-snp)");
	cvm_need_evidence();
	pv_fd = cvm_open(O_RDWR);
}

void pv_quick(void)
{
	sim_set("window=0");
}

const char *pv_wrong(const struct cvm_blob *b)
{
	const struct cvm_item *r = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT);
	bool snp = b->hdr.tee == CVM_EVIDENCE_TEE_SEV_SNP;
	uint8_t want[64] = { 0 };
	uint32_t claims;

	if (b->hdr.provider != CVM_EVIDENCE_PROVIDER_VTPM)
		return "another provider's";
	if (!snp && b->hdr.tee != CVM_EVIDENCE_TEE_TDX)
		return "of an unknown TEE";
	if (!(b->hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT) != snp)
		return "the flag TDREPORT, or it is missing";
	if (!r || r->len <= CLAIMS || memcmp(r->data, "HCLA", 4))
		return "no HCL report";
	claims = cvm_get32(r->data + CLAIMS - 4);
	if (!claims || claims > r->len - CLAIMS)
		return "claims beyond the end";
	/* REPORT_DATA of the hardware's report is the hash of the claims */
	sha256(r->data + CLAIMS, claims, want);
	if (memcmp(r->data + INNER + (snp ? 0x50 : 128), want, sizeof(want)))
		return "claims of another report";
	return NULL;
}

const struct cvm_item *pv_absent(const struct cvm_blob *b, uint32_t type)
{
	for (unsigned int i = 0; i < b->nr; i++)
		if (b->item[i].type == CVM_EVIDENCE_ITEM_ABSENT &&
		    cvm_get32(b->item[i].data) == type)
			return &b->item[i];
	return NULL;
}

static uint16_t get_be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* Do the claims have this key's modulus, which ends its TPM2B_PUBLIC */
static bool named(const struct cvm_blob *b, const struct cvm_item *pub)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const struct cvm_item *r = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT);
	const uint8_t *n = pub->data + pub->len - MODULUS;
	char text[MODULUS * 4 / 3 + 1];
	unsigned int len = 0, bits = 0;
	uint32_t have = 0;

	if (pub->len < MODULUS + 4 || get_be16(pub->data) != pub->len - 2 ||
	    get_be16(n - 2) != MODULUS)
		return false;
	for (unsigned int i = 0; i < MODULUS; i++) {
		have = have << 8 | n[i];
		for (bits += 8; bits >= 6; bits -= 6)
			text[len++] = digits[have >> (bits - 6) & 63];
	}
	if (bits)
		text[len++] = digits[have << (6 - bits) & 63];
	return memmem(r->data + CLAIMS, cvm_get32(r->data + CLAIMS - 4), text, len);
}

/* Is TPMS_ATTEST a quote over these data and, by their digest, these values */
static const char *attest_wrong(const struct cvm_item *attest, const void *data,
				size_t len, uint32_t pcrs,
				const struct cvm_item *values)
{
	const uint8_t *p = attest->data, *end = p + attest->len;
	uint8_t digest[32];

	if (attest->len < 8 || memcmp(p, "\xffTCG\x80\x18", 6))
		return "not a TPMS_ATTEST of a quote";
	p += 8 + get_be16(p + 6);
	if (p + 2 > end || get_be16(p) != len || p + 2 + len > end ||
	    memcmp(p + 2, data, len))
		return "a quote over other data";
	/* clockInfo, firmwareVersion; one bank, SHA-256, three bytes of bits */
	p += 2 + len + 17 + 8;
	if (end - p != 10 + 2 + 32 || memcmp(p, "\0\0\0\1\0\xb\3", 7) ||
	    (p[7] | p[8] << 8 | p[9] << 16) != (int)pcrs)
		return "a quote over other PCRs";
	sha256(values->data, values->len, digest);
	if (get_be16(p + 10) != 32 || memcmp(p + 12, digest, 32))
		return "PCR values that are not what was quoted";
	return NULL;
}

const char *pv_quote_wrong(const struct cvm_blob *b, const void *data, size_t len,
			   uint32_t pcrs)
{
	const struct cvm_item *attest, *signature, *values, *pub, *cert;

	attest = cvm_blob_find(b, CVM_EVIDENCE_ITEM_TPM_ATTEST);
	signature = cvm_blob_find(b, CVM_EVIDENCE_ITEM_TPM_SIGNATURE);
	values = cvm_blob_find(b, CVM_EVIDENCE_ITEM_PCRS);
	pub = cvm_blob_find(b, CVM_EVIDENCE_ITEM_AK_PUB);
	cert = cvm_blob_find(b, CVM_EVIDENCE_ITEM_AK_CERT);
	if (!cert == !pv_absent(b, CVM_EVIDENCE_ITEM_AK_CERT))
		return "no AK_CERT and no reason, or both";
	if (cert && (cert->len < 4 || memcmp(cert->data, "\x30\x82", 2) ||
		     cert->len != 4u + get_be16(cert->data + 2)))
		return "no certificate, or with the zeroes behind it";
	if (!attest == !pv_absent(b, CVM_EVIDENCE_ITEM_TPM_ATTEST))
		return "no TPM_ATTEST and no reason, or both";
	if (!attest != !signature || !attest != !values || !attest != !pub)
		return "a part of a quote";
	if (!attest)
		return b->hdr.binding == CVM_EVIDENCE_BINDING_HCL_QUOTE ?
		       "bound by a quote that is not there" : NULL;
	if (b->hdr.binding == CVM_EVIDENCE_BINDING_HCL_BOOT)
		return "a quote that the binding does not tell";
	if (!pcrs)
		pcrs = 0xffffff;
	if (values->len != 32 * (size_t)__builtin_popcount(pcrs))
		return "too many or too few PCR values";
	if (!named(b, pub))
		return "a key that the claims do not name";
	return attest_wrong(attest, data, len, pcrs, values);
}

int pv_ask(struct cvm_evidence_request *req, struct cvm_blob *b)
{
	int err = cvm_request(pv_fd, req);
	const char *why;
	ssize_t n;

	if (err)
		return err;
	n = cvm_slurp(pv_fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, req->report_data, req->report_data_len, b);
	why = pv_wrong(b);
	CHECK(!why, "%s", why);
	return 0;
}

int pv_ask_random(uint32_t flags, struct cvm_blob *b, uint64_t *ms)
{
	struct cvm_evidence_request req;
	uint8_t rd[64];
	uint64_t t = now_ms();
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.flags = flags;
	err = pv_ask(&req, b);
	if (ms)
		*ms = now_ms() - t;
	return err;
}

void pv_good(uint32_t binding)
{
	struct cvm_blob b;
	int err = pv_ask_random(0, &b, NULL);

	CHECK(!err, "%s", strerror(-err));
	CHECK(b.hdr.binding == binding, "binding %u", b.hdr.binding);
}

void pv_back(void)
{
	uint64_t end = now_ms() + 20000;
	struct cvm_blob b;
	int err;

	while ((err = pv_ask_random(0, &b, NULL)) && now_ms() < end)
		sleep_ms(100);
	CHECK_TIME(!err, "20 s later: %s", strerror(-err));
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL, "binding %u",
	      b.hdr.binding);
}

uint64_t pv_fw_status(int want)
{
	struct cvm_evidence_request req;
	uint8_t rd[64];
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	err = cvm_request(pv_fd, &req);
	CHECK(err == -want, "%s", strerror(-err));
	return req.out_flags & CVM_EVIDENCE_OUT_F_FW_STATUS ? req.fw_status : 0;
}
