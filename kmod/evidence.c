// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "evidence.h"

/**
 * cvme_buf_alloc - (worker) zeroed memory for a part of an answer
 * @buf: to be freed by cvme_buf_free()
 * @len: bytes
 *
 * Not charged to the requester, which could make the worker wait: that happens
 * when the answer is copied into the requester's blob.
 *
 * Return: 0 or -ENOMEM.
 */
int cvme_buf_alloc(struct cvme_buf *buf, size_t len)
{
	buf->data = kvzalloc(len, GFP_KERNEL | __GFP_RETRY_MAYFAIL |
			     __GFP_NOWARN);
	buf->len = buf->data ? len : 0;
	return buf->data ? 0 : -ENOMEM;
}

int cvme_buf_dup(struct cvme_buf *buf, const struct cvme_buf *from)
{
	int err = cvme_buf_alloc(buf, from->len);

	if (!err)
		memcpy(buf->data, from->data, from->len);
	return err;
}

void cvme_buf_free(struct cvme_buf *buf)
{
	kvfree(buf->data);
	*buf = (struct cvme_buf){};
}

void cvme_result_absent(struct cvme_result *res, u32 item, int err,
			const char *why)
{
	if (WARN_ON_ONCE(res->nr_absent == CVME_ABSENT_MAX))
		return;
	res->absent[res->nr_absent++] = (struct cvme_absent) {
		.item = item, .err = err, .why = why,
	};
}

void cvme_result_free(struct cvme_result *res)
{
	cvme_buf_free(&res->report);
	cvme_buf_free(&res->certs);
	cvme_buf_free(&res->manifest);
	cvme_buf_free(&res->ccel_table);
	cvme_buf_free(&res->ccel_data);
	cvme_buf_free(&res->tpm_attest);
	cvme_buf_free(&res->tpm_signature);
	cvme_buf_free(&res->pcrs);
	cvme_buf_free(&res->ak_pub);
	cvme_buf_free(&res->ak_cert);
}

/* Forget an attempt before the next one */
void cvme_result_clear(struct cvme_result *res)
{
	bool (*unwanted)(const struct cvme_result *res) = res->unwanted;

	cvme_result_free(res);
	memset(res, 0, sizeof(*res));
	res->unwanted = unwanted;
}
