// SPDX-License-Identifier: GPL-2.0-only
/*
 * CVM_EVIDENCE_REQUEST: what goes in, each field's rule and errno, from struct
 * cvm_evidence_request and "ERRORS" of the UAPI header. What comes out and how
 * it waits is in ioctl_wait.c.
 */
#define _GNU_SOURCE
#include "cvm_client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static uint8_t buf[CVM_BUF_SIZE];
static struct cvm_evidence_request req;

/* A sound request, to be spoiled in one place */
static int sound(void)
{
	cvm_request_init(&req, "request", 7);
	return cvm_open(O_RDWR);
}

/* The request as it is now is refused with this errno, and never admitted. */
static void refused_at(int line, int fd, int err)
{
	struct cvm_state a, b;
	int got;

	cvm_get_info(fd, &a);
	req.sequence = 77;
	got = cvm_request(fd, &req);
	cvm_get_info(fd, &b);
	if (got != -err)
		ktap_fail(__FILE__, line, "%s (%d), not %s", strerror(-got), got,
			  strerror(err));
	if (req.sequence && req.sequence != 77)
		ktap_fail(__FILE__, line, "sequence %llu of a refused request",
			  (unsigned long long)req.sequence);
	if (a.info.requests_started != b.info.requests_started)
		ktap_fail(__FILE__, line, "it was admitted");
}
#define REFUSED(fd, err)	refused_at(__LINE__, fd, err)

/* The request as it is now succeeds, and the blob is as long as told. */
static void served_at(int line, int fd, const void *rd, size_t len,
		      struct cvm_blob *b)
{
	int err = cvm_request(fd, &req);
	ssize_t n;

	if (err)
		ktap_fail(__FILE__, line, "%s", strerror(-err));
	n = cvm_slurp(fd, buf, sizeof(buf));
	if (n < 0 || (size_t)n != req.blob_len)
		ktap_fail(__FILE__, line, "read %zd, blob_len %llu", n,
			  (unsigned long long)req.blob_len);
	cvm_blob_check(buf, n, rd, len, b);
}
#define SERVED(fd, rd, len, b)	served_at(__LINE__, fd, rd, len, b)

/* "size: at least CVM_EVIDENCE_REQUEST_SIZE_MIN"; E2BIG for an unknown tail */
static void sizes(void)
{
	static union {
		struct cvm_evidence_request req;
		uint8_t bytes[1024];
	} u;
	const uint32_t full = sizeof(req);
	int fd = sound();

	u.req = req;
	for (uint32_t size = 0; size < CVM_EVIDENCE_REQUEST_SIZE_MIN; size++) {
		u.req.size = size;
		CHECK(cvm_request(fd, &u.req) == -EINVAL, "size %u", size);
	}
	u.req.size = full + 64;
	u.bytes[full + 63] = 1;
	CHECK(cvm_request(fd, &u.req) == -E2BIG, "tail not zero");
	u.bytes[full + 63] = 0;
	u.bytes[full] = 1;
	CHECK(cvm_request(fd, &u.req) == -E2BIG, "tail not zero");
	u.bytes[full] = 0;

	cvm_need_evidence();
	CHECK(!cvm_request(fd, &u.req), "zero tail: %s", strerror(errno));
	CHECK(u.req.blob_len && u.req.sequence, "not filled");
	/* shorter: the members that are not there are zero, out ones too */
	for (uint32_t size = CVM_EVIDENCE_REQUEST_SIZE_MIN; size <= full;
	     size += 8) {
		memset(&u, 0x33, sizeof(u));
		memcpy(&u, &req, size);
		u.req.size = size;
		CHECK(!cvm_request(fd, &u.req), "size %u: %s", size,
		      strerror(errno));
		for (uint32_t i = size; i < sizeof(u); i++)
			CHECK(u.bytes[i] == 0x33, "size %u: byte %u written",
			      size, i);
	}
}

