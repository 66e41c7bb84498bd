// SPDX-License-Identifier: GPL-2.0-only
/* TDX quotes, TDREPORTs and HCL reports; nothing here is signed for real */
#include <string.h>

#include "base/digest.h"
#include "gen.h"

static void body(struct buf *b, size_t at, u16 body_type, const u8 report_data[64])
{
	static const u8 attributes[8] = { 0, 0, 0, 0x10 };

	fill(b, at, 16, 0x01);
	fill(b, at + 16, 48, 0x16);
	put(b, at + 120, attributes, 8);
	put(b, at + 128, "\xe7\x02\x06", 3);
	fill(b, at + 136, 48, 0x36);
	put(b, at + 232, "SIMULATED TD", 12);
	fill(b, at + 328, 192, 0x28);
	put(b, at + 520, report_data, 64);
	if (body_type >= 3) {
		fill(b, at + 584, 16, 0x84);
		fill(b, at + 600, 48, 0x60);
	}
	/* each field another start: a shifted one is seen */
	if (body_type == 4) {
		b->p[at + 648] = 2;
		fill(b, at + 649, 32, 0x10);
		fill(b, at + 681, 48, 0x30);
		fill(b, at + 729, 48, 0x60);
		fill(b, at + 777, 8, 0x90);
		fill(b, at + 785, 16, 0xa0);
		fill(b, at + 801, 16, 0xb0);
		fill(b, at + 817, 12, 0xc0);
		fill(b, at + 829, 48, 0xd0);
		fill(b, at + 877, 8, 0x08);
	}
}

void tdx_quote(struct buf *b, u16 version, u16 body_type, const u8 report_data[64], size_t tail)
{
	size_t len = body_type == 4 ? 885 : body_type == 3 ? 648 : 584, at = 48, auth, qe;
	struct buf bound = { 0 };
	u8 hash[DIGEST_MAX];

	zeros(b, 48);
	b->p[0] = (u8)version;
	b->p[2] = 2;
	put32(b, 4, 0x81);
	put(b, 12, "\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07", 16);
	if (version == 5) {
		zeros(b, 6);
		b->p[48] = (u8)body_type;
		put32(b, 50, (u32)len);
		at = 54;
	}
	zeros(b, len);
	body(b, at, body_type, report_data);

	zeros(b, 4);
	auth = b->len;
	zeros(b, 128 + 6);
	fill(b, auth, 128, 0x55);
	b->p[auth + 128] = 6;
	qe = b->len;
	zeros(b, 384 + 64 + 2 + 32 + 6);
	fill(b, qe + 64, 32, 0x64);
	fill(b, qe + 128, 32, 0x28);
	b->p[qe + 256] = 2;
	b->p[qe + 448] = 32;
	fill(b, qe + 450, 32, 0);
	/* attestation key, then the QE's own data */
	buf_add(&bound, b->p + auth + 64, 64);
	buf_add(&bound, b->p + qe + 450, 32);
	digest("SHA256", bound.p, bound.len, hash);
	put(b, qe + 320, hash, 32);
	b->p[qe + 482] = 5;
	put32(b, qe + 484, 8);
	buf_add(b, "no chain", 8);
	put32(b, auth + 130, (u32)(b->len - qe));
	put32(b, auth - 4, (u32)(b->len - auth));
	zeros(b, tail);
	buf_free(&bound);
}

