// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vTPM that answers well in form and falsely in one byte: hash of the claims,
 * user-data, qualifying data, PCR selection, length of the certificate. What is
 * compared is compared whole.
 */
#define _GNU_SOURCE
#include "pv.h"

#include <errno.h>
#include <string.h>

/* The first and last byte of each part of 64 bytes, 1 being the first */
static const unsigned int places[] = { 1, 2, 31, 32, 33, 48, 63, 64 };

/* REPORT_DATA is SHA-256 of the claims, and 32 zero bytes: all 64 count */
static void hash_of_the_claims(void)
{
	struct cvm_evidence_request req;
	uint8_t rd[64];

	pv_need();
	pv_quick();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int err;

		sim_set("wrong_data=%u", places[i]);
		fill_random(rd, sizeof(rd));
		cvm_request_init(&req, rd, sizeof(rd));
		err = cvm_request(pv_fd, &req);
		CHECK(err == -EBADMSG, "byte %u: %s", places[i], strerror(-err));
		sim_set("wrong_data=0");
	}
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

/* Claims that carry all but one byte of report_data are not bound to them */
static void user_data(void)
{
	static const uint8_t lengths[] = { 1, 32, 63, 64 };
	struct cvm_evidence_request req;
	struct cvm_blob b;
	uint8_t rd[64];

	pv_need();
	sim_set("window=0");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int err;

		sim_set("wrong_user_data=%u", places[i]);
		fill_random(rd, sizeof(rd));
		cvm_request_init(&req, rd, lengths[i % ARRAY_SIZE(lengths)]);
		req.flags = CVM_EVIDENCE_F_FRESH;
		req.timeout_ms = 700;
		err = pv_ask(&req, &b);
		CHECK(err == -ETIMEDOUT || err == -EIO || err == -EBADMSG ||
		      err == -EOPNOTSUPP, "byte %u: %s", places[i],
		      strerror(-err));
	}
	sim_set("wrong_user_data=0");
	CHECK(cvm_wait_idle(pv_fd, 20000), "a request is still served");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

/* A certificate whose length says more than the index has: ABSENT */
static void certificate_length(void)
{
	struct cvm_evidence_request req;
	const struct cvm_item *absent;
	struct cvm_blob b;
	const char *why;
	int err;

	pv_need();
	pv_quick();
	sim_set("ak_cert=long");
	cvm_request_init(&req, "certificate", 11);
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	err = pv_ask(&req, &b);
	CHECK(!err, "%s", strerror(-err));
	why = pv_quote_wrong(&b, "certificate", 11, 0);
	CHECK(!why, "%s", why);
	CHECK(!cvm_blob_find(&b, CVM_EVIDENCE_ITEM_AK_CERT),
	      "a certificate that goes beyond its index");
	absent = pv_absent(&b, CVM_EVIDENCE_ITEM_AK_CERT);
	CHECK(absent, "no ABSENT item");
	ktap_note("errno %u: %.*s", cvm_get32(absent->data + 4),
		  (int)absent->len - 8, absent->data + 8);
	/* the rest of the quote is as good as ever */
	CHECK(cvm_blob_find(&b, CVM_EVIDENCE_ITEM_TPM_ATTEST), "no quote");
}

static const char *const falsely[] = {
	"data", "short", "long", "mask", "magic", "type",
};

static void quote_absent(const char *how, const struct cvm_blob *b)
{
	const struct cvm_item *absent;

	CHECK(!cvm_blob_find(b, CVM_EVIDENCE_ITEM_TPM_ATTEST) &&
	      !cvm_blob_find(b, CVM_EVIDENCE_ITEM_TPM_SIGNATURE) &&
	      !cvm_blob_find(b, CVM_EVIDENCE_ITEM_PCRS),
	      "quote=%s: it was delivered", how);
	absent = pv_absent(b, CVM_EVIDENCE_ITEM_TPM_ATTEST);
	CHECK(absent, "quote=%s: no ABSENT item", how);
	CHECK(cvm_get32(absent->data + 4) == EBADMSG, "quote=%s: errno %u", how,
	      cvm_get32(absent->data + 4));
}

/* The quote is of something else than was asked for: ABSENT, EBADMSG */
static void quoted_something_else(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	uint8_t rd[32];

	pv_need();
	pv_quick();
	for (size_t i = 0; i < ARRAY_SIZE(falsely); i++) {
		for (int own = 0; own < 2; own++) {
			int err;

			sim_set("quote=%s", falsely[i]);
			fill_random(rd, sizeof(rd));
			cvm_request_init(&req, rd, sizeof(rd));
			req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
			if (own) {
				req.flags |= CVM_EVIDENCE_F_QUOTE_DATA;
				req.quote_data = (uintptr_t)"own data";
				req.quote_data_len = 8;
				req.pcr_mask = 0x8ff;
			}
			err = pv_ask(&req, &b);
			CHECK(!err, "quote=%s: %s", falsely[i], strerror(-err));
			quote_absent(falsely[i], &b);
		}
	}
	sim_set("quote=ok");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

/* It binds nothing either, where it is all that would */
static void bound_by_something_else(void)
{
	struct cvm_evidence_request req;
	struct cvm_blob b;
	uint8_t rd[32];

	pv_need();
	sim_set("never_refresh=1");
	for (size_t i = 0; i < ARRAY_SIZE(falsely); i++) {
		int err;

		sim_set("quote=%s", falsely[i]);
		fill_random(rd, sizeof(rd));
		cvm_request_init(&req, rd, sizeof(rd));
		req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
		err = pv_ask(&req, &b);
		/*
		 * what somebody else asked for "is given with
		 * CVM_EVIDENCE_F_TPM_QUOTE only": not without the quote
		 */
		if (err) {
			CHECK(err == -EBADMSG || err == -ETIMEDOUT,
			      "quote=%s: %s", falsely[i], strerror(-err));
			continue;
		}
		CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_BOOT,
		      "quote=%s: binding %u", falsely[i], b.hdr.binding);
		quote_absent(falsely[i], &b);
	}
	sim_set("quote=ok");
	sim_set("never_refresh=0");
	sim_set("window=0");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
}

static const struct ktap_case cases[] = {
	{ "hash_of_the_claims", hash_of_the_claims, 300 },
	{ "user_data", user_data, 120 },
	{ "certificate_length", certificate_length, 0 },
	{ "quoted_something_else", quoted_something_else, 120 },
	{ "bound_by_something_else", bound_by_something_else, 120 },
};

CVM_TEST_MAIN(cases)
