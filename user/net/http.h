/* SPDX-License-Identifier: GPL-2.0-only */
/* HTTP by libcurl, which is loaded by the first call and not before */
#ifndef CVM_NET_HTTP_H
#define CVM_NET_HTTP_H

#include "base/util.h"

struct http_request {
	const char *method;		/* "GET", "POST", "DELETE" */
	const char *url;
	const char *const *headers;	/* whole lines; a secret may be among them */
	size_t n_headers;
	struct span body;
	const char *ca;			/* file of roots: only these, none of the system's */
	unsigned int timeout;		/* seconds, of the whole exchange */
	bool no_proxy;			/* link-local services of the host; loopback never has one */
	size_t max;			/* bytes of the answer's body */
	const short *retry;		/* statuses that allow it to be sent again */
};

struct http_answer {
	long status;
	struct buf body;
	char *type;			/* Content-Type without parameters */
	char *location;
	char *issuer_chain;		/* of Intel's services: PEM, URL-encoded */
	char *cookie;			/* name=value of the first Set-Cookie */
	long retry_after;		/* seconds, -1: it did not say */
};

/*
 * RC_OK for every HTTP status: who asked knows what it means. Otherwise a
 * message was printed: RC_FAILED no connection or TLS not verified, RC_BUSY
 * timed out.
 */
int http_exchange(const struct http_request *r, struct http_answer *a);
void http_answer_free(struct http_answer *a);

/* The service's own error text, in any of the formats that services use */
char *http_error_text(const struct http_answer *a);

#endif
