// SPDX-License-Identifier: GPL-2.0-only
/*
 * Knobs and counters, and the socket by which ctl turns and reads them. An
 * answer means that the knob is turned.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pv.h"

#define MESSAGE_MAX	4096

struct word {
	const char *name;
	uint64_t value;
};

static const struct word no_words[] = { {} };
static const struct word lies[] = { { "true", KNOB_TRUE }, {} };
static const struct word user_data[] = {
	{ "lower", USER_DATA_LOWER }, { "upper", USER_DATA_UPPER },
	{ "zeros", USER_DATA_ZEROS }, { "absent", USER_DATA_ABSENT }, {}
};
static const struct word persisted[] = {
	{ "true", PERSISTED_YES }, { "false", PERSISTED_NO },
	{ "absent", PERSISTED_ABSENT }, {}
};
static const struct word nv_states[] = {
	{ "ok", NV_OK }, { "missing", NV_MISSING }, { "uninit", NV_UNINIT }, {}
};
#define AK_CERT_LONG	3
static const struct word ak_cert_states[] = {
	{ "ok", NV_OK }, { "missing", NV_MISSING }, { "uninit", NV_UNINIT },
	{ "long", AK_CERT_LONG }, {}
};
static const struct word quotes[] = {
	{ "ok", QUOTE_OK }, { "data", QUOTE_DATA }, { "short", QUOTE_SHORT },
	{ "long", QUOTE_LONG }, { "mask", QUOTE_MASK }, { "magic", QUOTE_MAGIC },
	{ "type", QUOTE_TYPE }, {}
};
static const struct word ak_states[] = {
	{ "ok", AK_OK }, { "missing", AK_MISSING }, { "other", AK_OTHER }, {}
};
static const struct word powers[] = {
	{ "off", POWER_OFF }, { "on", POWER_ON }, { "reset", POWER_RESET }, {}
};
static const struct word codes[] = {
	{ "lockout", 0x921 }, { "locality", RC_LOCALITY }, { "retry", 0x922 },
	{ "yielded", 0x908 }, { "testing", 0x90a }, { "uninit", RC_NV_UNINITIALIZED },
	{ "failure", 0x101 }, { "object_memory", 0x902 }, {}
};
static const struct word commands[] = {
	{ "any", 0 }, { "nv_read", CC_NV_READ }, { "nv_write", CC_NV_WRITE },
	{ "nv_read_public", CC_NV_READ_PUBLIC }, { "nv_define", CC_DEFINE_SPACE },
	{ "quote", CC_QUOTE }, { "pcr_read", CC_PCR_READ }, { "read_public", CC_READ_PUBLIC },
	{ "get_capability", CC_GET_CAPABILITY }, {}
};

static void set_index(uint64_t v)	{ nv_set_state(&nv_report, v); }
static void set_index_size(uint64_t v)	{ nv_resize(&nv_report, v); }

static void set_ak_cert(uint64_t v)
{
	nv_lengthen_ak_cert(v == AK_CERT_LONG);
	nv_set_state(&nv_ak_cert, v == AK_CERT_LONG ? NV_OK : v);
}

static void set_delay(uint64_t v)	{ delay_over(); }

static const struct knob {
	const char *name;
	const struct word *words;
	uint64_t initial, min, max;
	bool counted;
	void (*set)(uint64_t value);
} knobs[NR_KNOBS] = {
	[K_WINDOW] = { "window", no_words, 2000, 0, 86400000 },
	[K_NEVER] = { "never_refresh", no_words, 0, 0, 1 },
	[K_USER_DATA] = { "user_data", user_data, USER_DATA_LOWER, 0, 3, true },
	[K_HEADER] = { "header", no_words, 2, 0, UINT32_MAX, true },
	[K_PERSISTED] = { "persisted", persisted, PERSISTED_YES, 0, 2, true },
	[K_INDEX] = { "index", nv_states, NV_OK, 0, 2, false, set_index },
	[K_INDEX_SIZE] = { "index_size", no_words, 2600, 1, 4096, false, set_index_size },
	[K_NV_BUFFER] = { "nv_buffer", no_words, 1024, 1, 1024 },
	[K_QUOTE_MAX] = { "quote_max", no_words, 50, 0, 66 },
	[K_TEAR] = { "tear", no_words, 0, 0, 2, true },
	[K_RC] = { "rc", codes, 0, 0, UINT32_MAX, true },
	[K_DENY_LOCALITY] = { "deny_locality", no_words, 0, 0, 1, true },
	[K_WRONG_HASH] = { "wrong_hash", no_words, 0, 0, 1, true },
	[K_GARBAGE] = { "garbage", no_words, 0, 0, 1, true },
	[K_MANGLE] = { "mangle", no_words, 0, 0, UINT32_MAX, true },
	[K_REPORT_SIZE] = { "report_size", lies, KNOB_TRUE, 0, UINT32_MAX, true },
	[K_DATA_SIZE] = { "data_size", lies, KNOB_TRUE, 0, UINT32_MAX, true },
	[K_CLAIMS_SIZE] = { "claims_size", lies, KNOB_TRUE, 0, UINT32_MAX, true },
	[K_CUT] = { "cut", no_words, 0, 0, TPM_MAX, true },
	[K_LIE_TOTAL] = { "lie_total", lies, KNOB_TRUE, 0, UINT32_MAX, true },
	[K_LIE_SIZE] = { "lie_size", lies, KNOB_TRUE, 0, UINT16_MAX, true },
	[K_DELAY] = { "delay", no_words, 0, 0, 3600000, true, set_delay },
	[K_SILENT] = { "silent", no_words, 0, 0, 1, true },
	[K_CC] = { "cc", commands, 0, 0, UINT32_MAX },
	[K_AK] = { "ak", ak_states, AK_OK, 0, 2 },
	[K_AK_CERT] = { "ak_cert", ak_cert_states, NV_OK, 0, AK_CERT_LONG, false, set_ak_cert },
	[K_CERT_DELAY] = { "cert_delay", no_words, 0, 0, 3600000 },
	[K_CERT_TEAR] = { "cert_tear", no_words, 0, 0, 1, true },
	[K_PCR_DRIFT] = { "pcr_drift", no_words, 0, 0, 1, true },
	[K_POWER] = { "power", powers, POWER_ON, 0, 2, false, power_set },
	[K_VERSION] = { "version", no_words, 0, 0, 5, true },
	[K_PRODUCT] = { "product", no_words, 0, 0, 15, true },
	[K_TCB] = { "tcb", no_words, 0, 0, 200, true },
	[K_QUOTE] = { "quote", quotes, QUOTE_OK, 0, QUOTE_TYPE, true },
	[K_WRONG_DATA] = { "wrong_data", no_words, 0, 0, 64, true },
	[K_WRONG_USER_DATA] = { "wrong_user_data", no_words, 0, 0, 64, true },
	[K_VM] = { "vm", no_words, 1, 0, 99, true },
};

static const char *const counter_names[NR_COUNTERS] = {
	[C_COMMANDS] = "commands", [C_READS] = "reads", [C_REFRESHES] = "refreshes",
	[C_STALE] = "stale", [C_TORN] = "torn", [C_WRITES] = "writes",
	[C_QUOTES] = "quotes", [C_FAULTS] = "faults",
};

static struct { uint64_t value, initial; long long left; } state[NR_KNOBS];
uint64_t counters[NR_COUNTERS];

void knobs_init(enum pv_tee tee)
{
	for (int i = 0; i < NR_KNOBS; i++)
		state[i].initial = knobs[i].initial;
	/* The older one, as on SNP machines, and the newer, as on TDX machines. */
	if (tee == PV_SNP) {
		state[K_HEADER].initial = 1;
		state[K_USER_DATA].initial = USER_DATA_UPPER;
	}
	for (int i = 0; i < NR_KNOBS; i++) {
		state[i].value = state[i].initial;
		state[i].left = -1;
	}
}

