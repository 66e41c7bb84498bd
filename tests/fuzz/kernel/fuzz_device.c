// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_device: programs of calls, run by a few threads that share their files.
 * What reaches new code of the module is kept and mutated. All choices come
 * from the seed and from what was reached, which takes turns of the scheduler
 * into account: a program that failed is printed, and repeated by -p. Everything
 * must come to rest again, and evidence be had as ever.
 */
#define _GNU_SOURCE
#include "fuzz.h"
#include "../../selftests/cvm_client.h"
#include "../../selftests/inject.h"
#include "../../selftests/pv.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CORPUS_MAX	4096
#define HANG_S		30
#define CHECK_EVERY	8	/* programs between looks at all of it */

static struct program corpus[CORPUS_MAX];
static unsigned int corpus_nr;

static struct worker {
	pthread_t thread;
	unsigned int index;
	struct cover *cover;
} workers[THREADS];
static unsigned int threads = THREADS;
static bool covered = true;

static const struct program *running;
static pthread_barrier_t start, stop;
static atomic_bool quit;
static _Atomic(const char *) complaint;
static atomic_uint done;

static int kmsg = -1;
static uint64_t programs, failures, calls;

static void print_program(const struct program *p)
{
	for (unsigned int i = 0; i < p->nr; i++)
		printf("    op %u %u %s 0x%llx\n", p->op[i].thread, p->op[i].file,
		       op_name(&p->op[i]), (unsigned long long)p->op[i].seed);
}

static void fail(const struct program *p, const char *why)
{
	failures++;
	printf("FAILED program %llu: %s\n", (unsigned long long)programs, why);
	print_program(p);
	fflush(stdout);
}

/* --- running --- */

static void ignore_signal(int sig)
{
	(void)sig;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	if (covered)
		w->cover = cover_thread();
	for (;;) {
		pthread_barrier_wait(&start);
		if (quit)
			return NULL;
		if (covered)
			cover_begin(w->cover);
		for (unsigned int i = 0; i < running->nr; i++) {
			const struct op *op = &running->op[i];
			const char *why;

			if (op->thread % threads != w->index)
				continue;
			why = op_run(op);
			if (why)
				complaint = strdup(why);
		}
		done++;
		pthread_barrier_wait(&stop);
	}
}

/* Those that wait are interrupted now and then; none may stay */
static void *nudger(void *arg)
{
	const struct program *p = arg;
	uint64_t began = now_ms();

	while (done < threads) {
		usleep(20000);
		if (now_ms() - began > HANG_S * 1000) {
			fail(p, "a thread hangs");
			printf("FAILED: no use in going on\n");
			fflush(stdout);
			_exit(1);
		}
		if (now_ms() - began > 300 * world_pace)
			for (unsigned int i = 0; i < threads; i++)
				pthread_kill(workers[i].thread, SIGUSR1);
	}
	return NULL;
}

static unsigned int run(const struct program *p)
{
	struct cover *covers[THREADS];
	pthread_t nudge;
	const char *why;

	running = p;
	done = 0;
	world_begin();
	CHECK(!pthread_create(&nudge, NULL, nudger, (void *)p), "pthread_create");
	pthread_barrier_wait(&start);
	pthread_barrier_wait(&stop);
	pthread_join(nudge, NULL);
	/* first: whoever is stuck in the firmware comes out */
	world_end();
	ops_end();
	world_settle();
	programs++;
	calls += p->nr;
	why = atomic_exchange(&complaint, NULL);
	if (why)
		fail(p, why);
	if (!covered)
		return 0;
	for (unsigned int i = 0; i < threads; i++)
		covers[i] = workers[i].cover;
	return cover_collect(covers, threads);
}

/* --- judging --- */

/* Lines of the kernel's log since the last look that are bugs */
static void look_at_log(const struct program *p)
{
	static const char *const bugs[] = {
		"BUG:", "WARNING:", "KASAN", "UBSAN", "Oops", "refcount_t:", "ODEBUG",
		"possible circular", "suspicious RCU",
	};
	char line[2048];
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (n < 0)
			continue;
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(bugs); i++)
			if (strstr(line, bugs[i])) {
				fail(p, line);
				break;
			}
	}
}

