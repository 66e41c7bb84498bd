/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Injected faults: the nth allocation or copy of one task fails, and only if
 * cvm_evidence is on its stack (CONFIG_FAULT_INJECTION, fail-nth of procfs).
 * CVM_INJECT_STACKS=1 in the environment has the kernel's log tell where.
 */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>
#include <sys/types.h>

enum inject_kind {
	INJECT_SLAB = 1 << 0,
	INJECT_PAGE = 1 << 1,
	INJECT_USERCOPY = 1 << 2,
};

/* SKIPs the case where the kernel cannot. */
void inject_need(unsigned int kinds);

/* Which faults count: under code of our module, of any module, of anybody. */
void inject_kinds(unsigned int kinds);
void inject_kinds_modules(unsigned int kinds);
void inject_kinds_anywhere(unsigned int kinds);
/*
 * Allocations under this function of the kernel do not fail: for one that is
 * itself not up to it. After the above.
 */
void inject_spare(const char *function);
/* As the kernel came up, and nobody armed; done at the end of each case */
void inject_reset(void);

/*
 * Every how many faults to try: all of them if there is CVM_FAULTS_ALL in the
 * environment or usual is 0. Some take minutes on a debug kernel.
 */
unsigned int inject_step(unsigned int usual);

/* The pid of the module's thread "cvm_evidence"; fails the case without. */
pid_t inject_worker(void);

/* The nth chance from now on fails, in task TID of process PID. */
void inject_arm(pid_t pid, pid_t tid, unsigned int n);
/* No more; whether it had come to that. */
bool inject_disarm(void);

#endif
