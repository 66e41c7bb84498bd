// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's half of host_vmfork.sh: the VM is forked for real, by the VM
 * generation id: "ESTALE the VM was forked while evidence was taken", vm_epoch,
 * the event reattest.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "nl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORT	"/dev/virtio-ports/fork"
#define FORK_MS	120000

static struct nl listener;

static struct cvm_evidence_info get_info(void)
{
	int fd = cvm_open(O_RDONLY);
	struct cvm_state st;

	cvm_get_info(fd, &st);
	close(fd);
	return st.info;
}

static void need_fork(void)
{
	sim_need();
	need_root();
	if (access(PORT, W_OK))
		ktap_skip("needs host_vmfork.sh on the host");
}

static void ask_host(const char *word)
{
	int fd = open(PORT, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, word, strlen(word)) == (ssize_t)strlen(word),
	      PORT ": %s", strerror(errno));
	close(fd);
}

/* Evidence from now, and the epoch that it says */
static uint64_t epoch_of_blob(void)
{
	static uint8_t buf[CVM_BUF_SIZE];
	const struct cvm_item *item;
	int fd = cvm_open(O_RDWR);
	struct cvm_blob b;
	ssize_t n;

	cvm_write(fd, "fork", 4);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	close(fd);
	cvm_blob_check(buf, n, "fork", 4, &b);
	item = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_VM_EPOCH);
	CHECK(item, "a blob without an epoch");
	return cvm_get64(item->data);
}

/* One request in firmware, one behind it, and one by ioctl in another process */
#define IN_FLIGHT	3

static void waits_in_ioctl(void *arg)
{
	struct cvm_evidence_request req;
	int err;

	(void)arg;
	cvm_request_init(&req, "across", 6);
	err = cvm_request(cvm_open(O_RDWR), &req);
	CHECK(err == -ESTALE, "%s, not ESTALE", strerror(-err));
	CHECK(!req.blob_len, "a blob");
}

static void check_stale(int fd)
{
	uint8_t byte;

	fcntl(fd, F_SETFL, 0);
	CHECK(read(fd, &byte, 1) < 0 && errno == ESTALE, "%s, not ESTALE",
	      strerror(errno));
}

static void forked(void)
{
	struct nl_event ev;
	struct nl_info info;
	struct cvm_live live;
	struct nl asking;
	uint64_t epoch, t;
	int fd[2], stale = 0;
	pid_t pid;

	need_fork();
	CHECK(get_info().flags & CVM_EVIDENCE_INFO_F_VMFORK,
	      "GET_INFO says that this kernel cannot notice");
	nl_listen(&listener);
	nl_open(&asking);
	epoch = get_info().vm_epoch;
	CHECK(epoch_of_blob() == epoch, "the blob has another epoch");

	sim_set("block=1");
	for (int i = 0; i < 2; i++) {
		fd[i] = cvm_open(O_RDWR | O_NONBLOCK);
		cvm_write(fd[i], "across", 6);
	}
	pid = run_child(waits_in_ioctl, NULL);
	do {
		sleep_ms(10);
		cvm_get_live(&live);
	} while (live.requests < IN_FLIGHT);
	nl_drain(&listener);

	t = now_ms();
	ask_host("fork\n");
	nl_wait(&listener, EV(REATTEST), &ev, FORK_MS);
	nl_note(&ev);
	ktap_note("told of after %llu ms", (unsigned long long)(now_ms() - t));
	CHECK(nl_num(&ev, EVA(CAUSE)) == CVM_EVIDENCE_CAUSE_VM_FORK, "cause");
	CHECK(nl_num(&ev, EVA(VM_EPOCH)) == epoch + 1, "epoch of the event");
	CHECK(get_info().vm_epoch == epoch + 1, "epoch of GET_INFO");
	CHECK(!nl_get_info(&asking, &info) &&
	      info.num[CVM_EVIDENCE_INFO_A_VM_EPOCH] == epoch + 1,
	      "epoch of get-info");

	sim_set("block=0");
	for (int i = 0; i < 2; i++)
		check_stale(fd[i]);
	join_child(pid, 20000);
	while (stale < IN_FLIGHT) {
		CHECK(nl_next(&listener, &ev, 10000) > 0, "%d of %d are told of",
		      stale, IN_FLIGHT);
		/* firmware that was stuck for 2 s looks like a host that throttles */
		if (ev.type == EV(THROTTLED) || ev.type == EV(RECOVERED))
			continue;
		CHECK(ev.type == EV(EVIDENCE_FAILED), "an event of type %u", ev.type);
		CHECK(nl_num(&ev, EVA(ERRNO)) == ESTALE, "errno");
		CHECK(nl_num(&ev, EVA(VM_EPOCH)) == epoch + 1, "epoch");
		stale++;
	}
	CHECK(epoch_of_blob() == epoch + 1, "the new blob has the old epoch");
	nl_none(&listener, EV(REATTEST), 500);
}

/* A second time: it is counted, not noted. */
static void forked_again(void)
{
	need_fork();
	CHECK(get_info().vm_epoch == 1, "epoch %llu",
	      (unsigned long long)get_info().vm_epoch);
	forked();
	CHECK(get_info().vm_epoch == 2, "epoch");
}

/* The same VM, on another machine: evidence taken across it is good. */
static void moved(void)
{
	static uint8_t buf[CVM_BUF_SIZE];
	struct nl_event ev;
	uint64_t epoch;
	struct cvm_blob b;
	ssize_t n;
	int fd;

	need_fork();
	nl_listen(&listener);
	epoch = get_info().vm_epoch;
	sim_set("block=1");
	fd = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_write(fd, "across", 6);
	nl_drain(&listener);
	ask_host("move\n");
	/* nothing tells the guest when; the host's half checks that it did */
	sleep_ms(15000);
	sim_set("block=0");
	fcntl(fd, F_SETFL, 0);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", strerror(-n));
	cvm_blob_check(buf, n, "across", 6, &b);
	CHECK(get_info().vm_epoch == epoch, "it counts as a fork");
	nl_none(&listener, EV(REATTEST), 1000);
	CHECK(!nl_next(&listener, &ev, 0), "more events");
}

/* CVM_NO_VMFORK=1: a kernel that does not know the device, or no device */
static void cannot_tell(void)
{
	const char *env = getenv("CVM_NO_VMFORK");
	struct nl_info info;

	if (!env || strcmp(env, "1"))
		ktap_skip("for kernels without CONFIG_VMGENID, and VMs without the device");
	CHECK(!(get_info().flags & CVM_EVIDENCE_INFO_F_VMFORK),
	      "GET_INFO says that this kernel notices forks");
	nl_open(&listener);
	CHECK(!nl_get_info(&listener, &info) &&
	      !(info.num[CVM_EVIDENCE_INFO_A_FLAGS] & CVM_EVIDENCE_INFO_F_VMFORK),
	      "get-info says that this kernel notices forks");
	CHECK(get_info().vm_epoch == 0, "epoch");
}

static const struct ktap_case cases[] = {
	{ "forked", forked, 240 },
	{ "forked_again", forked_again, 240 },
	{ "moved", moved, 240 },
	{ "cannot_tell", cannot_tell, 0 },
};

CVM_TEST_MAIN(cases)
