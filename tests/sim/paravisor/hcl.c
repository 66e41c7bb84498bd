// SPDX-License-Identifier: GPL-2.0-only
/* The HCL report: claims of the paravisor, and a report of the hardware over them. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "pv.h"

#define HW_SLOT_LEN	1184
#define HCL_HEADER_LEN	32
#define INPUT_LEN	64

/* "SIMULATED" in a GUID's digits */
#define VM_ID		"53494D55-4C41-5445-4400-0000000000"

static enum pv_tee tee;
static uint8_t ak_n[256], ek_n[256];
static bool refreshed, captured;
static uint64_t refreshed_at;

static void text(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static void base64url(struct buf *b, const uint8_t *p, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t v = p[i] << 16 | (left > 1 ? p[i + 1] << 8 : 0) |
			     (left > 2 ? p[i + 2] : 0);

		for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++)
			buf_u8(b, digits[v >> (18 - 6 * k) & 63]);
	}
}

static void jwk(struct buf *b, const char *kid, const char *op, const uint8_t n[256])
{
	text(b, "{\"kid\":\"");
	text(b, kid);
	text(b, "\",\"key_ops\":[\"");
	text(b, op);
	text(b, "\"],\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"");
	base64url(b, n, 256);
	text(b, "\"}");
}

static void claims(struct buf *b, const uint8_t input[INPUT_LEN], uint64_t user_data)
{
	uint64_t persisted = knob_take(K_PERSISTED);
	uint64_t wrong = knob_take(K_WRONG_USER_DATA);
	char id[64];

	text(b, "{\"keys\":[");
	jwk(b, "HCLAkPub", "sign", ak_n);
	text(b, ",");
	jwk(b, "HCLEkPub", "encrypt", ek_n);
	text(b, "],\"vm-configuration\":{\"console-enabled\":true,"
		"\"root-cert-thumbprint\":\"\",\"secure-boot\":true,\"tpm-enabled\":true,");
	if (persisted != PERSISTED_ABSENT)
		text(b, persisted == PERSISTED_YES ? "\"tpm-persisted\":true," :
						     "\"tpm-persisted\":false,");
	snprintf(id, sizeof(id), "\"vmUniqueId\":\"" VM_ID "%02u\"}",
		 (unsigned int)knob_take(K_VM));
	text(b, id);
	if (user_data != USER_DATA_ABSENT) {
		text(b, ",\"user-data\":\"");
		for (int i = 0; i < INPUT_LEN; i++) {
			uint8_t byte = user_data == USER_DATA_ZEROS ? 0 : input[i];
			char hex[3];

			if ((uint64_t)i + 1 == wrong)
				byte ^= 1;
			snprintf(hex, sizeof(hex), user_data == USER_DATA_UPPER ? "%02X" : "%02x",
				 byte);
			text(b, hex);
		}
		text(b, "\"");
	}
	text(b, "}");
}

/* As a paravisor might that means harm: a few edits, the same for the same number */
static void mangle(struct buf *c, uint32_t seed)
{
	static const char odd[] = "{}[]\":,\\ \t0x";
	unsigned int edits;

	if (!seed)
		return;
	seed *= 2654435761U;
	for (edits = 1 + (seed >> 30); edits && c->len > 1; edits--) {
		size_t at, from, len;

		seed = seed * 1664525 + 1013904223;
		at = (seed >> 8) % c->len;
		from = (seed >> 4) % c->len;
		len = (seed >> 20) % 64;
		switch (seed >> 29) {
		case 0:
			c->len = 1 + at;
			break;
		case 1:
			c->p[at] = seed >> 16;
			break;
		case 2:
			if (len > c->len - at)
				len = c->len - at;
			if (len > c->len - from)
				len = c->len - from;
			memmove(c->p + at, c->p + from, len);
			break;
		default:
			c->p[at] = odd[(seed >> 20) % sizeof(odd)];
		}
	}
}

static void hardware(struct buf *out, const struct buf *c)
{
	struct cvm_sim_request rq = {
		.report_data_len = 64, .version = knob_take(K_VERSION),
		.product = knob_take(K_PRODUCT), .tcb = knob_take(K_TCB),
	};
	struct answer a = {};
	uint64_t wrong = knob_take(K_WRONG_DATA);
	int err;

	hash(EVP_sha256(), c->p, c->len, rq.report_data);
	if (wrong)
		rq.report_data[wrong - 1] ^= 1;
	err = tee == PV_SNP ? snp_answer(&rq, &a) : tdreport_answer(&rq, &a);
	if (err)
		die("no report of the hardware: the knobs version, product and tcb do not fit");
	buf_add(out, a.out.p, a.out.len);
	buf_zero(out, HW_SLOT_LEN - a.out.len);
	buf_free(&a.out);
	buf_free(&a.aux);
}

static void lie(uint32_t *value, enum pv_knob k)
{
	uint64_t v = knob_take(k);

	if (v != KNOB_TRUE)
		*value = v;
}

static void make_report(struct buf *r, const uint8_t input[INPUT_LEN])
{
	struct buf c = {};
	uint32_t report_size, data_size, claims_size;

	claims(&c, input, knob_take(K_USER_DATA));
	mangle(&c, knob_take(K_MANGLE));
	claims_size = c.len;
	data_size = 20 + claims_size;
	report_size = HCL_HEADER_LEN + HW_SLOT_LEN + data_size;
	lie(&report_size, K_REPORT_SIZE);
	lie(&data_size, K_DATA_SIZE);
	lie(&claims_size, K_CLAIMS_SIZE);

	buf_add(r, "HCLA", 4);
	buf_le32(r, knob_take(K_HEADER));
	buf_le32(r, report_size);
	buf_le32(r, 2);				/* request: AK certificate */
	buf_zero(r, 16);			/* status, reserved */
	hardware(r, &c);
	buf_le32(r, data_size);
	buf_le32(r, 1);
	buf_le32(r, tee == PV_SNP ? 2 : 4);
	buf_le32(r, 1);				/* SHA-256 */
	buf_le32(r, claims_size);
	/* A claim that is another one than what was hashed. */
	if (knob_take(K_WRONG_HASH))
		c.p[c.len / 2] ^= 1;
	buf_add(r, c.p, c.len);
	buf_free(&c);
}

static void refresh(const uint8_t input[INPUT_LEN])
{
	struct buf r = {};

	if (captured || nv_report.state == NV_UNINIT)
		return;
	make_report(&r, input);
	if (knob_take(K_GARBAGE) && RAND_bytes(r.p, r.len) != 1)
		die("no random bytes");
	nv_fill(&nv_report, r.p, r.len);
	buf_free(&r);
	refreshed = true;
	refreshed_at = now_ms();
	counters[C_REFRESHES]++;
}

/*
 * What the guest wrote, zeros for what it did not: read as the owner with an
 * empty password. An index that is missing or was never written counts as zeros;
 * any other trouble, such as an index that its owner may not read, is an error,
 * and no report is made (openvmm, tpm_device/src/lib.rs,
 * create_ak_cert_request_or_attestation_report(), and tpm_lib/src/lib.rs,
 * read_from_nv_index()).
 */
static bool guest_input(uint8_t input[INPUT_LEN])
{
	struct tpm_cmd pub = {
		.cc = CC_NV_READ_PUBLIC, .handles = { INDEX_INPUT }, .nr_handles = 1,
	};
	struct tpm_cmd c = {
		.cc = CC_NV_READ, .handles = { RH_OWNER, INDEX_INPUT }, .nr_handles = 2,
		.auth = &no_auth,
	};
	struct buf out = {};
	uint16_t size;
	uint32_t rc;

	memset(input, 0, INPUT_LEN);
	rc = tpm_run(&pub, &out);
	if (rc || out.len < 16 || out.len < 2U + get_be16(out.p)) {
		buf_free(&out);
		return rc == RC_HANDLE_1;
	}
	size = get_be16(out.p + get_be16(out.p));	/* the area's last two bytes */
	if (size > INPUT_LEN)
		size = INPUT_LEN;
	buf_free(&out);
	buf_be16(&c.params, size);
	buf_be16(&c.params, 0);
	rc = tpm_run(&c, &out);
	if (!rc && out.len >= 2U + size && get_be16(out.p) == size)
		memcpy(input, out.p + 2, size);
	buf_free(&out);
	return !rc || rc == RC_NV_UNINITIALIZED;
}

bool hcl_in_window(void)
{
	return refreshed && now_ms() - refreshed_at <= knob(K_WINDOW);
}

void hcl_read_begins(void)
{
	uint8_t input[INPUT_LEN];

	counters[C_READS]++;
	if (knob(K_NEVER) || hcl_in_window()) {
		counters[C_STALE]++;
		return;
	}
	if (guest_input(input))
		refresh(input);
	else
		counters[C_STALE]++;
}

void hcl_tear(unsigned int how)
{
	struct tpm_cmd c = {
		.cc = CC_NV_WRITE, .handles = { RH_OWNER, INDEX_INPUT }, .nr_handles = 2,
		.auth = &no_auth,
	};
	uint8_t input[INPUT_LEN];

	if (RAND_bytes(input, sizeof(input)) != 1)
		die("no random bytes");
	counters[C_TORN]++;
	if (how > 1) {
		buf_be16(&c.params, sizeof(input));
		buf_add(&c.params, input, sizeof(input));
		buf_be16(&c.params, 0);
		tpm_run(&c, NULL);
	}
	refresh(input);
}

void hcl_init(enum pv_tee t)
{
	tee = t;
	tpm_modulus(HANDLE_AK, ak_n);
	tpm_modulus(HANDLE_EK, ek_n);
}

/*
 * The report of boot time, over what the index holds: the guest's index outlives
 * a reboot (openvmm, tpm_device/src/lib.rs, new(), by renew_attestation_report()). It
 * was made long ago when the guest can read it.
 */
void hcl_boot(void)
{
	uint8_t input[INPUT_LEN];

	if (guest_input(input))
		refresh(input);
	refreshed = false;
}

void hcl_captured(const void *report, size_t len)
{
	nv_fill(&nv_report, report, len);
	captured = true;
}
