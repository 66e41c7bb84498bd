/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tool has to say, as a tree of named values: built once by whoever
 * knows the facts, printed for a person or as JSON.
 */
#ifndef CVM_BASE_TREE_H
#define CVM_BASE_TREE_H

#include "base/util.h"

struct node;

struct node *report_new(const char *title);
void report_free(struct node **root);

/* A map of named values; @title is for people, NULL for the key itself. */
struct node *add_map(struct node *to, const char *key, const char *title);
/* A list; its members are maps or texts without a key. */
struct node *add_list(struct node *to, const char *key, const char *title);

/* Values. Each returns the new node, so that a note can be put on it. */
struct node *add_text(struct node *to, const char *key, const char *fmt, ...) PRINTF(3, 4);
struct node *add_uint(struct node *to, const char *key, u64 value);
struct node *add_bool(struct node *to, const char *key, bool value);
struct node *add_bytes(struct node *to, const char *key, const u8 *p, size_t len);
/* A map with a value of its own: a flag word and its bits */
struct node *add_word(struct node *to, const char *key, u64 value, unsigned int digits);
/* Bytes as base64, in JSON only */
void add_data(struct node *to, const char *key, const u8 *p, size_t len);

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
