// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is served when, "THE QUEUE" of the header: "A request that names a
 * provider and one that does not wait in the same queue. The share that used
 * the least firmware time is served first; a share that was idle starts at the
 * least time of the others."
 */
#define _GNU_SOURCE
#include "drivers.h"
#include "fill.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LANES		10
#define ORDER_MAX	65536
#define EXPENSIVE	0xee	/* what the simulator's knob slow is for */
#define CHEAP		0x01

/* A user that asks all the time, by so many threads of an open file each */
struct lane {
	uid_t uid;
	int threads;
	uint32_t provider;
	uint8_t byte;		/* its report_data begin with it */
	bool reopens;		/* a file of its own for each request */
	unsigned int served;
	uint64_t firmware_ns;
	pid_t pid;
};

static struct shared {
	struct lane lane[LANES];
	unsigned int nr;	/* services so far, and whose each was */
	uint8_t order[ORDER_MAX];
} *sh;

static void setup(const char *knob)
{
	fill_setup(1024);
	if (sim_paravisor())
		ktap_skip("a paravisor's window of 2 s is not the queue's");
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(sh != MAP_FAILED, "%s", strerror(errno));
	sim_set("fast=1");
	sim_set("certs=none");
	sim_set("%s", knob);
}

static void *asks(void *arg)
{
	struct lane *l = arg;
	int fd = -1;

	for (;;) {
		struct cvm_evidence_request req;
		uint8_t rd[64] = { l->byte };
		unsigned int at;
		int err;

		if (fd < 0)
			fd = open(fill_node, O_RDWR | O_CLOEXEC);
		CHECK(fd >= 0, "%s: %s", fill_node, strerror(errno));
		fill_random(rd + 1, sizeof(rd) - 1);
		cvm_request_init(&req, rd, sizeof(rd));
		req.provider = l->provider;
		err = cvm_request(fd, &req);
		CHECK(!err, "uid %u: %s", l->uid, strerror(-err));
		__atomic_fetch_add(&l->firmware_ns, req.firmware_ns, __ATOMIC_RELAXED);
		__atomic_fetch_add(&l->served, 1, __ATOMIC_RELAXED);
		at = __atomic_fetch_add(&sh->nr, 1, __ATOMIC_RELAXED);
		if (at < ORDER_MAX)
			sh->order[at] = l - sh->lane;
		if (l->reopens) {
			close(fd);
			fd = -1;
		}
	}
	return NULL;
}

static void lane_runs(void *arg)
{
	struct lane *l = arg;

	become_user(l->uid, l->uid);
	for (int i = 1; i < l->threads; i++) {
		pthread_t t;
		int err = pthread_create(&t, NULL, asks, l);

		CHECK(!err, "thread %d: %s", i, strerror(err));
	}
	asks(l);
}

static struct lane *lane_start(int i, struct lane as)
{
	sh->lane[i] = as;
	sh->lane[i].pid = run_child(lane_runs, &sh->lane[i]);
	return &sh->lane[i];
}

static void lane_stop(struct lane *l)
{
	kill(l->pid, SIGKILL);
	reap_child(l->pid, 10000);
}

static void lane_lives(const struct lane *l)
{
	CHECK(proc_state(l->pid) != 'Z', "uid %u has ended", l->uid);
}

static unsigned int served(const struct lane *l)
{
	return __atomic_load_n(&l->served, __ATOMIC_RELAXED);
}

static double per_second(struct lane *l, unsigned int ms)
{
	uint64_t begin = now_ns();
	unsigned int n = served(l);
	double s;

	sleep_ms(ms);
	lane_lives(l);
	n = served(l) - n;
	s = (now_ns() - begin) / 1e9;
	return n / s;
}

/* One beside 64 threads of another user waits for one of theirs, not for two. */
static void beside_64_threads(void)
{
	struct lane *one, *many;
	double alone, beside;

	setup("delay=20");
	one = lane_start(0, (struct lane){ .uid = BOB, .threads = 1 });
	sleep_ms(500);
	alone = per_second(one, 5000);
	many = lane_start(1, (struct lane){ .uid = ALICE, .threads = 64 });
	sleep_ms(1500);
	beside = per_second(one, 6000);
	lane_lives(many);
	ktap_note("alone %.1f a second, beside 64 threads %.1f: %.2f", alone,
		  beside, beside / alone);
	CHECK(served(many), "the 64 threads got nothing");
	CHECK_TIME(beside >= 0.45 * alone, "%.2f of what it has alone",
		   beside / alone);
}

