// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every request that is admitted has exactly one end: by the tracepoints, which
 * tell of each by its number, and by the events, of which it is one.
 */
#define _GNU_SOURCE
#include "soak.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSTANCE	"/sys/kernel/tracing/instances/cvm-soak"
#define BUFFER_KB	"8192"	/* of each CPU */
#define TOLD_MAX	8

static struct ends {
	counter ready, stop, lines, lost, strange;
	uint8_t queued[SEQ_MAX];
	uint8_t delivered[SEQ_MAX];
	uint8_t failed[SEQ_MAX];
	uint8_t taken_event[SEQ_MAX];
	uint8_t failed_event[SEQ_MAX];
} *ends;
static pid_t tracer;

static void bump(uint8_t *table, uint64_t seq)
{
	if (seq < SEQ_MAX && table[seq] < 255)
		table[seq]++;
}

void ends_event(uint64_t seq, bool taken)
{
	bump(taken ? ends->taken_event : ends->failed_event, seq);
}

static void line_of(const char *line)
{
	static const char prefix[] = "cvm_evidence_";
	const char *name, *seq = strstr(line, "seq=");
	uint64_t n = seq ? strtoull(seq + 4, NULL, 10) : 0;

	if (strstr(line, "[LOST")) {
		ends->lost++;
		return;
	}
	name = strstr(line, prefix);
	if (!name || !n || n >= SEQ_MAX) {
		ends->strange++;
		return;
	}
	ends->lines++;
	name += sizeof(prefix) - 1;
	if (!strncmp(name, "queued:", 7))
		bump(ends->queued, n);
	else if (!strncmp(name, "delivered:", 10))
		bump(ends->delivered, n);
	else if (!strncmp(name, "failed:", 7))
		bump(ends->failed, n);
	else
		ends->strange++;
}

static void trace(void *arg)
{
	static char text[1 << 16];
	size_t have = 0;
	int fd;

	(void)arg;
	fd = open(INSTANCE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK(fd >= 0, INSTANCE "/trace_pipe: %s", strerror(errno));
	ends->ready = 1;
	for (;;) {
		bool last = ends->stop;
		char *line = text, *end;
		ssize_t n = read(fd, text + have, sizeof(text) - 1 - have);

		if (n < 0 && errno == EAGAIN) {
			if (last)
				break;
			usleep(20000);
			continue;
		}
		CHECK(n >= 0, "trace_pipe: %s", strerror(errno));
		have += n;
		text[have] = '\0';
		while ((end = strchr(line, '\n'))) {
			*end = '\0';
			line_of(line);
			line = end + 1;
		}
		have -= line - text;
		memmove(text, line, have);
	}
	_exit(0);
}

static void set(const char *file, const char *value)
{
	int err = write_line(file, "%s\n", value);

	CHECK(!err, "%s: %s", file, strerror(-err));
}

void ends_start(void)
{
	if (!ends)
		ends = mmap(NULL, sizeof(*ends), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(ends != MAP_FAILED, "mmap: %s", strerror(errno));
	/* what a phase that failed has left */
	rmdir(INSTANCE);
	CHECK(!mkdir(INSTANCE, 0700), INSTANCE ": %s", strerror(errno));
	set(INSTANCE "/buffer_size_kb", BUFFER_KB);
	set(INSTANCE "/events/cvm_evidence/cvm_evidence_queued/enable", "1");
	set(INSTANCE "/events/cvm_evidence/cvm_evidence_delivered/enable", "1");
	set(INSTANCE "/events/cvm_evidence/cvm_evidence_failed/enable", "1");
	tracer = run_child(trace, NULL);
	for (int i = 0; !ends->ready; i++) {
		CHECK(i < 1000, "the tracer does not come up");
		usleep(10000);
	}
}

/* What the buffers of the CPUs lost, by their own word */
static unsigned long overruns(void)
{
	unsigned long sum = 0, n;
	char path[128], line[128];
	DIR *dir = opendir(INSTANCE "/per_cpu");
	struct dirent *e;
	FILE *f;

	CHECK(dir, INSTANCE "/per_cpu: %s", strerror(errno));
	while ((e = readdir(dir))) {
		snprintf(path, sizeof(path), INSTANCE "/per_cpu/%.16s/stats",
			 e->d_name);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "overrun: %lu", &n) == 1 ||
			    sscanf(line, "commit overrun: %lu", &n) == 1 ||
			    sscanf(line, "dropped events: %lu", &n) == 1)
				sum += n;
		if (f)
			fclose(f);
	}
	closedir(dir);
	return sum;
}

void ends_stop(void)
{
	int status;

	ends->lost += overruns();
	ends->stop = 1;
	status = reap_child(tracer, 60000);
	check(C_ENDS, !status, "the tracer: wait status 0x%x", status);
	set(INSTANCE "/events/enable", "0");
	CHECK(!rmdir(INSTANCE), INSTANCE ": %s", strerror(errno));
}

void ends_check(uint64_t first, uint64_t last, uint64_t ok, uint64_t lost)
{
	unsigned int wrong = 0, delivered = 0, unsaid = 0;

	check(C_ENDS, !ends->lost && !ends->strange,
	      "traces lost %u times, %u lines are strange", ends->lost,
	      ends->strange);
	check(C_ENDS, last < SEQ_MAX, "too many requests to follow");
	for (uint64_t n = first; n <= last && n < SEQ_MAX; n++) {
		bool taken = ends->delivered[n] == 1;

		delivered += taken;
		if (ends->queued[n] != 1 ||
		    ends->delivered[n] + ends->failed[n] != 1) {
			if (wrong++ < TOLD_MAX)
				ktap_note("request %llu: queued %u times, delivered %u, failed %u",
					  (unsigned long long)n, ends->queued[n],
					  ends->delivered[n], ends->failed[n]);
			continue;
		}
		if (ends->taken_event[n] != taken ||
		    ends->failed_event[n] != !taken) {
			if (unsaid++ < TOLD_MAX && !lost)
				ktap_note("request %llu %s: %u events that it was taken, %u that it failed",
					  (unsigned long long)n,
					  taken ? "delivered" : "failed",
					  ends->taken_event[n],
					  ends->failed_event[n]);
		}
	}
	check(C_ENDS, !wrong, "%u of %llu requests have no end, or two", wrong,
	      (unsigned long long)(last - first + 1));
	check(C_ENDS, delivered == ok, "%u delivered, the counter has %llu",
	      delivered, (unsigned long long)ok);
	check(C_EVENTS, unsaid <= lost, "%u requests without one event, %llu events lost",
	      unsaid, (unsigned long long)lost);
}
