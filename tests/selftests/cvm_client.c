// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "cvm_client.h"
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A driver or TPM that comes back has this long, ms */
#define READY_MS	20000

const char *cvm_node(void)
{
	const char *node = getenv("CVM_NODE");

	return node && *node ? node : CVM_EVIDENCE_DEVICE;
}

static void teardown(void)
{
	int fd;

	inject_reset();
	sim_reset();
	params_restore();
	cgroups_remove();
	/* what a killed case left in the queue must not meet the next one */
	fd = open(cvm_node(), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!cvm_wait_idle(fd, 20000))
		ktap_note("requests are still alive 20 s after the case");
	close(fd);
}

int cvm_main(const struct ktap_case *cases, size_t nr, int argc, char **argv)
{
	struct ktap_program prog = {
		.cases = cases, .nr = nr, .teardown = teardown,
	};
	char why[256];
	int fd;

	fd = open(cvm_node(), O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		snprintf(why, sizeof(why), "%s: %s%s", cvm_node(),
			 strerror(errno),
			 errno == EACCES || errno == EPERM ? "; run as root" :
			 "; load cvm_evidence first");
		return ktap_skip_all(why);
	}
	close(fd);
	return ktap_run(&prog, argc, argv);
}

int cvm_open(int flags)
{
	int fd = open(cvm_node(), flags | O_CLOEXEC);

	CHECK(fd >= 0, "%s: %s", cvm_node(), strerror(errno));
	return fd;
}

void cvm_get_info(int fd, struct cvm_state *st)
{
	struct cvm_evidence_info *info = &st->info;

	memset(st, 0, sizeof(*st));
	info->size = sizeof(*info);
	info->nr_providers = CVM_PROVIDERS;
	info->provider_size = sizeof(st->prov[0]);
	info->providers = (uintptr_t)st->prov;
	CHECK(!ioctl(fd, CVM_EVIDENCE_GET_INFO, info), "GET_INFO: %s",
	      strerror(errno));
	CHECK(info->nr_providers <= CVM_PROVIDERS, "%u providers",
	      info->nr_providers);
	st->nr = info->nr_providers;
}

const struct cvm_evidence_provider *cvm_find(const struct cvm_state *st,
					     uint32_t id)
{
	for (unsigned int i = 0; i < st->nr; i++)
		if (st->prov[i].id == id)
			return &st->prov[i];
	return NULL;
}

const char *cvm_why(const struct cvm_evidence_provider *p)
{
	static const char *const names[] = {
		[CVM_EVIDENCE_REASON_NONE]		= "available",
		[CVM_EVIDENCE_REASON_NOT_PROBED]	= "not-probed",
		[CVM_EVIDENCE_REASON_NO_INTERFACE]	= "no-interface",
		[CVM_EVIDENCE_REASON_NO_CONFIGFS]	= "no-configfs",
		[CVM_EVIDENCE_REASON_SETUP_FAILED]	= "setup-failed",
		[CVM_EVIDENCE_REASON_NO_DRIVER]		= "no-driver",
		[CVM_EVIDENCE_REASON_FOREIGN_NODE]	= "foreign-node",
		[CVM_EVIDENCE_REASON_DRIVER_NOT_LIVE]	= "driver-not-live",
		[CVM_EVIDENCE_REASON_DRIVER_UNLOADED]	= "driver-unloaded",
		[CVM_EVIDENCE_REASON_DRIVER_LEFT]	= "driver-left",
		[CVM_EVIDENCE_REASON_KEY_WIPED]		= "key-wiped",
		[CVM_EVIDENCE_REASON_NO_TPM]		= "no-tpm",
		[CVM_EVIDENCE_REASON_NO_HCL_REPORT]	= "no-hcl-report",
		[CVM_EVIDENCE_REASON_TPM_REFUSED]	= "tpm-refused",
		[CVM_EVIDENCE_REASON_PROBE_FAILED]	= "probe-failed",
	};
	static char text[64];

	if (p->reason >= ARRAY_SIZE(names))
		snprintf(text, sizeof(text), "unknown reason %u", p->reason);
	else if (p->reason_param)
		snprintf(text, sizeof(text), "%s %u", names[p->reason],
			 p->reason_param);
	else
		return names[p->reason];
	return text;
}

#define DEBUGFS		"/sys/kernel/debug"

static bool live_one(const char *name, unsigned int *value)
{
	char path[80], line[32], *end;

	snprintf(path, sizeof(path), DEBUGFS "/cvm_evidence/live_%s", name);
	if (!read_line(path, line, sizeof(line)))
		return false;
	*value = strtoul(line, &end, 10);
	return end != line && !*end;
}

bool cvm_live_read(struct cvm_live *live)
{
	return live_one("files", &live->files) &&
	       live_one("requests", &live->requests) &&
	       live_one("blobs", &live->blobs) &&
	       live_one("entries", &live->entries);
}

void cvm_get_live(struct cvm_live *live)
{
	struct statfs fs;

	if (statfs(DEBUGFS "/.", &fs) || fs.f_type != DEBUGFS_MAGIC)
		ktap_skip("debugfs is not mounted, or only root may read it");
	CHECK(cvm_live_read(live), DEBUGFS "/cvm_evidence: %s", strerror(errno));
}

/* A simulated TEE was started in this guest: evidence must be there. */
static bool promised(void)
{
	return !access("/run/cvm-sim/driver", F_OK);
}

/* Whatever comes of it, the providers are probed for it. */
static void ask_for_nothing(void)
{
	int fd = cvm_open(O_RDONLY | O_NONBLOCK);
	char c;

	if (read(fd, &c, 1) < 0 && errno == EAGAIN)
		cvm_poll(fd, POLLIN, 2000);
	close(fd);
}

