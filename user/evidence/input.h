/* SPDX-License-Identifier: GPL-2.0-only */
/* Recognises the content of a file of any tool, also when it is encoded as text */
#ifndef CVM_EVIDENCE_INPUT_H
#define CVM_EVIDENCE_INPUT_H

#include "evidence/kind.h"

struct input {
	bool blob;		/* of /dev/cvm-evidence */
	enum raw_kind kind;	/* RAW_UNKNOWN for a blob too */
	struct span s;
	struct span certs;	/* that stood behind an SNP report */
};

/*
 * Recognises @s, or what its text stands for, @max bytes at most, which goes into @hold.
 * False: neither
 */
bool input_open(struct span s, size_t max, struct buf *hold, struct input *in);
/* RC_EVIDENCE with the message that @name is not recognised */
int input_unknown(const char *name);

#endif
