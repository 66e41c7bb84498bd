// SPDX-License-Identifier: GPL-2.0-only
/* The clients: root and others, of both ABIs; some read netlink. Some die. */
#define _GNU_SOURCE
#include "soak.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUP		"soak-clients"
#define HANG_MS		150000	/* default_timeout_ms is 120000 at most */
#define DEATH_MS	20000
#define STOP_MS		60000

enum who { ROOT, USER, ABI32, READER, STUCK };

static const enum who kinds[SLOTS] = {
	ROOT, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT, USER, USER, USER, ABI32, READER,
	READER, STUCK,
};

static pid_t pids[SLOTS];
static unsigned int generation[SLOTS];
static uint64_t phase_seed;
static char cgroup[160];

/* A client's own numbers: the same for the same seed, slot and generation */
static uint64_t client_seed(unsigned int i)
{
	struct rng r = {
		.state = (phase_seed + 1000003 * i + generation[i]) *
			 0x9e3779b97f4a7c15ULL | 1,
	};

	return rng_next(&r);
}

/* The group's, or 1000 where nobody set one */
static void become_one_of_the_group(unsigned int i)
{
	struct stat st;

	CHECK(!stat(cvm_node(), &st), "%s: %s", cvm_node(), strerror(errno));
	become_user(1000 + i, st.st_gid);
}

static void pause_here(void)
{
	while (soak->pause && !soak->stop)
		usleep(2000);
}

void client_main(unsigned int i, uint64_t seed)
{
	struct slot *slot = &soak->slot[i];
	struct rng r = { .state = seed | 1 };

	slot->op = 0;
	if (kinds[i] == USER)
		become_one_of_the_group(i);
	while (!soak->stop) {
		pause_here();
		switch (kinds[i]) {
		case READER:
			reader_main(&r, slot);
			break;
		case STUCK:
			stuck_main(&r, slot);
			break;
		default:
			ask_random(&r, slot);
		}
	}
}

static void exec_other_abi(unsigned int i, uint64_t seed)
{
	char path[] = "/opt/soak/client32", fd[16], slot[16], num[32];
	int copy = fcntl(soak_fd, F_DUPFD, 3);

	if (access(path, X_OK) || copy < 0)
		return;
	snprintf(fd, sizeof(fd), "%d", copy);
	snprintf(slot, sizeof(slot), "%u", i);
	snprintf(num, sizeof(num), "%llu", (unsigned long long)seed);
	soak->other_abi++;
	execl(path, path, fd, slot, num, NULL);
	/* a kernel without the other ABI */
	soak->other_abi--;
	close(copy);
}

static void start(unsigned int i)
{
	uint64_t seed = client_seed(i);

	generation[i]++;
	pids[i] = fork();
	CHECK(pids[i] >= 0, "fork: %s", strerror(errno));
	if (pids[i])
		return;
	if (*cgroup)
		cgroup_enter(cgroup, getpid());
	if (kinds[i] == ABI32)
		exec_other_abi(i, seed);
	client_main(i, seed);
	_exit(0);
}

void clients_start(uint64_t seed)
{
	phase_seed = seed;
	/* whoever's parent was killed is ours to wait for */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	soak->stop = 0;
	soak->pause = 0;
	cgroup_make(CGROUP, cgroup, sizeof(cgroup));
	for (unsigned int i = 0; i < SLOTS; i++)
		start(i);
}

const char *clients_cgroup(void)
{
	return cgroup;
}

static void say_where(unsigned int i, const char *what)
{
	char path[32], stack[1024] = "";
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stack", pids[i]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, stack, sizeof(stack) - 1);
		close(fd);
	}
	ktap_note("client %u (pid %d) %s, state %c, asking by %s, at %s", i,
		  pids[i], what, proc_state(pids[i]),
		  ask_name(soak->slot[i].op), n > 0 ? stack : "?");
}

