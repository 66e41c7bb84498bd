/* SPDX-License-Identifier: GPL-2.0-only */
/* What json-c leaves to do: bytes as text, and messages when text is not JSON */
#ifndef CVM_BASE_JSON_H
#define CVM_BASE_JSON_H

#include <json-c/json.h>

#include "base/util.h"

/* One line, members in the order they were added; belongs to @o */
const char *json_text(struct json_object *o);
void json_add_text(struct json_object *o, const char *key, const char *text);
void json_add_null(struct json_object *o, const char *key);
void json_add_uint(struct json_object *o, const char *key, u64 v);
void json_add_bytes(struct json_object *o, const char *key, struct span s, enum base64 alphabet);
void json_add_hex(struct json_object *o, const char *key, struct span s);
/* An array of numbers, one for each byte */
void json_add_ints(struct json_object *o, const char *key, const u8 *p, size_t len);

/* NULL when @s is not one JSON text, without a message; strict */
struct json_object *json_parse(struct span s);
/*
 * What is wrong with the member names of @s, of which json_parse() made @o: json-c
 * keeps the last of two members of one name, and cuts a name at a NUL. NULL: nothing;
 * else a text to be freed, which names the member
 */
char *json_bad_names(struct span s, struct json_object *o);
/* An object; RC_EVIDENCE with a message that names @what */
int json_parse_object(struct span s, const char *what, struct json_object **o);
/* Text of a member; NULL when it is not there, no text, or one with a NUL in it */
const char *json_get_text(struct json_object *o, const char *key);
/* The same of a value */
const char *json_text_of(struct json_object *o);
/* A member that is an object; NULL when it is not there or something else */
struct json_object *json_get_object(struct json_object *o, const char *key);
/* Bytes of a member in base64, either alphabet; RC_EVIDENCE with a message */
int json_get_bytes(struct json_object *o, const char *key, const char *what, struct buf *out);
void json_put(struct json_object **o);

/* jcs.c: RFC 8785, what is hashed; RC_EVIDENCE for numbers it cannot carry */
int jcs(struct json_object *o, struct buf *out);

#endif
