/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The soak, in the guest: clients of all kinds, faults and changes for a time,
 * then a look whether anything is left of it. One phase is one life of our
 * module; a turn is all phases on one simulated TEE.
 */
#ifndef SOAK_H
#define SOAK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../fuzz/kernel/fuzz.h"
#include "../selftests/cvm_client.h"

#define SLOTS		14
#define ERRNO_MAX	160
#define SEQ_MAX		(1U << 20)	/* requests of one phase that are followed */

/* Members are of 32 bits, so that a client of either ABI sees the same. */
typedef _Atomic uint32_t counter;

/* What one client does, for whoever looks after it */
struct slot {
	counter op;		/* of asks.c + 1, or 0: between two */
	counter since_ms;	/* of now_ms(), when it began */
};

/* The figures, and all that clients and parent tell each other */
struct soak {
	counter stop, pause;
	counter injecting;	/* clients may arm themselves */
	counter scarce;		/* memory may fail the module's thread, too */
	uint32_t replays;
	uint8_t replay_rd[64];
	struct slot slot[SLOTS];

	counter outcome[ERRNO_MAX];	/* [0]: evidence */
	counter wrong_args, abandoned, rejoined, interrupted, forks, other_abi;
	counter client_faults, worker_faults, knobs, reloads, refused_unloads;
	counter our_reloads, hotplugs, tpm_resets, freezes, suspends, params;
	counter killed, killed_waiting, slowest_death_ms;
	counter readers, stuck, dumps_left, partial;
	counter events, events_lost;
	counter started, ok, failed, firmware_failed;
	counter available_kb, slab_kb;	/* after the first phase */
	counter checks[32][2];	/* passed, failed */
};

extern struct soak *soak;
/* The file behind it, for a client that is another program */
extern int soak_fd;

/* soak.c: one check in one phase; prints what failed, counts the rest */
enum check {
	C_ANSWERS, C_NO_HANG, C_DEATH, C_IDLE, C_COUNTERS, C_ENDS, C_EVENTS,
	C_OBJECTS, C_CACHES, C_ENTRIES, C_AGAIN, C_UNLOAD, C_DRIVER, C_MEMORY,
	C_LEAKS, C_TASKS, C_LOG, C_PHASE, NR_CHECKS
};

bool check(enum check c, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* asks.c: one request or what goes for one; all that is random is from r */
void ask_random(struct rng *r, struct slot *slot);
const char *ask_name(unsigned int op);

/* clients.c */
void client_main(unsigned int slot, uint64_t seed);
void clients_start(uint64_t seed);
/* Dead, hanging and killed ones; called again and again */
void clients_look(struct rng *r, bool kill_one);
void clients_stop(void);
const char *clients_cgroup(void);
void clients_leave(void);

/* listeners.c: of netlink */
void reader_main(struct rng *r, struct slot *slot);
void stuck_main(struct rng *r, struct slot *slot);
void listener_start(void);
/* How many events it lost */
uint64_t listener_stop(void);

/* ends.c: requests' beginnings and ends, by tracepoints and by events */
void ends_start(void);
void ends_event(uint64_t seq, bool taken);
void ends_stop(void);
void ends_check(uint64_t first, uint64_t last, uint64_t ok, uint64_t lost);

/* faults.c: the TEE's, and the kernel's */
void faults_init(void);
/* Can memory fail here */
bool faults_memory(void);
void faults_phase(struct rng *r);
void faults_act(struct rng *r);
void faults_heal(void);
/* A knob of the simulator, which must take it */
void faults_turn(const char *knob, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void faults_end(void);
void faults_over(void);

/* changes.c: what root does meanwhile */
void changes_init(void);
void changes_act(struct rng *r);
void changes_end(void);

/* rest.c: what is left */
void rest_before(void);
void rest_after(void);
void rest_unload(void);
void rest_memory(unsigned int phase);
void rest_turn(void);

#endif
