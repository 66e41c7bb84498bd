// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coverage by KCOV: every thread's own, and by the handle that our threads
 * inherit from the first one that of the module's thread while it works for
 * them (Documentation/dev-tools/kcov.rst, remote coverage).
 */
#define _GNU_SOURCE
#include "fuzz.h"
#include "../../selftests/cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KCOV		"/sys/kernel/debug/kcov"
#define TEXT		"/sys/module/cvm_evidence/sections/.text"
/* Our code is smaller than this; offsets of instrumented points are bits */
#define TEXT_MAX	(1 << 20)

struct cover {
	int fd;
	uint64_t *area;
};

static uint64_t text;
static uint8_t seen[TEXT_MAX];
static unsigned int total;
static struct cover remote;

static bool cover_open(struct cover *c)
{
	c->fd = open(KCOV, O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return false;
	CHECK(!ioctl(c->fd, KCOV_INIT_TRACE, (unsigned long)COVER_SIZE),
	      "KCOV_INIT_TRACE: %s", strerror(errno));
	c->area = mmap(NULL, COVER_SIZE * sizeof(*c->area),
		       PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	CHECK(c->area != MAP_FAILED, "%s: %s", KCOV, strerror(errno));
	return true;
}

bool cover_init(void)
{
	struct kcov_remote_arg arg = {
		.trace_mode = KCOV_TRACE_PC,
		.area_size = COVER_SIZE,
		.common_handle = kcov_remote_handle(KCOV_SUBSYSTEM_COMMON,
						    getpid()),
	};
	char line[32];

	if (!cover_open(&remote))
		return false;
	CHECK(read_line(TEXT, line, sizeof(line)), "%s: %s", TEXT,
	      strerror(errno));
	text = strtoull(line, NULL, 0);
	CHECK(!ioctl(remote.fd, KCOV_REMOTE_ENABLE, &arg),
	      "KCOV_REMOTE_ENABLE: %s", strerror(errno));
	return true;
}

struct cover *cover_thread(void)
{
	struct cover *c = calloc(1, sizeof(*c));

	CHECK(c && cover_open(c), "%s: %s", KCOV, strerror(errno));
	CHECK(!ioctl(c->fd, KCOV_ENABLE, KCOV_TRACE_PC), "KCOV_ENABLE: %s",
	      strerror(errno));
	return c;
}

void cover_begin(struct cover *c)
{
	__atomic_store_n(c->area, 0, __ATOMIC_RELAXED);
}

void cover_end(struct cover *c)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	(void)c;
}

static unsigned int add(const struct cover *c)
{
	uint64_t n = __atomic_load_n(c->area, __ATOMIC_ACQUIRE);
	unsigned int fresh = 0;

	for (uint64_t i = 1; i <= n && i < COVER_SIZE; i++) {
		uint64_t at = __atomic_load_n(c->area + i, __ATOMIC_RELAXED) -
			      text;

		if (at < TEXT_MAX && !seen[at]) {
			seen[at] = 1;
			fresh++;
		}
	}
	return fresh;
}

unsigned int cover_collect(struct cover **c, unsigned int nr)
{
	unsigned int fresh = add(&remote);

	__atomic_store_n(remote.area, 0, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < nr; i++)
		if (c[i])
			fresh += add(c[i]);
	total += fresh;
	return fresh;
}

unsigned int cover_total(void)
{
	return total;
}

void cover_print(void)
{
	printf("COVER");
	for (unsigned int i = 0; i < TEXT_MAX; i++)
		if (seen[i])
			printf(" %x", i);
	printf("\n");
	fflush(stdout);
}
