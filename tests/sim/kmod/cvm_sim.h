/* SPDX-License-Identifier: GPL-2.0 */
/* What the simulated drivers use of cvm_sim.ko. */
#ifndef CVM_SIM_H
#define CVM_SIM_H

#include <linux/atomic.h>
#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "proto.h"

enum sim_knob {
	SIM_DELAY,
	SIM_BLOCK,
	SIM_THROTTLE,
	SIM_RETRY_MS,
	SIM_RETRY_MAX_MS,
	SIM_FW_ERROR,
	SIM_KEEP_KEY,
	SIM_RSP_STATUS,
	SIM_BADMSG,
	SIM_OVERSIZE,
	SIM_EMPTY,
	SIM_TRUNCATE,
	SIM_VARLEN,
	SIM_WRONG_DATA,
	SIM_GARBAGE,
	SIM_OTHER_VERSION,
	SIM_ECHO,
	SIM_MASK_CHIP,
	SIM_TCB,
	SIM_IDENTITY,
	SIM_CERTS,
	SIM_VERSION,
	SIM_PRODUCT,
	SIM_FAST,
	SIM_SLOW,
	SIM_ASYNC,
	SIM_TDCALL,
	SIM_VMCALL,
	SIM_QUOTE_STATUS,
	SIM_NR_KNOBS,
};

enum sim_counter {
	SIM_C_CALLS,
	SIM_C_OK,
	SIM_C_FAILED,
	SIM_C_TSM_CALLS,
	SIM_C_NODE_CALLS,
	SIM_C_NOT_READY,
	SIM_C_AFTER_REMOVE,
	SIM_C_BUSY_TRIES,
	SIM_C_IN_FLIGHT,
	SIM_NR_COUNTERS,
};

enum sim_which {
	SIM_SEV_GUEST,
	SIM_TDX_GUEST,
	SIM_ARM_CCA_GUEST,
	SIM_NR_TEES,
};

/* left < 0: until changed; else the number of requests it still holds for */
struct sim_knob_state {
	u64 value;
	s64 left;
};

/* What the knobs say for one request. */
struct sim_plan {
	u64 knob[SIM_NR_KNOBS];
	u32 released;	/* generation of block when the request began */
};

struct sim_answer {
	void *out;
	void *aux;
	void *manifest;
	u32 out_len;
	u32 aux_len;
	u32 manifest_len;
	u32 flags;
};

struct sim_template {
	struct sim_answer answer;
	struct cvm_sim_request request;
	u32 data_offset;	/* where report_data is in answer.out */
	bool valid;
};

/* One simulated TEE. It outlives its driver, as firmware does. */
struct sim_tee {
	const char *name;
	struct kobject *kobj;
	spinlock_t lock;	/* knobs, wiped */
	struct sim_knob_state knobs[SIM_NR_KNOBS];
	u64 varlen;
	unsigned long wiped;	/* bit n: VMPCKn is gone */
	u32 released;
	int vmpck_id;		/* of the loaded driver, -1 for none */
	atomic64_t counters[SIM_NR_COUNTERS];
	struct mutex fast_lock;	/* template */
	struct sim_template template[CVM_SIM_CCA + 1];
};

struct sim_tee *sim_tee(enum sim_which which);

static inline void sim_count(struct sim_tee *t, enum sim_counter c)
{
	atomic64_inc(&t->counters[c]);
}

void sim_begin(struct sim_tee *t, struct sim_plan *plan);
int sim_end(struct sim_tee *t, int err);
u64 sim_take(struct sim_tee *t, enum sim_knob k);
u64 sim_peek(struct sim_tee *t, enum sim_knob k);
void sim_request_init(struct cvm_sim_request *rq, enum cvm_sim_kind kind,
		      const struct sim_plan *plan, const u8 *data, size_t len);
void sim_firmware_wait(struct sim_tee *t, const struct sim_plan *plan,
		       const struct cvm_sim_request *rq);
int sim_firmware(struct sim_tee *t, const struct sim_plan *plan,
		 struct cvm_sim_request *rq, struct sim_answer *a);
void sim_answer_free(struct sim_answer *a);
bool sim_key_wiped(struct sim_tee *t, int id);
void sim_key_wipe(struct sim_tee *t, int id);

/* Inside cvm_sim.ko */
int sim_ask_daemon(struct cvm_sim_request *rq, struct sim_answer *a);
int sim_channel_init(void);
void sim_channel_exit(void);
bool sim_channel_connected(void);
int sim_knobs_init(struct sim_tee *tees);
void sim_knobs_exit(struct sim_tee *tees);
void sim_take_all(struct sim_tee *t, struct sim_plan *plan);
void sim_release_blocked(struct sim_tee *t);
extern unsigned int sim_daemon_timeout_ms;

#endif /* CVM_SIM_H */
