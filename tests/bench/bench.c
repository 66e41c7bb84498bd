// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void next_report_data(uint8_t rd[static RD_LEN])
{
	static _Atomic uint64_t count;
	uint64_t n = ++count;

	memset(rd, 0x5a, RD_LEN);
	memcpy(rd, &n, sizeof(n));
}

static int cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t quantile(uint64_t *v, size_t n, unsigned int q)
{
	qsort(v, n, sizeof(*v), cmp);
	return v[(n - 1) * q / 100];
}

size_t take(int fd, const uint8_t rd[static RD_LEN], uint8_t *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	if (write(fd, rd, RD_LEN) != RD_LEN)
		die("write to the device: %s", strerror(errno));
	do {
		n = read(fd, buf + len, size - len);
		if (n < 0)
			die("read from the device: %s", strerror(errno));
		len += n;
	} while (n);
	/* the whole answer, and the one to this request: REPORT_DATA is in it */
	if (!memmem(buf, len, rd, RD_LEN))
		die("%zu bytes of evidence without the report_data", len);
	return len;
}