uint64_t knob(enum pv_knob k)
{
	return state[k].value;
}

uint64_t knob_take(enum pv_knob k)
{
	uint64_t v = state[k].value;

	if (state[k].left > 0 && --state[k].left == 0) {
		state[k].value = state[k].initial;
		state[k].left = -1;
	}
	return v;
}

static void turn(enum pv_knob k, uint64_t value, long long left)
{
	bool changed = state[k].value != value;

	/* A reset of the power is one each time; it ends in `on`. */
	state[k].value = k == K_POWER && value == POWER_RESET ? POWER_ON : value;
	state[k].left = left;
	if (knobs[k].set && (changed || k == K_DELAY))
		knobs[k].set(value);
}

static bool parse(const struct knob *k, const char *s, uint64_t *value)
{
	char *end;

	for (const struct word *w = k->words; w->name; w++) {
		if (!strcmp(w->name, s)) {
			*value = w->value;
			return true;
		}
	}
	errno = 0;
	*value = strtoull(s, &end, 0);
	return *s && *s != '-' && !*end && !errno && *value >= k->min && *value <= k->max;
}

static void print_value(const struct knob *k, int i, char *out, size_t size)
{
	const struct word *w;
	int n;

	for (w = k->words; w->name && w->value != state[i].value; w++)
		;
	if (w->name)
		n = snprintf(out, size, "%s", w->name);
	else
		n = snprintf(out, size, "%llu", (unsigned long long)state[i].value);
	if (state[i].left >= 0)
		snprintf(out + n, size - n, ":%lld", state[i].left);
}

