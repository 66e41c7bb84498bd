// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is not a call of the device: netlink, parameters, memory, faults, and a
 * TEE that misbehaves; a simulated paravisor's has paravisor.c.
 */
#define _GNU_SOURCE
#include "fuzz.h"
#include "../../selftests/cvm_client.h"
#include "../../selftests/inject.h"
#include "../../selftests/nl.h"

#include <fcntl.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PARAMS	"/sys/module/cvm_evidence/parameters"
#define SIM	"/sys/kernel/cvm_sim"

#define PV_PACE		6
/* A look that failed is made again after a second */
#define PV_AGAIN_MS	5000

bool ops_faults;
unsigned int world_pace = 1, world_again_ms;
bool world_quotes;

static bool paravisor;
static char sim_driver[96];
static uint16_t family;
static uint32_t group;

/* An attribute that is right, or lies about its type or length */
static size_t random_attr(uint8_t *at, struct rng *r)
{
	struct nlattr a = {
		.nla_type = number(r, 40),
		.nla_len = sizeof(a) + 8,
	};

	if (rng_one_in(r, 3))
		a.nla_type = CVM_EVIDENCE_EVENT_A_NUMBER;
	if (rng_one_in(r, 6))
		a.nla_len = number(r, 64);
	memcpy(at, &a, sizeof(a));
	bytes(r, at + sizeof(a), 8);
	/* a number that there may be */
	if (rng_one_in(r, 2))
		memset(at + sizeof(a) + 2, 0, 6);
	return sizeof(a) + 8;
}

const char *op_netlink(const struct op *op, struct rng *r)
{
	struct {
		struct nlmsghdr nl;
		struct genlmsghdr genl;
		uint8_t attrs[64];
	} msg = {
		.nl = { .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST },
		.genl = { .version = rng_below(r, 3) },
	};
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct timeval tv = { .tv_usec = 100000 };
	static __thread uint8_t answer[16384];
	int fd, room = rng_below(r, 8192);
	size_t len = 0;

	(void)op;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return NULL;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (rng_one_in(r, 4))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (group && rng_one_in(r, 6))
		setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			   sizeof(group));
	for (int n = rng_below(r, 4); n; n--)
		len += random_attr(msg.attrs + len, r);
	msg.genl.cmd = rng_one_in(r, 8) ? number(r, 4) : 1 + rng_below(r, 2);
	msg.nl.nlmsg_flags |= rng_one_in(r, 8) ? number(r, 0xfff) :
			      msg.genl.cmd == CVM_EVIDENCE_CMD_GET_LOG ?
			      NLM_F_DUMP : NLM_F_ACK;
	msg.nl.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN + len);
	if (sendto(fd, &msg, msg.nl.nlmsg_len, 0, (void *)&to, sizeof(to)) > 0)
		/* a dump that nobody reads to its end is a case, too */
		for (int n = rng_below(r, 4); n; n--)
			if (recv(fd, answer, sizeof(answer), 0) <= 0)
				break;
	close(fd);
	return NULL;
}

static const char *const tables[] = {
	"pem", "der", "none", "outside", "overlap", "wrap", "large", "vlek",
};

const char *op_knob(const struct op *op, struct rng *r)
{
	static const struct {
		const char *name;
		uint32_t max;	/* 0: a word */
	} knobs[] = {
		{ "delay", 40 }, { "block", 1 },
		{ "throttle", 2 }, { "fw_error", 255 },
		{ "rsp_status", 255 }, { "badmsg", 1 },
		{ "key_lost", 1 }, { "keep_key", 1 },
		{ "oversize", 300000 }, { "truncate", 2000 },
		{ "empty", 1 }, { "varlen", 1 },
		{ "garbage", 1 }, { "wrong_data", 1 },
		{ "tcb", 200 }, { "version", 5 },
		{ "fast", 1 }, { "fast", 1 },
		{ "certs", 0 },
	};
	uint32_t i = rng_below(r, ARRAY_SIZE(knobs));
	char path[160];

	if (paravisor)
		return pv_op_knob(op, r);
	if (!sim_driver[0])
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", sim_driver, knobs[i].name);
	if (knobs[i].max)
		write_line(path, "%u:%u\n", rng_below(r, knobs[i].max + 1),
			   1 + rng_below(r, 4));
	else
		write_line(path, "%s:%u\n", tables[rng_below(r, ARRAY_SIZE(tables))],
			   1 + rng_below(r, 4));
	return NULL;
}