/* Firmware time of both, in so many ms, after some to settle */
static void check_equal_time(struct lane *a, struct lane *b, unsigned int ms)
{
	uint64_t was_a, was_b;
	double ratio;

	sleep_ms(2000);
	was_a = a->firmware_ns;
	was_b = b->firmware_ns;
	sleep_ms(ms);
	lane_lives(a);
	lane_lives(b);
	was_a = a->firmware_ns - was_a;
	was_b = b->firmware_ns - was_b;
	ktap_note("%u expensive calls and %u cheap ones; in the last %u s firmware worked %.2f s for one and %.2f s for the other",
		  served(a), served(b), ms / 1000, was_a / 1e9, was_b / 1e9);
	CHECK(was_b, "the cheap calls got nothing");
	ratio = (double)was_a / was_b;
	CHECK_TIME(ratio > 0.75 && ratio < 1.34, "a ratio of %.2f", ratio);
}

static void equal_time(void)
{
	struct lane *a, *b;

	setup("delay=20");
	sim_set("slow=480");
	a = lane_start(0, (struct lane){ .uid = ALICE, .threads = 4,
					 .byte = EXPENSIVE });
	b = lane_start(1, (struct lane){ .uid = BOB, .threads = 4,
					 .byte = CHEAP });
	check_equal_time(a, b, 12000);
}

/* One that asks again only when it has its answer is no newcomer each time. */
static void one_at_a_time(void)
{
	struct lane *a, *b;

	setup("delay=20");
	sim_set("slow=480");
	a = lane_start(0, (struct lane){ .uid = ALICE, .threads = 1,
					 .byte = EXPENSIVE });
	b = lane_start(1, (struct lane){ .uid = BOB, .threads = 4,
					 .byte = CHEAP });
	check_equal_time(a, b, 12000);
}

/* Nor is one that closes its only file, and opens another. */
static void one_file_each(void)
{
	struct lane *a, *b;

	setup("delay=20");
	sim_set("slow=480");
	a = lane_start(0, (struct lane){ .uid = ALICE, .threads = 1,
					 .byte = EXPENSIVE, .reopens = true });
	b = lane_start(1, (struct lane){ .uid = BOB, .threads = 4,
					 .byte = CHEAP });
	check_equal_time(a, b, 12000);
}

/* Of the services from the one numbered first on, how many are of that lane */
static unsigned int count_of(unsigned int first, unsigned int n, int lane)
{
	unsigned int count = 0;

	CHECK(first + n <= ORDER_MAX, "too many services");
	for (unsigned int i = first; i < first + n; i++)
		count += sh->order[i] == lane;
	return count;
}

static void wait_services(unsigned int nr)
{
	uint64_t end = now_ms() + 60000;

	while (__atomic_load_n(&sh->nr, __ATOMIC_ACQUIRE) < nr) {
		CHECK(now_ms() < end, "%u services in a minute, not %u", sh->nr, nr);
		sleep_ms(20);
	}
	sleep_ms(50);
}

/* The first service of that lane from this number on */
static unsigned int first_of(unsigned int from, int lane)
{
	for (;;) {
		wait_services(from + 1);
		if (sh->order[from] == lane)
			return from;
		from++;
	}
}

/* From then on both have alternate turns */
static void check_turns(unsigned int from, int lane, const char *who)
{
	unsigned int ten, forty;

	from = first_of(from, lane);
	wait_services(from + 40);
	ten = count_of(from, 10, lane);
	forty = count_of(from, 40, lane);
	ktap_note("%s has %u of the first 10 services, and %u of 40", who, ten,
		  forty);
	CHECK(ten >= 4 && ten <= 6, "%u of the first 10", ten);
	CHECK(forty >= 18 && forty <= 22, "%u of the first 40", forty);
}

/* Idle while the other used eight seconds of firmware: that buys nothing. */
static void idling_buys_nothing(void)
{
	struct lane *alice;
	unsigned int from;

	setup("delay=80");
	/* it is known, and has used little */
	alice = lane_start(0, (struct lane){ .uid = ALICE, .threads = 1 });
	while (!served(alice))
		sleep_ms(10);
	lane_stop(alice);
	lane_start(1, (struct lane){ .uid = BOB, .threads = 4 });
	sleep_ms(8000);
	from = sh->nr;
	lane_start(0, (struct lane){ .uid = ALICE, .threads = 16 });
	check_turns(from, 0, "who was idle");
}

/* The other way round: who used much before the other came does not pay for it */
static void using_costs_nothing(void)
{
	unsigned int from;

	setup("delay=80");
	lane_start(0, (struct lane){ .uid = ALICE, .threads = 4 });
	sleep_ms(8000);
	from = sh->nr;
	lane_start(1, (struct lane){ .uid = BOB, .threads = 16 });
	check_turns(from, 1, "the newcomer");
}

