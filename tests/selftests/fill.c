// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "fill.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

struct report *rep;
const char *fill_node;

void fill_setup(unsigned int queue_max)
{
	struct rlimit files = { 65536, 65536 };

	sim_need();
	need_root();
	setrlimit(RLIMIT_NOFILE, &files);
	fill_node = private_node(0666, 0);
	rep = mmap(NULL, 32 * sizeof(*rep), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(rep != MAP_FAILED, "%s", strerror(errno));
	param_set("queue_max", queue_max);
}

static unsigned int info_waiting(bool *serving)
{
	struct cvm_state st;
	int fd = open(fill_node, O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0, "%s: %s", fill_node, strerror(errno));
	cvm_get_info(fd, &st);
	close(fd);
	*serving = false;
	for (unsigned int i = 0; i < st.nr; i++)
		*serving |= st.prov[i].queued;
	return st.info.requests_waiting;
}

unsigned int fill_waiting(void)
{
	bool serving;

	return info_waiting(&serving);
}

void fill_wait_for(unsigned int waiting)
{
	uint64_t end = now_ms() + 10000;

	while (fill_waiting() != waiting) {
		CHECK(now_ms() < end, "%u requests wait, not %u", fill_waiting(),
		      waiting);
		sleep_ms(5);
	}
}

void fill_block(void)
{
	static struct report *holder;
	uint64_t end = now_ms() + 10000;
	bool serving;

	holder = &rep[31];
	memset(holder, 0, sizeof(*holder));
	sim_set("block=1");
	fill(HOLDER, 1, holder);
	fill_check(holder, 1, 0, "the first request");
	while (info_waiting(&serving) || !serving) {
		CHECK(now_ms() < end, "the first request does not get to the firmware");
		sleep_ms(5);
	}
}

int fill_one(void)
{
	int fd = open(fill_node, O_RDWR | O_NONBLOCK | O_CLOEXEC), err;

	CHECK(fd >= 0, "%s: %s", fill_node, strerror(errno));
	if (write(fd, "queued", 6) == 6)
		return 0;
	err = -errno;
	close(fd);
	return err;
}

void fill_and_stay(int wanted, struct report *r)
{
	while (r->admitted < wanted) {
		r->err = fill_one();
		if (r->err)
			break;
		r->admitted++;
	}
	__atomic_store_n(&r->done, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

void fill_wait(const struct report *r)
{
	for (int i = 0; i < 3000; i++) {
		if (__atomic_load_n(&r->done, __ATOMIC_ACQUIRE))
			return;
		sleep_ms(10);
	}
	CHECK(0, "a child did not come to its end");
}

struct user {
	uid_t uid;
	int wanted;
	struct report *rep;
};

static void user_fills(void *arg)
{
	struct user *u = arg;

	become_user(u->uid, u->uid);
	fill_and_stay(u->wanted, u->rep);
}

pid_t fill(uid_t uid, int wanted, struct report *r)
{
	struct user u = { uid, wanted, r };
	pid_t pid = run_child(user_fills, &u);

	fill_wait(r);
	return pid;
}

pid_t fill_by(void (*fn)(void *), void *arg, const char *cgroup, struct report *r)
{
	pid_t pid = fork();

	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		while (!__atomic_load_n(&r->go, __ATOMIC_ACQUIRE))
			sleep_ms(2);
		fn(arg);
		_exit(0);
	}
	if (cgroup)
		cgroup_enter(cgroup, pid);
	__atomic_store_n(&r->go, 1, __ATOMIC_RELEASE);
	fill_wait(r);
	return pid;
}

void fill_check(const struct report *r, int admitted, int err, const char *who)
{
	CHECK(r->admitted == admitted && r->err == -err,
	      "%s: %d admitted, then %s; not %d, then %s", who, r->admitted,
	      r->err ? strerror(-r->err) : "no error", admitted,
	      err ? strerror(err) : "no error");
}