static void flags(void)
{
	int fd = sound();

	for (unsigned int bit = 8; bit < 32; bit++) {
		req.flags = 1U << bit;
		REFUSED(fd, EINVAL);
	}
	/* "reserved: EOPNOTSUPP" */
	req.flags = CVM_EVIDENCE_F_SHARED;
	REFUSED(fd, EOPNOTSUPP);
	req.flags = CVM_EVIDENCE_F_CONTEXT;
	REFUSED(fd, EOPNOTSUPP);
	req.flags = CVM_EVIDENCE_F_SHARED | 1U << 31;
	REFUSED(fd, EINVAL);
	cvm_need_evidence();
	/* FRESH: every provider here makes evidence for the request */
	struct cvm_blob b;
	req.flags = CVM_EVIDENCE_F_FRESH;
	SERVED(fd, "request", 7, &b);
}

/* "EOPNOTSUPP the provider lacks what was asked for": no TPM behind these */
static void tpm_quote(void)
{
	struct cvm_state st;
	int fd = sound();

	cvm_need_evidence();
	cvm_get_info(fd, &st);
	if (st.info.auto_provider == CVM_EVIDENCE_PROVIDER_VTPM)
		ktap_skip("this provider has a TPM");
	req.flags = CVM_EVIDENCE_F_TPM_QUOTE;
	REFUSED(fd, EOPNOTSUPP);
	req.flags |= CVM_EVIDENCE_F_QUOTE_DATA;
	req.quote_data = (uintptr_t)"quote";
	req.quote_data_len = 5;
	REFUSED(fd, EOPNOTSUPP);
	/* too long is too long for any: "checked before queueing" */
	req.quote_data_len = CVM_EVIDENCE_QUOTE_DATA_MAX + 1;
	REFUSED(fd, EMSGSIZE);
	req.quote_data_len = 5;
	req.quote_data = 16;
	REFUSED(fd, EFAULT);
}

static void report_data(void)
{
	uint8_t rd[64];
	struct cvm_blob b;
	int fd = sound();

	req.report_data_len = 0;
	REFUSED(fd, EINVAL);
	req.report_data_len = 65;
	REFUSED(fd, EMSGSIZE);
	req.report_data_len = 0xffffffff;
	REFUSED(fd, EMSGSIZE);
	/* "bytes beyond the length must be zero" */
	for (unsigned int i = 7; i < 64; i++) {
		cvm_request_init(&req, "request", 7);
		req.report_data[i] = 1;
		REFUSED(fd, EINVAL);
	}
	cvm_need_evidence();
	/* "raw length": trailing zeros of the caller's own count */
	memset(rd, 0, sizeof(rd));
	for (size_t len = 1; len <= 64; len += 21) {
		cvm_request_init(&req, rd, len);
		SERVED(fd, rd, len, &b);
	}
	fill_random(rd, sizeof(rd));
	cvm_request_init(&req, rd, 64);
	SERVED(fd, rd, 64, &b);
	CHECK(!(b.hdr.flags & CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM), "flags 0x%x",
	      b.hdr.flags);
}

/* Real evidence is bound to its own data: for any other the provider is heard, and refused. */
static void served_or_replayed(int fd, const char *data, uint32_t provider)
{
	struct cvm_blob b;

	if (sim_replays()) {
		int err = cvm_request(fd, &req);

		CHECK(err == -EBADMSG, "%s", strerror(-err));
		CHECK(req.out_provider == provider, "%u", req.out_provider);
		return;
	}
	SERVED(fd, data, strlen(data), &b);
	CHECK(b.hdr.provider == provider, "%u", b.hdr.provider);
	CHECK(req.out_provider == provider, "%u", req.out_provider);
}

static void provider(void)
{
	struct cvm_state st;
	int fd = sound();

	/* EINVAL: "unknown provider" */
	req.provider = CVM_EVIDENCE_PROVIDER_VTPM + 1;
	REFUSED(fd, EINVAL);
	req.provider = 0xffffffff;
	REFUSED(fd, EINVAL);
	/* ENODEV: one that has a number, and is not here */
	cvm_get_info(fd, &st);
	for (uint32_t id = 1; id <= CVM_EVIDENCE_PROVIDER_VTPM; id++) {
		const struct cvm_evidence_provider *p = cvm_find(&st, id);

		cvm_request_init(&req, "named", 5);
		req.provider = id;
		if (p && p->status == CVM_EVIDENCE_ST_AVAILABLE) {
			served_or_replayed(fd, "named", id);
		} else if (p && p->status == CVM_EVIDENCE_ST_KEY_LOST) {
			REFUSED(fd, EKEYREVOKED);
		} else {
			REFUSED(fd, ENODEV);
		}
	}
	/* AUTO: as GET_INFO says, and without any: ENODEV */
	cvm_request_init(&req, "auto", 4);
	if (st.info.auto_provider)
		served_or_replayed(fd, "auto", st.info.auto_provider);
	else
		REFUSED(fd, ENODEV);
}