/* A request by the uid that has not asked before */
static int ask_as(uid_t uid)
{
	uint8_t rd[64];
	int file;

	/* the opener's real uid is whose share it is */
	CHECK(!setresuid(uid, 0, 0), "%s", strerror(errno));
	file = open(fill_node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	CHECK(file >= 0, "%s: %s", fill_node, strerror(errno));
	fill_random(rd, sizeof(rd));
	cvm_write(file, rd, sizeof(rd));
	return file;
}

/* At any time three wait whose share is new: before each of them nobody has asked. */
static void row_runs(void *arg)
{
	struct pollfd p[3];
	uid_t uid = 80000;

	(void)arg;
	for (int i = 0; i < 3; i++)
		p[i] = (struct pollfd){ .fd = ask_as(uid++), .events = POLLIN };
	for (;;) {
		CHECK(poll(p, 3, 60000) > 0, "nobody of the row was served");
		for (int i = 0; i < 3; i++) {
			if (!(p[i].revents & POLLIN))
				continue;
			close(p[i].fd);
			p[i].fd = ask_as(uid++);
			__atomic_fetch_add(&sh->nr, 1, __ATOMIC_RELAXED);
		}
	}
}

/*
 * New shares begin at the least time of the others, and equals are served before those
 * that were served already: a row of them without an end must not keep away who used
 * some time.
 */
static void row_of_newcomers(void)
{
	struct lane *one;
	unsigned int n;
	uint64_t end;

	setup("delay=20");
	one = lane_start(0, (struct lane){ .uid = BOB, .threads = 1 });
	while (served(one) < 5)
		sleep_ms(10);
	run_child(row_runs, NULL);
	while (__atomic_load_n(&sh->nr, __ATOMIC_RELAXED) < 40)
		sleep_ms(10);
	n = served(one);
	end = now_ms() + 30000;
	while (served(one) < n + 10)
		CHECK(now_ms() < end, "%u of 10 in 30 s, %u services of the row",
		      served(one) - n, sh->nr);
	ktap_note("10 beside %u of the row", sh->nr - 40);
}

/* How many of the row were served beside this one */
static unsigned int of_row(struct lane *one)
{
	unsigned int n = served(one);

	return __atomic_load_n(&sh->nr, __ATOMIC_RELAXED) - n;
}

/*
 * The same with a slow provider: what one has used once must not keep him away for
 * longer than his part of the time.
 */
static void slow_row(void)
{
	struct lane *one;
	unsigned int row, n;

	setup("delay=1500");
	one = lane_start(0, (struct lane){ .uid = BOB, .threads = 2 });
	while (served(one) < 1)
		sleep_ms(10);
	run_child(row_runs, NULL);
	while (!of_row(one))
		sleep_ms(10);
	row = of_row(one);
	n = served(one);
	/* with three of the row beside him he has a quarter */
	while (of_row(one) < row + 12)
		sleep_ms(10);
	ktap_note("%u beside 12 of the row", served(one) - n);
	CHECK(served(one) >= n + 2, "%u beside 12 of the row", served(one) - n);
}

/*
 * A call of twenty seconds by somebody who then goes, and one who waited for it and has
 * used nothing: who comes next does not have to wait until he has caught up. Of one
 * service four seconds count, halved among two.
 */
static void asks_once(void *arg)
{
	uint8_t rd[64] = { EXPENSIVE };
	struct cvm_evidence_request req;
	int file;

	(void)arg;
	become_user(CAROL, CAROL);
	file = open(fill_node, O_RDWR | O_CLOEXEC);
	cvm_request_init(&req, rd, sizeof(rd));
	CHECK(!cvm_request(file, &req), "the long call");
	_exit(0);
}

static void after_a_long_call(void)
{
	struct cvm_state st;
	struct lane *one;
	unsigned int from;
	uint64_t begin;
	int fd;
	pid_t pid;

	setup("delay=20");
	/* what an SNP host holds off counts for nobody */
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &st);
	close(fd);
	if (st.info.tee == CVM_EVIDENCE_TEE_SEV_SNP)
		ktap_skip("a long call is throttling here");
	sim_set("slow=20000");
	pid = run_child(asks_once, NULL);
	while (!driver_counter("in_flight"))
		sleep_ms(5);
	lane_start(0, (struct lane){ .uid = BOB, .threads = 2, .byte = CHEAP });
	join_child(pid, 60000);
	wait_services(3);
	from = sh->nr;
	begin = now_ms();
	one = lane_start(1, (struct lane){ .uid = ALICE, .threads = 2, .byte = CHEAP });
	while (!served(one))
		sleep_ms(10);
	ktap_note("who came after it was served after %llu ms",
		  (unsigned long long)(now_ms() - begin));
	CHECK_TIME(now_ms() - begin < 5000, "after %llu ms",
		   (unsigned long long)(now_ms() - begin));
	check_turns(from, 1, "who came after a long call");
}

