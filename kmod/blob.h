/* SPDX-License-Identifier: GPL-2.0 */
/* The one self-describing answer; its format is in <linux/cvm_evidence.h>. */
#ifndef _CVME_BLOB_H
#define _CVME_BLOB_H

#include <linux/kref.h>
#include <linux/types.h>

struct cvme_request;
struct cvme_result;

/**
 * struct cvme_blob - finished evidence
 * @ref: one for every request that was answered with it, one for every read
 *	that is copying from it
 * @len: bytes at @data
 * @data: the blob, never written after it was built
 */
struct cvme_blob {
	struct kref ref;
	size_t len;
	u8 data[];
};

struct cvme_blob *cvme_blob_build(const struct cvme_request *req,
				  const struct cvme_result *res);
void cvme_blob_put(struct cvme_blob *blob);

#endif
