// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "pv.h"
#include "sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define INNER		32
#define CLAIMS		1236

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
	sim_set("window=50");
}

/* REPORT_DATA of the hardware's report is the hash of the claims */
static void check_hcl(const struct cvm_blob *b)
{
	const struct cvm_item *r = cvm_blob_find(b, CVM_EVIDENCE_ITEM_REPORT);
	bool snp = b->hdr.tee == CVM_EVIDENCE_TEE_SEV_SNP;
	const uint8_t *rd = r->data + INNER + (snp ? 0x50 : 128);
	uint8_t want[64] = { 0 };

	CHECK(r->len > CLAIMS && !memcmp(r->data, "HCLA", 4), "no HCL report");
	sha256(r->data + CLAIMS, cvm_get32(r->data + CLAIMS - 4), want);
	CHECK(!memcmp(rd, want, sizeof(want)), "claims of another report");
	CHECK(!(b->hdr.flags & CVM_EVIDENCE_BLOB_F_TDREPORT) == snp,
	      "flags 0x%x", b->hdr.flags);
	CHECK(b->hdr.provider == CVM_EVIDENCE_PROVIDER_VTPM, "provider %u",
	      b->hdr.provider);
}

int pv_ask(struct cvm_evidence_request *req, struct cvm_blob *b)
{
	int err = cvm_request(pv_fd, req);
	ssize_t n;

	if (err)
		return err;
	n = cvm_slurp(pv_fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, req->report_data, req->report_data_len, b);
	check_hcl(b);
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
