// SPDX-License-Identifier: GPL-2.0-only
/*
 * CVM_EVIDENCE_REQUEST: what goes in, each field's rule and errno, from struct
 * cvm_evidence_request and "ERRORS" of the UAPI header. The call itself is in
 * ioctl_call.c, what comes out and how it waits in ioctl_wait.c.
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

/* The request as it is now ends with this errno, and the file is at EOF. */
static void fails_at(int line, int fd, int err)
{
	int got = cvm_request(fd, &req);
	ssize_t n;

	if (got != -err)
		ktap_fail(__FILE__, line, "%s (%d), not %s", strerror(-got), got,
			  strerror(err));
	if (err == EBADF)
		return;
	n = read(fd, buf, sizeof(buf));
	if (n)
		ktap_fail(__FILE__, line, "read after the error: %zd %s", n,
			  n < 0 ? strerror(errno) : "");
}
/* What only the provider that serves it can tell */
#define FAILS(fd, err)		fails_at(__LINE__, fd, err)

/* The same, and it is never admitted. */
static void refused_at(int line, int fd, int err)
{
	struct cvm_state a, b;

	cvm_get_info(fd, &a);
	fails_at(line, fd, err);
	cvm_get_info(fd, &b);
	if (req.sequence)
		ktap_fail(__FILE__, line, "sequence %llu of a refused request",
			  (unsigned long long)req.sequence);
	if (a.info.requests_started != b.info.requests_started)
		ktap_fail(__FILE__, line, "it was admitted");
}
/* What is refused at once: "before anything is asked" */
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

static void flags(void)
{
	int fd = sound();

	for (unsigned int bit = 9; bit < 32; bit++) {
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
	/* "SHARED with CONTEXT is EINVAL" */
	req.flags = CVM_EVIDENCE_F_SHARED | CVM_EVIDENCE_F_CONTEXT;
	REFUSED(fd, EINVAL);
	cvm_need_evidence();
	/* FRESH: every provider here makes evidence for the request */
	struct cvm_blob b;
	req.flags = CVM_EVIDENCE_F_FRESH;
	SERVED(fd, "request", 7, &b);
	/* TDREPORT allows one, and asks for none where there is better */
	req.flags = CVM_EVIDENCE_F_TDREPORT;
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
	FAILS(fd, EOPNOTSUPP);
	req.flags |= CVM_EVIDENCE_F_QUOTE_DATA;
	req.quote_data = (uintptr_t)"quote";
	req.quote_data_len = 5;
	FAILS(fd, EOPNOTSUPP);
	/* "EMSGSIZE quote_data is too long": for any TPM */
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
			FAILS(fd, EKEYREVOKED);
		} else {
			FAILS(fd, ENODEV);
			CHECK(!req.out_provider, "out_provider %u",
			      req.out_provider);
		}
	}
	/* AUTO: as GET_INFO says, and without any: ENODEV */
	cvm_request_init(&req, "auto", 4);
	if (st.info.auto_provider)
		served_or_replayed(fd, "auto", st.info.auto_provider);
	else
		FAILS(fd, ENODEV);
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
		FAILS(fd, EOPNOTSUPP);
		return;
	}
	for (uint32_t level = 0; level <= CVM_EVIDENCE_PRIVLEVEL_MAX; level++) {
		cvm_request_init(&req, "level", 5);
		req.privlevel = level;
		if (level < p->privlevel_floor) {
			FAILS(fd, EINVAL);
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
	for (int guid = 0; guid < 2; guid++)
		for (int version = 0; version < 2; version++) {
			sound();
			req.service_provider = (uintptr_t)"svsm";
			req.service_provider_len = 4;
			if (guid)
				req.flags |= CVM_EVIDENCE_F_SERVICE_GUID;
			if (version)
				req.flags |= CVM_EVIDENCE_F_MANIFEST_VERSION;
			FAILS(fd, EOPNOTSUPP);
		}
}

/*
 * "service_provider: needed where service_guid or service_manifest_version is
 * given": of any provider, and before anything is asked
 */
static void service_alone(void)
{
	int fd = sound();

	req.flags = CVM_EVIDENCE_F_SERVICE_GUID;
	req.service_guid[3] = 9;
	REFUSED(fd, EINVAL);
	memset(req.service_guid, 0, sizeof(req.service_guid));
	REFUSED(fd, EINVAL);
	req.flags = CVM_EVIDENCE_F_MANIFEST_VERSION;
	REFUSED(fd, EINVAL);
	req.service_manifest_version = 1;
	REFUSED(fd, EINVAL);
	req.flags |= CVM_EVIDENCE_F_SERVICE_GUID;
	REFUSED(fd, EINVAL);
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

static const struct ktap_case cases[] = {
	{ "flags", flags, 0 },
	{ "tpm_quote", tpm_quote, 0 },
	{ "report_data", report_data, 0 },
	{ "provider", provider, 0 },
	{ "privlevel", privlevel, 0 },
	{ "service_provider", service_provider, 0 },
	{ "service_unsupported", service_unsupported, 0 },
	{ "service_alone", service_alone, 0 },
	{ "padding", padding, 0 },
	{ "timeout_range", timeout_range, 0 },
};

CVM_TEST_MAIN(cases)
