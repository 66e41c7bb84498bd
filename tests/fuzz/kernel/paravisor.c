// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulated paravisor (tests/sim/paravisor): a TPM that refuses, lies, tears,
 * is slow and comes and goes; and others who use the TPM beside us.
 */
#define _GNU_SOURCE
#include "fuzz.h"
#include "../../selftests/cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTROL		"/run/cvm-sim/paravisor"
#define PLUG_MS		15000	/* until the kernel has made a TPM of it */
#define PLUG_TRIES	6	/* it gives up one that is too slow for it */

#define RH_OWNER	0x40000001U
#define INDEX_INPUT	0x01400002U

/* What a program did to the TPM that no reset of the knobs undoes */
static atomic_bool power_touched, index_touched;

/* --- knobs --- */

static int control(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = CONTROL };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (void *)&a, sizeof(a))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The knob is turned when this is back; false: a value that it does not take */
static bool turn(int fd, const char *fmt, ...)
{
	char text[96], answer[256];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return send(fd, text, len, MSG_NOSIGNAL) == len &&
	       recv(fd, answer, sizeof(answer), 0) > 0 && answer[0] == '+';
}

#define WORDS(...)	(const char *const[]){ __VA_ARGS__, NULL }

static const char *const commands[] = {
	"any", "nv_read", "nv_read", "nv_write", "nv_read_public", "nv_define",
	"quote", "pcr_read", "read_public", "get_capability", NULL
};

static const struct pv_knob {
	const char *name;
	uint32_t max;			/* without words */
	const char *const *words;
	bool counted;
} knobs[] = {
	{ "window", 100, NULL, false },
	{ "never_refresh", 1, NULL, false },
	{ "user_data", 0, WORDS("lower", "upper", "zeros", "absent"), true },
	{ "header", 4, NULL, true },
	{ "persisted", 0, WORDS("true", "false", "absent"), true },
	{ "index", 0, WORDS("ok", "missing", "uninit"), false },
	{ "index_size", 4096, NULL, false },
	{ "nv_buffer", 1024, NULL, false },
	{ "quote_max", 66, NULL, false },
	{ "tear", 2, NULL, true },
	{ "tear", 2, NULL, true },
	{ "rc", 0, WORDS("lockout", "locality", "retry", "yielded", "testing",
			 "uninit", "failure", "0x148", "0x149", "0x14b", "0x18b",
			 "0x28b", "0x902", "0x920", "0x98e", "0x9a2", "0x1d5"),
	  true },
	{ "rc", 0xfff, NULL, true },
	{ "wrong_hash", 1, NULL, true },
	{ "mangle", 100000, NULL, true },
	{ "mangle", 100000, NULL, true },
	{ "garbage", 1, NULL, true },
	{ "report_size", 2600, NULL, true },
	{ "data_size", 2600, NULL, true },
	{ "claims_size", 2600, NULL, true },
	{ "cut", 60, NULL, true },
	{ "cut", 4096, NULL, true },
	{ "lie_total", 4096, NULL, true },
	{ "lie_size", 0xffff, NULL, true },
	{ "lie_size", 70, NULL, true },
	{ "delay", 60, NULL, true },
	{ "ak", 0, WORDS("ok", "missing", "other"), false },
	{ "ak_cert", 0, WORDS("ok", "missing", "uninit"), false },
	{ "pcr_drift", 1, NULL, true },
	{ "tcb", 200, NULL, true },
	{ "vm", 99, NULL, true },
};

static const char *pick(const char *const *words, struct rng *r)
{
	uint32_t n = 0;

	while (words[n])
		n++;
	return words[rng_below(r, n)];
}

const char *pv_op_knob(const struct op *op, struct rng *r)
{
	const struct pv_knob *k = &knobs[rng_below(r, ARRAY_SIZE(knobs))];
	int fd = control();
	char value[32], count[8] = "";

	(void)op;
	if (fd < 0)
		return NULL;
	if (rng_one_in(r, 40)) {
		power_touched = true;
		if (rng_one_in(r, 8))
			turn(fd, "deny_locality=1");
		turn(fd, "power=%s", pick(WORDS("off", "on", "reset"), r));
	} else {
		if (rng_one_in(r, 2))
			turn(fd, "cc=%s", pick(commands, r));
		if (k->words)
			snprintf(value, sizeof(value), "%s", pick(k->words, r));
		else
			snprintf(value, sizeof(value), "%u", number(r, k->max));
		/* for good, a TPM does what is refused at once */
		if (k->counted && !rng_one_in(r, 8))
			snprintf(count, sizeof(count), ":%u", 1 + rng_below(r, 5));
		/* nobody waits longer than for a TPM's slowest command */
		if (!strcmp(k->name, "delay"))
			snprintf(value, sizeof(value), "%u",
				 rng_below(r, rng_one_in(r, 8) ? 900 : 60));
		turn(fd, "%s=%s%s", k->name, value, count);
	}
	close(fd);
	return NULL;
}

