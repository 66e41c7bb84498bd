// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/parse.h"
#include "cli/cmd.h"
#include "cli/event_exec.h"
#include "cli/event_filter.h"
#include "cli/event_print.h"
#include "cli/platform.h"
#include "device/follow.h"

/* How often to look for a module that has not announced itself */
#define RETRY_MS	5000
#define ASK_MS		500
/* What a pipe that polls writable takes without making us wait */
#define CHUNK		4096

static const char help[] =
"Usage: cvm-evidence monitor [options]\n"
"\n"
"Prints the events of the module as they happen, one per line: who took evidence,\n"
"what failed, and when to attest again. Needs CAP_NET_ADMIN.\n"
"\n"
"  --json                 one object per line, with everything the event has\n"
"  --filter ATTR=VALUE[,VALUE]...\n"
"                         only events that have one of the values; given several\n"
"                         times, all must hold: --filter type=evidence-taken,reattest\n"
"                         --filter uid=1000. Names are those of --json.\n"
"  --log                  first the kernel's log, the last 1024 events\n"
"  --since NUMBER         first the kernel's log from that event on\n"
"  --exec COMMAND         instead of printing it, run a shell command for each event,\n"
"                         with the event as JSON on its standard input; one at a time,\n"
"                         in order. 4096 events wait for a slow one, more are dropped,\n"
"                         which is reported.\n"
"  --count N              end after N events\n"
"  --timeout SECONDS      end then; status 6 if --count was not reached. 0: do not\n"
"                         wait for events at all, for use with --log\n"
"  --wait                 if the module is not loaded, wait for it\n"
"  -h, --help             this text\n"
"\n"
"Lost events are reported in a line (\"***\") or an object (\"notice\"), and so is\n"
"unloading of the module; monitor then waits until it is loaded again. Ends with\n"
"status 0 on SIGINT, SIGTERM, or when the reader of the output has closed it.\n"
"\n"
"Exit status: 0, 3 the module is not loaded or of another version than this tool,\n"
"4 no CAP_NET_ADMIN, 6 see --timeout.\n"
"\n"
"Examples:\n"
"  cvm-evidence monitor --log\n"
"  cvm-evidence monitor --filter type=reattest --exec 'systemctl restart attest'\n"
"  cvm-evidence monitor --json | jq -r 'select(.uid == 1000).comm'\n";

struct monitor {
	struct follow follow;
	struct event_filter *filters;
	struct event_exec *exec;
	const char *command;
	bool json, log, wait, has_timeout, seen_module;
	u64 since, count, timeout;
	u64 left;		/* of count */
	struct timespec deadline;
	int stop_fd;		/* signals that end it */
	int child_fd;		/* SIGCHLD */
	bool done;
	int rc;
};

static void end(struct monitor *m, int rc)
{
	m->done = true;
	m->rc = rc;
}

/* Write in pieces that fit, so that signals are handled while the reader sleeps */
static void put_line(struct monitor *m, struct buf *line)
{
	struct pollfd p[] = {
		{ .fd = STDOUT_FILENO, .events = POLLOUT },
		{ .fd = m->stop_fd, .events = POLLIN },
	};
	size_t at = 0, len;
	ssize_t n;

	buf_add_str(line, "\n");
	while (at < line->len && !m->done) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0)
			continue;
		if (!(p[0].revents & (POLLOUT | POLLERR | POLLHUP | POLLNVAL))) {
			end(m, RC_OK);
			break;
		}
		len = line->len - at < CHUNK ? line->len - at : CHUNK;
		n = write(STDOUT_FILENO, line->p + at, len);
		if (n >= 0)
			at += (size_t)n;
		else if (errno == EPIPE)
			end(m, RC_OK);
		else if (errno != EINTR && errno != EAGAIN)
			end(m, fail(RC_FAILED, "cannot write standard output: %m"));
	}
}

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

/* @members is JSON behind the name, @text for people */
static void notice(struct monitor *m, const char *name, const char *members, const char *text)
{
	struct buf line CLEANUP_BUF;

	if (m->json) {
		buf_printf(&line, "{\"notice\":\"%s\",\"realtime\":%" PRIu64 "%s}", name, now_ns(),
			   members);
	} else {
		event_time(&line, now_ns());
		buf_printf(&line, " *** %s", text);
	}
	put_line(m, &line);
}

static void on_lost(void *arg, u64 first, u64 last)
{
	char *members CLEANUP(free_str) =
		xasprintf(",\"count\":%" PRIu64 ",\"first\":%" PRIu64 ",\"last\":%" PRIu64,
			  last - first + 1, first, last);
	char *text CLEANUP(free_str) =
		xasprintf("lost: %" PRIu64 " events, #%" PRIu64 " to #%" PRIu64
			  ", came faster than they were read", last - first + 1, first, last);
	struct monitor *m = arg;

	if (!m->done)
		notice(m, "lost", members, text);
}

