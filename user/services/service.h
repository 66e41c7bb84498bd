/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to attestation services. A service is one file with one struct
 * service, listed in services.c. CONTRIBUTING.md lists what else it touches.
 */
#ifndef CVM_SERVICES_SERVICE_H
#define CVM_SERVICES_SERVICE_H

#include <json-c/json.h>

#include "device/take.h"
#include "evidence/certs.h"
#include "evidence/evidence.h"
#include "evidence/hcl.h"
#include "evidence/tsm_report.h"
#include "net/http.h"
#include "services/tee_key.h"
#include "tpm/quote.h"

/* Options that not every service has; the others refuse them. */
enum {
	TAKES_CHALLENGE		= 1 << 0,
	TAKES_SESSION		= 1 << 1,
	TAKES_KEY		= 1 << 2,
	TAKES_RUNTIME_DATA	= 1 << 3,
	TAKES_USER_DATA		= 1 << 4,
	TAKES_INIT_DATA		= 1 << 5,
	TAKES_POLICY		= 1 << 6,
	TAKES_NONCE		= 1 << 7,
	TAKES_API_VERSION	= 1 << 8,
	TAKES_SELF_NONCE	= 1 << 9,
	TAKES_HASH		= 1 << 10,
	TAKES_TPM_FILE		= 1 << 11,
	TAKES_RESOURCE		= 1 << 12,
	TAKES_SIGNING_ALG	= 1 << 13,
	TAKES_AUDIENCE		= 1 << 14,
	TAKES_LOCATION		= 1 << 15,
	TAKES_ENC_KEY		= 1 << 16,
	TAKES_MORE_EVIDENCE	= 1 << 17,
};

/* A file that was named on the command line */
struct given {
	const char *path;
	const char *type;	/* "json", "binary" or NULL, as said */
	struct buf b;
};

/* What the evidence must be bound to */
struct binding {
	u8 data[64];		/* REPORT_DATA, padded with zeros; HCL: user-data */
	size_t len;		/* bytes of it that are checked, 0: anything is accepted */
	u8 quote[64];		/* qualifying data of the TPM quote of an HCL guest */
	size_t quote_len;
	bool wants_quote;
	u32 pcrs;		/* bits of those it is to be over, 0: all */
	const char *what;	/* "SHA-384 of nonce and key", for messages */
	const char *hash;	/* algorithm: data are the hash of the preimage; NULL: data are not hashed */
	struct buf preimage;
};

struct request {
	const struct service *service;
	unsigned int form;	/* index into service->forms */

	/* as given */
	struct given challenge, runtime, user, init, tpm_file, more_evidence;
	struct given enc_key_pub, enc_key_info, enc_key_sig, tcg_log;
	struct given sealed, sent;
	const char *session, *nonce, *hash, *resource, *plugin, *signing_alg, *audience;
	const char *location, *api_version;
	const char *tee_key, *save_key;
	const char *tpm_device;
	const char *const *policies;
	size_t n_policies;
	bool self_nonce, policy_must_match;

	/* out of the challenge, or of the service's answers in attest */
	struct json_object *session_info;
	struct buf service_nonce;
	char *cookie, *location_header;
	struct tee_key key;

	/* the evidence */
	struct evidence e;
	struct buf evidence, quote;
	enum raw_kind kind;	/* in the end RAW_SNP or RAW_TDX_QUOTE */
	struct span report;	/* without trailing bytes */
	bool azure;		/* it came in an HCL report */
	struct hcl hcl;
	struct span hcl_raw;	/* as the NV index has it */
	struct tpm_quote tpm;	/* tpm.attest.len is 0 when there is none */
	struct cert_pool certs;
	struct binding bind;
	bool user_data_bound;	/* HCL: the claims carry bind.data */
	bool quote_bound;	/* HCL: the TPM quote carries bind.quote */
	bool key_made;		/* key was not given, and is saved nowhere */
	bool enc_key_made;	/* enc_key_* are not given, but of this TPM */
};

/* One HTTP request */
struct message {
	const char *method;
	struct buf target;	/* path and query */
	bool from_root;		/* the path is the server's, whatever the endpoint's prefix */
	const char *type;	/* of the body; NULL when there is none */
	const char *accept;
	struct buf headers;	/* more of them, "Name: value\n" each, no secret */
	struct buf body;
	const char *lacks;	/* what the service will miss; NULL: nothing */
};

struct request_options;

struct service {
	const char *name;
	const char *about;
	const char *help;
	u32 takes;
	const char *const *forms;	/* names for --form, the first is the default */
	/* A header that must not be seen: "x-api-key: ", and where its rest is */
	const char *secret_header, *secret_env, *secret_option;
	/* Statuses after which the same message may be sent again, 0 ends them */
	const short *retry;
	bool needs_event_log;		/* of fresh evidence, where there is one */
	bool nonce_is_bound;		/* --nonce comes back in a token for a challenge that is used once */
	bool claims_are_data;		/* HCL claims may be given as runtime data */

	/* The message that asks for a challenge; NULL when there is no challenge */
	int (*begin)(const struct request_options *o, struct request *q, struct message *m);
	/* Reads q->challenge, as the service answered begin() */
	int (*challenge)(struct request *q);
	/* Fills q->bind */
	int (*bind)(struct request *q);
	/* Finds what is needed in addition to evidence, before evidence is taken */
	int (*ready)(struct request *q);
	/* The message with the evidence */
	int (*build)(struct request *q, struct message *m);
	/*
	 * Reads the answer to build(), or to the @next of the call before: @next
	 * when it sets @again, else @out is what attest prints.
	 */
	int (*answer)(struct request *q, const struct http_answer *a, struct message *next,
		      bool *again, struct buf *out);
	/* Reads q->sealed, an answer that was fetched by other means; @out as of answer() */
	int (*open)(struct request *q, struct buf *out);
};

extern const struct service *const services[];
extern const size_t n_services;

struct request_options {
	const char *evidence, *quote, *qgs, *imds, *kds;
	const char *http, *curl, *output;
	const char *endpoint, *ca, *secret_file;
	const char *jwks, *token_root, *token_policy;
	unsigned int http_timeout;
	bool begin, show_binding, verify;
	struct take take;
};

#define REQUEST_OPTIONS_INIT { .output = "-", .take = TAKE_INIT, .http_timeout = 30 }

/* gather.c: fills @q up to what build() takes. */
int request_load(const struct request_options *o, struct request *q);
int request_prepare(struct request *q);
int request_gather(struct request_options *o, struct request *q);
void request_free(struct request *q);
/* What KBS and AS call this TEE; needs no evidence, a device is enough. */
int request_tee(const struct request_options *o, const struct request *q, const char **tee);

/* message.c */
void message_free(struct message *m);
void message_to(struct message *m, const char *method, const char *fmt, ...) PRINTF(3, 4);
void message_http(const struct service *s, const struct message *m, const char *host,
		  struct buf *out);
void message_curl(const struct service *s, const struct message *m, const char *host,
		  struct buf *out);

/* The evidence as a TSM report, certificates included; @make: a table that any
 * reader understands, or a failure
 */
int request_tsm(const struct request *q, bool make, struct tsm_report *t);

/* binding of a hash with the name the services have for it: "sha384" */
int bind_digest(struct request *q, const char *alg, const void *p, size_t len,
		const char *what);
bool hash_is_known(const char *alg);

#endif
