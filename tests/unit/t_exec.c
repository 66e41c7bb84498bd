// SPDX-License-Identifier: GPL-2.0-only
/* --exec: in order, one at a time, with a queue that says what it has no room for */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/event_exec.h"
#include "unit.h"

static char dir[] = "/tmp/t_exec.XXXXXX";
static sigset_t mask;

/* Until none runs; false after ten seconds */
static bool finish(struct event_exec *x)
{
	struct timespec t = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < 30000 && event_exec_running(x); i++) {
		nanosleep(&t, NULL);
		event_exec_reap(x);
	}
	return !event_exec_running(x);
}

static char *contents(const char *name, struct buf *b)
{
	char *path CLEANUP(free_str) = xasprintf("%s/%s", dir, name);

	buf_add(b, "", 0);
	file_read(path, 16 << 20, b);
	unlink(path);
	return (char *)b->p;
}

static void in_order(void)
{
	/* two at a time would see each other's directory */
	struct event_exec *x = event_exec_new("mkdir one && cat >>out && sleep 0.02 && rmdir one",
					      &mask);
	struct buf b CLEANUP_BUF, want CLEANUP_BUF, said CLEANUP_BUF;
	bool added = true;
	int i;

	complain_into(&said);
	for (i = 0; i < 50; i++) {
		char *text CLEANUP(free_str) = xasprintf("{\"number\":%d}", i);

		buf_printf(&want, "%s\n", text);
		added &= event_exec_add(x, text);
	}
	ok(added && event_exec_running(x), "a slow command: 50 events are taken at once");
	ok(finish(x) && !said.len, "and it ran for all of them, one at a time%s",
	   said.p ? (char *)said.p : "");
	ok(!strcmp(contents("out", &b), (char *)want.p), "in order, each on its standard input");
	complain_into(NULL);
	event_exec_free(&x);
}

static void full(void)
{
	struct event_exec *x = event_exec_new("read line; sleep 0.5; echo >>out", &mask);
	struct buf b CLEANUP_BUF;
	size_t i, taken = 0;

	/* one runs, so many wait */
	for (i = 0; i < EVENT_EXEC_QUEUE + 11; i++)
		taken += event_exec_add(x, "{}");
	ok(taken == EVENT_EXEC_QUEUE + 1, "%zu events are taken when none ends", taken);
	ok(event_exec_dropped(x) == 10, "the others are counted");
	ok(event_exec_dropped(x) == 0, "once");
	ok(event_exec_cancel(x) == EVENT_EXEC_QUEUE, "what waits can be cancelled, and is counted");
	ok(finish(x) && !strcmp(contents("out", &b), "\n"), "the one that runs may end");
	ok(event_exec_add(x, "{}") && finish(x), "and there is room again");
	contents("out", &b);
	event_exec_free(&x);
}

static void says(const char *command, const char *event, const char *message)
{
	struct event_exec *x = event_exec_new(command, &mask);
	struct buf said CLEANUP_BUF;
	bool good;

	complain_into(&said);
	event_exec_add(x, event);
	event_exec_add(x, event);
	good = finish(x);
	complain_into(NULL);
	good &= message ? said.p && strstr((char *)said.p, message) : !said.len;
	ok(good, "'%s': %s", command, said.p ? (char *)said.p : "no message");
	event_exec_free(&x);
}

/* A pipe would be full with neither end to read it. */
static void large(void)
{
	struct event_exec *x = event_exec_new("true; cat >out", &mask);
	size_t len = 4 << 20;
	char *text = xalloc(len + 1);
	struct buf b CLEANUP_BUF;

	memset(text, 'x', len);
	ok(event_exec_add(x, text) && finish(x) && strlen(contents("out", &b)) == len + 1,
	   "an event of 4 MiB");
	event_exec_free(&x);
	free(text);
}

static void environment(void)
{
	struct event_exec *x = event_exec_new("grep -E 'Sig(Blk|Ign)' /proc/self/status >out; ls /proc/self/fd >>out",
					      &mask);
	struct buf b CLEANUP_BUF;
	char *text, *at;
	u64 set;

	event_exec_add(x, "{}");
	finish(x);
	text = contents("out", &b);
	at = strstr(text, "SigBlk:");
	set = at ? strtoull(at + 7, NULL, 16) : ~0ull;
	ok(!(set >> (SIGCHLD - 1) & 1) && !(set >> (SIGTERM - 1) & 1), "its signals are not blocked");
	at = strstr(text, "SigIgn:");
	set = at ? strtoull(at + 7, NULL, 16) : ~0ull;
	ok(!(set >> (SIGPIPE - 1) & 1), "nor is SIGPIPE ignored");
	ok(!strstr(text, "\n7\n"), "files of the tool are not its");
	event_exec_free(&x);
}

int main(void)
{
	sigset_t ours;

	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, &mask);
	if (dup3(0, 7, O_CLOEXEC) != 7)
		return 1;

	in_order();
	full();
	large();
	says("cat >/dev/null", "{}", NULL);
	says("exec 0<&-", "{}", NULL);
	says("exit 3", "{}", "ended with status 3");
	says("no-such-command-at-all 2>/dev/null", "{}", "ended with status 127");
	says("kill -9 $$", "{}", "was killed: Killed");
	environment();
	return rmdir(dir) || unit_failed;
}