static bool not_probed(const struct cvm_state *st)
{
	for (unsigned int i = 0; i < st->nr; i++)
		if (st->prov[i].status == CVM_EVIDENCE_ST_UNKNOWN)
			return true;
	return false;
}

/* A kernel with TSM reports, and a driver that has none: by name or by flag */
static bool only_tdreport(const struct cvm_state *st)
{
	const struct cvm_evidence_provider *tsm, *tdx;

	tsm = cvm_find(st, CVM_EVIDENCE_PROVIDER_TSM);
	tdx = cvm_find(st, CVM_EVIDENCE_PROVIDER_TDX_GUEST);
	return tsm && tdx && tsm->status == CVM_EVIDENCE_ST_NO_DRIVER &&
	       tdx->status == CVM_EVIDENCE_ST_AVAILABLE;
}

void cvm_need_evidence(void)
{
	uint64_t end = now_ms() + READY_MS;
	struct cvm_state st;
	char why[256] = "";
	int fd, n = 0;

	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &st);
	/* the case before this one may have loaded a driver just now */
	while (st.info.auto_provider == CVM_EVIDENCE_PROVIDER_AUTO &&
	       !only_tdreport(&st) && (promised() || not_probed(&st)) && now_ms() < end) {
		ask_for_nothing();
		sleep_ms(20);
		cvm_get_info(fd, &st);
	}
	close(fd);
	if (sim_replays())
		ktap_skip("a replayed report answers to its own report_data alone");
	if (st.info.auto_provider != CVM_EVIDENCE_PROVIDER_AUTO)
		return;
	if (only_tdreport(&st))
		ktap_skip("AUTO gives no TDREPORT on a kernel with TSM reports");
	for (unsigned int i = 0; i < st.nr && n < (int)sizeof(why); i++)
		n += snprintf(why + n, sizeof(why) - n, "%s%s: %s",
			      i ? "; " : "", st.prov[i].name,
			      cvm_why(&st.prov[i]));
	CHECK(!promised(), "the simulated TEE is there, and no provider is (%s)",
	      why);
	ktap_skip("no provider of evidence (%s)", why);
}

const char *const cvm_caches[CVM_CACHES] = {
	"cvm_evidence_request", "cvm_evidence_share",
};

long cvm_slab_objects(const char *cache)
{
	char path[96], line[64];

	/* what the CPUs keep for themselves counts as used */
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", cache);
	if (write_line(path, "1\n"))
		return -1;
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/objects", cache);
	return read_line(path, line, sizeof(line)) ? atol(line) : -1;
}

/* Who may not read debugfs knows of those that wait or are served. */
static bool idle(int fd)
{
	struct cvm_live live;
	struct cvm_state st;

	if (cvm_live_read(&live))
		return !live.requests;
	cvm_get_info(fd, &st);
	for (unsigned int i = 0; i < st.nr; i++)
		if (st.prov[i].queued)
			return false;
	return !st.info.requests_waiting;
}

bool cvm_wait_idle(int fd, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;

	while (!idle(fd)) {
		if (now_ms() > end)
			return false;
		sleep_ms(10);
	}
	return true;
}

ssize_t cvm_slurp_chunks(int fd, void *buf, size_t size, size_t chunk)
{
	size_t got = 0;

	for (;;) {
		size_t want = size - got < chunk ? size - got : chunk;
		ssize_t n;

		CHECK(want, "more than %zu bytes", size);
		n = read(fd, (char *)buf + got, want);
		if (n < 0)
			return -errno;
		CHECK((size_t)n <= want, "read(%zu) returned %zd", want, n);
		if (!n)
			return got;
		got += n;
	}
}

ssize_t cvm_slurp(int fd, void *buf, size_t size)
{
	return cvm_slurp_chunks(fd, buf, size, size);
}

void cvm_write(int fd, const void *data, size_t len)
{
	ssize_t n = write(fd, data, len);

	CHECK(n == (ssize_t)len, "write of %zu report_data: %zd %s", len, n,
	      n < 0 ? strerror(errno) : "");
}

void cvm_take(int fd, const void *report_data, size_t len, struct cvm_blob *b)
{
	static uint8_t buf[CVM_BUF_SIZE];
	ssize_t n;

	cvm_write(fd, report_data, len);
	n = cvm_slurp(fd, buf, sizeof(buf));
	CHECK(n > 0, "read: %s", n ? strerror(-n) : "EOF, no evidence");
	cvm_blob_check(buf, n, report_data, len, b);
}

void cvm_request_init(struct cvm_evidence_request *req, const void *report_data,
		      size_t len)
{
	memset(req, 0, sizeof(*req));
	req->size = sizeof(*req);
	req->privlevel = CVM_EVIDENCE_PRIVLEVEL_DEFAULT;
	req->report_data_len = len;
	if (len <= sizeof(req->report_data))
		memcpy(req->report_data, report_data, len);
}

int cvm_request(int fd, struct cvm_evidence_request *req)
{
	req->sequence = 0;
	return cvm_rejoin(fd, req);
}

int cvm_rejoin(int fd, struct cvm_evidence_request *req)
{
	int err = ioctl(fd, CVM_EVIDENCE_REQUEST, req) ? -errno : 0;

	/* whatever the order in which it ended and the provider was asked */
	if (!err || err == -ETIMEDOUT)
		CHECK(req->firmware_ns < 3600000000000ULL, "firmware_ns %llu",
		      (unsigned long long)req->firmware_ns);
	return err;
}

short cvm_poll(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n = poll(&p, 1, timeout_ms);

	CHECK(n >= 0, "poll: %s", strerror(errno));
	return n ? p.revents : 0;
}
