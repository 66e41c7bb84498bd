// SPDX-License-Identifier: GPL-2.0-only
/* CVM_EVIDENCE_GET_INFO: UAPI header "ioctl CVM_EVIDENCE_GET_INFO", DESIGN 3. */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FULL	sizeof(struct cvm_evidence_info)
#define PROV	sizeof(struct cvm_evidence_provider)

/* A struct with room behind it, and bytes that must survive */
static union {
	struct cvm_evidence_info info;
	uint8_t bytes[8192];
} u;

static int get_info(int fd, uint32_t size)
{
	u.info.size = size;
	return ioctl(fd, CVM_EVIDENCE_GET_INFO, &u) ? -errno : 0;
}

/* The layout is the ABI: the same for 32-bit and 64-bit programs */
static void layout(void)
{
	CHECK(offsetof(struct cvm_evidence_info, providers) + 8 ==
	      CVM_EVIDENCE_INFO_SIZE_MIN, "");
	CHECK(offsetof(struct cvm_evidence_info, vm_epoch) == 64, "");
	CHECK(FULL == 184, "%zu", FULL);
	CHECK(PROV == 184, "%zu", PROV);
	CHECK(offsetof(struct cvm_evidence_request, report_data) + 64 ==
	      CVM_EVIDENCE_REQUEST_SIZE_MIN, "");
	CHECK(sizeof(struct cvm_evidence_request) == 192, "%zu",
	      sizeof(struct cvm_evidence_request));
	CHECK(sizeof(struct cvm_evidence_blob) == CVM_EVIDENCE_BLOB_HEADER_LEN, "");
	CHECK(sizeof(struct cvm_evidence_item) == CVM_EVIDENCE_ITEM_HEADER_LEN, "");
}

/* "size: at least CVM_EVIDENCE_INFO_SIZE_MIN": below it EINVAL */
static void too_small(void)
{
	int fd = cvm_open(O_RDONLY);

	for (uint32_t size = 0; size < CVM_EVIDENCE_INFO_SIZE_MIN; size++) {
		memset(&u, 0, sizeof(u));
		CHECK(get_info(fd, size) == -EINVAL, "size %u", size);
	}
}

/* "a shorter one, down to the stated minimum, is filled as far as it goes" */
static void every_size(void)
{
	int fd = cvm_open(O_RDONLY);

	for (uint32_t size = CVM_EVIDENCE_INFO_SIZE_MIN; size <= FULL; size++) {
		int err;

		memset(&u, 0, size);
		memset(u.bytes + size, 0x5a, 256);
		err = get_info(fd, size);
		CHECK(!err, "size %u: %s", size, strerror(-err));
		CHECK(u.info.api_version == CVM_EVIDENCE_API_VERSION,
		      "size %u: api_version %u", size, u.info.api_version);
		for (int i = 0; i < 256; i++)
			CHECK(u.bytes[size + i] == 0x5a,
			      "size %u: byte %u was written", size, size + i);
		if (size >= offsetof(struct cvm_evidence_info, max_blob))
			CHECK(u.info.report_data_max == 64, "size %u", size);
	}
}

/* "A struct larger than the kernel knows is accepted when the tail is zero" */
static void larger(void)
{
	static const uint32_t more[] = { 1, 8, 100, 1024 };
	int fd = cvm_open(O_RDONLY);

	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		int err;

		memset(&u, 0, sizeof(u));
		err = get_info(fd, FULL + more[i]);
		CHECK(!err, "%u more: %s", more[i], strerror(-err));
		CHECK(u.info.report_data_max == 64, "%u more: not filled", more[i]);
		/* E2BIG: "its unknown tail is not zero": first byte, last byte */
		memset(&u, 0, sizeof(u));
		u.bytes[FULL] = 1;
		CHECK(get_info(fd, FULL + more[i]) == -E2BIG, "%u more", more[i]);
		memset(&u, 0, sizeof(u));
		u.bytes[FULL + more[i] - 1] = 0x80;
		CHECK(get_info(fd, FULL + more[i]) == -E2BIG, "%u more", more[i]);
	}
	memset(&u, 0xff, sizeof(u));
	CHECK(get_info(fd, 0xffffffff) == -E2BIG, "size of 4 GiB");
}

/* What every file may ask, also one that is only readable or only writable */
static void any_open_mode(void)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR,
				     O_RDONLY | O_NONBLOCK };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct cvm_state st;
		int fd = cvm_open(modes[i]);

		cvm_get_info(fd, &st);
		close(fd);
	}
}

