// SPDX-License-Identifier: GPL-2.0-only
/* Time, processes and small files. */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

uint64_t now_ms(void)
{
	return now_ns() / 1000000;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

void fill_random(void *buf, size_t len)
{
	CHECK(getrandom(buf, len, 0) == (ssize_t)len, "%s", strerror(errno));
}

pid_t run_child(void (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		fn(arg);
		_exit(0);
	}
	return pid;
}

int reap_child(pid_t pid, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;
	int status;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return status;
		CHECK(got == 0, "waitpid(%d): %s", pid, strerror(errno));
		CHECK(now_ms() < end, "pid %d is not done after %u ms (state %c)",
		      pid, timeout_ms, proc_state(pid));
		sleep_ms(2);
	}
}

void join_child(pid_t pid, unsigned int timeout_ms)
{
	int status = reap_child(pid, timeout_ms);

	if (WIFEXITED(status) && WEXITSTATUS(status) == KTAP_SKIP)
		_exit(KTAP_SKIP);	/* it said why */
	CHECK(status == 0, "child %d ended with wait status 0x%x", pid, status);
}

char proc_state(pid_t pid)
{
	char path[32], line[512], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!read_line(path, line, sizeof(line)))
		return 0;
	p = strrchr(line, ')');
	return p && p[1] == ' ' ? p[2] : 0;
}

bool wait_proc_state(pid_t pid, char state, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;

	while (proc_state(pid) != state) {
		if (now_ms() > end)
			return false;
		sleep_ms(2);
	}
	return true;
}

bool read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, line, size - 1);
	close(fd);
	if (n < 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

int write_line(const char *path, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int fd, n, err = 0;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, n) != n)
		err = -errno;
	close(fd);
	return err;
}
