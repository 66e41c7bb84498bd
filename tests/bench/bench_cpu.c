// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_cpu ROUNDS COMMAND... -- COMMAND...: runs both in turn, so many times, and prints
 * the process CPU of the second by that of the first: of the medians, for what else the
 * machine does hits both alike. Each run must succeed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS_MAX	1000

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double cpu_of(char **argv)
{
	struct rusage usage;
	int null, status;
	pid_t pid = fork();

	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status) {
		fprintf(stderr, "bench_cpu: %s failed\n", argv[0]);
		exit(1);
	}
	return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double cpu[2][ROUNDS_MAX];
	int rounds = argc > 3 ? atoi(argv[1]) : 0, split = 2, i, k;
	char **command[2];

	while (split < argc && strcmp(argv[split], "--"))
		split++;
	if (rounds < 1 || rounds > ROUNDS_MAX || split >= argc - 1 || split == 2) {
		fprintf(stderr, "usage: bench_cpu ROUNDS COMMAND... -- COMMAND...\n");
		return 2;
	}
	argv[split] = NULL;
	command[0] = argv + 2;
	command[1] = argv + split + 1;
	for (i = 0; i < rounds; i++)
		for (k = 0; k < 2; k++)
			cpu[k][i] = cpu_of(command[k]);
	for (k = 0; k < 2; k++)
		qsort(cpu[k], (size_t)rounds, sizeof(**cpu), by_size);
	printf("%.2f\n", cpu[1][rounds / 2] / cpu[0][rounds / 2]);
	return 0;
}