static void values(void)
{
	const struct cvm_evidence_info *i;
	struct cvm_state st;
	int fd = cvm_open(O_RDONLY);

	cvm_get_info(fd, &st);
	i = &st.info;
	CHECK(i->size == FULL, "size came back as %u", i->size);
	CHECK(!(i->flags & ~CVM_EVIDENCE_INFO_F_VMFORK), "flags 0x%x", i->flags);
	CHECK(i->api_version == CVM_EVIDENCE_API_VERSION, "%u", i->api_version);
	CHECK(i->report_data_max == CVM_EVIDENCE_REPORT_DATA_MAX, "%u",
	      i->report_data_max);
	CHECK(i->max_blob >= 4096 && i->max_blob <= 16 << 20, "%u", i->max_blob);
	CHECK(i->queue_max && i->share_max && i->share_max <= i->queue_max,
	      "queue_max %u, share_max %u", i->queue_max, i->share_max);
	CHECK(i->default_timeout_ms && i->default_timeout_ms <= i->max_timeout_ms,
	      "timeouts %u, %u", i->default_timeout_ms, i->max_timeout_ms);
	CHECK(memchr(i->version, 0, sizeof(i->version)) && i->version[0],
	      "version");
	ktap_note("module %s, tee %u, provider %u, epoch %llu", i->version,
		  i->tee, i->auto_provider, (unsigned long long)i->vm_epoch);
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

/* "reason: a sentence for people when status is not AVAILABLE, else empty" */
static void providers(void)
{
	const struct cvm_evidence_provider *first = NULL, *p;
	struct cvm_state st;
	int fd = cvm_open(O_RDONLY);

	cvm_get_info(fd, &st);
	CHECK(st.nr, "the module knows no provider at all");
	for (p = st.prov; p < st.prov + st.nr; p++) {
		ktap_note("%s: status %u, driver '%s', tee %u, floor %u, caps 0x%x: %s",
			  p->name, p->status, p->driver, p->tee,
			  p->privlevel_floor, p->caps, p->reason);
		CHECK(p->id && p->id <= CVM_EVIDENCE_PROVIDER_VTPM, "%u", p->id);
		CHECK(p == st.prov || p->id > p[-1].id, "order");
		CHECK(p->status <= CVM_EVIDENCE_ST_ERROR, "%u", p->status);
		CHECK(string_ok(p->name, sizeof(p->name)) && p->name[0], "name");
		CHECK(string_ok(p->driver, sizeof(p->driver)), "driver");
		CHECK(string_ok(p->reason, sizeof(p->reason)), "reason");
		CHECK(p->failed <= p->started, "failed %llu of %llu",
		      (unsigned long long)p->failed,
		      (unsigned long long)p->started);
		if (p->status != CVM_EVIDENCE_ST_AVAILABLE) {
			CHECK(strlen(p->reason) > 8, "%s: reason '%s'", p->name,
			      p->reason);
			CHECK(p->tee == CVM_EVIDENCE_TEE_NONE, "%s: tee %u",
			      p->name, p->tee);
			continue;
		}
		CHECK(!p->reason[0], "%s: reason '%s'", p->name, p->reason);
		CHECK(p->driver[0], "%s: no driver", p->name);
		CHECK(p->privlevel_floor <= CVM_EVIDENCE_PRIVLEVEL_MAX, "%u",
		      p->privlevel_floor);
		if (!first)
			first = p;
	}
	/* "AUTO: the first available, in this order" */
	CHECK(st.info.auto_provider == (first ? first->id : 0), "auto is %u",
	      st.info.auto_provider);
	CHECK(st.info.tee == (first ? first->tee : 0), "tee %u", st.info.tee);
	if (first)
		CHECK(st.info.privlevel_floor == first->privlevel_floor, "floor");
}

/* "the array is filled as far as both allow": fewer, more, none */
static void array(void)
{
	struct cvm_evidence_provider p[CVM_PROVIDERS], zero[CVM_PROVIDERS];
	struct cvm_state st;
	int fd = cvm_open(O_RDONLY);

	memset(zero, 0x77, sizeof(zero));
	cvm_get_info(fd, &st);
	for (unsigned int room = 0; room <= st.nr + 2; room++) {
		memset(p, 0x77, sizeof(p));
		memset(&u, 0, sizeof(u));
		u.info.nr_providers = room;
		u.info.provider_size = PROV;
		u.info.providers = (uintptr_t)p;
		CHECK(!get_info(fd, FULL), "room %u: %s", room, strerror(errno));
		CHECK(u.info.nr_providers == st.nr, "room %u: %u", room,
		      u.info.nr_providers);
		for (unsigned int i = 0; i < CVM_PROVIDERS; i++) {
			if (i < room && i < st.nr)
				CHECK(p[i].id == st.prov[i].id, "room %u", room);
			else
				CHECK(!memcmp(&p[i], zero, PROV),
				      "room %u: element %u written", room, i);
		}
	}
	/* 0 for none, whatever is said about its size */
	memset(&u, 0, sizeof(u));
	u.info.nr_providers = 5;
	CHECK(!get_info(fd, FULL) && u.info.nr_providers == st.nr, "no array");
}

/* provider_size: elements of another version of the struct */
static void element_size(void)
{
	static uint8_t a[CVM_PROVIDERS * 512];
	static const uint32_t sizes[] = { 4, 8, 20, PROV - 1, PROV, PROV + 8, 500 };
	struct cvm_state st;
	int fd = cvm_open(O_RDONLY);

	cvm_get_info(fd, &st);
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		uint32_t size = sizes[s];

		memset(a, 0x77, sizeof(a));
		memset(&u, 0, sizeof(u));
		u.info.nr_providers = st.nr;
		u.info.provider_size = size;
		u.info.providers = (uintptr_t)a;
		CHECK(!get_info(fd, FULL), "size %u: %s", size, strerror(errno));
		for (unsigned int i = 0; i < st.nr; i++) {
			const uint8_t *e = a + i * size;

			CHECK(cvm_get32(e) == st.prov[i].id, "size %u: id %u", size,
			      cvm_get32(e));
			for (uint32_t k = PROV; k < size; k++)
				CHECK(!e[k], "size %u: byte %u of element %u",
				      size, k, i);
		}
		CHECK(a[st.nr * size] == 0x77, "size %u: written beyond", size);
	}
	memset(&u, 0, sizeof(u));
	u.info.nr_providers = 1;
	u.info.providers = (uintptr_t)a;
	CHECK(get_info(fd, FULL) == -EINVAL, "provider_size 0");
	CHECK(u.info.api_version == 0, "written on failure");
}

