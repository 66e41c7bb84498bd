// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process 1 of a test guest: starts the session, reaps what is orphaned, and
 * executes itself anew on SIGTERM, as systemd does (systemctl daemon-reexec):
 * tests do that to see who depends on the address space of process 1.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEW_ROOT	"/.root"
#define SESSION		"/etc/vm/session"

static const char *const session_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/sim",
	"HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash", "TERM=dumb",
	"LANG=C.UTF-8", NULL
};

static void die(const char *what)
{
	fprintf(stderr, "vm: init: %s: %s\n", what, strerror(errno));
	exit(1);
}

/*
 * The initramfs cannot be pivoted away from, as containers want to. A bind
 * mount of it can, and process 1 of a distribution has such a root as well.
 */
static void enter_root(void)
{
	if (mkdir(NEW_ROOT, 0755) || mount("/", NEW_ROOT, NULL, MS_BIND, NULL) ||
	    chdir(NEW_ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		die("entering the root");
	rmdir(NEW_ROOT);
}

static void start_session(const sigset_t *old)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return;
	setsid();
	sigprocmask(SIG_SETMASK, old, NULL);
	execle("/bin/sh", "sh", SESSION, NULL, session_env);
	die(SESSION);
}

int main(int argc, char **argv)
{
	sigset_t set, old;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);

	if (argc < 2 || strcmp(argv[1], "again")) {
		sigemptyset(&old);
		enter_root();
		start_session(&old);
	}

	for (;;) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (sigwait(&set, &sig))
			continue;
		if (sig == SIGTERM) {
			execl("/init", "init", "again", NULL);
			die("/init");
		}
	}
}
