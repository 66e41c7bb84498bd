/* SPDX-License-Identifier: GPL-2.0-only */
/* Showing what comes with evidence: lists, tokens, JSON of any kind */
#ifndef CVM_EVIDENCE_SHOW_MORE_H
#define CVM_EVIDENCE_SHOW_MORE_H

#include "evidence/kind.h"

/* show_crl.c: one in DER, or all of a PEM text */
int crl_show(struct node *to, struct span s);
/* show_json.c: evidence in it, in whatever member, is decoded by @show */
typedef int show_fn(struct node *to, enum raw_kind kind, struct span s);
int json_show(struct node *to, struct span s, show_fn *show);
/* A wrapper in CBOR, shown as the same in JSON */
int cmw_show(struct node *to, struct span s, show_fn *show);
int jwt_show(struct node *to, struct span s, show_fn *show);
/* input_show.c: any kind, also one that has others inside; as raw_show() */
int input_show(struct node *to, enum raw_kind kind, struct span s);

#endif
