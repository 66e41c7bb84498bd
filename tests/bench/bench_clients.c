// SPDX-License-Identifier: GPL-2.0-only
/*
 * What many clients at once get done against one alone: evidence per second.
 * The firmware is one, so more clients cannot be faster; what they lose is
 * what queue and wake-ups cost. In turns, in one boot; medians over the turns.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/cvm_evidence.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS_MAX	4096
#define TURNS		5
#define ANSWER_MAX	(64 << 10)

struct client {
	pthread_t thread;
	int fd;
	uint64_t done;
	uint8_t *buf;
};

static struct client clients[CLIENTS_MAX];
static atomic_int stop;
static pthread_barrier_t start;

static void *work(void *arg)
{
	struct client *c = arg;
	uint8_t rd[RD_LEN];

	pthread_barrier_wait(&start);
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		next_report_data(rd);
		take(c->fd, rd, c->buf, ANSWER_MAX);
		c->done++;
	}
	return NULL;
}

static double turn(unsigned int n, unsigned int ms)
{
	pthread_attr_t attr;
	uint64_t begin, ns, done = 0, least = UINT64_MAX;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	pthread_barrier_init(&start, NULL, n + 1);
	atomic_store(&stop, 0);
	for (unsigned int i = 0; i < n; i++) {
		clients[i].done = 0;
		if (pthread_create(&clients[i].thread, &attr, work, &clients[i]))
			die("cannot start thread %u", i);
	}
	pthread_barrier_wait(&start);
	begin = now_ns();
	usleep(ms * 1000);
	atomic_store(&stop, 1);
	for (unsigned int i = 0; i < n; i++) {
		pthread_join(clients[i].thread, NULL);
		done += clients[i].done;
		if (clients[i].done < least)
			least = clients[i].done;
	}
	/* the last ones of all clients count, and so does their time */
	ns = now_ns() - begin;
	pthread_barrier_destroy(&start);
	pthread_attr_destroy(&attr);
	if (!least)
		printf("a client of %u got nothing in %u ms\n", n, ms);
	return done * 1e9 / ns;
}

static int cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 1 ? strtoul(argv[1], NULL, 10) : 256;
	unsigned int ms = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000;
	double one[TURNS], all[TURNS];

	if (n < 2 || n > CLIENTS_MAX || !ms)
		die("usage: bench_clients [CLIENTS [MILLISECONDS]]");
	for (unsigned int i = 0; i < n; i++) {
		clients[i].fd = open(CVM_EVIDENCE_DEVICE, O_RDWR | O_CLOEXEC);
		if (clients[i].fd < 0)
			die(CVM_EVIDENCE_DEVICE ": %s", strerror(errno));
		clients[i].buf = malloc(ANSWER_MAX);
		if (!clients[i].buf)
			die("out of memory");
	}
	turn(1, ms / 4);
	turn(n, ms / 4);
	for (int t = 0; t < TURNS; t++) {
		one[t] = turn(1, ms);
		all[t] = turn(n, ms);
	}
	qsort(one, TURNS, sizeof(*one), cmp);
	qsort(all, TURNS, sizeof(*all), cmp);
	printf("1 client     median %7.0f/s   of %.0f to %.0f\n", one[TURNS / 2],
	       one[0], one[TURNS - 1]);
	printf("%-4u clients median %7.0f/s   of %.0f to %.0f\n", n,
	       all[TURNS / 2], all[0], all[TURNS - 1]);
	printf("throughput-ratio %.3f\n", all[TURNS / 2] / one[TURNS / 2]);
	return 0;
}