static void on_loaded(void *arg, bool there)
{
	struct monitor *m = arg;

	m->seen_module |= there;
	if (m->done)
		return;
	if (there)
		notice(m, "loaded", "", "loaded: the module is loaded; event numbers start at 1");
	else
		notice(m, "unloaded", "", "unloaded: waiting for the module to come back");
}

static void tell_dropped(struct monitor *m, u64 n, const char *why)
{
	char *members CLEANUP(free_str) = xasprintf(",\"count\":%" PRIu64, n);
	char *text CLEANUP(free_str) =
		xasprintf("not executed: the command was not run for %" PRIu64 " events: %s", n,
			  why);

	if (n)
		notice(m, "not-executed", members, text);
}

static void on_event(void *arg, const struct event *e)
{
	struct buf line CLEANUP_BUF;
	struct monitor *m = arg;

	if (m->done || !event_filter_match(m->filters, e))
		return;
	if (m->json || m->exec)
		event_json(e, &line);
	else
		event_text(e, &line);
	if (!m->exec)
		put_line(m, &line);
	else if (event_exec_add(m->exec, (char *)line.p))
		tell_dropped(m, event_exec_dropped(m->exec), "the command is slower than the events");
	if (m->left && !--m->left)
		end(m, RC_OK);
}

static int no_module(void)
{
	if (module_state("cvm_evidence") == MODULE_LOADED)
		return fail(RC_NO_PROVIDER,
			    "the module is loaded, but this network namespace has no events: run monitor in the initial one ('cvm-evidence status' there shows whether the module has events)");
	return fail(RC_NO_PROVIDER,
		    "the module is not loaded: 'cvm-evidence load' loads it, --wait waits for it");
}

static int failed(int err)
{
	switch (-err) {
	case ENOENT:
		return no_module();
	case EPERM:
		return fail(RC_DENIED,
			    "events, their log and the counters need CAP_NET_ADMIN in the initial user namespace: run as root, or set AmbientCapabilities=CAP_NET_ADMIN in the unit");
	case EPROTO:
		return fail(RC_NO_PROVIDER,
			    "the loaded module speaks another version of the interface than this tool (%d): install module and tool of one version, then reload the module (modprobe -r cvm_evidence; modprobe cvm_evidence)",
			    CVM_EVIDENCE_API_VERSION);
	default:
		return fail(RC_FAILED, "netlink: %s", strerror(-err));
	}
}

/* ms until the end; -1 for none */
static int time_left(const struct monitor *m)
{
	struct timespec t;
	long long ms;

	if (!m->has_timeout)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &t);
	ms = (m->deadline.tv_sec - t.tv_sec) * 1000LL +
	     (m->deadline.tv_nsec - t.tv_nsec) / 1000000;
	return ms <= 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static void timed_out(struct monitor *m)
{
	if (!m->seen_module)
		end(m, no_module());
	else if (m->left)
		end(m, fail(RC_BUSY, "%" PRIu64 " of %" PRIu64 " events came in %" PRIu64 " s",
			    m->count - m->left, m->count, m->timeout));
	else
		end(m, RC_OK);
}

static void reap(struct monitor *m)
{
	struct signalfd_siginfo si;

	while (read(m->child_fd, &si, sizeof(si)) > 0)
		;
	event_exec_reap(m->exec);
}

static void loop(struct monitor *m)
{
	/* with --exec it does not matter whether our output is closed */
	struct pollfd p[] = {
		{ .fd = netlink_fd(m->follow.nl), .events = POLLIN },
		{ .fd = m->stop_fd, .events = POLLIN },
		{ .fd = m->child_fd, .events = POLLIN },
		{ .fd = m->exec ? -1 : STDOUT_FILENO },
	};
	int ms, err;

	while (!m->done) {
		ms = time_left(m);
		if (!ms) {
			if (m->follow.asks)
				follow_ask(&m->follow);
			if (!m->done)
				timed_out(m);
			break;
		}
		if (!m->follow.attached && (ms < 0 || ms > RETRY_MS))
			ms = RETRY_MS;
		if (m->follow.asks && (ms < 0 || ms > ASK_MS))
			ms = ASK_MS;
		err = 0;
		switch (poll(p, ARRAY_SIZE(p), ms)) {
		case -1:
			continue;
		case 0:
			if (!m->follow.attached)
				err = follow_retry(&m->follow);
			else if (m->follow.asks)
				err = follow_ask(&m->follow);
			break;
		default:
			if (p[1].revents || p[3].revents) {
				end(m, RC_OK);
				continue;
			}
			if (p[2].revents)
				reap(m);
			if (p[0].revents)
				err = follow_receive(&m->follow);
		}
		if (err < 0 && !m->done)
			end(m, failed(err));
	}
}

