// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "ktap.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SKIP_WHY_LEN	256
#define TRIES		3

/* What a case's child tells its parent, by whichever of its processes knew. */
static struct told {
	char skip_why[SKIP_WHY_LEN];
	bool late;
} *told;

static void note_v(const char *prefix, const char *fmt, va_list ap)
{
	char line[1024];
	int n;

	n = snprintf(line, sizeof(line), "# %s", prefix);
	n += vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	/* a note is one line, whatever came from the kernel or the simulator */
	for (int i = 0; i < n; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	line[n++] = '\n';
	/* one write: several processes may talk at once */
	if (write(STDOUT_FILENO, line, n) != n)
		_exit(KTAP_FAIL);
}

unsigned int ktap_stress(unsigned int n)
{
	const char *percent = getenv("CVM_STRESS");
	unsigned long long some = n;

	if (percent)
		some = some * strtoul(percent, NULL, 10) / 100;
	return some ? some : 1;
}

void ktap_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_v("", fmt, ap);
	va_end(ap);
}

void ktap_fail(const char *file, int line, const char *fmt, ...)
{
	char where[128];
	va_list ap;

	snprintf(where, sizeof(where), "%s:%d: ", file, line);
	va_start(ap, fmt);
	note_v(where, fmt, ap);
	va_end(ap);
	_exit(KTAP_FAIL);
}

void ktap_fail_time(const char *file, int line, const char *fmt, ...)
{
	char where[128];
	va_list ap;

	told->late = true;
	snprintf(where, sizeof(where), "%s:%d: ", file, line);
	va_start(ap, fmt);
	note_v(where, fmt, ap);
	va_end(ap);
	_exit(KTAP_FAIL);
}

bool ktap_debug_kernel(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

void ktap_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(told->skip_why, SKIP_WHY_LEN, fmt, ap);
	va_end(ap);
	told->skip_why[strcspn(told->skip_why, "\n")] = '\0';
	_exit(KTAP_SKIP);
}

/* waitpid() with an end; false when the time ran out. */
static bool wait_for(pid_t pid, int *status, double seconds)
{
	struct timespec end, now, tick = { .tv_nsec = 20 * 1000 * 1000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &end);
	for (;;) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - end.tv_sec +
		    (now.tv_nsec - end.tv_nsec) / 1e9 > seconds)
			return false;
		sigtimedwait(&set, NULL, &tick);
	}
}

/* CVM_PATIENCE: how many times longer than usual a case may take, on a slow kernel */
static unsigned int limit_of(const struct ktap_case *c)
{
	const char *patience = getenv("CVM_PATIENCE");
	int times = patience ? atoi(patience) : 1;

	return (c->limit_s ? c->limit_s : KTAP_LIMIT_S) * (times > 1 ? times : 1);
}

/* Returns KTAP_PASS, KTAP_FAIL or KTAP_SKIP. */
static int run_case(const struct ktap_program *prog, const struct ktap_case *c)
{
	unsigned int limit = limit_of(c);
	sigset_t chld;
	pid_t pid;
	int status;

	memset(told, 0, sizeof(*told));
	pid = fork();
	if (pid < 0) {
		ktap_note("%s: fork: %s", c->name, strerror(errno));
		return KTAP_FAIL;
	}
	if (!pid) {
		setpgid(0, 0);
		sigemptyset(&chld);
		sigaddset(&chld, SIGCHLD);
		sigprocmask(SIG_UNBLOCK, &chld, NULL);
		if (prog->setup)
			prog->setup();
		c->fn();
		_exit(KTAP_PASS);
	}
	setpgid(pid, pid);
	if (!wait_for(pid, &status, limit)) {
		ktap_note("%s: not done after %u s, killing it", c->name, limit);
		kill(-pid, SIGKILL);
		if (!wait_for(pid, &status, 10))
			ktap_note("%s: pid %d survives SIGKILL", c->name, pid);
		return KTAP_FAIL;
	}
	kill(-pid, SIGKILL);
	if (WIFEXITED(status) && WEXITSTATUS(status) == KTAP_PASS)
		return KTAP_PASS;
	if (WIFEXITED(status) && WEXITSTATUS(status) == KTAP_SKIP)
		return KTAP_SKIP;
	if (WIFSIGNALED(status))
		ktap_note("%s: killed by signal %d (%s)", c->name,
			  WTERMSIG(status), strsignal(WTERMSIG(status)));
	return KTAP_FAIL;
}

/* A failure of its own kind is final; one of time alone has more tries. */
static int try_case(const struct ktap_program *prog, const struct ktap_case *c)
{
	int rc;

	for (int i = 1; ; i++) {
		rc = run_case(prog, c);
		if (prog->teardown)
			prog->teardown();
		/* do not skip it because of what it left behind */
		if (rc == KTAP_SKIP && i > 1)
			return KTAP_FAIL;
		if (rc != KTAP_FAIL || !told->late || i == TRIES)
			return rc;
		ktap_note("%s: times of a busy machine? again", c->name);
	}
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc < 2;
}

int ktap_run(const struct ktap_program *prog, int argc, char **argv)
{
	size_t pass = 0, fail = 0, skip = 0, plan = 0, n = 0;
	sigset_t chld;

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED) {
		perror("mmap");
		return KTAP_FAIL;
	}
	/* blocked, so that sigtimedwait() sees it */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	signal(SIGPIPE, SIG_IGN);

	for (size_t i = 0; i < prog->nr; i++)
		plan += wanted(prog->cases[i].name, argc, argv);
	if (!plan) {
		fprintf(stderr, "no case of that name; there are:");
		for (size_t i = 0; i < prog->nr; i++)
			fprintf(stderr, " %s", prog->cases[i].name);
		fputc('\n', stderr);
		return KTAP_FAIL;
	}
	printf("KTAP version 1\n1..%zu\n", plan);
	fflush(stdout);

	for (size_t i = 0; i < prog->nr; i++) {
		const struct ktap_case *c = &prog->cases[i];

		if (!wanted(c->name, argc, argv))
			continue;
		n++;
		switch (try_case(prog, c)) {
		case KTAP_PASS:
			pass++;
			printf("ok %zu %s\n", n, c->name);
			break;
		case KTAP_SKIP:
			skip++;
			printf("ok %zu %s # SKIP %s\n", n, c->name, told->skip_why);
			break;
		default:
			fail++;
			printf("not ok %zu %s\n", n, c->name);
		}
		fflush(stdout);
	}
	printf("# Totals: pass:%zu fail:%zu xfail:0 xpass:0 skip:%zu error:0\n",
	       pass, fail, skip);
	if (fail)
		return KTAP_FAIL;
	return pass ? KTAP_PASS : KTAP_SKIP;
}

int ktap_skip_all(const char *why)
{
	printf("KTAP version 1\n1..0 # SKIP %s\n", why);
	return KTAP_SKIP;
}
