// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quotes of the vTPM: what they are over, their parts, and what is said of a
 * part that cannot be had.
 */
#define _GNU_SOURCE
#include "pv.h"

#include <errno.h>
#include <string.h>

static void quote_of(const void *data, size_t len, uint32_t pcrs,
		     struct cvm_blob *b)
{
	struct cvm_evidence_request req;
	const char *why;
	uint8_t rd[32];
	int err;

	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	req.pcr_mask = pcrs;
	if (data) {
		req.flags |= CVM_EVIDENCE_F_QUOTE_DATA;
		req.quote_data = len ? (uintptr_t)data : 0;
		req.quote_data_len = len;
	} else {
		data = rd;
		len = sizeof(rd);
	}
	err = pv_ask(&req, b);
	CHECK(!err, "%s", strerror(-err));
	CHECK(b->hdr.binding == CVM_EVIDENCE_BINDING_HCL, "%u", b->hdr.binding);
	why = pv_quote_wrong(b, data, len, pcrs);
	CHECK(!why, "%s", why);
	CHECK(cvm_blob_find(b, CVM_EVIDENCE_ITEM_TPM_ATTEST), "no quote");
}

static void quote(void)
{
	const struct cvm_item *cert;
	struct cvm_blob b;

	pv_need();
	pv_quick();
	quote_of(NULL, 0, 0, &b);
	cert = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_AK_CERT);
	CHECK(cert, "no certificate");
	quote_of("data of its own", 15, 0x8ff, &b);
	quote_of("", 0, 1, &b);
}

static void quoted_instead(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	uint8_t rd[32];
	int err;

	pv_need();
	sim_set("never_refresh=1");
	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = pv_ask(&req, &b);
	CHECK(!err, "%s", strerror(-err));
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_QUOTE, "binding %u",
	      b.hdr.binding);
	/* and back: as soon as it refreshes again, evidence is fresh */
	sim_set("never_refresh=0");
	sim_set("window=0");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

static void quote_data_too_long(void)
{
	struct cvm_evidence_request req;
	static const uint8_t data[64];
	uint64_t before;

	pv_need();
	cvm_request_init(&req, "x", 1);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE | CVM_EVIDENCE_F_QUOTE_DATA;
	req.quote_data = (uintptr_t)data;
	req.quote_data_len = 51;
	before = sim_counter("commands");
	CHECK(cvm_request(pv_fd, &req) == -EMSGSIZE, "51 bytes");
	CHECK(sim_counter("commands") == before, "something was sent");
	pv_quick();
	req.quote_data_len = 50;
	CHECK(!cvm_request(pv_fd, &req), "50 bytes: %s", strerror(errno));
}

static void without(const char *knob, uint32_t missing)
{
	struct cvm_evidence_request req;
	const struct cvm_item *why;
	struct cvm_blob b;
	int err;

	sim_set("%s", knob);
	cvm_request_init(&req, knob, strlen(knob));
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = pv_ask(&req, &b);
	CHECK(!err, "%s: %s", knob, strerror(-err));
	why = pv_absent(&b, missing);
	CHECK(why && !cvm_blob_find(&b, missing), "%s: item %u", knob, missing);
	ktap_note("%s: %.*s", knob, (int)why->len - 8, why->data + 8);
}

/* "A failing optional part is reported as absent" */
static void parts_absent(void)
{
	pv_need();
	pv_quick();
	without("ak=missing", CVM_EVIDENCE_ITEM_TPM_ATTEST);
	without("ak=other", CVM_EVIDENCE_ITEM_TPM_ATTEST);
	sim_set("ak=ok");
	without("ak_cert=missing", CVM_EVIDENCE_ITEM_AK_CERT);
	without("ak_cert=uninit", CVM_EVIDENCE_ITEM_AK_CERT);
	sim_set("ak_cert=ok");
	sim_set("pcr_drift=1:1");
	{
		struct cvm_blob b;

		quote_of(NULL, 0, 0, &b);
	}
	without("pcr_drift=1", CVM_EVIDENCE_ITEM_TPM_ATTEST);
}

static void certificate(struct cvm_blob *b, uint8_t out[4096], uint32_t *len)
{
	struct cvm_evidence_request req;
	const struct cvm_item *it;
	int err;

	cvm_request_init(&req, "certificate", 11);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = pv_ask(&req, b);
	CHECK(!err, "%s", strerror(-err));
	it = cvm_blob_find(b, CVM_EVIDENCE_ITEM_AK_CERT);
	CHECK(it && it->len <= 4096, "no certificate");
	memcpy(out, it->data, it->len);
	*len = it->len;
}

/*
 * OpenHCL has the certificate renewed when it is read, but not within the window
 * of a report: it is read before the report, and again when the host had time.
 */
static void certificate_renewed(void)
{
	uint8_t cert[4096];
	struct cvm_blob b;
	uint32_t len;

	pv_need();
	sleep_ms(PV_WINDOW_MS + 200);
	sim_set("ak_cert=uninit");
	sim_set("cert_delay=300");
	certificate(&b, cert, &len);
}

/* It comes between two chunks of a read: a mixture of two is none */
static void certificate_torn(void)
{
	uint8_t first[4096], second[4096];
	uint32_t len, len2;
	struct cvm_blob b;

	pv_need();
	pv_quick();
	sim_set("nv_buffer=256");
	sim_set("cert_tear=1:2");
	certificate(&b, first, &len);
	certificate(&b, second, &len2);
	CHECK(len == len2 && !memcmp(first, second, len),
	      "two certificates where there is one");
}

/* A TPM that was busy at the look is looked at again, not without quotes for good */
static void limits_learnt_late(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	int err;

	pv_need();
	pv_quick();
	sim_set("index=missing");
	cvm_request_init(&req, "late", 4);
	err = cvm_request(pv_fd, &req);
	CHECK(err == -ENODEV, "no index: %s", strerror(-err));
	sim_set("index=ok");
	sim_set("cc=get_capability");
	sim_set("rc=lockout");
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = cvm_request(pv_fd, &req);
	CHECK(err == -ENODEV, "no limits: %s", strerror(-err));
	sim_set("rc=0");
	pv_back();
	quote_of(NULL, 0, 0, &b);
}

static const struct ktap_case cases[] = {
	{ "quote", quote, 0 },
	{ "quoted_instead", quoted_instead, 0 },
	{ "quote_data_too_long", quote_data_too_long, 0 },
	{ "parts_absent", parts_absent, 60 },
	{ "certificate_renewed", certificate_renewed, 60 },
	{ "certificate_torn", certificate_torn, 60 },
	{ "limits_learnt_late", limits_learnt_late, 0 },
};

CVM_TEST_MAIN(cases)
