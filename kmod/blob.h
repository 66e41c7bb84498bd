/* SPDX-License-Identifier: GPL-2.0 */
/* The one self-describing answer; its format is in <linux/cvm_evidence.h>. */
#ifndef _CVME_BLOB_H
#define _CVME_BLOB_H

#include <crypto/sha2.h>
#include <linux/types.h>

#include "evidence.h"

struct iov_iter;
struct mem_cgroup;

/**
 * struct cvme_blob - finished evidence
 * @sha256: of the report
 * @hashed: @sha256 is set
 * @len: bytes of @data
 * @data: the blob of <linux/cvm_evidence.h>
 *
 * The request that it answers owns it. Never written after it was built. Its
 * memory is the requester's.
 */
struct cvme_blob {
	u8 sha256[SHA256_DIGEST_SIZE];
	bool hashed;
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
void cvme_blob_free(struct cvme_blob *blob);

#endif