/* "0..3, or DEFAULT"; EINVAL "privlevel below the floor or out of range" */
static void privlevel(void)
{
	const struct cvm_evidence_provider *p;
	const struct cvm_item *it;
	struct cvm_state st;
	struct cvm_blob b;
	int fd = sound();

	req.privlevel = CVM_EVIDENCE_PRIVLEVEL_MAX + 1;
	REFUSED(fd, EINVAL);
	req.privlevel = CVM_EVIDENCE_PRIVLEVEL_DEFAULT - 1;
	REFUSED(fd, EINVAL);
	cvm_need_evidence();
	cvm_get_info(fd, &st);
	p = cvm_find(&st, st.info.auto_provider);
	if (!(p->caps & CVM_EVIDENCE_CAP_PRIVLEVEL)) {
		req.privlevel = 0;
		REFUSED(fd, EOPNOTSUPP);
		return;
	}
	for (uint32_t level = 0; level <= CVM_EVIDENCE_PRIVLEVEL_MAX; level++) {
		cvm_request_init(&req, "level", 5);
		req.privlevel = level;
		if (level < p->privlevel_floor) {
			REFUSED(fd, EINVAL);
			continue;
		}
		SERVED(fd, "level", 5, &b);
		it = cvm_blob_find(&b, CVM_EVIDENCE_ITEM_PRIVLEVEL);
		CHECK(it && cvm_get32(it->data) == level, "asked for %u", level);
		/* SNP: VMPL at offset 0x30 of the report */
		if (b.hdr.tee == CVM_EVIDENCE_TEE_SEV_SNP)
			CHECK(cvm_get32(cvm_blob_bound(&b) - 0x50 + 0x30) == level,
			      "the report's VMPL is %u, not %u",
			      cvm_get32(cvm_blob_bound(&b) - 0x50 + 0x30), level);
	}
}

/* "service_provider: address of a text without NUL, or 0"; its length */
static void service_provider(void)
{
	char text[64];
	int fd = sound();

	memset(text, 's', sizeof(text));
	req.service_provider = (uintptr_t)text;
	req.service_provider_len = CVM_EVIDENCE_SERVICE_MAX + 1;
	REFUSED(fd, EMSGSIZE);
	req.service_provider_len = 0;
	REFUSED(fd, EINVAL);
	req.service_provider = 0;
	req.service_provider_len = 4;
	REFUSED(fd, EINVAL);
	req.service_provider = 16;
	REFUSED(fd, EFAULT);
	req.service_provider = (uintptr_t)text;
	for (int i = 0; i < 4; i++) {
		memcpy(text, "svsm", 4);
		text[i] = '\0';
		REFUSED(fd, EINVAL);
	}
}

/* Services through a provider without them: EOPNOTSUPP */
static void service_unsupported(void)
{
	struct cvm_state st;
	int fd = sound();

	cvm_need_evidence();
	cvm_get_info(fd, &st);
	if (cvm_find(&st, st.info.auto_provider)->caps & CVM_EVIDENCE_CAP_SERVICE)
		ktap_skip("this provider takes services");
	req.service_provider = (uintptr_t)"svsm";
	req.service_provider_len = 4;
	REFUSED(fd, EOPNOTSUPP);
	sound();
	req.flags = CVM_EVIDENCE_F_SERVICE_GUID;
	req.service_guid[3] = 9;
	REFUSED(fd, EOPNOTSUPP);
	sound();
	req.flags = CVM_EVIDENCE_F_MANIFEST_VERSION;
	REFUSED(fd, EOPNOTSUPP);
}

/* "with its flag; else zero": and what is reserved is zero */
static void padding(void)
{
	int fd = sound();

	for (unsigned int i = 0; i < 16; i++) {
		sound();
		req.service_guid[i] = 1;
		REFUSED(fd, EINVAL);
	}
	sound();
	req.service_manifest_version = 1;
	REFUSED(fd, EINVAL);
	sound();
	req.quote_data = (uintptr_t)"q";
	req.quote_data_len = 1;
	REFUSED(fd, EINVAL);
	sound();
	req.quote_data_len = 1;
	REFUSED(fd, EINVAL);
	sound();
	req.pcr_banks = 1;
	REFUSED(fd, EINVAL);
	sound();
	req.reserved = 1;
	REFUSED(fd, EINVAL);
}

