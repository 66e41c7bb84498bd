// SPDX-License-Identifier: GPL-2.0-only
/*
 * CVM_EVIDENCE_GET_INFO, what it says: struct cvm_evidence_info and struct
 * cvm_evidence_provider of the UAPI header, member by member.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every number that GET_INFO gives about the module itself */
static void values(void)
{
	const struct cvm_evidence_info *i;
	struct cvm_state st;
	int fd = cvm_open(O_RDONLY);

	cvm_get_info(fd, &st);
	i = &st.info;
	CHECK(i->size == sizeof(*i), "size came back as %u", i->size);
	CHECK(!(i->flags & ~(CVM_EVIDENCE_INFO_F_VMFORK |
			     CVM_EVIDENCE_INFO_F_EVENTS)), "flags 0x%x", i->flags);
	CHECK(i->api_version == 2, "%u", i->api_version);
	CHECK(i->report_data_max == 64, "%u", i->report_data_max);
	CHECK(i->max_blob >= 4096, "%u", i->max_blob);
	CHECK(i->queue_max, "queue_max 0");
	CHECK(i->default_timeout_ms && i->default_timeout_ms <= i->max_timeout_ms,
	      "timeouts %u, %u", i->default_timeout_ms, i->max_timeout_ms);
	CHECK(!i->reserved, "reserved 0x%x", i->reserved);
	CHECK(memchr(i->version, 0, sizeof(i->version)) && i->version[0],
	      "version");
	ktap_note("module %s, tee %u, provider %u, epoch %llu", i->version,
		  i->tee, i->auto_provider, (unsigned long long)i->vm_epoch);
}

/* "request_flags: CVM_EVIDENCE_F_* that this module serves" */
static void request_flags(void)
{
	struct cvm_evidence_request req;
	struct cvm_state st;
	int fd = cvm_open(O_RDWR);

	cvm_get_info(fd, &st);
	/* all that the header does not reserve */
	CHECK(st.info.request_flags == (CVM_EVIDENCE_F_EVENT_LOG |
					CVM_EVIDENCE_F_TPM_QUOTE |
					CVM_EVIDENCE_F_QUOTE_DATA |
					CVM_EVIDENCE_F_FRESH |
					CVM_EVIDENCE_F_SERVICE_GUID |
					CVM_EVIDENCE_F_MANIFEST_VERSION |
					CVM_EVIDENCE_F_TDREPORT), "0x%x",
	      st.info.request_flags);
	/* and what is not in it is refused: EOPNOTSUPP when it has a name */
	for (unsigned int bit = 0; bit < 32; bit++) {
		int err, want = bit <= 8 ? EOPNOTSUPP : EINVAL;

		if (st.info.request_flags & 1U << bit)
			continue;
		cvm_request_init(&req, "flags", 5);
		req.flags = 1U << bit;
		err = cvm_request(fd, &req);
		CHECK(err == -want, "bit %u: %s", bit, strerror(-err));
	}
}

/* The limits are the module's parameters */
static void limits(void)
{
	static const struct {
		const char *name;
		size_t at;
		unsigned int other;
	} params[] = {
		{ "max_blob", offsetof(struct cvm_evidence_info, max_blob), 65536 },
		{ "queue_max", offsetof(struct cvm_evidence_info, queue_max), 77 },
		{ "default_timeout_ms",
		  offsetof(struct cvm_evidence_info, default_timeout_ms), 4321 },
	};
	struct cvm_state st;
	int fd;

	need_root();
	fd = cvm_open(O_RDONLY);
	for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
		char path[96], line[32];
		uint32_t told;

		snprintf(path, sizeof(path),
			 "/sys/module/cvm_evidence/parameters/%s", params[i].name);
		CHECK(read_line(path, line, sizeof(line)), "%s: %s", path,
		      strerror(errno));
		cvm_get_info(fd, &st);
		memcpy(&told, (char *)&st.info + params[i].at, sizeof(told));
		CHECK(told == strtoul(line, NULL, 10), "%s is %s, GET_INFO says %u",
		      params[i].name, line, told);
		param_set(params[i].name, params[i].other);
		cvm_get_info(fd, &st);
		memcpy(&told, (char *)&st.info + params[i].at, sizeof(told));
		CHECK(told == params[i].other, "%s: %u", params[i].name, told);
	}
}

