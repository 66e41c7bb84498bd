// SPDX-License-Identifier: GPL-2.0-only
/*
 * As faults.c, for evidence through the vTPM: every allocation fails once, in
 * the requester and in the module's thread, with a TPM's quote, and while a TPM
 * that has changed is probed. ENOMEM, or evidence that is right;
 * of a quote's parts and of the AK's certificate ABSENT may say that there was
 * no memory for them, and nothing else. A probe that failed is ENODEV for those
 * who ask, until it is made again: a second later at most, here within
 * AGAIN_MS.
 */
#define _GNU_SOURCE
#include "pv.h"
#include "sweep.h"

#include <errno.h>
#include <glob.h>
#include <string.h>

#define AGAIN_MS	3000
#define TPM_MS		15000
#define TPM_TRIES	3
#define QUOTED		"what the quote is over"

static const char *fresh_wrong(const struct cvm_blob *b)
{
	if (b->hdr.binding != CVM_EVIDENCE_BINDING_HCL)
		return "not fresh";
	return pv_wrong(b);
}

static const char *quote_wrong(const struct cvm_blob *b)
{
	const char *why = fresh_wrong(b) ?:
			  pv_quote_wrong(b, QUOTED, strlen(QUOTED), 0);

	for (unsigned int i = 0; i < b->nr && !why; i++)
		if (b->item[i].type == CVM_EVIDENCE_ITEM_ABSENT &&
		    cvm_get32(b->item[i].data + 4) != ENOMEM)
			why = "a part is ABSENT for another reason than memory";
	return why;
}

static void need(void)
{
	pv_need();
	sweep_need(SWEEP_ALLOCS);
	pv_quick();
	sweep_shape.wrong = fresh_wrong;
}

static void need_quote(void)
{
	need();
	sweep_shape.flags = CVM_EVIDENCE_F_TPM_QUOTE |
			    CVM_EVIDENCE_F_QUOTE_DATA;
	sweep_shape.quote_data = QUOTED;
	sweep_shape.wrong = quote_wrong;
	sweep_shape.optional = 1ULL << CVM_EVIDENCE_ITEM_TPM_ATTEST |
			       1ULL << CVM_EVIDENCE_ITEM_TPM_SIGNATURE |
			       1ULL << CVM_EVIDENCE_ITEM_PCRS |
			       1ULL << CVM_EVIDENCE_ITEM_AK_PUB |
			       1ULL << CVM_EVIDENCE_ITEM_AK_CERT |
			       1ULL << CVM_EVIDENCE_ITEM_ABSENT;
}

static void caller_request(void)
{
	need();
	sweep(&(struct sweep){ .call = sweep_request, .fault = -ENOMEM },
	      SWEEP_ALLOCS);
}

static void worker_plain(void)
{
	need();
	sweep(&(struct sweep){ .call = sweep_request, .worker = true,
			       .fault = -ENOMEM }, SWEEP_ALLOCS);
}

static void worker_quote(void)
{
	need_quote();
	sweep(&(struct sweep){ .call = sweep_request, .worker = true,
			       .fault = -ENOMEM }, SWEEP_ALLOCS);
}

/* The provider finds out by a request that it has to look again */
static void until_gone(void)
{
	uint64_t end = now_ms() + AGAIN_MS;
	struct cvm_evidence_request req;
	int err;

	do {
		cvm_request_init(&req, "gone", 4);
		err = cvm_request(sweep_fd, &req);
	} while (err != -ENODEV && now_ms() < end);
	CHECK(err == -ENODEV, "%s", strerror(-err));
}

static void lose_index(void)
{
	sim_set("index=missing");
	until_gone();
	sim_set("index=ok");
}

static bool tpm_there(void)
{
	glob_t g = { 0 };
	bool there = !glob("/dev/tpm[0-9]*", 0, NULL, &g);

	globfree(&g);
	return there;
}

/* The kernel gives up a TPM that is too slow for it, as on a busy machine */
static void change_tpm(void)
{
	sim_set("power=off");
	until_gone();
	for (int i = 0; i < TPM_TRIES && !tpm_there(); i++) {
		uint64_t end = now_ms() + TPM_MS;

		sim_set("power=reset");
		while (!tpm_there() && now_ms() < end)
			sleep_ms(50);
	}
	CHECK_TIME(tpm_there(), "no TPM in %u times %u ms", TPM_TRIES, TPM_MS);
	/* the node is there a little before the TPM is to be had */
	sleep_ms(200);
}

static void looks_again(void (*prepare)(void), unsigned int step)
{
	need_quote();
	sweep(&(struct sweep){
		.call = sweep_request, .prepare = prepare,
		.worker = true, .fault = -ENOMEM,
		.others = { -ENODEV }, .again_ms = AGAIN_MS, .step = step,
	}, SWEEP_ALLOCS);
}

static void worker_index_is_back(void)
{
	looks_again(lose_index, 2);
}

static void worker_other_tpm(void)
{
	looks_again(change_tpm, 6);
}

static const struct ktap_case cases[] = {
	{ "caller_request", caller_request, 120 },
	{ "worker_plain", worker_plain, 120 },
	{ "worker_quote", worker_quote, 120 },
	{ "worker_index_is_back", worker_index_is_back, 120 },
	{ "worker_other_tpm", worker_other_tpm, 300 },
};

CVM_TEST_MAIN(cases)
