// SPDX-License-Identifier: GPL-2.0-only
/*
 * CVM_EVIDENCE_GET_INFO, the call: sizes, the array of providers, pointers. What
 * it says is in ioctl_info_values.c.
 */
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

/* "size: at least CVM_EVIDENCE_INFO_SIZE_MIN": below it EINVAL */
static void too_small(void)
{
	int fd = cvm_open(O_RDONLY);

	for (uint32_t size = 0; size < CVM_EVIDENCE_INFO_SIZE_MIN; size++) {
		memset(&u, 0, sizeof(u));
		CHECK(get_info(fd, size) == -EINVAL, "size %u", size);
	}
}

/* "size through @providers; what does not fit is not written" */
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

static const struct ktap_case cases[] = {
	{ "too_small", too_small, 0 },
	{ "every_size", every_size, 0 },
	{ "larger", larger, 0 },
	{ "any_open_mode", any_open_mode, 0 },
	{ "array", array, 0 },
	{ "element_size", element_size, 0 },
	{ "bad_pointers", bad_pointers, 0 },
};

CVM_TEST_MAIN(cases)