static const char *at_rest(int fd)
{
	uint64_t end = now_ms() + 5000;
	struct cvm_live live;
	struct cvm_state st;

	for (;;) {
		cvm_get_live(&live);
		if (!live.requests && !live.blobs && live.files == 1)
			break;
		if (now_ms() > end)
			return live.requests ? "requests stay" :
			       live.blobs ? "blobs stay" : "files stay";
		usleep(2000);
	}
	cvm_get_info(fd, &st);
	if (st.info.requests_started !=
	    st.info.requests_ok + st.info.requests_failed)
		return "requests without an end";
	return NULL;
}

/* Why nobody serves AUTO */
static void print_providers(int fd)
{
	struct cvm_state st;

	cvm_get_info(fd, &st);
	for (unsigned int i = 0; i < st.nr; i++)
		printf("    %s: status %u, %s\n", st.prov[i].name,
		       st.prov[i].status, cvm_why(&st.prov[i]));
}

/* Everything as it was, and evidence for whoever asks */
static void look_at_module(const struct program *p)
{
	struct cvm_evidence_request req;
	static uint8_t buf[CVM_BUF_SIZE];
	uint64_t end = now_ms() + world_again_ms;
	int fd = cvm_open(O_RDWR), err;
	struct cvm_blob b;
	const char *why;
	uint8_t rd[64];
	ssize_t n;

	world_begin();
	why = at_rest(fd);
	if (why)
		fail(p, why);
	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, sizeof(rd));
	req.timeout_ms = 20000;
	for (;;) {
		err = cvm_request(fd, &req);
		if (err != -ENODEV || now_ms() > end)
			break;
		usleep(50000);
	}
	n = err ? 0 : cvm_slurp(fd, buf, sizeof(buf));
	why = n <= 0 ? strerror(-(err ?: n)) :
	      cvm_blob_wrong(buf, n, rd, sizeof(rd), &b);
	if (!why && b.hdr.provider == CVM_EVIDENCE_PROVIDER_VTPM)
		why = b.hdr.binding == CVM_EVIDENCE_BINDING_HCL ? pv_wrong(&b) :
		      "it is not fresh";
	if (why)
		fail(p, why);
	if (err == -ENODEV)
		print_providers(fd);
	close(fd);
}

/* --- making programs --- */

static void fresh(struct program *p, struct rng *r)
{
	p->nr = 2 + rng_below(r, OPS_MAX - 1);
	for (unsigned int i = 0; i < p->nr; i++)
		op_random(&p->op[i], r);
	/* most programs have something to work on */
	if (!rng_one_in(r, 8))
		while (strcmp(op_name(&p->op[0]), "open"))
			op_random(&p->op[0], r);
}

static void mutate(struct program *p, struct rng *r)
{
	unsigned int times = 1 + rng_below(r, 4);

	*p = corpus[rng_below(r, corpus_nr)];
	while (times--) {
		const struct program *o = &corpus[rng_below(r, corpus_nr)];
		unsigned int at = rng_below(r, p->nr);

		switch (rng_below(r, 5)) {
		case 0:
			op_random(&p->op[at], r);
			break;
		case 1:
			p->op[at].seed = rng_next(r) | 1;
			break;
		case 2:
			p->op[at].thread = rng_below(r, THREADS);
			p->op[at].file = rng_below(r, FILES);
			break;
		case 3:
			if (p->nr == OPS_MAX)
				break;
			memmove(&p->op[at + 1], &p->op[at],
				(p->nr - at) * sizeof(p->op[0]));
			op_random(&p->op[at], r);
			p->nr++;
			break;
		case 4:
			/* the end of another */
			for (unsigned int i = at; i < o->nr; i++)
				p->op[i] = o->op[i];
			if (o->nr > p->nr)
				p->nr = o->nr;
			break;
		}
	}
}