static void kill_client(unsigned int i)
{
	uint64_t begin = now_ms(), took;
	int status;

	if (soak->slot[i].op)
		soak->killed_waiting++;
	kill(pids[i], SIGKILL);
	while (waitpid(pids[i], &status, WNOHANG) != pids[i]) {
		if (now_ms() - begin > DEATH_MS) {
			say_where(i, "was killed and lives on");
			check(C_DEATH, false, "pid %d survives SIGKILL", pids[i]);
			return;
		}
		usleep(1000);
	}
	took = now_ms() - begin;
	if (took > soak->slowest_death_ms)
		soak->slowest_death_ms = took;
	/* it may have ended by itself just before: with 1 that is a failure */
	if (WIFEXITED(status))
		check(C_ANSWERS, !WEXITSTATUS(status), "client %u: status %d", i,
		      WEXITSTATUS(status));
	else
		soak->killed++;
	start(i);
}

/* Those that ended by themselves found something; orphans are only reaped. */
static void reap(void)
{
	int status;
	pid_t pid;

	for (unsigned int i = 0; i < SLOTS; i++) {
		if (!pids[i] || waitpid(pids[i], &status, WNOHANG) != pids[i])
			continue;
		pids[i] = 0;
		if (soak->stop && !status)
			continue;
		check(C_ANSWERS, false, "client %u ended with wait status 0x%x", i,
		      status);
		if (!soak->stop)
			start(i);
	}
	for (;;) {
		siginfo_t si = { 0 };
		bool client = false;

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) || !si.si_pid)
			return;
		for (unsigned int i = 0; i < SLOTS; i++)
			client |= si.si_pid == pids[i];
		if (client)
			return;
		pid = waitpid(si.si_pid, &status, WNOHANG);
		if (pid <= 0)
			return;
		/* a fork that lost its parent: what it saw counts */
		if (WIFEXITED(status))
			check(C_ANSWERS, !WEXITSTATUS(status),
			      "an orphan ended with status %d", WEXITSTATUS(status));
	}
}

void clients_look(struct rng *r, bool kill_one)
{
	uint32_t now = now_ms();

	reap();
	for (unsigned int i = 0; i < SLOTS; i++) {
		uint32_t since = soak->slot[i].since_ms;

		if (!soak->slot[i].op || now - since < HANG_MS ||
		    (int32_t)(now - since) < 0)
			continue;
		say_where(i, "hangs");
		check(C_NO_HANG, false, "client %u: %s takes %u ms", i,
		      ask_name(soak->slot[i].op), now - since);
		kill_client(i);
	}
	if (kill_one)
		kill_client(rng_below(r, SLOTS));
}

void clients_stop(void)
{
	uint64_t end = now_ms() + STOP_MS;
	bool all;

	soak->stop = 1;
	do {
		all = true;
		reap();
		for (unsigned int i = 0; i < SLOTS; i++)
			all &= !pids[i];
		usleep(5000);
	} while (!all && now_ms() < end);
	for (unsigned int i = 0; i < SLOTS; i++) {
		if (!pids[i])
			continue;
		say_where(i, "does not stop");
		check(C_NO_HANG, false, "client %u: %s goes on and on", i,
		      ask_name(soak->slot[i].op));
		kill(pids[i], SIGKILL);
	}
	clients_leave();
}

/* Orphans too: whoever is in the cgroup has a file open */
void clients_leave(void)
{
	char procs[192], line[32];
	uint64_t end = now_ms() + DEATH_MS;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	while (*cgroup && read_line(procs, line, sizeof(line)) && atoi(line) > 0) {
		reap();
		if (now_ms() > end) {
			check(C_NO_HANG, false, "pid %s, a client's child, goes on",
			      line);
			kill(atoi(line), SIGKILL);
			end += DEATH_MS;
		}
		usleep(5000);
	}
	reap();
	cgroups_remove();
	*cgroup = '\0';
}