const char *knob_assign(char *text)
{
	char *value = strchr(text, '='), *count, *end;
	long long left = -1;
	uint64_t v;

	if (!value)
		return "a knob is NAME=VALUE";
	*value++ = 0;
	count = strchr(value, ':');
	if (count) {
		*count++ = 0;
		left = strtoll(count, &end, 10);
		if (left < 1 || *end)
			return "a count is a number from 1";
	}
	for (int i = 0; i < NR_KNOBS; i++) {
		if (strcmp(knobs[i].name, text))
			continue;
		if (!parse(&knobs[i], value, &v))
			return "the knob does not take this value";
		if (count && !knobs[i].counted)
			return "the knob does not take a count";
		turn(i, v, left);
		return NULL;
	}
	return "no such knob (see ctl show)";
}

static bool get(const char *name, char *out, size_t size)
{
	for (int i = 0; i < NR_KNOBS; i++) {
		if (!strcmp(knobs[i].name, name)) {
			print_value(&knobs[i], i, out, size);
			return true;
		}
	}
	for (int i = 0; i < NR_COUNTERS; i++) {
		if (!strcmp(counter_names[i], name)) {
			snprintf(out, size, "%llu", (unsigned long long)counters[i]);
			return true;
		}
	}
	return false;
}

static void show(char *out, size_t size)
{
	char value[64];
	size_t n = 0;

	for (int i = 0; i < NR_KNOBS; i++) {
		print_value(&knobs[i], i, value, sizeof(value));
		n += snprintf(out + n, size - n, "%s=%s\n", knobs[i].name, value);
	}
	for (int i = 0; i < NR_COUNTERS; i++)
		n += snprintf(out + n, size - n, "%s=%llu\n", counter_names[i],
			      (unsigned long long)counters[i]);
	out[n - 1] = 0;
}

/* "+TEXT" is a success, "-TEXT" is what was wrong. */
static void obey(char *text, char *out, size_t size)
{
	const char *wrong = NULL;

	out[0] = '+';
	out[1] = 0;
	if (strchr(text, '=')) {
		wrong = knob_assign(text);
	} else if (!strcmp(text, "show")) {
		show(out + 1, size - 1);
	} else if (!strcmp(text, "reset")) {
		for (int i = 0; i < NR_KNOBS; i++)
			turn(i, state[i].initial, -1);
	} else if (strncmp(text, "get ", 4) || !get(text + 4, out + 1, size - 1)) {
		wrong = "no such knob or counter (see ctl show)";
	}
	if (wrong)
		snprintf(out, size, "-%.99s: %s", text, wrong);
}

static int connect_or_bind(int (*what)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = CONTROL_SOCKET };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || what(fd, (struct sockaddr *)&a, sizeof(a)))
		die(CONTROL_SOCKET ": %s", strerror(errno));
	return fd;
}

int control_listen(void)
{
	int fd;

	unlink(CONTROL_SOCKET);
	fd = connect_or_bind(bind);
	if (listen(fd, 16))
		die(CONTROL_SOCKET ": %s", strerror(errno));
	return fd;
}

void control_serve(int listener)
{
	static const struct timeval limit = { .tv_sec = 1 };
	char text[MESSAGE_MAX], out[MESSAGE_MAX];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = 0;
		obey(text, out, sizeof(out));
		if (send(fd, out, strlen(out), MSG_NOSIGNAL) < 0)
			break;
	}
	close(fd);
}

static int ask(int fd, const char *text)
{
	char out[MESSAGE_MAX];
	ssize_t n;

	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		die(CONTROL_SOCKET ": %s", strerror(errno));
	n = recv(fd, out, sizeof(out) - 1, 0);
	if (n <= 0)
		die("the paravisor does not answer");
	out[n] = 0;
	if (out[0] != '+') {
		fprintf(stderr, "ctl: %s\n", out + 1);
		return 1;
	}
	if (out[1])
		puts(out + 1);
	return 0;
}

/* NAME=VALUE[:COUNT]... | get NAME | show | reset */
int control_ask(int argc, char **argv)
{
	char text[MESSAGE_MAX];
	int fd = connect_or_bind(connect), err = 0;

	if (argc == 2 && !strcmp(argv[0], "get")) {
		snprintf(text, sizeof(text), "get %s", argv[1]);
		return ask(fd, text);
	}
	for (int i = 0; i < argc && !err; i++)
		err = ask(fd, argv[i]);
	return err;
}
