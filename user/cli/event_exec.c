// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/event_exec.h"

struct event_exec {
	const char *command;
	sigset_t mask;
	pid_t child;		/* 0: none */
	char *queue[EVENT_EXEC_QUEUE];
	size_t head, n;
	u64 dropped;
};

struct event_exec *event_exec_new(const char *command, const sigset_t *mask)
{
	struct event_exec *x = xalloc(sizeof(*x));

	x->command = command;
	x->mask = *mask;
	return x;
}

static char *take(struct event_exec *x)
{
	char *json = x->queue[x->head];

	x->head = (x->head + 1) % EVENT_EXEC_QUEUE;
	x->n--;
	return json;
}

void event_exec_free(struct event_exec **x)
{
	if (!*x)
		return;
	while ((*x)->n)
		free(take(*x));
	free(*x);
	*x = NULL;
}

/* A file, not a pipe: a command that does not read it must not block us. */
static int stdin_of(const char *json)
{
	int fd = memfd_create("event", MFD_CLOEXEC);
	char *line CLEANUP(free_str) = xasprintf("%s\n", json);
	size_t len = strlen(line);

	if (fd < 0)
		return -1;
	if (write(fd, line, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int spawn(struct event_exec *x, int in)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)x->command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int err;

	/* the tool ignores SIGPIPE, its children should not */
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	err = posix_spawnattr_init(&attr);
	if (err)
		return err;
	err = posix_spawn_file_actions_init(&files);
	if (err)
		goto out;
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &x->mask);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	err = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	if (!err)
		err = posix_spawn(&x->child, "/bin/sh", &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
out:
	posix_spawnattr_destroy(&attr);
	if (err)
		x->child = 0;
	return err;
}

/* A command that cannot be started is reported and skipped, like one that failed. */
static void start_next(struct event_exec *x)
{
	while (x->n && !x->child) {
		char *json CLEANUP(free_str) = take(x);
		int fd = stdin_of(json), err;

		err = fd < 0 ? errno : spawn(x, fd);
		if (fd >= 0)
			close(fd);
		if (err)
			complain("--exec: cannot start the command: %s; for %s", strerror(err),
				 json);
	}
}

bool event_exec_add(struct event_exec *x, const char *json)
{
	if (x->n == EVENT_EXEC_QUEUE) {
		x->dropped++;
		return false;
	}
	x->queue[(x->head + x->n) % EVENT_EXEC_QUEUE] = xstrdup(json);
	x->n++;
	start_next(x);
	return true;
}

void event_exec_reap(struct event_exec *x)
{
	int status;

	if (!x->child || waitpid(x->child, &status, WNOHANG) != x->child)
		return;
	x->child = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		warning("--exec: the command ended with status %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		warning("--exec: the command was killed: %s", strsignal(WTERMSIG(status)));
	start_next(x);
}

u64 event_exec_dropped(struct event_exec *x)
{
	u64 n = x->dropped;

	x->dropped = 0;
	return n;
}

u64 event_exec_cancel(struct event_exec *x)
{
	u64 n = x->n;

	while (x->n)
		free(take(x));
	return n;
}

bool event_exec_running(const struct event_exec *x)
{
	return x->child;
}
