// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many clients at once, of their own files and of one: "two open files never
 * see each other", "one open file is one requester".
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CLIENTS	64
#define CHUNK	16
#define LIMIT	60000

/* One client: its own file, its own data, several times. */
static void client(void *arg)
{
	int rounds = *(int *)arg;
	uint8_t rd[64];
	struct cvm_blob b;
	int fd = cvm_open(O_RDWR);

	for (int i = 0; i < rounds; i++) {
		size_t len;

		fill_random(rd, sizeof(rd));
		len = 1 + rd[0] % 64;
		cvm_take(fd, rd, len, &b);
	}
}

static void many_processes(void)
{
	pid_t pid[CLIENTS];
	struct cvm_state a, b;
	int rounds = 3, fd;
	struct cvm_live live;
	const char *left;

	cvm_need_evidence();
	fd = cvm_open(O_RDONLY);
	cvm_get_live(&live);
	cvm_get_info(fd, &a);
	for (int i = 0; i < CLIENTS; i++)
		pid[i] = run_child(client, &rounds);
	for (int i = 0; i < CLIENTS; i++)
		join_child(pid[i], LIMIT);
	CHECK(cvm_wait_idle(fd, 5000), "requests outlive their clients");
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_ok == a.info.requests_ok + CLIENTS * rounds,
	      "%llu ok", (unsigned long long)(b.info.requests_ok -
					      a.info.requests_ok));
	left = live_wait(&live, 5000);
	CHECK(!left, "%s does not come back to what it was", left);
}

struct thread_arg {
	int fd;
	int nr;
	ssize_t got;
	uint8_t *buf;
};

static void *thread_client(void *p)
{
	struct thread_arg *a = p;
	struct cvm_evidence_request req;
	struct cvm_blob b;
	char rd[32];
	int len, err;

	len = snprintf(rd, sizeof(rd), "thread %d", a->nr);
	cvm_request_init(&req, rd, len);
	err = cvm_request(a->fd, &req);
	CHECK(!err, "thread %d: %s", a->nr, strerror(-err));
	a->got = cvm_slurp(a->fd, a->buf, 1 << 18);
	CHECK(a->got > 0, "thread %d: %s", a->nr, strerror(-a->got));
	cvm_blob_check(a->buf, a->got, rd, len, &b);
	return NULL;
}

static void many_threads(void)
{
	static struct thread_arg arg[CLIENTS];
	pthread_t t[CLIENTS];

	cvm_need_evidence();
	for (int i = 0; i < CLIENTS; i++) {
		arg[i].fd = cvm_open(O_RDWR);
		arg[i].nr = i;
		arg[i].buf = malloc(1 << 18);
		CHECK(arg[i].buf && !pthread_create(&t[i], NULL, thread_client,
						     &arg[i]), "thread %d", i);
	}
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(t[i], NULL);
}

/* What the readers of one stream got, for the parent to put together */
static struct pool {
	int fd;
	unsigned int eofs;
	unsigned int used;
	struct chunk {
		uint32_t len;
		uint8_t data[CHUNK];
	} chunk[1 << 16];
} *pool;

static void chunk_reader(void *arg)
{
	ssize_t n;

	(void)arg;
	do {
		uint8_t data[CHUNK];
		struct chunk *c;

		n = read(pool->fd, data, sizeof(data));
		CHECK(n >= 0, "%s", strerror(errno));
		if (!n)
			break;
		c = &pool->chunk[__atomic_fetch_add(&pool->used, 1,
						    __ATOMIC_RELAXED)];
		c->len = n;
		memcpy(c->data, data, n);
	} while (n);
	__atomic_fetch_add(&pool->eofs, 1, __ATOMIC_RELAXED);
}

static int compare_chunks(const void *a, const void *b)
{
	return memcmp(((struct chunk *)a)->data, ((struct chunk *)b)->data, CHUNK);
}

/* How often these bytes are in the first n chunks, which are sorted */
static unsigned int occurrences(const struct chunk *c, unsigned int n,
				const struct chunk *key)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < n; i++)
		count += c[i].len == key->len &&
			 !memcmp(c[i].data, key->data, key->len);
	return count;
}

/*
 * 64 processes read one open file. The pieces that they get, together, are one
 * blob: as many bytes as its header says, and no piece more often than a blob
 * of the same data has it (a signature or a time is other each time: once).
 */
