/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests to attestation services: one file and one line of the table each */
#ifndef CVM_REQUEST_H
#define CVM_REQUEST_H

#include "certs.h"
#include "evidence.h"
#include "take.h"

/* What was given on the command line, and the evidence */
struct request {
	struct span runtime_data;
	bool have_runtime_data;
	const char *runtime_type;	/* "JSON" or "Binary" */
	struct span init_data;
	bool have_init_data;
	const char *init_type;
	const char *nonce;
	bool self_nonce;
	enum raw_kind kind;		/* RAW_SNP or RAW_TDX_QUOTE */
	struct span report;		/* without trailing zeros */
	struct cert_pool certs;
};

struct service {
	const char *name;
	const char *about;
	/* The report data the service wants to see; the length */
	size_t (*binding)(const struct request *q, u8 out[64]);
	/* Why this evidence is not what the service takes, or RC_OK */
	int (*build)(const struct request *q, struct buf *body);
	/* path and api version of the endpoint for this evidence */
	const char *(*path)(const struct request *q);
	const char *(*api_version)(const struct request *q);
};

struct request_options {
	const struct service *service;
	const char *runtime_data, *runtime_type;
	const char *evidence, *quote;
	const char *init_data, *init_type;
	const char *http, *curl, *api_version, *output;
	struct take take;
};

/* What the request points into */
struct request_inputs {
	struct buf runtime, init, evidence, quote;
	struct evidence e;
};

/* Fills @q up to what services' build() takes, or fails with a message. */
int request_gather(struct request_options *o, struct request *q, struct request_inputs *in);

extern const struct service service_maa;

#endif