static bool string_ok(const char *s, size_t size)
{
	size_t len = strnlen(s, size);

	if (len == size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

/* Which reasons go with a status, by what the header says of both */
static bool reason_fits(const struct cvm_evidence_provider *p)
{
	switch (p->status) {
	case CVM_EVIDENCE_ST_UNKNOWN:
		return p->reason == CVM_EVIDENCE_REASON_NOT_PROBED;
	case CVM_EVIDENCE_ST_AVAILABLE:
		return p->reason == CVM_EVIDENCE_REASON_NONE;
	case CVM_EVIDENCE_ST_NOT_BUILT:
		return p->reason == CVM_EVIDENCE_REASON_NO_INTERFACE;
	case CVM_EVIDENCE_ST_NOT_READY:
		return p->reason == CVM_EVIDENCE_REASON_DRIVER_NOT_LIVE ||
		       p->reason == CVM_EVIDENCE_REASON_DRIVER_LEFT;
	case CVM_EVIDENCE_ST_KEY_LOST:
		return p->reason == CVM_EVIDENCE_REASON_KEY_WIPED;
	case CVM_EVIDENCE_ST_NO_DRIVER:
		return p->reason == CVM_EVIDENCE_REASON_NO_DRIVER ||
		       p->reason == CVM_EVIDENCE_REASON_DRIVER_UNLOADED ||
		       p->reason == CVM_EVIDENCE_REASON_NO_TPM ||
		       p->reason == CVM_EVIDENCE_REASON_NO_HCL_REPORT ||
		       p->reason == CVM_EVIDENCE_REASON_FOREIGN_NODE;
	case CVM_EVIDENCE_ST_ERROR:
		return p->reason == CVM_EVIDENCE_REASON_NO_CONFIGFS ||
		       p->reason == CVM_EVIDENCE_REASON_FOREIGN_NODE ||
		       p->reason == CVM_EVIDENCE_REASON_TPM_REFUSED ||
		       p->reason == CVM_EVIDENCE_REASON_PROBE_FAILED;
	}
	return false;
}

static void one_provider(const struct cvm_evidence_provider *p)
{
	static const char *const names[] = {
		NULL, "tsm", "sev-guest", "tdx-guest", "vtpm",
	};

	ktap_note("%s: status %u, driver '%s', tee %u, floor %u, caps 0x%x: %s",
		  p->name, p->status, p->driver, p->tee, p->privlevel_floor,
		  p->caps, cvm_why(p));
	CHECK(p->id && p->id < ARRAY_SIZE(names), "%u", p->id);
	CHECK(string_ok(p->name, sizeof(p->name)) && !strcmp(p->name, names[p->id]),
	      "%u is called %.16s", p->id, p->name);
	CHECK(string_ok(p->driver, sizeof(p->driver)), "driver");
	CHECK(reason_fits(p), "%s: status %u with reason %u", p->name, p->status,
	      p->reason);
	/* "the parameter of @reason, 0 where it has none" */
	if (p->reason == CVM_EVIDENCE_REASON_PROBE_FAILED)
		CHECK(p->reason_param && p->reason_param < 4096, "%s: errno %u",
		      p->name, p->reason_param);
	else if (p->reason != CVM_EVIDENCE_REASON_TPM_REFUSED)
		CHECK(!p->reason_param, "%s: reason %u with parameter %u", p->name,
		      p->reason, p->reason_param);
	CHECK(p->failed <= p->started, "failed %llu of %llu",
	      (unsigned long long)p->failed, (unsigned long long)p->started);
	CHECK(p->queued <= 1, "%u are served at once", p->queued);
	CHECK(p->last_error < 4096, "last_error %u", p->last_error);
	CHECK(!(p->caps & ~0x1fU), "caps 0x%x", p->caps);
	/* "with CVM_EVIDENCE_CAP_TPM_QUOTE, ...; else 0" */
	CHECK(!p->quote_data_max == !(p->caps & CVM_EVIDENCE_CAP_TPM_QUOTE) &&
	      p->quote_data_max <= CVM_EVIDENCE_QUOTE_DATA_MAX,
	      "%s: quote_data_max %u, caps 0x%x", p->name, p->quote_data_max,
	      p->caps);
	if (p->status == CVM_EVIDENCE_ST_AVAILABLE) {
		CHECK(p->driver[0], "%s: no driver", p->name);
		CHECK(p->privlevel_floor <= CVM_EVIDENCE_PRIVLEVEL_MAX, "%u",
		      p->privlevel_floor);
	} else if (p->status != CVM_EVIDENCE_ST_KEY_LOST) {
		CHECK(p->tee == CVM_EVIDENCE_TEE_NONE, "%s: tee %u", p->name,
		      p->tee);
	}
}

static void providers(void)
{
	const struct cvm_evidence_provider *first = NULL, *p;
	bool has_tsm = !access("/sys/kernel/config/tsm", F_OK);
	struct cvm_state st;
	int fd = cvm_open(O_RDONLY);

	cvm_get_info(fd, &st);
	CHECK(st.nr == 4, "%u providers", st.nr);
	for (p = st.prov; p < st.prov + st.nr; p++) {
		CHECK(p == st.prov || p->id > p[-1].id, "order");
		one_provider(p);
		/* "the first available, in this order"; no TDREPORT unasked */
		if (!first && p->status == CVM_EVIDENCE_ST_AVAILABLE &&
		    (p->id != CVM_EVIDENCE_PROVIDER_TDX_GUEST || !has_tsm))
			first = p;
		/* "even if only to answer EKEYREVOKED" */
		if (!first && p->status == CVM_EVIDENCE_ST_KEY_LOST)
			first = p;
	}
	CHECK(st.info.auto_provider == (first ? first->id : 0), "auto is %u",
	      st.info.auto_provider);
	CHECK(st.info.tee == (first ? first->tee : 0), "tee %u", st.info.tee);
	if (first)
		CHECK(st.info.privlevel_floor == first->privlevel_floor, "floor");
}

/* "At rest requests_started = requests_ok + requests_failed"; what is counted */
static void counters(void)
{
	const struct cvm_evidence_provider *pa, *pb;
	struct cvm_state a, b;
	struct cvm_blob blob;
	int fd;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	CHECK(cvm_wait_idle(fd, 5000), "somebody else is using the device");
	cvm_get_info(fd, &a);
	CHECK(a.info.requests_started ==
	      a.info.requests_ok + a.info.requests_failed, "%llu != %llu + %llu",
	      (unsigned long long)a.info.requests_started,
	      (unsigned long long)a.info.requests_ok,
	      (unsigned long long)a.info.requests_failed);
	CHECK(!a.info.requests_waiting, "%u wait", a.info.requests_waiting);

	for (int i = 0; i < 3; i++)
		cvm_take(fd, "count", 5, &blob);
	CHECK(cvm_wait_idle(fd, 5000), "a request is alive after its EOF");
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_started == a.info.requests_started + 3 &&
	      b.info.requests_ok == a.info.requests_ok + 3, "%llu, %llu more",
	      (unsigned long long)(b.info.requests_started - a.info.requests_started),
	      (unsigned long long)(b.info.requests_ok - a.info.requests_ok));
	pa = cvm_find(&a, a.info.auto_provider);
	pb = cvm_find(&b, b.info.auto_provider);
	CHECK(pb->started == pa->started + 3 && pb->failed == pa->failed,
	      "%s: %llu started, %llu failed", pb->name,
	      (unsigned long long)(pb->started - pa->started),
	      (unsigned long long)(pb->failed - pa->failed));
	CHECK(!pb->queued && !pb->last_error, "queued %u, last_error %u",
	      pb->queued, pb->last_error);
}

/* One that fails is counted as such, and last_error has its errno */
static void failed_counters(void)
{
	const struct cvm_evidence_provider *pa, *pb;
	struct cvm_evidence_request req;
	struct cvm_state a, b;
	struct cvm_blob blob;
	int fd, err;

	sim_need();
	fd = cvm_open(O_RDWR);
	cvm_get_info(fd, &a);
	sim_fail_next();
	cvm_request_init(&req, "fails", 5);
	err = cvm_request(fd, &req);
	CHECK(err == -EIO, "%s", strerror(-err));
	CHECK(cvm_wait_idle(fd, 5000), "a request is alive after its error");
	cvm_get_info(fd, &b);
	pa = cvm_find(&a, a.info.auto_provider);
	pb = cvm_find(&b, a.info.auto_provider);
	CHECK(b.info.requests_failed == a.info.requests_failed + 1 &&
	      b.info.requests_ok == a.info.requests_ok, "");
	CHECK(pb->started == pa->started + 1 && pb->failed == pa->failed + 1,
	      "%s: %llu started, %llu failed", pb->name,
	      (unsigned long long)(pb->started - pa->started),
	      (unsigned long long)(pb->failed - pa->failed));
	CHECK(pb->last_error == EIO, "last_error %u", pb->last_error);
	/* "0 when that succeeded" */
	cvm_take(fd, "works", 5, &blob);
	cvm_get_info(fd, &b);
	CHECK(!cvm_find(&b, a.info.auto_provider)->last_error, "last_error %u",
	      cvm_find(&b, a.info.auto_provider)->last_error);
}

/* "It answers at once from what is known": also while firmware is stuck */
static void at_once(void)
{
	const struct cvm_evidence_provider *p;
	uint64_t t, worst = 0, end;
	struct cvm_state st;
	int fd, busy, waits;

	sim_need();
	fd = cvm_open(O_RDONLY);
	CHECK(cvm_wait_idle(fd, 5000), "somebody else is using the device");
	sim_set("block=1");
	busy = cvm_open(O_RDWR | O_NONBLOCK);
	waits = cvm_open(O_RDWR | O_NONBLOCK);
	cvm_write(busy, "busy", 4);
	for (end = now_ms() + 5000;; sleep_ms(5)) {
		cvm_get_info(fd, &st);
		p = cvm_find(&st, st.info.auto_provider);
		if (p->queued)
			break;
		CHECK(now_ms() < end, "it is not served");
	}
	cvm_write(waits, "waits", 5);
	for (int i = 0; i < 20; i++) {
		t = now_ms();
		cvm_get_info(fd, &st);
		t = now_ms() - t;
		if (t > worst)
			worst = t;
	}
	CHECK_TIME(worst < 500, "GET_INFO took %llu ms", (unsigned long long)worst);
	/* one is being served, one waits */
	p = cvm_find(&st, st.info.auto_provider);
	CHECK(p->queued == 1 && st.info.requests_waiting == 1,
	      "%u are served, %u wait", p->queued, st.info.requests_waiting);
	for (unsigned int i = 0; i < st.nr; i++)
		CHECK(&st.prov[i] == p || !st.prov[i].queued, "%s serves %u",
		      st.prov[i].name, st.prov[i].queued);
}

/* The leak counters of debugfs: open files, and a blob that nobody has read */
static void live_objects(void)
{
	struct cvm_live a, b;
	uint64_t end;
	int fd, fd2;
	char c;

	cvm_need_evidence();
	fd = cvm_open(O_RDONLY);
	CHECK(cvm_wait_idle(fd, 5000), "somebody else is using the device");
	cvm_get_live(&a);
	CHECK(a.files >= 1 && !a.requests, "%u files, %u requests", a.files,
	      a.requests);
	fd2 = cvm_open(O_RDONLY);
	cvm_get_live(&b);
	CHECK(b.files == a.files + 1, "%u, then %u", a.files, b.files);
	CHECK(read(fd2, &c, 1) == 1, "%s", strerror(errno));
	cvm_get_live(&b);
	CHECK(b.blobs == a.blobs + 1, "%u blobs", b.blobs);
	close(fd2);
	/* the module's thread may still have hold of the request */
	for (end = now_ms() + 5000;; sleep_ms(5)) {
		cvm_get_live(&b);
		if (b.blobs == a.blobs && b.files == a.files && !b.requests)
			break;
		CHECK(now_ms() < end, "%u blobs, %u files, %u requests stay",
		      b.blobs, b.files, b.requests);
	}
}

static const struct ktap_case cases[] = {
	{ "values", values, 0 },
	{ "request_flags", request_flags, 0 },
	{ "limits", limits, 0 },
	{ "providers", providers, 0 },
	{ "counters", counters, 0 },
	{ "failed_counters", failed_counters, 0 },
	{ "at_once", at_once, 0 },
	{ "live_objects", live_objects, 0 },
};

CVM_TEST_MAIN(cases)
