/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of /dev/cvm-evidence for tests: it trusts nothing it is given, and
 * what is not as <linux/cvm_evidence.h> says ends the case that met it.
 */
#ifndef CVM_CLIENT_H
#define CVM_CLIENT_H

#include <linux/cvm_evidence.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ktap.h"

#define CVM_BUF_SIZE	(1 << 20)	/* default max_blob and much to spare */
#define CVM_PROVIDERS	16

/* $CVM_NODE, or /dev/cvm-evidence */
const char *cvm_node(void);

/* main() of every program of cases: SKIPs all of it without a device. */
int cvm_main(const struct ktap_case *cases, size_t nr, int argc, char **argv);

#define CVM_TEST_MAIN(cases)						\
int main(int argc, char **argv)						\
{									\
	return cvm_main(cases, ARRAY_SIZE(cases), argc, argv);		\
}

/* GET_INFO */
struct cvm_state {
	struct cvm_evidence_info info;
	struct cvm_evidence_provider prov[CVM_PROVIDERS];
	unsigned int nr;
};

void cvm_get_info(int fd, struct cvm_state *st);
const struct cvm_evidence_provider *cvm_find(const struct cvm_state *st,
					     uint32_t id);

/* "no-driver": the reason of a provider's status, for people */
const char *cvm_why(const struct cvm_evidence_provider *p);

/* Objects that are alive in the module, from debugfs */
struct cvm_live {
	unsigned int files;
	unsigned int requests;
	unsigned int blobs;
	unsigned int entries;
};

/* false where debugfs cannot be read */
bool cvm_live_read(struct cvm_live *live);
/* The same for a case: SKIPs without debugfs, and fails without our counters. */
void cvm_get_live(struct cvm_live *live);

/*
 * SKIPs the case where no provider is; where a simulated TEE was started that
 * fails it.
 */
void cvm_need_evidence(void);

/* Our caches, which cannot be merged with others (kmod/request.c), by name */
#define CVM_CACHES	2
extern const char *const cvm_caches[CVM_CACHES];
/* Objects in use of one; -1 where the kernel does not tell */
long cvm_slab_objects(const char *cache);

/* Wait until no request of anybody is left; false after timeout_ms. */
bool cvm_wait_idle(int fd, unsigned int timeout_ms);

int cvm_open(int flags);
/* Until EOF. Returns bytes, or -errno of the read that failed. */
ssize_t cvm_slurp(int fd, void *buf, size_t size);
/* The same in reads of at most chunk bytes. */
ssize_t cvm_slurp_chunks(int fd, void *buf, size_t size, size_t chunk);
/* write(2), all of it or the case fails */
void cvm_write(int fd, const void *data, size_t len);
/* Whole evidence for these data from this file by write and read, checked. */
struct cvm_blob;
void cvm_take(int fd, const void *report_data, size_t len, struct cvm_blob *b);

/* A request with defaults and provider auto */
void cvm_request_init(struct cvm_evidence_request *req, const void *report_data,
		      size_t len);
/* Its ioctl: 0 or -errno. A new request, whatever sequence the struct has */
int cvm_request(int fd, struct cvm_evidence_request *req);
/* The same with the sequence that the struct has: continues that request */
int cvm_rejoin(int fd, struct cvm_evidence_request *req);

/* revents, 0 on time-out */
short cvm_poll(int fd, short events, int timeout_ms);

/* blob_parse.c */
struct cvm_item {
	uint32_t type;
	uint32_t flags;
	uint32_t len;
	const uint8_t *data;
};

struct cvm_blob {
	const uint8_t *data;
	size_t len;
	struct cvm_evidence_blob hdr;
	unsigned int nr;
	struct cvm_item item[64];
};

/* NULL, or what is wrong with it. b points into data. */
const char *cvm_blob_parse(const void *data, size_t len, struct cvm_blob *b);
const struct cvm_item *cvm_blob_find(const struct cvm_blob *b, uint32_t type);
/* REPORT_DATA inside the report, NULL where its format has no fixed place. */
const uint8_t *cvm_blob_bound(const struct cvm_blob *b);
/* Do an HCL report's claims have these bytes in hex, of either case */
bool cvm_hcl_carries(const uint8_t *hcl, size_t len, const uint8_t data[64]);
/*
 * Parses, and says what is wrong with it as an answer to a request for these
 * data (NULL: whatever the kernel chose); NULL when nothing is.
 */
const char *cvm_blob_wrong(const void *data, size_t len, const void *report_data,
			   size_t rd_len, struct cvm_blob *b);
/* The same, and it fails the case. */
void cvm_blob_check(const void *data, size_t len, const void *report_data,
		    size_t rd_len, struct cvm_blob *b);
uint64_t cvm_get64(const uint8_t *p);
uint32_t cvm_get32(const uint8_t *p);

/* time and processes (proc.c) */
uint64_t now_ms(void);
uint64_t now_ns(void);
void sleep_ms(unsigned int ms);
void fill_random(void *buf, size_t len);
pid_t run_child(void (*fn)(void *), void *arg);
/* Fails the case unless the child ends with status 0 in that time. */
void join_child(pid_t pid, unsigned int timeout_ms);
/* Returns the wait status; fails the case after that time. */
int reap_child(pid_t pid, unsigned int timeout_ms);
/* The one-letter state of /proc/PID/stat, 0 when it is gone. */
char proc_state(pid_t pid);
/* Waits for it; false after that time. */
bool wait_proc_state(pid_t pid, char state, unsigned int timeout_ms);
/* A text file's first line; false when it cannot be read. */
bool read_line(const char *path, char *line, size_t size);
/* 0 or -errno */
int write_line(const char *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* the simulated TEE's knobs (sim.c) */
void sim_need(void);
bool sim_present(void);
bool sim_paravisor(void);
bool sim_replays(void);
bool sim_real_driver(void);
void sim_driver_times(unsigned int retry_ms, unsigned int retry_max_ms);
/* "NAME=VALUE"; undone when the case ends */
void sim_set(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void sim_fail_next(void);
uint64_t sim_counter(const char *name);
void sim_reset(void);

/* what only root of the machine can arrange (sandbox.c) */
void need_root(void);
/* /sys/module/cvm_evidence/parameters/NAME; set back when the case ends */
void param_set(const char *name, unsigned int value);
void params_restore(void);
/* A copy of the node in a tmpfs that only this process and its children see. */
const char *private_node(unsigned int mode, gid_t gid);
void become_user(uid_t uid, gid_t gid);
/* All of them, also the bounding set; the uid stays. */
void drop_capabilities(void);
/* A new cgroup (v2) of this case; "" for parent is the root. SKIPs without. */
void cgroup_make(const char *name, char *path, size_t size);
void cgroup_enter(const char *path, pid_t pid);
void cgroups_remove(void);
/* The mount point of the v2 hierarchy. */
const char *cgroup_root(void);

#endif
