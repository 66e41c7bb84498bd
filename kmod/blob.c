// SPDX-License-Identifier: GPL-2.0
/*
 * Builds the blob of <linux/cvm_evidence.h>. The same code runs twice: once to
 * count the bytes, once to write them.
 */
#include "cvm_evidence.h"

#include <linux/err.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/uio.h>

#include "blob.h"
#include "live.h"

/*
 * A blob is charged to the requester's cgroup. At its limit the requester gets
 * ENOMEM: nothing in its container is killed, and nothing is logged. A blocking
 * allocation reclaims the requester's memory and sleeps for as long as its
 * memory.high demands, so the worker must not use one.
 */
#define GFP_BLOB_NOWAIT		(GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN | \
				 __GFP_ZERO)
#define GFP_BLOB		(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | \
				 __GFP_NOWARN | __GFP_ZERO)

struct writer {
	struct cvme_blob *blob;	/* NULL in the first pass; zeroed in the second */
	size_t len;		/* of the blob so far */
	u32 items;
};

/* @data is NULL: keep the zeroes of the new blob */
static void put_bytes(struct writer *w, const void *data, size_t len)
{
	if (w->blob && data)
		memcpy(w->blob->data + w->len, data, len);
	w->len += len;
}

static void put_item(struct writer *w, u32 type, const void *data, size_t len)
{
	const struct cvm_evidence_item item = { .type = type, .length = len };

	put_bytes(w, &item, sizeof(item));
	put_bytes(w, data, len);
	put_bytes(w, NULL, ALIGN(len, 8) - len);
	w->items++;
}

static void put_buf(struct writer *w, u32 type, const struct cvme_buf *buf)
{
	if (buf->data)
		put_item(w, type, buf->data, buf->len);
}

static void put_text(struct writer *w, u32 type, const char *text)
{
	put_item(w, type, text, strlen(text));
}

static void put_u32(struct writer *w, u32 type, u32 val)
{
	put_item(w, type, &val, sizeof(val));
}

static void put_u64(struct writer *w, u32 type, u64 val)
{
	put_item(w, type, &val, sizeof(val));
}

static void put_absent(struct writer *w, const struct cvme_absent *absent)
{
	struct {
		u32 item;
		u32 err;
		char why[88];
	} payload = {
		.item = absent->item,
		.err = -absent->err,
	};
	ssize_t len = strscpy(payload.why, absent->why, sizeof(payload.why));

	if (len < 0)
		len = sizeof(payload.why) - 1;
	put_item(w, CVM_EVIDENCE_ITEM_ABSENT, &payload,
		 offsetof(typeof(payload), why) + len);
}

static void put_service(struct writer *w, const struct cvme_params *par)
{
	if (par->service_provider_len)
		put_item(w, CVM_EVIDENCE_ITEM_SERVICE_PROVIDER,
			 par->service_provider, par->service_provider_len);
	if (par->flags & CVM_EVIDENCE_F_SERVICE_GUID)
		put_item(w, CVM_EVIDENCE_ITEM_SERVICE_GUID,
			 par->service_guid, sizeof(par->service_guid));
	if (par->flags & CVM_EVIDENCE_F_MANIFEST_VERSION)
		put_u32(w, CVM_EVIDENCE_ITEM_SERVICE_MANIFEST_VERSION,
			par->service_manifest_version);
}

static void put_all(struct writer *w, const struct cvme_blob_about *about,
		    const struct cvme_params *par, const struct cvme_result *res)
{
	unsigned int i;

	/* the header is filled in when all is counted */
	put_bytes(w, NULL, CVM_EVIDENCE_BLOB_HEADER_LEN);
	put_item(w, CVM_EVIDENCE_ITEM_REPORT_DATA, par->report_data,
		 par->report_data_len);
	put_buf(w, CVM_EVIDENCE_ITEM_REPORT, &res->report);
	put_buf(w, CVM_EVIDENCE_ITEM_CERTS, &res->certs);
	put_buf(w, CVM_EVIDENCE_ITEM_MANIFEST, &res->manifest);
	put_buf(w, CVM_EVIDENCE_ITEM_CCEL_TABLE, &res->ccel_table);
	put_buf(w, CVM_EVIDENCE_ITEM_CCEL_DATA, &res->ccel_data);
	put_buf(w, CVM_EVIDENCE_ITEM_TPM_ATTEST, &res->tpm_attest);
	put_buf(w, CVM_EVIDENCE_ITEM_TPM_SIGNATURE, &res->tpm_signature);
	put_buf(w, CVM_EVIDENCE_ITEM_PCRS, &res->pcrs);
	put_buf(w, CVM_EVIDENCE_ITEM_AK_PUB, &res->ak_pub);
	put_buf(w, CVM_EVIDENCE_ITEM_AK_CERT, &res->ak_cert);
	put_text(w, CVM_EVIDENCE_ITEM_DRIVER, res->driver);
	if (res->privlevel_known)
		put_u32(w, CVM_EVIDENCE_ITEM_PRIVLEVEL, res->privlevel);
	put_service(w, par);
	put_u64(w, CVM_EVIDENCE_ITEM_SEQUENCE, about->seq);
	if (about->boot_id)
		put_item(w, CVM_EVIDENCE_ITEM_BOOT_ID, about->boot_id, 16);
	put_u64(w, CVM_EVIDENCE_ITEM_VM_EPOCH, about->epoch);
	put_item(w, CVM_EVIDENCE_ITEM_TIME, about->times,
		 sizeof(about->times));
	put_text(w, CVM_EVIDENCE_ITEM_MODULE_VERSION, CVME_VERSION);
	for (i = 0; i < res->nr_absent; i++)
		put_absent(w, &res->absent[i]);
}

