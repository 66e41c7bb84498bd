// SPDX-License-Identifier: GPL-2.0-only
/*
 * What changes under load: CPUs go and come, parameters are written. Nobody hangs, nobody gets what is
 * not his, and everything is as before when it is over.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define CLIENTS		6
#define SECONDS		6
#define CPU		"/sys/devices/system/cpu/cpu%d/online"

static struct shared {
	atomic_bool stop;
	atomic_uint good, refused;
} *shared;

/* Errors that the case allows, beside none */
static const int *allowed;

static void client(void *arg)
{
	static uint8_t buf[CVM_BUF_SIZE];
	struct cvm_evidence_request req;
	int fd = cvm_open(O_RDWR);
	struct cvm_blob b;
	uint8_t rd[64];
	ssize_t n;

	(void)arg;
	while (!shared->stop) {
		const int *ok = allowed;
		int err;

		fill_random(rd, sizeof(rd));
		cvm_request_init(&req, rd, sizeof(rd));
		err = -cvm_request(fd, &req);
		while (err && *ok && *ok != err)
			ok++;
		CHECK(!err || *ok, "REQUEST: %s", strerror(err));
		if (err) {
			shared->refused++;
			continue;
		}
		n = cvm_slurp(fd, buf, sizeof(buf));
		CHECK(n > 0, "read: %s", strerror(-n));
		cvm_blob_check(buf, n, rd, sizeof(rd), &b);
		shared->good++;
	}
	close(fd);
}

static void under_load(void (*change)(unsigned int round))
{
	pid_t pids[CLIENTS];
	const char *why;
	struct cvm_state st;
	unsigned int round = 0;
	uint64_t end;
	int fd;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED, "mmap: %s", strerror(errno));
	for (int i = 0; i < CLIENTS; i++)
		pids[i] = run_child(client, NULL);
	end = now_ms() + SECONDS * 1000;
	while (now_ms() < end)
		change(round++);
	shared->stop = true;
	for (int i = 0; i < CLIENTS; i++)
		join_child(pids[i], 20000);
	ktap_note("%u changes, %u good, %u refused", round, shared->good,
		  shared->refused);
	CHECK(shared->good > CLIENTS, "hardly any evidence");

	fd = cvm_open(O_RDONLY);
	CHECK(cvm_wait_idle(fd, 5000), "requests are still alive");
	cvm_get_info(fd, &st);
	why = live_wait(&(struct cvm_live){ .files = 1 }, 5000);
	CHECK(!why, "%s", why);
	CHECK(st.info.requests_started == st.info.requests_ok +
	      st.info.requests_failed, "%llu started",
	      (unsigned long long)st.info.requests_started);
}

/* --- CPUs --- */

static int cpu;

static int cpu_online(int n, int on)
{
	char path[64];

	snprintf(path, sizeof(path), CPU, n);
	return write_line(path, "%d\n", on);
}

static void cpu_change(unsigned int round)
{
	int err = cpu_online(cpu, round % 2);

	CHECK(!err, "CPU %d %s: %s", cpu, round % 2 ? "on" : "off",
	      strerror(-err));
	sleep_ms(100);
}

static void cpu_hotplug(void)
{
	static const int none[] = { 0 };
	char path[64];

	need_root();
	sim_need();
	cpu = get_nprocs_conf() - 1;
	snprintf(path, sizeof(path), CPU, cpu);
	if (!cpu || access(path, W_OK))
		ktap_skip("needs a CPU that can be taken away (%s)", path);
	allowed = none;
	under_load(cpu_change);
}

/* However the case ended */
static void cpus_back(void)
{
	for (int n = 1; n < get_nprocs_conf(); n++)
		cpu_online(n, 1);
}

/* --- parameters --- */

static void param_change(unsigned int round)
{
	static const unsigned int values[][4] = {
		{ 16777216, 1024, 2, 120000 },	/* as they come */
		{ 4096, 1024, 2, 120000 },
		{ 16777216, 1, 2, 120000 },
		{ 16777216, 1024, 1, 120000 },
		{ 262144, 2, 3, 1 },
		{ 1 << 26, 65536, 8, 3600000 },
	};
	static const char *const names[] = {
		"max_blob", "queue_max", "share_depth", "default_timeout_ms",
	};
	unsigned int set = round / 4 % ARRAY_SIZE(values), i = round % 4;
	char path[96];
	int err;

	snprintf(path, sizeof(path), "/sys/module/cvm_evidence/parameters/%s",
		 names[i]);
	err = write_line(path, "%u\n", values[set][i]);
	CHECK(!err, "%s: %s", path, strerror(-err));
	sleep_ms(5);
}

static void parameters(void)
{
	static const int refusals[] = { EBUSY, EDQUOT, EFBIG, ETIMEDOUT, 0 };

	need_root();
	sim_need();
	allowed = refusals;
	/* noted, so that they are set back when the case ends */
	param_set("max_blob", 16777216);
	param_set("queue_max", 1024);
	param_set("share_depth", 2);
	param_set("default_timeout_ms", 120000);
	under_load(param_change);
	CHECK(shared->refused, "no limit was ever met");
}

static const struct ktap_case cases[] = {
	{ "cpu_hotplug", cpu_hotplug, 120 },
	{ "parameters", parameters, 120 },
};

int main(int argc, char **argv)
{
	int status = cvm_main(cases, ARRAY_SIZE(cases), argc, argv);

	cpus_back();
	return status;
}
