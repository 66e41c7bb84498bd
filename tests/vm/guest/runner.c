// SPDX-License-Identifier: GPL-2.0-only
/*
 * runner SECONDS ARGV-FILE: runs the command whose words stand in ARGV-FILE,
 * each ended by a zero byte, and carries its two streams to the host's ports,
 * unchanged. The command writes to pipes, not to the ports, because a port
 * can be opened once only and scripts open /dev/stdout. Prints to the status
 * port (standard output) "start", and then "exit N" or "timeout" (and then
 * exits with 1).
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct stream {
	const char *port;
	int from, to, child;
};

static struct stream streams[2] = {
	{ .port = "/dev/virtio-ports/stdout" },
	{ .port = "/dev/virtio-ports/stderr" },
};

static void die(const char *what)
{
	printf("failed runner: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char **read_words(const char *path)
{
	struct stat st;
	size_t n = 0, i = 0;
	char *text, **words;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		die(path);
	text = malloc(st.st_size + 1);
	if (!text || read(fd, text, st.st_size) != st.st_size)
		die(path);
	close(fd);
	text[st.st_size] = 0;
	for (off_t at = 0; at < st.st_size; at++)
		n += !text[at];
	words = calloc(n + 1, sizeof(*words));
	if (!words || !n)
		die(path);
	for (char *p = text; i < n; p += strlen(p) + 1)
		words[i++] = p;
	return words;
}

static pid_t start(char **words)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;

	setsid();
	if (dup2(open("/dev/null", O_RDONLY), 0) < 0 ||
	    dup2(streams[0].child, 1) < 0 || dup2(streams[1].child, 2) < 0)
		_exit(127);
	signal(SIGCHLD, SIG_DFL);
	if (chdir("/root"))
		_exit(127);
	execvp(words[0], words);
	dprintf(2, "%s: %s\n", words[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* One read's worth; 0 at the end or, without blocking, when there is no more. */
static int carry(struct stream *s)
{
	static char buf[65536];
	ssize_t got = read(s->from, buf, sizeof(buf)), put, done = 0;

	if (got <= 0)
		return 0;
	while (done < got) {
		put = write(s->to, buf + done, got - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			die(s->port);
		done += put;
	}
	return 1;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void on_child(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_child };
	sigset_t block, old;
	long long end;
	int status, pipes[2];
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 3) {
		errno = EINVAL;
		die("arguments");
	}
	for (int i = 0; i < 2; i++) {
		streams[i].to = open(streams[i].port, O_WRONLY | O_CLOEXEC);
		if (streams[i].to < 0 || pipe2(pipes, O_CLOEXEC))
			die(streams[i].port);
		streams[i].from = pipes[0];
		streams[i].child = pipes[1];
	}

	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigaction(SIGCHLD, &sa, NULL);
	end = now_ms() + strtol(argv[1], NULL, 10) * 1000LL;
	puts("start");
	pid = start(read_words(argv[2]));
	sigprocmask(SIG_BLOCK, &block, &old);
	for (int i = 0; i < 2; i++)
		close(streams[i].child);

	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd fds[2];
		struct timespec ts;
		long long left = end - now_ms();

		if (left <= 0) {
			puts("timeout");
			return 1;
		}
		for (int i = 0; i < 2; i++)
			fds[i] = (struct pollfd){ .fd = streams[i].from, .events = POLLIN };
		ts.tv_sec = left / 1000;
		ts.tv_nsec = left % 1000 * 1000000;
		if (ppoll(fds, 2, &ts, &old) <= 0)
			continue;
		for (int i = 0; i < 2; i++) {
			if (fds[i].revents && !carry(&streams[i]))
				streams[i].from = -1;
		}
	}

	/*
	 * What the command wrote is in the pipes now. Someone it left behind
	 * may hold them open, so the end of file is not waited for.
	 */
	for (int i = 0; i < 2; i++) {
		fcntl(streams[i].from, F_SETFL, O_NONBLOCK);
		while (streams[i].from >= 0 && carry(&streams[i]))
			;
	}
	printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) :
						128 + WTERMSIG(status));
	return 0;
}
