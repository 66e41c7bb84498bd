// SPDX-License-Identifier: GPL-2.0-only
/*
 * Killed, interrupted, and out of time at every point of a request's life. Its
 * tracepoints are the points: a perf event on one sends the signal itself, so
 * that it comes right there and not some time about it.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS		12
#define CPUS_MAX	64

static const char *const points[] = {
	"queued", "started", "firmware_done", "delivered", "failed",
};

static uint8_t buf[CVM_BUF_SIZE];
static int events[CPUS_MAX], nr_events;
static int fd;

static unsigned long long point_id(const char *point)
{
	char path[128], line[32];

	snprintf(path, sizeof(path),
		 "/sys/kernel/tracing/events/cvm_evidence/cvm_evidence_%s/id",
		 point);
	if (!read_line(path, line, sizeof(line)))
		ktap_skip("no tracepoints (%s)", path);
	return strtoull(line, NULL, 0);
}

/* From now on, that process gets that signal whenever anybody is at the point */
static void watch(const char *point, pid_t pid, int sig)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = point_id(point),
		.sample_period = 1,
		.wakeup_events = 1,
	};

	nr_events = 0;
	for (int cpu = 0; cpu < get_nprocs_conf() && cpu < CPUS_MAX; cpu++) {
		int event = syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
				    PERF_FLAG_FD_CLOEXEC);

		if (event < 0 && errno == ENODEV)
			continue;	/* not online */
		if (event < 0 && (errno == ENOSYS || errno == ENOENT ||
				  errno == EOPNOTSUPP))
			ktap_skip("no perf events: %s", strerror(errno));
		CHECK(event >= 0, "perf_event_open: %s", strerror(errno));
		CHECK(!fcntl(event, F_SETOWN, pid) &&
		      !fcntl(event, F_SETSIG, sig) &&
		      !fcntl(event, F_SETFL, O_ASYNC), "%s", strerror(errno));
		events[nr_events++] = event;
	}
}

/* How often it was */
static unsigned long long unwatch(void)
{
	unsigned long long sum = 0, n;

	for (int i = 0; i < nr_events; i++) {
		if (read(events[i], &n, sizeof(n)) == sizeof(n))
			sum += n;
		close(events[i]);
	}
	nr_events = 0;
	return sum;
}

static void need(const char *point)
{
	need_root();
	sim_need();
	point_id(point);
	fd = cvm_open(O_RDWR);
	if (!strcmp(point, "failed")) {
		sim_set("keep_key=1");
		sim_set("fw_error=0x16");
	}
}

/* Nothing is left, every request has one end, and the next is served */
static void at_rest(const char *point)
{
	struct cvm_live live;
	struct cvm_state st;
	struct cvm_blob b;
	uint8_t rd[64];

	CHECK(cvm_wait_idle(fd, 5000), "%s: requests stay", point);
	for (int i = 0; ; i++) {
		cvm_get_live(&live);
		if (!live.blobs && live.files == 1)
			break;
		CHECK(i < 300, "%s: %u blobs, %u files stay", point, live.blobs,
		      live.files);
		sleep_ms(10);
	}
	cvm_get_info(fd, &st);
	CHECK(st.info.requests_started == st.info.requests_ok +
	      st.info.requests_failed, "%s: %llu started, %llu ok, %llu failed",
	      point, (unsigned long long)st.info.requests_started,
	      (unsigned long long)st.info.requests_ok,
	      (unsigned long long)st.info.requests_failed);
	if (!strcmp(point, "failed"))
		sim_set("fw_error=0");
	fill_random(rd, sizeof(rd));
	cvm_take(fd, rd, sizeof(rd), &b);
	if (!strcmp(point, "failed"))
		sim_set("fw_error=0x16");
}

struct go {
	int pipe[2];
	int way;
};

/* One request by one of three ways, and again if it was interrupted */
static void client(void *arg)
{
	struct cvm_evidence_request req;
	struct go *go = arg;
	int file, err, again = 0;
	struct cvm_blob b;
	uint8_t rd[64];
	ssize_t n;
	char c;

	close(fd);
	file = cvm_open(O_RDWR);
	CHECK(read(go->pipe[0], &c, 1) == 1, "%s", strerror(errno));
	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	if (go->way == 0)
		cvm_write(file, rd, sizeof(rd));
	do {
		/* sequence is 0 at first, and then that of the request */
		err = go->way ? cvm_rejoin(file, &req) : 0;
		n = err ? err : cvm_slurp(file, buf, sizeof(buf));
		/* who closes it instead is done */
		if (n == -EINTR && go->way == 2)
			return;
	} while (n == -EINTR && again++ < 20);
	if (n < 0) {
		CHECK(n == -EIO, "%s", strerror(-n));
		return;
	}
	CHECK(n > 0, "no evidence");
	cvm_blob_check(buf, n, rd, sizeof(rd), &b);
}

