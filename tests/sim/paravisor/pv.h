/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of cvm-paravisor share. */
#ifndef PV_H
#define PV_H

#include "../simtee.h"

#define CONTROL_SOCKET	"/run/cvm-sim/paravisor"

#define TPM_MAX		4096	/* the kernel's buffer */
#define HEADER_LEN	10

#define TAG_PLAIN	0x8001
#define TAG_SESSIONS	0x8002

#define RH_OWNER	0x40000001U
#define RS_PASSWORD	0x40000009U
#define RH_ENDORSEMENT	0x4000000bU
#define RH_PLATFORM	0x4000000cU

#define ALG_SHA1	0x0004
#define ALG_SHA256	0x000b
#define ALG_SHA384	0x000c
#define ALG_SHA512	0x000d

#define INDEX_REPORT	0x01400001U
#define INDEX_INPUT	0x01400002U
#define INDEX_AK_CERT	0x01c101d0U
#define HANDLE_AK	0x81000003U
#define HANDLE_EK	0x81010001U
#define HANDLE_OTHER_AK	0x81800003U	/* ak=other: hidden behind HANDLE_AK */

#define RC_NV_RANGE		0x146
#define RC_NV_UNINITIALIZED	0x14a
#define RC_HANDLE_1		0x18b
#define RC_VALUE_P1		0x1c4
#define RC_SIZE_P1		0x1d5
#define RC_LOCALITY		0x907

enum tpm_cc {
	CC_UNDEFINE_SPACE	= 0x122,
	CC_CHANGE_AUTH		= 0x129,
	CC_DEFINE_SPACE		= 0x12a,
	CC_PCR_ALLOCATE		= 0x12b,
	CC_EVICT_CONTROL	= 0x120,
	CC_CREATE_PRIMARY	= 0x131,
	CC_NV_WRITE		= 0x137,
	CC_STARTUP		= 0x144,
	CC_SHUTDOWN		= 0x145,
	CC_CERTIFY		= 0x148,
	CC_CERTIFY_CREATION	= 0x14a,
	CC_GET_TIME		= 0x14c,
	CC_NV_READ		= 0x14e,
	CC_QUOTE		= 0x158,
	CC_SIGN			= 0x15d,
	CC_FLUSH_CONTEXT	= 0x165,
	CC_NV_READ_PUBLIC	= 0x169,
	CC_READ_PUBLIC		= 0x173,
	CC_START_AUTH_SESSION	= 0x176,
	CC_GET_CAPABILITY	= 0x17a,
	CC_GET_RANDOM		= 0x17b,
	CC_PCR_READ		= 0x17e,
	CC_PCR_EXTEND		= 0x182,
	CC_NV_CERTIFY		= 0x184,
	CC_SET_LOCALITY		= 0x20001000,	/* the kernel's proxy asks it */
};

/* tpm.c: swtpm, and commands of the paravisor's own */
struct tpm_auth {
	uint8_t p[32];
	size_t len;
};

struct tpm_cmd {
	uint32_t cc;
	uint32_t handles[2];
	unsigned int nr_handles;
	const struct tpm_auth *auth;	/* for the first handle; NULL: no sessions */
	struct buf params;
};

extern const struct tpm_auth no_auth;
extern struct tpm_auth platform_auth;

void buf_be16(struct buf *b, uint16_t v);
void buf_be32(struct buf *b, uint32_t v);
void put_be16(uint8_t *p, uint16_t v);
void put_be32(uint8_t *p, uint32_t v);
uint16_t get_be16(const uint8_t *p);
uint32_t get_be32(const uint8_t *p);

void tpm_start(const char *dir);
void tpm_stop(void);
int tpm_fd(void);
size_t tpm_exchange(const uint8_t *cmd, size_t len, uint8_t *rsp);
/* The response code; what follows the header, and paramSize, goes to @out. */
uint32_t tpm_run(struct tpm_cmd *cmd, struct buf *out);
void tpm_must(struct tpm_cmd *cmd, struct buf *out, const char *what);
void tpm_lock_platform(void);
void tpm_extend(unsigned int pcr, const char *text);
void tpm_modulus(uint32_t handle, uint8_t n[256]);

/* nv.c: indices that the paravisor owns */
enum nv_state { NV_OK, NV_MISSING, NV_UNINIT };

struct nv_index {
	uint32_t handle;
	uint16_t size;			/* what the guest sees */
	enum nv_state state;
	bool defined;
	struct tpm_auth auth;
	uint8_t data[4096];
};

#define NV_SHADOW_MAX	2048		/* libtpms has no larger index */