/* --- another user of the TPM --- */

struct command {
	uint8_t p[160];
	size_t len;
};

static void put(struct command *c, uint64_t value, unsigned int size)
{
	while (size--)
		c->p[c->len++] = value >> (8 * size);
}

/* A command with one empty password, up to its parameters */
static void begin(struct command *c, uint32_t cc, uint32_t handle, uint32_t second)
{
	c->len = 0;
	put(c, 0x8002, 2);
	put(c, 0, 4);
	put(c, cc, 4);
	put(c, handle, 4);
	if (second)
		put(c, second, 4);
	put(c, 9, 4);
	put(c, 0x40000009, 4);
	put(c, 0, 5);
}

static void undefine(struct command *c)
{
	begin(c, 0x122, RH_OWNER, INDEX_INPUT);
}

static void send_command(struct command *c)
{
	uint8_t answer[4096];
	size_t len = c->len;
	int fd = -1;
	glob_t g;

	c->len = 2;
	put(c, len, 4);
	/* its number changes when it comes back while the last one is in use */
	if (!glob("/dev/tpmrm[0-9]*", 0, NULL, &g)) {
		fd = open(g.gl_pathv[0], O_RDWR | O_CLOEXEC);
		globfree(&g);
	}
	if (fd < 0)
		return;
	if (write(fd, c->p, len) == (ssize_t)len &&
	    read(fd, answer, sizeof(answer)) < 0)
		errno = 0;
	close(fd);
}

const char *pv_op_tpm(const struct op *op, struct rng *r)
{
	struct command c;
	uint32_t size;

	(void)op;
	switch (rng_below(r, 4)) {
	case 0:
		undefine(&c);
		index_touched = true;
		break;
	case 1:
		/* owner writes, owner reads, as ours; of another size */
		begin(&c, 0x12a, RH_OWNER, 0);
		put(&c, 0, 2);
		put(&c, 14, 2);
		put(&c, INDEX_INPUT, 4);
		put(&c, 0x000b, 2);
		put(&c, 0x00020002, 4);
		put(&c, 0, 2);
		put(&c, number(r, 80), 2);
		index_touched = true;
		break;
	case 2:
		begin(&c, 0x137, RH_OWNER, INDEX_INPUT);
		size = rng_below(r, 65);
		put(&c, size, 2);
		bytes(r, c.p + c.len, size);
		c.len += size;
		put(&c, 0, 2);
		break;
	case 3:
		begin(&c, 0x182, 8 + rng_below(r, 16), 0);
		put(&c, 1, 4);
		put(&c, 0x000b, 2);
		bytes(r, c.p + c.len, 32);
		c.len += 32;
		break;
	}
	send_command(&c);
	return NULL;
}

/* --- programs --- */

static bool tpm_there(void)
{
	glob_t g = { 0 };
	bool there = !glob("/dev/tpmrm[0-9]*", 0, NULL, &g);

	globfree(&g);
	return there;
}

static void reset(void)
{
	int fd = control();

	CHECK(fd >= 0 && turn(fd, "reset") && turn(fd, "window=0"), "%s: %s",
	      CONTROL, strerror(errno));
	close(fd);
}

static void plug(void)
{
	for (int i = 0; i < PLUG_TRIES; i++) {
		uint64_t end = now_ms() + PLUG_MS;
		int fd = control();

		CHECK(fd >= 0 && turn(fd, "power=reset"), "%s: %s", CONTROL,
		      strerror(errno));
		close(fd);
		while (now_ms() < end) {
			usleep(20000);
			if (tpm_there())
				return;
		}
	}
	CHECK(false, "the TPM does not come back");
}

/* A new report at each read: nobody waits for the window to end */
void pv_begin(void)
{
	reset();
}

void pv_end(void)
{
	struct command c;

	reset();
	if (atomic_exchange(&power_touched, false))
		plug();
	if (atomic_exchange(&index_touched, false)) {
		undefine(&c);
		send_command(&c);
	}
}