static struct cvme_blob *blob_alloc(size_t len, struct mem_cgroup *memcg,
				    bool may_block)
{
	struct mem_cgroup *old = set_active_memcg(memcg);
	struct cvme_blob *blob;

	blob = kvmalloc(struct_size(blob, data, len),
			may_block ? GFP_BLOB : GFP_BLOB_NOWAIT);
	set_active_memcg(old);
	return blob;
}

/**
 * cvme_blob_build - put evidence into its blob
 * @about: what the blob says about the request
 * @par: what was asked for
 * @res: the provider's answer, checked
 * @memcg: cgroup to charge for the blob, or NULL
 * @may_block: the caller may wait for that memory
 *
 * Return: the blob, -EFBIG when it is too long, -ENOMEM.
 */
struct cvme_blob *cvme_blob_build(const struct cvme_blob_about *about,
				  const struct cvme_params *par,
				  const struct cvme_result *res,
				  struct mem_cgroup *memcg, bool may_block)
{
	struct cvm_evidence_blob hdr = {
		.magic = CVM_EVIDENCE_BLOB_MAGIC,
		.major = CVM_EVIDENCE_BLOB_MAJOR,
		.minor = CVM_EVIDENCE_BLOB_MINOR,
		.header_len = CVM_EVIDENCE_BLOB_HEADER_LEN,
		.tee = res->tee,
		.provider = about->provider,
		.flags = res->blob_flags,
		.binding = res->binding,
	};
	struct writer count = {}, w = {};
	struct cvme_blob *blob;

	BUILD_BUG_ON(sizeof(hdr) != CVM_EVIDENCE_BLOB_HEADER_LEN);
	BUILD_BUG_ON(sizeof(struct cvm_evidence_item) !=
		     CVM_EVIDENCE_ITEM_HEADER_LEN);

	put_all(&count, about, par, res);
	if (count.len > about->max_len)
		return ERR_PTR(-EFBIG);

	blob = blob_alloc(count.len, memcg, may_block);
	if (!blob)
		return ERR_PTR(-ENOMEM);
	w.blob = blob;
	put_all(&w, about, par, res);
	blob->len = w.len;

	/*
	 * Two TDREPORTs over the same report_data are equal, so the hash would
	 * confirm a guess of it. Signatures of other reports have random bytes.
	 */
	blob->hashed = !(res->blob_flags & CVM_EVIDENCE_BLOB_F_TDREPORT);
	if (blob->hashed)
		sha256(res->report.data, res->report.len, blob->sha256);

	if (par->kernel_random)
		hdr.flags |= CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM;
	hdr.item_count = w.items;
	hdr.total_len = w.len;
	memcpy(blob->data, &hdr, sizeof(hdr));

	atomic_inc(&cvme_live.blobs);
	return blob;
}

/**
 * cvme_blob_copy - copy a part of a blob out
 * @blob: the blob
 * @pos: offset to start at, less than the blob's length
 * @to: destination
 *
 * Return: bytes copied: as many as remain and fit, fewer when @to faults.
 */
size_t cvme_blob_copy(const struct cvme_blob *blob, size_t pos,
		      struct iov_iter *to)
{
	return copy_to_iter(blob->data + pos,
			    min(blob->len - pos, iov_iter_count(to)), to);
}

/* NULL is nothing to free */
void cvme_blob_free(struct cvme_blob *blob)
{
	if (!blob)
		return;
	kvfree(blob);
	atomic_dec(&cvme_live.blobs);
}
