// SPDX-License-Identifier: GPL-2.0
/*
 * Builds the blob of <linux/cvm_evidence.h>. Written twice by the same code:
 * once without a buffer for the length, once for real.
 */
#include "cvm_evidence.h"

#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "request.h"

struct writer {
	u8 *buf;		/* NULL in the first pass; zeroed in the second */
	size_t len;
	u32 items;
};

static void put_item(struct writer *w, u32 type, u32 flags,
		     const void *data, size_t len)
{
	struct cvm_evidence_item item = {
		.type = type,
		.flags = flags,
		.length = len,
	};

	if (w->buf) {
		memcpy(w->buf + w->len, &item, sizeof(item));
		memcpy(w->buf + w->len + sizeof(item), data, len);
	}
	w->len += sizeof(item) + ALIGN(len, 8);
	w->items++;
}

static void put_buf(struct writer *w, u32 type, const struct cvme_buf *buf)
{
	if (buf->data)
		put_item(w, type, 0, buf->data, buf->len);
}

static void put_text(struct writer *w, u32 type, const char *text)
{
	put_item(w, type, 0, text, strlen(text));
}

static void put_u32(struct writer *w, u32 type, u32 val)
{
	put_item(w, type, 0, &val, sizeof(val));
}

static void put_u64(struct writer *w, u32 type, u64 val)
{
	put_item(w, type, 0, &val, sizeof(val));
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
	put_item(w, CVM_EVIDENCE_ITEM_ABSENT, 0, &payload,
		 offsetof(typeof(payload), why) + len);
}

static void put_service(struct writer *w, const struct cvme_params *par)
{
	if (par->service_provider_len)
		put_item(w, CVM_EVIDENCE_ITEM_SERVICE_PROVIDER, 0,
			 par->service_provider, par->service_provider_len);
	if (par->flags & CVM_EVIDENCE_F_SERVICE_GUID)
		put_item(w, CVM_EVIDENCE_ITEM_SERVICE_GUID, 0,
			 par->service_guid, sizeof(par->service_guid));
	if (par->flags & CVM_EVIDENCE_F_MANIFEST_VERSION)
		put_u32(w, CVM_EVIDENCE_ITEM_SERVICE_MANIFEST_VERSION,
			par->service_manifest_version);
}

static void put_all(struct writer *w, const struct cvme_request *req,
		    const struct cvme_result *res, const u64 times[2])
{
	const struct cvme_params *par = &req->params;
	unsigned int i;

	w->len = CVM_EVIDENCE_BLOB_HEADER_LEN;
	w->items = 0;

	put_item(w, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, par->report_data,
		 par->report_data_len);
	put_buf(w, CVM_EVIDENCE_ITEM_REPORT, &res->report);
	put_buf(w, CVM_EVIDENCE_ITEM_CERTS, &res->certs);
	put_buf(w, CVM_EVIDENCE_ITEM_MANIFEST, &res->manifest);
	put_buf(w, CVM_EVIDENCE_ITEM_CCEL_TABLE, &res->ccel_table);
	put_buf(w, CVM_EVIDENCE_ITEM_CCEL_DATA, &res->ccel_data);
	put_text(w, CVM_EVIDENCE_ITEM_DRIVER, res->driver);
	if (res->privlevel_known)
		put_u32(w, CVM_EVIDENCE_ITEM_PRIVLEVEL, res->privlevel);
	put_service(w, par);
	put_u64(w, CVM_EVIDENCE_ITEM_SEQUENCE, req->seq);
	if (cvme_has_boot_id)
		put_item(w, CVM_EVIDENCE_ITEM_BOOT_ID, 0, cvme_boot_id,
			 sizeof(cvme_boot_id));
	put_u64(w, CVM_EVIDENCE_ITEM_VM_EPOCH, req->epoch);
	put_item(w, CVM_EVIDENCE_ITEM_TIME, 0, times, 2 * sizeof(times[0]));
	put_text(w, CVM_EVIDENCE_ITEM_MODULE_VERSION, CVME_VERSION);
	for (i = 0; i < res->nr_absent; i++)
		put_absent(w, &res->absent[i]);
}

/**
 * cvme_blob_build - put evidence into its blob
 * @req: the request, running
 * @res: the provider's answer, checked
 *
 * Return: the blob, -EFBIG beyond the max_blob parameter, -ENOMEM.
 */
struct cvme_blob *cvme_blob_build(const struct cvme_request *req,
				  const struct cvme_result *res)
{
	const u64 times[2] = { ktime_get_boottime_ns(), ktime_get_real_ns() };
	struct cvm_evidence_blob hdr = {
		.magic = CVM_EVIDENCE_BLOB_MAGIC,
		.major = CVM_EVIDENCE_BLOB_MAJOR,
		.minor = CVM_EVIDENCE_BLOB_MINOR,
		.header_len = CVM_EVIDENCE_BLOB_HEADER_LEN,
		.tee = res->tee,
		.provider = req->provider->ops->id,
		.flags = res->blob_flags,
		.binding = res->binding,
	};
	struct cvme_blob *blob;
	struct writer w = {};

	BUILD_BUG_ON(sizeof(hdr) != CVM_EVIDENCE_BLOB_HEADER_LEN);
	BUILD_BUG_ON(sizeof(struct cvm_evidence_item) !=
		     CVM_EVIDENCE_ITEM_HEADER_LEN);

	put_all(&w, req, res, times);
	if (w.len > READ_ONCE(cvme_max_blob))
		return ERR_PTR(-EFBIG);

	blob = kvzalloc(struct_size(blob, data, w.len), GFP_KERNEL_ACCOUNT);
	if (!blob)
		return ERR_PTR(-ENOMEM);
	kref_init(&blob->ref);
	blob->len = w.len;

	w.buf = blob->data;
	put_all(&w, req, res, times);

	if (req->params.kernel_random)
		hdr.flags |= CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM;
	hdr.item_count = w.items;
	hdr.total_len = w.len;
	memcpy(blob->data, &hdr, sizeof(hdr));

	atomic_inc(&cvme_stats.live_blobs);
	return blob;
}

static void blob_release(struct kref *ref)
{
	struct cvme_blob *blob = container_of(ref, struct cvme_blob, ref);

	kvfree(blob);
	atomic_dec(&cvme_stats.live_blobs);
}

void cvme_blob_put(struct cvme_blob *blob)
{
	kref_put(&blob->ref, blob_release);
}
