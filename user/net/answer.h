/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers of services that are a JSON object, or only a token */
#ifndef CVM_NET_ANSWER_H
#define CVM_NET_ANSWER_H

#include <json-c/json.h>

#include "net/http.h"

/* RC_REFUSED for errors, RC_BUSY for those that may pass */
int answer_check(const struct http_answer *a);
int answer_json(const struct http_answer *a, struct json_object **o);
/* The token of a member, or of text, as a line of @out */
int answer_text(const struct http_answer *a, const char *member, struct buf *out);
int answer_token(const char *text, size_t len, struct buf *out);

#endif
