// SPDX-License-Identifier: GPL-2.0
#include "cvm_evidence.h"

#include <linux/gfp.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "evidence.h"

/*
 * What becomes part of a blob is charged to the requester, although the worker
 * allocates it. A requester without room gets ENOMEM: the worker must not call
 * the out-of-memory killer on a container, nor fill the log on its behalf.
 */
#define GFP_BLOB	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | \
			 __GFP_NOWARN | __GFP_ZERO)

/* Of the request being served; written and read by the worker only */
static struct mem_cgroup *charged;

/**
 * cvme_charge_to - (worker) whose memory the next blob is
 * @memcg: the requester's, which the caller keeps referenced until the next
 *	call, or NULL
 */
void cvme_charge_to(struct mem_cgroup *memcg)
{
	charged = memcg;
}

/**
 * cvme_charged_alloc - (worker) zeroed memory for a part of a blob
 * @size: bytes
 *
 * Only this allocation is charged to the requester: what configfs, the TPM core
 * or a driver allocate while they work for the worker is the kernel's own.
 *
 * Return: memory for kvfree(), or NULL.
 */
void *cvme_charged_alloc(size_t size)
{
	struct mem_cgroup *old = set_active_memcg(charged);
	void *mem = kvmalloc(size, GFP_BLOB);

	set_active_memcg(old);
	return mem;
}

int cvme_buf_alloc(struct cvme_buf *buf, size_t len)
{
	buf->data = cvme_charged_alloc(len);
	buf->len = buf->data ? len : 0;
	return buf->data ? 0 : -ENOMEM;
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