extern struct nv_index nv_report, nv_ak_cert;
/* Whether the certificate's own length says more than the index has. */
void nv_lengthen_ak_cert(bool longer);
/* As if the host's new certificate came between two chunks of a read. */
void nv_tear_ak_cert(void);
/* A command comes, and whether it is one that has a certificate asked for. */
void nv_ak_cert_due(void);
void nv_want_ak_cert(void);
struct nv_index *nv_find(uint32_t handle);
void nv_set_state(struct nv_index *nv, enum nv_state state);
void nv_resize(struct nv_index *nv, uint16_t size);
void nv_fill(struct nv_index *nv, const void *p, size_t len);
uint16_t nv_shadow(const struct nv_index *nv);
#define NV_NAME_LEN	34
/* The name of the index, written, if it had that size. */
void nv_name(const struct nv_index *nv, uint16_t size, uint8_t name[NV_NAME_LEN]);

/* sessions.c */
struct session_use {
	uint32_t handle;
	uint8_t nonce[64];
	size_t nonce_len;
	uint8_t attributes;
	uint8_t *hmac;
};

void session_track(const uint8_t *cmd, size_t len, const uint8_t *rsp, size_t n);
/* Whether an NV_Read of the guest has one HMAC, which is right. */
bool session_begin(struct session_use *u, uint8_t *cmd, size_t len, const struct nv_index *nv);
void session_command(const struct session_use *u, uint8_t *cmd, size_t len,
		     const struct nv_index *nv);
void session_answer(const struct session_use *u, uint8_t *rsp, size_t n);

/* hcl.c: the report */
enum pv_tee { PV_SNP, PV_TDX };

void hcl_init(enum pv_tee tee);
/* Has the index hold these bytes, which the guest's reads do not change. */
void hcl_captured(const void *report, size_t len);
void hcl_boot(void);
/* At an NV_Read of offset 0: a new report, if it is time for one. */
void hcl_read_begins(void);
/* Whether the last report was made so lately that the next one is not. */
bool hcl_in_window(void);
/* As if another reader came between two chunks of a read. */
void hcl_tear(unsigned int how);

/* knobs.c */
enum pv_knob {
	K_WINDOW, K_NEVER, K_USER_DATA, K_HEADER, K_PERSISTED, K_INDEX, K_INDEX_SIZE,
	K_NV_BUFFER, K_QUOTE_MAX, K_TEAR, K_RC, K_DENY_LOCALITY, K_WRONG_HASH, K_GARBAGE,
	K_MANGLE,
	K_REPORT_SIZE, K_DATA_SIZE, K_CLAIMS_SIZE, K_CUT, K_LIE_TOTAL, K_LIE_SIZE,
	K_DELAY, K_SILENT, K_CC, K_AK, K_AK_CERT, K_CERT_DELAY, K_CERT_TEAR, K_PCR_DRIFT, K_POWER,
	K_QUOTE, K_WRONG_DATA, K_WRONG_USER_DATA,
	K_VERSION, K_PRODUCT, K_TCB, K_VM, NR_KNOBS
};

enum pv_counter {
	C_COMMANDS, C_READS, C_REFRESHES, C_STALE, C_TORN, C_WRITES, C_QUOTES, C_FAULTS,
	NR_COUNTERS
};

enum { USER_DATA_LOWER, USER_DATA_UPPER, USER_DATA_ZEROS, USER_DATA_ABSENT };
enum { PERSISTED_NO, PERSISTED_YES, PERSISTED_ABSENT };
enum { AK_OK, AK_MISSING, AK_OTHER };
enum {
	QUOTE_OK, QUOTE_DATA, QUOTE_SHORT, QUOTE_LONG, QUOTE_MASK, QUOTE_MAGIC, QUOTE_TYPE,
};
enum { POWER_OFF, POWER_ON, POWER_RESET };

#define KNOB_TRUE	UINT64_MAX	/* report_size and the like: do not lie */

extern uint64_t counters[NR_COUNTERS];
void knobs_init(enum pv_tee tee);
uint64_t knob(enum pv_knob k);
uint64_t knob_take(enum pv_knob k);	/* counts */
int control_listen(void);
void control_serve(int fd);
int control_ask(int argc, char **argv);
/* NAME=VALUE[:COUNT]; NULL, or what was wrong. Changes the text. */
const char *knob_assign(char *text);

/* main.c: what a knob does when it is turned */
void power_set(uint64_t how);
void delay_over(void);
uint64_t now_ms(void);

/* filter.c: a command of the guest */
struct answer_plan {
	uint64_t delay;
	bool silent;
};

size_t guest_command(uint8_t *cmd, size_t len, uint8_t *rsp, struct answer_plan *plan);

/* qemu.c: the TPM of a QEMU on this machine */
void qemu_listen(const char *path);
void qemu_wait(void);
int qemu_fd(void);
bool qemu_serve(int *data);
size_t qemu_command(int data, uint8_t cmd[TPM_MAX]);

/* provision.c: on the build machine, because making RSA keys takes a guest long */
void provision(const char *dir);

#endif /* PV_H */