static void bad_pointers(void)
{
	int fd = cvm_open(O_RDONLY);

	CHECK(ioctl(fd, CVM_EVIDENCE_GET_INFO, NULL) == -1 && errno == EFAULT,
	      "NULL: %s", strerror(errno));
	CHECK(ioctl(fd, CVM_EVIDENCE_GET_INFO, (void *)16) == -1 &&
	      errno == EFAULT, "16: %s", strerror(errno));
	memset(&u, 0, sizeof(u));
	u.info.nr_providers = 4;
	u.info.provider_size = PROV;
	u.info.providers = 16;
	CHECK(get_info(fd, FULL) == -EFAULT, "array at 16");
	u.info.nr_providers = 4;
	u.info.providers = ~0ULL - 100;
	CHECK(get_info(fd, FULL) == -EFAULT, "array beyond the end");
}

/* "At rest requests_started = requests_ok + requests_failed"; what is counted */
static void counters(void)
{
	struct cvm_state a, b;
	struct cvm_blob blob;
	int fd, fd2;

	cvm_need_evidence();
	fd = cvm_open(O_RDWR);
	CHECK(cvm_wait_idle(fd, 5000), "somebody else is using the device");
	cvm_get_info(fd, &a);
	CHECK(a.info.requests_started ==
	      a.info.requests_ok + a.info.requests_failed, "%llu != %llu + %llu",
	      (unsigned long long)a.info.requests_started,
	      (unsigned long long)a.info.requests_ok,
	      (unsigned long long)a.info.requests_failed);
	CHECK(a.info.live_files >= 1, "%u", a.info.live_files);
	fd2 = cvm_open(O_RDONLY);
	cvm_get_info(fd, &b);
	CHECK(b.info.live_files == a.info.live_files + 1, "%u, then %u",
	      a.info.live_files, b.info.live_files);
	close(fd2);

	for (int i = 0; i < 3; i++)
		cvm_take(fd, "count", 5, &blob);
	CHECK(cvm_wait_idle(fd, 5000), "a request is alive after its EOF");
	cvm_get_info(fd, &b);
	CHECK(b.info.requests_started == a.info.requests_started + 3 &&
	      b.info.requests_ok == a.info.requests_ok + 3, "%llu, %llu more",
	      (unsigned long long)(b.info.requests_started - a.info.requests_started),
	      (unsigned long long)(b.info.requests_ok - a.info.requests_ok));
	CHECK(b.info.live_blobs == a.info.live_blobs, "%u blobs",
	      b.info.live_blobs);
	CHECK(cvm_find(&b, b.info.auto_provider)->started ==
	      cvm_find(&a, a.info.auto_provider)->started + 3, "provider");
}

/* An unread blob is alive until its file is closed */
static void live_blob(void)
{
	struct cvm_state a, b;
	int fd, fd2;
	char c;

	cvm_need_evidence();
	fd = cvm_open(O_RDONLY);
	CHECK(cvm_wait_idle(fd, 5000), "somebody else is using the device");
	cvm_get_info(fd, &a);
	fd2 = cvm_open(O_RDONLY);
	CHECK(read(fd2, &c, 1) == 1, "%s", strerror(errno));
	cvm_get_info(fd, &b);
	CHECK(b.info.live_blobs == a.info.live_blobs + 1, "%u", b.info.live_blobs);
	close(fd2);
	CHECK(cvm_wait_idle(fd, 5000), "a request outlives its file");
	cvm_get_info(fd, &b);
	CHECK(b.info.live_blobs == a.info.live_blobs, "%u", b.info.live_blobs);
}

static const struct ktap_case cases[] = {
	{ "layout", layout, 0 },
	{ "too_small", too_small, 0 },
	{ "every_size", every_size, 0 },
	{ "larger", larger, 0 },
	{ "any_open_mode", any_open_mode, 0 },
	{ "values", values, 0 },
	{ "providers", providers, 0 },
	{ "array", array, 0 },
	{ "element_size", element_size, 0 },
	{ "bad_pointers", bad_pointers, 0 },
	{ "counters", counters, 0 },
	{ "live_blob", live_blob, 0 },
};

CVM_TEST_MAIN(cases)
