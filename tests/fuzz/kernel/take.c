// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole evidence by a file of its own, while others do what they like: whatever
 * the TEE does, what is delivered is right, or says in what it is less.
 */
#define _GNU_SOURCE
#include "fuzz.h"
#include "../../selftests/cvm_client.h"
#include "../../selftests/pv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What a request without a quote must not bring */
static const uint32_t parts[] = {
	CVM_EVIDENCE_ITEM_TPM_ATTEST, CVM_EVIDENCE_ITEM_TPM_SIGNATURE,
	CVM_EVIDENCE_ITEM_PCRS, CVM_EVIDENCE_ITEM_AK_PUB,
	CVM_EVIDENCE_ITEM_AK_CERT,
};

static const char *quote_wrong(const struct cvm_evidence_request *req,
			       const struct cvm_blob *b)
{
	if (!(req->flags & CVM_EVIDENCE_F_TPM_QUOTE)) {
		for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
			if (cvm_blob_find(b, parts[i]))
				return "a quote that nobody asked for";
		return NULL;
	}
	if (req->flags & CVM_EVIDENCE_F_QUOTE_DATA)
		return pv_quote_wrong(b, (void *)(uintptr_t)req->quote_data,
				      req->quote_data_len, req->pcr_mask);
	return pv_quote_wrong(b, req->report_data, req->report_data_len,
			      req->pcr_mask);
}

static const char *wrong(const struct cvm_evidence_request *req,
			 const uint8_t *data, size_t len)
{
	struct cvm_blob b;
	const char *why;

	if (req->blob_len != len)
		return "blob_len is not what is read";
	why = cvm_blob_parse(data, len, &b);
	/* a knob may have spoilt a token, and the kernel cannot see it there */
	if (!why && b.hdr.tee != CVM_EVIDENCE_TEE_CCA)
		why = cvm_blob_wrong(data, len, req->report_data,
				     req->report_data_len, &b);
	if (why)
		return why;
	if (b.hdr.provider != req->out_provider)
		return "another provider's than REQUEST says";
	if (req->flags & CVM_EVIDENCE_F_FRESH &&
	    (b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_BOOT ||
	     b.hdr.binding == CVM_EVIDENCE_BINDING_HCL_QUOTE))
		return "of an earlier time, and FRESH was asked for";
	if (b.hdr.provider == CVM_EVIDENCE_PROVIDER_VTPM)
		why = pv_wrong(&b) ?: quote_wrong(req, &b);
	return why;
}

/* Everything up to EOF; 0 when that cannot be had, which a fault may be to blame for */
static size_t slurp(int fd, uint8_t *data, size_t size)
{
	size_t got = 0;
	ssize_t n;

	while (got < size) {
		n = read(fd, data + got, size - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return 0;
		if (!n)
			return got;
		got += n;
	}
	return 0;
}

static void random_take(struct cvm_evidence_request *req, const uint8_t *quoted,
			struct rng *r)
{
	uint8_t rd[64];

	bytes(r, rd, sizeof(rd));
	cvm_request_init(req, rd, 1 + rng_below(r, 64));
	if (rng_one_in(r, 4))
		req->flags |= CVM_EVIDENCE_F_FRESH;
	if (rng_one_in(r, 8))
		req->flags |= CVM_EVIDENCE_F_EVENT_LOG;
	/* some wait until a provider that gives old evidence has said so */
	req->timeout_ms = rng_one_in(r, 16) ? 5000 : 700 * world_pace;
	if (!world_quotes || rng_one_in(r, 3))
		return;
	req->flags |= CVM_EVIDENCE_F_TPM_QUOTE;
	if (rng_one_in(r, 2))
		req->pcr_mask = rng_next(r) & 0xffffff;
	if (rng_one_in(r, 3)) {
		req->flags |= CVM_EVIDENCE_F_QUOTE_DATA;
		req->quote_data_len = rng_below(r, 51);
		req->quote_data = req->quote_data_len ? (uintptr_t)quoted : 0;
	} else if (req->report_data_len > 50) {
		/* longer is refused before the TPM sees it */
		req->report_data_len = 50;
		memset(req->report_data + 50, 0, 14);
	}
}

const char *op_take(const struct op *op, struct rng *r)
{
	static __thread uint8_t data[1 << 19];
	static __thread char why[128];
	struct cvm_evidence_request req;
	const char *what = NULL;
	uint8_t quoted[64];
	size_t len;
	int fd, err;

	(void)op;
	bytes(r, quoted, sizeof(quoted));
	random_take(&req, quoted, r);
	fd = numbered(open(cvm_node(), O_RDWR | O_CLOEXEC));
	if (fd < 0)
		return NULL;
	/* with sequence 0 at first, then with that of the request */
	do
		err = cvm_rejoin(fd, &req);
	while (err == -EINTR);
	if (err) {
		what = request_verdict("take", err);
	} else {
		len = slurp(fd, data, sizeof(data));
		what = len ? wrong(&req, data, len) : NULL;
		if (what) {
			snprintf(why, sizeof(why), "evidence, flags 0x%x: %s",
				 req.flags, what);
			what = why;
		}
	}
	close(fd);
	return what;
}
