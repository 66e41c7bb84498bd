/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KTAP for these tests. Every case runs in a child of its own process group
 * with a time limit: one that hangs, crashes or leaves processes behind fails
 * alone, and the next one starts clean.
 */
#ifndef KTAP_H
#define KTAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define KTAP_PASS	0
#define KTAP_FAIL	1
#define KTAP_SKIP	4

#define KTAP_LIMIT_S	60

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct ktap_case - one line of KTAP
 * @name: words with underscores
 * @fn: returns when it passed
 * @limit_s: seconds, 0 for KTAP_LIMIT_S
 */
struct ktap_case {
	const char *name;
	void (*fn)(void);
	unsigned int limit_s;
};

/**
 * struct ktap_program - one test program
 * @cases: what it runs
 * @nr: how many
 * @setup: before each case, in its child; may skip or fail; or NULL
 * @teardown: after each case, in the parent, however it ended; or NULL
 */
struct ktap_program {
	const struct ktap_case *cases;
	size_t nr;
	void (*setup)(void);
	void (*teardown)(void);
};

/* Arguments name the cases to run; none runs all. Returns the exit status. */
int ktap_run(const struct ktap_program *prog, int argc, char **argv);

/* "1..0 # SKIP why" for the whole program; returns its exit status. */
int ktap_skip_all(const char *why);

/* From a case, or a process or thread it started; they end the process. */
void ktap_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void ktap_skip(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/*
 * The same for what took too long or was too early: an emulated machine whose
 * host is busy may be to blame, so the case is run again, three times in all.
 */
void ktap_fail_time(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* CVM_STRESS percent of n (100 unless set): how much of the same a test does. */
unsigned int ktap_stress(unsigned int n);

/* All memory and locks are checked here: slowly, and at no kernel's usual cost. */
bool ktap_debug_kernel(void);

/* A line for people. */
void ktap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The condition is printed, then what was seen instead. */
#define CHECK(cond, fmt, ...) do {					\
	if (!(cond))							\
		ktap_fail(__FILE__, __LINE__, "not (%s): " fmt, #cond,	\
			  ##__VA_ARGS__);				\
} while (0)

/* Of a time alone: never of what was answered */
#define CHECK_TIME(cond, fmt, ...) do {					\
	if (!(cond))							\
		ktap_fail_time(__FILE__, __LINE__, "not (%s): " fmt,	\
			       #cond, ##__VA_ARGS__);			\
} while (0)

#endif
