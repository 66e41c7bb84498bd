// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports that were not made for the request: of the same data asked for twice,
 * of a paravisor that makes none any more, of somebody else's data. Fresh means
 * made for this request; what is not says so; nobody gets another's data unless
 * a quote binds the report to the request.
 */
#define _GNU_SOURCE
#include "pv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int ask(const void *data, size_t len, uint32_t flags, struct cvm_blob *b)
{
	struct cvm_evidence_request req;

	cvm_request_init(&req, data, len);
	req.flags = flags;
	return pv_ask(&req, b);
}

static bool is_cached(const struct cvm_blob *b)
{
	return b->hdr.flags & CVM_EVIDENCE_BLOB_F_HCL_CACHED;
}

/* Of a TDX guest the two reports have the same bytes: the counter tells */
static void same_data_twice(void)
{
	uint64_t before, made;
	struct cvm_blob b;
	uint8_t rd[32];
	int err;

	pv_need();
	fill_random(rd, sizeof(rd));
	for (int i = 0; i < 3; i++) {
		before = sim_counter("refreshes");
		err = ask(rd, sizeof(rd), CVM_EVIDENCE_F_FRESH, &b);
		made = sim_counter("refreshes") - before;
		CHECK(!err, "time %d: %s", i, strerror(-err));
		CHECK(made >= 1, "time %d: no report was made for it", i);
		CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL && !is_cached(&b),
		      "time %d: binding %u, flags 0x%x", i, b.hdr.binding,
		      b.hdr.flags);
	}
}

static void same_data_from_a_cache(void)
{
	struct cvm_blob b;
	uint8_t rd[32];
	int err;

	pv_need();
	fill_random(rd, sizeof(rd));
	err = ask(rd, sizeof(rd), CVM_EVIDENCE_F_FRESH, &b);
	CHECK(!err, "%s", strerror(-err));
	sim_set("never_refresh=1");
	err = ask(rd, sizeof(rd), CVM_EVIDENCE_F_FRESH, &b);
	CHECK(err == -ETIMEDOUT, "fresh from a cache: %s", strerror(-err));
	err = ask(rd, sizeof(rd), 0, &b);
	CHECK(!err, "%s", strerror(-err));
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL && is_cached(&b),
	      "binding %u, flags 0x%x", b.hdr.binding, b.hdr.flags);
	/* as soon as it makes reports again, they are fresh */
	sim_set("never_refresh=0");
	err = ask(rd, sizeof(rd), CVM_EVIDENCE_F_FRESH, &b);
	CHECK(!err, "%s", strerror(-err));
	CHECK(!is_cached(&b), "flags 0x%x", b.hdr.flags);
}

/* The window is remembered, and the first request does not wait for it twice */
static void somebody_elses_data(void)
{
	struct cvm_blob b;
	uint64_t ms;
	uint8_t rd[32];
	int err;

	pv_need();
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	sim_set("never_refresh=1");
	err = pv_ask_random(0, &b, &ms);
	CHECK(err == -ETIMEDOUT, "another's report: %s", strerror(-err));
	ktap_note("given up after %llu ms", (unsigned long long)ms);
	err = pv_ask_random(0, &b, &ms);
	CHECK(err == -ETIMEDOUT, "another's report: %s", strerror(-err));
	CHECK_TIME(ms < PV_SLACK_MS, "%llu ms", (unsigned long long)ms);
	fill_random(rd, sizeof(rd));
	err = ask(rd, sizeof(rd), CVM_EVIDENCE_F_TPM_QUOTE, &b);
	CHECK(!err, "with a quote: %s", strerror(-err));
	CHECK(b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_QUOTE && is_cached(&b),
	      "binding %u, flags 0x%x", b.hdr.binding, b.hdr.flags);
	err = ask(rd, sizeof(rd),
		  CVM_EVIDENCE_F_TPM_QUOTE | CVM_EVIDENCE_F_FRESH, &b);
	CHECK(err == -ETIMEDOUT, "fresh with a quote: %s", strerror(-err));
	/* "An empty quote_data binds nothing" */
	err = ask(rd, sizeof(rd),
		  CVM_EVIDENCE_F_TPM_QUOTE | CVM_EVIDENCE_F_QUOTE_DATA, &b);
	CHECK(err == -ETIMEDOUT, "with a quote over nothing: %s", strerror(-err));
}

/* The window is slept through, not polled */
static void few_reads(void)
{
	uint64_t before, reads;

	pv_need();
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	before = sim_counter("reads");
	pv_good(CVM_EVIDENCE_BINDING_HCL);
	reads = sim_counter("reads") - before;
	ktap_note("%llu reads", (unsigned long long)reads);
	CHECK(reads >= 1 && reads <= 3, "%llu reads", (unsigned long long)reads);
}

static const struct ktap_case cases[] = {
	{ "same_data_twice", same_data_twice, 120 },
	{ "same_data_from_a_cache", same_data_from_a_cache, 120 },
	{ "somebody_elses_data", somebody_elses_data, 120 },
	{ "few_reads", few_reads, 120 },
};

CVM_TEST_MAIN(cases)
