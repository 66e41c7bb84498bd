// SPDX-License-Identifier: GPL-2.0-only
/*
 * NV indices of the platform: a guest with owner rights reads them and cannot
 * write them. libtpms has no index as large as these, so what stands in swtpm
 * is a shadow with the first bytes, by which swtpm checks authorization and
 * says what is missing or not written; filter.c makes the rest of it.
 */
#include <string.h>

#include <openssl/rand.h>

#include "pv.h"

#define CHUNK		1024

/* AUTHWRITE, OWNERREAD, AUTHREAD, NO_DA, PLATFORMCREATE */
#define ATTRIBUTES	(1U << 2 | 1U << 17 | 1U << 18 | 1U << 25 | 1U << 30)
#define WRITTEN		(1U << 29)

struct nv_index nv_report = { .handle = INDEX_REPORT };
struct nv_index nv_ak_cert = { .handle = INDEX_AK_CERT };

struct nv_index *nv_find(uint32_t handle)
{
	if (handle == nv_report.handle)
		return &nv_report;
	if (handle == nv_ak_cert.handle)
		return &nv_ak_cert;
	return NULL;
}

uint16_t nv_shadow(const struct nv_index *nv)
{
	return nv->size < NV_SHADOW_MAX ? nv->size : NV_SHADOW_MAX;
}

static void public_area(const struct nv_index *nv, uint32_t attributes, uint16_t size,
			struct buf *b)
{
	buf_be32(b, nv->handle);
	buf_be16(b, ALG_SHA256);
	buf_be32(b, attributes);
	buf_be16(b, 0);				/* no policy */
	buf_be16(b, size);
}

void nv_name(const struct nv_index *nv, uint16_t size, uint8_t name[NV_NAME_LEN])
{
	struct buf b = {};

	public_area(nv, ATTRIBUTES | WRITTEN, size, &b);
	put_be16(name, ALG_SHA256);
	hash(EVP_sha256(), b.p, b.len, name + 2);
	buf_free(&b);
}

static void undefine(struct nv_index *nv)
{
	struct tpm_cmd c = {
		.cc = CC_UNDEFINE_SPACE, .handles = { RH_PLATFORM, nv->handle },
		.nr_handles = 2, .auth = &platform_auth,
	};

	if (nv->defined)
		tpm_must(&c, NULL, "NV_UndefineSpace");
	nv->defined = false;
}

static void define(struct nv_index *nv)
{
	struct tpm_cmd c = {
		.cc = CC_DEFINE_SPACE, .handles = { RH_PLATFORM }, .nr_handles = 1,
		.auth = &platform_auth,
	};

	nv->auth.len = 8;
	if (RAND_bytes(nv->auth.p, nv->auth.len) != 1)
		die("no random bytes");
	buf_be16(&c.params, nv->auth.len);
	buf_add(&c.params, nv->auth.p, nv->auth.len);
	buf_be16(&c.params, 14);		/* TPMS_NV_PUBLIC */
	public_area(nv, ATTRIBUTES, nv_shadow(nv), &c.params);
	tpm_must(&c, NULL, "NV_DefineSpace");
	nv->defined = true;
}

static void write_shadow(struct nv_index *nv)
{
	for (size_t at = 0, n; at < nv_shadow(nv); at += n) {
		struct tpm_cmd c = {
			.cc = CC_NV_WRITE, .handles = { nv->handle, nv->handle },
			.nr_handles = 2, .auth = &nv->auth,
		};

		n = nv_shadow(nv) - at < CHUNK ? nv_shadow(nv) - at : CHUNK;
		buf_be16(&c.params, n);
		buf_add(&c.params, nv->data + at, n);
		buf_be16(&c.params, at);
		tpm_must(&c, NULL, "NV_Write");
	}
}

void nv_set_state(struct nv_index *nv, enum nv_state state)
{
	undefine(nv);
	nv->state = state;
	if (state == NV_MISSING)
		return;
	define(nv);
	if (state == NV_OK)
		write_shadow(nv);
}

void nv_resize(struct nv_index *nv, uint16_t size)
{
	nv->size = size;
	nv_set_state(nv, nv->state);
}

/* DER: 0x30 0x82 and two bytes of length, of what follows. */
void nv_lengthen_ak_cert(bool longer)
{
	static uint8_t whole[sizeof(nv_ak_cert.data)];

	if (!whole[0])
		memcpy(whole, nv_ak_cert.data, sizeof(whole));
	memcpy(nv_ak_cert.data, whole, sizeof(whole));
	if (longer)
		put_be16(nv_ak_cert.data + 2, nv_ak_cert.size - 4 + 1);
}

void nv_tear_ak_cert(void)
{
	nv_ak_cert.data[20] ^= 1;
	nv_ak_cert.data[300] ^= 1;
	if (nv_ak_cert.defined && nv_ak_cert.state == NV_OK)
		write_shadow(&nv_ak_cert);
}

/*
 * openvmm, tpm_device/src/lib.rs, refresh_device_attestation_data_on_nv_read():
 * a read from offset 0 of another index than the report's has a certificate
 * that is missing asked for, but not within the window of a report; and
 * poll_ak_cert_request(): the host's answer is written when it comes.
 */
static uint64_t cert_due;

void nv_want_ak_cert(void)
{
	if (nv_ak_cert.state == NV_UNINIT && knob(K_CERT_DELAY) && !cert_due && !hcl_in_window())
		cert_due = now_ms() + knob(K_CERT_DELAY);
}

void nv_ak_cert_due(void)
{
	if (!cert_due || now_ms() < cert_due)
		return;
	cert_due = 0;
	if (nv_ak_cert.state == NV_UNINIT)
		nv_set_state(&nv_ak_cert, NV_OK);
}

void nv_fill(struct nv_index *nv, const void *p, size_t len)
{
	if (len > nv->size)
		len = nv->size;
	memset(nv->data, 0, sizeof(nv->data));
	memcpy(nv->data, p, len);
	if (nv->defined && nv->state == NV_OK)
		write_shadow(nv);
}