static void fuzz(uint64_t seed, unsigned int seconds)
{
	uint64_t end = now_ms() + seconds * 1000ULL, told = now_ms();
	struct rng r = { .state = seed * 0x9e3779b97f4a7c15ULL | 1 };
	struct program p;

	while (now_ms() < end && failures < 20) {
		unsigned int new;

		if (!corpus_nr || rng_one_in(&r, 4))
			fresh(&p, &r);
		else
			mutate(&p, &r);
		new = run(&p);
		if (new && corpus_nr < CORPUS_MAX)
			corpus[corpus_nr++] = p;
		look_at_log(&p);
		if (!(programs % CHECK_EVERY))
			look_at_module(&p);
		if (now_ms() - told < 10000)
			continue;
		told = now_ms();
		printf("%llu programs, %llu calls, %u kept, %u points\n",
		       (unsigned long long)programs, (unsigned long long)calls,
		       corpus_nr, cover_total());
		fflush(stdout);
	}
	look_at_module(&p);
}

/* A program as print_program() prints it, again and again */
static void replay(const char *path, unsigned int seconds)
{
	uint64_t end = now_ms() + seconds * 1000ULL;
	FILE *f = fopen(path, "re");
	struct program p = { 0 };
	char line[256], name[32];
	unsigned long long seed;
	unsigned int thread, file;

	CHECK(f, "%s: %s", path, strerror(errno));
	while (p.nr < OPS_MAX && fgets(line, sizeof(line), f)) {
		const char *op = strstr(line, "op ");

		if (!op || sscanf(op, "op %u %u %31s %llx", &thread, &file, name,
				  &seed) != 4)
			continue;
		CHECK(op_named(&p.op[p.nr], name), "%s: no call '%s'", path, name);
		p.op[p.nr].thread = thread;
		p.op[p.nr].file = file;
		p.op[p.nr++].seed = seed;
	}
	fclose(f);
	CHECK(p.nr, "%s: no line 'op THREAD FILE CALL SEED'", path);
	while (now_ms() < end && failures < 20) {
		run(&p);
		look_at_log(&p);
		look_at_module(&p);
	}
}

static void usage(FILE *f)
{
	fputs("usage: fuzz_device [-s SEED] [-t SECONDS] [-n THREADS] [-p FILE] [-f] [-c]\n"
	      "\n"
	      "  -s SEED     a number; else a random one, which is printed\n"
	      "  -t SECONDS  how long (60)\n"
	      "  -n THREADS  1..3 (3)\n"
	      "  -p FILE     runs the program in it, as it was printed, all the time\n"
	      "  -f          memory and copies fail as well, in the callers\n"
	      "  -c          prints what was covered, for tests/fuzz/kernel/lines\n",
	      f);
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = ignore_signal };
	unsigned int seconds = 60;
	const char *program = NULL;
	bool print = false;
	uint64_t seed;
	int opt;

	fill_random(&seed, sizeof(seed));
	seed >>= 32;
	while ((opt = getopt(argc, argv, "s:t:n:p:fch")) != -1) {
		switch (opt) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			seconds = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			threads = strtoul(optarg, NULL, 0);
			break;
		case 'p':
			program = optarg;
			break;
		case 'f':
			ops_faults = true;
			break;
		case 'c':
			print = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc || !threads || threads > THREADS) {
		usage(stderr);
		return 2;
	}

	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	sigaction(SIGUSR1, &act, NULL);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK(kmsg >= 0, "/dev/kmsg: %s", strerror(errno));
	lseek(kmsg, 0, SEEK_END);
	/* the threads inherit the handle: the provider's work for them counts */
	covered = cover_init();
	if (!covered)
		printf("no KCOV: nothing guides\n");
	values_init();
	ops_init();
	world_init();
	pthread_barrier_init(&start, NULL, threads + 1);
	pthread_barrier_init(&stop, NULL, threads + 1);
	for (unsigned int i = 0; i < threads; i++) {
		workers[i].index = i;
		CHECK(!pthread_create(&workers[i].thread, NULL, worker_main,
				      &workers[i]), "pthread_create");
	}
	if (program)
		replay(program, seconds);
	else
		fuzz(seed, seconds);
	quit = true;
	pthread_barrier_wait(&start);
	inject_reset();
	world_begin();
	printf("%llu programs, %llu calls, %u kept, %u points, %llu failures\n",
	       (unsigned long long)programs, (unsigned long long)calls, corpus_nr,
	       cover_total(), (unsigned long long)failures);
	if (print && covered)
		cover_print();
	return failures ? 1 : 0;
}
