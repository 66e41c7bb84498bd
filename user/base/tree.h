/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tool has to say, as a tree of named values: built once by whoever
 * knows the facts, printed for a person or as JSON.
 */
#ifndef CVM_BASE_TREE_H
#define CVM_BASE_TREE_H

#include "base/util.h"

struct node;
struct json_object;

struct node *report_new(const char *title);
void report_free(struct node **root);

/* A map of named values; @title is for people, NULL for the key itself. */
struct node *add_map(struct node *to, const char *key, const char *title);
/* A list; its members are maps or texts without a key. */
struct node *add_list(struct node *to, const char *key, const char *title);

/* Values. Each returns the new node, so that a note can be put on it. */
struct node *add_text(struct node *to, const char *key, const char *fmt, ...) PRINTF(3, 4);
struct node *add_uint(struct node *to, const char *key, u64 value);
struct node *add_int(struct node *to, const char *key, s64 value);
/* Text that others wrote, with all that is in it, a NUL too */
struct node *add_string(struct node *to, const char *key, const void *p, size_t len);
struct node *add_bool(struct node *to, const char *key, bool value);
struct node *add_bytes(struct node *to, const char *key, const u8 *p, size_t len);
/* A map with a value of its own: a flag word and its bits */
struct node *add_word(struct node *to, const char *key, u64 value, unsigned int digits);
/* Bytes as base64, in JSON only */
void add_data(struct node *to, const char *key, const u8 *p, size_t len);

/*
 * What came as JSON: in JSON with its own types, below one member of ours, so that no
 * name in it can be taken for one that the tool gives. Takes a reference.
 */
struct node *add_json(struct node *to, const char *key, struct json_object *o);
/* A map that is not seen: its values stand in @to, for people only */
struct node *add_inline(struct node *to);
/* In JSON the members of @map, which is elsewhere in the same tree, for people */
void add_same(struct node *to, const struct node *map);
bool has_values(const struct node *n);

/* Bytes alone in JSON, without "KEY_text" that says them as text */
void bytes_only(struct node *n);
/* For people only: JSON has it elsewhere */
void text_only(struct node *n);
/* In JSON only: the text for people has it elsewhere */
void json_only(struct node *n);
/* Text after the value, not in JSON */
void note(struct node *n, const char *fmt, ...) PRINTF(2, 3);
/* Marked for people, listed in JSON's "warnings" */
void danger(struct node *n, const char *fmt, ...) PRINTF(2, 3);

/* As ASCII that moves no terminal's cursor */
char *printable(const char *s, size_t len);

int report_print(const struct node *root, bool json);
char *report_render(const struct node *root, bool json);

#endif
