/* SPDX-License-Identifier: GPL-2.0 */
/* The state of one open file: no request yet, one request, or EOF. */
#ifndef _CVME_FILE_H
#define _CVME_FILE_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "evidence.h"
#include "subject.h"

struct cvme_request;
struct cvme_requester;
struct iov_iter;

/**
 * struct cvme_file - one open file
 * @asker: what its requests need of it; a reference
 * @io: one read at a time copies out; taken before @lock, never while a request
 *	is waited for
 * @lock: guards all below; never held across anything that sleeps
 * @state: what the next read does: CVME_ARMED starts a request for @params,
 *	CVME_PENDING is about @req, CVME_EOF returns 0
 * @answered: a call returned the outcome of @req: it cannot be rejoined
 * @first_replaced: sequence number of the first request that was replaced, or
 *	ended by a REQUEST that failed, before a call returned its outcome; 0 for
 *	none
 * @last_replaced: of the last one
 * @params: in CVME_ARMED, what to ask for
 * @who: who asks: the opener, or who wrote last. A read starts the request, but
 *	its caller may be anybody to whom the file was handed
 * @req: in CVME_PENDING, a reference
 * @pos: bytes of the blob already read
 *
 * Lives from open to release. Processes may share it.
 */
struct cvme_file {
	struct cvme_requester *asker;
	struct mutex io;	/* see above */
	spinlock_t lock;	/* see above */
	enum { CVME_ARMED, CVME_PENDING, CVME_EOF } state;
	bool answered;
	u64 first_replaced;
	u64 last_replaced;
	struct cvme_params params;
	struct cvme_subject who;
	struct cvme_request *req;
	size_t pos;
};

void cvme_params_default(struct cvme_params *par);

struct cvme_file *cvme_file_new(void);
void cvme_file_free(struct cvme_file *f);
void cvme_file_arm(struct cvme_file *f, const struct cvme_params *par);
struct cvme_request *cvme_file_start(struct cvme_file *f,
				     const struct cvme_params *par);
struct cvme_request *cvme_file_rejoin(struct cvme_file *f, u64 seq);
bool cvme_file_answered(struct cvme_file *f, struct cvme_request *req);
void cvme_file_reset(struct cvme_file *f);
ssize_t cvme_file_read(struct cvme_file *f, struct iov_iter *to,
		       bool nonblock);
bool cvme_file_readable(struct cvme_file *f, bool *failed);

#endif /* _CVME_FILE_H */