/* The command still gets the queued events. A signal drops those and waits only
 * for the running command; a second signal does not wait for that either.
 */
static void finish_exec(struct monitor *m)
{
	struct pollfd p[] = {
		{ .fd = m->stop_fd, .events = POLLIN },
		{ .fd = m->child_fd, .events = POLLIN },
	};
	struct signalfd_siginfo si;
	bool told = false;
	int rc = m->rc;

	m->done = false;
	while (event_exec_running(m->exec)) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0)
			continue;
		if (p[1].revents)
			reap(m);
		if (p[0].revents && read(m->stop_fd, &si, sizeof(si)) > 0) {
			if (told)
				break;
			told = true;
			tell_dropped(m, event_exec_cancel(m->exec), "ended by a signal");
		}
	}
	tell_dropped(m, event_exec_dropped(m->exec), "the command is slower than the events");
	m->rc = rc;
}

/* Those that end this and SIGCHLD are read; @mask is for children. */
static int open_signals(struct monitor *m, sigset_t *mask)
{
	sigset_t stop, child, both;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigorset(&both, &stop, &child);
	sigprocmask(SIG_BLOCK, &both, mask);
	m->stop_fd = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
	m->child_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->stop_fd < 0 || m->child_fd < 0)
		return fail(RC_FAILED, "signalfd: %m");
	return RC_OK;
}

static int monitor(struct monitor *m)
{
	static const struct follow_ops ops = {
		.event = on_event, .lost = on_lost, .loaded = on_loaded,
	};
	bool listen = !m->has_timeout || m->timeout;
	sigset_t mask;
	int err, rc;

	m->follow.ops = &ops;
	m->follow.arg = m;
	m->left = m->count;
	clock_gettime(CLOCK_MONOTONIC, &m->deadline);
	m->deadline.tv_sec += (time_t)m->timeout;
	rc = open_signals(m, &mask);
	if (rc)
		return rc;
	if (m->command)
		m->exec = event_exec_new(m->command, &mask);
	err = follow_open(&m->follow, listen);
	if (!err)
		err = follow_start(&m->follow, m->log, m->since);
	m->seen_module |= m->follow.attached;
	if (err && !(err == -ENOENT && m->wait && listen))
		end(m, failed(err));
	if (listen)
		loop(m);
	if (m->exec)
		finish_exec(m);
	follow_close(&m->follow);
	event_exec_free(&m->exec);
	return m->rc;
}

static int run(int argc, char **argv)
{
	enum { FILTER = OPT_LONG, LOG, SINCE, EXEC, COUNT, TIMEOUT, WAIT };
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "filter", required_argument, NULL, FILTER },
		{ "log", no_argument, NULL, LOG },
		{ "since", required_argument, NULL, SINCE },
		{ "exec", required_argument, NULL, EXEC },
		{ "count", required_argument, NULL, COUNT },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "wait", no_argument, NULL, WAIT },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct monitor m = { 0 };
	int c, rc = RC_OK;

	while (!rc && (c = cmd_getopt(argc, argv, "h", options)) != -1) {
		switch (c) {
		case 'j':
			m.json = true;
			break;
		case FILTER:
			rc = event_filter_add(&m.filters, optarg);
			break;
		case SINCE:
			rc = parse_number("--since", optarg, UINT64_MAX, &m.since);
			m.log = true;
			break;
		case LOG:
			m.log = true;
			break;
		case EXEC:
			m.command = optarg;
			break;
		case COUNT:
			rc = parse_number("--count", optarg, UINT64_MAX, &m.count);
			if (!rc && !m.count)
				rc = fail(RC_USAGE, "--count: it must be at least 1");
			break;
		case TIMEOUT:
			rc = parse_number("--timeout", optarg, INT32_MAX, &m.timeout);
			m.has_timeout = true;
			break;
		case WAIT:
			m.wait = true;
			break;
		case 'h':
			rc = cmd_help(&cmd_monitor);
			goto out;
		default:
			rc = cmd_usage(&cmd_monitor);
		}
	}
	if (!rc && optind < argc) {
		complain("monitor takes no argument '%s'", argv[optind]);
		rc = cmd_usage(&cmd_monitor);
	}
	if (!rc)
		rc = monitor(&m);
out:
	event_filter_free(&m.filters);
	return rc;
}

const struct cmd cmd_monitor = {
	.name = "monitor",
	.summary = "shows who takes evidence, what fails, and when to attest again",
	.help = help,
	.run = run,
};