static void one_file_many_readers(void)
{
	static struct chunk ref[1 << 14];
	unsigned int nref = 0, heads = 0;
	pid_t pid[CLIENTS];
	uint8_t rd[64];
	struct cvm_blob b;
	uint64_t bytes = 0, total = 0;

	cvm_need_evidence();
	pool = mmap(NULL, sizeof(*pool), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(pool != MAP_FAILED, "%s", strerror(errno));
	pool->fd = cvm_open(O_RDWR);
	fill_random(rd, sizeof(rd));
	cvm_take(pool->fd, rd, sizeof(rd), &b);
	for (size_t at = 0; at < b.len; at += CHUNK, nref++) {
		ref[nref].len = b.len - at < CHUNK ? b.len - at : CHUNK;
		memcpy(ref[nref].data, b.data + at, ref[nref].len);
	}

	cvm_write(pool->fd, rd, sizeof(rd));
	for (int i = 0; i < CLIENTS; i++)
		pid[i] = run_child(chunk_reader, NULL);
	for (int i = 0; i < CLIENTS; i++)
		join_child(pid[i], LIMIT);

	CHECK(pool->eofs == CLIENTS, "%u saw the end", pool->eofs);
	qsort(pool->chunk, pool->used, sizeof(pool->chunk[0]), compare_chunks);
	for (unsigned int i = 0; i < pool->used; i++) {
		const struct chunk *c = &pool->chunk[i];
		unsigned int here, there;

		bytes += c->len;
		if (!memcmp(c->data, CVM_EVIDENCE_BLOB_MAGIC, 4)) {
			heads++;
			continue;
		}
		here = occurrences(pool->chunk, pool->used, c);
		there = occurrences(ref, nref, c);
		CHECK(here <= (there ? there : 1), "a piece %u times, not %u",
		      here, there);
	}
	/* total_len is in the second piece, the one of the reference: same */
	total = b.hdr.total_len;
	ktap_note("%u pieces", pool->used);
	CHECK(heads == 1, "%u pieces begin a blob", heads);
	CHECK(bytes == total, "%llu bytes of %llu", (unsigned long long)bytes,
	      (unsigned long long)total);
}

static int racing_fd;
static volatile bool racing = true;

static void *racing_writer(void *arg)
{
	(void)arg;
	while (racing)
		if (write(racing_fd, "race", 4) < 0)
			CHECK(errno == EBUSY || errno == EDQUOT, "%s",
			      strerror(errno));
	return NULL;
}

static void *racing_reader(void *arg)
{
	uint8_t small[100];

	(void)arg;
	while (racing)
		if (read(racing_fd, small, sizeof(small)) < 0)
			CHECK(errno == EAGAIN, "%s", strerror(errno));
	return NULL;
}

static void *racing_requester(void *arg)
{
	struct cvm_evidence_request req;
	int err;

	(void)arg;
	while (racing) {
		cvm_request_init(&req, "race", 4);
		err = cvm_request(racing_fd, &req);
		/* another's write may have abandoned it: that is told as such */
		CHECK(!err || err == -EAGAIN || err == -ECANCELED, "%s",
		      strerror(-err));
	}
	return NULL;
}

static void race(int flags)
{
	void *(*const fn[])(void *) = { racing_writer, racing_reader,
					racing_requester, racing_reader };
	pthread_t t[ARRAY_SIZE(fn)];
	struct cvm_blob b;

	racing_fd = cvm_open(O_RDWR | flags);
	for (size_t i = 0; i < ARRAY_SIZE(fn); i++)
		CHECK(!pthread_create(&t[i], NULL, fn[i], NULL), "");
	sleep_ms(1000);
	racing = false;
	for (size_t i = 0; i < ARRAY_SIZE(fn); i++)
		pthread_join(t[i], NULL);
	racing = true;
	/* and the file is as good as before */
	fcntl(racing_fd, F_SETFL, 0);
	cvm_take(racing_fd, "sound", 5, &b);
	CHECK(cvm_wait_idle(racing_fd, 10000), "requests left");
}

/* Threads of one process at cross purposes on one file: no call hangs */
static void cross_purposes(void)
{
	cvm_need_evidence();
	race(O_NONBLOCK);
}

static void cross_purposes_blocking(void)
{
	cvm_need_evidence();
	race(0);
}

static const struct ktap_case cases[] = {
	{ "many_processes", many_processes, 120 },
	{ "many_threads", many_threads, 120 },
	{ "one_file_many_readers", one_file_many_readers, 120 },
	{ "cross_purposes", cross_purposes, 0 },
	{ "cross_purposes_blocking", cross_purposes_blocking, 0 },
};

CVM_TEST_MAIN(cases)
