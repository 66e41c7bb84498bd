/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A target is one function, fuzz_NAME(): it is given bytes and must come back.
 * ASan and UBSan look at what it reads, must() at what it makes of that.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/tree.h"
#include "base/util.h"

#define FUZZ(name) \
	void fuzz_##name(struct span s); \
	void fuzz_##name(struct span s)

/* What the targets of a file need once and takes long; most need nothing */
void fuzz_prepare(void);

/* Calls @target with the tool's messages kept off stderr, and looks at them */
void fuzz_one(void (*target)(struct span s), const u8 *p, size_t len);

#define must(x) \
	((x) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #x))
_Noreturn void fuzz_broken(const char *file, int line, const char *what);

/* Evidence is good or it is not; nothing of it is the user's or the system's. */
static inline bool is_judgement(int rc)
{
	return rc == RC_OK || rc == RC_EVIDENCE;
}

#define must_judge(rc)		must(is_judgement(rc))

/*
 * Inputs of several parts have "=PART=" between them: unlike a length, that
 * stays right when bytes are put in or taken out.
 */
#define FUZZ_SEPARATOR		"=PART="

/* The next part, as a copy of just its size: ASan sees one byte more. */
struct part {
	struct span s;
};

struct part fuzz_part(struct span *rest);
void fuzz_part_free(struct part *p);
#define CLEANUP_PART		CLEANUP(fuzz_part_free)

/* @part is in @whole, or empty */
void fuzz_inside(struct span part, struct span whole);
/* JSON that parses, text that moves no terminal's cursor */
void fuzz_rendered(const struct node *root, bool json);
/* Both, and frees it */
void fuzz_report(struct node **root);
void fuzz_is_text(const char *s, size_t len);

/* A file's name for @s, for code that opens it; closed by close(*fd) */
char *fuzz_file(struct span s, int *fd);

/*
 * world.c: what answers instead of the network and the device. An answer is
 * "STATUS\nTYPE\nLOCATION\nCOOKIE\nBODY"; each question takes the next part of
 * @rest for it, and there is no connection when there are no more.
 */
void fuzz_answers(struct span *rest);
#define FUZZ_ENDPOINT		"http://127.0.0.1:9"
/* The same for a TPM's answers; without them there is no TPM */
void fuzz_tpm_answers(struct span *rest);
/* Evidence the device gives from now on, bound to what it is asked for */
enum fuzz_evidence { FUZZ_TDX, FUZZ_SNP, FUZZ_HCL_SNP, FUZZ_HCL_TDX, FUZZ_EVIDENCE_N };
void fuzz_device(enum fuzz_evidence kind);
/* Whether signatures and chains hold, whatever is in them: to get behind them */
void fuzz_trust(bool on);
/* An EC key that is always the same; its owner is the caller */
EVP_PKEY *fuzz_key(void);
const char *fuzz_key_pem(void);

#endif