void tdreport(struct buf *b, u8 version, const u8 report_data[64])
{
	u8 hash[DIGEST_MAX];
	size_t at = b->len;

	zeros(b, 1024);
	b->p[at] = 0x81;
	b->p[at + 2] = version;
	fill(b, at + 16, 16, 0x16);
	put(b, at + 128, report_data, 64);
	fill(b, at + 224, 32, 0x24);
	fill(b, at + 256, 239, 0x56);
	fill(b, at + 520, 400, 0x12);
	/* TDATTRIBUTES: SEPT_VE_DISABLE */
	b->p[at + 515] = 0x10;
	memset(b->p + at + 624, 0, 48);
	put(b, at + 624, "SIMULATED TD", 12);
	if (version)
		fill(b, at + 912, 48, 0x91);
	if (version == 2) {
		/* ABI 348551-007, tables 3.45 and 3.49: 1280 bytes, the last 320 the extension */
		zeros(b, 256);
		fill(b, at + 960, 320, 0xe2);
	}
	if (version == 3) {
		/* tee_info_v1_5_ex_t: TD_ID, 24 zeros, VMID, 3 zeros, VALID */
		fill(b, at + 960, 32, 0x1d);
		b->p[at + 1016] = 5;
		put32(b, at + 1020, 3);
	}
	digest("SHA384", b->p + at + 256, 239, hash);
	put(b, at + 32, hash, 48);
	digest("SHA384", b->p + at + 512, b->len - at - 512, hash);
	put(b, at + 80, hash, 48);
}

void gen_tdx(void)
{
	struct buf b = { 0 };
	u8 data[64];

	memset(data, 0xd0, sizeof(data));
	tdx_quote(&b, 4, 2, data, 70);
	/* debug and migration allowed */
	b.p[48 + 120] |= 1;
	b.p[48 + 123] |= 0x20;
	save("tdx-v4-dangerous.bin", &b);
	buf_free(&b);
	tdx_quote(&b, 4, 2, data, 0);
	save("tdx-v4.bin", &b);
	buf_free(&b);
	tdx_quote(&b, 5, 2, data, 0);
	save("tdx-v5-td10.bin", &b);
	buf_free(&b);
	tdx_quote(&b, 5, 3, data, 0);
	save("tdx-v5-td15.bin", &b);
	buf_free(&b);
	tdx_quote(&b, 5, 4, data, 0);
	/* SERVTD_EXT */
	b.p[54 + 122] |= 2;
	save("tdx-v5-td15ex.bin", &b);
	buf_free(&b);
	tdreport(&b, 3, data);
	save("tdreport-v3.bin", &b);
	buf_free(&b);
	tdreport(&b, 2, data);
	save("tdreport-v2.bin", &b);
	buf_free(&b);
	tdreport(&b, 0, data);
	save("tdreport-v0.bin", &b);
	buf_free(&b);
	tdreport(&b, 1, data);
	save("tdreport-v1.bin", &b);
	b.p[528] ^= 1;
	save("bad-tdreport-hash.bin", &b);
	buf_free(&b);
}

void hcl(struct buf *b, u32 type, const struct keys *k, const char *claims)
{
	u8 data[DIGEST_MAX] = { 0 };
	struct buf r = { 0 };
	size_t n = strlen(claims);

	digest("SHA256", claims, n, data);
	if (type == 2)
		snp_report(&r, k, 3, MILAN, data);
	else
		tdreport(&r, 0, data);
	zeros(b, 1236);
	put(b, 0, "HCLA", 4);
	put32(b, 4, type == 2 ? 1 : 2);
	put32(b, 8, (u32)(1236 + n));
	put32(b, 12, 2);
	put(b, 32, r.p, r.len);
	put32(b, 1216, (u32)(20 + n));
	put32(b, 1220, 1);
	put32(b, 1224, type);
	put32(b, 1228, 1);
	put32(b, 1232, (u32)n);
	buf_add_str(b, claims);
	zeros(b, 100);
	buf_free(&r);
}

void gen_hcl(const struct keys *k)
{
	static const char claims[] =
		"{\"keys\":[{\"kid\":\"HCLAkPub\",\"key_ops\":[\"sign\"],\"kty\":\"RSA\"}],"
		"\"vm-configuration\":{\"secure-boot\":true,\"vmUniqueId\":\"TEST\"},"
		"\"user-data\":\"00FF\"}";
	struct buf b = { 0 };

	hcl(&b, 2, k, claims);
	save("hcl-snp.bin", &b);
	b.p[1236 + 10] ^= 1;
	save("bad-hcl-claims.bin", &b);
	buf_free(&b);
	hcl(&b, 4, k, claims);
	save("hcl-tdx.bin", &b);
	buf_free(&b);
}