static int round_of(const char *point, int way, int sig)
{
	struct go go = { .way = way };
	unsigned long long hits;
	int status;
	pid_t pid;

	CHECK(!pipe(go.pipe), "%s", strerror(errno));
	pid = run_child(client, &go);
	watch(point, pid, sig);
	CHECK(write(go.pipe[1], "g", 1) == 1, "%s", strerror(errno));
	status = reap_child(pid, 20000);
	/* the canceled request of a dead one passes points, too */
	cvm_wait_idle(fd, 5000);
	hits = unwatch();
	close(go.pipe[0]);
	close(go.pipe[1]);
	CHECK(hits, "nobody was at %s", point);
	at_rest(point);
	return status;
}

static void killed_at_each_point(void)
{
	int killed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		need(points[i]);
		for (int r = 0; r < ROUNDS; r++) {
			int status = round_of(points[i], r % 2, SIGKILL);

			/* delivered to a client that was done already: fine */
			CHECK(!status || (WIFSIGNALED(status) &&
					  WTERMSIG(status) == SIGKILL),
			      "%s: wait status 0x%x", points[i], status);
			killed += status != 0;
		}
		close(fd);
		sim_reset();
	}
	CHECK(killed > (int)ARRAY_SIZE(points) * ROUNDS / 2,
	      "only %d of them died", killed);
	ktap_note("%d killed", killed);
}

static void ignore(int sig)
{
	(void)sig;
}

static void interrupted_at_each_point(void)
{
	struct sigaction act = { .sa_handler = ignore };

	/* children inherit it; without SA_RESTART, so calls return EINTR */
	sigaction(SIGUSR1, &act, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		need(points[i]);
		for (int r = 0; r < ROUNDS; r++) {
			int status = round_of(points[i], r % 3, SIGUSR1);

			CHECK(!status, "%s: wait status 0x%x", points[i], status);
		}
		close(fd);
		sim_reset();
	}
}

/* How long a request takes here, ms */
static unsigned int usual_ms(void)
{
	uint64_t begin = now_ms();
	struct cvm_blob b;
	uint8_t rd[64];

	for (int i = 0; i < 4; i++) {
		fill_random(rd, sizeof(rd));
		cvm_take(fd, rd, sizeof(rd), &b);
	}
	return (now_ms() - begin) / 4 + 1;
}

/* Deadlines around the end of a firmware that takes about as long */
static void late_at_each_point(void)
{
	struct cvm_evidence_request req;
	int good = 0, late = 0;
	struct cvm_blob b;
	uint8_t rd[64];

	need("queued");
	for (unsigned int delay = 0; delay <= 20; delay += 5) {
		unsigned int end;

		sim_set("delay=%u", delay);
		end = 3 * usual_ms() + 4;
		for (unsigned int ms = 1; ms <= end; ms += 1 + end / 40) {
			int err;
			ssize_t n;

			fill_random(rd, sizeof(rd));
			cvm_request_init(&req, rd, sizeof(rd));
			req.timeout_ms = ms;
			err = cvm_request(fd, &req);
			CHECK(!err || err == -ETIMEDOUT, "%s", strerror(-err));
			n = cvm_slurp(fd, buf, sizeof(buf));
			if (err) {
				late++;
				CHECK(!n && !req.blob_len, "an answer after all");
				/* or the next would wait for its firmware */
				cvm_wait_idle(fd, 5000);
				continue;
			}
			good++;
			CHECK(n > 0, "%s", strerror(-n));
			cvm_blob_check(buf, n, rd, sizeof(rd), &b);
		}
	}
	ktap_note("%d in time, %d late", good, late);
	CHECK(late, "none was late");
	sim_set("delay=0");
	at_rest("late");
}

static const struct ktap_case cases[] = {
	{ "killed_at_each_point", killed_at_each_point, 180 },
	{ "interrupted_at_each_point", interrupted_at_each_point, 180 },
	{ "late_at_each_point", late_at_each_point, 120 },
};

CVM_TEST_MAIN(cases)