const char *op_tpm(const struct op *op, struct rng *r)
{
	return paravisor ? pv_op_tpm(op, r) : NULL;
}

const char *op_param(const struct op *op, struct rng *r)
{
	static const struct {
		const char *name;
		uint32_t usual;
	} params[] = {
		{ "max_blob", 1 << 24 }, { "queue_max", 6 }, { "share_depth", 2 },
		{ "default_timeout_ms", 500 },
	};
	uint32_t i = rng_below(r, ARRAY_SIZE(params)), val;
	char path[96];

	(void)op;
	val = number(r, params[i].usual);
	if (i == 3 && val > 1000)
		val = 1000;
	snprintf(path, sizeof(path), PARAMS "/%s", params[i].name);
	write_line(path, "%u\n", val);
	return NULL;
}

const char *op_memory(const struct op *op, struct rng *r)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
	};

	(void)op;
	mprotect(shaky + page * rng_below(r, 2), page,
		 prots[rng_below(r, ARRAY_SIZE(prots))]);
	if (rng_one_in(r, 3))
		madvise(shaky, 2 * page, MADV_DONTNEED);
	return NULL;
}

/* The next calls of this thread meet a fault */
const char *op_fault(const struct op *op, struct rng *r)
{
	char path[64];

	(void)op;
	if (!ops_faults)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/task/%ld/fail-nth",
		 syscall(SYS_gettid));
	write_line(path, "%u", 1 + rng_below(r, 12));
	return NULL;
}

static void knob(const char *name, const char *value)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", sim_driver, name);
	if (sim_driver[0])
		write_line(path, "%s\n", value);
}

void world_init(void)
{
	char name[32];
	struct nl nl;

	paravisor = sim_paravisor();
	if (paravisor) {
		world_pace = PV_PACE;
		world_again_ms = PV_AGAIN_MS;
		world_quotes = true;
	} else if (read_line("/run/cvm-sim/driver", name, sizeof(name))) {
		snprintf(sim_driver, sizeof(sim_driver), SIM "/%s", name);
	}
	nl_open(&nl);
	family = nl.family;
	group = nl.group;
	nl_close(&nl);
	if (ops_faults)
		inject_kinds(INJECT_SLAB | INJECT_PAGE | INJECT_USERCOPY);
}

void world_begin(void)
{
	static const char *const defaults[][2] = {
		{ PARAMS "/max_blob", "16777216" }, { PARAMS "/queue_max", "1024" },
		{ PARAMS "/share_depth", "2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		write_line(defaults[i][0], "%s\n", defaults[i][1]);
	write_line(PARAMS "/default_timeout_ms", "%u\n", 600 * world_pace);
	mprotect(shaky, 2 * page, PROT_READ | PROT_WRITE);
	if (paravisor)
		pv_begin();
	knob("reset", "1");
	knob("keep_key", "1");
	/* signing is not what is tested, and takes most of the time */
	knob("fast", "1");
	/* what waits for the host waits here as well, only shorter */
	knob("retry_ms", "10");
	knob("retry_max_ms", "40");
}

void world_end(void)
{
	if (paravisor)
		pv_end();
	knob("reset", "1");
	knob("key_lost", "0");
}

void world_settle(void)
{
	int fd;

	if (!paravisor)
		return;
	fd = cvm_open(O_RDONLY);
	cvm_wait_idle(fd, 5000);
	close(fd);
}