static void timeout_range(void)
{
	struct cvm_state st;
	struct cvm_blob b;
	int fd = sound();

	cvm_get_info(fd, &st);
	req.timeout_ms = st.info.max_timeout_ms + 1;
	REFUSED(fd, EINVAL);
	req.timeout_ms = 0xffffffff;
	REFUSED(fd, EINVAL);
	cvm_need_evidence();
	req.timeout_ms = st.info.max_timeout_ms;
	SERVED(fd, "request", 7, &b);
	req.timeout_ms = 0;
	SERVED(fd, "request", 7, &b);
}

static void bad_pointers(void)
{
	int fd = sound();

	CHECK(ioctl(fd, CVM_EVIDENCE_REQUEST, NULL) == -1 && errno == EFAULT,
	      "NULL: %s", strerror(errno));
	CHECK(ioctl(fd, CVM_EVIDENCE_REQUEST, (void *)64) == -1 &&
	      errno == EFAULT, "64: %s", strerror(errno));
	CHECK(ioctl(fd, CVM_EVIDENCE_REQUEST, (void *)-64L) == -1 &&
	      errno == EFAULT, "-64: %s", strerror(errno));
}

/* EBADF: "REQUEST on a file that is not open for writing", before all else */
static void open_modes(void)
{
	int fd;

	sound();
	fd = cvm_open(O_RDONLY);
	REFUSED(fd, EBADF);
	req.flags = 1U << 31;
	REFUSED(fd, EBADF);
	cvm_need_evidence();
	sound();
	fd = cvm_open(O_WRONLY);
	CHECK(!cvm_request(fd, &req), "O_WRONLY: %s", strerror(errno));
	CHECK(read(fd, buf, 1) == -1 && errno == EBADF, "%s", strerror(errno));
}

static void unknown_ioctl(void)
{
	static const unsigned int cmds[] = {
		_IO(CVM_EVIDENCE_IOC_MAGIC, 0x7f), _IO(CVM_EVIDENCE_IOC_MAGIC, 0x82),
		_IO(CVM_EVIDENCE_IOC_MAGIC, 0), _IO('T', 0x80),
		_IOWR(CVM_EVIDENCE_IOC_MAGIC, 0x81, struct cvm_evidence_request),
		0xffffffff,
	};
	int fd = sound();

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		CHECK(ioctl(fd, cmds[i], &req) == -1 && errno == ENOTTY,
		      "0x%x: %s", cmds[i], strerror(errno));
}

/* A refused REQUEST changes nothing: the unread blob is still there */
static void refusal_keeps_blob(void)
{
	struct cvm_blob b;
	ssize_t n;
	int fd;

	cvm_need_evidence();
	fd = sound();
	CHECK(!cvm_request(fd, &req), "%s", strerror(errno));
	CHECK(read(fd, buf, 64) == 64, "%s", strerror(errno));
	req.flags = 1U << 31;
	REFUSED(fd, EINVAL);
	n = cvm_slurp(fd, buf + 64, sizeof(buf) - 64);
	CHECK(n > 0, "%zd", n);
	cvm_blob_check(buf, n + 64, "request", 7, &b);
}

static const struct ktap_case cases[] = {
	{ "sizes", sizes, 0 },
	{ "flags", flags, 0 },
	{ "tpm_quote", tpm_quote, 0 },
	{ "report_data", report_data, 0 },
	{ "provider", provider, 0 },
	{ "privlevel", privlevel, 0 },
	{ "service_provider", service_provider, 0 },
	{ "service_unsupported", service_unsupported, 0 },
	{ "padding", padding, 0 },
	{ "timeout_range", timeout_range, 0 },
	{ "bad_pointers", bad_pointers, 0 },
	{ "open_modes", open_modes, 0 },
	{ "unknown_ioctl", unknown_ioctl, 0 },
	{ "refusal_keeps_blob", refusal_keeps_blob, 0 },
};

CVM_TEST_MAIN(cases)
