// SPDX-License-Identifier: GPL-2.0-only
/*
 * soak: one turn on the simulated TEE that runs here, some phases of it. Each
 * phase is a process of its own, as are all clients: what fails ends that one
 * and is counted. All choices come from the seed, and from what came of those
 * before; when they come, and who is quicker, does not.
 */
#define _GNU_SOURCE
#include "soak.h"
#include "../selftests/drivers.h"
#include "../selftests/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define PHASE_S		20
#define PHASE_MORE_S	300	/* for its end, on a machine that is slow */
#define LOOK_MS		150

struct soak *soak;
int soak_fd = -1;

static const char *const checks[NR_CHECKS] = {
	[C_ANSWERS] = "clients met evidence for their data, and errors that may be",
	[C_NO_HANG] = "no client hung",
	[C_DEATH] = "the killed died",
	[C_IDLE] = "no request was left",
	[C_COUNTERS] = "the counters add up",
	[C_ENDS] = "every request had exactly one end",
	[C_EVENTS] = "every event was seen or is known to be lost",
	[C_OBJECTS] = "no file, blob or entry was left",
	[C_CACHES] = "no object was left in our caches",
	[C_ENTRIES] = "no entry was left in configfs",
	[C_AGAIN] = "evidence was had when all was over",
	[C_UNLOAD] = "cvm_evidence unloaded, and nothing of it stayed",
	[C_DRIVER] = "the driver unloaded at once",
	[C_MEMORY] = "memory did not grow",
	[C_LEAKS] = "kmemleak found nothing",
	[C_TASKS] = "no task hung",
	[C_LOG] = "nothing in the kernel's log",
	[C_PHASE] = "phases ended by themselves",
};

bool check(enum check c, bool ok, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	soak->checks[c][!ok]++;
	if (ok)
		return true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ktap_note("FAILED: %s: %s", checks[c], text);
	return false;
}

/* --- a phase --- */

struct phase {
	uint64_t seed;
	unsigned int nr;
	unsigned int seconds;
};

static void run_phase(void *arg)
{
	const struct phase *p = arg;
	uint64_t end = now_ms() + p->seconds * 1000ULL, looked = 0;
	/* when to look at them takes time into account, so that has its own */
	struct rng r = { .state = p->seed | 1 }, kills;

	kills.state = rng_next(&r) | 1;
	/* who sees to it has to come before those who are many */
	nice(-10);
	faults_over();
	rest_before();
	ends_start();
	listener_start();
	faults_phase(&r);
	clients_start(rng_next(&r));
	while (now_ms() < end) {
		usleep(20000 + rng_below(&r, 150000));
		if (rng_one_in(&r, 3))
			changes_act(&r);
		else
			faults_act(&r);
		if (now_ms() - looked > LOOK_MS) {
			clients_look(&kills, rng_one_in(&kills, 2));
			looked = now_ms();
		}
	}
	/* they go on for a moment with all of it as it was */
	faults_end();
	changes_end();
	usleep(500000);
	clients_look(&kills, false);
	clients_stop();
	faults_over();
	rest_after();
	rest_unload();
	rest_memory(p->nr);
	check(C_ANSWERS, true, " ");
	check(C_NO_HANG, true, " ");
	check(C_DEATH, true, " ");
}

