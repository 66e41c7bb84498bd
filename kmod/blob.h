/* SPDX-License-Identifier: GPL-2.0 */
/* The one self-describing answer; its format is in <linux/cvm_evidence.h>. */
#ifndef _CVME_BLOB_H
#define _CVME_BLOB_H

#include <linux/kref.h>
#include <linux/types.h>

#include "evidence.h"

struct iov_iter;

/* Buffers of struct cvme_result; before, between and behind them the head */
#define CVME_BLOB_BUFS		10
#define CVME_BLOB_PIECES	(2 * CVME_BLOB_BUFS + 1)

/**
 * struct cvme_blob - finished evidence
 * @ref: one for every request that was answered with it, one for its event
 *	until the report is hashed
 * @len: bytes of the whole
 * @nr_pieces: used of @piece
 * @report: the report, in @owned
 * @piece: the blob, in order; points into @head and to @owned
 * @nr_owned: used of @owned
 * @owned: the provider's buffers, freed with the blob
 * @head: header, item headers, small payloads and padding
 *
 * Never written after it was built.
 */
struct cvme_blob {
	struct kref ref;
	size_t len;
	unsigned int nr_pieces;
	unsigned int nr_owned;
	struct cvme_buf report;
	struct cvme_buf piece[CVME_BLOB_PIECES];
	u8 *owned[CVME_BLOB_BUFS];
	u8 head[];
};

/**
 * struct cvme_blob_about - what a blob says beside the provider's answer
 * @provider: enum cvm_evidence_provider_id
 * @seq: number of the request
 * @epoch: VM epoch when it was admitted
 * @boot_id: 16 bytes, or NULL
 * @max_len: a longer blob is -EFBIG
 */
struct cvme_blob_about {
	u32 provider;
	u64 seq;
	u64 epoch;
	const u8 *boot_id;
	size_t max_len;
};

struct cvme_blob *cvme_blob_build(const struct cvme_blob_about *about,
				  const struct cvme_params *par,
				  struct cvme_result *res);
size_t cvme_blob_copy(const struct cvme_blob *blob, size_t pos,
		      struct iov_iter *to);
struct cvme_blob *cvme_blob_get(struct cvme_blob *blob);
void cvme_blob_put(struct cvme_blob *blob);

#endif
