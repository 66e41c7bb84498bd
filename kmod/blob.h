/* SPDX-License-Identifier: GPL-2.0 */
/* The one self-describing answer; its format is in <linux/cvm_evidence.h>. */
#ifndef _CVME_BLOB_H
#define _CVME_BLOB_H

#include <linux/kref.h>
#include <linux/types.h>

#include "evidence.h"

struct iov_iter;
struct mem_cgroup;

/**
 * struct cvme_blob - finished evidence
 * @ref: one for every request that was answered with it, one for its event
 *	until the report is hashed
 * @report: offset of the report in @data
 * @report_len: its length
 * @len: bytes of @data
 * @data: the blob of <linux/cvm_evidence.h>
 *
 * Never written after it was built. Its memory is the requester's.
 */
struct cvme_blob {
	struct kref ref;
	size_t report;
	size_t report_len;
	size_t len;
	u8 data[] __aligned(8);
};

/**
 * struct cvme_blob_about - what a blob says beside the provider's answer
 * @provider: enum cvm_evidence_provider_id
 * @seq: number of the request
 * @epoch: VM epoch when it was admitted
 * @boot_id: 16 bytes, or NULL
 * @times: CLOCK_BOOTTIME and CLOCK_REALTIME when the provider returned
 * @max_len: a longer blob is -EFBIG
 */
struct cvme_blob_about {
	u32 provider;
	u64 seq;
	u64 epoch;
	const u8 *boot_id;
	u64 times[2];
	size_t max_len;
};

struct cvme_blob *cvme_blob_build(const struct cvme_blob_about *about,
				  const struct cvme_params *par,
				  const struct cvme_result *res,
				  struct mem_cgroup *memcg, bool may_block);
size_t cvme_blob_copy(const struct cvme_blob *blob, size_t pos,
		      struct iov_iter *to);
struct cvme_blob *cvme_blob_get(struct cvme_blob *blob);
void cvme_blob_put(struct cvme_blob *blob);

#endif
