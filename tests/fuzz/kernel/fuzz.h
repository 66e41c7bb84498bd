/* SPDX-License-Identifier: GPL-2.0-only */
/* The fuzzer of /dev/cvm-evidence and its netlink family, in the guest. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPS_MAX		14
#define FILES		3
#define THREADS		3
#define COVER_SIZE	(64 << 10)	/* program counters of one thread */

/* xorshift64*: the same numbers for the same seed, on any machine */
struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n);
static inline bool rng_one_in(struct rng *r, uint32_t n)
{
	return !rng_below(r, n);
}

/* values.c: mostly small, at times a border or anything */
uint32_t number(struct rng *r, uint32_t usual);
void bytes(struct rng *r, void *to, size_t len);
/* Somewhere for len bytes: good, at the edge of what is there, or nowhere */
void *place(struct rng *r, void *good, size_t len);
void values_init(void);
extern long page;
/* Two pages that come and go, and one that never is there */
extern uint8_t *shaky;

/*
 * One call. The numbers mean what its kind makes of them; all that is random
 * inside (contents of structs) comes from seed.
 */
struct op {
	uint8_t kind;
	uint8_t thread;
	uint8_t file;
	uint64_t seed;
};

struct program {
	unsigned int nr;
	struct op op[OPS_MAX];
};

/* ops.c */
void ops_init(void);
void op_random(struct op *op, struct rng *r);
/* Closes the files of a program */
void ops_end(void);
/* Runs it; NULL, or what it did that it must not */
const char *op_run(const struct op *op);
const char *op_name(const struct op *op);
/* Sets the kind; false when there is none of that name */
bool op_named(struct op *op, const char *name);
/* NULL when the header documents this -errno of a REQUEST */
const char *request_verdict(const char *what, int err);
/* A file of the device gets a number that no other file has */
int numbered(int fd);

/* take.c */
const char *op_take(const struct op *op, struct rng *r);

/* world.c */
void world_init(void);
/* Knobs and parameters as programs find them, and after a program */
void world_begin(void);
void world_end(void);
/* Nobody works for a program that is over; what it covered is its own */
void world_settle(void);
/* How many times slower the TEE is than the fastest; whether it quotes */
extern unsigned int world_pace;
extern bool world_quotes;
/* How long there may be no provider after what was done to the TEE */
extern unsigned int world_again_ms;
const char *op_netlink(const struct op *op, struct rng *r);
const char *op_knob(const struct op *op, struct rng *r);
const char *op_tpm(const struct op *op, struct rng *r);
const char *op_param(const struct op *op, struct rng *r);
const char *op_memory(const struct op *op, struct rng *r);
const char *op_fault(const struct op *op, struct rng *r);
extern bool ops_faults;

/* paravisor.c */
const char *pv_op_knob(const struct op *op, struct rng *r);
const char *pv_op_tpm(const struct op *op, struct rng *r);
void pv_begin(void);
void pv_end(void);

/* kcov.c */
struct cover;
/* False when the kernel has none; the caller's threads share the remote one. */
bool cover_init(void);
struct cover *cover_thread(void);
void cover_begin(struct cover *c);
void cover_end(struct cover *c);
/* Adds what these threads and the provider's reached; how much was new */
unsigned int cover_collect(struct cover **c, unsigned int nr);
unsigned int cover_total(void);
/* One line of offsets in our module's code, for tests/fuzz/kernel/lines */
void cover_print(void);

#endif