/* Nine users of what AUTO takes and one that names another provider: ten. */
static void provider_names(void)
{
	unsigned int was[LANES], sum = 0, least = ~0U, most = 0, named;
	uint32_t other = CVM_EVIDENCE_PROVIDER_AUTO;
	struct cvm_state st;
	int fd;

	setup("delay=20");
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &st);
	for (unsigned int i = 0; i < st.nr; i++)
		if (st.prov[i].status == CVM_EVIDENCE_ST_AVAILABLE &&
		    st.prov[i].id != st.info.auto_provider)
			other = st.prov[i].id;
	if (other == CVM_EVIDENCE_PROVIDER_AUTO)
		ktap_skip("no second provider is available here");
	for (int i = 0; i < LANES; i++)
		lane_start(i, (struct lane){
			.uid = ALICE + 100 + i, .threads = 3,
			.provider = i == LANES - 1 ? other :
				    CVM_EVIDENCE_PROVIDER_AUTO });
	sleep_ms(2000);
	for (int i = 0; i < LANES; i++)
		was[i] = served(&sh->lane[i]);
	sleep_ms(10000);
	for (int i = 0; i < LANES; i++) {
		unsigned int n = served(&sh->lane[i]) - was[i];

		lane_lives(&sh->lane[i]);
		if (i == LANES - 1) {
			named = n;
			break;
		}
		sum += n;
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	ktap_note("nine users %u, each %u to %u; one by the name of another provider %u",
		  sum, least, most, named);
	CHECK(least >= 5, "too few to tell");
	CHECK_TIME(named <= 1.4 * sum / 9 && named >= 0.7 * sum / 9,
		   "one that names a provider has %.2f of a share",
		   9.0 * named / sum);
}

static struct report *single;

static void one_request(void *arg)
{
	struct cvm_evidence_request req;
	int fd;

	(void)arg;
	become_user(BOB, BOB);
	fd = open(fill_node, O_RDWR);
	cvm_request_init(&req, "single", 6);
	single->err = cvm_request(fd, &req);
}

/* A newcomer waits for the request in the firmware, not for the 50 behind it. */
static void newcomer(void)
{
	struct cvm_state a, b;
	uint64_t before;
	int fd;

	setup("delay=200");
	single = &rep[1];
	fill(ALICE, 50, &rep[0]);
	fill_check(&rep[0], 50, 0, "Alice");
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &a);
	join_child(run_child(one_request, NULL), 30000);
	cvm_get_info(fd, &b);
	CHECK(!single->err, "%s", strerror(-single->err));
	before = b.info.requests_ok - a.info.requests_ok - 1;
	ktap_note("served after %llu of the 50", (unsigned long long)before);
	/* the one in the firmware, and one that ended before it had asked */
	CHECK_TIME(before <= 2, "%llu others were served first",
		   (unsigned long long)before);
}

/*
 * "Time for which the host of an SNP guest held a request off does not count":
 * whoever meets the empty bucket does not wait for the others to use as much.
 */
static void held_off(void)
{
	unsigned int bob;

	setup("delay=20");
	if (strcmp(driver_name(), "sev_guest"))
		ktap_skip("only SNP's hosts throttle");
	/* one quick call, so that it is known what they take */
	lane_start(2, (struct lane){ .uid = CAROL, .threads = 1 });
	wait_services(3);
	lane_stop(&sh->lane[2]);
	sim_set("throttle=1:1");
	lane_start(0, (struct lane){ .uid = BOB, .threads = 1 });
	sleep_ms(300);
	lane_start(1, (struct lane){ .uid = ALICE, .threads = 16 });
	bob = first_of(0, 0);
	wait_services(bob + 1 + 20);
	bob = count_of(bob + 1, 20, 0);
	ktap_note("%u of the next 20 services", bob);
	CHECK(bob >= 7 && bob <= 13, "%u of the next 20 services", bob);
}

static const struct ktap_case cases[] = {
	{ "beside_64_threads", beside_64_threads, 0 },
	{ "equal_time", equal_time, 0 },
	{ "one_at_a_time", one_at_a_time, 0 },
	{ "one_file_each", one_file_each, 0 },
	{ "idling_buys_nothing", idling_buys_nothing, 0 },
	{ "using_costs_nothing", using_costs_nothing, 0 },
	{ "after_a_long_call", after_a_long_call, 0 },
	{ "row_of_newcomers", row_of_newcomers, 0 },
	{ "slow_row", slow_row, 120 },
	{ "provider_names", provider_names, 0 },
	{ "newcomer", newcomer, 0 },
	{ "held_off", held_off, 0 },
};

CVM_TEST_MAIN(cases)