static void run_quietly(const char *program, const char *arg)
{
	pid_t pid = fork();

	if (!pid) {
		freopen("/dev/null", "w", stderr);
		execlp(program, program, arg, NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

/* Whatever became of it, the next one finds all as it was. */
static void tidy(pid_t group)
{
	kill(-group, SIGKILL);
	for (int n = 1; n < get_nprocs_conf(); n++) {
		char path[64];

		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
			 n);
		write_line(path, "1\n");
	}
	write_line("/sys/power/pm_test", "none\n");
	inject_reset();
	params_restore();
	cgroups_remove();
	run_quietly("/opt/sim/ctl", "reset");
	if (!sim_paravisor() && !module_loaded(driver_name()))
		run_quietly("/opt/sim/ctl", "load");
	run_quietly("modprobe", "cvm_evidence");
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void phase(struct phase *p)
{
	uint64_t begin = now_ms();
	uint32_t before = soak->started, good = soak->outcome[0];
	int status = -1;
	pid_t pid;

	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		run_phase(p);
		_exit(0);
	}
	setpgid(pid, pid);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (now_ms() - begin > (p->seconds + PHASE_MORE_S) * 1000ULL) {
			ktap_note("phase %u does not end", p->nr + 1);
			break;
		}
		usleep(20000);
	}
	check(C_PHASE, !status, "phase %u: wait status 0x%x", p->nr + 1, status);
	if (status)
		tidy(pid);
	printf("# phase %u: %u requests, %u with evidence seen, %llu s\n", p->nr + 1,
	       soak->started - before, soak->outcome[0] - good,
	       (unsigned long long)(now_ms() - begin) / 1000);
	fflush(stdout);
}

/* --- figures --- */

static void print_outcomes(void)
{
	printf("# clients saw: evidence %u", soak->outcome[0]);
	for (int i = 1; i < ERRNO_MAX; i++)
		if (soak->outcome[i])
			printf(", %s %u", strerrorname_np(i), soak->outcome[i]);
	printf("; %u wrong arguments refused, %u abandoned, %u interrupted, %u rejoined; the slowest of %u deaths took %u ms\n",
	       soak->wrong_args, soak->abandoned, soak->interrupted, soak->rejoined,
	       soak->killed, soak->slowest_death_ms);
}

/* Words for tests/soak/run to add up */
static void print_figures(unsigned int seconds)
{
	printf("FIGURES seconds=%u requests=%u evidence=%u failed=%u seen=%u wrong_arguments=%u abandoned=%u interrupted=%u rejoined=%u",
	       seconds, soak->started, soak->ok, soak->failed, soak->outcome[0],
	       soak->wrong_args, soak->abandoned, soak->interrupted,
	       soak->rejoined);
	printf(" knobs_turned=%u firmware_failures=%u memory_faults=%u worker_memory_faults=%u",
	       soak->knobs, soak->firmware_failed, soak->client_faults,
	       soak->worker_faults);
	printf(" driver_reloads=%u rmmods_refused=%u our_reloads=%u tpm_resets=%u cpu_hotplugs=%u parameters=%u freezes=%u suspends=%u",
	       soak->reloads, soak->refused_unloads, soak->our_reloads,
	       soak->tpm_resets, soak->hotplugs, soak->params, soak->freezes,
	       soak->suspends);
	printf(" killed=%u killed_asking=%u forks=%u other_abi=%u netlink_reads=%u stuck_listeners=%u dumps_left=%u events_seen=%u events_lost=%u\n",
	       soak->killed, soak->killed_waiting, soak->forks, soak->other_abi,
	       soak->readers, soak->stuck, soak->dumps_left, soak->events,
	       soak->events_lost);
}

static int verdict(void)
{
	unsigned int passed = 0, failed = 0, skipped = 0;

	for (int c = 0; c < NR_CHECKS; c++) {
		uint32_t good = soak->checks[c][0], bad = soak->checks[c][1];

		if (bad)
			printf("not ok %s: %u times\n", checks[c], bad);
		else if (good)
			printf("ok %s\n", checks[c]);
		else
			printf("ok %s # SKIP not looked at here\n", checks[c]);
		failed += bad > 0;
		passed += !bad && good;
		skipped += !bad && !good;
	}
	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	fflush(stdout);
	return failed ? 1 : 0;
}

/* The sample's own report_data, where evidence is replayed */
static void know_replay(void)
{
	uint8_t *sample = calloc(1, CVM_BUF_SIZE);
	struct cvm_blob b = { .nr = 1 };
	const uint8_t *bound;
	struct cvm_state st;
	ssize_t n;
	int fd;

	if (!sim_replays())
		return;
	fd = open("/opt/sim/replay/evidence", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, sample, CVM_BUF_SIZE);
	CHECK(n > 0, "/opt/sim/replay/evidence: %s", strerror(errno));
	close(fd);
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &st);
	close(fd);
	b.hdr.tee = st.info.tee;
	if (st.info.auto_provider == CVM_EVIDENCE_PROVIDER_TDX_GUEST)
		b.hdr.flags = CVM_EVIDENCE_BLOB_F_TDREPORT;
	b.item[0].type = CVM_EVIDENCE_ITEM_REPORT;
	b.item[0].data = sample;
	b.item[0].len = n;
	bound = cvm_blob_bound(&b);
	CHECK(bound, "the sample has no REPORT_DATA that we know");
	memcpy(soak->replay_rd, bound, sizeof(soak->replay_rd));
	soak->replays = 1;
	free(sample);
}

static void share(void)
{
	soak_fd = memfd_create("soak", MFD_CLOEXEC);
	CHECK(soak_fd >= 0 && !ftruncate(soak_fd, sizeof(*soak)), "memfd: %s",
	      strerror(errno));
	soak = mmap(NULL, sizeof(*soak), PROT_READ | PROT_WRITE, MAP_SHARED,
		    soak_fd, 0);
	CHECK(soak != MAP_FAILED, "mmap: %s", strerror(errno));
}

static void usage(FILE *f)
{
	fputs("usage: soak [-s SEED] [-t SECONDS] [-p SECONDS]\n"
	      "\n"
	      "  -s SEED     a number; else a random one, which is printed\n"
	      "  -t SECONDS  how long clients run in all (60)\n"
	      "  -p SECONDS  and in one phase (20)\n",
	      f);
}

int main(int argc, char **argv)
{
	unsigned int seconds = 60, each = PHASE_S, phases;
	uint64_t begin = now_ms();
	struct utsname uts;
	struct phase p;
	uint64_t seed;
	int opt;

	fill_random(&seed, sizeof(seed));
	seed >>= 32;
	while ((opt = getopt(argc, argv, "s:t:p:h")) != -1) {
		switch (opt) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			seconds = strtoul(optarg, NULL, 0);
			break;
		case 'p':
			each = strtoul(optarg, NULL, 0);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc || !seconds || !each) {
		usage(stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	uname(&uts);
	share();
	faults_init();
	changes_init();
	know_replay();
	phases = seconds > each ? (seconds + each / 2) / each : 1;
	printf("seed %llu, kernel %s, %u phases of %u s%s\n",
	       (unsigned long long)seed, uts.release, phases, seconds / phases,
	       faults_memory() ? ", memory fails" : "");
	for (unsigned int i = 0; i < phases; i++) {
		struct rng r = { .state = (seed + i) * 0x9e3779b97f4a7c15ULL | 1 };

		p = (struct phase) {
			.seed = rng_next(&r), .nr = i, .seconds = seconds / phases,
		};
		phase(&p);
	}
	rest_turn();
	print_outcomes();
	print_figures((now_ms() - begin) / 1000);
	return verdict();
}
